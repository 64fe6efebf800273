//! Calling units by name, one call at a time.
#![forbid(unsafe_code)]

use std::fmt;
use std::time::Duration;

use inos_core::{
    Arena, CallId, Client, Completion, Cooperative, Error, Handle, Lanes, PayloadRef, SectionId,
    Sections, Space, Status, Submission, UnitId, UnitRegistry,
};
use inos_units::job::{JobRequest, JobResult, MemoryRef};

use crate::block::BlockRef;

use crate::park::Futex;

/// How much longer than a call's own timeout its caller waits for the answer.
const GRACE: Duration = Duration::from_secs(2);

/// A method that was found in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodRef {
    /// Whom to call.
    pub unit: UnitId,
    /// Which of its methods.
    pub number: u16,
}

/// What a call works on.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Nothing.
    None,
    /// Bytes, copied through the lane's buffer.
    Bytes(&'a [u8]),
    /// The newest frame of a ping-pong section that the kernel is bound to, or the whole of a
    /// section without structure.
    Section(SectionId),
    /// Bytes of a block that the kernel reads in place. From the submission on the block is the
    /// call's, however that ends.
    Block(BlockRef),
}

/// Where the result of a call goes.
#[derive(Debug)]
pub enum Target<'a> {
    /// Nowhere: the method has no result.
    None,
    /// Here, copied through the lane's buffer.
    Bytes(&'a mut [u8]),
    /// The next frame of a ping-pong section that the kernel is bound to.
    Section(SectionId),
    /// A new block of an arena that the kernel is bound to: [`BlockRef::of_answer`] has it.
    Block(SectionId),
}

/// Why a call gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError {
    /// The kernel or the unit refused it.
    Failed {
        /// How it ended.
        status: Status,
        /// What the unit says; empty unless the target was bytes, and cut off where they end.
        message: String,
    },
    /// The memory refused it, or [`Error::TimedOut`]: no answer came in time, and the call may
    /// still be running.
    Memory(Error),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { status, message } if message.is_empty() => status.fmt(f),
            Self::Failed { status, message } => write!(f, "{status}: {message}"),
            Self::Memory(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CallError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Failed { .. } => None,
            Self::Memory(error) => Some(error),
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Memory(error)
    }
}

/// A lane and a registry: calls units by name and waits for each answer. For many calls at once
/// use [`Client`].
///
/// [`Kernel`](crate::Kernel) has an example.
#[derive(Debug)]
pub struct Caller<'m> {
    client: Client<'m, Cooperative>,
    registry: UnitRegistry<'m, Cooperative>,
    sections: Sections<'m, Cooperative>,
    timeout: Option<Duration>,
    last_call: u32,
    /// A call whose answer did not come in time: the buffer is still its own. And the arena that
    /// its result goes to.
    lost: Option<(CallId, Option<SectionId>)>,
}

impl<'m> Caller<'m> {
    /// Claims a lane. Calls wait for their answers for as long as it takes.
    ///
    /// # Errors
    /// `NoSeat` if no lane is free; else as [`Lanes::open`] and [`UnitRegistry::open`].
    ///
    /// ```
    /// # use inos::*;
    /// # let [calls, units] = [1, 2].map(SectionId);
    /// # let layout = Layout::builder()
    /// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
    /// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// let caller = Caller::open(&sections, calls, units)?;
    /// // There is one lane, and it is the first one's.
    /// let refused = Caller::open(&sections, calls, units).err();
    /// assert_eq!(refused, Some(Error::NoSeat { count: 1 }));
    /// drop(caller);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(
        sections: &Sections<'m, Cooperative>,
        lanes: SectionId,
        registry: SectionId,
    ) -> Result<Self, Error> {
        Ok(Self {
            client: Lanes::open(sections, lanes)?.client_or_wake(&Futex)?,
            registry: UnitRegistry::open(sections, registry)?,
            sections: sections.clone(),
            timeout: None,
            last_call: 0,
            lost: None,
        })
    }

    /// Limits the time of the calls that follow; `None` for no limit. It counts from the moment
    /// when the kernel accepts a call. The caller waits two seconds longer than that, and then says
    /// [`Error::TimedOut`]: the next call waits for that answer first.
    ///
    /// ```
    /// # #[cfg(feature = "hash")] {
    /// # use inos::*;
    /// # let [calls, units] = [1, 2].map(SectionId);
    /// # let layout = Layout::builder()
    /// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
    /// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let config = KernelConfig::new(calls, units).threads(1);
    /// use std::time::Duration;
    ///
    /// # Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
    /// let mut caller = Caller::open(&sections, calls, units)?;
    /// let sha256 = caller.method("hash", "sha256")?;
    /// let mut digest = [0; 32];
    /// caller.set_timeout(Some(Duration::from_nanos(1)));
    /// let error = caller.call(sha256, Input::None, b"", Target::Bytes(&mut digest)).err();
    /// assert!(matches!(error, Some(CallError::Failed { status: Status::TIMED_OUT, .. })));
    /// // From now on as long as it takes.
    /// caller.set_timeout(None);
    /// caller.call(sha256, Input::None, b"", Target::Bytes(&mut digest))?;
    /// # Ok::<_, CallError>(())
    /// # })??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Looks a method up, once, so that calls compare no names.
    ///
    /// # Errors
    /// `NoUnit` if there is no such unit, `NoMethod` if it has no such method; else as
    /// [`UnitRegistry::find`] and [`UnitRegistry::method`].
    ///
    /// ```
    /// # #[cfg(feature = "hash")] {
    /// # use inos::*;
    /// # let [calls, units] = [1, 2].map(SectionId);
    /// # let layout = Layout::builder()
    /// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
    /// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let config = KernelConfig::new(calls, units).threads(1);
    /// # Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
    /// let caller = Caller::open(&sections, calls, units)?;
    /// let sha256 = caller.method("hash", "sha256")?;
    /// assert_ne!(caller.method("hash", "blake3")?, sha256);
    /// assert_eq!(caller.method("hash", "md5"), Err(Error::NoMethod));
    /// assert_eq!(caller.method("smash", "sha256"), Err(Error::NoUnit));
    /// # Ok::<_, CallError>(())
    /// # })??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn method(&self, unit: &str, method: &str) -> Result<MethodRef, Error> {
        let unit = self.registry.find(unit)?;
        Ok(MethodRef { unit, number: self.registry.method(unit, method)? })
    }

    /// Calls a method and waits for its end. `params` is a JSON object, or empty for every
    /// default. [`Completion::len`] says how long the result is.
    ///
    /// # Errors
    /// `Failed` if the kernel or the unit refused it; `Memory` with `TooLarge` if input, parameters and result do not fit into the
    /// lane's buffer together, with `NoSection`, or with `TimedOut`. A block of the input is still
    /// there after `TooLarge` and `NoSection` only.
    ///
    /// ```
    /// # #[cfg(feature = "hash")] {
    /// # use inos::*;
    /// # let [calls, units] = [1, 2].map(SectionId);
    /// # let layout = Layout::builder()
    /// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
    /// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let config = KernelConfig::new(calls, units).threads(1);
    /// # Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
    /// let mut caller = Caller::open(&sections, calls, units)?;
    /// let sha256 = caller.method("hash", "sha256")?;
    /// let mut digest = [0; 32];
    /// let answer = caller.call(sha256, Input::Bytes(b"abc"), b"", Target::Bytes(&mut digest))?;
    /// assert_eq!((answer.len, digest[0]), (32, 0xba));
    ///
    /// let mut small = [0; 16];
    /// let error = caller.call(sha256, Input::None, b"", Target::Bytes(&mut small)).err();
    /// assert!(matches!(error, Some(CallError::Failed { status: Status::TOO_SMALL, .. })));
    /// // The lane's buffer has 256 bytes.
    /// let error = caller.call(sha256, Input::Bytes(&[7; 300]), b"", Target::None).err();
    /// assert_eq!(error, Some(CallError::Memory(Error::TooLarge { len: 300, max: 256 })));
    /// # Ok::<_, CallError>(())
    /// # })??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn call(
        &mut self,
        method: MethodRef,
        input: Input<'_>,
        params: &[u8],
        target: Target<'_>,
    ) -> Result<Completion, CallError> {
        self.await_lost()?;
        self.last_call = self.last_call.wrapping_add(1);
        let mut buffer = Room { used: 0, len: self.client.buffer_len() };
        let mut call = Submission::execute(CallId(self.last_call), method.unit, method.number);
        if let Some(timeout) = self.timeout {
            // 0 would be no limit.
            call.timeout_ns = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX).max(1);
        }
        call.input = match input {
            Input::None => PayloadRef::none(),
            Input::Bytes(bytes) => self.put(&mut buffer, bytes)?,
            Input::Section(id) => PayloadRef::section(id, 0, self.raw_len(id)?),
            Input::Block(block) => {
                call.block_len = block.len;
                PayloadRef::block(block.arena, block.handle)
            }
        };
        if !params.is_empty() {
            call.params = self.put(&mut buffer, params)?;
        }
        call.output = match &target {
            Target::None => PayloadRef::none(),
            Target::Bytes(bytes) => buffer.take(bytes.len())?,
            Target::Section(id) => PayloadRef::section(*id, 0, 0),
            Target::Block(id) => PayloadRef::new_block(*id, 0),
        };
        self.client.submit(&call, &Futex)?;
        let answer = self.wait_for(call.call_id, arena_of(&call.output), self.timeout)?;
        let len = answer.len as usize;
        if answer.status.is_ok() {
            if let Target::Bytes(bytes) = target
                && let Some(bytes) = bytes.get_mut(..len)
            {
                self.client.read_buffer(call.output.offset, bytes)?;
            }
            return Ok(answer);
        }
        let mut message = Vec::new();
        if matches!(target, Target::Bytes(_)) {
            message.resize(len.min(call.output.len as usize), 0);
            self.client.read_buffer(call.output.offset, &mut message)?;
        }
        let message = String::from_utf8_lossy(&message).into_owned();
        Err(CallError::Failed { status: answer.status, message })
    }

    /// Runs a job and waits for its end: a call by names, whose answer says what it cost. A job
    /// that failed has an answer, too, with the error as its outcome.
    ///
    /// The request and its answer share the lane's buffer, so a long input or result had better lie
    /// in a section or a block that the request names. Of the limits, the time is that of the
    /// request, whatever [`set_timeout`](Self::set_timeout) says.
    ///
    /// # Errors
    /// `Memory` with `TooLarge` if the request leaves no room for an answer, or with `TimedOut`;
    /// `Failed` if there is no answer to read.
    ///
    /// ```
    /// # #[cfg(feature = "hash")] {
    /// # use inos::*;
    /// # let [calls, units] = [1, 2].map(SectionId);
    /// # let layout = Layout::builder()
    /// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 2048 })
    /// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let config = KernelConfig::new(calls, units).threads(1);
    /// use inos::units::job::{JobRequest, Limits, Place, Resource};
    ///
    /// # Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
    /// let mut caller = Caller::open(&sections, calls, units)?;
    /// let mut request = JobRequest {
    ///     id: 7,
    ///     unit: "hash".into(),
    ///     method: "sha256".into(),
    ///     input: Resource::inline(b"abc".to_vec()),
    ///     ..JobRequest::default()
    /// };
    /// let result = caller.run(&request)?;
    /// let output = result.outcome.expect("a digest");
    /// assert!(matches!(output.place, Place::Inline(digest) if digest[0] == 0xba));
    /// assert!((result.id, result.bytes_in, result.bytes_out) == (7, 3, 32) && result.cost > 0);
    ///
    /// request.limits = Limits { credits: 10, ..Limits::default() };
    /// let error = caller.run(&request)?.outcome.expect_err("it costs more");
    /// assert!(error.message.contains("10 were granted"));
    /// # Ok::<_, CallError>(())
    /// # })??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(&mut self, request: &JobRequest) -> Result<JobResult, CallError> {
        self.await_lost()?;
        self.last_call = self.last_call.wrapping_add(1);
        let mut buffer = Room { used: 0, len: self.client.buffer_len() };
        let message = self.put(&mut buffer, &request.encode())?;
        let rest = (buffer.len - buffer.used) as usize;
        let result = buffer.take(rest)?;
        let call = Submission::job(CallId(self.last_call), message, result);
        self.client.submit(&call, &Futex)?;
        let timeout = match request.limits.timeout {
            0 => None,
            timeout => Some(Duration::from_nanos(timeout)),
        };
        let MemoryRef { space, offset, length } = request.output;
        let arena = arena_of(&PayloadRef { space, offset, len: length });
        let answer = self.wait_for(call.call_id, arena, timeout)?;
        let mut bytes = vec![0; rest.min(answer.len as usize)];
        self.client.read_buffer(result.offset, &mut bytes)?;
        JobResult::decode(&bytes).map_err(|error| {
            let message = if bytes.is_empty() { String::new() } else { error.to_string() };
            CallError::Failed { status: answer.status, message }
        })
    }

    fn put(&mut self, buffer: &mut Room, bytes: &[u8]) -> Result<PayloadRef, Error> {
        let payload = buffer.take(bytes.len())?;
        self.client.write_buffer(payload.offset, bytes)?;
        Ok(payload)
    }

    /// Length of a section without structure; 0, which means all of a frame, for others.
    fn raw_len(&self, id: SectionId) -> Result<u32, Error> {
        let section = self.sections.section(id)?;
        if section.kind() != inos_core::defs::KIND_RAW {
            return Ok(0);
        }
        let max = u32::MAX as usize;
        u32::try_from(section.len()).map_err(|_| Error::TooLarge { len: usize::MAX, max })
    }

    /// Waits for the answer to a call that has so long, and whose result goes to a block of
    /// `arena`.
    fn wait_for(
        &mut self,
        call_id: CallId,
        arena: Option<SectionId>,
        timeout: Option<Duration>,
    ) -> Result<Completion, Error> {
        let timeout = timeout.map(|timeout| timeout.saturating_add(GRACE));
        loop {
            match self.client.wait(&Futex, timeout) {
                Ok(answer) if answer.call_id == call_id => return Ok(answer),
                // The answer to a call that was given up.
                Ok(_) => {}
                Err(error) => {
                    self.lost = Some((call_id, arena));
                    return Err(error);
                }
            }
        }
    }

    /// Until a call that was given up is answered, it may write its result into the buffer. A block
    /// that it gave is freed: nobody else knows of it.
    fn await_lost(&mut self) -> Result<(), Error> {
        if let Some((call_id, arena)) = self.lost.take() {
            let answer = self.wait_for(call_id, arena, self.timeout)?;
            if let Some(arena) = arena
                && answer.status.is_ok()
            {
                let arena = Arena::open(&self.sections, arena)?;
                // It is gone already if it never was.
                drop(arena.adopt(Handle::from_value(answer.value)));
            }
        }
        Ok(())
    }
}

/// The arena that a result goes to.
const fn arena_of(output: &PayloadRef) -> Option<SectionId> {
    match output.space() {
        Some(Space::Block(arena)) => Some(arena),
        _ => None,
    }
}

/// The lane's buffer, given out from front to back.
struct Room {
    used: u32,
    len: u32,
}

impl Room {
    fn take(&mut self, len: usize) -> Result<PayloadRef, Error> {
        let free = self.len - self.used;
        match u32::try_from(len) {
            Ok(len) if len <= free => {
                let payload = PayloadRef::buffer(self.used, len);
                // References begin on words; the buffer's length is a multiple of them.
                self.used += len.next_multiple_of(4).min(free);
                Ok(payload)
            }
            _ => Err(Error::TooLarge { len, max: free as usize }),
        }
    }
}

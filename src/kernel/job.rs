//! A call that was accepted: its references checked, its time running.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use inos_core::{
    Block, CallId, CallTicket, Completion, Cooperative, PayloadRef, SectionId, Space, Status,
    Submission,
};
use inos_units::job::{JobRequest, MemoryRef, Place};
use inos_units::{Budget, MethodId};

use super::fate::Fate;
use super::meter::Hold;
use super::resource::Opening;

/// A range of bytes that was checked against the space it lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    pub(super) offset: usize,
    pub(super) len: usize,
}

/// What a call works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    None,
    /// The bytes in the job's message.
    Message,
    /// The lane's buffer.
    Buffer(Bytes),
    /// A section without structure.
    Raw(SectionId, Bytes),
    /// The newest frame of a track, or the part of it that `Bytes` says, unchecked, since
    /// frames differ in length; no length is all of it.
    Frame(usize, Bytes),
    /// The first so many bytes of the job's block.
    Block(usize),
}

/// Where its result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    None,
    /// In the answer's message.
    Message,
    /// The lane's buffer.
    Buffer(Bytes),
    /// The next frame of a track, with at most so many bytes; 0 is as many as fit.
    Frame(usize, usize),
    /// A new block of an arena, by its place, with at most so many bytes; 0 is no limit.
    Block(usize, usize),
}

/// What references are checked against.
pub(super) trait Spaces {
    /// Length of each lane's buffer.
    fn buffer_len(&self) -> usize;
    /// The track of a ping-pong section, if it is bound.
    fn track(&self, section: SectionId) -> Option<usize>;
    /// Length of a section without structure, if it is one.
    fn raw_len(&self, section: SectionId) -> Option<usize>;
    /// The place of an arena, if it is bound.
    fn arena(&self, section: SectionId) -> Option<usize>;
}

/// What is owed for a call: an answer, by whoever [`Fate`] says.
#[derive(Clone, Debug)]
pub(super) struct Debt {
    /// What answers it.
    pub(super) ticket: CallTicket,
    pub(super) method: MethodId,
    pub(super) accepted: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) cancel: Arc<AtomicBool>,
    pub(super) fate: Arc<Fate>,
    /// Of a job that came as a message.
    pub(super) message: Option<Arc<Message>>,
    /// Its result is a frame, which others see than its client.
    pub(super) publishes: bool,
    /// What was set aside for it.
    pub(super) hold: Option<Arc<Hold>>,
}

impl Debt {
    fn new(
        ticket: CallTicket,
        method: MethodId,
        accepted: Instant,
        timeout_ns: u64,
        message: Option<Arc<Message>>,
        output: Target,
    ) -> Self {
        let deadline = match timeout_ns {
            0 => None,
            // A time that the clock can't express never comes.
            timeout => accepted.checked_add(Duration::from_nanos(timeout)),
        };
        let (cancel, fate) = (Arc::default(), Arc::default());
        let publishes = matches!(output, Target::Frame(..));
        Self { ticket, method, accepted, deadline, cancel, fate, message, publishes, hold: None }
    }

    pub(super) const fn lane(&self) -> u32 {
        self.ticket.lane()
    }

    pub(super) const fn call_id(&self) -> CallId {
        self.ticket.call_id()
    }

    /// An answer with this status and no result.
    pub(super) fn answer(&self, status: Status) -> Completion {
        let elapsed_ns = elapsed_ns(self.accepted);
        Completion { elapsed_ns, ..Completion::new(self.call_id(), status) }
    }
}

#[derive(Debug)]
pub(super) struct Job<'m> {
    pub(super) debt: Debt,
    pub(super) priority: u8,
    pub(super) input: Source,
    /// Of an input that is one; freed with the job.
    pub(super) block: Option<Block<'m, Cooperative>>,
    pub(super) params: Bytes,
    pub(super) output: Target,
}

/// A job that came as a message.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) request: JobRequest,
    /// Where the message about its result goes, in the lane's buffer.
    pub(super) result: Bytes,
    /// What is to be done to the input.
    pub(super) opening: Opening,
}

impl<'m> Job<'m> {
    /// A job of a submission. `block` is the one that its input refers to.
    pub(super) fn new(
        ticket: CallTicket,
        submission: &Submission,
        method: MethodId,
        accepted: Instant,
        block: Option<Block<'m, Cooperative>>,
        spaces: &impl Spaces,
    ) -> Result<Self, Status> {
        let output = target(&submission.output, spaces)?;
        Ok(Self {
            debt: Debt::new(ticket, method, accepted, submission.timeout_ns, None, output),
            priority: submission.priority(),
            input: source(&submission.input, block_part(&block, submission.block_len), spaces)?,
            block,
            params: params(&submission.params, spaces)?,
            output,
        })
    }

    /// A job that came as a message, for this method. `block` is the one that its input lies in.
    pub(super) fn of_message(
        (ticket, priority): (CallTicket, u8),
        message: Box<Message>,
        method: MethodId,
        accepted: Instant,
        block: Option<Block<'m, Cooperative>>,
        spaces: &impl Spaces,
    ) -> Result<Self, (Status, Box<Message>)> {
        let request = &message.request;
        let input = match &request.input.place {
            // There is no store.
            Place::Chunk => Err(Status::UNSUPPORTED),
            Place::Nothing => Ok(Source::None),
            Place::Inline(_) => Ok(Source::Message),
            Place::Memory(memory) => {
                let part = block_part(&block, Opening::stored_len(&request.input));
                source(&referenced(*memory), part, spaces)
            }
        };
        let output = match target(&referenced(request.output), spaces) {
            Ok(Target::None) => Ok(Target::Message),
            other => other,
        };
        match (input, output) {
            (Ok(input), Ok(output)) => {
                let timeout = request.limits.timeout;
                let message = Some(Arc::from(message));
                let debt = Debt::new(ticket, method, accepted, timeout, message, output);
                Ok(Self { debt, priority, input, block, params: Bytes::default(), output })
            }
            (Err(status), _) | (_, Err(status)) => Err((status, message)),
        }
    }

    pub(super) const fn lane(&self) -> u32 {
        self.debt.lane()
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.debt.deadline
    }

    pub(super) fn message(&self) -> Option<&Message> {
        self.debt.message.as_deref()
    }

    /// The tracks that the call is on, each once.
    pub(super) fn tracks(&self) -> [Option<usize>; 2] {
        let input = match self.input {
            Source::Frame(track, _) => Some(track),
            _ => None,
        };
        let output = match self.output {
            Target::Frame(track, _) if input != Some(track) => Some(track),
            _ => None,
        };
        [input, output]
    }

    /// What it may use. That of a message is metered, and that of whom credits were set aside for.
    pub(super) fn budget(&self) -> Budget {
        let budget = Budget::new(self.debt.deadline, Arc::clone(&self.debt.cancel));
        let held = self.debt.hold.as_ref().map(|hold| hold.credits);
        match (self.message().map(|message| message.request.limits.credits), held) {
            (None, None) => budget,
            (None | Some(0), held) => budget.with_credits(held.unwrap_or(u64::MAX)),
            (Some(credits), held) => budget.with_credits(held.unwrap_or(credits).min(credits)),
        }
    }
}

/// Nanoseconds since then; at least 1, since 0 says "not measured".
pub(super) fn elapsed_ns(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX).max(1)
}

/// The reference of a message, as a submission has it.
pub(super) const fn referenced(memory: MemoryRef) -> PayloadRef {
    PayloadRef { space: memory.space, offset: memory.offset, len: memory.length }
}

/// The first `len` bytes of a block, if there is one that has them.
fn block_part(block: &Option<Block<'_, Cooperative>>, len: impl TryInto<usize>) -> Option<usize> {
    let len = len.try_into().ok()?;
    block.as_ref().filter(|block| len <= block.len()).map(|_| len)
}

/// `part` is the one of the block that was taken for it.
fn source(
    payload: &PayloadRef,
    part: Option<usize>,
    spaces: &impl Spaces,
) -> Result<Source, Status> {
    match payload.space() {
        Some(Space::None) => Ok(Source::None),
        Some(Space::Buffer) => Ok(Source::Buffer(inside(payload, spaces.buffer_len())?)),
        Some(Space::Section(id)) => match (spaces.track(id), spaces.raw_len(id)) {
            (Some(track), _) => Ok(Source::Frame(track, bytes(payload))),
            (None, Some(len)) => Ok(Source::Raw(id, inside(payload, len)?)),
            (None, None) => Err(Status::BAD_REFERENCE),
        },
        Some(Space::Block(_)) => part.map(Source::Block).ok_or(Status::BAD_REFERENCE),
        _ => Err(Status::BAD_REFERENCE),
    }
}

fn params(payload: &PayloadRef, spaces: &impl Spaces) -> Result<Bytes, Status> {
    match payload.space() {
        Some(Space::None) => Ok(Bytes::default()),
        Some(Space::Buffer) => inside(payload, spaces.buffer_len()),
        _ => Err(Status::BAD_REFERENCE),
    }
}

fn target(payload: &PayloadRef, spaces: &impl Spaces) -> Result<Target, Status> {
    match payload.space() {
        Some(Space::None) => Ok(Target::None),
        Some(Space::Buffer) => Ok(Target::Buffer(inside(payload, spaces.buffer_len())?)),
        Some(Space::Section(id)) => match spaces.track(id) {
            Some(track) if payload.offset == 0 => Ok(Target::Frame(track, bytes(payload).len)),
            _ => Err(Status::BAD_REFERENCE),
        },
        Some(Space::Block(id)) => match spaces.arena(id) {
            Some(arena) if payload.offset == 0 => Ok(Target::Block(arena, bytes(payload).len)),
            _ => Err(Status::BAD_REFERENCE),
        },
        _ => Err(Status::BAD_REFERENCE),
    }
}

const fn bytes(payload: &PayloadRef) -> Bytes {
    Bytes { offset: payload.offset as usize, len: payload.len as usize }
}

/// The range, if it lies in a space of `space_len` bytes and begins on a word.
pub(super) fn inside(payload: &PayloadRef, space_len: usize) -> Result<Bytes, Status> {
    let range = bytes(payload);
    match range.offset.checked_add(range.len) {
        Some(end) if end <= space_len && range.offset.is_multiple_of(4) => Ok(range),
        _ => Err(Status::BAD_REFERENCE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inos_core::{AlignedBytes, Lanes, LanesConfig, Layout, Region, Sections, Spin, UnitId};

    /// A buffer of 128 bytes, ping-pong section 1 on track 0, raw section 2 of 64 bytes, arena 4 in
    /// place 0.
    struct Test;

    impl Spaces for Test {
        fn buffer_len(&self) -> usize {
            128
        }

        fn track(&self, section: SectionId) -> Option<usize> {
            (section.0 == 1).then_some(0)
        }

        fn raw_len(&self, section: SectionId) -> Option<usize> {
            (section.0 == 2).then_some(64)
        }

        fn arena(&self, section: SectionId) -> Option<usize> {
            (section.0 == 4).then_some(0)
        }
    }

    fn job(
        input: PayloadRef,
        params: PayloadRef,
        output: PayloadRef,
    ) -> Result<Job<'static>, Status> {
        let call = Submission::execute(CallId(1), UnitId::new(0, 1), 0);
        let call = Submission { input, params, output, ..call };
        Job::new(ticket(), &call, MethodId::from_raw(0), Instant::now(), None, &Test)
    }

    /// Only a service has tickets to give.
    fn ticket() -> CallTicket {
        let config = LanesConfig { lanes: 1, entries: 2, buffer_len: 0 };
        let layout = Layout::builder().lanes(SectionId(1), "lanes", config).build().unwrap();
        let mut memory = AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout, 1).unwrap();
        let lanes = Lanes::open(&sections, SectionId(1)).unwrap();
        lanes.client().unwrap().submit(&Submission::noop(CallId(1)), &Spin::default()).unwrap();
        lanes.service().unwrap().next().unwrap().0
    }

    #[test]
    fn references_are_checked_against_their_spaces() {
        let none = PayloadRef::none();
        let frame = PayloadRef::section(SectionId(1), 0, 0);
        for good in [none, PayloadRef::buffer(64, 64), PayloadRef::buffer(128, 0)] {
            assert!(job(good, good, good).is_ok(), "{good:?}");
        }
        for bad in [
            PayloadRef::buffer(64, 65),
            PayloadRef::buffer(2, 4),
            PayloadRef::buffer(u32::MAX, u32::MAX),
            PayloadRef::buffer(0, u32::MAX),
            PayloadRef::section(SectionId(2), 64, 4),
            PayloadRef::section(SectionId(3), 0, 0),
            PayloadRef { space: 77, offset: 0, len: 0 },
            PayloadRef::new_block(SectionId(3), 0),
            PayloadRef { offset: 4, ..PayloadRef::new_block(SectionId(4), 0) },
        ] {
            for (input, params, output) in [(bad, none, none), (none, bad, none), (none, none, bad)]
            {
                assert_eq!(job(input, params, output).unwrap_err(), Status::BAD_REFERENCE);
            }
        }
        assert!(job(PayloadRef::section(SectionId(2), 60, 4), none, none).is_ok());
        assert!(job(none, none, PayloadRef::section(SectionId(2), 0, 4)).is_err());
        assert!(job(none, none, PayloadRef::section(SectionId(1), 4, 0)).is_err());
        let block = PayloadRef::new_block(SectionId(4), 9);
        assert_eq!(job(none, none, block).unwrap().output, Target::Block(0, 9));
        assert!(job(block, none, none).is_err(), "no block was taken for it");
        assert!(job(none, block, none).is_err());
        assert_eq!(job(frame, none, frame).unwrap().tracks(), [Some(0), None]);
        assert_eq!(job(none, none, frame).unwrap().tracks(), [None, Some(0)]);
    }
}

//! References to blocks, for callers.
#![forbid(unsafe_code)]

use inos_core::{Block, Completion, Cooperative, Handle, PayloadRef, SectionId, Space};
use inos_units::job::{MemoryRef, Place, Resource};

/// Bytes at the beginning of a block of an arena that is on its way: who adopts it, or calls with
/// it, has it, once. So what is left when a call gave it is the next call's input as it is.
///
/// ```
/// # #[cfg(all(feature = "hash", feature = "boids"))] {
/// # use inos::*;
/// # let [calls, units] = [1, 2].map(SectionId);
/// const HEAP: SectionId = SectionId(3);
/// # let layout = Layout::builder()
/// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
/// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
/// #     .arena(HEAP, "heap", ArenaConfig { page_len: 4096, pages: 16 })
/// #     .build()?;
/// # let mut memory = HeapMemory::new(layout.total_len())?;
/// # let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let config = KernelConfig::new(calls, units).arena(HEAP);
/// Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
///     let mut arena = Arena::open(&sections, HEAP)?;
///     let mut caller = Caller::open(&sections, calls, units)?;
///
///     // A flock that is nowhere else, made and flown where it is, and then looked at.
///     let (init, step) = (caller.method("boids", "init")?, caller.method("boids", "step")?);
///     let made = caller.call(init, Input::None, br#"{"count": 50}"#, Target::Block(HEAP))?;
///     let flock = BlockRef::of_answer(HEAP, &made);
///     let flown = caller.call(step, Input::Block(flock), b"", Target::Block(HEAP))?;
///     let flock = BlockRef::of_answer(HEAP, &flown);
///     let block = arena.adopt(flock.handle)?;
///     assert_eq!((flock.len, block.len() >= flock.len as usize), (made.len, true));
///     drop(block);
///
///     // Bytes of our own, which the kernel reads in place and frees.
///     let mut block = arena.allocate(3)?;
///     block[..3].copy_from_slice(b"abc");
///     let abc = BlockRef::hand_over(HEAP, block, 3);
///     let sha256 = caller.method("hash", "sha256")?;
///     let mut digest = [0; 32];
///     caller.call(sha256, Input::Block(abc), b"", Target::Bytes(&mut digest))?;
///     assert_eq!(digest[..2], [0xba, 0x78]);
///     assert_eq!(arena.stats()?.used_len, 0);
///     Ok::<_, CallError>(())
/// })??;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockRef {
    /// The arena's section.
    pub arena: SectionId,
    /// The block. Nobody has looked yet whether it is there.
    pub handle: Handle,
    /// Bytes of it that are meant.
    pub len: u32,
}

impl BlockRef {
    /// Sends the first `len` bytes of a block of this arena on their way. [`BlockRef`] has an
    /// example.
    #[must_use = "a block that nobody adopts stays its sender's"]
    pub fn hand_over(arena: SectionId, block: Block<'_, Cooperative>, len: u32) -> Self {
        Self { arena, handle: block.hand_over(), len }
    }

    /// The block with the result of a call whose target was one of this arena. [`BlockRef`] has an
    /// example.
    #[must_use]
    pub const fn of_answer(arena: SectionId, answer: &Completion) -> Self {
        Self { arena, handle: Handle::from_value(answer.value), len: answer.len }
    }

    /// The block that a job's resource lies in, if it lies in one.
    ///
    /// ```
    /// # use inos::*;
    /// let handle = Handle { offset: 16, generation: 3 };
    /// let block = BlockRef { arena: SectionId(5), handle, len: 70 };
    /// assert_eq!(BlockRef::of_resource(&block.resource()), Some(block));
    /// assert_eq!(BlockRef::of_resource(&units::job::Resource::inline(vec![])), None);
    /// ```
    #[must_use]
    pub fn of_resource(resource: &Resource) -> Option<Self> {
        let Place::Memory(MemoryRef { space, offset, length }) = resource.place else {
            return None;
        };
        let payload = PayloadRef { space, offset, len: length };
        let Some(Space::Block(arena)) = payload.space() else { return None };
        let len = u32::try_from(resource.stored_length).ok()?;
        Some(Self { arena, handle: payload.handle(), len })
    }

    /// The block as the input of a job. [`of_resource`](Self::of_resource) has an example.
    #[must_use]
    pub fn resource(&self) -> Resource {
        Resource::block(memory(PayloadRef::block(self.arena, self.handle)), self.len.into())
    }

    /// The output of a job whose result goes into a new block of this arena, of at most `max_len`
    /// bytes, 0 for no limit.
    ///
    /// ```
    /// # #[cfg(feature = "hash")] {
    /// # use inos::*;
    /// # let [calls, units, heap] = [1, 2, 3].map(SectionId);
    /// # let layout = Layout::builder()
    /// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 2048 })
    /// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
    /// #     .arena(heap, "heap", ArenaConfig { page_len: 4096, pages: 16 })
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let config = KernelConfig::new(calls, units).threads(1).arena(heap);
    /// use inos::units::job::{JobRequest, Resource};
    ///
    /// # Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
    /// let mut caller = Caller::open(&sections, calls, units)?;
    /// let job = JobRequest {
    ///     unit: "hash".into(),
    ///     method: "sha256".into(),
    ///     input: Resource::inline(b"abc".to_vec()),
    ///     output: BlockRef::output(heap, 0),
    ///     ..JobRequest::default()
    /// };
    /// let digest = caller.run(&job)?.outcome.expect("a digest");
    /// // The next job's input, as it is.
    /// let job = JobRequest { input: digest, ..job };
    /// let again = caller.run(&job)?;
    /// assert_eq!((again.bytes_in, again.bytes_out, again.bytes_copied), (32, 32, 0));
    /// # Ok::<_, CallError>(())
    /// # })??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn output(arena: SectionId, max_len: u32) -> MemoryRef {
        memory(PayloadRef::new_block(arena, max_len))
    }
}

const fn memory(payload: PayloadRef) -> MemoryRef {
    MemoryRef { space: payload.space, offset: payload.offset, length: payload.len }
}

//! What a kernel is bound to.
#![forbid(unsafe_code)]

use inos_core::SectionId;

/// A ping-pong section whose writer the kernel is, and the epoch that tells of new frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The ping-pong section.
    pub section: SectionId,
    /// The section of epochs.
    pub epochs: SectionId,
    /// Which of its epochs is advanced with every frame.
    pub epoch: u32,
}

/// What a kernel is bound to, and how many threads it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelConfig {
    /// Workers; 0 for one per processor. There is one thread more, which accepts calls.
    pub threads: usize,
    /// The section of lanes that the kernel serves.
    pub lanes: SectionId,
    /// The registry that it enters its units into.
    pub registry: SectionId,
    /// The ping-pong sections that calls may read frames from and write frames to.
    pub publish: Vec<Publish>,
    /// The arenas that calls may name blocks of; their ids are below 2^30.
    pub arenas: Vec<SectionId>,
    /// Most bytes that the block of a result is made for.
    pub max_block_len: usize,
    /// Most bytes that a sealed or compressed input may stand for.
    pub max_opened_len: usize,
}

/// The default of both limits: 64 MiB.
const DEFAULT_MAX_LEN: usize = 1 << 26;

impl KernelConfig {
    /// A worker per processor, no ping-pong sections and no arenas; results in blocks and opened
    /// inputs have 64 MiB at most.
    ///
    /// ```
    /// # use inos::*;
    /// let config = KernelConfig::new(SectionId(1), SectionId(2));
    /// assert_eq!((config.lanes, config.registry), (SectionId(1), SectionId(2)));
    /// assert_eq!((config.threads, config.publish.len()), (0, 0));
    /// ```
    #[must_use]
    pub const fn new(lanes: SectionId, registry: SectionId) -> Self {
        Self {
            threads: 0,
            lanes,
            registry,
            publish: Vec::new(),
            arenas: Vec::new(),
            max_block_len: DEFAULT_MAX_LEN,
            max_opened_len: DEFAULT_MAX_LEN,
        }
    }

    /// Sets the number of workers; 0 for one per processor.
    ///
    /// ```
    /// # use inos::*;
    /// // Results have the same bits on one worker as on many.
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).threads(1);
    /// assert_eq!(config.threads, 1);
    /// ```
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Adds a ping-pong section, and the epoch that is advanced with every frame of it. Each section
    /// at most once: [`Kernel::run`](crate::Kernel::run) says `BoundTwice`.
    ///
    /// ```
    /// # use inos::*;
    /// let [calls, units, epochs, flock, image] = [1, 2, 3, 4, 5].map(SectionId);
    /// let config = KernelConfig::new(calls, units);
    /// let config = config.publish(flock, epochs, 0).publish(image, epochs, 1);
    /// assert_eq!(config.publish[1], Publish { section: image, epochs, epoch: 1 });
    /// ```
    #[must_use]
    pub fn publish(mut self, section: SectionId, epochs: SectionId, epoch: u32) -> Self {
        self.publish.push(Publish { section, epochs, epoch });
        self
    }

    /// Adds an arena whose blocks calls may name as inputs, and have results in. Each section at
    /// most once, as in [`publish`](Self::publish).
    ///
    /// ```
    /// # use inos::*;
    /// let [calls, units, heap] = [1, 2, 3].map(SectionId);
    /// let config = KernelConfig::new(calls, units).arena(heap);
    /// assert_eq!(config.arenas, [heap]);
    /// ```
    #[must_use]
    pub fn arena(mut self, section: SectionId) -> Self {
        self.arenas.push(section);
        self
    }

    /// Sets the most bytes that the block of a result is made for, where the method's own bound and
    /// the call's limit are higher.
    ///
    /// ```
    /// # use inos::*;
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).max_block_len(4096);
    /// assert_eq!(config.max_block_len, 4096);
    /// ```
    #[must_use]
    pub const fn max_block_len(mut self, len: usize) -> Self {
        self.max_block_len = len;
        self
    }

    /// Sets the most bytes that a sealed or compressed input may stand for.
    ///
    /// ```
    /// # use inos::*;
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).max_opened_len(4096);
    /// assert_eq!(config.max_opened_len, 4096);
    /// ```
    #[must_use]
    pub const fn max_opened_len(mut self, len: usize) -> Self {
        self.max_opened_len = len;
        self
    }
}

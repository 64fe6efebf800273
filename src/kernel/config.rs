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
}

impl KernelConfig {
    /// A worker per processor, and no ping-pong sections.
    ///
    /// ```
    /// # use inos::*;
    /// let config = KernelConfig::new(SectionId(1), SectionId(2));
    /// assert_eq!((config.lanes, config.registry), (SectionId(1), SectionId(2)));
    /// assert_eq!((config.threads, config.publish.len()), (0, 0));
    /// ```
    #[must_use]
    pub const fn new(lanes: SectionId, registry: SectionId) -> Self {
        Self { threads: 0, lanes, registry, publish: Vec::new() }
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
}

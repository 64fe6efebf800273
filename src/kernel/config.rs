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
    #[must_use]
    pub const fn new(lanes: SectionId, registry: SectionId) -> Self {
        Self { threads: 0, lanes, registry, publish: Vec::new() }
    }

    /// Sets the number of workers.
    #[must_use]
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Adds a ping-pong section.
    #[must_use]
    pub fn publish(mut self, section: SectionId, epochs: SectionId, epoch: u32) -> Self {
        self.publish.push(Publish { section, epochs, epoch });
        self
    }
}

//! What a kernel is bound to.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Duration;

use inos_core::SectionId;

use super::health::Supervision;
use super::meter::Meter;

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
#[derive(Clone, Debug)]
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
    /// The log that gets an event for each job that ended; none by default.
    pub history: Option<SectionId>,
    /// The bank of counters that the kernel fills; none by default.
    pub counters: Option<SectionId>,
    /// How long after its time, or after it was cancelled, a running call is waited for before it is
    /// given up as lost.
    pub grace: Duration,
    /// Lost workers that are replaced at most; `None` for as many as there are workers.
    pub spare_threads: Option<usize>,
    /// When units rest, and when they are given up.
    pub supervision: Supervision,
    /// What calls are paid from; none by default, and calls are free.
    pub meter: Option<Arc<dyn Meter>>,
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
            history: None,
            counters: None,
            grace: Duration::from_secs(1),
            spare_threads: None,
            supervision: Supervision::DEFAULT,
            meter: None,
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

    /// Sets the log that gets an event for each job that ended, and for each unit or worker in
    /// trouble: a [`JobRecord`](crate::JobRecord) reads it. Texts of
    /// [`JobRecord::TEXT_LEN`](crate::JobRecord::TEXT_LEN) bytes have room; longer ones are cut off.
    ///
    /// ```
    /// # use inos::*;
    /// let [calls, units, history] = [1, 2, 3].map(SectionId);
    /// let text_len = JobRecord::TEXT_LEN;
    /// let layout =
    ///     Layout::builder().log(history, "history", LogConfig { capacity: 1024, text_len }).build()?;
    /// let config = KernelConfig::new(calls, units).history(history);
    /// assert_eq!(config.history, Some(history));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub const fn history(mut self, section: SectionId) -> Self {
        self.history = Some(section);
        self
    }

    /// Sets the bank of counters that the kernel fills with `kernel.accepted`, `kernel.answered` and
    /// `kernel.failed`, and for each unit with `NAME.calls`, `NAME.failures` and `NAME.busy`: the
    /// nanoseconds that workers were with its calls. [`Kernel::run`](crate::Kernel::run) says
    /// `NoSeat` if it is smaller than
    /// [`Kernel::counters_config`](crate::Kernel::counters_config).
    ///
    /// ```
    /// # #[cfg(feature = "hash")] {
    /// # use inos::*;
    /// let [calls, units, counters] = [1, 2, 3].map(SectionId);
    /// let dispatcher = Dispatcher::standard();
    /// let layout = Layout::builder()
    ///     .lanes(calls, "calls", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
    ///     .registry(units, "units", Kernel::registry_config(&dispatcher))
    ///     .counters(counters, "counters", Kernel::counters_config(&dispatcher))
    ///     .build()?;
    /// let mut memory = HeapMemory::new(layout.total_len())?;
    /// let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// let config = KernelConfig::new(calls, units).counters(counters);
    /// Kernel::run(&sections, &dispatcher, &config, |_| {
    ///     let mut caller = Caller::open(&sections, calls, units)?;
    ///     let sha256 = caller.method("hash", "sha256")?;
    ///     caller.call(sha256, Input::Bytes(b"abc"), b"", Target::Bytes(&mut [0; 32]))?;
    ///     // As any other process sees it.
    ///     let bank = Counters::open(&sections, counters)?;
    ///     let value = |label| bank.find(label).and_then(|id| bank.get(id).ok()).map(|it| it.value);
    ///     assert_eq!((value("hash.calls"), value("hash.failures")), (Some(1), Some(0)));
    ///     assert!(value("hash.busy") > Some(0));
    ///     Ok::<_, CallError>(())
    /// })??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn counters(mut self, section: SectionId) -> Self {
        self.counters = Some(section);
        self
    }

    /// Sets how long after its time, or after it was cancelled, a running call is waited for before
    /// it is answered without its worker, which is then replaced.
    ///
    /// ```
    /// # use inos::*;
    /// use std::time::Duration;
    ///
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).grace(Duration::from_millis(50));
    /// assert_eq!(config.grace, Duration::from_millis(50));
    /// ```
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how many lost workers are replaced at most. When all workers are lost and no more are
    /// replaced, calls are answered `BUSY` until one comes back.
    ///
    /// ```
    /// # use inos::*;
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).spare_threads(4);
    /// assert_eq!(config.spare_threads, Some(4));
    /// ```
    #[must_use]
    pub const fn spare_threads(mut self, count: usize) -> Self {
        self.spare_threads = Some(count);
        self
    }

    /// Sets when units that fail rest, and when they are given up.
    ///
    /// ```
    /// # use inos::*;
    /// let patient = Supervision { failures: 1000, ..Supervision::default() };
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).supervise(patient);
    /// assert_eq!(config.supervision, patient);
    /// ```
    #[must_use]
    pub const fn supervise(mut self, supervision: Supervision) -> Self {
        self.supervision = supervision;
        self
    }

    /// Sets what calls are paid from.
    ///
    /// ```
    /// # use inos::*;
    /// # #[derive(Debug)]
    /// # struct Purse;
    /// # impl Meter for Purse {
    /// #     fn reserve(&self, _: Payer, _: u64) -> Result<Hold, NoCredits> {
    /// #         Err(NoCredits { available: 0 })
    /// #     }
    /// #     fn settle(&self, _: Hold, _: u64) {}
    /// # }
    /// use std::sync::Arc;
    ///
    /// let config = KernelConfig::new(SectionId(1), SectionId(2)).meter(Arc::new(Purse));
    /// assert!(config.meter.is_some());
    /// ```
    #[must_use]
    pub fn meter(mut self, meter: Arc<dyn Meter>) -> Self {
        self.meter = Some(meter);
        self
    }
}

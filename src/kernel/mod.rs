//! The kernel: it serves the lanes of a region with the units of a dispatcher.
//!
//! One thread, the pump, sleeps on the doorbell and turns submissions into jobs; the workers
//! run them. Idle, it uses no processor time to speak of: see *Not supported*.
//!
//! # What a call refers to
//! | reference | as input | as parameters | as output |
//! |---|---|---|---|
//! | none | no bytes | every default | the method must have no result |
//! | the lane's buffer | copied | copied | the result, at that offset, of at most that length |
//! | a ping-pong section of [`KernelConfig::publish`] | the newest frame, read in place | - | the next frame |
//! | a section without structure | copied | - | - |
//! | a block of an arena of [`KernelConfig::arena`] | read in place, and freed | - | a new block, written in place |
//!
//! Anything else is answered [`Status::BAD_REFERENCE`]. Offsets into the buffer and into
//! sections without structure are multiples of 4. Of a frame, offset 0 and length 0 mean all of
//! it; a section that has no frame yet reads as no bytes. For the next frame the offset is 0,
//! and the length, unless it is 0, is the most that the result may have.
//!
//! The bytes referred to are looked at when the call runs, so they stay as they are until it is
//! answered. Input and output may be one section, or overlap in the buffer.
//!
//! # Blocks
//! The block of an input was [handed over](inos_core::Block::hand_over), and
//! [`Submission::block_len`] says how many of its bytes are the input. The kernel adopts it when it
//! accepts the call, and frees it before it answers, whatever the answer is: a refused, cancelled
//! or failed call, too, has used its block up. A handle that was used, or never was one, is a
//! `BAD_REFERENCE`, and so is one of an arena that is not the kernel's, which stays as it is; so
//! does one in a message that can't be read. After `SERVICE_LOST` it is open what has become of a
//! block: whoever sent it can try to adopt it.
//!
//! The block of a result is as long as the method's bound, or as the reference's length if that is
//! shorter and not 0, or as [`KernelConfig::max_block_len`]: where a bound says little, as of what
//! a stream stands for, name a limit. A result that leaves most of its block empty is copied to a
//! shorter one. With `OK`, `value` is the block's [`Handle`](inos_core::Handle::from_value), for
//! the client to adopt or to call with: then a result goes from call to call without a copy. The
//! block is the client's party's: when that leaves or dies, what it has not adopted is freed. That
//! of a client which has not joined stays with the party whose sections the kernel was given, and
//! if there is none, until somebody attaches exclusively. `BUSY` says that there is no room in the
//! arena now, `TOO_SMALL` that there never is.
//!
//! # Inputs that are sealed, compressed, or named by a digest
//! The input of a job that came as a message is opened with `crypto`'s key of that handle, its
//! nonce and no associated data, then decompressed with `compress`, then compared with its BLAKE3
//! by `hash`: by the dispatcher's units, in the job's time and for its credits. Where the
//! dispatcher has no such unit the answer is `UNSUPPORTED`. What an input is opened or decompressed
//! into is private memory, counts as copied, and is not cleared afterwards.
//!
//! Lengths must be what was said, and `length` is the most that is decompressed, itself at most
//! [`KernelConfig::max_opened_len`]. Errors are those of units: `TooLarge` for a length over a
//! limit, in the request or in the stream; `BadInput` for another length than was said, or no
//! stream; `Refused` for a digest or a tag that does not hold; `NotFound` for a key. Of plain bytes
//! a length of 0 says nothing. Bytes in a store are `UNSUPPORTED`.
//!
//! # How a call ends
//! Every call that was accepted is answered once, in whatever order.
//!
//! - [`Status::OK`]: `len` is the length of the result; `value` is the version of the frame that
//!   was published, or the handle of the result's block, else 0. The frame's epoch was advanced
//!   before.
//! - A number below 65,536: the unit's error, [`UnitError::code`](inos_units::UnitError::code);
//!   what has a status of its own is answered with that: `TOO_SMALL`, `CANCELLED`, `TIMED_OUT`,
//!   and `UNIT_FAILED` after a panic.
//! - Other statuses are the kernel's, as [`Status`] says. `UNSUPPORTED` is also the answer to
//!   any flag but a priority.
//!
//! A call that ran and failed publishes nothing. If its output is the lane's buffer, the message
//! stands there in UTF-8, `len` bytes long, cut off where the output ends.
//!
//! A timeout counts from the acceptance, while the call waits, too. [`Submission::cancel`]
//! means the calls of that id that were accepted from the same lane before it. A waiting one is
//! answered at once; a running one is told, and may still end well. The answer to the cancelling
//! call is `OK` if there was one, else `NO_CALL`.
//!
//! Calls of a client that has gone, or whose party was proven dead and reaped, are cancelled within
//! two seconds, but for those that publish a frame: nobody else would see what they give, and one
//! without a timeout could run for ever.
//!
//! # Order
//! Calls on the same ping-pong section, as input or output, run one after another in the order
//! they were accepted. Others run in parallel. A method that can be split is cut into pieces for
//! all workers; its result has the same bits on any number of them.
//!
//! Which call is accepted next, [`Service`] says: among lanes by priority. Of those accepted, a
//! worker takes one of the highest priority; of these the one with the earliest deadline; and of
//! those without a deadline the next one of the lane that has had least of the workers' time. Every
//! other turn is the oldest call's, if that has waited for a second, so nobody starves. A call that
//! is running is not interrupted; but workers that have nothing of a higher priority to do help with
//! one that can be split.
//!
//! # Calls that do not end, and units that fail
//! Native code cannot be killed. A running call that goes on for longer than
//! [`KernelConfig::grace`] after its time, or after it was cancelled, is *lost*: it is answered
//! `TIMED_OUT` or `CANCELLED`, and whatever it still does is seen by nobody. Its workers are
//! replaced, up to [`KernelConfig::spare_threads`]; when none is left, calls are answered `BUSY`.
//! Ping-pong sections that it may still write to are closed, and calls on them answered `BUSY`; its
//! blocks stay allocated. All that ends when it comes back.
//!
//! A unit that panics, or whose calls are lost, more often than [`KernelConfig::supervision`] puts
//! up with, rests: its calls are answered `UNIT_FAILED` without being run, for twice as long each
//! time. At last it is given up: it is retired from the registry, and its calls are answered
//! `NO_UNIT`.
//!
//! # What a call costs
//! With a [`KernelConfig::meter`], credits are set aside for a call before it is queued, and what it
//! has spent of them is paid before it is answered: what its method's [`Cost`](inos_units::Cost) says
//! of its input and result, and what its inner loops add. A call that there are no credits for is
//! answered [`UnitError::OutOfCredits`](inos_units::UnitError::OutOfCredits) and not run; one that
//! would spend more than was set aside stops with that. What was spent is paid for calls that end
//! `OK`, out of credits, `CANCELLED` or `TIMED_OUT`; for what went wrong otherwise, and for a call that
//! was given up as lost, nothing is.
//!
//! # The beginning
//! Calls that a former kernel had accepted when it died, or was thrown away, are answered
//! [`Status::SERVICE_LOST`] by the next one. Those that it had not accepted are run.
//!
//! # The end
//! Calls that wait are answered [`Status::SHUT_DOWN`]; those that run are told to stop, and are
//! answered `SHUT_DOWN` if they do. What was submitted and not yet accepted is answered, too,
//! unless its client goes on submitting or has left no room for more answers: the rest stays
//! for the next kernel. So a client that waits for an answer does it with a timeout.
//!
//! # Not supported
//! - Lanes among hostile parties: the kernel copies what a lane says, but reads frames and blocks
//!   in place, and whoever can name a block or a key has it.
//! - Stopping native code that does not look at its budget: the kernel's end waits for it. Units out of
//!   wasm files are stopped, with the feature `wasm-units`.
//! - Supervisors of supervisors, and units with a heartbeat of their own.
//! - Parameters in blocks. Results that are compressed or sealed, and digests of results: call the
//!   units. Inputs in a store.
//!
//! [`Status`]: inos_core::Status
//! [`Status::OK`]: inos_core::Status::OK
//! [`Status::BAD_REFERENCE`]: inos_core::Status::BAD_REFERENCE
//! [`Status::SHUT_DOWN`]: inos_core::Status::SHUT_DOWN
//! [`Status::SERVICE_LOST`]: inos_core::Status::SERVICE_LOST
//! [`Submission::cancel`]: inos_core::Submission::cancel
//! [`Submission::block_len`]: inos_core::Submission::block_len
#![forbid(unsafe_code)]

mod blocks;
mod config;
mod crew;
mod error;
mod fate;
mod health;
mod history;
mod input;
mod job;
mod message;
mod meter;
mod pump;
mod queue;
mod resource;
mod schedule;
mod split;
#[cfg(test)]
#[cfg(all(feature = "boids", feature = "hash"))]
mod tests;
mod track;
mod units;
mod worker;

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Builder};
use std::time::Instant;

use inos_core::{
    CallTicket, Completion, Cooperative, CountersConfig, Error, Lanes, RegistryConfig, Sections,
    Service,
};
use inos_units::Dispatcher;

pub use config::{KernelConfig, Publish};
pub use error::KernelError;
pub use health::{Supervision, UnitHealth, UnitState};
pub use history::JobRecord;
pub use meter::{Hold, Meter, NoCredits, Payer};

use crate::lock::lock;
use crate::park::Futex;
use blocks::Arenas;
use crew::Crew;
use health::Health;
use history::History;
use queue::Queue;
use track::Track;
use units::Units;

/// Bytes of a lane's buffer copied under one lock of the service, so that the pump and other
/// workers get their turn.
const COPY_LEN: usize = 1 << 16;

/// A running kernel, as its host sees it.
///
/// ```
/// use inos::{
///     Caller, Dispatcher, HeapMemory, Input, Kernel, KernelConfig, LanesConfig, Layout,
///     RegistryConfig, SectionId, Sections, Target,
/// };
///
/// # #[cfg(feature = "hash")] {
/// const LANES: SectionId = SectionId(1);
/// const REGISTRY: SectionId = SectionId(2);
/// let layout = Layout::builder()
///     .lanes(LANES, "lanes", LanesConfig { lanes: 4, entries: 16, buffer_len: 4096 })
///     .registry(REGISTRY, "units", Kernel::registry_config(&Dispatcher::standard()))
///     .build()?;
/// let mut memory = HeapMemory::new(layout.total_len())?;
/// let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let config = KernelConfig::new(LANES, REGISTRY);
/// let answered = Kernel::run(&sections, &Dispatcher::standard(), &config, |kernel| {
///     let mut caller = Caller::open(&sections, LANES, REGISTRY)?;
///     let sha256 = caller.method("hash", "sha256")?;
///     let mut digest = [0; 32];
///     caller.call(sha256, Input::Bytes(b"abc"), b"", Target::Bytes(&mut digest))?;
///     assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
///     Ok::<_, inos::CallError>(kernel.stats().answered)
/// })??;
/// assert_eq!(answered, 1);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Kernel<'k> {
    counters: &'k Counters,
    health: &'k Health,
    /// Threads that can work, and threads that are lost.
    crew: &'k (dyn Fn() -> (usize, usize) + Sync),
}

/// What a kernel has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelStats {
    /// Submissions taken.
    pub accepted: u64,
    /// Submissions answered. At rest these are as many as were accepted, less the lost ones.
    pub answered: u64,
    /// Those of them that were answered with something else than `OK`.
    pub failed: u64,
    /// Answers that a client's broken lane did not take.
    pub lost: u64,
    /// Calls that a former kernel had accepted and left: answered with `SERVICE_LOST`.
    pub orphaned: u64,
    /// Workers that can take calls, now.
    pub workers: usize,
    /// Workers that are in calls which were given up, now.
    pub lost_workers: usize,
}

#[derive(Default)]
struct Counters {
    accepted: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
    orphaned: AtomicU64,
}

impl Kernel<'_> {
    /// Runs a kernel for as long as `body` runs, and returns what it returns. All threads have
    /// ended then, and every call that was accepted is answered; so it is if `body` panics.
    ///
    /// # Errors
    /// `Section` if a section of `config` can't be opened, or another party holds a role in it, or
    /// an arena's id is too large to be named; `Unit` if a unit can't be registered; `BoundTwice`
    /// if `config` has a ping-pong section or an arena twice; `Thread` if the system gives none.
    /// `body` does not run then. `Panicked` if a thread of the kernel did, after `body` ran.
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
    /// let config = KernelConfig::new(calls, units).threads(1);
    /// let dispatcher = Dispatcher::standard();
    /// Kernel::run(&sections, &dispatcher, &config, |_| {
    ///     // A second one for the same lanes.
    ///     let refused = Kernel::run(&sections, &dispatcher, &config, |_| {}).err();
    ///     let held = Error::RoleHeld;
    ///     assert!(matches!(refused, Some(KernelError::Section { source, .. }) if source == held));
    /// })?;
    /// // All roles are free again.
    /// assert_eq!(Kernel::run(&sections, &dispatcher, &config, |_| 7)?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run<'m, R>(
        sections: &Sections<'m, Cooperative>,
        dispatcher: &Dispatcher,
        config: &KernelConfig,
        body: impl FnOnce(&Kernel<'_>) -> R,
    ) -> Result<R, KernelError> {
        let shared = Shared::open(sections, dispatcher, config)?;
        let doorbell = lock(&shared.service).doorbell();
        let result = thread::scope(|scope| {
            let shared = &shared;
            let stop = StopOnDrop(shared);
            let hire = move || spawn(scope, "inos-worker", shared, Shared::work);
            spawn(scope, "inos-pump", shared, move |shared| {
                shared.pump(doorbell, || hire().is_ok());
            })?;
            for _ in 0..shared.threads {
                hire()?;
            }
            let crew = || shared.queue.crew();
            let Shared { counters, health, .. } = shared;
            let result = body(&Kernel { counters, health, crew: &crew });
            drop(stop);
            Ok(result)
        })?;
        // All threads have ended: Relaxed will do.
        match shared.panicked.load(Ordering::Relaxed) {
            true => Err(KernelError::Panicked),
            false => Ok(result),
        }
    }

    /// How large a registry is that the units of `dispatcher` fit into, and as many others.
    ///
    /// ```
    /// # use inos::*;
    /// let units = Dispatcher::standard();
    /// let config = Kernel::registry_config(&units);
    /// assert!(config.slots as usize >= 2 * units.units().count());
    /// let layout = Layout::builder().registry(SectionId(1), "units", config).build()?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn registry_config(dispatcher: &Dispatcher) -> RegistryConfig {
        units::registry_config(dispatcher)
    }

    /// How large a bank of counters is that a kernel with these units fills; see
    /// [`KernelConfig::counters`].
    ///
    /// ```
    /// # use inos::*;
    /// let config = Kernel::counters_config(&Dispatcher::standard());
    /// let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn counters_config(dispatcher: &Dispatcher) -> CountersConfig {
        history::counters_config(dispatcher)
    }

    /// What it has done so far, as of now: the counters are read one after another, Relaxed. A call
    /// is counted before its client is told.
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
    /// # let config = KernelConfig::new(calls, units).threads(1);
    /// # let (park, dispatcher) = (Futex, Dispatcher::standard());
    /// let stats = Kernel::run(&sections, &dispatcher, &config, |kernel| {
    ///     let mut client = Lanes::open(&sections, calls)?.client()?;
    ///     client.submit(&Submission::noop(CallId(1)), &park)?;
    ///     client.submit(&Submission { opcode: 99, ..Submission::noop(CallId(2)) }, &park)?;
    ///     for _ in 0..2 {
    ///         client.wait(&park, None)?;
    ///     }
    ///     Ok::<_, Error>(kernel.stats())
    /// })??;
    /// assert_eq!((stats.accepted, stats.answered, stats.failed), (2, 2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> KernelStats {
        // Relaxed: statistics.
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (workers, lost_workers) = (self.crew)();
        KernelStats {
            accepted: load(&self.counters.accepted),
            answered: load(&self.counters.answered),
            failed: load(&self.counters.failed),
            lost: load(&self.counters.lost),
            orphaned: load(&self.counters.orphaned),
            workers,
            lost_workers,
        }
    }

    /// How the units do, in the order of the dispatcher's.
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
    /// # let config = KernelConfig::new(calls, units).threads(1);
    /// let dispatcher = Dispatcher::standard();
    /// let health = Kernel::run(&sections, &dispatcher, &config, |kernel| kernel.health())?;
    /// assert_eq!(health.len(), dispatcher.units().count());
    /// assert!(health.iter().all(|unit| unit.state == UnitState::Working && unit.panics == 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn health(&self) -> Vec<UnitHealth> {
        self.health.all(Instant::now())
    }
}

impl core::fmt::Debug for Kernel<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kernel").field("stats", &self.stats()).finish()
    }
}

/// Starts a thread of the kernel. Should it panic, which is a bug, the kernel says so at its end.
fn spawn<'scope, 'k, 'm>(
    scope: &'scope thread::Scope<'scope, '_>,
    name: &str,
    shared: &'scope Shared<'k, 'm>,
    body: impl FnOnce(&Shared<'k, 'm>) + Send + 'scope,
) -> Result<(), KernelError> {
    let body = move || {
        if panic::catch_unwind(AssertUnwindSafe(|| body(shared))).is_err() {
            shared.panicked.store(true, Ordering::Relaxed);
        }
    };
    Builder::new()
        .name(name.to_owned())
        .spawn_scoped(scope, body)
        .map(drop)
        .map_err(KernelError::Thread)
}

/// What the threads of a kernel share.
struct Shared<'k, 'm> {
    sections: &'k Sections<'m, Cooperative>,
    dispatcher: &'k Dispatcher,
    units: Units<'m>,
    service: Mutex<Service<'m, Cooperative>>,
    tracks: Vec<Track<'m>>,
    arenas: Arenas<'m>,
    queue: Queue<'m>,
    threads: usize,
    max_block_len: usize,
    max_opened_len: usize,
    buffer_len: usize,
    lane_count: u32,
    /// Submissions that the lanes hold together at most.
    entry_count: usize,
    stopping: AtomicBool,
    /// Whether a thread ended by a panic.
    panicked: AtomicBool,
    counters: Counters,
    health: Health,
    history: History<'m>,
    meter: Option<Arc<dyn Meter>>,
}

impl<'k, 'm> Shared<'k, 'm> {
    fn open(
        sections: &'k Sections<'m, Cooperative>,
        dispatcher: &'k Dispatcher,
        config: &KernelConfig,
    ) -> Result<Self, KernelError> {
        let mut tracks: Vec<Track<'m>> = Vec::new();
        for publish in &config.publish {
            if tracks.iter().any(|track| track.section == publish.section) {
                return Err(KernelError::BoundTwice { id: publish.section });
            }
            tracks.push(Track::open(sections, publish)?);
        }
        let arenas = Arenas::open(sections, &config.arenas)?;
        let failed = KernelError::section(config.lanes);
        let lanes = Lanes::open(sections, config.lanes).map_err(&failed)?;
        let service = lanes.service().map_err(&failed)?;
        // Last, so that units are seen only when they can be called.
        let units = Units::enter(sections, config.registry, dispatcher)?;
        let history = History::open(sections, config.history, config.counters, &units)?;
        let threads = match config.threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let crew = Crew::new(threads, config.spare_threads.unwrap_or(threads));
        Ok(Self {
            sections,
            dispatcher,
            units,
            service: Mutex::new(service),
            queue: Queue::new(tracks.len(), crew, config.grace),
            tracks,
            arenas,
            threads,
            max_block_len: config.max_block_len,
            max_opened_len: config.max_opened_len,
            buffer_len: lanes.buffer_len() as usize,
            lane_count: lanes.lane_count(),
            entry_count: lanes.lane_count() as usize * lanes.entries() as usize,
            stopping: AtomicBool::new(false),
            panicked: AtomicBool::new(false),
            counters: Counters::default(),
            health: Health::new(dispatcher, config.supervision),
            history,
            meter: config.meter.clone(),
        })
    }

    fn is_stopping(&self) -> bool {
        // Acquire: pairs with Release in `stop`.
        self.stopping.load(Ordering::Acquire)
    }

    /// Tells the pump to stop, which stops the workers.
    fn stop(&self) {
        // Release: the pump that hears the bell below sees it; pairs with Acquire in
        // `is_stopping`.
        self.stopping.store(true, Ordering::Release);
        lock(&self.service).ring(&Futex);
    }

    /// Answers a call that was accepted; whether its lane took the answer.
    fn answer(&self, ticket: CallTicket, answer: &Completion) -> bool {
        let counters = &self.counters;
        // Counted before the client can know, so that it finds its own call in the statistics.
        if !answer.status.is_ok() {
            counters.failed.fetch_add(1, Ordering::Relaxed);
        }
        counters.answered.fetch_add(1, Ordering::Relaxed);
        let taken = lock(&self.service).complete(ticket, answer, &Futex).is_ok();
        if !taken {
            // Its lane contradicts itself; there is nobody to tell.
            counters.answered.fetch_sub(1, Ordering::Relaxed);
            counters.lost.fetch_add(1, Ordering::Relaxed);
        } else {
            self.history.answered(answer.status);
        }
        taken
    }

    fn read_buffer(&self, lane: u32, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        for (index, piece) in out.chunks_mut(COPY_LEN).enumerate() {
            let at = word_offset(offset, index)?;
            lock(&self.service).read_buffer(lane, at, piece)?;
        }
        Ok(())
    }

    fn write_buffer(&self, lane: u32, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        for (index, piece) in bytes.chunks(COPY_LEN).enumerate() {
            let at = word_offset(offset, index)?;
            lock(&self.service).write_buffer(lane, at, piece)?;
        }
        Ok(())
    }
}

fn word_offset(offset: usize, piece: usize) -> Result<u32, Error> {
    let at = offset.saturating_add(piece.saturating_mul(COPY_LEN));
    u32::try_from(at).map_err(|_| Error::OutOfBounds { offset: at as u64, len: 0 })
}

/// Stops the kernel when its host is done, or panics.
struct StopOnDrop<'a, 'k, 'm>(&'a Shared<'k, 'm>);

impl Drop for StopOnDrop<'_, '_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

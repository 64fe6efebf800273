//! Who pays for calls: what is set aside before one runs, and what is taken when it has ended.
#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::sync::Arc;

use inos_core::Status;
use inos_units::UnitError;

use super::Shared;
use super::job::{Debt, Job};
use super::message::Used;
use super::worker::Failure;

/// Who made a call, as a [`Meter`] is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Payer {
    /// The lane that the call came from.
    pub lane: u32,
    /// The party whose lane it is; 0 if it has not joined, or has left.
    pub party: u16,
}

/// What a [`Meter`] has set aside for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The meter's name for it.
    pub id: u128,
    /// The most that the call can spend: more, and it stops.
    pub credits: u64,
}

/// Whoever made a call has fewer credits than it may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCredits {
    /// How many there are.
    pub available: u64,
}

/// Accounts that calls are paid from. The kernel's threads call it, so it should be quick; should it
/// panic, so does the kernel.
///
/// ```
/// # #[cfg(feature = "hash")] {
/// # use inos::*;
/// # use std::sync::{Arc, atomic::{AtomicU64, Ordering::Relaxed}};
/// /// One purse for all.
/// #[derive(Debug)]
/// struct Purse(AtomicU64);
///
/// impl Meter for Purse {
///     fn reserve(&self, _: Payer, _: u64) -> Result<Hold, NoCredits> {
///         let take = |left: u64| left.checked_sub(1000);
///         match self.0.fetch_update(Relaxed, Relaxed, take) {
///             Ok(_) => Ok(Hold { id: 0, credits: 1000 }),
///             Err(available) => Err(NoCredits { available }),
///         }
///     }
///
///     fn settle(&self, hold: Hold, spent: u64) {
///         self.0.fetch_add(hold.credits - spent, Relaxed);
///     }
/// }
///
/// # let [calls, units] = [1, 2].map(SectionId);
/// # let layout = Layout::builder()
/// #     .lanes(calls, "", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
/// #     .registry(units, "", Kernel::registry_config(&Dispatcher::standard()))
/// #     .build()?;
/// # let mut memory = HeapMemory::new(layout.total_len())?;
/// # let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let purse = Arc::new(Purse(AtomicU64::new(2000)));
/// let config = KernelConfig::new(calls, units).meter(purse.clone());
/// let hashed = Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
///     let mut caller = Caller::open(&sections, calls, units)?;
///     let sha256 = caller.method("hash", "sha256")?;
///     let mut hashed = 0;
///     while caller.call(sha256, Input::Bytes(b"abc"), b"", Target::Bytes(&mut [0; 32])).is_ok() {
///         hashed += 1;
///     }
///     Ok::<_, CallError>(hashed)
/// })??;
/// assert!(hashed > 1);
/// assert!(purse.0.load(Relaxed) < 1000);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Meter: Debug + Send + Sync {
    /// Sets credits aside for a call that was accepted: `wanted`, or if that is 0, since the call
    /// does not say, as many as the meter sees fit. A call that there is nothing for is answered as
    /// [`UnitError::OutOfCredits`] and not run.
    ///
    /// # Errors
    /// [`NoCredits`] if the call is not to run.
    fn reserve(&self, payer: Payer, wanted: u64) -> Result<Hold, NoCredits>;

    /// The call has ended, and is about to be answered: of what was set aside, `spent` is paid, and
    /// the rest is free. Called once for each hold.
    fn settle(&self, hold: Hold, spent: u64);
}

impl<'m> Shared<'_, 'm> {
    /// Queues a job, for which credits are set aside if there is a meter. One without credits is
    /// answered here.
    pub(super) fn enqueue(&self, mut job: Job<'m>) -> Result<(), Status> {
        let Some(meter) = &self.meter else { return self.queue.push(job) };
        let lane = job.lane();
        let party = super::lock(&self.service).client_party(lane).unwrap_or(0);
        let wanted = job.message().map_or(0, |message| message.request.limits.credits);
        match meter.reserve(Payer { lane, party }, wanted) {
            Ok(hold) => {
                job.debt.hold = Some(Arc::new(hold));
                self.queue.push(job).inspect_err(|_| meter.settle(hold, 0))
            }
            Err(NoCredits { available }) => {
                let needed = wanted.max(1);
                self.refuse_job(job, UnitError::OutOfCredits { needed, limit: available }.into());
                Ok(())
            }
        }
    }

    /// Answers a job that is not run. Its block is free before its client knows.
    fn refuse_job(&self, mut job: Job<'m>, failure: Failure) {
        job.block = None;
        let answer = match job.message() {
            Some(message) => self.report(&job, message, Err(failure), Used::default()),
            None => self.describe(&job, &failure),
        };
        self.record(&job.debt, answer.status, &Used::waiting(&job.debt));
        self.answer(job.debt.ticket, &answer);
    }

    /// Takes what a job that ended has cost, once.
    pub(super) fn settle(&self, debt: &Debt, status: Status, used: &Used) {
        if let (Some(meter), Some(hold)) = (&self.meter, &debt.hold) {
            let spent = if is_paid(status) { used.cost } else { 0 };
            meter.settle(**hold, spent.min(hold.credits));
        }
    }
}

/// Whether a call that ended like this is paid for. What its client has asked for, and did not wait
/// for or could not afford, is; what went wrong is not.
fn is_paid(status: Status) -> bool {
    let out_of_credits = UnitError::OutOfCredits { needed: 0, limit: 0 }.code();
    [Status::OK, Status::CANCELLED, Status::TIMED_OUT, Status(out_of_credits)].contains(&status)
}

//! The pulse: an epoch that advances at a rate, and never drifts.
//!
//! Whatever wants to do something sixty times a second watches this epoch instead of a clock of its
//! own: so all of it idles together, slows down together when nobody looks, and stops together.
//!
//! Tick n of a rate is due at start + n · period, computed from n in 128 bits: a late tick makes no
//! later one late. Ticks that were slept through, as when the process was stopped, are *skipped*:
//! counted, and not made up for in a burst.
//!
//! Between ticks its thread sleeps. A change of rate wakes it at once.
//!
//! # Not supported
//! - Being on time: a sleeper is woken by the system when it sees fit, some 50 to 100 µs late on a
//!   Linux that does nothing else. [`PulseStats`] say how late it was.
//! - A state that another process sets, and finding out by itself that nobody looks: the host knows.
#![forbid(unsafe_code)]

mod lateness;
mod rate;
mod schedule;

use std::io;
use std::panic;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Builder};
use std::time::{Duration, Instant};

use inos_core::EpochCounter;

use crate::park::Futex;
pub use lateness::Lateness;
use lateness::Window;
pub use rate::Rate;
use schedule::Schedule;

/// How much there is to be seen, and to be had from the battery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PulseState {
    /// At the full rate.
    #[default]
    Full,
    /// At this rate instead: a window that is hidden, a battery that is low.
    Reduced(Rate),
    /// No ticks, and no processor time at all.
    Stopped,
}

/// What a pulse has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PulseStats {
    /// Ticks: as often the epoch was advanced.
    pub ticks: u64,
    /// Ticks that were not made, because the next one was due as well.
    pub skipped: u64,
    /// How late ticks were, of the last 1024.
    pub lateness: Lateness,
}

/// A running pulse, as its host sees it.
///
/// ```
/// use inos::*;
/// use std::time::Duration;
///
/// let [epochs] = [1].map(SectionId);
/// let config = EpochsConfig { count: 1, padded: true };
/// let layout = Layout::builder().epochs(epochs, "epochs", config).build()?;
/// let mut memory = HeapMemory::new(layout.total_len())?;
/// let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let table = EpochTable::open(&sections, epochs)?;
///
/// let mut ticks = table.watcher(0)?; // any thread or process has one
/// let stats = Pulse::run(table.counter(0)?, Rate::hz(500), |pulse| {
///     for _ in 0..10 {
///         ticks.wait(&Futex, Some(Duration::from_secs(10)))?;
///     }
///     pulse.set_state(PulseState::Stopped);
///     Ok::<_, Error>(pulse.stats())
/// })??;
/// assert!(stats.ticks >= 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Pulse<'p> {
    shared: &'p Shared,
}

#[derive(Debug)]
struct Shared {
    control: Mutex<Control>,
    /// The control has changed.
    changed: Condvar,
    start: Instant,
    /// At [`PulseState::Full`].
    full: Rate,
}

#[derive(Debug)]
struct Control {
    state: PulseState,
    schedule: Schedule,
    ticks: u64,
    skipped: u64,
    window: Window,
    is_over: bool,
}

impl Pulse<'_> {
    /// Advances `epoch` at this rate for as long as `body` runs, and returns what it returns. The
    /// first tick is due one period after the beginning. The pulse's thread has ended then; so it
    /// has if `body` panics.
    ///
    /// The epoch should have no other writer, or its number is not that of the ticks.
    ///
    /// # Errors
    /// That of the system, if it gives no thread; `body` does not run then.
    pub fn run<R>(
        epoch: EpochCounter<'_>,
        rate: Rate,
        body: impl FnOnce(&Pulse<'_>) -> R,
    ) -> io::Result<R> {
        let control = Control {
            state: PulseState::Full,
            schedule: Schedule::new(Some(rate), Duration::ZERO),
            ticks: 0,
            skipped: 0,
            window: Window::default(),
            is_over: false,
        };
        let (control, changed) = (Mutex::new(control), Condvar::new());
        let shared = &Shared { control, changed, start: Instant::now(), full: rate };
        thread::scope(|scope| {
            let end = EndOnDrop(shared);
            let thread = Builder::new()
                .name("inos-pulse".to_owned())
                .spawn_scoped(scope, move || shared.beat(&epoch))?;
            let result = body(&Pulse { shared });
            drop(end);
            if let Err(panic) = thread.join() {
                panic::resume_unwind(panic);
            }
            Ok(result)
        })
    }

    /// Changes the rate, at once: the next tick is a period of the new rate after the last one, or
    /// from now on if that is past.
    ///
    /// ```
    /// # use inos::*;
    /// # let layout = Layout::builder()
    /// #     .epochs(SectionId(1), "", EpochsConfig { count: 1, padded: true })
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let table = EpochTable::open(&sections, SectionId(1))?;
    /// # let (epoch, mut ticks) = (table.counter(0)?, table.watcher(0)?);
    /// use std::{num::NonZeroU32, time::Duration};
    ///
    /// let hourly = Rate::new(NonZeroU32::MIN, Duration::from_secs(3600)).expect("not too often");
    /// Pulse::run(epoch, hourly, |pulse| {
    ///     // Nobody waits for an hour.
    ///     pulse.set_state(PulseState::Reduced(Rate::hz(1000)));
    ///     assert_eq!(pulse.state(), PulseState::Reduced(Rate::hz(1000)));
    ///     ticks.wait(&Futex, Some(Duration::from_secs(10)))
    /// })??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_state(&self, state: PulseState) {
        let mut control = self.shared.lock();
        let rate = match state {
            PulseState::Full => Some(self.shared.full),
            PulseState::Reduced(rate) => Some(rate),
            PulseState::Stopped => None,
        };
        control.state = state;
        control.schedule.set_rate(rate, self.shared.start.elapsed());
        drop(control);
        self.shared.changed.notify_one();
    }

    /// As it was set.
    #[must_use]
    pub fn state(&self) -> PulseState {
        self.shared.lock().state
    }

    /// What it has done so far.
    ///
    /// ```
    /// # use inos::*;
    /// # let layout = Layout::builder()
    /// #     .epochs(SectionId(1), "", EpochsConfig { count: 1, padded: true })
    /// #     .build()?;
    /// # let mut memory = HeapMemory::new(layout.total_len())?;
    /// # let sections = Sections::create(memory.region()?, &layout, 1)?;
    /// # let table = EpochTable::open(&sections, SectionId(1))?;
    /// # let (epoch, mut ticks) = (table.counter(0)?, table.watcher(0)?);
    /// let stats = Pulse::run(epoch, Rate::hz(1000), |pulse| {
    ///     ticks.wait(&Futex, None)?;
    ///     pulse.set_state(PulseState::Stopped);
    ///     Ok::<_, Error>(pulse.stats())
    /// })??;
    /// assert!(stats.ticks > 0 && stats.lateness.median <= stats.lateness.max);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> PulseStats {
        let control = self.shared.lock();
        let (ticks, skipped) = (control.ticks, control.skipped);
        PulseStats { ticks, skipped, lateness: control.window.lateness() }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Control> {
        // What it protects is whole whenever a lock is let go.
        crate::lock::lock(&self.control)
    }

    /// The thread of the pulse.
    fn beat(&self, epoch: &EpochCounter<'_>) {
        let mut control = self.lock();
        while !control.is_over {
            let now = self.start.elapsed();
            if let Some(tick) = control.schedule.tick(now) {
                control.ticks += 1;
                control.skipped = control.skipped.saturating_add(tick.skipped);
                control.window.add(tick.late);
                // Under the lock, so that after `set_state(Stopped)` there is no tick.
                epoch.advance(&Futex);
            }
            control = match control.schedule.due() {
                None => self.changed.wait(control).unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    let left = due.saturating_sub(self.start.elapsed());
                    let waited = self.changed.wait_timeout(control, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Ends the pulse when its host is done, or panics.
struct EndOnDrop<'a>(&'a Shared);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.lock().is_over = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests;

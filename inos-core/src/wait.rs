//! How this party sleeps: the host's part of waiting on an epoch.
//!
//! The core knows *when* to sleep and whom to wake; *how* is the host's, and a [`Park`] says it:
//!
//! | where | with what |
//! |-------|-----------|
//! | anywhere, at the price of a processor | [`Spin`] |
//! | an operating system | its futex, shared between processes (`inos::Futex`) |
//! | answers come quickly, most of the time | [`SpinThenPark`], around any of these |
//! | ARM without an operating system | [`Wfe`] |
//! | a worker in a browser or in Node | `AtomicsWait` (feature `wasm-wait`) |
//! | an executor of futures, in this address space | a [`WakerBank`], with or without another |
//!
//! A window's thread in a browser must not sleep: it polls once a frame
//! ([`EpochWatcher::changed`](crate::EpochWatcher::changed)), or awaits `Atomics.waitAsync` in
//! JavaScript. All these go together on one word, since a party that advances wakes by its own
//! `Park` and whoever else sleeps there is reached if that is the same kind of sleep: among
//! parties of one region agree on one, or let a sleeper of another kind give a timeout.
//!
//! # Not supported
//! A clock: the core has none, so [`Spin`] and [`Wfe`] count looks instead of time.
#![forbid(unsafe_code)]

use core::time::Duration;

use crate::protocol::epoch::Waited;
use crate::sync::AtomicU32;

#[cfg(all(target_arch = "wasm32", target_feature = "atomics", feature = "wasm-wait"))]
mod atomics;
mod spin;
mod then;
mod waker;
mod wfe;

#[cfg(all(target_arch = "wasm32", target_feature = "atomics", feature = "wasm-wait"))]
pub use atomics::AtomicsWait;
pub use spin::Spin;
pub use then::SpinThenPark;
pub use waker::{WakeToo, WakerBank};
pub use wfe::Wfe;

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parked {
    /// Woken, by somebody or for no reason: look again.
    Woken,
    /// The deadline has passed.
    TimedOut,
}

/// Sleeping on a word of shared memory and waking those who do.
///
/// The caller of [`park`](Park::park) has set the waiter bit in the word and passes the value
/// with that bit. The party that changes the word wakes if it saw the bit, so no wake-up is
/// lost as long as comparing and falling asleep are one step with respect to
/// [`wake_all`](Park::wake_all). A futex on shared memory does that only if it is *not* marked
/// private.
///
/// An implementation may return [`Parked::Woken`] at any time; the caller looks at the word
/// again. It carries no data: what was published is acquired from the word, not from here. But
/// once the deadline has passed it must say so sooner or later, even on a word that never
/// stands still.
///
/// One that gives its time slice to other threads, on any system that has those:
///
/// ```
/// use inos_core::{AtomicU32, Ordering, Park, Parked};
/// use std::{thread, time::{Duration, Instant}};
///
/// struct Yield;
///
/// impl Park for Yield {
///     type Deadline = Option<Instant>;
///
///     fn deadline(&self, timeout: Option<Duration>) -> Option<Instant> {
///         Some(Instant::now() + timeout?)
///     }
///     fn park(&self, word: &AtomicU32, expected: u32, end: &mut Option<Instant>) -> Parked {
///         // Relaxed: the caller acquires.
///         if word.load(Ordering::Relaxed) != expected { Parked::Woken } else { self.pause(end) }
///     }
///     fn pause(&self, end: &mut Option<Instant>) -> Parked {
///         thread::yield_now();
///         if end.is_some_and(|end| end <= Instant::now()) { Parked::TimedOut } else { Parked::Woken }
///     }
///     fn wake_all(&self, _: &AtomicU32) {} // nobody sleeps
/// }
///
/// let word = AtomicU32::new(1);
/// let mut soon = Yield.deadline(Some(Duration::from_millis(1)));
/// assert_eq!(Yield.park(&word, 2, &mut soon), Parked::Woken);
/// while Yield.park(&word, 1, &mut soon) == Parked::Woken {}
/// ```
pub trait Park {
    /// A moment in this host's time, or whatever stands for one.
    type Deadline;

    /// The moment `timeout` from now; never, for `None`.
    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline;

    /// Sleeps while `word` is `expected`, until woken or until the deadline has passed. Returns
    /// at once if the word is another value.
    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked;

    /// Lets some time pass, for a word that this party can't sleep on since it may not write
    /// the waiter bit. Each call ends after a short, bounded time.
    fn pause(&self, deadline: &mut Self::Deadline) -> Parked;

    /// Wakes all who sleep on `word`, in whatever process.
    fn wake_all(&self, word: &AtomicU32);

    /// Sleeps while each of several words is what is expected of it. The waiter bit is set in
    /// all of them; there are at most [`MAX_WATCHED`](crate::MAX_WATCHED).
    ///
    /// Without an implementation of its own this is a [`pause`](Park::pause): the caller looks
    /// at the words between short ones.
    fn park_any(&self, words: &[Waited<'_>], deadline: &mut Self::Deadline) -> Parked {
        let _ = words;
        self.pause(deadline)
    }

    /// How often to look at an epoch before the waiter bit is set and this party sleeps. While
    /// it only looks, whoever advances has nobody to wake.
    fn looks(&self) -> u32 {
        0
    }
}

/// A borrowed one parks as well.
impl<P: Park> Park for &P {
    type Deadline = P::Deadline;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        P::deadline(self, timeout)
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        P::park(self, word, expected, deadline)
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        P::pause(self, deadline)
    }

    fn wake_all(&self, word: &AtomicU32) {
        P::wake_all(self, word);
    }

    fn park_any(&self, words: &[Waited<'_>], deadline: &mut Self::Deadline) -> Parked {
        P::park_any(self, words, deadline)
    }

    fn looks(&self) -> u32 {
        P::looks(self)
    }
}

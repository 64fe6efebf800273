//! How this party sleeps: the host's part of waiting on an epoch.
//!
//! The core knows *when* to sleep and whom to wake; *how* is the host's: a futex, `Atomics.wait`,
//! a `WFE` loop, or [`Spin`], which needs nothing but a processor.
//!
//! # Not supported
//! Sleeping on several words at once. One word that all of them advance, a doorbell, does it.
#![forbid(unsafe_code)]

use core::hint;
use core::time::Duration;

use crate::sync::{AtomicU32, Ordering};

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
/// again. It carries no data: what was published is acquired from the word, not from here.
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
}

/// Waits by looking again and again: works anywhere, costs a processor.
///
/// There is no clock in the core, so any timeout longer than zero means `polls` looks. Without
/// one it looks for ever, though each single call ends after a few dozen.
///
/// ```
/// use core::time::Duration;
/// use inos_core::{AtomicU32, Park, Parked, Spin};
///
/// let spin = Spin { polls: 1000 };
/// let word = AtomicU32::new(1);
/// let mut deadline = spin.deadline(Some(Duration::from_millis(1)));
/// assert_eq!(spin.park(&word, 0, &mut deadline), Parked::Woken);
/// while spin.park(&word, 1, &mut deadline) == Parked::Woken {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spin {
    /// How many looks a timeout is worth.
    pub polls: u32,
}

impl Spin {
    /// Looks in one call, so that the caller gets to see the word's epoch now and then.
    const LOOKS: u32 = 64;

    /// Looks until `stop`, or until the deadline or this call's share of it is used up.
    fn look(deadline: &mut Option<u32>, mut stop: impl FnMut() -> bool) -> Parked {
        for _ in 0..Self::LOOKS {
            // Charged before the look: a peer that changes the word over and over can't keep a
            // wait with a timeout from ending.
            if let Some(left) = deadline {
                let Some(less) = left.checked_sub(1) else { return Parked::TimedOut };
                *left = less;
            }
            if stop() {
                return Parked::Woken;
            }
            hint::spin_loop();
        }
        Parked::Woken
    }
}

impl Default for Spin {
    /// About a million looks: some milliseconds on a fast processor.
    fn default() -> Self {
        Self { polls: 1 << 20 }
    }
}

impl Park for Spin {
    /// How many looks are left; `None` for any number.
    type Deadline = Option<u32>;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        timeout.map(|timeout| if timeout.is_zero() { 0 } else { self.polls })
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        // Relaxed: only whether it changed matters here. The caller then loads the word with
        // Acquire, which pairs with Release in `epoch::advance`.
        Self::look(deadline, || word.load(Ordering::Relaxed) != expected)
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        Self::look(deadline, || false)
    }

    /// Does nothing: a spinning party never sleeps.
    fn wake_all(&self, _: &AtomicU32) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_number_of_looks() {
        let spin = Spin { polls: 100 };
        let word = AtomicU32::new(7);
        let mut deadline = spin.deadline(Some(Duration::from_secs(9)));
        assert_eq!(spin.park(&word, 7, &mut deadline), Parked::Woken);
        assert_eq!(deadline, Some(36));
        assert_eq!(spin.park(&word, 7, &mut deadline), Parked::TimedOut);
        assert_eq!(spin.pause(&mut deadline), Parked::TimedOut);
    }

    #[test]
    fn no_timeout_never_ends_and_each_call_does() {
        let spin = Spin { polls: 1 };
        let word = AtomicU32::new(7);
        let mut deadline = spin.deadline(None);
        for _ in 0..10 {
            assert_eq!(spin.park(&word, 7, &mut deadline), Parked::Woken);
            assert_eq!(spin.pause(&mut deadline), Parked::Woken);
        }
    }

    #[test]
    fn a_word_that_never_stands_still_does_not_hold_the_deadline_up() {
        let spin = Spin { polls: 3 };
        let word = AtomicU32::new(7);
        let mut deadline = spin.deadline(Some(Duration::from_secs(1)));
        for _ in 0..3 {
            assert_eq!(spin.park(&word, 8, &mut deadline), Parked::Woken);
        }
        assert_eq!(spin.park(&word, 8, &mut deadline), Parked::TimedOut);
    }
}

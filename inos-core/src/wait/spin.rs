//! Waiting by looking.
#![forbid(unsafe_code)]

use core::hint;
use core::time::Duration;

use super::{Park, Parked};
use crate::sync::{AtomicU32, Ordering};

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
    pub(super) fn look(deadline: &mut Option<u32>, mut stop: impl FnMut() -> bool) -> Parked {
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

//! Sleeping until a processor signals an event.
#![forbid(unsafe_code)]

use core::time::Duration;

use super::{Park, Parked, Spin};
use crate::raw::event;
use crate::sync::{AtomicU32, Ordering};

/// Waits by `WFE` and wakes by `SEV`, on 64-bit ARM and on 32-bit ARM without an operating
/// system (Cortex-M, Cortex-R); elsewhere it looks again and again.
///
/// No wake-up is lost between the look at the word and the sleep. `SEV` sets the event register
/// of every processor, and `WFE` on one whose event register is set does not sleep but clears
/// it. So if the word is changed after the look, the `SEV` that follows the change has set the
/// register by the time of the `WFE`, or ends it. The register may be set from before, by
/// anything: then the `WFE` falls through once and the word is looked at again. Taking an
/// interrupt and returning from it set the register, too, so an interrupt handler on the same
/// core that advances an epoch wakes the main loop with or without `SEV`.
///
/// There is no clock here: any timeout longer than zero means `looks` ends of a `WFE`. So a
/// timeout ends only if events come: on a microcontroller a periodic interrupt must run; on
/// 64-bit ARM the kernel's event stream does it. A word that this party may not write is looked
/// at as [`Spin`] does, since nobody would signal.
///
/// ```
/// use core::time::Duration;
/// use inos_core::{AtomicU32, Park, Parked, Wfe};
///
/// let park = Wfe { looks: 3 };
/// let word = AtomicU32::new(1);
/// let mut deadline = park.deadline(Some(Duration::from_millis(1)));
/// assert_eq!(park.park(&word, 0, &mut deadline), Parked::Woken);
/// while park.park(&word, 1, &mut deadline) == Parked::Woken {}
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wfe {
    /// How many events a timeout is worth.
    pub looks: u32,
}

impl Default for Wfe {
    /// 1000 events: a second of a one-millisecond tick.
    fn default() -> Self {
        Self { looks: 1000 }
    }
}

impl Park for Wfe {
    /// How many events are left; `None` for any number.
    type Deadline = Option<u32>;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        timeout.map(|timeout| if timeout.is_zero() { 0 } else { self.looks })
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        if let Some(left) = deadline {
            let Some(less) = left.checked_sub(1) else { return Parked::TimedOut };
            *left = less;
        }
        // Relaxed: the caller loads the word with Acquire.
        if word.load(Ordering::Relaxed) == expected {
            event::wait();
        }
        Parked::Woken
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        Spin::look(deadline, || false)
    }

    /// Signals all processors, after what this one has stored.
    fn wake_all(&self, _: &AtomicU32) {
        event::signal();
    }

    /// As [`park`](Park::park): the event that follows a change of any of the words ends it.
    fn park_any(
        &self,
        words: &[crate::protocol::epoch::Waited<'_>],
        deadline: &mut Self::Deadline,
    ) -> Parked {
        match words.iter().find(|waited| waited.word.load(Ordering::Relaxed) != waited.expected) {
            Some(changed) => self.park(changed.word, changed.expected, deadline),
            None => match words.first() {
                Some(first) => self.park(first.word, first.expected, deadline),
                None => self.pause(deadline),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_a_number_of_events() {
        let park = Wfe { looks: 2 };
        let word = AtomicU32::new(7);
        let mut deadline = park.deadline(Some(Duration::from_secs(9)));
        // Changed or not, each look is charged.
        assert_eq!(park.park(&word, 7, &mut deadline), Parked::Woken);
        assert_eq!(park.park(&word, 8, &mut deadline), Parked::Woken);
        assert_eq!(park.park(&word, 7, &mut deadline), Parked::TimedOut);
        assert_eq!(park.pause(&mut deadline), Parked::TimedOut);
        assert_eq!(park.deadline(Some(Duration::ZERO)), Some(0));
        assert_eq!(park.deadline(None), None);
        park.wake_all(&word);
    }
}

//! Sleeping on a word of shared memory.
#![forbid(unsafe_code)]

use std::thread;
use std::time::{Duration, Instant};

use inos_core::{AtomicU32, Park, Parked};

/// How long a poll waits where a word can't be slept on.
const PAUSE: Duration = Duration::from_millis(1);

/// Waits by futex on Linux: shared, never private, so that it works between processes, and
/// without using the processor. Elsewhere it looks at the word once a millisecond.
///
/// ```
/// use inos::{AtomicU32, Futex, Park, Parked};
/// use std::time::Duration;
///
/// let park = Futex;
/// let word = AtomicU32::new(7);
/// let mut soon = park.deadline(Some(Duration::from_millis(5)));
/// assert_eq!(park.park(&word, 7, &mut soon), Parked::TimedOut);
/// assert_eq!(park.park(&word, 8, &mut park.deadline(None)), Parked::Woken);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Futex;

impl Park for Futex {
    /// When to give up; `None` is never.
    type Deadline = Option<Instant>;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        // A time that the clock can't express never comes.
        timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        match remaining(deadline) {
            Some(Duration::ZERO) => Parked::TimedOut,
            timeout => wait(word, expected, timeout),
        }
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        match remaining(deadline) {
            Some(Duration::ZERO) => Parked::TimedOut,
            timeout => {
                thread::sleep(timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE)));
                Parked::Woken
            }
        }
    }

    fn wake_all(&self, word: &AtomicU32) {
        wake(word);
    }
}

/// Time left, zero if the deadline has passed; `None` without one.
fn remaining(deadline: &Option<Instant>) -> Option<Duration> {
    deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
}

#[cfg(target_os = "linux")]
fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Parked {
    use rustix::io::Errno;
    use rustix::thread::futex;

    // A timeout that does not fit is longer than the machine will live.
    let timeout = timeout.and_then(|timeout| futex::Timespec::try_from(timeout).ok());
    match futex::wait(word, futex::Flags::empty(), expected, timeout.as_ref()) {
        // The value had changed, or a signal came.
        Ok(()) | Err(Errno::AGAIN | Errno::INTR) => Parked::Woken,
        Err(Errno::TIMEDOUT) => Parked::TimedOut,
        // The word can't be slept on, so look at it from time to time.
        Err(_) => {
            thread::sleep(PAUSE);
            Parked::Woken
        }
    }
}

#[cfg(target_os = "linux")]
fn wake(word: &AtomicU32) {
    use rustix::thread::futex;

    // Can't fail: the word is mapped and aligned.
    let _ = futex::wake(word, futex::Flags::empty(), i32::MAX.cast_unsigned());
}

#[cfg(not(target_os = "linux"))]
fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Parked {
    // Acquire, so that who sees the change sees what it announces.
    if word.load(inos_core::Ordering::Acquire) == expected {
        thread::sleep(timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE)));
    }
    Parked::Woken
}

#[cfg(not(target_os = "linux"))]
fn wake(_: &AtomicU32) {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_change_wakes_and_a_deadline_ends_the_wait() {
        let word = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut deadline = Futex.deadline(Some(Duration::from_secs(10)));
                while word.load(Ordering::Acquire) == 0 {
                    assert_eq!(Futex.park(&word, 0, &mut deadline), Parked::Woken);
                }
            });
            thread::sleep(Duration::from_millis(5));
            word.store(1, Ordering::Release);
            Futex.wake_all(&word);
        });
        let mut over = Futex.deadline(Some(Duration::ZERO));
        assert_eq!(Futex.park(&word, 1, &mut over), Parked::TimedOut);
        assert_eq!(Futex.pause(&mut over), Parked::TimedOut);
        assert_eq!(Futex.pause(&mut Futex.deadline(None)), Parked::Woken);
        assert_eq!(Futex.deadline(Some(Duration::MAX)), None);
    }
}

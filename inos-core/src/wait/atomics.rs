//! Sleeping in a worker of a browser or of Node.
#![forbid(unsafe_code)]

use core::time::Duration;

use super::{Park, Parked};
use crate::raw::atomics::{self, Waited};
use crate::sync::AtomicU32;

/// How long a pause lasts, and so how late a word is seen that can't be slept on.
const PAUSE: u64 = 1_000_000;

/// Waits by `memory.atomic.wait32` and wakes by `memory.atomic.notify`, which JavaScript's
/// `Atomics.wait` and `Atomics.notify` on the same memory meet.
///
/// A window's thread must not sleep: there the wait traps. It polls once a frame, or uses
/// [`Spin`](super::Spin), and may wake others by this type.
///
/// Needs threads (`-C target-feature=+atomics,+bulk-memory`, with `core` built for it) and a
/// nightly compiler, hence the feature `wasm-wait`.
#[derive(Clone, Copy, Debug)]
pub struct AtomicsWait {
    /// Nanoseconds since any moment; never backwards. The core has no clock of its own: hand
    /// over what `performance.now()` says.
    pub clock: fn() -> u64,
}

impl AtomicsWait {
    /// Nanoseconds left, as the instruction takes them: negative is without end.
    fn left(&self, deadline: Option<u64>) -> i64 {
        match deadline {
            None => -1,
            Some(end) => i64::try_from(end.saturating_sub((self.clock)())).unwrap_or(i64::MAX),
        }
    }
}

impl Park for AtomicsWait {
    /// When to give up, on the clock; `None` is never.
    type Deadline = Option<u64>;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        // A time that 64 bits can't express never comes.
        let nanos = u64::try_from(timeout?.as_nanos()).ok()?;
        (self.clock)().checked_add(nanos)
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Self::Deadline) -> Parked {
        match self.left(*deadline) {
            0 => Parked::TimedOut,
            left => match atomics::wait(word, expected, left) {
                Waited::Woken => Parked::Woken,
                Waited::TimedOut => Parked::TimedOut,
            },
        }
    }

    fn pause(&self, deadline: &mut Self::Deadline) -> Parked {
        /// Nobody ever wakes who sleeps on it.
        static NOBODY: AtomicU32 = AtomicU32::new(0);
        match self.left(*deadline) {
            0 => Parked::TimedOut,
            left => {
                let pause = PAUSE.cast_signed();
                let _ = atomics::wait(&NOBODY, 0, if left < 0 { pause } else { left.min(pause) });
                Parked::Woken
            }
        }
    }

    fn wake_all(&self, word: &AtomicU32) {
        atomics::notify_all(word);
    }
}

//! Polling that neither starves a partner on the same processor nor waits for a dead one.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

/// Looks between two turns of the scheduler: far more than an answer takes from another core.
const LOOKS: u32 = 20_000;
/// After this long the partner is taken for dead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Polls until there is an answer. All contenders poll by this loop.
///
/// # Panics
/// If there is none after a minute: something died.
#[inline]
pub fn poll<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        hint::spin_loop();
    }
    poll_long(look)
}

#[cold]
fn poll_long<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        thread::yield_now();
        for _ in 0..LOOKS {
            if let Some(found) = look() {
                return found;
            }
            hint::spin_loop();
        }
        assert!(Instant::now() < end, "nobody answers");
    }
}

//! WebAssembly's atomic wait and notify.

use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};

use crate::sync::AtomicU32;

/// How a wait ended.
pub(crate) enum Waited {
    /// Woken, or the word was another value.
    Woken,
    /// The time is over.
    TimedOut,
}

/// Sleeps while the word is `expected`, at most so many nanoseconds; without end if negative.
/// Traps on a thread that must not sleep, such as a window's.
pub(crate) fn wait(word: &AtomicU32, expected: u32, nanos: i64) -> Waited {
    // SAFETY: the address of a live, aligned atomic; the instruction only compares and sleeps.
    let ended =
        unsafe { memory_atomic_wait32(word.as_ptr().cast(), expected.cast_signed(), nanos) };
    if ended == 2 { Waited::TimedOut } else { Waited::Woken }
}

/// Wakes all who sleep on the word.
pub(crate) fn notify_all(word: &AtomicU32) {
    // SAFETY: the address of a live, aligned atomic; the instruction touches no byte.
    unsafe { memory_atomic_notify(word.as_ptr().cast(), u32::MAX) };
}

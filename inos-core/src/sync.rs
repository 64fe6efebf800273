//! The one place that decides which 32-bit atomic the crate uses.
//!
//! Every shared control word is an aligned 32-bit atomic, so that a JavaScript `Int32Array`,
//! a futex, wasm's `memory.atomic.wait32` and a Cortex-M all see the same thing.

#[cfg(target_has_atomic = "32")]
pub use core::sync::atomic::AtomicU32;
#[cfg(all(not(target_has_atomic = "32"), feature = "critical-section"))]
pub use portable_atomic::AtomicU32;

pub use core::sync::atomic::Ordering;
pub(crate) use core::sync::atomic::fence;

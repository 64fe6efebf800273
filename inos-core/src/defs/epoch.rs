//! An epoch, wherever one stands. No behaviour.
//!
//! [`protocol::epoch`](crate::protocol::epoch) draws the word.

/// Bit of an epoch word: somebody sleeps on it.
pub const WAITERS: u32 = 1;
/// Lowest bit, in an epoch word, of the epoch.
pub const SHIFT: u32 = 1;
/// What one advance adds to an epoch word.
pub const STEP: u32 = 1 << SHIFT;

const _: () = assert!(WAITERS < STEP);

//! An epoch: 31 bits that say "something changed", and one that says "somebody sleeps".
//!
//! ```text
//!  31                                             1   0
//! +------------------------------------------------+---+
//! | epoch, wraps                                   | W |
//! +------------------------------------------------+---+
//! ```
//!
//! The writer's news is published when [`advance`] adds to the word. The waiter bit lives in
//! the same word, so advancing costs one read-modify-write when nobody sleeps. A waiter that
//! timed out or died leaves the bit set; the next advance wakes nobody once and heals it.
//!
//! A party that dies after clearing the bit and before waking leaves sleepers asleep, with no
//! bit that would tell the next one. So whoever sleeps on a word that others may die advancing
//! sleeps with a timeout.

use super::{ReadWord, Word};
use crate::sync::Ordering;

/// Bit 0: somebody sleeps on this word.
pub const WAITERS: u32 = 1;
/// What one advance adds.
pub const STEP: u32 = 2;

/// What an [`advance`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advanced {
    /// The new epoch, 31 bits.
    pub epoch: u32,
    /// Whether the caller must wake all who sleep on the word.
    #[doc(alias = "notify")]
    pub wake: bool,
}

/// What a waiter has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// The epoch has moved to this value: do not sleep.
    Changed(u32),
    /// Sleep as long as the word is exactly this value.
    Park(u32),
}

/// The epoch in a raw word.
#[inline]
#[must_use]
pub const fn epoch_of(raw: u32) -> u32 {
    raw >> 1
}

/// Moves the epoch on by one.
#[inline]
#[must_use = "if `wake` is set, sleepers must be woken"]
pub fn advance<W: Word>(word: &W) -> Advanced {
    // Release because the epoch announces what was written before it; pairs with the Acquire
    // loads in `current` and `prepare_wait`.
    let old = word.add(STEP, Ordering::Release);
    let wake = old & WAITERS != 0;
    if wake {
        // Relaxed because the bit carries no data. It is cleared before the wake: a waiter
        // that sets it in between sees the new epoch and does not sleep.
        word.and(!WAITERS, Ordering::Relaxed);
    }
    Advanced { epoch: epoch_of(old.wrapping_add(STEP)), wake }
}

/// The current epoch.
#[inline]
#[must_use]
pub fn current<W: ReadWord>(word: &W) -> u32 {
    // Acquire because what the epoch announces is read next; pairs with Release in `advance`.
    epoch_of(word.load(Ordering::Acquire))
}

/// Announces a sleeper, unless the epoch has left `seen` already.
#[inline]
pub fn prepare_wait<W: Word>(word: &W, seen: u32) -> Prepared {
    let now = current(word);
    if now != seen {
        return Prepared::Changed(now);
    }
    // A read-modify-write, so that it can't be lost against a concurrent advance. Acquire
    // because the epoch it returns may be new; pairs with Release in `advance`.
    let raw = word.or(WAITERS, Ordering::Acquire) | WAITERS;
    if epoch_of(raw) == seen { Prepared::Park(raw) } else { Prepared::Changed(epoch_of(raw)) }
}

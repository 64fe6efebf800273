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
//! Waiting on any of several words sets the bit on each ([`prepare_any`]), or uses one word that
//! all advancers ring after their own, a doorbell ([`prepare_rung`]).
//!
//! A party that dies after clearing the bit and before waking leaves sleepers asleep, with no
//! bit that would tell the next one. So whoever sleeps on a word that others may die advancing
//! sleeps with a timeout.

use super::fault::{is_planted, ordering};
use super::{ReadWord, Word};
use crate::defs::epoch::SHIFT;
pub use crate::defs::epoch::{STEP, WAITERS};
use crate::sync::{AtomicU32, Ordering};

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

/// One of several words to sleep on.
#[derive(Debug)]
pub struct Waited<'a, W = AtomicU32> {
    /// The word.
    pub word: &'a W,
    /// The epoch that the waiter has seen.
    pub seen: u32,
    /// Sleep as long as the word is exactly this value; [`prepare_any`] sets it.
    pub expected: u32,
}

impl<W> Clone for Waited<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Waited<'_, W> {}

/// The epoch in a raw word.
#[inline]
#[must_use]
pub const fn epoch_of(raw: u32) -> u32 {
    raw >> SHIFT
}

/// Moves the epoch on by one.
#[inline]
#[must_use = "if `wake` is set, sleepers must be woken"]
pub fn advance<W: Word>(word: &W) -> Advanced {
    let advanced = add(word);
    if advanced.wake {
        clear(word);
    }
    advanced
}

/// Moves the epoch on by one and calls `wake` if somebody sleeps; the new epoch.
#[inline]
pub fn advance_and_wake<W: Word>(word: &W, wake: impl FnOnce()) -> u32 {
    let advanced = add(word);
    if advanced.wake {
        if is_planted("epoch: wake before clear") {
            wake();
            clear(word);
        } else {
            clear(word);
            wake();
        }
    }
    advanced.epoch
}

#[inline]
fn add<W: Word>(word: &W) -> Advanced {
    // Release because the epoch announces what was written before it; pairs with the Acquire
    // loads in `current` and `prepare_wait`.
    let old = word.add(STEP, ordering("epoch: advance", Ordering::Release));
    Advanced { epoch: epoch_of(old.wrapping_add(STEP)), wake: old & WAITERS != 0 }
}

#[inline]
fn clear<W: Word>(word: &W) {
    // Relaxed because the bit carries no data. It is cleared before the wake: a waiter that
    // sets it in between sees the new epoch and does not sleep.
    word.and(!WAITERS, Ordering::Relaxed);
}

/// The current epoch.
#[inline]
#[must_use]
pub fn current<W: ReadWord>(word: &W) -> u32 {
    // Acquire because what the epoch announces is read next; pairs with Release in `advance`.
    epoch_of(word.load(ordering("epoch: current", Ordering::Acquire)))
}

/// Announces a sleeper, unless the epoch has left `seen` already.
#[inline]
pub fn prepare_wait<W: Word>(word: &W, seen: u32) -> Prepared {
    let now = current(word);
    if now != seen {
        return Prepared::Changed(now);
    }
    // Acquire because the epoch it returns may be new; pairs with Release in `advance`.
    let raw = announce(word, ordering("epoch: announce", Ordering::Acquire)) | WAITERS;
    if epoch_of(raw) == seen { Prepared::Park(raw) } else { Prepared::Changed(epoch_of(raw)) }
}

/// Sets the waiter bit by a read-modify-write, so that it can't be lost against a concurrent
/// advance, nor an advance against it; the word before.
#[inline]
fn announce<W: Word>(word: &W, order: Ordering) -> u32 {
    if is_planted("epoch: bit by load and store") {
        let raw = word.load(order);
        word.store(raw | WAITERS, Ordering::Relaxed);
        return raw;
    }
    word.or(WAITERS, order)
}

/// Announces a sleeper on each of several words, unless one of them has changed already.
/// Whether to sleep, which is to end as soon as any word is not what is expected of it.
///
/// A change that comes after the bit was set is woken for, one that came before is seen here,
/// word by word; so none is missed, whatever their order.
#[inline]
#[must_use = "false means that a word has changed"]
pub fn prepare_any<W: Word>(words: &mut [Waited<'_, W>]) -> bool {
    for (index, waited) in words.iter_mut().enumerate() {
        if index > 0 && is_planted("epoch: announce on the first only") {
            waited.expected = waited.seen << 1;
            continue;
        }
        match prepare_wait(waited.word, waited.seen) {
            Prepared::Park(expected) => waited.expected = expected,
            Prepared::Changed(_) => return false,
        }
    }
    true
}

/// Moves an epoch on by one, then the doorbell that it shares with others; `wake` is called for
/// each of the two that somebody sleeps on, with whether it is the doorbell. The new epoch.
#[inline]
pub fn advance_and_ring<W: Word, B: Word>(word: &W, bell: &B, mut wake: impl FnMut(bool)) -> u32 {
    // The bell last, since it announces the other: who sees the bell finds the change.
    if is_planted("epoch: ring before the advance") {
        advance_and_wake(bell, || wake(true));
        return advance_and_wake(word, || wake(false));
    }
    let epoch = advance_and_wake(word, || wake(false));
    advance_and_wake(bell, || wake(true));
    epoch
}

/// Announces a sleeper on the doorbell, unless `changed` says that there is something already:
/// then `None`. [`Prepared::Changed`] says that the bell was rung since: look again.
#[inline]
pub fn prepare_rung<B: Word>(bell: &B, mut changed: impl FnMut() -> bool) -> Option<Prepared> {
    if is_planted("epoch: look before the bell") {
        let early = changed();
        let rung = current(bell);
        return if early { None } else { Some(prepare_wait(bell, rung)) };
    }
    // The bell before the look: what changes after the look rings after it, too.
    let rung = current(bell);
    if changed() { None } else { Some(prepare_wait(bell, rung)) }
}

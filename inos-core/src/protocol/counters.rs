//! A counter of 63 bits in two words that each are changed by one atomic step; and the word that
//! says whose it is.
//!
//! ```text
//!   low                        the count, its lower 32 bits
//!   high                       the count from bit 31 on; may be one behind
//!
//!  31                              12 11           2   1 0
//! +----------------------------------+--------------+-----+
//! | generation: 20 bits, wraps       | party        |state|   0 free, 1 being made, 2 in use
//! +----------------------------------+--------------+-----+
//! ```
//!
//! Bit 31 of the count is in both words: bit 31 of `low`, and bit 0 of `high`. Counting is one
//! addition to `low`; whoever finds the two bits unequal carries for whoever should have, by one
//! compare-and-swap of `high`. So a count is published, for good, when `low` is added to, and a
//! party that dies before it carries loses nothing.
//!
//! A reader loads `high`, `low`, and `high` again. If `high` stood still, it is right, or one
//! behind if the two bits differ; it is never two behind. For that the count would have to cross
//! two multiples of 2^31 with nobody carrying between: after the first one every party that
//! counts again has carried, or seen it done, first. So all of the 2^31 would be in additions
//! that are under way at the same time, and one addition is at most [`ADD_MAX`]: that takes
//! 2^11 execution contexts stopped between two instructions of one counter at once, which is more
//! than there are parties.
//!
//! A counter is to be seen when its maker turns its word from 1 to 2. Generations return after
//! 2^20 uses of one slot.

use super::fault::{fence, is_planted, ordering};
use super::role::MAX_PARTY;
use super::{ReadWord, Word};
pub use crate::defs::counters::ADD_MAX;
use crate::defs::counters::{
    ACTIVE, FREE, GENERATION_SHIFT, HIGH_SHIFT as SHARED, MAKING, PARTY_SHIFT, STATE,
};
use crate::error::Error;
use crate::sync::Ordering;

/// Tries to see `high` stand still. One that fails means 2^31 counts meanwhile, or a liar.
pub const TRIES: u32 = 8;

const GENERATION: u32 = u32::MAX << GENERATION_SHIFT;

/// Whether `high` is of the same 2^31 as `low`.
#[inline]
const fn agree(low: u32, high: u32) -> bool {
    low >> SHARED == high & 1
}

/// Counts. `count` is at most [`ADD_MAX`].
#[inline]
pub fn add<W: Word>(low: &W, high: &W, count: u32) {
    // Release because whoever counts on this sees what this party carried before; Acquire because
    // it sees what others did: `high` is then at most one behind the value returned here. Pairs
    // with itself, and with Acquire in `value`.
    let new = low.add(count, ordering("counters: add", Ordering::AcqRel)).wrapping_add(count);
    // Relaxed: if `high` was late by one, this load may not be early by two, by the Acquire above.
    if !agree(new, high.load(Ordering::Relaxed)) {
        carry(low, high);
    }
}

/// Brings `high` up to `low`.
#[cold]
fn carry<W: Word>(low: &W, high: &W) {
    for _ in 0..TRIES {
        // Acquire because `low` must be no older than what this value of `high` was made from;
        // pairs with Release below.
        let seen = high.load(ordering("counters: carry from", Ordering::Acquire));
        if agree(low.load(Ordering::Relaxed), seen) || is_planted("counters: help") {
            return;
        }
        // Release: as just said. If it succeeds `high` stood still meanwhile, so it was one behind.
        // If it fails somebody else has carried.
        let order = ordering("counters: carry", Ordering::Release);
        if high.cas(seen, seen.wrapping_add(1), order, Ordering::Relaxed).is_ok() {
            return;
        }
    }
}

/// The count.
///
/// # Errors
/// `Contended` if `high` changed during each of [`TRIES`].
#[inline]
pub fn value<W: ReadWord>(low: &W, high: &W) -> Result<u64, Error> {
    for _ in 0..TRIES {
        // Acquire because `low` must be no older than what this value of `high` was made from;
        // pairs with Release in `carry`.
        let seen = high.load(ordering("counters: see high", Ordering::Acquire));
        // Acquire because if `low` is two ahead of `seen` then the carry between is visible to the
        // next load; pairs with Release in `add`.
        let low = low.load(ordering("counters: see low", Ordering::Acquire));
        if high.load(Ordering::Relaxed) == seen || is_planted("counters: look again") {
            let high = if agree(low, seen) { seen } else { seen.wrapping_add(1) };
            let lower = low & !(1 << SHARED);
            return Ok((u64::from(high) << SHARED) | u64::from(lower));
        }
    }
    Err(Error::Contended { tries: TRIES })
}

/// A slot that is being made into a counter. Made by [`claim`] only, never cloned: holding one
/// proves that nobody else writes the slot.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a slot that is not published or freed is lost until its holder is proven dead"]
pub struct Claim(u32);

/// Takes a slot for `party`; `None` if it is in use.
pub fn claim<W: Word>(word: &W, party: u16) -> Option<Claim> {
    let old = word.load(Ordering::Relaxed);
    if old & STATE != FREE {
        return None;
    }
    let generation = (old & GENERATION).wrapping_add(1 << GENERATION_SHIFT);
    let making = generation | (u32::from(party.min(MAX_PARTY)) << PARTY_SHIFT) | MAKING;
    // Acquire because what this party stores must come after what the last owner did; pairs with
    // Release in `free`.
    let order = ordering("counters: claim", Ordering::Acquire);
    word.cas(old, making, order, Ordering::Relaxed).ok()?;
    // Release fence because whoever reads a byte written after this must find the word changed;
    // pairs with the Acquire fence in `still_valid`.
    fence::<W>("counters: begin", Ordering::Release);
    Some(Claim(making))
}

/// Makes the slot a counter, to be seen by all; the word's value while it is one. `None` if the
/// slot was taken away, since its party was declared dead.
pub fn publish<W: Word>(word: &W, claim: Claim) -> Option<u32> {
    let active = (claim.0 & !STATE) | ACTIVE;
    // Release because the word announces what the slot holds; pairs with Acquire in `look`.
    let order = ordering("counters: publish", Ordering::Release);
    word.cas(claim.0, active, order, Ordering::Relaxed).ok().map(|_| active)
}

/// Gives a counter up, if the word is still `active`; whether it was.
pub fn free<W: Word>(word: &W, active: u32) -> bool {
    // Release because the next owner must come after this one; pairs with Acquire in `claim`.
    let order = ordering("counters: free", Ordering::Release);
    word.cas(active, active & GENERATION, order, Ordering::Relaxed).is_ok()
}

/// Frees the slot if it is `dead`'s; whether it was. The caller has the proof that no execution
/// context of that party can touch the memory again; the proof orders what it stored.
pub fn reclaim<W: Word>(word: &W, dead: u16) -> bool {
    let old = word.load(Ordering::Relaxed);
    owner_of(old) == Some(dead) && free(word, old)
}

/// The word's value if it is a counter. To be asked before the slot is copied.
pub fn look<W: ReadWord>(word: &W) -> Option<u32> {
    // Acquire because the slot is read next; pairs with Release in `publish`.
    let raw = word.load(ordering("counters: see", Ordering::Acquire));
    (raw & STATE == ACTIVE).then_some(raw)
}

/// Whether it still is the same counter after the slot was copied.
pub fn still_valid<W: ReadWord>(word: &W, active: u32) -> bool {
    // Acquire fence: if any byte came from a later counter, the change of the word before it is
    // visible to the load below; pairs with the Release fence in `claim`.
    fence::<W>("counters: look at the slot again", Ordering::Acquire);
    word.load(Ordering::Relaxed) == active
}

/// Whose slot it is, by a value of its word.
#[must_use]
pub const fn owner_of(raw: u32) -> Option<u16> {
    match raw & STATE {
        MAKING | ACTIVE => Some((raw >> PARTY_SHIFT) as u16 & MAX_PARTY),
        _ => None,
    }
}

/// Which use of its slot a counter is, by a value of its word; 20 bits.
#[must_use]
pub const fn generation_of(raw: u32) -> u32 {
    raw >> GENERATION_SHIFT
}

/// Frees a slot that its owner cannot have any more, in an exclusive attachment.
#[must_use]
pub const fn voided(raw: u32) -> u32 {
    raw & GENERATION
}

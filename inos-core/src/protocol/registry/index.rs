//! From a name's hash to slots: a filter of words and an index of lines, both of hints.
//!
//! ```text
//! entry of the index                            filter
//!  31              16 15       10 9         0    one word per name, chosen by its hash,
//! +------------------+-----------+-----------+   and three bits of it
//! | generation: 16   | tag: 6    | slot: 10  |
//! +------------------+-----------+-----------+   0: never used
//! ```
//!
//! An entry says: the unit of this generation in this slot has a name of this hash. Whoever
//! follows it looks at the slot, so an entry that is out of date costs a look and never gives a
//! wrong answer.
//!
//! **None is missing.** A registrant sets its bits and puts its entry in before its unit becomes
//! active, and an entry is overwritten only when the slot's word says that its generation is over,
//! which it then is for good. So what neither filter nor index knows of is not there, and a death
//! at any step leaves nothing to mend. Bits of the filter only get set, and entries never become
//! 0 again: a reader stops at the first 0 of a line. Both are emptied where nobody else is there.
//!
//! A line that is full of living entries takes no more. Its registrant says so in a flag of the
//! section, which makes readers that find nothing go through all slots.
//!
//! After 65,535 claims of one slot an entry's value returns. Who slept through all of them between
//! its look and its compare-and-swap could put a living entry out: its unit is then not found by
//! name any more, and no other is found in its place.

pub use crate::defs::registry::LINE_ENTRIES;
use crate::defs::registry::{
    ENTRY_GENERATION_SHIFT as GENERATION_SHIFT, ENTRY_TAG_BITS as TAG_BITS,
    ENTRY_TAG_SHIFT as TAG_SHIFT, FILTER_BIT_BITS, FILTER_WORD_SHIFT,
};
use crate::error::Error;
use crate::protocol::fault::ordering;
use crate::protocol::{ReadWord, Word};
use crate::sync::Ordering;

/// Slots that an entry can name.
pub const MAX_SLOTS: u32 = 1 << TAG_SHIFT;

/// Tries to put an entry in one place; each but the last was lost to another registrant.
const TRIES: u32 = 16;

/// How many lines an index of so many slots has: four slots to a line of 16 on average, so that
/// full lines hardly happen; or one line that holds them all.
#[must_use]
pub const fn line_count(slots: u32) -> u32 {
    if slots <= LINE_ENTRIES { 1 } else { slots.div_ceil(4).next_power_of_two() }
}

/// How many words a filter for so many slots has: 16 bits for a name, and at least a cache line.
#[must_use]
pub const fn filter_words(slots: u32) -> u32 {
    let words = slots.div_ceil(2).next_power_of_two();
    if words < 16 { 16 } else { words }
}

/// The line in which a name is looked for. `lines` is a power of two.
#[must_use]
pub const fn line_of(hash: u32, lines: u32) -> u32 {
    hash & lines.wrapping_sub(1)
}

/// The word of the filter that a name has its bits in. `words` is a power of two.
#[must_use]
pub const fn filter_word_of(hash: u32, words: u32) -> u32 {
    (hash >> FILTER_WORD_SHIFT) & words.wrapping_sub(1)
}

/// A name's three bits of its word.
const fn filter_bits(hash: u32) -> u32 {
    1 << (hash & 31)
        | 1 << ((hash >> FILTER_BIT_BITS) & 31)
        | 1 << ((hash >> (2 * FILTER_BIT_BITS)) & 31)
}

const fn tag_of(hash: u32) -> u32 {
    hash >> (u32::BITS - TAG_BITS)
}

/// The entry of a unit. `slot` is below [`MAX_SLOTS`].
#[must_use]
pub const fn entry(generation: u16, hash: u32, slot: u32) -> u32 {
    (generation as u32) << GENERATION_SHIFT | tag_of(hash) << TAG_SHIFT | slot & (MAX_SLOTS - 1)
}

/// Slot and generation that an entry names.
#[must_use]
pub const fn target(entry: u32) -> (u32, u16) {
    (entry & (MAX_SLOTS - 1), (entry >> GENERATION_SHIFT) as u16)
}

/// Marks a name in its word of the filter.
pub fn mark<W: Word>(word: &W, hash: u32) {
    // Relaxed, like the entry for readers: activating the unit publishes both.
    word.or(filter_bits(hash), Ordering::Relaxed);
}

/// Whether a unit of this name may be there.
pub fn is_marked<W: ReadWord>(word: &W, hash: u32) -> bool {
    let bits = filter_bits(hash);
    // Relaxed: who knows that the unit is active knows its bits, too.
    word.load(Ordering::Relaxed) & bits == bits
}

/// Puts the entry of a slot that was [proposed](super::propose) into a line of `len`, in a place
/// that was never used or whose unit is gone; whether there was one. `is_taken` looks whether a slot is taken at a generation.
///
/// # Errors
/// What the closures say.
pub fn insert<'a, W: Word + 'a>(
    new: u32,
    len: u32,
    line: impl Fn(u32) -> Result<&'a W, Error>,
    is_taken: impl Fn(u32, u16) -> Result<bool, Error>,
) -> Result<bool, Error> {
    for position in 0..len {
        let word = line(position)?;
        for _ in 0..TRIES {
            // Acquire: the state of a slot that the entry names is looked at next, and must not
            // be one from before its claim; pairs with the Release fence in `super::claim`, which
            // lies between that claim and the entry. (The models can't show that fence to be
            // needed here: the one in `super::propose` would do, too.)
            let old = word.load(ordering("registry: look at an entry", Ordering::Acquire));
            let (slot, generation) = target(old);
            if generation != 0 && is_taken(slot, generation)? {
                break;
            }
            // Relaxed, behind our own such fences.
            if word.cas(old, new, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Goes through the entries of a line of `len` that may be about this hash; slot and generation
/// of the first that `is_it` says yes to.
///
/// # Errors
/// What the closures say.
#[inline]
pub fn probe<W: ReadWord>(
    hash: u32,
    len: u32,
    line: impl Fn(u32) -> Result<W, Error>,
    is_it: impl Fn(u32, u16) -> Result<bool, Error>,
) -> Result<Option<(u32, u16)>, Error> {
    for position in 0..len {
        // Relaxed: who knows that the unit is active knows its entry, and that those before it
        // are not 0. All else is looked up in the slot.
        let entry = line(position)?.load(Ordering::Relaxed);
        if entry == 0 {
            break;
        }
        let (slot, generation) = target(entry);
        if (entry >> TAG_SHIFT) & ((1 << TAG_BITS) - 1) == tag_of(hash) && is_it(slot, generation)?
        {
            return Ok(Some((slot, generation)));
        }
    }
    Ok(None)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::AtomicU32;

    #[test]
    fn sizes() {
        assert_eq!([1, 16, 17, 64, 1000, 1024].map(line_count), [1, 1, 8, 16, 256, 256]);
        assert_eq!([1, 32, 33, 1024].map(filter_words), [16, 16, 32, 512]);
    }

    #[test]
    fn an_entry_survives_its_word() {
        for (generation, hash, slot) in [(1, 0, 0), (u16::MAX, u32::MAX, 1023), (7, 1 << 26, 5)] {
            let entry = entry(generation, hash, slot);
            assert_eq!(target(entry), (slot, generation));
            assert_eq!((entry >> TAG_SHIFT) & 63, hash >> 26);
        }
    }

    #[test]
    fn places_of_those_who_are_gone_are_used_again_and_a_full_line_says_so() {
        let line = [0, 0].map(AtomicU32::new);
        let at = |position| Ok(&line[position as usize]);
        let put = |new, living: u16| insert(new, 2, at, |_, generation| Ok(generation == living));
        assert_eq!(put(entry(1, 9, 0), 0), Ok(true));
        assert_eq!(put(entry(2, 9, 1), 1), Ok(true));
        assert_eq!(target(line[1].load(Ordering::Relaxed)), (1, 2));
        assert_eq!(put(entry(3, 9, 2), 2), Ok(true), "the first is gone");
        assert_eq!(target(line[0].load(Ordering::Relaxed)), (2, 3));
        assert_eq!(insert(entry(4, 9, 3), 2, at, |_, _| Ok(true)), Ok(false));

        let find = |wanted| {
            probe(
                9,
                2,
                |position| Ok(Borrowed(&line[position as usize])),
                |slot, _| Ok(slot == wanted),
            )
        };
        assert_eq!(find(1), Ok(Some((1, 2))));
        assert_eq!(find(3), Ok(None));
    }

    struct Borrowed<'a>(&'a AtomicU32);

    impl ReadWord for Borrowed<'_> {
        fn load(&self, order: Ordering) -> u32 {
            self.0.load(order)
        }

        fn fence(order: Ordering) {
            crate::sync::fence(order);
        }
    }
}

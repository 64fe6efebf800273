//! Taking blocks, giving them back, and handing them over.

use core::num::NonZeroU32;

use super::super::fault::{is_planted, ordering};
use super::page::dissolve;
use super::*;
use crate::defs::arena::MAX_PAGE_LEN;
use crate::error::Error;
use crate::sync::Ordering;

/// Where a block of a page can be. Holding one proves that it begins where blocks of its class do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    page: u32,
    /// The class, and from bit 20 downwards where in the page.
    spot: u32,
}

/// Pages have 2^20 bytes at most.
const START_BITS: u32 = 20;
const _: () = assert!(MAX_PAGE_LEN == 1 << START_BITS);

impl Place {
    /// In no page: there is no block to claim.
    pub const NOWHERE: Self = Self { page: u32::MAX, spot: 0 };

    /// Block `index` of a page that is cut into blocks of this class.
    #[inline]
    const fn of(page: u32, class: u32, index: u32) -> Option<Self> {
        match index.checked_mul(class_len(class)) {
            Some(start) if start < MAX_PAGE_LEN => Some(Self::at(page, class, start)),
            _ => None,
        }
    }

    #[inline]
    const fn at(page: u32, class: u32, start: u32) -> Self {
        Self { page, spot: class << START_BITS | start }
    }

    #[inline]
    const fn start(self) -> u32 {
        self.spot & (MAX_PAGE_LEN - 1)
    }

    /// Which size the block has.
    #[inline]
    #[must_use]
    pub const fn class(self) -> u32 {
        self.spot >> START_BITS
    }
}

/// A block that this party holds. Made by [`claim_block`], [`claim_place`], [`claim_run`] and
/// [`adopt`] only, never cloned: holding one proves that nobody else may touch its bytes.
#[derive(Debug)]
#[must_use = "a claim that is not released stays held"]
pub struct Claim {
    page: u32,
    start: u32,
    /// [`RUN`] and how many pages, or the class.
    shape: u32,
    unit: Held,
}

/// Tells the pages of a run, at most 2^26, from a class.
const RUN: u32 = 1 << 31;

/// A unit's word that says HELD, so that it is never 0: a claim that may be none takes no more
/// room than one.
#[derive(Clone, Copy, Debug)]
struct Held(NonZeroU32);

impl Held {
    #[inline]
    fn new(unit: Unit) -> Self {
        // A claim's unit is HELD, bit 0, so this changes nothing.
        Self(NonZeroU32::MIN | unit.0)
    }

    #[inline]
    const fn unit(self) -> Unit {
        Unit(self.0.get())
    }
}

impl Claim {
    #[inline]
    fn block(place: Place, unit: Unit) -> Self {
        let (start, shape) = (place.start(), place.class());
        Self { page: place.page, start, shape, unit: Held::new(unit) }
    }

    pub(super) fn run(page: u32, pages: u32, unit: Unit) -> Self {
        Self { page, start: 0, shape: RUN | pages, unit: Held::new(unit) }
    }

    /// Where it is, unless it has pages of its own.
    #[inline]
    #[must_use]
    pub const fn place(&self) -> Option<Place> {
        if self.is_run() {
            return None;
        }
        Some(Place::at(self.page, self.shape, self.start))
    }

    /// Index of its page, the first one if it has several.
    #[must_use]
    pub const fn page(&self) -> u32 {
        self.page
    }

    /// Where in the page it begins.
    #[must_use]
    pub const fn start(&self) -> u32 {
        self.start
    }

    /// Bytes in it, where pages have `page_len`; never 0.
    #[inline]
    #[must_use]
    pub const fn byte_len(&self, page_len: u32) -> u64 {
        if self.is_run() {
            (self.shape & !RUN) as u64 * page_len as u64
        } else {
            class_len(self.shape) as u64
        }
    }

    /// Whether it has pages of its own.
    #[must_use]
    pub const fn is_run(&self) -> bool {
        self.shape & RUN != 0
    }

    /// Which claim of its unit it is, 20 bits.
    #[must_use]
    pub const fn generation(&self) -> u32 {
        self.unit.unit().generation()
    }

    const fn unit_index(&self) -> u32 {
        self.start / UNIT
    }
}

/// Takes block `index` of a page, if the page has blocks of this class and it is free.
#[inline]
pub fn claim_block<M: Words>(
    words: &M,
    page: u32,
    class: u32,
    index: u32,
    party: u16,
) -> Option<Claim> {
    claim_place(words, Place::of(page, class, index)?, party)
}

/// Takes the block that begins there, if the page has blocks of this class still, or again, and it
/// is free.
#[inline]
pub fn claim_place<M: Words>(words: &M, place: Place, party: u16) -> Option<Claim> {
    let (page, start, class) = (place.page, place.start(), place.class());
    let blocks = Page::Blocks(class).pack();
    let word = words.page(page)?;
    // Relaxed: a guess, which saves others from units that are none of ours.
    if word.load(Ordering::Relaxed) != blocks {
        return None;
    }
    // Where this page ends, whatever the caller believes of its length.
    if words.page_len().checked_sub(start)? < class_len(class) {
        return None;
    }
    let unit = words.unit(page, start / UNIT)?;
    let seen = Unit(unit.load(Ordering::Relaxed));
    if seen.holder().is_some() {
        return None;
    }
    let held = seen.held(party);
    // Acquire, two jobs: what the last holder did with the bytes is over, pairs with Release in
    // `release`; and if the page was retired, it is seen to have changed, pairs with Release in
    // `retire`.
    let order = ordering("arena: take a unit", Ordering::Acquire);
    unit.cas(seen.0, held.0, order, Ordering::Relaxed).ok()?;
    // The second look, with the unit held: now the page can't change. Acquire: whoever used its
    // bytes under another unit has stopped; pairs with Release where pages become free, over the
    // exchange of whoever cut it.
    let order = ordering("arena: second look", Ordering::Acquire);
    let same = is_planted("arena: no second look") || word.load(order) == blocks;
    if !same {
        // Release: what was acquired with the unit stays to be acquired by the next one; pairs
        // with Acquire above.
        unit.store(held.free().0, ordering("arena: put a unit back", Ordering::Release));
        return None;
    }
    Some(Claim::block(place, held))
}

/// Gives a block back. The party that took it has stopped using its bytes.
#[inline]
pub fn release<M: Words>(words: &M, claim: Claim) {
    if claim.is_run() {
        let unit = claim.unit.unit();
        let party = unit.holder().unwrap_or(0);
        return dissolve(words, claim.page, claim.shape & !RUN, party, unit);
    }
    if let Some(unit) = words.unit(claim.page, claim.unit_index()) {
        // A store: nobody but its holder changes a unit that is held, unless the holder is dead.
        // Release: the next holder overwrites the bytes; pairs with Acquire where units are taken.
        unit.store(claim.unit.unit().free().0, ordering("arena: free a block", Ordering::Release));
    }
    if let Some(hint) = words.hint(claim.page)
        && hint.load(Ordering::Relaxed) == FULL
    {
        // Relaxed: a hint, of this page or of what it has become meanwhile.
        hint.store(0, Ordering::Relaxed);
    }
}

/// Sends a block on its way: whoever names its place and this generation may [`adopt`] it, once.
/// The generation; `None` if the block was taken away.
pub fn hand_over<M: Words>(words: &M, claim: &Claim) -> Option<u32> {
    send(words, claim, claim.unit.unit().handed())
}

/// As [`hand_over`], and the block is `party`'s from here on: it is freed when that dies or leaves
/// before anybody has adopted it.
pub fn hand_over_to<M: Words>(words: &M, claim: &Claim, party: u16) -> Option<u32> {
    send(words, claim, claim.unit.unit().handed().of_party(party))
}

fn send<M: Words>(words: &M, claim: &Claim, handed: Unit) -> Option<u32> {
    let unit = words.unit(claim.page, claim.unit_index())?;
    // Release: what was written is for the one who adopts it; pairs with Acquire in `adopt`.
    let order = ordering("arena: hand a block over", Ordering::Release);
    unit.cas(claim.unit.unit().0, handed.0, order, Ordering::Relaxed).ok()?;
    Some(claim.generation())
}

/// Takes back what was sent, as long as nobody has adopted it: [`adopt`], for its sender.
///
/// # Errors
/// As [`adopt`].
pub fn take_back<M: Words>(words: &M, claim: &Claim, party: u16) -> Result<Claim, Error> {
    adopt(words, claim.page, claim.start, claim.generation(), party)
}

/// Takes a block that was handed over: the one that begins at `start` in `page`, if its
/// generation is this one.
///
/// # Errors
/// `Stale` with both generations if the block was freed, or adopted by somebody, or is held by
/// one who did not hand it over; `OutOfBounds` if no block begins there; `Corrupt`.
pub fn adopt<M: Words>(
    words: &M,
    page: u32,
    start: u32,
    generation: u32,
    party: u16,
) -> Result<Claim, Error> {
    let nowhere = Error::OutOfBounds {
        offset: u64::from(page) * u64::from(words.page_len()) + u64::from(start),
        len: 0,
    };
    let (Some(word), Some(unit)) = (words.page(page), words.unit(page, start / UNIT)) else {
        return Err(nowhere);
    };
    let before = Page::load(word)?;
    check_start(before, start, words.page_len(), nowhere)?;
    let seen = Unit(unit.load(Ordering::Relaxed));
    let stale = |found: Unit| Error::Stale {
        expected: u64::from(generation),
        found: u64::from(found.generation()),
    };
    if !seen.is_handed() || seen.generation() != generation {
        return Err(stale(seen));
    }
    let held = seen.held(party);
    // Acquire: what the sender wrote, and what the page is; pairs with Release in `hand_over`.
    let order = ordering("arena: adopt a block", Ordering::Acquire);
    if let Err(found) = unit.cas(seen.0, held.0, order, Ordering::Relaxed) {
        return Err(stale(Unit(found)));
    }
    // With the block held, the page can't change: this look counts.
    let count = words.page_count();
    let now = Page::load(word)?;
    let corrupt = Error::Corrupt { what: "a block in an arena's page" };
    check_start(now, start, words.page_len(), corrupt)?;
    match now {
        Page::Blocks(class) | Page::Retiring(class, _) => {
            Ok(Claim::block(Place::at(page, class, start), held))
        }
        _ => {
            let pages = words.run(page).map_or(0, |run| run.load(Ordering::Relaxed));
            if pages == 0 || pages > count - page {
                return Err(Error::Corrupt { what: "length of an arena's run" });
            }
            Ok(Claim::run(page, pages, held))
        }
    }
}

/// Whether a block can begin at `start` in such a page.
fn check_start(page: Page, start: u32, page_len: u32, nowhere: Error) -> Result<(), Error> {
    match page {
        // Somebody looks whether all of its blocks are free, and will find this one held.
        Page::Blocks(class) | Page::Retiring(class, _)
            if start.is_multiple_of(class_len(class))
                && page_len.checked_sub(start).is_some_and(|left| class_len(class) <= left) =>
        {
            Ok(())
        }
        Page::Head if start == 0 => Ok(()),
        _ => Err(nowhere),
    }
}

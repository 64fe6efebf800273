//! What pages are used for, and how that changes.

use super::super::fault::{is_planted, ordering};
use super::super::role::{HELD, MAX_PARTY};
use super::*;
pub use crate::defs::arena::HINT_FULL as FULL;
use crate::defs::arena::{
    PAGE_BLOCKS as BLOCKS, PAGE_CLASS as CLASS, PAGE_CLASS_SHIFT as CLASS_SHIFT, PAGE_FREE as FREE,
    PAGE_HEAD as HEAD, PAGE_KIND as KIND, PAGE_PART as PART, PAGE_PARTY_SHIFT,
    PAGE_RETIRING as RETIRING,
};
use crate::error::Error;
use crate::sync::Ordering;

/// What a page is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Nothing.
    Free,
    /// Blocks of this class.
    Blocks(u32),
    /// It belongs to a run, or to this party's unfinished work on one.
    Part(u16),
    /// The first page of a run, whose block begins with it.
    Head,
    /// It was cut into blocks of this class, and this party looks whether all are free.
    Retiring(u32, u16),
}

impl Page {
    /// What a word says.
    ///
    /// # Errors
    /// `Corrupt` if it says nothing that this protocol stores.
    #[inline]
    pub const fn unpack(raw: u32) -> Result<Self, Error> {
        let class = (raw >> CLASS_SHIFT) & CLASS;
        let party = (raw >> PAGE_PARTY_SHIFT) as u16 & MAX_PARTY;
        Ok(match raw & KIND {
            FREE => Self::Free,
            BLOCKS => Self::Blocks(class),
            PART => Self::Part(party),
            HEAD => Self::Head,
            RETIRING => Self::Retiring(class, party),
            _ => return Err(Error::Corrupt { what: "use of an arena's page" }),
        })
    }

    /// The word that says so.
    #[inline]
    #[must_use]
    pub const fn pack(self) -> u32 {
        match self {
            Self::Free => FREE,
            Self::Blocks(class) => BLOCKS | class << CLASS_SHIFT,
            Self::Part(party) => PART | (party as u32) << PAGE_PARTY_SHIFT,
            Self::Head => HEAD,
            Self::Retiring(class, party) => {
                RETIRING | class << CLASS_SHIFT | (party as u32) << PAGE_PARTY_SHIFT
            }
        }
    }

    pub(super) fn load<W: ReadWord>(word: &W) -> Result<Self, Error> {
        // Acquire: what is next looked at was stored before the page became this; pairs with the
        // Release stores of pages.
        Self::unpack(word.load(ordering("arena: look at a page", Ordering::Acquire)))
    }

    pub(super) fn store<W: Word>(self, word: &W) {
        // Release: whoever acts on what the page is now sees what was done before; pairs with
        // Acquire in `load`, `carve` and `claim_run`.
        word.store(self.pack(), ordering("arena: change a page", Ordering::Release));
    }

    /// Exchanges what a page is, if it is still that.
    pub(super) fn exchange<W: Word>(word: &W, from: Self, to: Self) -> bool {
        // Acquire: its bytes are used next; pairs with Release in `store`.
        let order = ordering("arena: claim a page", Ordering::Acquire);
        word.cas(from.pack(), to.pack(), order, Ordering::Relaxed).is_ok()
    }
}

/// Cuts a free page into blocks; whether it was free.
pub fn carve<M: Words>(words: &M, page: u32, class: u32) -> bool {
    let (Some(word), Some(hint)) = (words.page(page), words.hint(page)) else { return false };
    if word.load(Ordering::Relaxed) != FREE {
        return false;
    }
    let carved = Page::exchange(word, Page::Free, Page::Blocks(class));
    if carved {
        hint.store(0, Ordering::Relaxed);
    }
    carved
}

/// Makes a page of blocks free, if none of its blocks is held; whether it is free now.
///
/// All its units are taken meanwhile, so a party that takes a block of it either holds it before,
/// and then the page stays, or finds that the page has changed.
pub fn retire<M: Words>(words: &M, page: u32, class: u32, party: u16) -> bool {
    let Some(word) = words.page(page) else { return false };
    if !Page::exchange(word, Page::Blocks(class), Page::Retiring(class, party)) {
        return false;
    }
    let mut taken = 0;
    let len = class_len(class);
    let count = words.page_len() / len;
    while taken < count {
        let Some(unit) = words.unit(page, taken * len / UNIT) else { break };
        if is_planted("arena: retire without looking") {
            taken += 1;
            continue;
        }
        let seen = Unit(unit.load(Ordering::Relaxed));
        // Acquire: what its last holder did with the block is over; pairs with Release in
        // `release`.
        let order = ordering("arena: take a unit", Ordering::Acquire);
        if seen.holder().is_some()
            || unit.cas(seen.0, seen.held(party).0, order, Ordering::Relaxed).is_err()
        {
            break;
        }
        taken += 1;
    }
    let empty = taken == count;
    if empty {
        Page::Free.store(word)
    } else {
        Page::Blocks(class).store(word)
    }
    // After the page has changed: whoever takes one of these units next sees that.
    for index in 0..taken {
        let Some(unit) = words.unit(page, index * len / UNIT) else { continue };
        let held = Unit(unit.load(Ordering::Relaxed));
        if held.holder() == Some(party) && !held.is_handed() {
            // Release: as said; pairs with Acquire in `claim_block`.
            unit.store(held.free().0, ordering("arena: give units back", Ordering::Release));
        }
    }
    empty
}

/// Claims `count` pages in a row, the first of them `first`, as one block. On failure the index of
/// the page that was in the way.
///
/// # Errors
/// The page that was not free, or whose first unit was held at each of a few looks.
pub fn claim_run<M: Words>(words: &M, first: u32, count: u32, party: u16) -> Result<Claim, u32> {
    const TRIES: u32 = 16;
    let mut taken = 0;
    let obstacle = loop {
        if taken == count {
            break None;
        }
        let index = first + taken;
        let Some(word) = words.page(index) else { break Some(index) };
        if !Page::exchange(word, Page::Free, Page::Part(party)) {
            break Some(index);
        }
        taken += 1;
    };
    if obstacle.is_none()
        && let (Some(unit), Some(head), Some(run)) =
            (words.unit(first, 0), words.page(first), words.run(first))
    {
        for _ in 0..TRIES {
            let seen = Unit(unit.load(Ordering::Relaxed));
            // Somebody may hold it for a moment, who took it for a block of a page that was.
            if seen.0 & HELD != 0 {
                continue;
            }
            let held = seen.held(party);
            // Acquire: as in `claim_block`.
            let order = ordering("arena: take a unit", Ordering::Acquire);
            if unit.cas(seen.0, held.0, order, Ordering::Relaxed).is_ok() {
                run.store(count, Ordering::Relaxed);
                Page::Head.store(head);
                return Ok(Claim::run(first, count, held));
            }
        }
    }
    for index in (first..first + taken).rev() {
        if let Some(word) = words.page(index) {
            Page::Free.store(word);
        }
    }
    Err(obstacle.unwrap_or(first))
}

/// Gives the pages of a run back. The caller, `party`, holds its block, or takes it from `party`,
/// which is dead.
pub(super) fn dissolve<M: Words>(words: &M, first: u32, count: u32, party: u16, held: Unit) {
    let part = Page::Part(party);
    for index in first + 1..first + count {
        if let Some(word) = words.page(index) {
            // Relaxed: only its holder changes the pages of a run, and the next store orders it.
            word.store(part.pack(), Ordering::Relaxed);
        }
    }
    if let Some(head) = words.page(first) {
        // From here on the run is none, and its pages are this party's unfinished work.
        part.store(head);
    }
    if let Some(unit) = words.unit(first, 0) {
        // Release: as in `release`. The unit is free before its page is.
        unit.store(held.free().0, ordering("arena: free a block", Ordering::Release));
    }
    for index in (first..first + count).rev() {
        if let Some(word) = words.page(index) {
            Page::Free.store(word);
        }
    }
}

//! Memory to allocate from: pages, and the blocks that they are cut into.
//!
//! ```text
//! page   { party: 10, class: 6, kind: 3 }               what a page is used for
//! run    pages of the run that begins here
//! hint   1 if somebody looked for a free block of the page and found none
//! unit   { generation: 20, HANDED, party: 10, HELD }    one per 64 bytes: who holds the block
//!                                                       that begins in these bytes
//! ```
//!
//! Blocks are 64 bytes long or longer, so no two of them begin in one unit, and a unit's word
//! belongs to whatever block begins there, whichever size it has. Its generation counts claims
//! over all sizes: a handle of an earlier block never fits a later one.
//!
//! - A block is taken by one compare-and-swap of its unit, and given back by another. The unit
//!   names the holder, so there is no moment in which a block is taken and nobody knows by whom.
//! - After taking a block a party looks at its page again: one that was [`retire`]d meanwhile had
//!   all its units taken first.
//! - Pages of a run are claimed one by one as `PART` of their claimant's. They are a run when the
//!   first one says `HEAD`, and stop being one when it says `PART` again, of the party that frees
//!   it. So a `PART` that no `HEAD` covers belongs to an unfinished step of the party it names.
//! - A block under way to another party is `HANDED`: until somebody [`adopt`]s it, it is still its
//!   sender's, or that of the party it was handed over to. Either may die.
//!
//! Where to look first is only ever a hint: nothing depends on it but the time it takes.

mod block;
mod class;
mod page;
mod reclaim;

pub use block::{
    Claim, Place, adopt, claim_block, claim_place, hand_over, hand_over_to, release, take_back,
};
pub use class::{MAX_CLASS_LEN, MIN_CLASS_LEN, class_count, class_len, class_of};
pub use page::{FULL, Page, carve, claim_run, retire};
pub use reclaim::{reclaim, void};

use super::role::MAX_PARTY;
use super::{ReadWord, Word};
pub use crate::defs::arena::{
    UNIT, UNIT_GENERATION_SHIFT as GENERATION_SHIFT, UNIT_HANDED as HANDED,
};
use crate::defs::arena::{UNIT_HELD as HELD, UNIT_PARTY_SHIFT as PARTY_SHIFT};

/// Where the words of one arena are.
pub trait Words {
    /// What a word is.
    type Word: Word;
    /// What page `index` is used for; `None` from the page count on.
    fn page(&self, index: u32) -> Option<&Self::Word>;
    /// How many pages the run has that begins with page `index`.
    fn run(&self, index: u32) -> Option<&Self::Word>;
    /// Whether page `index` looked full. Apart from all else: it is stored without care.
    fn hint(&self, index: u32) -> Option<&Self::Word>;
    /// The word of a unit of a page; `None` from the last unit on.
    fn unit(&self, page: u32, unit: u32) -> Option<&Self::Word>;
    /// How many pages there are.
    fn page_count(&self) -> u32;
    /// Bytes in a page: a multiple of [`UNIT`].
    fn page_len(&self) -> u32;
}

/// A unit's word, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit(u32);

impl Unit {
    const fn generation(self) -> u32 {
        self.0 >> GENERATION_SHIFT
    }

    /// Who holds the block, or has sent it.
    const fn holder(self) -> Option<u16> {
        if self.0 & HELD == 0 { None } else { Some((self.0 >> PARTY_SHIFT) as u16 & MAX_PARTY) }
    }

    const fn is_handed(self) -> bool {
        self.0 & HELD != 0 && self.0 & HANDED != 0
    }

    /// Held by `party`, by a claim of its own.
    const fn held(self, party: u16) -> Self {
        let generation = self.generation().wrapping_add(1) << GENERATION_SHIFT;
        Self(generation | ((party & MAX_PARTY) as u32) << PARTY_SHIFT | HELD)
    }

    /// Under way, by the same claim.
    const fn handed(self) -> Self {
        Self(self.0 | HANDED)
    }

    /// Of this party, by the same claim.
    const fn of_party(self, party: u16) -> Self {
        let others = self.0 & !((MAX_PARTY as u32) << PARTY_SHIFT);
        Self(others | ((party & MAX_PARTY) as u32) << PARTY_SHIFT)
    }

    /// Held by nobody.
    const fn free(self) -> Self {
        Self(self.generation() << GENERATION_SHIFT)
    }
}

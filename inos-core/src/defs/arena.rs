//! The bytes of an arena. No behaviour.
//!
//! ```text
//!   0             16 * pages, rounded up to 64     + 4 * units, rounded up to 64
//!   +-------------+-------------------------------+-----------------------------------------+
//!   | page words  | unit words: one for every     | pages, `page_len` bytes each            |
//!   | 4 per page  | 64 bytes of the pages         |                                         |
//!   +-------------+-------------------------------+-----------------------------------------+
//!
//! words of a page
//!   0        4        8        12       16
//!   +--------+--------+--------+--------+
//!   | page   | run    | hint   | unused |
//!   +--------+--------+--------+--------+
//!
//! page word
//!  31                  19 18           9 8       3 2    0
//! +----------------------+--------------+---------+------+
//! | zero                 | party: 10    | class: 6| kind |
//! +----------------------+--------------+---------+------+
//!
//! unit word
//!  31                           12   11   10          1   0
//! +-------------------------------+--------+------------+------+
//! | generation: 20, wraps         | HANDED | party: 10  | HELD |
//! +-------------------------------+--------+------------+------+
//! ```
//!
//! A block of class c has (8 × (8 + c mod 8)) << (c / 8) bytes.
//! [`protocol::arena`](crate::protocol::arena) tells which words say that it is given out.

use super::role::MAX_PARTY;
use super::{GRANULE, LINE};

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: bytes in a page, a power of two.
pub const PARAM_PAGE_LEN: usize = 0;
/// Parameter: number of pages.
pub const PARAM_PAGES: usize = 1;
/// Bytes in the shortest page.
pub const MIN_PAGE_LEN: u32 = 512;
/// Bytes in the longest page.
pub const MAX_PAGE_LEN: u32 = 1 << 20;
/// Bits of a handle's offset, which counts granules from the first page.
pub const OFFSET_BITS: u32 = 32;

/// Bytes of a page's words.
pub const PAGE_WORDS: usize = 16;
/// Offset in a page's words: what the page is used for.
pub const PAGE: usize = 0;
/// Offset in a page's words: pages of the run that begins here.
pub const RUN: usize = 4;
/// Offset in a page's words: whether it looked full.
pub const HINT: usize = 8;

/// Bits of a page word that are the kind.
pub const PAGE_KIND: u32 = 7;
/// Kind of a page: nothing is in it.
pub const PAGE_FREE: u32 = 0;
/// Kind of a page: blocks of a class.
pub const PAGE_BLOCKS: u32 = 1;
/// Kind of a page: part of a run, or of its party's unfinished work on one.
pub const PAGE_PART: u32 = 2;
/// Kind of a page: the first of a run.
pub const PAGE_HEAD: u32 = 3;
/// Kind of a page: blocks of a class, of which a party looks whether all are free.
pub const PAGE_RETIRING: u32 = 4;
/// Lowest bit, in a page word, of the class.
pub const PAGE_CLASS_SHIFT: u32 = 3;
/// Bits of a class.
pub const PAGE_CLASS: u32 = 63;
/// Lowest bit, in a page word, of the party's number.
pub const PAGE_PARTY_SHIFT: u32 = 9;
/// Hint: somebody looked for a free block of the page and found none.
pub const HINT_FULL: u32 = 1;

/// Bytes of the pages for which there is a unit word.
pub const UNIT: u32 = 64;
/// Bit of a unit word: somebody holds the block that begins there.
pub const UNIT_HELD: u32 = 1;
/// Lowest bit, in a unit word, of the number of the party that holds the block.
pub const UNIT_PARTY_SHIFT: u32 = 1;
/// Bit of a unit word: the block is under way to another party.
pub const UNIT_HANDED: u32 = 1 << 11;
/// Lowest bit, in a unit word, of how often a block was claimed there.
pub const UNIT_GENERATION_SHIFT: u32 = 12;

/// Bytes in a block of class 0.
pub const MIN_CLASS_LEN: u32 = 64;
/// Bytes in a block of the last class.
pub const MAX_CLASS_LEN: u32 = 4096;
/// Most classes there are.
pub const CLASSES: usize = 49;

const _: () = {
    assert!(PAGE + 4 <= RUN && RUN + 4 <= HINT && HINT + 4 <= PAGE_WORDS);
    assert!(PAGE_RETIRING <= PAGE_KIND && PAGE_KIND < 1 << PAGE_CLASS_SHIFT);
    assert!(CLASSES <= PAGE_CLASS as usize + 1);
    assert!(PAGE_CLASS << PAGE_CLASS_SHIFT < 1 << PAGE_PARTY_SHIFT);
    assert!(UNIT_HELD < 1 << UNIT_PARTY_SHIFT);
    assert!((MAX_PARTY as u32) << UNIT_PARTY_SHIFT < UNIT_HANDED);
    assert!(UNIT_HANDED < 1 << UNIT_GENERATION_SHIFT);
    assert!(UNIT as usize == LINE && MIN_CLASS_LEN >= UNIT && MIN_PAGE_LEN.is_multiple_of(UNIT));
    assert!(UNIT.is_multiple_of(GRANULE as u32));
};

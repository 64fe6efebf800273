//! The bytes of a bank of counters. No behaviour.
//!
//! ```text
//! per counter, two lines
//!   0        4         8        12        16                                        64
//!   +--------+---------+--------+---------+------------------------------------------+
//!   | owner  | kind    | unit   | label   | label, UTF-8                             |
//!   | word   |         |        | length  |                                          |
//!   +--------+---------+--------+---------+------------------------------------------+
//!  64       68        72                                                           128
//!   +--------+---------+-------------------------------------------------------------+
//!   | low    | high    | unused                                                      |
//!   +--------+---------+-------------------------------------------------------------+
//! ```
//!
//! [`protocol::counters`](crate::protocol::counters) draws the owner word, and says how a count
//! stands in `low` and `high`.

use super::LINE;
use super::role::MAX_PARTY;

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of counters that there is room for.
pub const PARAM_COUNT: usize = 0;
/// Most counters that there may be room for.
pub const MAX_COUNT: u32 = 1 << 20;

/// Offset in a counter: the word that says whose it is.
pub const OWNER: usize = 0;
/// Offset in a counter: its kind, a number of the application's.
pub const TYPE: usize = 4;
/// Offset in a counter: its unit, a number of the application's.
pub const UNIT: usize = 8;
/// Offset in a counter: bytes of the label.
pub const LABEL_LEN: usize = 12;
/// Offset in a counter: the label.
pub const LABEL: usize = 16;
/// Bytes in the longest label.
pub const MAX_LABEL_LEN: usize = LINE - LABEL;
/// Offset in a counter: the count's lower 32 bits.
pub const LOW: usize = LINE;
/// Offset in a counter: the count from bit 31 on, or one less.
pub const HIGH: usize = LINE + 4;
/// Bytes per counter.
pub const STRIDE: usize = 2 * LINE;

/// Lowest bit of a count that the word of its upper bits has.
pub const HIGH_SHIFT: u32 = 31;
/// The most that one step adds.
pub const ADD_MAX: u32 = 1 << 20;

/// State in an owner word: nobody's.
pub const FREE: u32 = 0;
/// State in an owner word: being made.
pub const MAKING: u32 = 1;
/// State in an owner word: in use.
pub const ACTIVE: u32 = 2;
/// Bits of an owner word that are the state.
pub const STATE: u32 = 3;
/// Lowest bit, in an owner word, of the party's number.
pub const PARTY_SHIFT: u32 = 2;
/// Lowest bit, in an owner word, of how often the slot was taken.
pub const GENERATION_SHIFT: u32 = 12;

const _: () = {
    assert!(OWNER + 4 <= TYPE && TYPE + 4 <= UNIT && UNIT + 4 <= LABEL_LEN);
    assert!(LABEL_LEN + 4 <= LABEL && LABEL + MAX_LABEL_LEN <= LOW);
    assert!(LOW + 4 <= HIGH && HIGH + 4 <= STRIDE);
    assert!(ACTIVE <= STATE && STATE < 1 << PARTY_SHIFT);
    assert!((MAX_PARTY as u32) << PARTY_SHIFT < 1 << GENERATION_SHIFT);
};

//! The bytes of a log. No behaviour.
//!
//! ```text
//!   0                4                                                              64
//!   +----------------+---------------------------------------------------------------+
//!   | head           | unused                                                        |
//!   +----------------+---------------------------------------------------------------+
//!  64               68                                                             128
//!   +----------------+---------------------------------------------------------------+
//!   | dropped        | unused                                                        |
//!   +----------------+---------------------------------------------------------------+
//! per slot, rounded up to a line
//!   0        4         8        12        16        20        24
//!   +--------+---------+--------+---------+---------+---------+----------------------+
//!   | slot   | time              | source  | code    | text    | text, UTF-8          |
//!   | word   | low       high    | & level |         | length  |                      |
//!   +--------+---------+--------+---------+---------+---------+----------------------+
//! ```
//!
//! [`protocol::log`](crate::protocol::log) draws the slot word.

use super::LINE;
use super::role::MAX_PARTY;

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of slots, a power of two.
pub const PARAM_CAPACITY: usize = 0;
/// Parameter: bytes in the longest text.
pub const PARAM_TEXT_LEN: usize = 1;
/// Fewest slots.
pub const MIN_CAPACITY: u32 = 4;
/// Most slots.
pub const MAX_CAPACITY: u32 = 1 << 20;
/// Most bytes that the longest text may have.
pub const MAX_TEXT_LEN: u32 = 4096 - TEXT as u32;

/// Offset of the next ticket.
pub const HEAD: usize = 0;
/// Offset of how many events were given up.
pub const DROPPED: usize = LINE;
/// Offset of the slots.
pub const SLOTS: usize = 2 * LINE;

/// Offset in a slot: the word that says whose it is.
pub const SLOT_WORD: usize = 0;
/// Offset in a slot: when, by a clock of the application's.
pub const TIME: usize = 4;
/// Offset in a slot: the level in bits 0 to 7, and the party in the upper half.
pub const SOURCE: usize = 12;
/// Offset in a slot: what, as a number of the application's.
pub const CODE: usize = 16;
/// Offset in a slot: bytes of the text.
pub const TEXT_LEN: usize = 20;
/// Offset in a slot: the text.
pub const TEXT: usize = 24;
/// Lowest bit, in the word of the source, of the number of the party.
pub const SOURCE_PARTY_SHIFT: u32 = 16;

/// Slot word: no event yet, or one that was never finished.
pub const FREE: u32 = 0;
/// State in a slot word: its bytes are no event.
pub const WRITING: u32 = 0b01;
/// State in a slot word: it holds the event of a lap.
pub const DONE: u32 = 0b10;
/// Bits of a slot word that are the state.
pub const STATE: u32 = 0b11;
/// Lowest bit of the lap in a slot word that is done.
pub const LAP_SHIFT: u32 = 2;
/// Lowest bit of the party's number in a slot word that is being written.
pub const PARTY_SHIFT: u32 = 2;
/// Lowest bit of the lap in a slot word that is being written.
pub const SHORT_LAP_SHIFT: u32 = 12;

/// Level: something failed.
pub const LEVEL_ERROR: u8 = 1;
/// Level: something may fail.
pub const LEVEL_WARN: u8 = 2;
/// Level: something worth knowing.
pub const LEVEL_INFO: u8 = 3;
/// Level: for whoever looks for a mistake.
pub const LEVEL_DEBUG: u8 = 4;
/// Level: every step.
pub const LEVEL_TRACE: u8 = 5;

const _: () = {
    assert!(HEAD + 4 <= DROPPED && DROPPED + 4 <= SLOTS);
    assert!(SLOT_WORD + 4 <= TIME && TIME + 8 <= SOURCE && SOURCE + 4 <= CODE);
    assert!(CODE + 4 <= TEXT_LEN && TEXT_LEN + 4 <= TEXT && TEXT < LINE);
    assert!(WRITING <= STATE && DONE <= STATE);
    assert!(STATE < 1 << LAP_SHIFT && STATE < 1 << PARTY_SHIFT);
    assert!((MAX_PARTY as u32) << PARTY_SHIFT < 1 << SHORT_LAP_SHIFT);
};

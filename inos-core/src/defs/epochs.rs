//! The bytes of a bank of epochs. No behaviour.
//!
//! ```text
//! fixed, padded:    word i at i * 128, two cache lines each
//! fixed, packed:    word i at i * 4
//! named:            slot i at i * 64
//!   0        4        8                                32                              64
//!   +--------+--------+--------------------------------+-------------------------------+
//!   | epoch  | state  | name, UTF-8, padded with zeros | zero                          |
//!   +--------+--------+--------------------------------+-------------------------------+
//!
//! id of a named epoch
//!  31                           12 11                   0
//! +-------------------------------+----------------------+
//! | generation: 20                | slot: 12             |
//! +-------------------------------+----------------------+
//! ```
//!
//! A name is in one of the slots that begin with `hash mod m` and go on by an odd step,
//! `(hash >> 16) | 1`, mod m. `hash` is FNV-1a (32 bits) over the bytes of the name without the
//! padding, m the number of slots rounded up to a power of two; what is not below the number of
//! slots is left out. It is in none behind the first whose state word is 0.
//!
//! [`defs::epoch`](super::epoch) has the bits of an epoch,
//! [`protocol::names`](crate::protocol::names) draws the state.

use super::role::MAX_PARTY;
use super::{APART, LINE};

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of fixed words, 0 in a bank of named ones.
pub const PARAM_COUNT: usize = 0;
/// Parameter: distance between two epochs in bytes.
pub const PARAM_STRIDE: usize = 1;
/// Parameter: number of named slots, 0 in a bank of fixed words.
pub const PARAM_SLOTS: usize = 2;

/// Distance between packed words.
pub const PACKED: u32 = 4;
/// Distance between padded words.
pub const PADDED: u32 = APART as u32;

/// Offset in a named slot: the epoch.
pub const SLOT_EPOCH: usize = 0;
/// Offset in a named slot: the state.
pub const SLOT_STATE: usize = 4;
/// Offset in a named slot: the name.
pub const SLOT_NAME: usize = 8;
/// Bytes in a named slot.
pub const SLOT_LEN: usize = LINE;
/// Distance between named slots, as the parameter says it.
pub const NAMED: u32 = SLOT_LEN as u32;
/// Bytes in the longest name.
pub const MAX_NAME_LEN: usize = 24;

/// State of a named slot: nobody's.
pub const FREE: u32 = 0;
/// State of a named slot: its claimant writes the name.
pub const CLAIMED: u32 = 1;
/// State of a named slot: the name can be read, and may turn out to be another slot's.
pub const PROPOSED: u32 = 2;
/// State of a named slot: the name is this slot's and no other's.
pub const ACTIVE: u32 = 3;
/// Bits of a slot's state word that are the state.
pub const STATE: u32 = (1 << PARTY_SHIFT) - 1;
/// Lowest bit, in a slot's state word, of the number of the party that claimed it.
pub const PARTY_SHIFT: u32 = 2;
/// Lowest bit, in a slot's state word, of how often the slot was freed.
pub const GENERATION_SHIFT: u32 = 12;

/// Lowest bit, in a name's hash, of the step in which it goes round the slots.
pub const STEP_SHIFT: u32 = 16;

/// Lowest bit, in the id of a named epoch, of the generation; the slot's index is below it.
pub const ID_GENERATION_SHIFT: u32 = 12;
/// Most slots of a bank of named epochs.
pub const MAX_SLOTS: u32 = 1 << ID_GENERATION_SHIFT;

const _: () = {
    assert!(SLOT_EPOCH + 4 <= SLOT_STATE && SLOT_STATE + 4 <= SLOT_NAME);
    assert!(SLOT_NAME + MAX_NAME_LEN <= SLOT_LEN && MAX_NAME_LEN.is_multiple_of(4));
    assert!(ACTIVE <= STATE);
    assert!(MAX_PARTY as u32 == (1 << (GENERATION_SHIFT - PARTY_SHIFT)) - 1);
    assert!(ID_GENERATION_SHIFT == GENERATION_SHIFT, "an id has all bits of a generation");
};

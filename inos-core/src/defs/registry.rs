//! The bytes of a registry of units, and of its overflow sections. No behaviour.
//!
//! ```text
//!   0        4           64                  64 + 4 f          64 + 4 f + 64 n
//!   +--------+-----------+-------------------+-----------------+---------------------------+
//!   | flags  | zero      | filter: f words   | index: n lines  | slots, `slot_len` bytes   |
//!   |        |           |                   | of 16 entries   | each                      |
//!   +--------+-----------+-------------------+-----------------+---------------------------+
//! slot
//!   0        4           8        12         16                80                   slot_len
//!   +--------+-----------+--------+----------+-----------------+---------------------------+
//!   | state  | heartbeat | hash of| lengths  | numbers         | name, dependencies,       |
//!   |        | epoch     | name   |          |                 | methods                   |
//!   +--------+-----------+--------+----------+-----------------+---------------------------+
//! ```
//!
//! There are f = max(16, ⌈slots / 2⌉ rounded up to a power of two) words in the filter, and
//! n = 1 line in the index for up to 16 slots, else ⌈slots / 4⌉ rounded up to a power of two.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 4 | state: generation 16, party 10, state 6 ([`protocol`](crate::protocol::registry)) |
//! | 4 | 4 | heartbeat, an epoch |
//! | 8 | 4 | MurmurHash3 of the name |
//! | 12 | 4 | lengths: of the name in bytes (8 bits), of the dependencies in words (8), of the methods in bytes (16) |
//! | 16 | 4 | owner, the application's number |
//! | 20 | 4 | version: minor (16), major (16) |
//! | 24 | 4 | version: patch (16), number of methods (16) |
//! | 28 | 4 | limit: calls at the same time |
//! | 32 | 8 | capabilities |
//! | 40 | 8 | limit: bytes of memory |
//! | 48 | 8 | limit: nanoseconds of a call |
//! | 56 | 8 | limit: fuel of a call |
//! | 64 | 8 | cost of a call, in billionths of a credit |
//! | 72 | 8 | cost of a unit of work, in the same |
//! | 80 | | name, dependencies, methods, each padded with zeros to a multiple of 4 |
//!
//! Several values in a word: the first stands in the lowest bits. Wide numbers are two words, low
//! first. A dependency is {first version's minor 16, major 16; bound's minor 16, major 16; bound's
//! patch 16, first version's patch 16; length of the name; name}; the bound is left out of the
//! range, and 65535.65535.65535 bounds nothing. Methods are separated by '\n'.
//!
//! [`protocol::registry`](crate::protocol::registry) draws the state, and
//! [`index`](crate::protocol::registry::index) an entry of the index.

use super::LINE;
use super::role::MAX_PARTY;

/// Major version of both kinds of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of slots in this section.
pub const PARAM_SLOTS: usize = 0;
/// Parameter: bytes in a slot.
pub const PARAM_SLOT_LEN: usize = 1;
/// Parameter of an overflow section: id of the registry's section.
pub const PARAM_REGISTRY: usize = 2;
/// Parameter of an overflow section: number of its first slot.
pub const PARAM_FIRST_SLOT: usize = 3;
/// Most slots of a registry's section, and of each overflow section.
pub const MAX_UNIT_SLOTS: u32 = 1024;
/// Most overflow sections of a registry.
pub const MAX_OVERFLOWS: usize = 7;
/// Shortest slot, in bytes.
pub const MIN_SLOT_LEN: u32 = 128;
/// Longest slot, in bytes.
pub const MAX_SLOT_LEN: u32 = 1024;
/// Longest name of a unit, in bytes.
pub const MAX_UNIT_NAME_LEN: usize = 64;

/// Offset of the flags.
pub const FLAGS: usize = 0;
/// Flag: some unit's name is not in the index, so who does not find one there looks everywhere.
pub const UNINDEXED: u32 = 1;
/// Offset of the filter, which the index and the slots follow.
pub const FILTER: usize = LINE;
/// Lowest bit, in a name's hash, of its word of the filter.
pub const FILTER_WORD_SHIFT: u32 = 15;
/// Bits of a name's hash that choose one of its three bits of the filter, one after another.
pub const FILTER_BIT_BITS: u32 = 5;
/// Entries in a line of the index.
pub const LINE_ENTRIES: u32 = 16;
/// Lowest bit, in an entry of the index, of the tag; the slot is below it.
pub const ENTRY_TAG_SHIFT: u32 = 10;
/// Bits of a tag: the uppermost ones of the name's hash.
pub const ENTRY_TAG_BITS: u32 = 6;
/// Lowest bit, in an entry of the index, of the generation.
pub const ENTRY_GENERATION_SHIFT: u32 = ENTRY_TAG_SHIFT + ENTRY_TAG_BITS;

/// Offset in a slot: the state.
pub const STATE: usize = 0;
/// Offset in a slot: an epoch that the unit advances.
pub const HEARTBEAT: usize = 4;
/// Offset in a slot: MurmurHash3 of the name.
pub const NAME_HASH: usize = 8;
/// Offset in a slot: lengths of name, dependencies and methods.
pub const LENGTHS: usize = 12;
/// Offset in a slot: the owner, a number of the application's.
pub const OWNER: usize = 16;
/// Offset in a slot: major version in the upper half, minor in the lower.
pub const VERSION: usize = 20;
/// Offset in a slot: number of methods in the upper half, patch version in the lower.
pub const PATCH_AND_METHODS: usize = 24;
/// Offset in a slot: calls at the same time, 0 for no limit.
pub const LIMIT_JOBS: usize = 28;
/// Offset in a slot: capabilities.
pub const CAPABILITIES: usize = 32;
/// Offset in a slot: bytes of memory, 0 for no limit.
pub const LIMIT_MEMORY: usize = 40;
/// Offset in a slot: nanoseconds of a call, 0 for no limit.
pub const LIMIT_RUN: usize = 48;
/// Offset in a slot: fuel of a call, 0 for no limit.
pub const LIMIT_FUEL: usize = 56;
/// Offset in a slot: cost of a call, in billionths of a credit.
pub const COST_PER_CALL: usize = 64;
/// Offset in a slot: cost of a unit of work, in billionths of a credit.
pub const COST_PER_UNIT: usize = 72;
/// Offset in a slot: name, dependencies and methods.
pub const TEXT: usize = 80;
/// Lowest bit, in the word of lengths, of the words of dependencies; the name's bytes are below.
pub const LENGTHS_DEPENDENCIES_SHIFT: u32 = 8;
/// Bits of the name's bytes, and, shifted, of the words of dependencies.
pub const LENGTHS_COUNT: u32 = 0xff;
/// Lowest bit, in the word of lengths, of the bytes of methods.
pub const LENGTHS_METHODS_SHIFT: u32 = 16;

/// One credit in the fixed point of costs.
pub const CREDIT: u64 = 1_000_000_000;

/// Offset in a dependency: the first version's major in the upper half, its minor in the lower.
pub const DEPENDENCY_FROM: usize = 0;
/// Offset in a dependency: the bound's major in the upper half, its minor in the lower.
pub const DEPENDENCY_BELOW: usize = 4;
/// Offset in a dependency: the first version's patch in the upper half, the bound's in the lower.
pub const DEPENDENCY_PATCHES: usize = 8;
/// Offset in a dependency: bytes of the name.
pub const DEPENDENCY_NAME_LEN: usize = 12;
/// Offset in a dependency: the name.
pub const DEPENDENCY_NAME: usize = 16;

/// State of a slot: nobody was here since the memory was formatted.
pub const FREE: u32 = 0;
/// State of a slot: a registrant writes its record.
pub const CLAIMED: u32 = 1;
/// State of a slot: the unit is there.
pub const ACTIVE: u32 = 2;
/// State of a slot: nobody is here, so it may be claimed.
pub const RETIRED: u32 = 3;
/// State of a slot: the record is complete, and its registrant looks for others of its name.
pub const PROPOSED: u32 = 4;
/// Bits of a slot's state word that are the state.
pub const STATE_BITS: u32 = (1 << PARTY_SHIFT) - 1;
/// Lowest bit, in a slot's state word, of the party's number.
pub const PARTY_SHIFT: u32 = 6;
/// Lowest bit, in a slot's state word, of the generation; 0 is no unit's.
pub const GENERATION_SHIFT: u32 = 16;
/// Lowest bit, in a unit's id, of the generation; the slot is below it.
pub const ID_GENERATION_SHIFT: u32 = 16;

/// Each field of a slot, and its bytes.
const FIELDS: [(usize, usize); 14] = [
    (STATE, 4),
    (HEARTBEAT, 4),
    (NAME_HASH, 4),
    (LENGTHS, 4),
    (OWNER, 4),
    (VERSION, 4),
    (PATCH_AND_METHODS, 4),
    (LIMIT_JOBS, 4),
    (CAPABILITIES, 8),
    (LIMIT_MEMORY, 8),
    (LIMIT_RUN, 8),
    (LIMIT_FUEL, 8),
    (COST_PER_CALL, 8),
    (COST_PER_UNIT, 8),
];

const _: () = {
    // Each field begins where the one before it ends.
    let (mut end, mut at) = (0, 0);
    while at < FIELDS.len() {
        let (offset, len) = FIELDS[at];
        assert!(offset == end && offset.is_multiple_of(4));
        end = offset + len;
        at += 1;
    }
    assert!(end == TEXT && TEXT < MIN_SLOT_LEN as usize);
    assert!(FLAGS + 4 <= FILTER);
    assert!(LINE_ENTRIES as usize * 4 == LINE);
    assert!(MAX_UNIT_SLOTS == 1 << ENTRY_TAG_SHIFT, "an entry can name every slot");
    assert!(3 * FILTER_BIT_BITS <= FILTER_WORD_SHIFT);
    assert!(MAX_UNIT_NAME_LEN <= LENGTHS_COUNT as usize);
    assert!(LENGTHS_COUNT < 1 << LENGTHS_DEPENDENCIES_SHIFT);
    assert!(LENGTHS_COUNT << LENGTHS_DEPENDENCIES_SHIFT < 1 << LENGTHS_METHODS_SHIFT);
    // The texts of the longest slot can all be dependencies, counted in words.
    assert!((MAX_SLOT_LEN as usize - TEXT) / 4 <= LENGTHS_COUNT as usize);
    assert!(MAX_UNIT_SLOTS as usize * (1 + MAX_OVERFLOWS) <= 1 << ID_GENERATION_SHIFT);
    assert!(PROPOSED <= STATE_BITS);
    assert!(MAX_PARTY as u32 == (1 << (GENERATION_SHIFT - PARTY_SHIFT)) - 1);
    assert!(DEPENDENCY_FROM + 4 <= DEPENDENCY_BELOW && DEPENDENCY_BELOW + 4 <= DEPENDENCY_PATCHES);
    assert!(DEPENDENCY_PATCHES + 4 <= DEPENDENCY_NAME_LEN);
    assert!(DEPENDENCY_NAME_LEN + 4 <= DEPENDENCY_NAME);
};

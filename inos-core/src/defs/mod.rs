//! The bytes of a region: superblock and section table; a module for each kind of section, and
//! two for words that stand in several of them. No behaviour.
//!
//! All words are 32 bits in the machine's byte order; 64-bit numbers are two words, low first.
//! An image from a machine of the other byte order has a reversed magic number and is refused.
//!
//! ```text
//! superblock, 64 bytes at offset 0
//!   0        4         8        12        16        20        24        28        32
//!   +--------+---------+--------+---------+---------+---------+---------+---------+
//!   | magic  | version | layout | state   | total_len         | context_id        |
//!   |        |         | hash   |         | low       high    | low       high    |
//!   +--------+---------+--------+---------+---------+---------+---------+---------+
//!  32       36        40        44                                               64
//!   +--------+---------+--------+--------------------------------------------------+
//!   | section| table   | entry  | zero; a reader ignores it                        |
//!   | count  | offset  | stride |                                                  |
//!   +--------+---------+--------+--------------------------------------------------+
//!
//! section entry, 64 bytes each from the table offset on
//!   0        4         8        12        16        20        24        28        32
//!   +--------+---------+--------+---------+---------+---------+---------+---------+
//!   | id     | kind    | version| flags   | offset            | len               |
//!   |        |         |        |         | low       high    | low       high    |
//!   +--------+---------+--------+---------+---------+---------+---------+---------+
//!  32       36        40        44        48                                     64
//!   +--------+---------+--------+---------+---------------------------------------+
//!   | param0 | param1  | param2 | param3  | name, UTF-8, padded with zeros        |
//!   +--------+---------+--------+---------+---------------------------------------+
//! ```
//!
//! Both are immutable once `state` is [`STATE_READY`]; storing that state publishes them.
#![forbid(unsafe_code)]

pub mod arena;
pub mod broadcast;
pub mod counters;
pub mod epoch;
pub mod epochs;
pub mod lanes;
pub mod log;
pub mod mpsc;
pub mod parties;
pub mod ping_pong;
pub mod registry;
pub mod ring;
pub mod role;
pub mod twin;

/// "INOS" in memory order on a little-endian machine.
pub const MAGIC: u32 = u32::from_le_bytes(*b"INOS");
/// Major version of the format: a reader refuses any other.
pub const FORMAT_MAJOR: u16 = 1;
/// Minor version of the format: a reader accepts any.
pub const FORMAT_MINOR: u16 = 0;

/// The state before anything was formatted.
pub const STATE_BLANK: u32 = 0;
/// Being formatted.
pub const STATE_FORMATTING: u32 = 1;
/// Formatted: may be attached.
pub const STATE_READY: u32 = 2;

/// Offset of the magic number.
pub const SUPERBLOCK_MAGIC: usize = 0;
/// Offset of the version: major in the upper half, minor in the lower.
pub const SUPERBLOCK_VERSION: usize = 4;
/// Offset of the layout hash: FNV-1a over the section table's words.
pub const SUPERBLOCK_LAYOUT_HASH: usize = 8;
/// Offset of the state.
pub const SUPERBLOCK_STATE: usize = 12;
/// Offset of the region's length in bytes.
pub const SUPERBLOCK_TOTAL_LEN: usize = 16;
/// Offset of the context id, which tells one formatting from the next.
pub const SUPERBLOCK_CONTEXT_ID: usize = 24;
/// Offset of the number of sections.
pub const SUPERBLOCK_SECTION_COUNT: usize = 32;
/// Offset of the section table's offset.
pub const SUPERBLOCK_TABLE_OFFSET: usize = 36;
/// Offset of the distance between section entries.
pub const SUPERBLOCK_ENTRY_STRIDE: usize = 40;
/// Bytes in the superblock.
pub const SUPERBLOCK_LEN: usize = 64;

/// Offset in an entry: the id that the application gave.
pub const ENTRY_ID: usize = 0;
/// Offset in an entry: the section's kind.
pub const ENTRY_KIND: usize = 4;
/// Offset in an entry: version of the kind, major in the upper half, minor in the lower.
pub const ENTRY_VERSION: usize = 8;
/// Offset in an entry: flags, none defined yet.
pub const ENTRY_FLAGS: usize = 12;
/// Offset in an entry: where the section begins, from the region's base.
pub const ENTRY_OFFSET: usize = 16;
/// Offset in an entry: bytes in the section.
pub const ENTRY_LEN: usize = 24;
/// Offset in an entry: four parameters, by kind.
pub const ENTRY_PARAMS: usize = 32;
/// Offset in an entry: the name.
pub const ENTRY_NAME: usize = 48;
/// Bytes in an entry that this version knows.
pub const ENTRY_LEN_KNOWN: usize = 64;
/// Bytes in a name.
pub const NAME_LEN: usize = 16;

/// Sections begin on, and are as long as, a multiple of this.
pub const SECTION_ALIGN: u64 = 64;
/// Most sections in a region.
pub const MAX_SECTIONS: usize = 32;
/// Smallest region.
pub const MIN_REGION_LEN: u64 = 4096;

/// Bytes without structure, for the application.
pub const KIND_RAW: u32 = 1;
/// Epoch words.
pub const KIND_EPOCHS: u32 = 2;
/// A single-producer single-consumer byte ring.
pub const KIND_RING: u32 = 3;
/// Newest-state buffer.
pub const KIND_PING_PONG: u32 = 4;
/// Submission and completion queues.
pub const KIND_LANES: u32 = 5;
/// The unit registry.
pub const KIND_REGISTRY: u32 = 6;

/// Who takes part, and the leases that say who is alive.
pub const KIND_PARTIES: u32 = 7;
/// A byte ring of many producers.
pub const KIND_MPSC: u32 = 8;
/// A ring that overwrites what was not read in time.
pub const KIND_BROADCAST: u32 = 9;
/// Memory to allocate from.
pub const KIND_ARENA: u32 = 10;
/// Which blocks of other sections changed, for those who keep a replica.
pub const KIND_DIRTY_MAP: u32 = 11;
/// Named counters.
pub const KIND_COUNTERS: u32 = 12;
/// The newest events.
pub const KIND_LOG: u32 = 13;
/// Unit slots beyond those of the registry.
pub const KIND_REGISTRY_OVERFLOW: u32 = 14;

/// A cache line.
pub const LINE: usize = 64;
/// Distance between control words that one party writes while another polls the other: two cache
/// lines, since processors fetch the neighbour of a line along with it.
pub const APART: usize = 2 * LINE;
/// What ring positions count, and what records are rounded up to, in bytes.
pub const GRANULE: usize = 8;

const _: () = {
    assert!(SUPERBLOCK_ENTRY_STRIDE + 4 <= SUPERBLOCK_LEN);
    assert!(ENTRY_NAME + NAME_LEN == ENTRY_LEN_KNOWN);
    assert!(SUPERBLOCK_LEN.is_multiple_of(SECTION_ALIGN as usize));
    assert!(ENTRY_LEN_KNOWN.is_multiple_of(4));
    assert!(
        (SUPERBLOCK_LEN + MAX_SECTIONS * ENTRY_LEN_KNOWN) as u64 <= MIN_REGION_LEN,
        "the table of a full layout fits into the smallest region"
    );
};

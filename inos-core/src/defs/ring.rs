//! The bytes of a ring of one producer and one consumer. No behaviour.
//!
//! ```text
//!   0                4               8                                            128
//!   +----------------+---------------+----------------------------------------------+
//!   | producer lease | tail          | unused: the consumer's words stay off        |
//!   +----------------+---------------+----------------------------------------------+
//! 128              132             136                                            256
//!   +----------------+---------------+----------------------------------------------+
//!   | consumer lease | head          | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! 256: `capacity` granules of 8 bytes
//!
//! record, on a granule
//!   0                4               8
//!   +---+------------+---------------+----------------------------------------------+
//!   | P | length: 31 | tag           | payload, padded to 8 bytes                   |
//!   +---+------------+---------------+----------------------------------------------+
//! ```
//!
//! Tail and head are positions: they count granules, in 31 bits, and wrap.

use super::{APART, GRANULE};

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: capacity in granules, a power of two.
pub const PARAM_CAPACITY: usize = 0;
/// Smallest capacity in granules.
pub const MIN_CAPACITY: u32 = 8;
/// Largest capacity in granules.
pub const MAX_CAPACITY: u32 = 1 << 30;

/// Offset of the producer's lease.
pub const PRODUCER_LEASE: usize = 0;
/// Offset of the tail, which the producer stores to publish.
pub const TAIL: usize = 4;
/// Offset of the consumer's lease.
pub const CONSUMER_LEASE: usize = APART;
/// Offset of the head, which the consumer stores to free space.
pub const HEAD: usize = APART + 4;
/// Offset of the granules.
pub const DATA: usize = 2 * APART;
/// Bits of a position; the others are 0.
pub const POSITION_MASK: u32 = (1 << 31) - 1;

/// Offset in a record: bytes of the payload, and the padding bit.
pub const RECORD_LEN: usize = 0;
/// Offset in a record: the tag.
pub const RECORD_TAG: usize = 4;
/// Bytes in a record before its payload.
pub const HEADER_LEN: usize = GRANULE;
/// Bit of a record's length: the granules up to the end of the ring are no record.
pub const PADDING: u32 = 1 << 31;

const _: () = {
    assert!(PRODUCER_LEASE + 4 <= TAIL && TAIL + 4 <= CONSUMER_LEASE);
    assert!(CONSUMER_LEASE + 4 <= HEAD && HEAD + 4 <= DATA);
    assert!(RECORD_LEN == 0 && RECORD_TAG == 4 && HEADER_LEN == 8);
    assert!(MAX_CAPACITY <= POSITION_MASK / 2 + 1, "a distance is never ambiguous");
};

//! The bytes of a broadcast. No behaviour.
//!
//! ```text
//!   0                    4          8          12                                   64
//!   +--------------------+----------+----------+----------+-------------------------+
//!   | transmitter lease  | intent   | wraps    | latest   | zero                    |
//!   +--------------------+----------+----------+----------+-------------------------+
//!  64: `capacity` granules of 8 bytes
//!
//! record, on a granule
//!   0                4            8            12           16
//!   +---+------------+------------+------------+------------+-----------------------+
//!   | P | length: 31 | tag        | sequence   | position   | payload, padded to 8  |
//!   +---+------------+------------+------------+------------+-----------------------+
//! ```
//!
//! Positions count granules, in 63 bits, of which a word has the lower or the upper 32.

use super::{GRANULE, LINE};

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: capacity in granules, a power of two.
pub const PARAM_CAPACITY: usize = 0;
/// Smallest capacity in granules: the largest record takes four.
pub const MIN_CAPACITY: u32 = 32;
/// Largest capacity in granules.
pub const MAX_CAPACITY: u32 = 1 << 30;
/// A record takes at most one in this many granules of the ring.
pub const SHARE: u32 = 8;

/// Offset of the transmitter's lease.
pub const TRANSMITTER_LEASE: usize = 0;
/// Offset of the lower bits of the position up to which the transmitter may be writing.
pub const INTENT: usize = 4;
/// Offset of the upper bits of the same position.
pub const WRAPS: usize = 8;
/// Offset of the lower bits of the newest record's position, 0 before the first.
pub const LATEST: usize = 12;
/// Offset of the granules.
pub const DATA: usize = LINE;
/// Lowest bit of a position that the word of its upper bits has.
pub const WRAPS_SHIFT: u32 = 31;

/// Offset in a record: bytes of the payload, and the padding bit.
pub const RECORD_LEN: usize = 0;
/// Offset in a record: the tag.
pub const RECORD_TAG: usize = 4;
/// Offset in a record: its number.
pub const RECORD_SEQUENCE: usize = 8;
/// Offset in a record: the lower bits of its position.
pub const RECORD_POSITION: usize = 12;
/// Bytes in a record before its payload.
pub const HEADER_LEN: usize = 2 * GRANULE;
/// Bit of a record's length: the granules up to the end of the ring are no record.
pub const PADDING: u32 = 1 << 31;

const _: () = {
    assert!(TRANSMITTER_LEASE + 4 <= INTENT && INTENT + 4 <= WRAPS && WRAPS + 4 <= LATEST);
    assert!(LATEST + 4 <= DATA);
    assert!(RECORD_LEN + 4 <= RECORD_TAG && RECORD_TAG + 4 <= RECORD_SEQUENCE);
    assert!(RECORD_SEQUENCE + 4 <= RECORD_POSITION && RECORD_POSITION + 4 <= HEADER_LEN);
};

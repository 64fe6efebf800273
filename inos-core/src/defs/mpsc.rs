//! The bytes of a ring of many producers. No behaviour.
//!
//! ```text
//!   0                4               8                                            128
//!   +----------------+---------------+----------------------------------------------+
//!   | tail: a hint   | unused                                                       |
//!   +----------------+---------------+----------------------------------------------+
//! 128              132             136                                            256
//!   +----------------+---------------+----------------------------------------------+
//!   | head ticket    | head          | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! 256              260             264                                            384
//!   +----------------+---------------+----------------------------------------------+
//!   | consumer lease | read          | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! 384: per seat 128 bytes
//!   +----------------+---------------+----------------------------------------------+
//!   | producer lease | intent        | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per ticket 8 bytes, all of them rounded up to a line
//!   +----------------+---------------+
//!   | extent         | state         |
//!   +----------------+---------------+
//! `capacity` granules of 8 bytes
//!
//! record, on a granule of what one producer claimed
//!   0                4               8
//!   +----------------+---------------+----------------------------------------------+
//!   | length         | tag           | payload, padded to 8 bytes                   |
//!   +----------------+---------------+----------------------------------------------+
//! ```
//!
//! [`protocol::mpsc`](crate::protocol::mpsc) says what the words mean.

use super::{APART, GRANULE};

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: capacity in granules, a power of two.
pub const PARAM_CAPACITY: usize = 0;
/// Parameter: number of tickets, a power of two.
pub const PARAM_TICKETS: usize = 1;
/// Parameter: number of seats.
pub const PARAM_SEATS: usize = 2;
/// Smallest capacity in granules.
pub const MIN_CAPACITY: u32 = 8;
/// Largest capacity in granules.
pub const MAX_CAPACITY: u32 = super::ring::MAX_CAPACITY;
/// Fewest tickets.
pub const MIN_TICKETS: u32 = 4;
/// Most tickets.
pub const MAX_TICKETS: u32 = 1 << 16;
/// Most seats.
pub const MAX_SEATS: u32 = 1 << 10;

/// Offset of a hint at the first free ticket.
pub const TAIL: usize = 0;
/// Offset of the oldest ticket that was not recycled.
pub const HEAD_TICKET: usize = APART;
/// Offset of where the space of that ticket begins.
pub const HEAD: usize = APART + 4;
/// Offset of the consumer's lease.
pub const CONSUMER_LEASE: usize = 2 * APART;
/// Offset of how far the consumer has read.
pub const READ: usize = 2 * APART + 4;
/// Offset of the seats.
pub const SEATS: usize = 3 * APART;
/// Bytes of a seat.
pub const SEAT_LEN: usize = APART;
/// Offset in a seat: the lease of its producer.
pub const SEAT_LEASE: usize = 0;
/// Offset in a seat: the ticket that its producer announces.
pub const INTENT: usize = 4;
/// Bytes of a ticket.
pub const TICKET_LEN: usize = 8;
/// Offset in a ticket: the extent.
pub const EXTENT: usize = 0;
/// Offset in a ticket: the state.
pub const STATE: usize = 4;

/// Bits of a position, and of a ticket's number.
pub const POSITION_MASK: u32 = (1 << 31) - 1;
/// The head ticket of a ring whose words make no sense.
pub const BEYOND_REPAIR: u32 = u32::MAX;
/// Bit of an extent: the ticket is claimed.
pub const CLAIMED: u32 = 1 << 31;
/// Bit of an intent: a ticket is announced.
pub const ANNOUNCED: u32 = 1 << 31;
/// Lowest bit, in a state, of its kind.
pub const STATE_SHIFT: u32 = 30;
/// Kind of a state: nobody has written the record yet; with the lap.
pub const OPEN: u32 = 0;
/// Kind of a state: published; with the number of granules used.
pub const COMMITTED: u32 = 1 << STATE_SHIFT;
/// Kind of a state: passed by, and its space not to be used again; with the lap.
pub const ABANDONED: u32 = 2 << STATE_SHIFT;
/// Kind of a state: nobody will write there any more; with the lap.
pub const RELEASED: u32 = 3 << STATE_SHIFT;
/// How far recycling goes before it looks for announcements from long ago, and how old one is
/// then.
pub const LONG_AGO: u32 = 1 << 28;

/// Offset in a record: bytes of the payload.
pub const RECORD_LEN: usize = 0;
/// Offset in a record: the tag.
pub const RECORD_TAG: usize = 4;
/// Bytes in a record before its payload.
pub const HEADER_LEN: usize = GRANULE;

const _: () = {
    assert!(TAIL + 4 <= HEAD_TICKET && HEAD_TICKET + 4 <= HEAD && HEAD + 4 <= CONSUMER_LEASE);
    assert!(CONSUMER_LEASE + 4 <= READ && READ + 4 <= SEATS);
    assert!(SEAT_LEASE + 4 <= INTENT && INTENT + 4 <= SEAT_LEN);
    assert!(EXTENT + 4 <= STATE && STATE + 4 <= TICKET_LEN);
    assert!(RECORD_LEN == 0 && RECORD_TAG == 4 && HEADER_LEN == 8);
    assert!(POSITION_MASK & CLAIMED == 0 && POSITION_MASK & ANNOUNCED == 0);
    assert!(BEYOND_REPAIR > POSITION_MASK && LONG_AGO.is_power_of_two());
    assert!(MAX_CAPACITY <= POSITION_MASK / 2 + 1, "a distance is never ambiguous");
};

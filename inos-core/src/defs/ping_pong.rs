//! The bytes of a newest-state buffer. No behaviour.
//!
//! ```text
//!   0                4               8                                             64
//!   +----------------+---------------+----------------------------------------------+
//!   | writer lease   | latest        | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per slot, one line
//!   +----------------+---------------+----------------------------------------------+
//!   | sequence       | frame length  | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per seat, one line
//!   +----------------+---------------+----------------------------------------------+
//!   | lease          | pin           | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! per slot: the frame's bytes, rounded up to a line
//! ```
//!
//! [`protocol::ping_pong`](crate::protocol::ping_pong) says what is in `latest`, `sequence` and
//! `pin`.

use super::LINE;

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of slots in bits 0 to 7, of seats in bits 8 to 15, and the mode above.
pub const PARAM_SHAPE: usize = 0;
/// Parameter: bytes in the largest frame.
pub const PARAM_FRAME_LEN: usize = 1;
/// Parameter: bytes in an item, 0 if frames are just bytes.
pub const PARAM_ITEM_LEN: usize = 2;
/// Lowest bit, in the parameter of the shape, of the number of seats.
pub const SHAPE_SEATS_SHIFT: u32 = 8;
/// Lowest bit, in the parameter of the shape, of the mode.
pub const SHAPE_MODE_SHIFT: u32 = 16;
/// Bits of the number of slots, and, shifted, of seats.
pub const SHAPE_COUNT: u32 = 0xff;
/// Mode: seated readers only.
pub const MODE_PINNED: u32 = 0;
/// Mode: seated readers and observers; the writer stores by atomic words.
pub const MODE_OBSERVED: u32 = 1;

/// Smallest number of slots: the newest, the next, and one that a pin may hold back.
pub const MIN_SLOTS: u32 = 3;
/// Largest number of slots.
pub const MAX_SLOTS: u32 = 1 << SLOT_BITS;

/// Offset of the writer's lease.
pub const WRITER_LEASE: usize = 0;
/// Offset of the newest frame's version and slot, 0 before the first.
pub const LATEST: usize = 4;
/// Offset in a slot's line: the sequence word.
pub const SEQUENCE: usize = 0;
/// Offset in a slot's line: bytes of the frame.
pub const FRAME_LEN: usize = 4;
/// Offset in a seat's line: the lease of its reader.
pub const SEAT_LEASE: usize = 0;
/// Offset in a seat's line: the slot that its reader pins, plus 1, or 0.
pub const PIN: usize = 4;

/// Bits of the newest frame's word that are the slot; its version is above them.
pub const SLOT_BITS: u32 = 4;
/// Bit of a slot's sequence word: its bytes are not a frame.
pub const BUSY: u32 = 1;
/// Lowest bit, in a slot's sequence word, of the version of its frame.
pub const SEQUENCE_SHIFT: u32 = 1;
/// Bits of a version; 0 is none.
pub const VERSION_MASK: u32 = (1 << 28) - 1;

const _: () = {
    assert!(WRITER_LEASE + 4 <= LATEST && LATEST + 4 <= LINE);
    assert!(SEQUENCE + 4 <= FRAME_LEN && FRAME_LEN + 4 <= LINE);
    assert!(SEAT_LEASE + 4 <= PIN && PIN + 4 <= LINE);
    assert!(MAX_SLOTS <= SHAPE_COUNT && SHAPE_COUNT < 1 << SHAPE_SEATS_SHIFT);
    assert!(SHAPE_COUNT << SHAPE_SEATS_SHIFT < 1 << SHAPE_MODE_SHIFT);
    assert!(BUSY < 1 << SEQUENCE_SHIFT);
    assert!(VERSION_MASK << SLOT_BITS >> SLOT_BITS == VERSION_MASK);
};

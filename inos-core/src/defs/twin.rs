//! The bytes of a dirty map, which twins pull by. No behaviour.
//!
//! ```text
//!   0                4                                                              64
//!   +----------------+---------------------------------------------------------------+
//!   | writer lease   | unused                                                        |
//!   +----------------+---------------------------------------------------------------+
//!  64               68                                                             128
//!   +----------------+---------------------------------------------------------------+
//!   | epoch          | unused                                                        |
//!   +----------------+---------------------------------------------------------------+
//! then three arrays of stamps, a word each, every array rounded up to a line
//!   one per 4096 blocks   |   one per 64 blocks   |   one per block
//! ```

use super::LINE;

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: id of the first section of the group.
pub const PARAM_FIRST: usize = 0;
/// Parameter: number of sections in the group.
pub const PARAM_SECTIONS: usize = 1;
/// Parameter: bytes in a block, a power of two.
pub const PARAM_BLOCK_LEN: usize = 2;
/// Parameter: number of blocks in the group.
pub const PARAM_BLOCKS: usize = 3;
/// The shortest block, as a power of two.
pub const MIN_BLOCK_BITS: u32 = 6;
/// The longest block, as a power of two.
pub const MAX_BLOCK_BITS: u32 = 24;
/// Most blocks in a group.
pub const MAX_BLOCKS: u64 = 1 << 24;

/// Offset of the writer's lease.
pub const WRITER_LEASE: usize = 0;
/// Offset of the epoch of the newest published state.
pub const EPOCH: usize = LINE;
/// Offset of the stamps.
pub const STAMPS: usize = 2 * LINE;
/// How many stamps one stamp of the level above stands for.
pub const FANOUT: u32 = 64;

/// Bits of a stamp, and of the difference of two.
pub const STAMP_MASK: u32 = (1 << 31) - 1;
/// Ages from here on are all the same: long ago.
pub const HORIZON: u32 = 1 << 29;
/// Ages from here on are negative: the stamp is ahead of the epoch.
pub const AHEAD: u32 = 1 << 30;

const _: () = {
    assert!(WRITER_LEASE + 4 <= EPOCH && EPOCH + 4 <= STAMPS);
    assert!(STAMP_MASK == u32::MAX >> super::epoch::SHIFT, "a stamp is an epoch");
    assert!(HORIZON < AHEAD && AHEAD < STAMP_MASK);
};

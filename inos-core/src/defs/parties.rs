//! The bytes of the table of parties. No behaviour.
//!
//! ```text
//!   0                4                                                            64
//!   +----------------+--------------------------------------------------------------+
//!   | reaper lease   | zero                                                         |
//!   +----------------+--------------------------------------------------------------+
//! seat i, at 64 * i, i from 1 on
//!   0        4           8            12          16                  48          64
//!   +--------+-----------+------------+-----------+-------------------+-----------+
//!   | lease  | heartbeat | process id | described | label, UTF-8,     | zero      |
//!   |        | epoch     |            |           | padded with zeros |           |
//!   +--------+-----------+------------+-----------+-------------------+-----------+
//! ```

use super::LINE;
use super::role::MAX_PARTY;

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of seats.
pub const PARAM_SEATS: usize = 0;
/// Parameter: how parties prove that they are alive.
pub const PARAM_SCHEME: usize = 1;
/// Most seats.
pub const MAX_SEATS: u32 = MAX_PARTY as u32;

/// Scheme: nobody dies before the memory does.
pub const SCHEME_ALWAYS_ALIVE: u32 = 0;
/// Scheme: a party holds a lock on a byte of the region's file.
pub const SCHEME_FILE_LOCKS: u32 = 1;
/// Scheme: a thread holds a guard.
pub const SCHEME_GUARDS: u32 = 2;
/// First scheme that is an embedder's to define.
pub const SCHEME_EMBEDDER: u32 = 256;

/// Offset of the lease that is held while the claims of the dead are taken.
pub const REAPER_LEASE: usize = 0;
/// Offset in a seat's line: the lease of its party, whose number is the seat's.
pub const SEAT_LEASE: usize = 0;
/// Offset in a seat's line: an epoch that its party advances.
pub const HEARTBEAT: usize = 4;
/// Offset in a seat's line: the number of its party's process.
pub const PROCESS_ID: usize = 8;
/// Offset in a seat's line: the lease word that process id and label belong to.
pub const DESCRIBED: usize = 12;
/// Offset in a seat's line: the label.
pub const LABEL: usize = 16;
/// Bytes in a party's label.
pub const MAX_LABEL_LEN: usize = 32;

const _: () = {
    assert!(REAPER_LEASE + 4 <= LINE);
    assert!(SEAT_LEASE + 4 <= HEARTBEAT && HEARTBEAT + 4 <= PROCESS_ID);
    assert!(PROCESS_ID + 4 <= DESCRIBED && DESCRIBED + 4 <= LABEL);
    assert!(LABEL + MAX_LABEL_LEN <= LINE && MAX_LABEL_LEN.is_multiple_of(4));
};

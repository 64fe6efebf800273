//! The bytes of lanes, and of the calls in them. No behaviour.
//!
//! ```text
//! section
//!   0            4                64                 64 + ready_len
//!   +------------+----------------+-----------------+--------+--------+---
//!   | doorbell   | service lease  | ready bitmap, a | lane 0 | lane 1 | ...
//!   | epoch      |                | bit per lane    |        |        |
//!   +------------+----------------+-----------------+--------+--------+---
//!
//! lane
//!   0              4                   128        256        384        512        640
//!   +--------------+--------------------+----------+----------+----------+----------+
//!   | client lease | completion epoch   | sq tail  | sq head  | cq tail  | cq head  |
//!   +--------------+--------------------+----------+----------+----------+----------+
//!  640                640 + 64 n           640 + 96 n              + 16 n, rounded up to 64
//!   +------------------+--------------------+-----------------------+---------------+
//!   | submissions,     | completions,       | calls in flight,      | buffer        |
//!   | 64 B each        | 32 B each          | 16 B each             |               |
//!   +------------------+--------------------+-----------------------+---------------+
//!
//! call in flight
//!   0      4         8            16
//!   +------+---------+------------+
//!   | mark | call id | deadline,  |  the service's own clock, in ns; 0 for none
//!   |      |         | ns         |
//!   +------+---------+------------+
//!
//! submission
//!   0               4         8        12        16        24       36       48        60   64
//!   +-------+-------+---------+--------+---------+---------+--------+--------+---------+-----+
//!   | op-   | flags | call id | unit   | method  | timeout | input  | params | output  |block|
//!   | code  |       |         |        |         | ns      |        |        |         | len |
//!   +-------+-------+---------+--------+---------+---------+--------+--------+---------+-----+
//!
//! completion                                       payload reference
//!   0         4        8     12   16      24      32   0       4        8     12
//!   +---------+--------+-----+----+-------+-------+    +-------+--------+-----+
//!   | call id | status | len | 0  | value | ns    |    | space | offset | len |
//!   +---------+--------+-----+----+-------+-------+    +-------+--------+-----+
//! ```
//!
//! 64-bit numbers are two words, low first. Positions and marks are those of
//! [`protocol::lane`](crate::protocol::lane).
//!
//! Flags: bits 0 to 2 are the priority, the others are 0.
//!
//! A payload reference's space is 0 for none, 1 for the lane's buffer, 2^31 + id for a section, and
//! 2^30 + id for a block of an arena in section id, below 2^30. Of an input that is a block, the
//! handle takes the place of offset and length, and the submission's last word says how many of its
//! bytes are meant; of an output, offset is 0 and length the most that the result may have, 0 for
//! no limit. The handle of the block with the result is the completion's value: its offset in the
//! lower half, its generation in the upper.

use super::{APART, LINE};

/// Major version of this kind of section.
pub const MAJOR: u16 = 1;
/// Parameter: number of lanes.
pub const PARAM_LANES: usize = 0;
/// Parameter: entries of each of a lane's rings, a power of two.
pub const PARAM_ENTRIES: usize = 1;
/// Parameter: bytes of a lane's buffer.
pub const PARAM_BUFFER_LEN: usize = 2;
/// Most lanes in a section.
pub const MAX_LANES: u32 = 1024;
/// Fewest entries of a lane's rings.
pub const MIN_ENTRIES: u32 = 2;
/// Most entries of a lane's rings.
pub const MAX_ENTRIES: u32 = 4096;

/// Offset of the epoch that says "a lane has something to say".
pub const DOORBELL: usize = 0;
/// Offset of the lease of the service role.
pub const SERVICE_LEASE: usize = 4;
/// Offset of the ready bitmap, a bit per lane, rounded up to a line.
pub const READY: usize = LINE;

/// Offset in a lane: the lease of the client role.
pub const CLIENT_LEASE: usize = 0;
/// Offset in a lane: the epoch that says "there is a completion".
pub const COMPLETION_EPOCH: usize = 4;
/// Offset in a lane: entries submitted, which the client writes.
pub const SQ_TAIL: usize = APART;
/// Offset in a lane: entries accepted, which the service writes.
pub const SQ_HEAD: usize = 2 * APART;
/// Offset in a lane: calls answered, which the service writes.
pub const CQ_TAIL: usize = 3 * APART;
/// Offset in a lane: answers taken, which the client writes.
pub const CQ_HEAD: usize = 4 * APART;
/// Offset in a lane: the submissions.
pub const SUBMISSIONS: usize = 5 * APART;
/// Bits of a position; the others are 0.
pub const POSITION_MASK: u32 = (1 << 31) - 1;

/// Bytes of a slot in the table of calls in flight.
pub const SLOT_LEN: usize = 16;
/// Offset in a slot: how far the call has come.
pub const SLOT_MARK: usize = 0;
/// Offset in a slot: the call's id.
pub const SLOT_CALL: usize = 4;
/// Offset in a slot: the deadline in nanoseconds of the service's clock, 0 for none.
pub const SLOT_DEADLINE: usize = 8;
/// State of a slot: no call.
pub const FREE: u32 = 0;
/// State of a slot: the call at this position is accepted if the submissions' head has passed it.
pub const ACCEPTING: u32 = 1;
/// State of a slot: a call of the running service.
pub const HELD: u32 = 2;
/// State of a slot: the call is answered if the completions' tail has passed this position.
pub const ANSWERING: u32 = 3;
/// State of a slot: a call that a former service did not answer.
pub const ORPHAN: u32 = 4;
/// The bits of a mark that are the state.
pub const STATE: u32 = 7;
/// Lowest bit, in a mark, of the lower 29 bits of a position.
pub const MARK_POSITION_SHIFT: u32 = 3;

/// Bytes of a submission.
pub const SUBMISSION_LEN: usize = 64;
/// Offset in a submission: the opcode in the lower half, flags in the upper.
pub const SUBMISSION_OPCODE: usize = 0;
/// Offset in a submission: the call's id.
pub const SUBMISSION_CALL: usize = 4;
/// Offset in a submission: the unit's id.
pub const SUBMISSION_UNIT: usize = 8;
/// Offset in a submission: the number of the method.
pub const SUBMISSION_METHOD: usize = 12;
/// Offset in a submission: nanoseconds from the acceptance on, 0 for no limit.
pub const SUBMISSION_TIMEOUT: usize = 16;
/// Offset in a submission: the payload reference of the input.
pub const SUBMISSION_INPUT: usize = 24;
/// Offset in a submission: the payload reference of the parameters.
pub const SUBMISSION_PARAMS: usize = 36;
/// Offset in a submission: the payload reference of the output.
pub const SUBMISSION_OUTPUT: usize = 48;
/// Offset in a submission: how many bytes of an input that is a block.
pub const SUBMISSION_BLOCK_LEN: usize = 60;
/// Lowest bit, in the word of the opcode, of the flags.
pub const FLAGS_SHIFT: u32 = 16;
/// The bits of a submission's flags that are its priority.
pub const PRIORITY_MASK: u16 = 7;

/// Bytes of a completion.
pub const COMPLETION_LEN: usize = 32;
/// Offset in a completion: the call's id.
pub const COMPLETION_CALL: usize = 0;
/// Offset in a completion: the status.
pub const COMPLETION_STATUS: usize = 4;
/// Offset in a completion: bytes of the result.
pub const COMPLETION_RESULT_LEN: usize = 8;
/// Offset in a completion: a small result.
pub const COMPLETION_VALUE: usize = 16;
/// Offset in a completion: nanoseconds from the acceptance on.
pub const COMPLETION_ELAPSED: usize = 24;

/// Bytes of a payload reference.
pub const REFERENCE_LEN: usize = 12;
/// Offset in a payload reference: the space.
pub const REFERENCE_SPACE: usize = 0;
/// Offset in a payload reference: the first byte in that space.
pub const REFERENCE_OFFSET: usize = 4;
/// Offset in a payload reference: how many bytes.
pub const REFERENCE_BYTES: usize = 8;
/// Space of a reference to no bytes.
pub const SPACE_NONE: u32 = 0;
/// Space of a reference into the lane's buffer.
pub const SPACE_BUFFER: u32 = 1;
/// Space of a reference into a section, to which the section's id is added.
pub const SPACE_SECTION: u32 = 1 << 31;
/// Space of a reference to a block of an arena, to which the section's id is added.
pub const SPACE_BLOCK: u32 = 1 << 30;

const _: () = {
    assert!(DOORBELL + 4 <= SERVICE_LEASE && SERVICE_LEASE + 4 <= READY);
    assert!(CLIENT_LEASE + 4 <= COMPLETION_EPOCH && COMPLETION_EPOCH + 4 <= SQ_TAIL);
    assert!(SQ_TAIL + 4 <= SQ_HEAD && SQ_HEAD + 4 <= CQ_TAIL && CQ_TAIL + 4 <= CQ_HEAD);
    assert!(CQ_HEAD + 4 <= SUBMISSIONS);
    assert!(SLOT_MARK + 4 <= SLOT_CALL && SLOT_CALL + 4 <= SLOT_DEADLINE);
    assert!(SLOT_DEADLINE + 8 <= SLOT_LEN);
    assert!(ORPHAN <= STATE && STATE < 1 << MARK_POSITION_SHIFT);
    assert!(SUBMISSION_OPCODE + 4 <= SUBMISSION_CALL && SUBMISSION_CALL + 4 <= SUBMISSION_UNIT);
    assert!(SUBMISSION_UNIT + 4 <= SUBMISSION_METHOD);
    assert!(SUBMISSION_METHOD + 4 <= SUBMISSION_TIMEOUT);
    assert!(SUBMISSION_TIMEOUT + 8 <= SUBMISSION_INPUT);
    assert!(SUBMISSION_INPUT + REFERENCE_LEN <= SUBMISSION_PARAMS);
    assert!(SUBMISSION_PARAMS + REFERENCE_LEN <= SUBMISSION_OUTPUT);
    assert!(SUBMISSION_OUTPUT + REFERENCE_LEN <= SUBMISSION_BLOCK_LEN);
    assert!(SUBMISSION_BLOCK_LEN + 4 <= SUBMISSION_LEN);
    assert!(COMPLETION_CALL + 4 <= COMPLETION_STATUS);
    assert!(COMPLETION_STATUS + 4 <= COMPLETION_RESULT_LEN);
    assert!(COMPLETION_RESULT_LEN + 4 <= COMPLETION_VALUE);
    assert!(COMPLETION_VALUE + 8 <= COMPLETION_ELAPSED && COMPLETION_ELAPSED + 8 <= COMPLETION_LEN);
    assert!(REFERENCE_SPACE + 4 <= REFERENCE_OFFSET && REFERENCE_OFFSET + 4 <= REFERENCE_BYTES);
    assert!(REFERENCE_BYTES + 4 <= REFERENCE_LEN);
};

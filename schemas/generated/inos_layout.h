/* The memory layout of an INOS region: constants.
 *
 * Generated: cargo run -p inos-schemas --example generate
 */
#ifndef INOS_LAYOUT_H
#define INOS_LAYOUT_H

#include <stdint.h>

/* Format and states */

/** "INOS" in memory order on a little-endian machine. */
#define INOS_MAGIC UINT32_C(0x534f4e49)

/** Major version of the format: a reader refuses any other. */
#define INOS_FORMAT_MAJOR UINT32_C(1)

/** Minor version of the format: a reader accepts any. */
#define INOS_FORMAT_MINOR UINT32_C(0)

/** The state before anything was formatted. */
#define INOS_STATE_BLANK UINT32_C(0)

/** Being formatted. */
#define INOS_STATE_FORMATTING UINT32_C(1)

/** Formatted: may be attached. */
#define INOS_STATE_READY UINT32_C(2)

/* Superblock, at the region's first byte */

/** Offset of the magic number. */
#define INOS_SUPERBLOCK_MAGIC UINT32_C(0)

/** Offset of the version: major in the upper half, minor in the lower. */
#define INOS_SUPERBLOCK_VERSION UINT32_C(4)

/** Offset of the layout hash: FNV-1a over the section table's words. */
#define INOS_SUPERBLOCK_LAYOUT_HASH UINT32_C(8)

/** Offset of the state. */
#define INOS_SUPERBLOCK_STATE UINT32_C(12)

/** Offset of the region's length in bytes. */
#define INOS_SUPERBLOCK_TOTAL_LEN UINT32_C(16)

/** Offset of the context id, which tells one formatting from the next. */
#define INOS_SUPERBLOCK_CONTEXT_ID UINT32_C(24)

/** Offset of the number of sections. */
#define INOS_SUPERBLOCK_SECTION_COUNT UINT32_C(32)

/** Offset of the section table's offset. */
#define INOS_SUPERBLOCK_TABLE_OFFSET UINT32_C(36)

/** Offset of the distance between section entries. */
#define INOS_SUPERBLOCK_ENTRY_STRIDE UINT32_C(40)

/** Bytes in the superblock. */
#define INOS_SUPERBLOCK_LEN UINT32_C(64)

/* Section entries, from the table's offset on */

/** Offset in an entry: the id that the application gave. */
#define INOS_ENTRY_ID UINT32_C(0)

/** Offset in an entry: the section's kind. */
#define INOS_ENTRY_KIND UINT32_C(4)

/** Offset in an entry: version of the kind, major in the upper half, minor in the lower. */
#define INOS_ENTRY_VERSION UINT32_C(8)

/** Offset in an entry: flags, none defined yet. */
#define INOS_ENTRY_FLAGS UINT32_C(12)

/** Offset in an entry: where the section begins, from the region's base. */
#define INOS_ENTRY_OFFSET UINT32_C(16)

/** Offset in an entry: bytes in the section. */
#define INOS_ENTRY_LEN UINT32_C(24)

/** Offset in an entry: four parameters, by kind. */
#define INOS_ENTRY_PARAMS UINT32_C(32)

/** Offset in an entry: the name. */
#define INOS_ENTRY_NAME UINT32_C(48)

/** Bytes in an entry that this version knows. */
#define INOS_ENTRY_LEN_KNOWN UINT32_C(64)

/** Bytes in a name. */
#define INOS_NAME_LEN UINT32_C(16)

/* Sizes and limits */

/** Sections begin on, and are as long as, a multiple of this. */
#define INOS_SECTION_ALIGN UINT32_C(64)

/** Most sections in a region. */
#define INOS_MAX_SECTIONS UINT32_C(32)

/** Smallest region. */
#define INOS_MIN_REGION_LEN UINT32_C(4096)

/** A cache line, for control words that different parties write. */
#define INOS_LINE UINT32_C(64)

/** What ring positions count, and what records are rounded up to, in bytes. */
#define INOS_GRANULE UINT32_C(8)

/* Section kinds */

/** Bytes without structure, for the application. */
#define INOS_KIND_RAW UINT32_C(1)

/** Epoch words. */
#define INOS_KIND_EPOCHS UINT32_C(2)

/** A single-producer single-consumer byte ring. */
#define INOS_KIND_RING UINT32_C(3)

/** Newest-state buffer. */
#define INOS_KIND_PING_PONG UINT32_C(4)

/** Submission and completion queues. */
#define INOS_KIND_LANES UINT32_C(5)

/** The unit registry. */
#define INOS_KIND_REGISTRY UINT32_C(6)

/** Who takes part, and the leases that say who is alive. */
#define INOS_KIND_PARTIES UINT32_C(7)

/** A byte ring of many producers. */
#define INOS_KIND_MPSC UINT32_C(8)

/** A ring that overwrites what was not read in time. */
#define INOS_KIND_BROADCAST UINT32_C(9)

/** Memory to allocate from. */
#define INOS_KIND_ARENA UINT32_C(10)

/** Which blocks of other sections changed, for those who keep a replica. */
#define INOS_KIND_DIRTY_MAP UINT32_C(11)

/** Named counters. */
#define INOS_KIND_COUNTERS UINT32_C(12)

/** The newest events. */
#define INOS_KIND_LOG UINT32_C(13)

/** Unit slots beyond those of the registry. */
#define INOS_KIND_REGISTRY_OVERFLOW UINT32_C(14)

/* Control words */

/** Bit of an epoch word: somebody sleeps on it. */
#define INOS_EPOCH_WAITERS UINT32_C(1)

/** What one advance adds to an epoch word. */
#define INOS_EPOCH_STEP UINT32_C(2)

/** Bit of a lease word: the role is held. */
#define INOS_ROLE_HELD UINT32_C(1)

/** Lowest bit, in a lease word, of the number of the party that holds it. */
#define INOS_ROLE_PARTY_SHIFT UINT32_C(1)

/** Lowest bit, in a lease word, of how often the role was taken. */
#define INOS_ROLE_GENERATION_SHIFT UINT32_C(11)

/** The largest number of a party; 0 is anonymous. */
#define INOS_ROLE_MAX_PARTY UINT32_C(1023)

/** Bit of a slot's sequence word: its bytes are not a frame. */
#define INOS_PING_PONG_BUSY UINT32_C(1)

/** Smallest number of slots of a ping-pong buffer. */
#define INOS_PING_PONG_MIN_SLOTS UINT32_C(3)

/** Largest number of slots of a ping-pong buffer. */
#define INOS_PING_PONG_MAX_SLOTS UINT32_C(16)

/* Calls */

/** Bytes of a submission. */
#define INOS_SUBMISSION_LEN UINT32_C(64)

/** Bytes of a completion. */
#define INOS_COMPLETION_LEN UINT32_C(32)

/** Nothing but an answer. */
#define INOS_OPCODE_NOOP UINT32_C(0)

/** Run a method of a unit. */
#define INOS_OPCODE_EXECUTE UINT32_C(1)

/** Cancel another call of the same lane. */
#define INOS_OPCODE_CANCEL UINT32_C(2)

/** Space of a reference to no bytes. */
#define INOS_SPACE_NONE UINT32_C(0)

/** Space of a reference into the lane's buffer. */
#define INOS_SPACE_BUFFER UINT32_C(1)

/** Space of a reference into a section, to which the section's id is added. */
#define INOS_SPACE_SECTION UINT32_C(0x80000000)

/** It ended well; numbers below 65,536 are the unit's errors. */
#define INOS_STATUS_OK UINT32_C(0)

/** The service does not know the opcode or a flag. */
#define INOS_STATUS_UNSUPPORTED UINT32_C(0x00010000)

/** A payload reference means no bytes that may be used this way. */
#define INOS_STATUS_BAD_REFERENCE UINT32_C(0x00010001)

/** The unit is not there. */
#define INOS_STATUS_NO_UNIT UINT32_C(0x00010002)

/** The unit has no method of this number. */
#define INOS_STATUS_NO_METHOD UINT32_C(0x00010003)

/** The service ended before the call did. */
#define INOS_STATUS_SHUT_DOWN UINT32_C(0x00010004)

/** The client cancelled it. */
#define INOS_STATUS_CANCELLED UINT32_C(0x00010005)

/** Its time was over. */
#define INOS_STATUS_TIMED_OUT UINT32_C(0x00010006)

/** The output has less room than the result needs. */
#define INOS_STATUS_TOO_SMALL UINT32_C(0x00010007)

/** Something that it needs is held by another party or has no room now. */
#define INOS_STATUS_BUSY UINT32_C(0x00010008)

/** The unit broke while it worked. */
#define INOS_STATUS_UNIT_FAILED UINT32_C(0x00010009)

/** No call of this id is to be cancelled. */
#define INOS_STATUS_NO_CALL UINT32_C(0x0001000a)

/** The service that accepted the call ended or died without an answer. */
#define INOS_STATUS_SERVICE_LOST UINT32_C(0x0001000b)

#endif /* INOS_LAYOUT_H */

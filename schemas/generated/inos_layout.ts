// The memory layout of an INOS region: constants.
//
// Generated: cargo run -p inos-schemas --example generate

// Format and states

/** "INOS" in memory order on a little-endian machine. */
export const MAGIC = 0x534f4e49;

/** Major version of the format: a reader refuses any other. */
export const FORMAT_MAJOR = 1;

/** Minor version of the format: a reader accepts any. */
export const FORMAT_MINOR = 0;

/** The state before anything was formatted. */
export const STATE_BLANK = 0;

/** Being formatted. */
export const STATE_FORMATTING = 1;

/** Formatted: may be attached. */
export const STATE_READY = 2;

// Superblock, at the region's first byte

/** Offset of the magic number. */
export const SUPERBLOCK_MAGIC = 0;

/** Offset of the version: major in the upper half, minor in the lower. */
export const SUPERBLOCK_VERSION = 4;

/** Offset of the layout hash: FNV-1a over the section table's words. */
export const SUPERBLOCK_LAYOUT_HASH = 8;

/** Offset of the state. */
export const SUPERBLOCK_STATE = 12;

/** Offset of the region's length in bytes. */
export const SUPERBLOCK_TOTAL_LEN = 16;

/** Offset of the context id, which tells one formatting from the next. */
export const SUPERBLOCK_CONTEXT_ID = 24;

/** Offset of the number of sections. */
export const SUPERBLOCK_SECTION_COUNT = 32;

/** Offset of the section table's offset. */
export const SUPERBLOCK_TABLE_OFFSET = 36;

/** Offset of the distance between section entries. */
export const SUPERBLOCK_ENTRY_STRIDE = 40;

/** Bytes in the superblock. */
export const SUPERBLOCK_LEN = 64;

// Section entries, from the table's offset on

/** Offset in an entry: the id that the application gave. */
export const ENTRY_ID = 0;

/** Offset in an entry: the section's kind. */
export const ENTRY_KIND = 4;

/** Offset in an entry: version of the kind, major in the upper half, minor in the lower. */
export const ENTRY_VERSION = 8;

/** Offset in an entry: flags, none defined yet. */
export const ENTRY_FLAGS = 12;

/** Offset in an entry: where the section begins, from the region's base. */
export const ENTRY_OFFSET = 16;

/** Offset in an entry: bytes in the section. */
export const ENTRY_LEN = 24;

/** Offset in an entry: four parameters, by kind. */
export const ENTRY_PARAMS = 32;

/** Offset in an entry: the name. */
export const ENTRY_NAME = 48;

/** Bytes in an entry that this version knows. */
export const ENTRY_LEN_KNOWN = 64;

/** Bytes in a name. */
export const NAME_LEN = 16;

// Sizes and limits

/** Sections begin on, and are as long as, a multiple of this. */
export const SECTION_ALIGN = 64;

/** Most sections in a region. */
export const MAX_SECTIONS = 32;

/** Smallest region. */
export const MIN_REGION_LEN = 4096;

/** A cache line, for control words that different parties write. */
export const LINE = 64;

/** What ring positions count, and what records are rounded up to, in bytes. */
export const GRANULE = 8;

// Section kinds

/** Bytes without structure, for the application. */
export const KIND_RAW = 1;

/** Epoch words. */
export const KIND_EPOCHS = 2;

/** A single-producer single-consumer byte ring. */
export const KIND_RING = 3;

/** Newest-state buffer. */
export const KIND_PING_PONG = 4;

/** Submission and completion queues. */
export const KIND_LANES = 5;

/** The unit registry. */
export const KIND_REGISTRY = 6;

/** Who takes part, and the leases that say who is alive. */
export const KIND_PARTIES = 7;

/** A byte ring of many producers. */
export const KIND_MPSC = 8;

/** A ring that overwrites what was not read in time. */
export const KIND_BROADCAST = 9;

/** Memory to allocate from. */
export const KIND_ARENA = 10;

/** Which blocks of other sections changed, for those who keep a replica. */
export const KIND_DIRTY_MAP = 11;

/** Named counters. */
export const KIND_COUNTERS = 12;

/** The newest events. */
export const KIND_LOG = 13;

/** Unit slots beyond those of the registry. */
export const KIND_REGISTRY_OVERFLOW = 14;

// Control words

/** Bit of an epoch word: somebody sleeps on it. */
export const EPOCH_WAITERS = 1;

/** What one advance adds to an epoch word. */
export const EPOCH_STEP = 2;

/** Bit of a lease word: the role is held. */
export const ROLE_HELD = 1;

/** Lowest bit, in a lease word, of the number of the party that holds it. */
export const ROLE_PARTY_SHIFT = 1;

/** Lowest bit, in a lease word, of how often the role was taken. */
export const ROLE_GENERATION_SHIFT = 11;

/** The largest number of a party; 0 is anonymous. */
export const ROLE_MAX_PARTY = 1023;

/** Bit of a slot's sequence word: its bytes are not a frame. */
export const PING_PONG_BUSY = 1;

/** Smallest number of slots of a ping-pong buffer. */
export const PING_PONG_MIN_SLOTS = 3;

/** Largest number of slots of a ping-pong buffer. */
export const PING_PONG_MAX_SLOTS = 16;

// Calls

/** Bytes of a submission. */
export const SUBMISSION_LEN = 64;

/** Bytes of a completion. */
export const COMPLETION_LEN = 32;

/** Nothing but an answer. */
export const OPCODE_NOOP = 0;

/** Run a method of a unit. */
export const OPCODE_EXECUTE = 1;

/** Cancel another call of the same lane. */
export const OPCODE_CANCEL = 2;

/** Space of a reference to no bytes. */
export const SPACE_NONE = 0;

/** Space of a reference into the lane's buffer. */
export const SPACE_BUFFER = 1;

/** Space of a reference into a section, to which the section's id is added. */
export const SPACE_SECTION = 0x80000000;

/** It ended well; numbers below 65,536 are the unit's errors. */
export const STATUS_OK = 0;

/** The service does not know the opcode or a flag. */
export const STATUS_UNSUPPORTED = 0x00010000;

/** A payload reference means no bytes that may be used this way. */
export const STATUS_BAD_REFERENCE = 0x00010001;

/** The unit is not there. */
export const STATUS_NO_UNIT = 0x00010002;

/** The unit has no method of this number. */
export const STATUS_NO_METHOD = 0x00010003;

/** The service ended before the call did. */
export const STATUS_SHUT_DOWN = 0x00010004;

/** The client cancelled it. */
export const STATUS_CANCELLED = 0x00010005;

/** Its time was over. */
export const STATUS_TIMED_OUT = 0x00010006;

/** The output has less room than the result needs. */
export const STATUS_TOO_SMALL = 0x00010007;

/** Something that it needs is held by another party or has no room now. */
export const STATUS_BUSY = 0x00010008;

/** The unit broke while it worked. */
export const STATUS_UNIT_FAILED = 0x00010009;

/** No call of this id is to be cancelled. */
export const STATUS_NO_CALL = 0x0001000a;

/** The service that accepted the call ended or died without an answer. */
export const STATUS_SERVICE_LOST = 0x0001000b;

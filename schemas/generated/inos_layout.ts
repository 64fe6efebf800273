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

/** A cache line. */
export const LINE = 64;

/** Distance between control words that one party writes while another polls the other: two cache lines, since processors fetch the neighbour of a line along with it. */
export const APART = 128;

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

// Epochs: the word, wherever one stands

/** Bit of an epoch word: somebody sleeps on it. */
export const EPOCH_WAITERS = 1;

/** Lowest bit, in an epoch word, of the epoch. */
export const EPOCH_SHIFT = 1;

/** What one advance adds to an epoch word. */
export const EPOCH_STEP = 2;

// Leases: the word, wherever one stands

/** Bit of a lease word: the role is held. */
export const ROLE_HELD = 1;

/** Lowest bit, in a lease word, of the number of the party that holds it. */
export const ROLE_PARTY_SHIFT = 1;

/** Lowest bit, in a lease word, of how often the role was taken. */
export const ROLE_GENERATION_SHIFT = 11;

/** The largest number of a party. */
export const ROLE_MAX_PARTY = 1023;

/** The number of a party that did not say who it is. */
export const ROLE_ANONYMOUS = 0;

// Parties

/** Major version of this kind of section. */
export const PARTIES_MAJOR = 1;

/** Parameter: number of seats. */
export const PARTIES_PARAM_SEATS = 0;

/** Parameter: how parties prove that they are alive. */
export const PARTIES_PARAM_SCHEME = 1;

/** Most seats. */
export const PARTIES_MAX_SEATS = 1023;

/** Scheme: nobody dies before the memory does. */
export const PARTIES_SCHEME_ALWAYS_ALIVE = 0;

/** Scheme: a party holds a lock on a byte of the region's file. */
export const PARTIES_SCHEME_FILE_LOCKS = 1;

/** Scheme: a thread holds a guard. */
export const PARTIES_SCHEME_GUARDS = 2;

/** First scheme that is an embedder's to define. */
export const PARTIES_SCHEME_EMBEDDER = 256;

/** Offset of the lease that is held while the claims of the dead are taken. */
export const PARTIES_REAPER_LEASE = 0;

/** Offset in a seat's line: the lease of its party, whose number is the seat's. */
export const PARTIES_SEAT_LEASE = 0;

/** Offset in a seat's line: an epoch that its party advances. */
export const PARTIES_HEARTBEAT = 4;

/** Offset in a seat's line: the number of its party's process. */
export const PARTIES_PROCESS_ID = 8;

/** Offset in a seat's line: the lease word that process id and label belong to. */
export const PARTIES_DESCRIBED = 12;

/** Offset in a seat's line: the label. */
export const PARTIES_LABEL = 16;

/** Bytes in a party's label. */
export const PARTIES_MAX_LABEL_LEN = 32;

// Banks of epochs

/** Major version of this kind of section. */
export const EPOCHS_MAJOR = 1;

/** Parameter: number of fixed words, 0 in a bank of named ones. */
export const EPOCHS_PARAM_COUNT = 0;

/** Parameter: distance between two epochs in bytes. */
export const EPOCHS_PARAM_STRIDE = 1;

/** Parameter: number of named slots, 0 in a bank of fixed words. */
export const EPOCHS_PARAM_SLOTS = 2;

/** Distance between packed words. */
export const EPOCHS_PACKED = 4;

/** Distance between padded words. */
export const EPOCHS_PADDED = 128;

/** Distance between named slots, as the parameter says it. */
export const EPOCHS_NAMED = 64;

/** Offset in a named slot: the epoch. */
export const EPOCHS_SLOT_EPOCH = 0;

/** Offset in a named slot: the state. */
export const EPOCHS_SLOT_STATE = 4;

/** Offset in a named slot: the name. */
export const EPOCHS_SLOT_NAME = 8;

/** Bytes in a named slot. */
export const EPOCHS_SLOT_LEN = 64;

/** Bytes in the longest name. */
export const EPOCHS_MAX_NAME_LEN = 24;

/** State of a named slot: nobody's. */
export const EPOCHS_FREE = 0;

/** State of a named slot: its claimant writes the name. */
export const EPOCHS_CLAIMED = 1;

/** State of a named slot: the name can be read, and may turn out to be another slot's. */
export const EPOCHS_PROPOSED = 2;

/** State of a named slot: the name is this slot's and no other's. */
export const EPOCHS_ACTIVE = 3;

/** Bits of a slot's state word that are the state. */
export const EPOCHS_STATE = 3;

/** Lowest bit, in a slot's state word, of the number of the party that claimed it. */
export const EPOCHS_PARTY_SHIFT = 2;

/** Lowest bit, in a slot's state word, of how often the slot was freed. */
export const EPOCHS_GENERATION_SHIFT = 12;

/** Lowest bit, in a name's hash, of the step in which it goes round the slots. */
export const EPOCHS_STEP_SHIFT = 16;

/** Lowest bit, in the id of a named epoch, of the generation; the slot's index is below it. */
export const EPOCHS_ID_GENERATION_SHIFT = 12;

/** Most slots of a bank of named epochs. */
export const EPOCHS_MAX_SLOTS = 4096;

// Rings of one producer

/** Major version of this kind of section. */
export const RING_MAJOR = 1;

/** Parameter: capacity in granules, a power of two. */
export const RING_PARAM_CAPACITY = 0;

/** Smallest capacity in granules. */
export const RING_MIN_CAPACITY = 8;

/** Largest capacity in granules. */
export const RING_MAX_CAPACITY = 0x40000000;

/** Offset of the producer's lease. */
export const RING_PRODUCER_LEASE = 0;

/** Offset of the tail, which the producer stores to publish. */
export const RING_TAIL = 4;

/** Offset of the consumer's lease. */
export const RING_CONSUMER_LEASE = 128;

/** Offset of the head, which the consumer stores to free space. */
export const RING_HEAD = 132;

/** Offset of the granules. */
export const RING_DATA = 256;

/** Bits of a position; the others are 0. */
export const RING_POSITION_MASK = 0x7fffffff;

/** Offset in a record: bytes of the payload, and the padding bit. */
export const RING_RECORD_LEN = 0;

/** Offset in a record: the tag. */
export const RING_RECORD_TAG = 4;

/** Bytes in a record before its payload. */
export const RING_HEADER_LEN = 8;

/** Bit of a record's length: the granules up to the end of the ring are no record. */
export const RING_PADDING = 0x80000000;

// Rings of many producers

/** Major version of this kind of section. */
export const MPSC_MAJOR = 1;

/** Parameter: capacity in granules, a power of two. */
export const MPSC_PARAM_CAPACITY = 0;

/** Parameter: number of tickets, a power of two. */
export const MPSC_PARAM_TICKETS = 1;

/** Parameter: number of seats. */
export const MPSC_PARAM_SEATS = 2;

/** Smallest capacity in granules. */
export const MPSC_MIN_CAPACITY = 8;

/** Largest capacity in granules. */
export const MPSC_MAX_CAPACITY = 0x40000000;

/** Fewest tickets. */
export const MPSC_MIN_TICKETS = 4;

/** Most tickets. */
export const MPSC_MAX_TICKETS = 0x00010000;

/** Most seats. */
export const MPSC_MAX_SEATS = 1024;

/** Offset of a hint at the first free ticket. */
export const MPSC_TAIL = 0;

/** Offset of the oldest ticket that was not recycled. */
export const MPSC_HEAD_TICKET = 128;

/** Offset of where the space of that ticket begins. */
export const MPSC_HEAD = 132;

/** Offset of the consumer's lease. */
export const MPSC_CONSUMER_LEASE = 256;

/** Offset of how far the consumer has read. */
export const MPSC_READ = 260;

/** Offset of the seats. */
export const MPSC_SEATS = 384;

/** Bytes of a seat. */
export const MPSC_SEAT_LEN = 128;

/** Offset in a seat: the lease of its producer. */
export const MPSC_SEAT_LEASE = 0;

/** Offset in a seat: the ticket that its producer announces. */
export const MPSC_INTENT = 4;

/** Bytes of a ticket. */
export const MPSC_TICKET_LEN = 8;

/** Offset in a ticket: the extent. */
export const MPSC_EXTENT = 0;

/** Offset in a ticket: the state. */
export const MPSC_STATE = 4;

/** Bits of a position, and of a ticket's number. */
export const MPSC_POSITION_MASK = 0x7fffffff;

/** The head ticket of a ring whose words make no sense. */
export const MPSC_BEYOND_REPAIR = 0xffffffff;

/** Bit of an extent: the ticket is claimed. */
export const MPSC_CLAIMED = 0x80000000;

/** Bit of an intent: a ticket is announced. */
export const MPSC_ANNOUNCED = 0x80000000;

/** Lowest bit, in a state, of its kind. */
export const MPSC_STATE_SHIFT = 30;

/** Kind of a state: nobody has written the record yet; with the lap. */
export const MPSC_OPEN = 0;

/** Kind of a state: published; with the number of granules used. */
export const MPSC_COMMITTED = 0x40000000;

/** Kind of a state: passed by, and its space not to be used again; with the lap. */
export const MPSC_ABANDONED = 0x80000000;

/** Kind of a state: nobody will write there any more; with the lap. */
export const MPSC_RELEASED = 0xc0000000;

/** How far recycling goes before it looks for announcements from long ago, and how old one is then. */
export const MPSC_LONG_AGO = 0x10000000;

/** Offset in a record: bytes of the payload. */
export const MPSC_RECORD_LEN = 0;

/** Offset in a record: the tag. */
export const MPSC_RECORD_TAG = 4;

/** Bytes in a record before its payload. */
export const MPSC_HEADER_LEN = 8;

// Broadcasts

/** Major version of this kind of section. */
export const BROADCAST_MAJOR = 1;

/** Parameter: capacity in granules, a power of two. */
export const BROADCAST_PARAM_CAPACITY = 0;

/** Smallest capacity in granules: the largest record takes four. */
export const BROADCAST_MIN_CAPACITY = 32;

/** Largest capacity in granules. */
export const BROADCAST_MAX_CAPACITY = 0x40000000;

/** A record takes at most one in this many granules of the ring. */
export const BROADCAST_SHARE = 8;

/** Offset of the transmitter's lease. */
export const BROADCAST_TRANSMITTER_LEASE = 0;

/** Offset of the lower bits of the position up to which the transmitter may be writing. */
export const BROADCAST_INTENT = 4;

/** Offset of the upper bits of the same position. */
export const BROADCAST_WRAPS = 8;

/** Offset of the lower bits of the newest record's position, 0 before the first. */
export const BROADCAST_LATEST = 12;

/** Offset of the granules. */
export const BROADCAST_DATA = 64;

/** Lowest bit of a position that the word of its upper bits has. */
export const BROADCAST_WRAPS_SHIFT = 31;

/** Offset in a record: bytes of the payload, and the padding bit. */
export const BROADCAST_RECORD_LEN = 0;

/** Offset in a record: the tag. */
export const BROADCAST_RECORD_TAG = 4;

/** Offset in a record: its number. */
export const BROADCAST_RECORD_SEQUENCE = 8;

/** Offset in a record: the lower bits of its position. */
export const BROADCAST_RECORD_POSITION = 12;

/** Bytes in a record before its payload. */
export const BROADCAST_HEADER_LEN = 16;

/** Bit of a record's length: the granules up to the end of the ring are no record. */
export const BROADCAST_PADDING = 0x80000000;

// Newest-state buffers

/** Major version of this kind of section. */
export const PING_PONG_MAJOR = 1;

/** Parameter: number of slots in bits 0 to 7, of seats in bits 8 to 15, and the mode above. */
export const PING_PONG_PARAM_SHAPE = 0;

/** Parameter: bytes in the largest frame. */
export const PING_PONG_PARAM_FRAME_LEN = 1;

/** Parameter: bytes in an item, 0 if frames are just bytes. */
export const PING_PONG_PARAM_ITEM_LEN = 2;

/** Lowest bit, in the parameter of the shape, of the number of seats. */
export const PING_PONG_SHAPE_SEATS_SHIFT = 8;

/** Lowest bit, in the parameter of the shape, of the mode. */
export const PING_PONG_SHAPE_MODE_SHIFT = 16;

/** Bits of the number of slots, and, shifted, of seats. */
export const PING_PONG_SHAPE_COUNT = 255;

/** Mode: seated readers only. */
export const PING_PONG_MODE_PINNED = 0;

/** Mode: seated readers and observers; the writer stores by atomic words. */
export const PING_PONG_MODE_OBSERVED = 1;

/** Smallest number of slots: the newest, the next, and one that a pin may hold back. */
export const PING_PONG_MIN_SLOTS = 3;

/** Largest number of slots. */
export const PING_PONG_MAX_SLOTS = 16;

/** Offset of the writer's lease. */
export const PING_PONG_WRITER_LEASE = 0;

/** Offset of the newest frame's version and slot, 0 before the first. */
export const PING_PONG_LATEST = 4;

/** Offset in a slot's line: the sequence word. */
export const PING_PONG_SEQUENCE = 0;

/** Offset in a slot's line: bytes of the frame. */
export const PING_PONG_FRAME_LEN = 4;

/** Offset in a seat's line: the lease of its reader. */
export const PING_PONG_SEAT_LEASE = 0;

/** Offset in a seat's line: the slot that its reader pins, plus 1, or 0. */
export const PING_PONG_PIN = 4;

/** Bits of the newest frame's word that are the slot; its version is above them. */
export const PING_PONG_SLOT_BITS = 4;

/** Bit of a slot's sequence word: its bytes are not a frame. */
export const PING_PONG_BUSY = 1;

/** Lowest bit, in a slot's sequence word, of the version of its frame. */
export const PING_PONG_SEQUENCE_SHIFT = 1;

/** Bits of a version; 0 is none. */
export const PING_PONG_VERSION_MASK = 0x0fffffff;

// Dirty maps, which twins pull by

/** Major version of this kind of section. */
export const TWIN_MAJOR = 1;

/** Parameter: id of the first section of the group. */
export const TWIN_PARAM_FIRST = 0;

/** Parameter: number of sections in the group. */
export const TWIN_PARAM_SECTIONS = 1;

/** Parameter: bytes in a block, a power of two. */
export const TWIN_PARAM_BLOCK_LEN = 2;

/** Parameter: number of blocks in the group. */
export const TWIN_PARAM_BLOCKS = 3;

/** The shortest block, as a power of two. */
export const TWIN_MIN_BLOCK_BITS = 6;

/** The longest block, as a power of two. */
export const TWIN_MAX_BLOCK_BITS = 24;

/** Most blocks in a group. */
export const TWIN_MAX_BLOCKS = 0x01000000;

/** Offset of the writer's lease. */
export const TWIN_WRITER_LEASE = 0;

/** Offset of the epoch of the newest published state. */
export const TWIN_EPOCH = 64;

/** Offset of the stamps. */
export const TWIN_STAMPS = 128;

/** How many stamps one stamp of the level above stands for. */
export const TWIN_FANOUT = 64;

/** Bits of a stamp, and of the difference of two. */
export const TWIN_STAMP_MASK = 0x7fffffff;

/** Ages from here on are all the same: long ago. */
export const TWIN_HORIZON = 0x20000000;

/** Ages from here on are negative: the stamp is ahead of the epoch. */
export const TWIN_AHEAD = 0x40000000;

// Arenas

/** Major version of this kind of section. */
export const ARENA_MAJOR = 1;

/** Parameter: bytes in a page, a power of two. */
export const ARENA_PARAM_PAGE_LEN = 0;

/** Parameter: number of pages. */
export const ARENA_PARAM_PAGES = 1;

/** Bytes in the shortest page. */
export const ARENA_MIN_PAGE_LEN = 512;

/** Bytes in the longest page. */
export const ARENA_MAX_PAGE_LEN = 0x00100000;

/** Bits of a handle's offset, which counts granules from the first page. */
export const ARENA_OFFSET_BITS = 32;

/** Bytes of a page's words. */
export const ARENA_PAGE_WORDS = 16;

/** Offset in a page's words: what the page is used for. */
export const ARENA_PAGE = 0;

/** Offset in a page's words: pages of the run that begins here. */
export const ARENA_RUN = 4;

/** Offset in a page's words: whether it looked full. */
export const ARENA_HINT = 8;

/** Bits of a page word that are the kind. */
export const ARENA_PAGE_KIND = 7;

/** Kind of a page: nothing is in it. */
export const ARENA_PAGE_FREE = 0;

/** Kind of a page: blocks of a class. */
export const ARENA_PAGE_BLOCKS = 1;

/** Kind of a page: part of a run, or of its party's unfinished work on one. */
export const ARENA_PAGE_PART = 2;

/** Kind of a page: the first of a run. */
export const ARENA_PAGE_HEAD = 3;

/** Kind of a page: blocks of a class, of which a party looks whether all are free. */
export const ARENA_PAGE_RETIRING = 4;

/** Lowest bit, in a page word, of the class. */
export const ARENA_PAGE_CLASS_SHIFT = 3;

/** Bits of a class. */
export const ARENA_PAGE_CLASS = 63;

/** Lowest bit, in a page word, of the party's number. */
export const ARENA_PAGE_PARTY_SHIFT = 9;

/** Hint: somebody looked for a free block of the page and found none. */
export const ARENA_HINT_FULL = 1;

/** Bytes of the pages for which there is a unit word. */
export const ARENA_UNIT = 64;

/** Bit of a unit word: somebody holds the block that begins there. */
export const ARENA_UNIT_HELD = 1;

/** Lowest bit, in a unit word, of the number of the party that holds the block. */
export const ARENA_UNIT_PARTY_SHIFT = 1;

/** Bit of a unit word: the block is under way to another party. */
export const ARENA_UNIT_HANDED = 2048;

/** Lowest bit, in a unit word, of how often a block was claimed there. */
export const ARENA_UNIT_GENERATION_SHIFT = 12;

/** Bytes in a block of class 0. */
export const ARENA_MIN_CLASS_LEN = 64;

/** Bytes in a block of the last class. */
export const ARENA_MAX_CLASS_LEN = 4096;

/** Most classes there are. */
export const ARENA_CLASSES = 49;

// Lanes, and the calls in them

/** Major version of this kind of section. */
export const LANES_MAJOR = 1;

/** Parameter: number of lanes. */
export const LANES_PARAM_LANES = 0;

/** Parameter: entries of each of a lane's rings, a power of two. */
export const LANES_PARAM_ENTRIES = 1;

/** Parameter: bytes of a lane's buffer. */
export const LANES_PARAM_BUFFER_LEN = 2;

/** Most lanes in a section. */
export const LANES_MAX_LANES = 1024;

/** Fewest entries of a lane's rings. */
export const LANES_MIN_ENTRIES = 2;

/** Most entries of a lane's rings. */
export const LANES_MAX_ENTRIES = 4096;

/** Offset of the epoch that says "a lane has something to say". */
export const LANES_DOORBELL = 0;

/** Offset of the lease of the service role. */
export const LANES_SERVICE_LEASE = 4;

/** Offset of the ready bitmap, a bit per lane, rounded up to a line. */
export const LANES_READY = 64;

/** Offset in a lane: the lease of the client role. */
export const LANES_CLIENT_LEASE = 0;

/** Offset in a lane: the epoch that says "there is a completion". */
export const LANES_COMPLETION_EPOCH = 4;

/** Offset in a lane: entries submitted, which the client writes. */
export const LANES_SQ_TAIL = 128;

/** Offset in a lane: entries accepted, which the service writes. */
export const LANES_SQ_HEAD = 256;

/** Offset in a lane: calls answered, which the service writes. */
export const LANES_CQ_TAIL = 384;

/** Offset in a lane: answers taken, which the client writes. */
export const LANES_CQ_HEAD = 512;

/** Offset in a lane: the submissions. */
export const LANES_SUBMISSIONS = 640;

/** Bits of a position; the others are 0. */
export const LANES_POSITION_MASK = 0x7fffffff;

/** Bytes of a slot in the table of calls in flight. */
export const LANES_SLOT_LEN = 16;

/** Offset in a slot: how far the call has come. */
export const LANES_SLOT_MARK = 0;

/** Offset in a slot: the call's id. */
export const LANES_SLOT_CALL = 4;

/** Offset in a slot: the deadline in nanoseconds of the service's clock, 0 for none. */
export const LANES_SLOT_DEADLINE = 8;

/** State of a slot: no call. */
export const LANES_FREE = 0;

/** State of a slot: the call at this position is accepted if the submissions' head has passed it. */
export const LANES_ACCEPTING = 1;

/** State of a slot: a call of the running service. */
export const LANES_HELD = 2;

/** State of a slot: the call is answered if the completions' tail has passed this position. */
export const LANES_ANSWERING = 3;

/** State of a slot: a call that a former service did not answer. */
export const LANES_ORPHAN = 4;

/** The bits of a mark that are the state. */
export const LANES_STATE = 7;

/** Lowest bit, in a mark, of the lower 29 bits of a position. */
export const LANES_MARK_POSITION_SHIFT = 3;

/** Bytes of a submission. */
export const LANES_SUBMISSION_LEN = 64;

/** Offset in a submission: the opcode in the lower half, flags in the upper. */
export const LANES_SUBMISSION_OPCODE = 0;

/** Offset in a submission: the call's id. */
export const LANES_SUBMISSION_CALL = 4;

/** Offset in a submission: the unit's id. */
export const LANES_SUBMISSION_UNIT = 8;

/** Offset in a submission: the number of the method. */
export const LANES_SUBMISSION_METHOD = 12;

/** Offset in a submission: nanoseconds from the acceptance on, 0 for no limit. */
export const LANES_SUBMISSION_TIMEOUT = 16;

/** Offset in a submission: the payload reference of the input. */
export const LANES_SUBMISSION_INPUT = 24;

/** Offset in a submission: the payload reference of the parameters. */
export const LANES_SUBMISSION_PARAMS = 36;

/** Offset in a submission: the payload reference of the output. */
export const LANES_SUBMISSION_OUTPUT = 48;

/** Offset in a submission: how many bytes of an input that is a block. */
export const LANES_SUBMISSION_BLOCK_LEN = 60;

/** Lowest bit, in the word of the opcode, of the flags. */
export const LANES_FLAGS_SHIFT = 16;

/** The bits of a submission's flags that are its priority. */
export const LANES_PRIORITY_MASK = 7;

/** Bytes of a completion. */
export const LANES_COMPLETION_LEN = 32;

/** Offset in a completion: the call's id. */
export const LANES_COMPLETION_CALL = 0;

/** Offset in a completion: the status. */
export const LANES_COMPLETION_STATUS = 4;

/** Offset in a completion: bytes of the result. */
export const LANES_COMPLETION_RESULT_LEN = 8;

/** Offset in a completion: a small result. */
export const LANES_COMPLETION_VALUE = 16;

/** Offset in a completion: nanoseconds from the acceptance on. */
export const LANES_COMPLETION_ELAPSED = 24;

/** Bytes of a payload reference. */
export const LANES_REFERENCE_LEN = 12;

/** Offset in a payload reference: the space. */
export const LANES_REFERENCE_SPACE = 0;

/** Offset in a payload reference: the first byte in that space. */
export const LANES_REFERENCE_OFFSET = 4;

/** Offset in a payload reference: how many bytes. */
export const LANES_REFERENCE_BYTES = 8;

/** Space of a reference to no bytes. */
export const LANES_SPACE_NONE = 0;

/** Space of a reference into the lane's buffer. */
export const LANES_SPACE_BUFFER = 1;

/** Space of a reference into a section, to which the section's id is added. */
export const LANES_SPACE_SECTION = 0x80000000;

/** Space of a reference to a block of an arena, to which the section's id is added. */
export const LANES_SPACE_BLOCK = 0x40000000;

// What a call asks for, and how it ends

/** Nothing but an answer. */
export const OPCODE_NOOP = 0;

/** Run a method of a unit. */
export const OPCODE_EXECUTE = 1;

/** Cancel another call of the same lane. */
export const OPCODE_CANCEL = 2;

/** Run a job that a message describes. */
export const OPCODE_JOB = 9;

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

// Registries of units, and their overflow sections

/** Major version of both kinds of section. */
export const REGISTRY_MAJOR = 1;

/** Parameter: number of slots in this section. */
export const REGISTRY_PARAM_SLOTS = 0;

/** Parameter: bytes in a slot. */
export const REGISTRY_PARAM_SLOT_LEN = 1;

/** Parameter of an overflow section: id of the registry's section. */
export const REGISTRY_PARAM_REGISTRY = 2;

/** Parameter of an overflow section: number of its first slot. */
export const REGISTRY_PARAM_FIRST_SLOT = 3;

/** Most slots of a registry's section, and of each overflow section. */
export const REGISTRY_MAX_UNIT_SLOTS = 1024;

/** Most overflow sections of a registry. */
export const REGISTRY_MAX_OVERFLOWS = 7;

/** Shortest slot, in bytes. */
export const REGISTRY_MIN_SLOT_LEN = 128;

/** Longest slot, in bytes. */
export const REGISTRY_MAX_SLOT_LEN = 1024;

/** Longest name of a unit, in bytes. */
export const REGISTRY_MAX_UNIT_NAME_LEN = 64;

/** Offset of the flags. */
export const REGISTRY_FLAGS = 0;

/** Flag: some unit's name is not in the index, so who does not find one there looks everywhere. */
export const REGISTRY_UNINDEXED = 1;

/** Offset of the filter, which the index and the slots follow. */
export const REGISTRY_FILTER = 64;

/** Lowest bit, in a name's hash, of its word of the filter. */
export const REGISTRY_FILTER_WORD_SHIFT = 15;

/** Bits of a name's hash that choose one of its three bits of the filter, one after another. */
export const REGISTRY_FILTER_BIT_BITS = 5;

/** Entries in a line of the index. */
export const REGISTRY_LINE_ENTRIES = 16;

/** Lowest bit, in an entry of the index, of the tag; the slot is below it. */
export const REGISTRY_ENTRY_TAG_SHIFT = 10;

/** Bits of a tag: the uppermost ones of the name's hash. */
export const REGISTRY_ENTRY_TAG_BITS = 6;

/** Lowest bit, in an entry of the index, of the generation. */
export const REGISTRY_ENTRY_GENERATION_SHIFT = 16;

/** Offset in a slot: the state. */
export const REGISTRY_STATE = 0;

/** Offset in a slot: an epoch that the unit advances. */
export const REGISTRY_HEARTBEAT = 4;

/** Offset in a slot: MurmurHash3 of the name. */
export const REGISTRY_NAME_HASH = 8;

/** Offset in a slot: lengths of name, dependencies and methods. */
export const REGISTRY_LENGTHS = 12;

/** Offset in a slot: the owner, a number of the application's. */
export const REGISTRY_OWNER = 16;

/** Offset in a slot: major version in the upper half, minor in the lower. */
export const REGISTRY_VERSION = 20;

/** Offset in a slot: number of methods in the upper half, patch version in the lower. */
export const REGISTRY_PATCH_AND_METHODS = 24;

/** Offset in a slot: calls at the same time, 0 for no limit. */
export const REGISTRY_LIMIT_JOBS = 28;

/** Offset in a slot: capabilities. */
export const REGISTRY_CAPABILITIES = 32;

/** Offset in a slot: bytes of memory, 0 for no limit. */
export const REGISTRY_LIMIT_MEMORY = 40;

/** Offset in a slot: nanoseconds of a call, 0 for no limit. */
export const REGISTRY_LIMIT_RUN = 48;

/** Offset in a slot: fuel of a call, 0 for no limit. */
export const REGISTRY_LIMIT_FUEL = 56;

/** Offset in a slot: cost of a call, in billionths of a credit. */
export const REGISTRY_COST_PER_CALL = 64;

/** Offset in a slot: cost of a unit of work, in billionths of a credit. */
export const REGISTRY_COST_PER_UNIT = 72;

/** Offset in a slot: name, dependencies and methods. */
export const REGISTRY_TEXT = 80;

/** Lowest bit, in the word of lengths, of the words of dependencies; the name's bytes are below. */
export const REGISTRY_LENGTHS_DEPENDENCIES_SHIFT = 8;

/** Bits of the name's bytes, and, shifted, of the words of dependencies. */
export const REGISTRY_LENGTHS_COUNT = 255;

/** Lowest bit, in the word of lengths, of the bytes of methods. */
export const REGISTRY_LENGTHS_METHODS_SHIFT = 16;

/** One credit in the fixed point of costs. */
export const REGISTRY_CREDIT = 0x3b9aca00;

/** Offset in a dependency: the first version's major in the upper half, its minor in the lower. */
export const REGISTRY_DEPENDENCY_FROM = 0;

/** Offset in a dependency: the bound's major in the upper half, its minor in the lower. */
export const REGISTRY_DEPENDENCY_BELOW = 4;

/** Offset in a dependency: the first version's patch in the upper half, the bound's in the lower. */
export const REGISTRY_DEPENDENCY_PATCHES = 8;

/** Offset in a dependency: bytes of the name. */
export const REGISTRY_DEPENDENCY_NAME_LEN = 12;

/** Offset in a dependency: the name. */
export const REGISTRY_DEPENDENCY_NAME = 16;

/** State of a slot: nobody was here since the memory was formatted. */
export const REGISTRY_FREE = 0;

/** State of a slot: a registrant writes its record. */
export const REGISTRY_CLAIMED = 1;

/** State of a slot: the unit is there. */
export const REGISTRY_ACTIVE = 2;

/** State of a slot: nobody is here, so it may be claimed. */
export const REGISTRY_RETIRED = 3;

/** State of a slot: the record is complete, and its registrant looks for others of its name. */
export const REGISTRY_PROPOSED = 4;

/** Bits of a slot's state word that are the state. */
export const REGISTRY_STATE_BITS = 63;

/** Lowest bit, in a slot's state word, of the party's number. */
export const REGISTRY_PARTY_SHIFT = 6;

/** Lowest bit, in a slot's state word, of the generation; 0 is no unit's. */
export const REGISTRY_GENERATION_SHIFT = 16;

/** Lowest bit, in a unit's id, of the generation; the slot is below it. */
export const REGISTRY_ID_GENERATION_SHIFT = 16;

// Banks of counters

/** Major version of this kind of section. */
export const COUNTERS_MAJOR = 1;

/** Parameter: number of counters that there is room for. */
export const COUNTERS_PARAM_COUNT = 0;

/** Most counters that there may be room for. */
export const COUNTERS_MAX_COUNT = 0x00100000;

/** Offset in a counter: the word that says whose it is. */
export const COUNTERS_OWNER = 0;

/** Offset in a counter: its kind, a number of the application's. */
export const COUNTERS_TYPE = 4;

/** Offset in a counter: its unit, a number of the application's. */
export const COUNTERS_UNIT = 8;

/** Offset in a counter: bytes of the label. */
export const COUNTERS_LABEL_LEN = 12;

/** Offset in a counter: the label. */
export const COUNTERS_LABEL = 16;

/** Bytes in the longest label. */
export const COUNTERS_MAX_LABEL_LEN = 48;

/** Offset in a counter: the count's lower 32 bits. */
export const COUNTERS_LOW = 64;

/** Offset in a counter: the count from bit 31 on, or one less. */
export const COUNTERS_HIGH = 68;

/** Bytes per counter. */
export const COUNTERS_STRIDE = 128;

/** Lowest bit of a count that the word of its upper bits has. */
export const COUNTERS_HIGH_SHIFT = 31;

/** The most that one step adds. */
export const COUNTERS_ADD_MAX = 0x00100000;

/** State in an owner word: nobody's. */
export const COUNTERS_FREE = 0;

/** State in an owner word: being made. */
export const COUNTERS_MAKING = 1;

/** State in an owner word: in use. */
export const COUNTERS_ACTIVE = 2;

/** Bits of an owner word that are the state. */
export const COUNTERS_STATE = 3;

/** Lowest bit, in an owner word, of the party's number. */
export const COUNTERS_PARTY_SHIFT = 2;

/** Lowest bit, in an owner word, of how often the slot was taken. */
export const COUNTERS_GENERATION_SHIFT = 12;

// Logs

/** Major version of this kind of section. */
export const LOG_MAJOR = 1;

/** Parameter: number of slots, a power of two. */
export const LOG_PARAM_CAPACITY = 0;

/** Parameter: bytes in the longest text. */
export const LOG_PARAM_TEXT_LEN = 1;

/** Fewest slots. */
export const LOG_MIN_CAPACITY = 4;

/** Most slots. */
export const LOG_MAX_CAPACITY = 0x00100000;

/** Most bytes that the longest text may have. */
export const LOG_MAX_TEXT_LEN = 4072;

/** Offset of the next ticket. */
export const LOG_HEAD = 0;

/** Offset of how many events were given up. */
export const LOG_DROPPED = 64;

/** Offset of the slots. */
export const LOG_SLOTS = 128;

/** Offset in a slot: the word that says whose it is. */
export const LOG_SLOT_WORD = 0;

/** Offset in a slot: when, by a clock of the application's. */
export const LOG_TIME = 4;

/** Offset in a slot: the level in bits 0 to 7, and the party in the upper half. */
export const LOG_SOURCE = 12;

/** Offset in a slot: what, as a number of the application's. */
export const LOG_CODE = 16;

/** Offset in a slot: bytes of the text. */
export const LOG_TEXT_LEN = 20;

/** Offset in a slot: the text. */
export const LOG_TEXT = 24;

/** Lowest bit, in the word of the source, of the number of the party. */
export const LOG_SOURCE_PARTY_SHIFT = 16;

/** Slot word: no event yet, or one that was never finished. */
export const LOG_FREE = 0;

/** State in a slot word: its bytes are no event. */
export const LOG_WRITING = 1;

/** State in a slot word: it holds the event of a lap. */
export const LOG_DONE = 2;

/** Bits of a slot word that are the state. */
export const LOG_STATE = 3;

/** Lowest bit of the lap in a slot word that is done. */
export const LOG_LAP_SHIFT = 2;

/** Lowest bit of the party's number in a slot word that is being written. */
export const LOG_PARTY_SHIFT = 2;

/** Lowest bit of the lap in a slot word that is being written. */
export const LOG_SHORT_LAP_SHIFT = 12;

/** Level: something failed. */
export const LOG_LEVEL_ERROR = 1;

/** Level: something may fail. */
export const LOG_LEVEL_WARN = 2;

/** Level: something worth knowing. */
export const LOG_LEVEL_INFO = 3;

/** Level: for whoever looks for a mistake. */
export const LOG_LEVEL_DEBUG = 4;

/** Level: every step. */
export const LOG_LEVEL_TRACE = 5;

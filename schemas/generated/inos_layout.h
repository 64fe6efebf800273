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

/** A cache line. */
#define INOS_LINE UINT32_C(64)

/** Distance between control words that one party writes while another polls the other: two cache lines, since processors fetch the neighbour of a line along with it. */
#define INOS_APART UINT32_C(128)

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

/* Epochs: the word, wherever one stands */

/** Bit of an epoch word: somebody sleeps on it. */
#define INOS_EPOCH_WAITERS UINT32_C(1)

/** Lowest bit, in an epoch word, of the epoch. */
#define INOS_EPOCH_SHIFT UINT32_C(1)

/** What one advance adds to an epoch word. */
#define INOS_EPOCH_STEP UINT32_C(2)

/* Leases: the word, wherever one stands */

/** Bit of a lease word: the role is held. */
#define INOS_ROLE_HELD UINT32_C(1)

/** Lowest bit, in a lease word, of the number of the party that holds it. */
#define INOS_ROLE_PARTY_SHIFT UINT32_C(1)

/** Lowest bit, in a lease word, of how often the role was taken. */
#define INOS_ROLE_GENERATION_SHIFT UINT32_C(11)

/** The largest number of a party. */
#define INOS_ROLE_MAX_PARTY UINT32_C(1023)

/** The number of a party that did not say who it is. */
#define INOS_ROLE_ANONYMOUS UINT32_C(0)

/* Parties */

/** Major version of this kind of section. */
#define INOS_PARTIES_MAJOR UINT32_C(1)

/** Parameter: number of seats. */
#define INOS_PARTIES_PARAM_SEATS UINT32_C(0)

/** Parameter: how parties prove that they are alive. */
#define INOS_PARTIES_PARAM_SCHEME UINT32_C(1)

/** Most seats. */
#define INOS_PARTIES_MAX_SEATS UINT32_C(1023)

/** Scheme: nobody dies before the memory does. */
#define INOS_PARTIES_SCHEME_ALWAYS_ALIVE UINT32_C(0)

/** Scheme: a party holds a lock on a byte of the region's file. */
#define INOS_PARTIES_SCHEME_FILE_LOCKS UINT32_C(1)

/** Scheme: a thread holds a guard. */
#define INOS_PARTIES_SCHEME_GUARDS UINT32_C(2)

/** First scheme that is an embedder's to define. */
#define INOS_PARTIES_SCHEME_EMBEDDER UINT32_C(256)

/** Offset of the lease that is held while the claims of the dead are taken. */
#define INOS_PARTIES_REAPER_LEASE UINT32_C(0)

/** Offset in a seat's line: the lease of its party, whose number is the seat's. */
#define INOS_PARTIES_SEAT_LEASE UINT32_C(0)

/** Offset in a seat's line: an epoch that its party advances. */
#define INOS_PARTIES_HEARTBEAT UINT32_C(4)

/** Offset in a seat's line: the number of its party's process. */
#define INOS_PARTIES_PROCESS_ID UINT32_C(8)

/** Offset in a seat's line: the lease word that process id and label belong to. */
#define INOS_PARTIES_DESCRIBED UINT32_C(12)

/** Offset in a seat's line: the label. */
#define INOS_PARTIES_LABEL UINT32_C(16)

/** Bytes in a party's label. */
#define INOS_PARTIES_MAX_LABEL_LEN UINT32_C(32)

/* Banks of epochs */

/** Major version of this kind of section. */
#define INOS_EPOCHS_MAJOR UINT32_C(1)

/** Parameter: number of fixed words, 0 in a bank of named ones. */
#define INOS_EPOCHS_PARAM_COUNT UINT32_C(0)

/** Parameter: distance between two epochs in bytes. */
#define INOS_EPOCHS_PARAM_STRIDE UINT32_C(1)

/** Parameter: number of named slots, 0 in a bank of fixed words. */
#define INOS_EPOCHS_PARAM_SLOTS UINT32_C(2)

/** Distance between packed words. */
#define INOS_EPOCHS_PACKED UINT32_C(4)

/** Distance between padded words. */
#define INOS_EPOCHS_PADDED UINT32_C(128)

/** Distance between named slots, as the parameter says it. */
#define INOS_EPOCHS_NAMED UINT32_C(64)

/** Offset in a named slot: the epoch. */
#define INOS_EPOCHS_SLOT_EPOCH UINT32_C(0)

/** Offset in a named slot: the state. */
#define INOS_EPOCHS_SLOT_STATE UINT32_C(4)

/** Offset in a named slot: the name. */
#define INOS_EPOCHS_SLOT_NAME UINT32_C(8)

/** Bytes in a named slot. */
#define INOS_EPOCHS_SLOT_LEN UINT32_C(64)

/** Bytes in the longest name. */
#define INOS_EPOCHS_MAX_NAME_LEN UINT32_C(24)

/** State of a named slot: nobody's. */
#define INOS_EPOCHS_FREE UINT32_C(0)

/** State of a named slot: its claimant writes the name. */
#define INOS_EPOCHS_CLAIMED UINT32_C(1)

/** State of a named slot: the name can be read, and may turn out to be another slot's. */
#define INOS_EPOCHS_PROPOSED UINT32_C(2)

/** State of a named slot: the name is this slot's and no other's. */
#define INOS_EPOCHS_ACTIVE UINT32_C(3)

/** Bits of a slot's state word that are the state. */
#define INOS_EPOCHS_STATE UINT32_C(3)

/** Lowest bit, in a slot's state word, of the number of the party that claimed it. */
#define INOS_EPOCHS_PARTY_SHIFT UINT32_C(2)

/** Lowest bit, in a slot's state word, of how often the slot was freed. */
#define INOS_EPOCHS_GENERATION_SHIFT UINT32_C(12)

/** Lowest bit, in a name's hash, of the step in which it goes round the slots. */
#define INOS_EPOCHS_STEP_SHIFT UINT32_C(16)

/** Lowest bit, in the id of a named epoch, of the generation; the slot's index is below it. */
#define INOS_EPOCHS_ID_GENERATION_SHIFT UINT32_C(12)

/** Most slots of a bank of named epochs. */
#define INOS_EPOCHS_MAX_SLOTS UINT32_C(4096)

/* Rings of one producer */

/** Major version of this kind of section. */
#define INOS_RING_MAJOR UINT32_C(1)

/** Parameter: capacity in granules, a power of two. */
#define INOS_RING_PARAM_CAPACITY UINT32_C(0)

/** Smallest capacity in granules. */
#define INOS_RING_MIN_CAPACITY UINT32_C(8)

/** Largest capacity in granules. */
#define INOS_RING_MAX_CAPACITY UINT32_C(0x40000000)

/** Offset of the producer's lease. */
#define INOS_RING_PRODUCER_LEASE UINT32_C(0)

/** Offset of the tail, which the producer stores to publish. */
#define INOS_RING_TAIL UINT32_C(4)

/** Offset of the consumer's lease. */
#define INOS_RING_CONSUMER_LEASE UINT32_C(128)

/** Offset of the head, which the consumer stores to free space. */
#define INOS_RING_HEAD UINT32_C(132)

/** Offset of the granules. */
#define INOS_RING_DATA UINT32_C(256)

/** Bits of a position; the others are 0. */
#define INOS_RING_POSITION_MASK UINT32_C(0x7fffffff)

/** Offset in a record: bytes of the payload, and the padding bit. */
#define INOS_RING_RECORD_LEN UINT32_C(0)

/** Offset in a record: the tag. */
#define INOS_RING_RECORD_TAG UINT32_C(4)

/** Bytes in a record before its payload. */
#define INOS_RING_HEADER_LEN UINT32_C(8)

/** Bit of a record's length: the granules up to the end of the ring are no record. */
#define INOS_RING_PADDING UINT32_C(0x80000000)

/* Rings of many producers */

/** Major version of this kind of section. */
#define INOS_MPSC_MAJOR UINT32_C(1)

/** Parameter: capacity in granules, a power of two. */
#define INOS_MPSC_PARAM_CAPACITY UINT32_C(0)

/** Parameter: number of tickets, a power of two. */
#define INOS_MPSC_PARAM_TICKETS UINT32_C(1)

/** Parameter: number of seats. */
#define INOS_MPSC_PARAM_SEATS UINT32_C(2)

/** Smallest capacity in granules. */
#define INOS_MPSC_MIN_CAPACITY UINT32_C(8)

/** Largest capacity in granules. */
#define INOS_MPSC_MAX_CAPACITY UINT32_C(0x40000000)

/** Fewest tickets. */
#define INOS_MPSC_MIN_TICKETS UINT32_C(4)

/** Most tickets. */
#define INOS_MPSC_MAX_TICKETS UINT32_C(0x00010000)

/** Most seats. */
#define INOS_MPSC_MAX_SEATS UINT32_C(1024)

/** Offset of a hint at the first free ticket. */
#define INOS_MPSC_TAIL UINT32_C(0)

/** Offset of the oldest ticket that was not recycled. */
#define INOS_MPSC_HEAD_TICKET UINT32_C(128)

/** Offset of where the space of that ticket begins. */
#define INOS_MPSC_HEAD UINT32_C(132)

/** Offset of the consumer's lease. */
#define INOS_MPSC_CONSUMER_LEASE UINT32_C(256)

/** Offset of how far the consumer has read. */
#define INOS_MPSC_READ UINT32_C(260)

/** Offset of the seats. */
#define INOS_MPSC_SEATS UINT32_C(384)

/** Bytes of a seat. */
#define INOS_MPSC_SEAT_LEN UINT32_C(128)

/** Offset in a seat: the lease of its producer. */
#define INOS_MPSC_SEAT_LEASE UINT32_C(0)

/** Offset in a seat: the ticket that its producer announces. */
#define INOS_MPSC_INTENT UINT32_C(4)

/** Bytes of a ticket. */
#define INOS_MPSC_TICKET_LEN UINT32_C(8)

/** Offset in a ticket: the extent. */
#define INOS_MPSC_EXTENT UINT32_C(0)

/** Offset in a ticket: the state. */
#define INOS_MPSC_STATE UINT32_C(4)

/** Bits of a position, and of a ticket's number. */
#define INOS_MPSC_POSITION_MASK UINT32_C(0x7fffffff)

/** The head ticket of a ring whose words make no sense. */
#define INOS_MPSC_BEYOND_REPAIR UINT32_C(0xffffffff)

/** Bit of an extent: the ticket is claimed. */
#define INOS_MPSC_CLAIMED UINT32_C(0x80000000)

/** Bit of an intent: a ticket is announced. */
#define INOS_MPSC_ANNOUNCED UINT32_C(0x80000000)

/** Lowest bit, in a state, of its kind. */
#define INOS_MPSC_STATE_SHIFT UINT32_C(30)

/** Kind of a state: nobody has written the record yet; with the lap. */
#define INOS_MPSC_OPEN UINT32_C(0)

/** Kind of a state: published; with the number of granules used. */
#define INOS_MPSC_COMMITTED UINT32_C(0x40000000)

/** Kind of a state: passed by, and its space not to be used again; with the lap. */
#define INOS_MPSC_ABANDONED UINT32_C(0x80000000)

/** Kind of a state: nobody will write there any more; with the lap. */
#define INOS_MPSC_RELEASED UINT32_C(0xc0000000)

/** How far recycling goes before it looks for announcements from long ago, and how old one is then. */
#define INOS_MPSC_LONG_AGO UINT32_C(0x10000000)

/** Offset in a record: bytes of the payload. */
#define INOS_MPSC_RECORD_LEN UINT32_C(0)

/** Offset in a record: the tag. */
#define INOS_MPSC_RECORD_TAG UINT32_C(4)

/** Bytes in a record before its payload. */
#define INOS_MPSC_HEADER_LEN UINT32_C(8)

/* Broadcasts */

/** Major version of this kind of section. */
#define INOS_BROADCAST_MAJOR UINT32_C(1)

/** Parameter: capacity in granules, a power of two. */
#define INOS_BROADCAST_PARAM_CAPACITY UINT32_C(0)

/** Smallest capacity in granules: the largest record takes four. */
#define INOS_BROADCAST_MIN_CAPACITY UINT32_C(32)

/** Largest capacity in granules. */
#define INOS_BROADCAST_MAX_CAPACITY UINT32_C(0x40000000)

/** A record takes at most one in this many granules of the ring. */
#define INOS_BROADCAST_SHARE UINT32_C(8)

/** Offset of the transmitter's lease. */
#define INOS_BROADCAST_TRANSMITTER_LEASE UINT32_C(0)

/** Offset of the lower bits of the position up to which the transmitter may be writing. */
#define INOS_BROADCAST_INTENT UINT32_C(4)

/** Offset of the upper bits of the same position. */
#define INOS_BROADCAST_WRAPS UINT32_C(8)

/** Offset of the lower bits of the newest record's position, 0 before the first. */
#define INOS_BROADCAST_LATEST UINT32_C(12)

/** Offset of the granules. */
#define INOS_BROADCAST_DATA UINT32_C(64)

/** Lowest bit of a position that the word of its upper bits has. */
#define INOS_BROADCAST_WRAPS_SHIFT UINT32_C(31)

/** Offset in a record: bytes of the payload, and the padding bit. */
#define INOS_BROADCAST_RECORD_LEN UINT32_C(0)

/** Offset in a record: the tag. */
#define INOS_BROADCAST_RECORD_TAG UINT32_C(4)

/** Offset in a record: its number. */
#define INOS_BROADCAST_RECORD_SEQUENCE UINT32_C(8)

/** Offset in a record: the lower bits of its position. */
#define INOS_BROADCAST_RECORD_POSITION UINT32_C(12)

/** Bytes in a record before its payload. */
#define INOS_BROADCAST_HEADER_LEN UINT32_C(16)

/** Bit of a record's length: the granules up to the end of the ring are no record. */
#define INOS_BROADCAST_PADDING UINT32_C(0x80000000)

/* Newest-state buffers */

/** Major version of this kind of section. */
#define INOS_PING_PONG_MAJOR UINT32_C(1)

/** Parameter: number of slots in bits 0 to 7, of seats in bits 8 to 15, and the mode above. */
#define INOS_PING_PONG_PARAM_SHAPE UINT32_C(0)

/** Parameter: bytes in the largest frame. */
#define INOS_PING_PONG_PARAM_FRAME_LEN UINT32_C(1)

/** Parameter: bytes in an item, 0 if frames are just bytes. */
#define INOS_PING_PONG_PARAM_ITEM_LEN UINT32_C(2)

/** Lowest bit, in the parameter of the shape, of the number of seats. */
#define INOS_PING_PONG_SHAPE_SEATS_SHIFT UINT32_C(8)

/** Lowest bit, in the parameter of the shape, of the mode. */
#define INOS_PING_PONG_SHAPE_MODE_SHIFT UINT32_C(16)

/** Bits of the number of slots, and, shifted, of seats. */
#define INOS_PING_PONG_SHAPE_COUNT UINT32_C(255)

/** Mode: seated readers only. */
#define INOS_PING_PONG_MODE_PINNED UINT32_C(0)

/** Mode: seated readers and observers; the writer stores by atomic words. */
#define INOS_PING_PONG_MODE_OBSERVED UINT32_C(1)

/** Smallest number of slots: the newest, the next, and one that a pin may hold back. */
#define INOS_PING_PONG_MIN_SLOTS UINT32_C(3)

/** Largest number of slots. */
#define INOS_PING_PONG_MAX_SLOTS UINT32_C(16)

/** Offset of the writer's lease. */
#define INOS_PING_PONG_WRITER_LEASE UINT32_C(0)

/** Offset of the newest frame's version and slot, 0 before the first. */
#define INOS_PING_PONG_LATEST UINT32_C(4)

/** Offset in a slot's line: the sequence word. */
#define INOS_PING_PONG_SEQUENCE UINT32_C(0)

/** Offset in a slot's line: bytes of the frame. */
#define INOS_PING_PONG_FRAME_LEN UINT32_C(4)

/** Offset in a seat's line: the lease of its reader. */
#define INOS_PING_PONG_SEAT_LEASE UINT32_C(0)

/** Offset in a seat's line: the slot that its reader pins, plus 1, or 0. */
#define INOS_PING_PONG_PIN UINT32_C(4)

/** Bits of the newest frame's word that are the slot; its version is above them. */
#define INOS_PING_PONG_SLOT_BITS UINT32_C(4)

/** Bit of a slot's sequence word: its bytes are not a frame. */
#define INOS_PING_PONG_BUSY UINT32_C(1)

/** Lowest bit, in a slot's sequence word, of the version of its frame. */
#define INOS_PING_PONG_SEQUENCE_SHIFT UINT32_C(1)

/** Bits of a version; 0 is none. */
#define INOS_PING_PONG_VERSION_MASK UINT32_C(0x0fffffff)

/* Dirty maps, which twins pull by */

/** Major version of this kind of section. */
#define INOS_TWIN_MAJOR UINT32_C(1)

/** Parameter: id of the first section of the group. */
#define INOS_TWIN_PARAM_FIRST UINT32_C(0)

/** Parameter: number of sections in the group. */
#define INOS_TWIN_PARAM_SECTIONS UINT32_C(1)

/** Parameter: bytes in a block, a power of two. */
#define INOS_TWIN_PARAM_BLOCK_LEN UINT32_C(2)

/** Parameter: number of blocks in the group. */
#define INOS_TWIN_PARAM_BLOCKS UINT32_C(3)

/** The shortest block, as a power of two. */
#define INOS_TWIN_MIN_BLOCK_BITS UINT32_C(6)

/** The longest block, as a power of two. */
#define INOS_TWIN_MAX_BLOCK_BITS UINT32_C(24)

/** Most blocks in a group. */
#define INOS_TWIN_MAX_BLOCKS UINT32_C(0x01000000)

/** Offset of the writer's lease. */
#define INOS_TWIN_WRITER_LEASE UINT32_C(0)

/** Offset of the epoch of the newest published state. */
#define INOS_TWIN_EPOCH UINT32_C(64)

/** Offset of the stamps. */
#define INOS_TWIN_STAMPS UINT32_C(128)

/** How many stamps one stamp of the level above stands for. */
#define INOS_TWIN_FANOUT UINT32_C(64)

/** Bits of a stamp, and of the difference of two. */
#define INOS_TWIN_STAMP_MASK UINT32_C(0x7fffffff)

/** Ages from here on are all the same: long ago. */
#define INOS_TWIN_HORIZON UINT32_C(0x20000000)

/** Ages from here on are negative: the stamp is ahead of the epoch. */
#define INOS_TWIN_AHEAD UINT32_C(0x40000000)

/* Arenas */

/** Major version of this kind of section. */
#define INOS_ARENA_MAJOR UINT32_C(1)

/** Parameter: bytes in a page, a power of two. */
#define INOS_ARENA_PARAM_PAGE_LEN UINT32_C(0)

/** Parameter: number of pages. */
#define INOS_ARENA_PARAM_PAGES UINT32_C(1)

/** Bytes in the shortest page. */
#define INOS_ARENA_MIN_PAGE_LEN UINT32_C(512)

/** Bytes in the longest page. */
#define INOS_ARENA_MAX_PAGE_LEN UINT32_C(0x00100000)

/** Bits of a handle's offset, which counts granules from the first page. */
#define INOS_ARENA_OFFSET_BITS UINT32_C(32)

/** Bytes of a page's words. */
#define INOS_ARENA_PAGE_WORDS UINT32_C(16)

/** Offset in a page's words: what the page is used for. */
#define INOS_ARENA_PAGE UINT32_C(0)

/** Offset in a page's words: pages of the run that begins here. */
#define INOS_ARENA_RUN UINT32_C(4)

/** Offset in a page's words: whether it looked full. */
#define INOS_ARENA_HINT UINT32_C(8)

/** Bits of a page word that are the kind. */
#define INOS_ARENA_PAGE_KIND UINT32_C(7)

/** Kind of a page: nothing is in it. */
#define INOS_ARENA_PAGE_FREE UINT32_C(0)

/** Kind of a page: blocks of a class. */
#define INOS_ARENA_PAGE_BLOCKS UINT32_C(1)

/** Kind of a page: part of a run, or of its party's unfinished work on one. */
#define INOS_ARENA_PAGE_PART UINT32_C(2)

/** Kind of a page: the first of a run. */
#define INOS_ARENA_PAGE_HEAD UINT32_C(3)

/** Kind of a page: blocks of a class, of which a party looks whether all are free. */
#define INOS_ARENA_PAGE_RETIRING UINT32_C(4)

/** Lowest bit, in a page word, of the class. */
#define INOS_ARENA_PAGE_CLASS_SHIFT UINT32_C(3)

/** Bits of a class. */
#define INOS_ARENA_PAGE_CLASS UINT32_C(63)

/** Lowest bit, in a page word, of the party's number. */
#define INOS_ARENA_PAGE_PARTY_SHIFT UINT32_C(9)

/** Hint: somebody looked for a free block of the page and found none. */
#define INOS_ARENA_HINT_FULL UINT32_C(1)

/** Bytes of the pages for which there is a unit word. */
#define INOS_ARENA_UNIT UINT32_C(64)

/** Bit of a unit word: somebody holds the block that begins there. */
#define INOS_ARENA_UNIT_HELD UINT32_C(1)

/** Lowest bit, in a unit word, of the number of the party that holds the block. */
#define INOS_ARENA_UNIT_PARTY_SHIFT UINT32_C(1)

/** Bit of a unit word: the block is under way to another party. */
#define INOS_ARENA_UNIT_HANDED UINT32_C(2048)

/** Lowest bit, in a unit word, of how often a block was claimed there. */
#define INOS_ARENA_UNIT_GENERATION_SHIFT UINT32_C(12)

/** Bytes in a block of class 0. */
#define INOS_ARENA_MIN_CLASS_LEN UINT32_C(64)

/** Bytes in a block of the last class. */
#define INOS_ARENA_MAX_CLASS_LEN UINT32_C(4096)

/** Most classes there are. */
#define INOS_ARENA_CLASSES UINT32_C(49)

/* Lanes, and the calls in them */

/** Major version of this kind of section. */
#define INOS_LANES_MAJOR UINT32_C(1)

/** Parameter: number of lanes. */
#define INOS_LANES_PARAM_LANES UINT32_C(0)

/** Parameter: entries of each of a lane's rings, a power of two. */
#define INOS_LANES_PARAM_ENTRIES UINT32_C(1)

/** Parameter: bytes of a lane's buffer. */
#define INOS_LANES_PARAM_BUFFER_LEN UINT32_C(2)

/** Most lanes in a section. */
#define INOS_LANES_MAX_LANES UINT32_C(1024)

/** Fewest entries of a lane's rings. */
#define INOS_LANES_MIN_ENTRIES UINT32_C(2)

/** Most entries of a lane's rings. */
#define INOS_LANES_MAX_ENTRIES UINT32_C(4096)

/** Offset of the epoch that says "a lane has something to say". */
#define INOS_LANES_DOORBELL UINT32_C(0)

/** Offset of the lease of the service role. */
#define INOS_LANES_SERVICE_LEASE UINT32_C(4)

/** Offset of the ready bitmap, a bit per lane, rounded up to a line. */
#define INOS_LANES_READY UINT32_C(64)

/** Offset in a lane: the lease of the client role. */
#define INOS_LANES_CLIENT_LEASE UINT32_C(0)

/** Offset in a lane: the epoch that says "there is a completion". */
#define INOS_LANES_COMPLETION_EPOCH UINT32_C(4)

/** Offset in a lane: entries submitted, which the client writes. */
#define INOS_LANES_SQ_TAIL UINT32_C(128)

/** Offset in a lane: entries accepted, which the service writes. */
#define INOS_LANES_SQ_HEAD UINT32_C(256)

/** Offset in a lane: calls answered, which the service writes. */
#define INOS_LANES_CQ_TAIL UINT32_C(384)

/** Offset in a lane: answers taken, which the client writes. */
#define INOS_LANES_CQ_HEAD UINT32_C(512)

/** Offset in a lane: the submissions. */
#define INOS_LANES_SUBMISSIONS UINT32_C(640)

/** Bits of a position; the others are 0. */
#define INOS_LANES_POSITION_MASK UINT32_C(0x7fffffff)

/** Bytes of a slot in the table of calls in flight. */
#define INOS_LANES_SLOT_LEN UINT32_C(16)

/** Offset in a slot: how far the call has come. */
#define INOS_LANES_SLOT_MARK UINT32_C(0)

/** Offset in a slot: the call's id. */
#define INOS_LANES_SLOT_CALL UINT32_C(4)

/** Offset in a slot: the deadline in nanoseconds of the service's clock, 0 for none. */
#define INOS_LANES_SLOT_DEADLINE UINT32_C(8)

/** State of a slot: no call. */
#define INOS_LANES_FREE UINT32_C(0)

/** State of a slot: the call at this position is accepted if the submissions' head has passed it. */
#define INOS_LANES_ACCEPTING UINT32_C(1)

/** State of a slot: a call of the running service. */
#define INOS_LANES_HELD UINT32_C(2)

/** State of a slot: the call is answered if the completions' tail has passed this position. */
#define INOS_LANES_ANSWERING UINT32_C(3)

/** State of a slot: a call that a former service did not answer. */
#define INOS_LANES_ORPHAN UINT32_C(4)

/** The bits of a mark that are the state. */
#define INOS_LANES_STATE UINT32_C(7)

/** Lowest bit, in a mark, of the lower 29 bits of a position. */
#define INOS_LANES_MARK_POSITION_SHIFT UINT32_C(3)

/** Bytes of a submission. */
#define INOS_LANES_SUBMISSION_LEN UINT32_C(64)

/** Offset in a submission: the opcode in the lower half, flags in the upper. */
#define INOS_LANES_SUBMISSION_OPCODE UINT32_C(0)

/** Offset in a submission: the call's id. */
#define INOS_LANES_SUBMISSION_CALL UINT32_C(4)

/** Offset in a submission: the unit's id. */
#define INOS_LANES_SUBMISSION_UNIT UINT32_C(8)

/** Offset in a submission: the number of the method. */
#define INOS_LANES_SUBMISSION_METHOD UINT32_C(12)

/** Offset in a submission: nanoseconds from the acceptance on, 0 for no limit. */
#define INOS_LANES_SUBMISSION_TIMEOUT UINT32_C(16)

/** Offset in a submission: the payload reference of the input. */
#define INOS_LANES_SUBMISSION_INPUT UINT32_C(24)

/** Offset in a submission: the payload reference of the parameters. */
#define INOS_LANES_SUBMISSION_PARAMS UINT32_C(36)

/** Offset in a submission: the payload reference of the output. */
#define INOS_LANES_SUBMISSION_OUTPUT UINT32_C(48)

/** Offset in a submission: how many bytes of an input that is a block. */
#define INOS_LANES_SUBMISSION_BLOCK_LEN UINT32_C(60)

/** Lowest bit, in the word of the opcode, of the flags. */
#define INOS_LANES_FLAGS_SHIFT UINT32_C(16)

/** The bits of a submission's flags that are its priority. */
#define INOS_LANES_PRIORITY_MASK UINT32_C(7)

/** Bytes of a completion. */
#define INOS_LANES_COMPLETION_LEN UINT32_C(32)

/** Offset in a completion: the call's id. */
#define INOS_LANES_COMPLETION_CALL UINT32_C(0)

/** Offset in a completion: the status. */
#define INOS_LANES_COMPLETION_STATUS UINT32_C(4)

/** Offset in a completion: bytes of the result. */
#define INOS_LANES_COMPLETION_RESULT_LEN UINT32_C(8)

/** Offset in a completion: a small result. */
#define INOS_LANES_COMPLETION_VALUE UINT32_C(16)

/** Offset in a completion: nanoseconds from the acceptance on. */
#define INOS_LANES_COMPLETION_ELAPSED UINT32_C(24)

/** Bytes of a payload reference. */
#define INOS_LANES_REFERENCE_LEN UINT32_C(12)

/** Offset in a payload reference: the space. */
#define INOS_LANES_REFERENCE_SPACE UINT32_C(0)

/** Offset in a payload reference: the first byte in that space. */
#define INOS_LANES_REFERENCE_OFFSET UINT32_C(4)

/** Offset in a payload reference: how many bytes. */
#define INOS_LANES_REFERENCE_BYTES UINT32_C(8)

/** Space of a reference to no bytes. */
#define INOS_LANES_SPACE_NONE UINT32_C(0)

/** Space of a reference into the lane's buffer. */
#define INOS_LANES_SPACE_BUFFER UINT32_C(1)

/** Space of a reference into a section, to which the section's id is added. */
#define INOS_LANES_SPACE_SECTION UINT32_C(0x80000000)

/** Space of a reference to a block of an arena, to which the section's id is added. */
#define INOS_LANES_SPACE_BLOCK UINT32_C(0x40000000)

/* What a call asks for, and how it ends */

/** Nothing but an answer. */
#define INOS_OPCODE_NOOP UINT32_C(0)

/** Run a method of a unit. */
#define INOS_OPCODE_EXECUTE UINT32_C(1)

/** Cancel another call of the same lane. */
#define INOS_OPCODE_CANCEL UINT32_C(2)

/** Run a job that a message describes. */
#define INOS_OPCODE_JOB UINT32_C(9)

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

/* Registries of units, and their overflow sections */

/** Major version of both kinds of section. */
#define INOS_REGISTRY_MAJOR UINT32_C(1)

/** Parameter: number of slots in this section. */
#define INOS_REGISTRY_PARAM_SLOTS UINT32_C(0)

/** Parameter: bytes in a slot. */
#define INOS_REGISTRY_PARAM_SLOT_LEN UINT32_C(1)

/** Parameter of an overflow section: id of the registry's section. */
#define INOS_REGISTRY_PARAM_REGISTRY UINT32_C(2)

/** Parameter of an overflow section: number of its first slot. */
#define INOS_REGISTRY_PARAM_FIRST_SLOT UINT32_C(3)

/** Most slots of a registry's section, and of each overflow section. */
#define INOS_REGISTRY_MAX_UNIT_SLOTS UINT32_C(1024)

/** Most overflow sections of a registry. */
#define INOS_REGISTRY_MAX_OVERFLOWS UINT32_C(7)

/** Shortest slot, in bytes. */
#define INOS_REGISTRY_MIN_SLOT_LEN UINT32_C(128)

/** Longest slot, in bytes. */
#define INOS_REGISTRY_MAX_SLOT_LEN UINT32_C(1024)

/** Longest name of a unit, in bytes. */
#define INOS_REGISTRY_MAX_UNIT_NAME_LEN UINT32_C(64)

/** Offset of the flags. */
#define INOS_REGISTRY_FLAGS UINT32_C(0)

/** Flag: some unit's name is not in the index, so who does not find one there looks everywhere. */
#define INOS_REGISTRY_UNINDEXED UINT32_C(1)

/** Offset of the filter, which the index and the slots follow. */
#define INOS_REGISTRY_FILTER UINT32_C(64)

/** Lowest bit, in a name's hash, of its word of the filter. */
#define INOS_REGISTRY_FILTER_WORD_SHIFT UINT32_C(15)

/** Bits of a name's hash that choose one of its three bits of the filter, one after another. */
#define INOS_REGISTRY_FILTER_BIT_BITS UINT32_C(5)

/** Entries in a line of the index. */
#define INOS_REGISTRY_LINE_ENTRIES UINT32_C(16)

/** Lowest bit, in an entry of the index, of the tag; the slot is below it. */
#define INOS_REGISTRY_ENTRY_TAG_SHIFT UINT32_C(10)

/** Bits of a tag: the uppermost ones of the name's hash. */
#define INOS_REGISTRY_ENTRY_TAG_BITS UINT32_C(6)

/** Lowest bit, in an entry of the index, of the generation. */
#define INOS_REGISTRY_ENTRY_GENERATION_SHIFT UINT32_C(16)

/** Offset in a slot: the state. */
#define INOS_REGISTRY_STATE UINT32_C(0)

/** Offset in a slot: an epoch that the unit advances. */
#define INOS_REGISTRY_HEARTBEAT UINT32_C(4)

/** Offset in a slot: MurmurHash3 of the name. */
#define INOS_REGISTRY_NAME_HASH UINT32_C(8)

/** Offset in a slot: lengths of name, dependencies and methods. */
#define INOS_REGISTRY_LENGTHS UINT32_C(12)

/** Offset in a slot: the owner, a number of the application's. */
#define INOS_REGISTRY_OWNER UINT32_C(16)

/** Offset in a slot: major version in the upper half, minor in the lower. */
#define INOS_REGISTRY_VERSION UINT32_C(20)

/** Offset in a slot: number of methods in the upper half, patch version in the lower. */
#define INOS_REGISTRY_PATCH_AND_METHODS UINT32_C(24)

/** Offset in a slot: calls at the same time, 0 for no limit. */
#define INOS_REGISTRY_LIMIT_JOBS UINT32_C(28)

/** Offset in a slot: capabilities. */
#define INOS_REGISTRY_CAPABILITIES UINT32_C(32)

/** Offset in a slot: bytes of memory, 0 for no limit. */
#define INOS_REGISTRY_LIMIT_MEMORY UINT32_C(40)

/** Offset in a slot: nanoseconds of a call, 0 for no limit. */
#define INOS_REGISTRY_LIMIT_RUN UINT32_C(48)

/** Offset in a slot: fuel of a call, 0 for no limit. */
#define INOS_REGISTRY_LIMIT_FUEL UINT32_C(56)

/** Offset in a slot: cost of a call, in billionths of a credit. */
#define INOS_REGISTRY_COST_PER_CALL UINT32_C(64)

/** Offset in a slot: cost of a unit of work, in billionths of a credit. */
#define INOS_REGISTRY_COST_PER_UNIT UINT32_C(72)

/** Offset in a slot: name, dependencies and methods. */
#define INOS_REGISTRY_TEXT UINT32_C(80)

/** Lowest bit, in the word of lengths, of the words of dependencies; the name's bytes are below. */
#define INOS_REGISTRY_LENGTHS_DEPENDENCIES_SHIFT UINT32_C(8)

/** Bits of the name's bytes, and, shifted, of the words of dependencies. */
#define INOS_REGISTRY_LENGTHS_COUNT UINT32_C(255)

/** Lowest bit, in the word of lengths, of the bytes of methods. */
#define INOS_REGISTRY_LENGTHS_METHODS_SHIFT UINT32_C(16)

/** One credit in the fixed point of costs. */
#define INOS_REGISTRY_CREDIT UINT32_C(0x3b9aca00)

/** Offset in a dependency: the first version's major in the upper half, its minor in the lower. */
#define INOS_REGISTRY_DEPENDENCY_FROM UINT32_C(0)

/** Offset in a dependency: the bound's major in the upper half, its minor in the lower. */
#define INOS_REGISTRY_DEPENDENCY_BELOW UINT32_C(4)

/** Offset in a dependency: the first version's patch in the upper half, the bound's in the lower. */
#define INOS_REGISTRY_DEPENDENCY_PATCHES UINT32_C(8)

/** Offset in a dependency: bytes of the name. */
#define INOS_REGISTRY_DEPENDENCY_NAME_LEN UINT32_C(12)

/** Offset in a dependency: the name. */
#define INOS_REGISTRY_DEPENDENCY_NAME UINT32_C(16)

/** State of a slot: nobody was here since the memory was formatted. */
#define INOS_REGISTRY_FREE UINT32_C(0)

/** State of a slot: a registrant writes its record. */
#define INOS_REGISTRY_CLAIMED UINT32_C(1)

/** State of a slot: the unit is there. */
#define INOS_REGISTRY_ACTIVE UINT32_C(2)

/** State of a slot: nobody is here, so it may be claimed. */
#define INOS_REGISTRY_RETIRED UINT32_C(3)

/** State of a slot: the record is complete, and its registrant looks for others of its name. */
#define INOS_REGISTRY_PROPOSED UINT32_C(4)

/** Bits of a slot's state word that are the state. */
#define INOS_REGISTRY_STATE_BITS UINT32_C(63)

/** Lowest bit, in a slot's state word, of the party's number. */
#define INOS_REGISTRY_PARTY_SHIFT UINT32_C(6)

/** Lowest bit, in a slot's state word, of the generation; 0 is no unit's. */
#define INOS_REGISTRY_GENERATION_SHIFT UINT32_C(16)

/** Lowest bit, in a unit's id, of the generation; the slot is below it. */
#define INOS_REGISTRY_ID_GENERATION_SHIFT UINT32_C(16)

/* Banks of counters */

/** Major version of this kind of section. */
#define INOS_COUNTERS_MAJOR UINT32_C(1)

/** Parameter: number of counters that there is room for. */
#define INOS_COUNTERS_PARAM_COUNT UINT32_C(0)

/** Most counters that there may be room for. */
#define INOS_COUNTERS_MAX_COUNT UINT32_C(0x00100000)

/** Offset in a counter: the word that says whose it is. */
#define INOS_COUNTERS_OWNER UINT32_C(0)

/** Offset in a counter: its kind, a number of the application's. */
#define INOS_COUNTERS_TYPE UINT32_C(4)

/** Offset in a counter: its unit, a number of the application's. */
#define INOS_COUNTERS_UNIT UINT32_C(8)

/** Offset in a counter: bytes of the label. */
#define INOS_COUNTERS_LABEL_LEN UINT32_C(12)

/** Offset in a counter: the label. */
#define INOS_COUNTERS_LABEL UINT32_C(16)

/** Bytes in the longest label. */
#define INOS_COUNTERS_MAX_LABEL_LEN UINT32_C(48)

/** Offset in a counter: the count's lower 32 bits. */
#define INOS_COUNTERS_LOW UINT32_C(64)

/** Offset in a counter: the count from bit 31 on, or one less. */
#define INOS_COUNTERS_HIGH UINT32_C(68)

/** Bytes per counter. */
#define INOS_COUNTERS_STRIDE UINT32_C(128)

/** Lowest bit of a count that the word of its upper bits has. */
#define INOS_COUNTERS_HIGH_SHIFT UINT32_C(31)

/** The most that one step adds. */
#define INOS_COUNTERS_ADD_MAX UINT32_C(0x00100000)

/** State in an owner word: nobody's. */
#define INOS_COUNTERS_FREE UINT32_C(0)

/** State in an owner word: being made. */
#define INOS_COUNTERS_MAKING UINT32_C(1)

/** State in an owner word: in use. */
#define INOS_COUNTERS_ACTIVE UINT32_C(2)

/** Bits of an owner word that are the state. */
#define INOS_COUNTERS_STATE UINT32_C(3)

/** Lowest bit, in an owner word, of the party's number. */
#define INOS_COUNTERS_PARTY_SHIFT UINT32_C(2)

/** Lowest bit, in an owner word, of how often the slot was taken. */
#define INOS_COUNTERS_GENERATION_SHIFT UINT32_C(12)

/* Logs */

/** Major version of this kind of section. */
#define INOS_LOG_MAJOR UINT32_C(1)

/** Parameter: number of slots, a power of two. */
#define INOS_LOG_PARAM_CAPACITY UINT32_C(0)

/** Parameter: bytes in the longest text. */
#define INOS_LOG_PARAM_TEXT_LEN UINT32_C(1)

/** Fewest slots. */
#define INOS_LOG_MIN_CAPACITY UINT32_C(4)

/** Most slots. */
#define INOS_LOG_MAX_CAPACITY UINT32_C(0x00100000)

/** Most bytes that the longest text may have. */
#define INOS_LOG_MAX_TEXT_LEN UINT32_C(4072)

/** Offset of the next ticket. */
#define INOS_LOG_HEAD UINT32_C(0)

/** Offset of how many events were given up. */
#define INOS_LOG_DROPPED UINT32_C(64)

/** Offset of the slots. */
#define INOS_LOG_SLOTS UINT32_C(128)

/** Offset in a slot: the word that says whose it is. */
#define INOS_LOG_SLOT_WORD UINT32_C(0)

/** Offset in a slot: when, by a clock of the application's. */
#define INOS_LOG_TIME UINT32_C(4)

/** Offset in a slot: the level in bits 0 to 7, and the party in the upper half. */
#define INOS_LOG_SOURCE UINT32_C(12)

/** Offset in a slot: what, as a number of the application's. */
#define INOS_LOG_CODE UINT32_C(16)

/** Offset in a slot: bytes of the text. */
#define INOS_LOG_TEXT_LEN UINT32_C(20)

/** Offset in a slot: the text. */
#define INOS_LOG_TEXT UINT32_C(24)

/** Lowest bit, in the word of the source, of the number of the party. */
#define INOS_LOG_SOURCE_PARTY_SHIFT UINT32_C(16)

/** Slot word: no event yet, or one that was never finished. */
#define INOS_LOG_FREE UINT32_C(0)

/** State in a slot word: its bytes are no event. */
#define INOS_LOG_WRITING UINT32_C(1)

/** State in a slot word: it holds the event of a lap. */
#define INOS_LOG_DONE UINT32_C(2)

/** Bits of a slot word that are the state. */
#define INOS_LOG_STATE UINT32_C(3)

/** Lowest bit of the lap in a slot word that is done. */
#define INOS_LOG_LAP_SHIFT UINT32_C(2)

/** Lowest bit of the party's number in a slot word that is being written. */
#define INOS_LOG_PARTY_SHIFT UINT32_C(2)

/** Lowest bit of the lap in a slot word that is being written. */
#define INOS_LOG_SHORT_LAP_SHIFT UINT32_C(12)

/** Level: something failed. */
#define INOS_LOG_LEVEL_ERROR UINT32_C(1)

/** Level: something may fail. */
#define INOS_LOG_LEVEL_WARN UINT32_C(2)

/** Level: something worth knowing. */
#define INOS_LOG_LEVEL_INFO UINT32_C(3)

/** Level: for whoever looks for a mistake. */
#define INOS_LOG_LEVEL_DEBUG UINT32_C(4)

/** Level: every step. */
#define INOS_LOG_LEVEL_TRACE UINT32_C(5)

#endif /* INOS_LAYOUT_H */

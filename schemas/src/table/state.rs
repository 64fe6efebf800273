//! Sections that hold a state.

use inos_core::defs::{arena, ping_pong, twin};

use super::{Constant, Group, is_prefix_of, word};

pub(super) const PING_PONG: Group = Group {
    title: "Newest-state buffers",
    constants: constants! { from ping_pong, "PING_PONG_":
        MAJOR => "Major version of this kind of section.",
        PARAM_SHAPE =>
            "Parameter: number of slots in bits 0 to 7, of seats in bits 8 to 15, and the mode above.",
        PARAM_FRAME_LEN => "Parameter: bytes in the largest frame.",
        PARAM_ITEM_LEN => "Parameter: bytes in an item, 0 if frames are just bytes.",
        SHAPE_SEATS_SHIFT => "Lowest bit, in the parameter of the shape, of the number of seats.",
        SHAPE_MODE_SHIFT => "Lowest bit, in the parameter of the shape, of the mode.",
        SHAPE_COUNT => "Bits of the number of slots, and, shifted, of seats.",
        MODE_PINNED => "Mode: seated readers only.",
        MODE_OBSERVED => "Mode: seated readers and observers; the writer stores by atomic words.",
        MIN_SLOTS =>
            "Smallest number of slots: the newest, the next, and one that a pin may hold back.",
        MAX_SLOTS => "Largest number of slots.",
        WRITER_LEASE => "Offset of the writer's lease.",
        LATEST => "Offset of the newest frame's version and slot, 0 before the first.",
        SEQUENCE => "Offset in a slot's line: the sequence word.",
        FRAME_LEN => "Offset in a slot's line: bytes of the frame.",
        SEAT_LEASE => "Offset in a seat's line: the lease of its reader.",
        PIN => "Offset in a seat's line: the slot that its reader pins, plus 1, or 0.",
        SLOT_BITS =>
            "Bits of the newest frame's word that are the slot; its version is above them.",
        BUSY => "Bit of a slot's sequence word: its bytes are not a frame.",
        SEQUENCE_SHIFT => "Lowest bit, in a slot's sequence word, of the version of its frame.",
        VERSION_MASK => "Bits of a version; 0 is none.",
    },
};

pub(super) const TWIN: Group = Group {
    title: "Dirty maps, which twins pull by",
    constants: constants! { from twin, "TWIN_":
        MAJOR => "Major version of this kind of section.",
        PARAM_FIRST => "Parameter: id of the first section of the group.",
        PARAM_SECTIONS => "Parameter: number of sections in the group.",
        PARAM_BLOCK_LEN => "Parameter: bytes in a block, a power of two.",
        PARAM_BLOCKS => "Parameter: number of blocks in the group.",
        MIN_BLOCK_BITS => "The shortest block, as a power of two.",
        MAX_BLOCK_BITS => "The longest block, as a power of two.",
        MAX_BLOCKS => "Most blocks in a group.",
        WRITER_LEASE => "Offset of the writer's lease.",
        EPOCH => "Offset of the epoch of the newest published state.",
        STAMPS => "Offset of the stamps.",
        FANOUT => "How many stamps one stamp of the level above stands for.",
        STAMP_MASK => "Bits of a stamp, and of the difference of two.",
        HORIZON => "Ages from here on are all the same: long ago.",
        AHEAD => "Ages from here on are negative: the stamp is ahead of the epoch.",
    },
};

pub(super) const ARENA: Group = Group {
    title: "Arenas",
    constants: constants! { from arena, "ARENA_":
        MAJOR => "Major version of this kind of section.",
        PARAM_PAGE_LEN => "Parameter: bytes in a page, a power of two.",
        PARAM_PAGES => "Parameter: number of pages.",
        MIN_PAGE_LEN => "Bytes in the shortest page.",
        MAX_PAGE_LEN => "Bytes in the longest page.",
        OFFSET_BITS => "Bits of a handle's offset, which counts granules from the first page.",
        PAGE_WORDS => "Bytes of a page's words.",
        PAGE => "Offset in a page's words: what the page is used for.",
        RUN => "Offset in a page's words: pages of the run that begins here.",
        HINT => "Offset in a page's words: whether it looked full.",
        PAGE_KIND => "Bits of a page word that are the kind.",
        PAGE_FREE => "Kind of a page: nothing is in it.",
        PAGE_BLOCKS => "Kind of a page: blocks of a class.",
        PAGE_PART => "Kind of a page: part of a run, or of its party's unfinished work on one.",
        PAGE_HEAD => "Kind of a page: the first of a run.",
        PAGE_RETIRING =>
            "Kind of a page: blocks of a class, of which a party looks whether all are free.",
        PAGE_CLASS_SHIFT => "Lowest bit, in a page word, of the class.",
        PAGE_CLASS => "Bits of a class.",
        PAGE_PARTY_SHIFT => "Lowest bit, in a page word, of the party's number.",
        HINT_FULL => "Hint: somebody looked for a free block of the page and found none.",
        UNIT => "Bytes of the pages for which there is a unit word.",
        UNIT_HELD => "Bit of a unit word: somebody holds the block that begins there.",
        UNIT_PARTY_SHIFT =>
            "Lowest bit, in a unit word, of the number of the party that holds the block.",
        UNIT_HANDED => "Bit of a unit word: the block is under way to another party.",
        UNIT_GENERATION_SHIFT =>
            "Lowest bit, in a unit word, of how often a block was claimed there.",
        MIN_CLASS_LEN => "Bytes in a block of class 0.",
        MAX_CLASS_LEN => "Bytes in a block of the last class.",
        CLASSES => "Most classes there are.",
    },
};

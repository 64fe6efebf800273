//! Words that stand in several kinds of section; who is there, and what happened.

use inos_core::defs::{counters, epoch, epochs, log, parties, role};

use super::{Constant, Group, is_prefix_of, word};

pub(super) const EPOCH: Group = Group {
    title: "Epochs: the word, wherever one stands",
    constants: constants! { from epoch, "EPOCH_":
        WAITERS => "Bit of an epoch word: somebody sleeps on it.",
        SHIFT => "Lowest bit, in an epoch word, of the epoch.",
        STEP => "What one advance adds to an epoch word.",
    },
};

pub(super) const ROLE: Group = Group {
    title: "Leases: the word, wherever one stands",
    constants: constants! { from role, "ROLE_":
        HELD => "Bit of a lease word: the role is held.",
        PARTY_SHIFT => "Lowest bit, in a lease word, of the number of the party that holds it.",
        GENERATION_SHIFT => "Lowest bit, in a lease word, of how often the role was taken.",
        MAX_PARTY => "The largest number of a party.",
        ANONYMOUS => "The number of a party that did not say who it is.",
    },
};

pub(super) const PARTIES: Group = Group {
    title: "Parties",
    constants: constants! { from parties, "PARTIES_":
        MAJOR => "Major version of this kind of section.",
        PARAM_SEATS => "Parameter: number of seats.",
        PARAM_SCHEME => "Parameter: how parties prove that they are alive.",
        MAX_SEATS => "Most seats.",
        SCHEME_ALWAYS_ALIVE => "Scheme: nobody dies before the memory does.",
        SCHEME_FILE_LOCKS => "Scheme: a party holds a lock on a byte of the region's file.",
        SCHEME_GUARDS => "Scheme: a thread holds a guard.",
        SCHEME_EMBEDDER => "First scheme that is an embedder's to define.",
        REAPER_LEASE => "Offset of the lease that is held while the claims of the dead are taken.",
        SEAT_LEASE =>
            "Offset in a seat's line: the lease of its party, whose number is the seat's.",
        HEARTBEAT => "Offset in a seat's line: an epoch that its party advances.",
        PROCESS_ID => "Offset in a seat's line: the number of its party's process.",
        DESCRIBED => "Offset in a seat's line: the lease word that process id and label belong to.",
        LABEL => "Offset in a seat's line: the label.",
        MAX_LABEL_LEN => "Bytes in a party's label.",
    },
};

pub(super) const EPOCHS: Group = Group {
    title: "Banks of epochs",
    constants: constants! { from epochs, "EPOCHS_":
        MAJOR => "Major version of this kind of section.",
        PARAM_COUNT => "Parameter: number of fixed words, 0 in a bank of named ones.",
        PARAM_STRIDE => "Parameter: distance between two epochs in bytes.",
        PARAM_SLOTS => "Parameter: number of named slots, 0 in a bank of fixed words.",
        PACKED => "Distance between packed words.",
        PADDED => "Distance between padded words.",
        NAMED => "Distance between named slots, as the parameter says it.",
        SLOT_EPOCH => "Offset in a named slot: the epoch.",
        SLOT_STATE => "Offset in a named slot: the state.",
        SLOT_NAME => "Offset in a named slot: the name.",
        SLOT_LEN => "Bytes in a named slot.",
        MAX_NAME_LEN => "Bytes in the longest name.",
        FREE => "State of a named slot: nobody's.",
        CLAIMED => "State of a named slot: its claimant writes the name.",
        PROPOSED =>
            "State of a named slot: the name can be read, and may turn out to be another slot's.",
        ACTIVE => "State of a named slot: the name is this slot's and no other's.",
        STATE => "Bits of a slot's state word that are the state.",
        PARTY_SHIFT =>
            "Lowest bit, in a slot's state word, of the number of the party that claimed it.",
        GENERATION_SHIFT => "Lowest bit, in a slot's state word, of how often the slot was freed.",
        STEP_SHIFT =>
            "Lowest bit, in a name's hash, of the step in which it goes round the slots.",
        ID_GENERATION_SHIFT =>
            "Lowest bit, in the id of a named epoch, of the generation; the slot's index is below it.",
        MAX_SLOTS => "Most slots of a bank of named epochs.",
    },
};

pub(super) const COUNTERS: Group = Group {
    title: "Banks of counters",
    constants: constants! { from counters, "COUNTERS_":
        MAJOR => "Major version of this kind of section.",
        PARAM_COUNT => "Parameter: number of counters that there is room for.",
        MAX_COUNT => "Most counters that there may be room for.",
        OWNER => "Offset in a counter: the word that says whose it is.",
        TYPE => "Offset in a counter: its kind, a number of the application's.",
        UNIT => "Offset in a counter: its unit, a number of the application's.",
        LABEL_LEN => "Offset in a counter: bytes of the label.",
        LABEL => "Offset in a counter: the label.",
        MAX_LABEL_LEN => "Bytes in the longest label.",
        LOW => "Offset in a counter: the count's lower 32 bits.",
        HIGH => "Offset in a counter: the count from bit 31 on, or one less.",
        STRIDE => "Bytes per counter.",
        HIGH_SHIFT => "Lowest bit of a count that the word of its upper bits has.",
        ADD_MAX => "The most that one step adds.",
        FREE => "State in an owner word: nobody's.",
        MAKING => "State in an owner word: being made.",
        ACTIVE => "State in an owner word: in use.",
        STATE => "Bits of an owner word that are the state.",
        PARTY_SHIFT => "Lowest bit, in an owner word, of the party's number.",
        GENERATION_SHIFT => "Lowest bit, in an owner word, of how often the slot was taken.",
    },
};

pub(super) const LOG: Group = Group {
    title: "Logs",
    constants: constants! { from log, "LOG_":
        MAJOR => "Major version of this kind of section.",
        PARAM_CAPACITY => "Parameter: number of slots, a power of two.",
        PARAM_TEXT_LEN => "Parameter: bytes in the longest text.",
        MIN_CAPACITY => "Fewest slots.",
        MAX_CAPACITY => "Most slots.",
        MAX_TEXT_LEN => "Most bytes that the longest text may have.",
        HEAD => "Offset of the next ticket.",
        DROPPED => "Offset of how many events were given up.",
        SLOTS => "Offset of the slots.",
        SLOT_WORD => "Offset in a slot: the word that says whose it is.",
        TIME => "Offset in a slot: when, by a clock of the application's.",
        SOURCE => "Offset in a slot: the level in bits 0 to 7, and the party in the upper half.",
        CODE => "Offset in a slot: what, as a number of the application's.",
        TEXT_LEN => "Offset in a slot: bytes of the text.",
        TEXT => "Offset in a slot: the text.",
        SOURCE_PARTY_SHIFT => "Lowest bit, in the word of the source, of the number of the party.",
        FREE => "Slot word: no event yet, or one that was never finished.",
        WRITING => "State in a slot word: its bytes are no event.",
        DONE => "State in a slot word: it holds the event of a lap.",
        STATE => "Bits of a slot word that are the state.",
        LAP_SHIFT => "Lowest bit of the lap in a slot word that is done.",
        PARTY_SHIFT => "Lowest bit of the party's number in a slot word that is being written.",
        SHORT_LAP_SHIFT => "Lowest bit of the lap in a slot word that is being written.",
        LEVEL_ERROR => "Level: something failed.",
        LEVEL_WARN => "Level: something may fail.",
        LEVEL_INFO => "Level: something worth knowing.",
        LEVEL_DEBUG => "Level: for whoever looks for a mistake.",
        LEVEL_TRACE => "Level: every step.",
    },
};

//! The constants: name, value, one sentence.

use inos_core::protocol::{epoch, ping_pong, role};
use inos_core::{COMPLETION_LEN, Opcode, PayloadRef, SUBMISSION_LEN, SectionId, Status, defs};

/// A named number of the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The name, in capitals; C puts `INOS_` in front.
    pub name: &'static str,
    /// The value, as `inos-core` has it.
    pub value: u32,
    /// What it is, in one sentence.
    pub doc: &'static str,
}

/// Constants that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What they have in common.
    pub title: &'static str,
    /// In the order they are written out.
    pub constants: &'static [Constant],
}

/// Every constant is a 32-bit word to all languages; one that is not does not compile.
const fn word(value: u64) -> u32 {
    assert!(value <= u32::MAX as u64);
    value as u32
}

/// A constant of the same name as the one its value comes from, or `NAME = value`.
macro_rules! constants {
    (from $module:ident: $($name:ident => $doc:literal,)*) => {
        &[$(Constant {
            name: stringify!($name),
            value: word($module::$name as u64),
            doc: $doc,
        }),*]
    };
    ($($name:ident = $value:expr => $doc:literal,)*) => {
        &[$(Constant { name: stringify!($name), value: word($value as u64), doc: $doc }),*]
    };
}

/// All constants, in the order they are written out.
pub const GROUPS: &[Group] = &[
    Group {
        title: "Format and states",
        constants: constants! { from defs:
            MAGIC => "\"INOS\" in memory order on a little-endian machine.",
            FORMAT_MAJOR => "Major version of the format: a reader refuses any other.",
            FORMAT_MINOR => "Minor version of the format: a reader accepts any.",
            STATE_BLANK => "The state before anything was formatted.",
            STATE_FORMATTING => "Being formatted.",
            STATE_READY => "Formatted: may be attached.",
        },
    },
    Group {
        title: "Superblock, at the region's first byte",
        constants: constants! { from defs:
            SUPERBLOCK_MAGIC => "Offset of the magic number.",
            SUPERBLOCK_VERSION =>
                "Offset of the version: major in the upper half, minor in the lower.",
            SUPERBLOCK_LAYOUT_HASH =>
                "Offset of the layout hash: FNV-1a over the section table's words.",
            SUPERBLOCK_STATE => "Offset of the state.",
            SUPERBLOCK_TOTAL_LEN => "Offset of the region's length in bytes.",
            SUPERBLOCK_CONTEXT_ID =>
                "Offset of the context id, which tells one formatting from the next.",
            SUPERBLOCK_SECTION_COUNT => "Offset of the number of sections.",
            SUPERBLOCK_TABLE_OFFSET => "Offset of the section table's offset.",
            SUPERBLOCK_ENTRY_STRIDE => "Offset of the distance between section entries.",
            SUPERBLOCK_LEN => "Bytes in the superblock.",
        },
    },
    Group {
        title: "Section entries, from the table's offset on",
        constants: constants! { from defs:
            ENTRY_ID => "Offset in an entry: the id that the application gave.",
            ENTRY_KIND => "Offset in an entry: the section's kind.",
            ENTRY_VERSION =>
                "Offset in an entry: version of the kind, major in the upper half, minor in the lower.",
            ENTRY_FLAGS => "Offset in an entry: flags, none defined yet.",
            ENTRY_OFFSET =>
                "Offset in an entry: where the section begins, from the region's base.",
            ENTRY_LEN => "Offset in an entry: bytes in the section.",
            ENTRY_PARAMS => "Offset in an entry: four parameters, by kind.",
            ENTRY_NAME => "Offset in an entry: the name.",
            ENTRY_LEN_KNOWN => "Bytes in an entry that this version knows.",
            NAME_LEN => "Bytes in a name.",
        },
    },
    Group {
        title: "Sizes and limits",
        constants: constants! { from defs:
            SECTION_ALIGN => "Sections begin on, and are as long as, a multiple of this.",
            MAX_SECTIONS => "Most sections in a region.",
            MIN_REGION_LEN => "Smallest region.",
            LINE => "A cache line, for control words that different parties write.",
            GRANULE => "What ring positions count, and what records are rounded up to, in bytes.",
        },
    },
    Group {
        title: "Section kinds",
        constants: constants! { from defs:
            KIND_RAW => "Bytes without structure, for the application.",
            KIND_EPOCHS => "Epoch words.",
            KIND_RING => "A single-producer single-consumer byte ring.",
            KIND_PING_PONG => "Newest-state buffer.",
            KIND_LANES => "Submission and completion queues.",
            KIND_REGISTRY => "The unit registry.",
            KIND_PARTIES => "Who takes part, and the leases that say who is alive.",
            KIND_MPSC => "A byte ring of many producers.",
            KIND_BROADCAST => "A ring that overwrites what was not read in time.",
            KIND_ARENA => "Memory to allocate from.",
            KIND_DIRTY_MAP =>
                "Which blocks of other sections changed, for those who keep a replica.",
            KIND_COUNTERS => "Named counters.",
            KIND_LOG => "The newest events.",
            KIND_REGISTRY_OVERFLOW => "Unit slots beyond those of the registry.",
        },
    },
    Group {
        title: "Control words",
        constants: constants! {
            EPOCH_WAITERS = epoch::WAITERS => "Bit of an epoch word: somebody sleeps on it.",
            EPOCH_STEP = epoch::STEP => "What one advance adds to an epoch word.",
            ROLE_HELD = role::HELD => "Bit of a lease word: the role is held.",
            ROLE_PARTY_SHIFT = role::PARTY_SHIFT =>
                "Lowest bit, in a lease word, of the number of the party that holds it.",
            ROLE_GENERATION_SHIFT = role::GENERATION_SHIFT =>
                "Lowest bit, in a lease word, of how often the role was taken.",
            ROLE_MAX_PARTY = role::MAX_PARTY => "The largest number of a party; 0 is anonymous.",
            PING_PONG_BUSY = ping_pong::BUSY =>
                "Bit of a slot's sequence word: its bytes are not a frame.",
            PING_PONG_MIN_SLOTS = ping_pong::MIN_SLOTS =>
                "Smallest number of slots of a ping-pong buffer.",
            PING_PONG_MAX_SLOTS = ping_pong::MAX_SLOTS =>
                "Largest number of slots of a ping-pong buffer.",
        },
    },
    Group {
        title: "Calls",
        constants: constants! {
            SUBMISSION_LEN = SUBMISSION_LEN => "Bytes of a submission.",
            COMPLETION_LEN = COMPLETION_LEN => "Bytes of a completion.",
            OPCODE_NOOP = Opcode::Noop => "Nothing but an answer.",
            OPCODE_EXECUTE = Opcode::Execute => "Run a method of a unit.",
            OPCODE_CANCEL = Opcode::Cancel => "Cancel another call of the same lane.",
            SPACE_NONE = PayloadRef::none().space => "Space of a reference to no bytes.",
            SPACE_BUFFER = PayloadRef::buffer(0, 0).space =>
                "Space of a reference into the lane's buffer.",
            SPACE_SECTION = PayloadRef::section(SectionId(0), 0, 0).space =>
                "Space of a reference into a section, to which the section's id is added.",
            STATUS_OK = Status::OK.0 => "It ended well; numbers below 65,536 are the unit's errors.",
            STATUS_UNSUPPORTED = Status::UNSUPPORTED.0 =>
                "The service does not know the opcode or a flag.",
            STATUS_BAD_REFERENCE = Status::BAD_REFERENCE.0 =>
                "A payload reference means no bytes that may be used this way.",
            STATUS_NO_UNIT = Status::NO_UNIT.0 => "The unit is not there.",
            STATUS_NO_METHOD = Status::NO_METHOD.0 => "The unit has no method of this number.",
            STATUS_SHUT_DOWN = Status::SHUT_DOWN.0 => "The service ended before the call did.",
            STATUS_CANCELLED = Status::CANCELLED.0 => "The client cancelled it.",
            STATUS_TIMED_OUT = Status::TIMED_OUT.0 => "Its time was over.",
            STATUS_TOO_SMALL = Status::TOO_SMALL.0 =>
                "The output has less room than the result needs.",
            STATUS_BUSY = Status::BUSY.0 =>
                "Something that it needs is held by another party or has no room now.",
            STATUS_UNIT_FAILED = Status::UNIT_FAILED.0 => "The unit broke while it worked.",
            STATUS_NO_CALL = Status::NO_CALL.0 => "No call of this id is to be cancelled.",
            STATUS_SERVICE_LOST = Status::SERVICE_LOST.0 =>
                "The service that accepted the call ended or died without an answer.",
        },
    },
];

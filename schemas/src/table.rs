//! The constants: name, value, one sentence.

use inos_core::defs;

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

/// Whether `prefix` is the name of `module` in capitals, and an underscore.
const fn is_prefix_of(prefix: &str, module: &str) -> bool {
    let (prefix, module) = (prefix.as_bytes(), module.as_bytes());
    let mut at = 0;
    while at < module.len() && at < prefix.len() {
        if prefix[at] != module[at].to_ascii_uppercase() {
            return false;
        }
        at += 1;
    }
    at == module.len() && prefix.len() == at + 1 && prefix[at] == b'_'
}

/// A constant of the same name as the one its value comes from, or `NAME = value`. Those of a kind
/// of section have the name of its module in front.
macro_rules! constants {
    (from $module:ident, $prefix:literal: $($name:ident => $doc:literal,)*) => {{
        const { assert!(is_prefix_of($prefix, stringify!($module))) };
        &[$(Constant {
            name: concat!($prefix, stringify!($name)),
            value: word($module::$name as u64),
            doc: $doc,
        }),*]
    }};
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

mod calls;
mod queues;
mod state;
mod words;

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
            LINE => "A cache line.",
            APART =>
                "Distance between control words that one party writes while another polls the \
                 other: two cache lines, since processors fetch the neighbour of a line along with \
                 it.",
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
    words::EPOCH,
    words::ROLE,
    words::PARTIES,
    words::EPOCHS,
    queues::RING,
    queues::MPSC,
    queues::BROADCAST,
    state::PING_PONG,
    state::TWIN,
    state::ARENA,
    calls::LANES,
    calls::ANSWERS,
    calls::REGISTRY,
    words::COUNTERS,
    words::LOG,
];

//! What can go wrong, with the numbers that tell why.

use core::fmt;

use crate::registry::UnitId;

/// Why an operation was refused. A refused operation has changed nothing.
///
/// `Full`, `Empty`, `Lapped`, `RoleHeld` and `TimedOut` are ordinary results of working with
/// others; `Corrupt` says that memory contradicts its own format.
// The tag is a word, so that passing an error on is copying words: with a tag of a byte, the bytes
// behind it are copied one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)]
pub enum Error {
    /// The memory does not begin with the superblock's magic number.
    BadMagic {
        /// The word found at offset 0.
        found: u32,
    },
    /// The memory was written by an incompatible version.
    VersionMismatch {
        /// Major version in memory.
        found: u16,
        /// Major version of this crate.
        expected: u16,
        /// What has this version: the format, or a kind of section.
        what: &'static str,
    },
    /// The region has another layout.
    WrongLayout {
        /// Layout hash in memory; it may be equal where the layouts are not.
        found: u32,
        /// Layout hash asked for.
        expected: u32,
    },
    /// The region exists but is not ready to be attached.
    NotReady {
        /// The superblock's state word.
        state: u32,
    },
    /// A value in memory contradicts the format.
    Corrupt {
        /// Which value.
        what: &'static str,
    },
    /// What this handle was made for is gone: the region was formatted anew, or the handle's
    /// place is taken by something else.
    Stale {
        /// The context id, or the generation, that the handle was made for.
        expected: u64,
        /// The one in memory.
        found: u64,
    },
    /// A range lies outside its section or region.
    OutOfBounds {
        /// First byte of the range.
        offset: u64,
        /// Bytes in the range.
        len: u64,
    },
    /// An address or offset is not aligned.
    Misaligned {
        /// How many bytes past an aligned one.
        by: usize,
        /// The alignment that is needed.
        align: usize,
    },
    /// The memory is too small for the layout.
    TooSmall {
        /// Bytes that there are.
        len: u64,
        /// Bytes that are needed.
        needed: u64,
    },
    /// A record, frame or text is larger than its container ever takes.
    TooLarge {
        /// Bytes asked for.
        len: usize,
        /// The largest that fits.
        max: usize,
    },
    /// A parameter of a layout is outside its range.
    BadLayout {
        /// Which parameter.
        what: &'static str,
    },
    /// Items of another length than the layout says, or that the bytes are not a whole number of.
    WrongItem {
        /// Bytes of an item according to the layout; of all there are, if it does not say.
        found: usize,
        /// Bytes of an item asked for.
        expected: usize,
    },
    /// The layout has no section of this id.
    NoSection {
        /// The id asked for.
        id: u32,
    },
    /// The section is of another kind.
    WrongKind {
        /// The section's id.
        id: u32,
        /// Its kind in memory.
        found: u32,
        /// The kind asked for.
        expected: u32,
    },
    /// There is no item of this index.
    NoSuchIndex {
        /// The index asked for.
        index: u32,
        /// How many there are.
        count: u32,
    },
    /// The memory is mapped for reading only.
    ReadOnly,
    /// Another party holds this exclusive role.
    RoleHeld,
    /// All seats or slots of this kind are taken.
    NoSeat {
        /// How many there are.
        count: u32,
    },
    /// There is no room now; there will be when the other side catches up.
    Full,
    /// There is nothing to read now.
    Empty,
    /// The writer overtook this reader on each of its tries.
    Lapped {
        /// How many tries were made.
        tries: u32,
    },
    /// Others won every one of a bounded number of tries.
    Contended {
        /// How many tries were made.
        tries: u32,
    },
    /// The time allowed for waiting is over.
    TimedOut,
    /// This claim was given up on by another party; what it wrote is not delivered.
    Fenced,
    /// The host's system refused.
    Host {
        /// Its number for the reason, such as `errno`.
        code: i32,
    },
    /// No unit in the registry answers to this name or id.
    NoUnit,
    /// The unit has no method of this name.
    NoMethod,
    /// No active unit meets what a unit needs.
    Unmet {
        /// The unit that needs it.
        unit: UnitId,
        /// Which of its dependencies, in the order in which it named them.
        dependency: u16,
    },
    /// Units need each other.
    Cycle {
        /// One of them, or one that needs them.
        unit: UnitId,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BadMagic { found } => {
                write!(f, "not an INOS region: it begins with {found:#010x}")
            }
            Self::VersionMismatch { what, found, expected } => {
                write!(f, "incompatible {what}: version {found}, this build reads {expected}")
            }
            Self::WrongLayout { found, expected } => {
                write!(
                    f,
                    "another layout: its hash is {found:#010x}, that of ours {expected:#010x}"
                )
            }
            Self::NotReady { state } => write!(f, "the region is not ready (state {state})"),
            Self::Corrupt { what } => write!(f, "corrupt memory: {what}"),
            Self::Stale { expected, found } => {
                write!(f, "stale handle: made for {expected:#x}, memory has {found:#x}")
            }
            Self::OutOfBounds { offset, len } => {
                write!(f, "{len} bytes at offset {offset} are out of bounds")
            }
            Self::Misaligned { by, align } => {
                write!(f, "{by} bytes past an address aligned to {align}")
            }
            Self::TooSmall { len, needed } => {
                write!(f, "memory of {len} bytes is too small: {needed} are needed")
            }
            Self::TooLarge { len, max } => write!(f, "{len} bytes asked for, at most {max} fit"),
            Self::BadLayout { what } => write!(f, "bad layout: {what}"),
            Self::WrongItem { found, expected } => {
                write!(f, "{found} bytes are not items of {expected} bytes")
            }
            Self::NoSection { id } => write!(f, "the region has no section {id}"),
            Self::WrongKind { id, found, expected } => {
                write!(f, "section {id} is of kind {found}, not {expected}")
            }
            Self::NoSuchIndex { index, count } => {
                write!(f, "there is no item {index} among {count}")
            }
            Self::ReadOnly => write!(f, "the memory is mapped for reading only"),
            Self::RoleHeld => write!(f, "another party holds this role"),
            Self::NoSeat { count } => write!(f, "all {count} seats are taken"),
            Self::Full => write!(f, "full"),
            Self::Empty => write!(f, "empty"),
            Self::Lapped { tries } => write!(f, "overtaken by the writer in {tries} tries"),
            Self::Contended { tries } => write!(f, "lost to other parties in {tries} tries"),
            Self::TimedOut => write!(f, "timed out"),
            Self::Fenced => write!(f, "fenced off: another party gave up on this claim"),
            Self::Host { code } => write!(f, "the system refused: error {code}"),
            Self::NoUnit => write!(f, "no such unit"),
            Self::NoMethod => write!(f, "the unit has no such method"),
            Self::Unmet { unit, dependency } => {
                write!(f, "nothing meets dependency {dependency} of unit {unit}")
            }
            Self::Cycle { unit } => write!(f, "unit {unit} is among units that need each other"),
        }
    }
}

impl core::error::Error for Error {}

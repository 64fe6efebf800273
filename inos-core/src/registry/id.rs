//! Names of units by number.
#![forbid(unsafe_code)]

use core::fmt;

use crate::defs::registry::ID_GENERATION_SHIFT;

/// A unit in a registry: the slot, and which of the slot's units it was.
///
/// Holding one proves nothing: the unit may have retired. Slots are counted through a registry and
/// its overflow sections, so an index means one slot. Generation 0 is never given out, so the raw
/// value 0 ([`UnitId::NONE`]) names no unit.
///
/// ```
/// use inos_core::UnitId;
///
/// let id = UnitId::new(3, 7);
/// assert_eq!((id.index(), id.generation()), (3, 7));
/// assert_eq!(UnitId::from_raw(id.raw()), id);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId {
    index: u16,
    generation: u16,
}

impl UnitId {
    /// Names no unit.
    pub const NONE: Self = Self::new(0, 0);

    /// The id of a slot's unit.
    #[must_use]
    pub const fn new(index: u16, generation: u16) -> Self {
        Self { index, generation }
    }

    /// The slot.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.index
    }

    /// Which of the slot's units, from 1; wraps, leaving 0 out.
    #[must_use]
    pub const fn generation(self) -> u16 {
        self.generation
    }

    /// Both in a word: the generation in the upper half.
    #[must_use]
    pub const fn raw(self) -> u32 {
        ((self.generation as u32) << ID_GENERATION_SHIFT) | self.index as u32
    }

    /// The id in a word; any word is one, and the registry refuses those that name nothing.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self { index: raw as u16, generation: (raw >> ID_GENERATION_SHIFT) as u16 }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

/// What a unit can do or may be asked for: a set of 64 bits whose meaning the application defines.
///
/// ```
/// use inos_core::Capabilities;
///
/// const STREAMS: Capabilities = Capabilities(1);
/// const STRICT: Capabilities = Capabilities(2);
/// let both = STREAMS | STRICT;
/// assert!(both.contains(STRICT) && !STREAMS.contains(both));
/// assert!(STREAMS.contains(Capabilities::NONE));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// No bit.
    pub const NONE: Self = Self(0);

    /// Whether all bits of `other` are here, too.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl core::ops::BitOr for Capabilities {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

//! Versions of units, and what one unit needs of another.
#![forbid(unsafe_code)]

use core::fmt;

/// Major, minor, patch; ordered in this order.
pub type Version = (u16, u16, u16);

const LAST: Version = (u16::MAX, u16::MAX, u16::MAX);

/// The versions from one on, up to another that is left out, if there is one.
///
/// ```
/// use inos_core::VersionRange;
///
/// let range = VersionRange::caret((1, 4, 0));
/// assert!(range.contains((1, 9, 2)) && !range.contains((2, 0, 0)) && !range.contains((1, 3, 9)));
/// // Before 1.0.0 a minor version may break what there was.
/// assert!(!VersionRange::caret((0, 4, 1)).contains((0, 5, 0)));
/// assert!(VersionRange::exactly((1, 0, 0)).contains((1, 0, 0)));
/// assert_eq!(range.to_string(), ">=1.4.0, <2.0.0");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    from: Version,
    /// [`LAST`] for no bound.
    below: Version,
}

impl VersionRange {
    /// All versions.
    pub const ANY: Self = Self::at_least((0, 0, 0));

    /// This version and all after it.
    ///
    /// ```
    /// # use inos_core::VersionRange;
    /// let range = VersionRange::at_least((1, 4, 0));
    /// assert!(range.contains((2, 0, 0)) && !range.contains((1, 3, 9)));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn at_least(from: Version) -> Self {
        Self { from, below: LAST }
    }

    /// This version and no other.
    ///
    /// ```
    /// # use inos_core::VersionRange;
    /// let range = VersionRange::exactly((1, 4, 0));
    /// assert!(range.contains((1, 4, 0)) && !range.contains((1, 4, 1)));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn exactly(version: Version) -> Self {
        Self { from: version, below: after(version) }
    }

    /// This version and those after it that are compatible with it, as Cargo understands it: the
    /// leftmost number that is not 0 stays.
    ///
    /// ```
    /// # use inos_core::VersionRange;
    /// let stable = VersionRange::caret((1, 4, 0));
    /// assert!(stable.contains((1, 9, 0)) && !stable.contains((2, 0, 0)));
    /// let early = VersionRange::caret((0, 4, 1));
    /// assert!(early.contains((0, 4, 9)) && !early.contains((0, 5, 0)));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn caret(from: Version) -> Self {
        let below = match from {
            (0, 0, _) => after(from),
            (0, minor, _) => after((0, minor, u16::MAX)),
            (major, _, _) => after((major, u16::MAX, u16::MAX)),
        };
        Self { from, below }
    }

    /// From one version on, up to another that is left out. (Except the largest of all numbers,
    /// 65535.65535.65535: as an upper bound it bounds nothing.)
    ///
    /// ```
    /// # use inos_core::VersionRange;
    /// let range = VersionRange::between((1, 4, 0), (1, 6, 0));
    /// assert!(range.contains((1, 5, 9)) && !range.contains((1, 6, 0)));
    /// assert!(VersionRange::between((2, 0, 0), (1, 0, 0)).is_empty());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn between(from: Version, below: Version) -> Self {
        Self { from, below }
    }

    /// Whether it has this version.
    #[must_use]
    pub fn contains(&self, version: Version) -> bool {
        version >= self.from && (version < self.below || self.below == LAST)
    }

    /// Whether it has no version at all.
    ///
    /// ```
    /// # use inos_core::VersionRange;
    /// assert!(VersionRange::between((1, 4, 0), (1, 4, 0)).is_empty());
    /// assert!(!VersionRange::exactly((1, 4, 0)).is_empty());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.contains(self.from)
    }

    /// As it stands in memory.
    pub(super) const fn encode(&self) -> [u32; 3] {
        let (from, below) = (self.from, self.below);
        [join(from.0, from.1), join(below.0, below.1), join(from.2, below.2)]
    }

    pub(super) const fn decode([from, below, patches]: [u32; 3]) -> Self {
        let patch = split(patches);
        let (from, below) = (split(from), split(below));
        Self { from: (from.0, from.1, patch.0), below: (below.0, below.1, patch.1) }
    }
}

impl Default for VersionRange {
    fn default() -> Self {
        Self::ANY
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor, patch) = self.from;
        write!(f, ">={major}.{minor}.{patch}")?;
        match self.below {
            LAST => Ok(()),
            (major, minor, patch) => write!(f, ", <{major}.{minor}.{patch}"),
        }
    }
}

/// The next version. Of [`LAST`]: itself, which bounds nothing, so that it is in its own range.
const fn after(version: Version) -> Version {
    match version {
        LAST => LAST,
        (major, u16::MAX, u16::MAX) => (major + 1, 0, 0),
        (major, minor, u16::MAX) => (major, minor + 1, 0),
        (major, minor, patch) => (major, minor, patch + 1),
    }
}

const fn join(high: u16, low: u16) -> u32 {
    ((high as u32) << 16) | low as u32
}

const fn split(word: u32) -> (u16, u16) {
    ((word >> 16) as u16, word as u16)
}

/// That a unit needs another one.
///
/// ```
/// use inos_core::{Dependency, VersionRange};
///
/// let needs_hash = Dependency { name: "hash", range: VersionRange::caret((1, 2, 0)) };
/// assert!(needs_hash.range.contains((1, 3, 0)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dependency<'a> {
    /// The other unit's name; 1 to [`MAX_UNIT_NAME_LEN`](super::MAX_UNIT_NAME_LEN) bytes.
    pub name: &'a str,
    /// Which of its versions will do.
    pub range: VersionRange,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u16 = u16::MAX;

    #[test]
    fn carets_carry() {
        for (from, below) in [
            ((1, 2, 3), (2, 0, 0)),
            ((0, 2, 3), (0, 3, 0)),
            ((0, 0, 3), (0, 0, 4)),
            ((0, 0, 0), (0, 0, 1)),
            ((0, 0, MAX), (0, 1, 0)),
            ((0, MAX, 5), (1, 0, 0)),
            ((MAX, 1, 1), LAST),
        ] {
            assert_eq!(VersionRange::caret(from), VersionRange::between(from, below), "{from:?}");
        }
    }

    #[test]
    fn the_last_version_is_in_its_range() {
        assert!(VersionRange::exactly(LAST).contains(LAST));
        assert!(!VersionRange::exactly(LAST).contains((MAX, MAX, MAX - 1)));
        assert!(VersionRange::ANY.contains(LAST) && VersionRange::ANY.contains((0, 0, 0)));
        assert!(VersionRange::between((1, 0, 0), (1, 0, 0)).is_empty());
        assert!(VersionRange::between((2, 0, 0), (1, 0, 0)).is_empty());
        assert!(!VersionRange::caret((0, 0, 0)).is_empty());
    }

    #[test]
    fn a_range_survives_its_words() {
        for range in [
            VersionRange::ANY,
            VersionRange::caret((1, 2, 3)),
            VersionRange::between((1, 2, 3), (4, 5, 6)),
        ] {
            assert_eq!(VersionRange::decode(range.encode()), range);
        }
    }
}

//! One row of the section table.
#![forbid(unsafe_code)]

use crate::defs::{
    ENTRY_FLAGS, ENTRY_ID, ENTRY_KIND, ENTRY_LEN, ENTRY_LEN_KNOWN, ENTRY_NAME, ENTRY_OFFSET,
    ENTRY_PARAMS, ENTRY_VERSION, NAME_LEN,
};

/// The number by which an application calls a section; unique in a region, below 2^31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SectionId(pub u32);

/// Where a section lies and what it is. From an attached region: checked, and copied out of
/// shared memory.
///
/// ```
/// use inos_core::{Layout, RingConfig, SectionId, defs};
///
/// let layout = Layout::builder().ring(SectionId(7), "jobs", RingConfig { capacity: 64 }).build()?;
/// let section = layout.sections()[0];
/// assert_eq!((section.id(), section.name()), (SectionId(7), "jobs"));
/// assert_eq!((section.kind(), section.version()), (defs::KIND_RING, (1, 0)));
/// assert_eq!(section.params(), [64, 0, 0, 0]);
/// assert_eq!((section.offset() % 64, section.len() % 64, section.is_empty()), (0, 0, false));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub(crate) id: SectionId,
    pub(crate) kind: u32,
    pub(crate) version: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) params: [u32; 4],
    pub(crate) name: [u8; NAME_LEN],
}

/// Words in a section entry.
pub(crate) const ENTRY_WORDS: usize = ENTRY_LEN_KNOWN / 4;

// `as_words` and `from_words` take an entry apart in this order.
const _: () = {
    assert!(ENTRY_ID == 0 && ENTRY_KIND == 4 && ENTRY_VERSION == 8 && ENTRY_FLAGS == 12);
    assert!(ENTRY_OFFSET == 16 && ENTRY_LEN == 24 && ENTRY_PARAMS == 32 && ENTRY_NAME == 48);
};

impl Section {
    pub(crate) const EMPTY: Self = Self {
        id: SectionId(0),
        kind: 0,
        version: 0,
        flags: 0,
        offset: 0,
        len: 0,
        params: [0; 4],
        name: [0; NAME_LEN],
    };

    /// The application's number for it.
    #[must_use]
    pub const fn id(&self) -> SectionId {
        self.id
    }

    /// What it is: one of the `KIND_` constants in [`defs`](crate::defs), or a kind that this
    /// version does not know.
    #[must_use]
    pub const fn kind(&self) -> u32 {
        self.kind
    }

    /// Major and minor version of the kind.
    #[must_use]
    pub const fn version(&self) -> (u16, u16) {
        ((self.version >> 16) as u16, self.version as u16)
    }

    /// First byte, from the region's base; a multiple of 64.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Length in bytes; a multiple of 64.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes; never true for a section of a region.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Parameters, whose meaning the kind defines.
    #[must_use]
    pub const fn params(&self) -> [u32; 4] {
        self.params
    }

    /// The name, for people; empty if memory holds no valid UTF-8.
    #[must_use]
    pub fn name(&self) -> &str {
        let end = self.name.iter().position(|&byte| byte == 0).unwrap_or(NAME_LEN);
        let bytes = self.name.get(..end).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }

    /// The entry as it stands in memory.
    pub(crate) fn as_words(&self) -> [u32; ENTRY_WORDS] {
        let [param0, param1, param2, param3] = self.params;
        let mut words = [
            self.id.0,
            self.kind,
            self.version,
            self.flags,
            self.offset as u32,
            (self.offset >> 32) as u32,
            self.len as u32,
            (self.len >> 32) as u32,
            param0,
            param1,
            param2,
            param3,
            0,
            0,
            0,
            0,
        ];
        for (word, bytes) in words.iter_mut().skip(ENTRY_NAME / 4).zip(self.name.as_chunks().0) {
            *word = u32::from_ne_bytes(*bytes);
        }
        words
    }

    /// Reads an entry back. Nothing is checked yet.
    pub(crate) fn from_words(words: &[u32; ENTRY_WORDS]) -> Self {
        let [
            id,
            kind,
            version,
            flags,
            offset,
            offset_high,
            len,
            len_high,
            param0,
            param1,
            param2,
            param3,
            name_words @ ..,
        ] = words;
        let wide = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        let mut name = [0; NAME_LEN];
        for (bytes, word) in name.as_chunks_mut().0.iter_mut().zip(name_words) {
            *bytes = word.to_ne_bytes();
        }
        Self {
            id: SectionId(*id),
            kind: *kind,
            version: *version,
            flags: *flags,
            offset: wide(*offset, *offset_high),
            len: wide(*len, *len_high),
            params: [*param0, *param1, *param2, *param3],
            name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_words() {
        let section = Section {
            id: SectionId(7),
            kind: 3,
            version: 0x0001_0002,
            flags: 9,
            offset: 0x1_0000_0040,
            len: 0x2_0000_0080,
            params: [1, 2, 3, 4],
            name: *b"sixteen bytes!!!",
        };
        assert_eq!(Section::from_words(&section.as_words()), section);
        assert_eq!(section.name(), "sixteen bytes!!!");
        assert_eq!(section.version(), (1, 2));
    }
}

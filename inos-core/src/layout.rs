//! The layout builder: which sections a region has, and where.
//!
//! Sections are placed one after another on cache-line boundaries, so overlap, misalignment
//! and overflow are impossible by construction. A layout is a plain value, and building one is
//! `const`: a microcontroller sizes its `static` with it.
#![forbid(unsafe_code)]

use crate::defs::{
    ENTRY_LEN_KNOWN, KIND_EPOCHS, KIND_LANES, KIND_MPSC, KIND_PING_PONG, KIND_RAW, KIND_REGISTRY, KIND_RING,
    MAX_SECTIONS, MIN_REGION_LEN, NAME_LEN, SECTION_ALIGN, SUPERBLOCK_LEN,
};
use crate::epochs::{self, EpochsConfig};
use crate::error::Error;
use crate::hash::fnv1a;
use crate::lanes::{self, LanesConfig};
use crate::mpsc::{self, MpscConfig};
use crate::ping_pong::{self, PingPongConfig};
use crate::registry::{self, RegistryConfig};
use crate::ring::{self, RingConfig};
use crate::section::{Section, SectionId};

/// The kind version that this crate writes: major 1, minor 0.
const KIND_VERSION: u32 = 1 << 16;

/// Where everything in a region lies. Holding one proves that its sections are aligned, do not
/// overlap and end at [`total_len`](Layout::total_len).
///
/// ```
/// use inos_core::{EpochsConfig, Layout, RingConfig, SectionId};
///
/// const LAYOUT: Layout = match Layout::builder()
///     .epochs(SectionId(1), "epochs", EpochsConfig { count: 4, padded: true })
///     .ring(SectionId(2), "log", RingConfig { capacity: 64 })
///     .build()
/// {
///     Ok(layout) => layout,
///     Err(_) => panic!("the layout is wrong"),
/// };
/// assert_eq!(LAYOUT.total_len() % 64, 0);
/// assert!(LAYOUT.total_len() >= 4096);
/// ```
#[derive(Clone, Debug)]
pub struct Layout {
    sections: [Section; MAX_SECTIONS],
    count: usize,
    total_len: u64,
}

impl Layout {
    /// An empty layout to add sections to.
    pub const fn builder() -> LayoutBuilder {
        LayoutBuilder { sections: [Section::EMPTY; MAX_SECTIONS], count: 0, error: None }
    }

    /// Bytes that the region needs; at least 4096, a multiple of 64.
    #[must_use]
    pub const fn total_len(&self) -> u64 {
        self.total_len
    }

    /// The sections, in the order of their offsets.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        self.sections.get(..self.count).unwrap_or_default()
    }

    /// FNV-1a (32 bits) over the words of the section table: equal for equal layouts.
    #[must_use]
    pub fn hash(&self) -> u32 {
        hash(self.sections())
    }
}

/// FNV-1a over section entries, a word at a time in little-endian bytes.
pub(crate) fn hash(sections: &[Section]) -> u32 {
    fnv1a(sections.iter().flat_map(Section::as_words).flat_map(u32::to_le_bytes))
}

/// Collects sections; the first mistake is kept and reported by [`build`](Self::build).
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing before `build`"]
pub struct LayoutBuilder {
    sections: [Section; MAX_SECTIONS],
    count: usize,
    error: Option<Error>,
}

// Indexing below is bounded by `count < MAX_SECTIONS`; const fns have no `get_mut`.
#[allow(clippy::indexing_slicing)]
impl LayoutBuilder {
    /// Bytes without structure.
    pub const fn raw(self, id: SectionId, name: &str, len: u64) -> Self {
        self.add(id, name, KIND_RAW, [0; 4], Ok(len))
    }

    /// A bank of epoch words.
    pub const fn epochs(self, id: SectionId, name: &str, config: EpochsConfig) -> Self {
        self.add(id, name, KIND_EPOCHS, config.params(), epochs::section_len(&config))
    }

    /// A single-producer single-consumer byte ring.
    pub const fn ring(self, id: SectionId, name: &str, config: RingConfig) -> Self {
        self.add(id, name, KIND_RING, config.params(), ring::section_len(&config))
    }

    /// A newest-state buffer.
    pub const fn ping_pong(self, id: SectionId, name: &str, config: PingPongConfig) -> Self {
        self.add(id, name, KIND_PING_PONG, config.params(), ping_pong::section_len(&config))
    }

    /// Submission and completion queues.
    pub const fn lanes(self, id: SectionId, name: &str, config: LanesConfig) -> Self {
        self.add(id, name, KIND_LANES, config.params(), lanes::section_len(&config))
    }

    /// A unit registry.
    pub const fn registry(self, id: SectionId, name: &str, config: RegistryConfig) -> Self {
        self.add(id, name, KIND_REGISTRY, config.params(), registry::section_len(&config))
    }

    /// A byte ring of many producers.
    pub const fn mpsc(self, id: SectionId, name: &str, config: MpscConfig) -> Self {
        self.add(id, name, KIND_MPSC, config.params(), mpsc::section_len(&config))
    }

    const fn add(
        mut self,
        id: SectionId,
        name: &str,
        kind: u32,
        params: [u32; 4],
        len: Result<u64, Error>,
    ) -> Self {
        if self.error.is_some() {
            return self;
        }
        self.error = self.check(id, name);
        let len = match len {
            Ok(0) => {
                self.error = Some(Error::BadLayout { what: "a section of no bytes" });
                0
            }
            Ok(len) => len,
            Err(error) => {
                self.error = Some(error);
                0
            }
        };
        if self.error.is_none() {
            let mut bytes = [0; NAME_LEN];
            let mut at = 0;
            while at < name.len() {
                bytes[at] = name.as_bytes()[at];
                at += 1;
            }
            self.sections[self.count] = Section {
                id,
                kind,
                version: KIND_VERSION,
                flags: 0,
                offset: 0,
                len,
                params,
                name: bytes,
            };
            self.count += 1;
        }
        self
    }

    const fn check(&self, id: SectionId, name: &str) -> Option<Error> {
        if self.count == MAX_SECTIONS {
            return Some(Error::BadLayout { what: "more than 32 sections" });
        }
        if name.len() > NAME_LEN {
            return Some(Error::BadLayout { what: "a section's name is over 16 bytes long" });
        }
        // The top bit tells section references from others in submissions.
        if id.0 >= 1 << 31 {
            return Some(Error::BadLayout { what: "a section's id has its top bit set" });
        }
        let mut at = 0;
        while at < self.count {
            if self.sections[at].id.0 == id.0 {
                return Some(Error::BadLayout { what: "two sections of one id" });
            }
            at += 1;
        }
        None
    }

    /// Places the sections.
    ///
    /// # Errors
    /// The first mistake made while adding sections, or `BadLayout` if the total overflows.
    pub const fn build(mut self) -> Result<Layout, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut end = (SUPERBLOCK_LEN + self.count * ENTRY_LEN_KNOWN) as u64;
        let mut at = 0;
        while at < self.count {
            let section = &mut self.sections[at];
            let Some(len) = round_up(section.len) else { return Err(OVERFLOW) };
            section.offset = end;
            section.len = len;
            let Some(next) = end.checked_add(len) else { return Err(OVERFLOW) };
            // Regions are addressed with signed offsets in more than one language.
            if next > i64::MAX as u64 {
                return Err(OVERFLOW);
            }
            end = next;
            at += 1;
        }
        let total_len = if end < MIN_REGION_LEN { MIN_REGION_LEN } else { end };
        Ok(Layout { sections: self.sections, count: self.count, total_len })
    }
}

const OVERFLOW: Error = Error::BadLayout { what: "the total length overflows" };

const fn round_up(len: u64) -> Option<u64> {
    match len.checked_add(SECTION_ALIGN - 1) {
        Some(sum) => Some(sum / SECTION_ALIGN * SECTION_ALIGN),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_kept_and_named() {
        let twice = Layout::builder().raw(SectionId(1), "a", 8).raw(SectionId(1), "b", 8).build();
        assert_eq!(twice.err(), Some(Error::BadLayout { what: "two sections of one id" }));
        let long = Layout::builder().raw(SectionId(1), "a name that is too long", 8).build();
        assert!(matches!(long, Err(Error::BadLayout { .. })));
        let huge = Layout::builder().raw(SectionId(1), "a", u64::MAX).build();
        assert_eq!(huge.err(), Some(OVERFLOW));
        let sum = Layout::builder()
            .raw(SectionId(1), "a", i64::MAX as u64 - 64)
            .raw(SectionId(2), "b", 128)
            .build();
        assert_eq!(sum.err(), Some(OVERFLOW));
        let mut many = Layout::builder();
        for id in 0..33 {
            many = many.raw(SectionId(id), "", 1);
        }
        assert_eq!(many.build().err(), Some(Error::BadLayout { what: "more than 32 sections" }));
    }

    #[test]
    fn the_hash_tells_layouts_apart() {
        let one = Layout::builder().raw(SectionId(1), "a", 64).build().unwrap();
        let same = Layout::builder().raw(SectionId(1), "a", 64).build().unwrap();
        let other = Layout::builder().raw(SectionId(1), "a", 128).build().unwrap();
        assert_eq!(one.hash(), same.hash());
        assert_ne!(one.hash(), other.hash());
        // FNV-1a of nothing is its offset basis.
        assert_eq!(Layout::builder().build().unwrap().hash(), 0x811c_9dc5);
    }
}

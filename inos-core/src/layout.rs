//! The layout builder: which sections a region has, and where.
//!
//! Sections are placed one after another on cache-line boundaries, so overlap, misalignment
//! and overflow are impossible by construction. A layout is a plain value, and building one is
//! `const`: a microcontroller sizes its `static` with it.
#![forbid(unsafe_code)]

use crate::arena::{self, ArenaConfig};
use crate::broadcast::{self, BroadcastConfig};
use crate::counters::{self, CountersConfig};
use crate::defs::{
    ENTRY_LEN_KNOWN, KIND_PARTIES, KIND_RAW, MAX_SECTIONS, MIN_REGION_LEN, NAME_LEN, SECTION_ALIGN,
    SUPERBLOCK_LEN,
};
use crate::epochs::{self, EpochsConfig, NamedEpochsConfig};
use crate::error::Error;
use crate::hash::fnv1a;
use crate::kind::{self, Setup};
use crate::lanes::{self, LanesConfig};
use crate::log::{self, LogConfig};
use crate::mpsc::{self, MpscConfig};
use crate::parties::{self, PartiesConfig};
use crate::ping_pong::{self, PingPongConfig};
use crate::registry::{self, RegistryConfig, RegistryOverflowConfig};
use crate::ring::{self, RingConfig};
use crate::section::{Section, SectionId};
use crate::twin::{self, DirtyMapConfig};

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
    setups: [Setup; MAX_SECTIONS],
    count: usize,
    total_len: u64,
}

impl Layout {
    /// An empty layout to add sections to.
    pub const fn builder() -> LayoutBuilder {
        LayoutBuilder {
            sections: [Section::EMPTY; MAX_SECTIONS],
            setups: [kind::RAW; MAX_SECTIONS],
            count: 0,
            error: None,
        }
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

    /// What to do with each of them.
    pub(crate) fn setups(&self) -> impl Iterator<Item = (&Section, &Setup)> {
        self.sections().iter().zip(&self.setups)
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
    setups: [Setup; MAX_SECTIONS],
    count: usize,
    error: Option<Error>,
}

impl LayoutBuilder {
    /// Bytes without structure.
    pub const fn raw(self, id: SectionId, name: &str, len: u64) -> Self {
        self.add(id, name, kind::RAW, [0; 4], Ok(len))
    }

    /// A bank of epoch words.
    pub const fn epochs(self, id: SectionId, name: &str, config: EpochsConfig) -> Self {
        self.add(id, name, kind::FIXED_EPOCHS, config.params(), epochs::section_len(&config))
    }

    /// A bank of epochs that are allocated by name.
    pub const fn named_epochs(self, id: SectionId, name: &str, config: NamedEpochsConfig) -> Self {
        self.add(id, name, kind::EPOCHS, config.params(), config.section_len())
    }

    /// A single-producer single-consumer byte ring.
    pub const fn ring(self, id: SectionId, name: &str, config: RingConfig) -> Self {
        self.add(id, name, kind::RING, config.params(), ring::section_len(&config))
    }

    /// A ring that overwrites what was not read in time.
    pub const fn broadcast(self, id: SectionId, name: &str, config: BroadcastConfig) -> Self {
        self.add(id, name, kind::BROADCAST, config.params(), broadcast::section_len(&config))
    }

    /// A newest-state buffer.
    pub const fn ping_pong(self, id: SectionId, name: &str, config: PingPongConfig) -> Self {
        self.add(id, name, kind::PING_PONG, config.params(), ping_pong::section_len(&config))
    }

    /// A newest-state buffer whose frames are items of `item_len` bytes each: readers that take
    /// them for items of another length are refused.
    pub const fn ping_pong_of(
        self,
        id: SectionId,
        name: &str,
        config: PingPongConfig,
        item_len: u32,
    ) -> Self {
        let len = ping_pong::section_len_of(&config, item_len);
        self.add(id, name, kind::PING_PONG, config.params_of(item_len), len)
    }

    /// Submission and completion queues.
    pub const fn lanes(self, id: SectionId, name: &str, config: LanesConfig) -> Self {
        self.add(id, name, kind::LANES, config.params(), lanes::section_len(&config))
    }

    /// A unit registry.
    pub const fn registry(self, id: SectionId, name: &str, config: RegistryConfig) -> Self {
        self.add(id, name, kind::REGISTRY, config.params(), registry::section_len(&config))
    }

    /// More slots for a unit registry that was added before.
    pub const fn registry_overflow(
        self,
        id: SectionId,
        name: &str,
        config: RegistryOverflowConfig,
    ) -> Self {
        let next = registry::next_first_slot(&self.sections, self.count, config.registry);
        let (slot_len, first_slot, len) = match next {
            Ok((slot_len, first_slot)) => {
                let size = RegistryConfig { slots: config.slots, slot_len };
                (slot_len, first_slot, registry::section_len(&size))
            }
            Err(error) => (0, 0, Err(error)),
        };
        self.add(id, name, kind::REGISTRY_OVERFLOW, config.params(slot_len, first_slot), len)
    }

    /// Memory to allocate from.
    pub const fn arena(self, id: SectionId, name: &str, config: ArenaConfig) -> Self {
        self.add(id, name, kind::ARENA, config.params(), arena::section_len(&config))
    }

    /// Seats for those who take part; one section at most, since a party's number is its own in
    /// all of the region.
    pub const fn parties(self, id: SectionId, name: &str, config: PartiesConfig) -> Self {
        self.add(id, name, kind::PARTIES, config.params(), parties::section_len(&config))
    }

    /// Named counters.
    pub const fn counters(self, id: SectionId, name: &str, config: CountersConfig) -> Self {
        self.add(id, name, kind::COUNTERS, config.params(), counters::section_len(&config))
    }

    /// The newest events.
    pub const fn log(self, id: SectionId, name: &str, config: LogConfig) -> Self {
        self.add(id, name, kind::LOG, config.params(), log::section_len(&config))
    }

    /// A dirty map over sections without structure, which were added before it, one after
    /// another.
    pub const fn dirty_map(self, id: SectionId, name: &str, config: DirtyMapConfig) -> Self {
        match self.run_len(config.first, config.sections) {
            Ok(len) => match config.blocks(len) {
                Ok(blocks) => {
                    let needed = twin::section_len(&config, blocks);
                    self.add(id, name, kind::DIRTY_MAP, config.params(blocks), needed)
                }
                Err(error) => self.add(id, name, kind::DIRTY_MAP, [0; 4], Err(error)),
            },
            Err(error) => self.add(id, name, kind::DIRTY_MAP, [0; 4], Err(error)),
        }
    }

    /// Bytes in `count` sections without structure, from `first` on.
    const fn run_len(&self, first: SectionId, count: u32) -> Result<u64, Error> {
        const MISSING: Error = Error::BadLayout {
            what: "a dirty map covers raw sections that were added before it, side by side",
        };
        let mut at = 0;
        // Never more than there are; which a compiler does not know.
        while at < self.count && at < MAX_SECTIONS && self.sections[at].id.0 != first.0 {
            at += 1;
        }
        if count == 0 || count as usize > self.count - at {
            return Err(MISSING);
        }
        let (end, mut total) = (at + count as usize, 0_u64);
        while at < end && at < self.sections.len() {
            if self.sections[at].kind != KIND_RAW {
                return Err(MISSING);
            }
            let Some(len) = round_up(self.sections[at].len) else { return Err(OVERFLOW) };
            let Some(sum) = total.checked_add(len) else { return Err(OVERFLOW) };
            total = sum;
            at += 1;
        }
        Ok(total)
    }

    /// A byte ring of many producers.
    pub const fn mpsc(self, id: SectionId, name: &str, config: MpscConfig) -> Self {
        self.add(id, name, kind::MPSC, config.params(), mpsc::section_len(&config))
    }

    const fn add(
        mut self,
        id: SectionId,
        name: &str,
        setup: Setup,
        params: [u32; 4],
        len: Result<u64, Error>,
    ) -> Self {
        if self.error.is_some() {
            return self;
        }
        match (self.check(id, name), len) {
            (Err(error), _) | (_, Err(error)) => self.error = Some(error),
            // A party's number is its own in all of the region.
            _ if setup.kind == KIND_PARTIES && self.has(KIND_PARTIES) => {
                self.error = Some(Error::BadLayout { what: "two sections of parties" });
            }
            (_, Ok(0)) => self.error = Some(Error::BadLayout { what: "a section of no bytes" }),
            (Ok(name), Ok(len)) => {
                let version = KIND_VERSION;
                let kind = setup.kind;
                let section = Section { id, kind, version, flags: 0, offset: 0, len, params, name };
                // `check` found room.
                put(&mut self.sections, self.count, section);
                put(&mut self.setups, self.count, setup);
                self.count += 1;
            }
        }
        self
    }

    const fn has(&self, kind: u32) -> bool {
        let mut at = 0;
        while at < self.count && at < MAX_SECTIONS {
            if self.sections[at].kind == kind {
                return true;
            }
            at += 1;
        }
        false
    }

    /// The name, padded with zeros, if a section of this name and id can be added.
    const fn check(&self, id: SectionId, name: &str) -> Result<[u8; NAME_LEN], Error> {
        if self.count >= MAX_SECTIONS {
            return Err(Error::BadLayout { what: "more than 32 sections" });
        }
        // The top bit tells section references from others in submissions.
        if id.0 >= 1 << 31 {
            return Err(Error::BadLayout { what: "a section's id has its top bit set" });
        }
        let mut at = 0;
        while at < self.count && at < MAX_SECTIONS {
            if self.sections[at].id.0 == id.0 {
                return Err(Error::BadLayout { what: "two sections of one id" });
            }
            at += 1;
        }
        let mut padded = [0; NAME_LEN];
        if name.len() > padded.len() {
            return Err(Error::BadLayout { what: "a section's name is over 16 bytes long" });
        }
        let mut at = 0;
        while at < name.len() && at < NAME_LEN {
            padded[at] = name.as_bytes()[at];
            at += 1;
        }
        Ok(padded)
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
        // Never more than there are; which a compiler does not know.
        while at < self.count && at < MAX_SECTIONS {
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
        Ok(Layout { sections: self.sections, setups: self.setups, count: self.count, total_len })
    }
}

const OVERFLOW: Error = Error::BadLayout { what: "the total length overflows" };

/// An assignment that can't panic: `const` has no `get_mut`.
const fn put<T: Copy>(items: &mut [T], at: usize, item: T) {
    if let Some((_, rest)) = items.split_at_mut_checked(at)
        && let Some((slot, _)) = rest.split_first_mut()
    {
        *slot = item;
    }
}

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

    /// A party of one section and a party of another would have the same number, and the end of
    /// one would take what the other holds.
    #[test]
    fn parties_have_one_section() {
        use crate::{AlignedBytes, Region, Sections};

        let [one, two] = [1, 2].map(SectionId);
        let config = PartiesConfig { seats: 1, scheme: 0 };
        let mut layout =
            Layout::builder().parties(one, "", config).raw(two, "", 128).build().unwrap();
        let twice = Layout::builder().parties(one, "", config).parties(two, "", config).build();
        assert_eq!(twice.err(), Some(Error::BadLayout { what: "two sections of parties" }));

        // In memory, too, whoever wrote it.
        layout.sections[1].kind = KIND_PARTIES;
        layout.sections[1].params = config.params();
        let mut memory = AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        assert!(Sections::create(region, &layout, 7).is_ok());
        let attached = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap());
        assert_eq!(attached.err(), Some(Error::Corrupt { what: "two sections of parties" }));
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

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
use crate::hash::{FNV1A_START, fnv1a_on};
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
/// assert_eq!((LAYOUT.total_len() % 64, LAYOUT.total_len() >= 4096), (0, true));
/// // One behind the other, on cache lines.
/// let [epochs, log] = LAYOUT.sections() else { panic!("two were added") };
/// assert_eq!(log.offset(), epochs.offset() + epochs.len());
/// ```
#[derive(Clone, Debug)]
pub struct Layout {
    sections: [Section; MAX_SECTIONS],
    setups: [&'static Setup; MAX_SECTIONS],
    count: usize,
    total_len: u64,
}

impl Layout {
    /// An empty layout to add sections to.
    ///
    /// ```
    /// # use inos_core::*;
    /// // Even a layout of nothing is a region's smallest size.
    /// let layout = Layout::builder().build()?;
    /// assert_eq!((layout.sections().len(), layout.total_len()), (0, 4096));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
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

    /// The sections, and empty ones behind them.
    pub(crate) const fn table(&self) -> &[Section; MAX_SECTIONS] {
        &self.sections
    }

    /// What to do with each of them.
    pub(crate) fn setups(&self) -> impl Iterator<Item = (&Section, &'static Setup)> {
        self.sections().iter().zip(self.setups.iter().copied())
    }

    /// FNV-1a (32 bits) over the words of the section table: equal for equal layouts.
    ///
    /// ```
    /// # use inos_core::*;
    /// let of = |len| Layout::builder().raw(SectionId(1), "notes", len).build();
    /// // A length is rounded up to whole cache lines, and it is the rounded one that counts.
    /// assert_eq!(of(100)?.hash(), of(128)?.hash());
    /// assert_ne!(of(100)?.hash(), of(192)?.hash());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn hash(&self) -> u32 {
        hash(self.sections())
    }
}

/// FNV-1a over section entries, a word at a time in little-endian bytes.
pub(crate) fn hash(sections: &[Section]) -> u32 {
    let words = sections.iter().flat_map(Section::as_words);
    words.fold(FNV1A_START, |hash, word| fnv1a_on(hash, word.to_le_bytes()))
}

/// Collects sections; the first mistake is kept and reported by [`build`](Self::build).
///
/// A section has an id below 2^31 that no other has, and a name of at most 16 bytes, which need
/// not be unique. What its configuration says is within the ranges documented there, or `build`
/// returns `BadLayout`. There are at most 32 sections.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing before `build`"]
pub struct LayoutBuilder {
    sections: [Section; MAX_SECTIONS],
    setups: [&'static Setup; MAX_SECTIONS],
    count: usize,
    error: Option<Error>,
}

impl LayoutBuilder {
    /// Bytes without structure.
    ///
    /// `len` is in bytes, at least 1; it is rounded up to whole cache lines.
    ///
    /// ```
    /// # use inos_core::*;
    /// let notes = |len| Layout::builder().raw(SectionId(1), "notes", len).build();
    /// assert_eq!(notes(100)?.sections()[0].len(), 128);
    /// assert_eq!(notes(0).err(), Some(Error::BadLayout { what: "a section of no bytes" }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn raw(self, id: SectionId, name: &str, len: u64) -> Self {
        self.add(id, name, kind::RAW, [0; 4], Ok(len))
    }

    /// A bank of epoch words.
    ///
    /// ```
    /// # use inos_core::*;
    /// let bank = |padded| {
    ///     let config = EpochsConfig { count: 16, padded };
    ///     Layout::builder().epochs(SectionId(1), "epochs", config).build()
    /// };
    /// // Two cache lines for each, or all in one.
    /// assert_eq!(bank(true)?.sections()[0].len(), 16 * 128);
    /// assert_eq!(bank(false)?.sections()[0].len(), 64);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn epochs(self, id: SectionId, name: &str, config: EpochsConfig) -> Self {
        self.add(id, name, kind::FIXED_EPOCHS, config.params(), epochs::section_len(&config))
    }

    /// A bank of epochs that are allocated by name.
    ///
    /// ```
    /// # use inos_core::*;
    /// let bank = |slots| {
    ///     let config = NamedEpochsConfig { slots };
    ///     Layout::builder().named_epochs(SectionId(1), "names", config).build()
    /// };
    /// assert_eq!(bank(8)?.sections()[0].len(), 8 * 64);
    /// assert!(matches!(bank(4097), Err(Error::BadLayout { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn named_epochs(self, id: SectionId, name: &str, config: NamedEpochsConfig) -> Self {
        self.add(id, name, kind::EPOCHS, config.params(), config.section_len())
    }

    /// A single-producer single-consumer byte ring.
    ///
    /// ```
    /// # use inos_core::*;
    /// let ring = |capacity| {
    ///     let config = RingConfig { capacity };
    ///     Layout::builder().ring(SectionId(1), "jobs", config).build()
    /// };
    /// assert!(ring(64).is_ok());
    /// assert!(matches!(ring(100), Err(Error::BadLayout { .. })), "a power of two");
    /// ```
    pub const fn ring(self, id: SectionId, name: &str, config: RingConfig) -> Self {
        self.add(id, name, kind::RING, config.params(), ring::section_len(&config))
    }

    /// A ring that overwrites what was not read in time.
    ///
    /// ```
    /// # use inos_core::*;
    /// let broadcast = |capacity| {
    ///     let config = BroadcastConfig { capacity };
    ///     Layout::builder().broadcast(SectionId(1), "ticks", config).build()
    /// };
    /// assert!(broadcast(32).is_ok());
    /// assert!(matches!(broadcast(16), Err(Error::BadLayout { .. })), "32 granules at least");
    /// ```
    pub const fn broadcast(self, id: SectionId, name: &str, config: BroadcastConfig) -> Self {
        self.add(id, name, kind::BROADCAST, config.params(), broadcast::section_len(&config))
    }

    /// A newest-state buffer.
    ///
    /// ```
    /// # use inos_core::*;
    /// let state = |seats| {
    ///     let config = PingPongConfig { slots: 4, seats, frame_len: 4096, mode: Mode::Pinned };
    ///     Layout::builder().ping_pong(SectionId(1), "state", config).build()
    /// };
    /// // The writer has a slot at hand however many readers pin one.
    /// assert!(state(2).is_ok());
    /// assert!(matches!(state(3), Err(Error::BadLayout { .. })));
    /// ```
    pub const fn ping_pong(self, id: SectionId, name: &str, config: PingPongConfig) -> Self {
        self.add(id, name, kind::PING_PONG, config.params(), ping_pong::section_len(&config))
    }

    /// A newest-state buffer whose frames are items of `item_len` bytes each: readers that take
    /// them for items of another length are refused.
    ///
    /// `item_len` is in bytes; a frame is a whole number of items.
    ///
    /// ```
    /// # use inos_core::*;
    /// let state = |item_len| {
    ///     let config = PingPongConfig { slots: 3, seats: 1, frame_len: 120, mode: Mode::Pinned };
    ///     Layout::builder().ping_pong_of(SectionId(1), "state", config, item_len).build()
    /// };
    /// assert!(state(12).is_ok());
    /// assert!(matches!(state(16), Err(Error::BadLayout { .. })), "120 bytes are no items of 16");
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// let calls = |entries| {
    ///     let config = LanesConfig { lanes: 4, entries, buffer_len: 1024 };
    ///     Layout::builder().lanes(SectionId(1), "calls", config).build()
    /// };
    /// assert!(calls(16).is_ok());
    /// assert!(matches!(calls(12), Err(Error::BadLayout { .. })), "a power of two");
    /// ```
    pub const fn lanes(self, id: SectionId, name: &str, config: LanesConfig) -> Self {
        self.add(id, name, kind::LANES, config.params(), lanes::section_len(&config))
    }

    /// A unit registry.
    ///
    /// ```
    /// # use inos_core::*;
    /// let units = |slot_len| {
    ///     let config = RegistryConfig { slots: 8, slot_len };
    ///     Layout::builder().registry(SectionId(1), "units", config).build()
    /// };
    /// assert!(units(192).is_ok());
    /// assert!(matches!(units(100), Err(Error::BadLayout { .. })), "whole cache lines");
    /// ```
    pub const fn registry(self, id: SectionId, name: &str, config: RegistryConfig) -> Self {
        self.add(id, name, kind::REGISTRY, config.params(), registry::section_len(&config))
    }

    /// More slots for a unit registry that was added before.
    ///
    /// ```
    /// # use inos_core::*;
    /// let (units, more) = (SectionId(1), SectionId(2));
    /// let config = RegistryOverflowConfig { registry: units, slots: 8 };
    /// let builder = Layout::builder().registry(units, "units", RegistryConfig::default());
    /// assert!(builder.registry_overflow(more, "more", config).build().is_ok());
    /// let alone = Layout::builder().registry_overflow(more, "more", config).build();
    /// assert!(matches!(alone, Err(Error::BadLayout { .. })), "there is no registry before it");
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// let heap = |page_len| {
    ///     let config = ArenaConfig { page_len, pages: 16 };
    ///     Layout::builder().arena(SectionId(1), "heap", config).build()
    /// };
    /// assert!(heap(4096).is_ok());
    /// assert!(matches!(heap(4000), Err(Error::BadLayout { .. })), "a power of two");
    /// ```
    pub const fn arena(self, id: SectionId, name: &str, config: ArenaConfig) -> Self {
        self.add(id, name, kind::ARENA, config.params(), arena::section_len(&config))
    }

    /// Seats for those who take part; one section at most, since a party's number is its own in
    /// all of the region.
    ///
    /// ```
    /// # use inos_core::*;
    /// let config = PartiesConfig::of::<AlwaysAlive>(4);
    /// let one = Layout::builder().parties(SectionId(1), "parties", config);
    /// assert!(one.clone().build().is_ok());
    /// let two = one.parties(SectionId(2), "more", config).build();
    /// assert_eq!(two.err(), Some(Error::BadLayout { what: "two sections of parties" }));
    /// ```
    pub const fn parties(self, id: SectionId, name: &str, config: PartiesConfig) -> Self {
        self.add(id, name, kind::PARTIES, config.params(), parties::section_len(&config))
    }

    /// Named counters.
    ///
    /// ```
    /// # use inos_core::*;
    /// let config = CountersConfig { count: 100 };
    /// let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// assert_eq!(layout.sections()[0].kind(), defs::KIND_COUNTERS);
    /// assert_eq!(layout.sections()[0].params()[0], 100);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn counters(self, id: SectionId, name: &str, config: CountersConfig) -> Self {
        self.add(id, name, kind::COUNTERS, config.params(), counters::section_len(&config))
    }

    /// The newest events.
    ///
    /// ```
    /// # use inos_core::*;
    /// // With texts of 40 bytes an event is one cache line.
    /// let config = LogConfig { capacity: 256, text_len: 40 };
    /// let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// assert_eq!(layout.sections()[0].len(), (2 + 256) * 64);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub const fn log(self, id: SectionId, name: &str, config: LogConfig) -> Self {
        self.add(id, name, kind::LOG, config.params(), log::section_len(&config))
    }

    /// A dirty map over sections without structure, which were added before it, one after
    /// another.
    ///
    /// ```
    /// # use inos_core::*;
    /// let (state, map) = (SectionId(1), SectionId(2));
    /// let config = DirtyMapConfig { first: state, sections: 1, block_len: 64 };
    /// let builder = Layout::builder().raw(state, "state", 4096);
    /// assert!(builder.dirty_map(map, "dirty", config).build().is_ok());
    /// let early = Layout::builder().dirty_map(map, "dirty", config).raw(state, "state", 4096);
    /// assert!(matches!(early.build(), Err(Error::BadLayout { .. })), "the map comes after");
    /// ```
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
    ///
    /// ```
    /// # use inos_core::*;
    /// let ring = |tickets| {
    ///     let config = MpscConfig { capacity: 64, tickets, seats: 3 };
    ///     Layout::builder().mpsc(SectionId(1), "jobs", config).build()
    /// };
    /// assert!(ring(16).is_ok());
    /// assert!(matches!(ring(2), Err(Error::BadLayout { .. })), "4 tickets at least");
    /// ```
    pub const fn mpsc(self, id: SectionId, name: &str, config: MpscConfig) -> Self {
        self.add(id, name, kind::MPSC, config.params(), mpsc::section_len(&config))
    }

    const fn add(
        mut self,
        id: SectionId,
        name: &str,
        setup: &'static Setup,
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
    ///
    /// ```
    /// # use inos_core::*;
    /// let layout = Layout::builder()
    ///     .raw(SectionId(1), "a name of more than 16 bytes", 64)
    ///     .raw(SectionId(1), "the second mistake", 64)
    ///     .build();
    /// let what = "a section's name is over 16 bytes long";
    /// assert_eq!(layout.err(), Some(Error::BadLayout { what }));
    /// ```
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

//! Layouts of any size: what the builder promises, and what attaching survives.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use inos_core::defs::{
    MAGIC, STATE_READY, SUPERBLOCK_MAGIC, SUPERBLOCK_SECTION_COUNT, SUPERBLOCK_STATE,
    SUPERBLOCK_TOTAL_LEN, SUPERBLOCK_VERSION,
};
use inos_core::{
    AtomicU32, Broadcast, BroadcastConfig, Counters, CountersConfig, DirtyMap, DirtyMapConfig,
    EpochTable, EpochsConfig, Error, Lanes, LanesConfig, Layout, LayoutBuilder, Log, LogConfig,
    Mode, MpscConfig, MpscRing, NamedEpochs, NamedEpochsConfig, Ordering, PingPong, PingPongConfig,
    Region, RegistryConfig, RingBuffer, RingConfig, SectionId, Sections, Trust, UnitRegistry,
};
use proptest::prelude::*;

/// Ids of sections that a dirty map covers, beyond its own.
const COVERED: u32 = 1000;

/// One section of a random layout.
#[derive(Clone, Debug)]
enum Piece {
    Raw(u64),
    Epochs(EpochsConfig),
    NamedEpochs(NamedEpochsConfig),
    Ring(RingConfig),
    Broadcast(BroadcastConfig),
    PingPong(PingPongConfig),
    Lanes(LanesConfig),
    Registry(RegistryConfig),
    /// Covers a section without structure of this length, which it adds.
    DirtyMap(u64, u32),
    Log(LogConfig),
    Counters(CountersConfig),
    Mpsc(MpscConfig),
}

impl Piece {
    fn add(&self, builder: LayoutBuilder, id: SectionId) -> LayoutBuilder {
        match self.clone() {
            Self::Raw(len) => builder.raw(id, "raw", len),
            Self::Epochs(config) => builder.epochs(id, "epochs", config),
            Self::NamedEpochs(config) => builder.named_epochs(id, "names", config),
            Self::Ring(config) => builder.ring(id, "ring", config),
            Self::Broadcast(config) => builder.broadcast(id, "news", config),
            Self::PingPong(config) => builder.ping_pong(id, "frames", config),
            Self::Lanes(config) => builder.lanes(id, "lanes", config),
            Self::Registry(config) => builder.registry(id, "units", config),
            Self::DirtyMap(len, block_len) => {
                let first = SectionId(id.0 + COVERED);
                let config = DirtyMapConfig { first, sections: 1, block_len };
                builder.raw(first, "covered", len).dirty_map(id, "dirty", config)
            }
            Self::Log(config) => builder.log(id, "log", config),
            Self::Counters(config) => builder.counters(id, "counters", config),
            Self::Mpsc(config) => builder.mpsc(id, "events", config),
        }
    }

    /// Opens the section by the view of its kind.
    fn open<T: Trust>(&self, sections: &Sections<'_, T>, id: SectionId) {
        let opened = match self {
            Self::Raw(_) => sections.read_raw(id, 0, &mut [0; 4]),
            Self::Epochs(_) => EpochTable::open(sections, id).map(drop),
            Self::NamedEpochs(_) => NamedEpochs::open(sections, id).map(drop),
            Self::Ring(_) => RingBuffer::open(sections, id).map(drop),
            Self::Broadcast(_) => Broadcast::open(sections, id).map(drop),
            Self::PingPong(_) => PingPong::open(sections, id).map(drop),
            Self::Lanes(_) => Lanes::open(sections, id).map(drop),
            Self::Registry(_) => UnitRegistry::open(sections, id).map(drop),
            Self::DirtyMap(..) => DirtyMap::open(sections, id).map(drop),
            Self::Log(_) => Log::open(sections, id).map(drop),
            Self::Counters(_) => Counters::open(sections, id).map(drop),
            Self::Mpsc(_) => MpscRing::open(sections, id).map(drop),
        };
        assert_eq!(opened, Ok(()), "{self:?}");
    }
}

fn piece() -> impl Strategy<Value = Piece> {
    let frames = (3_u32..=16, 0_u32..14, 1_u32..2000, any::<bool>());
    prop_oneof![
        (4_u64..3000).prop_map(Piece::Raw),
        (1_u32..60, any::<bool>())
            .prop_map(|(count, padded)| Piece::Epochs(EpochsConfig { count, padded })),
        (1_u32..9).prop_map(|slots| Piece::NamedEpochs(NamedEpochsConfig { slots })),
        (3_u32..9).prop_map(|bits| Piece::Ring(RingConfig { capacity: 1 << bits })),
        (5_u32..9).prop_map(|bits| Piece::Broadcast(BroadcastConfig { capacity: 1 << bits })),
        frames.prop_map(|(slots, seats, frame_len, observed)| {
            let mode = if observed { Mode::Observed } else { Mode::Pinned };
            let seats = seats.min(slots - 2);
            Piece::PingPong(PingPongConfig { slots, seats, frame_len, mode })
        }),
        (1_u32..5, 1_u32..5, 0_u32..8).prop_map(|(lanes, bits, blocks)| {
            Piece::Lanes(LanesConfig { lanes, entries: 1 << bits, buffer_len: blocks * 64 })
        }),
        (1_u32..40, 2_u32..=16).prop_map(|(slots, blocks)| Piece::Registry(RegistryConfig {
            slots,
            slot_len: blocks * 64
        })),
        (1_u64..9000, 6_u32..12).prop_map(|(len, bits)| Piece::DirtyMap(len, 1 << bits)),
        (2_u32..7, 0_u32..200)
            .prop_map(|(bits, text_len)| Piece::Log(LogConfig { capacity: 1 << bits, text_len })),
        (1_u32..40).prop_map(|count| Piece::Counters(CountersConfig { count })),
        (3_u32..9, 2_u32..6, 1_u32..5).prop_map(|(capacity, tickets, seats)| {
            Piece::Mpsc(MpscConfig { capacity: 1 << capacity, tickets: 1 << tickets, seats })
        }),
    ]
}

fn layout_of(pieces: &[Piece]) -> Layout {
    let mut builder = Layout::builder();
    for (index, piece) in pieces.iter().enumerate() {
        builder = piece.add(builder, SectionId(index as u32));
    }
    builder.build().unwrap()
}

/// Zeroed words.
fn memory(len: usize) -> Vec<AtomicU32> {
    (0..len / 4).map(|_| AtomicU32::new(0)).collect()
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn sections_are_aligned_and_disjoint(pieces in prop::collection::vec(piece(), 0..12)) {
        let layout = layout_of(&pieces);
        let mut end = 64 + 64 * layout.sections().len() as u64;
        for section in layout.sections() {
            prop_assert_eq!(section.offset() % 64, 0);
            prop_assert!(section.offset() >= end);
            prop_assert!(!section.is_empty());
            end = section.offset() + section.len();
        }
        prop_assert!(end <= layout.total_len());
    }

    #[test]
    fn what_was_created_can_be_attached(
        pieces in prop::collection::vec(piece(), 0..12),
        context in any::<u64>(),
        spare in 0_usize..300,
    ) {
        let layout = layout_of(&pieces);
        let words = memory(layout.total_len() as usize + spare);
        let created = Sections::create(Region::from_words(&words), &layout, context).unwrap();
        let attached = Sections::attach(Region::from_words(&words)).unwrap();
        prop_assert_eq!(attached.context_id(), context);
        prop_assert_eq!(attached.layout_hash(), layout.hash());
        prop_assert_eq!(attached.len() as u64, layout.total_len());
        prop_assert!(attached.iter().eq(layout.sections()));
        prop_assert!(created.iter().eq(attached.iter()));
        for (index, piece) in pieces.iter().enumerate() {
            piece.open(&attached, SectionId(index as u32));
        }
    }

    #[test]
    fn a_word_less_is_too_small_and_stays_untouched(
        pieces in prop::collection::vec(piece(), 0..6),
    ) {
        let layout = layout_of(&pieces);
        let needed = layout.total_len();
        let words = memory(needed as usize - 4);
        let error = Sections::create(Region::from_words(&words), &layout, 1).unwrap_err();
        prop_assert_eq!(error, Error::TooSmall { len: needed - 4, needed });
        prop_assert!(words.iter().all(|word| word.load(Ordering::Relaxed) == 0));
    }

    #[test]
    fn random_bytes_never_panic(values in prop::collection::vec(any::<u32>(), 1024..1200)) {
        let words: Vec<_> = values.iter().copied().map(AtomicU32::new).collect();
        let _ = Sections::attach(Region::from_words(&words));
        // Behind a valid head the checks further in have their turn.
        set(&words, SUPERBLOCK_MAGIC, MAGIC);
        set(&words, SUPERBLOCK_VERSION, 1 << 16);
        set(&words, SUPERBLOCK_STATE, STATE_READY);
        set(&words, SUPERBLOCK_TOTAL_LEN, 4096);
        set(&words, SUPERBLOCK_TOTAL_LEN + 4, 0);
        set(&words, SUPERBLOCK_SECTION_COUNT, values[0] % 40);
        let _ = Sections::attach(Region::from_words(&words));
    }

    #[test]
    fn a_flipped_bit_in_the_table_is_refused(
        pieces in prop::collection::vec(piece(), 1..8),
        word in any::<prop::sample::Index>(),
        bit in 0_u32..32,
    ) {
        let layout = layout_of(&pieces);
        let words = memory(layout.total_len() as usize);
        Sections::create(Region::from_words(&words), &layout, 1).unwrap();
        // The layout hash covers every word of the table.
        let index = 16 + word.index(16 * layout.sections().len());
        words[index].fetch_xor(1 << bit, Ordering::Relaxed);
        prop_assert!(Sections::attach(Region::from_words(&words)).is_err());
    }
}

#[test]
fn another_major_version_is_refused_by_number() {
    let layout = layout_of(&[Piece::Raw(64)]);
    let words = memory(layout.total_len() as usize);
    Sections::create(Region::from_words(&words), &layout, 1).unwrap();
    set(&words, SUPERBLOCK_VERSION, (2 << 16) | 7);
    let error = Sections::attach(Region::from_words(&words)).unwrap_err();
    assert_eq!(error, Error::VersionMismatch { what: "format", found: 2, expected: 1 });
    // A newer minor version of the same major is read.
    set(&words, SUPERBLOCK_VERSION, (1 << 16) | 9);
    Sections::attach(Region::from_words(&words)).unwrap();
}

#[test]
fn memory_that_was_never_formatted_is_named() {
    let words = memory(4096);
    let error = Sections::attach(Region::from_words(&words)).unwrap_err();
    assert_eq!(error, Error::BadMagic { found: 0 });
    let error = Sections::attach(Region::from_words(&words[..1023])).unwrap_err();
    assert_eq!(error, Error::TooSmall { len: 4092, needed: 4096 });
}

#[test]
fn a_handle_of_an_earlier_formatting_is_stale() {
    let layout = layout_of(&[Piece::Raw(64)]);
    let words = memory(layout.total_len() as usize);
    let old = Sections::create(Region::from_words(&words), &layout, 1).unwrap();
    old.check().unwrap();
    Sections::create(Region::from_words(&words), &layout, 2).unwrap();
    assert_eq!(old.check(), Err(Error::Stale { expected: 1, found: 2 }));
    let error = old.read_raw(SectionId(0), 0, &mut [0; 4]).unwrap_err();
    assert_eq!(error, Error::Stale { expected: 1, found: 2 });
}

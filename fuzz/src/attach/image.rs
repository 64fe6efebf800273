//! Memory to attach to.

use std::mem;

use bytemuck::{Pod, Zeroable};
use inos_core::defs::{
    ENTRY_LEN_KNOWN, MAX_SECTIONS, SUPERBLOCK_ENTRY_STRIDE, SUPERBLOCK_LAYOUT_HASH,
    SUPERBLOCK_SECTION_COUNT, SUPERBLOCK_TABLE_OFFSET,
};
use inos_core::{
    AlwaysAlive, ArenaConfig, BroadcastConfig, CountersConfig, DirtyMapConfig, EpochsConfig,
    LanesConfig, Layout, LayoutBuilder, LogConfig, MAX_OVERFLOWS, Mode, MpscConfig,
    NamedEpochsConfig, PartiesConfig, PingPongConfig, Region, RegistryConfig,
    RegistryOverflowConfig, RingConfig, SectionId, Sections,
};

use super::lives::Lives;
use super::peer::{Poke, World, work};
use crate::bytes::Bytes;

/// Longest image that an input spells out.
const MAX_RAW_LEN: usize = 1 << 14;
/// Most sections in a layout.
const MAX_SECTION_COUNT: usize = 9;
/// Most bytes of an input that work on an image before it is attached to.
const MAX_WORK_LEN: usize = 96;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u32; 16]);

/// Bytes on a 64-byte boundary, in an allocation of just their length.
#[derive(Clone)]
pub(super) struct Image {
    lines: Vec<Line>,
    world: World,
}

impl Image {
    pub(super) fn new(bytes: &mut Bytes<'_>) -> Self {
        let is_formatted = bytes.u8() % 2 == 1;
        let mut image = if is_formatted { Self::formatted(bytes) } else { Self::raw(bytes) };
        if is_formatted {
            // Half of all images stay intact.
            let count = (bytes.u8() % 48).saturating_sub(24);
            for _ in 0..count {
                image.overwrite(bytes);
            }
        }
        if bytes.u8().is_multiple_of(2) {
            image.mend_hash();
        }
        image
    }

    fn zeroed(len: usize) -> Self {
        Self { lines: vec![Line::zeroed(); len.div_ceil(64)], world: World::new() }
    }

    fn raw(bytes: &mut Bytes<'_>) -> Self {
        let len = usize::from(bytes.u16()) % (MAX_RAW_LEN + 1);
        let mut image = Self::zeroed(len);
        image.world.spoil();
        let taken = bytes.take(len);
        image.bytes_mut()[..taken.len()].copy_from_slice(taken);
        image
    }

    fn formatted(bytes: &mut Bytes<'_>) -> Self {
        let layout = layout(bytes);
        let mut image = Self::zeroed(layout.total_len() as usize);
        let work_len = bytes.index(MAX_WORK_LEN);
        let before = Bytes::new(bytes.take(work_len));
        let lives = Lives::over(image.words());
        let Self { lines, world } = &mut image;
        let region = Region::from_bytes(bytemuck::cast_slice_mut(lines));
        let region = region.expect("lines are aligned");
        let sections = Sections::create(region, &layout, 42).expect("as long as the layout");
        work(&sections, world, &lives, before, Poke::Nothing);
        image
    }

    /// What is known of the bytes.
    pub(super) const fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn words(&self) -> &[u32] {
        bytemuck::cast_slice(&self.lines)
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }

    fn overwrite(&mut self, bytes: &mut Bytes<'_>) {
        let words: &mut [u32] = bytemuck::cast_slice_mut(&mut self.lines);
        let at = usize::from(bytes.u16()) % words.len();
        let flip = bytes.u8().is_multiple_of(4);
        let value = bytes.word();
        words[at] = if flip { words[at] ^ value } else { value };
        self.world.spoil();
    }

    /// Makes the layout hash right for the table as it is, so that what is wrong with the
    /// table has to be found otherwise.
    fn mend_hash(&mut self) {
        let words: &mut [u32] = bytemuck::cast_slice_mut(&mut self.lines);
        let word = |at: usize| words.get(at / 4).copied().unwrap_or_default() as usize;
        let count = word(SUPERBLOCK_SECTION_COUNT).min(MAX_SECTIONS);
        let (first, stride) = (word(SUPERBLOCK_TABLE_OFFSET), word(SUPERBLOCK_ENTRY_STRIDE));
        let table = (0..count).flat_map(|index| {
            let entry = first.saturating_add(index.saturating_mul(stride));
            (0..ENTRY_LEN_KNOWN).step_by(4).map(move |at| word(entry.saturating_add(at)) as u32)
        });
        let hash = table.flat_map(u32::to_le_bytes).fold(0x811c_9dc5, |hash: u32, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        if let Some(word) = words.get_mut(SUPERBLOCK_LAYOUT_HASH / 4) {
            *word = hash;
        }
    }
}

/// A layout of up to nine small sections: a count, then for each a kind and its parameters.
fn layout(bytes: &mut Bytes<'_>) -> Layout {
    let mut builder = Layout::builder();
    let count = 1 + bytes.index(MAX_SECTION_COUNT);
    let (mut has_parties, mut registry) = (false, None);
    let mut overflows = 0;
    // Each kind takes up to four ids.
    for index in 0..count as u32 {
        let (id, kind) = (SectionId(index * 4), bytes.u8() % 15);
        builder = match (kind, registry) {
            // One section of parties at most.
            (6, _) if mem::replace(&mut has_parties, true) => builder.raw(id, "section", 64),
            (13, Some(registry)) if overflows < MAX_OVERFLOWS => {
                overflows += 1;
                let slots = 1 + u32::from(bytes.u8() % 3);
                let config = RegistryOverflowConfig { registry, slots };
                builder.registry_overflow(id, "section", config)
            }
            (5 | 13, _) => {
                (registry, overflows) = (Some(id), 0);
                section(builder, id, 5, bytes)
            }
            _ => section(builder, id, kind, bytes),
        };
    }
    builder.build().expect("parameters within their ranges")
}

fn section(
    builder: LayoutBuilder,
    id: SectionId,
    kind: u8,
    bytes: &mut Bytes<'_>,
) -> LayoutBuilder {
    let name = "section";
    match kind {
        0 => builder.raw(id, name, 1 + u64::from(bytes.u8())),
        1 => {
            let padded = bytes.u8().is_multiple_of(2);
            let config = EpochsConfig { count: 1 + u32::from(bytes.u8() % 4), padded };
            builder.epochs(id, name, config)
        }
        2 => builder.ring(id, name, RingConfig { capacity: 8 << (bytes.u8() % 4) }),
        3 => frames(builder, id, bytes),
        4 => builder.lanes(
            id,
            name,
            LanesConfig {
                lanes: 1 + u32::from(bytes.u8() % 3),
                entries: 2 << (bytes.u8() % 3),
                buffer_len: 64 * (1 + u32::from(bytes.u8() % 3)),
            },
        ),
        5 => builder.registry(
            id,
            name,
            RegistryConfig {
                slots: 1 + u32::from(bytes.u8() % 3),
                slot_len: 256 + 64 * u32::from(bytes.u8() % 3),
            },
        ),
        6 => {
            let (choice, seats) = (bytes.u8(), 1 + u32::from(bytes.u8() % 4));
            let config = if choice.is_multiple_of(4) {
                PartiesConfig::of::<AlwaysAlive>(seats)
            } else {
                PartiesConfig::of::<&Lives>(seats)
            };
            builder.parties(id, name, config)
        }
        7 => builder.broadcast(id, name, BroadcastConfig { capacity: 32 << (bytes.u8() % 4) }),
        8 => {
            let page_len = 512 << (bytes.u8() % 4);
            builder.arena(id, name, ArenaConfig { page_len, pages: 1 + u32::from(bytes.u8() % 8) })
        }
        9 => {
            let slots = 1 + u32::from(bytes.u8() % 4);
            builder.named_epochs(id, name, NamedEpochsConfig { slots })
        }
        10 => group(builder, id, bytes),
        11 => builder.log(
            id,
            name,
            LogConfig { capacity: 4 << (bytes.u8() % 3), text_len: u32::from(bytes.u8() % 70) },
        ),
        14 => builder.mpsc(
            id,
            name,
            MpscConfig {
                capacity: 8 << (bytes.u8() % 4),
                tickets: 4 << (bytes.u8() % 3),
                seats: 1 + u32::from(bytes.u8() % 3),
            },
        ),
        _ => builder.counters(id, name, CountersConfig { count: 1 + u32::from(bytes.u8() % 4) }),
    }
}

/// A ping-pong buffer, of bytes or of items.
fn frames(builder: LayoutBuilder, id: SectionId, bytes: &mut Bytes<'_>) -> LayoutBuilder {
    let slots = 3 + u32::from(bytes.u8() % 3);
    let choice = bytes.u8();
    let mode = if choice.is_multiple_of(2) { Mode::Pinned } else { Mode::Observed };
    let seats = u32::from(bytes.u8()) % (slots - 1);
    let frame_len = 1 + u32::from(bytes.u8());
    let config = PingPongConfig { slots, seats, frame_len, mode };
    let item_len = [0, 4, 8, 12][usize::from(choice / 2 % 4)];
    if item_len == 0 {
        return builder.ping_pong(id, "section", config);
    }
    let frame_len = frame_len.next_multiple_of(item_len);
    builder.ping_pong_of(id, "section", PingPongConfig { frame_len, ..config }, item_len)
}

/// One to three raw sections and their dirty map.
fn group(mut builder: LayoutBuilder, id: SectionId, bytes: &mut Bytes<'_>) -> LayoutBuilder {
    let sections = 1 + u32::from(bytes.u8() % 3);
    for raw in 0..sections {
        builder = builder.raw(SectionId(id.0 + raw), "group", 1 + 2 * u64::from(bytes.u8()));
    }
    let block_len = 64 << (bytes.u8() % 3);
    let config = DirtyMapConfig { first: id, sections, block_len };
    builder.dirty_map(SectionId(id.0 + 3), "section", config)
}

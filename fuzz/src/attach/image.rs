//! Memory to attach to.

use bytemuck::{Pod, Zeroable};
use inos_core::defs::{
    ENTRY_LEN_KNOWN, MAX_SECTIONS, SUPERBLOCK_ENTRY_STRIDE, SUPERBLOCK_LAYOUT_HASH,
    SUPERBLOCK_SECTION_COUNT, SUPERBLOCK_TABLE_OFFSET,
};
use inos_core::{
    EpochsConfig, LanesConfig, Layout, Mode, PingPongConfig, Region, RegistryConfig,
    RegistryOverflowConfig, RingConfig, SectionId, Sections,
};

use super::peer::{Peer, Poke};
use crate::bytes::Bytes;

/// Longest image that an input spells out.
const MAX_RAW_LEN: usize = 1 << 14;
/// Most sections in a layout.
const MAX_SECTION_COUNT: usize = 6;
/// Most bytes of an input that work on an image before it is attached to.
const MAX_WORK_LEN: usize = 64;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([u32; 16]);

/// Bytes on a 64-byte boundary, in an allocation of just their length.
#[derive(Clone)]
pub(super) struct Image {
    lines: Vec<Line>,
    is_intact: bool,
}

impl Image {
    pub(super) fn new(bytes: &mut Bytes<'_>) -> Self {
        let is_formatted = bytes.u8() % 2 == 1;
        let mut image = if is_formatted { Self::formatted(bytes) } else { Self::raw(bytes) };
        if is_formatted {
            let count = bytes.index(24);
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
        Self { lines: vec![Line::zeroed(); len.div_ceil(64)], is_intact: false }
    }

    fn raw(bytes: &mut Bytes<'_>) -> Self {
        let len = usize::from(bytes.u16()) % (MAX_RAW_LEN + 1);
        let mut image = Self::zeroed(len);
        let taken = bytes.take(len);
        image.bytes_mut()[..taken.len()].copy_from_slice(taken);
        image
    }

    fn formatted(bytes: &mut Bytes<'_>) -> Self {
        let layout = layout(bytes);
        let mut image = Self::zeroed(layout.total_len() as usize);
        image.is_intact = true;
        let work_len = bytes.index(MAX_WORK_LEN);
        let work = Bytes::new(bytes.take(work_len));
        let region = Region::from_bytes(image.bytes_mut()).expect("lines are aligned");
        let sections = Sections::create(region, &layout, 42).expect("as long as the layout");
        Peer::new(&sections, true).work(work, Poke::Nothing);
        image
    }

    /// Whether the bytes are what `create` and the views have made of them.
    pub(super) const fn is_intact(&self) -> bool {
        self.is_intact
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
        self.is_intact = false;
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

/// A layout of up to six small sections: a count, then for each a kind and its parameters.
fn layout(bytes: &mut Bytes<'_>) -> Layout {
    let mut builder = Layout::builder();
    let mut registry = None;
    let count = 1 + bytes.index(MAX_SECTION_COUNT);
    for index in 0..count {
        let (id, name) = (SectionId(index as u32), "section");
        builder = match bytes.u8() % 6 {
            0 => builder.raw(id, name, 1 + u64::from(bytes.u8())),
            1 => {
                let padded = bytes.u8().is_multiple_of(2);
                builder.epochs(
                    id,
                    name,
                    EpochsConfig { count: 1 + u32::from(bytes.u8() % 4), padded },
                )
            }
            2 => builder.ring(id, name, RingConfig { capacity: 8 << (bytes.u8() % 4) }),
            3 => {
                let slots = 3 + u32::from(bytes.u8() % 3);
                let mode = if bytes.u8().is_multiple_of(2) { Mode::Pinned } else { Mode::Observed };
                builder.ping_pong(
                    id,
                    name,
                    PingPongConfig {
                        slots,
                        seats: u32::from(bytes.u8()) % (slots - 1),
                        frame_len: 1 + u32::from(bytes.u8()),
                        mode,
                    },
                )
            }
            4 => builder.lanes(
                id,
                name,
                LanesConfig {
                    lanes: 1 + u32::from(bytes.u8() % 3),
                    entries: 2 << (bytes.u8() % 3),
                    buffer_len: 64 * (1 + u32::from(bytes.u8() % 3)),
                },
            ),
            _ => match registry {
                Some(registry) if bytes.u8().is_multiple_of(2) => {
                    let slots = 1 + u32::from(bytes.u8() % 3);
                    builder.registry_overflow(id, name, RegistryOverflowConfig { registry, slots })
                }
                _ => {
                    registry = Some(id);
                    builder.registry(
                        id,
                        name,
                        RegistryConfig {
                            slots: 1 + u32::from(bytes.u8() % 3),
                            slot_len: 256 + 64 * u32::from(bytes.u8() % 3),
                        },
                    )
                }
            },
        };
    }
    builder.build().expect("parameters within their ranges")
}

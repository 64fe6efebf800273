//! Replicas for those who cannot map the memory: a dirty map says which blocks of some sections
//! changed, and a twin copies those and no others.
//!
//! [`defs::twin`](crate::defs::twin) draws the bytes.
//!
//! - A map covers a *group*: one or more sections of kind `raw` that follow one another in the
//!   layout. Offsets count from the first one's first byte ([`DirtyMap::range_of`] says where each
//!   section lies), and the group is cut into blocks of equal length, the last one shorter.
//! - One [`TwinWriter`] stamps the blocks that it is about to change, writes them, and publishes
//!   everything since the last time by advancing one epoch. A state is published when the epoch
//!   is advanced.
//! - A [`Twin`] copies the blocks that changed since its last pull into a buffer of its own. It
//!   writes nothing, so a mapping for reading only will do. What it has after a pull is the state
//!   of one epoch, or it says `Lapped`.
//! - While a state is being written no pull gets through, since the blocks that are overwritten are
//!   the only copy: a writer that writes all the time laps every twin. It pulls best just after an
//!   epoch was published ([`DirtyMap::watcher`]).
//! - A writer that dies, or is dropped, with blocks not yet published leaves them unpublished: twins
//!   say `Lapped` and keep what they have. The next writer is told which they are
//!   ([`TwinWriter::unpublished`]) and publishes them with its own.
//!
//! # Not supported
//! Sections with a structure of their own (they are published by their own words, not by an epoch);
//! bytes borrowed in place, on either side (a twin may be copying them); pulling a part of the
//! group; a state from before the newest. Bytes written past the map, by
//! [`Sections::write_raw`], reach a twin only when their block is stamped for another reason, and
//! may be torn.
#![forbid(unsafe_code)]

use core::ops::Range;

use crate::defs::twin::{
    EPOCH, MAJOR, MAX_BLOCK_BITS, MAX_BLOCKS, MIN_BLOCK_BITS, STAMPS, WRITER_LEASE,
};
use crate::defs::{KIND_DIRTY_MAP, LINE};
use crate::epochs::EpochWatcher;
use crate::error::Error;
use crate::protocol::role::{self, Lease};
use crate::protocol::twin::{Level, MarkStamps, ReaderState, Stamps, WriterState};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};

mod reader;
mod writer;

pub use crate::protocol::twin::Pulled;
pub use reader::{Snapshot, Twin};
pub use writer::TwinWriter;

/// What a dirty map covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirtyMapConfig {
    /// The first section of the group.
    pub first: SectionId,
    /// How many sections the group has: this one and those added to the layout after it; at
    /// least 1, all of kind `raw`.
    pub sections: u32,
    /// Bytes in a block: a power of two, 64 to 2^24. Short ones copy less, long ones cost the
    /// writer and the map less.
    pub block_len: u32,
}

impl DirtyMapConfig {
    /// How many blocks so many bytes are.
    pub(crate) const fn blocks(&self, len: u64) -> Result<u32, Error> {
        let bits = self.block_len.trailing_zeros();
        if !self.block_len.is_power_of_two() || bits < MIN_BLOCK_BITS || bits > MAX_BLOCK_BITS {
            return Err(Error::BadLayout { what: "a block has 2^6 to 2^24 bytes" });
        }
        let blocks = len.div_ceil(self.block_len as u64);
        if blocks > MAX_BLOCKS {
            return Err(Error::BadLayout { what: "a dirty map has at most 2^24 blocks" });
        }
        Ok(blocks as u32)
    }

    pub(crate) const fn params(&self, blocks: u32) -> [u32; 4] {
        [self.first.0, self.sections, self.block_len, blocks]
    }
}

/// Bytes before the stamps of each level, and after the last one's.
const fn offsets(blocks: u32) -> [u64; 4] {
    const fn lines(stamps: u32) -> u64 {
        (stamps as u64 * 4).next_multiple_of(LINE as u64)
    }
    let supers = STAMPS as u64;
    let groups = supers + lines(Level::Super.count(blocks));
    let block = groups + lines(Level::Group.count(blocks));
    [supers, groups, block, block + lines(blocks)]
}

/// Bytes that a section of this configuration needs, over so many blocks.
pub(crate) const fn section_len(config: &DirtyMapConfig, blocks: u32) -> Result<u64, Error> {
    if config.sections == 0 || blocks == 0 {
        return Err(Error::BadLayout { what: "a dirty map of nothing" });
    }
    let [.., end] = offsets(blocks);
    Ok(end)
}

/// Epoch 0, in which everything changed last; the writer's role free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    span.clear(0, span.len() & !3)
}

/// Frees the writer's role. No epoch and no stamp is impossible, and no slice depends on them.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    // Relaxed: the caller has the memory to itself.
    span.word(WRITER_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    Ok(())
}

/// Frees the writer's role if `dead` holds it; 1 if it did. What it was writing stays stamped
/// ahead of the epoch, for the next writer to find.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    config_of(section)?;
    Ok(u32::from(role::revoke(span.word(WRITER_LEASE)?, dead)))
}

fn config_of(section: &Section) -> Result<(DirtyMapConfig, u32), Error> {
    let [first, sections, block_len, blocks] = section.params;
    let config = DirtyMapConfig { first: SectionId(first), sections, block_len };
    if config.blocks(0).is_err() || u64::from(blocks) > MAX_BLOCKS {
        return Err(Error::Corrupt { what: "blocks of a dirty map" });
    }
    match section_len(&config, blocks) {
        Ok(needed) if section.len >= needed => Ok((config, blocks)),
        _ => Err(Error::Corrupt { what: "length of a dirty map" }),
    }
}

/// Where everything of a map and its group is, by a configuration that fits into the section.
#[derive(Clone, Copy, Debug)]
struct Parts<'m> {
    /// The map's section.
    map: Span<'m>,
    /// The group's bytes.
    data: Span<'m>,
    config: DirtyMapConfig,
    blocks: u32,
    /// Before the stamps of the three levels, from above.
    offsets: [usize; 3],
}

impl<'m> Parts<'m> {
    const fn offset(&self, level: Level, index: u32) -> usize {
        let [supers, groups, blocks] = self.offsets;
        let start = match level {
            Level::Super => supers,
            Level::Group => groups,
            Level::Block => blocks,
        };
        start + index as usize * 4
    }

    /// The bytes of a block.
    const fn block(&self, index: u32) -> Range<usize> {
        let len = self.config.block_len as usize;
        let start = index as usize * len;
        let end = start.saturating_add(len);
        start..if end < self.data.len() { end } else { self.data.len() }
    }

    /// First and number of the blocks that have a part in these bytes of the group.
    fn touched(&self, offset: usize, len: usize) -> Result<(u32, u32), Error> {
        let out = Error::OutOfBounds { offset: offset as u64, len: len as u64 };
        let end = offset.checked_add(len).filter(|&end| end <= self.data.len()).ok_or(out)?;
        if len == 0 {
            return Ok((0, 0));
        }
        // Blocks are powers of two long, and a compiler need not know that none is 0 bytes.
        let bits = self.config.block_len.trailing_zeros();
        let (first, last) = (offset >> bits, (end - 1) >> bits);
        // At most 2^24 blocks.
        Ok((first as u32, (last - first + 1) as u32))
    }
}

impl Stamps for Parts<'_> {
    type Word = AtomicU32;

    #[inline]
    fn blocks(&self) -> u32 {
        self.blocks
    }

    #[inline]
    fn load(&self, level: Level, index: u32) -> u32 {
        // The stamps lie inside: the length was checked.
        self.map.load(self.offset(level, index)).unwrap_or_default()
    }
}

impl MarkStamps for Parts<'_> {
    #[inline]
    fn store(&self, level: Level, index: u32, stamp: u32) {
        // As above, and only the writer gets here: its memory can be written.
        let _ = self.map.store(self.offset(level, index), stamp);
    }
}

/// A dirty map and the sections that it covers. Holding one proves that both were checked against
/// each other.
///
/// ```
/// use inos_core::{
///     AlignedBytes, DirtyMap, DirtyMapConfig, Error, Layout, Region, SectionId, Sections, Spin,
/// };
///
/// const WORLD: SectionId = SectionId(1);
/// const NAMES: SectionId = SectionId(2);
/// const MAP: SectionId = SectionId(3);
/// let layout = Layout::builder()
///     .raw(WORLD, "world", 1024)
///     .raw(NAMES, "names", 256)
///     .dirty_map(MAP, "dirty", DirtyMapConfig { first: WORLD, sections: 2, block_len: 64 })
///     .build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let map = DirtyMap::open(&sections, MAP)?;
///
/// assert_eq!((map.len(), map.block_count(), map.is_empty()), (1280, 20, false));
/// assert_eq!(map.config().first, WORLD);
/// let mut replica = [0; 1280];
/// let mut twin = map.twin();
/// assert_eq!(twin.pull(&mut replica, 4)?.blocks, 20);
///
/// let mut writer = map.writer()?;
/// let names = map.range_of(&sections, NAMES)?;
/// writer.write(names.start, b"ada")?;
/// assert_eq!(twin.epoch(), Some(0));
/// writer.publish(&Spin::default());
///
/// let pulled = twin.pull(&mut replica, 4)?;
/// assert_eq!((pulled.epoch, pulled.blocks), (1, 1));
/// assert_eq!(&replica[names][..3], b"ada");
/// assert_eq!(twin.pull(&mut replica, 4)?.blocks, 0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DirtyMap<'m> {
    parts: Parts<'m>,
}

impl<'m> DirtyMap<'m> {
    /// Opens the section, and those that it covers.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the sections.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(1), "world", 1024)
    /// #     .dirty_map(SectionId(2), "dirty", config)
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let map = DirtyMap::open(&sections, SectionId(2))?;
    /// assert_eq!((map.len(), map.block_count()), (1024, 16));
    /// // The map, not what it covers, is opened.
    /// let error = DirtyMap::open(&sections, SectionId(1)).err();
    /// assert!(matches!(error, Some(Error::WrongKind { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (map, section) = sections.open(id, KIND_DIRTY_MAP, MAJOR)?;
        let (config, blocks) = config_of(section)?;
        let data = sections.open_run(config.first, config.sections)?;
        if config.blocks(data.len() as u64) != Ok(blocks) {
            return Err(Error::Corrupt { what: "blocks of a dirty map" });
        }
        let [supers, groups, block, _] = offsets(blocks);
        // They lie before the end of a span.
        let offsets = [supers as usize, groups as usize, block as usize];
        Ok(Self { parts: Parts { map, data, config, blocks, offsets } })
    }

    /// What the map covers.
    #[must_use]
    pub const fn config(&self) -> DirtyMapConfig {
        self.parts.config
    }

    /// Bytes in the group, and so in a replica of it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts.data.len()
    }

    /// Whether the group has no bytes; never true.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many blocks the group is cut into.
    #[must_use]
    pub const fn block_count(&self) -> u32 {
        self.parts.blocks
    }

    /// Where a section of the group lies in it.
    ///
    /// # Errors
    /// `NoSection` if the group has no such section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(1), "world", 1024)
    /// #     .dirty_map(SectionId(2), "dirty", config)
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let map = DirtyMap::open(&sections, SectionId(2))?;
    /// assert_eq!(map.range_of(&sections, SectionId(1))?, 0..1024);
    /// // The map is no section of the group that it covers.
    /// let error = Error::NoSection { id: 2 };
    /// assert_eq!(map.range_of(&sections, SectionId(2)), Err(error));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn range_of<T: Trust>(
        &self,
        sections: &Sections<'m, T>,
        id: SectionId,
    ) -> Result<Range<usize>, Error> {
        let config = self.parts.config;
        let first = sections.section(config.first)?.offset();
        sections
            .iter()
            .skip_while(|section| section.id() != config.first)
            .take(config.sections as usize)
            .find(|section| section.id() == id)
            .and_then(|section| {
                let start = usize::try_from(section.offset().checked_sub(first)?).ok()?;
                let end = start.checked_add(usize::try_from(section.len()).ok()?)?;
                (end <= self.len()).then_some(start..end)
            })
            .ok_or(Error::NoSection { id: id.0 })
    }

    /// A twin that has nothing yet. It takes no role and writes nothing; any number of them.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(1), "world", 1024)
    /// #     .dirty_map(SectionId(2), "dirty", config)
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let map = DirtyMap::open(&sections, SectionId(2))?;
    /// let mut twin = map.twin();
    /// assert_eq!(twin.epoch(), None);
    /// let mut replica = vec![0; twin.len()];
    /// // All 16 blocks at first.
    /// assert_eq!(twin.pull(&mut replica, 1)?.blocks, 16);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn twin(&self) -> Twin<'m> {
        Twin::new(self.parts)
    }

    /// A watcher of the epoch, which tells when a pull will find something.
    ///
    /// # Errors
    /// None that a map which was opened can have.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(1), "world", 1024)
    /// #     .dirty_map(SectionId(2), "dirty", config)
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let map = DirtyMap::open(&sections, SectionId(2))?;
    /// let (mut watcher, mut writer) = (map.watcher()?, map.writer()?);
    /// writer.write(0, b"new")?;
    /// assert_eq!(watcher.changed(), None);
    /// writer.publish(&Spin::default());
    /// assert_eq!(watcher.changed(), Some(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn watcher(&self) -> Result<EpochWatcher<'m>, Error> {
        Ok(EpochWatcher::from_peek(self.parts.map.peek(EPOCH)?))
    }

    /// Takes the writer's role; dropping the writer gives it back. Looks at every stamp once, for
    /// blocks that the last writer left behind.
    ///
    /// Acquire: continues from what the last writer did; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(1), "world", 1024)
    /// #     .dirty_map(SectionId(2), "dirty", config)
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let map = DirtyMap::open(&sections, SectionId(2))?;
    /// let mut writer = map.writer()?;
    /// assert_eq!(map.writer().err(), Some(Error::RoleHeld));
    /// writer.write(64, b"half written")?;
    /// drop(writer);
    /// // What the last one did not publish is the next one's to complete.
    /// let mut writer = map.writer()?;
    /// assert!(writer.unpublished().eq([64..128]));
    /// assert_eq!(writer.publish(&Spin::default()), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn writer(&self) -> Result<TwinWriter<'m>, Error> {
        let epoch = self.parts.map.word(EPOCH)?;
        let lease_word = self.parts.map.word(WRITER_LEASE)?;
        let lease = role::claim(lease_word, self.parts.map.party()).ok_or(Error::RoleHeld)?;
        let (state, torn) = WriterState::resume(&self.parts, epoch);
        Ok(TwinWriter { parts: self.parts, epoch, state, pending: torn > 0, lease_word, lease })
    }
}

#[cfg(test)]
mod tests;

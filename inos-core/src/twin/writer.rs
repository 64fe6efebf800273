//! The one who changes the group.
#![forbid(unsafe_code)]

use super::*;
use crate::wait::Park;

/// The one who changes the group. Holding one proves that nobody else does, as far as the other
/// parties keep to the protocol.
#[derive(Debug)]
pub struct TwinWriter<'m> {
    pub(super) parts: Parts<'m>,
    pub(super) epoch: &'m AtomicU32,
    pub(super) state: WriterState,
    /// Something is stamped for the next state.
    pub(super) pending: bool,
    pub(super) lease_word: &'m AtomicU32,
    pub(super) lease: Lease,
}

impl TwinWriter<'_> {
    /// The epoch that was published last, 31 bits.
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
    /// # let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// assert_eq!(writer.epoch(), 0);
    /// let published = writer.publish(&Spin::default());
    /// assert_eq!((published, writer.epoch()), (1, 1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.state.epoch()
    }

    /// Announces that bytes of the group are about to change: twins stay away from their blocks
    /// until they are published. Bytes are written after this and before
    /// [`publish`](Self::publish), by [`Sections::write_raw`] or otherwise by 32-bit atomics.
    ///
    /// Release fence: whoever reads a byte written after it sees the blocks stamped; pairs with
    /// the Acquire fence in [`Twin::pull`].
    ///
    /// # Errors
    /// `OutOfBounds`; nothing is announced then.
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
    /// # let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// let mut replica = [0; 1024];
    /// twin.pull(&mut replica, 1)?;
    /// // 72 bytes from 60 on touch three blocks of 64.
    /// writer.mark(60, 72)?;
    /// sections.write_raw(SectionId(1), 60, &[7; 72])?;
    /// writer.publish(&Spin::default());
    /// assert_eq!(twin.pull(&mut replica, 1)?.blocks, 3);
    /// assert_eq!(replica[60..132], [7; 72]);
    /// assert!(matches!(writer.mark(1000, 25), Err(Error::OutOfBounds { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn mark(&mut self, offset: usize, len: usize) -> Result<(), Error> {
        let (first, count) = self.parts.touched(offset, len)?;
        if count > 0 {
            self.pending = true;
            self.state.mark(&self.parts, first, count);
        }
        Ok(())
    }

    /// Announces and copies bytes into the group, by relaxed stores of words.
    ///
    /// # Errors
    /// `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4. Nothing is written then.
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
    /// # let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// writer.write(4, b"four")?;
    /// assert_eq!(writer.write(6, b"six"), Err(Error::Misaligned { by: 2, align: 4 }));
    /// writer.publish(&Spin::default());
    /// let mut replica = [0; 1024];
    /// twin.pull(&mut replica, 1)?;
    /// assert_eq!(replica[4..8], *b"four");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let by = offset % 4;
        if by != 0 {
            return Err(Error::Misaligned { by, align: 4 });
        }
        self.mark(offset, bytes.len())?;
        self.parts.data.write(offset, bytes)
    }

    /// Copies bytes of the group out, as they are now: this writer's own, published or not.
    ///
    /// # Errors
    /// `OutOfBounds`; `Misaligned` unless `offset` is a multiple of 4.
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
    /// # let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// writer.write(8, b"mine")?;
    /// let mut bytes = [0; 4];
    /// // Published or not.
    /// writer.read(8, &mut bytes)?;
    /// assert_eq!(&bytes, b"mine");
    /// assert_eq!(writer.read(9, &mut bytes), Err(Error::Misaligned { by: 1, align: 4 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        self.parts.data.read(offset, out)
    }

    /// Makes everything since the last time one new state; returns its epoch, 31 bits. Wakes
    /// whoever waits for it.
    ///
    /// Release: publishes the bytes; pairs with Acquire in [`Twin::pull`].
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
    /// # let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// let mut replica = [0; 1024];
    /// writer.write(0, b"both")?;
    /// writer.write(512, b"at once")?;
    /// assert_eq!(writer.publish(&Spin::default()), 1);
    /// assert_eq!(twin.pull(&mut replica, 1)?.epoch, 1);
    /// assert_eq!((&replica[..4], &replica[512..519]), (&b"both"[..], &b"at once"[..]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn publish<P: Park>(&mut self, park: &P) -> u32 {
        let advanced = self.state.publish(&self.parts, self.epoch);
        if advanced.wake {
            park.wake_all(self.epoch);
        }
        self.pending = false;
        advanced.epoch
    }

    /// The blocks, as ranges of the group, that were announced and not published: this writer's,
    /// or those that the last one left behind when it stopped, half written. They are published
    /// with the next state, so it is for this writer to write them whole.
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
    /// # let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// writer.mark(130, 4)?;
    /// assert!(writer.unpublished().eq([128..192]));
    /// writer.publish(&Spin::default());
    /// assert_eq!(writer.unpublished().count(), 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn unpublished(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        (0..self.parts.blocks)
            .filter(|&block| self.state.is_marked(&self.parts, block))
            .map(|block| self.parts.block(block))
    }
}

impl Drop for TwinWriter<'_> {
    fn drop(&mut self) {
        // Release: hands stamps and bytes on; pairs with Acquire in `DirtyMap::writer`.
        role::release(self.lease_word, &self.lease);
    }
}

//! The one who has a replica.
#![forbid(unsafe_code)]

use super::*;
use crate::wait::Park;

/// What a replica is of, and how to bring it up to date. The bytes are the caller's: each pull
/// is given the buffer that the last one was given, or one of the same contents.
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
/// let mut replica = vec![0; twin.len()];
/// assert_eq!((twin.len(), twin.is_empty(), twin.epoch()), (1024, false, None));
/// twin.pull(&mut replica, 1)?;
/// assert_eq!(twin.epoch(), Some(0));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Twin<'m> {
    parts: Parts<'m>,
    state: ReaderState,
}

impl<'m> Twin<'m> {
    pub(super) const fn new(parts: Parts<'m>) -> Self {
        Self { parts, state: ReaderState::new() }
    }

    /// The epoch that the replica is whole at. `None` before the first pull; and after a pull
    /// that failed when it had copied something, until one succeeds: its bytes are then of more
    /// than one state.
    #[inline]
    #[must_use]
    pub const fn epoch(&self) -> Option<u32> {
        self.state.epoch()
    }

    /// Bytes in the replica.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts.data.len()
    }

    /// Whether the replica has no bytes; never true.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the blocks that changed since the last pull into the front of `replica`, which then
    /// is the state of one epoch; all of them at first. If nothing was published meanwhile this is
    /// one load.
    ///
    /// Acquire: pairs with Release in [`TwinWriter::publish`].
    ///
    /// # Errors
    /// `TooSmall` if `replica` is shorter than [`len`](Self::len). `Lapped` if the writer was in
    /// the way of each of `tries`; [`epoch`](Self::epoch) says whether the replica is still the
    /// state that it was. A pull that comes while a state is being written leaves it so.
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
    /// writer.write(100, b"new!")?;
    /// // A state is being written: the replica keeps the last one.
    /// assert_eq!(twin.pull(&mut replica, 2), Ok(Pulled { epoch: 0, blocks: 0, retries: 0 }));
    /// writer.publish(&Spin::default());
    /// assert_eq!(twin.pull(&mut replica, 2)?.blocks, 1);
    /// assert_eq!(replica[100..104], *b"new!");
    /// let error = Error::TooSmall { len: 8, needed: 1024 };
    /// assert_eq!(twin.pull(&mut replica[..8], 1), Err(error));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn pull(&mut self, replica: &mut [u8], tries: u32) -> Result<Pulled, Error> {
        let Parts { map, data, .. } = self.parts;
        let len = replica.len() as u64;
        let replica = replica
            .get_mut(..data.len())
            .ok_or(Error::TooSmall { len, needed: data.len() as u64 })?;
        let parts = &self.parts;
        self.state.pull(parts, &map.peek(EPOCH)?, tries, |block| {
            let range = parts.block(block);
            let start = range.start;
            data.read(start, replica.get_mut(range).unwrap_or_default())
        })
    }

    /// Writes the `changed` pieces of the replica, by offset and length, into the group and
    /// publishes them; returns the new epoch, at which the replica is whole. Only who holds the writer's role has a `writer` to
    /// give. What the writer had written and not published is published, too, and is in the
    /// replica after the next pull.
    ///
    /// Release: publishes the bytes; pairs with Acquire in [`pull`](Self::pull).
    ///
    /// # Errors
    /// `Lapped` unless the replica is whole at the newest epoch: pull first, or changes that others
    /// made would be lost. `TooSmall` if `replica` is shorter than [`len`](Self::len);
    /// `OutOfBounds` or `Misaligned` (4 bytes) for a piece; `NoSection` if the writer is that of
    /// another map. Nothing is written then.
    ///
    /// ```
    /// # use inos_core::{
    /// #     AlignedBytes, DirtyMap, DirtyMapConfig, Error, Layout, Region, SectionId, Sections, Spin,
    /// # };
    /// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
    /// # let layout = Layout::builder()
    /// #     .raw(SectionId(1), "world", 1024)
    /// #     .dirty_map(SectionId(2), "dirty", config)
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let map = DirtyMap::open(&sections, SectionId(2))?;
    /// let (mut twin, mut writer) = (map.twin(), map.writer()?);
    /// let mut replica = [0; 1024];
    /// twin.pull(&mut replica, 1)?;
    /// replica[100..104].copy_from_slice(b"push");
    /// twin.push(&mut writer, &replica, &[(100, 4)], &Spin::default())?;
    ///
    /// let mut other = [0; 1024];
    /// map.twin().pull(&mut other, 1)?;
    /// assert_eq!(other, replica);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn push<P: Park>(
        &mut self,
        writer: &mut TwinWriter<'m>,
        replica: &[u8],
        changed: &[(usize, usize)],
        park: &P,
    ) -> Result<u32, Error> {
        if !self.parts.map.is_same(&writer.parts.map) {
            return Err(Error::NoSection { id: self.parts.config.first.0 });
        }
        if self.epoch() != Some(writer.epoch()) {
            return Err(Error::Lapped { tries: 0 });
        }
        let (len, needed) = (replica.len() as u64, self.len() as u64);
        if len < needed {
            return Err(Error::TooSmall { len, needed });
        }
        for &(offset, len) in changed {
            self.parts.touched(offset, len)?;
            let by = offset % 4;
            if by != 0 {
                return Err(Error::Misaligned { by, align: 4 });
            }
        }
        let others = writer.pending;
        for &(offset, len) in changed {
            // Inside the group, so inside the replica.
            let end = offset.saturating_add(len);
            writer.write(offset, replica.get(offset..end).unwrap_or_default())?;
        }
        let epoch = writer.publish(park);
        if others {
            self.state.spoil();
        } else {
            self.state = ReaderState::at(epoch);
        }
        Ok(epoch)
    }
}

/// A twin and its buffer. Bytes are to be had only while they are the state of one epoch.
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, DirtyMap, DirtyMapConfig, Error, Layout, Region, SectionId, Sections, Spin,
/// # };
/// # let config = DirtyMapConfig { first: SectionId(1), sections: 1, block_len: 64 };
/// # let layout = Layout::builder()
/// #     .raw(SectionId(1), "world", 1024)
/// #     .dirty_map(SectionId(2), "dirty", config)
/// #     .build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let map = DirtyMap::open(&sections, SectionId(2))?;
/// use inos_core::Snapshot;
///
/// let mut buffer = [0; 1024];
/// let mut snapshot = Snapshot::new(map.twin(), &mut buffer)?;
/// assert_eq!(snapshot.bytes(), None);
/// snapshot.pull(4)?;
/// assert_eq!(snapshot.epoch(), Some(0));
/// assert_eq!(snapshot.bytes(), Some(&[0; 1024][..]));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Snapshot<'m, 'b> {
    twin: Twin<'m>,
    bytes: &'b mut [u8],
}

impl<'m, 'b> Snapshot<'m, 'b> {
    /// Binds a twin to its buffer, whatever that holds: the first pull copies everything.
    ///
    /// # Errors
    /// `TooSmall` if the buffer is shorter than [`Twin::len`].
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
    /// let mut small = [0; 1000];
    /// let error = Error::TooSmall { len: 1000, needed: 1024 };
    /// assert_eq!(Snapshot::new(map.twin(), &mut small).err(), Some(error));
    /// let mut buffer = [0; 2000];
    /// let mut snapshot = Snapshot::new(map.twin(), &mut buffer)?;
    /// snapshot.pull(1)?;
    /// assert_eq!(snapshot.bytes().map(<[u8]>::len), Some(1024));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn new(twin: Twin<'m>, buffer: &'b mut [u8]) -> Result<Self, Error> {
        let (len, needed) = (buffer.len() as u64, twin.len());
        let bytes =
            buffer.get_mut(..needed).ok_or(Error::TooSmall { len, needed: needed as u64 })?;
        Ok(Self { twin: Twin::new(twin.parts), bytes })
    }

    /// As [`Twin::pull`], its ordering, too.
    ///
    /// # Errors
    /// `Lapped` if the writer was in the way of each of `tries`.
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
    /// let mut buffer = [0; 1024];
    /// let mut snapshot = Snapshot::new(map.twin(), &mut buffer)?;
    /// assert_eq!(snapshot.pull(1)?.blocks, 16);
    /// writer.write(0, b"next")?;
    /// writer.publish(&Spin::default());
    /// assert_eq!(snapshot.pull(1)?.blocks, 1);
    /// assert_eq!(snapshot.epoch(), Some(1));
    /// assert_eq!(snapshot.bytes().map(|bytes| &bytes[..4]), Some(&b"next"[..]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn pull(&mut self, tries: u32) -> Result<Pulled, Error> {
        self.twin.pull(self.bytes, tries)
    }

    /// The epoch of the bytes, if they are of one.
    #[must_use]
    pub const fn epoch(&self) -> Option<u32> {
        self.twin.epoch()
    }

    /// The state of [`epoch`](Self::epoch).
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        self.epoch().map(|_| &*self.bytes)
    }
}

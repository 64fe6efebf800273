//! A block that is held, and the two words by which it is found again.
#![forbid(unsafe_code)]

use core::ops::{Deref, DerefMut};

use super::*;
use crate::raw::lend;
use crate::raw::region::Cooperative;
use crate::sync::fence;

/// Where a block is, for another party to [`adopt`](Arena::adopt): two words, to be sent in
/// whatever carries words. Holding one proves nothing: it is an allegation, checked when it is
/// used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    /// First granule of 8 bytes, counted from the first page.
    pub offset: u32,
    /// Which claim of its place it was, 20 bits.
    pub generation: u32,
}

impl Handle {
    /// Both words in one number, as a completion carries them: the offset in the lower half.
    ///
    /// ```
    /// # use inos_core::*;
    /// let handle = Handle { offset: 5, generation: 2 };
    /// assert_eq!(handle.to_value(), 0x2_0000_0005);
    /// assert_eq!(Handle::from_value(0x2_0000_0005), handle);
    /// ```
    #[must_use]
    pub const fn to_value(self) -> u64 {
        self.offset as u64 | (self.generation as u64) << 32
    }

    /// The handle that this number carries; see [`to_value`](Self::to_value).
    #[must_use]
    pub const fn from_value(value: u64) -> Self {
        Self { offset: value as u32, generation: (value >> 32) as u32 }
    }
}

/// A block. Holding one proves that its bytes are nobody else's. Dropping it frees it.
#[derive(Debug)]
#[must_use = "a block that is dropped is free"]
pub struct Block<'m, T: Trust> {
    pub(super) parts: Parts<'m>,
    /// Taken by the drop and by `hand_over`.
    pub(super) claim: Option<Claim>,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Block<'m, T> {
    #[inline]
    pub(super) fn new(parts: Parts<'m>, claim: Claim) -> Self {
        Self { parts, claim: Some(claim), trust: PhantomData }
    }

    /// Where it begins, counted from the first page. The pages are mapped, so it fits; a claim of
    /// hostile memory is checked at each use.
    pub(super) fn offset(&self) -> usize {
        self.claim.as_ref().map_or(0, |claim| {
            claim.page() as usize * self.parts.config.page_len as usize + claim.start() as usize
        })
    }

    /// Bytes in it: what was asked for, rounded up to the size of its class or to whole pages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.claim.as_ref().map_or(0, |claim| claim.byte_len(self.parts.config.page_len) as usize)
    }

    /// Whether it has no byte; never true.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies bytes out.
    ///
    /// Loads are Relaxed: the block is this party's alone. Hostile ones may write to it all the
    /// same; then the copy is whatever they left.
    ///
    /// # Errors
    /// `OutOfBounds` beyond the block; `Misaligned` unless `offset` is a multiple of 4.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let mut block = arena.allocate(64)?;
    /// block.write(8, b"eight")?;
    /// let mut text = [0; 5];
    /// block.read(8, &mut text)?;
    /// assert_eq!(&text, b"eight");
    /// assert_eq!(block.read(60, &mut text), Err(Error::OutOfBounds { offset: 60, len: 5 }));
    /// assert_eq!(block.read(2, &mut text), Err(Error::Misaligned { by: 2, align: 4 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        self.inside(offset, out.len())?;
        self.parts.pages()?.read(self.offset() + offset, out)
    }

    /// Copies bytes in, by relaxed stores of words.
    ///
    /// Published by [`hand_over`](Self::hand_over).
    ///
    /// # Errors
    /// As [`read`](Self::read). Nothing is written then.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let mut block = arena.allocate(64)?;
    /// block.write(60, b"last")?;
    /// assert_eq!(&block[60..], b"last");
    /// assert_eq!(block.write(64, b"!"), Err(Error::OutOfBounds { offset: 64, len: 1 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        self.inside(offset, bytes.len())?;
        self.parts.pages()?.write(self.offset() + offset, bytes)
    }

    fn inside(&self, offset: usize, len: usize) -> Result<(), Error> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len() => Ok(()),
            _ => Err(Error::OutOfBounds { offset: offset as u64, len: len as u64 }),
        }
    }

    /// Sends the block on its way: it is whose who [`adopt`](Arena::adopt)s the handle first. Until
    /// then it is still this party's, and is freed when that dies or leaves.
    ///
    /// Release: what was written to it is visible to the one who adopts it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = ArenaConfig { page_len: 1024, pages: 4 };
    /// # let layout = Layout::builder().arena(SectionId(1), "arena", config).build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let mut arena = Arena::open(&sections, SectionId(1))?;
    /// let mut block = arena.allocate(64)?;
    /// block.write(0, b"parcel")?;
    /// let Handle { offset, generation } = block.hand_over();
    /// // Two words, on their way in a record: still counted as this party's.
    /// assert_eq!(arena.stats()?.handed_count, 1);
    /// let parcel = arena.adopt(Handle { offset, generation })?;
    /// assert_eq!((&parcel[..6], arena.stats()?.handed_count), (&b"parcel"[..], 0));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn hand_over(self) -> Handle {
        self.send(arena::hand_over)
    }

    /// As [`hand_over`](Self::hand_over), and from here on the block is that of `party`: it is
    /// freed when that dies or leaves before anybody has adopted it, who may be another party. For
    /// who lives long and sends blocks to others, who may not. If the party has gone already, the
    /// block stays until the next one of its number goes: look afterwards whether it is there, by a
    /// role that it holds. If it still is, the block goes with it.
    ///
    /// SeqCst fence, after what [`hand_over`](Self::hand_over) does: that look comes later; pairs
    /// with the one where claims of a party are taken, arenas last.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (seats, id) = (SectionId(1), SectionId(2));
    /// # let layout = Layout::builder()
    /// #     .parties(seats, "parties", PartiesConfig::of::<AlwaysAlive>(2))
    /// #     .arena(id, "arena", ArenaConfig { page_len: 1024, pages: 4 })
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<8192>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let server = sections.join(seats, &AlwaysAlive, "server")?;
    /// let guest = sections.join(seats, &AlwaysAlive, "guest")?;
    /// let mut arena = Arena::open(&server.sections(), id)?;
    /// let handle = arena.allocate(64)?.hand_over_to(guest.number());
    /// assert_eq!(arena.stats()?.handed_count, 1);
    /// drop(guest);
    /// assert_eq!(arena.stats()?.handed_count, 0);
    /// assert!(arena.adopt(handle).is_err());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn hand_over_to(self, party: u16) -> Handle {
        let handle = self.send(|parts, claim| arena::hand_over_to(parts, claim, party));
        fence(Ordering::SeqCst);
        handle
    }

    fn send(mut self, hand_over: impl FnOnce(&Parts<'m>, &Claim) -> Option<u32>) -> Handle {
        // A block that was taken away can't be handed over: then nobody adopts this generation.
        let generation = self.claim.as_ref().map_or(0, Claim::generation);
        let offset = (self.offset() / GRANULE) as u32;
        if let Some(claim) = self.claim.take() {
            let _ = hand_over(&self.parts, &claim);
        }
        Handle { offset, generation }
    }
}

impl<T: Trust> Drop for Block<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            arena::release(&self.parts, claim);
        }
    }
}

impl Deref for Block<'_, Cooperative> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // The block lies inside (`Claim`), and has its claim as long as it lives.
        let Some(claim) = &self.claim else { return &[] };
        lend::block(&self.parts.span, self.parts.data(), claim, self.parts.config.page_len)
            .unwrap_or_default()
    }
}

impl DerefMut for Block<'_, Cooperative> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        let Self { parts, claim, .. } = self;
        let Some(claim) = claim else { return &mut [] };
        lend::block_mut(&parts.span, parts.data(), claim, parts.config.page_len).unwrap_or_default()
    }
}

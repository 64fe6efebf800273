//! The one who sends records.
#![forbid(unsafe_code)]

use super::{
    Broadcast, GRANULE, HEADER_LEN, INTENT, LATEST, PADDING, RECORD_LEN, RECORD_POSITION,
    RECORD_SEQUENCE, RECORD_TAG, WRAPS, granules, max_record, read_header,
};
use crate::error::Error;
use crate::protocol::broadcast::{Claim, TransmitterState, Words};
use crate::protocol::role::{self, Lease};
use crate::raw::span::Span;
use crate::sync::AtomicU32;

/// The words of a broadcast and what its transmitter knows of them, taken up from memory. The
/// caller holds the role.
pub(super) fn resume<'m>(
    broadcast: &Broadcast<'m>,
) -> Result<(Words<'m, AtomicU32>, TransmitterState), Error> {
    let Broadcast { span, data, capacity } = broadcast;
    let words =
        Words { intent: span.word(INTENT)?, wraps: span.word(WRAPS)?, latest: span.word(LATEST)? };
    let state = TransmitterState::resume(&words, *capacity, |index| {
        read_header(data, *capacity, index).map(|(header, ..)| header)
    })?;
    Ok((words, state))
}

/// The one who sends records. Holding one proves that nobody else does, as far as the other
/// parties keep to the protocol.
///
/// ```
/// # use inos_core::*;
/// # let config = BroadcastConfig { capacity: 64 };
/// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let news = Broadcast::open(&sections, SectionId(2))?;
/// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
/// let max = transmitter.max_record_len();
/// transmitter.send(1, &vec![7; max])?;
/// let error = Error::TooLarge { len: max + 1, max };
/// assert_eq!(transmitter.send(2, &vec![7; max + 1]), Err(error));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Transmitter<'m> {
    data: Span<'m>,
    capacity: u32,
    words: Words<'m, AtomicU32>,
    state: TransmitterState,
    lease: (&'m AtomicU32, Lease),
}

impl<'m> Transmitter<'m> {
    pub(super) const fn new(
        broadcast: &Broadcast<'m>,
        words: Words<'m, AtomicU32>,
        state: TransmitterState,
        lease: (&'m AtomicU32, Lease),
    ) -> Self {
        let Broadcast { data, capacity, .. } = *broadcast;
        Self { data, capacity, words, state, lease }
    }

    /// Bytes in the payload of the largest record.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity)
    }

    /// Sends a record, over the oldest ones. Never waits.
    ///
    /// Release, on `latest`: publishes the record; pairs with Acquire in
    /// [`Receiver::receive`](super::Receiver::receive).
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
    /// // It never waits, whoever receives.
    /// for tag in 0..1000 {
    ///     transmitter.send(tag, b"news")?;
    /// }
    /// let mut bytes = [0; 48];
    /// let received = receiver.receive(&mut bytes)?;
    /// assert_eq!((received.tag, received.lapped), (999, 999));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn send(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let mut draft = self.draft(bytes.len())?;
        draft.write(0, bytes)?;
        draft.send(tag)
    }

    /// Begins a record of `len` bytes, to be written in pieces. The oldest records, as many as it
    /// takes, are gone from here on.
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
    /// let mut draft = transmitter.draft(4)?;
    /// draft.write(0, b"lost")?;
    /// drop(draft);
    /// let mut bytes = [0; 48];
    /// assert_eq!(receiver.receive(&mut bytes), Err(Error::Empty));
    /// assert_eq!(transmitter.draft(49).err(), Some(Error::TooLarge { len: 49, max: 48 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn draft(&mut self, len: usize) -> Result<Draft<'_, 'm>, Error> {
        let max = self.max_record_len();
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        let claim = self.state.begin(&self.words, granules(len))?;
        Ok(Draft { transmitter: self, claim, len })
    }
}

impl Drop for Transmitter<'_> {
    fn drop(&mut self) {
        let (word, lease) = &self.lease;
        // Release: hands the positions on; pairs with Acquire in `Broadcast::transmitter`.
        role::release(*word, lease);
    }
}

/// A record that is being written. Nobody receives it before [`send`](Self::send), nor ever if
/// the draft is dropped.
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, Broadcast, BroadcastConfig, Layout, Region, SectionId, Sections,
/// # };
/// # let config = BroadcastConfig { capacity: 64 };
/// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let news = Broadcast::open(&sections, SectionId(2))?;
/// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
/// let mut draft = transmitter.draft(8)?;
/// draft.write(0, &7_u32.to_ne_bytes())?;
/// draft.write(4, b"tail")?;
/// draft.send(1)?;
/// let mut bytes = [0; 64];
/// assert_eq!(receiver.receive(&mut bytes)?.len, 8);
/// assert_eq!(bytes[4..8], *b"tail");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a draft that is not sent is received by nobody"]
pub struct Draft<'a, 'm> {
    transmitter: &'a mut Transmitter<'m>,
    claim: Claim,
    len: usize,
}

impl Draft<'_, '_> {
    /// Copies bytes into the record, by relaxed stores of words. What is not written shows bytes
    /// of old records.
    ///
    /// # Errors
    /// `OutOfBounds` beyond the record; `Misaligned` unless `offset` is a multiple of 4. Nothing
    /// is written then.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
    /// let mut draft = transmitter.draft(8)?;
    /// draft.write(4, b"tail")?;
    /// draft.write(0, b"head")?;
    /// assert_eq!(draft.write(2, b"?"), Err(Error::Misaligned { by: 2, align: 4 }));
    /// assert_eq!(draft.write(8, b"?"), Err(Error::OutOfBounds { offset: 8, len: 1 }));
    /// draft.send(1)?;
    /// let mut bytes = [0; 48];
    /// receiver.receive(&mut bytes)?;
    /// assert_eq!(bytes[..8], *b"headtail");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        match offset.checked_add(bytes.len()) {
            Some(end) if end <= self.len => {}
            _ => {
                return Err(Error::OutOfBounds { offset: offset as u64, len: bytes.len() as u64 });
            }
        }
        self.transmitter.data.write(self.at() + HEADER_LEN + offset, bytes)
    }

    /// Publishes the record.
    ///
    /// Release, on `latest`: pairs with Acquire in
    /// [`Receiver::receive`](super::Receiver::receive).
    ///
    /// # Errors
    /// None that a caller can bring about.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
    /// let mut bytes = [0; 48];
    /// let mut draft = transmitter.draft(4)?;
    /// draft.write(0, b"news")?;
    /// assert_eq!(receiver.receive(&mut bytes), Err(Error::Empty));
    /// draft.send(5)?;
    /// assert_eq!(receiver.receive(&mut bytes)?, Received { tag: 5, len: 4, lapped: 0 });
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn send(self, tag: u32) -> Result<(), Error> {
        let at = self.at();
        let Self { transmitter, claim, len } = self;
        let Transmitter { data, capacity, words, state, .. } = transmitter;
        // All Relaxed: the Release store of `latest` publishes them, and receivers that are too
        // slow for what stood here find the intent.
        if claim.padding() > 0 {
            let before = (*capacity - claim.padding()) as usize * GRANULE;
            data.store(before + RECORD_LEN, PADDING)?;
        }
        // At most an eighth of 2^33: the cast is exact.
        data.store(at + RECORD_LEN, len as u32)?;
        data.store(at + RECORD_TAG, tag)?;
        data.store(at + RECORD_SEQUENCE, claim.sequence())?;
        data.store(at + RECORD_POSITION, claim.position())?;
        state.publish(words, claim);
        Ok(())
    }

    #[inline]
    const fn at(&self) -> usize {
        self.claim.index() as usize * GRANULE
    }
}

//! The one who writes records.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::{
    Batch, Batched, GRANULE, HEAD, HEADER_LEN, PADDING, RECORD_LEN, RingBuffer, TAIL, max_record,
};
use crate::error::Error;
use crate::protocol::ring::{Claim, ProducerCursor};
use crate::protocol::role::{self, Lease};
use crate::raw::lend;
use crate::raw::region::{Cooperative, Trust};
use crate::raw::span::Span;
use crate::sync::{AtomicU32, Ordering};

/// The one who writes records. Holding one proves that nobody else does, as far as the other
/// parties keep to the protocol.
///
/// ```
/// # use inos_core::*;
/// # let config = RingConfig { capacity: 64 };
/// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let ring = RingBuffer::open(&sections, SectionId(2))?;
/// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// let max = producer.max_record_len();
/// producer.push(1, &vec![7; max])?;
/// let error = Error::TooLarge { len: max + 1, max };
/// assert_eq!(producer.push(2, &vec![7; max + 1]), Err(error));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Producer<'m, T: Trust> {
    pub(super) data: Span<'m>,
    tail: &'m AtomicU32,
    head: &'m AtomicU32,
    cursor: ProducerCursor,
    /// `None` for one half of a ring that was split.
    lease: Option<(&'m AtomicU32, Lease)>,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Producer<'m, T> {
    /// Continues from the positions in memory. The caller has made sure that nobody else does.
    pub(super) fn resume(ring: &RingBuffer<'m, T>) -> Result<Self, Error> {
        let (tail, head) = (ring.span.word(TAIL)?, ring.span.word(HEAD)?);
        let cursor = ProducerCursor::resume(tail, head, ring.capacity)?;
        Ok(Self { data: ring.data, tail, head, cursor, lease: None, trust: PhantomData })
    }

    pub(super) fn held_by(mut self, word: &'m AtomicU32, lease: Lease) -> Self {
        self.lease = Some((word, lease));
        self
    }

    /// Bytes in the payload of the largest record.
    #[must_use]
    #[inline]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity())
    }

    /// Granules in the ring.
    #[inline]
    const fn capacity(&self) -> u32 {
        // At most 2^30.
        (self.data.len() / GRANULE) as u32
    }

    /// Writes a record, by a copy; visible at once.
    ///
    /// Release, on the tail: publishes the record; pairs with Acquire in
    /// [`Consumer::pop`](super::Consumer::pop) and [`Consumer::read`](super::Consumer::read).
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len); `Full`; `Corrupt` if the head
    /// in memory is impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 8 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push(1, b"twenty-four bytes of it!")?;
    /// producer.push(2, b"and again as many bytes.")?;
    /// assert_eq!(producer.push(3, b""), Err(Error::Full));
    /// drop(consumer.read()?);
    /// producer.push(3, b"")?;
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        self.stage(tag, bytes)?;
        self.flush();
        Ok(())
    }

    /// Makes a producer that publishes `every` so many records, and not at each; 0 and 1 are at
    /// each. It keeps the role.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut producer = producer.batched(2);
    /// producer.push(1, b"waits")?;
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// // The second one publishes both.
    /// producer.push(2, b"for this one")?;
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn batched(self, every: u32) -> Batched<'m, T> {
        Batched::new(self, every)
    }

    /// Claims space for `count` records of `len` bytes each, or for others that take no more:
    /// one look at the head, and one store of the tail, for all of them.
    ///
    /// Acquire, on the head, where the ring seems full: the space was read; pairs with Release in
    /// [`Consumer::pop`](super::Consumer::pop).
    ///
    /// # Errors
    /// `TooLarge`, in bytes of the ring, over half the ring with headers; `Full`; `Corrupt` if
    /// the head in memory is impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// // Ten records would take 20 granules, but these three have one byte each.
    /// let mut batch = producer.try_claim_batch(10, 8)?;
    /// for tag in 0..3 {
    ///     batch.push(tag, &[7])?;
    /// }
    /// assert_eq!(batch.commit(), 3);
    /// assert_eq!(consumer.read()?.tag(), 0);
    /// // 17 times 16 bytes is more than half the ring.
    /// let error = Error::TooLarge { len: 272, max: 256 };
    /// assert_eq!(producer.try_claim_batch(17, 8).err(), Some(error));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn try_claim_batch(&mut self, count: u32, len: usize) -> Result<Batch<'_, 'm, T>, Error> {
        let max = (self.capacity() / 2) as usize;
        let granules = len.div_ceil(GRANULE).saturating_add(1).saturating_mul(count as usize);
        if granules > max {
            let (len, max) = (granules.saturating_mul(GRANULE), max * GRANULE);
            return Err(Error::TooLarge { len, max });
        }
        let claim = self.cursor.claim(self.head, granules as u32)?;
        let padding = self.padding_of(&claim)?;
        Ok(Batch::new(self, claim, padding))
    }

    /// Writes a record that is published with the next flush.
    #[inline]
    pub(super) fn stage(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let mut space = self.claim(bytes.len())?;
        if T::LENDS {
            lend::copy(space.bytes_mut(&self.data), bytes);
        } else {
            self.data.write(space.payload(), bytes)?;
        }
        space.describe(tag);
        self.cursor.stage(space.claim);
        Ok(())
    }

    /// Publishes what was staged, if anything was.
    #[inline]
    pub(super) fn flush(&mut self) {
        if self.cursor.is_staged() {
            self.cursor.flush(self.tail);
        }
    }

    #[inline]
    pub(super) fn claim(&mut self, len: usize) -> Result<Space<'m>, Error> {
        let max = self.max_record_len();
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        // At most half the capacity and below 2^31 bytes, as just checked: the casts are exact.
        let claim = self.cursor.claim(self.head, 1 + len.div_ceil(GRANULE) as u32)?;
        let at = claim.start() as usize * GRANULE;
        let padding = self.padding_of(&claim)?;
        let header = self.data.block(at)?;
        Ok(Space { claim, len: len as u32, padding, header })
    }

    #[inline]
    fn padding_of(&self, claim: &Claim) -> Result<Option<&'m AtomicU32>, Error> {
        match claim.padding() {
            Some((at, _)) => self.data.word(at as usize * GRANULE + RECORD_LEN).map(Some),
            None => Ok(None),
        }
    }

    /// Publishes claimed items whose headers were written.
    #[inline]
    pub(super) fn publish(&mut self, claim: Claim) {
        self.cursor.publish(self.tail, claim);
    }

    /// Sets claimed items whose headers were written aside, for the next flush.
    #[inline]
    pub(super) fn set_aside(&mut self, claim: Claim) {
        self.cursor.stage(claim);
    }
}

impl<'m> Producer<'m, Cooperative> {
    /// Claims space for a record of `len` bytes, to be written in place; it shows old bytes until
    /// it is. Acquire as [`try_claim_batch`](Self::try_claim_batch).
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len); `Full`; `Corrupt` if the head
    /// in memory is impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut grant = producer.try_claim(4)?;
    /// grant.copy_from_slice(b"kept");
    /// grant.commit(1);
    /// // This one leaves no trace.
    /// drop(producer.try_claim(4)?);
    /// assert_eq!(&*consumer.read()?, b"kept");
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn try_claim(&mut self, len: usize) -> Result<Grant<'_, 'm>, Error> {
        let space = self.claim(len)?;
        Ok(Grant { producer: self, space })
    }
}

impl<T: Trust> Drop for Producer<'_, T> {
    fn drop(&mut self) {
        self.flush();
        if let Some((word, lease)) = &self.lease {
            // Release: hands the tail on; pairs with Acquire in `RingBuffer::producer`.
            role::release(*word, lease);
        }
    }
}

/// Space for one record, with the words of its header at hand.
#[derive(Debug)]
pub(super) struct Space<'m> {
    pub(super) claim: Claim,
    len: u32,
    padding: Option<&'m AtomicU32>,
    header: &'m [AtomicU32; HEADER_LEN / 4],
}

impl Space<'_> {
    /// Offset of the payload in the ring.
    #[inline]
    fn payload(&self) -> usize {
        self.claim.start() as usize * GRANULE + HEADER_LEN
    }

    /// Writes the header, and that of the padding before it.
    #[inline]
    pub(super) fn describe(&self, tag: u32) {
        // All Relaxed: the Release store of the tail publishes them.
        if let Some(word) = self.padding {
            word.store(PADDING, Ordering::Relaxed);
        }
        let [len_word, tag_word] = self.header;
        len_word.store(self.len, Ordering::Relaxed);
        tag_word.store(tag, Ordering::Relaxed);
    }

    /// The payload in place; for cooperative trust only.
    #[inline]
    pub(super) fn bytes_mut<'a>(&'a mut self, data: &'a Span<'_>) -> &'a mut [u8] {
        let len = self.len as usize;
        // The claim was made for so many bytes, so the empty slice never comes to pass.
        lend::ring_claim_mut(data, &mut self.claim, GRANULE, HEADER_LEN, len).unwrap_or_default()
    }
}

/// Space for one record. Nobody reads it before [`commit`](Self::commit); a grant that is
/// dropped leaves no trace.
#[derive(Debug)]
#[must_use = "a grant that is not committed has no effect"]
pub struct Grant<'a, 'm> {
    producer: &'a mut Producer<'m, Cooperative>,
    space: Space<'m>,
}

impl Grant<'_, '_> {
    /// Shortens the record to `len` bytes; the space that it does not need goes back. A record
    /// of no more than `len` stays what it is.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// // As long as it may be at most; how long it is turns out while it is written.
    /// let mut grant = producer.try_claim(64)?;
    /// grant[..3].copy_from_slice(b"abc");
    /// grant.truncate(3);
    /// assert_eq!(grant.len(), 3);
    /// grant.commit(1);
    /// assert_eq!(&*consumer.read()?, b"abc");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        if len < self.space.len as usize {
            // Exact: less than a length of 32 bits.
            self.space.len = len as u32;
            self.space.claim.shorten(1 + len.div_ceil(GRANULE) as u32);
        }
    }

    /// Publishes the record.
    ///
    /// Release, on the tail: pairs with Acquire in [`Consumer::pop`](super::Consumer::pop) and
    /// [`Consumer::read`](super::Consumer::read).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut grant = producer.try_claim(2)?;
    /// grant.copy_from_slice(b"ok");
    /// grant.commit(9);
    /// let record = consumer.read()?;
    /// assert_eq!((record.tag(), &*record), (9, &b"ok"[..]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn commit(self, tag: u32) {
        let Self { producer, space } = self;
        space.describe(tag);
        producer.publish(space.claim);
    }
}

/// The payload in place; it shows old bytes until it is written.
impl Deref for Grant<'_, '_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        let (data, claim) = (&self.producer.data, &self.space.claim);
        // The claim was made for so many bytes, so the empty slice never comes to pass.
        lend::ring_claim(data, claim, GRANULE, HEADER_LEN, self.space.len as usize)
            .unwrap_or_default()
    }
}

impl DerefMut for Grant<'_, '_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.space.bytes_mut(&self.producer.data)
    }
}

//! Many records for one store of the tail.
#![forbid(unsafe_code)]

use super::producer::Producer;
use super::{GRANULE, HEADER_LEN, PADDING};
use crate::error::Error;
use crate::protocol::ring::Claim;
use crate::raw::lend;
use crate::raw::region::{Cooperative, Trust};
use crate::sync::{AtomicU32, Ordering};

/// Space for some records, which are published together by [`commit`](Self::commit). Nobody
/// reads any of them before; a batch that is dropped leaves no trace.
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, Layout, Region, RingBuffer, RingConfig, SectionId, Sections,
/// # };
/// # let layout = Layout::builder().ring(SectionId(2), "", RingConfig { capacity: 64 }).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let ring = RingBuffer::open(&sections, SectionId(2))?;
/// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// let mut batch = producer.try_claim_batch(3, 8)?;
/// batch.push(1, b"by copy")?;
/// batch.push_mut(2, 8)?.copy_from_slice(b"in place");
/// assert_eq!(batch.count(), 2);
/// assert_eq!(batch.commit(), 2);
///
/// let mut records = consumer.drain()?;
/// assert_eq!(&*records.read()?, b"by copy");
/// assert_eq!(&*records.read()?, b"in place");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a batch that is not committed has no effect"]
pub struct Batch<'a, 'm, T: Trust> {
    producer: &'a mut Producer<'m, T>,
    claim: Claim,
    padding: Option<&'m AtomicU32>,
    /// Granules of the claim that are records already.
    used: u32,
    count: u32,
}

impl<'a, 'm, T: Trust> Batch<'a, 'm, T> {
    #[inline]
    pub(super) const fn new(
        producer: &'a mut Producer<'m, T>,
        claim: Claim,
        padding: Option<&'m AtomicU32>,
    ) -> Self {
        Self { producer, claim, padding, used: 0, count: 0 }
    }

    /// Adds a record, by a copy.
    ///
    /// # Errors
    /// `Full` if what is left of the claim is too small for it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(1, 16)?;
    /// batch.push(1, b"8 bytes.")?;
    /// // 8 bytes are left of the claim, which is enough for a header.
    /// assert_eq!(batch.push(2, b"!"), Err(Error::Full));
    /// batch.push(2, b"")?;
    /// assert_eq!(batch.commit(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let skip = self.add(tag, bytes.len())?;
        let data = &self.producer.data;
        if T::LENDS {
            lend::copy(
                lend::ring_claim_mut(data, &mut self.claim, GRANULE, skip, bytes.len())?,
                bytes,
            );
            return Ok(());
        }
        data.write(self.claim.start() as usize * GRANULE + skip, bytes)
    }

    /// Records in the batch.
    #[must_use]
    #[inline]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Publishes the records; returns how many. The space that they do not need goes back.
    ///
    /// Release, on the tail: pairs with Acquire in [`Consumer::pop`](super::Consumer::pop),
    /// [`Consumer::read`](super::Consumer::read) and [`Consumer::drain`](super::Consumer::drain).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(3, 8)?;
    /// batch.push(1, b"one")?;
    /// batch.push(2, b"two")?;
    /// assert_eq!(batch.count(), 2);
    /// assert_eq!(batch.commit(), 2);
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// // A batch that is dropped leaves no trace.
    /// producer.try_claim_batch(1, 8)?.push(3, b"three")?;
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn commit(self) -> u32 {
        let Self { producer, mut claim, padding, used, count } = self;
        // A claim without a record is dropped: padding comes with a record behind it.
        if used > 0 {
            claim.shorten(used);
            if let Some(word) = padding {
                // Relaxed: the Release store of the tail publishes it.
                word.store(PADDING, Ordering::Relaxed);
            }
            producer.publish(claim);
        }
        count
    }

    /// Writes the header of a record; where its payload is, from the claim's first byte.
    #[inline]
    fn add(&mut self, tag: u32, len: usize) -> Result<usize, Error> {
        let left = (self.claim.count() - self.used) as usize;
        let granules = len.div_ceil(GRANULE).saturating_add(1);
        if granules > left {
            return Err(Error::Full);
        }
        let skip = self.used as usize * GRANULE;
        let at = self.claim.start() as usize * GRANULE + skip;
        // Relaxed: the Release store of the tail publishes them. Inside the claim, as just
        // checked, so the casts are exact: a claim is at most half the ring.
        let [len_word, tag_word]: &[_; HEADER_LEN / 4] = self.producer.data.block(at)?;
        len_word.store(len as u32, Ordering::Relaxed);
        tag_word.store(tag, Ordering::Relaxed);
        self.used += granules as u32;
        self.count += 1;
        Ok(skip + HEADER_LEN)
    }
}

impl Batch<'_, '_, Cooperative> {
    /// Adds a record of `len` bytes, to be written in place. It shows old bytes until it is.
    ///
    /// # Errors
    /// `Full` if what is left of the claim is too small for it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(1, 4)?;
    /// batch.push_mut(1, 4)?.copy_from_slice(&7_u32.to_le_bytes());
    /// assert_eq!(batch.push_mut(2, 4), Err(Error::Full));
    /// batch.commit();
    /// assert_eq!(*consumer.read()?, 7_u32.to_le_bytes());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push_mut(&mut self, tag: u32, len: usize) -> Result<&mut [u8], Error> {
        let skip = self.add(tag, len)?;
        lend::ring_claim_mut(&self.producer.data, &mut self.claim, GRANULE, skip, len)
    }
}

/// A producer whose records are *not* visible at once: it publishes them with one store of the
/// tail after every N records, when it finds the ring full, on [`flush`](Self::flush), and when
/// it is dropped. Records that its party did not publish before it died are lost.
///
/// Whoever waits for an answer to a record flushes first.
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, Error, Layout, Region, RingBuffer, RingConfig, SectionId, Sections,
/// # };
/// # let layout = Layout::builder().ring(SectionId(2), "", RingConfig { capacity: 64 }).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let ring = RingBuffer::open(&sections, SectionId(2))?;
/// let mut consumer = ring.consumer()?;
/// let mut producer = ring.producer()?.batched(16);
/// assert_eq!(producer.max_record_len(), ring.max_record_len());
/// producer.push(1, b"later")?;
/// assert_eq!(producer.pending(), 1);
/// assert_eq!(consumer.read().err(), Some(Error::Empty));
/// producer.flush();
/// assert_eq!(&*consumer.read()?, b"later");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Batched<'m, T: Trust> {
    /// Publishes what is pending when it is dropped.
    producer: Producer<'m, T>,
    every: u32,
    pending: u32,
}

impl<'m, T: Trust> Batched<'m, T> {
    pub(super) const fn new(producer: Producer<'m, T>, every: u32) -> Self {
        Self { producer, every, pending: 0 }
    }

    /// Bytes in the payload of the largest record.
    #[must_use]
    #[inline]
    pub const fn max_record_len(&self) -> usize {
        self.producer.max_record_len()
    }

    /// Records that were written and not yet published.
    #[must_use]
    #[inline]
    pub const fn pending(&self) -> u32 {
        self.pending
    }

    /// Writes a record, by a copy; visible after a flush.
    ///
    /// # Errors
    /// As [`Producer::push`]. At `Full` what was pending has been published.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 8 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut producer = producer.batched(100);
    /// producer.push(1, &[7; 24])?;
    /// producer.push(2, &[7; 24])?;
    /// assert_eq!(producer.pending(), 2);
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// // Full: what was pending is published, so that the consumer can make room.
    /// assert_eq!(producer.push(3, &[7; 24]), Err(Error::Full));
    /// assert_eq!(producer.pending(), 0);
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let staged = self.producer.stage(tag, bytes);
        self.count(staged)
    }

    /// Publishes what is pending.
    ///
    /// Release, on the tail: pairs with Acquire in [`Consumer::pop`](super::Consumer::pop),
    /// [`Consumer::read`](super::Consumer::read) and [`Consumer::drain`](super::Consumer::drain).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut producer = producer.batched(16);
    /// producer.push(1, b"a question")?;
    /// // The answer would not come before the question is published.
    /// producer.flush();
    /// assert_eq!(producer.pending(), 0);
    /// assert_eq!(&*consumer.read()?, b"a question");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn flush(&mut self) {
        self.producer.flush();
        self.pending = 0;
    }

    /// Publishes what is pending and goes back to a producer whose records are visible at once.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batched = producer.batched(16);
    /// batched.push(1, b"pending")?;
    /// let mut producer = batched.into_producer();
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// producer.push(2, b"at once")?;
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use = "dropping the producer gives its role back"]
    pub fn into_producer(mut self) -> Producer<'m, T> {
        self.flush();
        self.producer
    }

    #[inline]
    fn count(&mut self, staged: Result<(), Error>) -> Result<(), Error> {
        match staged {
            Ok(()) => self.pending = self.pending.saturating_add(1),
            // The consumer makes room only by what it sees.
            Err(Error::Full) => self.flush(),
            Err(_) => {}
        }
        if self.pending >= self.every {
            self.flush();
        }
        staged
    }
}

impl Batched<'_, Cooperative> {
    /// Writes a record of `len` bytes in place; visible after a flush. `write` is shown old
    /// bytes; if it panics, there is no record.
    ///
    /// # Errors
    /// As [`Producer::push`]. At `Full` what was pending has been published.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut producer = producer.batched(16);
    /// producer.push_with(1, 4, |bytes| bytes.copy_from_slice(b"here"))?;
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// producer.flush();
    /// assert_eq!(&*consumer.read()?, b"here");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push_with(
        &mut self,
        tag: u32,
        len: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<(), Error> {
        let staged = self.producer.claim(len).map(|mut space| {
            write(space.bytes_mut(&self.producer.data));
            space.describe(tag);
            self.producer.set_aside(space.claim);
        });
        self.count(staged)
    }
}

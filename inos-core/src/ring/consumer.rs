//! The one who reads records.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ops::Deref;

use super::{GRANULE, HEAD, HEADER_LEN, PADDING, RingBuffer, TAIL, max_record};
use crate::error::Error;
use crate::gather::Gather;
use crate::protocol::ring::{Available, ConsumerCursor};
use crate::protocol::role::{self, Lease};
use crate::raw::lend;
use crate::raw::region::{Cooperative, Trust};
use crate::raw::span::Span;
use crate::sync::{AtomicU32, Ordering};

/// What [`Consumer::pop`] copied out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Popped {
    /// The producer's mark.
    pub tag: u32,
    /// Bytes in the record.
    pub len: usize,
}

/// A record that was found and checked, not yet released.
#[derive(Debug)]
struct Found {
    available: Available,
    granules: u32,
    len: usize,
    tag: u32,
}

/// The one who reads records. Holding one proves that nobody else does, as far as the other
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
/// producer.push(1, b"any length")?;
/// let mut bytes = vec![0; consumer.max_record_len()];
/// assert_eq!(consumer.pop(&mut bytes)?, Popped { tag: 1, len: 10 });
/// assert_eq!(consumer.pop(&mut bytes), Err(Error::Empty));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Consumer<'m, T: Trust> {
    data: Span<'m>,
    capacity: u32,
    tail: &'m AtomicU32,
    head: &'m AtomicU32,
    cursor: ConsumerCursor,
    pub(super) gather: Gather,
    /// `None` for one half of a ring that was split.
    lease: Option<(&'m AtomicU32, Lease)>,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Consumer<'m, T> {
    /// Continues from the positions in memory. The caller has made sure that nobody else does.
    pub(super) fn resume(ring: &RingBuffer<'m, T>) -> Result<Self, Error> {
        let (tail, head) = (ring.span.word(TAIL)?, ring.span.word(HEAD)?);
        let RingBuffer { data, capacity, trust, .. } = *ring;
        let cursor = ConsumerCursor::resume(tail, head, capacity)?;
        Ok(Self { data, capacity, tail, head, cursor, gather: Gather::NOT, lease: None, trust })
    }

    pub(super) fn held_by(mut self, word: &'m AtomicU32, lease: Lease) -> Self {
        self.lease = Some((word, lease));
        self
    }

    /// Makes a consumer of streams: one that has read everything stays behind the producer for up
    /// to so many turns of a spinning loop ([`core::hint::spin_loop`], some ten nanoseconds each)
    /// before it looks again, if its last look found something. 0 is never, as is so without it.
    ///
    /// Two processors that share a ring hinder each other where one reads what the other has just
    /// written. 64 turns are enough to let records gather; a record of a stream is read that much
    /// later. After a look that found nothing the next ones do not wait: who polls for one answer
    /// is not held up.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut consumer = consumer.gathering(64);
    /// for tag in 0..3 {
    ///     producer.push(tag, b"one of many")?;
    ///     assert_eq!(consumer.read()?.tag(), tag);
    /// }
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use = "dropping the consumer gives its role back"]
    pub const fn gathering(mut self, turns: u32) -> Self {
        self.gather = Gather::up_to(turns);
        self
    }

    /// Bytes in the payload of the largest record; a buffer of this length is never too small.
    #[must_use]
    #[inline]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity)
    }

    /// Copies the oldest record to the front of `out` and frees its space.
    ///
    /// Acquire, on the tail: the record is whole; pairs with Release in
    /// [`Producer::push`](super::Producer::push) and [`Grant::commit`](super::Grant::commit).
    /// Release, on the head: pairs with Acquire where the producer finds the ring full.
    ///
    /// # Errors
    /// `Empty`; `TooLarge` if the record is longer than `out`, and it stays the oldest then;
    /// `Corrupt` if a position or a length contradicts what was published, and it will again,
    /// since nothing after it can be trusted.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push(3, b"five!")?;
    /// let mut small = [0; 4];
    /// assert_eq!(consumer.pop(&mut small), Err(Error::TooLarge { len: 5, max: 4 }));
    /// // It is still there for a larger buffer.
    /// let mut bytes = [0; 8];
    /// let popped = consumer.pop(&mut bytes)?;
    /// assert_eq!((popped.tag, &bytes[..popped.len]), (3, &b"five!"[..]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn pop(&mut self, out: &mut [u8]) -> Result<Popped, Error> {
        let available = self.available()?;
        let popped = self.take(available, out)?;
        self.cursor.give_back(self.head);
        Ok(popped)
    }

    /// All records that are published by now, to be read one after another; their space is freed
    /// by one store when the drain is dropped.
    ///
    /// Ordering as in [`pop`](Self::pop).
    ///
    /// # Errors
    /// `Empty`; `Corrupt` if the tail in memory is impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// for tag in 0..4 {
    ///     producer.push(tag, b"record")?;
    /// }
    /// let mut records = consumer.drain()?;
    /// assert_eq!(records.read()?.tag(), 0);
    /// assert_eq!(records.read()?.tag(), 1);
    /// drop(records);
    /// // What the drain did not read stays.
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn drain(&mut self) -> Result<Drain<'_, 'm, T>, Error> {
        if self.cursor.published() == 0 {
            self.available()?;
        } else {
            self.cursor.look(self.tail)?;
        }
        Ok(Drain { consumer: self })
    }

    /// What can be read now, up to the end of the ring.
    #[inline]
    fn available(&mut self) -> Result<Available, Error> {
        if self.cursor.published() != 0 {
            return self.cursor.seen();
        }
        self.gather.before();
        let available = self.cursor.available(self.tail);
        self.gather.after(available.is_ok());
        available
    }

    /// Copies the record out that is there, and moves past it.
    #[inline]
    fn take(&mut self, available: Available, out: &mut [u8]) -> Result<Popped, Error> {
        let found = self.find(available)?;
        let (tag, len, max) = (found.tag, found.len, out.len());
        let out = out.get_mut(..len).ok_or(Error::TooLarge { len, max })?;
        if T::LENDS {
            lend::copy(out, self.bytes(&found));
        } else {
            self.data.read(found.available.start() as usize * GRANULE + HEADER_LEN, out)?;
        }
        self.cursor.take(found.granules)?;
        Ok(Popped { tag, len })
    }

    /// Finds the oldest record; at most one padding record stands before it.
    #[inline]
    fn find(&mut self, available: Available) -> Result<Found, Error> {
        let at = available.start() as usize * GRANULE;
        let [len_word, tag_word]: &[_; HEADER_LEN / 4] = self.data.block(at)?;
        // Relaxed, both: what they say was acquired with the tail.
        let word = len_word.load(Ordering::Relaxed);
        if word & PADDING == 0 {
            return self.check(available, word, tag_word.load(Ordering::Relaxed));
        }
        // Padding takes the rest of the ring, less than the largest record would, and was
        // published together with the record after it.
        let rest = self.capacity - available.start();
        if word != PADDING || available.count() != rest || rest >= self.capacity / 2 {
            return Err(Error::Corrupt { what: "padding in a ring" });
        }
        if self.cursor.published() == rest {
            return Err(Error::Corrupt { what: "padding without a record" });
        }
        self.cursor.take(rest)?;
        let available = self.cursor.seen()?;
        // The ring's first granule: bit 31 of its length is refused as too long.
        let at = available.start() as usize * GRANULE;
        let [len_word, tag_word]: &[_; HEADER_LEN / 4] = self.data.block(at)?;
        let (len, tag) = (len_word.load(Ordering::Relaxed), tag_word.load(Ordering::Relaxed));
        self.check(available, len, tag)
    }

    /// Checks the header of a record, of which `len` was read already.
    #[inline]
    fn check(&self, available: Available, len: u32, tag: u32) -> Result<Found, Error> {
        let len = len as usize;
        if len > self.max_record_len() {
            return Err(Error::Corrupt { what: "length of a record" });
        }
        let granules = 1 + len.div_ceil(GRANULE) as u32;
        if granules > available.count() {
            return Err(Error::Corrupt { what: "a record longer than what was published" });
        }
        Ok(Found { available, granules, len, tag })
    }

    /// The payload of a record, in place; for cooperative trust only.
    #[inline]
    fn bytes<'a>(&'a self, found: &'a Found) -> &'a [u8] {
        // The length was checked against what is available, so the empty slice never comes to
        // pass.
        lend::ring_available(&self.data, &found.available, GRANULE, HEADER_LEN, found.len)
            .unwrap_or_default()
    }
}

impl<'m> Consumer<'m, Cooperative> {
    /// The oldest record, in place; dropping it frees its space.
    ///
    /// Ordering as in [`pop`](Self::pop).
    ///
    /// # Errors
    /// `Empty`; `Corrupt`, as in [`pop`](Self::pop).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 8 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// // 8 granules hold two records of four.
    /// producer.push(1, &[7; 24])?;
    /// producer.push(2, &[8; 24])?;
    /// assert_eq!(producer.push(3, &[9; 24]), Err(Error::Full));
    ///
    /// let record = consumer.read()?;
    /// assert_eq!((record.tag(), &*record), (1, &[7; 24][..]));
    /// drop(record);
    /// producer.push(3, &[9; 24])?;
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn read(&mut self) -> Result<Record<'_, 'm>, Error> {
        let available = self.available()?;
        let found = self.find(available)?;
        Ok(Record { consumer: self, found })
    }
}

impl<T: Trust> Drop for Consumer<'_, T> {
    fn drop(&mut self) {
        if self.cursor.is_taken() {
            self.cursor.give_back(self.head);
        }
        if let Some((word, lease)) = &self.lease {
            // Release: hands the head on; pairs with Acquire in `RingBuffer::consumer`.
            role::release(*word, lease);
        }
    }
}

/// The oldest record, in place. Holding one proves that its bytes do not change.
#[derive(Debug)]
#[must_use = "dropping a record consumes it"]
pub struct Record<'a, 'm> {
    consumer: &'a mut Consumer<'m, Cooperative>,
    found: Found,
}

impl Record<'_, '_> {
    /// The producer's mark.
    #[must_use]
    #[inline]
    pub const fn tag(&self) -> u32 {
        self.found.tag
    }
}

impl Deref for Record<'_, '_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.consumer.bytes(&self.found)
    }
}

impl Drop for Record<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        let consumer = &mut *self.consumer;
        // Release, on the head. Can't fail: `check` compared the granules with what was
        // published, and nothing was released since.
        let _ = consumer.cursor.release(consumer.head, self.found.granules);
    }
}

/// Records that were published before the drain began, oldest first. Their space is freed by one
/// store of the head when the drain is dropped; those that were not read stay.
///
/// ```
/// # use inos_core::{
/// #     AlignedBytes, Error, Layout, Region, RingBuffer, RingConfig, SectionId, Sections,
/// # };
/// # let layout = Layout::builder().ring(SectionId(2), "", RingConfig { capacity: 64 }).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let ring = RingBuffer::open(&sections, SectionId(2))?;
/// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// for tag in 0..5 {
///     producer.push(tag, &[7; 3])?;
/// }
/// let mut records = consumer.drain()?;
/// let mut sum = 0;
/// while let Ok(record) = records.read() {
///     sum += record.tag() as usize + record.len();
/// }
/// assert_eq!(sum, 10 + 15);
/// drop(records);
/// assert_eq!(consumer.drain().err(), Some(Error::Empty));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a drain that reads nothing has no effect"]
pub struct Drain<'a, 'm, T: Trust> {
    consumer: &'a mut Consumer<'m, T>,
}

impl<'m, T: Trust> Drain<'_, 'm, T> {
    /// Copies the next record to the front of `out`.
    ///
    /// # Errors
    /// `Empty` after the last one; `TooLarge` and `Corrupt` as [`Consumer::pop`].
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push(1, b"one")?;
    /// producer.push(2, b"three")?;
    /// let mut bytes = [0; 4];
    /// let mut records = consumer.drain()?;
    /// assert_eq!(records.pop(&mut bytes)?, Popped { tag: 1, len: 3 });
    /// assert_eq!(records.pop(&mut bytes), Err(Error::TooLarge { len: 5, max: 4 }));
    /// drop(records);
    /// // The one that did not fit is the oldest now.
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn pop(&mut self, out: &mut [u8]) -> Result<Popped, Error> {
        let available = self.consumer.cursor.seen()?;
        self.consumer.take(available, out)
    }
}

impl<'m> Drain<'_, 'm, Cooperative> {
    /// The next record, in place; it counts as read from here on.
    ///
    /// # Errors
    /// `Empty` after the last one; `Corrupt` as [`Consumer::pop`].
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push(1, b"one")?;
    /// producer.push(2, b"two")?;
    /// let mut records = consumer.drain()?;
    /// // Published after the drain began: for the next one.
    /// producer.push(3, b"three")?;
    /// assert_eq!(&*records.read()?, b"one");
    /// assert_eq!(&*records.read()?, b"two");
    /// assert_eq!(records.read().err(), Some(Error::Empty));
    /// drop(records);
    /// assert_eq!(consumer.drain()?.read()?.tag(), 3);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn read(&mut self) -> Result<Drained<'_, 'm>, Error> {
        let available = self.consumer.cursor.seen()?;
        let found = self.consumer.find(available)?;
        // Its space is given back by the drain, which stays borrowed as long as the record.
        self.consumer.cursor.take(found.granules)?;
        Ok(Drained { consumer: self.consumer, found })
    }
}

impl<T: Trust> Drop for Drain<'_, '_, T> {
    #[inline]
    fn drop(&mut self) {
        if self.consumer.cursor.is_taken() {
            self.consumer.cursor.give_back(self.consumer.head);
        }
    }
}

/// A record of a [`Drain`], in place. Holding one proves that its bytes do not change.
#[derive(Debug)]
pub struct Drained<'a, 'm> {
    consumer: &'a Consumer<'m, Cooperative>,
    found: Found,
}

impl Drained<'_, '_> {
    /// The producer's mark.
    #[must_use]
    #[inline]
    pub const fn tag(&self) -> u32 {
        self.found.tag
    }
}

impl Deref for Drained<'_, '_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.consumer.bytes(&self.found)
    }
}

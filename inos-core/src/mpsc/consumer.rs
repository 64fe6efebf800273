//! The one who reads records.
#![forbid(unsafe_code)]

use super::*;

/// A record that was found and checked, not yet read.
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
/// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
/// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let ring = MpscRing::open(&sections, SectionId(4))?;
/// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// producer.push(1, b"any length")?;
/// let mut bytes = vec![0; consumer.max_record_len()];
/// assert_eq!(consumer.pop(&mut bytes)?, Popped { tag: 1, len: 10 });
/// assert_eq!(consumer.pop(&mut bytes), Err(Error::Empty));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct MpscConsumer<'m, T: Trust> {
    pub(super) control: Control<'m>,
    pub(super) data: Span<'m>,
    pub(super) cursor: ConsumerCursor,
    pub(super) gather: Gather,
    /// Whether the last look found nothing.
    pub(super) caught_up: bool,
    /// What is told once and was found behind records of the same drain.
    pub(super) untold: Option<Error>,
    pub(super) lease_word: &'m AtomicU32,
    pub(super) lease: Lease,
    pub(super) trust: PhantomData<T>,
}

impl<'m, T: Trust> MpscConsumer<'m, T> {
    /// Makes a consumer of streams: one that has read everything stays behind the producers for up
    /// to so many turns of a spinning loop ([`core::hint::spin_loop`], some ten nanoseconds each)
    /// before it looks again, if its looks before found something. 0 is never, as is so without it.
    ///
    /// As [`Consumer::gathering`](crate::Consumer::gathering), which says what it is for; a shared
    /// ring gains more by it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut consumer = consumer.gathering(256);
    /// producer.push(1, b"one of many")?;
    /// producer.push(2, b"and another")?;
    /// assert_eq!(consumer.drain(8, |_, bytes| assert_eq!(bytes.len(), 11)), Ok(2));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use = "dropping the consumer gives its role back"]
    pub const fn gathering(mut self, turns: u32) -> Self {
        self.gather = Gather::up_to(turns);
        self
    }

    /// Bytes in the payload of the largest record; a buffer of this length is never too small.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.control.config.capacity)
    }

    /// Copies the oldest record to the front of `out`.
    ///
    /// Acquire, on the ticket's state: the record is whole; pairs with Release in
    /// [`MpscProducer::push`] and its likes. Release, on the head, each eighth of the ring: pairs
    /// with Acquire where a producer claims space.
    ///
    /// # Errors
    /// `Empty` if no record is published, or the oldest claim is not committed yet; `TooLarge` if
    /// the record is longer than `out`, and it stays the oldest then. `Corrupt` once if a
    /// producer committed what are no records: the rest of that claim is passed by. `Corrupt`
    /// again and again if a claim is impossible, since nothing after it can be found.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push(1, b"five!")?;
    /// let mut small = [0; 4];
    /// assert_eq!(consumer.pop(&mut small), Err(Error::TooLarge { len: 5, max: 4 }));
    /// // It is still there for a larger buffer.
    /// let mut bytes = [0; 8];
    /// assert_eq!(consumer.pop(&mut bytes)?, Popped { tag: 1, len: 5 });
    /// assert_eq!(bytes[..5], *b"five!");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn pop(&mut self, out: &mut [u8]) -> Result<Popped, Error> {
        let found = self.find()?;
        let popped = self.copy(&found, out)?;
        self.cursor.advance(found.granules);
        self.settle();
        Ok(popped)
    }

    /// Copies up to `limit` records to the front of `out`, one after another, and shows each to
    /// `each` with its tag; how many. What was read is made known once, after the last.
    ///
    /// Ordering as in [`pop`](Self::pop).
    ///
    /// # Errors
    /// As in [`pop`](Self::pop), if it is the first record that can't be read; `Empty` only if
    /// `limit` is not 0.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push_batch([(1, &b"a"[..]), (2, b"bc"), (3, b"def")])?;
    /// let (mut bytes, mut text) = ([0; 8], Vec::<u8>::new());
    /// assert_eq!(consumer.drain_into(2, &mut bytes, |_, record| text.extend(record))?, 2);
    /// assert_eq!(text, b"abc");
    /// // One is left; after that there is nothing to read.
    /// assert_eq!(consumer.drain_into(2, &mut bytes, |tag, _| assert_eq!(tag, 3))?, 1);
    /// assert_eq!(consumer.drain_into(2, &mut bytes, |_, _| {}), Err(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn drain_into(
        &mut self,
        limit: usize,
        out: &mut [u8],
        mut each: impl FnMut(u32, &[u8]),
    ) -> Result<usize, Error> {
        self.drain_by(limit, |consumer, found| {
            let Popped { tag, len } = consumer.copy(found, out)?;
            each(tag, out.get(..len).unwrap_or_default());
            Ok(())
        })
    }

    /// Reads up to `limit` records by `each`, which is free to refuse one.
    #[inline]
    fn drain_by(
        &mut self,
        limit: usize,
        mut each: impl FnMut(&Self, &Found) -> Result<(), Error>,
    ) -> Result<usize, Error> {
        let mut count = 0;
        while count < limit {
            let found = match self.find() {
                Ok(found) => found,
                Err(error) => {
                    if count != 0 && matches!(error, Error::Corrupt { .. }) {
                        self.untold = Some(error);
                    }
                    return self.drained(count, error);
                }
            };
            if let Err(error) = each(self, &found) {
                return self.drained(count, error);
            }
            self.cursor.advance(found.granules);
            count += 1;
        }
        self.settle();
        Ok(count)
    }

    /// Makes known what was read. It was read, whatever becomes of that: an error is told next.
    #[inline]
    fn settle(&mut self) {
        if let Err(error) = self.cursor.settle(&self.control) {
            self.untold = Some(error);
        }
    }

    /// The end of a drain by an error, which counts only if nothing came before it.
    fn drained(&mut self, count: usize, error: Error) -> Result<usize, Error> {
        if count == 0 {
            self.cursor.settle(&self.control)?;
            return Err(error);
        }
        self.settle();
        Ok(count)
    }

    /// The seat of a producer that the oldest record waits for: it has claimed space and not
    /// committed it. In the instant in which two producers want one ticket it may be the seat
    /// of the one that does not get it.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut other = ring.producer()?;
    /// let grant = other.try_claim(4)?;
    /// producer.push(2, b"behind it")?;
    /// // Claims are read in their order, and the oldest is not committed.
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// assert_eq!(consumer.waits_for(), Some(1));
    /// grant.commit(1)?;
    /// assert_eq!(consumer.waits_for(), None);
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn waits_for(&self) -> Option<u32> {
        self.cursor.waits_for(&self.control)
    }

    /// Gives up on what the producer on a seat has claimed and not committed; whether there was
    /// such a claim. What it commits after that is `Fenced` and never read; the records behind it
    /// are read at once. Its space, and all behind it, is not used again before the producer
    /// commits or aborts, or its role is taken from it because it is proven dead.
    ///
    /// If the producer has stopped in the instant in which two want one ticket, this may give up
    /// on what the other one has claimed, which is told so.
    ///
    /// # Errors
    /// `NoSuchIndex` unless `seat` is below [`MpscConfig::seats`].
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut other = ring.producer()?;
    /// let grant = other.try_claim(4)?;
    /// producer.push(2, b"behind it")?;
    /// assert!(consumer.suspect(1)?);
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// // It was only slow: its record is not read, and it is told so.
    /// assert_eq!(grant.commit(1), Err(Error::Fenced));
    /// assert!(!consumer.suspect(1)?);
    /// other.push(3, b"again")?;
    /// assert_eq!(consumer.read()?.tag(), 3);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn suspect(&mut self, seat: u32) -> Result<bool, Error> {
        self.cursor.suspect(&self.control, seat)
    }

    /// Gives the space of all that was read back to the producers now, not after an eighth of the
    /// ring, and takes care of what a dead producer left.
    ///
    /// Release, on the head: pairs with Acquire where a producer claims space.
    ///
    /// # Errors
    /// `Corrupt` if words that nobody but this consumer writes have changed.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// while producer.push(1, &[7; 24]).is_ok() {}
    /// drop(consumer.read()?);
    /// // Four granules of 64 are less than an eighth.
    /// assert_eq!(producer.push(2, &[7; 24]), Err(Error::Full));
    /// consumer.release()?;
    /// producer.push(2, &[7; 24])?;
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn release(&mut self) -> Result<(), Error> {
        self.cursor.adopt(&self.control)?;
        self.cursor.settle(&self.control)?;
        self.cursor.release(&self.control)
    }

    #[inline]
    fn copy(&self, found: &Found, out: &mut [u8]) -> Result<Popped, Error> {
        let (tag, len, max) = (found.tag, found.len, out.len());
        let out = out.get_mut(..len).ok_or(Error::TooLarge { len, max })?;
        self.data.read(found.available.start() as usize * GRANULE + HEADER_LEN, out)?;
        Ok(Popped { tag, len })
    }

    /// Finds the oldest record.
    #[inline]
    fn find(&mut self) -> Result<Found, Error> {
        if let Some(error) = self.untold.take() {
            return Err(error);
        }
        let available = self.available()?;
        let at = available.start() as usize * GRANULE;
        let [len_word, tag_word]: &[_; HEADER_LEN / 4] = self.data.block(at)?;
        // Relaxed, both: what they say was acquired with the ticket's state.
        let len = len_word.load(Ordering::Relaxed) as usize;
        let tag = tag_word.load(Ordering::Relaxed);
        if len > self.max_record_len() || granules(len) > available.count() as usize {
            // Where the next record of this claim would begin is unknown; where the next claim
            // begins is not.
            self.cursor.pass();
            self.cursor.settle(&self.control)?;
            return Err(Error::Corrupt { what: "length of a record" });
        }
        // At most as many as are available: the cast is exact.
        Ok(Found { available, granules: granules(len) as u32, len, tag })
    }

    /// What can be read now: what is left of one claim.
    #[inline]
    fn available(&mut self) -> Result<Available, Error> {
        if self.caught_up {
            self.gather.before();
        }
        let available = self.cursor.available(&self.control);
        let found = available.is_ok();
        if self.caught_up {
            self.gather.after(found);
        }
        self.caught_up = !found;
        available
    }
}

impl<'m> MpscConsumer<'m, Cooperative> {
    /// The oldest record, in place; dropping it counts it as read.
    ///
    /// Ordering as in [`pop`](Self::pop).
    ///
    /// # Errors
    /// `Empty`; `Corrupt`, as in [`pop`](Self::pop).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push(1, b"one")?;
    /// producer.push(2, b"two")?;
    /// let record = consumer.read()?;
    /// assert_eq!((record.tag(), &*record), (1, &b"one"[..]));
    /// drop(record);
    /// assert_eq!(&*consumer.read()?, b"two");
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn read(&mut self) -> Result<MpscRecord<'_, 'm>, Error> {
        let found = self.find()?;
        Ok(MpscRecord { consumer: self, found })
    }

    /// Shows up to `limit` records in place to `each`, with their tags; how many. What was read is
    /// made known once, after the last.
    ///
    /// Ordering as in [`pop`](Self::pop).
    ///
    /// # Errors
    /// As in [`pop`](Self::pop), if it is the first record that can't be read; `Empty` only if
    /// `limit` is not 0.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push_batch([(1, &b"one"[..]), (2, b"two"), (3, b"three")])?;
    /// let mut tags = Vec::new();
    /// assert_eq!(consumer.drain(2, |tag, _| tags.push(tag))?, 2);
    /// assert_eq!(tags, [1, 2]);
    /// assert_eq!(consumer.drain(2, |_, bytes| assert_eq!(bytes, b"three"))?, 1);
    /// assert_eq!(consumer.drain(2, |_, _| {}), Err(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn drain(
        &mut self,
        limit: usize,
        mut each: impl FnMut(u32, &[u8]),
    ) -> Result<usize, Error> {
        self.drain_by(limit, |consumer, found| {
            each(found.tag, in_place(&consumer.data, found));
            Ok(())
        })
    }
}

/// The payload of a record among cooperative parties.
fn in_place<'a>(data: &'a Span<'_>, found: &'a Found) -> &'a [u8] {
    // `len` was checked against `available`, so the empty slice never comes to pass.
    lend::shared_available(data, &found.available, GRANULE, HEADER_LEN, found.len)
        .unwrap_or_default()
}

impl<T: Trust> Drop for MpscConsumer<'_, T> {
    fn drop(&mut self) {
        // What was read is the producers'. If the words make no sense any more, the next consumer
        // finds so, too.
        let _ = self.cursor.settle(&self.control);
        let _ = self.cursor.release(&self.control);
        // Release: hands the cursor's words on; pairs with Acquire in `MpscRing::consumer`.
        role::release(self.lease_word, &self.lease);
    }
}

/// The oldest record, in place. Holding one proves that its bytes do not change.
#[derive(Debug)]
#[must_use = "dropping a record consumes it"]
pub struct MpscRecord<'a, 'm> {
    consumer: &'a mut MpscConsumer<'m, Cooperative>,
    found: Found,
}

impl MpscRecord<'_, '_> {
    /// The producer's mark.
    #[must_use]
    pub const fn tag(&self) -> u32 {
        self.found.tag
    }
}

impl Deref for MpscRecord<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        in_place(&self.consumer.data, &self.found)
    }
}

impl Drop for MpscRecord<'_, '_> {
    fn drop(&mut self) {
        let consumer = &mut *self.consumer;
        consumer.cursor.advance(self.found.granules);
        // Fails only if words that nobody else writes have changed; the next look finds so, too.
        let _ = consumer.cursor.settle(&consumer.control);
    }
}

//! Those who write records.
#![forbid(unsafe_code)]

use super::*;

/// One of those who write records. Holding one proves that nobody else writes from its seat, as
/// far as the other parties keep to the protocol.
///
/// ```
/// # use inos_core::*;
/// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
/// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let ring = MpscRing::open(&sections, SectionId(4))?;
/// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// assert_eq!(producer.seat(), 0);
/// assert_eq!((producer.max_record_len(), producer.max_batch_len()), (248, 256));
/// producer.push(1, &[7; 248])?;
/// let error = Error::TooLarge { len: 249, max: 248 };
/// assert_eq!(producer.push(1, &[7; 249]), Err(error));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Debug)]
pub struct MpscProducer<'m, T: Trust> {
    pub(super) control: Control<'m>,
    pub(super) data: Span<'m>,
    pub(super) cursor: ProducerCursor,
    pub(super) lease_word: &'m AtomicU32,
    pub(super) lease: Lease,
    pub(super) trust: PhantomData<T>,
}

impl<'m, T: Trust> MpscProducer<'m, T> {
    /// Bytes in the payload of the largest record.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.control.config.capacity)
    }

    /// Bytes of a [batch](Self::try_claim_batch) that a record of `len` bytes takes.
    ///
    /// ```
    /// # use inos_core::*;
    /// // A header of 8 bytes, and the payload in whole granules.
    /// assert_eq!(MpscProducer::<Cooperative>::batch_len(0), 8);
    /// assert_eq!(MpscProducer::<Cooperative>::batch_len(8), 16);
    /// assert_eq!(MpscProducer::<Cooperative>::batch_len(9), 24);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn batch_len(len: usize) -> usize {
        granules(len).saturating_mul(GRANULE)
    }

    /// Bytes in the largest batch: half the ring.
    #[must_use]
    pub const fn max_batch_len(&self) -> usize {
        self.data.len() / 2
    }

    /// The index of its seat, by which a consumer [suspects](MpscConsumer::suspect) it.
    #[must_use]
    pub const fn seat(&self) -> u32 {
        self.cursor.seat()
    }

    /// Writes a record, by a copy.
    ///
    /// Release, on the ticket's state: publishes the record; pairs with Acquire in
    /// [`MpscConsumer::pop`] and its likes.
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len); `Full`; `Contended` if other
    /// producers were faster on each of a bounded number of tries; `Fenced` if the consumer has
    /// given up on it meanwhile: it is not read, then.
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
    /// producer.push(1, b"mine")?;
    /// other.push(2, b"theirs")?;
    /// assert_eq!(&*consumer.read()?, b"mine");
    /// assert_eq!(&*consumer.read()?, b"theirs");
    /// while producer.push(3, &[7; 248]).is_ok() {}
    /// assert_eq!(other.push(4, &[7; 248]), Err(Error::Full));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let mut claim = self.claim_record(bytes.len())?;
        let (control, cursor) = (&self.control, &mut self.cursor);
        match put::<T>(&self.data, &mut claim, 0, tag, bytes) {
            Ok(()) => {
                let used = claim.count();
                cursor.commit(control, claim, used)
            }
            Err(error) => {
                cursor.abort(control, claim);
                Err(error)
            }
        }
    }

    /// Writes records of one claim, by copies: they become readable at once, and nothing comes
    /// between them.
    ///
    /// Ordering as in [`push`](Self::push).
    ///
    /// # Errors
    /// As in [`push`](Self::push), `TooLarge` if together they take more than
    /// [`max_batch_len`](Self::max_batch_len). None is written then, or none is read.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// producer.push_batch([(1, &b"key"[..]), (2, b"value")])?;
    /// assert_eq!(&*consumer.read()?, b"key");
    /// assert_eq!(&*consumer.read()?, b"value");
    /// // Each takes 136 bytes with its header: too much together, so neither is written.
    /// let error = Error::TooLarge { len: 272, max: 256 };
    /// assert_eq!(producer.push_batch([(3, &[7; 128][..]), (4, &[7; 128])]), Err(error));
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn push_batch<'b, I>(&mut self, records: I) -> Result<(), Error>
    where
        I: IntoIterator<Item = (u32, &'b [u8])>,
        I::IntoIter: Clone,
    {
        let records = records.into_iter();
        let lens = records.clone().map(|(_, bytes)| Self::batch_len(bytes.len()));
        let len = lens.fold(0, usize::saturating_add);
        if len == 0 {
            return Ok(());
        }
        let mut batch = self.try_claim_batch(len)?;
        for (tag, bytes) in records {
            batch.push(tag, bytes)?;
        }
        batch.commit()
    }

    /// Claims `len` bytes of the ring for as many records as go into them: the sum of their
    /// [`batch_len`](Self::batch_len)s. Acquire, on the head: the space was read; pairs with Release
    /// in [`MpscConsumer::pop`].
    ///
    /// ```
    /// # use inos_core::{AlignedBytes, Layout, MpscConfig, MpscProducer, MpscRing, Region};
    /// # use inos_core::{Cooperative, SectionId, Sections};
    /// # const ID: SectionId = SectionId(4);
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(ID, "events", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, ID)?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(3 * MpscProducer::<Cooperative>::batch_len(20))?;
    /// for tag in 1..=3 {
    ///     batch.push(tag, b"up to twenty bytes")?;
    /// }
    /// batch.commit()?;
    /// assert_eq!(consumer.drain(10, |_, bytes| assert_eq!(bytes.len(), 18))?, 3);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `TooLarge` over [`max_batch_len`](Self::max_batch_len); `Full`; `Contended`.
    pub fn try_claim_batch(&mut self, len: usize) -> Result<MpscBatch<'_, 'm, T>, Error> {
        let max = self.max_batch_len();
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        // At most half the capacity: the cast is exact.
        let count = len.div_ceil(GRANULE).max(1) as u32;
        let claim = self.cursor.claim(&self.control, count)?;
        Ok(MpscBatch { producer: self, claim: Some(claim), used: 0 })
    }

    #[inline]
    fn claim_record(&mut self, len: usize) -> Result<Claim, Error> {
        let max = self.max_record_len();
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        // At most half the capacity and below 2^31 bytes, as just checked: the cast is exact.
        self.cursor.claim(&self.control, granules(len) as u32)
    }
}

impl<'m> MpscProducer<'m, Cooperative> {
    /// Claims space for a record of `len` bytes, to be written in place; it shows old bytes until
    /// it is. Acquire as [`try_claim_batch`](Self::try_claim_batch).
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len); `Full`; `Contended`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut grant = producer.try_claim(4)?;
    /// grant.copy_from_slice(b"kept");
    /// grant.commit(1)?;
    /// // Dropped, it is passed by.
    /// drop(producer.try_claim(4)?);
    /// assert_eq!(&*consumer.read()?, b"kept");
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn try_claim(&mut self, len: usize) -> Result<MpscGrant<'_, 'm>, Error> {
        let claim = self.claim_record(len)?;
        Ok(MpscGrant { producer: self, claim: Some(claim), len })
    }
}

impl<T: Trust> Drop for MpscProducer<'_, T> {
    fn drop(&mut self) {
        // Its seat was checked when it sat down.
        let _ = self.cursor.settle(&self.control);
        // Release: hands the seat on; pairs with Acquire in `MpscRing::producer`.
        role::release(self.lease_word, &self.lease);
    }
}

/// Stores the header of a record of `len` bytes at granule `at` of a claim.
#[inline]
fn put_header(data: &Span<'_>, claim: &Claim, at: u32, tag: u32, len: usize) -> Result<(), Error> {
    let offset = (claim.start() as usize + at as usize) * GRANULE;
    let [len_word, tag_word]: &[_; HEADER_LEN / 4] = data.block(offset)?;
    // Relaxed, both: published with the state. No record is longer than 31 bits can say.
    len_word.store(len as u32, Ordering::Relaxed);
    tag_word.store(tag, Ordering::Relaxed);
    Ok(())
}

/// Writes a record at granule `at` of a claim, where the caller has checked that it fits.
#[inline]
fn put<T: Trust>(
    data: &Span<'_>,
    claim: &mut Claim,
    at: u32,
    tag: u32,
    bytes: &[u8],
) -> Result<(), Error> {
    put_header(data, claim, at, tag, bytes.len())?;
    let skip = at as usize * GRANULE + HEADER_LEN;
    if T::LENDS {
        lend::copy(lend::shared_claim_mut(data, claim, GRANULE, skip, bytes.len())?, bytes);
        return Ok(());
    }
    data.write(claim.start() as usize * GRANULE + skip, bytes)
}

/// Space for one record. Nobody reads it before [`commit`](Self::commit); dropped, it is passed
/// by.
#[derive(Debug)]
#[must_use = "a grant that is not committed is given up"]
pub struct MpscGrant<'a, 'm> {
    producer: &'a mut MpscProducer<'m, Cooperative>,
    /// None once committed.
    claim: Option<Claim>,
    len: usize,
}

impl MpscGrant<'_, '_> {
    /// Publishes the record.
    ///
    /// Release, on the ticket's state: pairs with Acquire in [`MpscConsumer::pop`] and its likes.
    ///
    /// # Errors
    /// `Fenced` if the consumer has given up on it: it is not read, and its space is free again.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut grant = producer.try_claim(3)?;
    /// grant.copy_from_slice(b"yes");
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// grant.commit(1)?;
    /// assert_eq!(&*consumer.read()?, b"yes");
    /// // A consumer that gives up on a claim fences it.
    /// let grant = producer.try_claim(3)?;
    /// consumer.suspect(0)?;
    /// assert_eq!(grant.commit(2), Err(Error::Fenced));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn commit(mut self, tag: u32) -> Result<(), Error> {
        let Some(claim) = self.claim.take() else { return Err(Error::Fenced) };
        let (producer, used) = (&mut *self.producer, claim.count());
        match put_header(&producer.data, &claim, 0, tag, self.len) {
            Ok(_) => producer.cursor.commit(&producer.control, claim, used),
            Err(error) => {
                producer.cursor.abort(&producer.control, claim);
                Err(error)
            }
        }
    }

    /// Gives the record up, as dropping the grant does.
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
    /// let grant = producer.try_claim(4)?;
    /// other.push(2, b"behind it")?;
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// grant.abort();
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn abort(self) {}
}

impl Drop for MpscGrant<'_, '_> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            self.producer.cursor.abort(&self.producer.control, claim);
        }
    }
}

/// The payload in place; it shows old bytes until it is written.
impl Deref for MpscGrant<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let Some(claim) = &self.claim else { return &[] };
        // The claim was made for so many bytes, so the empty slice never comes to pass.
        lend::shared_claim(&self.producer.data, claim, GRANULE, HEADER_LEN, self.len)
            .unwrap_or_default()
    }
}

impl DerefMut for MpscGrant<'_, '_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        let Some(claim) = &mut self.claim else { return &mut [] };
        lend::shared_claim_mut(&self.producer.data, claim, GRANULE, HEADER_LEN, self.len)
            .unwrap_or_default()
    }
}

/// Space for many records under one claim. They become readable together, by
/// [`commit`](Self::commit); a batch that is dropped is passed by.
#[derive(Debug)]
#[must_use = "a batch that is not committed is given up"]
pub struct MpscBatch<'a, 'm, T: Trust> {
    producer: &'a mut MpscProducer<'m, T>,
    /// None once committed.
    claim: Option<Claim>,
    /// Granules that have records in them.
    used: u32,
}

impl<T: Trust> MpscBatch<'_, '_, T> {
    /// Bytes that are left: what the [`batch_len`](MpscProducer::batch_len)s of further records
    /// may sum up to.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(40)?;
    /// assert_eq!(batch.room_len(), 40);
    /// batch.push(1, b"sixteen bytes...")?;
    /// assert_eq!(batch.room_len(), 16);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn room_len(&self) -> usize {
        let count = self.claim.as_ref().map_or(0, Claim::count);
        count.saturating_sub(self.used) as usize * GRANULE
    }

    /// Adds a record, by a copy.
    ///
    /// # Errors
    /// `TooLarge` if there is no room left for so many bytes; the records before stay.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(32)?;
    /// batch.push(1, b"eight...")?;
    /// // 16 bytes are left, 8 of them for the header.
    /// let error = Error::TooLarge { len: 9, max: 8 };
    /// assert_eq!(batch.push(2, b"nine....."), Err(error));
    /// batch.push(2, b"eight...")?;
    /// batch.commit()?;
    /// assert_eq!(consumer.drain(9, |_, bytes| assert_eq!(bytes, b"eight..."))?, 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn push(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let count = self.room_for(bytes.len())?;
        let Some(claim) = &mut self.claim else { return Err(Error::Fenced) };
        put::<T>(&self.producer.data, claim, self.used, tag, bytes)?;
        self.used += count;
        Ok(())
    }

    /// Publishes all records of the batch; the rest of its space is passed by.
    ///
    /// Release, on the ticket's state: pairs with Acquire in [`MpscConsumer::pop`] and its likes.
    ///
    /// # Errors
    /// `Fenced` if the consumer has given up on it: none is read, and its space is free again.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(64)?;
    /// batch.push(1, b"one")?;
    /// assert_eq!(consumer.read().err(), Some(Error::Empty));
    /// batch.commit()?;
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// // A consumer that gives up on a claim fences all of it.
    /// let mut batch = producer.try_claim_batch(64)?;
    /// batch.push(2, b"two")?;
    /// consumer.suspect(0)?;
    /// assert_eq!(batch.commit(), Err(Error::Fenced));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn commit(mut self) -> Result<(), Error> {
        let Some(claim) = self.claim.take() else { return Err(Error::Fenced) };
        self.producer.cursor.commit(&self.producer.control, claim, self.used)
    }

    /// Gives the batch up, as dropping it does.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(64)?;
    /// batch.push(1, b"not after all")?;
    /// batch.abort();
    /// producer.push(2, b"but this")?;
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn abort(self) {}

    /// The granules that a record of so many bytes takes, if they are left.
    #[inline]
    fn room_for(&self, len: usize) -> Result<u32, Error> {
        let (room, longest) = (self.room_len(), self.producer.max_record_len());
        if MpscProducer::<T>::batch_len(len) > room || len > longest {
            let max = room.saturating_sub(HEADER_LEN).min(longest);
            return Err(Error::TooLarge { len, max });
        }
        Ok(granules(len) as u32)
    }
}

impl MpscBatch<'_, '_, Cooperative> {
    /// Adds a record of `len` bytes, to be written in place; it shows old bytes until it is.
    ///
    /// # Errors
    /// `TooLarge` if there is no room left for so many bytes; the records before stay.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// # let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
    /// let mut batch = producer.try_claim_batch(32)?;
    /// batch.push_mut(1, 4)?.copy_from_slice(&7_u32.to_le_bytes());
    /// batch.push_mut(2, 4)?.copy_from_slice(&8_u32.to_le_bytes());
    /// assert_eq!(batch.push_mut(3, 4), Err(Error::TooLarge { len: 4, max: 0 }));
    /// batch.commit()?;
    /// let record = consumer.read()?;
    /// assert_eq!(*record, 7_u32.to_le_bytes());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn push_mut(&mut self, tag: u32, len: usize) -> Result<&mut [u8], Error> {
        let count = self.room_for(len)?;
        let (data, at) = (&self.producer.data, self.used);
        let Some(claim) = &mut self.claim else { return Err(Error::Fenced) };
        put_header(data, claim, at, tag, len)?;
        self.used += count;
        lend::shared_claim_mut(data, claim, GRANULE, at as usize * GRANULE + HEADER_LEN, len)
    }
}

impl<T: Trust> Drop for MpscBatch<'_, '_, T> {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            self.producer.cursor.abort(&self.producer.control, claim);
        }
    }
}

//! A byte ring: one producer, one consumer, records of any length.
//!
//! [`defs::ring`](crate::defs::ring) draws the bytes.
//!
//! - A record is published when the producer stores the tail; its space is free when the
//!   consumer stores the head.
//! - A record is never split. Where the ring's end is too near, a padding record (P set, length
//!   0) takes the rest, published together with the record after it.
//! - A record takes at most half the ring, which is exactly what an empty ring can take wherever
//!   it stands, and in rings over 4 GiB less than 2^31 bytes of payload.
//! - Payload is not cleared: a record's slice shows what was there before until it is written.
//!
//! The words that the two sides share travel between their cores, so many records at a time cost
//! less than each by itself:
//!
//! | | one store for each record | one store for many |
//! |---|---|---|
//! | writing | [`Producer::push`], [`Producer::try_claim`] | [`Producer::try_claim_batch`], [`Batched`] |
//! | reading | [`Consumer::pop`], [`Consumer::read`] | [`Consumer::drain`] |
//!
//! Full is an answer, not a wait: an [`EpochTable`](crate::EpochTable) beside the ring tells the
//! other side when to look.
//!
//! # Not supported
//! More than one producer or consumer at a time (give each its own ring); overwriting what was
//! not read: that is [`Broadcast`](crate::Broadcast). A batch that goes around the end of the
//! ring: it is one run of bytes, so it takes at most half. [`RingBuffer::split`] in memory that
//! holds anything else that is in use: without compare-and-swap, only owning all of the memory
//! proves that there is no other end.
#![forbid(unsafe_code)]

mod batched;
mod consumer;
mod producer;

use core::marker::PhantomData;

pub use batched::{Batch, Batched};
pub use consumer::{Consumer, Drain, Drained, Popped, Record};
pub use producer::{Grant, Producer};

use crate::defs::ring::{
    CONSUMER_LEASE, DATA, HEAD, HEADER_LEN, MAJOR, MAX_CAPACITY, MIN_CAPACITY, PADDING,
    PRODUCER_LEASE, RECORD_LEN, TAIL,
};
use crate::defs::{GRANULE, KIND_RING};
use crate::error::Error;
use crate::protocol::role;
use crate::raw::region::{Cooperative, Region, Trust};
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::Ordering;

const _: () = assert!(max_record(MAX_CAPACITY) < PADDING as usize);

/// Bytes in the payload of the largest record: half the ring, less the header, and what 31 bits
/// of length can say in whole granules.
pub(crate) const fn max_record(capacity: u32) -> usize {
    let half = (capacity / 2 - 1) as usize * GRANULE;
    let longest = PADDING as usize - GRANULE;
    if half < longest { half } else { longest }
}

/// How large a ring is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingConfig {
    /// Granules of 8 bytes: a power of two from 8 to 2^30. A record takes one for its header
    /// and as many as hold its payload, at most half of all.
    pub capacity: u32,
}

impl RingConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.capacity, 0, 0, 0]
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &RingConfig) -> Result<u64, Error> {
    let capacity = config.capacity;
    if !capacity.is_power_of_two() || capacity < MIN_CAPACITY || capacity > MAX_CAPACITY {
        return Err(Error::BadLayout {
            what: "the capacity of a ring is a power of two, 8 to 2^30 granules",
        });
    }
    // 2^30 granules of 8 bytes: far from overflow in 64 bits.
    Ok(DATA as u64 + capacity as u64 * GRANULE as u64)
}

/// Makes the ring empty, its roles free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    span.clear(0, DATA)
}

/// Frees the roles. The positions are checked by whoever takes a role next.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    for lease in [PRODUCER_LEASE, CONSUMER_LEASE] {
        // Relaxed: the caller has the memory to itself.
        span.word(lease)?.fetch_and(!role::HELD, Ordering::Relaxed);
    }
    Ok(())
}

/// Frees the roles that `dead` holds; how many. What it published stays, what it only claimed is
/// gone, and what it read without releasing is read again.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    config_of(section)?;
    let mut freed = 0;
    for lease in [PRODUCER_LEASE, CONSUMER_LEASE] {
        freed += u32::from(role::revoke(span.word(lease)?, dead));
    }
    Ok(freed)
}

fn config_of(section: &Section) -> Result<RingConfig, Error> {
    let [capacity, ..] = section.params;
    let config = RingConfig { capacity };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        Ok(_) => Err(Error::Corrupt { what: "length of a ring" }),
        Err(_) => Err(Error::Corrupt { what: "capacity of a ring" }),
    }
}

/// A byte ring for one producer and one consumer. Holding one proves that its capacity was
/// checked against the section; the positions are checked when a role is taken.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Error, Layout, Region, RingBuffer, RingConfig, SectionId, Sections,
/// };
///
/// const LOG: SectionId = SectionId(2);
/// let layout = Layout::builder().ring(LOG, "log", RingConfig { capacity: 64 }).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let ring = RingBuffer::open(&sections, LOG)?;
/// // Half of the ring is the most that a record takes, its header included.
/// assert_eq!((ring.capacity_len(), ring.max_record_len()), (512, 256 - 8));
/// let (mut producer, mut consumer) = (ring.producer()?, ring.consumer()?);
/// assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
///
/// // By copies, whatever the trust.
/// producer.push(1, b"hello")?;
/// let mut bytes = [0; 16];
/// let popped = consumer.pop(&mut bytes)?;
/// assert_eq!((popped.tag, &bytes[..popped.len]), (1, &b"hello"[..]));
///
/// // In place, among cooperative parties.
/// let mut grant = producer.try_claim(16)?;
/// grant[..5].copy_from_slice(b"world");
/// grant.truncate(5);
/// grant.commit(2);
/// let record = consumer.read()?;
/// assert_eq!((record.tag(), &*record), (2, &b"world"[..]));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RingBuffer<'m, T: Trust> {
    span: Span<'m>,
    data: Span<'m>,
    capacity: u32,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> RingBuffer<'m, T> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// assert_eq!(ring.capacity_len(), 64 * 8);
    /// let missing = RingBuffer::open(&sections, SectionId(9));
    /// assert_eq!(missing.err(), Some(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_RING, MAJOR)?;
        let RingConfig { capacity } = config_of(section)?;
        let len = u64::from(capacity) * GRANULE as u64;
        let len =
            usize::try_from(len).map_err(|_| Error::OutOfBounds { offset: DATA as u64, len })?;
        Ok(Self { span, data: span.sub(DATA, len)?, capacity, trust: PhantomData })
    }

    /// Bytes in the ring, headers and padding included.
    #[must_use]
    pub const fn capacity_len(&self) -> usize {
        self.data.len()
    }

    /// Bytes in the payload of the largest record.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity)
    }

    /// Takes the producer's role; dropping the producer gives it back.
    ///
    /// Acquire: continues from what the last producer left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the positions in memory are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// let mut producer = ring.producer()?;
    /// producer.push(1, b"by one")?;
    /// assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
    /// drop(producer);
    ///
    /// // The next one goes on behind what the last one published.
    /// ring.producer()?.push(2, b"by another")?;
    /// let mut consumer = ring.consumer()?;
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// assert_eq!(consumer.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn producer(&self) -> Result<Producer<'m, T>, Error> {
        let word = self.span.word(PRODUCER_LEASE)?;
        let lease = role::claim(word, self.span.party()).ok_or(Error::RoleHeld)?;
        match Producer::resume(self) {
            Ok(producer) => Ok(producer.held_by(word, lease)),
            Err(error) => {
                role::release(word, &lease);
                Err(error)
            }
        }
    }

    /// Takes the consumer's role; dropping the consumer gives it back.
    ///
    /// Acquire: continues from what the last consumer left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the positions in memory are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RingConfig { capacity: 64 };
    /// # let layout = Layout::builder().ring(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = RingBuffer::open(&sections, SectionId(2))?;
    /// let mut producer = ring.producer()?;
    /// producer.push(1, b"first")?;
    /// producer.push(2, b"second")?;
    /// let mut consumer = ring.consumer()?;
    /// assert_eq!(ring.consumer().err(), Some(Error::RoleHeld));
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// drop(consumer);
    ///
    /// // The next one goes on with what the last one did not read.
    /// assert_eq!(ring.consumer()?.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn consumer(&self) -> Result<Consumer<'m, T>, Error> {
        let word = self.span.word(CONSUMER_LEASE)?;
        let lease = role::claim(word, self.span.party()).ok_or(Error::RoleHeld)?;
        match Consumer::resume(self) {
            Ok(consumer) => Ok(consumer.held_by(word, lease)),
            Err(error) => {
                role::release(word, &lease);
                Err(error)
            }
        }
    }
}

impl<'m> RingBuffer<'m, Cooperative> {
    /// Both ends of a ring in memory that nobody else can reach, formatted before. The roles
    /// need no claim then: neither end executes a compare-and-swap, only loads and stores, not
    /// even when it is dropped. For two cores that have nothing better, and for interrupts.
    ///
    /// # Errors
    /// As [`Sections::attach`] and [`open`](Self::open); `Misaligned`, as
    /// [`Region::from_bytes`]; `Corrupt` if the positions in memory are impossible.
    ///
    /// ```
    /// use inos_core::{
    ///     AlignedBytes, Layout, Region, RingBuffer, RingConfig, SectionId, Sections,
    /// };
    ///
    /// const SAMPLES: SectionId = SectionId(1);
    /// let layout =
    ///     Layout::builder().ring(SAMPLES, "samples", RingConfig { capacity: 64 }).build()?;
    /// let mut memory = AlignedBytes::<4096>::new();
    /// Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    ///
    /// let (mut producer, mut consumer) = RingBuffer::split(memory.as_mut(), SAMPLES)?;
    /// producer.push(1, b"sample")?;
    /// assert_eq!(&*consumer.read()?, b"sample");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn split(
        memory: &'m mut [u8],
        id: SectionId,
    ) -> Result<(Producer<'m, Cooperative>, Consumer<'m, Cooperative>), Error> {
        // The region is consumed and the sections are dropped here, so these two are all that
        // reaches the memory for 'm: one end each, and that is what a lease would prove.
        let sections = Sections::attach(Region::from_bytes(memory)?)?;
        let ring = Self::open(&sections, id)?;
        Ok((Producer::resume(&ring)?, Consumer::resume(&ring)?))
    }
}

#[cfg(test)]
mod tests;

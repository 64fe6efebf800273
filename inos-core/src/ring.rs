//! A byte ring: one producer, one consumer, records of any length.
//!
//! ```text
//!   0                4               8                                             64
//!   +----------------+---------------+----------------------------------------------+
//!   | producer lease | tail          | unused: the consumer's words stay off        |
//!   +----------------+---------------+----------------------------------------------+
//!  64               68              72                                            128
//!   +----------------+---------------+----------------------------------------------+
//!   | consumer lease | head          | unused                                       |
//!   +----------------+---------------+----------------------------------------------+
//! 128: `capacity` granules of 8 bytes
//!
//! record, on a granule
//!   0                4               8
//!   +---+------------+---------------+----------------------------------------------+
//!   | P | length: 31 | tag           | payload, padded to 8 bytes                   |
//!   +---+------------+---------------+----------------------------------------------+
//! ```
//!
//! - A record is published when the producer stores the tail; its space is free when the
//!   consumer stores the head.
//! - A record is never split. Where the ring's end is too near, a padding record (P set, length
//!   0) takes the rest, published together with the record after it.
//! - A record takes at most half the ring, which is exactly what an empty ring can take wherever
//!   it stands, and in rings over 4 GiB less than 2^31 bytes of payload.
//! - Payload is not cleared: a record's slice shows what was there before until it is written.
//!
//! Full is an answer, not a wait: an [`EpochTable`](crate::EpochTable) beside the ring tells the
//! other side when to look.
//!
//! # Not supported
//! More than one producer or consumer at a time (give each its own ring); overwriting what was
//! not read; taking over the role of a party that died, other than by attaching exclusively.
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::defs::{GRANULE, KIND_RING, LINE};
use crate::error::Error;
use crate::protocol::ring::{Available, Claim, ConsumerCursor, MAX_CAPACITY, ProducerCursor};
use crate::protocol::role::{self, Lease};
use crate::raw::lend;
use crate::raw::region::{Cooperative, Trust};
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};

/// Major version of this kind of section.
const MAJOR: u16 = 1;
/// Smallest capacity in granules.
const MIN_CAPACITY: u32 = 8;

const PRODUCER_LEASE: usize = 0;
const TAIL: usize = 4;
const CONSUMER_LEASE: usize = LINE;
const HEAD: usize = LINE + 4;
const DATA: usize = 2 * LINE;

/// Offset of the length in a record's header.
const RECORD_LEN: usize = 0;
/// Offset of the tag.
const RECORD_TAG: usize = 4;
/// Bytes in a record's header.
const HEADER_LEN: usize = GRANULE;
/// Bit 31 of the length: the granules up to the end of the ring are no record.
const PADDING: u32 = 1 << 31;

const _: () = {
    assert!(PRODUCER_LEASE + 4 <= TAIL && TAIL + 4 <= CONSUMER_LEASE);
    assert!(CONSUMER_LEASE + 4 <= HEAD && HEAD + 4 <= DATA);
    assert!(RECORD_TAG + 4 <= HEADER_LEN);
    assert!(max_record(MAX_CAPACITY) < PADDING as usize);
};

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
/// let mut grant = producer.try_claim(5)?;
/// grant.copy_from_slice(b"world");
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
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_RING, MAJOR)?;
        let RingConfig { capacity } = config_of(&section)?;
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
    pub fn producer(&self) -> Result<Producer<'m, T>, Error> {
        let lease_word = self.span.word(PRODUCER_LEASE)?;
        let (tail, head) = (self.span.word(TAIL)?, self.span.word(HEAD)?);
        let lease = role::claim(lease_word, self.span.party()).ok_or(Error::RoleHeld)?;
        match ProducerCursor::resume(tail, head, self.capacity) {
            Ok(cursor) => {
                let (data, trust) = (self.data, PhantomData);
                Ok(Producer { data, tail, head, cursor, lease_word, lease, trust })
            }
            Err(error) => {
                role::release(lease_word, &lease);
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
    pub fn consumer(&self) -> Result<Consumer<'m, T>, Error> {
        let lease_word = self.span.word(CONSUMER_LEASE)?;
        let (tail, head) = (self.span.word(TAIL)?, self.span.word(HEAD)?);
        let lease = role::claim(lease_word, self.span.party()).ok_or(Error::RoleHeld)?;
        match ConsumerCursor::resume(tail, head, self.capacity) {
            Ok(cursor) => {
                let (data, capacity, trust) = (self.data, self.capacity, PhantomData);
                Ok(Consumer { data, capacity, tail, head, cursor, lease_word, lease, trust })
            }
            Err(error) => {
                role::release(lease_word, &lease);
                Err(error)
            }
        }
    }
}

/// The one who writes records. Holding one proves that nobody else does, as far as the other
/// parties keep to the protocol.
#[derive(Debug)]
pub struct Producer<'m, T: Trust> {
    data: Span<'m>,
    tail: &'m AtomicU32,
    head: &'m AtomicU32,
    cursor: ProducerCursor,
    lease_word: &'m AtomicU32,
    lease: Lease,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> Producer<'m, T> {
    /// Bytes in the payload of the largest record.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        // The capacity is at most 2^30 granules.
        max_record((self.data.len() / GRANULE) as u32)
    }

    /// Writes a record, by a copy.
    ///
    /// Release, on the tail: publishes the record; pairs with Acquire in [`Consumer::pop`] and
    /// [`Consumer::read`].
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len); `Full`; `Corrupt` if the head
    /// in memory is impossible.
    pub fn push(&mut self, tag: u32, bytes: &[u8]) -> Result<(), Error> {
        let space = self.claim(bytes.len())?;
        self.data.write(space.claim.start() as usize * GRANULE + HEADER_LEN, bytes)?;
        self.publish(space, tag);
        Ok(())
    }

    fn claim(&mut self, len: usize) -> Result<Space<'m>, Error> {
        let max = self.max_record_len();
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        // At most half the capacity and below 2^31 bytes, as just checked: the casts are exact.
        let claim = self.cursor.claim(self.head, 1 + len.div_ceil(GRANULE) as u32)?;
        let at = claim.start() as usize * GRANULE;
        let padding = match claim.padding() {
            Some((at, _)) => Some(self.data.word(at as usize * GRANULE + RECORD_LEN)?),
            None => None,
        };
        let len_word = self.data.word(at + RECORD_LEN)?;
        let tag_word = self.data.word(at + RECORD_TAG)?;
        Ok(Space { claim, len: len as u32, padding, len_word, tag_word })
    }

    fn publish(&mut self, space: Space<'m>, tag: u32) {
        // All Relaxed: the Release store of the tail publishes them.
        if let Some(word) = space.padding {
            word.store(PADDING, Ordering::Relaxed);
        }
        space.len_word.store(space.len, Ordering::Relaxed);
        space.tag_word.store(tag, Ordering::Relaxed);
        self.cursor.publish(self.tail, space.claim);
    }
}

/// Space for one record, with the words of its header at hand.
#[derive(Debug)]
struct Space<'m> {
    claim: Claim,
    len: u32,
    padding: Option<&'m AtomicU32>,
    len_word: &'m AtomicU32,
    tag_word: &'m AtomicU32,
}

impl<'m> Producer<'m, Cooperative> {
    /// Claims space for a record of `len` bytes, to be written in place.
    ///
    /// # Errors
    /// `TooLarge` over [`max_record_len`](Self::max_record_len); `Full`; `Corrupt` if the head
    /// in memory is impossible.
    pub fn try_claim(&mut self, len: usize) -> Result<Grant<'_, 'm>, Error> {
        let space = self.claim(len)?;
        Ok(Grant { producer: self, space })
    }
}

impl<T: Trust> Drop for Producer<'_, T> {
    fn drop(&mut self) {
        // Release: hands the tail on; pairs with Acquire in `RingBuffer::producer`.
        role::release(self.lease_word, &self.lease);
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
    /// Publishes the record.
    ///
    /// Release, on the tail: pairs with Acquire in [`Consumer::pop`] and [`Consumer::read`].
    pub fn commit(self, tag: u32) {
        let Self { producer, space } = self;
        producer.publish(space, tag);
    }
}

/// The payload in place; it shows old bytes until it is written.
impl Deref for Grant<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let (data, claim) = (&self.producer.data, &self.space.claim);
        // The claim was made for so many bytes, so the empty slice never comes to pass.
        lend::ring_claim(data, claim, GRANULE, HEADER_LEN, self.space.len as usize)
            .unwrap_or_default()
    }
}

impl DerefMut for Grant<'_, '_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        let len = self.space.len as usize;
        let (data, claim) = (&self.producer.data, &mut self.space.claim);
        lend::ring_claim_mut(data, claim, GRANULE, HEADER_LEN, len).unwrap_or_default()
    }
}

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
#[derive(Debug)]
pub struct Consumer<'m, T: Trust> {
    data: Span<'m>,
    capacity: u32,
    tail: &'m AtomicU32,
    head: &'m AtomicU32,
    cursor: ConsumerCursor,
    lease_word: &'m AtomicU32,
    lease: Lease,
    trust: PhantomData<T>,
}

impl<T: Trust> Consumer<'_, T> {
    /// Bytes in the payload of the largest record; a buffer of this length is never too small.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity)
    }

    /// Copies the oldest record to the front of `out` and frees its space.
    ///
    /// Acquire, on the tail: the record is whole; pairs with Release in [`Producer::push`] and
    /// [`Grant::commit`]. Release, on the head: pairs with Acquire where the producer finds the
    /// ring full.
    ///
    /// # Errors
    /// `Empty`; `TooLarge` if the record is longer than `out`, and it stays the oldest then;
    /// `Corrupt` if a position or a length contradicts what was published, and it will again,
    /// since nothing after it can be trusted.
    pub fn pop(&mut self, out: &mut [u8]) -> Result<Popped, Error> {
        let found = self.find()?;
        let (tag, len, max) = (found.tag, found.len, out.len());
        let out = out.get_mut(..len).ok_or(Error::TooLarge { len, max })?;
        self.data.read(found.available.start() as usize * GRANULE + HEADER_LEN, out)?;
        self.cursor.release(self.head, found.granules)?;
        Ok(Popped { tag, len })
    }

    /// Finds the oldest record; at most one padding record stands before it.
    fn find(&mut self) -> Result<Found, Error> {
        let available = self.cursor.available(self.tail)?;
        let at = available.start() as usize * GRANULE;
        let word = self.data.load(at + RECORD_LEN)?;
        if word & PADDING == 0 {
            return self.check(available, word);
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
        self.cursor.release(self.head, rest)?;
        let available = self.cursor.available(self.tail)?;
        // The ring's first granule: bit 31 of its length is refused as too long.
        let word = self.data.load(available.start() as usize * GRANULE + RECORD_LEN)?;
        self.check(available, word)
    }

    /// Checks the header of a record, of which `len` was read already.
    fn check(&self, available: Available, len: u32) -> Result<Found, Error> {
        let len = len as usize;
        if len > self.max_record_len() {
            return Err(Error::Corrupt { what: "length of a record" });
        }
        let granules = 1 + len.div_ceil(GRANULE) as u32;
        if granules > available.count() {
            return Err(Error::Corrupt { what: "a record longer than what was published" });
        }
        let tag = self.data.load(available.start() as usize * GRANULE + RECORD_TAG)?;
        Ok(Found { available, granules, len, tag })
    }
}

impl<'m> Consumer<'m, Cooperative> {
    /// The oldest record, in place; dropping it frees its space.
    ///
    /// Ordering as in [`pop`](Self::pop).
    ///
    /// # Errors
    /// `Empty`; `Corrupt`, as in [`pop`](Self::pop).
    pub fn read(&mut self) -> Result<Record<'_, 'm>, Error> {
        let found = self.find()?;
        Ok(Record { consumer: self, found })
    }
}

impl<T: Trust> Drop for Consumer<'_, T> {
    fn drop(&mut self) {
        // Release: hands the head on; pairs with Acquire in `RingBuffer::consumer`.
        role::release(self.lease_word, &self.lease);
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
    pub const fn tag(&self) -> u32 {
        self.found.tag
    }
}

impl Deref for Record<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let Found { available, len, .. } = &self.found;
        // `len` was checked against `available`, so the empty slice never comes to pass.
        lend::ring_available(&self.consumer.data, available, GRANULE, HEADER_LEN, *len)
            .unwrap_or_default()
    }
}

impl Drop for Record<'_, '_> {
    fn drop(&mut self) {
        let consumer = &mut *self.consumer;
        // Release, on the head. Can't fail: `check` compared the granules with what was
        // published, and nothing was released since.
        let _ = consumer.cursor.release(consumer.head, self.found.granules);
    }
}
#[cfg(test)]
mod tests;

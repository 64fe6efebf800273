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
use core::ops::Deref;

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
const fn max_record(capacity: u32) -> usize {
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
/// grant.as_mut_slice().copy_from_slice(b"world");
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
    /// AcqRel: continues from what the last producer left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the positions in memory are impossible.
    pub fn producer(&self) -> Result<Producer<'m, T>, Error> {
        let lease_word = self.span.word(PRODUCER_LEASE)?;
        let (tail, head) = (self.span.word(TAIL)?, self.span.word(HEAD)?);
        let lease = role::claim(lease_word).ok_or(Error::RoleHeld)?;
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
    /// AcqRel: continues from what the last consumer left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the positions in memory are impossible.
    pub fn consumer(&self) -> Result<Consumer<'m, T>, Error> {
        let lease_word = self.span.word(CONSUMER_LEASE)?;
        let (tail, head) = (self.span.word(TAIL)?, self.span.word(HEAD)?);
        let lease = role::claim(lease_word).ok_or(Error::RoleHeld)?;
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
        // Release: hands the tail on; pairs with AcqRel in `RingBuffer::producer`.
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
    /// Bytes in the record.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.space.len as usize
    }

    /// Whether the record has no payload.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The record's payload, in place. It shows old bytes until it is written.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        // The claim was made for `len` bytes, so the empty slice never comes to pass.
        let len = self.len();
        let (data, claim) = (&self.producer.data, &mut self.space.claim);
        lend::ring_claim_mut(data, claim, GRANULE, HEADER_LEN, len).unwrap_or_default()
    }

    /// Publishes the record.
    ///
    /// Release, on the tail: pairs with Acquire in [`Consumer::pop`] and [`Consumer::read`].
    pub fn commit(self, tag: u32) {
        let Self { producer, space } = self;
        producer.publish(space, tag);
    }
}

impl AsMut<[u8]> for Grant<'_, '_> {
    fn as_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
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
        self.cursor.release(self.head, rest)?;
        let available = match self.cursor.available(self.tail) {
            Err(Error::Empty) => return Err(Error::Corrupt { what: "padding without a record" }),
            other => other?,
        };
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
        // Release: hands the head on; pairs with AcqRel in `RingBuffer::consumer`.
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
mod tests {
    use std::collections::VecDeque;
    use std::vec::Vec;
    use std::{format, mem, thread, vec};

    use super::*;
    use crate::layout::Layout;
    use crate::raw::region::{AlignedBytes, Hostile, Region};

    const ID: SectionId = SectionId(2);

    fn layout(capacity: u32) -> Layout {
        Layout::builder().ring(ID, "ring", RingConfig { capacity }).build().unwrap()
    }

    fn cooperative(capacity: u32, test: impl FnOnce(RingBuffer<'_, Cooperative>)) {
        let mut memory = AlignedBytes::<8192>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout(capacity), 7).unwrap();
        test(RingBuffer::open(&sections, ID).unwrap());
    }

    /// The words of the section are handed to the test, for it to lie in.
    fn hostile(capacity: u32, test: impl FnOnce(RingBuffer<'_, Hostile>, &[AtomicU32])) {
        let words: Vec<_> = (0..2048).map(|_| AtomicU32::new(0)).collect();
        let sections = Sections::create(Region::from_words(&words), &layout(capacity), 7).unwrap();
        let start = sections.section(ID).unwrap().offset() as usize / 4;
        test(RingBuffer::open(&sections, ID).unwrap(), &words[start..]);
    }

    fn set(words: &[AtomicU32], offset: usize, value: u32) {
        words[offset / 4].store(value, Ordering::Relaxed);
    }

    fn random(state: &mut u32) -> u32 {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *state >> 8
    }

    /// A queue that can't be wrong, run beside the ring.
    fn against_an_oracle<T: Trust>(ring: &RingBuffer<'_, T>) {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut oracle: VecDeque<(u32, Vec<u8>)> = VecDeque::new();
        let mut out = vec![0; ring.max_record_len()];
        let (mut state, mut fulls, mut empties) = (1, 0, 0);
        for tag in 0..20_000 {
            if random(&mut state).is_multiple_of(2) {
                let len = random(&mut state) as usize % (ring.max_record_len() + 1);
                let bytes: Vec<u8> = (0..len).map(|_| random(&mut state) as u8).collect();
                match producer.push(tag, &bytes) {
                    Ok(()) => oracle.push_back((tag, bytes)),
                    other => {
                        assert_eq!(other, Err(Error::Full));
                        assert!(!oracle.is_empty());
                        fulls += 1;
                    }
                }
            } else {
                match (consumer.pop(&mut out), oracle.pop_front()) {
                    (Ok(popped), Some((tag, bytes))) => {
                        assert_eq!(popped, Popped { tag, len: bytes.len() });
                        assert_eq!(out[..popped.len], bytes);
                    }
                    (popped, expected) => {
                        assert_eq!((popped, expected), (Err(Error::Empty), None));
                        empties += 1;
                    }
                }
            }
        }
        assert!(fulls > 100 && empties > 100, "{fulls} {empties}");
    }

    #[test]
    fn agrees_with_a_queue() {
        for capacity in [8, 16, 128] {
            cooperative(capacity, |ring| against_an_oracle(&ring));
            hostile(capacity, |ring, _| against_an_oracle(&ring));
        }
    }

    #[test]
    fn positions_wrap() {
        hostile(16, |ring, words| {
            set(words, TAIL, (1 << 31) - 20);
            set(words, HEAD, (1 << 31) - 20);
            against_an_oracle(&ring);
            assert!(words[TAIL / 4].load(Ordering::Relaxed) < 1 << 31);
        });
    }

    #[test]
    fn the_largest_record_fits_wherever_an_empty_ring_stands() {
        for start in 0..16 {
            cooperative(16, |ring| {
                assert_eq!((ring.capacity_len(), ring.max_record_len()), (128, 56));
                let (mut producer, mut consumer) =
                    (ring.producer().unwrap(), ring.consumer().unwrap());
                let mut out = [0; 56];
                for _ in 0..start {
                    producer.push(0, &[]).unwrap();
                    assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 0, len: 0 }));
                }
                producer.push(9, &[7; 56]).unwrap();
                assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 9, len: 56 }));
                assert_eq!(out, [7; 56]);
                let too_large = Error::TooLarge { len: 57, max: 56 };
                assert_eq!(producer.push(9, &[7; 57]), Err(too_large));
                assert_eq!(producer.try_claim(usize::MAX).err().map(|_| ()), Some(()));
            });
        }
    }

    #[test]
    fn zero_length_records_take_one_granule_each() {
        cooperative(8, |ring| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            for tag in 0..8 {
                producer.push(tag, &[]).unwrap();
            }
            assert_eq!(producer.push(8, &[]), Err(Error::Full));
            for tag in 0..8 {
                let record = consumer.read().unwrap();
                assert_eq!((record.tag(), record.len()), (tag, 0));
            }
            assert_eq!(consumer.read().err(), Some(Error::Empty));
            producer.push(8, &[]).unwrap();
        });
    }

    #[test]
    fn padding_is_skipped_and_counts_as_full() {
        hostile(16, |ring, words| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            let mut out = [0; 56];
            producer.push(1, &[1; 40]).unwrap(); // granules 0 to 5
            producer.push(2, &[2; 40]).unwrap(); // 6 to 11
            // Four granules are left at the end: six do not fit there, nor at the start yet.
            assert_eq!(producer.push(3, &[3; 40]), Err(Error::Full));
            consumer.pop(&mut out).unwrap();
            producer.push(3, &[3; 40]).unwrap();
            assert_eq!(words[(DATA + 12 * GRANULE) / 4].load(Ordering::Relaxed), PADDING);
            assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 2, len: 40 }));
            // Too small a buffer: nothing is lost but the padding.
            let too_large = Error::TooLarge { len: 40, max: 39 };
            assert_eq!(consumer.pop(&mut out[..39]), Err(too_large));
            assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 3, len: 40 }));
            assert_eq!(out[..40], [3; 40]);
        });
    }

    #[test]
    fn a_grant_that_is_dropped_leaves_no_trace() {
        cooperative(16, |ring| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            let mut grant = producer.try_claim(56).unwrap();
            assert_eq!((grant.len(), grant.is_empty()), (56, false));
            grant.as_mut_slice().fill(1);
            drop(grant);
            assert_eq!(consumer.read().err(), Some(Error::Empty));
            let mut grant = producer.try_claim(3).unwrap();
            grant.as_mut().copy_from_slice(b"abc");
            grant.commit(5);
            // A record that is forgotten stays the oldest.
            mem::forget(consumer.read().unwrap());
            let record = consumer.read().unwrap();
            assert_eq!((record.tag(), &*record), (5, &b"abc"[..]));
            drop(record);
            assert_eq!(consumer.read().err(), Some(Error::Empty));
        });
    }

    #[test]
    fn roles_are_held_once_and_resumed() {
        cooperative(8, |ring| {
            let mut producer = ring.producer().unwrap();
            let mut consumer = ring.consumer().unwrap();
            assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
            assert_eq!(ring.consumer().err(), Some(Error::RoleHeld));
            producer.push(1, b"one").unwrap();
            producer.push(2, b"two").unwrap();
            assert_eq!(&*consumer.read().unwrap(), b"one");
            drop((producer, consumer));
            let mut producer = ring.producer().unwrap();
            producer.push(3, b"three").unwrap();
            let mut consumer = ring.consumer().unwrap();
            assert_eq!(&*consumer.read().unwrap(), b"two");
            assert_eq!(&*consumer.read().unwrap(), b"three");
        });
    }

    #[test]
    fn exclusive_attach_frees_roles_and_keeps_records() {
        let mut memory = AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout(8), 7).unwrap();
        let ring = RingBuffer::open(&sections, ID).unwrap();
        let mut producer = ring.producer().unwrap();
        producer.push(1, b"kept").unwrap();
        mem::forget(producer);
        mem::forget(ring.consumer().unwrap());
        let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
        let ring = RingBuffer::open(&sections, ID).unwrap();
        assert!(ring.producer().is_ok());
        assert_eq!(&*ring.consumer().unwrap().read().unwrap(), b"kept");
    }

    #[test]
    fn lies_are_refused() {
        let corrupt = |result: Result<Popped, Error>| {
            assert!(matches!(result, Err(Error::Corrupt { .. })), "{result:?}");
        };
        let lie = |at: usize, value: u32| {
            hostile(16, |ring, words| {
                let mut producer = ring.producer().unwrap();
                let mut consumer = ring.consumer().unwrap();
                producer.push(1, &[1; 20]).unwrap();
                set(words, at, value);
                corrupt(consumer.pop(&mut [0; 128]));
                // Still, and without end, but never worse.
                corrupt(consumer.pop(&mut [0; 128]));
            });
        };
        for len in [57, 64, 128, (1 << 31) - 1, PADDING, PADDING | 20, u32::MAX] {
            lie(DATA + RECORD_LEN, len);
        }
        for len in [25, 56] {
            hostile(16, |ring, words| {
                let mut consumer = ring.consumer().unwrap();
                ring.producer().unwrap().push(1, &[1; 20]).unwrap();
                set(words, DATA + RECORD_LEN, len);
                let mut out = [9; 128];
                let what = "a record longer than what was published";
                assert_eq!(consumer.pop(&mut out), Err(Error::Corrupt { what }));
                assert_eq!(out, [9; 128]);
            });
        }
        for tail in [17, 1 << 30, (1 << 31) - 1, 1 << 31, u32::MAX] {
            lie(TAIL, tail);
        }
        hostile(16, |ring, words| {
            for (tail, head) in [(0, 1), (17, 0), (1 << 31, 1 << 31)] {
                set(words, TAIL, tail);
                set(words, HEAD, head);
                assert!(matches!(ring.producer().err(), Some(Error::Corrupt { .. })));
                assert!(matches!(ring.consumer().err(), Some(Error::Corrupt { .. })));
            }
            // A role that could not be taken up was given back.
            set(words, TAIL, 0);
            set(words, HEAD, 0);
            let mut producer = ring.producer().unwrap();
            for _ in 0..16 {
                producer.push(0, &[]).unwrap();
            }
            set(words, HEAD, 17);
            let result = producer.push(0, &[]);
            assert!(matches!(result, Err(Error::Corrupt { .. })), "{result:?}");
        });
    }

    #[test]
    fn forged_padding_is_refused() {
        hostile(16, |ring, words| {
            let mut producer = ring.producer().unwrap();
            let mut consumer = ring.consumer().unwrap();
            for _ in 0..12 {
                producer.push(0, &[]).unwrap();
                consumer.pop(&mut []).unwrap();
            }
            // Padding up to the end, but nothing behind it.
            set(words, DATA + 12 * GRANULE, PADDING);
            set(words, TAIL, 16);
            let what = "padding without a record";
            assert_eq!(consumer.pop(&mut []), Err(Error::Corrupt { what }));
        });
        hostile(16, |ring, words| {
            // Padding that was not published up to the end.
            set(words, DATA + 12 * GRANULE, PADDING);
            set(words, HEAD, 12);
            set(words, TAIL, 14);
            let popped = ring.consumer().unwrap().pop(&mut []);
            assert_eq!(popped, Err(Error::Corrupt { what: "padding in a ring" }));
        });
        hostile(16, |ring, words| {
            // More padding than the largest record calls for.
            set(words, DATA + 8 * GRANULE, PADDING);
            set(words, HEAD, 8);
            set(words, TAIL, 18);
            let popped = ring.consumer().unwrap().pop(&mut []);
            assert_eq!(popped, Err(Error::Corrupt { what: "padding in a ring" }));
        });
        hostile(16, |ring, words| {
            // Padding twice.
            set(words, DATA + 12 * GRANULE, PADDING);
            set(words, DATA, PADDING);
            set(words, HEAD, 12);
            set(words, TAIL, 28);
            let popped = ring.consumer().unwrap().pop(&mut [0; 128]);
            assert_eq!(popped, Err(Error::Corrupt { what: "length of a record" }));
        });
    }

    #[test]
    fn bad_capacities_are_refused() {
        for capacity in [0, 1, 4, 7, 9, 100, (1 << 30) + 1, 1 << 31, u32::MAX] {
            let refused = section_len(&RingConfig { capacity });
            assert!(matches!(refused, Err(Error::BadLayout { .. })), "{capacity}");
        }
        assert_eq!(section_len(&RingConfig { capacity: 8 }), Ok(192));
        assert_eq!(section_len(&RingConfig { capacity: 1 << 30 }), Ok((1 << 33) + 128));
        // Half of the largest ring is more than 31 bits of length can say.
        assert_eq!(max_record(1 << 30), (1 << 31) - 8);
        assert_eq!(max_record(1 << 29), (1 << 31) - 8);
        assert_eq!(max_record(1 << 28), (1 << 30) - 8);
    }

    #[test]
    fn two_threads_lose_nothing() {
        const RECORDS: u32 = 20_000;
        let content = |tag: u32| format!("{tag:0>width$}", width = tag as usize % 50);
        cooperative(16, |ring| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            thread::scope(|scope| {
                scope.spawn(move || {
                    for tag in 0..RECORDS {
                        let content = content(tag);
                        loop {
                            match producer.try_claim(content.len()) {
                                Ok(mut grant) => {
                                    grant.as_mut_slice().copy_from_slice(content.as_bytes());
                                    grant.commit(tag);
                                    break;
                                }
                                Err(Error::Full) => thread::yield_now(),
                                Err(other) => panic!("{other}"),
                            }
                        }
                    }
                });
                let mut tag = 0;
                while tag < RECORDS {
                    match consumer.read() {
                        Ok(record) => {
                            assert_eq!(record.tag(), tag);
                            assert_eq!(&*record, content(tag).as_bytes());
                            tag += 1;
                        }
                        Err(Error::Empty) => thread::yield_now(),
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        });
    }
}

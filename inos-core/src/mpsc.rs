//! A byte ring of many producers and one consumer, records of any length.
//!
//! [`defs::mpsc`](crate::defs::mpsc) draws the bytes.
//!
//! - A producer claims space with a ticket, for one record or for a [batch](MpscBatch) of them.
//!   Order and place are fixed when it claims; the records are published when it stores the
//!   ticket's state, and read in the order of tickets.
//! - A record is never split, and takes at most half the ring, which is exactly what an empty ring
//!   can take wherever it stands; in rings over 4 GiB it has less than 2^31 bytes of payload.
//! - Space is free when the consumer stores the head, an eighth of the ring at a time, or when it
//!   finds nothing to read. A ring is full when it has no space, or when all its tickets but one
//!   are in use: one ticket for each average claim that fits is about right.
//! - A producer that stops between claim and commit holds up those behind it, until the
//!   consumer [gives up](MpscConsumer::suspect) on it: the records behind it are read at once.
//!   Its space, and all behind it, is not used again before it wakes, or its role is taken from
//!   it because it is proven dead; so the ring may become full meanwhile.
//! - A producer that dies at any step loses what it had not committed, and nothing else. A
//!   consumer that dies is followed by one that reads again what it had not yet said to be read.
//! - Payload is not cleared: a claim's slice shows what was there before until it is written.
//!
//! The most that one ticket costs is one compare-and-swap that others compete for, so a batch
//! is the way to write small records.
//!
//! # Not supported
//! More than one consumer at a time; overwriting what was not read (a broadcast ring); order
//! among producers other than that of their claims; more than one claim at a time by one producer
//! (take another seat); waiting (an [`EpochTable`](crate::EpochTable) beside the ring tells when
//! to look).
#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::defs::mpsc::{
    CONSUMER_LEASE, EXTENT, HEAD, HEAD_TICKET, HEADER_LEN, INTENT, MAJOR, MAX_CAPACITY, MAX_SEATS,
    MAX_TICKETS, MIN_CAPACITY, MIN_TICKETS, READ, SEAT_LEASE, SEAT_LEN, SEATS, STATE, TAIL,
    TICKET_LEN,
};
use crate::defs::{GRANULE, KIND_MPSC, LINE};
use crate::error::Error;
use crate::gather::Gather;
use crate::protocol::mpsc::{self, Available, Claim, ConsumerCursor, ProducerCursor, Words};
use crate::protocol::role::{self, Lease};
use crate::raw::lend;
use crate::raw::region::{Cooperative, Trust};
use crate::raw::span::Span;
use crate::ring::{Popped, max_record};
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};

mod consumer;
mod producer;

pub use consumer::{MpscConsumer, MpscRecord};
pub use producer::{MpscBatch, MpscGrant, MpscProducer};

/// Granules that a record of so many bytes takes.
const fn granules(len: usize) -> usize {
    // No length is refused here, so this must not overflow.
    1 + len.div_ceil(GRANULE)
}

/// How large a ring of many producers is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MpscConfig {
    /// Granules of 8 bytes: a power of two from 8 to 2^30. A record takes one for its header
    /// and as many as hold its payload, at most half of all.
    pub capacity: u32,
    /// Claims that there is room for, plus one: a power of two from 4 to 2^16.
    pub tickets: u32,
    /// Producers that there is room for: 1 to 1024.
    pub seats: u32,
}

impl MpscConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.capacity, self.tickets, self.seats, 0]
    }

    /// Where the tickets begin.
    const fn tickets_offset(&self) -> usize {
        SEATS + self.seats as usize * SEAT_LEN
    }

    /// Where the granules begin.
    const fn data_offset(&self) -> usize {
        // At most 2^16 tickets and 2^10 seats: far from overflow in 32 bits.
        self.tickets_offset() + (self.tickets as usize * TICKET_LEN).next_multiple_of(LINE)
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &MpscConfig) -> Result<u64, Error> {
    let MpscConfig { capacity, tickets, seats } = *config;
    if !capacity.is_power_of_two() || capacity < MIN_CAPACITY || capacity > MAX_CAPACITY {
        return Err(Error::BadLayout {
            what: "the capacity of a ring is a power of two, 8 to 2^30 granules",
        });
    }
    if !tickets.is_power_of_two() || tickets < MIN_TICKETS || tickets > MAX_TICKETS {
        return Err(Error::BadLayout {
            what: "the tickets of a shared ring are a power of two, 4 to 2^16",
        });
    }
    if seats == 0 || seats > MAX_SEATS {
        return Err(Error::BadLayout { what: "a shared ring has 1 to 1024 seats" });
    }
    // 2^30 granules of 8 bytes: far from overflow in 64 bits.
    Ok(config.data_offset() as u64 + capacity as u64 * GRANULE as u64)
}

/// Makes the ring empty, its roles and seats free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    span.clear(0, config.data_offset())?;
    mpsc::format(&Control::new(*span, config)?)
}

/// Frees the roles and seats, releases what was claimed and not committed, and checks that no
/// two claims overlap. A ring whose words are impossible is closed: its roles are `Corrupt`.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let control = Control::new(*span, config_of(section)?)?;
    // Relaxed: the caller has the memory to itself.
    span.word(CONSUMER_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    for seat in 0..control.config.seats {
        let lease = span.word(Control::seat_offset(seat) + SEAT_LEASE)?;
        lease.fetch_and(!role::HELD, Ordering::Relaxed);
    }
    mpsc::rebuild(&control)
}

/// Frees the roles that `dead` holds; how many. What it had committed stays. A ticket that it had
/// claimed only is the consumer's to release: no held seat announces it any more. What it read
/// without saying so is read again.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let config = config_of(section)?;
    let mut freed = u32::from(role::revoke(span.word(CONSUMER_LEASE)?, dead));
    for seat in 0..config.seats {
        let lease = span.word(Control::seat_offset(seat) + SEAT_LEASE)?;
        freed += u32::from(role::revoke(lease, dead));
    }
    Ok(freed)
}

fn config_of(section: &Section) -> Result<MpscConfig, Error> {
    let [capacity, tickets, seats, _] = section.params;
    let config = MpscConfig { capacity, tickets, seats };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        Ok(_) => Err(Error::Corrupt { what: "length of a shared ring" }),
        Err(_) => Err(Error::Corrupt { what: "capacity, tickets or seats of a shared ring" }),
    }
}

/// The control words of a ring that this party may write, by a configuration that fits into the
/// section.
#[derive(Clone, Copy, Debug)]
struct Control<'m> {
    config: MpscConfig,
    tail: &'m AtomicU32,
    head_ticket: &'m AtomicU32,
    head: &'m AtomicU32,
    read: &'m AtomicU32,
    /// A line for each.
    seats: &'m [AtomicU32],
    /// Two words for each.
    tickets: &'m [AtomicU32],
}

impl<'m> Control<'m> {
    fn new(span: Span<'m>, config: MpscConfig) -> Result<Self, Error> {
        let seats = span.control(SEATS, config.seats as usize * SEAT_LEN / 4)?;
        let ticket_words = config.tickets as usize * TICKET_LEN / 4;
        let tickets = span.control(config.tickets_offset(), ticket_words)?;
        let (tail, read) = (span.word(TAIL)?, span.word(READ)?);
        let (head_ticket, head) = (span.word(HEAD_TICKET)?, span.word(HEAD)?);
        Ok(Self { config, tail, head_ticket, head, read, seats, tickets })
    }

    const fn seat_offset(seat: u32) -> usize {
        SEATS + seat as usize * SEAT_LEN
    }

    #[inline]
    fn seat_word(&self, seat: u32, offset: usize) -> Option<&'m AtomicU32> {
        if seat >= self.config.seats {
            return None;
        }
        self.seats.get((seat as usize * SEAT_LEN + offset) / 4)
    }

    /// The protocol takes the index of a ticket below their count.
    #[inline]
    fn ticket_word(&self, index: u32, offset: usize) -> Option<&'m AtomicU32> {
        self.tickets.get((index as usize * TICKET_LEN + offset) / 4)
    }
}

impl<'m> Words for Control<'m> {
    type Word = AtomicU32;

    fn tail(&self) -> &AtomicU32 {
        self.tail
    }

    fn head_ticket(&self) -> &AtomicU32 {
        self.head_ticket
    }

    fn head(&self) -> &AtomicU32 {
        self.head
    }

    fn read(&self) -> &AtomicU32 {
        self.read
    }

    #[inline]
    fn extent(&self, index: u32) -> Option<&AtomicU32> {
        self.ticket_word(index, EXTENT)
    }

    #[inline]
    fn state(&self, index: u32) -> Option<&AtomicU32> {
        self.ticket_word(index, STATE)
    }

    fn lease(&self, index: u32) -> Option<&AtomicU32> {
        self.seat_word(index, SEAT_LEASE)
    }

    #[inline]
    fn intent(&self, index: u32) -> Option<&AtomicU32> {
        self.seat_word(index, INTENT)
    }

    fn capacity(&self) -> u32 {
        self.config.capacity
    }

    fn ticket_count(&self) -> u32 {
        self.config.tickets
    }

    fn seat_count(&self) -> u32 {
        self.config.seats
    }
}

/// A byte ring of many producers. Holding one proves that its configuration was checked against
/// the section; its words are checked when a role is taken, and each again when it is used.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Error, Layout, MpscConfig, MpscRing, Region, SectionId, Sections,
/// };
///
/// const EVENTS: SectionId = SectionId(4);
/// let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
/// let layout = Layout::builder().mpsc(EVENTS, "events", config).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let ring = MpscRing::open(&sections, EVENTS)?;
/// assert_eq!((ring.config(), ring.max_record_len()), (config, 248));
/// let (mut one, mut two) = (ring.producer()?, ring.producer()?);
/// assert_eq!(ring.producer().err(), Some(Error::NoSeat { count: 2 }));
/// let mut consumer = ring.consumer()?;
///
/// // By copies, whatever the trust: one record, or many with one claim.
/// one.push(1, b"hello")?;
/// two.push_batch([(2, &b"many"[..]), (3, b"at"), (4, b"once")])?;
///
/// // In place, among cooperative parties.
/// let mut grant = one.try_claim(5)?;
/// grant.copy_from_slice(b"world");
/// grant.commit(5)?;
///
/// let record = consumer.read()?;
/// assert_eq!((record.tag(), &*record), (1, &b"hello"[..]));
/// drop(record);
/// let mut tags = [0; 8];
/// let read = consumer.drain(8, |tag, bytes| tags[tag as usize] = bytes.len())?;
/// assert_eq!((read, tags), (4, [0, 0, 4, 2, 4, 5, 0, 0]));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MpscRing<'m, T: Trust> {
    span: Span<'m>,
    data: Span<'m>,
    config: MpscConfig,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> MpscRing<'m, T> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let ring = MpscRing::open(&sections, SectionId(4))?;
    /// assert_eq!(ring.config().seats, 2);
    /// let missing = MpscRing::open(&sections, SectionId(9));
    /// assert_eq!(missing.err(), Some(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_MPSC, MAJOR)?;
        let config = config_of(section)?;
        let (offset, len) = (config.data_offset(), u64::from(config.capacity) * GRANULE as u64);
        let len =
            usize::try_from(len).map_err(|_| Error::OutOfBounds { offset: offset as u64, len })?;
        Ok(Self { span, data: span.sub(offset, len)?, config, trust: PhantomData })
    }

    /// How large the ring is.
    #[must_use]
    pub const fn config(&self) -> MpscConfig {
        self.config
    }

    /// Bytes in the payload of the largest record.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.config.capacity)
    }

    /// Takes a seat to write from; dropping the producer gives it back.
    ///
    /// Acquire: what the last holder did is done; pairs with Release in its drop, or where the
    /// seat was taken from it.
    ///
    /// # Errors
    /// `NoSeat` if all are taken, among them those whose last holder died and left a claim that
    /// the consumer has not released yet; `ReadOnly`; `Corrupt` if the ring's words make no
    /// sense.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// let (first, second) = (ring.producer()?, ring.producer()?);
    /// assert_eq!((first.seat(), second.seat()), (0, 1));
    /// assert_eq!(ring.producer().err(), Some(Error::NoSeat { count: 2 }));
    /// drop(first);
    /// assert_eq!(ring.producer()?.seat(), 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn producer(&self) -> Result<MpscProducer<'m, T>, Error> {
        let control = Control::new(self.span, self.config)?;
        let count = self.config.seats;
        for seat in 0..count {
            let lease_word = self.span.word(Control::seat_offset(seat) + SEAT_LEASE)?;
            let Some(lease) = role::claim(lease_word, self.span.party()) else { continue };
            match ProducerCursor::sit(&control, seat) {
                Ok(Some(cursor)) => {
                    let (data, trust) = (self.data, PhantomData);
                    return Ok(MpscProducer { control, data, cursor, lease_word, lease, trust });
                }
                Ok(None) => role::release(lease_word, &lease),
                Err(error) => {
                    role::release(lease_word, &lease);
                    return Err(error);
                }
            }
        }
        Err(Error::NoSeat { count })
    }

    /// Takes the consumer's role; dropping the consumer gives it back.
    ///
    /// Acquire: continues from what the last consumer left; pairs with Release in its drop, or
    /// where the role was taken from it.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the ring's words make no sense.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = MpscConfig { capacity: 64, tickets: 16, seats: 2 };
    /// # let layout = Layout::builder().mpsc(SectionId(4), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let ring = MpscRing::open(&sections, SectionId(4))?;
    /// let mut producer = ring.producer()?;
    /// producer.push_batch([(1, &b"first"[..]), (2, b"second")])?;
    /// let mut consumer = ring.consumer()?;
    /// assert_eq!(ring.consumer().err(), Some(Error::RoleHeld));
    /// assert_eq!(consumer.read()?.tag(), 1);
    /// drop(consumer);
    /// // The next one goes on behind what was read.
    /// assert_eq!(ring.consumer()?.read()?.tag(), 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn consumer(&self) -> Result<MpscConsumer<'m, T>, Error> {
        let control = Control::new(self.span, self.config)?;
        let lease_word = self.span.word(CONSUMER_LEASE)?;
        let lease = role::claim(lease_word, self.span.party()).ok_or(Error::RoleHeld)?;
        match ConsumerCursor::resume(&control) {
            Ok(cursor) => {
                let (data, trust) = (self.data, PhantomData);
                let (gather, caught_up, untold) = (Gather::NOT, false, None);
                Ok(MpscConsumer {
                    control,
                    data,
                    cursor,
                    gather,
                    caught_up,
                    untold,
                    lease_word,
                    lease,
                    trust,
                })
            }
            Err(error) => {
                role::release(lease_word, &lease);
                Err(error)
            }
        }
    }

    /// The number of the party that holds a seat, as of now: 0 if it did not say.
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
    /// // These sections are of nobody who joined as a party, so the number is 0.
    /// let producer = ring.producer()?;
    /// assert_eq!(ring.seat_holder(producer.seat())?, Some(0));
    /// assert_eq!(ring.seat_holder(1)?, None);
    /// assert_eq!(ring.seat_holder(2), Err(Error::NoSuchIndex { index: 2, count: 2 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn seat_holder(&self, seat: u32) -> Result<Option<u16>, Error> {
        let count = self.config.seats;
        if seat >= count {
            return Err(Error::NoSuchIndex { index: seat, count });
        }
        Ok(role::holder(&self.span.peek(Control::seat_offset(seat) + SEAT_LEASE)?))
    }
}

#[cfg(test)]
mod tests;

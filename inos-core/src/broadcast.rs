//! Lossy broadcast: one transmitter that never waits, any number of receivers that it does not
//! know.
//!
//! [`defs::broadcast`](crate::defs::broadcast) draws the bytes.
//!
//! - A record is published when the transmitter stores `latest`: the low 32 bits of where it
//!   stands, counted in granules. `intent` and `wraps` are the low and the upper half of the
//!   position up to which the transmitter may be writing; they share one bit.
//! - The transmitter overwrites the oldest records without asking. A receiver copies a record and
//!   looks at `intent` afterwards: what was overwritten meanwhile is thrown away.
//! - A receiver that was overtaken goes on with the newest record and is told how many it lost,
//!   by the number in each header. It never sees a torn record, nor an older one than before.
//! - Receivers write nothing: a mapping for reading only is enough.
//! - A record is never split. Where the ring's end is too near, a padding record (P set, length
//!   0, one granule of header) takes the rest.
//! - A record with its header takes at most an eighth of the ring, so a receiver has as long as
//!   seven eighths take to be written for copying the newest one.
//! - A transmitter that dies while it writes leaves nothing to be seen. The next one goes on
//!   behind the newest record.
//!
//! Positions have 63 bits, so none comes back however long a receiver sleeps. A record's number
//! has 32, and so has the count of lost records.
//!
//! Nothing waits here: an [`EpochTable`](crate::EpochTable) beside it tells receivers when to
//! look.
//!
//! # Not supported
//! Records in place: a receiver's slice would be a race with the transmitter, so both copy by
//! words, under either trust. More than one transmitter at a time. Going on with the oldest record
//! that is still there, after having been overtaken. Knowing who receives.
#![forbid(unsafe_code)]

mod receiver;
mod transmitter;

pub use receiver::{Received, Receiver};
pub use transmitter::{Draft, Transmitter};

use crate::defs::broadcast::{
    DATA, HEADER_LEN, INTENT, LATEST, MAJOR, MAX_CAPACITY, MIN_CAPACITY, PADDING, RECORD_LEN,
    RECORD_POSITION, RECORD_SEQUENCE, RECORD_TAG, TRANSMITTER_LEASE, WRAPS,
};
use crate::defs::{GRANULE, KIND_BROADCAST};
use crate::error::Error;
use crate::protocol::broadcast::{self, Header};
use crate::protocol::role;
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::Ordering;

const _: () = {
    assert!(max_record(MAX_CAPACITY) < PADDING as usize);
    assert!(max_record(MIN_CAPACITY) == 16);
};

/// Bytes in the payload of the largest record.
const fn max_record(capacity: u32) -> usize {
    broadcast::max_count(capacity) as usize * GRANULE - HEADER_LEN
}

/// Granules of a record of so many bytes, at most [`max_record`].
#[inline]
const fn granules(len: usize) -> u32 {
    (HEADER_LEN / GRANULE + len.div_ceil(GRANULE)) as u32
}

/// How large a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BroadcastConfig {
    /// Granules of 8 bytes: a power of two from 32 to 2^30. A record takes two for its header
    /// and as many as hold its payload, at most an eighth of all.
    pub capacity: u32,
}

impl BroadcastConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.capacity, 0, 0, 0]
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &BroadcastConfig) -> Result<u64, Error> {
    let capacity = config.capacity;
    if !capacity.is_power_of_two() || capacity < MIN_CAPACITY || capacity > MAX_CAPACITY {
        return Err(Error::BadLayout {
            what: "the capacity of a broadcast is a power of two, 32 to 2^30 granules",
        });
    }
    // 2^30 granules of 8 bytes: far from overflow in 64 bits.
    Ok(DATA as u64 + capacity as u64 * GRANULE as u64)
}

/// Makes the broadcast empty, its role free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let capacity = config_of(section)?.capacity;
    span.clear(0, DATA)?;
    // At most 2^30: the low bits are all of it.
    span.store(INTENT, broadcast::start(capacity) as u32)
}

/// Frees the role. The positions are checked by whoever takes it next; no slice depends on them.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    config_of(section)?;
    // Relaxed: the caller has the memory to itself.
    span.word(TRANSMITTER_LEASE)?.fetch_and(!role::HELD, Ordering::Relaxed);
    Ok(())
}

/// Frees the role if `dead` holds it; how many. What it published stays, what it began is gone.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    config_of(section)?;
    Ok(u32::from(role::revoke(span.word(TRANSMITTER_LEASE)?, dead)))
}

fn config_of(section: &Section) -> Result<BroadcastConfig, Error> {
    let [capacity, ..] = section.params;
    let config = BroadcastConfig { capacity };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        Ok(_) => Err(Error::Corrupt { what: "length of a broadcast" }),
        Err(_) => Err(Error::Corrupt { what: "capacity of a broadcast" }),
    }
}

/// A lossy broadcast. Holding one proves that its capacity was checked against the section.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Broadcast, BroadcastConfig, Error, Layout, Region, SectionId, Sections,
/// };
///
/// const NEWS: SectionId = SectionId(2);
/// let layout =
///     Layout::builder().broadcast(NEWS, "news", BroadcastConfig { capacity: 64 }).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let news = Broadcast::open(&sections, NEWS)?;
///
/// // An eighth of the ring is the most that a record takes, its header included.
/// assert_eq!((news.capacity_len(), news.max_record_len()), (512, 64 - 16));
/// let mut transmitter = news.transmitter()?;
/// let (mut one, mut other) = (news.receiver()?, news.receiver()?);
/// transmitter.send(1, b"hello")?;
/// let mut bytes = [0; 64];
/// let received = one.receive(&mut bytes)?;
/// assert_eq!((received.tag, &bytes[..received.len]), (1, &b"hello"[..]));
/// assert_eq!(one.receive(&mut bytes), Err(Error::Empty));
///
/// // The other one sleeps for too long: 64 granules hold 21 records of three.
/// for tag in 2..=30 {
///     transmitter.send(tag, b"news")?;
/// }
/// let received = other.receive(&mut bytes)?;
/// assert_eq!((received.tag, received.lapped), (30, 29));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Broadcast<'m> {
    span: Span<'m>,
    data: Span<'m>,
    capacity: u32,
}

impl<'m> Broadcast<'m> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let news = Broadcast::open(&sections, SectionId(2))?;
    /// assert_eq!(news.capacity_len(), 64 * 8);
    /// let missing = Broadcast::open(&sections, SectionId(9));
    /// assert_eq!(missing.err(), Some(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_BROADCAST, MAJOR)?;
        let BroadcastConfig { capacity } = config_of(section)?;
        let len = u64::from(capacity) * GRANULE as u64;
        let len =
            usize::try_from(len).map_err(|_| Error::OutOfBounds { offset: DATA as u64, len })?;
        Ok(Self { span, data: span.sub(DATA, len)?, capacity })
    }

    /// Bytes in the ring, headers and padding included.
    #[must_use]
    pub const fn capacity_len(&self) -> usize {
        self.data.len()
    }

    /// Bytes in the payload of the largest record; a buffer of this length is never too small.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity)
    }

    /// Takes the transmitter's role; dropping the transmitter gives it back.
    ///
    /// Acquire: continues from what the last transmitter left; pairs with Release in its drop.
    ///
    /// # Errors
    /// `RoleHeld`; `ReadOnly`; `Corrupt` if the positions or the newest header in memory are
    /// impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// let mut receiver = news.receiver()?;
    /// let mut transmitter = news.transmitter()?;
    /// assert_eq!(news.transmitter().err(), Some(Error::RoleHeld));
    /// transmitter.send(1, b"by one")?;
    /// drop(transmitter);
    /// news.transmitter()?.send(2, b"by another")?;
    /// // Receivers do not notice the change.
    /// let mut bytes = [0; 48];
    /// assert_eq!(receiver.receive(&mut bytes)?.tag, 1);
    /// assert_eq!(receiver.receive(&mut bytes)?.tag, 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn transmitter(&self) -> Result<Transmitter<'m>, Error> {
        let word = self.span.word(TRANSMITTER_LEASE)?;
        let lease = role::claim(word, self.span.party()).ok_or(Error::RoleHeld)?;
        match transmitter::resume(self) {
            Ok((words, state)) => Ok(Transmitter::new(self, words, state, (word, lease))),
            Err(error) => {
                role::release(word, &lease);
                Err(error)
            }
        }
    }

    /// A receiver of what is published from now on. It takes no role and writes nothing.
    ///
    /// Acquire: pairs with Release in [`Transmitter::send`].
    ///
    /// # Errors
    /// `Lapped` if the transmitter overtook each of a bounded number of tries to read the newest
    /// record's header; `Corrupt` if the positions or that header are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// let mut transmitter = news.transmitter()?;
    /// transmitter.send(1, b"too early")?;
    /// let mut receiver = news.receiver()?;
    /// let mut bytes = [0; 48];
    /// assert_eq!(receiver.receive(&mut bytes), Err(Error::Empty));
    /// transmitter.send(2, b"in time")?;
    /// assert_eq!(receiver.receive(&mut bytes)?.tag, 2);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn receiver(&self) -> Result<Receiver<'m>, Error> {
        Receiver::join(self, false)
    }

    /// A receiver of the newest record, if there is one, and of what is published from now on.
    /// Ordering as in [`receiver`](Self::receiver).
    ///
    /// # Errors
    /// As [`receiver`](Self::receiver).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// let mut transmitter = news.transmitter()?;
    /// transmitter.send(1, b"older")?;
    /// transmitter.send(2, b"newest")?;
    /// let mut receiver = news.receiver_from_newest()?;
    /// let mut bytes = [0; 48];
    /// assert_eq!(receiver.receive(&mut bytes)?.tag, 2);
    /// assert_eq!(receiver.receive(&mut bytes), Err(Error::Empty));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn receiver_from_newest(&self) -> Result<Receiver<'m>, Error> {
        Receiver::join(self, true)
    }
}

/// Reads the header of the record at this granule; its length in bytes, and its tag.
///
/// What it says is an allegation, but for the length: that is possible where the record stands.
#[inline]
fn read_header(data: &Span<'_>, capacity: u32, index: u32) -> Result<(Header, usize, u32), Error> {
    let at = index as usize * GRANULE;
    let len = data.load(at + RECORD_LEN)? as usize;
    if len > max_record(capacity) {
        return Err(Error::Corrupt { what: "length of a broadcast record" });
    }
    let count = granules(len);
    if count > capacity - index {
        return Err(Error::Corrupt { what: "a broadcast record beyond the end" });
    }
    let sequence = data.load(at + RECORD_SEQUENCE)?;
    let position = data.load(at + RECORD_POSITION)?;
    Ok((Header { position, sequence, count }, len, data.load(at + RECORD_TAG)?))
}

#[cfg(test)]
mod tests;

//! Those who receive records.
#![forbid(unsafe_code)]

use super::{
    Broadcast, GRANULE, HEADER_LEN, INTENT, LATEST, PADDING, RECORD_LEN, WRAPS, max_record,
    read_header,
};
use crate::error::Error;
use crate::protocol::broadcast::{Candidate, Header, Look, ReceiverState, Words, max_count};
use crate::raw::span::{Peek, Span};

/// Tries of a receiver before it gives up. Each one but the first needs the transmitter to write
/// seven eighths of the ring while one record is copied.
const TRIES: u32 = 8;

/// What [`Receiver::receive`] copied out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// The transmitter's mark.
    pub tag: u32,
    /// Bytes in the record.
    pub len: usize,
    /// Records that were overwritten between the one received before and this one, modulo 2^32.
    pub lapped: u32,
}

/// Receives records by copying them out, unnoticed. Any number of them, each with a place of its
/// own; a clone is another one at the same place.
///
/// ```
/// # use inos_core::*;
/// # let config = BroadcastConfig { capacity: 64 };
/// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let news = Broadcast::open(&sections, SectionId(2))?;
/// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
/// transmitter.send(1, b"once")?;
/// let mut other = receiver.clone();
/// let mut bytes = vec![0; receiver.max_record_len()];
/// assert_eq!(receiver.receive(&mut bytes)?.tag, 1);
/// // The clone has a place of its own.
/// assert_eq!(other.receive(&mut bytes)?.tag, 1);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Receiver<'m> {
    data: Span<'m>,
    capacity: u32,
    intent: Peek<'m>,
    wraps: Peek<'m>,
    latest: Peek<'m>,
    state: ReceiverState,
}

/// A record as it was copied, not yet known to be whole.
struct Copied {
    candidate: Candidate,
    header: Header,
    len: usize,
    tag: u32,
}

impl<'m> Receiver<'m> {
    pub(super) fn join(broadcast: &Broadcast<'m>, at_newest: bool) -> Result<Self, Error> {
        let Broadcast { span, data, capacity } = *broadcast;
        let mut receiver = Self {
            data,
            capacity,
            intent: span.peek(INTENT)?,
            wraps: span.peek(WRAPS)?,
            latest: span.peek(LATEST)?,
            state: ReceiverState::new(capacity),
        };
        for _ in 0..TRIES {
            let words = words(&receiver.intent, &receiver.wraps, &receiver.latest);
            let candidate = match receiver.state.join(&words) {
                Look::Empty => return Ok(receiver),
                Look::Overtaken => continue,
                Look::Record(candidate) => candidate,
            };
            let found = read_header(&data, capacity, candidate.index(capacity));
            if receiver.state.is_whole(&words, candidate) {
                let (header, ..) = found?;
                if at_newest {
                    receiver.state.joined_at(candidate, header)?;
                } else {
                    receiver.state.joined(candidate, header)?;
                }
                return Ok(receiver);
            }
        }
        Err(Error::Lapped { tries: TRIES })
    }

    /// Bytes in the payload of the largest record; a buffer of this length is never too small.
    #[must_use]
    pub const fn max_record_len(&self) -> usize {
        max_record(self.capacity)
    }

    /// Copies the next record to the front of `out`; if that was overwritten, the newest one,
    /// and says how many were lost. Never a torn record, and never an older one than before.
    /// After an error `out` may hold parts of records.
    ///
    /// Acquire: the record is whole; pairs with Release in
    /// [`Transmitter::send`](super::Transmitter::send).
    ///
    /// # Errors
    /// `Empty`; `TooLarge` if the record is longer than `out`, and it stays the next then, for as
    /// long as it is there; `Lapped` if the transmitter overtook each of a bounded number of
    /// tries; `Corrupt` if positions or a header in memory are impossible, and they will be
    /// again: only joining anew can help.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = BroadcastConfig { capacity: 64 };
    /// # let layout = Layout::builder().broadcast(SectionId(2), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let news = Broadcast::open(&sections, SectionId(2))?;
    /// # let (mut transmitter, mut receiver) = (news.transmitter()?, news.receiver()?);
    /// transmitter.send(1, b"five!")?;
    /// let (mut small, mut bytes) = ([0; 4], [0; 48]);
    /// assert_eq!(receiver.receive(&mut small), Err(Error::TooLarge { len: 5, max: 4 }));
    /// assert_eq!(receiver.receive(&mut bytes)?, Received { tag: 1, len: 5, lapped: 0 });
    ///
    /// // 100 records are more than the ring holds: the newest one is left.
    /// for tag in 2..102 {
    ///     transmitter.send(tag, b"five!")?;
    /// }
    /// assert_eq!(receiver.receive(&mut bytes)?, Received { tag: 101, len: 5, lapped: 99 });
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn receive(&mut self, out: &mut [u8]) -> Result<Received, Error> {
        let words = words(&self.intent, &self.wraps, &self.latest);
        for _ in 0..TRIES {
            let candidate = match self.state.look(&words) {
                Look::Empty => return Err(Error::Empty),
                Look::Overtaken => continue,
                Look::Record(candidate) => candidate,
            };
            let copied = copy(&self.data, self.capacity, candidate, out);
            // Neither what was copied nor what was wrong with it counts before this.
            if self.state.is_whole(&words, candidate) {
                let Copied { candidate, header, len, tag } = copied?;
                let lapped = self.state.pass(candidate, header)?;
                return Ok(Received { tag, len, lapped });
            }
        }
        Err(Error::Lapped { tries: TRIES })
    }
}

#[inline]
const fn words<'a, 'm>(
    intent: &'a Peek<'m>,
    wraps: &'a Peek<'m>,
    latest: &'a Peek<'m>,
) -> Words<'a, Peek<'m>> {
    Words { intent, wraps, latest }
}

/// Copies a record out. It may change meanwhile: the result is then some mix.
#[inline]
fn copy(
    data: &Span<'_>,
    capacity: u32,
    mut candidate: Candidate,
    out: &mut [u8],
) -> Result<Copied, Error> {
    let mut index = candidate.index(capacity);
    if data.load(index as usize * GRANULE + RECORD_LEN)? == PADDING {
        // Less than the record behind it, which begins at the ring's first granule.
        if !candidate.may_be_padding() || capacity - index >= max_count(capacity) {
            return Err(Error::Corrupt { what: "padding in a broadcast" });
        }
        candidate = candidate.behind_padding(capacity);
        index = candidate.index(capacity);
    }
    let (header, len, tag) = read_header(data, capacity, index)?;
    let max = out.len();
    let out = out.get_mut(..len).ok_or(Error::TooLarge { len, max })?;
    data.read(index as usize * GRANULE + HEADER_LEN, out)?;
    Ok(Copied { candidate, header, len, tag })
}

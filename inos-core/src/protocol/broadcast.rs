//! Lossy broadcast: one transmitter that never waits, receivers that notice what they missed.
//!
//! Positions count granules from [`START`](start) on and never come back: 63 bits, of which two
//! words in memory hold the low 32 and the upper 32, so they share one bit.
//!
//! ```text
//! intent   position: bits 0 to 31      up to here the transmitter may be writing
//! wraps    position: bits 31 to 62     of the same position
//! latest   position: bits 0 to 31      where the newest whole record stands; 0 before the first
//! ```
//!
//! A record is published when the transmitter stores `latest`. Before it writes a byte, it has
//! stored the end of what it will write as `intent`; so what stood one capacity before that is
//! gone. A receiver copies first and looks at `intent` afterwards: what had not been given up by
//! then is whole.
//!
//! `wraps` is stored before the `intent` that it belongs to. The bit that both hold tells whether
//! a receiver looked in between.
//!
//! A record takes at most an eighth of the ring, a quarter with the padding before it. So the
//! newest record and the one being written never touch one another, and a transmitter can go on
//! behind the newest record whatever its predecessor left unfinished there.
//!
//! After 2^63 granules, or 64 exbibytes, a position would come back; nobody gets there. So it
//! does not matter how long a receiver sleeps, and at which step: it finds that it was overtaken.
//! A record's number wraps after 2^32 of them, and the count of lost records with it.

use super::fault::{fence, ordering};
use super::{ReadWord, Word};
use crate::defs::broadcast::WRAPS_SHIFT;
pub use crate::defs::broadcast::{MAX_CAPACITY, SHARE};
use crate::error::Error;
use crate::sync::Ordering;

/// Where the first record stands: one capacity from zero, so that no position is below it.
#[must_use]
pub const fn start(capacity: u32) -> u64 {
    capacity as u64
}

/// Granules in the largest record.
#[must_use]
pub const fn max_count(capacity: u32) -> u32 {
    capacity / SHARE
}

/// The words of one broadcast.
#[derive(Debug)]
pub struct Words<'a, W> {
    /// Low bits of where the transmitter may be writing.
    pub intent: &'a W,
    /// Upper bits of the same position.
    pub wraps: &'a W,
    /// Low bits of where the newest record stands.
    pub latest: &'a W,
}

impl<W: ReadWord> Words<'_, W> {
    /// Up to where the transmitter may be writing: this, or already more.
    #[inline]
    fn intent(&self) -> u64 {
        // Acquire because `wraps`, and the newest record before this position, are read next;
        // pairs with Release in `TransmitterState::begin`.
        let low = self.intent.load(ordering("broadcast: read intent", Ordering::Acquire));
        // At least as new as `intent`, by the Acquire above. If it is newer by two wraps or more,
        // the position is too large; but Acquire, paired with Release in
        // `TransmitterState::begin`, makes sure that by then the newest record is nearly as
        // far, so nobody takes it for an older one. No model goes as far as 2^32 granules.
        let wraps = self.wraps.load(ordering("broadcast: read wraps", Ordering::Acquire));
        // The shared bit differs: `wraps` is already that of the next position.
        let ahead = (wraps ^ (low >> WRAPS_SHIFT)) & 1;
        (u64::from(wraps.wrapping_sub(ahead)) << WRAPS_SHIFT) | u64::from(low & LOW)
    }

    /// Where the newest record stands, if there is one; `intent` was looked at before.
    #[inline]
    fn latest(&self, intent: u64) -> Option<u64> {
        // Acquire because the record is read next; pairs with Release in
        // `TransmitterState::publish`.
        let low = self.latest.load(ordering("broadcast: read latest", Ordering::Acquire));
        // The position nearest to `intent` with these low bits. `latest` was loaded after it, so
        // it is at most half a capacity below; it is at most a capacity above, or the check
        // after the copy says so.
        let ahead = low.wrapping_sub(intent as u32) as i32;
        Some(intent.wrapping_add_signed(i64::from(ahead))).filter(|&latest| latest != 0)
    }
}

/// Bits of `intent` that `wraps` does not hold.
const LOW: u32 = (1 << WRAPS_SHIFT) - 1;

/// Space that the transmitter may write. Made by [`TransmitterState::begin`] only.
#[derive(Debug)]
#[must_use = "a claim that is not published has no effect"]
pub struct Claim {
    position: u64,
    count: u32,
    index: u32,
    pad: u32,
    sequence: u32,
}

impl Claim {
    /// Index of the first granule, below the capacity.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Granules, contiguous.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Granules skipped at the end of the ring, the last ones, if any.
    #[must_use]
    pub const fn padding(&self) -> u32 {
        self.pad
    }

    /// Low bits of where the record stands.
    #[must_use]
    pub const fn position(&self) -> u32 {
        self.position as u32
    }

    /// The record's number, which wraps.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }
}

/// A record as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Low bits of where it stands.
    pub position: u32,
    /// Its number, which wraps.
    pub sequence: u32,
    /// Granules that it takes.
    pub count: u32,
}

impl Header {
    fn check(self, position: u64, capacity: u32) -> Result<Self, Error> {
        let to_end = capacity - index(position, capacity);
        let longest = max_count(capacity).min(to_end);
        if self.position != position as u32 || self.count == 0 || self.count > longest {
            return Err(Error::Corrupt { what: "header of a broadcast record" });
        }
        Ok(self)
    }
}

/// The granule at this position.
#[inline]
const fn index(position: u64, capacity: u32) -> u32 {
    position as u32 & (capacity - 1)
}

/// The transmitter's end. It is kept here, so the words in memory are never believed again.
#[derive(Debug)]
pub struct TransmitterState {
    /// Where the next record begins.
    tail: u64,
    /// What was stored as such; what a dead transmitter did not finish may reach beyond.
    intent: u64,
    sequence: u32,
    capacity: u32,
}

impl TransmitterState {
    /// Continues behind the newest record, whose header `read` reads at an index. The caller
    /// holds the transmitter role.
    ///
    /// What a former transmitter began and did not publish is overwritten.
    ///
    /// # Errors
    /// `Corrupt` if words or header are impossible.
    pub fn resume<W: ReadWord>(
        words: &Words<'_, W>,
        capacity: u32,
        read: impl FnOnce(u32) -> Result<Header, Error>,
    ) -> Result<Self, Error> {
        // Nobody writes these words now: they are what the last holder of the role left.
        let intent = words.intent();
        let (tail, sequence) = match words.latest(intent) {
            None => (start(capacity), 0),
            Some(latest) if latest < start(capacity) || latest > intent => {
                return Err(Error::Corrupt { what: "positions of a broadcast" });
            }
            Some(latest) => {
                let header = read(index(latest, capacity))?.check(latest, capacity)?;
                (latest + u64::from(header.count), header.sequence.wrapping_add(1))
            }
        };
        // At most one unfinished record with its padding.
        match intent.checked_sub(tail) {
            Some(ahead) if ahead <= u64::from(capacity / 2) => {}
            _ => return Err(Error::Corrupt { what: "positions of a broadcast" }),
        }
        Ok(Self { tail, intent, sequence, capacity })
    }

    /// Gives up the oldest `count` granules, and as many more as are skipped at the end of the
    /// ring, to write a record there. Never waits. A claim that is dropped has only done that.
    ///
    /// # Errors
    /// `TooLarge`, in granules, over [`max_count`].
    #[inline]
    pub fn begin<W: Word>(&mut self, words: &Words<'_, W>, count: u32) -> Result<Claim, Error> {
        let max = max_count(self.capacity);
        if count > max || count == 0 {
            return Err(Error::TooLarge { len: count as usize, max: max as usize });
        }
        let at = index(self.tail, self.capacity);
        let to_end = self.capacity - at;
        let pad = if count > to_end { to_end } else { 0 };
        let position = self.tail.wrapping_add(u64::from(pad));
        let end = position.wrapping_add(u64::from(count));
        // Never backwards: what a dead transmitter overwrote stays given up.
        let before = self.intent;
        self.intent = before.max(end);
        if (self.intent >> WRAPS_SHIFT) != (before >> WRAPS_SHIFT) {
            // Release: pairs with Acquire in `Words::intent`, as said there.
            let order = ordering("broadcast: wraps", Ordering::Release);
            words.wraps.store((self.intent >> WRAPS_SHIFT) as u32, order);
        }
        // Release because `intent` vouches for `wraps` and for the newest record; pairs with
        // Acquire in `Words::intent`.
        let order = ordering("broadcast: intent", Ordering::Release);
        words.intent.store(self.intent as u32, order);
        // Release fence: whoever copied a byte that is written from here on sees this intent;
        // pairs with the Acquire fence in `ReceiverState::is_whole`.
        fence::<W>("broadcast: begin", Ordering::Release);
        let index = index(position, self.capacity);
        Ok(Claim { position, count, index, pad, sequence: self.sequence })
    }

    /// Publishes the record: from here on it is the newest.
    #[inline]
    pub fn publish<W: Word>(&mut self, words: &Words<'_, W>, claim: Claim) {
        self.tail = claim.position.wrapping_add(u64::from(claim.count));
        self.sequence = claim.sequence.wrapping_add(1);
        // Release because `latest` announces the record; pairs with Acquire in `Words::latest`.
        let order = ordering("broadcast: publish", Ordering::Release);
        words.latest.store(claim.position as u32, order);
    }
}

/// A record that may be whole: to be copied first and believed afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The first granule that was read: of the padding before it, if there is any.
    oldest: u64,
    position: u64,
    /// The newest record, instead of the next one.
    jumped: bool,
}

impl Candidate {
    const fn new(position: u64, jumped: bool) -> Self {
        Self { oldest: position, position, jumped }
    }

    /// The same record behind the padding that was found in its place.
    #[must_use]
    pub const fn behind_padding(self, capacity: u32) -> Self {
        let rest = capacity - index(self.position, capacity);
        Self { position: self.position.wrapping_add(rest as u64), ..self }
    }

    /// Index of its first granule, below the capacity.
    #[must_use]
    pub const fn index(&self, capacity: u32) -> u32 {
        index(self.position, capacity)
    }

    /// Whether padding may be found here: before the next record, but never as the newest.
    #[must_use]
    pub const fn may_be_padding(&self) -> bool {
        !self.jumped
    }
}

/// What a receiver finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing new.
    Empty,
    /// A record to copy.
    Record(Candidate),
    /// The transmitter was faster than the look.
    Overtaken,
}

/// A receiver's place. It is nobody's business but its own.
#[derive(Clone, Debug)]
pub struct ReceiverState {
    /// Where the newest record stands that was received, or skipped when joining; 0 for none.
    last: u64,
    /// Where the next one will stand, or the padding before it.
    next: u64,
    /// The number of the next one.
    sequence: u32,
    /// What `intent` was at the last look for the newest record.
    intent: u64,
    capacity: u32,
}

impl ReceiverState {
    /// A receiver that has yet to [`join`](Self::join): it would begin with the first record.
    #[must_use]
    pub const fn new(capacity: u32) -> Self {
        let next = start(capacity);
        Self { last: 0, next, sequence: 0, intent: next, capacity }
    }

    /// Looks for the newest record, to join behind it: once its header was read, call
    /// [`joined`](Self::joined). `Empty` if there is none yet: then the state is right already.
    #[inline]
    pub fn join<W: ReadWord>(&mut self, words: &Words<'_, W>) -> Look {
        self.intent = words.intent();
        match words.latest(self.intent) {
            None if self.is_whole(words, Candidate::new(self.next, false)) => Look::Empty,
            Some(position) if position >= start(self.capacity) => {
                Look::Record(Candidate::new(position, true))
            }
            _ => Look::Overtaken,
        }
    }

    /// Begins behind this record, which [`is_whole`](Self::is_whole).
    ///
    /// # Errors
    /// `Corrupt` if the header is impossible.
    pub fn joined(&mut self, candidate: Candidate, header: Header) -> Result<(), Error> {
        let header = header.check(candidate.position, self.capacity)?;
        self.accept(candidate, header);
        Ok(())
    }

    /// Begins with this record, which [`is_whole`](Self::is_whole).
    ///
    /// # Errors
    /// `Corrupt` if the header is impossible.
    pub fn joined_at(&mut self, candidate: Candidate, header: Header) -> Result<(), Error> {
        let header = header.check(candidate.position, self.capacity)?;
        self.next = candidate.position;
        // Any other position: this one is still to come.
        self.last = self.next.wrapping_sub(1);
        self.sequence = header.sequence;
        Ok(())
    }

    /// Looks for a record: the next one, or the newest if the next is gone.
    #[inline]
    pub fn look<W: ReadWord>(&mut self, words: &Words<'_, W>) -> Look {
        // Acquire because the record is read next; pairs with Release in
        // `TransmitterState::publish`.
        let low = words.latest.load(ordering("broadcast: look", Ordering::Acquire));
        // Before `intent`: then the newest record that is found belongs to at least that one.
        let intent = words.intent();
        if intent.wrapping_sub(self.next) <= u64::from(self.capacity) {
            // At most a capacity has been written since, so the low bits say it all.
            if low == self.last as u32 {
                return Look::Empty;
            }
            return Look::Record(Candidate::new(self.next, false));
        }
        self.intent = intent;
        match words.latest(intent) {
            // Never backwards.
            Some(position) if position >= self.next => Look::Record(Candidate::new(position, true)),
            _ => Look::Overtaken,
        }
    }

    /// Whether the record was whole when it was copied: to be asked afterwards.
    #[inline]
    pub fn is_whole<W: ReadWord>(&self, words: &Words<'_, W>, candidate: Candidate) -> bool {
        // Acquire fence: if any copied byte was of a later record, the intent stored before it
        // is visible to the loads below; pairs with the fence in `TransmitterState::begin`.
        fence::<W>("broadcast: validate", Ordering::Acquire);
        let intent = words.intent();
        let capacity = u64::from(self.capacity);
        intent.wrapping_sub(candidate.oldest) <= capacity
            && (!candidate.jumped || intent.wrapping_sub(self.intent) <= capacity)
    }

    /// Moves past a record that [`is_whole`](Self::is_whole); how many were lost before it,
    /// modulo 2^32.
    ///
    /// # Errors
    /// `Corrupt` if the header is impossible; nothing is passed then.
    #[inline]
    pub fn pass(&mut self, candidate: Candidate, header: Header) -> Result<u32, Error> {
        let header = header.check(candidate.position, self.capacity)?;
        let lost = header.sequence.wrapping_sub(self.sequence);
        if !candidate.jumped && lost != 0 {
            return Err(Error::Corrupt { what: "number of a broadcast record" });
        }
        self.accept(candidate, header);
        Ok(lost)
    }

    #[inline]
    fn accept(&mut self, candidate: Candidate, header: Header) {
        self.last = candidate.position;
        self.next = candidate.position.wrapping_add(u64::from(header.count));
        self.sequence = header.sequence.wrapping_add(1);
    }
}

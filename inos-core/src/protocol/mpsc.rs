//! Many producers, one consumer: tickets whose control words stand beside the payload.
//!
//! ```text
//! tail         ticket: 31           a hint: the first ticket that may be free
//! head ticket  ticket: 31           the oldest ticket that was not recycled
//! head         position: 31         where its space begins: all before is the producers'
//! read         position: 31         how far the consumer has read
//! per ticket, N of them, a power of two; ticket t is entry t % N in lap t / N
//!   extent     { CLAIMED: 1, lap, or the position of the end: 31 }
//!   state      { OPEN | COMMITTED | ABANDONED | RELEASED: 2, lap, or granules used: 30 }
//! per seat
//!   intent     { ANNOUNCED: 1, ticket: 31 }    beside the lease of the seat
//! ```
//!
//! - **A claim** is one compare-and-swap of a ticket's extent, from empty in this lap to the
//!   position of its end. Its space begins where the space of the ticket before it ends, or at
//!   the ring's start if it would be split otherwise, so order and place of all records are
//!   known at that instant, to everybody, whatever becomes of the producer. The ticket before
//!   the oldest one is kept claimed, as the anchor of all that follow: N - 1 can be in use.
//! - **A record is published** when its producer changes the state from OPEN to COMMITTED; given
//!   up when it changes it from OPEN to RELEASED.
//! - **Suspicion**: the consumer changes OPEN to ABANDONED and goes on with the next ticket. What
//!   the suspect commits later is refused, and its space is not used again before the suspect
//!   itself, or whoever proved its death, changes ABANDONED to RELEASED.
//! - **A producer announces** a ticket in its seat before it looks at it. A claimed ticket that no
//!   held seat announces, looked at after its extent, is an orphan, and the consumer changes it to
//!   RELEASED. So all that is taken from a dead producer is its lease. Not a byte of payload is
//!   believed in any of this. Two seats may announce one ticket, of which one has claimed it and
//!   the other is about to move on; so long the ticket is no orphan, and a seat is not taken
//!   while a ticket that it announces is unresolved.
//! - **Recycling** is the consumer's: in the order of tickets, once they were passed by and are
//!   not OPEN or ABANDONED. First their states, then the head ticket, then the head, then the
//!   extents; so that whoever follows a dead consumer can tell, from the positions in the
//!   extents alone, which were left to do.
//!
//! Tickets return after 2^31 claims. A producer that stopped between its look at an extent and
//! its exchange for all that time would take a ticket of the past for one of today; so nothing is
//! recycled past a multiple of 2^28 while a held seat announces a ticket more than 2^28 behind.
//! The announcement is made before the look, and whatever it names falls that far behind in less
//! than a whole wrap; a processor may delay it only for as long as its store buffer holds it, and
//! in that time no 2^28 tickets pass.

use super::fault::{is_planted, ordering};
use super::role;
use super::{ReadWord, Word};
pub use crate::defs::mpsc::{
    ABANDONED, ANNOUNCED, CLAIMED, COMMITTED, MAX_CAPACITY, OPEN, RELEASED, STATE_SHIFT,
};
use crate::defs::mpsc::{BEYOND_REPAIR, LONG_AGO, POSITION_MASK as MASK};
use crate::error::Error;
use crate::sync::Ordering;

mod consumer;
mod producer;

pub use super::ring::distance;
pub use consumer::{Available, ConsumerCursor};
pub use producer::{Claim, ProducerCursor};

const KIND: u32 = 3 << STATE_SHIFT;
const VALUE: u32 = !KIND;
const IMPOSSIBLE: Error = Error::Corrupt { what: "tickets of a shared ring" };

/// Where the words of one ring are.
pub trait Words {
    /// What a word is.
    type Word: Word;
    /// The hint at the first free ticket.
    fn tail(&self) -> &Self::Word;
    /// The oldest ticket that was not recycled.
    fn head_ticket(&self) -> &Self::Word;
    /// Where its space begins.
    fn head(&self) -> &Self::Word;
    /// How far the consumer has read.
    fn read(&self) -> &Self::Word;
    /// The extent of entry `index`; `None` from the ticket count on.
    fn extent(&self, index: u32) -> Option<&Self::Word>;
    /// The state of entry `index`; `None` from the ticket count on.
    fn state(&self, index: u32) -> Option<&Self::Word>;
    /// The lease of seat `index`; `None` from the seat count on.
    fn lease(&self, index: u32) -> Option<&Self::Word>;
    /// The intent of seat `index`; `None` from the seat count on.
    fn intent(&self, index: u32) -> Option<&Self::Word>;
    /// Granules in the ring: a power of two up to 2^30.
    fn capacity(&self) -> u32;
    /// How many entries there are: a power of two from 2 on.
    fn ticket_count(&self) -> u32;
    /// How many seats there are.
    fn seat_count(&self) -> u32;
}

#[inline]
const fn moved(from: u32, by: u32) -> u32 {
    from.wrapping_add(by) & MASK
}

/// Granules in the largest claim: what an empty ring can take wherever it stands.
#[inline]
const fn max_count(capacity: u32) -> u32 {
    if capacity < 2 { 1 } else { capacity / 2 }
}

/// The lap of a ticket, of at most 30 bits.
#[inline]
fn lap<M: Words>(words: &M, ticket: u32) -> u32 {
    ticket.wrapping_shr(words.ticket_count().trailing_zeros()) & VALUE
}

#[inline]
fn extent<M: Words>(words: &M, ticket: u32) -> Result<&M::Word, Error> {
    let index = ticket & words.ticket_count().wrapping_sub(1);
    words.extent(index).ok_or(Error::NoSuchIndex { index, count: words.ticket_count() })
}

#[inline]
fn state<M: Words>(words: &M, ticket: u32) -> Result<&M::Word, Error> {
    let index = ticket & words.ticket_count().wrapping_sub(1);
    words.state(index).ok_or(Error::NoSuchIndex { index, count: words.ticket_count() })
}

/// The end in an extent, if it is claimed.
#[inline]
const fn end_of(extent: u32) -> Option<u32> {
    if extent & CLAIMED == 0 { None } else { Some(extent & MASK) }
}

/// Where a claimed ticket's space lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Position of the first granule.
    start: u32,
    /// How many.
    count: u32,
    /// Position after the last.
    end: u32,
}

impl Place {
    /// The next `count` granules after position `before` that are not split by the ring's end.
    #[inline]
    const fn after(before: u32, count: u32, capacity: u32) -> Self {
        let to_end = capacity - (before & (capacity - 1));
        let start = if count > to_end { moved(before, to_end) } else { before };
        Self { start, count, end: moved(start, count) }
    }

    /// What was claimed from `before` to `end`; `None` if no claim comes to that.
    #[inline]
    const fn between(before: u32, end: u32, capacity: u32) -> Option<Self> {
        let total = distance(before, end);
        let to_end = capacity - (before & (capacity - 1));
        let pad = if total > to_end { to_end } else { 0 };
        let count = total - pad;
        // Whatever goes to the ring's start would not have fitted before its end.
        if count == 0 || count > max_count(capacity) || (pad != 0 && count <= pad) {
            return None;
        }
        Some(Self { start: moved(before, pad), count, end })
    }
}

/// Whether the ticket is claimed and neither committed nor released.
fn is_unresolved<M: Words>(words: &M, ticket: u32) -> Result<bool, Error> {
    // Acquire: whoever claimed it has announced it before, and the seats are looked at next;
    // pairs with Release in `ProducerCursor::claim`.
    let order = ordering("mpsc: extent before intents", Ordering::Acquire);
    if end_of(extent(words, ticket)?.load(order)).is_none() {
        return Ok(false);
    }
    let state = state(words, ticket)?.load(Ordering::Relaxed);
    let lap = lap(words, ticket);
    Ok(state == OPEN | lap || state == ABANDONED | lap)
}

/// The first held seat that announces the ticket.
fn announcer<M: Words>(words: &M, ticket: u32) -> Option<u32> {
    (0..words.seat_count()).find(|&seat| {
        let (Some(lease), Some(intent)) = (words.lease(seat), words.intent(seat)) else {
            return false;
        };
        // Acquire: a seat that does not announce the ticket any more has resolved it before, and
        // the exchange of its state in `adopt` must come after that; pairs with Release in
        // `ProducerCursor::withdraw` and `announce`. No model sees it. If the exchange of the
        // holder came first it is found, since an exchange works on the newest value. So the
        // one in `adopt` would have to come first, and yet its holder find it before it stores
        // the intent that is loaded here before that: a load of what is stored later, which
        // loom does not do.
        let order = ordering("mpsc: look at an intent", Ordering::Acquire);
        if intent.load(order) != ANNOUNCED | ticket {
            return false;
        }
        // Acquire: a seat that was taken from the dead is free with all that they wrote visible,
        // before the space is used again; pairs with Release in `role::revoke` and
        // `role::release`.
        let order = ordering("mpsc: look at a lease", Ordering::Acquire);
        role::holder_of(lease.load(order)).is_some()
    })
}

/// The ticket that a seat announces.
fn announced<M: Words>(words: &M, seat: u32) -> Result<Option<u32>, Error> {
    let count = words.seat_count();
    let intent = words.intent(seat).ok_or(Error::NoSuchIndex { index: seat, count })?;
    // Relaxed: only a ticket is taken from it, and each of its words is looked at anew.
    let intent = intent.load(Ordering::Relaxed);
    Ok((intent & ANNOUNCED != 0).then_some(intent & MASK))
}

/// Whether a held seat announces a ticket that is far behind `ticket`.
fn is_haunted<M: Words>(words: &M, ticket: u32) -> bool {
    (0..words.seat_count()).any(|seat| {
        let held = words.lease(seat).is_some_and(role::is_held);
        match announced(words, seat) {
            Ok(Some(old)) => held && (LONG_AGO + 1..=1 << 30).contains(&distance(old, ticket)),
            _ => false,
        }
    })
}

/// Makes a ring of zeroed words an empty one.
///
/// # Errors
/// `NoSuchIndex` if there are no words.
pub fn format<M: Words>(words: &M) -> Result<(), Error> {
    // The anchor, from the lap before the first: space begins at position 0.
    let anchor = moved(0, MASK);
    // Relaxed: published with the whole region.
    extent(words, anchor)?.store(CLAIMED, Ordering::Relaxed);
    state(words, anchor)?.store(RELEASED | lap(words, anchor), Ordering::Relaxed);
    Ok(())
}

/// Mends a ring that nobody else can reach: no seat announces anything, every ticket is committed
/// or released, and all that is not in use is ready for use. What was published stays. If no
/// protocol leads to the words that are found, nobody will ever sit down at this ring.
///
/// After this every claim is disjoint from every other and from all that is to be read. The
/// caller frees the leases first.
///
/// # Errors
/// `NoSuchIndex` if there are no words.
pub fn rebuild<M: Words>(words: &M) -> Result<(), Error> {
    match mend(words) {
        Err(Error::Corrupt { .. }) => {
            words.head_ticket().store(BEYOND_REPAIR, Ordering::Relaxed);
            Ok(())
        }
        other => other,
    }
}

fn mend<M: Words>(words: &M) -> Result<(), Error> {
    // All Relaxed: the caller has the memory to itself.
    let relaxed = Ordering::Relaxed;
    for seat in 0..words.seat_count() {
        if let Some(intent) = words.intent(seat) {
            intent.store(0, relaxed);
        }
    }
    // Checks the head, that no claim ends further from it than the capacity, and the extents up
    // to what was read; and does what a consumer left undone.
    let cursor = ConsumerCursor::resume(words)?;
    let (oldest, head) = cursor.oldest();
    let last = moved(oldest, words.ticket_count().wrapping_sub(1));
    let (mut ticket, mut before, mut unread) = (oldest, head, false);
    while ticket != last {
        let Some(end) = end_of(extent(words, ticket)?.load(relaxed)) else { break };
        if Place::between(before, end, words.capacity()).is_none() {
            return Err(IMPOSSIBLE);
        }
        unread |= ticket == cursor.ticket();
        let (word, lap) = (state(words, ticket)?, lap(words, ticket));
        let recycled = OPEN | self::lap(words, moved(ticket, words.ticket_count()));
        let found = word.load(relaxed);
        // How much of a committed one is used is for the consumer to check.
        if found & KIND != COMMITTED {
            if found & VALUE != lap && (unread || found != recycled) {
                return Err(IMPOSSIBLE);
            }
            word.store(RELEASED | lap, relaxed);
        }
        (ticket, before) = (moved(ticket, 1), end);
    }
    // All that was read is claimed: `resume` has walked along it.
    words.tail().store(ticket, relaxed);
    while ticket != last {
        let lap = lap(words, ticket);
        if extent(words, ticket)?.load(relaxed) != lap {
            return Err(IMPOSSIBLE);
        }
        state(words, ticket)?.store(OPEN | lap, relaxed);
        ticket = moved(ticket, 1);
    }
    Ok(())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Both sides derive the same place, and there is one end for each length.
    #[test]
    fn a_place_is_known_by_its_end() {
        for capacity in [2, 4, 16] {
            for before in (MASK - 2 * capacity..=MASK).chain(0..2 * capacity) {
                for count in 1..=capacity / 2 {
                    let place = Place::after(before, count, capacity);
                    assert_eq!(Place::between(before, place.end, capacity), Some(place));
                    let first = place.start & (capacity - 1);
                    assert!(first + count <= capacity, "split");
                }
                let ends = (0..=MASK.min(4 * capacity)).map(|total| moved(before, total));
                let valid = ends.filter(|&end| Place::between(before, end, capacity).is_some());
                assert_eq!(valid.count() as u32, capacity / 2);
                for far in [1 << 29, 1 << 30, MASK] {
                    assert_eq!(Place::between(before, moved(before, far), capacity), None);
                }
            }
        }
    }
}

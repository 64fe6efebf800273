//! A lane: calls one way, answers the other way, and a table of the calls in between.
//!
//! Four free-running positions of 31 bits, as in [`ring`](super::ring), each stored by one side:
//!
//! ```text
//!   taken  <=  answered  <=  accepted  <=  submitted
//!   client     service       service       client
//!      |  unread  | in flight  |  waiting   |
//! ```
//!
//! `submitted - accepted` and `accepted - taken` are at most the number of entries. So a call is
//! accepted only while there is room for its answer, and answering never waits.
//!
//! Answers come in any order, so what is in flight is not a range: the table has a slot for each
//! call that is. Its mark says how far the call has come:
//!
//! ```text
//!  31                                          3   2     0
//! +---------------------------------------------+--------+
//! | the low 29 bits of a position               | state  |
//! +---------------------------------------------+--------+
//!
//! FREE -> ACCEPTING(p) -> [accepted := p + 1] -> HELD(p)
//!      -> ANSWERING(q) -> [answered := q + 1] -> FREE
//! ```
//!
//! A call is accepted when `accepted` moves, and answered when `answered` moves: the store in
//! brackets decides, the marks around it record which call it is about. Whatever store a service
//! dies before or after, [`recover`] can tell from each mark alone on which side of the store its
//! call is: the position in the mark is the newest, or its call is past that step. What was
//! accepted and not answered is ORPHAN then, and is answered by the next service. So each call
//! that was submitted is answered once.
//!
//! The positions in marks have 29 bits: they are compared with the newest position only, at a
//! distance of 0 or 1. A [`Held`] that outlived its call is refused because its slot has another
//! mark. It takes 2^29 calls of one lane, and then a call of the same id in the same slot, to
//! mistake one for the other.
//!
//! The client's role is a lease. Its low bits outlast the holder: a lease that is not held and
//! still names a party is that of a dead one ([`bury`]), and what it submitted without being
//! accepted is void. [`clear_up`] drops that, with the lease in the service's hand meanwhile.

mod client;

pub use client::{Claimed, ClientCursor, Run, bury, claim, has_client, is_buried};

use super::fault::ordering;
use super::ring::distance;
use super::{ReadWord, Word, role};
pub use crate::defs::lanes::{ACCEPTING, ANSWERING, FREE, HELD, ORPHAN, STATE};
use crate::defs::lanes::{MARK_POSITION_SHIFT as STATE_BITS, POSITION_MASK as POSITION};
use crate::error::Error;
use crate::sync::Ordering;

const BAD_POSITIONS: Error = Error::Corrupt { what: "positions of a lane" };

const fn mark(position: u32, state: u32) -> u32 {
    position << STATE_BITS | state
}

/// Whether `position` is the one after that in `mark`.
const fn has_passed(position: u32, mark: u32) -> bool {
    (position.wrapping_sub(1) << STATE_BITS) == mark & !STATE
}

const fn after(position: u32, count: u32) -> u32 {
    position.wrapping_add(count) & POSITION
}

/// Entries between two positions, if there can be as many.
fn between(from: u32, to: u32, entries: u32) -> Result<u32, Error> {
    let distance = distance(from, to);
    if (from | to) > POSITION || distance > entries {
        return Err(BAD_POSITIONS);
    }
    Ok(distance)
}

/// The words of a lane, wherever they live.
pub trait LaneWords {
    /// A control word.
    type Word: Word;
    /// Entries of either ring, and slots of the table: a power of two.
    fn entries(&self) -> u32;
    /// The lease of the client's role.
    fn lease(&self) -> &Self::Word;
    /// Calls submitted; the client's.
    fn submitted(&self) -> &Self::Word;
    /// Calls accepted; the service's.
    fn accepted(&self) -> &Self::Word;
    /// Calls answered; the service's.
    fn answered(&self) -> &Self::Word;
    /// Answers taken; the client's.
    fn taken(&self) -> &Self::Word;
    /// The mark and the call id in a slot of the table; the service's. `None` if there is no
    /// such slot.
    fn slot(&self, index: u32) -> Option<(&Self::Word, &Self::Word)>;
}

/// What the service does for a lane without a client: it takes the client's role for a moment,
/// drops the answers that nobody will read, and if the client died, the calls that were not
/// accepted. Does nothing if there is a client.
///
/// # Errors
/// `Corrupt` if the positions in memory are impossible; they are left as they are.
pub fn clear_up<L: LaneWords>(lane: &L, party: u16) -> Result<(), Error> {
    // Relaxed: the exchange acquires what the last client left.
    let seen = lane.lease().load(Ordering::Relaxed);
    if has_client(seen) {
        return Ok(());
    }
    let Some(lease) = role::claim_from(lane.lease(), seen, party) else { return Ok(()) };
    // Relaxed, all of them: two are our own, and nobody else stores the others now. The release
    // of the lease publishes what is stored.
    let submitted = lane.submitted().load(Ordering::Relaxed);
    let accepted = lane.accepted().load(Ordering::Relaxed);
    let answered = lane.answered().load(Ordering::Relaxed);
    let taken = lane.taken().load(Ordering::Relaxed);
    let entries = lane.entries();
    let sound = between(accepted, submitted, entries).and(between(taken, answered, entries));
    if sound.is_ok() {
        // Release because it vouches for the lease; pairs with the fence in `claim`. (No model
        // sees it: loom does not stop a claimant between two of its loads for that long.) The
        // other store need not: together with older positions it is one that could be.
        lane.taken().store(answered, ordering("lane: mend", Ordering::Release));
        if is_buried(seen) {
            // Backwards: `accepted` would count as in flight.
            lane.submitted().store(accepted, Ordering::Relaxed);
        }
    }
    role::release(lane.lease(), &lease);
    sound.map(drop)
}

/// The submission to accept next.
#[derive(Debug)]
#[must_use = "an offer that is not accepted stays"]
pub struct Offer {
    position: u32,
    waiting: u32,
    room: u32,
    entries: u32,
}

impl Offer {
    /// Its entry.
    #[inline]
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.position & (self.entries - 1)
    }

    /// The entry of the one after it, if that can be accepted, too, as far as was seen.
    #[inline]
    #[must_use]
    pub const fn next_index(&self) -> Option<u32> {
        if self.waiting > 1 && self.room > 1 {
            Some(self.position.wrapping_add(1) & (self.entries - 1))
        } else {
            None
        }
    }
}

/// Looks for a submission that can be accepted. The caller holds the service role.
///
/// # Errors
/// `Empty`; `Full` if there is one and no room for its answer; `Corrupt` if the positions in
/// memory are impossible.
#[inline]
pub fn look<L: LaneWords>(lane: &L) -> Result<Offer, Error> {
    let entries = lane.entries();
    // Relaxed: our own words, unless a hostile client overwrote them, which harms this lane
    // only: nothing but the checks below relies on them.
    let accepted = lane.accepted().load(Ordering::Relaxed);
    let answered = lane.answered().load(Ordering::Relaxed);
    // Acquire because the entry is read next; pairs with Release in `ClientCursor::submit`.
    let submitted = lane.submitted().load(ordering("lane: look", Ordering::Acquire));
    // Acquire because the entries of answers that were taken are written again; pairs with
    // Release in `ClientCursor::take`.
    let taken = lane.taken().load(ordering("lane: room for answers", Ordering::Acquire));
    let waiting = between(accepted, submitted, entries)?;
    let reserved = between(answered, accepted, entries)? + between(taken, answered, entries)?;
    if reserved > entries {
        return Err(Error::Corrupt { what: "more calls accepted than can be answered" });
    }
    if waiting == 0 {
        return Err(Error::Empty);
    }
    if reserved == entries {
        return Err(Error::Full);
    }
    Ok(Offer { position: accepted, waiting, room: entries - reserved, entries })
}

/// A call in flight: which slot it has, and the mark that tells it from a later one there.
///
/// Holding one proves nothing: the call may be answered already, which the table knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    slot: u32,
    mark: u32,
    call: u32,
}

impl Held {
    /// Its slot in the table.
    #[inline]
    #[must_use]
    pub const fn slot(&self) -> u32 {
        self.slot
    }

    /// The client's number for it.
    #[inline]
    #[must_use]
    pub const fn call(&self) -> u32 {
        self.call
    }
}

/// Accepts the call that was offered, whose id is `call`; its entry was copied.
///
/// # Errors
/// `Corrupt` if the table has no free slot although fewer calls are in flight than it has.
#[inline]
pub fn accept<L: LaneWords>(lane: &L, offer: Offer, call: u32) -> Result<Held, Error> {
    // The first look finds one, unless calls are answered in another order than they came.
    for step in 0..offer.entries {
        let slot = offer.position.wrapping_add(step) & (offer.entries - 1);
        let Some((word, id)) = lane.slot(slot) else { break };
        if word.load(Ordering::Relaxed) & STATE != FREE {
            continue;
        }
        id.store(call, Ordering::Relaxed);
        word.store(mark(offer.position, ACCEPTING), Ordering::Relaxed);
        // Release because the client overwrites the entry that was copied; pairs with Acquire
        // in `ClientCursor::room`. It also keeps this store behind the slot's.
        let order = ordering("lane: accept", Ordering::Release);
        lane.accepted().store(after(offer.position, 1), order);
        // Release keeps this store behind the one above. It pairs with nothing: only a death in
        // between tells their order, and whoever has the proof of that sees both or the first,
        // in any model.
        let held = Held { slot, mark: mark(offer.position, HELD), call };
        word.store(held.mark, ordering("lane: accepted", Ordering::Release));
        return Ok(held);
    }
    Err(Error::Corrupt { what: "calls in flight" })
}

/// An answer that is being written.
#[derive(Debug)]
#[must_use = "a call whose answer is not published stays in flight"]
pub struct Answering {
    slot: u32,
    position: u32,
    entries: u32,
}

impl Answering {
    /// Its entry.
    #[inline]
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.position & (self.entries - 1)
    }
}

/// Begins to answer a call. There is room: it was reserved when the call was accepted.
///
/// # Errors
/// `Fenced` if the call was answered already; `Corrupt` if the positions in memory are
/// impossible.
#[inline]
pub fn answer<L: LaneWords>(lane: &L, held: &Held) -> Result<Answering, Error> {
    let Some((word, id)) = lane.slot(held.slot) else { return Err(Error::Fenced) };
    // Relaxed, all of them: our own words, as in `look`.
    if word.load(Ordering::Relaxed) != held.mark || id.load(Ordering::Relaxed) != held.call {
        return Err(Error::Fenced);
    }
    let entries = lane.entries();
    let accepted = lane.accepted().load(Ordering::Relaxed);
    let position = lane.answered().load(Ordering::Relaxed);
    if between(position, accepted, entries)? == 0 {
        return Err(BAD_POSITIONS);
    }
    word.store(mark(position, ANSWERING), Ordering::Relaxed);
    Ok(Answering { slot: held.slot, position, entries })
}

/// Publishes an answer: from here on it is the client's.
#[inline]
pub fn publish<L: LaneWords>(lane: &L, answering: Answering) {
    // Release because the position announces the entry; pairs with Acquire in
    // `ClientCursor::answers`. It also keeps this store behind the slot's mark.
    let order = ordering("lane: publish", Ordering::Release);
    lane.answered().store(after(answering.position, 1), order);
    if let Some((word, _)) = lane.slot(answering.slot) {
        // Release keeps this store behind the one above, as in `accept`.
        word.store(FREE, ordering("lane: published", Ordering::Release));
    }
}

/// Puts the table right after a service that ended or died, and makes orphans of the calls that
/// it did not answer; how many these are. The caller holds the service role, and has accepted
/// and answered nothing yet.
///
/// Each slot is put right by one store, which depends on nothing but the positions: whoever dies
/// half-way through leaves the rest to the next one.
pub fn recover<L: LaneWords>(lane: &L) -> u32 {
    // Relaxed, here and below: stored by former services, whom the role was acquired from.
    let accepted = lane.accepted().load(Ordering::Relaxed);
    let answered = lane.answered().load(Ordering::Relaxed);
    let mut orphans = 0;
    for slot in 0..lane.entries() {
        let Some((word, _)) = lane.slot(slot) else { break };
        let old = word.load(Ordering::Relaxed);
        let new = match old & STATE {
            FREE => continue,
            ACCEPTING if !has_passed(accepted, old) => FREE,
            ANSWERING if has_passed(answered, old) => FREE,
            _ => {
                orphans += 1;
                old & !STATE | ORPHAN
            }
        };
        if new != old {
            word.store(new, Ordering::Relaxed);
        }
    }
    orphans
}

/// The call in a slot, if it is in flight, and whether it is an orphan.
#[must_use]
pub fn in_flight<L: LaneWords>(lane: &L, slot: u32) -> Option<(Held, bool)> {
    let (word, id) = lane.slot(slot)?;
    // Relaxed: the service's own words.
    let (mark, call) = (word.load(Ordering::Relaxed), id.load(Ordering::Relaxed));
    let state = mark & STATE;
    (state == HELD || state == ORPHAN).then_some((Held { slot, mark, call }, state == ORPHAN))
}

/// How many calls are in flight, as far as the positions tell.
///
/// # Errors
/// `Corrupt` if they are impossible.
pub fn in_flight_count<L: LaneWords>(lane: &L) -> Result<u32, Error> {
    let accepted = lane.accepted().load(Ordering::Relaxed);
    between(lane.answered().load(Ordering::Relaxed), accepted, lane.entries())
}

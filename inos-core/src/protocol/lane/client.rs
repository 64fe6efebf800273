//! The client's end of a lane, and how it changes hands.
#![forbid(unsafe_code)]

use super::{LaneWords, after, between};
use crate::error::Error;
use crate::protocol::fault::{fence, ordering};
use crate::protocol::ring::distance;
use crate::protocol::role::{self, ANONYMOUS, HELD as LEASE_HELD, Lease};
use crate::protocol::{ReadWord, Word};
use crate::sync::Ordering;

/// Entries of a ring that belong to whoever got this: never cloned, never split.
#[derive(Debug)]
#[must_use = "a run that is not published has no effect"]
pub struct Run {
    position: u32,
    count: u32,
    entries: u32,
}

impl Run {
    /// How many entries.
    #[inline]
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Their indices, each below the number of entries.
    #[inline]
    pub fn indices(&self) -> impl Iterator<Item = u32> + use<> {
        let (position, mask) = (self.position, self.entries - 1);
        (0..self.count).map(move |step| position.wrapping_add(step) & mask)
    }
}

/// The client's end. Its own positions are kept here, so the words in memory are never believed
/// again.
#[derive(Debug)]
pub struct ClientCursor {
    submitted: u32,
    accepted_seen: u32,
    taken: u32,
    answered_seen: u32,
    entries: u32,
}

impl ClientCursor {
    /// Room for up to `wanted` calls.
    ///
    /// # Errors
    /// `Full` if there is none; `Corrupt` if the position in memory is impossible.
    #[inline]
    pub fn room<L: LaneWords>(&mut self, lane: &L, wanted: u32) -> Result<Run, Error> {
        let mut room = self.entries - distance(self.accepted_seen, self.submitted);
        if room < wanted {
            // Acquire because the entries that the service has copied are overwritten next;
            // pairs with Release in `accept`.
            let order = ordering("lane: room for calls", Ordering::Acquire);
            let accepted = lane.accepted().load(order);
            room = self.entries - between(accepted, self.submitted, self.entries)?;
            self.accepted_seen = accepted;
        }
        if room == 0 && wanted != 0 {
            return Err(Error::Full);
        }
        Ok(Run { position: self.submitted, count: room.min(wanted), entries: self.entries })
    }

    /// Submits the calls that were written into a run: from here on they are the service's.
    #[inline]
    pub fn submit<L: LaneWords>(&mut self, lane: &L, run: Run) {
        self.submitted = after(run.position, run.count);
        // Release because the position announces the entries; pairs with Acquire in `look`.
        lane.submitted().store(self.submitted, ordering("lane: submit", Ordering::Release));
    }

    /// Up to `wanted` answers.
    ///
    /// # Errors
    /// `Empty` if there is none; `Corrupt` if the position in memory is impossible.
    #[inline]
    pub fn answers<L: LaneWords>(&mut self, lane: &L, wanted: u32) -> Result<Run, Error> {
        let mut unread = distance(self.taken, self.answered_seen);
        if unread < wanted {
            // Acquire because the answers are read next; pairs with Release in `publish`.
            let order = ordering("lane: answers", Ordering::Acquire);
            let answered = lane.answered().load(order);
            unread = between(self.taken, answered, self.entries)?;
            self.answered_seen = answered;
        }
        if unread == 0 && wanted != 0 {
            return Err(Error::Empty);
        }
        Ok(Run { position: self.taken, count: unread.min(wanted), entries: self.entries })
    }

    /// Gives back the entries of answers that were read.
    #[inline]
    pub fn take<L: LaneWords>(&mut self, lane: &L, run: Run) {
        self.taken = after(run.position, run.count);
        // Release because the service overwrites the entries; pairs with Acquire in `look`.
        lane.taken().store(self.taken, ordering("lane: take", Ordering::Release));
    }

    /// Whether calls wait to be accepted, as far as is known.
    #[inline]
    pub fn is_waiting<L: LaneWords>(&self, lane: &L) -> bool {
        // Relaxed: a service that found no room before it saw the last `take` had not moved
        // this position, and an older one only rings in vain.
        lane.accepted().load(Ordering::Relaxed) != self.submitted
    }

    /// Takes all answers that there are without reading them.
    fn discard<L: LaneWords>(&mut self, lane: &L) {
        if let Ok(run) = self.answers(lane, self.entries) {
            self.take(lane, run);
        }
    }
}

/// What became of an attempt to claim a lane.
#[derive(Debug)]
pub enum Claimed {
    /// The lane is the claimant's.
    Taken(Lease, ClientCursor),
    /// Somebody holds it.
    Held,
    /// Its former client is gone, and calls of it wait or are in flight.
    Busy,
}

/// Claims the client's role of a lane that is quiet: all calls of its former client were
/// answered. Answers that it left behind are dropped.
///
/// # Errors
/// `Corrupt` if the positions in memory are impossible; the lane is left as it is.
pub fn claim<L: LaneWords>(lane: &L, party: u16) -> Result<Claimed, Error> {
    // Acquire because the last client's positions are read next; pairs with Release in
    // `role::release` and `bury`.
    let seen = lane.lease().load(ordering("lane: claim", Ordering::Acquire));
    if seen & LEASE_HELD != 0 {
        return Ok(Claimed::Held);
    }
    let entries = lane.entries();
    let submitted = lane.submitted().load(Ordering::Relaxed);
    let taken = lane.taken().load(Ordering::Relaxed);
    // Relaxed, both: `discard` acquires the last answer, which the service published after all
    // else that it did to this lane. As nobody submits, they end at `submitted`.
    let accepted = lane.accepted().load(Ordering::Relaxed);
    let answered = lane.answered().load(Ordering::Relaxed);
    let unfinished = || {
        between(taken, answered, entries)?;
        match between(accepted, submitted, entries)? {
            0 => between(answered, accepted, entries),
            waiting => Ok(waiting),
        }
    };
    let unfinished = unfinished();
    if unfinished != Ok(0) {
        // Positions of several moments, if the lane was in other hands meanwhile. Acquire fence:
        // a position from such a moment was stored after the lease was; pairs with Release in
        // `ClientCursor::submit` and `take`, `accept`, `publish` and `clear_up`.
        fence::<L::Word>("lane: look at the lease again", Ordering::Acquire);
        if lane.lease().load(Ordering::Relaxed) != seen {
            return Ok(Claimed::Held);
        }
        return unfinished.map(|_| Claimed::Busy);
    }
    // From the very lease that was seen: nobody was here meanwhile, so the lane is still quiet.
    let Some(lease) = role::claim_from(lane.lease(), seen, party) else {
        return Ok(Claimed::Held);
    };
    let mut cursor = ClientCursor {
        submitted,
        accepted_seen: accepted,
        taken,
        answered_seen: answered,
        entries,
    };
    cursor.discard(lane);
    Ok(Claimed::Taken(lease, cursor))
}

/// Takes the client's role from `dead`, if it holds it, and leaves its number behind: what it
/// submitted and nobody accepted is void from here on. Whether it held the role.
///
/// The caller has the proof of the death, and all that the dead party stored is visible to it.
pub fn bury<W: Word>(lease: &W, dead: u16) -> bool {
    let old = lease.load(Ordering::Relaxed);
    if dead == ANONYMOUS || role::holder_of(old) != Some(dead) {
        return false;
    }
    // Release because the next one continues from the dead party's positions; pairs with
    // Acquire in `claim` and in `role::claim_from`.
    let order = ordering("lane: bury", Ordering::Release);
    lease.cas(old, old & !LEASE_HELD, order, Ordering::Relaxed).is_ok()
}

/// Whether a lane of this lease has a client.
#[inline]
#[must_use]
pub const fn has_client(lease: u32) -> bool {
    lease & LEASE_HELD != 0
}

/// Whether the last client of a lane of this lease died.
#[must_use]
pub const fn is_buried(lease: u32) -> bool {
    match role::holder_of(lease | LEASE_HELD) {
        Some(party) => !has_client(lease) && party != ANONYMOUS,
        None => false,
    }
}

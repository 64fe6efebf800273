//! The newest events of many writers: a ticket each, and a slot for the newest ticket of its lap.
//!
//! ```text
//!   head                       the next ticket, 32 bits, wraps; ticket t goes to slot t mod N
//!   slot[i]                    FREE, or
//!
//!  31                              12 11           2   1 0
//! +----------------------------------+--------------+-----+
//! | lap, low 20 bits                 | party        | 0 1 |   WRITING: its bytes are no event
//! +----------------------------------+--------------+-----+
//! | lap: 30 bits                                    | 1 0 |   DONE: holds ticket lap * N + i
//! +-------------------------------------------------+-----+
//! ```
//!
//! An event is published when its writer turns the slot from `WRITING` to `DONE`.
//!
//! A writer takes a ticket by one addition and the ticket's slot by one compare-and-swap, from
//! `FREE` or from an older lap's `DONE`. What it can't have it leaves alone, and takes another
//! ticket:
//!
//! - A slot that somebody is `WRITING`, slow or dead. However many laps go by, its bytes are that
//!   writer's until it is done or proven dead: two writers never store to one slot at a time, so
//!   a slow one can't spoil what a later lap put there. Until then the log is one slot shorter.
//! - A slot that a later lap has `DONE`: this writer slept between its ticket and its slot.
//!
//! A reader copies the bytes between two looks at the slot, as with any sequence lock: `DONE` by
//! the same lap both times means that nobody was `WRITING` in between. A lap number returns after
//! 2^30 laps or 2^32 tickets, whichever is sooner; a reader would have to sleep through exactly
//! that many inside one copy.

use super::fault::{fence, is_planted, ordering};
use super::role::MAX_PARTY;
use super::{ReadWord, Word};
pub use crate::defs::log::FREE;
use crate::defs::log::{DONE, LAP_SHIFT, PARTY_SHIFT, SHORT_LAP_SHIFT, STATE, WRITING};
use crate::error::Error;
use crate::sync::Ordering;

/// Tickets that a writer takes before it gives its event up.
pub const TRIES: u32 = 16;

/// Which slot a ticket goes to, and in which lap. The capacity is a power of two.
#[derive(Clone, Copy, Debug)]
struct Place {
    slot: u32,
    lap: u32,
    lap_mask: u32,
}

impl Place {
    #[inline]
    const fn of(ticket: u32, capacity: u32) -> Self {
        let bits = capacity.trailing_zeros();
        let lap_mask = (u32::MAX >> bits) & (u32::MAX >> LAP_SHIFT);
        let lap = match ticket.checked_shr(bits) {
            Some(lap) => lap & lap_mask,
            None => 0,
        };
        Self { slot: ticket & capacity.wrapping_sub(1), lap, lap_mask }
    }

    const fn done(self) -> u32 {
        (self.lap << LAP_SHIFT) | DONE
    }

    fn writing(self, party: u16) -> u32 {
        let party = u32::from(party.min(MAX_PARTY));
        (self.lap << SHORT_LAP_SHIFT) | (party << PARTY_SHIFT) | WRITING
    }

    /// Whether a slot's `DONE` is of this lap or a later one.
    const fn is_overtaken(self, raw: u32) -> bool {
        (raw >> LAP_SHIFT).wrapping_sub(self.lap) & self.lap_mask <= self.lap_mask / 2
    }
}

/// Where the words of one log are.
pub trait Words {
    /// What a word is.
    type Word: Word;
    /// The word that gives out tickets.
    fn head(&self) -> &Self::Word;
    /// The word of slot `index`; `None` from the capacity on.
    fn slot(&self, index: u32) -> Option<&Self::Word>;
    /// How many slots there are; a power of two.
    fn capacity(&self) -> u32;
}

/// A slot whose bytes are its holder's to write. Made by [`claim`] only, never cloned: holding one
/// proves that nobody else writes them, and that nobody takes them for an event.
#[derive(Debug)]
#[must_use = "a slot that is not committed is lost until its holder is proven dead"]
pub struct Claim {
    ticket: u32,
    slot: u32,
    writing: u32,
    done: u32,
}

impl Claim {
    /// The event's number.
    #[must_use]
    pub const fn ticket(&self) -> u32 {
        self.ticket
    }

    /// Index of the slot.
    #[must_use]
    pub const fn slot(&self) -> u32 {
        self.slot
    }
}

/// Takes a slot for an event of `party`.
///
/// # Errors
/// `Contended` if none of [`TRIES`] tickets had a slot to be had.
#[inline]
pub fn claim<M: Words>(words: &M, party: u16) -> Result<Claim, Error> {
    for _ in 0..TRIES {
        // Relaxed: the slots' words say what there is to read.
        let ticket = words.head().add(1, Ordering::Relaxed);
        let place = Place::of(ticket, words.capacity());
        let Some(word) = words.slot(place.slot) else { continue };
        // Relaxed: the exchange decides.
        let old = word.load(Ordering::Relaxed);
        let is_held = old & STATE == WRITING && !is_planted("log: take a slot that is held");
        let is_newer = old & STATE == DONE && place.is_overtaken(old);
        if is_held || (is_newer && !is_planted("log: overwrite a newer event")) {
            continue;
        }
        let writing = place.writing(party);
        // Acquire because what the last writer of this slot stored must not come after what this
        // one stores; pairs with Release in `commit` and `reclaim`.
        let order = ordering("log: claim", Ordering::Acquire);
        if word.cas(old, writing, order, Ordering::Relaxed).is_ok() {
            // Release fence because whoever reads a byte written after this must find the slot
            // changed; pairs with the Acquire fence in `still_valid`.
            fence::<M::Word>("log: begin", Ordering::Release);
            return Ok(Claim { ticket, slot: place.slot, writing, done: place.done() });
        }
    }
    Err(Error::Contended { tries: TRIES })
}

/// Publishes the event; its number.
///
/// # Errors
/// `Fenced` if the slot was taken away, since this party was declared dead.
#[inline]
pub fn commit<M: Words>(words: &M, claim: Claim) -> Result<u32, Error> {
    let word = words.slot(claim.slot).ok_or(Error::Fenced)?;
    // Release because the slot announces the event, and because the next writer must come after
    // this one; pairs with Acquire in `look` and in `claim`.
    let order = ordering("log: commit", Ordering::Release);
    word.cas(claim.writing, claim.done, order, Ordering::Relaxed).map_err(|_| Error::Fenced)?;
    Ok(claim.ticket)
}

/// Frees a slot that `dead` was writing, if it is one; whether it was. The caller has the proof
/// that no execution context of that party can touch the memory again; the proof orders what it
/// stored.
pub fn reclaim<W: Word>(slot: &W, dead: u16) -> bool {
    let old = slot.load(Ordering::Relaxed);
    if writer_of(old) != Some(dead) {
        return false;
    }
    // Release because the next writer must come after the dead one; pairs with Acquire in `claim`.
    slot.cas(old, FREE, ordering("log: reclaim", Ordering::Release), Ordering::Relaxed).is_ok()
}

/// Who is writing in a slot, according to a value of its word.
#[must_use]
pub const fn writer_of(raw: u32) -> Option<u16> {
    if raw & STATE != WRITING {
        return None;
    }
    Some((raw >> PARTY_SHIFT) as u16 & MAX_PARTY)
}

/// What a reader finds in a ticket's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The event. The value of the slot's word is for [`still_valid`].
    Ready(u32),
    /// Not yet: nobody has published it. Maybe nobody will.
    Pending,
    /// A later lap's event is there, or is being written.
    Overwritten,
}

/// Looks for the event of a ticket. To be asked before its bytes are copied.
#[inline]
pub fn look<W: ReadWord>(slot: &W, ticket: u32, capacity: u32) -> Look {
    let place = Place::of(ticket, capacity);
    // Acquire because the event is read next; pairs with Release in `commit`.
    let raw = slot.load(ordering("log: see", Ordering::Acquire));
    match raw & STATE {
        DONE if raw == place.done() => Look::Ready(raw),
        DONE if place.is_overtaken(raw) => Look::Overwritten,
        WRITING => {
            let mask = (u32::MAX >> SHORT_LAP_SHIFT) & place.lap_mask;
            let ahead = (raw >> SHORT_LAP_SHIFT).wrapping_sub(place.lap) & mask;
            if ahead != 0 && ahead <= mask / 2 { Look::Overwritten } else { Look::Pending }
        }
        _ => Look::Pending,
    }
}

/// Whether the slot still holds the event after its bytes were copied.
#[inline]
pub fn still_valid<W: ReadWord>(slot: &W, seen: u32) -> bool {
    // Acquire fence: if any copied byte came from a later event, the `WRITING` that was stored
    // before it is visible to the load below; pairs with the Release fence in `claim`.
    fence::<W>("log: look again", Ordering::Acquire);
    slot.load(Ordering::Relaxed) == seen
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn places_wrap_with_the_tickets() {
        for capacity in [1_u32, 2, 4, 1 << 20] {
            let last = Place::of(u32::MAX, capacity);
            let first = Place::of(0, capacity);
            assert_eq!((first.slot, first.lap), (0, 0));
            assert_eq!(last.slot, capacity - 1);
            // The lap after the last one is the first.
            assert_eq!(last.lap.wrapping_add(1) & last.lap_mask, 0);
            assert!(last.is_overtaken(first.done()) && last.is_overtaken(last.done()));
            assert!(!first.is_overtaken(last.done()));
            assert_eq!(writer_of(last.writing(1023)), Some(1023));
            assert_eq!(writer_of(last.done()), None);
        }
    }
}

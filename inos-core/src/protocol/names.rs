//! Names: slots that parties allocate while others look names up, without a lock.
//!
//! ```text
//! state of a slot
//!  31                           12 11           2 1     0
//! +-------------------------------+--------------+-------+
//! | generation: 20 bits, wraps    | party: 10    | state |
//! +-------------------------------+--------------+-------+
//!
//!   FREE ----> CLAIMED ----> PROPOSED ----> ACTIVE
//!    ^            |              |             |     each way back moves the generation on
//!    +------------+--------------+-------------+
//! ```
//!
//! The claimant's number stands in the state itself, so there is no moment in which a slot is
//! taken and nobody knows by whom. The name is written while the slot is CLAIMED and by its
//! claimant only. It is published as a proposal, and only then does the claimant look at the
//! other slots. Of two proposals of one name the one in the lower slot takes the other's away,
//! and an active name beats both; so of several claimants of one name exactly one remains.
//!
//! A claimant that stops at any step leaves a slot that names it. A name that was proposed by a
//! dead party blocks its own reuse (`Contended`), and no other name, until it is reclaimed.
//!
//! A handle is an index and a generation. One that was kept over exactly 2^20 reuses of its
//! slot is taken for the newest.

use super::fault::{fence, ordering};
use super::role::MAX_PARTY;
use super::{ReadWord, Word};
pub use crate::defs::epochs::{ACTIVE, CLAIMED, FREE, GENERATION_SHIFT, PARTY_SHIFT, PROPOSED};
use crate::defs::epochs::{MAX_NAME_LEN, STATE};
use crate::error::Error;
use crate::sync::Ordering;

/// Words in a name.
pub const NAME_WORDS: usize = MAX_NAME_LEN / 4;

const GENERATION: u32 = u32::MAX << GENERATION_SHIFT;
/// Looks at one slot; each needs the slot to change hands meanwhile. Models can't take as many.
const LOOKS: u32 = if cfg!(loom) { 2 } else { 16 };
/// Tries to allocate; each needs another party to be in the middle of allocating the same name.
const TRIES: u32 = if cfg!(loom) { 2 } else { 64 };

/// A name as it stands in memory, padded with zeros.
pub type Name = [u32; NAME_WORDS];

/// Where the words of the slots are.
pub trait Slots {
    /// What a word is.
    type Word: ReadWord;
    /// How many slots there are.
    fn slot_count(&self) -> u32;
    /// The state of slot `index`; `None` from the slot count on.
    fn state(&self, index: u32) -> Option<Self::Word>;
    /// Word `word` of the name in slot `index`; `None` outside.
    fn name(&self, index: u32, word: usize) -> Option<Self::Word>;
}

/// A slot, and which of its names. Holding one proves nothing: it may have been freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Below the slot count.
    pub index: u32,
    /// 20 bits.
    pub generation: u32,
}

/// What [`allocate`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocated {
    /// The name is this party's.
    New(Slot),
    /// The name was somebody's already.
    Existing(Slot),
}

/// Generation in a raw state.
#[must_use]
pub const fn generation_of(raw: u32) -> u32 {
    raw >> GENERATION_SHIFT
}

/// State in a raw state.
#[must_use]
pub const fn state_of(raw: u32) -> u32 {
    raw & STATE
}

/// Who holds the slot, according to a raw state; `None` if it is free.
#[must_use]
pub const fn owner_of(raw: u32) -> Option<u16> {
    if state_of(raw) == FREE { None } else { Some((raw >> PARTY_SHIFT) as u16 & MAX_PARTY) }
}

/// The state after this one was given up: no handle of before fits.
#[must_use]
pub const fn freed(raw: u32) -> u32 {
    (raw & GENERATION).wrapping_add(1 << GENERATION_SHIFT)
}

const fn in_state(raw: u32, state: u32) -> u32 {
    (raw & !STATE) | state
}

/// The active slot of this name.
///
/// # Errors
/// `Contended` if a slot changed hands on each of a bounded number of looks.
pub fn find<S: Slots>(slots: &S, name: &Name) -> Result<Option<Slot>, Error> {
    for index in 0..slots.slot_count() {
        match look(slots, index, name)? {
            Some(raw) if state_of(raw) == ACTIVE => {
                return Ok(Some(Slot { index, generation: generation_of(raw) }));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// The state of slot `index`, if this is the name that was published in it.
fn look<S: Slots>(slots: &S, index: u32, name: &Name) -> Result<Option<u32>, Error> {
    let found = read(slots, index)?;
    Ok(found.and_then(|(raw, found)| (found == *name).then_some(raw)))
}

/// The raw state of slot `index` and the name in it, proposed or active; `None` if there is none.
///
/// # Errors
/// `Contended` if the slot changed hands on each of a bounded number of looks.
pub fn read<S: Slots>(slots: &S, index: u32) -> Result<Option<(u32, Name)>, Error> {
    let Some(state) = slots.state(index) else { return Ok(None) };
    for _ in 0..LOOKS {
        // Acquire because the name is read next; pairs with the SeqCst fence in `propose`.
        let raw = state.load(ordering("names: look", Ordering::Acquire));
        if state_of(raw) < PROPOSED {
            return Ok(None);
        }
        let mut name = Name::default();
        for (at, to) in name.iter_mut().enumerate() {
            *to = slots.name(index, at).map_or(0, |word| word.load(Ordering::Relaxed));
        }
        // Acquire fence: if a word of the name came from a later claimant, its claim is visible
        // to the load below; pairs with the Release fence in `propose`.
        fence::<S::Word>("names: look again", Ordering::Acquire);
        if state.load(Ordering::Relaxed) == raw {
            return Ok(Some((raw, name)));
        }
    }
    Err(Error::Contended { tries: LOOKS })
}

/// Finds the name, or takes a free slot for it.
///
/// # Errors
/// `NoSeat` if no slot is free; `Contended` if another party stays in the middle of allocating
/// the same name.
pub fn allocate<S: Slots>(slots: &S, name: &Name, party: u16) -> Result<Allocated, Error>
where
    S::Word: Word,
{
    for _ in 0..TRIES {
        if let Some(slot) = find(slots, name)? {
            return Ok(Allocated::Existing(slot));
        }
        if let Some(slot) = propose(slots, name, party)? {
            return Ok(Allocated::New(slot));
        }
    }
    Err(Error::Contended { tries: TRIES })
}

/// Takes a slot, writes the name and sees whether it may keep it. `None`: look again, another
/// party has the name or is about to.
fn propose<S: Slots>(slots: &S, name: &Name, party: u16) -> Result<Option<Slot>, Error>
where
    S::Word: Word,
{
    let count = slots.slot_count();
    let (index, state, claimed) = claim(slots, party)?;
    // Release fence: who reads a word of the new name sees the claim on the second look; pairs
    // with the Acquire fence in `look`.
    fence::<S::Word>("names: claim before the name", Ordering::Release);
    for (at, &word) in name.iter().enumerate() {
        if let Some(to) = slots.name(index, at) {
            to.store(word, Ordering::Relaxed);
        }
    }
    let proposed = in_state(claimed, PROPOSED);
    // Release because the slot may be taken away from here on, and what its next claimant
    // writes must come after this name; pairs with Acquire in `claim`, through the exchange that
    // took it. (No model sees that: loom keeps stores to a word in the order they ran in. Who
    // reads the name gets it by the fence below, which comes before the state is ACTIVE.) By
    // exchange, since an exclusive attachment or a lying party may have taken the slot already.
    let order = ordering("names: propose", Ordering::Release);
    if state.cas(claimed, proposed, order, Ordering::Relaxed).is_err() {
        return Ok(None);
    }
    // Orders the proposal before the look at the others; pairs with itself: of two parties that
    // propose, one at least sees the other, name and all. And it releases the name, with what
    // the claimant stored before; pairs with Acquire in `look`.
    fence::<S::Word>("names: propose before the look", Ordering::SeqCst);
    for other in (0..count).filter(|&other| other != index) {
        match yields(slots, other, index, name) {
            Ok(true) => {}
            lost => {
                // Relaxed: the name goes back as it came, and who claims the slot next acquires
                // the proposal's Release through this exchange. Lost: it was taken away.
                let _ = state.cas(proposed, freed(proposed), Ordering::Relaxed, Ordering::Relaxed);
                return lost.map(|_| None);
            }
        }
    }
    // Relaxed: the fence above has released the name to who finds it ACTIVE. Lost: a lower slot
    // took it away.
    let active = in_state(proposed, ACTIVE);
    let kept = state.cas(proposed, active, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    Ok(kept.then_some(Slot { index, generation: generation_of(active) }))
}

/// Whether slot `other` leaves the name to the proposal in slot `index`.
fn yields<S: Slots>(slots: &S, other: u32, index: u32, name: &Name) -> Result<bool, Error>
where
    S::Word: Word,
{
    for _ in 0..LOOKS {
        let Some(raw) = look(slots, other, name)? else { return Ok(true) };
        if state_of(raw) == ACTIVE || other < index {
            return Ok(false);
        }
        let Some(state) = slots.state(other) else { return Ok(true) };
        // Relaxed: as where a claimant gives its own proposal up. Lost: it has become active, or
        // was given up.
        if state.cas(raw, freed(raw), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return Ok(true);
        }
    }
    Err(Error::Contended { tries: LOOKS })
}

/// Takes the first free slot: its index, its state word and its state.
fn claim<S: Slots>(slots: &S, party: u16) -> Result<(u32, S::Word, u32), Error>
where
    S::Word: Word,
{
    let count = slots.slot_count();
    for index in 0..count {
        let Some(state) = slots.state(index) else { break };
        let old = state.load(Ordering::Relaxed);
        if state_of(old) != FREE {
            continue;
        }
        let party = u32::from(party.min(MAX_PARTY)) << PARTY_SHIFT;
        let claimed = (old & GENERATION) | party | CLAIMED;
        // Acquire because the name is written next and must come after the last one's; pairs
        // with Release in `free`, `reclaim` and `propose`. (No model sees it: loom keeps stores
        // to a word in the order they ran in, and all else is acquired by the fence in
        // `propose`.)
        let order = ordering("names: claim", Ordering::Acquire);
        if state.cas(old, claimed, order, Ordering::Relaxed).is_ok() {
            return Ok((index, state, claimed));
        }
    }
    Err(Error::NoSeat { count })
}

/// Whether the handle still names what is in the slot. Relaxed: who frees a slot advances its
/// epoch afterwards, so who has seen that epoch sees the slot freed.
///
/// # Errors
/// `NoSuchIndex`; `Stale` with the two generations.
pub fn check<S: Slots>(slots: &S, slot: Slot) -> Result<(), Error> {
    raw_of(slots, slot).map(drop)
}

fn raw_of<S: Slots>(slots: &S, slot: Slot) -> Result<(S::Word, u32), Error> {
    let Slot { index, generation } = slot;
    let count = slots.slot_count();
    let state = slots.state(index).ok_or(Error::NoSuchIndex { index, count })?;
    let raw = check_state(&state, generation)?;
    Ok((state, raw))
}

/// As [`check`], for a slot whose state word is at hand; its raw state.
///
/// # Errors
/// `Stale` with the two generations.
#[inline]
pub fn check_state<W: ReadWord>(state: &W, generation: u32) -> Result<u32, Error> {
    let raw = state.load(Ordering::Relaxed);
    if generation_of(raw) != generation || state_of(raw) != ACTIVE {
        let (expected, found) = (u64::from(generation), u64::from(generation_of(raw)));
        return Err(Error::Stale { expected, found });
    }
    Ok(raw)
}

/// Gives a slot back.
///
/// # Errors
/// `NoSuchIndex`; `Stale` if it was given back already.
pub fn free<S: Slots>(slots: &S, slot: Slot) -> Result<(), Error>
where
    S::Word: Word,
{
    let (state, raw) = raw_of(slots, slot)?;
    // Release because the next claimant writes the slot; pairs with Acquire in `claim`.
    let order = ordering("names: free", Ordering::Release);
    state.cas(raw, freed(raw), order, Ordering::Relaxed).map(drop).map_err(|now| Error::Stale {
        expected: u64::from(slot.generation),
        found: u64::from(generation_of(now)),
    })
}

/// Gives back every slot that `dead` holds, in whatever state, and calls `each` with its index;
/// how many those were. The caller has the proof that the party can't touch the memory again.
pub fn reclaim<S: Slots>(slots: &S, dead: u16, mut each: impl FnMut(u32)) -> u32
where
    S::Word: Word,
{
    let mut count = 0;
    for index in 0..slots.slot_count() {
        let Some(state) = slots.state(index) else { break };
        let raw = state.load(Ordering::Relaxed);
        if owner_of(raw) != Some(dead) {
            continue;
        }
        // Release, so that what the proof made visible to the caller is visible to the next
        // claimant; pairs with Acquire in `claim`. Lost: another party gave it back.
        let order = ordering("names: reclaim", Ordering::Release);
        if state.cas(raw, freed(raw), order, Ordering::Relaxed).is_ok() {
            each(index);
            count += 1;
        }
    }
    count
}

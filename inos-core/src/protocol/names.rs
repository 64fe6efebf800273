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
//! other slots. Of two proposals of one name the one in the earlier slot takes the other's away,
//! and an active name beats both; so of several claimants of one name exactly one remains.
//!
//! Who has to do with a name goes round the slots in the order of that name ([`round`]). Its
//! claimant takes the first slot there that is free. A state word that is 0, free and in
//! generation 0, was never anything else, and none becomes 0 again, so the claimant has read all
//! words before its own as something else, and whoever reads a 0 is behind the last slot that the
//! name can be in, and ends there. That is so for
//!
//! - who looks a name up, if it knows of it by synchronisation: what the claimant has read comes
//!   before the fence that published the name, so nobody behind that reads an older value, and
//!   0 is the oldest. Others may miss a name, as they might have come a moment earlier;
//! - of two claimants of one name the one whose `SeqCst` fence is the later one: what it reads
//!   behind its fence is no older than what the other read before the other's. (Had it read a
//!   value older than the other did, its fence would be the earlier one: C++20, `atomics.order`
//!   4.4, with 3.1, 3.3 and 3.4. Models see less of that, since all fences of loom synchronise.)
//!   So it comes as far as the other's proposal.
//!
//! A claimant that stops at any step leaves a slot that names it. A name that was proposed by a
//! dead party blocks its own reuse (`Contended`), and no other name, until it is reclaimed.
//!
//! A handle is an index and a generation. One that was kept over exactly 2^20 - 1 reuses of its
//! slot, or a multiple, is taken for the newest.

use super::fault::{fence, ordering};
use super::{ReadWord, Word};
use crate::defs::epochs::MAX_NAME_LEN;
pub use crate::defs::epochs::{ACTIVE, CLAIMED, FREE, GENERATION_SHIFT, PARTY_SHIFT, PROPOSED};
use crate::error::Error;
use crate::sync::Ordering;

mod round;
mod state;

pub use round::round;
use state::{UNUSED, claimed_by, in_state};
pub use state::{freed, generation_of, owner_of, state_of};

/// Words in a name.
pub const NAME_WORDS: usize = MAX_NAME_LEN / 4;

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
    /// How many slots there are; at most [`MAX_SLOTS`](crate::defs::epochs::MAX_SLOTS).
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

/// The active slot of this name.
///
/// # Errors
/// `Contended` if a slot changed hands on each of a bounded number of looks.
pub fn find<S: Slots>(slots: &S, name: &Name) -> Result<Option<Slot>, Error> {
    for index in round(name, slots.slot_count()) {
        match look(slots, index)? {
            (UNUSED, _) => break,
            (raw, found) if state_of(raw) == ACTIVE && found.as_ref() == Some(name) => {
                return Ok(Some(Slot { index, generation: generation_of(raw) }));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// The raw state of slot `index` and the name in it, proposed or active; `None` if there is none.
///
/// # Errors
/// `Contended` if the slot changed hands on each of a bounded number of looks.
pub fn read<S: Slots>(slots: &S, index: u32) -> Result<Option<(u32, Name)>, Error> {
    look(slots, index).map(|(raw, name)| name.map(|name| (raw, name)))
}

/// The raw state of slot `index`, and the name that was published in it, if one was.
fn look<S: Slots>(slots: &S, index: u32) -> Result<(u32, Option<Name>), Error> {
    let Some(state) = slots.state(index) else { return Ok((UNUSED, None)) };
    for _ in 0..LOOKS {
        // Acquire because the name is read next; pairs with the SeqCst fence in `propose`.
        let raw = state.load(ordering("names: look", Ordering::Acquire));
        if state_of(raw) < PROPOSED {
            return Ok((raw, None));
        }
        let mut name = Name::default();
        for (at, to) in name.iter_mut().enumerate() {
            *to = slots.name(index, at).map_or(0, |word| word.load(Ordering::Relaxed));
        }
        // Acquire fence: if a word of the name came from a later claimant, its claim is visible
        // to the load below; pairs with the Release fence in `propose`.
        fence::<S::Word>("names: look again", Ordering::Acquire);
        if state.load(Ordering::Relaxed) == raw {
            return Ok((raw, Some(name)));
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
    let (index, state, claimed) = claim(slots, name, party)?;
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
    // Orders the proposal, and what `claim` read, before the look at the others; pairs with
    // itself: of two parties that propose, one at least sees the other, name and all, and every
    // slot that the other passed over. And it releases the name, with what the claimant read and
    // stored before; pairs with Acquire in `look`.
    fence::<S::Word>("names: propose before the look", Ordering::SeqCst);
    let mut is_earlier = true;
    for other in round(name, slots.slot_count()) {
        if other == index {
            is_earlier = false;
            continue;
        }
        match meet(slots, other, is_earlier, name) {
            Ok(Met::Nobody) => {}
            Ok(Met::End) => break,
            lost => {
                // Relaxed: the name goes back as it came, and who claims the slot next acquires
                // the proposal's Release through this exchange. Lost: it was taken away.
                let _ = state.cas(proposed, freed(proposed), Ordering::Relaxed, Ordering::Relaxed);
                return lost.map(|_| None);
            }
        }
    }
    // Relaxed: the fence above has released the name to who finds it ACTIVE. Lost: an earlier
    // slot took it away.
    let active = in_state(proposed, ACTIVE);
    let kept = state.cas(proposed, active, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    Ok(kept.then_some(Slot { index, generation: generation_of(active) }))
}

/// Of what a claimant met in another slot.
enum Met {
    /// The name is not there, or not any more.
    Nobody,
    /// Nor is it in any slot after this one.
    End,
    /// It stays there.
    Rival,
}

/// What slot `other`, earlier or later in the order than the own one, has to say about the name.
/// A later proposal is taken away.
fn meet<S: Slots>(slots: &S, other: u32, is_earlier: bool, name: &Name) -> Result<Met, Error>
where
    S::Word: Word,
{
    for _ in 0..LOOKS {
        let (raw, found) = look(slots, other)?;
        if raw == UNUSED {
            return Ok(Met::End);
        }
        if found.as_ref() != Some(name) {
            return Ok(Met::Nobody);
        }
        if state_of(raw) == ACTIVE || is_earlier {
            return Ok(Met::Rival);
        }
        let Some(state) = slots.state(other) else { return Ok(Met::End) };
        // Relaxed: as where a claimant gives its own proposal up. Lost: it has become active, or
        // was given up.
        if state.cas(raw, freed(raw), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return Ok(Met::Nobody);
        }
    }
    Err(Error::Contended { tries: LOOKS })
}

/// Takes the first free slot in the order of the name: its index, its state word and its state.
/// A slot that it passes over was read as another's or lost to another, so not as 0.
fn claim<S: Slots>(slots: &S, name: &Name, party: u16) -> Result<(u32, S::Word, u32), Error>
where
    S::Word: Word,
{
    let count = slots.slot_count();
    for index in round(name, count) {
        let Some(state) = slots.state(index) else { break };
        let old = state.load(Ordering::Relaxed);
        if state_of(old) != FREE {
            continue;
        }
        let claimed = claimed_by(old, party);
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

#[cfg(all(test, not(loom)))]
mod tests;

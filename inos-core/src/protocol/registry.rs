//! A slot of a registry: one word that says whose it is, and how far its unit has come.
//!
//! ```text
//!  31              16 15            6 5        0
//! +------------------+---------------+----------+
//! | generation: 16   | party: 10     | state: 6 |
//! +------------------+---------------+----------+
//!
//!   FREE ----> CLAIMED ----> PROPOSED ----> ACTIVE ----> RETIRED
//!                ^ |             |                         |  |
//!                | +--withdraw---+--withdraw, or taken --->+  |
//!                +--------------------------------------------+
//! ```
//!
//! A [`claim`] moves the generation on and names the claimant, in one step: so there is no moment
//! in which a slot is taken and nobody knows by whom, and what is said of one generation is never
//! taken for another one's. The record is the claimant's to write while the slot is CLAIMED, and
//! nobody's from the proposal on. Readers look at the word, copy, and look again.
//!
//! **Names are unique among active units.** A registrant publishes its record as a proposal, and
//! only then looks at everybody else ([`contest`]). An active unit of its name beats it; of two
//! proposals the one in the lower slot takes the other's slot away. So of several registrants
//! exactly one remains, and one that dies in between blocks its name until it is
//! [reclaimed](reclaim).
//!
//! After 65,535 claims of one slot a generation returns. Who slept through all of them between two
//! looks at the word could take a record for a mixture of two; nobody writes on the strength of a
//! generation that it did not claim itself.

pub mod index;

use super::fault::{fence, ordering};
use super::role::{ANONYMOUS, MAX_PARTY};
use super::{ReadWord, Word};
use crate::defs::registry::STATE_BITS as STATE;
pub use crate::defs::registry::{
    ACTIVE, CLAIMED, FREE, GENERATION_SHIFT, PARTY_SHIFT, PROPOSED, RETIRED,
};
use crate::error::Error;
use crate::sync::Ordering;

/// Looks at one slot; each but the last needs the slot to change hands meanwhile.
pub const TRIES: u32 = 16;

/// The word of a slot.
#[must_use]
pub const fn pack(generation: u16, party: u16, state: u32) -> u32 {
    (generation as u32) << GENERATION_SHIFT
        | ((party & MAX_PARTY) as u32) << PARTY_SHIFT
        | state & STATE
}

/// Which of the slot's units; 0 for none.
#[must_use]
pub const fn generation_of(raw: u32) -> u16 {
    (raw >> GENERATION_SHIFT) as u16
}

/// Who registered it.
#[must_use]
pub const fn party_of(raw: u32) -> u16 {
    (raw >> PARTY_SHIFT) as u16 & MAX_PARTY
}

/// How far it has come.
#[must_use]
pub const fn state_of(raw: u32) -> u32 {
    raw & STATE
}

/// Whether this is the word of an active unit of this generation.
#[must_use]
pub const fn is_active(raw: u32, generation: u16) -> bool {
    generation != 0 && generation_of(raw) == generation && state_of(raw) == ACTIVE
}

/// Whether somebody has the slot at this generation, or might still get it.
#[must_use]
pub const fn is_taken(raw: u32, generation: u16) -> bool {
    generation_of(raw) == generation && matches!(state_of(raw), CLAIMED | PROPOSED | ACTIVE)
}

/// The same slot with nobody in it.
#[must_use]
pub const fn vacated(raw: u32) -> u32 {
    pack(generation_of(raw), ANONYMOUS, RETIRED)
}

/// A slot that was claimed. Holding one proves that no other party writes the record, until it is
/// [proposed](propose).
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a slot that is claimed and not settled stays taken"]
pub struct Claim {
    generation: u16,
    party: u16,
}

impl Claim {
    /// Which of the slot's units this will be.
    #[must_use]
    pub const fn generation(&self) -> u16 {
        self.generation
    }

    const fn at(&self, state: u32) -> u32 {
        pack(self.generation, self.party, state)
    }
}

/// Takes the slot for `party`, if nobody has it.
pub fn claim<W: Word>(word: &W, party: u16) -> Option<Claim> {
    // Relaxed: only a guess, which the compare-and-swap checks.
    let old = word.load(Ordering::Relaxed);
    if !matches!(state_of(old), FREE | RETIRED) {
        return None;
    }
    // 0 is left out: it says "no unit".
    let generation = generation_of(old).wrapping_add(1).max(1);
    let claim = Claim { generation, party };
    // Acquire because the record is overwritten next, after all that its last writer did; pairs
    // with Release in `propose`, `withdraw` and `reclaim`. Lost to another: it has the slot.
    let order = ordering("registry: claim", Ordering::Acquire);
    word.cas(old, claim.at(CLAIMED), order, Ordering::Relaxed).ok()?;
    // Whoever reads a word of the record that is written now sees on its second look that the
    // slot was claimed; pairs with the Acquire fence in `is_unchanged`. Whoever sees our entry in
    // the index sees it, too; pairs with Acquire in `index::insert`.
    fence::<W>("registry: fence before the record", Ordering::Release);
    Some(claim)
}

/// Publishes the record as a proposal. The next step is [`contest`].
pub fn propose<W: Word>(word: &W, claim: &Claim) {
    // Release because the record is overwritten by whoever claims the slot after a rival took it
    // away; pairs with Acquire in `claim`. Every later change of this word is a read-modify-write
    // until then, and continues what begins here.
    word.store(claim.at(PROPOSED), ordering("registry: propose", Ordering::Release));
    // Our proposal before our look at the others'; pairs with the same fence of another
    // registrant: of two proposals at least one is seen by the other, and its record, too.
    fence::<W>("registry: fence after the proposal", Ordering::SeqCst);
}

/// Decides between our proposal in slot `own` and everybody else of the same name. `state` is the
/// word of a slot, and `is_named` reads whether a slot's record has our name.
///
/// # Errors
/// `RoleHeld` if an active unit or a proposal in a lower slot has the name; `Contended` if a slot
/// changed hands during each of a bounded number of looks; and what the closures say. The
/// proposal has then to be [withdrawn](withdraw).
pub fn contest<'a, W: Word + 'a>(
    own: u32,
    slots: u32,
    state: impl Fn(u32) -> Result<&'a W, Error>,
    is_named: impl Fn(u32) -> Result<bool, Error>,
) -> Result<(), Error> {
    for rival in (0..slots).filter(|&slot| slot != own) {
        let word = state(rival)?;
        let mut is_beaten = false;
        for _ in 0..TRIES {
            let Some(raw) = find_named(word, || is_named(rival))? else {
                is_beaten = true;
                break;
            };
            if state_of(raw) == ACTIVE || rival < own {
                return Err(Error::RoleHeld);
            }
            // A proposal in a higher slot loses. Relaxed: we neither read nor write the slot on
            // the strength of it. If it fails, the rival went on: look again.
            if word.cas(raw, vacated(raw), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                is_beaten = true;
                break;
            }
        }
        if !is_beaten {
            return Err(Error::Contended { tries: TRIES });
        }
    }
    Ok(())
}

/// Ends a contest that was won: the unit is there.
///
/// # Errors
/// `RoleHeld` if a rival in a lower slot took ours away meanwhile.
pub fn activate<W: Word>(word: &W, claim: Claim) -> Result<(), Error> {
    // Release because whoever sees the unit reads its record, and finds it by its name; pairs
    // with Acquire in `look`.
    let order = ordering("registry: activate", Ordering::Release);
    word.cas(claim.at(PROPOSED), claim.at(ACTIVE), order, Ordering::Relaxed)
        .map(|_| ())
        .map_err(|_| Error::RoleHeld)
}

/// Gives a claimed or proposed slot up. Does nothing if it was taken away meanwhile.
pub fn withdraw<W: Word>(word: &W, claim: Claim) {
    let raw = word.load(Ordering::Relaxed);
    if raw == claim.at(CLAIMED) || raw == claim.at(PROPOSED) {
        // Release because of what we wrote into the record, if it was not proposed; pairs with
        // Acquire in `claim`.
        let order = ordering("registry: withdraw", Ordering::Release);
        let _ = word.cas(raw, vacated(raw), order, Ordering::Relaxed);
    }
}

/// Ends the registration of the unit of this generation; whether it was active.
pub fn retire<W: Word>(word: &W, generation: u16) -> bool {
    let raw = word.load(Ordering::Relaxed);
    // Relaxed: who claims the slot next has to come after the writer of the record, and that is
    // what it acquires, since this read-modify-write continues what `propose` began.
    is_active(raw, generation)
        && word.cas(raw, vacated(raw), Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// Takes the slot from `dead`, however far it had come; whether it had it.
///
/// The caller has the proof that no execution context of that party can touch the memory again,
/// with all that it stored visible to it.
pub fn reclaim<W: Word>(word: &W, dead: u16) -> bool {
    let raw = word.load(Ordering::Relaxed);
    if dead == ANONYMOUS || party_of(raw) != dead || !is_taken(raw, generation_of(raw)) {
        return false;
    }
    // Release because the record is overwritten next, and the dead may not have published what
    // it wrote of it; pairs with Acquire in `claim`. Lost to one who beat the dead one's proposal
    // or retired its unit: then the dead has nothing here any more.
    let order = ordering("registry: reclaim", Ordering::Release);
    word.cas(raw, vacated(raw), order, Ordering::Relaxed).is_ok()
}

/// The word of a slot, before its record is read.
pub fn look<W: ReadWord>(word: &W) -> u32 {
    // Acquire: the record is read next; pairs with Release in `activate` and `propose`.
    word.load(ordering("registry: look", Ordering::Acquire))
}

/// Whether what was read since a [`look`] that saw `raw` is one record, and that one.
pub fn is_unchanged<W: ReadWord>(word: &W, raw: u32) -> bool {
    // If any word that was read is of a later record, its claim is visible to the load below;
    // pairs with the Release fence in `claim`.
    fence::<W>("registry: fence after the record", Ordering::Acquire);
    word.load(Ordering::Relaxed) == raw
}

/// The word of the slot, if what is active or proposed there has the name.
///
/// # Errors
/// `Contended` if the slot changed hands during each of a bounded number of looks; and what the
/// closure says.
pub fn find_named<W: ReadWord>(
    word: &W,
    is_named: impl Fn() -> Result<bool, Error>,
) -> Result<Option<u32>, Error> {
    for _ in 0..TRIES {
        let raw = look(word);
        if !matches!(state_of(raw), ACTIVE | PROPOSED) {
            return Ok(None);
        }
        let named = is_named()?;
        if is_unchanged(word, raw) {
            return Ok(named.then_some(raw));
        }
    }
    Err(Error::Contended { tries: TRIES })
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::AtomicU32;

    #[test]
    fn a_slot_goes_its_way() {
        let word = AtomicU32::new(pack(u16::MAX, 0, RETIRED));
        let first = claim(&word, 1023).unwrap();
        assert_eq!(first.generation(), 1, "0 is left out");
        assert_eq!(word.load(Ordering::Relaxed), pack(1, 1023, CLAIMED));
        assert_eq!(claim(&word, 1), None);
        propose(&word, &first);
        assert_eq!(party_of(word.load(Ordering::Relaxed)), 1023);
        assert!(!retire(&word, 1), "not active yet");
        activate(&word, first).unwrap();
        assert!(!retire(&word, 2) && !retire(&word, 0));
        assert!(retire(&word, 1) && !retire(&word, 1));
        assert_eq!(word.load(Ordering::Relaxed), pack(1, 0, RETIRED));

        let second = claim(&word, 7).unwrap();
        withdraw(&word, second);
        assert_eq!(word.load(Ordering::Relaxed), pack(2, 0, RETIRED));
        let third = claim(&word, 7).unwrap();
        assert!(!reclaim(&word, 8) && !reclaim(&word, 0));
        assert!(reclaim(&word, 7) && !reclaim(&word, 7));
        let fourth = claim(&word, 7).unwrap();
        propose(&word, &third);
        assert_eq!(activate(&word, fourth), Err(Error::RoleHeld));
    }

    #[test]
    fn no_value_of_a_word_is_mistaken() {
        for state in 0..=STATE {
            let word = AtomicU32::new(pack(5, 3, state));
            assert_eq!(claim(&word, 1).is_some(), matches!(state, FREE | RETIRED));
            let word = AtomicU32::new(pack(5, 3, state));
            assert_eq!(retire(&word, 5), state == ACTIVE);
            let word = AtomicU32::new(pack(5, 3, state));
            assert_eq!(reclaim(&word, 3), matches!(state, CLAIMED | PROPOSED | ACTIVE));
        }
        assert!(!is_active(pack(0, 0, ACTIVE), 0), "generation 0 is nobody");
    }
}

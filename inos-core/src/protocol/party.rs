//! Coming, going, and being found dead: who may take what a party left behind.
//!
//! A party holds a *seat*, a [role] whose number it signs all its claims with. One
//! more role, the *reaper's*, is held while the claims of the dead are taken: whoever holds it
//! alone decides whose roles become free. A reaper that dies is found dead like any other, and
//! its successor begins anew: each step of reaping may be done twice.
//!
//! Death is the host's to prove; here it is a closure. Proof is asked for between two looks at
//! the same lease word, so it is a proof about the claim that was seen.

use super::Word;
use super::fault::{is_planted, ordering};
use super::role::{self, Lease};
use crate::sync::Ordering;

/// What one look at a seat found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corpse {
    raw: u32,
    party: u16,
}

impl Corpse {
    /// The number that the dead party signed with.
    #[must_use]
    pub const fn party(&self) -> u16 {
        self.party
    }
}

/// The holder of a lease, if it is proven dead.
pub fn find_dead<W: Word>(word: &W, is_dead: impl Fn(u16) -> bool) -> Option<Corpse> {
    // Acquire: the holder's proof of life, which began before its claim, is looked at next; pairs
    // with Release in `role::claim` and `role::succeed`.
    let raw = word.load(ordering("party: first look", Ordering::Acquire));
    let party = role::holder_of(raw).filter(|&party| party != role::ANONYMOUS)?;
    if !is_dead(party) {
        return None;
    }
    // The second look tells one that died from one that left. Relaxed: a party that leaves frees
    // its lease and then gives its proof of life up, so whoever finds that gone finds the lease
    // freed, or taken by a later claim of another generation.
    let same = is_planted("party: no second look") || word.load(Ordering::Relaxed) == raw;
    same.then_some(Corpse { raw, party })
}

/// Takes the reaper's role for `party`, from its holder if that one is proven dead; `None` if
/// somebody living has it.
pub fn claim_reaper<W: Word>(word: &W, party: u16, is_dead: impl Fn(u16) -> bool) -> Option<Lease> {
    if let Some(corpse) = find_dead(word, is_dead) {
        bury(word, corpse);
    }
    role::claim(word, party)
}

/// Frees the lease that a dead party held. The caller is the reaper, and has taken all the dead
/// one's claims before, if the lease is a seat's.
pub fn bury<W: Word>(word: &W, corpse: Corpse) -> bool {
    role::revoke_exact(word, corpse.raw)
}

/// Takes over a dead party's seat in one step. The caller is the reaper, has taken all the dead
/// one's claims, and lives in the seat according to the host.
pub fn succeed<W: Word>(word: &W, corpse: Corpse) -> Option<Lease> {
    role::succeed(word, corpse.raw, corpse.party)
}

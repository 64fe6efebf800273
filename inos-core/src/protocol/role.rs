//! An exclusive role: one lease word that a party takes by compare-and-swap.
//!
//! ```text
//!  31                              11 10          1   0
//! +----------------------------------+-------------+---+
//! | generation: 21 bits, wraps       | party: 10   | H |  H: held
//! +----------------------------------+-------------+---+
//! ```
//!
//! The claimant's number stands in the word itself, so there is no moment in which a role is
//! held and nobody knows by whom. Party [`ANONYMOUS`] is whoever did not say: its death can't be
//! proven, so its roles are void only in an exclusive attachment.
//!
//! The generation counts claims. One that wraps can only mislead a holder that slept through
//! 2^21 takeovers of its own role, each of which needed a proof of its death.

use super::fault::ordering;
use super::{ReadWord, Word};
pub use crate::defs::role::{ANONYMOUS, GENERATION_SHIFT, HELD, MAX_PARTY, PARTY_SHIFT};
use crate::sync::Ordering;

const GENERATION: u32 = u32::MAX << GENERATION_SHIFT;

/// A held role: the lease word's value while it is ours.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a role that is not given back stays held"]
pub struct Lease(u32);

impl Lease {
    /// The lease word, as long as the role is held by this claim.
    #[must_use]
    pub const fn raw(&self) -> u32 {
        self.0
    }
}

/// Takes the role for `party`, at most [`MAX_PARTY`]; `None` if it is held.
pub fn claim<W: Word>(word: &W, party: u16) -> Option<Lease> {
    claim_from(word, word.load(Ordering::Relaxed), party)
}

/// As [`claim`], if the word is still `old`: nobody has held the role since that was loaded.
pub fn claim_from<W: Word>(word: &W, old: u32, party: u16) -> Option<Lease> {
    if old & HELD != 0 {
        return None;
    }
    let new = held_by(old, party);
    // Acquire: what the last holder, or whoever took its role from it, left behind; pairs with
    // Release in `release` and `revoke`. Release: that we live, which we proved to the host
    // before; pairs with Acquire in `party::find_dead`. A lost race is a held role.
    let order = ordering("role: claim", Ordering::AcqRel);
    word.cas(old, new, order, Ordering::Relaxed).ok().map(|_| Lease(new))
}

/// Gives the role back. Does nothing if it was revoked meanwhile.
pub fn release<W: Word>(word: &W, lease: &Lease) {
    // Release because the next holder continues from our state; pairs with Acquire in `claim`.
    let order = ordering("role: release", Ordering::Release);
    let _ = word.cas(lease.0, lease.0 & GENERATION, order, Ordering::Relaxed);
}

/// Takes the role from `dead`, if it holds it; whether it did. Nobody holds it then.
///
/// The caller has the proof that no execution context of that party can touch the memory again,
/// and has mended what the role protects, with all that the dead party stored visible to it:
/// the proof orders it, not this word.
pub fn revoke<W: Word>(word: &W, dead: u16) -> bool {
    let old = word.load(Ordering::Relaxed);
    holder_of(old) == Some(dead) && revoke_exact(word, old)
}

/// As [`revoke`], of the very claim that was seen as `raw`.
pub fn revoke_exact<W: Word>(word: &W, raw: u32) -> bool {
    // Release because the next holder continues from what the caller mended; pairs with Acquire
    // in `claim`. Lost to another who revoked it: then it is not held by the dead any more.
    let order = ordering("role: revoke", Ordering::Release);
    word.cas(raw, raw & GENERATION, order, Ordering::Relaxed).is_ok()
}

/// Takes the very claim that was seen as `raw` over for `party`, with no moment in which the role
/// is free. The caller has the proof and has mended, as for [`revoke`].
pub fn succeed<W: Word>(word: &W, raw: u32, party: u16) -> Option<Lease> {
    let new = held_by(raw, party);
    // Release: that the caller lives; pairs with Acquire in `party::find_dead`. Nothing to
    // acquire: what it mended it knows.
    let order = ordering("role: succeed", Ordering::Release);
    word.cas(raw, new, order, Ordering::Relaxed).ok().map(|_| Lease(new))
}

/// The lease word after a claim by `party` that follows `old`.
const fn held_by(old: u32, party: u16) -> u32 {
    let generation = (old & GENERATION).wrapping_add(1 << GENERATION_SHIFT);
    generation | ((party & MAX_PARTY) as u32) << PARTY_SHIFT | HELD
}

/// Who holds the role, as of now.
pub fn holder<W: ReadWord>(word: &W) -> Option<u16> {
    holder_of(word.load(Ordering::Relaxed))
}

/// Whether somebody holds the role, as of now.
pub fn is_held<W: ReadWord>(word: &W) -> bool {
    holder(word).is_some()
}

/// Who holds the role, according to a value of its lease word.
#[must_use]
pub const fn holder_of(raw: u32) -> Option<u16> {
    if raw & HELD == 0 {
        return None;
    }
    Some((raw >> PARTY_SHIFT) as u16 & MAX_PARTY)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::AtomicU32;

    #[test]
    fn a_role_names_its_holder_and_only_that_one_loses_it() {
        let word = AtomicU32::new(GENERATION);
        let lease = claim(&word, MAX_PARTY).unwrap();
        assert_eq!(holder(&word), Some(MAX_PARTY));
        assert_eq!(word.load(Ordering::Relaxed), (1 << GENERATION_SHIFT) - 1, "wraps");
        assert_eq!(claim(&word, 1), None);
        assert!(!revoke(&word, 1));
        assert!(revoke(&word, MAX_PARTY) && !revoke(&word, MAX_PARTY));
        assert_eq!(holder(&word), None);

        let second = claim(&word, 7).unwrap();
        release(&word, &lease);
        assert_eq!(holder(&word), Some(7), "a revoked lease gives nothing back");
        release(&word, &second);
        assert!(!is_held(&word));
    }
}

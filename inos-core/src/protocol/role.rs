//! An exclusive role: one lease word that a party takes by compare-and-swap.
//!
//! ```text
//!  31                                             1   0
//! +------------------------------------------------+---+
//! | generation: how often it was taken, wraps      | H |
//! +------------------------------------------------+---+
//! ```
//!
//! A generation that wraps can only mislead a holder that slept through 2^31 takeovers of its
//! own role, each of which needed a proof of its death.

use super::Word;
use crate::sync::Ordering;

/// Bit 0: the role is held.
pub const HELD: u32 = 1;

/// A held role: the lease word's value while it is ours.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a role that is not given back stays held"]
pub struct Lease(u32);

/// Takes the role; `None` if it is held.
pub fn claim<W: Word>(word: &W) -> Option<Lease> {
    let old = word.load(Ordering::Relaxed);
    if old & HELD != 0 {
        return None;
    }
    let new = old.wrapping_add(2) | HELD;
    // AcqRel: acquires what the last holder left behind; pairs with Release in `release`. The
    // release half pairs with nothing yet: it is for whoever takes a dead holder's role over.
    // A lost race is a held role.
    word.cas(old, new, Ordering::AcqRel, Ordering::Relaxed).ok().map(|_| Lease(new))
}

/// Gives the role back. Does nothing if it was taken over meanwhile.
pub fn release<W: Word>(word: &W, lease: &Lease) {
    // Release because the next holder continues from our state; pairs with AcqRel in `claim`.
    let _ = word.cas(lease.0, lease.0 & !HELD, Ordering::Release, Ordering::Relaxed);
}

/// Whether somebody holds the role, as of now.
pub fn is_held<W: super::ReadWord>(word: &W) -> bool {
    word.load(Ordering::Relaxed) & HELD != 0
}

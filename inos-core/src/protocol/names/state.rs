//! What stands in the state word of a slot.

use crate::defs::epochs::{CLAIMED, FREE, GENERATION_SHIFT, PARTY_SHIFT, STATE};
use crate::protocol::role::MAX_PARTY;

const GENERATION: u32 = u32::MAX << GENERATION_SHIFT;
/// The state of a slot that nobody ever had: free, in generation 0.
pub(super) const UNUSED: u32 = FREE;

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

/// The state after this one was given up: no handle of before fits. Never 0, at which searches
/// end: generation 1 comes after the last.
#[must_use]
pub const fn freed(raw: u32) -> u32 {
    match (raw & GENERATION).wrapping_add(1 << GENERATION_SHIFT) {
        UNUSED => 1 << GENERATION_SHIFT,
        next => next,
    }
}

/// The state of a free slot after this party has claimed it.
pub(super) fn claimed_by(raw: u32, party: u16) -> u32 {
    (raw & GENERATION) | u32::from(party.min(MAX_PARTY)) << PARTY_SHIFT | CLAIMED
}

/// The same slot, generation and party in another state.
pub(super) const fn in_state(raw: u32, state: u32) -> u32 {
    (raw & !STATE) | state
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::protocol::names::ACTIVE;

    #[test]
    fn no_slot_becomes_unused_again() {
        for party in [0, 1, MAX_PARTY, u16::MAX] {
            let mut raw = UNUSED;
            for generation in (0..1 << 20).chain(1..3) {
                assert_eq!((generation_of(raw), owner_of(raw)), (generation, None));
                let claimed = claimed_by(raw, party);
                assert_eq!(owner_of(claimed), Some(party.min(MAX_PARTY)));
                let active = in_state(claimed, ACTIVE);
                assert_eq!(freed(active), freed(claimed));
                assert!(claimed != UNUSED && active != UNUSED && freed(active) != UNUSED);
                assert_eq!(state_of(freed(active)), FREE);
                raw = freed(active);
            }
        }
    }
}

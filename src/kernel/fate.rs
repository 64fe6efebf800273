//! Who answers a call: the worker that runs it, or the pump that has given it up.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicU32, Ordering};

/// Decides it once. Whoever it is writes to what belongs to the call's client; the other does not.
#[derive(Debug, Default)]
pub(super) struct Fate(AtomicU32);

const OPEN: u32 = 0;
const CLAIMED: u32 = 1;
const LOST: u32 = 2;

impl Fate {
    /// The worker wants to write what came of it, again maybe; whether it may.
    pub(super) fn claim(&self) -> bool {
        // Relaxed, both: the word carries nothing but itself. What the pump has answered, the
        // worker never looks at, and the other way round.
        match self.0.compare_exchange(OPEN, CLAIMED, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(fate) => fate == CLAIMED,
        }
    }

    /// The pump gives the call up; whether it may.
    pub(super) fn give_up(&self) -> bool {
        // Relaxed: see `claim`.
        self.0.compare_exchange(OPEN, LOST, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_answers() {
        let fate = Fate::default();
        assert!(fate.claim() && fate.claim() && !fate.give_up() && fate.claim());
        let fate = Fate::default();
        assert!(fate.give_up() && !fate.claim() && !fate.give_up());
    }
}

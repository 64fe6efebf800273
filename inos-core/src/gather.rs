//! How a consumer that keeps up with its producers lets records gather.
#![forbid(unsafe_code)]

use core::hint;

/// Pauses before the looks of a consumer that has read everything. A consumer that looks at each
/// record as soon as it is there takes the cache line away that the producer is about to write
/// again; one that stays a little behind lets both go faster.
///
/// The pauses double with each look that finds something, and end with the first one that does
/// not: who waits for an answer looks without a pause.
#[derive(Debug)]
pub(crate) struct Gather {
    max: u32,
    now: u32,
}

impl Gather {
    /// Never pauses.
    pub(crate) const NOT: Self = Self::up_to(0);

    /// Pauses for at most so many turns of a spinning loop.
    pub(crate) const fn up_to(max: u32) -> Self {
        Self { max, now: 0 }
    }

    /// Turns of the next pause.
    #[cfg(test)]
    pub(crate) const fn turns(&self) -> u32 {
        self.now
    }

    /// The pause before a look.
    #[inline]
    pub(crate) fn before(&self) {
        for _ in 0..self.now {
            hint::spin_loop();
        }
    }

    /// What follows from whether the look has found something.
    #[inline]
    pub(crate) const fn after(&mut self, found: bool) {
        let more = if self.now == 0 { 1 } else { self.now.saturating_mul(2) };
        self.now = match found {
            true if more < self.max => more,
            true => self.max,
            false => 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// The pauses before each of these looks.
    fn pauses(max: u32, looks: &[bool]) -> Vec<u32> {
        let mut gather = Gather::up_to(max);
        let pause = |found: &bool| {
            let now = gather.turns();
            gather.after(*found);
            now
        };
        looks.iter().map(pause).collect()
    }

    #[test]
    fn pauses_double_and_end_with_the_first_vain_look() {
        assert_eq!(pauses(20, &[true; 8]), [0, 1, 2, 4, 8, 16, 20, 20]);
        assert_eq!(pauses(20, &[true, true, false, false, true, true]), [0, 1, 2, 0, 0, 1]);
        assert_eq!(pauses(u32::MAX, &[true; 34])[32..], [1 << 31, u32::MAX]);
        assert_eq!(pauses(1, &[true; 3]), [0, 1, 1]);
        assert_eq!(pauses(0, &[true; 3]), [0, 0, 0]);
    }
}

//! Which lane is next: by the priority of its first submission, then by turns.
//!
//! - Among the lanes whose first submission has the same priority, each gets its turn.
//! - A higher priority goes first, [`PATIENCE`] times in a row: then a lower one that was passed
//!   over as often gets one turn.
//!
//! So nobody starves: a priority that has lanes is passed over at most `PATIENCE` + 6 times in a
//! row, and a lane at most that often for each lane of its own priority.
#![forbid(unsafe_code)]

use super::READY_WORDS;

/// How many priorities there are.
const LEVELS: usize = super::PRIORITY_MASK as usize + 1;
/// How often a priority is passed over before it gets a turn.
pub(super) const PATIENCE: u8 = 32;

/// Lanes that may have submissions.
#[derive(Debug)]
pub(super) struct Pending {
    /// Lanes whose first submission has not been looked at.
    fresh: [u32; READY_WORDS],
    /// The others, by the priority of their first submission.
    levels: [[u32; READY_WORDS]; LEVELS],
    /// Bit of a level that may have lanes; one that is not set has none.
    used: u8,
    /// How often a level was passed over.
    passed: [u8; LEVELS],
    /// The lane of a level to look at first.
    cursors: [u32; LEVELS],
    lanes: u32,
}

impl Pending {
    /// All lanes, to be looked at.
    pub(super) fn new(lanes: u32) -> Self {
        let mut pending = Self {
            fresh: [0; READY_WORDS],
            levels: [[0; READY_WORDS]; LEVELS],
            used: 0,
            passed: [0; LEVELS],
            cursors: [0; LEVELS],
            lanes,
        };
        for lane in 0..lanes {
            pending.look_at(lane);
        }
        pending
    }

    /// Words that have bits of lanes.
    const fn words(&self) -> usize {
        self.lanes.div_ceil(32) as usize
    }

    /// Words of fresh bits to add to. Bits of lanes that do not exist are ignored.
    #[inline]
    pub(super) fn fresh(&mut self) -> impl Iterator<Item = &mut u32> {
        let words = self.words();
        self.fresh.iter_mut().take(words)
    }

    /// Adds a lane, to be looked at.
    #[inline]
    pub(super) fn look_at(&mut self, lane: u32) {
        if let Some(bits) = self.fresh.get_mut(lane as usize / 32) {
            *bits |= 1 << (lane % 32);
        }
    }

    /// Removes a lane that is to be looked at.
    #[inline]
    pub(super) fn next_fresh(&mut self) -> Option<u32> {
        let words = self.words();
        for (bits, index) in self.fresh.iter_mut().zip(0_u32..).take(words) {
            while *bits != 0 {
                let lane = index * 32 + bits.trailing_zeros();
                *bits &= *bits - 1;
                if lane < self.lanes {
                    return Some(lane);
                }
            }
        }
        None
    }

    /// Whether no lane has been looked at and waits for its turn. May be false for none.
    #[inline]
    pub(super) const fn is_unsorted(&self) -> bool {
        self.used == 0
    }

    /// Whether a lane is to be looked at.
    #[inline]
    pub(super) fn has_fresh(&self) -> bool {
        self.fresh.iter().take(self.words()).any(|&bits| bits != 0)
    }

    /// Adds a lane whose first submission has this priority.
    #[inline]
    pub(super) fn insert(&mut self, lane: u32, priority: u8) {
        let level = usize::from(priority) % LEVELS;
        if let Some(bits) = self.levels.get_mut(level).and_then(|l| l.get_mut(lane as usize / 32)) {
            *bits |= 1 << (lane % 32);
            self.used |= 1 << level;
        }
    }

    /// Removes the lane whose turn it is.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u32> {
        while self.used != 0 {
            let level = self.choose();
            if let Some(lane) = self.take_turn(level) {
                return Some(lane);
            }
            self.used &= !(1 << level);
        }
        None
    }

    /// The level whose turn it is; some level is used.
    fn choose(&self) -> usize {
        let highest = self.used.checked_ilog2().unwrap_or(0) as usize;
        if self.used.is_power_of_two() {
            return highest;
        }
        let due = |&level: &usize| self.used & (1 << level) != 0 && self.passed(level) >= PATIENCE;
        (0..highest).filter(due).max_by_key(|&level| self.passed(level)).unwrap_or(highest)
    }

    fn passed(&self, level: usize) -> u8 {
        self.passed.get(level).copied().unwrap_or(0)
    }

    /// Removes the lane of a level whose turn it is, and counts those passed over.
    fn take_turn(&mut self, level: usize) -> Option<u32> {
        let words = self.words();
        let bitmap = self.levels.get_mut(level)?.get_mut(..words)?;
        let cursor = self.cursors.get_mut(level)?;
        let lane = first(bitmap, *cursor).or_else(|| first(bitmap, 0))?;
        if let Some(bits) = bitmap.get_mut(lane as usize / 32) {
            *bits &= !(1 << (lane % 32));
        }
        *cursor = if lane + 1 < self.lanes { lane + 1 } else { 0 };
        if !self.used.is_power_of_two() {
            for (count, other) in self.passed.iter_mut().zip(0..) {
                if self.used & (1 << other) != 0 {
                    *count = if other == level { 0 } else { count.saturating_add(1) };
                }
            }
        }
        Some(lane)
    }
}

/// The first lane in a bitmap from `from` on.
fn first(bitmap: &[u32], from: u32) -> Option<u32> {
    let begin = from / 32;
    bitmap.iter().zip(0_u32..).skip(begin as usize).find_map(|(&bits, index)| {
        let bits = if index == begin { bits & (u32::MAX << (from % 32)) } else { bits };
        (bits != 0).then(|| index * 32 + bits.trailing_zeros())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    fn drained(pending: &mut Pending) -> Vec<u32> {
        core::iter::from_fn(|| pending.next_fresh()).collect()
    }

    #[test]
    fn fresh_lanes_are_those_that_exist() {
        for lanes in [1, 31, 32, 33, 70, 1024] {
            let mut pending = Pending::new(lanes);
            assert_eq!(drained(&mut pending), (0..lanes).collect::<Vec<_>>());
            pending.fresh().for_each(|bits| *bits = u32::MAX);
            assert_eq!(drained(&mut pending).len(), lanes as usize);
            assert!(!pending.has_fresh() && pending.is_unsorted());
        }
    }

    #[test]
    fn the_urgent_go_first_and_equals_take_turns() {
        let mut pending = Pending::new(70);
        for (lane, priority) in [(0, 0), (1, 3), (33, 7), (69, 3), (2, 7)] {
            pending.insert(lane, priority);
        }
        let order: Vec<_> = core::iter::from_fn(|| pending.next()).collect();
        assert_eq!(order, [2, 33, 1, 69, 0]);
        assert!(pending.is_unsorted());
    }

    /// Three lanes of each priority that always have more: none waits for longer than it must.
    #[test]
    fn nobody_starves() {
        let lanes = 3 * LEVELS as u32;
        let mut pending = Pending::new(lanes);
        (0..lanes).for_each(|lane| pending.insert(lane, (lane / 3) as u8));
        let mut last = std::vec![0_usize; lanes as usize];
        let bound = 3 * (usize::from(PATIENCE) + LEVELS - 1);
        let mut top = 0;
        for turn in 1..10_000 {
            let lane = pending.next().unwrap();
            pending.insert(lane, (lane / 3) as u8);
            assert!(turn - last[lane as usize] <= bound, "lane {lane} waited too long");
            last[lane as usize] = turn;
            top += u32::from(lane / 3 == 7);
        }
        assert!(last.iter().all(|&turn| turn + bound >= 10_000));
        assert!(top > 7000, "the urgent get most turns: {top}");
    }
}

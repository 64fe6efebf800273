//! How many threads work, and how many are lost in calls that do not come back.
#![forbid(unsafe_code)]

/// The threads of a kernel that run calls. A thread cannot be killed, so one that is lost in native
/// code is replaced, and leaves, or takes the place of one that is missing, should it come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Crew {
    /// Threads that should be able to work.
    wanted: usize,
    /// Lost ones that are replaced at most.
    spare: usize,
    fit: usize,
    lost: usize,
}

impl Crew {
    /// A crew of so many threads, all there.
    pub(super) const fn new(wanted: usize, spare: usize) -> Self {
        Self { wanted, spare, fit: wanted, lost: 0 }
    }

    /// Threads that can work.
    pub(super) const fn fit(&self) -> usize {
        self.fit
    }

    /// Threads that are lost now.
    pub(super) const fn lost(&self) -> usize {
        self.lost
    }

    /// So many are lost.
    pub(super) fn lose(&mut self, count: usize) {
        let count = count.min(self.fit);
        self.fit -= count;
        self.lost += count;
    }

    /// Whether one more is wanted; it is counted as there.
    pub(super) fn hire(&mut self) -> bool {
        let may = self.fit < self.wanted && self.fit + self.lost < self.wanted + self.spare;
        self.fit += usize::from(may);
        may
    }

    /// One that was hired never came.
    pub(super) fn dismiss(&mut self) {
        self.fit = self.fit.saturating_sub(1);
    }

    /// A lost one came back; whether it is to stay.
    pub(super) fn welcome(&mut self) -> bool {
        self.lost = self.lost.saturating_sub(1);
        let stays = self.fit < self.wanted;
        self.fit += usize::from(stays);
        stays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lost_are_replaced_up_to_a_limit_and_leave_when_they_are_back() {
        let mut crew = Crew::new(2, 1);
        assert!(!crew.hire());
        crew.lose(1);
        assert!(crew.hire() && !crew.hire());
        assert_eq!((crew.fit(), crew.lost()), (2, 1));
        // The second one is not replaced.
        crew.lose(1);
        assert!(!crew.hire());
        assert_eq!((crew.fit(), crew.lost()), (1, 2));
        // It is missing, so the first to come back stays, and the next one leaves.
        assert!(crew.welcome());
        assert!(!crew.welcome());
        assert_eq!(crew, Crew::new(2, 1));
        crew.lose(9);
        assert_eq!((crew.fit(), crew.lost()), (0, 2));
    }
}

//! When ticks are due: without threads and clocks.
//!
//! Tick n is due at base + n · per / ticks, so that rounding never adds up. Moments are times since
//! a beginning that the caller keeps.
#![forbid(unsafe_code)]

use std::time::Duration;

use super::Rate;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    /// What ticks are counted from; `None` of a pulse that is stopped.
    rate: Option<Rate>,
    base: Duration,
    /// Ticks since the base, skipped ones too.
    count: u64,
}

/// A tick that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tick {
    /// How long ago it was due.
    pub(super) late: Duration,
    /// Ticks before it that nobody came for.
    pub(super) skipped: u64,
}

impl Schedule {
    pub(super) const fn new(rate: Option<Rate>, now: Duration) -> Self {
        Self { rate, base: now, count: 0 }
    }

    /// When the next tick is due.
    pub(super) fn due(&self) -> Option<Duration> {
        Some(self.base.saturating_add(self.rate?.after(self.count.saturating_add(1))))
    }

    /// The latest tick that is due by now; those before it are skipped.
    pub(super) fn tick(&mut self, now: Duration) -> Option<Tick> {
        let rate = self.rate?;
        let count = rate.count_within(now.checked_sub(self.base)?);
        let skipped = count.checked_sub(self.count)?.checked_sub(1)?;
        self.count = count;
        let due = self.base.saturating_add(rate.after(count));
        Some(Tick { late: now.saturating_sub(due), skipped })
    }

    /// Another rate. The next tick is a period after the last one, if that is still to come, so that
    /// going back and forth gives neither bursts nor gaps; after a stop it is a period from now on.
    pub(super) fn set_rate(&mut self, rate: Option<Rate>, now: Duration) {
        if rate == self.rate {
            return;
        }
        let last = self.rate.map(|old| self.base.saturating_add(old.after(self.count)));
        let coming =
            |last: &Duration| rate.is_some_and(|rate| last.saturating_add(rate.after(1)) > now);
        *self = Self::new(rate, last.filter(coming).unwrap_or(now));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;

    const fn ns(nanos: u64) -> Duration {
        Duration::from_nanos(nanos)
    }

    proptest! {
        /// The rule itself, counted up one by one.
        #[test]
        fn ticks_come_when_they_are_due_and_none_is_lost_count_of(
            ticks in 1_u32..1000,
            per in 1_000_000_u64..1_000_000_000,
            base in 0_u64..1_000_000_000,
            steps in prop::collection::vec(0_u64..20_000_000, 1..200),
        ) {
            let rate = Rate::new(NonZeroU32::new(ticks).unwrap(), ns(per)).unwrap();
            let mut schedule = Schedule::new(Some(rate), ns(base));
            let due = |n: u64| base + u64::try_from(u128::from(n) * u128::from(per) / u128::from(ticks)).unwrap();
            let (mut now, mut n) = (base, 0);
            for step in steps {
                prop_assert_eq!(schedule.due(), Some(ns(due(n + 1))));
                now += step;
                let mut late = 0;
                while due(n + late + 1) <= now {
                    late += 1;
                }
                n += late;
                let expected = (late > 0).then(|| Tick { late: ns(now - due(n)), skipped: late - 1 });
                prop_assert_eq!(schedule.tick(ns(now)), expected);
            }
        }
    }

    #[test]
    fn a_century_at_60_hz_does_not_drift() {
        let second = ns(1_000_000_000);
        let century = second * 3_155_760_000;
        let mut schedule = Schedule::new(Some(Rate::hz(60)), second);
        let tick = schedule.tick(century + second).unwrap();
        assert_eq!(tick, Tick { late: ns(0), skipped: 60 * 3_155_760_000 - 1 });
        assert_eq!(schedule.due(), Some(century + second + ns(16_666_666)));
    }

    #[test]
    fn a_rate_changes_between_two_ticks() {
        let mut schedule = Schedule::new(Some(Rate::hz(10)), ns(0));
        assert!(schedule.tick(ns(100_000_000)).is_some());
        // 1 s after the last tick, not after the change.
        schedule.set_rate(Some(Rate::hz(1)), ns(150_000_000));
        assert_eq!(schedule.due(), Some(ns(1_100_000_000)));
        // The last tick is longer ago than a period: no burst.
        schedule.set_rate(Some(Rate::hz(10)), ns(900_000_000));
        assert_eq!(schedule.due(), Some(ns(1_000_000_000)));
        // The same rate again, every millisecond, does not put it off.
        for now in 901..999 {
            schedule.set_rate(Some(Rate::hz(10)), ns(now * 1_000_000));
        }
        assert_eq!(schedule.due(), Some(ns(1_000_000_000)));
    }

    #[test]
    fn a_stopped_one_never_ticks_and_makes_nothing_up() {
        let mut schedule = Schedule::new(Some(Rate::hz(10)), ns(0));
        schedule.set_rate(None, ns(50_000_000));
        assert_eq!((schedule.due(), schedule.tick(ns(u64::MAX))), (None, None));
        schedule.set_rate(Some(Rate::hz(10)), ns(3_000_000_000));
        assert_eq!(schedule.due(), Some(ns(3_100_000_000)));
        assert_eq!(schedule.tick(ns(3_099_999_999)), None);
        let tick = Tick { late: ns(1), skipped: 0 };
        assert_eq!(schedule.tick(ns(3_100_000_001)), Some(tick));
        // A clock that went backwards is no tick.
        assert_eq!(schedule.tick(ns(0)), None);
    }
}

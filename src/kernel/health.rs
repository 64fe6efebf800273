//! Units that fail: how often is too often, and what is done about it.
//!
//! A call that fails is answered, and the unit goes on: what it keeps between calls is its own, and
//! a panic ends one call. Who fails too often *rests*: its calls are answered without it, for twice
//! as long each time, and at last it is given up and retired from the registry.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use inos_units::Dispatcher;

use super::lock;

/// When a unit rests, and when it is given up.
///
/// ```
/// use inos::{KernelConfig, SectionId, Supervision};
///
/// // Two panics within a minute are one too many.
/// let strict = Supervision { failures: 1, period_s: 60, ..Supervision::default() };
/// let config = KernelConfig::new(SectionId(1), SectionId(2)).supervise(strict);
/// assert_eq!(config.supervision.failures, 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Supervision {
    /// Failures within the period that are put up with: one more, and the unit rests.
    pub failures: u32,
    /// In seconds.
    pub period_s: u32,
    /// The first rest in milliseconds; each one that follows is twice as long.
    pub first_rest_ms: u32,
    /// The longest rest in milliseconds. A unit that does not fail for so long after a rest has
    /// recovered: its next rest is a first one.
    pub longest_rest_ms: u32,
    /// Rests before a unit is given up.
    pub rests: u32,
}

impl Supervision {
    pub(super) const DEFAULT: Self =
        Self { failures: 5, period_s: 5, first_rest_ms: 100, longest_rest_ms: 30_000, rests: 8 };
}

impl Default for Supervision {
    /// Five failures in five seconds; eight rests of 0.1 to 12.8 seconds.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whether a unit is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnitState {
    /// It is.
    #[default]
    Working,
    /// It is not, for so long: calls are answered `UNIT_FAILED`.
    Resting {
        /// What is left of the rest.
        left: Duration,
    },
    /// It will not be any more: calls are answered `NO_UNIT`.
    GivenUp,
}

/// How a unit does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitHealth {
    /// The unit.
    pub name: &'static str,
    /// Whether it is called.
    pub state: UnitState,
    /// Calls that ended by a panic.
    pub panics: u64,
    /// Calls that went on after their time and were given up.
    pub lost: u64,
}

/// How a call failed, to a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    Panicked,
    Lost,
}

/// The units of a dispatcher, by their places there.
pub(super) struct Health {
    rule: Supervision,
    records: Mutex<Vec<Record>>,
}

#[derive(Default)]
struct Record {
    name: &'static str,
    panics: u64,
    lost: u64,
    /// Failures in the newest period, the oldest first.
    recent: VecDeque<Instant>,
    rests: u32,
    rests_until: Option<Instant>,
    is_given_up: bool,
}

impl Health {
    pub(super) fn new(dispatcher: &Dispatcher, rule: Supervision) -> Self {
        let record = |name| Record { name, ..Record::default() };
        let records = dispatcher.units().map(|info| record(info.name)).collect();
        Self { rule, records: Mutex::new(records) }
    }

    /// Whether the unit in this place is to be called now.
    pub(super) fn state(&self, unit: usize, now: Instant) -> UnitState {
        lock(&self.records).get(unit).map_or(UnitState::Working, |record| record.state(now))
    }

    /// A call of the unit failed; what has become of it because of this one.
    pub(super) fn failed(&self, unit: usize, failing: Failing, now: Instant) -> UnitState {
        lock(&self.records)
            .get_mut(unit)
            .map_or(UnitState::Working, |record| record.failed(&self.rule, failing, now))
    }

    pub(super) fn all(&self, now: Instant) -> Vec<UnitHealth> {
        let health = |record: &Record| {
            let Record { name, panics, lost, .. } = *record;
            UnitHealth { name, state: record.state(now), panics, lost }
        };
        lock(&self.records).iter().map(health).collect()
    }
}

impl Record {
    fn state(&self, now: Instant) -> UnitState {
        match self.rests_until {
            _ if self.is_given_up => UnitState::GivenUp,
            Some(until) if until > now => UnitState::Resting { left: until - now },
            _ => UnitState::Working,
        }
    }

    fn failed(&mut self, rule: &Supervision, failing: Failing, now: Instant) -> UnitState {
        match failing {
            Failing::Panicked => self.panics += 1,
            Failing::Lost => self.lost += 1,
        }
        // Calls that were running when the rest began say nothing new.
        if self.state(now) != UnitState::Working {
            return UnitState::Working;
        }
        let longest = Duration::from_millis(rule.longest_rest_ms.into());
        if self.rests_until.is_some_and(|until| now.saturating_duration_since(until) >= longest) {
            self.rests = 0;
        }
        let period = Duration::from_secs(rule.period_s.into());
        let is_old = |&failure: &Instant| now.saturating_duration_since(failure) > period;
        while self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        if self.recent.len() <= rule.failures as usize {
            return UnitState::Working;
        }
        self.recent.clear();
        if self.rests >= rule.rests {
            self.is_given_up = true;
            return UnitState::GivenUp;
        }
        let doubled = u64::from(rule.first_rest_ms) << self.rests.min(31);
        self.rests_until = now.checked_add(Duration::from_millis(doubled).min(longest));
        self.rests += 1;
        self.state(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Supervision = Supervision {
        failures: 2,
        period_s: 1,
        first_rest_ms: 100,
        longest_rest_ms: 300,
        rests: 3,
    };

    /// Three failures, one more than is put up with; what becomes of it.
    fn fail(record: &mut Record, at: Instant) -> UnitState {
        (0..3).map(|_| record.failed(&RULE, Failing::Panicked, at)).last().unwrap()
    }

    #[test]
    fn failures_that_are_far_apart_are_put_up_with() {
        let (mut record, start) = (Record::default(), Instant::now());
        for turn in 0..50 {
            let now = start + Duration::from_millis(600 * turn);
            assert_eq!(record.failed(&RULE, Failing::Lost, now), UnitState::Working);
            assert_eq!(record.state(now), UnitState::Working);
        }
        assert_eq!((record.lost, record.panics), (50, 0));
    }

    #[test]
    fn rests_grow_until_a_unit_is_given_up() {
        let (mut record, mut now) = (Record::default(), Instant::now());
        for rest in [100, 200, 300].map(Duration::from_millis) {
            assert_eq!(fail(&mut record, now), UnitState::Resting { left: rest });
            assert_eq!(record.state(now), UnitState::Resting { left: rest });
            // What fails late is counted, and changes nothing.
            assert_eq!(fail(&mut record, now + rest / 2), UnitState::Working);
            now += rest;
            assert_eq!(record.state(now), UnitState::Working);
        }
        assert_eq!(fail(&mut record, now), UnitState::GivenUp);
        assert_eq!(record.state(now + Duration::from_secs(99)), UnitState::GivenUp);
        assert_eq!(record.panics, 21);
    }

    #[test]
    fn who_recovers_begins_anew() {
        let (mut record, mut now) = (Record::default(), Instant::now());
        for _ in 0..20 {
            let rest = Duration::from_millis(100);
            assert_eq!(fail(&mut record, now), UnitState::Resting { left: rest });
            now += rest + Duration::from_millis(300);
        }
    }
}

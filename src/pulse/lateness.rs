//! How late ticks were.
#![forbid(unsafe_code)]

use std::time::Duration;

/// Times from when ticks were due to when the pulse's thread made them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// Half of the ticks were not later.
    pub median: Duration,
    /// 99 in 100 were not later.
    pub p99: Duration,
    /// None was later.
    pub max: Duration,
}

/// As many ticks are remembered: 4 KiB.
const WINDOW_LEN: usize = 1024;

/// The last ticks.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Nanoseconds, up to 4.3 s.
    late: Vec<u32>,
    next: usize,
}

impl Window {
    pub(super) fn add(&mut self, late: Duration) {
        let nanos = u32::try_from(late.as_nanos()).unwrap_or(u32::MAX);
        match self.late.get_mut(self.next) {
            Some(oldest) => *oldest = nanos,
            None => self.late.push(nanos),
        }
        self.next = (self.next + 1) % WINDOW_LEN;
    }

    pub(super) fn lateness(&self) -> Lateness {
        let mut sorted = self.late.clone();
        sorted.sort_unstable();
        // The smallest that so many in a hundred are not above.
        let percentile = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            Duration::from_nanos(sorted.get(rank).copied().unwrap_or(0).into())
        };
        Lateness { median: percentile(50), p99: percentile(99), max: percentile(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ticks_count() {
        let mut window = Window::default();
        assert_eq!(window.lateness(), Lateness::default());
        let ns = |nanos| Duration::from_nanos(nanos);
        window.add(ns(7));
        assert_eq!(window.lateness(), Lateness { median: ns(7), p99: ns(7), max: ns(7) });
        // 1024 more push it out: 1 to 1024, in an order that is not sorted.
        for nanos in (1..=1024).rev() {
            window.add(ns(nanos));
        }
        assert_eq!(window.lateness(), Lateness { median: ns(512), p99: ns(1014), max: ns(1024) });
        window.add(Duration::from_secs(60));
        assert_eq!(window.lateness().max, ns(u32::MAX.into()));
    }
}

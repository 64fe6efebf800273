//! How often a pulse ticks.
#![forbid(unsafe_code)]

use std::num::NonZeroU32;
use std::time::Duration;

/// So many ticks in so much time.
///
/// ```
/// use inos::Rate;
/// use std::num::NonZeroU32;
/// use std::time::Duration;
///
/// let film = Rate::new(NonZeroU32::new(24_000).ok_or("zero")?, Duration::from_secs(1001)).ok_or("too often")?; // 23.976 in a second
/// assert_eq!(film.after(24_000), Duration::from_secs(1001));
/// // No period at all, or one that is shorter than a microsecond:
/// assert_eq!(Rate::new(NonZeroU32::MIN, Duration::ZERO), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    ticks: NonZeroU32,
    nanos: u64,
}

impl Rate {
    /// The shortest time between two ticks.
    pub const MIN_PERIOD: Duration = Duration::from_micros(1);

    /// `ticks` in the time of `per`; `None` if that is more often than once in
    /// [`MIN_PERIOD`](Self::MIN_PERIOD), or if `per` is longer than 584 years.
    #[must_use]
    pub fn new(ticks: NonZeroU32, per: Duration) -> Option<Self> {
        let nanos = u64::try_from(per.as_nanos()).ok()?;
        let shortest = Self::MIN_PERIOD.as_nanos() * u128::from(ticks.get());
        (u128::from(nanos) >= shortest).then_some(Self { ticks, nanos })
    }

    /// So many ticks in a second, and at least 1 and at most 1,000,000.
    ///
    /// ```
    /// # use inos::Rate;
    /// use std::time::Duration;
    ///
    /// // Not 60 times 16,666,666 ns.
    /// assert_eq!(Rate::hz(60).after(60), Duration::from_secs(1));
    /// assert_eq!(Rate::hz(0), Rate::hz(1));
    /// ```
    #[must_use]
    pub fn hz(ticks: u32) -> Self {
        let ticks = NonZeroU32::new(ticks.min(1_000_000)).unwrap_or(NonZeroU32::MIN);
        Self { ticks, nanos: 1_000_000_000 }
    }

    /// The time that so many ticks take: rounded down to a nanosecond once, however many there are.
    /// At most 584 years.
    #[must_use]
    pub fn after(&self, count: u64) -> Duration {
        // Two factors of 64 bits have a product of 128.
        let nanos = u128::from(count) * u128::from(self.nanos) / u128::from(self.ticks.get());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many ticks are due within this time.
    pub(super) fn count_within(&self, time: Duration) -> u64 {
        // The number n of ticks with n * nanos / ticks <= time, rounded down as `after` does.
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let ticks = u128::from(self.ticks.get());
        let bound = (u128::from(nanos) + 1) * ticks;
        let count = bound.div_ceil(u128::from(self.nanos)).saturating_sub(1);
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

//! What a call may use: time, credits, and its caller's patience.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::error::UnitError;

/// A deadline, a cancel flag and a meter of credits, polled by inner loops. A clone is the same
/// budget: pieces of a call that run side by side spend from one meter.
///
/// ```
/// use inos_units::{Budget, UnitError};
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
///
/// let cancel = Arc::new(AtomicBool::new(false));
/// let budget = Budget::new(None, Arc::clone(&cancel)).with_credits(100);
/// assert_eq!(budget.check(), Ok(()));
/// budget.spend(70)?;
/// assert_eq!(budget.spend(40), Err(UnitError::OutOfCredits { needed: 110, limit: 100 }));
/// assert_eq!(budget.spent(), 70);
/// cancel.store(true, Ordering::Relaxed);
/// assert_eq!(budget.check(), Err(UnitError::Cancelled));
/// # Ok::<(), UnitError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Budget {
    deadline: Option<Instant>,
    cancel: Option<Arc<AtomicBool>>,
    meter: Option<Arc<Meter>>,
}

#[derive(Debug)]
struct Meter {
    spent: AtomicU64,
    limit: u64,
}

impl Budget {
    /// No deadline, not cancellable, not metered.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { deadline: None, cancel: None, meter: None }
    }

    /// A budget that ends at `deadline` or when `cancel` becomes true.
    #[must_use]
    pub const fn new(deadline: Option<Instant>, cancel: Arc<AtomicBool>) -> Self {
        Self { deadline, cancel: Some(cancel), meter: None }
    }

    /// The same, with a meter that starts at 0 and refuses to pass `limit`; `u64::MAX` only
    /// counts. A credit is a nanosecond of [`Cost`](crate::Cost).
    #[must_use]
    pub fn with_credits(self, limit: u64) -> Self {
        Self { meter: Some(Arc::new(Meter { spent: AtomicU64::new(0), limit })), ..self }
    }

    /// Begins to count again from 0, for the next call of who owns all clones.
    pub(crate) fn reset(&self) {
        if let Some(meter) = &self.meter {
            // Relaxed: a count, which carries no data.
            meter.spent.store(0, Ordering::Relaxed);
        }
    }

    /// Whether credits are counted.
    #[must_use]
    #[inline]
    pub const fn is_metered(&self) -> bool {
        self.meter.is_some()
    }

    /// Credits spent; 0 without a meter.
    #[must_use]
    pub fn spent(&self) -> u64 {
        // Relaxed: a count, which carries no data.
        self.meter.as_ref().map_or(0, |meter| meter.spent.load(Ordering::Relaxed))
    }

    /// Credits that can still be spent; None without a meter.
    ///
    /// ```
    /// use inos_units::Budget;
    ///
    /// let budget = Budget::unlimited().with_credits(100);
    /// budget.spend(70)?;
    /// assert_eq!((budget.left(), Budget::unlimited().left()), (Some(30), None));
    /// # Ok::<(), inos_units::UnitError>(())
    /// ```
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.meter.as_ref().map(|meter| meter.limit.saturating_sub(self.spent()))
    }

    /// Spends credits. The dispatcher spends what a method's [`Cost`](crate::Cost) says of its
    /// input and result; the method itself what depends on its parameters.
    ///
    /// # Errors
    /// [`UnitError::OutOfCredits`] if that is more than are left; none are spent then.
    pub fn spend(&self, credits: u64) -> Result<(), UnitError> {
        let Some(Meter { spent, limit }) = self.meter.as_deref() else { return Ok(()) };
        // Relaxed, both: a count, which carries no data.
        spent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |spent| {
                spent.checked_add(credits).filter(|sum| sum <= limit)
            })
            .map(drop)
            .map_err(|spent| UnitError::OutOfCredits {
                needed: spent.saturating_add(credits),
                limit: *limit,
            })
    }

    /// Whether the call may go on.
    ///
    /// # Errors
    /// [`UnitError::Cancelled`] or [`UnitError::TimedOut`].
    #[inline]
    pub fn check(&self) -> Result<(), UnitError> {
        // Relaxed because the flag carries no data: it is only ever seen sooner or later.
        if self.cancel.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
            return Err(UnitError::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(UnitError::TimedOut),
            _ => Ok(()),
        }
    }
}

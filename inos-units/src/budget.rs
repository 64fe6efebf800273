//! What a call may use: time, and its caller's patience.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::UnitError;

/// A deadline and a cancel flag, polled by inner loops.
///
/// ```
/// use inos_units::{Budget, UnitError};
/// use std::sync::{Arc, atomic::{AtomicBool, Ordering}};
///
/// let cancel = Arc::new(AtomicBool::new(false));
/// let budget = Budget::new(None, Arc::clone(&cancel));
/// assert_eq!(budget.check(), Ok(()));
/// cancel.store(true, Ordering::Relaxed);
/// assert_eq!(budget.check(), Err(UnitError::Cancelled));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Budget {
    deadline: Option<Instant>,
    cancel: Option<Arc<AtomicBool>>,
}

impl Budget {
    /// No deadline, not cancellable.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { deadline: None, cancel: None }
    }

    /// A budget that ends at `deadline` or when `cancel` becomes true.
    #[must_use]
    pub const fn new(deadline: Option<Instant>, cancel: Arc<AtomicBool>) -> Self {
        Self { deadline, cancel: Some(cancel) }
    }

    /// Whether the call may go on.
    ///
    /// # Errors
    /// [`UnitError::Cancelled`] or [`UnitError::TimedOut`].
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

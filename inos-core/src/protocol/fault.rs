//! Orderings by name, so that the model checker can weaken one at a time.
//!
//! A model proves something only if it turns red when the rule it is about is broken. Under
//! `--cfg loom` a test plants a fault by name, for its own thread: that ordering is `Relaxed`
//! from then on, or that fence is gone. In any other build the names vanish.

use super::ReadWord;
use crate::sync::Ordering;

/// `order`, unless the fault of this name is planted.
#[cfg_attr(not(loom), inline(always))]
pub(crate) fn ordering(name: &'static str, order: Ordering) -> Ordering {
    if is_planted(name) { Ordering::Relaxed } else { order }
}

/// A fence of this kind of word, unless the fault of this name is planted.
#[cfg_attr(not(loom), inline(always))]
pub(crate) fn fence<W: ReadWord>(name: &'static str, order: Ordering) {
    if !is_planted(name) {
        W::fence(order);
    }
}

/// Whether a step that is no ordering is to be left out: the fault of this name is planted.
#[cfg(not(loom))]
#[inline(always)]
pub(crate) const fn is_planted(_: &'static str) -> bool {
    false
}

#[cfg(loom)]
mod planted {
    use std::cell::Cell;
    use std::{panic, string::String, thread_local};

    thread_local! {
        static PLANTED: Cell<Option<&'static str>> = const { Cell::new(None) };
        static REACHED: Cell<bool> = const { Cell::new(false) };
    }

    pub(crate) fn is_planted(name: &'static str) -> bool {
        let planted = PLANTED.get() == Some(name);
        if planted {
            REACHED.set(true);
        }
        planted
    }

    /// Runs a model with one fault planted; the message it failed with, if it did.
    ///
    /// # Panics
    /// If the protocol has no fault of this name where the model goes.
    pub fn with_fault(name: &'static str, model: impl FnOnce()) -> Option<String> {
        PLANTED.set(Some(name));
        REACHED.set(false);
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(model));
        PLANTED.set(None);
        assert!(REACHED.get(), "the model never came by the fault {name:?}");
        let payload = outcome.err()?;
        let text = payload.downcast_ref::<String>().cloned();
        Some(
            text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.into()))
                .unwrap_or_default(),
        )
    }
}
#[cfg(loom)]
pub(crate) use planted::is_planted;
#[cfg(loom)]
pub use planted::with_fault;

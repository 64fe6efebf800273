//! Models of the lock-free protocols: loom runs the very same code as the memory does, over its
//! own atomics, in every interleaving and with every value that a load may return.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 cargo test -p inos-core --release --test loom
//! ```
//!
//! | rule | model |
//! |------|-------|
//! | no wake-up is lost, whatever was stored before an advance is visible after it | `epoch` |
//! | each record is delivered once, in order, over padding and wraps | `ring` |
//! | of many producers each keeps its order; a late commit counts or is fenced | `mpsc` |
//! | no submission is lost between the ready bitmap and the doorbell | `ready` |
//! | a frame is never torn, time never runs backwards, the writer never waits | `ping_pong` |
//! | one holder at a time; the next one continues from what the last one left | `role` |
//!
//! Bounds: at most three preemptions in one execution unless `LOOM_MAX_PREEMPTIONS` says
//! otherwise; most known bugs of such code need two. A thread that yields or blocks is not
//! preempted, so waiting costs none. Two or three threads, a few operations each.
//!
//! What loom does not see: it treats `SeqCst` accesses as `AcqRel`, which is why the protocols
//! use `fence(SeqCst)` where they need store-load order, and it lets no load return a value that
//! is stored later (load buffering). Payload that is borrowed in place is a
//! `loom::cell::UnsafeCell` here, so two accesses that nothing orders end the model; payload
//! that is copied by atomic words is words here, too.
//!
//! Each model says which outcomes are allowed, and which of them it must have seen: a model that
//! never gets into the interesting case proves nothing.
#![cfg(loom)]
// Helpers of tests are tests.
#![allow(clippy::unwrap_used)]

mod epoch;
mod mpsc;
mod ping_pong;
mod ready;
mod ring;
mod role;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use inos_core::Ordering;
use inos_core::protocol::{ReadWord, Word};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, fence};

/// Preemptions in one execution, if the environment does not say.
const PREEMPTIONS: usize = 3;

/// Runs `model` in every interleaving within the bounds.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.check(model);
}

/// A control word of the protocols.
struct LoomWord(AtomicU32);

impl LoomWord {
    fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }
}

impl ReadWord for LoomWord {
    fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }

    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Word for LoomWord {
    fn store(&self, value: u32, order: Ordering) {
        self.0.store(value, order);
    }

    fn cas(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.0.compare_exchange(current, new, success, failure)
    }

    fn add(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_add(value, order)
    }

    fn or(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_or(value, order)
    }

    fn and(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_and(value, order)
    }
}

/// Payload that the protocols hand from one party to another.
struct Payload(UnsafeCell<u32>);

// SAFETY: loom ends the model at the first access that is not ordered against another one.
unsafe impl Sync for Payload {}

impl Payload {
    fn new() -> Self {
        Self(UnsafeCell::new(0))
    }

    fn get(&self) -> u32 {
        // SAFETY: the pointer is valid within the closure, and loom checks for a writer.
        self.0.with(|value| unsafe { *value })
    }

    fn set(&self, new: u32) {
        // SAFETY: the pointer is valid within the closure, and loom checks for other parties.
        self.0.with_mut(|value| unsafe { *value = new });
    }
}

/// What the executions of one model came to. It lives outside of the model.
struct Seen<T>(Arc<Mutex<BTreeSet<T>>>);

impl<T: Ord + Debug> Seen<T> {
    fn new() -> Self {
        Self(Arc::default())
    }

    fn note(&self, outcome: T) {
        self.0.lock().unwrap().insert(outcome);
    }

    /// Nothing but `allowed` was seen, and all of `required` was.
    #[track_caller]
    fn check(&self, allowed: impl Fn(&T) -> bool, required: impl IntoIterator<Item = T>) {
        let seen = self.0.lock().unwrap();
        assert!(seen.iter().all(allowed), "an outcome that is not allowed: {seen:?}");
        for outcome in required {
            assert!(seen.contains(&outcome), "never seen: {outcome:?} in {seen:?}");
        }
    }

    /// Exactly these were seen.
    #[track_caller]
    fn check_all<const N: usize>(&self, outcomes: [T; N]) {
        self.check(|outcome| outcomes.contains(outcome), []);
        assert_eq!(self.0.lock().unwrap().len(), N, "not every outcome was seen");
    }
}

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

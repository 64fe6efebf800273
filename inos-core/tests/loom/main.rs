//! Models of the lock-free protocols: loom runs the very same code as the memory does, over its
//! own atomics, in every interleaving and with every value that a load may return.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 cargo test -p inos-core --release --test loom
//! ```
//!
//! | rule | model |
//! |------|-------|
//! | no wake-up is lost, on one word, on any of several, by a doorbell; whatever was stored before an advance is visible after it | `epoch` |
//! | a name is one slot's at a time, and is never read torn | `names` |
//! | each record is delivered once, in order, over padding and wraps | `ring` |
//! | a record is never torn, what a receiver lost is counted, nothing unfinished is seen | `broadcast` |
//! | of many producers each keeps its order; a late commit counts or is fenced | `mpsc` |
//! | no submission is lost between the ready bitmap and the doorbell | `ready` |
//! | a frame is never torn, time never runs backwards, the writer never waits | `ping_pong` |
//! | a name belongs to one unit, a record is whole, the index misses nobody | `registry` |
//! | no count is lost, and a reader sees values that there were | `counters` |
//! | an event of a log is whole or not there, and none is lost to an older one | `log` |
//! | a replica is one state, all of it | `twin` |
//! | one holder at a time; the next one continues from what the last one left | `role` |
//! | a block is one party's at a time, whatever becomes of its page | `arena` |
//! | who left is never taken for dead | `party` |
//! | a task that registers while others wake is woken | `waker` |
//!
//! Bounds: at most three preemptions in one execution unless `LOOM_MAX_PREEMPTIONS` says
//! otherwise; most known bugs of such code need two, and the suite is right with any bound from
//! two on. Models that need more say so (`explore_with`) and are run with three even if the bound
//! is two; those of three threads around the ring of many producers always with two. A thread
//! that yields or blocks is not preempted, so waiting costs none. Two or three threads, a few
//! operations each.
//!
//! What loom does not see: it treats `SeqCst` accesses as `AcqRel`, which is why the protocols
//! use `fence(SeqCst)` where they need store-load order, and it lets no load return a value that
//! is stored later (load buffering). Payload that is borrowed in place is a
//! `loom::cell::UnsafeCell` here, so two accesses that nothing orders end the model; payload
//! that is copied by atomic words is words here, too.
//!
//! Each ordering and fence that is not `Relaxed` has a name, and for each there is a test that
//! plants it as a fault ([`red`]): the model that is about it must fail then. The module `faults`
//! reads the sources and fails if one has no name or no test; those that loom can't see are listed
//! there, and argued where they stand.
//!
//! Each model says which outcomes are allowed, and which of them it must have seen: a model that
//! never gets into the interesting case proves nothing.
#![cfg(loom)]
// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod arena;
mod broadcast;
mod counters;
mod epoch;
mod faults;
mod lane;
mod log;
mod mpsc;
mod names;
mod party;
mod ping_pong;
mod ready;
mod registry;
mod ring;
mod role;
mod twin;
mod waker;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::process::Command;
use std::sync::{Arc, Mutex};

use inos_core::Ordering;
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::{ReadWord, Word};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, fence};

/// Preemptions in one execution, if the environment does not say.
const PREEMPTIONS: usize = 3;

/// Runs `model` in every interleaving within the bounds.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    explore_with(0, model);
}

/// As [`explore`], of a model that needs at least so many preemptions to come to every outcome
/// that it requires, or to fail with a fault that is to be seen.
fn explore_with(at_least: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    let bound = builder.preemption_bound.unwrap_or(PREEMPTIONS);
    builder.preemption_bound = Some(bound.max(at_least));
    match std::env::var(FAULT) {
        Err(_) => builder.check(model),
        Ok(fault) => {
            let failed = with_fault(fault.leak(), || builder.check(model)).is_some();
            std::process::exit(if failed { RED } else { 0 });
        }
    }
}

/// Where a test that is run for its fault finds the name.
const FAULT: &str = "INOS_PLANTED_FAULT";
/// How such a test ends if the model failed.
const RED: i32 = 42;

/// The test must fail inside its model with this fault planted.
///
/// It runs in a process of its own, since loom ends the process where a model that deadlocked
/// is cleaned up.
#[track_caller]
fn red<F: Fn()>(fault: &'static str, _: F) {
    let test = std::any::type_name::<F>().trim_start_matches("loom::");
    let child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(FAULT, fault)
        .output()
        .unwrap();
    let code = child.status.code();
    // Without a code: ended by a signal.
    let red = code.is_none_or(|code| code == RED);
    assert!(red, "{test} with {fault:?}: {}", String::from_utf8_lossy(&child.stdout));
}

/// A control word of the protocols.
struct LoomWord {
    word: AtomicU32,
    may_fail_late: bool,
}

impl LoomWord {
    fn new(value: u32) -> Self {
        Self { word: AtomicU32::new(value), may_fail_late: false }
    }

    /// Of a word like this an exchange that fails is a load, as in the language, and so may fail
    /// on a value that is not the newest. Those of loom always work on the newest.
    fn failing_late(value: u32) -> Self {
        Self { word: AtomicU32::new(value), may_fail_late: true }
    }
}

impl ReadWord for LoomWord {
    fn load(&self, order: Ordering) -> u32 {
        self.word.load(order)
    }

    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Word for LoomWord {
    fn store(&self, value: u32, order: Ordering) {
        self.word.store(value, order);
    }

    fn cas(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        if self.may_fail_late {
            let found = self.load(failure);
            if found != current {
                return Err(found);
            }
        }
        self.word.compare_exchange(current, new, success, failure)
    }

    fn add(&self, value: u32, order: Ordering) -> u32 {
        self.word.fetch_add(value, order)
    }

    fn or(&self, value: u32, order: Ordering) -> u32 {
        self.word.fetch_or(value, order)
    }

    fn and(&self, value: u32, order: Ordering) -> u32 {
        self.word.fetch_and(value, order)
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

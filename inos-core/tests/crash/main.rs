//! What becomes of the others when a party stops for ever: every protocol is run with one party
//! stopped after its first access to a shared word, after its second, and so on, and at each of
//! these points the others must go on, lose nothing that was published, see nothing that was
//! not, and get every slot back once the death is proven.
//!
//! The protocols run over [`MortalWord`]s: words whose accesses are counted against the life of
//! whoever runs on this thread. Parties run one after another here; how their accesses mix is
//! what the models in `tests/loom` explore.
//!
//! Each test says how many deaths it died at least: one that never gets into the protocol
//! proves nothing.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used, clippy::panic)]

mod arena;
mod broadcast;
mod counters;
mod epoch;
mod lane;
mod log;
mod mpsc;
mod names;
mod party;
mod registry;
mod ring;
mod role;
mod twin;

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use inos_core::protocol::{ReadWord, Word};
use inos_core::{AtomicU32, Ordering};

thread_local! {
    /// Accesses that the party on this thread has left; `None` for an immortal one.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// What a party unwinds with when it stops.
struct Died;

/// Runs a party that stops before access number `accesses`; what it came to, if it got through.
///
/// Whatever `party` owns when it stops must have no effect on shared words when it is dropped:
/// protocols have no such values, only their views do.
fn mortal<R>(accesses: u32, party: impl FnOnce() -> R) -> Option<R> {
    LEFT.set(Some(accesses));
    let outcome = panic::catch_unwind(AssertUnwindSafe(party));
    LEFT.set(None);
    match outcome {
        Ok(result) => Some(result),
        Err(payload) if payload.is::<Died>() => None,
        Err(failure) => panic::resume_unwind(failure),
    }
}

/// Runs `scenario` for a death after 0 accesses, 1, 2 and so on, until it says that the party got
/// through (as [`mortal`] told it); how many deaths that were.
fn every_death(mut scenario: impl FnMut(u32) -> bool) -> u32 {
    let mut deaths = 0;
    while !scenario(deaths) {
        deaths += 1;
        assert!(deaths < 100_000, "the party never gets through");
    }
    deaths
}

/// A control word; each access costs its party one step of its life.
#[derive(Debug, Default)]
struct MortalWord(AtomicU32);

impl MortalWord {
    fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }
}

fn step() {
    match LEFT.get() {
        None => {}
        // Not `panic!`: a death is no failure and prints nothing.
        Some(0) => panic::resume_unwind(Box::new(Died)),
        Some(left) => LEFT.set(Some(left - 1)),
    }
}

impl ReadWord for MortalWord {
    fn load(&self, order: Ordering) -> u32 {
        step();
        self.0.load(order)
    }

    fn fence(_: Ordering) {}
}

impl Word for MortalWord {
    fn store(&self, value: u32, order: Ordering) {
        step();
        self.0.store(value, order);
    }

    fn cas(
        &self,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        step();
        self.0.compare_exchange(current, new, success, failure)
    }

    fn add(&self, value: u32, order: Ordering) -> u32 {
        step();
        self.0.fetch_add(value, order)
    }

    fn or(&self, value: u32, order: Ordering) -> u32 {
        step();
        self.0.fetch_or(value, order)
    }

    fn and(&self, value: u32, order: Ordering) -> u32 {
        step();
        self.0.fetch_and(value, order)
    }
}

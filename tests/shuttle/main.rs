//! The lock-free protocols in random schedules: more parties, more steps and larger capacities than
//! the models of `inos-core/tests/loom` can enumerate.
//!
//! shuttle runs one thread at a time and chooses the next one at every access, so it finds wrong
//! interleavings, not weak orderings: those are loom's. A schedule that fails is printed, and can be
//! replayed.
//!
//! ```text
//! cargo test -p inos-tests --release --test shuttle
//! INOS_SCHEDULES=1000000 cargo test -p inos-tests --release --test shuttle
//! ```
#![allow(clippy::unwrap_used, clippy::panic)]

mod arena;
mod broadcast;
mod counters;
mod epoch;
mod lane;
mod log;
mod names;
mod ping_pong;
mod registry;
mod ring;
mod twin;

use std::env;

use inos_core::Ordering;
use inos_core::protocol::{ReadWord, Word};
use shuttle::sync::atomic::{AtomicU32, fence};

/// Random schedules of each test, if the environment does not say.
const SCHEDULES: usize = 20_000;
/// Preemptions that matter in one schedule, for the scheduler that bounds them.
const DEPTH: usize = 3;

/// Runs a scenario in many schedules: half of them at random, half with few preemptions at places
/// that are chosen well (probabilistic concurrency testing).
fn explore(scenario: impl Fn() + Send + Sync + Copy + 'static) {
    let schedules = env::var("INOS_SCHEDULES").map_or(SCHEDULES, |text| text.parse().unwrap());
    shuttle::check_random(scenario, schedules / 2);
    shuttle::check_pct(scenario, schedules / 2, DEPTH);
}

/// A control word whose every access is a place to switch threads.
struct ShuttleWord(AtomicU32);

impl ShuttleWord {
    fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }
}

impl ReadWord for ShuttleWord {
    fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }

    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Word for ShuttleWord {
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

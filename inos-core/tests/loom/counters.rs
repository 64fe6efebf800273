//! Counters: no count is lost, and a reader sees a value that the counter had.
//!
//! Two additions at a time must stay below 2^31 in all, as 2^11 of the largest real ones do.

use inos_core::protocol::counters::{self, TRIES};
use inos_core::protocol::fault::with_fault;
use loom::sync::Arc;
use loom::thread;

use super::*;

const STEP: u32 = (1 << 30) - 1;
/// One more is a carry.
const START: u32 = (1 << 31) - 1;

struct Counter {
    low: LoomWord,
    high: LoomWord,
}

impl Counter {
    fn new() -> Self {
        Self { low: LoomWord::new(START), high: LoomWord::new(0) }
    }

    fn add(&self) {
        counters::add(&self.low, &self.high, STEP);
    }

    /// How many steps were added. Not a number of them: torn.
    fn steps(&self) -> Option<u64> {
        let value = counters::value(&self.low, &self.high).ok()?;
        assert!(value >= u64::from(START), "torn: {value}");
        let steps = value - u64::from(START);
        assert_eq!(steps % u64::from(STEP), 0, "torn: {value}");
        Some(steps / u64::from(STEP))
    }
}

/// Two parties count across three carries: one that is late by two is a carry lost.
fn adding() -> Seen<u64> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let counter = Arc::new(Counter::new());
        let other = thread::spawn({
            let counter = counter.clone();
            move || (0..3).for_each(|_| counter.add())
        });
        (0..3).for_each(|_| counter.add());
        other.join().unwrap();
        note.note(counter.steps().unwrap());
    });
    seen
}

#[test]
fn no_count_is_lost() {
    adding().check_all([6]);
}

/// One reader beside two parties that count, one of them twice.
fn reading() -> Seen<Vec<u64>> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let counter = Arc::new(Counter::new());
        let adder = thread::spawn({
            let counter = counter.clone();
            move || (0..3).for_each(|_| counter.add())
        });
        let values: Vec<_> = [0, 1].into_iter().filter_map(|_| counter.steps()).collect();
        adder.join().unwrap();
        assert_eq!(counter.steps(), Some(3));
        note.note(values);
    });
    seen
}

/// The same with the reader on the other side: loom remembers one last access per word only.
fn being_read() -> Seen<Vec<u64>> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let counter = Arc::new(Counter::new());
        let reader = thread::spawn({
            let counter = counter.clone();
            move || [0, 1].into_iter().filter_map(|_| counter.steps()).collect::<Vec<_>>()
        });
        (0..3).for_each(|_| counter.add());
        note.note(reader.join().unwrap());
    });
    seen
}

#[test]
fn a_reader_sees_values_that_there_were() {
    const { assert!(TRIES > 2, "there are two carries") };
    for model in [reading, being_read] {
        model().check(
            |values| values.len() == 2 && values[0] <= values[1] && values[1] <= 3,
            [vec![0, 0]],
        );
    }
    being_read().check(|_| true, [vec![0, 3], vec![1, 2], vec![2, 3], vec![3, 3]]);
}

/// A slot changes hands while a tool looks at it: what the tool took is of one counter.
fn reusing() -> Seen<Option<u32>> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let slot =
            Arc::new((LoomWord::new(0), [LoomWord::new(0), LoomWord::new(0)], Payload::new()));
        let make = |slot: &(LoomWord, [LoomWord; 2], Payload), value| {
            let claim = counters::claim(&slot.0, 1)?;
            // For the owners only: unordered ones end the model.
            slot.2.set(value);
            for word in &slot.1 {
                word.store(value, Ordering::Relaxed);
            }
            counters::publish(&slot.0, claim)
        };
        let tool = thread::spawn({
            let slot = slot.clone();
            move || {
                let active = counters::look(&slot.0)?;
                let found = slot.1.each_ref().map(|word| word.load(Ordering::Relaxed));
                if !counters::still_valid(&slot.0, active) {
                    return None;
                }
                assert_eq!(found, [counters::generation_of(active); 2], "torn");
                Some(found[0])
            }
        });
        let other = thread::spawn({
            let slot = slot.clone();
            // Its generation is the second one if there was a first one.
            move || slot.0.load(Ordering::Relaxed) >> 12 == 1 && make(&slot, 2).is_some()
        });
        let first = make(&slot, 1);
        if let Some(active) = first {
            // It counts until it gives the slot up.
            slot.2.set(1);
            assert!(counters::free(&slot.0, active) && !counters::free(&slot.0, active));
        }
        let _ = other.join().unwrap();
        note.note(tool.join().unwrap());
    });
    seen
}

#[test]
fn a_reading_is_of_one_counter() {
    reusing().check(|found| found.is_none_or(|found| found <= 2), [None, Some(1), Some(2)]);
}

#[test]
fn weaker_counters_lose_or_tear() {
    for (fault, model) in [
        ("counters: help", (|| drop(adding())) as fn()),
        // Its Acquire half, and its Release half.
        ("counters: add", || drop(adding())),
        ("counters: add", || drop(being_read())),
        ("counters: carry from", || drop(adding())),
        ("counters: carry", || drop(being_read())),
        ("counters: see high", || drop(being_read())),
        ("counters: see low", || drop(being_read())),
        ("counters: look again", || drop(being_read())),
        ("counters: claim", || drop(reusing())),
        ("counters: free", || drop(reusing())),
        ("counters: begin", || drop(reusing())),
        ("counters: publish", || drop(reusing())),
        ("counters: see", || drop(reusing())),
        ("counters: look at the slot again", || drop(reusing())),
    ] {
        assert!(with_fault(fault, model).is_some(), "{fault}");
    }
}

//! Counters: three parties count across many carries while two read; a slot changes hands while
//! tools look at it.

use inos_core::protocol::counters;
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

/// Three additions at a time stay below 2^31 in all, as 2^11 of the largest real ones do.
const STEP: u32 = (1 << 29) + 1;
const EACH: u64 = 8;

#[test]
fn no_count_is_lost_and_no_value_made_up() {
    explore(|| {
        let counter = Arc::new([ShuttleWord::new(0), ShuttleWord::new(0)]);
        let adders: Vec<_> = (0..3)
            .map(|_| {
                let counter = counter.clone();
                thread::spawn(move || {
                    (0..EACH).for_each(|_| counters::add(&counter[0], &counter[1], STEP));
                })
            })
            .collect();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let counter = counter.clone();
                thread::spawn(move || {
                    let mut last = 0;
                    for _ in 0..6 {
                        let value = counters::value(&counter[0], &counter[1]).unwrap();
                        assert_eq!(value % u64::from(STEP), 0, "torn");
                        assert!(value >= last, "time runs backwards");
                        last = value;
                    }
                })
            })
            .collect();
        for party in adders.into_iter().chain(readers) {
            party.join().unwrap();
        }
        let value = counters::value(&counter[0], &counter[1]);
        assert_eq!(value, Ok(3 * EACH * u64::from(STEP)));
    });
}

/// The word of a slot, and a label of two words.
struct Slot {
    word: ShuttleWord,
    label: [ShuttleWord; 2],
}

#[test]
fn a_reading_is_of_one_counter() {
    explore(|| {
        let slot = Arc::new(Slot {
            word: ShuttleWord::new(u32::MAX << 12),
            label: [ShuttleWord::new(0), ShuttleWord::new(0)],
        });
        let owners = (1..=3_u16).map(|party| {
            let slot = slot.clone();
            thread::spawn(move || {
                for turn in 0..4 {
                    let Some(claim) = counters::claim(&slot.word, party) else { continue };
                    let label = u32::from(party) << 8 | turn;
                    slot.label.iter().for_each(|word| word.store(label, Ordering::Relaxed));
                    let active = counters::publish(&slot.word, claim).unwrap();
                    let found = slot.label.each_ref().map(|word| word.load(Ordering::Relaxed));
                    assert_eq!(found, [label; 2], "two owners");
                    // Given up, or taken from the dead.
                    if turn % 2 == 0 {
                        assert!(counters::free(&slot.word, active));
                    } else {
                        assert!(counters::reclaim(&slot.word, party));
                    }
                    assert!(!counters::free(&slot.word, active));
                }
            })
        });
        let owners: Vec<_> = owners.collect();
        let tools = [(); 2].map(|()| {
            let slot = slot.clone();
            thread::spawn(move || {
                for _ in 0..5 {
                    let Some(active) = counters::look(&slot.word) else { continue };
                    let found = slot.label.each_ref().map(|word| word.load(Ordering::Relaxed));
                    if counters::still_valid(&slot.word, active) {
                        assert_eq!(found[0], found[1], "torn");
                        assert_eq!(counters::owner_of(active), Some((found[0] >> 8) as u16));
                    }
                }
            })
        });
        for party in owners.into_iter().chain(tools) {
            party.join().unwrap();
        }
    });
}

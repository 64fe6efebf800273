//! Counters: a party that dies between a count and its carry loses none, and its slots come back.

use inos_core::Ordering;
use inos_core::protocol::ReadWord;
use inos_core::protocol::counters;

use super::{MortalWord, every_death, mortal};

const STEP: u32 = counters::ADD_MAX;

#[test]
fn a_dead_party_loses_no_count() {
    let mut behind = 0;
    let deaths = every_death(|steps| {
        // Two steps before a carry, near the end of the upper word's first 32 bits.
        let start = (1_u64 << 32) - 2 * u64::from(STEP);
        let low = MortalWord::new(start as u32);
        let high = MortalWord::new((start >> 31) as u32);
        let through = mortal(steps, || {
            for _ in 0..3 {
                counters::add(&low, &high, STEP);
            }
        });
        let value = counters::value(&low, &high).unwrap();
        assert_eq!((value - start) % u64::from(STEP), 0);
        assert_eq!(value as u32, low.load(Ordering::Relaxed), "counted, and not to be seen");
        behind += u32::from((value >> 31) as u32 != high.load(Ordering::Relaxed));

        // Whoever counts next carries for it, and from then on nobody needs to.
        counters::add(&low, &high, 1);
        assert_eq!(counters::value(&low, &high), Ok(value + 1));
        assert_eq!(u64::from(high.load(Ordering::Relaxed)), (value + 1) >> 31);
        // Twice around the lower word.
        for _ in 0..(1 << 13) {
            counters::add(&low, &high, STEP);
        }
        assert_eq!(counters::value(&low, &high), Ok(value + 1 + (1 << 33)));
        through.is_some()
    });
    // An addition and a look, three times; once a carry of two looks and an exchange.
    assert_eq!((deaths, behind), (9, 4));
}

#[test]
fn a_dead_owners_slot_comes_back() {
    let mut held = 0;
    let deaths = every_death(|steps| {
        let word = MortalWord::new(u32::MAX << 12);
        let label = MortalWord::new(0);
        let through = mortal(steps, || {
            use inos_core::protocol::Word;
            let claim = counters::claim(&word, 3).unwrap();
            label.store(7, Ordering::Relaxed);
            let active = counters::publish(&word, claim).unwrap();
            assert!(counters::free(&word, active));
        });
        // What is to be seen is whole.
        if let Some(active) = counters::look(&word) {
            assert_eq!(label.load(Ordering::Relaxed), 7);
            assert!(counters::still_valid(&word, active));
        }
        let is_held = counters::owner_of(word.load(Ordering::Relaxed)) == Some(3);
        held += u32::from(is_held);
        assert!(!counters::reclaim(&word, 4));
        assert_eq!(counters::reclaim(&word, 3), is_held);
        assert!(!counters::reclaim(&word, 3));
        assert!(counters::claim(&word, 4).is_some());
        through.is_some()
    });
    // A look, an exchange, the label, an exchange, and the one that frees it.
    assert_eq!((deaths, held), (5, 3));
}

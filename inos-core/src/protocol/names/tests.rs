#![allow(clippy::unwrap_used, clippy::panic)]
//! How far a search goes, on words that count the looks at them.

use core::cell::Cell;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::*;
use crate::sync::AtomicU32;

const COUNT: u32 = 1024;

#[derive(Default)]
struct Bank {
    states: Vec<AtomicU32>,
    names: Vec<[AtomicU32; NAME_WORDS]>,
    looks: Cell<u32>,
}

impl Bank {
    fn new(count: u32) -> Self {
        let mut bank = Self::default();
        bank.states.resize_with(count as usize, Default::default);
        bank.names.resize_with(count as usize, Default::default);
        bank
    }

    fn allocate(&self, text: &str) -> Slot {
        match allocate(&self, &name(text), 1) {
            Ok(Allocated::New(slot)) => slot,
            other => panic!("{text}: {other:?}"),
        }
    }

    /// How many slots a search for this name looks at, and whether it finds it.
    fn looks(&self, text: &str) -> (u32, bool) {
        self.looks.set(0);
        let found = find(&self, &name(text)).unwrap();
        (self.looks.get(), found.is_some())
    }
}

impl<'a> Slots for &'a Bank {
    type Word = &'a AtomicU32;

    fn slot_count(&self) -> u32 {
        self.states.len() as u32
    }

    fn state(&self, index: u32) -> Option<&'a AtomicU32> {
        self.looks.set(self.looks.get() + 1);
        self.states.get(index as usize)
    }

    fn name(&self, index: u32, word: usize) -> Option<&'a AtomicU32> {
        self.names.get(index as usize)?.get(word)
    }
}

/// The words of a name.
pub(super) fn name(text: &str) -> Name {
    let mut bytes = [0; MAX_NAME_LEN];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    let mut words = Name::default();
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_ne_bytes(*bytes);
    }
    words
}

fn text(number: u32) -> String {
    format!("epoch-{number:04}")
}

#[test]
fn a_search_looks_at_few_slots() {
    let bank = Bank::new(COUNT);
    let mut number = 0;
    // So many names in 1024 slots, and looks at most at 100 names that are there, and that are not.
    for (names, there, missing) in [(1, 100, 101), (64, 110, 120), (512, 160, 250), (1024, 800, 0)]
    {
        for number in number..names {
            bank.allocate(&text(number));
        }
        number = names;
        let looks = |start, is_there| {
            let each = (0..names).map(|number| {
                let (looks, found) = bank.looks(&text(start + number));
                assert_eq!(found, is_there);
                looks
            });
            each.sum::<u32>() * 100 / names
        };
        let (found, not_found) = (looks(0, true), looks(5000, false));
        std::println!("{names} names: {found} and {not_found} looks at slots for 100 names");
        assert!(found <= there, "{names} names: {found} looks");
        assert!(names == COUNT || not_found <= missing, "{names} names: {not_found} looks");
    }
    // Nothing says any more that a name is not there.
    assert_eq!(bank.looks("missing"), (COUNT, false));
}

/// Freed, a slot ends no search; not either if that was its last generation.
#[test]
fn a_name_behind_a_freed_slot_is_found() {
    for state in [UNUSED, u32::MAX << GENERATION_SHIFT] {
        let bank = Bank::new(COUNT);
        let home = |number: &u32| round(&name(&text(*number)), COUNT).next();
        let mut crowd = (0..).filter(|number| home(number) == home(&0)).map(text);
        let [first, second, third] = [(); 3].map(|()| crowd.next().unwrap());
        let index = home(&0).unwrap();
        bank.states[index as usize].store(state, Ordering::Relaxed);
        let slot = bank.allocate(&first);
        assert_eq!(slot, Slot { index, generation: generation_of(state) });
        let kept = [bank.allocate(&second), bank.allocate(&third)];
        let is_there = || [&second, &third].map(|text| find(&&bank, &name(text)).unwrap());
        assert_eq!(is_there(), kept.map(Some));
        free(&&bank, slot).unwrap();
        assert_eq!(is_there(), kept.map(Some));
        // Nor is it allocated a second time in the slot that is free before it.
        assert_eq!(allocate(&&bank, &name(&third), 2), Ok(Allocated::Existing(kept[1])));
        assert_eq!(find(&&bank, &name(&first)), Ok(None));
        // The slot is the first one of its name again.
        assert_eq!(bank.allocate(&first).index, index);
    }
}

//! Names: four parties allocate and free two names in three slots, while one looks them up; a name
//! is one slot's.

use inos_core::Error;
use inos_core::protocol::names::{self, Allocated, Name, Slots};
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const SLOTS: usize = 3;
const NAMES: [Name; 2] = [[1, 1, 0, 0, 0, 0], [2, 2, 0, 0, 0, 0]];

struct Bank {
    states: [ShuttleWord; SLOTS],
    names: [[ShuttleWord; 2]; SLOTS],
    /// Which slot's name each of the two is, plus one: for its owner alone.
    owners: [ShuttleWord; 2],
}

struct View<'a>(&'a Bank);

impl<'a> Slots for View<'a> {
    type Word = &'a ShuttleWord;

    fn slot_count(&self) -> u32 {
        SLOTS as u32
    }

    fn state(&self, index: u32) -> Option<&'a ShuttleWord> {
        self.0.states.get(index as usize)
    }

    fn name(&self, index: u32, word: usize) -> Option<&'a ShuttleWord> {
        self.0.names.get(index as usize)?.get(word)
    }
}

fn allocate_and_free(bank: &Bank, party: u16, which: usize) {
    let slot = match names::allocate(&View(bank), &NAMES[which], party) {
        Ok(Allocated::New(slot)) => slot,
        Ok(Allocated::Existing(_)) | Err(Error::NoSeat { .. } | Error::Contended { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    let owner = &bank.owners[which];
    assert_eq!(owner.0.swap(u32::from(party), Ordering::Relaxed), 0, "two of one name");
    match names::find(&View(bank), &NAMES[which]) {
        Ok(found) => assert_eq!(found, Some(slot)),
        Err(error) => assert!(matches!(error, Error::Contended { .. })),
    }
    assert_eq!(owner.0.swap(0, Ordering::Relaxed), u32::from(party), "two of one name");
    if party == 1 {
        // As if it had died, and somebody had found that out.
        assert_eq!(names::reclaim(&View(bank), party, |_| ()), 1);
    } else {
        names::free(&View(bank), slot).unwrap();
    }
}

/// In slots that nobody ever had, where a search ends at the first of them.
#[test]
fn a_name_is_one_partys_in_unused_slots() {
    allocate_free_and_read(0);
}

/// In slots in their last generation, after which a search goes past them still.
#[test]
fn a_name_is_one_partys_and_is_read_whole() {
    allocate_free_and_read(u32::MAX << names::GENERATION_SHIFT);
}

fn allocate_free_and_read(state: u32) {
    explore(move || {
        let bank = Arc::new(Bank {
            states: std::array::from_fn(|_| ShuttleWord::new(state)),
            names: std::array::from_fn(|_| [ShuttleWord::new(0), ShuttleWord::new(0)]),
            owners: [ShuttleWord::new(0), ShuttleWord::new(0)],
        });
        let mut parties: Vec<_> = (1..=4_u16)
            .map(|party| {
                let bank = bank.clone();
                thread::spawn(move || {
                    for turn in 0..3 {
                        allocate_and_free(&bank, party, usize::from(party + turn) % 2);
                    }
                })
            })
            .collect();
        parties.push(thread::spawn({
            let bank = bank.clone();
            move || {
                for index in (0..SLOTS as u32).chain(0..SLOTS as u32) {
                    match names::read(&View(&bank), index) {
                        Ok(Some((_, name))) => assert!(NAMES.contains(&name), "torn: {name:?}"),
                        Ok(None) | Err(Error::Contended { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }));
        for party in parties {
            party.join().unwrap();
        }
        for state in &bank.states {
            assert_eq!(names::state_of(state.load(Ordering::Relaxed)), names::FREE);
        }
    });
}

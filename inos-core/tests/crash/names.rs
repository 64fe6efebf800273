//! Names: a party that dies while it allocates or frees leaves nothing that its reclaim does not
//! give back, and stands in nobody's way but for the very name it was about.

use inos_core::Error;
use inos_core::protocol::names::{self, Allocated, Name, Slots};

use super::{MortalWord, every_death, mortal};

struct Bank {
    states: [MortalWord; 3],
    names: [[MortalWord; 6]; 3],
}

struct View<'a>(&'a Bank);

impl<'a> Slots for View<'a> {
    type Word = &'a MortalWord;

    fn slot_count(&self) -> u32 {
        3
    }

    fn state(&self, index: u32) -> Option<&'a MortalWord> {
        self.0.states.get(index as usize)
    }

    fn name(&self, index: u32, word: usize) -> Option<&'a MortalWord> {
        self.0.names.get(index as usize)?.get(word)
    }
}

/// The state of a free slot that nobody ever had, and of one in the last generation.
const UNUSED: u32 = 0;
const LAST: u32 = u32::MAX << names::GENERATION_SHIFT;

fn bank(state: u32) -> Bank {
    Bank { states: [state; 3].map(MortalWord::new), names: Default::default() }
}

fn name(first: u32) -> Name {
    [first; 6]
}

fn allocate(bank: &Bank, first: u32, party: u16) -> Result<Allocated, Error> {
    names::allocate(&View(bank), &name(first), party)
}

fn claimant_dies(state: u32) -> u32 {
    every_death(|steps| {
        let bank = bank(state);
        let first = names::round(&name(7), 3).next().unwrap();
        let through = mortal(steps, || allocate(&bank, 7, 1).unwrap());
        // The others are not in its way.
        let Ok(Allocated::New(other)) = allocate(&bank, 8, 2) else { panic!() };
        match allocate(&bank, 7, 2) {
            // Nothing was published yet.
            Ok(Allocated::New(slot)) => names::free(&View(&bank), slot).unwrap(),
            Ok(Allocated::Existing(slot)) => {
                assert_eq!((slot.index, through.is_some()), (first, true));
            }
            // Proposed for ever, until it is reclaimed.
            Err(error) => assert!(matches!(error, Error::Contended { .. })),
        }
        // Found whole, or not at all.
        for index in 0..3 {
            if let Some((_, found)) = names::read(&View(&bank), index).unwrap() {
                assert!(found == name(7) || found == name(8));
            }
        }
        let mut freed = Vec::new();
        let count = names::reclaim(&View(&bank), 1, |index| freed.push(index));
        assert_eq!(count as usize, freed.len());
        assert!(freed.is_empty() || freed == [first]);
        assert_eq!(names::reclaim(&View(&bank), 1, |_| ()), 0);
        assert_eq!(names::find(&View(&bank), &name(7)), Ok(None));
        assert_eq!(names::find(&View(&bank), &name(8)), Ok(Some(other)));
        // No slot is lost.
        for first in [7, 9] {
            assert!(matches!(allocate(&bank, first, 2), Ok(Allocated::New(_))));
        }
        assert_eq!(allocate(&bank, 10, 2), Err(Error::NoSeat { count: 3 }));
        through.is_some()
    })
}

#[test]
fn a_dead_claimant_leaves_no_name_half_done() {
    // Three states to find nothing, claim, six words, propose, two states, keep.
    assert_eq!(claimant_dies(LAST), 3 + 2 + 6 + 1 + 2 + 1);
    // A search ends at the first slot that nobody ever had.
    assert_eq!(claimant_dies(UNUSED), 1 + 2 + 6 + 1 + 1 + 1);
}

/// The dead took a slot that others passed over, and leaves it at any step: what is behind it is
/// found, before it is reclaimed and after.
#[test]
fn a_name_behind_a_slot_of_the_dead_is_found() {
    let first = |value: u32| names::round(&name(value), 3).next();
    let other = (8..).find(|&value| first(value) == first(7)).unwrap();
    every_death(|steps| {
        let bank = bank(UNUSED);
        let through = mortal(steps, || allocate(&bank, 7, 1).unwrap());
        let Ok(Allocated::New(slot)) = allocate(&bank, other, 2) else { panic!() };
        assert_eq!(names::find(&View(&bank), &name(other)), Ok(Some(slot)));
        names::reclaim(&View(&bank), 1, |_| ());
        assert_eq!(names::find(&View(&bank), &name(other)), Ok(Some(slot)));
        assert_eq!(allocate(&bank, other, 3), Ok(Allocated::Existing(slot)));
        through.is_some()
    });
}

#[test]
fn a_party_that_dies_freeing_has_freed_or_not() {
    let deaths = every_death(|steps| {
        let bank = bank(LAST);
        let Ok(Allocated::New(slot)) = allocate(&bank, 7, 1) else { panic!() };
        let through = mortal(steps, || names::free(&View(&bank), slot).unwrap());
        let found = names::find(&View(&bank), &name(7)).unwrap();
        assert_eq!(found, through.is_none().then_some(slot));
        assert_eq!(names::reclaim(&View(&bank), 1, |_| ()), u32::from(found.is_some()));
        assert!(matches!(allocate(&bank, 7, 2), Ok(Allocated::New(_))));
        through.is_some()
    });
    assert_eq!(deaths, 2);
}

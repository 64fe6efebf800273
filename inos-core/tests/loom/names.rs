//! Names: each is one slot's at a time, is read whole, and its slot is handed on like a role.

use inos_core::Error;
use inos_core::protocol::names::{self, Allocated, Name, Slot, Slots};
use loom::sync::Arc;
use loom::thread;

use super::*;

/// `N` slots with names of two words, and what the owner of each keeps for itself.
struct Bank<const N: usize> {
    states: [LoomWord; N],
    names: [[LoomWord; 2]; N],
    owned: [Payload; N],
}

impl<const N: usize> Bank<N> {
    /// All free, in the last generation.
    fn new() -> Self {
        Self::of(u32::MAX << names::GENERATION_SHIFT)
    }

    /// All free, and nobody's ever.
    fn unused() -> Self {
        Self::of(0)
    }

    fn of(state: u32) -> Self {
        Self {
            states: std::array::from_fn(|_| LoomWord::new(state)),
            names: std::array::from_fn(|_| [LoomWord::new(0), LoomWord::new(0)]),
            owned: std::array::from_fn(|_| Payload::new()),
        }
    }
}

/// Words by reference.
struct View<'a, const N: usize>(&'a Bank<N>);

impl<'a, const N: usize> Slots for View<'a, N> {
    type Word = &'a LoomWord;

    fn slot_count(&self) -> u32 {
        N as u32
    }

    fn state(&self, index: u32) -> Option<&'a LoomWord> {
        self.0.states.get(index as usize)
    }

    fn name(&self, index: u32, word: usize) -> Option<&'a LoomWord> {
        self.0.names.get(index as usize)?.get(word)
    }
}

fn name(first: u32, second: u32) -> Name {
    [first, second, 0, 0, 0, 0]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    New,
    Existing,
    Contended,
}

/// A third party takes the slot that the name begins with, if it is still free.
fn get_in_the_way<const N: usize>(bank: &Bank<N>) -> bool {
    let first = names::round(&name(3, 4), N as u32).next().unwrap();
    let theirs = 3 << names::PARTY_SHIFT | names::CLAIMED;
    bank.states[first as usize].cas(0, theirs, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

/// Of two parties that allocate one name at once, one gets it; and what it stored before is there
/// for the other.
fn allocate_once<const N: usize>(
    bank: fn() -> Bank<N>,
    meanwhile: fn(&Bank<N>) -> bool,
) -> Seen<(Came, Came)> {
    let seen = Seen::new();
    let note = seen.clone();
    // Three: that both give up.
    explore_with(3, move || {
        let shared = Arc::new((bank(), [Payload::new(), Payload::new()]));
        let parties = [1, 2].map(|party: u16| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (bank, before) = &*shared;
                before[usize::from(party - 1)].set(7);
                match names::allocate(&View(bank), &name(3, 4), party) {
                    Ok(Allocated::New(slot)) => (Came::New, Some(slot)),
                    Ok(Allocated::Existing(slot)) => {
                        assert_eq!(before[usize::from(2 - party)].get(), 7);
                        (Came::Existing, Some(slot))
                    }
                    Err(error) => {
                        assert!(matches!(error, Error::Contended { .. }));
                        (Came::Contended, None)
                    }
                }
            })
        });
        let others = usize::from(meanwhile(&shared.0));
        let [(first, one), (second, other)] = parties.map(|party| party.join().unwrap());
        assert!(one.is_none() || other.is_none() || one == other, "two slots of one name");
        let active = shared
            .0
            .states
            .iter()
            .filter(|state| names::state_of(state.load(Ordering::Relaxed)) != names::FREE);
        let new = [first, second].iter().filter(|&&came| came == Came::New).count();
        assert_eq!(active.count(), new + others);
        let found = names::find(&View(&shared.0), &name(3, 4)).unwrap();
        assert_eq!(found, one.or(other));
        note.note((first, second));
    });
    seen
}

/// Two tries, and two looks, are so few that both may give up.
const ONCE: [(Came, Came); 5] = [
    (Came::New, Came::Existing),
    (Came::Existing, Came::New),
    (Came::New, Came::Contended),
    (Came::Contended, Came::New),
    (Came::Contended, Came::Contended),
];

#[test]
fn a_name_is_allocated_once() {
    allocate_once(Bank::<2>::new, |_| false).check_all(ONCE);
}

/// So it is among slots that nobody ever had, where each ends its look at the first of them.
#[test]
fn a_name_is_allocated_once_in_unused_slots() {
    allocate_once(Bank::<2>::unused, |_| false).check_all(ONCE);
}

/// And if they have to go round a slot that a third party takes meanwhile.
#[test]
fn a_name_is_allocated_once_behind_another() {
    allocate_once(Bank::<3>::unused, get_in_the_way).check_all(ONCE);
}

/// A reader looks for a name that one party allocates, while another one gets in its way: whether
/// it was told of it, and where it found it in the order.
fn look_up(told: Ordering) -> Seen<(bool, Option<usize>)> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Arc::new((Bank::<2>::unused(), LoomWord::new(0)));
        let claimant = thread::spawn({
            let shared = shared.clone();
            move || {
                let (bank, tell) = &*shared;
                let allocated = names::allocate(&View(bank), &name(3, 4), 1);
                assert!(matches!(allocated, Ok(Allocated::New(_))));
                tell.store(1, told);
            }
        });
        let other = thread::spawn({
            let shared = shared.clone();
            move || get_in_the_way(&shared.0)
        });
        let is_told = shared.1.load(Ordering::Acquire) == 1;
        if let Ok(found) = names::find(&View(&shared.0), &name(3, 4)) {
            let mut round = names::round(&name(3, 4), 2);
            let place = found.and_then(|slot| round.position(|index| index == slot.index));
            note.note((is_told, place));
        }
        claimant.join().unwrap();
        other.join().unwrap();
    });
    seen
}

/// Who was told of a name finds it, also behind a slot that it knows nothing of.
#[test]
fn who_was_told_of_a_name_finds_it() {
    let may = [(true, Some(0)), (true, Some(1)), (false, None), (false, Some(0)), (false, Some(1))];
    look_up(Ordering::Release).check_all(may);
}

/// The model above sees what it is about: told without synchronisation, a reader may take the
/// slot before the name for one that nobody ever had.
#[test]
fn who_only_heard_of_a_name_may_miss_it() {
    look_up(Ordering::Relaxed).check(|_| true, [(true, None)]);
}

/// While a slot goes from one name to another, a reader finds either, and no mixture.
#[test]
fn a_name_is_read_whole() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let bank = Arc::new(Bank::<1>::new());
        let allocate = |bank: &Bank<1>, name| names::allocate(&View(bank), &name, 1);
        let Ok(Allocated::New(first)) = allocate(&bank, name(3, 3)) else { panic!() };
        let reader = thread::spawn({
            let bank = bank.clone();
            move || {
                names::read(&View(&bank), 0).map(|found| found.map(|(_, name)| name[..2].to_vec()))
            }
        });
        names::free(&View(&bank), first).unwrap();
        let stale = names::free(&View(&bank), first);
        assert_eq!(stale, Err(Error::Stale { expected: (1 << 20) - 1, found: 1 }));
        let Ok(Allocated::New(second)) = allocate(&bank, name(4, 4)) else { panic!() };
        assert_eq!(second, Slot { index: 0, generation: 1 });
        let found = reader.join().unwrap();
        if let Ok(Some(name)) = &found {
            assert_eq!(name[0], name[1], "torn");
        }
        note.note(found.map_err(|error| {
            assert!(matches!(error, Error::Contended { .. }));
        }));
    });
    // Nothing, either name; and the slot changed hands on each of the two looks.
    seen.check_all([Ok(None), Ok(Some(vec![3, 3])), Ok(Some(vec![4, 4])), Err(())]);
}

/// What an owner did with its slot is done before the next owner begins, also when it is taken
/// from a dead one.
fn hand_over(dies: bool) {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let bank = Arc::new(Bank::<1>::new());
        let Ok(Allocated::New(slot)) = names::allocate(&View(&*bank), &name(3, 3), 1) else {
            panic!()
        };
        let next = thread::spawn({
            let bank = bank.clone();
            move || match names::allocate(&View(&*bank), &name(4, 4), 2) {
                Ok(_) => Some(bank.owned[0].get()),
                Err(error) => {
                    assert_eq!(error, Error::NoSeat { count: 1 });
                    None
                }
            }
        });
        bank.owned[0].set(7);
        if dies {
            assert_eq!(names::reclaim(&View(&*bank), 1, |_| ()), 1);
        } else {
            names::free(&View(&*bank), slot).unwrap();
        }
        note.note(next.join().unwrap());
    });
    seen.check_all([None, Some(7)]);
}

#[test]
fn a_slot_is_handed_over() {
    hand_over(false);
}

#[test]
fn a_slot_of_a_dead_party_is_handed_over() {
    hand_over(true);
}

#[test]
fn faults_are_seen() {
    red("names: propose before the look", a_name_is_allocated_once);
    red("names: propose before the look", a_name_is_allocated_once_in_unused_slots);
    red("names: propose before the look", a_name_is_allocated_once_behind_another);
    red("names: look", a_name_is_read_whole);
    red("names: look again", a_name_is_read_whole);
    red("names: claim before the name", a_name_is_read_whole);
    red("names: free", a_slot_is_handed_over);
    red("names: reclaim", a_slot_of_a_dead_party_is_handed_over);
}

//! The registry: names are unique, records are whole, slots have one owner, and the index misses
//! nobody.

use inos_core::Error;
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::registry::{self, ACTIVE, Claim, index, state_of};
use loom::sync::Arc;
use loom::sync::atomic::Ordering::Relaxed;
use loom::thread;

use super::*;

/// All names have the same hash, so that they meet in one line of the index.
const HASH: u32 = 7 << 26;

struct Slot {
    state: LoomWord,
    /// The record: two words, which are equal.
    name: [AtomicU32; 2],
    /// What only the one who has claimed the slot may touch.
    own: Payload,
}

struct Registry<const N: usize, const LINE: usize> {
    slots: [Slot; N],
    line: [LoomWord; LINE],
    filter: LoomWord,
}

/// A word that is looked up by value.
struct Borrowed<'a>(&'a LoomWord);

impl ReadWord for Borrowed<'_> {
    fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }

    fn fence(order: Ordering) {
        LoomWord::fence(order);
    }
}

impl<const N: usize, const LINE: usize> Registry<N, LINE> {
    fn new() -> Self {
        let slots = std::array::from_fn(|_| Slot {
            state: LoomWord::new(0),
            name: [0, 0].map(AtomicU32::new),
            own: Payload::new(),
        });
        let line = std::array::from_fn(|_| LoomWord::new(0));
        Self { slots, line, filter: LoomWord::new(0) }
    }

    /// With a unit in the first slot, as of the memory's making: loom remembers the last seven
    /// values of a word, and they should be those that the model is about.
    fn with_unit(name: u32) -> Self {
        let mut registry = Self::new();
        registry.slots[0].state = LoomWord::new(registry::pack(1, 1, ACTIVE));
        registry.slots[0].name = [name, name].map(AtomicU32::new);
        registry
    }

    fn slot(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    fn claim(&self, slot: u32) -> Option<Claim> {
        registry::claim(&self.slot(slot).state, 1)
    }

    fn write(&self, slot: u32, name: u32) {
        let slot = self.slot(slot);
        slot.own.set(name);
        for word in &slot.name {
            word.store(name, Relaxed);
        }
    }

    fn is_named(&self, slot: u32, name: u32) -> bool {
        self.slot(slot).name[0].load(Relaxed) == name
    }

    fn enter(&self, slot: u32, generation: u16) -> bool {
        index::mark(&self.filter, HASH);
        index::insert(
            index::entry(generation, HASH, slot),
            LINE as u32,
            |position| Ok(&self.line[position as usize]),
            |slot, generation| {
                Ok(registry::is_taken(self.slot(slot).state.load(Relaxed), generation))
            },
        )
        .unwrap()
    }

    /// What is left to do in a slot that was claimed.
    fn settle(&self, slot: u32, claim: Claim, name: u32) -> Result<(), Error> {
        let state = &self.slot(slot).state;
        registry::propose(state, &claim);
        let contest = registry::contest(
            slot,
            N as u32,
            |rival| Ok(&self.slot(rival).state),
            |rival| Ok(self.is_named(rival, name)),
        );
        if let Err(error) = contest {
            registry::withdraw(state, claim);
            return Err(error);
        }
        self.enter(slot, claim.generation());
        registry::activate(state, claim)
    }

    fn register(&self, slot: u32, name: u32) -> Result<(), Error> {
        let claim = self.claim(slot).ok_or(Error::NoSeat { count: 1 })?;
        self.write(slot, name);
        self.settle(slot, claim, name)
    }

    fn retire(&self, slot: u32) -> bool {
        let state = &self.slot(slot).state;
        registry::retire(state, registry::generation_of(state.load(Relaxed)))
    }

    /// The whole record of the slot, if a unit is active there and stays meanwhile.
    fn read(&self, slot: u32) -> Option<[u32; 2]> {
        let Slot { state, name, .. } = self.slot(slot);
        let raw = registry::look(state);
        let copy = [0, 1].map(|word: usize| name[word].load(Relaxed));
        (registry::is_unchanged(state, raw) && state_of(raw) == ACTIVE).then_some(copy)
    }

    fn find(&self, name: u32) -> Option<u32> {
        if !index::is_marked(&self.filter, HASH) {
            return None;
        }
        let found = index::probe(
            HASH,
            LINE as u32,
            |position| Ok(Borrowed(&self.line[position as usize])),
            |slot, generation| {
                let state = &self.slot(slot).state;
                let raw = registry::look(state);
                Ok(registry::is_active(raw, generation)
                    && self.is_named(slot, name)
                    && registry::is_unchanged(state, raw))
            },
        );
        found.unwrap().map(|(slot, _)| slot)
    }

    fn active(&self) -> Vec<u32> {
        let slots = 0..N as u32;
        slots.filter(|&slot| state_of(self.slot(slot).state.load(Relaxed)) == ACTIVE).collect()
    }
}

/// As many registrants of one name as there are slots: one remains, and is found.
fn rivals<const N: usize>(seen: &Seen<u32>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<N, 1>::new());
        let claims: [Claim; N] = std::array::from_fn(|slot| registry.claim(slot as u32).unwrap());
        let mut rivals: Vec<_> = (0..).zip(claims).collect();
        let (first, claim) = rivals.remove(0);
        let others: Vec<_> = rivals
            .into_iter()
            .map(|(slot, claim)| {
                let registry = registry.clone();
                thread::spawn(move || {
                    registry.write(slot, 1);
                    registry.settle(slot, claim, 1)
                })
            })
            .collect();
        registry.write(first, 1);
        let mut results = vec![registry.settle(first, claim, 1)];
        results.extend(others.into_iter().map(|other| other.join().unwrap()));
        let won: Vec<_> = (0..).zip(&results).filter(|(_, result)| result.is_ok()).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert_eq!(registry.active(), [won[0].0]);
        assert_eq!(registry.find(1), Some(won[0].0));
        note.note(won[0].0);
    });
}

#[test]
fn of_two_registrants_of_a_name_one_remains() {
    let seen = Seen::new();
    rivals::<2>(&seen);
    seen.check_all([0, 1]);
}

#[test]
fn of_three_registrants_of_a_name_one_remains() {
    let seen = Seen::new();
    rivals::<3>(&seen);
    seen.check_all([0, 1, 2]);
}

/// The name's last unit retires while two want it: at most one gets it, and nobody is there twice.
fn succession(seen: &Seen<[bool; 2]>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<3, 3>::new());
        registry.register(1, 1).unwrap();
        let claims = [0, 2].map(|slot| (slot, registry.claim(slot).unwrap()));
        let [mine, theirs] = claims;
        let rival = thread::spawn({
            let registry = registry.clone();
            move || {
                registry.write(theirs.0, 1);
                registry.settle(theirs.0, theirs.1, 1).is_ok()
            }
        });
        assert!(registry.retire(1));
        registry.write(mine.0, 1);
        let won = [registry.settle(mine.0, mine.1, 1).is_ok(), rival.join().unwrap()];
        let active = registry.active();
        assert_eq!(active.len(), 1);
        assert_eq!(registry.find(1), Some(active[0]));
        note.note(won);
    });
}

#[test]
fn a_name_is_handed_on_to_one() {
    let seen = Seen::new();
    succession(&seen);
    seen.check_all([[true, false], [false, true]]);
}

/// A slot is used again while its record is being read.
fn reuse(seen: &Seen<Option<u32>>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<1, 1>::with_unit(1));
        let reader = thread::spawn({
            let registry = registry.clone();
            move || {
                let record = registry.read(0);
                if let Some([one, other]) = record {
                    assert_eq!(one, other, "torn");
                }
                record.map(|[one, _]| one)
            }
        });
        assert!(registry.retire(0));
        registry.register(0, 2).unwrap();
        note.note(reader.join().unwrap());
    });
}

#[test]
fn records_are_read_whole_or_not_at_all() {
    let seen = Seen::new();
    reuse(&seen);
    seen.check_all([None, Some(1), Some(2)]);
}

#[derive(Clone, Copy)]
enum End {
    Retired,
    Withdrawn,
    Dead,
}

/// Whoever claims a slot owns it: what its last owner did to it is over.
fn ownership(end: End, seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<1, 1>::new());
        let first = thread::spawn({
            let registry = registry.clone();
            move || {
                let claim = registry.claim(0).unwrap();
                registry.write(0, 1);
                match end {
                    End::Retired => {
                        registry.settle(0, claim, 1).unwrap();
                        assert!(registry.retire(0));
                    }
                    End::Withdrawn => registry::withdraw(&registry.slot(0).state, claim),
                    End::Dead => drop(claim),
                }
            }
        });
        let second = thread::spawn({
            let registry = registry.clone();
            move || {
                // Not before the first one came.
                let is_new = registry.slot(0).state.load(Relaxed) == 0;
                let claim = if is_new { None } else { registry.claim(0) };
                claim.inspect(|_| registry.write(0, 2)).is_some()
            }
        });
        // If it died, this is the proof.
        first.join().unwrap();
        if let End::Dead = end {
            assert!(registry::reclaim(&registry.slot(0).state, 1));
        }
        note.note(second.join().unwrap());
    });
}

#[test]
fn a_slot_has_one_owner() {
    for end in [End::Retired, End::Withdrawn, End::Dead] {
        let seen = Seen::new();
        ownership(end, &seen);
        seen.check_all([false, true]);
    }
}

/// The slot of a proposal that another took away is claimed by a third.
fn eviction(seen: &Seen<(bool, bool)>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<2, 2>::new());
        let [mine, theirs] = [0, 1].map(|slot| registry.claim(slot).unwrap());
        let other = registry.clone();
        let rival = thread::spawn(move || {
            other.write(1, 1);
            other.settle(1, theirs, 1).is_ok()
        });
        let other = registry.clone();
        let third = thread::spawn(move || {
            let claim = other.claim(1);
            claim.inspect(|_| other.write(1, 2)).is_some()
        });
        registry.write(0, 1);
        let won = registry.settle(0, mine, 1).is_ok();
        assert_ne!(rival.join().unwrap(), won);
        note.note((won, third.join().unwrap()));
    });
}

#[test]
fn the_slot_of_a_beaten_proposal_has_one_owner() {
    let seen = Seen::new();
    eviction(&seen);
    seen.check_all([(false, false), (true, false), (true, true)]);
}

/// A slot is reclaimed, and used again, while the unit in it is beaten or retired by the living.
#[test]
fn the_dead_are_buried_once() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<1, 1>::with_unit(1));
        let other = registry.clone();
        let retiring = thread::spawn(move || other.retire(0));
        let other = registry.clone();
        let registering = thread::spawn(move || other.register(0, 2).is_ok());
        let reclaimed = registry::reclaim(&registry.slot(0).state, 1);
        let (retired, registered) = (retiring.join().unwrap(), registering.join().unwrap());
        // Both ends may be the second unit's: it was registered as the same party's.
        let ends = u32::from(reclaimed) + u32::from(retired);
        assert_eq!(registry.active().len() as u32, 1 + u32::from(registered) - ends);
        note.note((reclaimed, retired, registered));
    });
    seen.check(
        |&(reclaimed, retired, _)| reclaimed || retired,
        [(true, false, true), (false, true, true), (true, false, false), (true, true, true)],
    );
}

/// Two units are entered into a line whose only entry is out of date: one of them reuses the slot
/// that the entry names.
fn entering(seen: &Seen<[u32; 2]>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<2, 2>::new());
        registry.register(0, 1).unwrap();
        assert!(registry.retire(0));
        let other = registry.clone();
        let first = thread::spawn(move || other.register(0, 2).unwrap());
        registry.register(1, 3).unwrap();
        first.join().unwrap();
        assert_eq!([2, 3].map(|name| registry.find(name)), [Some(0), Some(1)]);
        assert_eq!(registry.find(1), None);
        note.note([0, 1].map(|place: usize| index::target(registry.line[place].load(Relaxed)).0));
    });
}

#[test]
fn the_index_loses_nobody() {
    let seen = Seen::new();
    entering(&seen);
    seen.check_all([[0, 1], [1, 0]]);
}

/// A line that has room for one of two.
#[test]
fn a_full_line_says_so() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<2, 1>::new());
        let [mine, theirs] = [0, 1].map(|slot| registry.claim(slot).unwrap().generation());
        let other = registry.clone();
        let first = thread::spawn(move || other.enter(1, theirs));
        let entered = [registry.enter(0, mine), first.join().unwrap()];
        note.note(entered);
    });
    seen.check_all([[true, false], [false, true]]);
}

/// Who loses to an active unit finds it.
fn losing(seen: &Seen<Option<bool>>) {
    let note = seen.clone();
    explore(move || {
        let registry = Arc::new(Registry::<2, 1>::new());
        let other = registry.clone();
        let winner = thread::spawn(move || other.register(1, 1));
        let lost = registry.register(0, 1).is_err();
        // It gives way to nothing but an active unit: its slot is the lower one.
        note.note(lost.then(|| registry.find(1) == Some(1)));
        winner.join().unwrap().ok();
    });
}

#[test]
fn who_loses_finds_the_winner() {
    let seen = Seen::new();
    losing(&seen);
    seen.check_all([None, Some(true)]);
}

/// Each ordering and fence of the protocol is needed by a model.
#[test]
fn planted_faults_are_found() {
    let found = |fault, model: &dyn Fn()| {
        assert!(with_fault(fault, model).is_some(), "{fault}");
    };
    found("registry: fence after the proposal", &|| rivals::<2>(&Seen::new()));
    found("registry: propose", &|| eviction(&Seen::new()));
    found("registry: look", &|| reuse(&Seen::new()));
    found("registry: fence before the record", &|| reuse(&Seen::new()));
    found("registry: fence after the record", &|| reuse(&Seen::new()));
    for end in [End::Retired, End::Withdrawn, End::Dead] {
        found("registry: claim", &|| ownership(end, &Seen::new()));
    }
    found("registry: withdraw", &|| ownership(End::Withdrawn, &Seen::new()));
    found("registry: reclaim", &|| ownership(End::Dead, &Seen::new()));
    found("registry: look at an entry", &|| entering(&Seen::new()));
    found("registry: activate", &|| {
        let seen = Seen::new();
        losing(&seen);
        seen.check(|outcome| *outcome != Some(false), []);
    });
}

//! The registry: a party that dies while it registers or retires leaves a unit that is there, or
//! none; and every slot comes back.

use inos_core::Error;
use inos_core::protocol::registry::{self, index, state_of};

use super::*;

const SLOTS: u32 = 3;
/// No more places than slots: one that leaked would be missed.
const LINE: u32 = SLOTS;
const HASH: u32 = 7 << 26;
const DEAD: u16 = 1;
const ALIVE: u16 = 2;

#[derive(Default)]
struct Slot {
    state: MortalWord,
    /// The record: two words, which are equal.
    name: [MortalWord; 2],
}

#[derive(Default)]
struct Registry {
    slots: [Slot; SLOTS as usize],
    line: [MortalWord; LINE as usize],
    filter: MortalWord,
    full: MortalWord,
}

struct Borrowed<'a>(&'a MortalWord);

impl ReadWord for Borrowed<'_> {
    fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }

    fn fence(_: Ordering) {}
}

impl Registry {
    fn slot(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    fn is_named(&self, slot: u32, name: u32) -> bool {
        self.slot(slot).name[0].load(Ordering::Relaxed) == name
    }

    /// As `UnitRegistry::register` does it, in the first free slot from `from` on.
    fn register(&self, party: u16, from: u32, name: u32) -> Result<u32, Error> {
        let mut slots = (from..SLOTS).chain(0..from);
        let claim = |slot| Some((slot, registry::claim(&self.slot(slot).state, party)?));
        let (own, claim) = slots.find_map(claim).ok_or(Error::NoSeat { count: SLOTS })?;
        for word in &self.slot(own).name {
            word.store(name, Ordering::Relaxed);
        }
        let state = &self.slot(own).state;
        registry::propose(state, &claim);
        let contest = registry::contest(
            own,
            SLOTS,
            |rival| Ok(&self.slot(rival).state),
            |rival| Ok(self.is_named(rival, name)),
        );
        if let Err(error) = contest {
            registry::withdraw(state, claim);
            return Err(error);
        }
        index::mark(&self.filter, HASH);
        let entered = index::insert(
            index::entry(claim.generation(), HASH, own),
            LINE,
            |position| Ok(&self.line[position as usize]),
            |slot, generation| {
                let state = self.slot(slot).state.load(Ordering::Relaxed);
                Ok(registry::is_taken(state, generation))
            },
        )?;
        if !entered {
            self.full.store(1, Ordering::Relaxed);
        }
        registry::activate(state, claim)?;
        Ok(own)
    }

    fn retire(&self, slot: u32) -> bool {
        let state = &self.slot(slot).state;
        registry::retire(state, registry::generation_of(state.load(Ordering::Relaxed)))
    }

    fn find(&self, name: u32) -> Option<u32> {
        let found = index::probe(
            HASH,
            LINE,
            |position| Ok(Borrowed(&self.line[position as usize])),
            |slot, generation| {
                let state = &self.slot(slot).state;
                let raw = registry::look(state);
                let is_it = registry::is_active(raw, generation) && self.is_named(slot, name);
                Ok(is_it && registry::is_unchanged(state, raw))
            },
        );
        let (slot, _) = found.unwrap().filter(|_| index::is_marked(&self.filter, HASH))?;
        let [one, other] = &self.slot(slot).name;
        assert_eq!(one.load(Ordering::Relaxed), other.load(Ordering::Relaxed), "half a record");
        Some(slot)
    }

    fn reclaim(&self, dead: u16) -> usize {
        self.slots.iter().filter(|slot| registry::reclaim(&slot.state, dead)).count()
    }

    fn states(&self) -> Vec<u32> {
        self.slots.iter().map(|slot| state_of(slot.state.load(Ordering::Relaxed))).collect()
    }

    /// After the dead were buried: every slot can be had, and every name found.
    fn all_slots_are_there(&self) {
        for name in 10..10 + SLOTS {
            let free = self.states().iter().any(|&state| state != registry::ACTIVE);
            assert_eq!(self.register(ALIVE, 0, name).is_ok(), free);
            assert_eq!(self.find(name).is_some(), free);
        }
        assert_eq!(self.states(), [registry::ACTIVE; SLOTS as usize]);
        assert_eq!(self.full.load(Ordering::Relaxed), 0, "a place in the index was lost");
    }
}

/// The dead one's slot lies before the survivor's, or behind it.
#[test]
fn a_dead_registrant_leaves_a_unit_or_none() {
    for from in [0, 1] {
        let (mut blocked, mut refused) = (0, 0);
        let deaths = every_death(|steps| {
            let registry = Registry::default();
            let mut registered = false;
            let through = mortal(steps, || {
                registry.register(DEAD, from, 1).unwrap();
                registered = true;
            });
            // Nobody finds what is not there, and nobody misses what is.
            let found = registry.find(1);
            assert!(found.is_some() || !registered);
            // The survivor wants the same name before the death is proven.
            let mine = registry.register(ALIVE, 1 - from, 1);
            match (found, &mine) {
                (Some(_), mine) => {
                    assert_eq!(*mine, Err(Error::RoleHeld));
                    refused += 1;
                }
                (None, Err(error)) => {
                    assert_eq!((*error, from), (Error::RoleHeld, 0));
                    blocked += 1;
                }
                (None, Ok(slot)) => assert_eq!(registry.find(1), Some(*slot)),
            }
            let other = registry.register(ALIVE, 2, 2);
            assert!(other.is_ok(), "other names are not blocked");

            registry.reclaim(DEAD);
            assert_eq!(registry.reclaim(DEAD), 0);
            assert_eq!(registry.find(1), mine.ok());
            if mine.is_err() {
                assert!(registry.register(ALIVE, 0, 1).is_ok());
            }
            assert_eq!(registry.find(2), other.ok());
            registry.all_slots_are_there();
            through.is_some()
        });
        // Two accesses to claim, two of the record, one to propose, two others to look at, the
        // filter, two of the index, one to activate.
        assert_eq!(deaths, 11);
        assert_eq!(refused, 1, "the unit that got through");
        // Of its proposal only the one before us blocks us.
        assert_eq!(blocked > 0, from == 0, "{blocked}");
    }
}

#[test]
fn a_dead_one_that_comes_and_goes_leaves_no_trace() {
    let deaths = every_death(|steps| {
        let registry = Registry::default();
        let mine = registry.register(ALIVE, 1, 5).unwrap();
        let through = mortal(steps, || {
            for name in [1, 2] {
                let slot = registry.register(DEAD, 0, name).unwrap();
                assert!(registry.retire(slot));
            }
            assert_eq!(registry.register(DEAD, 2, 5), Err(Error::RoleHeld));
        });
        assert_eq!(registry.find(5), Some(mine));
        let found = [1, 2].map(|name| registry.find(name));
        assert!(found.iter().flatten().count() <= 1);
        let held = registry
            .states()
            .iter()
            .filter(|&&state| state != registry::FREE && state != registry::RETIRED)
            .count();
        assert_eq!(registry.reclaim(DEAD), held - 1);
        assert_eq!([1, 2].map(|name| registry.find(name)), [None; 2]);
        assert_eq!(registry.find(5), Some(mine), "the living keep what they have");
        registry.all_slots_are_there();
        through.is_some()
    });
    assert!(deaths > 25, "{deaths}");
}

/// One who takes the proposals of others away dies over it.
#[test]
fn a_dead_rival_is_succeeded() {
    let deaths = every_death(|steps| {
        let registry = Registry::default();
        // A proposal in a higher slot, whose registrant is slow.
        let claim = registry::claim(&registry.slot(2).state, ALIVE).unwrap();
        registry.slot(2).name[0].store(1, Ordering::Relaxed);
        registry.slot(2).name[1].store(1, Ordering::Relaxed);
        registry::propose(&registry.slot(2).state, &claim);

        let through = mortal(steps, || registry.register(DEAD, 0, 1).unwrap());
        let mine = registry::activate(&registry.slot(2).state, claim);
        if through.is_some() {
            assert_eq!(mine, Err(Error::RoleHeld));
        }
        let active = registry.states().iter().filter(|&&state| state == registry::ACTIVE).count();
        assert_eq!(active, usize::from(mine.is_ok()) + usize::from(through.is_some()));
        registry.reclaim(DEAD);
        assert_eq!(registry.register(ALIVE, 0, 1).is_ok(), mine.is_err());
        through.is_some()
    });
    assert!(deaths > 10, "{deaths}");
}

#[test]
fn a_dead_reaper_is_succeeded() {
    const REAPER: u16 = 3;
    let deaths = every_death(|steps| {
        let registry = Registry::default();
        registry.register(DEAD, 0, 1).unwrap();
        let mine = registry.register(ALIVE, 1, 2).unwrap();
        registry.register(DEAD, 2, 3).unwrap();
        let through = mortal(steps, || registry.reclaim(DEAD));
        registry.reclaim(DEAD);
        assert_eq!(registry.reclaim(REAPER), 0);
        assert_eq!([1, 2, 3].map(|name| registry.find(name)), [None, Some(mine), None]);
        registry.all_slots_are_there();
        through.is_some()
    });
    // A look at each slot, and an exchange for two of them.
    assert_eq!(deaths, 5);
}

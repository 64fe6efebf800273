//! The registry: four registrants want two names in three slots, and retire them again; a name is
//! one active unit's, a record is whole, and the index finds whoever is there.

use inos_core::Error;
use inos_core::protocol::registry::{self, index, is_active};
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const SLOTS: u32 = 3;
/// Both names have it, so that they meet in one line of the index.
const HASH: u32 = 7 << 26;

struct Registry {
    states: [ShuttleWord; SLOTS as usize],
    /// Records of two words, the same in both.
    records: [[ShuttleWord; 2]; SLOTS as usize],
    line: [ShuttleWord; 4],
    filter: ShuttleWord,
    /// Whose a name is.
    owners: [ShuttleWord; 2],
}

impl Registry {
    fn new() -> Self {
        // Generations are about to wrap.
        let state = registry::pack(u16::MAX - 2, 0, registry::RETIRED);
        Self {
            states: [state; SLOTS as usize].map(ShuttleWord::new),
            records: std::array::from_fn(|_| [ShuttleWord::new(0), ShuttleWord::new(0)]),
            line: [0; 4].map(ShuttleWord::new),
            filter: ShuttleWord::new(0),
            owners: [ShuttleWord::new(0), ShuttleWord::new(0)],
        }
    }

    fn state(&self, slot: u32) -> &ShuttleWord {
        &self.states[slot as usize]
    }

    fn is_named(&self, slot: u32, name: u32) -> Result<bool, Error> {
        Ok(self.records[slot as usize][0].load(Ordering::Relaxed) == name)
    }

    fn register(&self, party: u16, name: u32) -> Option<(u32, u16)> {
        let found = (0..SLOTS)
            .find_map(|slot| registry::claim(self.state(slot), party).map(|claim| (slot, claim)));
        let (slot, claim) = found?;
        for word in &self.records[slot as usize] {
            word.store(name, Ordering::Relaxed);
        }
        registry::propose(self.state(slot), &claim);
        let won = registry::contest(
            slot,
            SLOTS,
            |rival| Ok(self.state(rival)),
            |rival| self.is_named(rival, name),
        );
        if let Err(error) = won {
            assert!(matches!(error, Error::RoleHeld | Error::Contended { .. }));
            registry::withdraw(self.state(slot), claim);
            return None;
        }
        index::mark(&self.filter, HASH);
        let generation = claim.generation();
        index::insert(
            index::entry(generation, HASH, slot),
            self.line.len() as u32,
            |position| Ok(&self.line[position as usize]),
            |slot, generation| {
                let raw = self.state(slot).load(Ordering::Relaxed);
                Ok(registry::is_taken(raw, generation))
            },
        )
        .unwrap();
        registry::activate(self.state(slot), claim).ok().map(|()| (slot, generation))
    }
}

#[test]
fn a_name_is_one_units_and_records_are_whole() {
    explore(|| {
        let shared = Arc::new(Registry::new());
        let mut parties: Vec<_> = (1..=4_u16)
            .map(|party| {
                let shared = shared.clone();
                thread::spawn(move || {
                    for turn in 0..3 {
                        let name = u32::from(party + turn) % 2;
                        let Some((slot, generation)) = shared.register(party, name) else {
                            continue;
                        };
                        let owner = &shared.owners[name as usize].0;
                        assert_eq!(owner.swap(party.into(), Ordering::Relaxed), 0, "two");
                        let found = registry::find_named(shared.state(slot), || {
                            shared.is_named(slot, name)
                        });
                        let raw = found.unwrap().unwrap();
                        assert!(is_active(raw, generation) && registry::party_of(raw) == party);
                        assert!(index::is_marked(&shared.filter, HASH));
                        assert_eq!(owner.swap(0, Ordering::Relaxed), party.into(), "two");
                        // Retired, or taken from the dead.
                        if turn == 1 {
                            assert!(registry::reclaim(shared.state(slot), party));
                        } else {
                            assert!(registry::retire(shared.state(slot), generation));
                        }
                    }
                })
            })
            .collect();
        parties.push(thread::spawn({
            let shared = shared.clone();
            move || {
                for slot in (0..SLOTS).chain(0..SLOTS) {
                    let raw = registry::look(shared.state(slot));
                    let record = shared.records[slot as usize]
                        .each_ref()
                        .map(|word| word.load(Ordering::Relaxed));
                    if registry::state_of(raw) == registry::ACTIVE
                        && registry::is_unchanged(shared.state(slot), raw)
                    {
                        assert_eq!(record[0], record[1], "torn");
                    }
                }
            }
        }));
        for party in parties {
            party.join().unwrap();
        }
        for slot in 0..SLOTS {
            assert!(registry::claim(shared.state(slot), 1).is_some(), "a slot is lost");
        }
    });
}

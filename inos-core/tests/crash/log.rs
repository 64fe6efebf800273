//! The log: a writer that dies in the middle of an event takes one slot with it, until its death
//! is proven, and nothing else.

use inos_core::Ordering;
use inos_core::protocol::log::{self, Look, Words};
use inos_core::protocol::{ReadWord, Word};

use super::{MortalWord, every_death, mortal};

const CAPACITY: u32 = 4;
/// Before the tickets wrap.
const START: u32 = u32::MAX - 2;

struct Log {
    head: MortalWord,
    slots: [MortalWord; CAPACITY as usize],
    events: [MortalWord; CAPACITY as usize],
}

impl Log {
    fn append(&self, party: u16, value: u32) -> u32 {
        let claim = log::claim(self, party).unwrap();
        self.events[claim.slot() as usize].store(value, Ordering::Relaxed);
        log::commit(self, claim).unwrap()
    }

    /// The events that can be read now, the oldest first.
    fn read(&self) -> Vec<u32> {
        let head = self.head.load(Ordering::Relaxed);
        (1..=CAPACITY)
            .rev()
            .map(|back| head.wrapping_sub(back))
            .filter_map(|ticket| {
                let slot = (ticket % CAPACITY) as usize;
                match log::look(&self.slots[slot], ticket, CAPACITY) {
                    Look::Ready(_) => Some(self.events[slot].load(Ordering::Relaxed)),
                    _ => None,
                }
            })
            .collect()
    }
}

impl Words for Log {
    type Word = MortalWord;

    fn head(&self) -> &MortalWord {
        &self.head
    }

    fn slot(&self, index: u32) -> Option<&MortalWord> {
        self.slots.get(index as usize)
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }
}

#[test]
fn a_dead_writer_costs_one_slot_until_it_is_proven_dead() {
    let mut held = 0;
    let deaths = every_death(|steps| {
        let log = Log {
            head: MortalWord::new(START),
            slots: Default::default(),
            events: Default::default(),
        };
        let mut committed = vec![log.append(1, 10)];
        let mut values = vec![10];
        let through = mortal(steps, || {
            for value in [20, 21, 22, 23] {
                committed.push(log.append(3, value));
                values.push(value);
            }
        });
        let found = log.read();
        // Nothing that was not committed: what there is is the end of what was, in order; the
        // last one may have been committed by its very last step.
        let whole: Vec<_> = [10, 20, 21, 22, 23].into_iter().take(values.len() + 1).collect();
        assert!(whole.ends_with(&found) || values.ends_with(&found), "{found:?} of {values:?}");
        assert!(found.len() + 1 >= values.len().min(CAPACITY as usize), "committed, and lost");

        // The others go on for three laps, around the slot if there is one.
        let is_held =
            log.slots.iter().any(|slot| log::writer_of(slot.load(Ordering::Relaxed)).is_some());
        held += u32::from(is_held);
        for value in 30..42 {
            log.append(1, value);
        }
        let free = CAPACITY - u32::from(is_held);
        let newest: Vec<_> = (42 - free..42).collect();
        assert!(newest.ends_with(&log.read()) && log.read().len() as u32 + 1 >= free);

        let freed = log.slots.iter().filter(|slot| log::reclaim(*slot, 3)).count();
        assert_eq!(freed, usize::from(is_held), "held by the dead, and nobody else");
        for value in 50..54 {
            log.append(1, value);
        }
        assert_eq!(log.read(), [50, 51, 52, 53], "every slot is back");
        through.is_some()
    });
    // Four events of a ticket, a look, the exchange that takes the slot, the event, and the one
    // that commits it. Two of these five steps are taken holding the slot.
    assert_eq!((deaths, held), (20, 8));
}

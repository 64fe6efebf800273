//! The log: four writers go around four slots while two readers follow; an event is whole, and no
//! slot is two writers'.

use inos_core::Error;
use inos_core::protocol::log::{self, Look, Words};
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const CAPACITY: u32 = 4;
const EACH: u32 = 4;

struct Log {
    head: ShuttleWord,
    slots: [ShuttleWord; CAPACITY as usize],
    /// Events of three words, the same in all.
    events: [[ShuttleWord; 3]; CAPACITY as usize],
    /// Who writes in a slot.
    writers: [ShuttleWord; CAPACITY as usize],
}

impl Words for Log {
    type Word = ShuttleWord;

    fn head(&self) -> &ShuttleWord {
        &self.head
    }

    fn slot(&self, index: u32) -> Option<&ShuttleWord> {
        self.slots.get(index as usize)
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }
}

impl Log {
    fn new(head: u32) -> Self {
        let words = || std::array::from_fn(|_| ShuttleWord::new(0));
        let events = std::array::from_fn(|_| [0; 3].map(ShuttleWord::new));
        Self { head: ShuttleWord::new(head), slots: words(), events, writers: words() }
    }

    /// Whether the event found a slot.
    fn append(&self, party: u16, value: u32) -> bool {
        let claim = match log::claim(self, party) {
            Ok(claim) => claim,
            Err(error) => {
                assert!(matches!(error, Error::Contended { .. }));
                return false;
            }
        };
        let (slot, ticket) = (claim.slot() as usize, claim.ticket());
        let writer = &self.writers[slot].0;
        assert_eq!(writer.swap(party.into(), Ordering::Relaxed), 0, "two in one slot");
        for word in &self.events[slot] {
            word.store(value, Ordering::Relaxed);
        }
        assert_eq!(writer.swap(0, Ordering::Relaxed), u32::from(party), "two in one slot");
        assert_eq!(log::commit(self, claim), Ok(ticket));
        true
    }

    fn read(&self, ticket: u32) -> Option<u32> {
        let slot = (ticket % CAPACITY) as usize;
        let Look::Ready(seen) = log::look(&self.slots[slot], ticket, CAPACITY) else { return None };
        let event = self.events[slot].each_ref().map(|word| word.load(Ordering::Relaxed));
        if !log::still_valid(&self.slots[slot], seen) {
            return None;
        }
        assert_eq!(event, [event[0]; 3], "torn");
        Some(event[0])
    }
}

#[test]
fn events_are_whole_and_in_the_order_of_their_writers() {
    explore(|| {
        // The tickets wrap on the way.
        let first = u32::MAX - 5;
        let log = Arc::new(Log::new(first));
        let mut parties: Vec<_> = (1..=4_u16)
            .map(|party| {
                let log = log.clone();
                thread::spawn(move || {
                    for count in 1..=EACH {
                        log.append(party, u32::from(party) << 16 | count);
                    }
                })
            })
            .collect();
        parties.extend([(); 2].map(|()| {
            let log = log.clone();
            thread::spawn(move || {
                let mut last = [0; 5];
                for back in 0..4 * EACH {
                    let Some(event) = log.read(first.wrapping_add(back)) else { continue };
                    let (party, count) = ((event >> 16) as usize, event & 0xffff);
                    assert!(count > last[party], "doubled or out of order");
                    last[party] = count;
                }
            })
        }));
        for party in parties {
            party.join().unwrap();
        }
        // All slots are to be had, and the newest events are there.
        let head = log.head.load(Ordering::Relaxed);
        for ticket in 0..CAPACITY {
            assert!(log.append(5, ticket));
            assert_eq!(log.read(head.wrapping_add(ticket)), Some(ticket));
        }
    });
}

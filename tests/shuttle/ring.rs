//! The ring: three producers take turns in one role while a consumer reads; nothing is lost,
//! doubled or out of order.

use inos_core::Error;
use inos_core::protocol::ring::{ConsumerCursor, ProducerCursor};
use inos_core::protocol::role;
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const CAPACITY: u32 = 4;
const EACH: u32 = 5;

struct Ring {
    role: ShuttleWord,
    tail: ShuttleWord,
    head: ShuttleWord,
    items: [ShuttleWord; CAPACITY as usize],
}

impl Ring {
    /// Pushes as much of `next..EACH` as there is room for, as the one producer; of `staged` ones
    /// two at a time are published, or as many as there was room for.
    fn push(&self, party: u16, next: &mut u32, staged: bool) {
        let Some(lease) = role::claim(&self.role, party) else { return };
        let mut cursor = ProducerCursor::resume(&self.tail, &self.head, CAPACITY).unwrap();
        while *next < EACH {
            // Records of one and two items, so that some need padding.
            let count = 1 + *next % 2;
            let claim = match cursor.claim(&self.head, count) {
                Ok(claim) => claim,
                Err(error) => {
                    assert_eq!(error, Error::Full);
                    break;
                }
            };
            let value = (u32::from(party) << 16) | (*next << 8) | count;
            if let Some((at, pad)) = claim.padding() {
                self.items[at as usize].store(pad, Ordering::Relaxed);
            }
            self.items[claim.start() as usize].store(value, Ordering::Relaxed);
            *next += 1;
            if !staged {
                cursor.publish(&self.tail, claim);
                continue;
            }
            cursor.stage(claim);
            if (*next).is_multiple_of(2) {
                cursor.flush(&self.tail);
            }
        }
        cursor.flush(&self.tail);
        role::release(&self.role, &lease);
    }
}

#[test]
fn producers_that_take_turns_lose_nothing() {
    explore(|| turns(false));
}

#[test]
fn batches_that_take_turns_lose_nothing() {
    explore(|| turns(true));
}

/// Three producers, and a consumer that gives back what it took at once or all together.
fn turns(batches: bool) {
    let near_wrap = (1 << 31) - 6;
    let ring = Arc::new(Ring {
        role: ShuttleWord::new(0),
        tail: ShuttleWord::new(near_wrap),
        head: ShuttleWord::new(near_wrap),
        items: std::array::from_fn(|_| ShuttleWord::new(0)),
    });
    let producers: Vec<_> = (1..=3_u16)
        .map(|party| {
            let ring = ring.clone();
            thread::spawn(move || {
                let mut next = 0;
                while next < EACH {
                    ring.push(party, &mut next, batches);
                    thread::yield_now();
                }
            })
        })
        .collect();

    let mut consumer = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
    let mut next = [0; 4];
    while next.iter().sum::<u32>() < 3 * EACH {
        let Ok(available) = consumer.available(&ring.tail) else {
            thread::yield_now();
            continue;
        };
        let item = ring.items[available.start() as usize].load(Ordering::Relaxed);
        let (party, count, len) = ((item >> 16) as usize, (item >> 8) & 0xff, item & 0xff);
        if party != 0 {
            assert_eq!(count, next[party], "lost, doubled or out of order");
            next[party] += 1;
        }
        assert!(len <= available.count());
        if batches {
            consumer.take(len).unwrap();
            if consumer.seen().is_err() {
                consumer.give_back(&ring.head);
            }
        } else {
            consumer.release(&ring.head, len).unwrap();
        }
    }
    for producer in producers {
        producer.join().unwrap();
    }
}

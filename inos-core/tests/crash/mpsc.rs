//! The ring of many producers: whoever dies in it loses what it had not committed, holds nobody
//! up once it is proven dead, and leaves no space and no seat behind.

use inos_core::Error;
use inos_core::protocol::mpsc::{self, Claim, ConsumerCursor, ProducerCursor, Words};
use inos_core::protocol::role;

use super::{MortalWord, every_death, mortal};

const CAPACITY: u32 = 8;
const TICKETS: usize = 4;
const SEATS: usize = 2;
const DEAD: u16 = 1;
const LIVING: u16 = 2;

#[derive(Default)]
struct Ring {
    tail: MortalWord,
    head_ticket: MortalWord,
    head: MortalWord,
    read: MortalWord,
    tickets: [[MortalWord; 2]; TICKETS],
    seats: [[MortalWord; 2]; SEATS],
}

impl Words for Ring {
    type Word = MortalWord;

    fn tail(&self) -> &MortalWord {
        &self.tail
    }

    fn head_ticket(&self) -> &MortalWord {
        &self.head_ticket
    }

    fn head(&self) -> &MortalWord {
        &self.head
    }

    fn read(&self) -> &MortalWord {
        &self.read
    }

    fn extent(&self, index: u32) -> Option<&MortalWord> {
        self.tickets.get(index as usize).map(|[extent, _]| extent)
    }

    fn state(&self, index: u32) -> Option<&MortalWord> {
        self.tickets.get(index as usize).map(|[_, state]| state)
    }

    fn lease(&self, index: u32) -> Option<&MortalWord> {
        self.seats.get(index as usize).map(|[lease, _]| lease)
    }

    fn intent(&self, index: u32) -> Option<&MortalWord> {
        self.seats.get(index as usize).map(|[_, intent]| intent)
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }

    fn ticket_count(&self) -> u32 {
        TICKETS as u32
    }

    fn seat_count(&self) -> u32 {
        SEATS as u32
    }
}

/// What was read: where each record began, and its length.
type Records = Vec<(u32, u32)>;

/// A ring that has gone around a few times and is empty.
fn ring() -> Ring {
    let ring = Ring::default();
    mpsc::format(&ring).unwrap();
    let mut producer = sit(&ring, 1, LIVING).unwrap();
    let mut consumer = ConsumerCursor::resume(&ring).unwrap();
    for count in [1, 4, 3, 1, 4] {
        push(&ring, &mut producer, count).unwrap();
        drain(&ring, &mut consumer);
    }
    role::revoke(&ring.seats[1][0], LIVING);
    ring
}

fn sit(ring: &Ring, seat: u32, party: u16) -> Option<ProducerCursor> {
    let lease = role::claim(ring.lease(seat)?, party)?;
    let cursor = ProducerCursor::sit(ring, seat).unwrap();
    if cursor.is_none() {
        role::release(ring.lease(seat)?, &lease);
    }
    cursor
}

fn push(ring: &Ring, producer: &mut ProducerCursor, count: u32) -> Result<u32, Error> {
    let claim: Claim = producer.claim(ring, count)?;
    let start = claim.start();
    producer.commit(ring, claim, count)?;
    Ok(start)
}

/// One ticket, read and told to be.
fn read(ring: &Ring, consumer: &mut ConsumerCursor, records: &mut Records) -> bool {
    let Ok(available) = consumer.available(ring) else { return false };
    let record = (available.start(), available.count());
    consumer.advance(record.1);
    records.push(record);
    consumer.settle(ring).unwrap();
    true
}

/// All there is, orphans passed by.
fn drain(ring: &Ring, consumer: &mut ConsumerCursor) -> Records {
    let mut records = Records::new();
    for _ in 0..100 {
        while read(ring, consumer, &mut records) {}
    }
    records
}

/// Nothing was left behind: each seat can be taken, each ticket used, all space claimed.
fn check_all_free(ring: &Ring, consumer: &mut ConsumerCursor) {
    for seat in 0..SEATS as u32 {
        role::revoke(ring.lease(seat).unwrap(), LIVING);
        let mut producer = sit(ring, seat, LIVING).unwrap();
        for count in [4, 4, 1, 2, 3] {
            push(ring, &mut producer, count).unwrap();
            assert_eq!(drain(ring, consumer).len(), 1);
        }
        for _ in 1..TICKETS {
            push(ring, &mut producer, 1).unwrap();
        }
        assert_eq!(push(ring, &mut producer, 1), Err(Error::Full));
        assert_eq!(drain(ring, consumer).len(), TICKETS - 1);
    }
}

#[test]
fn a_dead_producer_loses_only_what_it_did_not_commit() {
    // Before it is known to be dead it may be suspected.
    for suspected in [false, true] {
        let deaths = every_death(|steps| {
            let ring = ring();
            let mut consumer = ConsumerCursor::resume(&ring).unwrap();
            let mut other = sit(&ring, 1, LIVING).unwrap();
            let (mut committed, mut aborted) = (Vec::new(), 0);
            let through = mortal(steps, || {
                let mut producer = sit(&ring, 0, DEAD).unwrap();
                committed.push((push(&ring, &mut producer, 1).unwrap(), 1));
                let claim = producer.claim(&ring, 2).unwrap();
                producer.abort(&ring, claim);
                aborted += 1;
                committed.push((push(&ring, &mut producer, 3).unwrap(), 3));
            });
            // The others don't know yet. There may be no room for them.
            let behind = push(&ring, &mut other, 1).ok().map(|start| (start, 1));
            let mut records = Records::new();
            while read(&ring, &mut consumer, &mut records) {}
            if suspected {
                consumer.suspect(&ring, 0).unwrap();
                while read(&ring, &mut consumer, &mut records) {}
                assert!(records.ends_with(behind.as_slice()), "nobody waits for a suspect");
            }
            role::revoke(&ring.seats[0][0], DEAD);
            records.extend(drain(&ring, &mut consumer));

            // Its last commit may have counted although it did not come back from it.
            let own = &records[..records.len() - behind.iter().len()];
            assert!(records.ends_with(behind.as_slice()));
            assert!(own.starts_with(&committed), "{own:?} {committed:?}");
            assert!(own.len() <= committed.len() + 1);
            check_all_free(&ring, &mut consumer);
            through.is_some()
        });
        // To sit down, and five to ten accesses for each of the three claims.
        assert!(deaths > 30, "{deaths}");
    }
}

/// The seat of a dead producer is not taken before its ticket is resolved, whoever tries.
#[test]
fn a_seat_outlives_its_ticket() {
    let mut refused = 0;
    every_death(|steps| {
        let ring = ring();
        let mut consumer = ConsumerCursor::resume(&ring).unwrap();
        let through = mortal(steps, || {
            let mut producer = sit(&ring, 0, DEAD).unwrap();
            push(&ring, &mut producer, 1).unwrap();
        });
        role::revoke(&ring.seats[0][0], DEAD);
        match sit(&ring, 0, LIVING) {
            Some(mut successor) => {
                push(&ring, &mut successor, 2).unwrap();
                assert_eq!(drain(&ring, &mut consumer).last().map(|record| record.1), Some(2));
            }
            None => refused += 1,
        }
        drain(&ring, &mut consumer);
        check_all_free(&ring, &mut consumer);
        through.is_some()
    });
    // From the exchange of the extent to that of the state.
    assert!(refused > 0, "no death left a ticket");
}

#[test]
fn a_dead_consumer_is_succeeded() {
    let deaths = every_death(|steps| {
        let ring = ring();
        let mut producer = sit(&ring, 0, LIVING).unwrap();
        let mut slow = sit(&ring, 1, LIVING).unwrap();
        let mut pushed = Records::new();
        for count in [2, 1] {
            pushed.push((push(&ring, &mut producer, count).unwrap(), count));
        }
        let held = slow.claim(&ring, 1).unwrap();
        let mut records = Records::new();
        let mut done = 0;
        let through = mortal(steps, || {
            let mut consumer = ConsumerCursor::resume(&ring).unwrap();
            while read(&ring, &mut consumer, &mut records) {
                done += 1;
            }
            consumer.suspect(&ring, 1).unwrap();
            assert!(!read(&ring, &mut consumer, &mut records));
            consumer.release(&ring).unwrap();
        });
        // The producers go on: into the space that was given back.
        while let Ok(start) = push(&ring, &mut producer, 1) {
            pushed.push((start, 1));
        }
        let outcome = slow.commit(&ring, held, 1);
        let mut successor = ConsumerCursor::resume(&ring).unwrap();
        let again = drain(&ring, &mut successor);
        // What was read may be read again if its death came before it said so: the last one.
        let twice = done < records.len() && again.first() == records.last();
        records.truncate(records.len() - usize::from(twice));
        records.extend(again);
        match outcome {
            // In its place among the others.
            Ok(()) => assert_eq!(records.len(), pushed.len() + 1),
            Err(error) => {
                assert_eq!(error, Error::Fenced);
                assert_eq!(records, pushed);
            }
        }
        assert!(records.starts_with(&pushed[..2]));
        while let Ok(start) = push(&ring, &mut producer, 1) {
            assert!(start < CAPACITY);
        }
        drain(&ring, &mut successor);
        check_all_free(&ring, &mut successor);
        through.is_some()
    });
    assert!(deaths > 40, "{deaths}");
}

/// All is given back at once, by one who dies meanwhile: in one step, or in two because it is a
/// whole ring.
#[test]
fn a_consumer_dies_while_it_gives_all_back() {
    for last in [3, 4] {
        let deaths = every_death(|steps| {
            // At its start, where two claims fill it.
            let ring = Ring::default();
            mpsc::format(&ring).unwrap();
            let mut producer = sit(&ring, 0, LIVING).unwrap();
            let pushed = [4, last].map(|count| (push(&ring, &mut producer, count).unwrap(), count));
            let mut records = Records::new();
            let through = mortal(steps, || {
                let mut consumer = ConsumerCursor::resume(&ring).unwrap();
                for _ in 0..2 {
                    let available = consumer.available(&ring).unwrap();
                    consumer.advance(available.count());
                    records.push((available.start(), available.count()));
                }
                consumer.settle(&ring).unwrap();
            });
            let mut successor = ConsumerCursor::resume(&ring).unwrap();
            let again = drain(&ring, &mut successor);
            assert!(again == pushed || (again.is_empty() && records == pushed), "{again:?}");
            check_all_free(&ring, &mut successor);
            through.is_some()
        });
        assert!(deaths > 20, "{deaths}");
    }
}

/// The consumer and a producer in the middle of a claim, both dead.
#[test]
fn both_ends_are_succeeded() {
    for producer_steps in 0..12 {
        every_death(|steps| {
            let ring = ring();
            let mut other = sit(&ring, 1, LIVING).unwrap();
            let first = (push(&ring, &mut other, 2).unwrap(), 2);
            mortal(producer_steps, || {
                let mut producer = sit(&ring, 0, DEAD).unwrap();
                push(&ring, &mut producer, 1).unwrap();
            });
            let mut records = Records::new();
            let through = mortal(steps, || {
                let mut consumer = ConsumerCursor::resume(&ring).unwrap();
                while read(&ring, &mut consumer, &mut records) {}
                consumer.suspect(&ring, 0).unwrap();
                while read(&ring, &mut consumer, &mut records) {}
            });
            role::revoke(&ring.seats[0][0], DEAD);
            let mut successor = ConsumerCursor::resume(&ring).unwrap();
            records.extend(drain(&ring, &mut successor));
            assert_eq!(records[0], first);
            let last = (push(&ring, &mut other, 1).unwrap(), 1);
            assert_eq!(drain(&ring, &mut successor), [last]);
            check_all_free(&ring, &mut successor);
            through.is_some()
        });
    }
}

/// Two claim the same ticket, and both die there: the one that has it, and the one that wanted it.
#[test]
fn two_that_want_one_ticket_die() {
    every_death(|steps| {
        let ring = ring();
        let mut consumer = ConsumerCursor::resume(&ring).unwrap();
        // One announces a ticket and dies.
        let through = mortal(steps, || {
            let mut producer = sit(&ring, 0, DEAD).unwrap();
            drop(producer.claim(&ring, 1));
        });
        // The other one takes the same, if it is free.
        let mut other = sit(&ring, 1, LIVING).unwrap();
        let held = other.claim(&ring, 2).unwrap();
        role::revoke(&ring.seats[0][0], DEAD);
        // The claim of the living is no orphan.
        assert_eq!(drain(&ring, &mut consumer), []);
        assert_eq!(other.commit(&ring, held, 2), Ok(()));
        assert_eq!(drain(&ring, &mut consumer).len(), 1);
        check_all_free(&ring, &mut consumer);
        through.is_some()
    });
}

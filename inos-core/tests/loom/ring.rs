//! The single-producer, single-consumer ring: each item once and in order, and its space is
//! overwritten only after it was released.

use inos_core::Error;
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::ring::{ConsumerCursor, ProducerCursor};
use loom::sync::Arc;
use loom::thread;

use super::*;

const PAD: u32 = u32::MAX;

pub(super) struct Ring<const N: usize> {
    pub(super) tail: LoomWord,
    pub(super) head: LoomWord,
    items: [Payload; N],
}

impl<const N: usize> Ring<N> {
    /// An empty ring at this position.
    pub(super) fn new(position: u32) -> Self {
        let [tail, head] = [0, 1].map(|_| LoomWord::new(position));
        Self { tail, head, items: std::array::from_fn(|_| Payload::new()) }
    }

    pub(super) fn producer(&self) -> ProducerCursor {
        ProducerCursor::resume(&self.tail, &self.head, N as u32).unwrap()
    }

    pub(super) fn consumer(&self) -> ConsumerCursor {
        ConsumerCursor::resume(&self.tail, &self.head, N as u32).unwrap()
    }

    /// Writes a record and publishes it.
    pub(super) fn push(&self, producer: &mut ProducerCursor, record: &[u32]) -> Result<(), Error> {
        self.stage(producer, record)?;
        producer.flush(&self.tail);
        Ok(())
    }

    /// Writes a record that is published with the next flush.
    fn stage(&self, producer: &mut ProducerCursor, record: &[u32]) -> Result<(), Error> {
        let claim = producer.claim(&self.head, record.len() as u32)?;
        let (pad_at, pad) = claim.padding().unwrap_or_default();
        for item in &self.items[pad_at as usize..][..pad as usize] {
            item.set(PAD);
        }
        assert_eq!(claim.count() as usize, record.len());
        for (item, &value) in self.items[claim.start() as usize..].iter().zip(record) {
            item.set(value);
        }
        producer.stage(claim);
        Ok(())
    }

    /// Reads what there is, at most `limit` items, and releases them.
    pub(super) fn pop(
        &self,
        consumer: &mut ConsumerCursor,
        limit: u32,
        out: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let available = consumer.available(&self.tail)?;
        let count = available.count().min(limit);
        let items = &self.items[available.start() as usize..][..count as usize];
        out.extend(items.iter().map(Payload::get).filter(|&value| value != PAD));
        consumer.release(&self.head, count)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    Moved,
    Full,
    Empty,
}

/// Sends `records` through a ring of four from three positions before the wrap on: one item of
/// padding before the wrap, and space that is used twice. The consumer takes `limit` items at a
/// time.
fn stream(records: &'static [&'static [u32]], limit: u32) {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<4>::new((1 << 31) - 3));
        let producing = thread::spawn({
            let (ring, note) = (ring.clone(), note.clone());
            move || {
                let mut producer = ring.producer();
                for record in records {
                    while let Err(error) = ring.push(&mut producer, record) {
                        assert_eq!(error, Error::Full);
                        note.note(Case::Full);
                        thread::yield_now();
                    }
                    note.note(Case::Moved);
                }
            }
        });
        let mut consumer = ring.consumer();
        let mut out = Vec::new();
        let expected = records.concat();
        while out.len() < expected.len() {
            if let Err(error) = ring.pop(&mut consumer, limit, &mut out) {
                assert_eq!(error, Error::Empty);
                note.note(Case::Empty);
                thread::yield_now();
            }
        }
        producing.join().unwrap();
        assert_eq!(out, expected);
        assert_eq!(ring.pop(&mut consumer, 1, &mut out), Err(Error::Empty));
    });
    seen.check_all([Case::Moved, Case::Full, Case::Empty]);
}

#[test]
fn records_arrive_once_and_in_order() {
    stream(&[&[1, 2], &[3, 4], &[5]], 4);
}

/// Space comes back by the item, not by the record.
#[test]
fn items_are_released_one_by_one() {
    stream(&[&[1, 2], &[3, 4], &[5]], 1);
}

fn resumed() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<2>::new((1 << 31) - 1));
        let mut first = ring.producer();
        ring.push(&mut first, &[1]).unwrap();
        let consuming = thread::spawn({
            let ring = ring.clone();
            move || {
                let mut out = Vec::new();
                for _ in 0..2 {
                    // As the service of a lane does: from the words in memory, each time.
                    let mut consumer = ring.consumer();
                    if ring.pop(&mut consumer, 1, &mut out).is_err() {
                        break;
                    }
                }
                out
            }
        });
        ring.push(&mut first, &[2]).unwrap();
        // The next producer's turn. The ring is full, unless the consumer was here.
        let pushed = match ring.push(&mut ring.producer(), &[3]) {
            Ok(()) => Case::Moved,
            Err(error) => {
                assert_eq!(error, Error::Full);
                Case::Full
            }
        };
        let mut out = consuming.join().unwrap();
        let early = out.len();
        let mut consumer = ring.consumer();
        while ring.pop(&mut consumer, 2, &mut out).is_ok() {}
        let expected: &[u32] = if pushed == Case::Moved { &[1, 2, 3] } else { &[1, 2] };
        assert_eq!(out, expected);
        note.note((pushed, early));
    });
    seen.check_all([(Case::Moved, 1), (Case::Moved, 2), (Case::Full, 1), (Case::Full, 2)]);
}

/// Who takes a running ring over finds what was published, and what was released.
#[test]
fn both_ends_resume_in_the_middle() {
    resumed();
}

/// Three items through a ring of two: the producer publishes two at a time if it can, the
/// consumer takes one by one and gives back what it took when there is no more.
fn batches() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let ring = Arc::new(Ring::<2>::new((1 << 31) - 1));
        let producing = thread::spawn({
            let (ring, note) = (ring.clone(), note.clone());
            move || {
                let mut producer = ring.producer();
                for value in 1..=3 {
                    while let Err(error) = ring.stage(&mut producer, &[value]) {
                        assert_eq!(error, Error::Full);
                        // As a batched producer does: room is made only by what is seen.
                        note.note((Case::Full, producer.is_staged()));
                        producer.flush(&ring.tail);
                        thread::yield_now();
                    }
                }
                producer.flush(&ring.tail);
            }
        });
        let mut consumer = ring.consumer();
        let mut out = Vec::new();
        while out.len() < 3 {
            consumer.look(&ring.tail).unwrap();
            let mut taken = 0;
            while let Ok(available) = consumer.seen() {
                out.push(ring.items[available.start() as usize].get());
                consumer.take(1).unwrap();
                taken += 1;
            }
            if consumer.is_taken() {
                consumer.give_back(&ring.head);
                note.note((Case::Moved, taken == 2));
            } else {
                note.note((Case::Empty, false));
                thread::yield_now();
            }
        }
        producing.join().unwrap();
        assert_eq!(out, [1, 2, 3]);
    });
    seen.check_all([
        (Case::Moved, false),
        (Case::Moved, true),
        (Case::Full, false),
        (Case::Full, true),
        (Case::Empty, false),
    ]);
}

#[test]
fn batches_are_handed_over_whole() {
    batches();
}

#[test]
fn every_ordering_is_needed() {
    for fault in ["ring: claim", "ring: publish", "ring: available", "ring: release"] {
        let streamed = with_fault(fault, || stream(&[&[1, 2], &[3, 4], &[5]], 4));
        assert!(streamed.is_some(), "{fault}");
        assert!(with_fault(fault, batches).is_some(), "{fault}");
    }
    for fault in ["ring: resume producer", "ring: resume consumer"] {
        assert!(with_fault(fault, resumed).is_some(), "{fault}");
    }
}

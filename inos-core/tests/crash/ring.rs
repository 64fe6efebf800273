//! The ring of one producer and one consumer: whoever takes a dead party's end over continues
//! from what was published, and from what was released.

use inos_core::protocol::ring::{ConsumerCursor, ProducerCursor};

use super::{MortalWord, every_death, mortal};

const CAPACITY: u32 = 8;

struct Ring {
    tail: MortalWord,
    head: MortalWord,
}

/// Just before the positions wrap.
fn ring() -> Ring {
    let near_wrap = (1 << 31) - 4;
    Ring { tail: MortalWord::new(near_wrap), head: MortalWord::new(near_wrap) }
}

fn push(ring: &Ring, cursor: &mut ProducerCursor, count: u32) -> Option<u32> {
    let claim = cursor.claim(&ring.head, count).ok()?;
    let start = claim.start();
    cursor.publish(&ring.tail, claim);
    Some(start)
}

/// Items read and released, padding included.
fn drain(ring: &Ring, cursor: &mut ConsumerCursor) -> u32 {
    let mut items = 0;
    while let Ok(available) = cursor.available(&ring.tail) {
        cursor.release(&ring.head, available.count()).unwrap();
        items += available.count();
    }
    items
}

#[test]
fn a_dead_producer_loses_only_what_it_did_not_publish() {
    let deaths = every_death(|steps| {
        let ring = ring();
        let mut published = 0;
        let through = mortal(steps, || {
            let mut cursor = ProducerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
            for _ in 0..2 {
                push(&ring, &mut cursor, 2).unwrap();
                published += 2;
            }
        });
        let mut successor = ProducerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        push(&ring, &mut successor, 1).unwrap();
        let mut consumer = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        assert_eq!(drain(&ring, &mut consumer), published + 1);
        through.is_some()
    });
    // Two loads to resume; each of the two records is one store of the tail.
    assert_eq!(deaths, 4);
}

#[test]
fn a_dead_consumer_leaves_what_it_did_not_release() {
    let deaths = every_death(|steps| {
        let ring = ring();
        let mut producer = ProducerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        for _ in 0..3 {
            push(&ring, &mut producer, 1).unwrap();
        }
        let mut released = 0;
        let through = mortal(steps, || {
            let mut cursor = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
            for _ in 0..2 {
                cursor.available(&ring.tail).unwrap();
                cursor.release(&ring.head, 1).unwrap();
                released += 1;
            }
        });
        // The producer goes on meanwhile, into the space that was released.
        while push(&ring, &mut producer, 1).is_some() {}
        let mut successor = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        assert_eq!(drain(&ring, &mut successor), CAPACITY);
        assert!(released <= 2);
        through.is_some()
    });
    assert_eq!(deaths, 4);
}

/// Stages `counts` and publishes them together; how many items that are.
fn push_batch(ring: &Ring, cursor: &mut ProducerCursor, counts: &[u32]) -> u32 {
    for &count in counts {
        let mut claim = cursor.claim(&ring.head, count + 1).unwrap();
        claim.shorten(count);
        assert_eq!((claim.count(), claim.padding()), (count, None));
        cursor.stage(claim);
    }
    cursor.flush(&ring.tail);
    counts.iter().sum()
}

#[test]
fn a_batch_is_published_whole_or_not_at_all() {
    let deaths = every_death(|steps| {
        let ring = ring();
        let mut published = 0;
        let through = mortal(steps, || {
            let mut cursor = ProducerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
            published += push_batch(&ring, &mut cursor, &[1, 1]);
            published += push_batch(&ring, &mut cursor, &[1]);
        });
        let mut successor = ProducerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        push(&ring, &mut successor, 1).unwrap();
        let mut consumer = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        assert_eq!(drain(&ring, &mut consumer), published + 1);
        through.is_some()
    });
    // Two loads to resume, two stores of the tail for three records.
    assert_eq!(deaths, 4);
}

#[test]
fn a_dead_drain_is_read_again() {
    let deaths = every_death(|steps| {
        let ring = ring();
        let mut producer = ProducerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        for _ in 0..3 {
            push(&ring, &mut producer, 1).unwrap();
        }
        let through = mortal(steps, || {
            let mut cursor = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
            cursor.look(&ring.tail).unwrap();
            while cursor.seen().is_ok() {
                cursor.take(1).unwrap();
            }
            cursor.give_back(&ring.head);
        });
        let mut successor = ConsumerCursor::resume(&ring.tail, &ring.head, CAPACITY).unwrap();
        let left = if through.is_some() { 0 } else { 3 };
        assert_eq!(drain(&ring, &mut successor), left);
        through.is_some()
    });
    assert_eq!(deaths, 4);
}

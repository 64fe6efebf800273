use std::collections::VecDeque;
use std::vec::Vec;
use std::{mem, vec};

use super::*;
use crate::layout::Layout;
use crate::protocol::mpsc::{ABANDONED, ANNOUNCED, CLAIMED, COMMITTED, RELEASED};
use crate::raw::region::{AlignedBytes, Hostile, Region};

mod lies;
mod model;
mod recovery;
mod threads;

const ID: SectionId = SectionId(4);
const SMALL: MpscConfig = MpscConfig { capacity: 16, tickets: 8, seats: 3 };

fn layout(config: MpscConfig) -> Layout {
    Layout::builder().mpsc(ID, "ring", config).build().unwrap()
}

fn cooperative(config: MpscConfig, test: impl FnOnce(MpscRing<'_, Cooperative>)) {
    let mut memory = AlignedBytes::<16384>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(config), 7).unwrap();
    test(MpscRing::open(&sections, ID).unwrap());
}

/// The words of the section are handed to the test, for it to lie in.
fn hostile(config: MpscConfig, test: impl FnOnce(MpscRing<'_, Hostile>, &[AtomicU32])) {
    let words: Vec<_> = (0..4096).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout(config), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(MpscRing::open(&sections, ID).unwrap(), &words[start..]);
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

fn get(words: &[AtomicU32], offset: usize) -> u32 {
    words[offset / 4].load(Ordering::Relaxed)
}

/// Where a word of the entry of a ticket is.
fn of_ticket(config: &MpscConfig, ticket: u32, word: usize) -> usize {
    let index = ticket as usize % config.tickets as usize;
    config.tickets_offset() + index * TICKET_LEN + word
}

fn of_seat(seat: u32, word: usize) -> usize {
    Control::seat_offset(seat) + word
}

/// Moves an empty ring on to this ticket and position.
fn start_at(words: &[AtomicU32], config: &MpscConfig, ticket: u32, position: u32) {
    let mask = (1 << 31) - 1;
    for step in 0..config.tickets {
        let ticket = ticket.wrapping_add(step) & mask;
        let lap = ticket / config.tickets;
        set(words, of_ticket(config, ticket, EXTENT), lap);
        set(words, of_ticket(config, ticket, STATE), lap);
    }
    set(words, of_ticket(config, ticket.wrapping_sub(1), EXTENT), CLAIMED | position);
    for (offset, value) in
        [(TAIL, ticket), (HEAD_TICKET, ticket), (HEAD, position), (READ, position)]
    {
        set(words, offset, value);
    }
}

fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

/// A queue that can't be wrong, run beside the ring, by producers that take turns.
fn against_an_oracle<T: Trust>(ring: &MpscRing<'_, T>) {
    let mut producers = [ring.producer().unwrap(), ring.producer().unwrap()];
    let mut consumer = ring.consumer().unwrap();
    let mut oracle: VecDeque<(u32, Vec<u8>)> = VecDeque::new();
    let mut out = vec![0; ring.max_record_len()];
    let (mut state, mut fulls, mut empties) = (1, 0, 0);
    for tag in 0..20_000 {
        let producer = &mut producers[random(&mut state) as usize % 2];
        let len = random(&mut state) as usize % (ring.max_record_len() + 1);
        let bytes: Vec<u8> = (0..len).map(|_| random(&mut state) as u8).collect();
        match random(&mut state) % 5 {
            0 | 1 => match producer.push(tag, &bytes) {
                Ok(()) => oracle.push_back((tag, bytes)),
                other => {
                    assert_eq!(other, Err(Error::Full));
                    fulls += 1;
                }
            },
            2 => {
                let pieces: Vec<&[u8]> = bytes.chunks(9).take(2).collect();
                let batch = pieces.iter().enumerate().map(|(at, &piece)| (tag + at as u32, piece));
                match producer.push_batch(batch) {
                    Ok(()) => {
                        for (at, piece) in pieces.iter().enumerate() {
                            oracle.push_back((tag + at as u32, piece.to_vec()));
                        }
                    }
                    Err(Error::Full) => fulls += 1,
                    Err(other) => assert!(matches!(other, Error::TooLarge { .. }), "{other}"),
                }
            }
            3 => match (consumer.pop(&mut out), oracle.pop_front()) {
                (Ok(popped), Some((tag, bytes))) => {
                    assert_eq!(popped, Popped { tag, len: bytes.len() });
                    assert_eq!(out[..popped.len], bytes);
                }
                (popped, expected) => {
                    assert_eq!((popped, expected), (Err(Error::Empty), None));
                    empties += 1;
                }
            },
            _ => {
                let drained = consumer.drain_into(3, &mut out, |tag, bytes| {
                    assert_eq!(oracle.pop_front(), Some((tag, bytes.to_vec())));
                });
                if drained == Err(Error::Empty) {
                    assert!(oracle.is_empty());
                    empties += 1;
                } else {
                    assert!(matches!(drained, Ok(1..=3)), "{drained:?}");
                }
            }
        }
        if random(&mut state).is_multiple_of(50) {
            drop(consumer);
            consumer = ring.consumer().unwrap();
        }
    }
    assert!(fulls > 100 && empties > 100, "{fulls} {empties}");
}

#[test]
fn agrees_with_a_queue() {
    for (capacity, tickets) in [(8, 4), (8, 16), (16, 8), (128, 4), (128, 32)] {
        let config = MpscConfig { capacity, tickets, seats: 2 };
        cooperative(config, |ring| against_an_oracle(&ring));
        hostile(config, |ring, _| against_an_oracle(&ring));
    }
}

#[test]
fn tickets_and_positions_wrap() {
    for (ticket, position) in [((1 << 31) - 300, (1 << 31) - 20), (1 << 28, 0), (u32::MAX >> 1, 9)]
    {
        hostile(SMALL, |ring, words| {
            start_at(words, &SMALL, ticket, position);
            against_an_oracle(&ring);
            for word in [TAIL, HEAD_TICKET, HEAD, READ] {
                assert!(get(words, word) < 1 << 31);
            }
        });
    }
}

#[test]
fn the_largest_record_fits_wherever_an_empty_ring_stands() {
    for start in 0..16 {
        cooperative(SMALL, |ring| {
            assert_eq!(ring.max_record_len(), 56);
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            let mut out = [0; 56];
            for _ in 0..start {
                producer.push(0, &[]).unwrap();
                assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 0, len: 0 }));
            }
            producer.push(9, &[7; 56]).unwrap();
            assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 9, len: 56 }));
            assert_eq!(out, [7; 56]);
            let too_large = Error::TooLarge { len: 57, max: 56 };
            assert_eq!(producer.push(9, &[7; 57]), Err(too_large));
            let too_large = Error::TooLarge { len: usize::MAX, max: 56 };
            assert_eq!(producer.try_claim(usize::MAX).err(), Some(too_large));
            let too_large = Error::TooLarge { len: 65, max: 64 };
            assert_eq!(producer.try_claim_batch(65).err(), Some(too_large));
            assert!(producer.try_claim_batch(64).is_ok());
        });
    }
}

#[test]
fn a_ring_is_full_without_space_or_without_tickets() {
    cooperative(MpscConfig { capacity: 8, tickets: 16, seats: 1 }, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for tag in 0..8 {
            producer.push(tag, &[]).unwrap();
        }
        assert_eq!(producer.push(8, &[]), Err(Error::Full));
        for tag in 0..8 {
            let record = consumer.read().unwrap();
            assert_eq!((record.tag(), record.len()), (tag, 0));
        }
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        producer.push(8, &[]).unwrap();
    });
    cooperative(MpscConfig { capacity: 64, tickets: 4, seats: 1 }, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for tag in 0..3 {
            producer.push(tag, &[]).unwrap();
        }
        assert_eq!(producer.push(3, &[]), Err(Error::Full));
        // A batch takes one ticket.
        assert_eq!(consumer.pop(&mut []), Ok(Popped { tag: 0, len: 0 }));
        let records = [(3, &b""[..]), (4, b""), (5, b"")];
        producer.push_batch(records).unwrap();
        assert_eq!(producer.push(6, &[]), Err(Error::Full));
        let mut tags = Vec::new();
        assert_eq!(consumer.drain(9, |tag, _| tags.push(tag)), Ok(5));
        assert_eq!(tags, [1, 2, 3, 4, 5]);
    });
}

#[test]
fn a_batch_is_read_as_records_and_its_rest_is_not() {
    cooperative(SMALL, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut batch = producer.try_claim_batch(64).unwrap();
        assert_eq!(batch.room_len(), 64);
        batch.push(1, b"copied").unwrap();
        batch.push_mut(2, 9).unwrap().copy_from_slice(b"in place!");
        assert_eq!(batch.room_len(), 24);
        let too_large = Error::TooLarge { len: 17, max: 16 };
        assert_eq!(batch.push(3, &[0; 17]), Err(too_large));
        assert_eq!(batch.push_mut(3, usize::MAX).err().map(|_| ()), Some(()));
        batch.commit().unwrap();
        producer.push(4, b"after").unwrap();
        for (tag, bytes) in [(1, &b"copied"[..]), (2, b"in place!"), (4, b"after")] {
            let record = consumer.read().unwrap();
            assert_eq!((record.tag(), &*record), (tag, bytes));
        }
        // Nothing in it, nothing of it.
        producer.try_claim_batch(0).unwrap().commit().unwrap();
        producer.try_claim_batch(64).unwrap().commit().unwrap();
        producer.push_batch([]).unwrap();
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        let too_large = Error::TooLarge { len: 72, max: 64 };
        assert_eq!(producer.push_batch([(5, &[0; 56][..]), (6, &[])]), Err(too_large));
        assert_eq!(consumer.drain(0, |_, _| ()), Ok(0));
    });
}

#[test]
fn what_is_dropped_or_forgotten_is_passed_by() {
    cooperative(SMALL, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut other = ring.producer().unwrap();
        let mut grant = producer.try_claim(20).unwrap();
        grant.fill(1);
        assert_eq!(grant[..], [1; 20]);
        other.push(2, b"behind").unwrap();
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        drop(grant);
        assert_eq!(&*consumer.read().unwrap(), b"behind");

        mem::forget(producer.try_claim(20).unwrap());
        mem::forget(other.try_claim_batch(20).unwrap());
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        producer.push(3, b"the next claim aborts it").unwrap();
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        drop(other);
        assert_eq!(consumer.read().unwrap().tag(), 3);
        producer.try_claim(1).unwrap().abort();
        producer.try_claim_batch(1).unwrap().abort();

        // A record that is forgotten stays the oldest.
        producer.push(4, b"x").unwrap();
        mem::forget(consumer.read().unwrap());
        assert_eq!(consumer.read().unwrap().tag(), 4);
        assert_eq!(consumer.read().err(), Some(Error::Empty));
    });
}

/// One that is not at work announces nothing, so that it never looks as if it held something.
#[test]
fn an_idle_producer_announces_nothing() {
    hostile(SMALL, |ring, words| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let intent = || get(words, of_seat(0, INTENT));
        for ticket in 0..3 {
            let batch = producer.try_claim_batch(16).unwrap();
            assert_eq!(intent(), ANNOUNCED | ticket);
            match ticket {
                0 => batch.commit().unwrap(),
                1 => batch.abort(),
                _ => {
                    assert_eq!(consumer.suspect(0), Ok(true));
                    assert_eq!(batch.commit(), Err(Error::Fenced));
                }
            }
            assert_eq!(intent(), 0);
        }
        while producer.push(1, b"").is_ok() {}
        assert_eq!(intent(), 0);
        assert!(producer.push(1, &[0; 99]).is_err());
        assert_eq!(intent(), 0);
        mem::forget(producer.try_claim_batch(0));
        drop(producer);
        assert_eq!(intent(), 0);
    });
}

#[test]
fn bad_configurations_are_refused() {
    let good = MpscConfig { capacity: 8, tickets: 4, seats: 1 };
    assert_eq!(section_len(&good), Ok(384 + 128 + 64 + 64));
    let bad = [0, 1, 4, 7, 9, 100, (1 << 30) + 1, 1 << 31, u32::MAX]
        .map(|capacity| MpscConfig { capacity, ..good })
        .into_iter()
        .chain([0, 1, 2, 3, 5, 1 << 17, u32::MAX].map(|tickets| MpscConfig { tickets, ..good }))
        .chain([0, 1025, u32::MAX].map(|seats| MpscConfig { seats, ..good }));
    for config in bad {
        assert!(matches!(section_len(&config), Err(Error::BadLayout { .. })), "{config:?}");
    }
    let large = MpscConfig { capacity: 1 << 30, tickets: 1 << 16, seats: 1 << 10 };
    assert_eq!(section_len(&large), Ok((1 << 33) + (1 << 19) + (1 << 17) + 384));
}

#[test]
fn only_who_is_told_to_gathers() {
    cooperative(MpscConfig { capacity: 32, tickets: 16, seats: 1 }, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for (most, expected) in [(0, [0; 4]), (3, [1, 2, 3, 0])] {
            consumer = consumer.gathering(most);
            // Nothing, so that it has caught up, and nothing again.
            assert_eq!(consumer.drain(9, |_, _| ()), Err(Error::Empty));
            assert_eq!(consumer.drain(9, |_, _| ()), Err(Error::Empty));
            let mut seen = [0; 4];
            for (tag, seen) in (0..).zip(&mut seen) {
                let pushed = if tag < 3 { 2 } else { 0 };
                for _ in 0..pushed {
                    producer.push(tag, b"").unwrap();
                }
                assert_eq!(consumer.drain(9, |_, _| ()).unwrap_or(0), pushed);
                *seen = consumer.gather.turns();
            }
            assert_eq!(seen, expected);
        }
    });
}

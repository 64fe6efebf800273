use std::collections::VecDeque;
use std::vec::Vec;
use std::{mem, vec};

use super::*;
use crate::layout::Layout;
use crate::protocol::mpsc::{ABANDONED, ANNOUNCED, CLAIMED, COMMITTED, RELEASED};
use crate::raw::region::{AlignedBytes, Hostile, Region};

mod model;
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
    Control::seat_line(seat) + word
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
    for (offset, value) in [(TAIL, ticket), (HEAD_TICKET, ticket), (HEAD, position), (READ, position)]
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
    for (ticket, position) in [((1 << 31) - 300, (1 << 31) - 20), (1 << 28, 0), (u32::MAX >> 1, 9)] {
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
fn a_suspect_is_passed_by_and_fenced() {
    cooperative(SMALL, |ring| {
        let (mut slow, mut other) = (ring.producer().unwrap(), ring.producer().unwrap());
        let mut consumer = ring.consumer().unwrap();
        let seat = slow.seat();
        assert_eq!(consumer.suspect(seat), Ok(false), "nothing to give up on");
        assert_eq!(consumer.waits_for(), None);
        let mut grant = slow.try_claim(20).unwrap();
        other.push(2, b"behind").unwrap();
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        assert_eq!(consumer.waits_for(), Some(seat));
        assert_eq!(ring.seat_holder(seat), Ok(Some(0)));
        assert_eq!(ring.seat_holder(2), Ok(None));
        let none = Error::NoSuchIndex { index: 3, count: 3 };
        assert_eq!((ring.seat_holder(3), consumer.suspect(3)), (Err(none), Err(none)));
        assert_eq!(consumer.suspect(seat), Ok(true));
        assert_eq!(consumer.suspect(seat), Ok(false), "once");
        assert_eq!(consumer.waits_for(), None);
        assert_eq!(&*consumer.read().unwrap(), b"behind");

        // Delivery goes on, but space comes to an end: the suspect's may still be written.
        let mut pushed = 0;
        for tag in 3..20 {
            if other.push(tag, b"").is_err() {
                break;
            }
            pushed += 1;
            assert_eq!(consumer.read().unwrap().tag(), tag);
            assert_eq!(consumer.read().err(), Some(Error::Empty));
        }
        assert_eq!((pushed, other.push(99, b"")), (5, Err(Error::Full)));
        grant.fill(7);
        assert_eq!(grant.commit(1), Err(Error::Fenced));
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        other.push(20, &[0; 56]).unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 20);
        slow.push(21, b"welcome back").unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"welcome back");
    });
}

#[test]
fn suspicion_reaches_claims_further_on() {
    cooperative(SMALL, |ring| {
        let mut producers = [0; 3].map(|_| ring.producer().unwrap());
        let [one, two, three] = &mut producers;
        let mut consumer = ring.consumer().unwrap();
        let grant = one.try_claim(0).unwrap();
        let late = two.try_claim_batch(8).unwrap();
        three.push(3, b"").unwrap();
        assert_eq!(consumer.suspect(1), Ok(true));
        assert_eq!(consumer.suspect(2), Ok(false), "already committed");
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        grant.commit(1).unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 1);
        assert_eq!(consumer.read().unwrap().tag(), 3);
        drop(late);
        three.push(4, &[0; 56]).unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 4);
    });
}

/// The ring as another party sees it.
fn of_party<'m, T: Trust>(ring: &MpscRing<'m, T>, party: u16) -> MpscRing<'m, T> {
    MpscRing { span: ring.span.of_party(party), ..*ring }
}

/// What the host does once it has the proof.
fn declare_dead<T: Trust>(ring: &MpscRing<'_, T>, party: u16) -> u32 {
    let params = ring.config.params();
    let section = Section { params, len: ring.span.len() as u64, kind: KIND_MPSC, ..Section::EMPTY };
    reclaim(&ring.span, &section, party).unwrap()
}

#[test]
fn the_dead_lose_what_they_did_not_commit() {
    cooperative(SMALL, |ring| {
        let (mut dead, mut also) = (of_party(&ring, 5).producer().unwrap(), of_party(&ring, 5).producer().unwrap());
        let mut living = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        dead.push(1, b"committed").unwrap();
        mem::forget(dead.try_claim(8).unwrap());
        living.push(2, b"").unwrap();
        mem::forget(also.try_claim(30).unwrap());
        mem::forget((dead, also));
        assert_eq!(ring.producer().err(), Some(Error::NoSeat { count: 3 }));
        assert_eq!((declare_dead(&ring, 4), declare_dead(&ring, 5)), (0, 2));
        assert_eq!(declare_dead(&ring, 5), 0, "once");
        // Their seats stay taken until the consumer has passed their tickets by.
        assert_eq!(ring.producer().err(), Some(Error::NoSeat { count: 3 }));
        assert_eq!(&*consumer.read().unwrap(), b"committed");
        consumer.release().unwrap();
        assert_eq!(consumer.read().unwrap().tag(), 2);
        consumer.release().unwrap();
        let (_one, mut two) = (ring.producer().unwrap(), ring.producer().unwrap());
        two.push(3, &[3; 56]).unwrap();
        assert_eq!(consumer.read().unwrap()[..], [3; 56]);
    });
}

/// Without being told: looks often enough, and it finds out by itself.
#[test]
fn orphans_are_found_by_waiting() {
    cooperative(SMALL, |ring| {
        let mut dead = of_party(&ring, 5).producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        let mut living = ring.producer().unwrap();
        mem::forget(dead.try_claim(8).unwrap());
        mem::forget(dead);
        living.push(2, b"").unwrap();
        for _ in 0..200 {
            assert_eq!(consumer.read().err(), Some(Error::Empty), "it may live");
        }
        assert_eq!(declare_dead(&ring, 5), 1);
        let looks = (1..).find(|_| consumer.read().is_ok()).unwrap();
        assert!(looks <= 66, "{looks}");
    });
}

#[test]
fn a_suspect_that_dies_gives_its_space_back() {
    cooperative(SMALL, |ring| {
        let mut dead = of_party(&ring, 5).producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        let mut living = ring.producer().unwrap();
        mem::forget(dead.try_claim(8).unwrap());
        assert_eq!(consumer.suspect(dead.seat()), Ok(true));
        mem::forget(dead);
        while living.push(2, b"").is_ok() {
            assert_eq!(consumer.read().unwrap().tag(), 2);
        }
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        assert_eq!(living.push(2, b""), Err(Error::Full));
        assert_eq!(declare_dead(&ring, 5), 1);
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        living.push(3, &[0; 56]).unwrap();
        assert!(ring.producer().is_ok());
    });
}

#[test]
fn a_consumer_is_succeeded_in_the_middle_of_a_batch() {
    cooperative(SMALL, |ring| {
        let mut producer = ring.producer().unwrap();
        let mut consumer = of_party(&ring, 6).consumer().unwrap();
        assert_eq!(ring.consumer().err(), Some(Error::RoleHeld));
        producer.push(0, b"").unwrap();
        producer.push_batch([(1, &b"one"[..]), (2, b"two"), (3, b"three")]).unwrap();
        for tag in 0..2 {
            assert_eq!(consumer.read().unwrap().tag(), tag);
        }
        drop(consumer);
        let mut consumer = of_party(&ring, 6).consumer().unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"two");
        // It dies with a record in its hands.
        mem::forget(consumer.read().unwrap());
        mem::forget(consumer);
        assert_eq!(declare_dead(&ring, 6), 1);
        let mut consumer = ring.consumer().unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"three");
        assert_eq!(consumer.read().err(), Some(Error::Empty));
    });
}

#[test]
fn exclusive_attach_frees_all_and_keeps_records() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(SMALL), 7).unwrap();
    let ring = MpscRing::open(&sections, ID).unwrap();
    let mut producers = [0; 3].map(|_| ring.producer().unwrap());
    let mut consumer = ring.consumer().unwrap();
    producers[0].push(1, b"read").unwrap();
    assert_eq!(consumer.read().unwrap().tag(), 1);
    mem::forget(producers[0].try_claim(8).unwrap());
    mem::forget(producers[1].try_claim(0).unwrap());
    assert_eq!(consumer.suspect(1), Ok(true));
    producers[2].push(2, b"kept").unwrap();
    mem::forget((producers, consumer));
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let ring = MpscRing::open(&sections, ID).unwrap();
    let mut producers = [0; 3].map(|_| ring.producer().unwrap());
    let mut consumer = ring.consumer().unwrap();
    assert_eq!(&*consumer.read().unwrap(), b"kept");
    assert_eq!(consumer.read().err(), Some(Error::Empty));
    producers[1].push(3, &[3; 56]).unwrap();
    assert_eq!(consumer.read().unwrap()[..], [3; 56]);
}

/// Safe code may write any bytes and attach to them exclusively. Whatever a cooperative party
/// lends out then must be disjoint.
#[test]
fn exclusive_attach_refuses_claims_that_overlap() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(SMALL), 7).unwrap();
    let at = sections.section(ID).unwrap().offset() as usize;
    let ring = MpscRing::open(&sections, ID).unwrap();
    let mut producer = ring.producer().unwrap();
    producer.push(1, b"0").unwrap();
    producer.push(2, b"1").unwrap();
    drop(producer);
    let intact = memory.clone();
    let ticket = |ticket, word| of_ticket(&SMALL, ticket, word);
    let closed = |offset: usize, value: u32| {
        let mut memory = intact.clone();
        memory.as_mut()[at + offset..at + offset + 4].copy_from_slice(&value.to_ne_bytes());
        let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
        let ring = MpscRing::open(&sections, ID).unwrap();
        let closed = ring.producer().is_err();
        assert_eq!(closed, ring.consumer().is_err());
        if closed {
            assert!(matches!(ring.producer().err(), Some(Error::Corrupt { .. })));
            assert!(matches!(ring.consumer().err(), Some(Error::Corrupt { .. })));
        }
        closed
    };
    // The anchor, the chain, an end before its start, one too far, one of another lap.
    for (offset, value) in [
        (ticket(7, EXTENT), 0),
        (ticket(7, EXTENT), CLAIMED | 3),
        (ticket(0, EXTENT), CLAIMED),
        (ticket(0, EXTENT), CLAIMED | 5),
        (ticket(0, EXTENT), CLAIMED | 9),
        (ticket(1, EXTENT), CLAIMED | 1),
        (ticket(1, EXTENT), CLAIMED | 17),
        (ticket(2, EXTENT), 1),
        (ticket(5, EXTENT), CLAIMED | 9),
        (ticket(1, STATE), 1),
        (ticket(1, STATE), ABANDONED | 1),
        (HEAD_TICKET, 1 << 31),
        (HEAD_TICKET, 1),
        (READ, 17),
        (READ, 5),
        (READ, u32::MAX),
    ] {
        assert!(closed(offset, value), "{offset} {value:#x}");
    }
    // What can be mended, or is checked when it is read.
    for (offset, value) in [
        (TAIL, 77),
        (HEAD, 77),
        (ticket(1, STATE), ABANDONED),
        (ticket(1, STATE), 0),
        (ticket(1, STATE), COMMITTED | 3),
        (ticket(2, STATE), RELEASED | 99),
        (of_seat(1, INTENT), ANNOUNCED | 1),
        (of_seat(1, SEAT_LEASE), u32::MAX),
        (READ, 2),
    ] {
        assert!(!closed(offset, value), "{offset} {value:#x}");
    }
}

#[test]
fn lies_are_refused() {
    let corrupt = |result: Result<Popped, Error>| {
        assert!(matches!(result, Err(Error::Corrupt { .. })), "{result:?}");
    };
    let data = SMALL.data_offset();
    // What is no record costs the claim it stands in, and is told once.
    let lies = [57, 64, 25, 1 << 31, u32::MAX].map(|len| (data + RECORD_LEN, len));
    let lies = lies.into_iter().chain([
        (of_ticket(&SMALL, 0, STATE), COMMITTED | 5),
        (of_ticket(&SMALL, 0, STATE), COMMITTED | ((1 << 30) - 1)),
        (of_ticket(&SMALL, 0, STATE), COMMITTED | 3),
    ]);
    for (offset, value) in lies {
        hostile(SMALL, |ring, words| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            producer.push(1, &[1; 20]).unwrap();
            producer.push(2, b"next").unwrap();
            set(words, offset, value);
            let mut out = [9; 128];
            corrupt(consumer.pop(&mut out));
            assert_eq!(out, [9; 128]);
            assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 2, len: 4 }));
        });
    }
    // What is told once is told behind a drain, too.
    hostile(SMALL, |ring, words| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        producer.push(1, &[]).unwrap();
        producer.push(2, &[1; 20]).unwrap();
        producer.push(3, b"next").unwrap();
        set(words, data + GRANULE + RECORD_LEN, 999);
        let mut out = [9; 128];
        assert_eq!(consumer.drain_into(9, &mut out, |_, _| ()), Ok(1));
        corrupt(consumer.pop(&mut out));
        // Too small a buffer: nothing is lost.
        let too_large = Error::TooLarge { len: 4, max: 3 };
        assert_eq!(consumer.drain_into(9, &mut out[..3], |_, _| ()), Err(too_large));
        assert_eq!(consumer.pop(&mut out[..3]), Err(too_large));
        assert_eq!(consumer.drain_into(9, &mut out, |_, _| ()), Ok(1));
    });
    // An impossible claim hides all behind it.
    for end in [0, 9, 16, 17, 1 << 30, (1 << 31) - 1] {
        hostile(SMALL, |ring, words| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            producer.push(1, &[1; 20]).unwrap();
            set(words, of_ticket(&SMALL, 0, EXTENT), CLAIMED | end);
            corrupt(consumer.pop(&mut [0; 128]));
            corrupt(consumer.pop(&mut [0; 128]));
        });
    }
    // A role that could not be taken up was given back.
    hostile(SMALL, |ring, words| {
        set(words, HEAD_TICKET, u32::MAX);
        assert!(matches!(ring.producer().err(), Some(Error::Corrupt { .. })));
        assert!(matches!(ring.consumer().err(), Some(Error::Corrupt { .. })));
        set(words, HEAD_TICKET, 0);
        assert!(ring.producer().is_ok() && ring.consumer().is_ok());
    });
}

/// The tail is a hint: without any, or with a lie, all goes on.
#[test]
fn a_wrong_tail_changes_nothing() {
    for wrong in [0, 1, 5, 7, 8, 100, 1 << 30, u32::MAX] {
        hostile(SMALL, |ring, words| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            for tag in 0..100 {
                set(words, TAIL, wrong);
                producer.push(tag, b"x").unwrap();
                set(words, TAIL, wrong);
                producer.push(tag, b"").unwrap();
                for _ in 0..2 {
                    assert_eq!(consumer.pop(&mut [0; 8]).map(|popped| popped.tag), Ok(tag));
                }
            }
        });
    }
}

/// A producer that stopped before its exchange and slept through 2^28 tickets would find its own
/// ticket again after 2^31: nobody gets that far.
#[test]
fn an_announcement_of_long_ago_stops_the_ring() {
    for (behind, held, stops) in [
        ((1 << 28) + 8, true, true),
        (1 << 30, true, true),
        ((1 << 28) + 8, false, false),
        (1 << 28, true, false),
    ] {
        hostile(SMALL, |ring, words| {
            let now = 5 << 28;
            start_at(words, &SMALL, now - 3, 0);
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            set(words, of_seat(2, SEAT_LEASE), u32::from(held));
            set(words, of_seat(2, INTENT), ANNOUNCED | (now - behind));
            let mut moved = 0;
            while moved < 100 && producer.push(1, b"").is_ok() {
                consumer.pop(&mut []).unwrap();
                moved += 1;
            }
            assert_eq!(moved, if stops { 10 } else { 100 }, "{behind}");
            set(words, of_seat(2, INTENT), 0);
            assert_eq!(consumer.pop(&mut []), Err(Error::Empty));
            producer.push(1, b"").unwrap();
        });
    }
}

#[test]
fn garbage_in_the_words_never_does_worse_than_an_error() {
    let mut state = 7;
    for round in 0..3_000 {
        let config = if round % 2 == 0 { SMALL } else { MpscConfig { capacity: 8, tickets: 4, seats: 2 } };
        hostile(config, |ring, words| {
            let control = &words[..config.data_offset() / 4 + 8];
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            let mut out = [0; 128];
            for _ in 0..20 {
                let _ = producer.push(1, &out[..random(&mut state) as usize % 40]);
                for _ in 0..random(&mut state) % 4 {
                    let word = &control[random(&mut state) as usize % control.len()];
                    let value = match random(&mut state) % 6 {
                        0 => random(&mut state),
                        1 => random(&mut state) % 20,
                        2 => CLAIMED | (random(&mut state) % 20),
                        3 => (random(&mut state) << 30) | (random(&mut state) % 20),
                        4 => u32::MAX,
                        _ => word.load(Ordering::Relaxed).wrapping_add(1),
                    };
                    word.store(value, Ordering::Relaxed);
                }
                let _ = consumer.suspect(random(&mut state) % config.seats);
                let _ = consumer.waits_for();
                let _ = producer.push_batch([(1, &b"abc"[..]), (2, b"")]);
                let _ = consumer.pop(&mut out);
                let _ = consumer.release();
                let _ = ring.producer();
                if let Ok(mut batch) = producer.try_claim_batch(30) {
                    let _ = batch.push(5, &[1; 11]);
                    if random(&mut state).is_multiple_of(3) {
                        let _ = batch.commit();
                    }
                }
                let _ = consumer.drain_into(5, &mut out, |_, _| ());
                if random(&mut state).is_multiple_of(5) {
                    drop(consumer);
                    match ring.consumer() {
                        Ok(next) => consumer = next,
                        Err(_) => return,
                    }
                }
            }
        });
    }
}

#[test]
fn bad_configurations_are_refused() {
    let good = MpscConfig { capacity: 8, tickets: 4, seats: 1 };
    assert_eq!(section_len(&good), Ok(192 + 64 + 64 + 64));
    let bad = [0, 1, 4, 7, 9, 100, (1 << 30) + 1, 1 << 31, u32::MAX]
        .map(|capacity| MpscConfig { capacity, ..good })
        .into_iter()
        .chain([0, 1, 2, 3, 5, 1 << 17, u32::MAX].map(|tickets| MpscConfig { tickets, ..good }))
        .chain([0, 1025, u32::MAX].map(|seats| MpscConfig { seats, ..good }));
    for config in bad {
        assert!(matches!(section_len(&config), Err(Error::BadLayout { .. })), "{config:?}");
    }
    let large = MpscConfig { capacity: 1 << 30, tickets: 1 << 16, seats: 1 << 10 };
    assert_eq!(section_len(&large), Ok((1 << 33) + (1 << 19) + (1 << 16) + 192));
}

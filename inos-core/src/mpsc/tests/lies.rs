//! Words that no protocol leads to.

use super::*;
use crate::defs::mpsc::RECORD_LEN;

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

/// Words that are spoiled while a record is read: it was read all the same, and how it ended is
/// told with the next one.
#[test]
fn a_record_that_was_shown_counts_as_read() {
    hostile(SMALL, |ring, words| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        producer.push_batch([(1, &b"one"[..]), (2, b"two")]).unwrap();
        let mut out = [0; 128];
        let mut shown = 0;
        let drained = consumer.drain_into(9, &mut out, |_, _| {
            shown += 1;
            (0..8).for_each(|ticket| set(words, of_ticket(&SMALL, ticket, EXTENT), u32::MAX));
            set(words, of_ticket(&SMALL, 0, STATE), COMMITTED | 1);
        });
        assert_eq!((drained, shown), (Ok(2), 2));
        assert!(matches!(consumer.pop(&mut out), Err(Error::Corrupt { .. })));
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
        let config =
            if round % 2 == 0 { SMALL } else { MpscConfig { capacity: 8, tickets: 4, seats: 2 } };
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

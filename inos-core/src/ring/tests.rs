use std::collections::VecDeque;
use std::vec::Vec;
use std::{format, mem, thread, vec};

mod batches;

use super::*;
use crate::layout::Layout;
use crate::raw::region::{AlignedBytes, Hostile, Region};
use crate::sync::AtomicU32;

const ID: SectionId = SectionId(2);

fn layout(capacity: u32) -> Layout {
    Layout::builder().ring(ID, "ring", RingConfig { capacity }).build().unwrap()
}

fn cooperative(capacity: u32, test: impl FnOnce(RingBuffer<'_, Cooperative>)) {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(capacity), 7).unwrap();
    test(RingBuffer::open(&sections, ID).unwrap());
}

/// The words of the section are handed to the test, for it to lie in.
fn hostile(capacity: u32, test: impl FnOnce(RingBuffer<'_, Hostile>, &[AtomicU32])) {
    let words: Vec<_> = (0..2048).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout(capacity), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(RingBuffer::open(&sections, ID).unwrap(), &words[start..]);
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

fn random(state: &mut u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    *state >> 8
}

/// A queue that can't be wrong, run beside the ring.
fn against_an_oracle<T: Trust>(ring: &RingBuffer<'_, T>) {
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    let mut oracle: VecDeque<(u32, Vec<u8>)> = VecDeque::new();
    let mut out = vec![0; ring.max_record_len()];
    let (mut state, mut fulls, mut empties) = (1, 0, 0);
    for tag in 0..20_000 {
        if random(&mut state).is_multiple_of(2) {
            let len = random(&mut state) as usize % (ring.max_record_len() + 1);
            let bytes: Vec<u8> = (0..len).map(|_| random(&mut state) as u8).collect();
            match producer.push(tag, &bytes) {
                Ok(()) => oracle.push_back((tag, bytes)),
                other => {
                    assert_eq!(other, Err(Error::Full));
                    assert!(!oracle.is_empty());
                    fulls += 1;
                }
            }
        } else {
            match (consumer.pop(&mut out), oracle.pop_front()) {
                (Ok(popped), Some((tag, bytes))) => {
                    assert_eq!(popped, Popped { tag, len: bytes.len() });
                    assert_eq!(out[..popped.len], bytes);
                }
                (popped, expected) => {
                    assert_eq!((popped, expected), (Err(Error::Empty), None));
                    empties += 1;
                }
            }
        }
    }
    assert!(fulls > 100 && empties > 100, "{fulls} {empties}");
}

#[test]
fn agrees_with_a_queue() {
    for capacity in [8, 16, 128] {
        cooperative(capacity, |ring| against_an_oracle(&ring));
        hostile(capacity, |ring, _| against_an_oracle(&ring));
    }
}

#[test]
fn positions_wrap() {
    hostile(16, |ring, words| {
        set(words, TAIL, (1 << 31) - 20);
        set(words, HEAD, (1 << 31) - 20);
        against_an_oracle(&ring);
        assert!(words[TAIL / 4].load(Ordering::Relaxed) < 1 << 31);
    });
}

#[test]
fn the_largest_record_fits_wherever_an_empty_ring_stands() {
    for start in 0..16 {
        cooperative(16, |ring| {
            assert_eq!((ring.capacity_len(), ring.max_record_len()), (128, 56));
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
            assert_eq!(producer.try_claim(usize::MAX).err().map(|_| ()), Some(()));
        });
    }
}

#[test]
fn zero_length_records_take_one_granule_each() {
    cooperative(8, |ring| {
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
}

#[test]
fn padding_is_skipped_and_counts_as_full() {
    hostile(16, |ring, words| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut out = [0; 56];
        producer.push(1, &[1; 40]).unwrap(); // granules 0 to 5
        producer.push(2, &[2; 40]).unwrap(); // 6 to 11
        // Four granules are left at the end: six do not fit there, nor at the start yet.
        assert_eq!(producer.push(3, &[3; 40]), Err(Error::Full));
        consumer.pop(&mut out).unwrap();
        producer.push(3, &[3; 40]).unwrap();
        assert_eq!(words[(DATA + 12 * GRANULE) / 4].load(Ordering::Relaxed), PADDING);
        assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 2, len: 40 }));
        // Too small a buffer: nothing is lost but the padding.
        let too_large = Error::TooLarge { len: 40, max: 39 };
        assert_eq!(consumer.pop(&mut out[..39]), Err(too_large));
        assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 3, len: 40 }));
        assert_eq!(out[..40], [3; 40]);
    });
}

#[test]
fn a_grant_that_is_dropped_leaves_no_trace() {
    cooperative(16, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut grant = producer.try_claim(56).unwrap();
        assert_eq!((grant.len(), grant.is_empty()), (56, false));
        grant.fill(1);
        drop(grant);
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        let mut grant = producer.try_claim(3).unwrap();
        grant.copy_from_slice(b"abc");
        grant.commit(5);
        // A record that is forgotten stays the oldest.
        mem::forget(consumer.read().unwrap());
        let record = consumer.read().unwrap();
        assert_eq!((record.tag(), &*record), (5, &b"abc"[..]));
        drop(record);
        assert_eq!(consumer.read().err(), Some(Error::Empty));
    });
}

#[test]
fn roles_are_held_once_and_resumed() {
    cooperative(8, |ring| {
        let mut producer = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
        assert_eq!(ring.consumer().err(), Some(Error::RoleHeld));
        producer.push(1, b"one").unwrap();
        producer.push(2, b"two").unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"one");
        drop((producer, consumer));
        let mut producer = ring.producer().unwrap();
        producer.push(3, b"three").unwrap();
        let mut consumer = ring.consumer().unwrap();
        assert_eq!(&*consumer.read().unwrap(), b"two");
        assert_eq!(&*consumer.read().unwrap(), b"three");
    });
}

#[test]
fn exclusive_attach_frees_roles_and_keeps_records() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(8), 7).unwrap();
    let ring = RingBuffer::open(&sections, ID).unwrap();
    let mut producer = ring.producer().unwrap();
    producer.push(1, b"kept").unwrap();
    mem::forget(producer);
    mem::forget(ring.consumer().unwrap());
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let ring = RingBuffer::open(&sections, ID).unwrap();
    assert!(ring.producer().is_ok());
    assert_eq!(&*ring.consumer().unwrap().read().unwrap(), b"kept");
}

#[test]
fn lies_are_refused() {
    let corrupt = |result: Result<Popped, Error>| {
        assert!(matches!(result, Err(Error::Corrupt { .. })), "{result:?}");
    };
    let lie = |at: usize, value: u32| {
        hostile(16, |ring, words| {
            let mut producer = ring.producer().unwrap();
            let mut consumer = ring.consumer().unwrap();
            producer.push(1, &[1; 20]).unwrap();
            set(words, at, value);
            corrupt(consumer.pop(&mut [0; 128]));
            // Still, and without end, but never worse.
            corrupt(consumer.pop(&mut [0; 128]));
        });
    };
    for len in [57, 64, 128, (1 << 31) - 1, PADDING, PADDING | 20, u32::MAX] {
        lie(DATA + RECORD_LEN, len);
    }
    for len in [25, 56] {
        hostile(16, |ring, words| {
            let mut consumer = ring.consumer().unwrap();
            ring.producer().unwrap().push(1, &[1; 20]).unwrap();
            set(words, DATA + RECORD_LEN, len);
            let mut out = [9; 128];
            let what = "a record longer than what was published";
            assert_eq!(consumer.pop(&mut out), Err(Error::Corrupt { what }));
            assert_eq!(out, [9; 128]);
        });
    }
    for tail in [17, 1 << 30, (1 << 31) - 1, 1 << 31, u32::MAX] {
        lie(TAIL, tail);
    }
    hostile(16, |ring, words| {
        for (tail, head) in [(0, 1), (17, 0), (1 << 31, 1 << 31)] {
            set(words, TAIL, tail);
            set(words, HEAD, head);
            assert!(matches!(ring.producer().err(), Some(Error::Corrupt { .. })));
            assert!(matches!(ring.consumer().err(), Some(Error::Corrupt { .. })));
        }
        // A role that could not be taken up was given back.
        set(words, TAIL, 0);
        set(words, HEAD, 0);
        let mut producer = ring.producer().unwrap();
        for _ in 0..16 {
            producer.push(0, &[]).unwrap();
        }
        set(words, HEAD, 17);
        let result = producer.push(0, &[]);
        assert!(matches!(result, Err(Error::Corrupt { .. })), "{result:?}");
    });
}

#[test]
fn forged_padding_is_refused() {
    hostile(16, |ring, words| {
        let mut producer = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        for _ in 0..12 {
            producer.push(0, &[]).unwrap();
            consumer.pop(&mut []).unwrap();
        }
        // Padding up to the end, but nothing behind it.
        set(words, DATA + 12 * GRANULE, PADDING);
        set(words, TAIL, 16);
        let what = "padding without a record";
        assert_eq!(consumer.pop(&mut []), Err(Error::Corrupt { what }));
    });
    hostile(16, |ring, words| {
        // Padding that was not published up to the end.
        set(words, DATA + 12 * GRANULE, PADDING);
        set(words, HEAD, 12);
        set(words, TAIL, 14);
        let popped = ring.consumer().unwrap().pop(&mut []);
        assert_eq!(popped, Err(Error::Corrupt { what: "padding in a ring" }));
    });
    hostile(16, |ring, words| {
        // More padding than the largest record calls for.
        set(words, DATA + 8 * GRANULE, PADDING);
        set(words, HEAD, 8);
        set(words, TAIL, 18);
        let popped = ring.consumer().unwrap().pop(&mut []);
        assert_eq!(popped, Err(Error::Corrupt { what: "padding in a ring" }));
    });
    hostile(16, |ring, words| {
        // Padding twice.
        set(words, DATA + 12 * GRANULE, PADDING);
        set(words, DATA, PADDING);
        set(words, HEAD, 12);
        set(words, TAIL, 28);
        let popped = ring.consumer().unwrap().pop(&mut [0; 128]);
        assert_eq!(popped, Err(Error::Corrupt { what: "length of a record" }));
    });
}

#[test]
fn bad_capacities_are_refused() {
    for capacity in [0, 1, 4, 7, 9, 100, (1 << 30) + 1, 1 << 31, u32::MAX] {
        let refused = section_len(&RingConfig { capacity });
        assert!(matches!(refused, Err(Error::BadLayout { .. })), "{capacity}");
    }
    assert_eq!(section_len(&RingConfig { capacity: 8 }), Ok(320));
    assert_eq!(section_len(&RingConfig { capacity: 1 << 30 }), Ok((1 << 33) + 256));
    // Half of the largest ring is more than 31 bits of length can say.
    assert_eq!(max_record(1 << 30), (1 << 31) - 8);
    assert_eq!(max_record(1 << 29), (1 << 31) - 8);
    assert_eq!(max_record(1 << 28), (1 << 30) - 8);
}

#[test]
fn two_threads_lose_nothing() {
    lose_nothing(0);
}

#[test]
fn who_gathers_loses_nothing() {
    lose_nothing(50);
}

fn lose_nothing(turns: u32) {
    const RECORDS: u32 = 20_000;
    let content = |tag: u32| format!("{tag:0>width$}", width = tag as usize % 50);
    cooperative(16, |ring| {
        let mut producer = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap().gathering(turns);
        thread::scope(|scope| {
            scope.spawn(move || {
                for tag in 0..RECORDS {
                    let content = content(tag);
                    loop {
                        match producer.try_claim(content.len()) {
                            Ok(mut grant) => {
                                grant.copy_from_slice(content.as_bytes());
                                grant.commit(tag);
                                break;
                            }
                            Err(Error::Full) => thread::yield_now(),
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
            });
            let mut tag = 0;
            while tag < RECORDS {
                match consumer.read() {
                    Ok(record) => {
                        assert_eq!(record.tag(), tag);
                        assert_eq!(&*record, content(tag).as_bytes());
                        tag += 1;
                    }
                    Err(Error::Empty) => thread::yield_now(),
                    Err(other) => panic!("{other}"),
                }
            }
        });
    });
}

//! Many records for one store: batches, batched producers, drains, and the two ends without
//! leases.

use proptest::prelude::*;

use super::*;

fn get(words: &[AtomicU32], offset: usize) -> u32 {
    words[offset / 4].load(Ordering::Relaxed)
}

/// The tags of what can be drained, by copies.
fn drained<T: Trust>(consumer: &mut Consumer<'_, T>) -> Vec<u32> {
    let mut out = vec![0; consumer.max_record_len()];
    let mut tags = Vec::new();
    if let Ok(mut drain) = consumer.drain() {
        while let Ok(popped) = drain.pop(&mut out) {
            tags.push(popped.tag);
        }
    }
    tags
}

#[test]
fn a_shortened_grant_takes_less_space() {
    cooperative(16, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for (claimed, kept) in [(56, 0), (56, 9), (3, 2), (8, 8), (8, 9)] {
            let mut grant = producer.try_claim(claimed).unwrap();
            grant.fill(kept as u8);
            grant.truncate(kept);
            assert_eq!(grant.len(), kept.min(claimed));
            grant.commit(1);
            let record = consumer.read().unwrap();
            assert_eq!(&*record, &vec![kept as u8; kept.min(claimed)][..]);
        }
        // 1 + 3 + 2 + 2 + 2 granules, and not 8 + 8 + 2 + 2 + 2.
        assert_eq!(ring.span.load(TAIL), Ok(10));
    });
}

#[test]
fn a_batch_is_published_by_one_store() {
    hostile(32, |ring, words| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut batch = producer.try_claim_batch(4, 16).unwrap();
        for tag in 0..4 {
            batch.push(tag, &[tag as u8; 16]).unwrap();
            assert_eq!((batch.count(), get(words, TAIL)), (tag + 1, 0));
        }
        assert_eq!(batch.push(4, &[]), Err(Error::Full));
        assert_eq!(batch.commit(), 4);
        assert_eq!(get(words, TAIL), 12);
        assert_eq!(drained(&mut consumer), [0, 1, 2, 3]);

        // What was not used goes back; nothing at all, too.
        let mut batch = producer.try_claim_batch(2, 56).unwrap();
        batch.push(4, &[]).unwrap();
        assert_eq!(batch.push(5, &[0; 200]), Err(Error::Full));
        assert_eq!(batch.push(5, &[0; 113]), Err(Error::Full));
        assert_eq!(batch.commit(), 1);
        assert_eq!(get(words, TAIL), 13);
        assert_eq!(producer.try_claim_batch(2, 56).unwrap().commit(), 0);
        let mut batch = producer.try_claim_batch(2, 56).unwrap();
        batch.push(9, b"dropped").unwrap();
        drop(batch);
        assert_eq!((get(words, TAIL), drained(&mut consumer)), (13, vec![4]));

        // Sixteen do not fit behind 24; the padding comes with the batch, or not at all.
        for tag in 0..11 {
            producer.push(tag, &[]).unwrap();
        }
        assert_eq!(drained(&mut consumer).len(), 11);
        assert_eq!(producer.try_claim_batch(16, 0).unwrap().commit(), 0);
        assert_eq!(get(words, TAIL), 24);
        let mut batch = producer.try_claim_batch(16, 0).unwrap();
        batch.push(7, &[]).unwrap();
        assert_eq!(batch.commit(), 1);
        assert_eq!(get(words, TAIL), 33);
        assert_eq!(drained(&mut consumer), [7]);
    });
}

#[test]
fn a_batch_takes_half_the_ring_and_no_more() {
    cooperative(16, |ring| {
        let mut producer = ring.producer().unwrap();
        assert_eq!(producer.try_claim_batch(0, usize::MAX).unwrap().commit(), 0);
        for (count, len, asked) in [(9, 0, 72), (2, 32, 80), (1, 57, 72)] {
            let error = producer.try_claim_batch(count, len).err();
            assert_eq!(error, Some(Error::TooLarge { len: asked, max: 64 }), "{count} {len}");
        }
        for (count, len) in [(u32::MAX, usize::MAX), (1, usize::MAX), (u32::MAX, 0)] {
            let error = producer.try_claim_batch(count, len).err();
            assert!(matches!(error, Some(Error::TooLarge { max: 64, .. })), "{error:?}");
        }
        for _ in 0..2 {
            let mut batch = producer.try_claim_batch(8, 0).unwrap();
            for tag in 0..8 {
                assert_eq!(batch.push_mut(tag, 0).unwrap(), []);
            }
            assert_eq!(batch.push_mut(8, 0).err(), Some(Error::Full));
            assert_eq!(batch.push_mut(8, usize::MAX).err(), Some(Error::Full));
            batch.commit();
        }
        assert_eq!(producer.try_claim_batch(1, 0).err(), Some(Error::Full));
    });
}

#[test]
fn a_batched_producer_says_when() {
    hostile(32, |ring, words| {
        let mut consumer = ring.consumer().unwrap();
        let mut batched = ring.producer().unwrap().batched(3);
        let shown: Vec<_> = (0..7)
            .map(|tag| {
                batched.push(tag, &[]).unwrap();
                (get(words, TAIL), batched.pending())
            })
            .collect();
        assert_eq!(shown, [(0, 1), (0, 2), (3, 0), (3, 1), (3, 2), (6, 0), (6, 1)]);
        batched.flush();
        assert_eq!((get(words, TAIL), batched.pending()), (7, 0));
        // Too large changes nothing.
        let max = batched.max_record_len();
        let too_large = Error::TooLarge { len: max + 1, max };
        batched.push(7, &[]).unwrap();
        assert_eq!(batched.push(8, &vec![0; max + 1]), Err(too_large));
        assert_eq!((get(words, TAIL), batched.pending()), (7, 1));
        // Going back to a plain producer publishes, and so does the drop.
        let mut producer = batched.into_producer();
        assert_eq!(get(words, TAIL), 8);
        producer.push(8, &[]).unwrap();
        assert_eq!(get(words, TAIL), 9);
        let mut batched = producer.batched(100);
        batched.push(9, &[]).unwrap();
        assert_eq!(get(words, TAIL), 9);
        drop(batched);
        assert_eq!(drained(&mut consumer), Vec::from_iter(0..10));
        // Full publishes what the consumer has to make room from.
        let mut batched = ring.producer().unwrap().batched(u32::MAX);
        for tag in 0..32 {
            batched.push(tag, &[]).unwrap();
        }
        assert_eq!((get(words, TAIL), batched.pending()), (10, 32));
        assert_eq!(batched.push(32, &[]), Err(Error::Full));
        assert_eq!((get(words, TAIL), batched.pending()), (42, 0));
        assert_eq!(drained(&mut consumer).len(), 32);
        batched.push(32, &[]).unwrap();
        // One that is forgotten keeps its role, and what it did not publish is not there.
        mem::forget(batched);
        assert_eq!(consumer.pop(&mut []), Err(Error::Empty));
        assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
        // 0 is as good as 1.
        let sections = ring.span;
        sections.store(PRODUCER_LEASE, 0).unwrap();
        let mut batched = ring.producer().unwrap().batched(0);
        batched.push(33, &[]).unwrap();
        assert_eq!(drained(&mut consumer), [33]);
    });
}

#[test]
fn a_batched_record_is_written_in_place() {
    cooperative(16, |ring| {
        let mut consumer = ring.consumer().unwrap();
        let mut batched = ring.producer().unwrap().batched(2);
        batched.push_with(1, 5, |bytes| bytes.copy_from_slice(b"first")).unwrap();
        let panics = std::panic::AssertUnwindSafe(|| {
            let _ = batched.push_with(2, 5, |_| panic!("while it is written"));
        });
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(consumer.read().err(), Some(Error::Empty));
        batched.push_with(3, 6, |bytes| bytes.copy_from_slice(b"second")).unwrap();
        let mut drain = consumer.drain().unwrap();
        let record = drain.read().unwrap();
        assert_eq!((record.tag(), &*record), (1, &b"first"[..]));
        let record = drain.read().unwrap();
        assert_eq!((record.tag(), &*record), (3, &b"second"[..]));
        assert_eq!(drain.read().err(), Some(Error::Empty));
    });
}

#[test]
fn a_drain_gives_space_back_once_and_keeps_what_it_did_not_read() {
    hostile(16, |ring, words| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for tag in 0..4 {
            producer.push(tag, &[tag as u8; 8]).unwrap();
        }
        let mut out = [9; 8];
        let mut drain = consumer.drain().unwrap();
        producer.push(4, &[]).unwrap();
        for tag in 0..3 {
            assert_eq!(drain.pop(&mut out), Ok(Popped { tag, len: 8 }));
            assert_eq!((out, get(words, HEAD)), ([tag as u8; 8], 0));
        }
        let too_large = Error::TooLarge { len: 8, max: 7 };
        assert_eq!(drain.pop(&mut out[..7]), Err(too_large));
        drop(drain);
        assert_eq!(get(words, HEAD), 6);
        // The next drain sees what came meanwhile; this one ends before what comes now.
        let mut drain = consumer.drain().unwrap();
        producer.push(5, &[]).unwrap();
        assert_eq!(drain.pop(&mut out), Ok(Popped { tag: 3, len: 8 }));
        assert_eq!(drain.pop(&mut out), Ok(Popped { tag: 4, len: 0 }));
        assert_eq!(drain.pop(&mut out), Err(Error::Empty));
        // A drain that is forgotten has read, and its space comes back with the next store.
        mem::forget(drain);
        assert_eq!(get(words, HEAD), 6);
        assert_eq!(consumer.pop(&mut out), Ok(Popped { tag: 5, len: 0 }));
        assert_eq!(get(words, HEAD), 10);
        assert_eq!(consumer.drain().err(), Some(Error::Empty));
        producer.push(6, &[]).unwrap();
        let mut drain = consumer.drain().unwrap();
        drain.pop(&mut []).unwrap();
        mem::forget(drain);
        drop(consumer);
        assert_eq!(get(words, HEAD), 11);
    });
}

/// A tail that falls behind what was taken, or runs ahead of what was released.
#[test]
fn a_drain_is_told_lies() {
    for (tail, what) in [(1, "ring positions"), (17, "ring positions"), (1 << 31, "ring positions")]
    {
        hostile(16, |ring, words| {
            let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
            producer.push(0, &[0; 8]).unwrap();
            let mut drain = consumer.drain().unwrap();
            drain.pop(&mut [0; 8]).unwrap();
            mem::forget(drain);
            set(words, TAIL, tail);
            assert_eq!(consumer.drain().err(), Some(Error::Corrupt { what }));
            assert_eq!(consumer.pop(&mut []), Err(Error::Corrupt { what }));
        });
    }
}

#[test]
fn only_who_is_told_to_gathers() {
    cooperative(32, |ring| {
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for (most, expected) in [(0, [0; 4]), (3, [1, 2, 3, 0])] {
            consumer = consumer.gathering(most);
            let mut seen = [0; 4];
            for (round, seen) in (0..).zip(&mut seen) {
                let pushed = if round < 3 { 2 } else { 0 };
                for _ in 0..pushed {
                    producer.push(round, b"").unwrap();
                }
                assert_eq!(drained(&mut consumer).len(), pushed);
                *seen = consumer.gather.turns();
            }
            assert_eq!(seen, expected);
        }
    });
}

#[test]
fn a_ring_is_split_without_leases() {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(16), 7).unwrap();
    mem::forget(RingBuffer::open(&sections, ID).unwrap().producer().unwrap());
    for start in 0..3 {
        let (mut producer, consumer) = RingBuffer::split(memory.as_mut(), ID).unwrap();
        let mut consumer = consumer.gathering(start);
        thread::scope(|scope| {
            scope.spawn(|| {
                for tag in 0..1000 {
                    while producer.push(tag, &tag.to_ne_bytes()).is_err() {
                        thread::yield_now();
                    }
                }
            });
            let mut tag = 0_u32;
            while tag < 1000 {
                let Ok(mut drain) = consumer.drain() else {
                    thread::yield_now();
                    continue;
                };
                while let Ok(record) = drain.read() {
                    assert_eq!((record.tag(), &*record), (tag, &tag.to_ne_bytes()[..]), "{start}");
                    tag += 1;
                }
            }
        });
    }
    // The leases were never touched, but for the one that attaching voided.
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let ring = RingBuffer::open(&sections, ID).unwrap();
    assert_eq!(ring.span.load(CONSUMER_LEASE), Ok(0));
    assert!(ring.producer().is_ok());
    let mut unformatted = AlignedBytes::<8192>::new();
    let blank = RingBuffer::split(unformatted.as_mut(), ID).err();
    assert_eq!(blank, Some(Error::BadMagic { found: 0 }));
    let misaligned = RingBuffer::split(&mut memory.as_mut()[4..], ID).err();
    assert_eq!(misaligned, Some(Error::Misaligned { by: 4, align: 64 }));
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    Grant(usize, usize),
    Batch(u32, usize, Vec<usize>, bool),
    Batched(u32, Vec<usize>),
    Pop,
    Read,
    Drain(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let lens = || prop::collection::vec(0_usize..70, 0..8);
    prop_oneof![
        (0_usize..70).prop_map(Step::Push),
        (0_usize..70, 0_usize..70).prop_map(|(len, kept)| Step::Grant(len, kept)),
        (0_u32..6, 0_usize..30, lens(), any::<bool>())
            .prop_map(|(count, len, lens, commit)| Step::Batch(count, len, lens, commit)),
        (0_u32..4, lens()).prop_map(|(every, lens)| Step::Batched(every, lens)),
        Just(Step::Pop),
        Just(Step::Read),
        (0_usize..9).prop_map(Step::Drain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// All ways of writing and reading, mixed, agree with a queue.
    #[test]
    fn every_way_agrees_with_a_queue(
        bits in 3_u32..6,
        start in 0_u32..64,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        cooperative(1 << bits, |ring| {
            for word in [TAIL, HEAD] {
                ring.span.store(word, ((1 << 31) - 32 + start) & ((1 << 31) - 1)).unwrap();
            }
            let mut producer = Some(ring.producer().unwrap());
            let mut consumer = ring.consumer().unwrap();
            let mut oracle: VecDeque<(u32, Vec<u8>)> = VecDeque::new();
            let mut out = vec![0; ring.max_record_len()];
            let mut tag = 0_u32;
            let mut next = |len: usize| {
                tag += 1;
                (tag, vec![tag as u8; len])
            };
            for step in steps {
                let sender = producer.as_mut().unwrap();
                match step {
                    Step::Push(len) => {
                        let (tag, bytes) = next(len);
                        if sender.push(tag, &bytes).is_ok() {
                            oracle.push_back((tag, bytes));
                        }
                    }
                    Step::Grant(len, kept) => {
                        let (tag, mut bytes) = next(len);
                        if let Ok(mut grant) = sender.try_claim(len) {
                            grant.copy_from_slice(&bytes);
                            grant.truncate(kept);
                            grant.commit(tag);
                            bytes.truncate(kept);
                            oracle.push_back((tag, bytes));
                        }
                    }
                    Step::Batch(count, len, lens, commit) => {
                        let Ok(mut batch) = sender.try_claim_batch(count, len) else { continue };
                        let mut pushed = Vec::new();
                        for len in lens {
                            let (tag, bytes) = next(len);
                            if len % 2 == 0 {
                                if batch.push(tag, &bytes).is_ok() {
                                    pushed.push((tag, bytes));
                                }
                            } else if let Ok(slice) = batch.push_mut(tag, len) {
                                slice.copy_from_slice(&bytes);
                                pushed.push((tag, bytes));
                            }
                        }
                        assert_eq!(batch.count() as usize, pushed.len());
                        if commit {
                            batch.commit();
                            oracle.extend(pushed);
                        }
                    }
                    Step::Batched(every, lens) => {
                        let mut batched = producer.take().unwrap().batched(every);
                        for len in lens {
                            let (tag, bytes) = next(len);
                            if batched.push(tag, &bytes).is_ok() {
                                oracle.push_back((tag, bytes));
                            }
                        }
                        producer = Some(batched.into_producer());
                    }
                    Step::Pop => {
                        let popped = consumer.pop(&mut out).map(|popped| {
                            (popped.tag, out[..popped.len].to_vec())
                        });
                        assert_eq!(popped.ok(), oracle.pop_front());
                    }
                    Step::Read => {
                        let read = consumer.read().map(|record| (record.tag(), record.to_vec()));
                        assert_eq!(read.ok(), oracle.pop_front());
                    }
                    Step::Drain(limit) => {
                        let Ok(mut drain) = consumer.drain() else {
                            assert!(oracle.is_empty());
                            continue;
                        };
                        for _ in 0..limit {
                            let read = drain.read().map(|record| (record.tag(), record.to_vec()));
                            assert_eq!(read.ok(), oracle.pop_front());
                        }
                    }
                }
            }
        });
    }
}

//! Many threads at once, over memory of each trust.

use std::sync::atomic::AtomicBool;
use std::vec::Vec;
use std::{format, thread};

use super::*;

const PRODUCERS: u32 = 4;
const RECORDS: u32 = 10_000;
const CONFIG: MpscConfig = MpscConfig { capacity: 32, tickets: 16, seats: 5 };

fn content(producer: u32, index: u32) -> std::string::String {
    let width = (index * 7 + producer) as usize % 60;
    format!("{producer}:{index:0>width$}")
}

fn retry<R>(mut action: impl FnMut() -> Result<R, Error>) -> R {
    loop {
        match action() {
            Ok(result) => return result,
            Err(Error::Full | Error::Contended { .. }) => thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

/// Checks that each producer's records arrive whole and in its order.
struct Check([u32; PRODUCERS as usize]);

impl Check {
    fn record(&mut self, tag: u32, bytes: &[u8]) {
        let index = self.0[tag as usize];
        assert_eq!(std::str::from_utf8(bytes), Ok(&*content(tag, index)));
        self.0[tag as usize] += 1;
    }

    fn is_done(&self) -> bool {
        self.0 == [RECORDS; PRODUCERS as usize]
    }
}

#[test]
fn four_producers_keep_their_order_in_place() {
    order_in_place(0);
}

#[test]
fn four_producers_keep_their_order_for_who_gathers() {
    order_in_place(50);
}

fn order_in_place(turns: u32) {
    cooperative(CONFIG, |ring| {
        let mut consumer = ring.consumer().unwrap().gathering(turns);
        thread::scope(|scope| {
            for tag in 0..PRODUCERS {
                let mut producer = ring.producer().unwrap();
                scope.spawn(move || {
                    for index in 0..RECORDS {
                        let content = content(tag, index);
                        retry(|| {
                            let mut grant = producer.try_claim(content.len())?;
                            grant.copy_from_slice(content.as_bytes());
                            grant.commit(tag)
                        });
                        // Now and then it thinks better of it.
                        if index % 17 == 0 {
                            retry(|| producer.try_claim(8).map(drop));
                        }
                    }
                });
            }
            let mut check = Check([0; 4]);
            let mut turn = 0;
            while !check.is_done() {
                turn += 1;
                let found = if turn % 2 == 0 {
                    consumer.read().map(|record| check.record(record.tag(), &record))
                } else {
                    consumer.drain(5, |tag, bytes| check.record(tag, bytes)).map(drop)
                };
                match found {
                    Ok(()) => {}
                    Err(Error::Empty) => thread::yield_now(),
                    Err(other) => panic!("{other}"),
                }
            }
            assert_eq!(consumer.read().err(), Some(Error::Empty));
        });
    });
}

#[test]
fn four_producers_keep_their_order_in_batches() {
    hostile(CONFIG, |ring, _| {
        let mut consumer = ring.consumer().unwrap();
        thread::scope(|scope| {
            for tag in 0..PRODUCERS {
                let mut producer = ring.producer().unwrap();
                scope.spawn(move || {
                    let mut index = 0;
                    while index < RECORDS {
                        // One record is always within half the ring; two often are.
                        let texts = [content(tag, index), content(tag, index + 1)];
                        let records = texts.each_ref().map(|text| (tag, text.as_bytes()));
                        let count = if index + 2 <= RECORDS { 2 } else { 1 };
                        match producer.push_batch(records.into_iter().take(count)) {
                            Ok(()) => index += count as u32,
                            Err(Error::TooLarge { .. }) => {
                                retry(|| producer.push(tag, texts[0].as_bytes()));
                                index += 1;
                            }
                            Err(_) => thread::yield_now(),
                        }
                    }
                });
            }
            let (mut check, mut out) = (Check([0; 4]), [0; 128]);
            while !check.is_done() {
                match consumer.drain_into(9, &mut out, |tag, bytes| check.record(tag, bytes)) {
                    Ok(_) => {}
                    Err(Error::Empty) => {
                        // The next consumer goes on where this one stopped.
                        drop(consumer);
                        thread::yield_now();
                        consumer = ring.consumer().unwrap();
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        });
    });
}

/// Producers that are suspected at any moment: what their commits said is what was delivered.
#[test]
fn committed_is_delivered_and_fenced_is_not() {
    cooperative(CONFIG, |ring| {
        let mut consumer = ring.consumer().unwrap();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let producing: Vec<_> = (0..PRODUCERS)
                .map(|tag| {
                    let mut producer = ring.producer().unwrap();
                    scope.spawn(move || {
                        let mut committed = Vec::new();
                        for index in 0..RECORDS / 2 {
                            let outcome = retry(|| {
                                let mut grant = producer.try_claim(4)?;
                                thread::yield_now();
                                grant.copy_from_slice(&index.to_ne_bytes());
                                match grant.commit(tag) {
                                    Ok(()) => Ok(true),
                                    Err(Error::Fenced) => Ok(false),
                                    Err(other) => Err(other),
                                }
                            });
                            if outcome {
                                committed.push(index);
                            }
                        }
                        committed
                    })
                })
                .collect();
            let reading = scope.spawn(|| {
                let mut read: [Vec<u32>; PRODUCERS as usize] = Default::default();
                let (mut looks, mut fenced) = (0_u32, 0);
                loop {
                    let last = done.load(Ordering::Acquire);
                    let found = consumer.drain(1, |tag, bytes| {
                        let index = u32::from_ne_bytes(bytes.try_into().unwrap());
                        read[tag as usize].push(index);
                    });
                    match found {
                        Ok(_) => {}
                        Err(error) => {
                            assert_eq!(error, Error::Empty);
                            if last {
                                return (read, fenced);
                            }
                            looks += 1;
                            if looks.is_multiple_of(3)
                                && let Some(seat) = consumer.waits_for()
                            {
                                fenced += u32::from(consumer.suspect(seat).unwrap());
                            }
                            thread::yield_now();
                        }
                    }
                }
            });
            let committed: Vec<_> =
                producing.into_iter().map(|thread| thread.join().unwrap()).collect();
            done.store(true, Ordering::Release);
            let (read, fenced) = reading.join().unwrap();
            assert_eq!(read.as_slice(), committed);
            let total: usize = committed.iter().map(Vec::len).sum();
            assert!(fenced > 0, "nobody was suspected in time");
            assert_eq!(total as u32 + fenced, PRODUCERS * (RECORDS / 2));
        });
    });
}

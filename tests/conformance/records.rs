//! What happened, one record after another.

use std::thread;

use inos::{Error, Layout, RingBuffer, RingConfig};
use inos_core::{Broadcast, BroadcastConfig, Event, Log, LogConfig};

use super::{Both, Check, ID, built};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        name: "ring",
        layout: || built(Layout::builder().ring(ID, "ring", RingConfig { capacity: 32 })),
        run: ring,
    },
    Check {
        name: "batches in a ring",
        layout: || built(Layout::builder().ring(ID, "ring", RingConfig { capacity: 32 })),
        run: batches,
    },
    Check {
        name: "broadcast",
        layout: || built(Layout::builder().broadcast(ID, "news", BroadcastConfig { capacity: 64 })),
        run: broadcast,
    },
    Check {
        name: "log",
        layout: || built(Layout::builder().log(ID, "log", LogConfig { capacity: 8, text_len: 40 })),
        run: log,
    },
];

fn ring(one: Both<'_, '_>, other: Both<'_, '_>) {
    const COUNT: u32 = 1000;
    let mut producer = RingBuffer::open(one, ID).unwrap().producer().unwrap();
    let ring = RingBuffer::open(other, ID).unwrap();
    assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
    let mut consumer = ring.consumer().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            for count in 0..COUNT {
                let bytes = [count as u8; 100];
                let bytes = &bytes[..count as usize % 90];
                while producer.push(count, bytes) == Err(Error::Full) {
                    thread::yield_now();
                }
            }
        });
        for count in 0..COUNT {
            let record = loop {
                match consumer.read() {
                    Ok(record) => break (record.tag(), record.to_vec()),
                    Err(error) => assert_eq!(error, Error::Empty),
                }
                thread::yield_now();
            };
            assert_eq!(record, (count, vec![count as u8; count as usize % 90]));
        }
    });
}

fn batches(one: Both<'_, '_>, other: Both<'_, '_>) {
    const COUNT: u32 = 999;
    let ring = RingBuffer::open(one, ID).unwrap();
    let mut producer = ring.producer().unwrap();
    let mut consumer = RingBuffer::open(other, ID).unwrap().consumer().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            for count in (0..COUNT).step_by(3) {
                let mut batch = loop {
                    match producer.try_claim_batch(3, 20) {
                        Ok(batch) => break batch,
                        Err(error) => assert_eq!(error, Error::Full),
                    }
                    thread::yield_now();
                };
                for tag in count..count + 3 {
                    batch.push_mut(tag, tag as usize % 20).unwrap().fill(tag as u8);
                }
                assert_eq!(batch.commit(), 3);
            }
        });
        let mut next = 0;
        while next < COUNT {
            let Ok(mut records) = consumer.drain() else {
                thread::yield_now();
                continue;
            };
            while let Ok(record) = records.read() {
                assert_eq!(
                    (record.tag(), &*record),
                    (next, &vec![next as u8; next as usize % 20][..])
                );
                next += 1;
            }
            assert_eq!(next % 3, 0, "a part of a batch");
        }
    });

    let mut producer = ring.producer().unwrap().batched(3);
    for (tag, visible) in [(0, false), (1, false), (2, true)] {
        producer.push(tag, b"later").unwrap();
        assert_eq!(consumer.drain().is_ok(), visible);
    }
}

fn broadcast(one: Both<'_, '_>, other: Both<'_, '_>) {
    const COUNT: u32 = 5000;
    let mut transmitter = Broadcast::open(one, ID).unwrap().transmitter().unwrap();
    let news = Broadcast::open(other, ID).unwrap();
    assert_eq!(news.transmitter().err(), Some(Error::RoleHeld));
    let mut receivers = [news.receiver().unwrap(), news.receiver().unwrap()];
    thread::scope(|scope| {
        scope.spawn(move || {
            for count in 0..COUNT {
                transmitter.send(count, &[count as u8; 40][..count as usize % 40]).unwrap();
            }
        });
        for receiver in &mut receivers {
            scope.spawn(|| {
                let mut bytes = [0; 48];
                let mut next = 0;
                while next < COUNT {
                    match receiver.receive(&mut bytes) {
                        Ok(received) => {
                            assert_eq!(received.tag, next + received.lapped);
                            next = received.tag + 1;
                            let expected = [received.tag as u8; 40];
                            assert_eq!(
                                bytes[..received.len],
                                expected[..received.tag as usize % 40]
                            );
                        }
                        Err(error) => {
                            assert!(
                                matches!(error, Error::Empty | Error::Lapped { .. }),
                                "{error}"
                            );
                            thread::yield_now();
                        }
                    }
                }
            });
        }
    });
}

fn log(one: Both<'_, '_>, other: Both<'_, '_>) {
    const EACH: u32 = 200;
    let logs = [Log::open(one, ID).unwrap(), Log::open(other, ID).unwrap()];
    let mut reader = logs[1].reader(1000);
    thread::scope(|scope| {
        for (code, log) in (0..).zip(&logs) {
            scope.spawn(move || {
                for time in 0..u64::from(EACH) {
                    let text = format!("{code} at {time}");
                    let event = Event { time, level: Event::WARN, code, text: &text };
                    // Nobody stops in the middle of one for as long as that.
                    log.append(event).unwrap();
                }
            });
        }
        let (mut text, mut next, mut seen) = ([0; 40], [0; 2], 0);
        while seen + reader.lost() < u64::from(2 * EACH) {
            match reader.next(&mut text) {
                Ok(entry) => {
                    assert_eq!(entry.text(&text), format!("{} at {}", entry.code, entry.time));
                    let next = &mut next[entry.code as usize];
                    assert!(entry.time >= *next);
                    *next = entry.time + 1;
                    seen += 1;
                }
                Err(error) => {
                    assert!(matches!(error, Error::Empty | Error::Lapped { .. }), "{error}");
                    thread::yield_now();
                }
            }
        }
    });
    assert_eq!(logs[0].dropped(), 0);
}

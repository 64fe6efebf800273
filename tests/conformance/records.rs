//! What happened, one record after another.

use std::thread;

use inos::{
    Broadcast, BroadcastConfig, Error, Event, Layout, Log, LogConfig, MpscConfig, MpscRing,
    RingBuffer, RingConfig,
};

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
        name: "ring of many producers",
        layout: || {
            let config = MpscConfig { capacity: 64, tickets: 16, seats: 3 };
            built(Layout::builder().mpsc(ID, "events", config))
        },
        run: many_producers,
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

fn many_producers(one: Both<'_, '_>, other: Both<'_, '_>) {
    const EACH: u32 = 300;
    let rings = [MpscRing::open(one, ID).unwrap(), MpscRing::open(other, ID).unwrap()];
    let mut consumer = rings[1].consumer().unwrap();
    assert_eq!(rings[0].consumer().err(), Some(Error::RoleHeld));
    let producers = [0, 1, 0].map(|at: usize| rings[at].producer().unwrap());
    assert_eq!(rings[1].producer().err(), Some(Error::NoSeat { count: 3 }));
    thread::scope(|scope| {
        for (mut producer, who) in producers.into_iter().zip(0_u32..) {
            scope.spawn(move || {
                for count in (0..EACH).step_by(2) {
                    let bytes = [who as u8; 40];
                    let batch = [count, count + 1]
                        .map(|count| (who << 16 | count, &bytes[..count as usize % 40]));
                    loop {
                        match producer.push_batch(batch) {
                            Ok(()) => break,
                            Err(error) => {
                                assert!(matches!(error, Error::Full | Error::Contended { .. }));
                                thread::yield_now();
                            }
                        }
                    }
                }
            });
        }
        let (mut next, mut last) = ([0; 3], 0);
        while next.iter().sum::<u32>() < 3 * EACH {
            let read = consumer.drain(8, |tag, bytes| {
                let (who, count) = (tag >> 16, tag & 0xffff);
                assert_eq!(bytes, vec![who as u8; count as usize % 40]);
                assert_eq!(count, next[who as usize], "lost, doubled or out of order");
                assert!(count % 2 == 0 || tag == last + 1, "something between those of a batch");
                next[who as usize] += 1;
                last = tag;
            });
            if let Err(error) = read {
                assert_eq!(error, Error::Empty);
                thread::yield_now();
            }
        }
    });
    let mut suspect = rings[0].producer().unwrap();
    let grant = suspect.try_claim(8).unwrap();
    let seat = consumer.waits_for().unwrap();
    assert_eq!(consumer.suspect(seat), Ok(true));
    assert_eq!(grant.commit(1), Err(Error::Fenced));
    assert_eq!(consumer.read().err(), Some(Error::Empty));
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

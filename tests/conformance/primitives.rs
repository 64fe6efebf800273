//! What each primitive promises, in a few lines each; the unit tests go deeper.

use std::thread;

use inos::{
    AlwaysAlive, Arena, ArenaConfig, CallId, Completion, Cooperative, EpochTable, EpochsConfig,
    Error, Futex, Lanes, LanesConfig, Layout, Mode, Parties, PartiesConfig, PingPong,
    PingPongConfig, RegistryConfig, RingBuffer, RingConfig, SectionId, Sections, Status,
    Submission, UnitRecord, UnitRegistry,
};

use super::Check;

type Both<'a, 'm> = &'a Sections<'m, Cooperative>;

const ID: SectionId = SectionId(7);
const PARTIES: SectionId = SectionId(8);

pub(crate) const CHECKS: &[Check] = &[
    Check { name: "raw", layout: || built(Layout::builder().raw(ID, "raw", 100)), run: raw },
    Check {
        name: "epochs",
        layout: || {
            built(Layout::builder().epochs(ID, "epochs", EpochsConfig { count: 3, padded: true }))
        },
        run: epochs,
    },
    Check {
        name: "ring",
        layout: || built(Layout::builder().ring(ID, "ring", RingConfig { capacity: 32 })),
        run: ring,
    },
    Check {
        name: "ping-pong",
        layout: || {
            let config = PingPongConfig { slots: 3, seats: 1, frame_len: 100, mode: Mode::Pinned };
            built(Layout::builder().ping_pong(ID, "frames", config))
        },
        run: pinned,
    },
    Check {
        name: "observed ping-pong",
        layout: || {
            let config =
                PingPongConfig { slots: 3, seats: 0, frame_len: 100, mode: Mode::Observed };
            built(Layout::builder().ping_pong(ID, "frames", config))
        },
        run: observed,
    },
    Check {
        name: "lanes",
        layout: || {
            let config = LanesConfig { lanes: 2, entries: 4, buffer_len: 64 };
            built(Layout::builder().lanes(ID, "lanes", config))
        },
        run: lanes,
    },
    Check {
        name: "registry",
        layout: || {
            built(Layout::builder().registry(
                ID,
                "units",
                RegistryConfig { slots: 4, slot_len: 512 },
            ))
        },
        run: registry,
    },
    Check {
        name: "arena",
        layout: || {
            built(Layout::builder().arena(ID, "arena", ArenaConfig { page_len: 512, pages: 20 }))
        },
        run: arena,
    },
    Check {
        name: "parties",
        layout: || {
            built(
                Layout::builder()
                    .parties(PARTIES, "parties", PartiesConfig::of::<AlwaysAlive>(2))
                    .ring(ID, "ring", RingConfig { capacity: 32 }),
            )
        },
        run: parties,
    },
];

fn built(builder: inos::LayoutBuilder) -> Layout {
    builder.build().unwrap()
}

fn raw(one: Both<'_, '_>, other: Both<'_, '_>) {
    one.write_raw(ID, 4, b"some bytes").unwrap();
    let mut out = [0; 10];
    other.read_raw(ID, 4, &mut out).unwrap();
    assert_eq!(&out, b"some bytes");
    assert!(matches!(other.read_raw(ID, 124, &mut out), Err(Error::OutOfBounds { .. })));
}

fn epochs(one: Both<'_, '_>, other: Both<'_, '_>) {
    let counter = EpochTable::open(one, ID).unwrap().counter(2).unwrap();
    let mut watcher = EpochTable::open(other, ID).unwrap().watcher(2).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| counter.advance(&Futex));
        assert_eq!(watcher.wait(&Futex, None), Ok(1));
    });
    assert_eq!(watcher.changed(), None);
}

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

fn pinned(one: Both<'_, '_>, other: Both<'_, '_>) {
    let mut writer = PingPong::open(one, ID).unwrap().writer().unwrap();
    let frames = PingPong::open(other, ID).unwrap();
    let mut reader = frames.reader().unwrap();
    assert_eq!(reader.front().err(), Some(Error::Empty));
    assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: 1 }));
    for value in 0..10 {
        let mut back = writer.back_mut().unwrap();
        back.as_mut_slice().unwrap().fill(value);
        back.publish(50).unwrap();
        let front = reader.front().unwrap();
        assert_eq!(*front, [value; 50]);
        // A pinned frame stays what it is while others are published.
        for _ in 0..4 {
            let mut back = writer.back_mut().unwrap();
            back.as_mut_slice().unwrap().fill(99);
            back.publish(50).unwrap();
        }
        assert_eq!(*front, [value; 50]);
    }
}

fn observed(one: Both<'_, '_>, other: Both<'_, '_>) {
    let mut writer = PingPong::open(one, ID).unwrap().writer().unwrap();
    let observer = PingPong::open(other, ID).unwrap().observer().unwrap();
    let mut out = [0; 100];
    for version in 1..10 {
        let mut back = writer.back_mut().unwrap();
        back.write(0, &[version; 30]).unwrap();
        back.publish(30).unwrap();
        let observed = observer.copy(&mut out, 1).unwrap();
        assert_eq!((observed.version, observed.len), (u32::from(version), 30));
        assert_eq!(out[..30], [version; 30]);
    }
}

fn lanes(one: Both<'_, '_>, other: Both<'_, '_>) {
    let mut client = Lanes::open(one, ID).unwrap().client().unwrap();
    let lanes = Lanes::open(other, ID).unwrap();
    let mut service = lanes.service().unwrap();
    assert_eq!(lanes.service().err(), Some(Error::RoleHeld));
    client.write_buffer(0, b"ping").unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut answered = 0;
            while answered < 20 {
                let Some((lane, call)) = service.next() else {
                    thread::yield_now();
                    continue;
                };
                let mut bytes = [0; 4];
                service.read_buffer(lane.lane(), 0, &mut bytes).unwrap();
                assert_eq!(&bytes, b"ping");
                let answer = Completion::new(call.call_id, Status::OK);
                service.complete(lane, &answer, &Futex).unwrap();
                answered += 1;
            }
        });
        for id in 0..20 {
            client.submit(&Submission::noop(CallId(id)), &Futex).unwrap();
            let answer = client.wait(&Futex, None).unwrap();
            assert_eq!((answer.call_id, answer.status), (CallId(id), Status::OK));
        }
    });
}

fn registry(one: Both<'_, '_>, other: Both<'_, '_>) {
    let registry = UnitRegistry::open(one, ID).unwrap();
    let record = UnitRecord { name: "hash", methods: &["sha", "blake"], ..UnitRecord::default() };
    let id = registry.register(&record).unwrap();
    let seen = UnitRegistry::open(other, ID).unwrap();
    assert_eq!(seen.register(&record), Err(Error::RoleHeld));
    assert_eq!(seen.find("hash"), Ok(id));
    assert_eq!(seen.method(id, "blake"), Ok(1));
    registry.retire(id).unwrap();
    assert_eq!(seen.find("hash"), Err(Error::NoUnit));
}

fn arena(one: Both<'_, '_>, other: Both<'_, '_>) {
    let (mut here, there) = (Arena::open(one, ID).unwrap(), Arena::open(other, ID).unwrap());
    for len in [1, 64, 700, 20 * 512] {
        let mut block = here.allocate(len).unwrap();
        block.fill(len as u8);
        let handle = block.hand_over();
        let adopted = there.adopt(handle).unwrap();
        assert!(adopted.len() >= len && adopted.iter().all(|&byte| byte == len as u8));
        assert!(matches!(here.adopt(handle), Err(Error::Stale { .. })));
    }
    assert_eq!(there.stats().unwrap().used_len, 0);
}

fn parties(one: Both<'_, '_>, other: Both<'_, '_>) {
    let first = one.join(PARTIES, &AlwaysAlive, "first").unwrap();
    let second = other.join(PARTIES, &AlwaysAlive, "second").unwrap();
    assert_eq!((first.number(), second.number()), (1, 2));
    let third = other.join(PARTIES, &AlwaysAlive, "third").map(|party| party.number());
    assert_eq!(third, Err(Error::NoSeat { count: 2 }));
    let labels =
        Parties::open(other, PARTIES).unwrap().iter().map(|party| party.label().to_owned());
    assert_eq!(labels.collect::<Vec<_>>(), ["first", "second"]);
    std::mem::forget(RingBuffer::open(&first.sections(), ID).unwrap().producer().unwrap());
    let ring = RingBuffer::open(&second.sections(), ID).unwrap();
    assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
    drop(first);
    assert!(ring.producer().is_ok());
}

//! Who is there, what they ask of one another, and what they hold.

use std::thread;

use inos::{
    AlwaysAlive, Arena, ArenaConfig, CallId, Completion, Counters, CountersConfig, Dependency,
    Error, Futex, Lanes, LanesConfig, Layout, Parties, PartiesConfig, RegistryConfig,
    RegistryOverflowConfig, RingBuffer, RingConfig, Status, Submission, UnitId, UnitRecord,
    UnitRegistry, VersionRange,
};

use super::{Both, Check, ID, OTHER, built};

pub(crate) const CHECKS: &[Check] = &[
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
            built(
                Layout::builder()
                    .registry(ID, "units", RegistryConfig { slots: 1, slot_len: 512 })
                    .registry_overflow(
                        OTHER,
                        "more units",
                        RegistryOverflowConfig { registry: ID, slots: 1 },
                    ),
            )
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
                    .parties(OTHER, "parties", PartiesConfig::of::<AlwaysAlive>(2))
                    .ring(ID, "ring", RingConfig { capacity: 32 }),
            )
        },
        run: parties,
    },
    Check {
        name: "counters",
        layout: || built(Layout::builder().counters(ID, "counters", CountersConfig { count: 2 })),
        run: counters,
    },
];

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
    let record = UnitRecord {
        name: "hash",
        version: (1, 3, 0),
        methods: &["sha", "blake"],
        ..UnitRecord::default()
    };
    let hash = registry.register(&record).unwrap();
    let seen = UnitRegistry::open(other, ID).unwrap();
    assert_eq!(seen.register(&record), Err(Error::RoleHeld));
    assert_eq!((seen.find("hash"), seen.method(hash, "blake")), (Ok(hash), Ok(1)));

    let needs = [Dependency { name: "hash", range: VersionRange::caret((1, 2, 0)) }];
    let record = UnitRecord { name: "storage", dependencies: &needs, ..UnitRecord::default() };
    let storage = seen.register(&record).unwrap();
    let mut order = [UnitId::NONE; 2];
    assert_eq!(registry.resolve(storage, &mut order).unwrap(), [hash, storage]);
    let full = registry.register(&UnitRecord { name: "third", ..UnitRecord::default() });
    assert_eq!(full, Err(Error::NoSeat { count: 2 }));

    registry.retire(hash).unwrap();
    assert_eq!(seen.find("hash"), Err(Error::NoUnit));
    assert_eq!(
        seen.resolve(storage, &mut order),
        Err(Error::Unmet { unit: storage, dependency: 0 })
    );
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
    let first = one.join(OTHER, &AlwaysAlive, "first").unwrap();
    let second = other.join(OTHER, &AlwaysAlive, "second").unwrap();
    assert_eq!((first.number(), second.number()), (1, 2));
    let third = other.join(OTHER, &AlwaysAlive, "third").map(|party| party.number());
    assert_eq!(third, Err(Error::NoSeat { count: 2 }));
    let labels = Parties::open(other, OTHER).unwrap().iter().map(|party| party.label().to_owned());
    assert_eq!(labels.collect::<Vec<_>>(), ["first", "second"]);
    std::mem::forget(RingBuffer::open(&first.sections(), ID).unwrap().producer().unwrap());
    let ring = RingBuffer::open(&second.sections(), ID).unwrap();
    assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
    drop(first);
    assert!(ring.producer().is_ok());
}

fn counters(one: Both<'_, '_>, other: Both<'_, '_>) {
    const STEPS: u64 = 3000;
    let counters = Counters::open(one, ID).unwrap();
    let there = Counters::open(other, ID).unwrap();
    let counter = counters.allocate("bytes sent", 1, 2).unwrap();
    let id = there.find("bytes sent").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (0..STEPS).for_each(|_| counter.add(1 << 20)));
        (0..STEPS).for_each(|_| there.add(id, 1 << 20).unwrap());
    });
    let reading = there.get(id).unwrap();
    assert_eq!((reading.value, reading.kind, reading.unit), ((2 * STEPS) << 20, 1, 2));
    let _second = there.allocate("another", 0, 0).unwrap();
    assert_eq!(counters.allocate("a third", 0, 0).err(), Some(Error::NoSeat { count: 2 }));
    drop(counter);
    assert!(matches!(there.add(id, 1), Err(Error::Stale { .. })));
    assert_eq!(
        there.iter().map(|reading| reading.label().to_owned()).collect::<Vec<_>>(),
        ["another"]
    );
}

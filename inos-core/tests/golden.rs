//! Memory images: what one version has written, the next one reads.
//!
//! `tests/golden` holds an image per format, each written by the version that it is named after,
//! in the middle of things: records waiting, a frame published, a call submitted. Every one of
//! them must be attached and read by this version. The newest must also be what this version
//! writes, byte for byte; after a change of the format on purpose, raise the version and write
//! another one:
//!
//! ```text
//! INOS_GOLDEN=write cargo test -p inos-core --test golden
//! ```
#![cfg(all(not(loom), target_endian = "little"))]
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::{env, fs};

use inos_core::defs::{FORMAT_MAJOR, FORMAT_MINOR};
use inos_core::{
    Access, AlignedBytes, AlwaysAlive, Arena, ArenaConfig, Broadcast, BroadcastConfig, CREDIT,
    CallId, Capabilities, Cooperative, Counters, CountersConfig, Dependency, DirtyMap,
    DirtyMapConfig, EpochTable, EpochsConfig, Error, Event, Hostile, Lanes, LanesConfig, Layout,
    Log, LogConfig, Mode, MpscConfig, MpscRing, NamedEpochs, NamedEpochsConfig, Parties,
    PartiesConfig, PingPong, PingPongConfig, Region, RegistryConfig, RegistryOverflowConfig,
    RingBuffer, RingConfig, SectionId, Sections, Spin, Submission, UnitCost, UnitLimits,
    UnitRecord, UnitRegistry, VersionRange,
};

const LEN: usize = 1 << 14;
const PARTIES: SectionId = SectionId(1);
const EPOCHS: SectionId = SectionId(2);
const RING: SectionId = SectionId(3);
const FRAMES: SectionId = SectionId(4);
const LANES: SectionId = SectionId(5);
const UNITS: SectionId = SectionId(6);
const RAW: SectionId = SectionId(7);
const NAMES: SectionId = SectionId(8);
const NEWS: SectionId = SectionId(9);
const LOG: SectionId = SectionId(10);
const COUNTERS: SectionId = SectionId(11);
const ARENA: SectionId = SectionId(12);
const WORLD: SectionId = SectionId(13);
const MORE: SectionId = SectionId(14);
const DIRTY: SectionId = SectionId(15);
const MORE_UNITS: SectionId = SectionId(16);
const CROWD: SectionId = SectionId(17);

type Bytes = AlignedBytes<LEN>;

fn layout() -> Layout {
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Observed };
    Layout::builder()
        .parties(PARTIES, "parties", PartiesConfig::of::<AlwaysAlive>(2))
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 3, padded: false })
        .ring(RING, "ring", RingConfig { capacity: 16 })
        .ping_pong_of(FRAMES, "frames", frames, 4)
        .lanes(LANES, "lanes", LanesConfig { lanes: 2, entries: 4, buffer_len: 64 })
        .registry(UNITS, "units", RegistryConfig { slots: 2, slot_len: 512 })
        .raw(RAW, "raw", 32)
        .named_epochs(NAMES, "names", NamedEpochsConfig { slots: 3 })
        .broadcast(NEWS, "news", BroadcastConfig { capacity: 32 })
        .log(LOG, "log", LogConfig { capacity: 4, text_len: 40 })
        .counters(COUNTERS, "counters", CountersConfig { count: 2 })
        .arena(ARENA, "arena", ArenaConfig { page_len: 512, pages: 4 })
        .raw(WORLD, "world", 128)
        .raw(MORE, "more", 64)
        .dirty_map(DIRTY, "dirty", DirtyMapConfig { first: WORLD, sections: 2, block_len: 64 })
        .registry_overflow(
            MORE_UNITS,
            "more units",
            RegistryOverflowConfig { registry: UNITS, slots: 1 },
        )
        .mpsc(CROWD, "crowd", MpscConfig { capacity: 16, tickets: 4, seats: 2 })
        .build()
        .unwrap()
}

/// A region in the middle of things. The same bytes each time.
fn write(memory: &mut Bytes) {
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(), 0x1234_5678_9abc_def0).unwrap();
    let party = sections.join_as(PARTIES, &AlwaysAlive, "writer", 4711).unwrap();
    let mine = party.sections();

    EpochTable::open(&mine, EPOCHS).unwrap().counter(2).unwrap().advance(&Spin::default());

    let ring = RingBuffer::open(&mine, RING).unwrap();
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    for tag in 0..6 {
        producer.push(tag, b"twenty bytes of load").unwrap();
        if tag < 4 {
            drop(consumer.read().unwrap());
        }
    }

    let mut writer = PingPong::open(&mine, FRAMES).unwrap().writer().unwrap();
    for value in [5, 6] {
        let mut back = writer.back_mut().unwrap();
        back.write(0, &[value; 12]).unwrap();
        back.publish(12).unwrap();
    }

    let mut client = Lanes::open(&mine, LANES).unwrap().client().unwrap();
    client.write_buffer(0, b"input").unwrap();
    client.submit(&Submission::noop(CallId(77)), &Spin::default()).unwrap();

    let units = UnitRegistry::open(&mine, UNITS).unwrap();
    let record = UnitRecord {
        name: "hash",
        version: (1, 2, 3),
        capabilities: Capabilities(5),
        methods: &["blake3", "sha256"],
        ..UnitRecord::default()
    };
    units.register(&record).unwrap();
    let gone = units.register(&UnitRecord { name: "gone", ..UnitRecord::default() }).unwrap();
    let needs = [Dependency { name: "hash", range: VersionRange::caret((1, 2, 0)) }];
    let record = UnitRecord {
        name: "storage",
        dependencies: &needs,
        limits: UnitLimits { jobs: 4, ..UnitLimits::default() },
        cost: UnitCost { per_call: 3 * CREDIT, per_unit: 7 },
        ..UnitRecord::default()
    };
    units.register(&record).unwrap();
    units.retire(gone).unwrap();
    mine.write_raw(RAW, 4, b"raw bytes").unwrap();

    let told = write_events(&mine);
    let held = write_held(&mine);

    // Somebody who is in the middle of things gives nothing back.
    core::mem::forget((producer, consumer, writer, client, told, held));
    core::mem::forget(party);
}

/// What is told to whoever looks in.
fn write_events<'m>(mine: &Sections<'m, Cooperative>) -> impl Sized + use<'m> {
    let names = NamedEpochs::open(mine, NAMES).unwrap();
    let [_, freed, kept] =
        ["first", "second", "third"].map(|name| names.allocate(name).unwrap().id());
    names.free(freed, &Spin::default()).unwrap();
    names.counter(kept).unwrap().advance(&Spin::default()).unwrap();

    // Over the ring's end, with padding before it, and then a record that is never sent.
    let mut transmitter = Broadcast::open(mine, NEWS).unwrap().transmitter().unwrap();
    transmitter.send(0, b"").unwrap();
    for tag in 1..11 {
        transmitter.send(tag, b"a dozen byte").unwrap();
    }
    transmitter.draft(16).unwrap().write(0, b"half").unwrap();

    let log = Log::open(mine, LOG).unwrap();
    for time in 0..6 {
        let event = Event { time, level: Event::WARN, code: 40, text: "something happened" };
        log.append(event).unwrap();
    }

    let counter = Counters::open(mine, COUNTERS).unwrap().allocate("bytes sent", 7, 1).unwrap();
    // One carry.
    counter.add((1 << 31) + 5);
    (transmitter, counter)
}

/// What somebody holds, or has begun.
fn write_held<'m>(mine: &Sections<'m, Cooperative>) -> impl Sized + use<'m> {
    let mut arena = Arena::open(mine, ARENA).unwrap();
    let [mut small, freed, large] = [20, 30, 600].map(|len| arena.allocate(len).unwrap());
    small.fill(3);
    arena.free(freed);

    let mut writer = DirtyMap::open(mine, DIRTY).unwrap().writer().unwrap();
    writer.write(0, b"an old state").unwrap();
    writer.publish(&Spin::default());
    writer.write(124, b"both sections").unwrap();
    writer.publish(&Spin::default());
    writer.write(64, b"not published").unwrap();

    // One record read, one claim held, and two records published behind it.
    let ring = MpscRing::open(mine, CROWD).unwrap();
    let (mut one, mut other) = (ring.producer().unwrap(), ring.producer().unwrap());
    let mut consumer = ring.consumer().unwrap();
    one.push(1, b"as long as half the ring, almost").unwrap();
    drop(consumer.read().unwrap());
    consumer.release().unwrap();
    core::mem::forget(one.try_claim(30).unwrap());
    other.push_batch([(2, &b"a batch"[..]), (3, b"of two")]).unwrap();
    (small, large, writer, one, other, consumer)
}

/// What an observer sees, while everybody is still there.
fn observe(sections: &Sections<'_, Hostile>) {
    let parties: Vec<_> = Parties::open(sections, PARTIES).unwrap().iter().collect();
    assert_eq!((parties.len(), parties[0].number, parties[0].process_id), (1, 1, 4711));
    assert_eq!(parties[0].label(), "writer");

    let mut out = [0; 64];
    let observer = PingPong::open(sections, FRAMES).unwrap().observer().unwrap();
    let observed = observer.copy(&mut out, 1).unwrap();
    assert_eq!((&out[..observed.len], observed.version), (&[6; 12][..], 2));

    let units = UnitRegistry::open(sections, UNITS).unwrap();
    let unit = units.descriptor(units.find("hash").unwrap()).unwrap();
    assert_eq!((unit.version(), unit.capabilities()), ((1, 2, 3), Capabilities(5)));
    assert_eq!(unit.methods().collect::<Vec<_>>(), ["blake3", "sha256"]);
    let storage = units.descriptor(units.find("storage").unwrap()).unwrap();
    assert_eq!((storage.id().index(), storage.limits().jobs), (2, 4));
    assert_eq!(storage.cost().total(1), 3 * CREDIT + 7);
    assert_eq!(units.missing_dependencies(&storage).count(), 0);
    assert_eq!(units.provider(&storage.dependencies().next().unwrap()), Ok(unit.id()));
    assert_eq!(units.find("gone"), Err(Error::NoUnit));

    let names = NamedEpochs::open(sections, NAMES).unwrap();
    let id = names.find("third").unwrap().unwrap();
    // Behind the slot of "second", which is free.
    assert_eq!((id.index(), names.find("second")), (0, Ok(None)));
    assert_eq!(names.watcher(id).unwrap().watcher_mut().current(), 1);

    let mut receiver = Broadcast::open(sections, NEWS).unwrap().receiver_from_newest().unwrap();
    let received = receiver.receive(&mut out).unwrap();
    assert_eq!((received.tag, &out[..received.len]), (10, &b"a dozen byte"[..]));
    assert_eq!(receiver.receive(&mut out), Err(Error::Empty));

    let mut reader = Log::open(sections, LOG).unwrap().reader(0);
    for time in 2..6 {
        let entry = reader.next(&mut out).unwrap();
        let told = (entry.sequence, entry.time, entry.level, entry.code, entry.source);
        assert_eq!(told, (time, time.into(), Event::WARN, 40, 1));
        assert_eq!(entry.text(&out), "something happened");
    }
    assert_eq!(reader.next(&mut out), Err(Error::Empty));

    let counters = Counters::open(sections, COUNTERS).unwrap();
    let reading = counters.get(counters.find("bytes sent").unwrap()).unwrap();
    assert_eq!((reading.value, reading.kind, reading.unit), ((1 << 31) + 5, 7, 1));

    // A state is being written.
    let map = DirtyMap::open(sections, DIRTY).unwrap();
    assert_eq!(map.twin().pull(&mut [0; 192], 2), Err(Error::Lapped { tries: 2 }));
    assert_eq!(map.watcher().unwrap().current(), 2);
}

/// What somebody finds who comes after them all.
fn succeed(sections: &Sections<'_, Cooperative>) {
    assert_eq!(sections.context_id(), 0x1234_5678_9abc_def0);
    assert_eq!(sections.section(FRAMES).unwrap().name(), "frames");
    assert_eq!(EpochTable::open(sections, EPOCHS).unwrap().counter(2).unwrap().current(), 1);

    let mut consumer = RingBuffer::open(sections, RING).unwrap().consumer().unwrap();
    for tag in [4, 5] {
        let record = consumer.read().unwrap();
        assert_eq!((record.tag(), &*record), (tag, &b"twenty bytes of load"[..]));
    }

    let frames = PingPong::open(sections, FRAMES).unwrap();
    assert_eq!(frames.item_len(), 4);
    let mut reader = frames.reader().unwrap();
    let front = reader.front().unwrap();
    assert_eq!((&*front, front.version()), (&[6; 12][..], 2));

    // Units and calls end with those who made them.
    assert_eq!(UnitRegistry::open(sections, UNITS).unwrap().iter().count(), 0);
    let lanes = Lanes::open(sections, LANES).unwrap();
    assert_eq!(lanes.service().unwrap().next(), None);
    assert!(lanes.client().is_ok());

    let mut bytes = [0; 9];
    sections.read_raw(RAW, 4, &mut bytes).unwrap();
    assert_eq!(&bytes, b"raw bytes");
    succeed_to_the_rest(sections);
}

fn succeed_to_the_rest(sections: &Sections<'_, Cooperative>) {
    let names = NamedEpochs::open(sections, NAMES).unwrap();
    assert!((0..3).all(|index| names.entry(index) == Ok(None)));
    let counters = Counters::open(sections, COUNTERS).unwrap();
    assert_eq!(counters.iter().count(), 0);
    assert_eq!(counters.allocate("new", 0, 0).unwrap().value(), Ok(0));
    let mut arena = Arena::open(sections, ARENA).unwrap();
    let total = arena.stats().unwrap().total_len as usize;
    assert_eq!(arena.allocate(total).unwrap().len(), total);

    let mut out = [0; 192];
    let news = Broadcast::open(sections, NEWS).unwrap();
    let mut receiver = news.receiver_from_newest().unwrap();
    news.transmitter().unwrap().send(11, b"next").unwrap();
    for tag in [10, 11] {
        let received = receiver.receive(&mut out).unwrap();
        assert_eq!((received.tag, received.lapped), (tag, 0));
    }
    let event = Event { time: 6, level: Event::INFO, code: 0, text: "" };
    assert_eq!(Log::open(sections, LOG).unwrap().append(event), Ok(6));

    // The claim of who is gone is passed by.
    let ring = MpscRing::open(sections, CROWD).unwrap();
    let mut consumer = ring.consumer().unwrap();
    for expected in [(2, &b"a batch"[..]), (3, b"of two")] {
        let record = consumer.read().unwrap();
        assert_eq!((record.tag(), &*record), expected);
    }
    let largest = vec![5; ring.max_record_len()];
    consumer.release().unwrap();
    ring.producer().unwrap().push(4, &largest).unwrap();
    assert_eq!(&*consumer.read().unwrap(), &largest);

    let map = DirtyMap::open(sections, DIRTY).unwrap();
    let mut writer = map.writer().unwrap();
    assert!(writer.unpublished().eq(core::iter::once(64..128)));
    assert_eq!(writer.publish(&Spin::default()), 3);
    assert_eq!(map.twin().pull(&mut out, 1).map(|pulled| pulled.blocks), Ok(3));
    assert_eq!((&out[..12], &out[64..77]), (&b"an old state"[..], &b"not published"[..]));
    assert_eq!(&out[124..137], b"both sections");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn written() -> Vec<u8> {
    let mut memory = Bytes::new();
    write(&mut memory);
    memory.as_ref()[..layout().total_len() as usize].to_vec()
}

#[test]
fn this_version_writes_what_it_wrote() {
    let path = folder().join(format!("{FORMAT_MAJOR}.{FORMAT_MINOR}.img"));
    let image = written();
    if env::var("INOS_GOLDEN").as_deref() == Ok("write") {
        fs::write(&path, &image).unwrap();
    }
    let golden = fs::read(&path).unwrap();
    assert_eq!(golden.len(), image.len());
    let differs = golden.iter().zip(&image).position(|(old, new)| old != new);
    assert_eq!(differs, None, "the first byte that differs from {}", path.display());
}

#[test]
fn this_version_reads_what_all_versions_wrote() {
    let mut count = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        let golden = fs::read(&path).unwrap();
        let mut memory = Bytes::new();
        memory.as_mut()[..golden.len()].copy_from_slice(&golden);
        let base = NonNull::from(memory.as_mut()).cast();
        // SAFETY: nobody has a reference to these bytes before the region is gone.
        let region = unsafe { Region::from_raw_parts(base, golden.len(), Access::ReadOnly) };
        observe(&Sections::attach(region.unwrap()).unwrap());
        let region = Region::from_bytes(&mut memory.as_mut()[..golden.len()]).unwrap();
        succeed(&Sections::attach(region).unwrap());
        count += 1;
    }
    assert!(count > 0);
}

/// What an older reader meets: a kind it does not know, and a version it must refuse.
#[test]
fn the_unknown_is_skipped_and_the_incompatible_refused() {
    let image = written();
    let set = |at: usize, value: u32| {
        let mut memory = Bytes::new();
        memory.as_mut()[..image.len()].copy_from_slice(&image);
        memory.as_mut()[at..at + 4].copy_from_slice(&value.to_le_bytes());
        // The hash of the table as it is now.
        let table = 64..64 + layout().sections().len() * 64;
        let hash = memory.as_ref()[table].iter().fold(0x811c_9dc5_u32, |hash, &byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        memory.as_mut()[8..12].copy_from_slice(&hash.to_le_bytes());
        memory
    };
    let ring_entry = 64 + 2 * 64;

    let mut newer_kind = set(ring_entry + 4, 4711);
    let sections = Sections::attach(Region::from_bytes(newer_kind.as_mut()).unwrap()).unwrap();
    assert_eq!(sections.section(RING).unwrap().kind(), 4711);
    assert!(matches!(RingBuffer::open(&sections, RING), Err(Error::WrongKind { found: 4711, .. })));
    assert!(PingPong::open(&sections, FRAMES).is_ok());

    let mut newer_ring = set(ring_entry + 8, 2 << 16);
    let sections = Sections::attach(Region::from_bytes(newer_ring.as_mut()).unwrap()).unwrap();
    let refused = Error::VersionMismatch { what: "section kind", found: 2, expected: 1 };
    assert_eq!(RingBuffer::open(&sections, RING).err(), Some(refused));

    let mut minor = set(4, (1 << 16) | 9);
    assert!(Sections::attach(Region::from_bytes(minor.as_mut()).unwrap()).is_ok());
    let mut major = set(4, 2 << 16);
    let refused = Error::VersionMismatch { what: "format", found: 2, expected: 1 };
    assert_eq!(Sections::attach(Region::from_bytes(major.as_mut()).unwrap()).err(), Some(refused));
}

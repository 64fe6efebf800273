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
    Access, AlignedBytes, AlwaysAlive, CallId, Capabilities, Cooperative, EpochTable, EpochsConfig,
    Hostile, Lanes, LanesConfig, Layout, Mode, Parties, PartiesConfig, PingPong, PingPongConfig,
    Region, RegistryConfig, RingBuffer, RingConfig, SectionId, Sections, Spin, Submission,
    UnitRecord, UnitRegistry,
};

const LEN: usize = 1 << 14;
const PARTIES: SectionId = SectionId(1);
const EPOCHS: SectionId = SectionId(2);
const RING: SectionId = SectionId(3);
const FRAMES: SectionId = SectionId(4);
const LANES: SectionId = SectionId(5);
const UNITS: SectionId = SectionId(6);
const RAW: SectionId = SectionId(7);

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

    let record = UnitRecord {
        name: "hash",
        version: (1, 2, 3),
        capabilities: Capabilities(5),
        methods: &["blake3", "sha256"],
        ..UnitRecord::default()
    };
    UnitRegistry::open(&mine, UNITS).unwrap().register(&record).unwrap();
    mine.write_raw(RAW, 4, b"raw bytes").unwrap();

    // Somebody who is in the middle of things gives nothing back.
    core::mem::forget((producer, consumer, writer, client));
    core::mem::forget(party);
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
    let lanes = Lanes::open(sections, LANES).unwrap();
    assert_eq!(lanes.service().unwrap().next(), None);
    assert!(lanes.client().is_ok());

    let mut bytes = [0; 9];
    sections.read_raw(RAW, 4, &mut bytes).unwrap();
    assert_eq!(&bytes, b"raw bytes");
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
    use inos_core::Error;

    let image = written();
    let set = |at: usize, value: u32| {
        let mut memory = Bytes::new();
        memory.as_mut()[..image.len()].copy_from_slice(&image);
        memory.as_mut()[at..at + 4].copy_from_slice(&value.to_le_bytes());
        // The hash of the table as it is now.
        let table = 64..64 + 7 * 64;
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

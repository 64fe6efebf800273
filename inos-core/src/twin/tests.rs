use core::sync::atomic::AtomicBool;
use std::vec::Vec;
use std::{mem, thread, vec};

use proptest::prelude::*;

use super::*;
use crate::layout::Layout;
use crate::protocol::twin::HORIZON;
use crate::raw::region::{AlignedBytes, Hostile, Region};
use crate::wait::Spin;

const FIRST: SectionId = SectionId(1);
const SECOND: SectionId = SectionId(2);
const MAP: SectionId = SectionId(3);
const PARK: Spin = Spin { polls: 1 };

fn config(sections: u32, block_len: u32) -> DirtyMapConfig {
    DirtyMapConfig { first: FIRST, sections, block_len }
}

fn layout(config: DirtyMapConfig) -> Layout {
    Layout::builder()
        .raw(FIRST, "first", 960)
        .raw(SECOND, "second", 100)
        .dirty_map(MAP, "dirty", config)
        .build()
        .unwrap()
}

/// The words of the map are handed to the test, for it to lie in.
fn with_map(config: DirtyMapConfig, test: impl FnOnce(DirtyMap<'_>, &[AtomicU32])) {
    let layout = layout(config);
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    let start = sections.section(MAP).unwrap().offset() as usize / 4;
    test(DirtyMap::open(&sections, MAP).unwrap(), &words[start..]);
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

#[test]
fn a_pull_copies_what_changed_and_nothing_else() {
    with_map(config(2, 128), |map, _| {
        // 960 + 128 bytes: the second section ends with a short block.
        assert_eq!((map.len(), map.block_count()), (1088, 9));
        let mut writer = map.writer().unwrap();
        assert_eq!(map.writer().err(), Some(Error::RoleHeld));
        let mut twin = map.twin();
        assert_eq!(twin.epoch(), None);
        let mut replica = vec![9; 1100];
        let pulled = twin.pull(&mut replica, 1).unwrap();
        assert_eq!(pulled, Pulled { epoch: 0, blocks: 9, retries: 0 });
        assert_eq!(replica[..1088], [0; 1088]);
        assert_eq!(replica[1088..], [9; 12], "only the group's bytes are touched");
        assert_eq!(twin.pull(&mut replica, 1).unwrap().blocks, 0);

        writer.write(124, &[1; 8]).unwrap();
        writer.write(1084, &[2; 4]).unwrap();
        assert_eq!(writer.publish(&PARK), 1);
        writer.write(128, &[3; 2]).unwrap();
        assert_eq!(writer.publish(&PARK), 2);
        assert_eq!(writer.publish(&PARK), 3);
        // Blocks 0, 1 and 8; what is in the replica elsewhere is not looked at.
        replica[300] = 77;
        assert_eq!(twin.pull(&mut replica, 1).unwrap(), Pulled { epoch: 3, blocks: 3, retries: 0 });
        assert_eq!(replica[120..132], [0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 1, 1]);
        assert_eq!((replica[1083], replica[1087], replica[300]), (0, 2, 77));

        writer.write(128, &[4]).unwrap();
        writer.publish(&PARK);
        assert_eq!(twin.pull(&mut replica, 1).unwrap().blocks, 1);
        assert_eq!(map.twin().pull(&mut replica, 1).unwrap().blocks, 9);
        assert_eq!(replica[300], 0);
    });
}

#[test]
fn a_state_that_is_being_written_is_not_taken() {
    with_map(config(2, 64), |map, _| {
        let mut writer = map.writer().unwrap();
        let mut replica = vec![0; map.len()];
        let mut twin = map.twin();
        twin.pull(&mut replica, 1).unwrap();
        writer.write(0, &[1; 200]).unwrap();
        // The twin has the newest state.
        assert_eq!(twin.pull(&mut replica, 1).unwrap().epoch, 0);
        assert_eq!(map.twin().pull(&mut vec![0; 1088], 3), Err(Error::Lapped { tries: 3 }));
        writer.publish(&PARK);
        writer.write(512, &[2; 4]).unwrap();
        // It does not; and it is left what it was.
        assert_eq!(twin.pull(&mut replica, 3), Err(Error::Lapped { tries: 3 }));
        assert_eq!((twin.epoch(), replica[0]), (Some(0), 0));
        assert_eq!(twin.pull(&mut replica, 0), Err(Error::Lapped { tries: 0 }));
        writer.publish(&PARK);
        assert_eq!(twin.pull(&mut replica, 1), Ok(Pulled { epoch: 2, blocks: 5, retries: 0 }));
        assert_eq!((replica[0], replica[199], replica[512]), (1, 1, 2));
    });
}

#[test]
fn a_writer_that_stops_is_succeeded() {
    with_map(config(2, 64), |map, words| {
        let mut writer = map.writer().unwrap();
        writer.write(64, &[1; 64]).unwrap();
        writer.publish(&PARK);
        let mut snapshot_bytes = vec![0; map.len()];
        let mut snapshot = Snapshot::new(map.twin(), &mut snapshot_bytes).unwrap();
        snapshot.pull(1).unwrap();
        writer.write(64, &[2; 4]).unwrap();
        writer.mark(640, 65).unwrap();
        assert_eq!(writer.unpublished().collect::<Vec<_>>(), [64..128, 640..704, 704..768]);
        drop(writer);

        // Nobody takes it before the next writer has published it.
        assert_eq!(map.twin().pull(&mut vec![0; 1088], 2), Err(Error::Lapped { tries: 2 }));
        assert_eq!(snapshot.pull(2).unwrap().epoch, 1);
        assert_eq!(snapshot.bytes().unwrap()[64], 1);
        let mut writer = map.writer().unwrap();
        assert_eq!(writer.unpublished().collect::<Vec<_>>(), [64..128, 640..704, 704..768]);
        writer.write(68, &[2; 60]).unwrap();
        assert_eq!(writer.publish(&PARK), 2);
        assert_eq!(writer.unpublished().count(), 0);
        assert_eq!(snapshot.pull(1).unwrap(), Pulled { epoch: 2, blocks: 3, retries: 0 });
        assert_eq!(snapshot.bytes().unwrap()[64..128], [2; 64]);

        // It died between the stamps of one block: from above there is a change, below none.
        mem::forget(writer);
        set(words, STAMPS, 3);
        let (span, section) = (map.parts.map, layout(map.config()).sections()[2]);
        assert_eq!(reclaim(&span, &section, 5), Ok(0));
        assert_eq!(reclaim(&span, &section, role::ANONYMOUS), Ok(1));
        assert_eq!(reclaim(&span, &section, role::ANONYMOUS), Ok(0));
        assert_eq!(map.twin().pull(&mut vec![0; 1088], 1), Err(Error::Lapped { tries: 1 }));
        let mut writer = map.writer().unwrap();
        assert_eq!(writer.unpublished().count(), 0);
        writer.publish(&PARK);
        assert_eq!(snapshot.pull(1).unwrap().blocks, 0);
    });
}

#[test]
fn a_push_needs_the_newest_state() {
    with_map(config(1, 64), |map, _| {
        let mut writer = map.writer().unwrap();
        let (mut twin, mut other) = (map.twin(), map.twin());
        let (mut replica, mut seen) = (vec![0; 960], vec![0; 960]);
        let never = twin.push(&mut writer, &replica, &[(0, 4)], &PARK);
        assert_eq!(never, Err(Error::Lapped { tries: 0 }));
        twin.pull(&mut replica, 1).unwrap();
        other.pull(&mut seen, 1).unwrap();

        replica[8..20].fill(5);
        replica[900..].fill(6);
        assert_eq!(twin.push(&mut writer, &replica, &[(8, 12), (900, 60)], &PARK), Ok(1));
        assert_eq!(twin.epoch(), Some(1));
        assert_eq!(twin.pull(&mut replica, 1).unwrap().blocks, 0);
        assert_eq!(other.pull(&mut seen, 1).unwrap().blocks, 2);
        assert_eq!(seen, replica);

        writer.write(100, b"past").unwrap();
        writer.publish(&PARK);
        let behind = twin.push(&mut writer, &replica, &[(0, 4)], &PARK);
        assert_eq!(behind, Err(Error::Lapped { tries: 0 }));
        twin.pull(&mut replica, 1).unwrap();
        for (piece, error) in [
            ((959, 2), Error::OutOfBounds { offset: 959, len: 2 }),
            ((usize::MAX, 1), Error::OutOfBounds { offset: u64::MAX, len: 1 }),
            ((2, 2), Error::Misaligned { by: 2, align: 4 }),
        ] {
            replica[0] = 99;
            let pushed = twin.push(&mut writer, &replica, &[(0, 4), piece], &PARK);
            assert_eq!(pushed, Err(error));
        }
        assert_eq!(
            twin.push(&mut writer, &replica[..900], &[], &PARK),
            Err(Error::TooSmall { len: 900, needed: 960 })
        );
        replica[0] = 0;
        assert_eq!(other.pull(&mut seen, 1).unwrap().blocks, 1, "a refused push wrote something");
        assert_eq!(seen, replica);

        // What the writer wrote by itself goes with it, and comes back with the next pull.
        writer.write(200, b"mine").unwrap();
        replica[300..304].copy_from_slice(b"twin");
        assert_eq!(twin.push(&mut writer, &replica, &[(300, 4)], &PARK), Ok(3));
        assert_eq!(twin.epoch(), None);
        assert_eq!(twin.pull(&mut replica, 1).unwrap().blocks, 2);
        assert_eq!((&replica[200..204], &replica[300..304]), (&b"mine"[..], &b"twin"[..]));
    });
}

#[test]
fn the_writer_of_another_map_is_refused() {
    let one = |first| DirtyMapConfig { first, sections: 1, block_len: 64 };
    let layout = Layout::builder()
        .raw(FIRST, "first", 64)
        .dirty_map(MAP, "a", one(FIRST))
        .raw(SECOND, "second", 64)
        .dirty_map(SectionId(4), "b", one(SECOND))
        .build()
        .unwrap();
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout, 7).unwrap();
    let a = DirtyMap::open(&sections, MAP).unwrap();
    let b = DirtyMap::open(&sections, SectionId(4)).unwrap();
    let (mut twin, mut replica) = (a.twin(), [0; 64]);
    twin.pull(&mut replica, 1).unwrap();
    let pushed = twin.push(&mut b.writer().unwrap(), &replica, &[(0, 4)], &PARK);
    assert_eq!(pushed, Err(Error::NoSection { id: 1 }));
    assert_eq!(a.range_of(&sections, SECOND), Err(Error::NoSection { id: 2 }));
    assert_eq!(b.range_of(&sections, SECOND), Ok(0..64));
}

#[test]
fn bad_ranges_and_buffers_change_nothing() {
    with_map(config(2, 64), |map, _| {
        let mut writer = map.writer().unwrap();
        let out = |offset, len| Err(Error::OutOfBounds { offset, len });
        assert_eq!(writer.mark(1088, 1), out(1088, 1));
        assert_eq!(writer.mark(usize::MAX, 2), out(u64::MAX, 2));
        assert_eq!(writer.write(1085, &[0; 4]), Err(Error::Misaligned { by: 1, align: 4 }));
        assert_eq!(writer.write(1084, &[0; 5]), out(1084, 5));
        assert_eq!(writer.mark(1088, 0), Ok(()));
        assert_eq!(writer.unpublished().count(), 0);
        let mut out = [0; 1087];
        let small = Error::TooSmall { len: 1087, needed: 1088 };
        assert_eq!(map.twin().pull(&mut out, 1), Err(small));
        assert_eq!(Snapshot::new(map.twin(), &mut out).err(), Some(small));
    });
}

#[test]
fn layouts_that_make_no_sense_are_refused() {
    let build = |config: DirtyMapConfig| {
        Layout::builder()
            .raw(FIRST, "first", 64)
            .raw(SECOND, "second", 1 << 31)
            .epochs(SectionId(9), "e", crate::EpochsConfig { count: 1, padded: false })
            .dirty_map(MAP, "dirty", config)
            .build()
    };
    assert!(build(config(2, 4096)).is_ok());
    for bad in [
        config(0, 64),
        config(3, 64),
        config(4, 64),
        config(1, 32),
        config(1, 96),
        config(1, 1 << 25),
        config(2, 64),
        DirtyMapConfig { first: SectionId(8), sections: 1, block_len: 64 },
    ] {
        assert!(matches!(build(bad), Err(Error::BadLayout { .. })), "{bad:?}");
    }
    let early = Layout::builder().dirty_map(MAP, "dirty", config(1, 64)).raw(FIRST, "late", 64);
    assert!(matches!(early.build(), Err(Error::BadLayout { .. })));
}

#[test]
fn a_map_that_contradicts_its_sections_is_corrupt() {
    // Another layout of the same table, but for the number that is changed.
    let good = layout(config(2, 64));
    let section = good.sections()[2];
    for (param, value) in [(1, 0), (2, 100), (2, 32), (3, 1 << 25), (3, 0)] {
        let mut bad = section;
        bad.params[param] = value;
        assert!(matches!(config_of(&bad), Err(Error::Corrupt { .. })), "{param} {value}");
    }
    let mut short = section;
    short.len = 64;
    assert_eq!(config_of(&short), Err(Error::Corrupt { what: "length of a dirty map" }));
}

#[test]
fn a_map_for_reading_only_can_be_pulled() {
    let layout = layout(config(2, 64));
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    {
        let sections = Sections::create(Region::from_words(&words), &layout, 7).unwrap();
        let mut writer = DirtyMap::open(&sections, MAP).unwrap().writer().unwrap();
        writer.write(4, b"seen").unwrap();
        writer.publish(&PARK);
    }
    let sections = Sections::attach(Region::from_words_read_only(&words)).unwrap();
    let map = DirtyMap::open(&sections, MAP).unwrap();
    assert_eq!(map.writer().err(), Some(Error::ReadOnly));
    let mut replica = vec![0; map.len()];
    assert_eq!(map.twin().pull(&mut replica, 1).unwrap().epoch, 1);
    assert_eq!(replica[4..8], *b"seen");
    assert_eq!(map.watcher().unwrap().current(), 1);
}

/// Epochs and stamps that were never in step: each pull ends, in a state or in `Lapped`.
#[test]
fn whatever_the_words_say_every_call_ends() {
    with_map(config(2, 64), |map, words| {
        let mut value = 1_u32;
        for round in 0..2000_u32 {
            for word in &words[1..64] {
                value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                word.store(value.rotate_left(round), Ordering::Relaxed);
            }
            let mut replica = vec![0; map.len()];
            let mut twin = map.twin();
            for _ in 0..3 {
                if let Err(error) = twin.pull(&mut replica, 2) {
                    assert_eq!(error, Error::Lapped { tries: 2 });
                }
                let mut writer = map.writer().unwrap();
                writer.write(round as usize % 272 * 4, &[1; 4]).unwrap();
                writer.publish(&PARK);
            }
            // A writer has been there: whatever the memory was, this is a state now.
            twin.pull(&mut replica, 1).unwrap();
            assert_eq!(replica[round as usize % 272 * 4], 1);
        }
    });
}

#[test]
fn the_epoch_wraps_and_no_stamp_grows_too_old() {
    with_map(config(2, 64), |map, words| {
        let mut replica = vec![0; map.len()];
        let mut twin = map.twin();
        twin.pull(&mut replica, 1).unwrap();
        // Steps of less than the horizon, as many as go around three times.
        let (mut epoch, step) = (0_u32, HORIZON / 3);
        for round in 0..40_u32 {
            epoch = epoch.wrapping_add(step) & (u32::MAX >> 1);
            set(words, EPOCH, epoch << 1);
            // What was published meanwhile: every stamp was looked at, this one was made.
            let mut writer = map.writer().unwrap();
            assert_eq!(writer.unpublished().count(), 0, "an old stamp seems to be new");
            for _ in 0..20 {
                writer.publish(&PARK);
            }
            writer.write(512, &round.to_ne_bytes()).unwrap();
            epoch = writer.publish(&PARK);
            drop(writer);
            let pulled = twin.pull(&mut replica, 1).unwrap();
            assert_eq!((pulled.epoch, pulled.blocks), (epoch, 1), "round {round}");
            assert_eq!(replica[512..516], round.to_ne_bytes());
        }
        // Asleep for longer than the horizon: everything is copied.
        for _ in 0..4 {
            epoch = epoch.wrapping_add(step) & (u32::MAX >> 1);
            set(words, EPOCH, epoch << 1);
            let mut writer = map.writer().unwrap();
            for _ in 0..20 {
                epoch = writer.publish(&PARK);
            }
        }
        assert_eq!(twin.pull(&mut replica, 1).unwrap().blocks, map.block_count());
    });
}

#[derive(Clone, Debug)]
enum Step {
    Write { at: usize, len: usize, value: u8 },
    Publish,
    Pull(usize),
    NextWriter,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_usize..272, 1_usize..200, any::<u8>()).prop_map(|(word, len, value)| {
            let at = word * 4;
            Step::Write { at, len: len.min(1088 - at), value }
        }),
        2 => Just(Step::Publish),
        3 => (0_usize..3).prop_map(Step::Pull),
        1 => Just(Step::NextWriter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Every replica is the state of its epoch, byte for byte.
    #[test]
    fn replicas_are_states(
        steps in prop::collection::vec(step(), 0..80),
        bits in 6_u32..12,
    ) {
        let layout = layout(config(2, 1 << bits));
        let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
        let sections = Sections::create(Region::from_words(&words), &layout, 7).unwrap();
        let map = DirtyMap::open(&sections, MAP).unwrap();
        let mut writer = map.writer().unwrap();
        let mut states = vec![vec![0_u8; map.len()]];
        let (mut now, mut clean) = (states[0].clone(), true);
        let mut twins: Vec<_> = (0..3).map(|_| (map.twin(), vec![0; map.len()])).collect();
        for step in steps {
            match step {
                Step::Write { at, len, value } => {
                    now[at..at + len].fill(value);
                    writer.write(at, &vec![value; len]).unwrap();
                    clean = false;
                }
                Step::Publish => {
                    prop_assert_eq!(writer.publish(&PARK) as usize, states.len());
                    states.push(now.clone());
                    clean = true;
                }
                Step::Pull(index) => {
                    let (twin, replica) = &mut twins[index];
                    match twin.pull(replica, 1) {
                        Ok(pulled) => {
                            prop_assert_eq!(pulled.epoch as usize, states.len() - 1);
                        }
                        Err(error) => {
                            prop_assert!(!clean);
                            prop_assert_eq!(error, Error::Lapped { tries: 1 });
                        }
                    }
                }
                Step::NextWriter => {
                    drop(writer);
                    writer = map.writer().unwrap();
                }
            }
            for (twin, replica) in &twins {
                if let Some(epoch) = twin.epoch() {
                    prop_assert_eq!(replica, &states[epoch as usize]);
                }
            }
        }
    }
}

/// A writer flat out, in bursts; each state is one number all over, in places that change.
#[test]
fn replicas_are_whole_while_the_writer_runs() {
    let layout = Layout::builder()
        .raw(FIRST, "first", 64 * 300)
        .dirty_map(MAP, "dirty", config(1, 64))
        .build()
        .unwrap();
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections: Sections<'_, Hostile> =
        Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    let map = DirtyMap::open(&sections, MAP).unwrap();
    let done = AtomicBool::new(false);
    // Block 0 says which epoch it is; block b is of the last epoch that b divides.
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = map.writer().unwrap();
            for epoch in 1..=20_000_u32 {
                writer.write(0, &epoch.to_ne_bytes()).unwrap();
                for block in 1..300_u32 {
                    if epoch.is_multiple_of(block) {
                        let bytes: Vec<u8> = epoch.to_ne_bytes().repeat(16);
                        writer.write(block as usize * 64, &bytes).unwrap();
                    }
                }
                assert_eq!(writer.publish(&PARK), epoch);
                if epoch.is_multiple_of(16) {
                    thread::yield_now();
                }
            }
            done.store(true, Ordering::Release);
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut twin, mut replica) = (map.twin(), vec![0; map.len()]);
                let mut pulled = 0;
                loop {
                    let last = done.load(Ordering::Acquire);
                    let result = twin.pull(&mut replica, 100);
                    if let Some(epoch) = twin.epoch() {
                        for (index, word) in replica.chunks_exact(4).enumerate() {
                            let (block, word) = (index as u32 / 16, word.try_into().unwrap());
                            let expected = match epoch.checked_rem(block) {
                                None if index > 0 => 0,
                                rest => epoch - rest.unwrap_or(0),
                            };
                            assert_eq!(u32::from_ne_bytes(word), expected, "{block} at {epoch}");
                        }
                    }
                    pulled += u32::from(result.is_ok());
                    if last {
                        break;
                    }
                    thread::yield_now();
                }
                assert_eq!(twin.epoch(), Some(20_000));
                assert!(pulled > 0, "never got anything");
            });
        }
    });
}

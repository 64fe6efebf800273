//! A replica of 16 MB of which 1 % changes between two pulls, in blocks of 4 KiB far apart.

use std::hint::black_box;
use std::time::Instant;

use inos_core::{DirtyMap, DirtyMapConfig, Layout, SectionId, Spin};

use crate::contender::{Contender, Goal, Row, Side, nanoseconds_per_op};
use crate::machine;

const WORLD: SectionId = SectionId(1);
const MAP: SectionId = SectionId(2);
const BLOCK: usize = 4096;
const BLOCKS: usize = 4096;
const LEN: usize = BLOCK * BLOCKS;
const CHANGED: usize = BLOCKS / 100;

/// Blocks that change in a round, others each time.
fn changed(round: usize) -> impl Iterator<Item = usize> {
    (0..CHANGED).map(move |index| (index * (BLOCKS / CHANGED) + round * 7) % BLOCKS * BLOCK)
}

fn map() -> DirtyMap<'static> {
    let config = DirtyMapConfig { first: WORLD, sections: 1, block_len: BLOCK as u32 };
    let layout = Layout::builder()
        .raw(WORLD, "world", LEN as u64)
        .dirty_map(MAP, "dirty", config)
        .build()
        .expect("a layout");
    DirtyMap::open(&machine::sections(&layout), MAP).expect("the section")
}

/// Times one `pull` a window, after the blocks of its round were written.
fn pulls(
    name: &'static str,
    side: Side,
    mut pull: impl FnMut(usize, &mut [u8]) + 'static,
) -> Contender {
    let mut writer = map().writer().expect("free");
    let mut replica = vec![1; LEN];
    let mut round = 0;
    Contender::new(name, side, move |windows| {
        let mut times = Vec::with_capacity(windows.count);
        for _ in 0..windows.count {
            round += 1;
            // What a writer does to the caches, whoever pulls.
            for at in changed(round) {
                writer.write(at, &[round as u8; BLOCK]).expect("inside");
            }
            writer.publish(&Spin::default());
            let begin = Instant::now();
            pull(round, black_box(&mut replica));
            times.push(nanoseconds_per_op(begin, 1));
        }
        times
    })
}

fn inos() -> Contender {
    let map = map();
    let (mut writer, mut twin) = (map.writer().expect("free"), map.twin());
    let mut replica = vec![1; LEN];
    twin.pull(&mut replica, 1).expect("nobody writes");
    let mut round = 0;
    Contender::new("INOS pull", Side::Inos, move |windows| {
        let mut times = Vec::with_capacity(windows.count);
        for _ in 0..windows.count {
            round += 1;
            for at in changed(round) {
                writer.write(at, &[round as u8; BLOCK]).expect("inside");
            }
            writer.publish(&Spin::default());
            let begin = Instant::now();
            let pulled = twin.pull(black_box(&mut replica), 1).expect("nobody writes");
            times.push(nanoseconds_per_op(begin, 1));
            assert_eq!(pulled.blocks as usize, CHANGED);
            assert!(changed(round).all(|at| replica[at] == round as u8));
        }
        times
    })
}

fn unchanged() -> Contender {
    let mut twin = map().twin();
    let mut replica = vec![1; LEN];
    twin.pull(&mut replica, 1).expect("nobody writes");
    Contender::solo("INOS pull", Side::Inos, move |ops| {
        for _ in 0..ops {
            let pulled = twin.pull(black_box(&mut replica), 1).expect("nobody writes");
            assert_eq!(pulled.blocks, 0);
        }
    })
}

/// A change of 1 %, and none.
pub(super) fn rows() -> Vec<Row> {
    let source: &'static [u8] = vec![7; LEN].leak();
    let copies = move |blocks: &mut dyn Iterator<Item = usize>, replica: &mut [u8]| {
        for at in blocks {
            replica[at..at + BLOCK].copy_from_slice(&black_box(source)[at..at + BLOCK]);
        }
    };
    let word = std::sync::atomic::AtomicU32::new(7);
    vec![
        Row {
            id: "twin-1-percent",
            what: "pull 1 % of 16 MB",
            ops: 1,
            latency: false,
            goals: &[("INOS pull", Goal::Ratio(1.5))],
            contenders: vec![
                pulls("copies of what changed", Side::Limit, move |round, replica| {
                    copies(&mut changed(round), replica);
                }),
                inos(),
                pulls("copy of everything", Side::Peer, move |_, replica| {
                    replica.copy_from_slice(black_box(source));
                }),
            ],
        },
        Row {
            id: "twin-unchanged",
            what: "pull nothing of 16 MB",
            ops: 20_000,
            latency: false,
            goals: &[("INOS pull", Goal::Time(100.0))],
            contenders: vec![
                Contender::solo("load of a word", Side::Limit, move |ops| {
                    for _ in 0..ops {
                        // Acquire: as an epoch is looked at.
                        let seen = black_box(&word).load(std::sync::atomic::Ordering::Acquire);
                        assert_eq!(seen, 7);
                    }
                }),
                unchanged(),
            ],
        },
    ]
}

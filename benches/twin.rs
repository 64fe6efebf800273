//! A replica of 16 MB of which 1 % changes between two pulls: `cargo bench --bench twin`.
//!
//! - `memcpy_1_percent`: the least that must be done, plain copies of the blocks that changed;
//! - `pull_1_percent`: `Twin::pull`, which finds them and copies them by relaxed words;
//! - `pull_nothing`: `Twin::pull` when nothing was published;
//! - `pull_epoch_only`: when an epoch was published in which nothing changed;
//! - `memcpy_all`: what a party without a dirty map would copy each time;
//! - `write_4k`, `write_4k_marked`: the writer's copy of one block, without and with the map.
//!
//! The blocks lie all over the group, 4 KiB each.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use inos_benches::rounds;
use inos_core::{AtomicU32, DirtyMap, DirtyMapConfig, Layout, Region, SectionId, Sections, Spin};

const WORLD: SectionId = SectionId(1);
const MAP: SectionId = SectionId(2);
const BLOCK: usize = 4096;
const BLOCKS: usize = 4096;
const LEN: usize = BLOCK * BLOCKS;
const CHANGED: usize = BLOCKS / 100;

/// Blocks that change in a round, far apart, others each time.
fn changed(round: usize) -> impl Iterator<Item = usize> {
    (0..CHANGED).map(move |index| (index * (BLOCKS / CHANGED) + round * 7) % BLOCKS * BLOCK)
}

fn twin(criterion: &mut Criterion) {
    let config = DirtyMapConfig { first: WORLD, sections: 1, block_len: BLOCK as u32 };
    let layout = Layout::builder()
        .raw(WORLD, "world", LEN as u64)
        .dirty_map(MAP, "dirty", config)
        .build()
        .expect("a layout");
    let words: Vec<AtomicU32> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout, 1).expect("a region");
    let map = DirtyMap::open(&sections, MAP).expect("a map");
    let mut writer = map.writer().expect("free");
    let park = Spin::default();
    let source = vec![7_u8; LEN];
    let mut replica = vec![0_u8; LEN];
    let mut plain = vec![0_u8; LEN];
    let mut twin = map.twin();
    twin.pull(&mut replica, 1).expect("nobody writes");
    let block = [9_u8; BLOCK];

    rounds(criterion, "twin", |group| {
        let mut round = 0;
        group.bench_function("memcpy_1_percent", |bencher| {
            bencher.iter_batched(
                || {
                    round += 1;
                    // What the writer of the other contender does to the caches.
                    for at in changed(round) {
                        writer.write(at, &block).expect("inside");
                    }
                    writer.publish(&park);
                    round
                },
                |round| {
                    for at in changed(round) {
                        plain[at..at + BLOCK].copy_from_slice(black_box(&source[at..at + BLOCK]));
                    }
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("pull_1_percent", |bencher| {
            twin.pull(&mut replica, 1).expect("nobody writes");
            bencher.iter_batched(
                || {
                    round += 1;
                    for at in changed(round) {
                        writer.write(at, &block).expect("inside");
                    }
                    writer.publish(&park)
                },
                |epoch| {
                    let pulled = twin.pull(&mut replica, 1).expect("nobody writes");
                    assert_eq!((pulled.epoch, pulled.blocks as usize), (epoch, CHANGED));
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function("pull_nothing", |bencher| {
            twin.pull(&mut replica, 1).expect("nobody writes");
            bencher.iter(|| {
                assert_eq!(
                    twin.pull(black_box(&mut replica), 1).map(|pulled| pulled.blocks),
                    Ok(0)
                );
            });
        });
        group.bench_function("pull_epoch_only", |bencher| {
            bencher.iter(|| {
                writer.publish(&park);
                assert_eq!(
                    twin.pull(black_box(&mut replica), 1).map(|pulled| pulled.blocks),
                    Ok(0)
                );
            });
        });
        group.bench_function("memcpy_all", |bencher| {
            bencher.iter(|| plain.copy_from_slice(black_box(&source)));
        });
        group.bench_function("write_4k", |bencher| {
            let mut at = 0;
            bencher.iter(|| {
                at = (at + BLOCK) % LEN;
                sections.write_raw(WORLD, at, black_box(&block)).expect("inside");
            });
        });
        group.bench_function("write_4k_marked", |bencher| {
            let mut at = 0;
            bencher.iter(|| {
                at = (at + BLOCK) % LEN;
                writer.write(at, black_box(&block)).expect("inside");
                if at % (64 * BLOCK) == 0 {
                    writer.publish(&park);
                }
            });
        });
    });
}

criterion_group!(benches, twin);
criterion_main!(benches);

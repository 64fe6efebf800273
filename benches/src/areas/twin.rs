//! A replica of 16 MB of which nothing or 1 % changes between two pulls.

use std::cell::{Cell, RefCell};
use std::hint::black_box;

use inos::inos_core::{DirtyMap, DirtyMapConfig, TwinWriter};
use inos::{Layout, SectionId, Spin};

use super::Area;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::{inos, limit, peer};

const WORLD: SectionId = SectionId(1);
const MAP: SectionId = SectionId(2);
const BLOCK: usize = 4096;

pub(super) const AREA: Area = Area {
    name: "twin",
    title: "Pulling a replica of 16 MB",
    about: "Blocks of 4 KiB, all over the memory, are written and published before each pull, \
            which is not timed; for the limit too, so that the caches are in the same state. \
            The limit copies those blocks, whose places it is told; a party without a dirty map \
            copies all.",
    run,
};

/// Blocks that change in a round, far apart, others each time.
fn changed(round: usize, blocks: usize) -> impl Iterator<Item = usize> {
    let count = blocks / 100;
    (0..count).map(move |index| (index * (blocks / count) + round * 7) % blocks * BLOCK)
}

/// Writes what changes in a round, and publishes it; the epoch.
fn change(writer: &RefCell<TwinWriter<'_>>, round: usize, blocks: usize) -> u32 {
    let mut writer = writer.borrow_mut();
    for at in changed(round, blocks) {
        writer.write(at, &[round as u8; BLOCK]).expect("inside");
    }
    writer.publish(&Spin::default())
}

fn run(driver: &mut dyn Driver) {
    let blocks = if driver.is_test() { 200 } else { 4096 };
    let len = blocks * BLOCK;
    let config = DirtyMapConfig { first: WORLD, sections: 1, block_len: BLOCK as u32 };
    let layout = Layout::builder()
        .raw(WORLD, "world", len as u64)
        .dirty_map(MAP, "dirty", config)
        .build()
        .expect("a layout");
    let mut memory = Memory::new(layout);
    let sections = memory.sections();
    sections.write_raw(WORLD, 0, &vec![1; len]).expect("inside");
    let map = DirtyMap::open(&sections, MAP).expect("a map");
    let writer = RefCell::new(map.writer().expect("free"));
    let (source, mut plain, mut replica) = (vec![7_u8; len], vec![1_u8; len], vec![1_u8; len]);
    let mut whole = vec![1_u8; len];
    let (round, epoch) = (Cell::new(0), Cell::new(0));
    let next = || {
        round.set(round.get() + 1);
        epoch.set(change(&writer, round.get(), blocks));
    };

    let mut twin = map.twin();
    twin.pull(&mut replica, 1).expect("nobody writes");
    let contenders = vec![
        limit("memcpy of 1 %", |count| {
            let mut copied = 0;
            for at in changed(round.get(), blocks) {
                plain[at..at + BLOCK].copy_from_slice(black_box(&source[at..at + BLOCK]));
                copied += usize::from(plain[at] == 7 && plain[at + BLOCK - 1] == 7);
            }
            if copied == blocks / 100 { count } else { 0 }
        })
        .preparing(next)
        .boxed(),
        peer("memcpy of all", |count| {
            whole.copy_from_slice(black_box(&source));
            count
        })
        .preparing(next)
        .boxed(),
        inos("pull of 1 %", |_| {
            let pulled = twin.pull(&mut replica, 1).expect("nobody writes");
            let arrived = changed(round.get(), blocks).all(|at| {
                replica[at] == round.get() as u8 && replica[at + BLOCK - 1] == round.get() as u8
            });
            (pulled.epoch == epoch.get() && arrived).into()
        })
        .preparing(next)
        .reach(1.5)
        .boxed(),
    ];
    driver.case(Case::new("1 % changed", 1).prepared().test_window(1), contenders);

    let mut idle = map.twin();
    let mut copy = vec![0; len];
    idle.pull(&mut copy, 1).expect("nobody writes");
    let mut all = vec![0; len];
    let mut restless = map.twin();
    restless.pull(&mut all, 1).expect("nobody writes");
    let contenders = vec![
        limit("look at an epoch", |count| {
            let mut watcher = map.watcher().expect("a map");
            (0..count).filter(|_| black_box(&mut watcher).changed().is_none()).count() as u64
        })
        .boxed(),
        inos("pull of nothing", |count| {
            let mut pull = || idle.pull(black_box(&mut copy), 1).map(|pulled| pulled.blocks);
            pull().expect("nobody writes");
            (0..count).filter(|_| pull() == Ok(0)).count() as u64
        })
        .noting(|| "goal 100 ns".to_owned())
        .boxed(),
        inos("publish nothing, pull it", |count| {
            let mut writer = writer.borrow_mut();
            let mut pull = || restless.pull(black_box(&mut all), 1).map(|pulled| pulled.blocks);
            pull().expect("nobody writes");
            (0..count)
                .filter(|_| {
                    writer.publish(&Spin::default());
                    pull() == Ok(0)
                })
                .count() as u64
        })
        .boxed(),
    ];
    driver.case(Case::new("nothing changed", 1024), contenders);

    let block = [9_u8; BLOCK];
    let (mut bare_at, mut marked_at) = (0, 0);
    let contenders = vec![
        limit("write 4 KiB", |count| {
            let mut right = 0;
            for _ in 0..count {
                bare_at = (bare_at + BLOCK) % len;
                right += u64::from(sections.write_raw(WORLD, bare_at, black_box(&block)).is_ok());
            }
            right
        })
        .boxed(),
        inos("write and mark 4 KiB", |count| {
            let mut writer = writer.borrow_mut();
            let mut right = 0;
            for _ in 0..count {
                marked_at = (marked_at + BLOCK) % len;
                right += u64::from(writer.write(marked_at, black_box(&block)).is_ok());
                if marked_at % (64 * BLOCK) == 0 {
                    writer.publish(&Spin::default());
                }
            }
            right
        })
        .boxed(),
    ];
    driver.case(Case::new("the writer's side", 256).bytes(BLOCK as u64), contenders);
}

//! Advancing an epoch that nobody waits for: `cargo bench --bench epochs`.
//!
//! - `fetch_add`: the least that the machine must do, one addition to an atomic word;
//! - `advance`: `EpochCounter::advance` on a word of a region, with the look at the waiter bit.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inos_benches::rounds;
use inos_core::{
    AlignedBytes, EpochTable, EpochsConfig, Layout, Region, SectionId, Sections, Spin,
};

const EPOCHS: SectionId = SectionId(1);
const MASK: u32 = u32::MAX >> 1;

/// Alone on its cache line, as a padded epoch is.
#[repr(align(64))]
struct Line(AtomicU32);

fn epochs(criterion: &mut Criterion) {
    let config = EpochsConfig { count: 1, padded: true };
    let layout = Layout::builder().epochs(EPOCHS, "epochs", config).build().expect("a layout");
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).expect("aligned memory");
    let sections = Sections::create(region, &layout, 1).expect("a region");
    let counter = EpochTable::open(&sections, EPOCHS).and_then(|table| table.counter(0));
    let counter = counter.expect("an epoch");

    let bare = Line(AtomicU32::new(0));
    let park = Spin::default();
    rounds(criterion, "epochs", |group| {
        group.throughput(Throughput::Elements(1));
        group.bench_function("fetch_add", |bencher| {
            let bare = black_box(&bare.0);
            let mut previous = bare.load(Ordering::Relaxed);
            bencher.iter(|| {
                let before = bare.fetch_add(2, Ordering::Release);
                assert_eq!(before, previous);
                previous = before.wrapping_add(2);
                before
            });
        });
        group.bench_function("advance", |bencher| {
            let counter = black_box(counter);
            let mut previous = counter.current();
            bencher.iter(|| {
                let now = counter.advance(&park);
                assert_eq!(now, previous.wrapping_add(1) & MASK);
                previous = now;
                now
            });
        });
    });
}

criterion_group!(benches, epochs);
criterion_main!(benches);

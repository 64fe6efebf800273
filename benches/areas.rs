//! All areas for Criterion: `cargo bench --bench areas -- spsc` for one of them.
//!
//! As a test, each contender runs once, and checks its results.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use inos_benches::area::AREAS;
use inos_benches::as_test;
use inos_benches::contender::Windows;
use inos_benches::measure::{Plan, measure};

fn areas(criterion: &mut Criterion) {
    for (area, rows) in AREAS {
        for mut row in rows() {
            if as_test() {
                let outcomes = measure(&mut row, Plan::TEST, || ());
                assert!(outcomes.iter().all(|outcome| outcome.median > 0.0), "{area}");
                continue;
            }
            let mut group = criterion.benchmark_group(row.id);
            for contender in &mut row.contenders {
                group.bench_function(contender.name, |bencher| {
                    bencher.iter_custom(|count| {
                        // Whole windows, or the queues would not come to run steadily.
                        let windows = Windows { count: 1, ops: row.ops };
                        let time = contender.time(windows)[0];
                        Duration::from_secs_f64(time * count as f64 / 1e9)
                    });
                });
            }
            group.finish();
        }
    }
}

criterion_group!(benches, areas);
criterion_main!(benches);

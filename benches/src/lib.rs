//! What the benches share. Each area is a bench of its own beside this folder; `README.md` says
//! how to run and to read them.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};

/// Whether the benches run as tests: each once, at small sizes, results checked, time ignored.
#[must_use]
pub fn as_test() -> bool {
    // Cargo passes `--bench` under `cargo bench` only.
    !std::env::args().any(|argument| argument == "--bench")
}

/// Runs the contenders of an area in rounds, one after another in each, so that whatever else
/// the machine does falls on all of them alike.
///
/// Criterion knows the rounds as groups `area/1`, `area/2`, and so on.
pub fn rounds(
    criterion: &mut Criterion,
    area: &str,
    mut contenders: impl FnMut(&mut BenchmarkGroup<'_, WallTime>),
) {
    let round_count = if as_test() { 1 } else { 5 };
    for round in 1..=round_count {
        let mut group = criterion.benchmark_group(format!("{area}/{round}"));
        group.warm_up_time(Duration::from_millis(200));
        group.measurement_time(Duration::from_secs(1));
        group.sample_size(30);
        contenders(&mut group);
        group.finish();
    }
}

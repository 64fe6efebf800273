//! Who runs the cases: as a test, or through Criterion. `compare.rs` has the third.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};

use crate::areas::Area;
use crate::contender::Contender;
use crate::pin::pin_to;
use crate::process::serve;

/// Contenders that do the same work are compared in a case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is done, and where.
    pub name: &'static str,
    /// Operations between two looks at the clock. More than a queue holds, so that what is timed
    /// is both ends at work.
    pub window: u64,
    /// Operations at a time in tests.
    pub test_window: u64,
    /// Whether single operations are timed, too.
    pub is_latency: bool,
    /// Whether each operation is prepared for, which is not timed.
    pub is_prepared: bool,
    /// Bytes that an operation moves.
    pub bytes: u64,
}

impl Case {
    /// With so many operations between two looks at the clock.
    #[must_use]
    pub const fn new(name: &'static str, window: u64) -> Self {
        let test_window = if window < 8 { window } else { 8 };
        Self { name, window, test_window, is_latency: false, is_prepared: false, bytes: 0 }
    }

    /// Single operations are timed, too.
    #[must_use]
    pub const fn latency(mut self) -> Self {
        self.is_latency = true;
        self
    }

    /// Each operation is prepared for, which is not timed.
    #[must_use]
    pub const fn prepared(mut self) -> Self {
        self.is_prepared = true;
        self
    }

    /// An operation moves so many bytes.
    #[must_use]
    pub const fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// In tests so many operations at a time.
    #[must_use]
    pub const fn test_window(mut self, count: u64) -> Self {
        self.test_window = count;
        self
    }
}

/// Runs the cases of an area.
pub trait Driver {
    /// Whether the cases run as tests: small sizes will do.
    fn is_test(&self) -> bool;

    /// Runs one. This thread is on the first processor then.
    fn case<'a>(&mut self, case: Case, contenders: Vec<Box<dyn Contender + 'a>>);
}

/// Does `count` operations and checks that all gave the right result; how long that took.
pub(crate) fn run_timed(case: &Case, contender: &mut dyn Contender, count: u64) -> Duration {
    let run = |contender: &mut dyn Contender, count| {
        let begin = Instant::now();
        let right = contender.run(count);
        let time = begin.elapsed();
        assert_eq!(right, count, "{}, {}: wrong results", case.name, contender.name());
        time
    };
    if !case.is_prepared {
        return run(contender, count);
    }
    let mut time = Duration::ZERO;
    for _ in 0..count {
        contender.prepare();
        time += run(contender, 1);
    }
    time
}

/// Each contender once, results checked, time ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Check;

impl Driver for Check {
    fn is_test(&self) -> bool {
        true
    }

    fn case<'a>(&mut self, case: Case, contenders: Vec<Box<dyn Contender + 'a>>) {
        pin_to(0);
        for mut contender in contenders {
            let begin = Instant::now();
            contender.start();
            run_timed(&case, &mut *contender, case.test_window);
            run_timed(&case, &mut *contender, 1);
            contender.stop();
            println!("{}: {}: {:?}", case.name, contender.name(), begin.elapsed());
        }
    }
}

/// Criterion's statistics, contenders by turns in three rounds.
pub struct ViaCriterion<'c> {
    criterion: &'c mut Criterion,
    area: &'static str,
}

impl Driver for ViaCriterion<'_> {
    fn is_test(&self) -> bool {
        false
    }

    fn case<'a>(&mut self, case: Case, mut contenders: Vec<Box<dyn Contender + 'a>>) {
        pin_to(0);
        for round in 1..=3 {
            let name = format!("{}: {}/{round}", self.area, case.name);
            let mut group = self.criterion.benchmark_group(name);
            group.warm_up_time(Duration::from_millis(100));
            group.measurement_time(Duration::from_millis(600));
            group.sample_size(20);
            group.throughput(match case.bytes {
                0 => Throughput::Elements(1),
                bytes => Throughput::Bytes(bytes),
            });
            for contender in &mut contenders {
                contender.start();
                run_timed(&case, &mut **contender, case.window);
                let name = contender.name().to_owned();
                group.bench_function(name, |bencher| {
                    bencher.iter_custom(|count| run_timed(&case, &mut **contender, count));
                });
                contender.stop();
            }
            group.finish();
        }
    }
}

/// Whether a bench runs as a test: Cargo passes `--bench` under `cargo bench` only.
#[must_use]
pub fn is_test() -> bool {
    !std::env::args().any(|argument| argument == "--bench")
}

/// The main function of a bench: Criterion under `cargo bench`, a test otherwise.
pub fn bench_main(area: &Area) {
    serve();
    if is_test() {
        (area.run)(&mut Check);
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    (area.run)(&mut ViaCriterion { criterion: &mut criterion, area: area.name });
    criterion.final_summary();
}

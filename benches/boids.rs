//! Steps of the flock against brute force: `cargo bench --bench boids`.
//!
//! Three contenders make the same step from the same frame:
//!
//! - `unit`: the method `boids.step`, through the dispatcher, on one thread;
//! - `brute`: every boid compared with every other, plain arrays of 32-bit floats;
//! - `oracle`: the tests' oracle, also every boid with every other, but written to be read, in
//!   64-bit floats and with an allocation per pair: what a first draft costs.
//!
//! Both others are checked against the unit before the clock starts. The world is a box, where
//! brute force has one image of a boid to look at and not nine or 27. They are quadratic: the
//! oracle is timed up to 10,000 boids, and at 100,000 brute force makes three steps, whose median
//! is printed as a ratio; nothing is extrapolated.

#[path = "brute.rs"]
mod brute;
#[allow(dead_code)]
#[path = "../inos-units/tests/support/naive.rs"]
mod naive;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use inos_benches::is_test;
use inos_units::boids::{Bounds, Frame, InitParams, StepParams, frame_len};
use inos_units::{Budget, Call, Dispatcher, MethodId, Output as _, VecOutput};

/// Steps before the frame that all contenders step from.
const WARM_UP_COUNT: u64 = 50;
/// Most boids that brute force is timed with.
const MAX_BRUTE_COUNT: u32 = 10_000;
/// How far a coordinate may be off: sums in other orders and widths.
const TOLERANCE: f64 = 1e-4;

struct Flock {
    units: Dispatcher,
    step: MethodId,
    params: StepParams,
    frame: VecOutput,
    next: VecOutput,
}

impl Flock {
    fn new(dim: u32, count: u32) -> Self {
        let units = Dispatcher::standard();
        let step = units.resolve("boids", "step").expect("the unit boids");
        let len = frame_len(dim, count).expect("a legal flock");
        let params = InitParams { dim, count, bounds: Bounds::Box, ..InitParams::default() };
        let params = params.to_json();
        let mut frame = VecOutput::new(len);
        let call = Call { input: b"", params: params.as_bytes() };
        units
            .execute_named("boids", "init", call, &mut frame, &Budget::unlimited())
            .expect("boids.init");
        // Brute force knows no limit of a cell.
        let params = StepParams { max_per_cell: 1024, ..StepParams::default() };
        let mut flock = Self { units, step, params, frame, next: VecOutput::new(len) };
        for _ in 0..WARM_UP_COUNT {
            flock.step();
            std::mem::swap(&mut flock.frame, &mut flock.next);
        }
        flock
    }

    /// Makes `next` out of `frame`, which stays.
    fn step(&mut self) -> usize {
        let params = self.params.to_json();
        let call = Call { input: self.frame.as_bytes(), params: params.as_bytes() };
        self.units
            .execute(self.step, call, &mut self.next, &Budget::unlimited())
            .expect("boids.step")
    }

    fn frame(&self) -> Frame<'_> {
        Frame::new(self.frame.as_bytes()).expect("a frame")
    }

    /// Positions of the step that `next` holds, by id.
    fn positions(&self) -> Vec<[f64; 3]> {
        let next = Frame::new(self.next.as_bytes()).expect("a frame");
        assert_eq!(next.header().step, WARM_UP_COUNT + 1);
        let mut positions = vec![[0.0; 3]; next.count()];
        for (index, &id) in next.ids().iter().enumerate() {
            for axis in 0..next.dim() {
                positions[id as usize][axis] = f64::from(next.pos(axis)[index]);
            }
        }
        positions
    }

    /// How many times longer a step by brute force takes: medians of three, by turns.
    fn brute(&mut self) -> f64 {
        let mut brute = brute::Step::new(&self.frame(), &self.params);
        let (mut own, mut other) = ([0.0; 3], [0.0; 3]);
        for turn in 0..3 {
            own[turn] = seconds(|| self.step());
            other[turn] = seconds(|| brute.run());
        }
        self.check("brute", (0..self.frame().count()).map(|index| brute.pos(index)));
        own.sort_by(f64::total_cmp);
        other.sort_by(f64::total_cmp);
        other[1] / own[1]
    }

    /// Compares positions in the order of `frame` with the unit's.
    fn check(&self, name: &str, found: impl Iterator<Item = [f64; 3]>) {
        let expected = self.positions();
        let mut compared = 0;
        for (&id, found) in self.frame().ids().iter().zip(found) {
            for (found, expected) in found.iter().zip(expected[id as usize]) {
                let off = (found - expected).abs();
                assert!(off < TOLERANCE, "{name}: boid {id} is off by {off}");
            }
            compared += 1;
        }
        assert_eq!(compared, expected.len(), "{name}");
    }
}

fn seconds<R>(work: impl FnOnce() -> R) -> f64 {
    let begin = Instant::now();
    black_box(work());
    begin.elapsed().as_secs_f64()
}

fn boids(criterion: &mut Criterion) {
    let counts: &[u32] = if is_test() { &[200] } else { &[1_000, 10_000, 100_000] };
    for dim in [2, 3] {
        let mut group = criterion.benchmark_group(format!("boids/{dim}d"));
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(500));
        // A rate of elements is a rate of steps.
        group.throughput(Throughput::Elements(1));
        for &count in counts {
            let mut flock = Flock::new(dim, count);
            flock.step();
            let mean = Frame::new(flock.next.as_bytes()).expect("a frame").header().mean_neighbours;
            println!("boids/{dim}d/{count}: {mean:.1} neighbours on average");

            group.measurement_time(Duration::from_secs(3));
            group.bench_function(BenchmarkId::new("unit", count), |bencher| {
                bencher.iter(|| black_box(flock.step()));
            });
            assert_eq!(flock.next.as_bytes().len(), flock.next.capacity());
            if count > MAX_BRUTE_COUNT {
                println!("boids/{dim}d/{count}: brute force takes {:.0} times", flock.brute());
                continue;
            }

            let mut step = brute::Step::new(&flock.frame(), &flock.params);
            step.run();
            flock.check("brute", (0..count as usize).map(|index| step.pos(index)));
            group.bench_function(BenchmarkId::new("brute", count), |bencher| {
                bencher.iter(|| black_box(step.run()));
            });

            let oracle = naive::naive_step(&flock.frame(), &flock.params);
            flock.check("oracle", oracle.pos.into_iter());
            group.bench_function(BenchmarkId::new("oracle", count), |bencher| {
                bencher
                    .iter(|| black_box(naive::naive_step(&flock.frame(), &flock.params)).pos.len());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, boids);
criterion_main!(benches);

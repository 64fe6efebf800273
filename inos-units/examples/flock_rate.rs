//! How fast a flock moves, on one thread and on all, with each instruction set of this machine.
//!
//! `cargo run --release -p inos-units --example flock_rate [COUNT...]`
//!
//! A rate is steps a second; 60 are wanted for motion that looks smooth.
//!
//! Boids see about forty others each. *Uniform* is the flock as `init` makes it, where every boid
//! sees about as many; *grown* is the same after 200 steps. One step is repeated; the median
//! counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use inos_units::boids::{BoidsUnit, Frame, InitParams, InstructionSet, StepParams, frame_len};
use inos_units::{Budget, Call, Dispatcher, MethodId, UnitError, VecOutput};

/// Steps until a flock has grown, and for how long each one is timed.
const GROWTH: usize = 200;
const TIME: Duration = Duration::from_millis(500);
/// Pieces that a step is cut into, for each thread.
const PIECES_PER_THREAD: usize = 8;
/// Neighbours that a boid has at the start.
const NEIGHBOURS: f32 = 40.0;

fn main() -> Result<(), UnitError> {
    let mut counts: Vec<u32> =
        std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![1_000, 10_000, 100_000];
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("ns a boid on one thread, and steps a second on {threads}:");
    println!("dim    count  flock    neighbours");
    for dim in [2, 3] {
        for &count in &counts {
            let mut frame = uniform(dim, count)?;
            measure("uniform", &frame)?;
            let units = Dispatcher::standard();
            for _ in 0..GROWTH {
                frame = step(&units, &frame)?;
            }
            measure("grown", &frame)?;
        }
    }
    Ok(())
}

/// A flock whose boids have about [`NEIGHBOURS`] within a radius of one.
fn uniform(dim: u32, count: u32) -> Result<VecOutput, UnitError> {
    let count_f = count as f32;
    let half_extent = match dim {
        2 => (count_f * std::f32::consts::PI / NEIGHBOURS).sqrt() / 2.0,
        _ => (count_f * (4.0 / 3.0) * std::f32::consts::PI / NEIGHBOURS).cbrt() / 2.0,
    };
    let params = InitParams { dim, count, half_extent, ..InitParams::default() }.to_json();
    let mut frame = VecOutput::new(frame_len(dim, count).unwrap_or(0));
    let call = Call { input: b"", params: params.as_bytes() };
    let units = Dispatcher::standard();
    units.execute_named("boids", "init", call, &mut frame, &Budget::unlimited())?;
    // Into the order of cells, in which every later frame is.
    step(&units, &frame)
}

fn step(units: &Dispatcher, frame: &VecOutput) -> Result<VecOutput, UnitError> {
    let mut next = VecOutput::new(frame.as_bytes().len());
    let params = StepParams::default().to_json();
    let call = Call { input: frame.as_bytes(), params: params.as_bytes() };
    units.execute_named("boids", "step", call, &mut next, &Budget::unlimited())?;
    Ok(next)
}

fn measure(name: &str, frame: &VecOutput) -> Result<(), UnitError> {
    let units = Dispatcher::standard();
    let after = step(&units, frame)?;
    let header = *Frame::new(after.as_bytes())?.header();
    print!("{}  {:>8}  {name:<8} {:>10.1}", header.dim, header.count, header.mean_neighbours);
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        let mut units = Dispatcher::new();
        units.register(Box::new(BoidsUnit::with_instructions(set)))?;
        let median = |threads: usize| {
            let id = units.resolve("boids", "step")?;
            let mut next = VecOutput::new(frame.as_bytes().len());
            let params = StepParams::default().to_json();
            let (begin, mut times) = (Instant::now(), Vec::new());
            while begin.elapsed() < TIME || times.len() < 5 {
                let call = Call { input: frame.as_bytes(), params: params.as_bytes() };
                let start = Instant::now();
                if threads == 1 {
                    units.execute(id, call, &mut next, &Budget::unlimited())?;
                } else {
                    step_on(threads, &units, id, call, &mut next)?;
                }
                times.push(start.elapsed());
            }
            times.sort_unstable();
            let median = times.get(times.len() / 2).copied().unwrap_or_default();
            Ok::<_, UnitError>(median.as_secs_f64())
        };
        let each = median(1)? * 1e9 / f64::from(header.count);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        print!("  {set:?} {each:.0}, {:.0}", 1.0 / median(threads)?);
    }
    println!();
    Ok(())
}

/// A step in pieces, which threads take as they come.
fn step_on(
    threads: usize,
    units: &Dispatcher,
    id: MethodId,
    call: Call<'_>,
    out: &mut VecOutput,
) -> Result<(), UnitError> {
    let budget = Budget::unlimited();
    let Some(plan) = units.plan(id, call, &budget)? else { return Ok(()) };
    let (items, pieces) = (plan.item_count(), threads * PIECES_PER_THREAD);
    let taken = AtomicUsize::new(0);
    let work = || {
        let mut parts = Vec::new();
        loop {
            // Relaxed: hands out numbers; the parts are published by the join.
            let piece = taken.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return Ok(parts);
            }
            let range = items * piece / pieces..items * (piece + 1) / pieces;
            parts.push((piece, plan.run(range, &budget)?));
        }
    };
    let mut parts = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut parts = work()?;
        for helper in helpers {
            parts.extend(helper.join().map_err(|_| UnitError::Panicked)??);
        }
        Ok::<_, UnitError>(parts)
    })?;
    parts.sort_by_key(|(piece, _)| *piece);
    plan.merge(parts.into_iter().map(|(_, part)| part).collect(), out)?;
    Ok(())
}

//! How fast one thread moves a flock, with each instruction set of this machine.
//!
//! `cargo run --release -p inos-units --example flock_rate [COUNT...]`
//!
//! Boids see about forty others each. *Uniform* is the flock as `init` makes it, where every boid
//! sees about as many; *grown* is the same after 200 steps. One step is repeated; the median
//! counts.

use std::time::{Duration, Instant};

use inos_units::boids::{BoidsUnit, Frame, InitParams, InstructionSet, StepParams, frame_len};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};

/// Steps until a flock has grown, and for how long each one is timed.
const GROWTH: usize = 200;
const TIME: Duration = Duration::from_millis(500);
/// Neighbours that a boid has at the start.
const NEIGHBOURS: f32 = 40.0;

fn main() -> Result<(), UnitError> {
    let mut counts: Vec<u32> =
        std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![1_000, 10_000, 100_000];
    }
    println!("dim    count  flock    neighbours  ns a boid, by instruction set");
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
        let median = || {
            let id = units.resolve("boids", "step")?;
            let mut next = VecOutput::new(frame.as_bytes().len());
            let params = StepParams::default().to_json();
            let (begin, mut times) = (Instant::now(), Vec::new());
            while begin.elapsed() < TIME || times.len() < 5 {
                let call = Call { input: frame.as_bytes(), params: params.as_bytes() };
                let start = Instant::now();
                units.execute(id, call, &mut next, &Budget::unlimited())?;
                times.push(start.elapsed());
            }
            times.sort_unstable();
            let median = times.get(times.len() / 2).copied().unwrap_or_default();
            Ok::<_, UnitError>(median.as_secs_f64() * 1e9 / f64::from(header.count))
        };
        print!("  {set:?} {:.0}", median()?);
    }
    println!();
    Ok(())
}

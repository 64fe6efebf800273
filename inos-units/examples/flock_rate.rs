//! How many steps per second one thread makes.
//!
//! `cargo run --release -p inos-units --example flock_rate`

use std::time::{Duration, Instant};

use inos_units::boids::{Frame, InitParams, frame_len};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};

/// Steps before the clock starts, and for how long it runs.
const WARM_UP: usize = 5;
const TIME: Duration = Duration::from_secs(2);

fn main() -> Result<(), UnitError> {
    println!("dim    count  steps/s  neighbours: mean  most  order");
    for dim in [2, 3] {
        for count in [1_000, 10_000, 100_000] {
            measure(dim, count)?;
        }
    }
    Ok(())
}

fn measure(dim: u32, count: u32) -> Result<(), UnitError> {
    let units = Dispatcher::standard();
    let budget = Budget::unlimited();
    let len = frame_len(dim, count).unwrap_or(0);
    let params = InitParams { dim, count, ..InitParams::default() }.to_json();
    let mut now = VecOutput::new(len);
    let mut next = VecOutput::new(len);
    let call = Call { input: b"", params: params.as_bytes() };
    units.execute_named("boids", "init", call, &mut now, &budget)?;

    let step = units.resolve("boids", "step")?;
    let mut advance = |now: &mut VecOutput| {
        let call = Call { input: now.as_bytes(), params: b"" };
        units.execute(step, call, &mut next, &budget)?;
        std::mem::swap(now, &mut next);
        Ok::<(), UnitError>(())
    };
    for _ in 0..WARM_UP {
        advance(&mut now)?;
    }
    let start = Instant::now();
    let mut steps = 0;
    while start.elapsed() < TIME {
        advance(&mut now)?;
        steps += 1;
    }
    let rate = f64::from(steps) / start.elapsed().as_secs_f64();
    let frame = Frame::new(now.as_bytes())?;
    let header = frame.header();
    println!(
        "{dim}  {count:>8}  {rate:>7.1}  {:>16.1}  {:>4}  {:>5.3}",
        header.mean_neighbours, header.max_neighbours, header.order_parameter
    );
    Ok(())
}

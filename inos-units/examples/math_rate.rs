//! `transform_points` and `quat_slerp_many` beside loops over glam's own types.
//!
//! `cargo run --release -p inos-units --features math --example math_rate`
//!
//! Both sides read floats out of one buffer and write them into another. Ours goes through the
//! dispatcher, checks every number and, for slerp, copies the input into a plan.

use std::hint::black_box;
use std::time::{Duration, Instant};

use glam::{Mat4, Quat, Vec3A};
use inos_units::{Budget, Call, Dispatcher, SliceOutput, UnitError};

/// Runs of each side, taken in turn; the fastest counts.
const ROUNDS: usize = 15;

fn main() -> Result<(), UnitError> {
    println!("                 records   ours ns  glam ns  ratio");
    for count in [1_000, 4_000_000] {
        points(count)?;
    }
    for count in [1_000, 1_000_000] {
        slerps(count)?;
    }
    Ok(())
}

/// The fastest round of each of two, per record, in nanoseconds.
fn compare(
    name: &str,
    count: usize,
    mut ours: impl FnMut() -> Result<(), UnitError>,
    mut theirs: impl FnMut(),
) -> Result<(), UnitError> {
    let mut best = [Duration::MAX; 2];
    let repeats = (1_000_000 / count).max(1);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..repeats {
            ours()?;
        }
        best[0] = best[0].min(start.elapsed());
        let start = Instant::now();
        for _ in 0..repeats {
            theirs();
        }
        best[1] = best[1].min(start.elapsed());
    }
    let [a, b] = best.map(|time| time.as_secs_f64() * 1e9 / (count * repeats) as f64);
    println!("{name:15} {count:>8} {a:>9.2} {b:>8.2} {:>6.2}", b / a);
    Ok(())
}

fn execute(method: &str, input: &[f32], result: &mut [f32]) -> Result<(), UnitError> {
    thread_local!(static UNITS: Dispatcher = Dispatcher::standard());
    let mut out = SliceOutput::new(bytemuck::cast_slice_mut(result));
    let call = Call { input: bytemuck::cast_slice(input), params: b"" };
    let budget = Budget::unlimited();
    UNITS.with(|units| units.execute_named("math", method, call, &mut out, &budget))?;
    Ok(())
}

/// The numbers of a slow wave, from -1 to 1.
fn wave(count: usize) -> impl Iterator<Item = f32> {
    (0..count).map(|index| ((index % 9973) as f32 * 0.37).sin())
}

fn points(count: usize) -> Result<(), UnitError> {
    let m = Mat4::from_rotation_y(0.7);
    let input: Vec<f32> = m.to_cols_array().into_iter().chain(wave(count * 3)).collect();
    let (mut ours, mut theirs) = (vec![0.0; count * 3], vec![0.0; count * 3]);
    let aligned: Vec<Vec3A> = input[16..].chunks(3).map(Vec3A::from_slice).collect();
    let mut aligned_result = vec![Vec3A::ZERO; count];
    compare(
        "points, packed",
        count,
        || execute("transform_points", black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&input[16..]), black_box(&mut theirs));
            for (from, to) in from.chunks_exact(3).zip(to.chunks_exact_mut(3)) {
                m.transform_point3a(Vec3A::from_slice(from)).write_to_slice(to);
            }
        },
    )?;
    compare(
        "points, Vec3A",
        count,
        || execute("transform_points", black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&aligned), black_box(&mut aligned_result));
            for (from, to) in from.iter().zip(to) {
                *to = m.transform_point3a(*from);
            }
        },
    )
}

fn slerps(count: usize) -> Result<(), UnitError> {
    let mut input = Vec::with_capacity(count * 9);
    let numbers: Vec<f32> = wave(count * 9).collect();
    for n in numbers.chunks(9) {
        input.extend(Quat::from_slice(n).normalize().to_array());
        input.extend(Quat::from_slice(&n[4..]).normalize().to_array());
        input.push(n[8].abs());
    }
    let (mut ours, mut theirs) = (vec![0.0; count * 4], vec![0.0; count * 4]);
    compare(
        "slerp_many",
        count,
        || execute("quat_slerp_many", black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&input), black_box(&mut theirs));
            for (from, to) in from.chunks_exact(9).zip(to.chunks_exact_mut(4)) {
                let (a, b) = (Quat::from_slice(from), Quat::from_slice(&from[4..]));
                a.slerp(b, from[8]).write_to_slice(to);
            }
        },
    )
}

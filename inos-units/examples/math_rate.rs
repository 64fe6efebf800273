//! Points, matrices and slerps of the math unit beside loops over glam's own types.
//!
//! `cargo run --release -p inos-units --features math --example math_rate`
//!
//! Ours goes through the dispatcher by id and checks every number; points of ours are packed, 12
//! bytes each. glam's loops read from and write to arrays that are there already and check nothing:
//! `Vec3A` arrays have 16 bytes a point, `packed` is ours, by `Vec3A::from_slice`. Sides take turns;
//! shown are the median of each, and the median and range of the ratios of rounds.

use std::hint::black_box;
use std::time::Instant;

use glam::{Mat4, Quat, Vec3A};
use inos_units::{Budget, Call, Dispatcher, MethodId, SliceOutput, UnitError};

/// Runs of each side, taken in turn.
const ROUNDS: usize = 21;

fn main() -> Result<(), UnitError> {
    println!("                 records   ours ns  glam ns  ratio  (range)");
    // First what fits into the caches, then what is outside of all of them.
    for (point_count, product_count, slerp_count) in
        [(1_000, 200, 1_000), (4_000_000, 500_000, 1_000_000)]
    {
        points(point_count)?;
        products(product_count)?;
        slerps(slerp_count)?;
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Medians per record, in nanoseconds.
fn compare(
    name: &str,
    count: usize,
    mut ours: impl FnMut() -> Result<(), UnitError>,
    mut theirs: impl FnMut(),
) -> Result<(), UnitError> {
    let repeats = (1_000_000 / count).max(1);
    let nanoseconds =
        |start: Instant| start.elapsed().as_secs_f64() * 1e9 / (count * repeats) as f64;
    let mut times = [const { Vec::new() }; 2];
    // The first round warms up.
    for round in 0..=ROUNDS {
        let start = Instant::now();
        for _ in 0..repeats {
            ours()?;
        }
        let a = nanoseconds(start);
        let start = Instant::now();
        for _ in 0..repeats {
            theirs();
        }
        let b = nanoseconds(start);
        if round > 0 {
            times[0].push(a);
            times[1].push(b);
        }
    }
    let mut ratios: Vec<f64> = times[1].iter().zip(&times[0]).map(|(b, a)| b / a).collect();
    let [a, b] = times.each_mut().map(|times| median(times));
    let ratio = median(&mut ratios);
    let (low, high) = (ratios[0], ratios[ROUNDS - 1]);
    println!("{name:15} {count:>8} {a:>9.2} {b:>8.2} {ratio:>6.2}  ({low:.2}-{high:.2})");
    Ok(())
}

/// A method of ours.
struct Ours {
    units: Dispatcher,
    method: MethodId,
}

impl Ours {
    fn new(method: &str) -> Result<Self, UnitError> {
        let units = Dispatcher::standard();
        let method = units.resolve("math", method)?;
        Ok(Self { units, method })
    }

    fn call(&self, input: &[f32], result: &mut [f32]) -> Result<(), UnitError> {
        let mut out = SliceOutput::new(bytemuck::cast_slice_mut(result));
        let call = Call { input: bytemuck::cast_slice(input), params: b"" };
        self.units.execute(self.method, call, &mut out, &Budget::unlimited())?;
        Ok(())
    }
}

/// The numbers of a slow wave, from -1 to 1.
fn wave(count: usize) -> impl Iterator<Item = f32> {
    (0..count).map(|index| ((index % 9973) as f32 * 0.37).sin())
}

fn points(count: usize) -> Result<(), UnitError> {
    let units = Ours::new("transform_points")?;
    let m = Mat4::from_rotation_y(0.7);
    let input: Vec<f32> = m.to_cols_array().into_iter().chain(wave(count * 3)).collect();
    let (mut ours, mut theirs) = (vec![0.0; count * 3], vec![0.0; count * 3]);
    let aligned: Vec<Vec3A> = input[16..].chunks(3).map(Vec3A::from_slice).collect();
    let mut aligned_result = vec![Vec3A::ZERO; count];
    compare(
        "points, Vec3A",
        count,
        || units.call(black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&aligned), black_box(&mut aligned_result));
            for (from, to) in from.iter().zip(to) {
                *to = m.transform_point3a(*from);
            }
        },
    )?;
    compare(
        "points, packed",
        count,
        || units.call(black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&input[16..]), black_box(&mut theirs));
            for (from, to) in from.chunks_exact(3).zip(to.chunks_exact_mut(3)) {
                m.transform_point3a(Vec3A::from_slice(from)).write_to_slice(to);
            }
        },
    )
}

fn products(count: usize) -> Result<(), UnitError> {
    let units = Ours::new("mat4_mul")?;
    let input: Vec<f32> = wave(count * 32).collect();
    let pairs: Vec<[Mat4; 2]> =
        input.chunks(32).map(|n| [n, &n[16..]].map(Mat4::from_cols_slice)).collect();
    let (mut ours, mut theirs) = (vec![0.0; count * 16], vec![Mat4::ZERO; count]);
    compare(
        "mat4_mul",
        count,
        || units.call(black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&pairs), black_box(&mut theirs));
            for ([a, b], to) in from.iter().zip(to) {
                *to = *a * *b;
            }
        },
    )
}

fn slerps(count: usize) -> Result<(), UnitError> {
    let units = Ours::new("quat_slerp_many")?;
    let mut input = Vec::with_capacity(count * 9);
    let numbers: Vec<f32> = wave(count * 9).collect();
    for n in numbers.chunks(9) {
        input.extend(Quat::from_slice(n).normalize().to_array());
        input.extend(Quat::from_slice(&n[4..]).normalize().to_array());
        input.push(n[8].abs());
    }
    let from: Vec<(Quat, Quat, f32)> =
        input.chunks(9).map(|n| (Quat::from_slice(n), Quat::from_slice(&n[4..]), n[8])).collect();
    let (mut ours, mut theirs) = (vec![0.0; count * 4], vec![Quat::IDENTITY; count]);
    compare(
        "slerp_many",
        count,
        || units.call(black_box(&input), black_box(&mut ours)),
        || {
            let (from, to) = (black_box(&from), black_box(&mut theirs));
            for ((a, b, t), to) in from.iter().zip(to) {
                *to = a.slerp(*b, *t);
            }
        },
    )
}

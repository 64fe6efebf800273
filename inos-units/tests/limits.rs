//! Flocks where the models that they are after have known answers.
#![cfg(feature = "boids")]
#![allow(clippy::expect_used)]

mod support;

use std::f64::consts::PI;

use inos_units::boids::{Bounds, Frame, InitParams, StepParams, frame_len};
use inos_units::{Budget, Call, Dispatcher, VecOutput};
use support::{frame_of, init, step};

fn view(frame: &VecOutput) -> Frame<'_> {
    Frame::new(frame.as_bytes()).expect("a frame")
}

fn order(frame: &VecOutput) -> f64 {
    f64::from(view(frame).header().order_parameter)
}

/// Only alignment, as in Vicsek's model without noise.
fn alike() -> StepParams {
    StepParams {
        separation_weight: 0.0,
        alignment_weight: 4.0,
        cohesion_weight: 0.0,
        min_speed: 1.0,
        max_speed: 1.0,
        max_force: 100.0,
        dt: 0.05,
        max_per_cell: 1024,
        ..StepParams::default()
    }
}

/// Where noise rules, headings are independent, and the order parameter of `n` of them is the length
/// of a random walk over its steps: Rayleigh's `sqrt(pi / 4n)` in the plane, `sqrt(8 / 3 pi n)` in
/// space.
#[test]
fn without_interaction_order_is_that_of_a_random_walk() {
    let alone = StepParams { alignment_weight: 0.0, ..alike() };
    let (count, seeds) = (100, 400);
    for (dim, expected) in [(2, (PI / 400.0).sqrt()), (3, (8.0 / (300.0 * PI)).sqrt())] {
        let mut sum = 0.0;
        for seed in 0..seeds {
            let flock = init(&InitParams { count, dim, seed, ..InitParams::default() });
            let mut later = flock;
            for _ in 0..3 {
                later = step(&later, &alone);
            }
            sum += order(&later);
        }
        let mean = sum / f64::from(seeds as u32);
        // The mean of 400 has an error of 2.6 % of itself.
        assert!((mean / expected - 1.0).abs() < 0.08, "{dim}D: {mean}, not {expected}");
    }
}

/// Vicsek et al. (1995): with density high and noise low, all come to fly in one direction, and below
/// some density they do not find each other.
#[test]
fn dense_flocks_come_to_order_and_sparse_ones_do_not() {
    for dim in [2, 3] {
        let flown = |half_extent: f32, count: u32| {
            let params = InitParams { count, dim, half_extent, seed: 2, ..InitParams::default() };
            let mut flock = init(&params);
            for _ in 0..400 {
                flock = step(&flock, &alike());
            }
            order(&flock)
        };
        let dense = flown(2.5, 300);
        let sparse = flown(500.0, 300);
        assert!(dense > 0.99, "{dim}D, dense: {dense}");
        assert!(sparse < 0.25, "{dim}D, sparse: {sparse}");
    }
}

/// Alignment turns nobody who flies like all others: order is a fixed point.
#[test]
fn a_flock_in_order_flies_straight_on() {
    let boids: Vec<[f32; 6]> = (0..60_u8)
        .map(|index| {
            let at = |k: u8| f32::from(index.wrapping_mul(k) % 64) / 16.0 - 2.0;
            [at(3), at(7), at(11), 0.6, 0.0, 0.8]
        })
        .collect();
    let mut flock = frame_of(Bounds::Torus, 2.0, 3, &boids);
    for _ in 0..100 {
        flock = step(&flock, &alike());
    }
    assert!(order(&flock) > 0.999_999);
    for index in 0..60 {
        let vel = [0, 1, 2].map(|axis| view(&flock).vel(axis)[index]);
        assert!((vel[0] - 0.6).abs() < 1e-4 && vel[1].abs() < 1e-4, "{vel:?}");
    }
}

/// Two boids at rest relative to each other neither part nor meet where Reynolds' separation and
/// cohesion cancel out: `ws r d / (d^2 + r^2/64) = wc d`, so `d^2 = ws r / wc - r^2 / 64`.
#[test]
fn two_boids_have_a_distance_of_rest() {
    let radius = 0.8_f32;
    for (separation_weight, cohesion_weight) in [(1.0, 2.0), (0.5, 1.5), (2.0, 4.0)] {
        let rules = StepParams {
            separation_radius: radius,
            separation_weight,
            cohesion_weight,
            alignment_weight: 0.0,
            min_speed: 0.0,
            max_speed: 10.0,
            dt: 0.01,
            ..alike()
        };
        let rest = (separation_weight * radius / cohesion_weight - radius * radius / 64.0).sqrt();
        assert!(rest < radius, "both rules act");
        for (distance, sign) in [(rest * 0.995, 1.0), (rest * 1.005, -1.0)] {
            let half = distance / 2.0;
            let pair = [[-half, 0.0, 0.0, 0.0, 1.0, 0.0], [half, 0.0, 0.0, 0.0, 1.0, 0.0]];
            let after = step(&frame_of(Bounds::Box, 8.0, 2, &pair), &rules);
            let after = view(&after);
            let place = |id| after.ids().iter().position(|other| *other == id).expect("both");
            let parting = after.vel(0)[place(1)] - after.vel(0)[place(0)];
            assert!(parting * sign > 0.0, "{distance} beside {rest}: {parting}");
        }
    }
}

/// Who pushes is pushed: separation alone, which two boids feel alike, changes no sum of velocities.
#[test]
fn separation_keeps_the_momentum() {
    let rules = StepParams {
        separation_radius: 1.0,
        separation_weight: 0.5,
        alignment_weight: 0.0,
        min_speed: 0.0,
        max_speed: 10_000.0,
        max_force: 1_000_000.0,
        dt: 0.01,
        ..alike()
    };
    let params = InitParams { count: 400, dim: 3, half_extent: 2.0, ..InitParams::default() };
    let mut flock = init(&params);
    let momentum = |flock: &VecOutput| {
        [0, 1, 2].map(|axis| view(flock).vel(axis).iter().map(|&v| f64::from(v)).sum::<f64>())
    };
    let before = momentum(&flock);
    let mut moved = 0.0_f64;
    for _ in 0..50 {
        flock = step(&flock, &rules);
    }
    for (now, before) in momentum(&flock).into_iter().zip(before) {
        // 400 boids, 50 steps, rounding of 6e-8 of speeds about 1 each.
        assert!((now - before).abs() < 2e-3, "{before} became {now}");
    }
    for axis in 0..3 {
        moved += view(&flock).vel(axis).iter().map(|&v| f64::from(v * v)).sum::<f64>();
    }
    assert!(moved > 1.2 * 400.0, "they did push: {moved}");
}

/// A frame is the whole state: kept as bytes, and gone on with by units that never saw the flock,
/// with other instructions, it continues with the same bits.
#[test]
fn a_snapshot_goes_on_as_the_flock_did() {
    use inos_units::boids::{BoidsUnit, InstructionSet};

    let params = InitParams { count: 500, dim: 3, seed: 11, ..InitParams::default() };
    let rules = StepParams { wind_x: 0.1, goal_weight: 0.5, ..StepParams::default() };
    let mut flock = init(&params);
    for _ in 0..20 {
        flock = step(&flock, &rules);
    }
    let snapshot = flock.to_vec();
    for _ in 0..20 {
        flock = step(&flock, &rules);
    }
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        let mut units = Dispatcher::new();
        units.register(Box::new(BoidsUnit::with_instructions(set))).expect("one unit");
        let id = units.resolve("boids", "step").expect("a method");
        let mut restored = VecOutput::new(frame_len(3, 500).expect("a length"));
        let mut words: Vec<u32> =
            snapshot.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word)).collect();
        for _ in 0..20 {
            let json = rules.to_json();
            let call = Call { input: bytemuck::cast_slice(&words), params: json.as_bytes() };
            units.execute(id, call, &mut restored, &Budget::unlimited()).expect("a step");
            words.copy_from_slice(bytemuck::cast_slice(restored.as_bytes()));
        }
        assert!(restored.as_bytes() == flock.as_bytes(), "{set:?}");
    }
}

//! The flock: against the oracle, in pieces, over time.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use inos_units::boids::{Bounds, Frame, InitParams, InstructionSet, StepParams};
use inos_units::{Budget, Call, Dispatcher, Plan, UnitError, VecOutput};
use proptest::prelude::*;
use support::naive::naive_step;
use support::{call, frame_of, hex, init, step, step_with};

const ALL_BOUNDS: [Bounds; 3] = [Bounds::Torus, Bounds::Box, Bounds::Sphere];

/// Compares a step with the oracle's, boid by boid, with each instruction set.
fn assert_agrees(frame: &VecOutput, params: &StepParams) {
    let next = step(frame, params);
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        let other = step_with(set, frame, params);
        assert!(other.as_bytes() == next.as_bytes(), "{set:?} gives other bits");
    }
    let before = Frame::new(frame.as_bytes()).expect("a frame");
    let after = Frame::new(next.as_bytes()).expect("a frame");
    let expected = naive_step(&before, params);

    let total: u64 = expected.neighbours.iter().map(|&count| u64::from(count)).sum();
    let most = expected.neighbours.iter().copied().max().unwrap_or(0);
    assert!(before.count() <= params.max_per_cell as usize, "the oracle knows no limit");
    assert_eq!(after.header().max_neighbours, most);
    assert_eq!(after.header().mean_neighbours, (total as f64 / before.count() as f64) as f32);

    let width = 2.0 * f64::from(before.header().half_extent);
    for (index, id) in before.ids().iter().enumerate() {
        let place = after.ids().iter().position(|other| other == id).expect("no boid is lost");
        for axis in 0..before.dim() {
            let mut off = f64::from(after.pos(axis)[place]) - expected.pos[index][axis];
            if before.header().bounds == Bounds::Torus {
                off -= width * (off / width).round();
            }
            assert!(off.abs() < 3e-5, "position of {id}, axis {axis}, is off by {off}");
            let off = f64::from(after.vel(axis)[place]) - expected.vel[index][axis];
            assert!(off.abs() < 3e-5, "velocity of {id}, axis {axis}, is off by {off}");
        }
    }
}

#[test]
fn agrees_with_the_oracle() {
    let mixed = StepParams {
        separation_radius: 0.7,
        alignment_radius: 1.3,
        cohesion_radius: 0.9,
        max_per_cell: 1024,
        dt: 0.05,
        field_of_view: 0.8,
        ..StepParams::default()
    };
    let plain = StepParams { max_per_cell: 1024, ..StepParams::default() };
    for dim in [2, 3] {
        for bounds in ALL_BOUNDS {
            for (seed, half_extent) in [(1, 0.0), (2, 1.4), (3, 3.1), (4, 30.0)] {
                let start =
                    InitParams { count: 250, dim, seed, bounds, half_extent, ..Default::default() };
                let mut frame = init(&start);
                for params in [&plain, &mixed] {
                    assert_agrees(&frame, params);
                    for _ in 0..3 {
                        frame = step(&frame, params);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_oracle_on_any_parameters(
        seed: u64,
        count in 1..120_u32,
        dim in 2..=3_u32,
        bounds in prop::sample::select(ALL_BOUNDS.to_vec()),
        half_extent in 1.0..6.0_f32,
        radii in prop::array::uniform3(0.1..1.0_f32),
        weights in prop::array::uniform3(0.0..3.0_f32),
        max_force in 0.0..10.0_f32,
        dt in 0.0..0.1_f32,
        field_of_view in prop::sample::select(vec![1.0_f32, 0.9, 0.5, 0.2, 0.0]),
    ) {
        let params = StepParams {
            separation_radius: radii[0],
            alignment_radius: radii[1],
            cohesion_radius: radii[2],
            separation_weight: weights[0],
            alignment_weight: weights[1],
            cohesion_weight: weights[2],
            max_force,
            dt,
            field_of_view,
            max_per_cell: 1024,
            ..StepParams::default()
        };
        let start = InitParams { count, dim, seed, bounds, half_extent, ..Default::default() };
        assert_agrees(&init(&start), &params);
    }

    /// However a step is cut, the bits are those of the whole.
    #[test]
    fn cuts_do_not_matter(
        seed: u64,
        count in 1..600_u32,
        dim in 2..=3_u32,
        bounds in prop::sample::select(ALL_BOUNDS.to_vec()),
        cap in 1..80_u32,
        mut cuts in prop::collection::vec(0..=600_usize, 0..12),
        backwards: bool,
    ) {
        let start = InitParams { count, dim, seed, bounds, ..Default::default() };
        let frame = init(&start);
        let params = StepParams { max_per_cell: cap, ..StepParams::default() };
        let whole = step(&frame, &params);

        cuts.extend([0, count as usize]);
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(count as usize));
        cuts.sort_unstable();
        let plan = plan(&frame, &params);
        let budget = Budget::unlimited();
        let mut ranges: Vec<_> = cuts.windows(2).map(|cut| cut[0]..cut[1]).collect();
        let mut parts = Vec::new();
        if backwards {
            ranges.reverse();
        }
        for range in ranges {
            parts.push(plan.run(range, &budget).expect("run"));
        }
        if backwards {
            parts.reverse();
        }
        let mut out = VecOutput::new(whole.as_bytes().len());
        let len = plan.merge(parts, &mut out).expect("merge");
        prop_assert_eq!(len, whole.as_bytes().len());
        prop_assert_eq!(out.as_bytes(), whole.as_bytes());
    }
}

fn plan(frame: &VecOutput, params: &StepParams) -> Box<dyn Plan> {
    let units = Dispatcher::standard();
    let id = units.resolve("boids", "step").expect("boids step");
    let params = params.to_json();
    let call = Call { input: frame.as_bytes(), params: params.as_bytes() };
    units.plan(id, call, &Budget::unlimited()).expect("a plan").expect("step can be split")
}

#[test]
fn merge_refuses_parts_that_do_not_fit() {
    let frame = init(&InitParams { count: 100, ..InitParams::default() });
    let plan = plan(&frame, &StepParams::default());
    let budget = Budget::unlimited();
    let run = |range| plan.run(range, &budget).expect("run");
    let mut out = VecOutput::new(frame.as_bytes().len());
    let mut merge = |parts| plan.merge(parts, &mut out);
    for parts in [
        vec![],
        vec![run(0..50)],
        vec![run(0..50), run(51..100)],
        vec![run(0..60), run(50..100)],
        vec![run(50..100), run(0..50)],
        vec![run(0..100), run(0..100)],
        vec![vec![]],
        vec![vec![0; 64]],
        vec![vec![0xff; 64 + 2400]],
    ] {
        assert!(matches!(merge(parts), Err(UnitError::BadInput { .. })));
    }
    assert!(merge(vec![run(0..100)]).is_ok());
    for range in [0..101, 100..101, usize::MAX - 1..usize::MAX] {
        assert!(matches!(plan.run(range, &budget), Err(UnitError::BadInput { .. })));
    }
    let mut small = VecOutput::new(frame.as_bytes().len() - 1);
    let needed = frame.as_bytes().len();
    assert_eq!(
        plan.merge(vec![run(0..100)], &mut small),
        Err(UnitError::OutputTooSmall { needed, capacity: needed - 1 })
    );
}

/// Threads take ranges of one plan as they come.
#[test]
fn threads_give_the_same_bits() {
    let frame = init(&InitParams { count: 3000, ..InitParams::default() });
    let params = StepParams::default();
    let whole = step(&frame, &params);
    let plan = plan(&frame, &params);
    let budget = Budget::unlimited();
    let parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3000)
            .step_by(750)
            .map(|start| {
                let (plan, budget) = (&plan, &budget);
                scope.spawn(move || plan.run(start..start + 750, budget).expect("run"))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    let mut out = VecOutput::new(whole.as_bytes().len());
    plan.merge(parts, &mut out).expect("merge");
    assert_eq!(out.as_bytes(), whole.as_bytes());
}

/// Strict mode: these digests hold on every little-endian machine. They change only with the
/// rule, the order of sums or the format, and then the unit's version does, too.
#[test]
fn golden_digests() {
    let expected = [
        (2, Bounds::Torus, "5a6ebaae0a84dfa1"),
        (2, Bounds::Box, "526fc217c8f75d93"),
        (2, Bounds::Sphere, "7b313fa2122d4660"),
        (3, Bounds::Torus, "1980252931140630"),
        (3, Bounds::Box, "a91f6ea5fbddca24"),
        (3, Bounds::Sphere, "c735b35bafeb9311"),
    ];
    let mut found = Vec::new();
    for (dim, bounds, _) in expected {
        let start = InitParams { count: 777, dim, seed: 2024, bounds, ..InitParams::default() };
        let mut frame = init(&start);
        for _ in 0..50 {
            frame = step(&frame, &StepParams::default());
        }
        let digest = call("hash", "blake3", frame.as_bytes(), br#"{"length": 8}"#).expect("blake3");
        found.push((dim, bounds, hex(digest.as_bytes())));
    }
    let found: Vec<_> =
        found.iter().map(|(dim, bounds, hex)| (*dim, *bounds, hex.as_str())).collect();
    if cfg!(target_endian = "little") {
        assert_eq!(found, expected);
    }
}

fn assert_sound(frame: &Frame<'_>, params: &StepParams) {
    let half = frame.header().half_extent;
    for index in 0..frame.count() {
        let pos: Vec<f32> = (0..frame.dim()).map(|axis| frame.pos(axis)[index]).collect();
        let vel: Vec<f32> = (0..frame.dim()).map(|axis| frame.vel(axis)[index]).collect();
        let length = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let speed = length(&vel);
        assert!(speed >= params.min_speed * 0.9999 - 1e-30, "speed {speed}");
        assert!(speed <= params.max_speed * 1.0001, "speed {speed}");
        match frame.header().bounds {
            Bounds::Torus => assert!(pos.iter().all(|value| (-half..half).contains(value))),
            Bounds::Box => assert!(pos.iter().all(|value| (-half..=half).contains(value))),
            Bounds::Sphere => assert!(length(&pos) <= half * 1.000_001),
        }
    }
    let header = frame.header();
    assert!((0.0..=1.0).contains(&header.order_parameter));
    assert!(header.mean_neighbours.is_finite());
    assert!(header.max_neighbours < header.count);
    let mut ids = frame.ids().to_vec();
    ids.sort_unstable();
    assert!(ids.iter().copied().eq(0..header.count));
}

#[test]
fn flocks_stay_sound_and_find_an_order() {
    let params = StepParams::default();
    for dim in [2, 3] {
        for bounds in ALL_BOUNDS {
            let start = InitParams { count: 400, dim, seed: 9, bounds, ..InitParams::default() };
            let mut frame = init(&start);
            let first = Frame::new(frame.as_bytes()).expect("a frame").header().order_parameter;
            for _ in 0..300 {
                frame = step(&frame, &params);
                assert_sound(&Frame::new(frame.as_bytes()).expect("a frame"), &params);
            }
            let frame = Frame::new(frame.as_bytes()).expect("a frame");
            let last = frame.header().order_parameter;
            assert!(first < 0.2, "{dim} {bounds:?}: starts at {first}");
            if bounds == Bounds::Torus {
                assert!(last > 0.9, "{dim} {bounds:?}: ends at {last}");
            }
            assert_eq!(frame.header().step, 300);
        }
    }
}

/// A flock of many cells, a crowd, a limited view: the same bits with every instruction set.
#[test]
fn instruction_sets_give_the_same_bits() {
    for dim in [2, 3] {
        for bounds in ALL_BOUNDS {
            for max_per_cell in [2, 7, 32] {
                let start = InitParams { count: 5003, dim, bounds, ..InitParams::default() };
                let mut frame = init(&start);
                for field_of_view in [1.0, 0.7, 1.0] {
                    let params =
                        StepParams { max_per_cell, field_of_view, ..StepParams::default() };
                    let next = step_with(InstructionSet::Portable, &frame, &params);
                    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
                        let other = step_with(set, &frame, &params);
                        assert!(other.as_bytes() == next.as_bytes(), "{set:?} {dim} {bounds:?}");
                    }
                    frame = next;
                }
            }
        }
    }
}

/// Everybody in one place with one velocity: nobody can see more than the cap, and a step ends.
#[test]
fn a_clump_is_bounded() {
    for dim in [2, 3] {
        let boids = vec![[0.25, -0.5, if dim == 3 { 0.125 } else { 0.0 }, 1.0, 0.0, 0.0]; 60_000];
        let frame = frame_of(Bounds::Torus, 50.0, dim, &boids);
        let params = StepParams { max_per_cell: 30, ..StepParams::default() };
        let started = std::time::Instant::now();
        let next = step(&frame, &params);
        assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
        let next = Frame::new(next.as_bytes()).expect("a frame");
        // Thirty are seen, by each other and by all the rest.
        let mean = (30.0 * 29.0 + 59_970.0 * 30.0) / 60_000.0;
        assert_eq!(next.header().mean_neighbours, mean);
        assert_eq!(next.header().max_neighbours, 30);
        assert_sound(&next, &params);
    }
}

/// Two clumps out of each other's sight in cells next to each other: the slowest frame there is.
#[test]
fn two_clumps_are_bounded() {
    let mut boids = vec![[0.0, 0.0, 0.0, 1.0, 0.0, 0.0]; 20_000];
    for boid in boids.iter_mut().step_by(2) {
        boid[0] = 1.01;
    }
    let frame = frame_of(Bounds::Box, 50.0, 2, &boids);
    let params = StepParams { max_per_cell: 1024, ..StepParams::default() };
    let started = std::time::Instant::now();
    let next = step(&frame, &params);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
    assert_sound(&Frame::new(next.as_bytes()).expect("a frame"), &params);
}

/// Boids at rest at one point, told to have a speed, take headings of their own.
#[test]
fn boids_without_a_heading_get_one() {
    let frame = frame_of(Bounds::Box, 5.0, 3, &[[0.0; 6]; 50]);
    let params = StepParams::default();
    let next = step(&frame, &params);
    let next = Frame::new(next.as_bytes()).expect("a frame");
    assert_sound(&next, &params);
    assert!(next.header().order_parameter < 0.5);
}

#[test]
fn resize_keeps_the_lowest_ids_after_steps() {
    let mut frame = init(&InitParams { count: 200, seed: 3, ..InitParams::default() });
    for _ in 0..20 {
        frame = step(&frame, &StepParams::default());
    }
    let before = Frame::new(frame.as_bytes()).expect("a frame");
    let small = call("boids", "resize", frame.as_bytes(), br#"{"count": 70}"#).expect("resize");
    let small_frame = Frame::new(small.as_bytes()).expect("a frame");
    let kept: Vec<u32> = before.ids().iter().copied().filter(|&id| id < 70).collect();
    assert_eq!(small_frame.ids(), kept);
    for (place, id) in small_frame.ids().iter().enumerate() {
        let old = before.ids().iter().position(|other| other == id).expect("was there");
        for axis in 0..3 {
            assert_eq!(small_frame.pos(axis)[place], before.pos(axis)[old]);
            assert_eq!(small_frame.vel(axis)[place], before.vel(axis)[old]);
        }
    }
    let large = call("boids", "resize", small.as_bytes(), br#"{"count": 300}"#).expect("resize");
    let large_frame = Frame::new(large.as_bytes()).expect("a frame");
    assert_eq!(large_frame.ids()[..70], *small_frame.ids());
    assert!(large_frame.ids()[70..].iter().copied().eq(70..300));
    assert_eq!(large_frame.header().step, 20);
    let params = StepParams::default();
    let next = step(&large, &params);
    assert_sound(&Frame::new(next.as_bytes()).expect("a frame"), &params);
}

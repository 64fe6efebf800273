//! Goals, wind, obstacles, predators; who is near whom.
#![cfg(all(feature = "boids", feature = "hash"))]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use inos_units::boids::{Bounds, Frame, InitParams, InstructionSet, Obstacle, SceneParams};
use inos_units::boids::{StepParams, frame_len_with};
use inos_units::schema::Bytes;
use inos_units::{UnitError, VecOutput};
use proptest::prelude::*;
use support::naive::naive_step;
use support::{call, frame_of, init, step, step_with};

const ALL_BOUNDS: [Bounds; 3] = [Bounds::Torus, Bounds::Box, Bounds::Sphere];

fn with_scene(frame: &VecOutput, predators: u32, obstacles: &[Obstacle]) -> VecOutput {
    let bytes: Vec<u8> = obstacles.iter().flat_map(Obstacle::to_bytes).collect();
    let params = SceneParams { predators, seed: 3, obstacles: Bytes::from(bytes) };
    call("boids", "set_scene", frame.as_bytes(), params.to_json().as_bytes()).expect("set_scene")
}

fn view(frame: &VecOutput) -> Frame<'_> {
    Frame::new(frame.as_bytes()).expect("a frame")
}

/// Every position and velocity is the oracle's, with every instruction set.
fn assert_agrees(frame: &VecOutput, params: &StepParams) {
    let next = step(frame, params);
    for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
        assert!(step_with(set, frame, params).as_bytes() == next.as_bytes(), "{set:?}");
    }
    let (before, after) = (view(frame), view(&next));
    let expected = naive_step(&before, params);
    let width = 2.0 * f64::from(before.header().half_extent);
    for (index, id) in before.ids().iter().enumerate() {
        let place = after.ids().iter().position(|other| other == id).expect("nobody is lost");
        for axis in 0..before.dim() {
            let mut off = f64::from(after.pos(axis)[place]) - expected.pos[index][axis];
            if before.header().bounds == Bounds::Torus {
                off -= width * (off / width).round();
            }
            // Out of an obstacle, and a little further.
            assert!(off.abs() < 1e-4, "position of {id}, axis {axis}, is off by {off}");
            let off = f64::from(after.vel(axis)[place]) - expected.vel[index][axis];
            assert!(off.abs() < 1e-4, "velocity of {id}, axis {axis}, is off by {off}");
        }
    }
}

#[test]
fn surroundings_agree_with_the_oracle() {
    let obstacles = [
        Obstacle::Sphere { center: [1.0, -0.5, 0.25], radius: 0.8 },
        Obstacle::Box { center: [-2.6, 1.0, 0.0], half: [0.7, 0.4, 1.5] },
    ];
    let calm = StepParams { max_per_cell: 1024, dt: 0.05, ..StepParams::default() };
    let goal = StepParams { goal_weight: 3.0, goal_x: 2.5, goal_y: -1.0, goal_z: 0.5, ..calm };
    let windy = StepParams { wind_x: 0.7, wind_y: -0.2, wind_z: 0.1, field_of_view: 0.8, ..goal };
    for dim in [2, 3] {
        for bounds in ALL_BOUNDS {
            for seed in [5, 6] {
                let half_extent = 3.0;
                let start = InitParams {
                    count: 200,
                    dim,
                    bounds,
                    seed,
                    half_extent,
                    ..InitParams::default()
                };
                let bare = init(&start);
                for params in [&calm, &goal, &windy] {
                    assert_agrees(&bare, params);
                    let mut frame = with_scene(&bare, 3, &obstacles);
                    for _ in 0..4 {
                        assert_agrees(&frame, params);
                        frame = step(&frame, params);
                    }
                }
            }
        }
    }
}

fn is_inside(obstacle: &Obstacle, pos: [f32; 3], dim: usize) -> bool {
    match obstacle {
        Obstacle::Sphere { center, radius } => {
            let squared = |axis: usize| (pos[axis] - center[axis]).powi(2);
            (0..dim).map(squared).sum::<f32>().sqrt() < radius * 0.9999
        }
        Obstacle::Box { center, half } => {
            (0..dim).all(|axis| (pos[axis] - center[axis]).abs() < half[axis] * 0.9999)
        }
    }
}

/// A flock is blown against a wall with a ball before it, for long: nobody gets in.
#[test]
fn nobody_gets_into_an_obstacle() {
    let obstacles = [
        Obstacle::Box { center: [4.0, 0.0, 0.0], half: [0.5, 9.0, 9.0] },
        Obstacle::Sphere { center: [0.0, 0.0, 0.0], radius: 1.5 },
    ];
    for dim in [2, 3] {
        let start = InitParams {
            count: 400,
            dim,
            bounds: Bounds::Box,
            half_extent: 6.0,
            ..InitParams::default()
        };
        let mut frame = with_scene(&init(&start), 2, &obstacles);
        let params = StepParams { wind_x: 2.0, avoid_weight: 1.0, ..StepParams::default() };
        for _ in 0..200 {
            frame = step(&frame, &params);
            let frame = view(&frame);
            for index in 0..frame.count() {
                let pos = [0, 1, 2].map(|axis| frame.pos(axis).get(index).map_or(0.0, |x| *x));
                for obstacle in &obstacles {
                    assert!(!is_inside(obstacle, pos, dim as usize), "{pos:?} in {obstacle:?}");
                }
            }
        }
        let frame = view(&frame);
        assert_eq!((frame.header().predators, frame.header().obstacles), (2, 2));
        assert_eq!(frame.obstacles().flatten().collect::<Vec<_>>(), obstacles);
    }
}

fn caught_in(fear_weight: f32, seed: u64) -> u32 {
    let start = InitParams { count: 500, seed, half_extent: 5.0, ..InitParams::default() };
    let mut frame = with_scene(&init(&start), 4, &[]);
    let params = StepParams { fear_weight, catch_radius: 0.3, ..StepParams::default() };
    let mut caught = 0;
    for _ in 0..200 {
        frame = step(&frame, &params);
        caught += view(&frame).header().caught;
    }
    caught
}

/// Predators catch; who fears them is caught less.
#[test]
fn fear_saves() {
    for seed in 1..5 {
        let (bold, afraid) = (caught_in(0.0, seed), caught_in(40.0, seed));
        assert!(bold > 50, "{bold} caught without fear");
        assert!(afraid * 2 < bold, "{afraid} caught with fear, {bold} without");
    }
}

/// A lone boid flies to the goal and stays about there.
#[test]
fn a_goal_is_reached() {
    let mut frame = frame_of(Bounds::Torus, 10.0, 3, &[[9.0, 0.0, 0.0, 1.0, 0.0, 0.0]]);
    let params = StepParams { goal_x: -9.0, goal_weight: 2.0, ..StepParams::default() };
    for _ in 0..100 {
        frame = step(&frame, &params);
    }
    // Around the edge: two units away, not eighteen.
    let x = view(&frame).pos(0)[0];
    assert!((-9.9..-7.5).contains(&x), "{x}");
}

/// In a uniform flock the distance to the nearest is 0.554 n^-1/3 in space (Chandrasekhar 1943),
/// and 0.5 n^-1/2 in the plane (Clark and Evans 1954), with n the density.
#[test]
fn nearest_neighbours_of_a_uniform_flock() {
    for (dim, half_extent, expected) in
        [(2, 25.0_f32, 0.5 * (2500.0_f32 / 20_000.0).sqrt()), (3, 10.0, 0.553_96 * 0.4_f32.cbrt())]
    {
        let start = InitParams { count: 20_000, dim, half_extent, ..InitParams::default() };
        let frame = init(&start);
        let params = br#"{"radius": 3}"#;
        let out = call("boids", "stats", frame.as_bytes(), params).expect("stats");
        let text = core::str::from_utf8(out.as_bytes()).expect("UTF-8");
        let (_, rest) = text.split_once("\"mean_nearest\":").expect("it is told");
        let found: f32 = rest.split(',').next().and_then(|x| x.parse().ok()).expect("a number");
        assert!((found / expected - 1.0).abs() < 0.015, "{dim}D: {found}, expected {expected}");
    }
}

/// Clusters of a few boids on a grid, by hand and by an oracle that compares all pairs.
fn naive_clusters(frame: &Frame<'_>, radius: f32) -> (usize, usize, usize) {
    let count = frame.count();
    let width = 2.0 * frame.header().half_extent;
    let near = |a: usize, b: usize| {
        let mut squared = 0.0;
        for axis in 0..frame.dim() {
            let mut way = (frame.pos(axis)[a] - frame.pos(axis)[b]).abs();
            if frame.header().bounds == Bounds::Torus {
                way = way.min(width - way);
            }
            squared += way * way;
        }
        squared < radius * radius
    };
    let mut cluster: Vec<usize> = (0..count).collect();
    for a in 0..count {
        for b in 0..a {
            if near(a, b) && cluster[a] != cluster[b] {
                let (from, to) = (cluster[a], cluster[b]);
                cluster.iter_mut().filter(|mark| **mark == from).for_each(|mark| *mark = to);
            }
        }
    }
    let size = |mark: usize| cluster.iter().filter(|&&other| other == mark).count();
    let sizes: Vec<usize> = (0..count).map(size).filter(|&size| size > 0).collect();
    let largest = sizes.iter().copied().max().unwrap_or(0);
    (sizes.len(), largest, sizes.iter().filter(|&&size| size == 1).count())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn clusters_are_those_of_all_pairs(
        seed: u64,
        count in 1..150_u32,
        dim in 2..=3_u32,
        bounds in prop::sample::select(ALL_BOUNDS.to_vec()),
        radius in 0.1..1.5_f32,
    ) {
        let half_extent = 3.0;
        let frame = init(&InitParams { count, dim, seed, bounds, half_extent, speed: 1.0 });
        let params = format!("{{\"radius\": {radius}}}");
        let out = call("boids", "stats", frame.as_bytes(), params.as_bytes()).expect("stats");
        let text = core::str::from_utf8(out.as_bytes()).expect("UTF-8");
        let (clusters, largest, lonely) = naive_clusters(&view(&frame), radius);
        let expected = format!(
            "\"clusters\":{clusters},\"largest_cluster\":{largest},\"lonely\":{lonely},"
        );
        prop_assert!(text.contains(&expected), "{text} has not {expected}");
    }

    /// Any bytes as a scene: refused or read, and a step over it gives nothing that is not finite.
    #[test]
    fn any_scene_is_refused_or_sound(
        records in prop::collection::vec(any::<[u8; 32]>(), 0..4),
        floats in prop::collection::vec(any::<[f32; 6]>(), 0..3),
        kind in 0..3_u32,
        predators in 0..=64_u32,
    ) {
        let frame = init(&InitParams { count: 30, ..InitParams::default() });
        let mut bytes: Vec<u8> = records.concat();
        for record in floats {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(record.iter().flat_map(|value| value.to_le_bytes()));
            bytes.extend([0; 4]);
        }
        let params = SceneParams { predators, seed: 1, obstacles: Bytes::from(bytes) }.to_json();
        match call("boids", "set_scene", frame.as_bytes(), params.as_bytes()) {
            Ok(frame) => {
                let next = step(&frame, &StepParams::default());
                let next = view(&next);
                for axis in 0..3 {
                    prop_assert!(next.pos(axis).iter().all(|value| value.is_finite()));
                    prop_assert!(next.vel(axis).iter().all(|value| value.is_finite()));
                }
                prop_assert!(next.predators().all(|one| one.pos.iter().all(|x| x.is_finite())));
            }
            Err(error) => prop_assert!(matches!(error, UnitError::BadInput { .. }), "{error}"),
        }
    }
}

#[test]
fn a_scene_is_refused_where_it_breaks_the_format() {
    let frame = init(&InitParams { count: 10, ..InitParams::default() });
    let refused = |params: &str| {
        call("boids", "set_scene", frame.as_bytes(), params.as_bytes()).expect_err("refused")
    };
    let error = refused(r#"{"obstacles": "00"}"#);
    assert!(matches!(error, UnitError::BadParam { name: "obstacles", .. }), "{error:?}");
    assert!(matches!(refused(r#"{"predators": 65}"#), UnitError::BadParam { .. }));
    let unknown = format!("{{\"obstacles\": \"{}\"}}", "07".repeat(32));
    assert!(matches!(refused(&unknown), UnitError::BadInput { .. }));
    // A frame that says it has a scene, and ends before it.
    let scene = with_scene(&frame, 2, &[]);
    let bytes = scene.as_bytes();
    assert_eq!(Some(bytes.len()), frame_len_with(3, 10, 2, 0));
    assert!(Frame::new(&bytes[..bytes.len() - 4]).is_err());
    // More boids, or fewer, in the same scene.
    let less = call("boids", "resize", bytes, br#"{"count": 4}"#).expect("resize");
    assert!(view(&less).predators().eq(view(&scene).predators()));
}

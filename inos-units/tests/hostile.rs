//! Input from somebody who means harm: any bytes, any parameters. Nothing may panic, and what
//! comes out must be sound.
#![cfg(feature = "boids")]
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use inos_units::boids::{Bounds, Frame, HEADER_LEN, InitParams, StepParams};
use inos_units::{Budget, Call, Dispatcher, VecOutput};
use inos_units::{Unit, UnitError, boids::BoidsUnit};
use proptest::prelude::*;
use support::{call, frame_of, init};

/// Calls a method of boids without the dispatcher, so that a panic is not caught but seen.
fn raw(method: &str, input: &[u8], params: &[u8]) -> Result<VecOutput, UnitError> {
    let unit = BoidsUnit::new();
    let index = unit.info().methods.iter().position(|row| row.name == method).expect("a method");
    let mut out = VecOutput::new(1 << 22);
    unit.execute(index as u16, Call { input, params }, &mut out, &Budget::unlimited())?;
    Ok(out)
}

/// Bytes that start on a multiple of eight.
fn aligned(bytes: &[u8]) -> VecOutput {
    use inos_units::Output as _;
    let mut out = VecOutput::new(bytes.len());
    out.write(0, bytes).expect("it fits");
    out
}

fn assert_finite(bytes: &[u8]) {
    let frame = Frame::new(bytes).expect("a result is a frame");
    for axis in 0..frame.dim() {
        assert!(frame.pos(axis).iter().chain(frame.vel(axis)).all(|value| value.is_finite()));
        let half = frame.header().half_extent;
        assert!(frame.pos(axis).iter().all(|value| value.abs() <= half));
    }
}

/// Any float, the strange ones often.
fn float() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<u32>().prop_map(f32::from_bits),
        -10.0..10.0_f32,
        prop::sample::select(vec![
            0.0,
            -0.0,
            1e-45,
            f32::MIN_POSITIVE,
            f32::MAX,
            f32::MIN,
            f32::INFINITY,
            f32::NAN,
            f32::NEG_INFINITY,
            1e6,
            -1e6,
            5.0,
            -5.0,
        ]),
    ]
}

/// Finite floats, the strange ones often.
fn finite() -> impl Strategy<Value = f32> {
    float().prop_map(|value| if value.is_finite() { value } else { 1e30 })
}

fn bounds() -> impl Strategy<Value = Bounds> {
    prop::sample::select(vec![Bounds::Torus, Bounds::Box, Bounds::Sphere])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Bytes that are no frame, or a frame with some words replaced.
    #[test]
    fn any_bytes_are_refused_or_read(
        garbage in prop::collection::vec(any::<u8>(), 0..300),
        words in prop::collection::vec((0..60_usize, any::<u32>()), 0..4),
        cut in 0..600_usize,
        offset in 0..4_usize,
    ) {
        let base = init(&InitParams { count: 5, dim: 2, ..InitParams::default() }).to_vec();
        let mut spoilt = base.clone();
        for (index, word) in words {
            if let Some(target) = spoilt.get_mut(index * 4..index * 4 + 4) {
                target.copy_from_slice(&word.to_ne_bytes());
            }
        }
        let mut moved = vec![0; offset];
        moved.extend_from_slice(&spoilt);
        let moved = aligned(&moved);
        let cut = spoilt[..cut.min(spoilt.len())].to_vec();
        for input in [
            aligned(&garbage).as_bytes(),
            aligned(&spoilt).as_bytes(),
            aligned(&cut).as_bytes(),
            &moved.as_bytes()[offset..],
        ] {
            for method in ["step", "resize"] {
                if let Ok(out) = raw(method, input, b"") {
                    Frame::new(out.as_bytes()).expect("a result is a frame");
                }
            }
            let _ = raw("stats", input, b"");
            let _ = raw("init", input, b"");
        }
    }

    /// Positions and velocities are whatever bits there are.
    #[test]
    fn any_floats_are_refused_or_tamed(
        boids in prop::collection::vec(prop::array::uniform6(float()), 1..40),
        dim in 2..=3_u32,
        bounds in bounds(),
    ) {
        let frame = frame_of(bounds, 5.0, dim, &boids);
        match raw("step", frame.as_bytes(), b"") {
            Ok(out) => assert_finite(out.as_bytes()),
            Err(error) => prop_assert!(matches!(error, UnitError::BadInput { .. }), "{error}"),
        }
        if let Ok(out) = raw("stats", frame.as_bytes(), b"") {
            let text = core::str::from_utf8(out.as_bytes()).expect("UTF-8");
            prop_assert!(!text.contains("null") && !text.contains("NaN"), "{text}");
        }
    }

    /// Finite floats of any size, and parameters at the ends of their ranges.
    #[test]
    fn extremes_stay_finite(
        boids in prop::collection::vec(prop::array::uniform6(finite()), 1..40),
        dim in 2..=3_u32,
        bounds in bounds(),
        half_extent in prop::sample::select(vec![1e-3, 1.0, 5.0, 1e6]),
        radii in prop::array::uniform3(prop::sample::select(vec![0.001, 1.0, 10_000.0])),
        weights in prop::array::uniform3(prop::sample::select(vec![0.0, 1.0, 1000.0])),
        speeds in prop::sample::select(vec![(0.0, 0.0), (0.0, 10_000.0), (10_000.0, 10_000.0)]),
        max_force in prop::sample::select(vec![0.0, 1e6]),
        dt in prop::sample::select(vec![0.0, 0.02, 1.0]),
        cap in prop::sample::select(vec![1, 16, 17, 1024]),
        field_of_view in prop::sample::select(vec![0.0, 0.3, 1.0]),
    ) {
        let frame = frame_of(bounds, half_extent, dim, &boids);
        let params = StepParams {
            separation_radius: radii[0],
            alignment_radius: radii[1],
            cohesion_radius: radii[2],
            separation_weight: weights[0],
            alignment_weight: weights[1],
            cohesion_weight: weights[2],
            min_speed: speeds.0,
            max_speed: speeds.1,
            max_force,
            dt,
            max_per_cell: cap,
            field_of_view,
            ..StepParams::default()
        };
        let mut frame = frame;
        for _ in 0..3 {
            match raw("step", frame.as_bytes(), params.to_json().as_bytes()) {
                Ok(out) => {
                    assert_finite(out.as_bytes());
                    frame = out;
                }
                Err(error) => {
                    prop_assert!(matches!(error, UnitError::BadParam { .. }), "{error}");
                    prop_assert!(bounds == Bounds::Torus);
                }
            }
        }
    }

    /// Any text as parameters of any method.
    #[test]
    fn any_params_are_refused_or_taken(text in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        r#"\{("(count|dim|seed|bounds|half_extent|speed|dt|max_per_cell)":(-?[0-9]{1,12}(\.[0-9]{1,3})?(e[0-9]{1,3})?|null|true|"torus"|\[\]),?){0,3}\}"#
            .prop_map(String::into_bytes),
    ]) {
        // Keeps what a lucky text asks for small: fifty milliseconds, and little memory.
        let units = Dispatcher::standard();
        let frame = init(&InitParams { count: 5, ..InitParams::default() });
        for info in units.units() {
            for method in info.methods {
                let mut out = VecOutput::new(1 << 16);
                for input in [frame.as_bytes(), b""] {
                    let call = Call { input, params: &text };
                    let budget = Budget::unlimited().with_credits(50_000_000);
                    let result =
                        units.execute_named(info.name, method.name, call, &mut out, &budget);
                    prop_assert!(result != Err(UnitError::Panicked), "{} {}", info.name, method.name);
                }
            }
        }
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let good = init(&InitParams { count: 3, dim: 2, ..InitParams::default() });
    let refused = |index: usize, word: u32| {
        let mut bytes = good.to_vec();
        bytes[index * 4..index * 4 + 4].copy_from_slice(&word.to_ne_bytes());
        matches!(Frame::new(aligned(&bytes).as_bytes()), Err(UnitError::BadInput { .. }))
    };
    for (index, word) in [
        (0, 0x424f_4944),
        (1, 2),
        (2, 1),
        (2, 4),
        (3, 0),
        (3, 4_000_001),
        (3, u32::MAX),
        (3, 17),
        (4, 3),
        (5, f32::NAN.to_bits()),
        (5, 0.0_f32.to_bits()),
        (5, f32::INFINITY.to_bits()),
        (10, f32::NAN.to_bits()),
        (10, (-1.0_f32).to_bits()),
        (11, 1.5_f32.to_bits()),
        (11, f32::NAN.to_bits()),
    ] {
        assert!(refused(index, word), "word {index} = {word:#x}");
    }
    assert!(!refused(6, 5));
    for len in 0..good.as_bytes().len() {
        let what = if len < HEADER_LEN { "the header" } else { "the arrays" };
        assert!(Frame::new(&good.as_bytes()[..len]).is_err(), "{what} cut at {len}");
    }
    let mut longer = good.to_vec();
    longer.extend_from_slice(&[0xff; 100]);
    assert!(Frame::new(aligned(&longer).as_bytes()).is_ok());
}

#[test]
fn parameters_that_contradict() {
    let frame = init(&InitParams { count: 3, half_extent: 2.0, ..InitParams::default() });
    let refused = |params: &str, name: &str| match raw("step", frame.as_bytes(), params.as_bytes())
    {
        Err(UnitError::BadParam { name: found, .. }) => assert_eq!(found, name),
        other => panic!("{params}: {other:?}"),
    };
    refused(r#"{"min_speed": 3, "max_speed": 2}"#, "min_speed");
    refused(r#"{"alignment_radius": 2.001}"#, "alignment_radius");
    refused(r#"{"max_per_cell": 0}"#, "max_per_cell");
    refused(r#"{"dt": 1.01}"#, "dt");
    assert!(raw("step", frame.as_bytes(), br#"{"alignment_radius": 2}"#).is_ok());
    assert!(matches!(
        raw("init", b"", br#"{"half_extent": 0.0001}"#),
        Err(UnitError::BadParam { name: "half_extent", .. })
    ));
    assert!(matches!(raw("init", b"x", b""), Err(UnitError::BadInput { .. })));
}

/// A boid outside the world is the boid that crossing the edge makes of it.
#[test]
fn boids_outside_are_brought_in() {
    let still = [0.5, 0.25, -0.5];
    let boid = |pos: [f32; 3], vel: [f32; 3]| [pos[0], pos[1], pos[2], vel[0], vel[1], vel[2]];
    for (bounds, outside, inside, turned) in [
        (Bounds::Torus, [9.0, -9.5, 4.0], [-7.0, 6.5, 4.0], still),
        (Bounds::Box, [9.0, -9.5, 4.0], [7.0, -6.5, 4.0], [-0.5, 0.25, -0.5]),
    ] {
        // The other boid sees where the first really is.
        let other = boid([inside[0] + 0.5, inside[1], inside[2]], still);
        let crooked = frame_of(bounds, 8.0, 3, &[boid(outside, still), other]);
        let straight = frame_of(bounds, 8.0, 3, &[boid(inside, turned), other]);
        let crooked = raw("step", crooked.as_bytes(), b"").expect("step");
        let straight = raw("step", straight.as_bytes(), b"").expect("step");
        assert_eq!(crooked.as_bytes(), straight.as_bytes(), "{bounds:?}");
        assert_eq!(Frame::new(crooked.as_bytes()).expect("a frame").header().max_neighbours, 1);
    }
}

#[test]
fn ids_without_room_are_refused() {
    let frame = init(&InitParams { count: 3, dim: 2, ..InitParams::default() });
    let mut bytes = frame.to_vec();
    let last = bytes.len() - 64;
    bytes[last..last + 4].copy_from_slice(&(u32::MAX - 1).to_ne_bytes());
    let bytes = aligned(&bytes);
    assert!(raw("resize", bytes.as_bytes(), br#"{"count": 4}"#).is_ok());
    assert!(matches!(
        raw("resize", bytes.as_bytes(), br#"{"count": 5}"#),
        Err(UnitError::BadInput { .. })
    ));
    // Ids may repeat; then nobody can tell the boids apart, but nothing breaks.
    assert!(raw("step", bytes.as_bytes(), b"").is_ok());
}

#[test]
fn the_largest_flock_is_made_and_one_more_refused() {
    let most = br#"{"count": 4000000, "dim": 2}"#;
    let out = call("boids", "init", b"", most).expect("init");
    assert_eq!(Frame::new(out.as_bytes()).expect("a frame").count(), 4_000_000);
    assert!(call("boids", "init", b"", br#"{"count": 4000001}"#).is_err());
}

//! `math`: laws that hold for any numbers, batches cut anywhere, and input from somebody who
//! means harm.
#![cfg(feature = "math")]
#![allow(clippy::expect_used, clippy::panic)]

use inos_units::math::MathUnit;
use inos_units::{Budget, Call, Unit, UnitError, VecOutput};
use proptest::prelude::*;

fn number(method: &str) -> u16 {
    let methods = MathUnit::new().info().methods;
    methods.iter().position(|row| row.name == method).expect("a method") as u16
}

fn bytes(floats: &[f32]) -> Vec<u8> {
    floats.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Calls a method without the dispatcher, so that a panic is not caught but seen.
fn raw(method: &str, input: &[u8], params: &[u8]) -> Result<Vec<u8>, UnitError> {
    let unit = MathUnit::new();
    let mut out = VecOutput::new(1 << 22);
    let call = Call { input, params };
    let len = unit.execute(number(method), call, &mut out, &Budget::unlimited())?;
    assert_eq!(len, out.as_bytes().len());
    assert!(len <= unit.bound(number(method), call).expect("a bound"));
    Ok(out.to_vec())
}

fn run(method: &str, input: &[f32], params: &str) -> Result<Vec<f32>, UnitError> {
    let out = raw(method, &bytes(input), params.as_bytes())?;
    Ok(out.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
}

fn floats(count: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-10.0..10.0_f32, count)
}

fn quat() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-1.0..1.0_f32, 4).prop_filter_map("too short", |q| {
        let length = q.iter().map(|value| value * value).sum::<f32>().sqrt();
        (length > 0.1).then(|| q.iter().map(|value| value / length).collect())
    })
}

/// Any float, the strange ones often.
fn any_float() -> impl Strategy<Value = f32> {
    prop_oneof![
        any::<u32>().prop_map(f32::from_bits),
        -10.0..10.0_f32,
        prop::sample::select(vec![0.0, -0.0, 1.0, -1.0, 1e-45, f32::MAX, f32::MIN, 1e20, 1e-20]),
        prop::sample::select(vec![f32::INFINITY, f32::NEG_INFINITY, f32::NAN]),
    ]
}

/// Finite, of any size.
fn finite_float() -> impl Strategy<Value = f32> {
    any_float().prop_map(|value| if value.is_finite() { value } else { 0.5 })
}

fn near(a: &[f32], b: &[f32], tolerance: f32) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0))
}

const IDENTITY: [f32; 16] = [1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1., 0., 0., 0., 0., 1.];

proptest! {
    /// The bound is the rounding of an inverse: its entries times those of the matrix.
    #[test]
    fn an_inverse_undoes(m in floats(16)) {
        if let Ok(inverse) = run("mat4_invert", &m, "") {
            let found = run("mat4_mul", &[inverse.clone(), m.clone()].concat(), "").expect("finite");
            let large = |m: &[f32]| m.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
            let tolerance = 1e-6 * large(&inverse) * large(&m);
            prop_assert!(near(&found, &IDENTITY, tolerance));
        }
    }

    #[test]
    fn decompose_undoes_compose(
        t in floats(3), q in quat(), s in prop::collection::vec(0.1..10.0_f32, 3)
    ) {
        let parts = [t, q, s].concat();
        let m = run("mat4_compose", &parts, "").expect("a matrix");
        let mut found = run("mat4_decompose", &m, "").expect("its parts");
        // A quaternion and its negative are one rotation.
        if found[3..7].iter().zip(&parts[3..7]).map(|(a, b)| a * b).sum::<f32>() < 0.0 {
            found[3..7].iter_mut().for_each(|value| *value = -*value);
        }
        prop_assert!(near(&found, &parts, 1e-5), "{found:?} {parts:?}");
    }

    /// Ends are the ends, up to sign, length is 1, and both forms of slerp give the same bits.
    #[test]
    fn slerp_goes_from_end_to_end(a in quat(), b in quat(), t in 0.0..=1.0_f32) {
        let pair = [a.clone(), b.clone()].concat();
        let start = run("quat_slerp", &pair, r#"{"t": 0}"#).expect("start");
        prop_assert!(near(&start, &a, 1e-6));
        let end = run("quat_slerp", &pair, r#"{"t": 1}"#).expect("end");
        let turned: Vec<f32> = b.iter().map(|value| -value).collect();
        prop_assert!(near(&end, &b, 1e-6) || near(&end, &turned, 1e-6));
        let one = run("quat_slerp", &pair, &format!("{{\"t\": {t}}}")).expect("between");
        prop_assert!((one.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-6);
        let many = run("quat_slerp_many", &[pair, vec![t]].concat(), "").expect("between");
        prop_assert_eq!(one, many);
    }

    /// The same bits, however a batch is cut.
    #[test]
    fn any_cut_gives_the_same(count in 0..3000_usize, cuts in prop::collection::vec(0..3000_usize, 0..5)) {
        let wave = |n: usize| (0..n).map(|index| (index as f32 * 0.37).sin());
        for (method, size) in
            [("quat_slerp", 8), ("mat4_invert", 16), ("mat4_decompose", 16)]
        {
            let mut input: Vec<f32> = wave(count * size).collect();
            for record in input.chunks_mut(size) {
                match size {
                    16 => {
                        let scale = 2.0 + record[0];
                        record.copy_from_slice(&IDENTITY.map(|value| value * scale));
                        record[12] = scale * 0.3;
                        record[15] = 1.0;
                    }
                    _ => {
                        for q in record[..8].chunks_mut(4) {
                            q[3] += 3.0;
                            let length = q.iter().map(|value| value * value).sum::<f32>().sqrt();
                            q.iter_mut().for_each(|value| *value /= length);
                        }
                        record[8..].iter_mut().for_each(|t| *t = t.abs());
                    }
                }
            }
            let input = bytes(&input);
            let whole = raw(method, &input, b"").expect("whole");
            let call = Call { input: &input, params: b"" };
            let budget = Budget::unlimited();
            let plan = MathUnit::new().plan(number(method), call, &budget).expect("a plan");
            let plan = plan.expect("it is split");
            let mut ends: Vec<usize> = cuts.iter().map(|&cut| cut.min(count)).collect();
            ends.extend([0, count]);
            ends.sort_unstable();
            let parts = ends.windows(2).map(|ends| plan.run(ends[0]..ends[1], &budget));
            let parts = parts.collect::<Result<Vec<_>, _>>().expect("parts");
            let mut out = VecOutput::new(whole.len());
            plan.merge(parts, &mut out).expect("merged");
            prop_assert_eq!(out.as_bytes(), &whole);
            prop_assert!(plan.run(0..count + 1, &budget).is_err());
            prop_assert!(count == 0 || plan.merge(vec![], &mut out).is_err());
        }
    }

    /// Nothing panics, and what comes out is finite.
    #[test]
    fn any_floats_are_safe(
        values in prop_oneof![
            prop::collection::vec(any_float(), 0..60),
            prop::collection::vec(finite_float(), 0..60),
        ]
    ) {
        for method in MathUnit::new().info().methods {
            let lens: &[usize] = &[1, 3, 4, 6, 8, 9, 10, 16, 19, 22, 28, 30, 32, 40, values.len()];
            for len in lens {
                let Ok(found) = run(method.name, values.get(..*len).unwrap_or(&values), "") else {
                    continue;
                };
                prop_assert!(
                    method.name.starts_with("cull") || found.iter().all(|value| value.is_finite()),
                    "{} gave {:?}", method.name, found
                );
            }
        }
    }

    #[test]
    fn any_bytes_are_safe(
        input in prop::collection::vec(any::<u8>(), 0..300),
        params in prop::collection::vec(any::<u8>(), 0..40)
    ) {
        for method in MathUnit::new().info().methods {
            let _ = raw(method.name, &input, &params);
            let _ = raw(method.name, &input, b"");
        }
    }
}

#[track_caller]
fn assert_refused(method: &str, input: &[f32], expected: &'static str) {
    assert_eq!(run(method, input, ""), Err(UnitError::BadInput { what: expected }), "{method}");
}

#[test]
fn what_has_no_answer_is_refused() {
    let singular = [1., 2., 3., 4., 2., 4., 6., 8., 1., 0., 0., 0., 0., 1., 0., 0.];
    assert_refused("mat4_invert", &singular, "a matrix is singular");
    assert_refused("mat4_invert", &[f32::NAN; 16], "a number of the input is not finite");
    assert_refused("mat4_invert", &IDENTITY[..15], "not a whole number of records");
    assert_refused("mat4_mul", &[1e30; 32], "a result is beyond the range of 32-bit floats");
    assert_refused("vec3_dot", &[1e30; 6], "a result is beyond the range of 32-bit floats");
    let mut sheared = IDENTITY;
    sheared[4] = 0.5;
    assert_refused("mat4_decompose", &sheared, "a matrix is sheared");
    assert_refused("mat4_decompose", &[1.0; 16], "the last row of a matrix is not 0 0 0 1");
    assert_refused("mat4_compose", &[0.0; 10], "a quaternion is 0");
    assert_refused("quat_to_euler", &[0.0; 4], "a quaternion is 0");
    assert_refused("quat_from_axis_angle", &[0., 0., 0., 1.], "an axis is 0");
    assert_refused("quat_slerp", &[1.0; 8], "a quaternion is not of length 1");
    let late = [0., 0., 0., 1., 0., 0., 0., 1., 1.5];
    assert_refused("quat_slerp_many", &late, "t is not between 0 and 1");
    assert_refused("look_at", &[1.0; 9], "a camera looks nowhere, or up is 0");
    assert_refused("look_at", &[0., 0., 0., 0., 5., 0., 0., 2., 0.], "up is along the view");
    let flat = [1.0, 1.0, 2.0, 1.0];
    assert_refused("perspective", &flat, "the far plane is not behind the near one");
    assert_refused("orthographic", &[1.0; 6], "a box without volume");
    assert_refused("transform_points", &[1.0; 19], "the last row of a matrix is not 0 0 0 1");
    assert_refused("transform_points", &[1.0; 7], "shorter than a matrix");
    let far = [IDENTITY.as_slice(), &[0.0, f32::INFINITY, 0.0]].concat();
    assert_refused("transform_points", &far, "a number of the input is not finite");
    assert_refused("frustum_planes", &[0.0; 16], "a matrix that sees nothing");
    assert_refused("cull_spheres", &[-1.0; 28], "a negative radius, or corners turned");
    assert_refused("cull_boxes", &[1.0; 7], "shorter than six planes");
}

/// A small buffer is refused before any work, and with the length that is needed.
#[test]
fn a_small_buffer_is_refused() {
    let input = bytes(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0].repeat(5));
    let call = Call { input: &input, params: b"" };
    for method in ["mat4_compose", "mat4_instances"] {
        let mut out = VecOutput::new(5 * 64 - 1);
        let found = MathUnit::new().execute(number(method), call, &mut out, &Budget::unlimited());
        assert_eq!(found, Err(UnitError::OutputTooSmall { needed: 320, capacity: 319 }));
        assert_eq!(out.as_bytes(), b"");
    }
}

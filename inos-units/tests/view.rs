//! What renderers are given of a flock is what is in its frame.
#![cfg(feature = "boids")]
#![allow(clippy::expect_used)]

mod support;

use inos_units::UnitError;
use inos_units::boids::{Bounds, Frame, InitParams, StepParams, VIEW_HEADER_LEN, view_len};
use proptest::prelude::*;
use support::{call, init, step};

/// Arrays of a view, as many as there are boids.
fn array(bytes: &[u8], count: usize, index: usize) -> Vec<[u8; 4]> {
    let stride = count.next_multiple_of(16);
    let (words, _) = bytes[VIEW_HEADER_LEN + index * stride * 4..][..stride * 4].as_chunks::<4>();
    assert!(words[count..].iter().all(|word| *word == [0; 4]), "what is behind an array is zero");
    words[..count].to_vec()
}

fn floats(words: Vec<[u8; 4]>) -> Vec<f32> {
    words.into_iter().map(f32::from_le_bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_view_is_the_frame_with_headings_of_length_one(
        dim in 2..=3_u32, count in 1..200_u32, seed: u64, steps in 0..4,
    ) {
        let params = InitParams { dim, count, seed, bounds: Bounds::Box, ..InitParams::default() };
        let mut frame = init(&params);
        for _ in 0..steps {
            frame = step(&frame, &StepParams::default());
        }
        let out = call("boids", "view", frame.as_bytes(), b"").expect("view");
        let bytes = out.as_bytes();
        prop_assert_eq!(Some(bytes.len()), view_len(count));
        let frame = Frame::new(frame.as_bytes()).expect("a frame");
        let count = count as usize;
        let headings = [3, 4, 5].map(|index| floats(array(bytes, count, index)));
        for axis in 0..3 {
            let expected = frame.pos(axis).to_vec();
            let expected = if expected.is_empty() { vec![0.0; count] } else { expected };
            prop_assert_eq!(floats(array(bytes, count, axis)), expected);
        }
        let ids: Vec<u32> = array(bytes, count, 7).into_iter().map(u32::from_le_bytes).collect();
        prop_assert_eq!(ids, frame.ids());
        let [x, y, z] = &headings;
        for (index, ((&x, &y), &z)) in x.iter().zip(y).zip(z).enumerate() {
            let heading = [x, y, z].map(f64::from);
            let vel = [0, 1, 2]
                .map(|axis| frame.vel(axis).get(index).map_or(0.0, |&value| f64::from(value)));
            let dot = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let along = dot(heading, vel) / dot(vel, vel).sqrt();
            prop_assert!((along - 1.0).abs() < 1e-6, "{:?} of {:?}", heading, vel);
        }
        prop_assert!(array(bytes, count, 6).iter().all(|colour| colour[3] == 255));
    }
}

#[test]
fn what_is_not_finite_has_no_view() {
    let frame = init(&InitParams { count: 5, dim: 2, ..InitParams::default() });
    for (place, value) in [(64, f32::NAN), (64 + 64 + 4, f32::INFINITY), (64 + 3 * 64, f32::NAN)] {
        let mut bytes = frame.to_vec();
        bytes[place..place + 4].copy_from_slice(&value.to_ne_bytes());
        let words: Vec<u32> =
            bytes.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word)).collect();
        for method in ["view", "instances"] {
            let refused = call("boids", method, bytemuck::cast_slice(&words), b"").map(drop);
            let is_told = matches!(refused, Err(UnitError::BadInput { .. }));
            assert!(is_told, "{method} at {place}: {refused:?}");
        }
    }
}

/// From a frame to matrices by two calls, as a renderer would.
#[cfg(feature = "math")]
#[test]
fn instances_become_matrices_that_turn_x_to_the_heading() {
    let mut frame = init(&InitParams { count: 300, seed: 5, ..InitParams::default() });
    frame = step(&frame, &StepParams::default());
    let instances =
        call("boids", "instances", frame.as_bytes(), br#"{"scale": 0.5}"#).expect("instances");
    let matrices = call("math", "mat4_instances", instances.as_bytes(), b"").expect("matrices");
    let frame = Frame::new(frame.as_bytes()).expect("a frame");
    let (matrices, rest) = matrices.as_bytes().as_chunks::<64>();
    assert_eq!((matrices.len(), rest.len()), (300, 0));
    for (index, matrix) in matrices.iter().enumerate() {
        let of = |at: usize| f32::from_le_bytes(matrix.as_chunks::<4>().0[at]);
        let vel = [0, 1, 2].map(|axis| frame.vel(axis)[index]);
        let speed = vel.iter().map(|value| value * value).sum::<f32>().sqrt();
        for (axis, vel) in vel.iter().enumerate() {
            assert!((of(axis) - 0.5 * vel / speed).abs() < 1e-5, "column of {index}");
            assert_eq!(of(12 + axis), frame.pos(axis)[index]);
        }
    }
}

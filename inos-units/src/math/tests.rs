//! Every instruction set that the machine has gives the bits of one record at a time, in plain
//! floats, for any number of records, wherever they lie in memory.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{matrix, slerp, transform};
use crate::UnitError;
use crate::simd::InstructionSet;

/// Records at most: more than one vector and a rest, of any set.
const MOST: usize = 70;

fn sets() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.is_available())
}

/// Runs a block function on bytes that begin `shift` bytes behind where memory was given out, into
/// others that begin as far behind.
fn run(
    code: impl Fn(&[u8], &mut [u8]) -> Result<(), UnitError>,
    input: &[f32],
    len: usize,
    shift: usize,
) -> Result<Vec<u32>, UnitError> {
    let mut from = vec![0; shift];
    from.extend(input.iter().flat_map(|value| value.to_le_bytes()));
    let mut to = vec![0xa5; shift + len * 4];
    code(&from[shift..], &mut to[shift..])?;
    assert!(to[..shift].iter().all(|byte| *byte == 0xa5));
    Ok(to[shift..].as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Numbers of which sums and products stay finite, some of them tiny or without a value.
fn float() -> impl Strategy<Value = f32> {
    prop_oneof![-1e3..1e3_f32, prop::sample::select(vec![0.0, -0.0, 1e-45, -1e-39, 1e15, -1e15])]
}

fn floats(size: usize) -> impl Strategy<Value = Vec<f32>> {
    (0..=MOST).prop_flat_map(move |count| prop::collection::vec(float(), count * size))
}

fn units(size: usize) -> impl Strategy<Value = Vec<f32>> {
    let one = prop::collection::vec(-1.0..1.0_f32, size).prop_map(|mut record| {
        for q in record[..8].chunks_mut(4) {
            q[3] += 0.01_f32.copysign(q[3]);
            let length = q.iter().map(|value| value * value).sum::<f32>().sqrt();
            q.iter_mut().for_each(|value| *value /= length);
        }
        record[8..].iter_mut().for_each(|t| *t = t.abs());
        record
    });
    prop::collection::vec(one, 0..=MOST).prop_map(|records| records.concat())
}

fn point(m: &[f32], p: &[f32]) -> [f32; 3] {
    core::array::from_fn(|row| {
        (m[row] * p[0] + m[row + 4] * p[1]) + (m[row + 8] * p[2] + m[row + 12])
    })
}

fn product(pair: &[f32]) -> Vec<f32> {
    let (a, b) = pair.split_at(16);
    let entry = |at: usize| {
        let (row, b) = (at % 4, &b[at / 4 * 4..]);
        (a[row] * b[0] + a[row + 4] * b[1]) + (a[row + 8] * b[2] + a[row + 12] * b[3])
    };
    (0..16).map(entry).collect()
}

/// The formulas of the module's head, in one order.
fn slerped(a: &[f32], b: &[f32], t: f32) -> [f32; 4] {
    let dot = |a: &[f32], b: &[f32]| (a[0] * b[0] + a[1] * b[1]) + (a[2] * b[2] + a[3] * b[3]);
    let ratio = |x: f32| {
        (((((1.605_904_4e-10 * x - 2.505_210_8e-8) * x + 2.755_731_9e-6) * x - 1.984_127e-4) * x
            + 8.333_334e-3)
            * x
            - 0.166_666_67)
            * x
            + 1.0
    };
    let cosine = dot(a, b);
    let c = cosine.abs().min(1.0);
    let angle =
        ((((((-0.001_262_491_1 * c + 0.006_670_09) * c - 0.017_088_126) * c + 0.030_891_88) * c
            - 0.050_174_303)
            * c
            + 0.088_978_99)
            * c
            - 0.214_598_8)
            * c
            + core::f32::consts::FRAC_PI_2;
    let squared = (1.0 - c) * (angle * angle);
    let u = 1.0 - t;
    let wa = u * ratio(u * u * squared);
    let wb = 1.0_f32.copysign(cosine) * (t * ratio(t * t * squared));
    let sum: [f32; 4] = core::array::from_fn(|part| wa * a[part] + wb * b[part]);
    let scale = 1.0 / dot(&sum, &sum).sqrt();
    sum.map(|part| part * scale)
}

proptest! {
    #[test]
    fn points_by_any_set(m in prop::collection::vec(float(), 16), points in floats(3), shift in 0..8_usize) {
        let m: [f32; 16] = m.try_into().unwrap();
        let expected = bits(points.chunks(3).map(|p| point(&m, p)).collect::<Vec<_>>().as_flattened());
        for set in sets() {
            let code = |input: &[u8], out: &mut [u8]| transform::block(set, &m, input, out);
            prop_assert_eq!(&run(code, &points, points.len(), shift).unwrap(), &expected, "{:?}", set);
        }
    }

    #[test]
    fn products_by_any_set(pairs in floats(32), shift in 0..8_usize) {
        let expected = bits(&pairs.chunks(32).flat_map(product).collect::<Vec<_>>());
        for set in sets() {
            let code = |input: &[u8], out: &mut [u8]| matrix::mul(set, input, out);
            prop_assert_eq!(&run(code, &pairs, pairs.len() / 2, shift).unwrap(), &expected, "{:?}", set);
        }
    }

    #[test]
    fn slerps_by_any_set(records in units(9), shift in 0..8_usize) {
        let slerp_of = |n: &[f32]| slerped(n, &n[4..], n[8]);
        let expected = bits(records.chunks(9).map(slerp_of).collect::<Vec<_>>().as_flattened());
        for set in sets() {
            let code = |input: &[u8], out: &mut [u8]| slerp::block(set, input, out);
            prop_assert_eq!(&run(code, &records, expected.len(), shift).unwrap(), &expected, "{:?}", set);
        }
    }

    #[test]
    fn slerps_of_pairs_by_any_set(pairs in units(8), t in 0.0..=1.0_f32, shift in 0..8_usize) {
        let slerp_of = |n: &[f32]| slerped(n, &n[4..], t);
        let expected = bits(pairs.chunks(8).map(slerp_of).collect::<Vec<_>>().as_flattened());
        for set in sets() {
            let code = |input: &[u8], out: &mut [u8]| {
                let mut result = Vec::new();
                slerp::pairs(set, input, t, &mut result)?;
                out.copy_from_slice(&result);
                Ok(())
            };
            prop_assert_eq!(&run(code, &pairs, expected.len(), shift).unwrap(), &expected, "{:?}", set);
        }
    }

    /// One bad number anywhere is seen by every set, even behind a matrix of zeros.
    #[test]
    fn what_is_not_finite_is_seen(
        count in 1..=MOST,
        place in any::<prop::sample::Index>(),
        bad in prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY]),
    ) {
        let with_bad = |mut values: Vec<f32>| {
            let at = place.index(values.len());
            values[at] = bad;
            values
        };
        let (points, pairs) = (with_bad(vec![1.0; count * 3]), with_bad(vec![0.0; count * 32]));
        let slerps = with_bad([0., 0., 0., 1., 0., 1., 0., 0., 0.5].repeat(count));
        for set in sets() {
            let not_finite = Err(super::records::NOT_FINITE);
            let code = |input: &[u8], out: &mut [u8]| transform::block(set, &[0.0; 16], input, out);
            prop_assert_eq!(run(code, &points, points.len(), 0), not_finite.clone());
            let code = |input: &[u8], out: &mut [u8]| matrix::mul(set, input, out);
            prop_assert_eq!(run(code, &pairs, count * 16, 0), not_finite.clone());
            let code = |input: &[u8], out: &mut [u8]| slerp::block(set, input, out);
            prop_assert_eq!(run(code, &slerps, count * 4, 0), not_finite);
        }
    }
}

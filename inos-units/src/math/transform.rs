//! One matrix, many points, directions or normals.

use glam::{DMat3, DVec3};

use super::matrix::{IS_SINGULAR, NOT_AFFINE, is_affine, is_regular, mat4};
use super::records::{NOT_FINITE, OVERFLOW, Shape, read, stream};
use super::vector::{single, vec3};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::unit::Output;

/// Bytes of the matrix that comes before the points.
const MATRIX_LEN: usize = 64;

/// Points and results.
pub(super) const SHAPE: Shape = Shape::new(3, 3);

/// Points in a bundle.
const POINTS: usize = 4;

/// Floats in a bundle.
const FLOATS: usize = POINTS * 3;

/// Bytes of a bundle.
const BUNDLE_LEN: usize = FLOATS * 4;

/// The matrix and the bytes behind it.
pub(super) fn split(input: &[u8]) -> Result<([f32; 16], &[u8]), UnitError> {
    let (head, rest) = input
        .split_at_checked(MATRIX_LEN)
        .ok_or(UnitError::BadInput { what: "shorter than a matrix" })?;
    Ok((read(head).ok_or(NOT_FINITE)?, rest))
}

/// `m * (x, y, z, 1)`, or with `w` 0 where `is_point` is false.
pub(super) fn affine(
    input: &[u8],
    is_point: bool,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let (mut m, points) = split(input)?;
    if is_point && !is_affine(&m) {
        return Err(NOT_AFFINE);
    }
    if !is_point {
        let [.., x, y, z, _] = &mut m;
        (*x, *y, *z) = (0.0, 0.0, 0.0);
    }
    stream(SHAPE, points, out, budget, |input, result| block(&m, input, result))
}

/// Sums are `(x + y) + (z + translation)`, in 32 bits.
fn block(m: &[f32; 16], input: &[u8], result: &mut Vec<u8>) -> Result<(), UnitError> {
    let start = result.len();
    result.resize(start + input.len(), 0);
    let Some(target) = result.get_mut(start..) else { return Err(OVERFLOW) };
    let (bundles, rest) = input.as_chunks::<BUNDLE_LEN>();
    let (targets, target_rest) = target.as_chunks_mut::<BUNDLE_LEN>();
    let columns: [[f32; FLOATS]; 4] =
        core::array::from_fn(|column| core::array::from_fn(|at| m[4 * column + at % 3]));
    let mut odd = [0.0; FLOATS];
    for (bundle, target) in bundles.iter().zip(targets) {
        transform(&columns, bundle, target, &mut odd);
    }
    let mut last = [0; BUNDLE_LEN];
    let mut last_target = [0; BUNDLE_LEN];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    // Filled up with zeros, which cannot overflow: they become the translation.
    transform(&columns, &last, &mut last_target, &mut odd);
    for (to, from) in target_rest.iter_mut().zip(&last_target) {
        *to = *from;
    }
    if odd.iter().sum::<f32>() == 0.0 { Ok(()) } else { Err(refusal(input)) }
}

/// What is wrong with a block that had a result which is not finite.
#[cold]
fn refusal(input: &[u8]) -> UnitError {
    let (words, _) = input.as_chunks::<4>();
    let is_finite = words.iter().all(|word| f32::from_le_bytes(*word).is_finite());
    if is_finite { OVERFLOW } else { NOT_FINITE }
}

/// One bundle. Adds 0 to `odd`, or NaN where a result is not finite; times 0 an infinite input
/// is NaN as well, so a zero in the matrix hides none.
///
/// Points stay packed: four are three vectors of four lanes, and so are the columns, repeated.
#[inline(always)]
fn transform(
    columns: &[[f32; FLOATS]; 4],
    input: &[u8; BUNDLE_LEN],
    result: &mut [u8; BUNDLE_LEN],
    odd: &mut [f32; FLOATS],
) {
    let [a, b, c, d] = columns;
    let (words, _) = input.as_chunks::<4>();
    let mut p = [0.0; FLOATS];
    for (value, word) in p.iter_mut().zip(words) {
        *value = f32::from_le_bytes(*word);
    }
    let mut sums = [0.0; FLOATS];
    for at in 0..FLOATS {
        let x = at - at % 3;
        sums[at] = (a[at] * p[x] + b[at] * p[x + 1]) + (c[at] * p[x + 2] + d[at]);
    }
    for at in 0..FLOATS {
        odd[at] += sums[at] * 0.0;
    }
    let (targets, _) = result.as_chunks_mut::<4>();
    for (target, sum) in targets.iter_mut().zip(sums) {
        *target = sum.to_le_bytes();
    }
}

/// Normals by the inverse transpose of the upper 3 by 3, brought to length 1; of nothing, nothing.
pub(super) fn normals(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let (m, normals) = split(input)?;
    let m = DMat3::from_mat4(mat4(m));
    let lengths = m.x_axis.length() * m.y_axis.length() * m.z_axis.length();
    if !is_regular(m.determinant(), lengths) {
        return Err(IS_SINGULAR);
    }
    let m = m.inverse().transpose();
    stream(
        SHAPE,
        normals,
        out,
        budget,
        super::records::each(move |normal: [f32; 3]| {
            let n: DVec3 = m * vec3(&normal, 0);
            let length = n.length();
            Ok(if length > 0.0 { single(n / length) } else { [0.0; 3] })
        }),
    )
}

/// Points through a projection, divided by `w`, which must not be 0.
pub(super) fn project(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let (m, points) = split(input)?;
    let m = mat4(m);
    stream(
        SHAPE,
        points,
        out,
        budget,
        super::records::each(move |point: [f32; 3]| {
            let p = m * vec3(&point, 0).extend(1.0);
            if p.w == 0.0 {
                return Err(UnitError::BadInput { what: "a point is in the plane of the camera" });
            }
            Ok(single(p.truncate() / p.w))
        }),
    )
}

//! One matrix, many points, directions or normals.

use glam::{DMat3, DVec3};

use super::matrix::{IS_SINGULAR, NOT_AFFINE, is_affine, is_regular, mat4};
use super::records::{NOT_FINITE, Shape, fill, read, refusal, stream};
use super::vector::{single, vec3};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::simd::{InstructionSet, Kernel, MAX_LANES, Packed};
use crate::unit::Output;

/// Bytes of the matrix that comes before the points.
const MATRIX_LEN: usize = 64;

/// Points and results.
pub(super) const SHAPE: Shape = Shape::new(3, 3);

/// Bytes of a point.
const POINT_LEN: usize = 12;

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
    let set = InstructionSet::widest();
    fill(SHAPE, points, out, budget, |input, result| block(set, &m, input, result))
}

/// Sums are `(x + y) + (z + translation)`, in 32 bits.
pub(super) fn block(
    set: InstructionSet,
    m: &[f32; 16],
    input: &[u8],
    result: &mut [u8],
) -> Result<(), UnitError> {
    let mut is_finite = false;
    set.run(Affine { m, input, result, is_finite: &mut is_finite });
    if is_finite { Ok(()) } else { Err(refusal(input)) }
}

/// One matrix on packed points, a lane each.
struct Affine<'a> {
    m: &'a [f32; 16],
    input: &'a [u8],
    result: &'a mut [u8],
    is_finite: &'a mut bool,
}

impl Kernel for Affine<'_> {
    #[inline(always)]
    fn run<S: Packed>(self, simd: S) {
        let columns = self.m.map(|value| simd.splat(value));
        let mut odd = simd.splat(0.0);
        let len = S::LANES * POINT_LEN;
        let (points, mut results) =
            (self.input.chunks_exact(len), self.result.chunks_exact_mut(len));
        let rest = points.remainder();
        for (points, results) in points.zip(&mut results) {
            odd = transform(simd, &columns, points, results, odd);
        }
        // Filled up with zeros, which cannot overflow: they become the translation.
        let (mut last, mut last_result) = ([0; MAX_LANES * POINT_LEN], [0; MAX_LANES * POINT_LEN]);
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        odd = transform(simd, &columns, &last, &mut last_result, odd);
        for (to, from) in results.into_remainder().iter_mut().zip(&last_result) {
            *to = *from;
        }
        *self.is_finite = simd.is_zero(odd);
    }
}

/// As many points as there are lanes. What is returned is no longer 0 after a result that is not
/// finite; times 0 an infinite input is NaN as well, so a zero in the matrix hides none.
#[inline(always)]
fn transform<S: Packed>(
    simd: S,
    m: &[S::F; 16],
    input: &[u8],
    result: &mut [u8],
    mut odd: S::F,
) -> S::F {
    let size = 4 * S::LANES;
    let vector = |at: usize| simd.read(input.get(at * size..).unwrap_or_default());
    let [x, y, z] = simd.unpack([vector(0), vector(1), vector(2)]);
    let sums = simd.pack(core::array::from_fn(|row| {
        let first = simd.mul_add(m[row], x, simd.mul(m[row + 4], y));
        simd.add(first, simd.mul_add(m[row + 8], z, m[row + 12]))
    }));
    for (result, sum) in result.chunks_exact_mut(size).zip(sums) {
        odd = simd.spoil(odd, sum);
        simd.write(sum, result);
    }
    odd
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

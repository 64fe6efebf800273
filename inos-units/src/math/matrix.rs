//! Matrices of four by four, by columns.

use glam::{DMat4, DQuat, DVec3};

use super::records::refusal;
use super::rotation::{quat, single_quat};
use super::vector::{single, vec3};
use crate::error::UnitError;
use crate::simd::{InstructionSet, Kernel, Packed};

/// A determinant below this share of the product of the columns' lengths counts as 0.
const SINGULAR: f64 = 1e-12;

/// Cosine between two axes from which on they are sheared.
const SHEAR: f64 = 1e-4;

/// What an inverse of a singular matrix gives.
pub(super) const IS_SINGULAR: UnitError = UnitError::BadInput { what: "a matrix is singular" };

/// What a matrix with a projection gives where there may be none.
pub(super) const NOT_AFFINE: UnitError =
    UnitError::BadInput { what: "the last row of a matrix is not 0 0 0 1" };

/// The matrix in 64 bits.
pub(super) fn mat4(record: [f32; 16]) -> DMat4 {
    DMat4::from_cols_array(&record.map(f64::from))
}

/// The matrix as 32-bit floats.
pub(super) fn single_mat4(m: DMat4) -> [f32; 16] {
    m.to_cols_array().map(|value| value as f32)
}

/// Whether the last row is `0 0 0 1`.
pub(super) fn is_affine(m: &[f32; 16]) -> bool {
    let [_, _, _, a, _, _, _, b, _, _, _, c, _, _, _, d] = *m;
    a == 0.0 && b == 0.0 && c == 0.0 && d == 1.0
}

/// `a * b` of pairs: columns of `b` mixed from those of `a`, in 32 bits, summed as
/// `(0 + 1) + (2 + 3)`.
pub(super) fn mul(set: InstructionSet, input: &[u8], result: &mut [u8]) -> Result<(), UnitError> {
    let mut is_finite = false;
    set.run(Product { input, result, is_finite: &mut is_finite });
    if is_finite { Ok(()) } else { Err(refusal(input)) }
}

/// Products of pairs; a column is four lanes.
struct Product<'a> {
    input: &'a [u8],
    result: &'a mut [u8],
    is_finite: &'a mut bool,
}

impl Kernel for Product<'_> {
    #[inline(always)]
    fn run<S: Packed>(self, simd: S) {
        let mut odd = simd.splat(0.0);
        let (pairs, _) = self.input.as_chunks::<128>();
        let (products, _) = self.result.as_chunks_mut::<64>();
        for (pair, product) in pairs.iter().zip(products) {
            let (columns, b) = pair.split_at(64);
            let (columns, _) = columns.as_chunks::<16>();
            let [a0, a1, a2, a3] = columns else { continue };
            let a = [a0, a1, a2, a3].map(|column| simd.quad(column));
            let vectors = b.chunks_exact(4 * S::LANES);
            for (b, product) in vectors.zip(product.chunks_exact_mut(4 * S::LANES)) {
                let [b0, b1, b2, b3] = simd.spread(simd.read(b));
                let first = simd.mul_add(a[0], b0, simd.mul(a[1], b1));
                let second = simd.mul_add(a[2], b2, simd.mul(a[3], b3));
                let sum = simd.add(first, second);
                odd = simd.spoil(odd, sum);
                simd.write(sum, product);
            }
        }
        *self.is_finite = simd.is_zero(odd);
    }
}

pub(super) fn transpose(record: [f32; 16]) -> Result<[f32; 16], UnitError> {
    Ok(single_mat4(mat4(record).transpose()))
}

pub(super) fn determinant(record: [f32; 16]) -> Result<[f32; 1], UnitError> {
    Ok([mat4(record).determinant() as f32])
}

pub(super) fn invert(record: [f32; 16]) -> Result<[f32; 16], UnitError> {
    let m = mat4(record);
    let lengths = [m.x_axis, m.y_axis, m.z_axis, m.w_axis].map(glam::DVec4::length);
    if !is_regular(m.determinant(), lengths.iter().product()) {
        return Err(IS_SINGULAR);
    }
    Ok(single_mat4(m.inverse()))
}

/// Whether a determinant is not 0, measured by the product of the columns' lengths.
pub(super) fn is_regular(determinant: f64, product: f64) -> bool {
    determinant != 0.0 && determinant.abs() > product * SINGULAR
}

/// Translation, rotation, scale: `T * R * S`.
pub(super) fn compose(record: [f32; 10]) -> Result<[f32; 16], UnitError> {
    let rotation = quat(&record, 3)?;
    let (translation, scale) = (vec3(&record, 0), vec3(&record, 7));
    Ok(single_mat4(DMat4::from_scale_rotation_translation(scale, rotation, translation)))
}

/// What `compose` was made of; of a reflection the first scale is negative.
pub(super) fn decompose(record: [f32; 16]) -> Result<[f32; 10], UnitError> {
    if !is_affine(&record) {
        return Err(NOT_AFFINE);
    }
    let m = mat4(record);
    let (x, y, z) = (m.x_axis.truncate(), m.y_axis.truncate(), m.z_axis.truncate());
    let lengths = DVec3::new(x.length(), y.length(), z.length());
    let determinant = x.cross(y).dot(z);
    if !is_regular(determinant, lengths.x * lengths.y * lengths.z) {
        return Err(IS_SINGULAR);
    }
    let scale = DVec3::new(lengths.x.copysign(determinant), lengths.y, lengths.z);
    let (x, y, z) = (x / scale.x, y / scale.y, z / scale.z);
    if x.dot(y).abs().max(y.dot(z).abs()).max(z.dot(x).abs()) > SHEAR {
        return Err(UnitError::BadInput { what: "a matrix is sheared" });
    }
    let rotation = DQuat::from_mat3(&glam::DMat3::from_cols(x, y, z)).normalize();
    let [tx, ty, tz] = single(m.w_axis.truncate());
    let [qx, qy, qz, qw] = single_quat(rotation);
    let [sx, sy, sz] = single(scale);
    Ok([tx, ty, tz, qx, qy, qz, qw, sx, sy, sz])
}

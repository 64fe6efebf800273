//! Vectors of three. Sums are made in 64 bits and rounded once, so nothing overflows half way.

use glam::DVec3;

use crate::error::UnitError;

/// The three floats of `record` from `at` on, in 64 bits.
#[inline(always)]
pub(super) fn vec3<const N: usize>(record: &[f32; N], at: usize) -> DVec3 {
    let part = |index: usize| record.get(at + index).copied().map_or(0.0, f64::from);
    DVec3::new(part(0), part(1), part(2))
}

/// A vector as 32-bit floats.
#[inline(always)]
pub(super) fn single(v: DVec3) -> [f32; 3] {
    [v.x as f32, v.y as f32, v.z as f32]
}

pub(super) fn dot(record: [f32; 6]) -> Result<[f32; 1], UnitError> {
    Ok([vec3(&record, 0).dot(vec3(&record, 3)) as f32])
}

pub(super) fn cross(record: [f32; 6]) -> Result<[f32; 3], UnitError> {
    Ok(single(vec3(&record, 0).cross(vec3(&record, 3))))
}

pub(super) fn length(record: [f32; 3]) -> Result<[f32; 1], UnitError> {
    Ok([vec3(&record, 0).length() as f32])
}

/// The vector of length 1; of nothing, nothing.
pub(super) fn normalise(record: [f32; 3]) -> Result<[f32; 3], UnitError> {
    let v = vec3(&record, 0);
    let length = v.length();
    Ok(if length > 0.0 { single(v / length) } else { [0.0; 3] })
}

/// `a` where `t` is 0 and `b` where it is 1, exactly.
pub(super) fn lerp(record: [f32; 6], t: f32) -> Result<[f32; 3], UnitError> {
    let [ax, ay, az, bx, by, bz] = record;
    let u = 1.0 - t;
    Ok([u * ax + t * bx, u * ay + t * by, u * az + t * bz])
}

//! Quaternions, `x y z w`, and what else says a rotation. Angles are radians.

use glam::{DQuat, EulerRot};

use super::vector::{single, vec3};
use crate::error::UnitError;

crate::names! {
    /// Axes of three rotations in the order they are applied, each about the axes as turned so
    /// far (intrinsic): `xyz` is the matrix product `X * Y * Z`.
    pub enum Order {
        /// About x, then y, then z.
        Xyz = "xyz",
        /// About x, then z, then y.
        Xzy = "xzy",
        /// About y, then x, then z.
        Yxz = "yxz",
        /// About y, then z, then x.
        Yzx = "yzx",
        /// About z, then x, then y.
        Zxy = "zxy",
        /// About z, then y, then x.
        Zyx = "zyx",
    }
}

impl Order {
    const fn to_glam(self) -> EulerRot {
        match self {
            Self::Xyz => EulerRot::XYZ,
            Self::Xzy => EulerRot::XZY,
            Self::Yxz => EulerRot::YXZ,
            Self::Yzx => EulerRot::YZX,
            Self::Zxy => EulerRot::ZXY,
            Self::Zyx => EulerRot::ZYX,
        }
    }
}

/// The quaternion at `at`, brought to length 1; refused if it has none.
pub(super) fn quat<const N: usize>(record: &[f32; N], at: usize) -> Result<DQuat, UnitError> {
    let part = |index: usize| record.get(at + index).copied().map_or(0.0, f64::from);
    let q = DQuat::from_xyzw(part(0), part(1), part(2), part(3));
    let length = q.length();
    if length > 0.0 {
        Ok(q * (1.0 / length))
    } else {
        Err(UnitError::BadInput { what: "a quaternion is 0" })
    }
}

/// A quaternion as 32-bit floats.
pub(super) fn single_quat(q: DQuat) -> [f32; 4] {
    q.to_array().map(|value| value as f32)
}

/// Hamilton's product `a * b`: first `b`, then `a`. Lengths multiply.
pub(super) fn mul(record: [f32; 8]) -> Result<[f32; 4], UnitError> {
    let [ax, ay, az, aw, bx, by, bz, bw] = record.map(f64::from);
    Ok(single_quat(DQuat::from_xyzw(
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )))
}

pub(super) fn from_euler(angles: [f32; 3], order: Order) -> Result<[f32; 4], UnitError> {
    let [a, b, c] = angles.map(f64::from);
    Ok(single_quat(DQuat::from_euler(order.to_glam(), a, b, c)))
}

pub(super) fn to_euler(record: [f32; 4], order: Order) -> Result<[f32; 3], UnitError> {
    let (a, b, c) = quat(&record, 0)?.to_euler(order.to_glam());
    Ok([a as f32, b as f32, c as f32])
}

pub(super) fn from_axis_angle(record: [f32; 4]) -> Result<[f32; 4], UnitError> {
    let axis = vec3(&record, 0);
    let length = axis.length();
    if length > 0.0 {
        let [.., angle] = record;
        Ok(single_quat(DQuat::from_axis_angle(axis / length, f64::from(angle))))
    } else {
        Err(UnitError::BadInput { what: "an axis is 0" })
    }
}

/// An axis of length 1 and an angle from 0 to a full turn; x and 0 of no rotation.
pub(super) fn to_axis_angle(record: [f32; 4]) -> Result<[f32; 4], UnitError> {
    let (axis, angle) = quat(&record, 0)?.to_axis_angle();
    let [x, y, z] = single(axis);
    Ok([x, y, z, angle as f32])
}

//! Cameras: right-handed, looking along -z, depth from 0 to 1.

use glam::{DMat4, DVec2};

use super::matrix::single_mat4;
use super::vector::vec3;
use crate::error::UnitError;

crate::names! {
    /// What becomes of depth.
    pub enum Depth {
        /// 0 at the near plane, 1 at the far one.
        Finite = "finite",
        /// 0 at the near plane, 1 infinitely far away.
        Infinite = "infinite",
        /// 1 at the near plane, 0 at the far one.
        Reversed = "reversed",
        /// 1 at the near plane, 0 infinitely far away.
        InfiniteReversed = "infinite_reversed",
    }
}

/// Sine of the angle between the view and `up` from which on they are parallel.
const PARALLEL: f64 = 1e-6;

/// The view of a camera at `eye`.
pub(super) fn look_at(record: [f32; 9]) -> Result<[f32; 16], UnitError> {
    let (eye, target, up) = (vec3(&record, 0), vec3(&record, 3), vec3(&record, 6));
    let (ahead, up_length) = (target - eye, up.length());
    let distance = ahead.length();
    if !(distance > 0.0 && up_length > 0.0) {
        return Err(UnitError::BadInput { what: "a camera looks nowhere, or up is 0" });
    }
    let (f, up) = (ahead / distance, up / up_length);
    let side = f.cross(up);
    if side.length() <= PARALLEL {
        return Err(UnitError::BadInput { what: "up is along the view" });
    }
    let s = side / side.length();
    let u = s.cross(f);
    Ok(single_mat4(DMat4::from_cols_array(&[
        s.x,
        u.x,
        -f.x,
        0.0,
        s.y,
        u.y,
        -f.y,
        0.0,
        s.z,
        u.z,
        -f.z,
        0.0,
        -s.dot(eye),
        -u.dot(eye),
        f.dot(eye),
        1.0,
    ])))
}

/// Vertical field of view, width by height, near, far.
pub(super) fn perspective(record: [f32; 4], depth: Depth) -> Result<[f32; 16], UnitError> {
    let [fov, aspect, near, far] = record.map(f64::from);
    if !(fov > 0.0 && fov < core::f64::consts::PI && aspect > 0.0 && near > 0.0) {
        return Err(UnitError::BadInput { what: "not a field of view, an aspect or a near plane" });
    }
    let is_finite = matches!(depth, Depth::Finite | Depth::Reversed);
    if is_finite && far <= near {
        return Err(UnitError::BadInput { what: "the far plane is not behind the near one" });
    }
    let half = DVec2::from_angle(fov * 0.5);
    let y = half.x / half.y;
    // Depth is (a * z + b) / -z.
    let (a, b) = match depth {
        Depth::Finite => (far / (near - far), near * far / (near - far)),
        Depth::Infinite => (-1.0, -near),
        Depth::Reversed => (near / (far - near), near * far / (far - near)),
        Depth::InfiniteReversed => (0.0, near),
    };
    let x = y / aspect;
    Ok(single_mat4(DMat4::from_cols_array(&[
        x, 0.0, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 0.0, a, -1.0, 0.0, 0.0, b, 0.0,
    ])))
}

/// Left, right, bottom, top, near, far.
pub(super) fn orthographic(record: [f32; 6], is_reversed: bool) -> Result<[f32; 16], UnitError> {
    let [left, right, bottom, top, near, far] = record.map(f64::from);
    let (width, height, length) = (right - left, top - bottom, far - near);
    if width == 0.0 || height == 0.0 || length == 0.0 {
        return Err(UnitError::BadInput { what: "a box without volume" });
    }
    let (z, dz) =
        if is_reversed { (1.0 / length, far / length) } else { (-1.0 / length, -near / length) };
    let (x, y) = (2.0 / width, 2.0 / height);
    let (dx, dy) = (-(right + left) / width, -(top + bottom) / height);
    Ok(single_mat4(DMat4::from_cols_array(&[
        x, 0.0, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 0.0, z, 0.0, dx, dy, dz, 1.0,
    ])))
}

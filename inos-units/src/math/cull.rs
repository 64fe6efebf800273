//! What a camera sees: planes of its frustum, and the spheres and boxes inside.

use glam::{DVec3, DVec4};

use super::matrix::mat4;
use super::records::{NOT_FINITE, Shape, read};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Bytes of the six planes that come before the shapes.
const PLANES_LEN: usize = 96;

/// Shapes between two looks at the budget.
const BLOCK: usize = 512;

/// Planes `a b c d` with the inside where `a x + b y + c z + d >= 0`: left, right, bottom, top,
/// near, far, after Gribb and Hartmann, for depth from 0 to 1. Of reversed depth the last two
/// change places. A plane infinitely far away is `0 0 0 1`, which keeps everything.
pub(super) fn planes(record: [f32; 16]) -> Result<[f32; 24], UnitError> {
    let m = mat4(record);
    let (x, y, z, w) = (m.row(0), m.row(1), m.row(2), m.row(3));
    let mut result = [0.0; 24];
    let (targets, _) = result.as_chunks_mut::<4>();
    for (target, plane) in targets.iter_mut().zip([w + x, w - x, w + y, w - y, z, w - z]) {
        let length = plane.truncate().length();
        let plane = if length > 0.0 {
            plane / length
        } else if plane.w > 0.0 {
            DVec4::W
        } else {
            return Err(UnitError::BadInput { what: "a matrix that sees nothing" });
        };
        *target = plane.to_array().map(|value| value as f32);
    }
    Ok(result)
}

/// A shape of `N` floats, and how far it reaches over a plane.
type Reach<const N: usize> = fn(&[f32; N], normal: DVec3, distance: f64) -> f64;

/// A sphere: centre and radius.
pub(super) fn sphere(sphere: &[f32; 4], normal: DVec3, distance: f64) -> f64 {
    let [x, y, z, radius] = sphere.map(f64::from);
    normal.dot(DVec3::new(x, y, z)) + distance + radius
}

/// A box along the axes: its lowest and its highest corner. The corner furthest along `normal`
/// decides.
pub(super) fn aabb(corners: &[f32; 6], normal: DVec3, distance: f64) -> f64 {
    let [x0, y0, z0, x1, y1, z1] = corners.map(f64::from);
    let (low, high) = (normal * DVec3::new(x0, y0, z0), normal * DVec3::new(x1, y1, z1));
    low.max(high).element_sum() + distance
}

/// Whether a sphere has a radius.
pub(super) fn is_sphere(sphere: &[f32; 4]) -> bool {
    let [.., radius] = sphere;
    *radius >= 0.0
}

/// Whether no low corner is above the high one.
pub(super) fn is_aabb(corners: &[f32; 6]) -> bool {
    let [x0, y0, z0, x1, y1, z1] = corners;
    x0 <= x1 && y0 <= y1 && z0 <= z1
}

/// Most bytes of the result: all are visible.
pub(super) fn bound<const N: usize>(input: &[u8]) -> Result<usize, UnitError> {
    Shape::new(N, 1).bound(input.get(PLANES_LEN..).ok_or(NO_PLANES)?)
}

const NO_PLANES: UnitError = UnitError::BadInput { what: "shorter than six planes" };

/// Indices, ascending, of the shapes of which no plane has all on its outer side.
pub(super) fn cull<const N: usize>(
    input: &[u8],
    is_shape: fn(&[f32; N]) -> bool,
    reach: Reach<N>,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let bound = bound::<N>(input)?;
    if u32::try_from(bound / 4).is_err() {
        return Err(UnitError::TooLarge { len: input.len() as u64, max: u64::from(u32::MAX) });
    }
    let (head, shapes) = input.split_at_checked(PLANES_LEN).ok_or(NO_PLANES)?;
    require(out, bound)?;
    let head: [f32; 24] = read(head).ok_or(NOT_FINITE)?;
    let (planes, _) = head.as_chunks::<4>();
    let mut result = Vec::with_capacity(BLOCK * 4);
    let (mut offset, mut index) = (0, 0_u32);
    for shapes in shapes.chunks(BLOCK * N * 4) {
        budget.check()?;
        result.clear();
        for shape in shapes.chunks_exact(N * 4) {
            let shape = read::<N>(shape).ok_or(NOT_FINITE)?;
            if !is_shape(&shape) {
                return Err(UnitError::BadInput { what: "a negative radius, or corners turned" });
            }
            let sees = |plane: &[f32; 4]| {
                let [a, b, c, d] = plane.map(f64::from);
                reach(&shape, DVec3::new(a, b, c), d) >= 0.0
            };
            if planes.iter().all(sees) {
                result.extend_from_slice(&index.to_le_bytes());
            }
            index = index.wrapping_add(1);
        }
        out.write(offset, &result)?;
        offset += result.len();
    }
    Ok(offset)
}

//! What a renderer wants of a frame: positions, headings and colours, or instances for matrices.
//!
//! A *view* has the same arrays in 2D and in 3D, so that one pipeline of a renderer reads both in
//! place. It begins with sixteen 32-bit words in the machine's byte order, and each array takes
//! `stride` words, the count rounded up to sixteen; the rest of an array is zero.
//!
//! ```text
//!    0                   4                   8                   12
//!   +-------------------+-------------------+-------------------+-------------------+
//!  0| magic "VIEW"      | format version    | dim (2 or 3)      | count             |
//!   +-------------------+-------------------+-------------------+-------------------+
//! 16| stride            | half extent (f32) | step, low half    | step, high half   |
//!   +-------------------+-------------------+-------------------+-------------------+
//! 32| 0 ...                                                                         |
//!   +-------------------------------------------------------------------------------+
//! 64| x: f32 * stride | y: f32 * stride | z: f32 * stride                            |
//!   | heading, of length 1, or 0 where a boid has none: x, y, z, f32 * stride each  |
//!   | colour: red, green, blue and an opaque alpha, a byte each, * stride           |
//!   | id: u32 * stride                                                              |
//!   +-------------------------------------------------------------------------------+
//! ```
//!
//! # Colours
//! By heading, the hue goes round with the direction in the plane of the first two axes, red along
//! x, and the lightness with the third: half as bright straight down as straight up. The way round
//! is measured on a diamond, not a circle, since that needs no arc tangent: `y/(|x|+|y|)` in each
//! quarter. By speed, it goes from blue at rest over green to red at `max_speed`. Hues become
//! colours by the hexagon of Smith ("Color gamut transform pairs", SIGGRAPH 1978), mixed with 30 %
//! of white.
//!
//! # Instances
//! Translations, rotations and scales as `math.mat4_instances` takes them: `n * 12`, `n * 16` and
//! `n * 12` bytes. A rotation is the shortest one that turns `+x` to the heading, as a quaternion
//! x, y, z, w; where the heading is `-x`, half a turn around z, and where there is none, none.
#![forbid(unsafe_code)]

use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

use super::frame::{Frame, STRIDE_WORDS};
use super::params::{ColourBy, InstancesParams, ViewParams};
use super::rule::{MIN_HEADING_SPEED, length_of};
use super::world::MAX_VELOCITY;

/// The first word of a view: "VIEW" in little-endian memory.
pub const VIEW_MAGIC: u32 = u32::from_le_bytes(*b"VIEW");
/// Version of a view's format.
pub const VIEW_VERSION: u32 = 1;
/// Length of a view's header in bytes.
pub const VIEW_HEADER_LEN: usize = 64;
/// Arrays of a view: three of positions, three of headings, colours, ids.
const ARRAYS: usize = 8;

/// Bytes of an instance: translation, rotation, scale.
const INSTANCE_LEN: usize = 40;

/// Boids between two looks at the budget.
const BLOCK: usize = 4096;

/// Length in bytes of a view of so many boids; `None` if there is no such number.
///
/// ```
/// use inos_units::boids::view_len;
///
/// assert_eq!(view_len(17), Some(64 + 8 * 4 * 32));
/// ```
#[must_use]
pub fn view_len(count: u32) -> Option<usize> {
    let stride = (count as usize).checked_next_multiple_of(STRIDE_WORDS)?;
    stride.checked_mul(ARRAYS * 4)?.checked_add(VIEW_HEADER_LEN)
}

/// The heading of a velocity; zero without one. As in a step, who hardly moves has none, and
/// components are cut off where they are absurd.
fn heading(vel: [f32; 3]) -> [f32; 3] {
    let vel = vel.map(|value| value.clamp(-MAX_VELOCITY, MAX_VELOCITY));
    let speed = length_of(vel);
    if speed > MIN_HEADING_SPEED { vel.map(|value| value / speed) } else { [0.0; 3] }
}

/// How far round a direction is, from 0 to below 1; zero of nothing.
fn way_round(x: f32, y: f32) -> f32 {
    let sum = x.abs() + y.abs();
    if sum == 0.0 {
        return 0.0;
    }
    let part = y / sum;
    let quarters = match (x < 0.0, y < 0.0) {
        (true, _) => 2.0 - part,
        (false, true) => 4.0 + part,
        (false, false) => part,
    };
    // What is just before a whole turn rounds to one.
    if quarters < 4.0 { quarters / 4.0 } else { 0.0 }
}

/// The colour of a hue, mixed with white; `light` from 0 to 1.
fn colour(hue: f32, light: f32) -> [u8; 4] {
    let hex = 6.0 * hue;
    let pure = [(hex - 3.0).abs() - 1.0, 2.0 - (hex - 2.0).abs(), 2.0 - (hex - 4.0).abs()];
    let [r, g, b] = pure.map(|part| {
        let part = 0.3 + 0.7 * part.clamp(0.0, 1.0);
        (part * light * 255.0 + 0.5) as u8
    });
    [r, g, b, 255]
}

fn colour_of(params: &ViewParams, vel: [f32; 3], heading: [f32; 3]) -> [u8; 4] {
    match params.colour {
        ColourBy::Heading => colour(way_round(heading[0], heading[1]), 0.75 + 0.25 * heading[2]),
        ColourBy::Speed => {
            let part = (length_of(vel) / params.max_speed).min(1.0);
            // Two thirds of the way round is blue.
            colour((1.0 - part) * (2.0 / 3.0), 1.0)
        }
    }
}

/// The method `view`.
pub(super) fn view(
    params: &ViewParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let header = frame.header();
    let len = view_len(header.count).unwrap_or(usize::MAX);
    require(out, len)?;
    let stride = frame.count().next_multiple_of(STRIDE_WORDS);
    let step = [header.step as u32, (header.step >> 32) as u32];
    let mut head = [0_u32; VIEW_HEADER_LEN / 4];
    let known = [VIEW_MAGIC, VIEW_VERSION, header.dim, header.count, stride as u32];
    for (word, value) in
        head.iter_mut().zip(known.into_iter().chain([header.half_extent.to_bits()]).chain(step))
    {
        *word = value;
    }
    out.write(0, bytemuck::cast_slice(&head))?;

    let start_of = |array: usize, index: usize| VIEW_HEADER_LEN + (array * stride + index) * 4;
    let mut headings: [Vec<f32>; 3] = Default::default();
    let mut colours = Vec::new();
    for start in (0..frame.count()).step_by(BLOCK) {
        budget.check()?;
        let end = (start + BLOCK).min(frame.count());
        headings.iter_mut().for_each(Vec::clear);
        colours.clear();
        for index in start..end {
            let vel = frame.vel_of(index);
            if !vel.iter().all(|value| value.is_finite()) {
                return Err(NOT_FINITE);
            }
            let heading = heading(vel);
            headings.iter_mut().zip(heading).for_each(|(array, value)| array.push(value));
            colours.extend_from_slice(&colour_of(params, vel, heading));
        }
        for (axis, heading) in headings.iter().enumerate() {
            let zeros = [0.0; BLOCK];
            let pos = frame.pos(axis).get(start..end).unwrap_or(&zeros[..end - start]);
            if !pos.iter().all(|value| value.is_finite()) {
                return Err(NOT_FINITE);
            }
            out.write(start_of(axis, start), bytemuck::cast_slice(pos))?;
            out.write(start_of(3 + axis, start), bytemuck::cast_slice(heading))?;
        }
        out.write(start_of(6, start), &colours)?;
        let ids = frame.ids().get(start..end).unwrap_or_default();
        out.write(start_of(7, start), bytemuck::cast_slice(ids))?;
    }
    let padding = [0_u8; STRIDE_WORDS * 4];
    let padding = padding.get(..(stride - frame.count()) * 4).unwrap_or_default();
    for array in 0..ARRAYS {
        out.write(start_of(array, frame.count()), padding)?;
    }
    Ok(len)
}

const NOT_FINITE: UnitError = UnitError::BadInput { what: "a boid that is not finite" };

/// Length of what [`instances`] gives.
pub(super) fn instances_bound(input: &[u8]) -> Result<usize, UnitError> {
    // At most 4 million boids: fits into 32 bits.
    Ok(Frame::new(input)?.count() * INSTANCE_LEN)
}

/// The shortest rotation from `+x`, as a quaternion.
fn rotation([x, y, z]: [f32; 3]) -> [f32; 4] {
    if [x, y, z] == [0.0; 3] {
        return [0.0, 0.0, 0.0, 1.0];
    }
    // The axis is the cross product with +x, which gets short near -x: as f64, squares of the
    // smallest f32 keep all their digits.
    let [x, y, z] = [x, y, z].map(f64::from);
    let across = y * y + z * z;
    let w = if x > 0.0 { 1.0 + x } else { across / (1.0 - x) };
    let length = (across + w * w).sqrt();
    if length > 0.0 {
        [0.0, (-z / length) as f32, (y / length) as f32, (w / length) as f32]
    } else {
        [0.0, 0.0, 1.0, 0.0]
    }
}

/// The method `instances`.
pub(super) fn instances(
    params: &InstancesParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let count = frame.count();
    let len = instances_bound(input)?;
    require(out, len)?;
    let scale = [params.scale; 3];
    let (mut places, mut rotations, mut scales) = (Vec::new(), Vec::new(), Vec::new());
    for start in (0..count).step_by(BLOCK) {
        budget.check()?;
        let end = (start + BLOCK).min(count);
        places.clear();
        rotations.clear();
        scales.clear();
        for index in start..end {
            let (pos, vel) = (frame.pos_of(index), frame.vel_of(index));
            if !pos.iter().chain(&vel).all(|value| value.is_finite()) {
                return Err(NOT_FINITE);
            }
            places.extend(pos.iter().flat_map(|value| value.to_le_bytes()));
            rotations.extend(rotation(heading(vel)).iter().flat_map(|value| value.to_le_bytes()));
            scales.extend(scale.iter().flat_map(|value| value.to_le_bytes()));
        }
        out.write(12 * start, &places)?;
        out.write(12 * count + 16 * start, &rotations)?;
        out.write(28 * count + 12 * start, &scales)?;
    }
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_any_velocity_are_of_length_one_or_none() {
        for vel in [[3.0, 4.0, 0.0], [1e-12, 0.0, 1e-12], [1e38, -1e38, 1e20]] {
            let length = length_of(heading(vel));
            assert!((length - 1.0).abs() < 1e-6, "{vel:?}: {length}");
        }
        assert_eq!([[0.0; 3], [1e-20, 0.0, 1e-20]].map(heading), [[0.0; 3]; 2]);
    }

    #[test]
    fn the_diamond_goes_round_once() {
        let corners = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
        assert_eq!(corners.map(|(x, y)| way_round(x, y)), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(way_round(0.0, 0.0), 0.0);
        assert_eq!(way_round(1.0, -1e-30), 0.0);
        let mut last = -1.0;
        for step in 0..1000 {
            let angle = f64::from(step) / 1000.0 * std::f64::consts::TAU;
            let now = way_round(angle.cos() as f32, angle.sin() as f32);
            assert!(now > last && now < 1.0, "{step}: {now} after {last}");
            last = now;
        }
    }

    #[test]
    fn rotations_turn_x_to_the_heading() {
        for vel in [
            [1.0, 0.0, 0.0],
            [-1.0, 0.0, 0.0],
            [0.0, 1.0, 0.0],
            [0.0, 0.0, -1.0],
            [-1.0, 1e-4, 0.0],
            [-1.0, 3e-23, 0.0],
            [-1.0, 0.0, -1e-45],
            [-3.0, 2.0, 1.0],
            [0.3, -0.2, 0.9],
        ] {
            let heading = heading(vel);
            let [x, y, z, w] = rotation(heading).map(f64::from);
            assert!((x * x + y * y + z * z + w * w - 1.0).abs() < 1e-6);
            // The first column of the rotation matrix.
            let turned =
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)];
            for (found, expected) in turned.into_iter().zip(heading) {
                assert!((found - f64::from(expected)).abs() < 1e-6, "{vel:?}: {turned:?}");
            }
        }
        assert_eq!(rotation([0.0; 3]), [0.0, 0.0, 0.0, 1.0]);
    }
}

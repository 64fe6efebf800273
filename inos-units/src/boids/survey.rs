//! A look at all that comes in: is it finite, is it in the world, and where does it reach.
//!
//! Frames that a step has written are in order, and are sorted from where they are. Others are
//! copied first, and brought into the world.
#![forbid(unsafe_code)]

use crate::error::UnitError;

use super::frame::Frame;
use super::sort::Arrays;
use super::world::{MAX_VELOCITY, World};

/// Values looked at together.
const BLOCK: usize = 16;

/// The lowest corner of a box and the highest.
pub(super) type Corners = ([f32; 3], [f32; 3]);

/// Where boids are, from the lowest corner to the highest; `None` if some are not in the world,
/// or too fast.
///
/// # Errors
/// [`UnitError::BadInput`] for a position or velocity that is not finite.
fn survey(arrays: &Arrays<'_>, world: &World) -> Result<Option<Corners>, UnitError> {
    let mut is_inside = true;
    let (mut low, mut high) = ([0.0; 3], [0.0; 3]);
    for axis in 0..world.dim {
        (low[axis], high[axis]) = extent(arrays.pos[axis])?;
        let (slowest, fastest) = extent(arrays.vel[axis])?;
        is_inside &= slowest >= -MAX_VELOCITY && fastest <= MAX_VELOCITY;
    }
    is_inside &= world.holds_box(low, high) || world.holds(arrays.pos);
    Ok(is_inside.then_some((low, high)))
}

/// The lowest and the highest value.
fn extent(values: &[f32]) -> Result<(f32, f32), UnitError> {
    let mut low = [f32::INFINITY; BLOCK];
    let mut high = [f32::NEG_INFINITY; BLOCK];
    // Zero as long as all are finite: what is infinite or NaN leaves NaN.
    let mut nothing = [0.0; BLOCK];
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    for block in blocks {
        for (lane, &value) in block.iter().enumerate() {
            low[lane] = if value < low[lane] { value } else { low[lane] };
            high[lane] = if value > high[lane] { value } else { high[lane] };
            nothing[lane] += value * 0.0;
        }
    }
    for (lane, &value) in rest.iter().enumerate() {
        low[lane] = low[lane].min(value);
        high[lane] = high[lane].max(value);
        nothing[lane] += value * 0.0;
    }
    if nothing.iter().any(|nothing| *nothing != 0.0) {
        return Err(UnitError::BadInput { what: "a position or velocity that is not finite" });
    }
    let low = low.into_iter().fold(f32::INFINITY, f32::min);
    Ok((low, high.into_iter().fold(f32::NEG_INFINITY, f32::max)))
}

/// Boids brought into the world.
#[derive(Debug, Default)]
pub(super) struct Brought {
    pos: [Vec<f32>; 3],
    vel: [Vec<f32>; 3],
}

impl Brought {
    /// Boids that there is memory for.
    pub(super) fn capacity(&self) -> usize {
        self.pos[0].capacity()
    }

    /// A frame's boids, in the world, and where they are: from where they lie in the frame, or
    /// from here if they had to be brought in.
    ///
    /// # Errors
    /// As [`survey`].
    pub(super) fn of<'a>(
        &'a mut self,
        frame: &Frame<'a>,
        world: &World,
    ) -> Result<(Corners, Arrays<'a>), UnitError> {
        let arrays = Arrays {
            pos: core::array::from_fn(|axis| frame.pos(axis)),
            vel: core::array::from_fn(|axis| frame.vel(axis)),
        };
        if let Some(corners) = survey(&arrays, world)? {
            return Ok((corners, arrays));
        }
        self.bring_in(&arrays, world);
        Ok((self.extent()?, self.arrays()))
    }

    /// Copies boids. A position outside the world is brought in as a move across its edge would
    /// be; a velocity component beyond `MAX_VELOCITY` is cut off there. All are finite.
    fn bring_in(&mut self, arrays: &Arrays<'_>, world: &World) {
        for axis in 0..3 {
            self.pos[axis].clear();
            self.pos[axis].extend_from_slice(arrays.pos[axis]);
            self.vel[axis].clear();
            self.vel[axis].extend_from_slice(arrays.vel[axis]);
        }
        for index in 0..self.pos[0].len() {
            let at = |from: &[Vec<f32>; 3], axis: usize| from[axis].get(index).copied();
            let mut pos = core::array::from_fn(|axis| at(&self.pos, axis).unwrap_or(0.0));
            let vel: [f32; 3] = core::array::from_fn(|axis| at(&self.vel, axis).unwrap_or(0.0));
            let mut vel = vel.map(|value| value.clamp(-MAX_VELOCITY, MAX_VELOCITY));
            world.contain(&mut pos, &mut vel);
            for axis in 0..world.dim {
                self.pos[axis][index] = pos[axis];
                self.vel[axis][index] = vel[axis];
            }
        }
    }

    /// Where they are.
    fn extent(&self) -> Result<Corners, UnitError> {
        let (mut low, mut high) = ([0.0; 3], [0.0; 3]);
        for axis in 0..3 {
            if !self.pos[axis].is_empty() {
                (low[axis], high[axis]) = extent(&self.pos[axis])?;
            }
        }
        Ok((low, high))
    }

    fn arrays(&self) -> Arrays<'_> {
        Arrays {
            pos: self.pos.each_ref().map(Vec::as_slice),
            vel: self.vel.each_ref().map(Vec::as_slice),
        }
    }
}

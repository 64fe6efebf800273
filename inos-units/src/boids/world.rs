//! The world's edge: where a boid that would leave ends up.

use super::frame::Frame;
use super::params::Bounds;
use super::rng::dot;

/// Velocity components of a frame are brought into this range, so that no sum can overflow.
pub(super) const MAX_VELOCITY: f32 = 1e6;

/// Where a boid is put that left the sphere, as a share of the radius: near enough to the surface,
/// and inside it after rounding, so that bringing it in again changes nothing.
const SURFACE: f32 = 0.999_999;

/// The world's shape and size.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) dim: usize,
    pub(super) bounds: Bounds,
    /// From `MIN_HALF_EXTENT` to `MAX_HALF_EXTENT`.
    pub(super) half_extent: f32,
}

impl World {
    /// That of a frame.
    pub(super) fn of(frame: &Frame<'_>) -> Self {
        let header = frame.header();
        Self { dim: frame.dim(), bounds: header.bounds, half_extent: header.half_extent }
    }

    /// Brings a finite position into the world and turns the velocity as the edge does.
    ///
    /// Afterwards each coordinate is in `[-h, h]` (in `[-h, h)` for a torus), and in a sphere
    /// the length is at most `h`. A position inside is left as it is.
    #[inline]
    pub(super) fn contain(&self, pos: &mut [f32; 3], vel: &mut [f32; 3]) {
        match self.bounds {
            Bounds::Torus => {
                for value in pos.iter_mut().take(self.dim) {
                    *value = wrap(*value, self.half_extent);
                }
            }
            Bounds::Box => {
                for (value, speed) in pos.iter_mut().zip(vel).take(self.dim) {
                    (*value, *speed) = reflect(*value, *speed, self.half_extent);
                }
            }
            Bounds::Sphere => self.contain_in_sphere(pos, vel),
        }
    }

    /// The shortest way that leads to the same point: in a torus around the edge, if that is nearer.
    pub(super) fn nearest(&self, way: f32) -> f32 {
        let half = self.half_extent;
        match self.bounds {
            Bounds::Torus if way > half => way - 2.0 * half,
            Bounds::Torus if way < -half => way + 2.0 * half,
            _ => way,
        }
    }

    /// Whether all that is between these corners is in the world; never said of a sphere.
    pub(super) fn holds_box(&self, low: [f32; 3], high: [f32; 3]) -> bool {
        let half = self.half_extent;
        let (low, high) = (low.iter().take(self.dim), high.iter().take(self.dim));
        let lowest = low.fold(half, |lowest, value| lowest.min(*value));
        let highest = high.fold(-half, |highest, value| highest.max(*value));
        match self.bounds {
            Bounds::Torus => lowest >= -half && highest < half,
            Bounds::Box => lowest >= -half && highest <= half,
            Bounds::Sphere => false,
        }
    }

    /// Whether all these positions are in the world; asked of a sphere alone.
    pub(super) fn holds(&self, pos: [&[f32]; 3]) -> bool {
        let most = self.half_extent * self.half_extent;
        let [xs, ys, zs] = pos;
        let mut is_inside = self.bounds == Bounds::Sphere;
        if zs.is_empty() {
            for (&x, &y) in xs.iter().zip(ys) {
                is_inside &= dot([x, y, 0.0], [x, y, 0.0]) <= most;
            }
        } else {
            for ((&x, &y), &z) in xs.iter().zip(ys).zip(zs) {
                is_inside &= dot([x, y, z], [x, y, z]) <= most;
            }
        }
        is_inside
    }

    /// Puts a boid that left the sphere back to the surface and mirrors its velocity there.
    fn contain_in_sphere(&self, pos: &mut [f32; 3], vel: &mut [f32; 3]) {
        let squared = dot(*pos, *pos);
        if squared <= self.half_extent * self.half_extent {
            return;
        }
        // Scaled first, so that the square of a position far outside cannot overflow.
        let largest = pos.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let scaled = pos.map(|value| value / largest);
        let scale = 1.0 / dot(scaled, scaled).sqrt();
        let normal = scaled.map(|value| value * scale);
        *pos = normal.map(|value| value * self.half_extent * SURFACE);
        mirror(vel, normal);
    }
}

/// Turns back what of a velocity goes in the direction of `normal`, of length one.
pub(super) fn mirror(vel: &mut [f32; 3], normal: [f32; 3]) {
    let outward = dot(*vel, normal);
    if outward > 0.0 {
        for (speed, direction) in vel.iter_mut().zip(normal) {
            *speed -= 2.0 * outward * direction;
        }
    }
}

/// The point of `[-half, half)` that differs from `value` by a multiple of the width.
#[inline]
fn wrap(value: f32, half: f32) -> f32 {
    if value >= -half && value < half {
        return value;
    }
    let width = 2.0 * half;
    // `floor` rounds exactly, the same on every machine.
    let wrapped = value - width * ((value + half) / width).floor();
    // Far away the difference is rounded and may miss the range.
    if wrapped >= -half && wrapped < half { wrapped } else { -half }
}

/// Mirrors at the wall that was passed. Who passes both walls at once is put to the first.
#[inline]
fn reflect(value: f32, speed: f32, half: f32) -> (f32, f32) {
    if value > half {
        ((2.0 * half - value).max(-half), -speed.abs())
    } else if value < -half {
        ((-2.0 * half - value).min(half), speed.abs())
    } else {
        (value, speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(bounds: Bounds) -> World {
        World { dim: 3, bounds, half_extent: 2.0 }
    }

    #[test]
    fn torus_wraps_to_the_other_side() {
        let mut pos = [2.5, -2.25, 2.0];
        let mut vel = [1.0, -1.0, 1.0];
        world(Bounds::Torus).contain(&mut pos, &mut vel);
        assert_eq!(pos, [-1.5, 1.75, -2.0]);
        assert_eq!(vel, [1.0, -1.0, 1.0]);
    }

    #[test]
    fn box_mirrors_position_and_velocity() {
        let mut pos = [2.5, -2.25, 2.0];
        let mut vel = [1.0, -1.0, 1.0];
        world(Bounds::Box).contain(&mut pos, &mut vel);
        assert_eq!(pos, [1.5, -1.75, 2.0]);
        assert_eq!(vel, [-1.0, 1.0, 1.0]);
    }

    #[test]
    fn sphere_mirrors_along_the_normal_only() {
        let mut pos = [0.0, 4.0, 0.0];
        let mut vel = [3.0, 1.0, 0.0];
        world(Bounds::Sphere).contain(&mut pos, &mut vel);
        assert_eq!(pos, [0.0, 2.0 * SURFACE, 0.0]);
        assert_eq!(vel, [3.0, -1.0, 0.0]);
    }

    #[test]
    fn positions_from_anywhere_end_up_inside() {
        let far = [0.0, 1.9999999, 2.0, -2.0, 1e6, -3.5e8, f32::MAX, f32::MIN, 1e-40];
        for bounds in [Bounds::Torus, Bounds::Box, Bounds::Sphere] {
            for &x in &far {
                for &y in &far {
                    let mut pos = [x, y, -x];
                    let mut vel = [MAX_VELOCITY, -MAX_VELOCITY, 0.0];
                    world(bounds).contain(&mut pos, &mut vel);
                    for value in pos {
                        assert!((-2.0..=2.0).contains(&value), "{bounds:?} {x} {y}: {pos:?}");
                    }
                    assert!(vel.iter().all(|value| value.is_finite()));
                }
            }
        }
    }
}

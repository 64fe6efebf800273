//! What there is to see: one published frame of a flock, borrowed from wherever it lies.
//!
//! Every renderer of this example reads a [`Scene`] and nothing else. The slices may be pinned
//! in memory that other parties share, so they are read in place, boid by boid, and what is read
//! is not trusted: slices of unequal length are read as far as all of them go, and a boid with a
//! coordinate that is not finite is skipped.
//!
//! The order of the boids means nothing, because a flock is sorted by cell at every step.
//! `ids` says who is who.

use inos::units::boids::{self, Frame, Obstacle, Predator};

/// The shape of the space that a flock lives in, centred on the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// A square or cube whose opposite sides are joined.
    Torus,
    /// A square or cube with walls.
    Box,
    /// A disc or ball, with the half extent for its radius.
    Sphere,
}

/// What there is beside the flock. There is little of it, so it is copied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Props {
    pub(crate) predators: Vec<Predator>,
    pub(crate) obstacles: Vec<Obstacle>,
}

impl Props {
    /// Nothing.
    #[cfg(test)]
    pub(crate) const NONE: &'static Self = &Self { predators: Vec::new(), obstacles: Vec::new() };

    /// What is in a frame and can be drawn.
    #[must_use]
    pub(crate) fn of(frame: &Frame<'_>) -> Self {
        let is_finite = |predator: &Predator| {
            predator.pos.iter().chain(&predator.vel).all(|value| value.is_finite())
        };
        Self {
            predators: frame.predators().filter(is_finite).collect(),
            obstacles: frame.obstacles().flatten().collect(),
        }
    }
}

/// What there is to see in a frame, in place.
#[must_use]
pub(crate) fn scene<'a>(frame: &Frame<'a>, props: &'a Props) -> Scene<'a> {
    let header = frame.header();
    Scene {
        dim: header.dim,
        half_extent: header.half_extent,
        bounds: match header.bounds {
            boids::Bounds::Torus => Bounds::Torus,
            boids::Bounds::Box => Bounds::Box,
            boids::Bounds::Sphere => Bounds::Sphere,
        },
        position: [0, 1, 2].map(|axis| frame.pos(axis)),
        velocity: [0, 1, 2].map(|axis| frame.vel(axis)),
        ids: frame.ids(),
        props,
    }
}

/// One frame of a flock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// 2 or 3.
    pub(crate) dim: u32,
    /// Half the side of the space, or its radius.
    pub(crate) half_extent: f32,
    /// The shape of the space.
    pub(crate) bounds: Bounds,
    /// The positions along each axis; in two dimensions the third is empty.
    pub(crate) position: [&'a [f32]; 3],
    /// The velocities along each axis; in two dimensions the third is empty.
    pub(crate) velocity: [&'a [f32]; 3],
    /// Who stands at each index of the other slices.
    pub(crate) ids: &'a [u32],
    /// Obstacles and predators.
    pub(crate) props: &'a Props,
}

/// One boid of a scene, with finite coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Boid {
    /// Where it is; the third coordinate is zero in two dimensions.
    pub(crate) position: [f32; 3],
    /// Where it flies; the third coordinate is zero in two dimensions.
    pub(crate) velocity: [f32; 3],
    /// Who it is, if the scene says so.
    pub(crate) id: Option<u32>,
}

impl Scene<'_> {
    /// How many boids every slice has room for, the broken ones included.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        let axes = self.axes();
        let slices = self.position.iter().take(axes).chain(self.velocity.iter().take(axes));
        slices.map(|slice| slice.len()).min().unwrap_or(0)
    }

    /// The boids that can be drawn, in the order in which they lie in memory.
    pub(crate) fn boids(&self) -> impl Iterator<Item = Boid> + '_ {
        (0..self.len()).filter_map(|index| self.boid(index))
    }

    /// The boid at `index`, or `None` past the end or where a coordinate is not finite.
    #[must_use]
    pub(crate) fn boid(&self, index: usize) -> Option<Boid> {
        let (mut position, mut velocity) = ([0.0; 3], [0.0; 3]);
        for axis in 0..self.axes() {
            position[axis] = finite(self.position[axis].get(index))?;
            velocity[axis] = finite(self.velocity[axis].get(index))?;
        }
        Some(Boid { position, velocity, id: self.ids.get(index).copied() })
    }

    /// The half extent if it is one, else 1, so that nobody divides by zero or NaN.
    #[must_use]
    pub(crate) fn reach(&self) -> f32 {
        let usable = self.half_extent.is_finite() && self.half_extent > 0.0;
        if usable { self.half_extent } else { 1.0 }
    }

    fn axes(&self) -> usize {
        if self.dim == 3 { 3 } else { 2 }
    }
}

/// The value, if there is one and if it is finite.
fn finite(value: Option<&f32>) -> Option<f32> {
    value.copied().filter(|value| value.is_finite())
}

/// Flocks for the tests of the modules that draw them.
#[cfg(test)]
pub(crate) mod samples {
    use super::{Bounds, Props, Scene};

    /// A flock that owns its coordinates.
    pub(crate) struct Flock {
        pub(crate) dim: u32,
        pub(crate) position: [Vec<f32>; 3],
        pub(crate) velocity: [Vec<f32>; 3],
        pub(crate) ids: Vec<u32>,
    }

    impl Flock {
        /// `count` boids on a spiral through a space of half extent 10, all flying outwards.
        pub(crate) fn spiral(dim: u32, count: usize, turn: f32) -> Self {
            let mut flock = Self {
                dim,
                position: Default::default(),
                velocity: Default::default(),
                ids: (0..count as u32).collect(),
            };
            for index in 0..count {
                let part = (index as f32 + 0.5) / count as f32;
                let (sin, cos) = (part * 40.0 + turn).sin_cos();
                let point = [part * 9.0 * cos, part * 9.0 * sin, part * 12.0 - 6.0];
                for (axis, value) in point.into_iter().enumerate().take(dim as usize) {
                    flock.position[axis].push(value);
                    flock.velocity[axis].push(value * 0.5 + 0.1);
                }
            }
            flock
        }

        /// The flock as a scene.
        pub(crate) fn scene(&self) -> Scene<'_> {
            Scene {
                dim: self.dim,
                half_extent: 10.0,
                bounds: Bounds::Torus,
                position: self.position.each_ref().map(Vec::as_slice),
                velocity: self.velocity.each_ref().map(Vec::as_slice),
                ids: &self.ids,
                props: Props::NONE,
            }
        }
    }

    /// A scene in which nothing is as it should be: NaN, infinities, lengths that differ.
    pub(crate) const HOSTILE: Scene<'static> = Scene {
        dim: 3,
        half_extent: f32::NAN,
        bounds: Bounds::Sphere,
        position: [
            &[f32::NAN, 0.0, f32::MAX, f32::MIN_POSITIVE, 1.0],
            &[0.0, f32::INFINITY, f32::MAX, 0.0, 1.0, 2.0],
            &[0.0, 0.0, f32::MIN, 0.0],
        ],
        velocity: [&[0.0; 9], &[0.0; 4], &[f32::MAX; 5]],
        ids: &[u32::MAX, 1, u32::MAX],
        props: Props::NONE,
    };
}

#[cfg(test)]
mod tests {
    use super::samples::{Flock, HOSTILE};

    #[test]
    fn unequal_slices_are_read_as_far_as_all_of_them_go() {
        assert_eq!(HOSTILE.len(), 4);
        assert_eq!(HOSTILE.boids().count(), 2);
        assert_eq!(HOSTILE.boid(3).and_then(|boid| boid.id), None);
        assert_eq!(HOSTILE.reach(), 1.0);
    }

    #[test]
    fn two_dimensions_need_no_third_slice() {
        let flock = Flock::spiral(2, 7, 0.0);
        assert_eq!(flock.scene().boids().count(), 7);
        assert!(flock.scene().boids().all(|boid| boid.position[2] == 0.0));
        assert_eq!(flock.scene().boid(7), None);
    }
}

//! The inner loop: a group of boids looks at candidates, one after another.
//!
//! A lane is a boid of the group, and all of them look at the same candidate: it is read once, for
//! all, and no lane is ever added to another. A boid's sums run over its neighbours in the order
//! of the rows and slices around it; which boids share its group does not matter, since a
//! candidate that is no neighbour adds nothing.
//!
//! A boid is a candidate of its own. At distance zero and with its own velocity it adds nothing to
//! any sum but the count, from which it is taken off at the end.
#![forbid(unsafe_code)]

use super::sort::Body;
use crate::simd::Simd;

/// What decides who is seen, in every lane.
#[derive(Clone, Copy)]
pub(super) struct Sight<S: Simd> {
    /// Squares of the radii.
    pub(super) sight: S::F,
    pub(super) separation: S::F,
    pub(super) alignment: S::F,
    pub(super) cohesion: S::F,
    /// The radius of separation, and what is added to a squared distance.
    pub(super) radius: S::F,
    pub(super) softening: S::F,
    /// Minus the cosine of half the field of view times its absolute value.
    pub(super) view: S::F,
    /// 1, as [`Simd::weight`] wants it.
    pub(super) one: S::F,
}

/// The group that looks.
#[derive(Clone, Copy)]
pub(super) struct Group<S: Simd> {
    pub(super) pos: [S::F; 3],
    /// Vectors of length one; used only if the field of view is limited.
    pub(super) heading: [S::F; 3],
}

/// What boids gathered from their neighbours.
#[derive(Clone, Copy)]
pub(super) struct Sums<S: Simd> {
    /// Of offsets from neighbours, weighted.
    pub(super) separation: [S::F; 3],
    /// Of velocities.
    pub(super) alignment: [S::F; 3],
    /// Of offsets from neighbours.
    pub(super) cohesion: [S::F; 3],
    /// How many were seen, and how many count for alignment and cohesion. Only `seen` is counted
    /// where all three are the same.
    pub(super) seen: S::C,
    pub(super) aligned: S::C,
    pub(super) cohering: S::C,
}

impl<S: Simd> Sums<S> {
    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        let (zero, none) = (simd.splat(0.0), simd.zero_count());
        Self {
            separation: [zero; 3],
            alignment: [zero; 3],
            cohesion: [zero; 3],
            seen: none,
            aligned: none,
            cohering: none,
        }
    }
}

/// Lets the group look at `candidates`, whose positions are in its own frame of reference.
///
/// `PLAIN`: alignment and cohesion reach as far as the boids see, and they see all around.
#[expect(clippy::needless_range_loop, reason = "several arrays have an axis")]
#[inline(always)]
pub(super) fn look<S: Simd, const DIM: usize, const PLAIN: bool>(
    simd: S,
    sight: &Sight<S>,
    group: &Group<S>,
    candidates: &[Body],
    sums: &mut Sums<S>,
) {
    // A copy, so that it is kept in registers.
    let mut all = *sums;
    for body in candidates {
        let mut offset = [simd.splat(0.0); 3];
        let mut squared = simd.splat(0.0);
        for axis in 0..DIM {
            // From the other to oneself: what is subtracted can be read while it is.
            offset[axis] = simd.sub(group.pos[axis], simd.splat(body.pos[axis]));
            squared = match axis {
                0 => simd.mul(offset[0], offset[0]),
                _ => simd.mul_add(offset[axis], offset[axis], squared),
            };
        }
        let mut seen = simd.less(squared, sight.sight);
        let mut close = simd.less(squared, sight.separation);
        let (mut aligned, mut cohering) = (seen, seen);
        if !PLAIN {
            let mut behind = simd.mul(group.heading[0], offset[0]);
            for (&heading, &offset) in group.heading[1..DIM].iter().zip(&offset[1..DIM]) {
                behind = simd.mul_add(heading, offset, behind);
            }
            // Cosines compared by their squares, with their signs. Nothing is behind itself.
            let behind = simd.mul(behind, simd.abs(behind));
            let hidden = simd.less(simd.mul(sight.view, squared), behind);
            seen = simd.and_not(seen, hidden);
            close = simd.and(close, seen);
            aligned = simd.and(seen, simd.less(squared, sight.alignment));
            cohering = simd.and(seen, simd.less(squared, sight.cohesion));
            all.aligned = simd.count(aligned, all.aligned);
            all.cohering = simd.count(cohering, all.cohering);
        }
        all.seen = simd.count(seen, all.seen);
        // Half of the sums by adders, half by multipliers.
        let weight = simd.weight(aligned, sight.one);
        for axis in 0..DIM {
            let vel = simd.splat(body.vel[axis]);
            all.alignment[axis] = simd.add_weighted(weight, all.alignment[axis], vel);
            all.cohesion[axis] = simd.add_where(cohering, all.cohesion[axis], offset[axis]);
        }
        // In three dimensions few are close to anybody of the group. In two many are, and a branch
        // that nobody can foresee costs more than a division.
        if DIM == 2 || simd.any(close) {
            let push = simd.div(sight.radius, simd.add(squared, sight.softening));
            let push = simd.keep(close, push);
            for axis in 0..DIM {
                all.separation[axis] = simd.mul_add(offset[axis], push, all.separation[axis]);
            }
        }
    }
    *sums = all;
}

//! The rule: how one boid moves, given its neighbours.
//!
//! After Craig Reynolds, "Flocks, herds, and schools: a distributed behavioral model",
//! SIGGRAPH 1987. With `d` the vector to a neighbour and `dv` its velocity less one's own:
//!
//! ```text
//! separation = - sum of d * r / (d^2 + r^2/64)    over neighbours nearer than r, its radius
//! alignment  = mean of dv                         over neighbours nearer than its radius
//! cohesion   = mean of d                          over neighbours nearer than its radius
//!
//! a  = ws * separation + wa * alignment + wc * cohesion,  shortened to max_force
//! v' = v + a * dt,  brought between min_speed and max_speed
//! p' = p + v' * dt,  kept in the world
//! ```
//!
//! Separation falls off with the distance, as Reynolds' does; `r^2/64` keeps it finite where two
//! boids meet, and boids at the very same point do not push each other. A boid that has no
//! heading but must have a speed takes the direction that its seed and id give.
//!
//! Sums run over neighbours in canonical order, each component by itself. There is nothing but
//! `+ - * /` and `sqrt`, all of which IEEE 754 rounds in one way, so every machine agrees.
#![forbid(unsafe_code)]

use super::params::{Bounds, StepParams};
use super::rng::{SplitMix64, dot};
use super::sort::Body;
use super::surroundings::Surroundings;
use super::sweep::{Group, Sight, Sums};
use super::world::World;
use crate::simd::{Lanes, MAX_LANES, Simd, length};

/// Below this speed a boid has no heading: the square of it is where precision ends.
pub(super) const MIN_HEADING_SPEED: f32 = 1e-12;

/// Parameters, prepared for the inner loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    params: StepParams,
    world: World,
    seed: u64,
}

/// A group of boids, a value for each lane. Lanes behind the last boid repeat the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flyers {
    pub(super) pos: [Lanes; 3],
    pub(super) vel: [Lanes; 3],
}

impl Flyers {
    /// At most as many as there are lanes, and at least one.
    #[inline(always)]
    pub(super) fn load<S: Simd, const DIM: usize>(&mut self, bodies: &[Body]) {
        for lane in 0..S::LANES {
            let body = bodies.get(lane).unwrap_or(&bodies[0]);
            for axis in 0..DIM {
                self.pos[axis][lane] = body.pos[axis];
                self.vel[axis][lane] = body.vel[axis];
            }
        }
    }
}

/// The rule, in every lane.
#[derive(Clone, Copy)]
pub(super) struct Steering<S: Simd> {
    pub(super) sight: Sight<S>,
    separation: S::F,
    alignment: S::F,
    cohesion: S::F,
    max_force: S::F,
    min_speed: S::F,
    max_speed: S::F,
    min_heading: S::F,
    dt: S::F,
    /// What a coordinate, or in a sphere the square of the distance from the middle, is below if
    /// the world's edge has nothing to do.
    edge: S::F,
    in_sphere: bool,
}

impl Rule {
    pub(super) const fn new(params: StepParams, world: World, seed: u64) -> Self {
        Self { params, world, seed }
    }

    /// Whether alignment and cohesion reach as far as the boids see, all around.
    pub(super) fn is_plain(&self) -> bool {
        let params = &self.params;
        params.alignment_radius == params.cohesion_radius
            && params.separation_radius <= params.cohesion_radius
            && params.field_of_view >= 1.0
    }

    #[inline(always)]
    pub(super) fn steering<S: Simd>(&self, simd: S) -> Steering<S> {
        let Self { params, world, .. } = self;
        let square = |value: f32| simd.splat(value * value);
        let radius = params.separation_radius;
        let half = world.half_extent;
        let in_sphere = world.bounds == Bounds::Sphere;
        let sight = Sight {
            sight: square(params.perception_radius()),
            separation: square(radius),
            alignment: square(params.alignment_radius),
            cohesion: square(params.cohesion_radius),
            radius: simd.splat(radius),
            softening: simd.splat(radius * radius / 64.0),
            view: simd.splat(-params.view()),
            one: simd.load(&core::hint::black_box([1.0; MAX_LANES])),
        };
        Steering {
            sight,
            separation: simd.splat(params.separation_weight),
            alignment: simd.splat(params.alignment_weight),
            cohesion: simd.splat(params.cohesion_weight),
            max_force: simd.splat(params.max_force),
            min_speed: simd.splat(params.min_speed),
            max_speed: simd.splat(params.max_speed),
            min_heading: simd.splat(MIN_HEADING_SPEED),
            dt: simd.splat(params.dt),
            edge: simd.splat(if in_sphere { half * half } else { half }),
            in_sphere,
        }
    }

    /// Finishes by hand what vectors left: boids without a heading, in `still`, and those that
    /// left the world, in `outside`; a bit for each lane.
    #[inline(never)]
    pub(super) fn finish(
        &self,
        flyers: &mut Flyers,
        ids: &[u32],
        still: u32,
        outside: u32,
        surroundings: Option<&Surroundings>,
    ) {
        let params = &self.params;
        for (lane, &id) in ids.iter().enumerate().take(MAX_LANES) {
            let bit = 1 << lane;
            if (still | outside) & bit == 0 {
                continue;
            }
            let mut pos = flyers.pos.map(|axis| axis[lane]);
            let mut vel = flyers.vel.map(|axis| axis[lane]);
            if still & bit != 0 {
                vel = SplitMix64::for_boid(self.seed, id).direction(self.world.dim);
                let wind = surroundings.map_or(&[0.0; 3], |surroundings| surroundings.wind());
                for axis in 0..self.world.dim {
                    vel[axis] *= params.min_speed;
                    pos[axis] += (vel[axis] + wind[axis]) * params.dt;
                }
            }
            self.world.contain(&mut pos, &mut vel);
            if let Some(surroundings) = surroundings {
                surroundings.put_out(&mut pos, &mut vel);
            }
            for axis in 0..3 {
                flyers.pos[axis][lane] = pos[axis];
                flyers.vel[axis][lane] = vel[axis];
            }
        }
    }
}

impl<S: Simd> Steering<S> {
    /// The group as it looks around.
    #[inline(always)]
    pub(super) fn group<const DIM: usize, const PLAIN: bool>(
        &self,
        simd: S,
        flyers: &Flyers,
    ) -> Group<S> {
        let pos = flyers.pos.each_ref().map(|lanes| simd.load(lanes));
        let mut heading = [simd.splat(0.0); 3];
        if !PLAIN {
            let vel = flyers.vel.each_ref().map(|lanes| simd.load(lanes));
            let speed = length::<S, DIM>(simd, vel);
            // At rest there is none.
            let moves = simd.less(self.min_heading, speed);
            for axis in 0..DIM {
                heading[axis] = simd.keep(moves, simd.div(vel[axis], speed));
            }
        }
        Group { pos, heading }
    }

    /// Moves the group by what it saw. `own` is how often a boid was a candidate of its own.
    /// Returns the lanes that have no heading, and those that left the world: what is in them
    /// [`Rule::finish`] puts right.
    #[inline(always)]
    pub(super) fn fly<const DIM: usize, const PLAIN: bool>(
        &self,
        simd: S,
        flyers: &mut Flyers,
        sums: &Sums<S>,
        own: f32,
        surroundings: Option<&Surroundings>,
    ) -> (u32, u32) {
        let (one, own) = (self.sight.one, simd.splat(own));
        let (aligned, cohering) =
            if PLAIN { (sums.seen, sums.seen) } else { (sums.aligned, sums.cohering) };
        let (aligned, cohering) = (simd.as_float(aligned), simd.as_float(cohering));
        // Without neighbours the sums are zero, and so are their means.
        let align = simd.div(self.alignment, simd.max(simd.sub(aligned, own), one));
        let cohere = simd.div(self.cohesion, simd.max(simd.sub(cohering, own), one));
        let mut vel = [simd.splat(0.0); 3];
        let mut force = vel;
        for axis in 0..DIM {
            vel[axis] = simd.load(&flyers.vel[axis]);
            let turn = simd.sub_mul(sums.alignment[axis], aligned, vel[axis]);
            let sum = simd.mul_add(align, turn, simd.mul(self.separation, sums.separation[axis]));
            force[axis] = simd.sub_mul(sum, cohere, sums.cohesion[axis]);
        }
        if let Some(surroundings) = surroundings {
            let pos = flyers.pos.each_ref().map(|lanes| simd.load(lanes));
            force = surroundings.steer::<S, DIM>(simd, &pos, force);
        }
        let strength = length::<S, DIM>(simd, force);
        let strong = simd.less(self.max_force, strength);
        let shorter = simd.select(strong, simd.div(self.max_force, strength), one);
        for axis in 0..DIM {
            vel[axis] = simd.mul_add(simd.mul(force[axis], shorter), self.dt, vel[axis]);
        }

        let speed = length::<S, DIM>(simd, vel);
        let slow = simd.less(speed, self.min_speed);
        let still = simd.and(slow, simd.less(speed, self.min_heading));
        let factor = simd.select(slow, simd.div(self.min_speed, speed), one);
        let fast = simd.less(self.max_speed, speed);
        let factor = simd.select(fast, simd.div(self.max_speed, speed), factor);
        // Lanes that stand still get their position, too, from `finish`.
        let dt = simd.select(still, simd.splat(0.0), self.dt);
        let factor = simd.select(still, simd.splat(0.0), factor);
        let mut far = simd.splat(0.0);
        for axis in 0..DIM {
            let vel = simd.mul(vel[axis], factor);
            let mut moved = vel;
            if let Some(surroundings) = surroundings {
                moved = simd.add(vel, simd.splat(surroundings.wind()[axis]));
            }
            let pos = simd.mul_add(moved, dt, simd.load(&flyers.pos[axis]));
            far = match self.in_sphere {
                true if axis == 0 => simd.mul(pos, pos),
                true => simd.add(far, simd.mul(pos, pos)),
                false => simd.max(far, simd.abs(pos)),
            };
            simd.store(vel, &mut flyers.vel[axis]);
            simd.store(pos, &mut flyers.pos[axis]);
        }
        let mut outside = !simd.bits(simd.less(far, self.edge));
        if let Some(surroundings) = surroundings {
            let pos = flyers.pos.each_ref().map(|lanes| simd.load(lanes));
            outside |= surroundings.inside::<S, DIM>(simd, &pos);
        }
        (simd.bits(still), outside)
    }
}

/// The length of a vector, in f32.
#[inline]
pub(super) fn length_of(vector: [f32; 3]) -> f32 {
    dot(vector, vector).sqrt()
}

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

use super::params::StepParams;
use super::rng::SplitMix64;
use super::tile::{Body, Neighbour};
use super::world::World;

/// Below this speed a boid has no heading: the square of it is where precision ends.
const MIN_HEADING_SPEED: f32 = 1e-12;

/// Parameters, prepared for the inner loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    separation_radius: f32,
    separation_squared: f32,
    softening: f32,
    alignment_squared: f32,
    cohesion_squared: f32,
    params: StepParams,
    world: World,
    seed: u64,
}

/// What a boid gathered from its neighbours. The last lane of `alignment` and `cohesion` counts
/// them: it sums the ones that each neighbour has there.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    separation: [f32; 4],
    alignment: [f32; 4],
    cohesion: [f32; 4],
}

impl Rule {
    pub(super) fn new(params: StepParams, world: World, seed: u64) -> Self {
        let square = |value: f32| value * value;
        Self {
            separation_radius: params.separation_radius,
            separation_squared: square(params.separation_radius),
            softening: square(params.separation_radius) / 64.0,
            alignment_squared: square(params.alignment_radius),
            cohesion_squared: square(params.cohesion_radius),
            params,
            world,
            seed,
        }
    }

    /// How much neighbours at these squared distances count in the three sums.
    pub(super) fn weigh(&self, near: &[f32], [push, align, cohere]: [&mut [f32]; 3]) {
        for (((&squared, push), align), cohere) in near.iter().zip(push).zip(align).zip(cohere) {
            // Times one or zero instead of a branch, which could not be foreseen.
            *push = self.separation_radius / (squared + self.softening)
                * within(squared, self.separation_squared);
            *align = within(squared, self.alignment_squared);
            *cohere = within(squared, self.cohesion_squared);
        }
    }

    /// Position and velocity of a boid after the step.
    #[inline]
    pub(super) fn apply<'a>(
        &self,
        id: u32,
        body: &Body,
        neighbours: impl Iterator<Item = Neighbour<'a>>,
    ) -> ([f32; 3], [f32; 3]) {
        let mut sums = Sums::default();
        sum(body, neighbours, &mut sums);
        let mut force = self.force(&sums);
        let strength = length(force);
        if strength > self.params.max_force {
            scale(&mut force, self.params.max_force / strength);
        }

        let dt = self.params.dt;
        let [x, y, z, _] = body.pos;
        let [vx, vy, vz, _] = body.vel;
        let mut vel = [vx + force[0] * dt, vy + force[1] * dt, vz + force[2] * dt];
        self.limit_speed(id, &mut vel);
        let mut pos = [x + vel[0] * dt, y + vel[1] * dt, z + vel[2] * dt];
        self.world.contain(&mut pos, &mut vel);
        (pos, vel)
    }

    #[inline]
    fn force(&self, sums: &Sums) -> [f32; 3] {
        // Without neighbours the sums are zero, and so are their means.
        let align = self.params.alignment_weight / sums.alignment[3].max(1.0);
        let cohere = self.params.cohesion_weight / sums.cohesion[3].max(1.0);
        core::array::from_fn(|axis| {
            self.params.separation_weight * sums.separation[axis]
                + align * sums.alignment[axis]
                + cohere * sums.cohesion[axis]
        })
    }

    #[inline]
    fn limit_speed(&self, id: u32, vel: &mut [f32; 3]) {
        let (min, max) = (self.params.min_speed, self.params.max_speed);
        let speed = length(*vel);
        if speed > max {
            scale(vel, max / speed);
        } else if speed < min {
            if speed < MIN_HEADING_SPEED {
                *vel = SplitMix64::for_boid(self.seed, id).direction(self.world.dim);
                scale(vel, min);
            } else {
                scale(vel, min / speed);
            }
        }
    }
}

/// The length of a vector, in f32.
#[inline]
pub(super) fn length(vector: [f32; 3]) -> f32 {
    super::rng::dot(vector, vector).sqrt()
}

#[inline]
fn scale(vector: &mut [f32; 3], factor: f32) {
    for value in vector {
        *value *= factor;
    }
}

/// One if the square is below the limit, else zero.
#[inline]
fn within(squared: f32, limit: f32) -> f32 {
    if squared < limit { 1.0 } else { 0.0 }
}

/// Sums over neighbours, in their order. A function of its own whose results go to memory, so that
/// the compiler keeps whole vectors of four and does not rearrange lanes for what follows.
#[inline(never)]
fn sum<'a>(body: &Body, neighbours: impl Iterator<Item = Neighbour<'a>>, sums: &mut Sums) {
    let mut separation = [0.0; 4];
    let mut alignment = [0.0; 4];
    let mut cohesion = [0.0; 4];
    for Neighbour { body: other, weights: [push, align, cohere] } in neighbours {
        for lane in 0..4 {
            let offset = other.pos[lane] - body.pos[lane];
            let turn = other.vel[lane] - body.vel[lane];
            separation[lane] -= offset * push;
            alignment[lane] += turn * align;
            cohesion[lane] += offset * cohere;
        }
    }
    *sums = Sums { separation, alignment, cohesion };
}

//! What a boid minds beside other boids: a goal, wind, obstacles, predators.
//!
//! With `d` the vector to something, the shortest one in a torus:
//!
//! ```text
//! goal      + wg * d/|d|
//! predator  - wf * d/|d| * (1 - |d|/fear_radius)     nearer than fear_radius
//! obstacle  - wo * n * (1 - s/avoid_radius)          nearer than avoid_radius
//! ```
//!
//! are added to the acceleration before it is shortened; `n` is the direction to the nearest point
//! of an obstacle and `s` how far that is. Wind carries: it is added to the velocity when a boid
//! moves, and not to the velocity it has. Who would be in an obstacle after the step is put to
//! where its surface is nearest, and its velocity is mirrored there.
#![forbid(unsafe_code)]

use super::params::{Bounds, StepParams};
use super::rng::dot;
use super::scene::{Obstacle, Predator, Scene};
use super::world::{World, mirror};
use crate::simd::{Simd, length};

/// Prepared for the inner loop.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    world: World,
    scene: Scene,
    goal: [f32; 3],
    wind: [f32; 3],
    goal_weight: f32,
    fear: [f32; 2],
    avoid: [f32; 2],
}

impl Surroundings {
    /// `None` if there is nothing to mind.
    pub(super) fn new(params: &StepParams, world: World, scene: &Scene) -> Option<Self> {
        let goal = [params.goal_x, params.goal_y, params.goal_z];
        let wind = [params.wind_x, params.wind_y, params.wind_z];
        let is_calm = wind == [0.0; 3] && params.goal_weight == 0.0;
        if is_calm && scene.predators.is_empty() && scene.obstacles.is_empty() {
            return None;
        }
        Some(Self {
            world,
            scene: scene.clone(),
            goal,
            wind,
            goal_weight: params.goal_weight,
            fear: [params.fear_radius, params.fear_weight],
            avoid: [params.avoid_radius, params.avoid_weight],
        })
    }

    /// From `pos` to `target`.
    #[inline(always)]
    fn toward<S: Simd, const DIM: usize>(
        &self,
        simd: S,
        pos: &[S::F; 3],
        target: &[f32; 3],
    ) -> [S::F; 3] {
        let mut way = [simd.splat(0.0); 3];
        let half = simd.splat(self.world.half_extent);
        let width = simd.splat(2.0 * self.world.half_extent);
        for axis in 0..DIM {
            way[axis] = simd.sub(simd.splat(target[axis]), pos[axis]);
            if self.world.bounds == Bounds::Torus {
                let far = simd.less(half, way[axis]);
                way[axis] = simd.sub(way[axis], simd.keep(far, width));
                let far = simd.less(way[axis], simd.sub(simd.splat(0.0), half));
                way[axis] = simd.add(way[axis], simd.keep(far, width));
            }
        }
        way
    }

    /// The acceleration with what the surroundings add to it.
    #[inline(always)]
    pub(super) fn steer<S: Simd, const DIM: usize>(
        &self,
        simd: S,
        pos: &[S::F; 3],
        mut force: [S::F; 3],
    ) -> [S::F; 3] {
        let zero = simd.splat(0.0);
        if self.goal_weight != 0.0 {
            let way = self.toward::<S, DIM>(simd, pos, &self.goal);
            let distance = length::<S, DIM>(simd, way);
            let pull = simd.div(simd.splat(self.goal_weight), distance);
            let pull = simd.keep(simd.less(zero, distance), pull);
            for axis in 0..DIM {
                force[axis] = simd.mul_add(way[axis], pull, force[axis]);
            }
        }
        for predator in &self.scene.predators {
            let way = self.toward::<S, DIM>(simd, pos, &predator.pos);
            let distance = length::<S, DIM>(simd, way);
            force = flee::<S, DIM>(simd, force, &way, distance, self.fear);
        }
        for obstacle in &self.scene.obstacles {
            let (way, distance) = self.way_to::<S, DIM>(simd, pos, obstacle);
            force = flee::<S, DIM>(simd, force, &way, distance, self.avoid);
        }
        force
    }

    /// The way to the nearest point of an obstacle, and how far it is: from the surface of a ball,
    /// with the vector to its middle. Inside, the distance is not above zero.
    #[inline(always)]
    fn way_to<S: Simd, const DIM: usize>(
        &self,
        simd: S,
        pos: &[S::F; 3],
        obstacle: &Obstacle,
    ) -> ([S::F; 3], S::F) {
        match obstacle {
            Obstacle::Sphere { center, radius } => {
                let way = self.toward::<S, DIM>(simd, pos, center);
                let distance = length::<S, DIM>(simd, way);
                // As long as the distance is; only its direction counts.
                let outside = simd.sub(distance, simd.splat(*radius));
                let scale = simd.div(outside, simd.max(distance, simd.splat(f32::MIN_POSITIVE)));
                let mut scaled = way;
                for axis in 0..DIM {
                    scaled[axis] = simd.mul(way[axis], scale);
                }
                (scaled, outside)
            }
            Obstacle::Box { center, half } => {
                let mut way = self.toward::<S, DIM>(simd, pos, center);
                for axis in 0..DIM {
                    let half = simd.splat(half[axis]);
                    let inner =
                        simd.max(simd.min(way[axis], half), simd.sub(simd.splat(0.0), half));
                    way[axis] = simd.sub(way[axis], inner);
                }
                let distance = length::<S, DIM>(simd, way);
                (way, distance)
            }
        }
    }

    /// The lanes that are in an obstacle.
    #[inline(always)]
    pub(super) fn inside<S: Simd, const DIM: usize>(&self, simd: S, pos: &[S::F; 3]) -> u32 {
        let mut lanes = 0;
        for obstacle in &self.scene.obstacles {
            let (_, distance) = self.way_to::<S, DIM>(simd, pos, obstacle);
            lanes |= !simd.bits(simd.less(simd.splat(0.0), distance));
        }
        lanes
    }

    /// What carries boids along.
    #[inline(always)]
    pub(super) const fn wind(&self) -> &[f32; 3] {
        &self.wind
    }

    /// Puts who is in an obstacle out of it.
    pub(super) fn put_out(&self, pos: &mut [f32; 3], vel: &mut [f32; 3]) {
        for obstacle in &self.scene.obstacles {
            let (Obstacle::Sphere { center, .. } | Obstacle::Box { center, .. }) = obstacle;
            let mut from = [0.0; 3];
            for axis in 0..self.world.dim {
                from[axis] = self.world.nearest(pos[axis] - center[axis]);
            }
            let Some((normal, target)) = surface(obstacle, from, self.world.dim) else { continue };
            for axis in 0..self.world.dim {
                pos[axis] += target[axis] - from[axis];
            }
            mirror(vel, normal.map(|value| -value));
            self.world.contain(pos, vel);
        }
    }

    /// Moves predators: each toward the prey that was found for it.
    pub(super) fn hunt(
        &self,
        params: &StepParams,
        prey: impl Fn(&Predator) -> Option<[f32; 3]>,
    ) -> Vec<Predator> {
        let move_one = |predator: &Predator| {
            let Predator { mut pos, mut vel } = *predator;
            if let Some(way) = prey(predator) {
                let distance = dot(way, way).sqrt();
                if distance > 0.0 {
                    let wanted = way.map(|value| value / distance * params.predator_speed);
                    let mut turn = [0, 1, 2].map(|axis| wanted[axis] - vel[axis]);
                    let strength = dot(turn, turn).sqrt();
                    let most = params.max_force * params.dt;
                    if strength > most {
                        turn = turn.map(|value| value * (most / strength));
                    }
                    vel = [0, 1, 2].map(|axis| vel[axis] + turn[axis]);
                }
            }
            for axis in 0..self.world.dim {
                pos[axis] += vel[axis] * params.dt;
            }
            self.world.contain(&mut pos, &mut vel);
            self.put_out(&mut pos, &mut vel);
            Predator { pos, vel }
        };
        self.scene.predators.iter().map(move_one).collect()
    }
}

/// Where the surface of an obstacle is nearest to a point in it, and the direction outward there;
/// `None` for a point outside. Both are seen from the middle.
fn surface(obstacle: &Obstacle, from: [f32; 3], dim: usize) -> Option<([f32; 3], [f32; 3])> {
    // Beyond the surface by more than rounding takes back.
    const OUT: f32 = 1.0 + 1.0 / 65_536.0;
    match obstacle {
        Obstacle::Sphere { radius, .. } => {
            let distance = dot(from, from).sqrt();
            if distance > *radius {
                return None;
            }
            let normal =
                if distance > 0.0 { from.map(|value| value / distance) } else { [1.0, 0.0, 0.0] };
            Some((normal, normal.map(|value| value * radius * OUT)))
        }
        Obstacle::Box { half, .. } => {
            if (0..dim).any(|axis| from[axis].abs() > half[axis]) {
                return None;
            }
            let depth = |axis: usize| half[axis] - from[axis].abs();
            let axis = (0..dim).fold(
                0,
                |least, axis| {
                    if depth(axis) < depth(least) { axis } else { least }
                },
            );
            let side = if from[axis] < 0.0 { -1.0 } else { 1.0 };
            let (mut normal, mut target) = ([0.0; 3], from);
            normal[axis] = side;
            target[axis] = side * half[axis] * OUT;
            Some((normal, target))
        }
    }
}

/// Away from something that is so far, the more the nearer it is; `[radius, weight]`.
#[inline(always)]
fn flee<S: Simd, const DIM: usize>(
    simd: S,
    mut force: [S::F; 3],
    way: &[S::F; 3],
    distance: S::F,
    [radius, weight]: [f32; 2],
) -> [S::F; 3] {
    let one = simd.splat(1.0);
    let near =
        simd.and(simd.less(simd.splat(0.0), distance), simd.less(distance, simd.splat(radius)));
    if simd.any(near) {
        let share = simd.sub(one, simd.div(distance, simd.splat(radius)));
        let push = simd.div(simd.mul(simd.splat(weight), share), distance);
        let push = simd.keep(near, push);
        for axis in 0..DIM {
            force[axis] = simd.sub_mul(force[axis], way[axis], push);
        }
    }
    force
}

//! The oracle: a step of the flock, every boid compared with every other, in 64-bit floats.
//!
//! It stands on the public interface alone. It follows the rule as the documentation states it,
//! without the limit of a cell, so it agrees with the unit where no cell is fuller. Whom a
//! boid sees is decided in 32-bit floats exactly as the unit does, so neighbours are the same and
//! only the rounding of sums differs.

use inos_units::boids::{Bounds, Frame, Obstacle, StepParams};

/// What a step gives; boids are in the order of the frame that went in.
pub(crate) struct NaiveStep {
    /// Positions; the third coordinate is zero in 2D.
    pub(crate) pos: Vec<[f64; 3]>,
    /// Velocities; the third component is zero in 2D.
    pub(crate) vel: Vec<[f64; 3]>,
    /// Neighbours of each boid.
    pub(crate) neighbours: Vec<u32>,
}

/// Moves every boid of `frame` by one step.
pub(crate) fn naive_step(frame: &Frame<'_>, params: &StepParams) -> NaiveStep {
    let count = frame.count();
    let mut result = NaiveStep {
        pos: Vec::with_capacity(count),
        vel: Vec::with_capacity(count),
        neighbours: Vec::with_capacity(count),
    };
    for index in 0..count {
        let (acceleration, neighbours) = acceleration(frame, params, index);
        let (pos, vel) = advance(frame, params, index, acceleration);
        result.pos.push(pos);
        result.vel.push(vel);
        result.neighbours.push(neighbours);
    }
    result
}

fn vector(arrays: impl Fn(usize) -> f32) -> [f32; 3] {
    core::array::from_fn(arrays)
}

fn position(frame: &Frame<'_>, index: usize) -> [f32; 3] {
    vector(|axis| frame.pos(axis).get(index).copied().unwrap_or(0.0))
}

fn velocity(frame: &Frame<'_>, index: usize) -> [f32; 3] {
    vector(|axis| frame.vel(axis).get(index).copied().unwrap_or(0.0))
}

fn squared(a: [f64; 3]) -> f64 {
    a.iter().map(|value| value * value).sum()
}

/// Where a boid could see others from: its place, and in a torus the images of it.
fn places(frame: &Frame<'_>, pos: [f32; 3]) -> Vec<[f32; 3]> {
    let mut places = vec![pos];
    if frame.header().bounds == Bounds::Torus {
        let width = 2.0 * frame.header().half_extent;
        for axis in 0..frame.dim() {
            for place in places.clone() {
                for shift in [-width, width] {
                    let mut place = place;
                    place[axis] -= shift;
                    places.push(place);
                }
            }
        }
    }
    places
}

/// A vector of length one, or zero.
fn heading(frame: &Frame<'_>, index: usize) -> [f32; 3] {
    let [x, y, z] = velocity(frame, index);
    let mut squared = x * x + y * y;
    if frame.dim() == 3 {
        squared += z * z;
    }
    let speed = squared.sqrt();
    if speed > 1e-12 { [x / speed, y / speed, z / speed] } else { [0.0; 3] }
}

fn acceleration(frame: &Frame<'_>, params: &StepParams, index: usize) -> ([f64; 3], u32) {
    let sight = params.perception_radius();
    let own_pos = position(frame, index);
    let own_vel = velocity(frame, index).map(f64::from);
    let heading = heading(frame, index);
    let mut neighbours = 0;
    let mut separation = [0.0; 3];
    let (mut alignment, mut aligned) = ([0.0; 3], 0.0);
    let (mut cohesion, mut cohering) = ([0.0; 3], 0.0);
    for other in (0..frame.count()).filter(|&other| other != index) {
        let [x, y, z] = position(frame, other);
        for place in places(frame, own_pos) {
            let [dx, dy, dz] = [x - place[0], y - place[1], z - place[2]];
            let mut distance = dx * dx + dy * dy;
            if frame.dim() == 3 {
                distance += dz * dz;
            }
            let within = |radius: f32| distance < radius * radius;
            let mut ahead = heading[0] * dx + heading[1] * dy;
            if frame.dim() == 3 {
                ahead += heading[2] * dz;
            }
            let view = 1.0 - 2.0 * params.field_of_view;
            let is_hidden = ahead * ahead.abs() < view * view.abs() * distance;
            if !within(sight) || (is_hidden && params.field_of_view < 1.0) {
                continue;
            }
            neighbours += 1;
            let offset = [dx, dy, dz].map(f64::from);
            let turn = velocity(frame, other).map(f64::from);
            let radius = f64::from(params.separation_radius);
            let push = radius / (squared(offset) + radius * radius / 64.0);
            for axis in 0..3 {
                if within(params.separation_radius) {
                    separation[axis] -= offset[axis] * push;
                }
                if within(params.alignment_radius) {
                    alignment[axis] += turn[axis] - own_vel[axis];
                }
                if within(params.cohesion_radius) {
                    cohesion[axis] += offset[axis];
                }
            }
            aligned += f64::from(u8::from(within(params.alignment_radius)));
            cohering += f64::from(u8::from(within(params.cohesion_radius)));
        }
    }
    let acceleration = core::array::from_fn(|axis| {
        f64::from(params.separation_weight) * separation[axis]
            + f64::from(params.alignment_weight) * alignment[axis] / f64::max(aligned, 1.0)
            + f64::from(params.cohesion_weight) * cohesion[axis] / f64::max(cohering, 1.0)
    });
    let acceleration = sum(acceleration, surroundings(frame, params, own_pos.map(f64::from)));
    (shortened(acceleration, f64::from(params.max_force)), neighbours)
}

fn shortened(vector: [f64; 3], most: f64) -> [f64; 3] {
    let length = squared(vector).sqrt();
    if length > most { vector.map(|value| value * most / length) } else { vector }
}

fn advance(
    frame: &Frame<'_>,
    params: &StepParams,
    index: usize,
    acceleration: [f64; 3],
) -> ([f64; 3], [f64; 3]) {
    let dt = f64::from(params.dt);
    let mut vel = velocity(frame, index).map(f64::from);
    for (value, change) in vel.iter_mut().zip(acceleration) {
        *value += change * dt;
    }
    vel = shortened(vel, f64::from(params.max_speed));
    let speed = squared(vel).sqrt();
    let min_speed = f64::from(params.min_speed);
    if speed < min_speed {
        vel = vel.map(|value| value * min_speed / speed);
    }
    let mut pos = position(frame, index).map(f64::from);
    let wind = [params.wind_x, params.wind_y, params.wind_z].map(f64::from);
    for axis in 0..frame.dim() {
        pos[axis] += (vel[axis] + wind[axis]) * dt;
    }
    contain(frame, &mut pos, &mut vel);
    put_out(frame, &mut pos, &mut vel);
    (pos, vel)
}

fn sum(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    core::array::from_fn(|axis| a[axis] + b[axis])
}

/// From `pos` to `target` on the shortest way.
fn way(frame: &Frame<'_>, pos: [f64; 3], target: [f32; 3]) -> [f64; 3] {
    let mut way = [0.0; 3];
    for axis in 0..frame.dim() {
        way[axis] = f64::from(target[axis]) - pos[axis];
        if frame.header().bounds == Bounds::Torus {
            let width = 2.0 * f64::from(frame.header().half_extent);
            way[axis] -= width * (way[axis] / width).round();
        }
    }
    way
}

/// What a goal, predators and obstacles add to the acceleration.
fn surroundings(frame: &Frame<'_>, params: &StepParams, pos: [f64; 3]) -> [f64; 3] {
    let along = |way: [f64; 3], strength: f64| {
        let length = squared(way).sqrt();
        way.map(|value| if length > 0.0 { value / length * strength } else { 0.0 })
    };
    let repel = |way: [f64; 3], distance: f64, radius: f32, weight: f32| {
        let (radius, weight) = (f64::from(radius), f64::from(weight));
        let is_near = distance > 0.0 && distance < radius;
        along(way, if is_near { -weight * (1.0 - distance / radius) } else { 0.0 })
    };
    let goal = way(frame, pos, [params.goal_x, params.goal_y, params.goal_z]);
    let mut total = along(goal, f64::from(params.goal_weight));
    for predator in frame.predators() {
        let way = way(frame, pos, predator.pos);
        let distance = squared(way).sqrt();
        total = sum(total, repel(way, distance, params.fear_radius, params.fear_weight));
    }
    for obstacle in frame.obstacles().flatten() {
        let (way, distance) = match obstacle {
            Obstacle::Sphere { center, radius } => {
                let way = way(frame, pos, center);
                (way, squared(way).sqrt() - f64::from(radius))
            }
            Obstacle::Box { center, half } => {
                let mut way = way(frame, pos, center);
                for axis in 0..frame.dim() {
                    let half = f64::from(half[axis]);
                    way[axis] -= way[axis].clamp(-half, half);
                }
                (way, squared(way).sqrt())
            }
        };
        total = sum(total, repel(way, distance, params.avoid_radius, params.avoid_weight));
    }
    total
}

/// Out of obstacles, to the nearest point of the surface.
fn put_out(frame: &Frame<'_>, pos: &mut [f64; 3], vel: &mut [f64; 3]) {
    for obstacle in frame.obstacles().flatten() {
        let (normal, depth) = match obstacle {
            Obstacle::Sphere { center, radius } => {
                let from = way(frame, *pos, center).map(|value| -value);
                let distance = squared(from).sqrt();
                (from.map(|value| value / distance), f64::from(radius) - distance)
            }
            Obstacle::Box { center, half } => {
                let from = way(frame, *pos, center).map(|value| -value);
                let depths = (0..frame.dim()).map(|axis| f64::from(half[axis]) - from[axis].abs());
                let (axis, depth) = depths
                    .enumerate()
                    .min_by(|a, b| a.1.total_cmp(&b.1))
                    .expect("two axes or three");
                let mut normal = [0.0; 3];
                normal[axis] = from[axis].signum();
                (normal, depth)
            }
        };
        if depth <= 0.0 {
            continue;
        }
        let inward: f64 = vel.iter().zip(normal).map(|(speed, n)| speed * n).sum();
        for axis in 0..3 {
            pos[axis] += normal[axis] * depth;
            vel[axis] -= 2.0 * inward.min(0.0) * normal[axis];
        }
        contain(frame, pos, vel);
    }
}

fn contain(frame: &Frame<'_>, pos: &mut [f64; 3], vel: &mut [f64; 3]) {
    let half = f64::from(frame.header().half_extent);
    match frame.header().bounds {
        Bounds::Torus => {
            for value in pos.iter_mut().take(frame.dim()) {
                *value = (*value + half).rem_euclid(2.0 * half) - half;
            }
        }
        Bounds::Box => {
            for (value, speed) in pos.iter_mut().zip(vel.iter_mut()) {
                if value.abs() > half {
                    *value = value.signum() * 2.0 * half - *value;
                    *speed = speed.abs() * -value.signum();
                }
            }
        }
        Bounds::Sphere => {
            let length = squared(*pos).sqrt();
            if length > half {
                let normal = pos.map(|value| value / length);
                *pos = normal.map(|value| value * half);
                let outward: f64 = vel.iter().zip(normal).map(|(speed, n)| speed * n).sum();
                for (speed, n) in vel.iter_mut().zip(normal) {
                    *speed -= 2.0 * outward.max(0.0) * n;
                }
            }
        }
    }
}

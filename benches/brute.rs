//! A step by brute force, as one would write it to be fast without a grid: arrays of 32-bit
//! floats, no allocation, no branch but the one on the distance. Walls are those of a box.

use inos_units::boids::{Bounds, Frame, StepParams};

/// A flock and the same flock one step on.
pub(crate) struct Step {
    pos: [Vec<f32>; 3],
    vel: [Vec<f32>; 3],
    next_pos: [Vec<f32>; 3],
    next_vel: [Vec<f32>; 3],
    dim: usize,
    half_extent: f32,
    params: StepParams,
}

impl Step {
    pub(crate) fn new(frame: &Frame<'_>, params: &StepParams) -> Self {
        assert_eq!(frame.header().bounds, Bounds::Box);
        let array = |values: &dyn Fn(usize) -> Vec<f32>| -> [Vec<f32>; 3] {
            core::array::from_fn(|axis| {
                if axis < frame.dim() { values(axis) } else { vec![0.0; frame.count()] }
            })
        };
        let pos = array(&|axis| frame.pos(axis).to_vec());
        let vel = array(&|axis| frame.vel(axis).to_vec());
        Self {
            next_pos: pos.clone(),
            next_vel: vel.clone(),
            pos,
            vel,
            dim: frame.dim(),
            half_extent: frame.header().half_extent,
            params: *params,
        }
    }

    /// Where a boid is after the step.
    pub(crate) fn pos(&self, index: usize) -> [f64; 3] {
        self.next_pos.each_ref().map(|array| f64::from(array[index]))
    }

    /// Moves every boid; returns how many neighbours all of them had together.
    pub(crate) fn run(&mut self) -> u64 {
        let mut neighbours = 0;
        for index in 0..self.pos[0].len() {
            let (force, seen) =
                if self.dim == 2 { self.look::<2>(index) } else { self.look::<3>(index) };
            neighbours += u64::from(seen);
            self.advance(index, force);
        }
        neighbours
    }

    fn look<const DIM: usize>(&self, index: usize) -> ([f32; 3], u32) {
        let params = &self.params;
        let squares = [params.separation_radius, params.alignment_radius, params.cohesion_radius]
            .map(|radius| radius * radius);
        let sight = squares.into_iter().fold(0.0, f32::max);
        let count = self.pos[0].len();
        let pos = self.pos.each_ref().map(|array| &array[..count]);
        let own: [f32; DIM] = core::array::from_fn(|axis| pos[axis][index]);
        let own_vel: [f32; DIM] = core::array::from_fn(|axis| self.vel[axis][index]);
        let (mut away, mut along, mut together) = ([0.0; DIM], [0.0; DIM], [0.0; DIM]);
        let (mut seen, mut aligned, mut cohering) = (0_u32, 0.0_f32, 0.0_f32);
        for other in 0..count {
            let offset: [f32; DIM] = core::array::from_fn(|axis| pos[axis][other] - own[axis]);
            let squared: f32 = offset.iter().map(|value| value * value).sum();
            if squared >= sight || other == index {
                continue;
            }
            seen += 1;
            let push = params.separation_radius / (squared + squares[0] / 64.0);
            for axis in 0..DIM {
                if squared < squares[0] {
                    away[axis] -= offset[axis] * push;
                }
                if squared < squares[1] {
                    along[axis] += self.vel[axis][other] - own_vel[axis];
                }
                if squared < squares[2] {
                    together[axis] += offset[axis];
                }
            }
            aligned += f32::from(squared < squares[1]);
            cohering += f32::from(squared < squares[2]);
        }
        let mut force = [0.0; 3];
        for axis in 0..DIM {
            force[axis] = params.separation_weight * away[axis]
                + params.alignment_weight * along[axis] / aligned.max(1.0)
                + params.cohesion_weight * together[axis] / cohering.max(1.0);
        }
        (shortened(force, params.max_force), seen)
    }

    fn advance(&mut self, index: usize, force: [f32; 3]) {
        let params = &self.params;
        let mut vel: [f32; 3] =
            core::array::from_fn(|axis| self.vel[axis][index] + force[axis] * params.dt);
        vel = shortened(vel, params.max_speed);
        let speed = length(vel);
        if speed < params.min_speed {
            vel = vel.map(|value| value * params.min_speed / speed);
        }
        for axis in 0..3 {
            let mut pos = self.pos[axis][index] + vel[axis] * params.dt;
            if pos.abs() > self.half_extent {
                pos = pos.signum() * 2.0 * self.half_extent - pos;
                vel[axis] = vel[axis].abs() * -pos.signum();
            }
            self.next_pos[axis][index] = pos;
            self.next_vel[axis][index] = vel[axis];
        }
    }
}

fn length(vector: [f32; 3]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

fn shortened(vector: [f32; 3], most: f32) -> [f32; 3] {
    let length = length(vector);
    if length > most { vector.map(|value| value * most / length) } else { vector }
}

//! Flocking in two and three dimensions.
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `init` | nothing | [`InitParams`] | a frame |
//! | `step` | a frame | [`StepParams`] | the next frame |
//! | `resize` | a frame | [`ResizeParams`] | the frame with more or fewer boids |
//! | `stats` | a frame | none | JSON: count, dim, bounds, step, speeds, order parameter, neighbours |
//!
//! A [`Frame`] holds the whole state, so a flock lives wherever its caller keeps the bytes and a
//! step is a function from one frame to the next.
//!
//! # The rule
//! Separation, alignment and cohesion after Reynolds (1987). With `d` the vector to a neighbour
//! and `dv` its velocity less one's own:
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
//! The order parameter is the length of the mean heading (Vicsek et al. 1995), from 0 to 1.
//!
//! # Guarantees
//! - The same frame and parameters give the same bits, on every machine and however a step is
//!   cut into ranges. There are no fused, approximate or transcendental operations.
//! - Positions stay in the world and speeds between the limits, up to rounding; nothing in a
//!   result is NaN or infinite.
//! - Any bytes are safe as input. Non-finite values refuse a frame; finite positions outside the
//!   world are brought in, and velocity components beyond 10^6 are cut off there.
//! - A step costs at most in proportion to the number of boids. A boid heeds at most
//!   `max_neighbours` and compares itself with at most 4096 candidates, both in a fixed order:
//!   its own row of grid cells first. In a flock so dense that this matters it does not see the
//!   others.
//! - In a torus no radius may exceed the half extent.
//!
//! # Order of boids
//! A step leaves boids in the order of their grid cells. Who is who is in the array of ids.
//!
//! # Not supported
//! Obstacles, predators, goals; a field of view; forces other than the three.
//!
//! # Example
//! ```
//! use inos_units::boids::{Frame, InitParams, StepParams, frame_len};
//! use inos_units::{Budget, Call, Dispatcher, Output, UnitError, VecOutput};
//!
//! let units = Dispatcher::standard();
//! let budget = Budget::unlimited();
//! let len = frame_len(3, 300).unwrap_or(0);
//!
//! let mut now = VecOutput::new(len);
//! let params = InitParams { count: 300, seed: 42, ..InitParams::default() }.to_json();
//! let call = Call { input: b"", params: params.as_bytes() };
//! units.execute_named("boids", "init", call, &mut now, &budget)?;
//!
//! let step = units.resolve("boids", "step")?;
//! let params = StepParams { dt: 0.01, ..StepParams::default() }.to_json();
//! let mut next = VecOutput::new(len);
//! for _ in 0..10 {
//!     let call = Call { input: now.as_bytes(), params: params.as_bytes() };
//!     units.execute(step, call, &mut next, &budget)?;
//!     std::mem::swap(&mut now, &mut next);
//! }
//! let frame = Frame::new(now.as_bytes())?;
//! assert_eq!(frame.header().step, 10);
//! assert!(frame.header().order_parameter <= 1.0);
//! # Ok::<(), UnitError>(())
//! ```

mod frame;
mod grid;
mod init;
mod order;
mod params;
mod plan;
mod pool;
mod rng;
mod rule;
mod stats;
mod tile;
mod world;

use std::sync::Arc;

pub use frame::{
    FORMAT_VERSION, Frame, HEADER_LEN, Header, MAGIC, MAX_COUNT, MAX_HALF_EXTENT, MIN_HALF_EXTENT,
    frame_len, write_frame,
};
pub use params::{Bounds, InitParams, ResizeParams, StepParams};

use crate::schema::NoParams;
use crate::unit;
use crate::unit::Cost;

/// The unit `boids`. It keeps no flock, only memory of past steps for use in the next.
#[derive(Debug, Default)]
pub struct BoidsUnit {
    pools: Arc<plan::Pools>,
}

impl BoidsUnit {
    /// The unit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

unit! {
    impl BoidsUnit: "boids" (0, 1, 0) "Flocking in two and three dimensions" {
        init(InitParams) {
            summary: "A new flock",
            input: "nothing",
            result: "a frame",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 0, result_kib: 2_000 },
            answer: "a second implementation of SplitMix64, from its publication",
            bound: |_, params, _| Ok(frame_len(params.dim, params.count).unwrap_or(usize::MAX)),
            run: whole(|_, params, input, out, budget| init::init(params, input, out, budget)),
        }
        step(StepParams) {
            summary: "The next frame by Reynolds' rules",
            input: "a frame",
            result: "a frame",
            determinism: Strict,
            cost: Cost { call: 20_000, input_kib: 16_000, result_kib: 0 },
            answer: "every boid compared with every other, in 64-bit floats",
            bound: |_, _, input| Ok(Frame::new(input)?.header().frame_len()),
            run: split(|unit, params, input, budget| {
                Ok(Box::new(plan::StepPlan::new(params, input, budget, &unit.pools)?))
            }),
        }
        resize(ResizeParams) {
            summary: "The boids of the lowest ids, or new ones added",
            input: "a frame",
            result: "a frame",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 300, result_kib: 2_000 },
            answer: "the frames that `init` gives for both counts",
            bound: |_, params, input| {
                let dim = Frame::new(input)?.header().dim;
                Ok(frame_len(dim, params.count).unwrap_or(usize::MAX))
            },
            run: whole(|_, params, input, out, budget| init::resize(params, input, out, budget)),
        }
        stats(NoParams) {
            summary: "Statistics of a frame",
            input: "a frame",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 400, result_kib: 0 },
            answer: "flocks whose numbers are known beforehand",
            bound: |_, _, _| Ok(stats::MAX_LEN),
            run: whole(|_, _, input, out, budget| stats::stats(input, out, budget)),
        }
    }
}

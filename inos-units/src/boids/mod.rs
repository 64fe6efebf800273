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

use crate::budget::Budget;
use crate::error::UnitError;
use crate::schema::NoParams;
use crate::table::{self, Code, Row};
use crate::unit::{Call, Determinism, Method, Output, Plan, Unit, UnitInfo, Version};

const ROWS: [Row<BoidsUnit>; 4] = [
    Row {
        method: Method {
            name: "init",
            summary: "A new flock as a frame; takes no input",
            params: InitParams::FIELDS,
            determinism: Determinism::Strict,
        },
        code: Code::Whole(|_, call, out, budget| init::init(call, out, budget)),
    },
    Row {
        method: Method {
            name: "step",
            summary: "From a frame to the next by Reynolds' rules; can be split",
            params: StepParams::FIELDS,
            determinism: Determinism::Strict,
        },
        code: Code::Split(|unit, call, budget| {
            Ok(Box::new(plan::StepPlan::new(call, budget, &unit.pools)?))
        }),
    },
    Row {
        method: Method {
            name: "resize",
            summary: "The frame with the boids of the lowest ids, or with new ones added",
            params: ResizeParams::FIELDS,
            determinism: Determinism::Strict,
        },
        code: Code::Whole(|_, call, out, budget| init::resize(call, out, budget)),
    },
    Row {
        method: Method {
            name: "stats",
            summary: "Statistics of a frame, as a JSON object",
            params: NoParams::FIELDS,
            determinism: Determinism::Strict,
        },
        code: Code::Whole(|_, call, out, budget| stats::stats(call, out, budget)),
    },
];

static METHODS: [Method; ROWS.len()] = table::methods(&ROWS);

static INFO: UnitInfo = UnitInfo {
    name: "boids",
    version: Version { major: 0, minor: 1, patch: 0 },
    summary: "Flocking in two and three dimensions",
    methods: &METHODS,
};

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

impl Unit for BoidsUnit {
    fn info(&self) -> &'static UnitInfo {
        &INFO
    }

    fn execute(
        &self,
        method: u16,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        table::execute(self, &ROWS, method, call, out, budget)
    }

    fn plan(
        &self,
        method: u16,
        call: Call<'_>,
        budget: &Budget,
    ) -> Result<Option<Box<dyn Plan>>, UnitError> {
        table::plan(self, &ROWS, method, call, budget)
    }
}

//! Flocking in two and three dimensions.
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `init` | nothing | [`InitParams`] | a frame |
//! | `step` | a frame | [`StepParams`] | the next frame |
//! | `resize` | a frame | [`ResizeParams`] | the frame with more or fewer boids |
//! | `set_scene` | a frame | [`SceneParams`] | the frame with other obstacles and predators |
//! | `neighbours_of` | a frame | [`NeighboursParams`] | ids and distances |
//! | `stats` | a frame | [`StatsParams`] | JSON: speeds, order parameter, neighbours, clusters |
//! | `evolve` | nothing or a [`Population`] | [`EvolveParams`] | a population some generations on |
//! | `genome` | a population | none | JSON: the [`StepParams`] of its best genome |
//! | `fitness` | [`StepParams`] | [`FitnessParams`] | JSON: fitness and its five terms |
//! | `view` | a frame | [`ViewParams`] | positions, headings and colours, for a renderer |
//! | `instances` | a frame | [`InstancesParams`] | the input of `math.mat4_instances` |
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
//! To `a` come, before it is shortened, the pull of a goal, fear of predators and the turning away
//! from obstacles, by the formulas in `surroundings.rs`; wind adds to `v'` in the last line. Nobody
//! ends a step in an obstacle, unless another or the world's edge pushed it there. A predator
//! turns to the nearest boid that it sees, by at most `max_force`, and goes on where it sees none.
//!
//! A neighbour is a boid nearer than the largest radius and in the field of view: within an angle
//! of the heading whose cap is `field_of_view` of a sphere. The order parameter is the length of
//! the mean heading (Vicsek et al. 1995), from 0 to 1.
//!
//! # Guarantees
//! - `step`: the same frame and parameters give the same bits, on every machine, with every
//!   [`InstructionSet`], and however a step is cut into ranges. There are no fused, approximate or
//!   transcendental operations.
//! - Positions stay in the world and speeds between the limits, up to rounding; nothing in a
//!   result is NaN or infinite.
//! - Any bytes are safe as input. Non-finite values refuse a frame; finite positions outside the
//!   world are brought in, and velocity components beyond 10^6 are cut off there.
//! - A step costs at most in proportion to the number of boids. Of a cell of the grid, as wide as
//!   a boid sees, `max_per_cell` boids are seen by others: an evenly spaced share of those in a
//!   fuller one. Cells are wider, and this number larger with them, up to 4096, where a flock is
//!   so scattered that there would be more than four to a boid.
//! - In a torus no radius may exceed the half extent.
//!
//! # Order of boids
//! A step leaves boids in the order of their grid cells, those that others did not see at the end.
//! Who is who is in the array of ids.
//!
//! # Not supported
//! Paths of predators other than to the nearest boid; obstacles that move.
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

pub mod evolve;
mod frame;
mod grid;
mod hunt;
mod init;
mod neighbours;
mod order;
mod params;
mod part;
mod plan;
mod pool;
mod rng;
mod rule;
mod scene;
mod sort;
mod stats;
mod surroundings;
mod survey;
mod sweep;
mod view;
mod world;

use std::sync::Arc;

pub use crate::simd::InstructionSet;
pub use evolve::{
    EvolveParams, FitnessParams, GENE_RANGES, GENES, Generation, Genome, MAX_HISTORY,
    POPULATION_MAGIC, POPULATION_VERSION, Population, Scored, genome_params,
};
pub use frame::{
    FORMAT_VERSION, Frame, HEADER_LEN, Header, MAGIC, MAX_COUNT, MAX_HALF_EXTENT, MIN_HALF_EXTENT,
    frame_len, frame_len_with, write_frame,
};
pub use params::{
    Bounds, ColourBy, InitParams, InstancesParams, NeighboursParams, ResizeParams, SceneParams,
    StatsParams, StepParams, ViewParams,
};
pub use scene::{MAX_OBSTACLES, MAX_PREDATORS, Obstacle, Predator};
pub use view::{VIEW_HEADER_LEN, VIEW_MAGIC, VIEW_VERSION, view_len};

use crate::budget::Budget;
use crate::error::UnitError;
use crate::schema::NoParams;
use crate::unit;
use crate::unit::{Cost, Plan};

/// The unit `boids`. It keeps no flock, only memory of past steps for use in the next: what the
/// largest took, some hundred bytes a boid, until smaller flocks have stepped for a while.
#[derive(Debug)]
pub struct BoidsUnit {
    instructions: InstructionSet,
    pools: Arc<plan::Pools>,
}

impl Default for BoidsUnit {
    fn default() -> Self {
        Self { instructions: InstructionSet::widest(), pools: Arc::default() }
    }
}

impl BoidsUnit {
    /// The unit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The unit, computing with other instructions than the widest that there are; with the
    /// portable ones if the machine lacks them.
    ///
    /// ```
    /// use inos_units::boids::{BoidsUnit, InstructionSet};
    ///
    /// for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
    ///     let unit = BoidsUnit::with_instructions(set);
    ///     assert_eq!(unit.instructions(), set);
    /// }
    /// ```
    #[must_use]
    pub fn with_instructions(instructions: InstructionSet) -> Self {
        let instructions =
            if instructions.is_available() { instructions } else { InstructionSet::Portable };
        Self { instructions, ..Self::default() }
    }

    /// What it computes with.
    #[must_use]
    pub const fn instructions(&self) -> InstructionSet {
        self.instructions
    }

    fn stepper(&self) -> evolve::Stepper {
        evolve::Stepper { instructions: self.instructions, pools: Arc::clone(&self.pools) }
    }

    fn step_plan(
        &self,
        params: &StepParams,
        input: &[u8],
        budget: &Budget,
    ) -> Result<Box<dyn Plan>, UnitError> {
        let plan = plan::StepPlan::new(params, input, self.instructions, budget, &self.pools)?;
        Ok(Box::new(plan))
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
            cost: Cost { call: 20_000, input_kib: 3_500, result_kib: 0 },
            answer: "every boid compared with every other, in 64-bit floats",
            bound: |_, _, input| Ok(Frame::new(input)?.header().frame_len()),
            run: split(|unit, params, input, budget| unit.step_plan(params, input, budget)),
        }
        resize(ResizeParams) {
            summary: "The boids of the lowest ids, or new ones added",
            input: "a frame",
            result: "a frame",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 300, result_kib: 2_000 },
            answer: "the frames that `init` gives for both counts",
            bound: |_, params, input| {
                let frame = Frame::new(input)?;
                let Header { dim, predators, obstacles, .. } = *frame.header();
                let len = frame_len_with(dim, params.count, predators, obstacles);
                Ok(len.unwrap_or(usize::MAX))
            },
            run: whole(|_, params, input, out, budget| init::resize(params, input, out, budget)),
        }
        stats(StatsParams) {
            summary: "Statistics of a frame",
            input: "a frame",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 12_000, result_kib: 0 },
            answer: "flocks whose numbers are known beforehand",
            bound: |_, _, _| Ok(stats::MAX_LEN),
            run: whole(|_, params, input, out, budget| stats::stats(params, input, out, budget)),
        }
        set_scene(SceneParams) {
            summary: "The same flock with other obstacles and predators",
            input: "a frame",
            result: "a frame",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 100, result_kib: 0 },
            answer: "the records as they are drawn, written by hand",
            bound: |_, params, input| scene::bound(params, input),
            run: whole(|_, params, input, out, budget| {
                scene::set_scene(params, input, out, budget)
            }),
        }
        neighbours_of(NeighboursParams) {
            summary: "Who is near a boid, the nearest first",
            input: "a frame",
            result: "an id and a distance, of 4 bytes each, for every neighbour",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 200, result_kib: 0 },
            answer: "boids on a line",
            bound: |_, params, _| Ok(neighbours::bound(params)),
            run: whole(|_, params, input, out, budget| {
                neighbours::neighbours_of(params, input, out, budget)
            }),
        }
        evolve(EvolveParams) {
            summary: "Rule sets after some generations of evolution",
            input: "nothing or a population",
            result: "a population",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 1_000, result_kib: 1_000 },
            answer: "a second implementation of the genomes, and rules scored from outside",
            bound: |_, params, input| Ok(evolve::bound(params, input)),
            run: split(|unit, params, input, budget| {
                Ok(Box::new(evolve::EvolvePlan::new(params, input, unit.stepper(), budget)?))
            }),
        }
        genome(NoParams) {
            summary: "The best rules of a population",
            input: "a population",
            result: "a JSON object, the parameters of step",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 500, result_kib: 0 },
            answer: "a population written by hand",
            bound: |_, _, _| Ok(evolve::MAX_RULES_LEN),
            run: whole(|_, _, input, out, budget| evolve::genome(input, out, budget)),
        }
        fitness(FitnessParams) {
            summary: "How well rules fly",
            input: "parameters of step, in either encoding, or nothing",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 10_000, result_kib: 0 },
            answer: "flights step by step, measured in a second implementation",
            bound: |_, _, _| Ok(evolve::MAX_LEN),
            run: whole(|unit, params, input, out, budget| {
                evolve::fitness(params, input, &unit.stepper(), out, budget)
            }),
        }
        view(ViewParams) {
            summary: "Positions, headings and colours for a renderer",
            input: "a frame",
            result: "a view",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 400, result_kib: 0 },
            answer: "boids along the axes, whose colours are known",
            bound: |_, _, input| {
                Ok(view_len(Frame::new(input)?.header().count).unwrap_or(usize::MAX))
            },
            run: whole(|_, params, input, out, budget| view::view(params, input, out, budget)),
        }
        instances(InstancesParams) {
            summary: "Translations, rotations and scales, as math.mat4_instances takes them",
            input: "a frame",
            result: "12, 16 and 12 bytes for each boid: all translations, rotations, scales",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 600, result_kib: 0 },
            answer: "boids along the axes, whose rotations are known",
            bound: |_, _, input| view::instances_bound(input),
            run: whole(|_, params, input, out, budget| {
                view::instances(params, input, out, budget)
            }),
        }
    }
}

//! Evolution of rule sets by the flocks that they make.
//!
//! A genome is eight numbers of [`StepParams`]: three radii, three weights, the highest
//! acceleration and the highest speed, each in one of [`GENE_RANGES`]. `evolve` scores as many
//! generations as it is asked for and gives a [`Population`]; with that as its input it goes on.
//! Whoever calls it again and again can publish every result: it has the best genome so far and
//! the fitness of every generation.
//!
//! # Fitness
//! A genome flies `trials` flocks, made by `init` with the seeds `seed`, `seed + 1` and so on in
//! a torus, with `predators` of them in it. Five terms are averaged over the trials; each is from 0 to 1.
//!
//! ```text
//! order      = mean order parameter
//! energy     = 1 / (1 + mean squared acceleration)            of all steps, in units^2/s^4
//! collisions = 0.1 / (0.1 + boids nearer than 0.1 to a boid)  the mean of all boids
//! cohesion   = boids nearer than 1 to a boid, at most 7, / 7  the mean of all boids
//! survival   = 0.1 / (0.1 + boids in reach of a predator)     the mean of all predators and steps
//!
//! fitness = product over the terms of  1 - share * (1 - term)
//! ```
//!
//! Acceleration is the change of velocity between frames over the length of the step. Order,
//! collisions and cohesion are measured in the second half of the trial, at its last step and every fourth before
//! it. A share is what of the fitness is lost where the term is 0, so a term cannot be bought
//! with another: a flock that saves all energy and has no order is worth little.
//!
//! # Evolution
//! The first generation is uniform at random, so a call for one generation is random search. Of
//! each later one the `elites` best live on; others are children of parents that win a
//! tournament. They take each gene from either parent with probability `crossover_rate` (uniform
//! crossover), and each gene changes with probability `mutation_rate`. At the end of a call each
//! island's best replace the worst of the next one, in a ring. Islands do not depend on each
//! other before that, so threads can have one each.
//!
//! Without `selection` parents are drawn blindly, nobody lives on, and who migrates does not
//! depend on fitness: what remains is a random walk.
//!
//! # What goes wrong
//! A genome is chosen by the trials it flew, and may suit them better than others. More trials
//! and more genomes help; the method `fitness` with another seed tells.
//!
//! # Not supported
//! Terms for obstacles or goals; genes for the field of view, the lowest speed and
//! `max_per_cell`, which are as by default; trials in a box or a sphere.
//!
//! # Guarantees
//! All of it depends on the seed, the generation and the island, and on nothing else: the same
//! calls give the same bits, on every machine. Any bytes are safe as input. A call makes at most
//! 2^32 steps of a boid.
//!
//! # Example
//! ```
//! use inos_units::boids::{EvolveParams, Population};
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! let units = Dispatcher::standard();
//! let params = EvolveParams {
//!     population: 6, generations: 2, count: 10, steps: 10, ..EvolveParams::default()
//! };
//! let params = params.to_json();
//! let mut blob = Vec::new();
//! for _ in 0..3 {
//!     let call = Call { input: &blob, params: params.as_bytes() };
//!     let mut out = VecOutput::new(1 << 16);
//!     units.execute_named("boids", "evolve", call, &mut out, &Budget::unlimited())?;
//!     // Here it could be published.
//!     blob = out.to_vec();
//! }
//! assert_eq!(Population::parse(&blob)?.history.len(), 6);
//! # Ok::<(), UnitError>(())
//! ```

mod fitness;
mod genome;
mod island;
mod params;
mod population;

pub use genome::{GENE_RANGES, GENES, Genome, genome_params};
pub use params::{EvolveParams, FitnessParams};
pub use population::{
    Generation, MAX_HISTORY, POPULATION_MAGIC, POPULATION_VERSION, Population, Scored,
};

pub(super) use fitness::{MAX_LEN, Stepper, fitness};
pub(super) use island::{EvolvePlan, bound};

use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

#[cfg(doc)]
use super::StepParams;

/// More bytes than any rules are as JSON.
pub(super) const MAX_RULES_LEN: usize = 1024;

/// The method `genome`: the best rules of a population, as JSON that `step` takes.
pub(super) fn genome(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    budget.check()?;
    let json = genome_params(&Population::parse(input)?.best.genome).to_json();
    require(out, json.len())?;
    out.write(0, json.as_bytes())?;
    Ok(json.len())
}

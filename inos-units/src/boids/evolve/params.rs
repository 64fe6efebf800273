//! What evolution and its fitness take.

use crate::error::UnitError;

/// Boids times steps of all trials of one call, at most: some minutes of one core.
const MAX_BOID_STEPS: u64 = 1 << 32;

crate::params! {
    /// What `evolve` takes. Fitness depends on `count`, `dim`, `seed`, `steps`, `trials`, `dt`,
    /// `predators` and the five shares; they stay the same from call to call.
    #[derive(Copy)]
    pub struct EvolveParams {
        population: u32 = 32 in 2..=4096 => "Genomes of each island";
        islands: u32 = 2 in 1..=64 => "Number of islands";
        generations: u32 = 5 in 1..=1000 =>
            "Generations that this call scores; islands exchange genomes at its end";
        migrants: u32 = 1 in 0..=64 => "Best genomes that each island sends to the next one";
        elites: u32 = 2 in 0..=64 => "Best genomes of an island that live on unchanged";
        tournament: u32 = 3 in 1..=64 =>
            "Genomes that are drawn for a parent, of which the best one is it";
        selection: bool = true =>
            "Whether fitness decides who breeds, lives on and migrates; chance does if not";
        crossover_rate: f32 = 0.7 in 0.0..=1.0 => "Share of children that have two parents";
        mutation_rate: f32 = 0.3 in 0.0..=1.0 => "Share of genes that change";
        mutation_size: f32 = 0.4 in 0.0..=1.0 => "Largest change, as a share of the gene's range";
        seed: u64 = 1 in 0..=18446744073709551615 => "Seed of genomes, of breeding and of trials";
        count: u32 = 40 in 1..=256 => "Boids of a trial";
        dim: u32 = 3 in 2..=3 => "Axes of a trial";
        steps: u32 = 120 in 2..=2000 => "Steps of a trial";
        trials: u32 = 4 in 1..=16 => "Trials of a genome, whose terms are averaged";
        dt: f32 = 0.05 in 0.001..=0.2 => "Length of a step of a trial, in seconds";
        order_share: f32 = 0.9 in 0.0..=1.0 => "Share of fitness that hangs on order";
        energy_share: f32 = 0.5 in 0.0..=1.0 => "Share of fitness that hangs on saving energy";
        collision_share: f32 = 0.8 in 0.0..=1.0 =>
            "Share of fitness that hangs on not colliding";
        cohesion_share: f32 = 0.8 in 0.0..=1.0 => "Share of fitness that hangs on company";
        predators: u32 = 0 in 0..=8 => "Predators in a trial";
        survival_share: f32 = 0.8 in 0.0..=1.0 =>
            "Share of fitness that hangs on keeping out of their reach";
    }
}

crate::params! {
    /// What `fitness` takes: the trials. They mean what they mean for `evolve`.
    #[derive(Copy)]
    pub struct FitnessParams {
        seed: u64 = 1 in 0..=18446744073709551615 => "Seed of the first trial; others count on";
        count: u32 = 40 in 1..=256 => "Boids of a trial";
        dim: u32 = 3 in 2..=3 => "Axes of a trial";
        steps: u32 = 120 in 2..=2000 => "Steps of a trial";
        trials: u32 = 4 in 1..=16 => "Number of trials, whose terms are averaged";
        dt: f32 = 0.05 in 0.001..=0.2 => "Length of a step, in seconds, whatever the rules say";
        order_share: f32 = 0.9 in 0.0..=1.0 => "Share of fitness that hangs on order";
        energy_share: f32 = 0.5 in 0.0..=1.0 => "Share of fitness that hangs on saving energy";
        collision_share: f32 = 0.8 in 0.0..=1.0 =>
            "Share of fitness that hangs on not colliding";
        cohesion_share: f32 = 0.8 in 0.0..=1.0 => "Share of fitness that hangs on company";
        predators: u32 = 0 in 0..=8 => "Predators in a trial";
        survival_share: f32 = 0.8 in 0.0..=1.0 =>
            "Share of fitness that hangs on keeping out of their reach";
    }
}

impl EvolveParams {
    /// The trials of a genome.
    ///
    /// ```
    /// use inos_units::boids::{EvolveParams, FitnessParams};
    ///
    /// assert_eq!(EvolveParams::default().trials_of(), FitnessParams::default());
    /// ```
    #[must_use]
    pub const fn trials_of(&self) -> FitnessParams {
        FitnessParams {
            seed: self.seed,
            count: self.count,
            dim: self.dim,
            steps: self.steps,
            trials: self.trials,
            dt: self.dt,
            order_share: self.order_share,
            energy_share: self.energy_share,
            collision_share: self.collision_share,
            cohesion_share: self.cohesion_share,
            predators: self.predators,
            survival_share: self.survival_share,
        }
    }

    /// Checks what fields demand of each other.
    pub(super) fn check(&self) -> Result<(), UnitError> {
        self.validate()?;
        if self.elites >= self.population {
            return Err(UnitError::BadParam { name: "elites", expected: "less than population" });
        }
        if self.migrants > self.population / 2 {
            return Err(UnitError::BadParam {
                name: "migrants",
                expected: "at most half the population",
            });
        }
        // At most 2^12 * 2^6 * 2^10 * 2^8 * 2^11 * 2^4: fits into 64 bits.
        let genomes =
            u64::from(self.population) * u64::from(self.islands) * u64::from(self.generations);
        let boid_steps =
            genomes * u64::from(self.count) * u64::from(self.steps) * u64::from(self.trials);
        if boid_steps > MAX_BOID_STEPS {
            return Err(UnitError::BadParam {
                name: "generations",
                expected: "at most 2^32 steps of a boid in one call",
            });
        }
        Ok(())
    }
}

impl FitnessParams {
    /// A number that other trials most probably do not have.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hash = 0;
        for word in [
            self.seed,
            u64::from(self.count),
            u64::from(self.dim),
            u64::from(self.steps),
            u64::from(self.trials),
            u64::from(self.dt.to_bits()),
            u64::from(self.order_share.to_bits()),
            u64::from(self.energy_share.to_bits()),
            u64::from(self.collision_share.to_bits()),
            u64::from(self.cohesion_share.to_bits()),
            u64::from(self.predators),
            u64::from(self.survival_share.to_bits()),
        ] {
            hash = crate::boids::rng::SplitMix64::new(hash ^ word).next();
        }
        hash
    }
}

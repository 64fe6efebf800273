//! Genomes: eight numbers of a rule set.

use crate::boids::params::StepParams;
use crate::boids::rng::SplitMix64;

/// Number of genes.
pub const GENES: usize = 8;

/// A rule set: the radii of separation, alignment and cohesion, their weights, the highest
/// acceleration and the highest speed.
pub type Genome = [f32; GENES];

/// Lowest and highest value of each gene. Trials are in worlds where no radius here is too large.
///
/// ```
/// use inos_units::boids::GENE_RANGES;
///
/// assert!(GENE_RANGES.iter().all(|[low, high]| low < high));
/// ```
pub const GENE_RANGES: [[f32; 2]; GENES] = [
    [0.05, 2.0],
    [0.05, 2.0],
    [0.05, 2.0],
    [0.0, 10.0],
    [0.0, 10.0],
    [0.0, 10.0],
    [0.0, 20.0],
    [0.5, 3.0],
];

/// The rules of a genome; what it does not say is as by default.
///
/// ```
/// use inos_units::boids::{StepParams, genome_params};
///
/// let params = genome_params(&[0.4, 1.0, 1.0, 1.0, 2.0, 1.0, 5.0, 1.5]);
/// assert_eq!(params, StepParams::default());
/// ```
#[must_use]
pub fn genome_params(genome: &Genome) -> StepParams {
    let [
        separation_radius,
        alignment_radius,
        cohesion_radius,
        separation_weight,
        alignment_weight,
        cohesion_weight,
        max_force,
        max_speed,
    ] = *genome;
    StepParams {
        separation_radius,
        alignment_radius,
        cohesion_radius,
        separation_weight,
        alignment_weight,
        cohesion_weight,
        max_force,
        max_speed,
        ..StepParams::default()
    }
}

/// Whether every gene is in its range; NaN is not.
pub(super) fn is_valid(genome: &Genome) -> bool {
    genome.iter().zip(GENE_RANGES).all(|(gene, [low, high])| (low..=high).contains(gene))
}

/// Random numbers for breeding.
#[derive(Debug)]
pub(super) struct Chance(SplitMix64);

impl Chance {
    /// The stream of a generation on an island.
    pub(super) fn new(seed: u64, generation: u64, island: u32) -> Self {
        let of_generation = SplitMix64::new(seed ^ SplitMix64::new(generation).next()).next();
        Self(SplitMix64::for_boid(of_generation, island))
    }

    /// Uniform in [0, 1), a multiple of 2^-24.
    fn unit(&mut self) -> f32 {
        (self.0.next() >> 40) as f32 * (1.0 / 16_777_216.0)
    }

    fn happens(&mut self, rate: f32) -> bool {
        self.unit() < rate
    }

    /// One of `0..count`.
    pub(super) fn index(&mut self, count: usize) -> usize {
        (((self.0.next() >> 32) * count as u64) >> 32) as usize
    }

    /// Every gene uniform in its range.
    pub(super) fn genome(&mut self) -> Genome {
        GENE_RANGES.map(|[low, high]| (low + self.unit() * (high - low)).clamp(low, high))
    }

    /// A child: the first parent, or with probability `crossover_rate` each gene from either
    /// parent; then each gene changed with probability `mutation_rate`. The change has a
    /// triangular density, of up to `mutation_size` of the range, and is mirrored at its ends.
    pub(super) fn child(&mut self, parents: [&Genome; 2], breeding: &Breeding) -> Genome {
        let [first, second] = parents;
        let mut child = *first;
        if self.happens(breeding.crossover_rate) {
            for (gene, other) in child.iter_mut().zip(second) {
                if self.happens(0.5) {
                    *gene = *other;
                }
            }
        }
        for (gene, [low, high]) in child.iter_mut().zip(GENE_RANGES) {
            if self.happens(breeding.mutation_rate) {
                let change = (self.unit() - self.unit()) * breeding.mutation_size * (high - low);
                let moved = *gene + change;
                let mirrored = if moved < low {
                    2.0 * low - moved
                } else if moved > high {
                    2.0 * high - moved
                } else {
                    moved
                };
                *gene = mirrored.clamp(low, high);
            }
        }
        child
    }
}

/// How children come from parents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breeding {
    pub(super) crossover_rate: f32,
    pub(super) mutation_rate: f32,
    pub(super) mutation_size: f32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn genes_stay_in_range(seed: u64, crossover in 0.0_f32..=1.0, mutation in 0.0_f32..=1.0) {
            let breeding =
                Breeding { crossover_rate: crossover, mutation_rate: 1.0, mutation_size: mutation };
            let mut chance = Chance::new(seed, 3, 1);
            // At the very ends, too.
            let mut pair = [GENE_RANGES.map(|[low, _]| low), GENE_RANGES.map(|[_, high]| high)];
            for _ in 0..50 {
                let child = chance.child([&pair[0], &pair[1]], &breeding);
                prop_assert!(is_valid(&child), "{child:?}");
                let fresh = chance.genome();
                prop_assert!(is_valid(&fresh), "{fresh:?}");
                pair = [child, fresh];
            }
        }
    }

    #[test]
    fn children_without_change_have_the_genes_of_their_parents() {
        let mut chance = Chance::new(1, 2, 3);
        let (first, second) = (chance.genome(), chance.genome());
        let same = Breeding { crossover_rate: 0.0, mutation_rate: 0.0, mutation_size: 1.0 };
        assert_eq!(chance.child([&first, &second], &same), first);
        let mixed = Breeding { crossover_rate: 1.0, ..same };
        let mut from_second = 0;
        for _ in 0..500 {
            let child = chance.child([&first, &second], &mixed);
            for (index, gene) in child.iter().enumerate() {
                assert!(*gene == first[index] || *gene == second[index]);
                from_second += u32::from(*gene == second[index]);
            }
        }
        // 4000 tosses of a coin: six standard deviations are 190.
        assert!((1810..2190).contains(&from_second), "{from_second}");
    }

    #[test]
    fn genomes_are_uniform() {
        let mut chance = Chance::new(9, 0, 0);
        let mut means = [0.0; GENES];
        for _ in 0..4096 {
            for ((mean, gene), [low, high]) in
                means.iter_mut().zip(chance.genome()).zip(GENE_RANGES)
            {
                *mean += (gene - low) / (high - low) / 4096.0;
            }
        }
        assert!(means.iter().all(|mean| (mean - 0.5).abs() < 0.03), "{means:?}");
    }
}

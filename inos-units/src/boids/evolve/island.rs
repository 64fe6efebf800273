//! Evolution in pieces: islands by themselves for a whole call, then migration.

use std::ops::Range;

use crate::budget::Budget;
use crate::error::UnitError;
use crate::unit::{Output, Part, Plan};

use super::fitness::Stepper;
use super::genome::{Breeding, Chance, genome_params};
use super::params::{EvolveParams, FitnessParams};
use super::population::{
    Generation, MAX_HISTORY, Population, Reader, SCORED_LEN, Scored, population_len,
};

const OTHER: UnitError = UnitError::BadInput { what: "a part of another plan" };

/// A call of `evolve`. Items are islands.
pub(in crate::boids) struct EvolvePlan {
    params: EvolveParams,
    trials: FitnessParams,
    /// Without islands if evolution begins with this call.
    start: Population,
    stepper: Stepper,
}

impl EvolvePlan {
    pub(in crate::boids) fn new(
        params: &EvolveParams,
        input: &[u8],
        stepper: Stepper,
        budget: &Budget,
    ) -> Result<Self, UnitError> {
        params.check()?;
        let trials = params.trials_of();
        let start = if input.is_empty() {
            Population { fingerprint: trials.fingerprint(), ..Population::default() }
        } else {
            Population::parse(input)?
        };
        if start.fingerprint != trials.fingerprint() {
            return Err(UnitError::BadInput { what: "a population scored in other trials" });
        }
        let matches = |island: &Vec<Scored>| island.len() == params.population as usize;
        let is_new = start.islands.is_empty();
        if !is_new
            && (start.islands.len() != params.islands as usize
                || !start.islands.iter().all(matches))
        {
            return Err(UnitError::BadInput { what: "a population of another size" });
        }
        budget.check()?;
        let genomes = u64::from(params.population)
            * u64::from(params.islands)
            * u64::from(params.generations);
        budget.spend(genomes.saturating_mul(trials.cost()))?;
        Ok(Self { params: *params, trials, start, stepper })
    }

    /// Fitness of genomes.
    fn score(&self, genomes: &mut [Scored], budget: &Budget) -> Result<(), UnitError> {
        for scored in genomes {
            let rules = genome_params(&scored.genome);
            scored.fitness = self.trials.score(&rules, &self.stepper, budget)?;
        }
        Ok(())
    }

    /// Indices, the best genome first, of equal ones the first; as they come without selection.
    fn ranks(&self, island: &[Scored]) -> Vec<usize> {
        let mut ranks: Vec<usize> = (0..island.len()).collect();
        if self.params.selection {
            // Stable, and fitness is never NaN.
            ranks.sort_by(|&a, &b| island[b].fitness.total_cmp(&island[a].fitness));
        }
        ranks
    }

    /// The next generation, of which the first so many live on and have their fitness.
    fn breed(&self, island: &[Scored], chance: &mut Chance) -> (Vec<Scored>, usize) {
        let params = &self.params;
        let breeding = Breeding {
            crossover_rate: params.crossover_rate,
            mutation_rate: params.mutation_rate,
            mutation_size: params.mutation_size,
        };
        let (elites, tournament) =
            if params.selection { (params.elites, params.tournament) } else { (0, 1) };
        let ranks = self.ranks(island);
        // Places in the ranking: the lowest of those drawn wins.
        let parent = |chance: &mut Chance| {
            let drawn = (0..tournament).map(|_| chance.index(ranks.len())).min();
            &island[ranks[drawn.unwrap_or(0)]].genome
        };
        let mut next: Vec<Scored> =
            ranks.iter().take(elites as usize).map(|&index| island[index]).collect();
        let alive = next.len();
        while next.len() < island.len() {
            let parents = [parent(chance), parent(chance)];
            let genome = chance.child(parents, &breeding);
            next.push(Scored { genome, fitness: 0.0 });
        }
        (next, alive)
    }

    /// Lets one island live through the call; appends what [`Islander::read`] reads.
    fn live(&self, number: usize, part: &mut Part, budget: &Budget) -> Result<(), UnitError> {
        let mut island = self.start.islands.get(number).cloned().unwrap_or_default();
        let mut best = Scored::default();
        let mut evaluations = 0;
        let mut history = Vec::new();
        for generation in 0..u64::from(self.params.generations) {
            let generation = self.start.generation.wrapping_add(generation);
            let mut chance = Chance::new(self.params.seed, generation, number as u32);
            let mut alive = 0;
            if island.is_empty() {
                let genome = |_| Scored { genome: chance.genome(), fitness: 0.0 };
                island = (0..self.params.population).map(genome).collect();
            } else {
                (island, alive) = self.breed(&island, &mut chance);
            }
            self.score(&mut island[alive..], budget)?;
            evaluations += (island.len() - alive) as u64;
            let mut top = island[0];
            let mut sum = 0.0;
            for scored in &island {
                top = if scored.fitness > top.fitness { *scored } else { top };
                sum += f64::from(scored.fitness);
            }
            if history.is_empty() || top.fitness > best.fitness {
                best = top;
            }
            history.push((top.fitness, sum));
        }
        part.extend_from_slice(&(number as u64).to_le_bytes());
        part.extend_from_slice(&evaluations.to_le_bytes());
        best.append(part);
        for (top, sum) in history {
            part.extend_from_slice(&top.to_le_bytes());
            part.extend_from_slice(&f64::to_bits(sum).to_le_bytes());
        }
        island.iter().for_each(|scored| scored.append(part));
        Ok(())
    }

    /// Each island's best replace the worst of the next one, in a ring.
    fn migrate(&self, islands: &mut [Vec<Scored>]) {
        if islands.len() < 2 {
            return;
        }
        let migrants = self.params.migrants as usize;
        let ranks: Vec<Vec<usize>> = islands.iter().map(|island| self.ranks(island)).collect();
        let leaving: Vec<Vec<Scored>> = islands
            .iter()
            .zip(&ranks)
            .map(|(island, ranks)| ranks.iter().take(migrants).map(|&at| island[at]).collect())
            .collect();
        for (from, migrants) in leaving.iter().enumerate() {
            let to = (from + 1) % islands.len();
            for (migrant, &place) in migrants.iter().zip(ranks[to].iter().rev()) {
                islands[to][place] = *migrant;
            }
        }
    }
}

/// What a part says of one island.
struct Islander {
    evaluations: u64,
    best: Scored,
    /// Best fitness of each generation, and the sum of all.
    history: Vec<(f32, f64)>,
    island: Vec<Scored>,
}

impl Islander {
    const fn len(params: &EvolveParams) -> usize {
        16 + SCORED_LEN + params.generations as usize * 12 + params.population as usize * SCORED_LEN
    }

    fn read(
        reader: &mut Reader<'_>,
        number: u64,
        params: &EvolveParams,
    ) -> Result<Self, UnitError> {
        if reader.wide()? != number {
            return Err(OTHER);
        }
        let (evaluations, best) = (reader.wide()?, reader.scored()?);
        let history = (0..params.generations)
            .map(|_| Ok((reader.float()?, f64::from_bits(reader.wide()?))))
            .collect::<Result<_, UnitError>>()?;
        let island = (0..params.population).map(|_| reader.scored()).collect::<Result<_, _>>()?;
        Ok(Self { evaluations, best, history, island })
    }
}

impl Plan for EvolvePlan {
    fn item_count(&self) -> usize {
        self.params.islands as usize
    }

    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        if range.start > range.end || range.end > self.item_count() {
            return Err(UnitError::BadInput { what: "a range outside the plan" });
        }
        let mut part = Vec::with_capacity(range.len() * Islander::len(&self.params));
        for number in range {
            self.live(number, &mut part, budget)?;
        }
        Ok(part)
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let params = &self.params;
        let mut after = Population { islands: Vec::new(), ..self.start.clone() };
        after.generation = after.generation.wrapping_add(u64::from(params.generations));
        let mut history = vec![(0.0_f32, 0.0_f64); params.generations as usize];
        let mut is_first = self.start.islands.is_empty();
        for part in &parts {
            let mut reader = Reader(part);
            while !reader.0.is_empty() {
                let number = after.islands.len() as u64;
                let islander = Islander::read(&mut reader, number, params)?;
                after.evaluations = after.evaluations.wrapping_add(islander.evaluations);
                if is_first || islander.best.fitness > after.best.fitness {
                    after.best = islander.best;
                    is_first = false;
                }
                for ((best, sum), (other, more)) in history.iter_mut().zip(islander.history) {
                    *best = best.max(other);
                    *sum += more;
                }
                after.islands.push(islander.island);
            }
        }
        if after.islands.len() != self.item_count() {
            return Err(UnitError::BadInput { what: "parts that do not cover every island once" });
        }
        let genomes = f64::from(params.population) * f64::from(params.islands);
        after.history.extend(
            history.into_iter().map(|(best, sum)| Generation {
                best,
                mean: (sum / genomes).clamp(0.0, 1.0) as f32,
            }),
        );
        let old = after.history.len().saturating_sub(MAX_HISTORY);
        after.history.drain(..old);
        self.migrate(&mut after.islands);
        after.write(out)
    }
}

/// The most bytes that a call gives.
pub(in crate::boids) fn bound(params: &EvolveParams, input: &[u8]) -> usize {
    let history = super::population::history_len(input) + params.generations as usize;
    population_len(params.islands, params.population, history.min(MAX_HISTORY))
}

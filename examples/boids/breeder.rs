//! The client that evolves rules, generation after generation, beside the flock that flies.
//!
//! It tells nobody. Its calls mutate the population in the shared memory, with each result the
//! kernel advances an epoch, and whoever watches that takes from the newest population what it
//! wants: the pilot the best rules, a viewer the history of fitness.

use std::sync::atomic::{AtomicBool, Ordering};

use inos::units::boids::{EvolveParams, Population, StepParams, genome_params};
use inos::{Cooperative, EpochTable, EpochWatcher, Error, Observer, PingPong, Sections};

use crate::caller::{Caller, Method};
use crate::problem::Problem;
use crate::world::{EPOCHS, POPULATION_EPOCH, POPULATIONS};

/// Trials small enough that the flock beside them still flies.
#[must_use]
pub(crate) fn trials(seed: u64, dim: u32, predators: u32) -> EvolveParams {
    EvolveParams {
        population: 16,
        islands: 2,
        generations: 1,
        count: 24,
        steps: 80,
        trials: 2,
        seed,
        dim,
        // As many as trials may have.
        predators: predators.min(8),
        ..EvolveParams::default()
    }
}

/// Breeds.
pub(crate) struct Breeder<'m> {
    caller: Caller<'m>,
    evolve: Method,
    params: String,
    bred: u64,
}

impl<'m> Breeder<'m> {
    /// Takes a lane.
    ///
    /// # Errors
    /// `NoSeat` if all lanes are taken; `NoUnit` or `NoMethod` if the kernel has no `evolve`.
    pub(crate) fn new(
        sections: &Sections<'m, Cooperative>,
        params: &EvolveParams,
    ) -> Result<Self, Error> {
        let caller = Caller::new(sections)?;
        let evolve = caller.method("boids", "evolve")?;
        Ok(Self { caller, evolve, params: params.to_json(), bred: 0 })
    }

    /// Publishes the next generation.
    ///
    /// # Errors
    /// If the call was refused.
    pub(crate) fn breed(&mut self) -> Result<(), Problem> {
        self.caller.submit(self.evolve, &self.params, POPULATIONS, self.bred > 0)?;
        self.caller.answer("evolve")?;
        self.bred += 1;
        Ok(())
    }

    /// Generations that were published.
    #[must_use]
    pub(crate) fn bred(&self) -> u64 {
        self.bred
    }

    /// Publishes so many generations, 0 for no end, or as many as there are until `over`.
    ///
    /// # Errors
    /// The first call that was refused.
    pub(crate) fn breed_until(
        &mut self,
        generations: u64,
        over: &AtomicBool,
    ) -> Result<(), Problem> {
        // Relaxed: nothing else is read because of it.
        while (generations == 0 || self.bred < generations) && !over.load(Ordering::Relaxed) {
            self.breed()?;
        }
        Ok(())
    }
}

/// Looks at the newest population whenever there is a new one.
pub(crate) struct Nest<'m> {
    observer: Observer<'m>,
    epoch: EpochWatcher<'m>,
    copy: Vec<u8>,
    newest: Option<Population>,
}

/// Copies that may be overtaken before a look is given up.
const TRIES: u32 = 100;

impl<'m> Nest<'m> {
    /// Observes.
    ///
    /// # Errors
    /// What is wrong with the sections.
    pub(crate) fn new(sections: &Sections<'m, Cooperative>) -> Result<Self, Error> {
        let populations = PingPong::open(sections, POPULATIONS)?;
        let copy = vec![0; populations.config().frame_len as usize];
        let observer = populations.observer()?;
        let epoch = EpochTable::open(sections, EPOCHS)?.watcher(POPULATION_EPOCH)?;
        Ok(Self { observer, epoch, copy, newest: None })
    }

    /// Whether there is a population that was not looked at yet; then it is the newest.
    ///
    /// # Errors
    /// What is wrong with the section, or with what is in it.
    pub(crate) fn look(&mut self) -> Result<bool, Problem> {
        if self.epoch.changed().is_none() && self.newest.is_some() {
            return Ok(false);
        }
        let observed = match self.observer.copy(&mut self.copy, TRIES) {
            Ok(observed) => observed,
            // Nobody breeds, or too fast for now.
            Err(Error::Empty | Error::Lapped { .. } | Error::Contended { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let bytes = self.copy.get(..observed.len).unwrap_or_default();
        self.newest = Some(Population::parse(bytes)?);
        Ok(true)
    }

    /// The newest population that was looked at.
    #[must_use]
    pub(crate) fn newest(&self) -> Option<&Population> {
        self.newest.as_ref()
    }
}

/// `rules` with what the best genome says.
#[must_use]
pub(crate) fn adopt(rules: &StepParams, population: &Population) -> StepParams {
    let bred = genome_params(&population.best.genome);
    StepParams {
        separation_radius: bred.separation_radius,
        alignment_radius: bred.alignment_radius,
        cohesion_radius: bred.cohesion_radius,
        separation_weight: bred.separation_weight,
        alignment_weight: bred.alignment_weight,
        cohesion_weight: bred.cohesion_weight,
        max_force: bred.max_force,
        max_speed: bred.max_speed,
        min_speed: rules.min_speed.min(bred.max_speed),
        ..*rules
    }
}

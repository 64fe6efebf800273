//! The blob between calls: every genome with its fitness, and what became of those before.
//!
//! Numbers have their lowest byte first; nothing is padded.
//!
//! ```text
//!   0  magic "EVOL"             4  format version (1)      8  islands: u32
//!  12  genomes of an island: u32                          16  generations so far: u64
//!  24  genomes scored so far: u64                         32  fingerprint of the trials: u64
//!  40  best fitness so far: f32                           44  its genome: 8 * f32
//!  76  length of the history: u32
//!  80  history: best and mean fitness of each generation, 2 * f32; the last 1024 generations
//!   .  genomes, island after island: 8 * f32 and the fitness, f32
//! ```

use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

use super::genome::{GENES, Genome, is_valid};

/// The first bytes of a population.
pub const POPULATION_MAGIC: [u8; 4] = *b"EVOL";
/// Version of a population's format.
pub const POPULATION_VERSION: u32 = 1;
/// Generations that the history goes back.
pub const MAX_HISTORY: usize = 1024;

const HEAD_LEN: usize = 80;
const ENTRY_LEN: usize = 8;
pub(super) const SCORED_LEN: usize = (GENES + 1) * 4;

const BAD: UnitError = UnitError::BadInput { what: "not a population of genomes" };

/// A genome with its fitness.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scored {
    /// The genes, each in its range.
    pub genome: Genome,
    /// From 0 to 1.
    pub fitness: f32,
}

/// Fitness of one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Generation {
    /// Of its best genome.
    pub best: f32,
    /// Of all genomes.
    pub mean: f32,
}

/// What `evolve` gives and goes on from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// Generations so far.
    pub generation: u64,
    /// Genomes scored so far. Those that lived on or migrated count once.
    pub evaluations: u64,
    /// A number that tells trials apart.
    pub fingerprint: u64,
    /// The best genome of all generations.
    pub best: Scored,
    /// The latest generations, the last one last.
    pub history: Vec<Generation>,
    /// The genomes of every island.
    pub islands: Vec<Vec<Scored>>,
}

/// Reads numbers from the front of bytes.
#[derive(Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], UnitError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(BAD)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(super) fn word(&mut self) -> Result<u32, UnitError> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn wide(&mut self) -> Result<u64, UnitError> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn float(&mut self) -> Result<f32, UnitError> {
        self.take().map(f32::from_le_bytes)
    }

    /// Fitness; refused if it cannot be.
    fn fitness(&mut self) -> Result<f32, UnitError> {
        self.float().and_then(
            |fitness| {
                if (0.0..=1.0).contains(&fitness) { Ok(fitness) } else { Err(BAD) }
            },
        )
    }

    fn genome(&mut self) -> Result<Genome, UnitError> {
        let mut genome = Genome::default();
        for gene in &mut genome {
            *gene = self.float()?;
        }
        let outside = UnitError::BadInput { what: "a gene outside its range" };
        if is_valid(&genome) { Ok(genome) } else { Err(outside) }
    }

    pub(super) fn scored(&mut self) -> Result<Scored, UnitError> {
        let genome = self.genome()?;
        Ok(Scored { genome, fitness: self.fitness()? })
    }
}

impl Scored {
    pub(super) fn append(&self, bytes: &mut Vec<u8>) {
        self.genome.iter().for_each(|gene| bytes.extend_from_slice(&gene.to_le_bytes()));
        bytes.extend_from_slice(&self.fitness.to_le_bytes());
    }
}

/// Length of a population's bytes; of numbers that `EvolveParams` allows it cannot overflow.
pub(super) const fn population_len(islands: u32, population: u32, history: usize) -> usize {
    HEAD_LEN + history * ENTRY_LEN + islands as usize * population as usize * SCORED_LEN
}

/// How long the history in these bytes is said to be; at most [`MAX_HISTORY`].
pub(super) fn history_len(bytes: &[u8]) -> usize {
    let len = bytes.get(HEAD_LEN - 4..).and_then(|rest| Reader(rest).word().ok()).unwrap_or(0);
    (len as usize).min(MAX_HISTORY)
}

impl Population {
    /// Reads a population. Everything is checked but whether fitness is true.
    ///
    /// # Errors
    /// [`UnitError::BadInput`] if the bytes break the format.
    ///
    /// ```
    /// use inos_units::boids::Population;
    ///
    /// assert!(Population::parse(b"EVOL").is_err());
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Self, UnitError> {
        let mut reader = Reader(bytes);
        if reader.take()? != POPULATION_MAGIC {
            return Err(BAD);
        }
        if reader.word()? != POPULATION_VERSION {
            return Err(UnitError::BadInput { what: "a population of another format version" });
        }
        let (islands, population) = (reader.word()?, reader.word()?);
        if !(1..=64).contains(&islands) || !(2..=4096).contains(&population) {
            return Err(UnitError::BadInput { what: "a population of impossible size" });
        }
        let (generation, evaluations) = (reader.wide()?, reader.wide()?);
        let fingerprint = reader.wide()?;
        let best = Scored { fitness: reader.fitness()?, genome: reader.genome()? };
        let history = reader.word()? as usize;
        if history > MAX_HISTORY || bytes.len() != population_len(islands, population, history) {
            return Err(UnitError::BadInput { what: "a population of another length" });
        }
        let history = (0..history)
            .map(|_| Ok(Generation { best: reader.fitness()?, mean: reader.fitness()? }))
            .collect::<Result<_, UnitError>>()?;
        let islands = (0..islands)
            .map(|_| (0..population).map(|_| reader.scored()).collect())
            .collect::<Result<_, UnitError>>()?;
        Ok(Self { generation, evaluations, fingerprint, best, history, islands })
    }

    /// Writes it and returns the length.
    pub(super) fn write(&self, out: &mut dyn Output) -> Result<usize, UnitError> {
        let islands = self.islands.len() as u32;
        let population = self.islands.first().map_or(0, Vec::len) as u32;
        let len = population_len(islands, population, self.history.len());
        require(out, len)?;
        let mut bytes = Vec::with_capacity(len);
        bytes.extend_from_slice(&POPULATION_MAGIC);
        for word in [POPULATION_VERSION, islands, population] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        for wide in [self.generation, self.evaluations, self.fingerprint] {
            bytes.extend_from_slice(&wide.to_le_bytes());
        }
        bytes.extend_from_slice(&self.best.fitness.to_le_bytes());
        for gene in self.best.genome {
            bytes.extend_from_slice(&gene.to_le_bytes());
        }
        bytes.extend_from_slice(&(self.history.len() as u32).to_le_bytes());
        for Generation { best, mean } in &self.history {
            bytes.extend_from_slice(&best.to_le_bytes());
            bytes.extend_from_slice(&mean.to_le_bytes());
        }
        self.islands.iter().flatten().for_each(|scored| scored.append(&mut bytes));
        out.write(0, &bytes)?;
        Ok(bytes.len())
    }
}

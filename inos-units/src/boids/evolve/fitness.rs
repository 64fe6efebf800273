//! How well a flock flies: five terms from 0 to 1, and fitness of them.

use std::sync::Arc;

use crate::boids::frame::{Frame, frame_len_with};
use crate::boids::init::init;
use crate::boids::params::{Bounds, InitParams, SceneParams, StepParams};
use crate::boids::plan::{Pools, StepPlan};
use crate::boids::scene::set_scene;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::{VecOutput, require};
use crate::schema::{Scalar, write_member};
use crate::simd::InstructionSet;
use crate::unit::{Output, run_plan};

use super::params::FitnessParams;

/// Boids nearer than this collide, in world units.
const COLLISION_DISTANCE: f64 = 0.1;

/// Boids nearer than this are company, in world units.
const COMPANY_DISTANCE: f64 = 1.0;

/// Company beyond this many does not count: starlings heed six or seven others (Ballerini et al.,
/// "Interaction ruling animal collective behavior depends on topological rather than metric
/// distance", PNAS 105, 2008).
const ENOUGH_COMPANY: u32 = 7;

/// A mean squared acceleration, in world units per second squared, that halves the term.
const HALF_ENERGY: f64 = 1.0;

/// Boids that the mean boid collides with at any time, and that halve the term.
const HALF_COLLISIONS: f64 = 0.1;

/// Boids that are within reach of the mean predator at any time, and that halve the term.
const HALF_CAUGHT: f64 = 0.1;

/// Steps between two looks at a frame.
const STEPS_PER_LOOK: u32 = 4;

/// Nanoseconds of a step: of itself, of each boid, and of each pair.
const STEP_COST: u64 = 2_000;
const BOID_COST: u64 = 60;
const PAIR_COST: u64 = 2;

/// More bytes than any score is.
pub(in crate::boids) const MAX_LEN: usize = 512;

/// What makes steps.
#[derive(Clone, Debug)]
pub(in crate::boids) struct Stepper {
    pub(in crate::boids) instructions: InstructionSet,
    pub(in crate::boids) pools: Arc<Pools>,
}

/// What fitness is made of; each is from 0 to 1, and 1 is best.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Terms {
    order: f64,
    energy: f64,
    collisions: f64,
    cohesion: f64,
    survival: f64,
}

impl Terms {
    fn add(&mut self, other: &Self) {
        self.order += other.order;
        self.energy += other.energy;
        self.collisions += other.collisions;
        self.cohesion += other.cohesion;
        self.survival += other.survival;
    }

    fn over(self, count: f64) -> Self {
        Self {
            order: self.order / count,
            energy: self.energy / count,
            collisions: self.collisions / count,
            cohesion: self.cohesion / count,
            survival: self.survival / count,
        }
    }

    /// The product of `1 - share * (1 - term)`.
    fn fitness(&self, params: &FitnessParams) -> f32 {
        let factor = |share: f32, term: f64| 1.0 - f64::from(share) * (1.0 - term);
        let product = factor(params.order_share, self.order)
            * factor(params.energy_share, self.energy)
            * factor(params.collision_share, self.collisions)
            * factor(params.cohesion_share, self.cohesion)
            * factor(params.survival_share, self.survival);
        product.clamp(0.0, 1.0) as f32
    }
}

/// What is counted while a flock flies.
#[derive(Debug, Default)]
struct Meter {
    /// Velocities by id, of the frame before.
    before: Vec<[f32; 3]>,
    changes: u64,
    /// Boids within reach of a predator, and predators, over all steps.
    caught: u64,
    hunts: u64,
    /// Squared changes of velocity.
    changed: f64,
    looks: u64,
    order: f64,
    /// Over all looks and boids.
    boids: u64,
    collisions: u64,
    company: u64,
}

impl Meter {
    /// Adds what changed since the last frame, in velocity, and who was caught.
    fn follow(&mut self, frame: &Frame<'_>) {
        let is_first = self.before.is_empty();
        if !is_first {
            self.caught += u64::from(frame.header().caught);
            self.hunts += u64::from(frame.header().predators);
        }
        self.before.resize(frame.count(), [0.0; 3]);
        for (index, &id) in frame.ids().iter().enumerate() {
            let now = frame.vel_of(index);
            let Some(before) = self.before.get_mut(id as usize) else { continue };
            if !is_first {
                let difference = |axis: usize| f64::from(now[axis]) - f64::from(before[axis]);
                let [x, y, z] = [0, 1, 2].map(difference);
                self.changed += x * x + y * y + z * z;
                self.changes += 1;
            }
            *before = now;
        }
    }

    /// Adds order, collisions and company, of all pairs.
    fn look(&mut self, frame: &Frame<'_>) {
        let header = frame.header();
        let width = 2.0 * f64::from(header.half_extent);
        let is_torus = header.bounds == Bounds::Torus;
        let places: Vec<[f64; 3]> =
            (0..frame.count()).map(|index| frame.pos_of(index).map(f64::from)).collect();
        let mut company = vec![0_u32; places.len()];
        let mut pairs = 0;
        for (index, here) in places.iter().enumerate() {
            let (done, rest) = company.split_at_mut(index + 1);
            let mut seen = 0;
            for (there, others) in places[index + 1..].iter().zip(rest) {
                let mut squared = 0.0;
                for (a, b) in here.iter().zip(there) {
                    let off = (a - b).abs();
                    let off = if is_torus { off.min(width - off) } else { off };
                    squared += off * off;
                }
                if squared < COMPANY_DISTANCE * COMPANY_DISTANCE {
                    seen += 1;
                    *others += 1;
                }
                pairs += u64::from(squared < COLLISION_DISTANCE * COLLISION_DISTANCE);
            }
            if let Some(own) = done.last_mut() {
                *own += seen;
            }
        }
        self.looks += 1;
        self.order += f64::from(header.order_parameter);
        self.boids += places.len() as u64;
        self.collisions += 2 * pairs;
        self.company +=
            company.iter().map(|&seen| u64::from(seen.min(ENOUGH_COMPANY))).sum::<u64>();
    }

    fn terms(&self, dt: f32) -> Terms {
        let dt = f64::from(dt);
        let boids = self.boids.max(1) as f64;
        let acceleration = self.changed / self.changes.max(1) as f64 / (dt * dt);
        Terms {
            order: self.order / self.looks.max(1) as f64,
            energy: HALF_ENERGY / (HALF_ENERGY + acceleration),
            collisions: HALF_COLLISIONS / (HALF_COLLISIONS + self.collisions as f64 / boids),
            cohesion: self.company as f64 / (boids * f64::from(ENOUGH_COMPANY)),
            survival: HALF_CAUGHT / (HALF_CAUGHT + self.caught as f64 / self.hunts.max(1) as f64),
        }
    }
}

impl FitnessParams {
    /// Credits of one genome.
    pub(super) fn cost(&self) -> u64 {
        let count = u64::from(self.count);
        let step = STEP_COST + BOID_COST * count + PAIR_COST * count * count / 2;
        step * u64::from(self.steps) * u64::from(self.trials)
    }

    /// The means of the terms over all trials of these rules, with the trials' step.
    pub(super) fn terms(
        &self,
        rules: &StepParams,
        stepper: &Stepper,
        budget: &Budget,
    ) -> Result<Terms, UnitError> {
        let mut sum = Terms::default();
        for trial in 0..self.trials {
            let seed = self.seed.wrapping_add(trial.into());
            sum.add(&self.trial(seed, rules, stepper, budget)?);
        }
        Ok(sum.over(f64::from(self.trials)))
    }

    /// Fitness of these rules.
    pub(super) fn score(
        &self,
        rules: &StepParams,
        stepper: &Stepper,
        budget: &Budget,
    ) -> Result<f32, UnitError> {
        Ok(self.terms(rules, stepper, budget)?.fitness(self))
    }

    fn trial(
        &self,
        seed: u64,
        rules: &StepParams,
        stepper: &Stepper,
        budget: &Budget,
    ) -> Result<Terms, UnitError> {
        let rules = StepParams { dt: self.dt, ..*rules };
        let start = InitParams { count: self.count, dim: self.dim, seed, ..InitParams::default() };
        let len = frame_len_with(self.dim, self.count, self.predators, 0).unwrap_or(0);
        let (mut now, mut next) = (VecOutput::new(len), VecOutput::new(len));
        init(&start, b"", &mut now, budget)?;
        if self.predators > 0 {
            let scene = SceneParams { predators: self.predators, seed, ..SceneParams::default() };
            set_scene(&scene, now.as_bytes(), &mut next, budget)?;
            core::mem::swap(&mut now, &mut next);
        }

        let mut meter = Meter::default();
        meter.follow(&Frame::new(now.as_bytes())?);
        for step in 1..=self.steps {
            let Stepper { instructions, pools } = stepper;
            let plan = StepPlan::new(&rules, now.as_bytes(), *instructions, budget, pools)?;
            run_plan(&plan, &mut next, budget)?;
            core::mem::swap(&mut now, &mut next);
            let frame = Frame::new(now.as_bytes())?;
            meter.follow(&frame);
            if 2 * step > self.steps && (self.steps - step).is_multiple_of(STEPS_PER_LOOK) {
                meter.look(&frame);
            }
        }
        Ok(meter.terms(self.dt))
    }
}

/// The method `fitness`: what rules are worth, as JSON.
pub(in crate::boids) fn fitness(
    params: &FitnessParams,
    input: &[u8],
    stepper: &Stepper,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let rules = StepParams::decode(input)?;
    params.validate()?;
    budget.spend(params.cost())?;
    let terms = params.terms(&rules, stepper, budget)?;
    let mut json = String::from("{");
    for (name, value) in [
        ("fitness", f64::from(terms.fitness(params))),
        ("order", terms.order),
        ("energy", terms.energy),
        ("collisions", terms.collisions),
        ("cohesion", terms.cohesion),
        ("survival", terms.survival),
    ] {
        // As 32-bit floats, whose digits are few.
        write_member(&mut json, name, Scalar::Float(f64::from(value as f32)));
    }
    json.push('}');
    require(out, json.len())?;
    out.write(0, json.as_bytes())?;
    Ok(json.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boids::frame::{Header, frame_len, write_frame};

    /// Boids of `[x, y, vx, vy]` in a plane from -2 to 2.
    fn frame_of(bounds: Bounds, boids: &[[f32; 4]], ids: &[u32], order: f32) -> VecOutput {
        let count = boids.len() as u32;
        let header = Header {
            dim: 2,
            count,
            bounds,
            half_extent: 2.0,
            step: 0,
            seed: 0,
            mean_neighbours: 0.0,
            order_parameter: order,
            max_neighbours: 0,
            predators: 0,
            obstacles: 0,
            caught: 0,
        };
        let [x, y, vx, vy]: [Vec<f32>; 4] =
            core::array::from_fn(|index| boids.iter().map(|boid| boid[index]).collect());
        let mut out = VecOutput::new(frame_len(2, count).unwrap_or(0));
        assert!(write_frame(&mut out, &header, &[&x, &y], &[&vx, &vy], ids).is_ok());
        out
    }

    /// Boids 0 and 1 are 0.0625 apart over the torus' edge, and 2 is 0.5 from the latter.
    const BOIDS: [[f32; 4]; 4] = [
        [-2.0, 0.0, 1.0, 0.0],
        [1.9375, 0.0, 1.0, 0.0],
        [1.9375, 0.5, 1.0, 0.0],
        [0.0, -1.9375, 1.0, 0.0],
    ];

    #[test]
    fn pairs_by_hand() {
        for (bounds, collisions, company) in [
            // 0-1 collide; 0-1, 0-2, 1-2 keep company: two each for three of four boids.
            (Bounds::Torus, 0.1 / (0.1 + 2.0 / 4.0), 6.0 / 28.0),
            // Without the edge only 1-2 see each other.
            (Bounds::Box, 1.0, 2.0 / 28.0),
        ] {
            let mut meter = Meter::default();
            let frame = frame_of(bounds, &BOIDS, &[0, 1, 2, 3], 0.75);
            assert!(Frame::new(frame.as_bytes()).map(|frame| meter.look(&frame)).is_ok());
            let terms =
                Terms { order: 0.75, energy: 1.0, collisions, cohesion: company, survival: 1.0 };
            assert_eq!(meter.terms(0.5), terms);
        }
    }

    #[test]
    fn company_beyond_seven_does_not_count() {
        let boids = [[0.0, 0.0, 1.0, 0.0]; 12];
        let ids: Vec<u32> = (0..12).collect();
        let frame = frame_of(Bounds::Torus, &boids, &ids, 1.0);
        let mut meter = Meter::default();
        assert!(Frame::new(frame.as_bytes()).map(|frame| meter.look(&frame)).is_ok());
        let terms = meter.terms(0.5);
        assert_eq!((terms.cohesion, terms.collisions), (1.0, 0.1 / 11.1));
    }

    #[test]
    fn energy_follows_boids_by_their_ids() {
        let mut boids = BOIDS;
        boids[0] = [-2.0, 0.0, -3.0, 1.0];
        let before = frame_of(Bounds::Torus, &boids, &[0, 1, 2, 3], 1.0);
        // Boids 0 and 3 changed places in the arrays; boid 3 turned from (1, 0) to (1, 2).
        boids[3] = boids[0];
        boids[0] = [0.0, -1.9375, 1.0, 2.0];
        let after = frame_of(Bounds::Torus, &boids, &[3, 1, 2, 0], 1.0);
        let mut meter = Meter::default();
        for bytes in [&before, &after] {
            assert!(Frame::new(bytes.as_bytes()).map(|frame| meter.follow(&frame)).is_ok());
        }
        // (2 / 0.5)^2 = 16 of one in four.
        assert_eq!(meter.terms(0.5).energy, 1.0 / (1.0 + 4.0));
    }

    #[test]
    fn predators_catch_what_the_frames_say() {
        let mut meter = Meter::default();
        // What the first frame says was before the trial; then 3 and 1 of two predators' steps.
        for caught in [9, 3, 1] {
            let bytes = frame_of(Bounds::Torus, &BOIDS, &[0, 1, 2, 3], 1.0);
            let scene = SceneParams { predators: 2, ..SceneParams::default() };
            let mut hunted = VecOutput::new(4096);
            let budget = Budget::unlimited();
            assert!(set_scene(&scene, bytes.as_bytes(), &mut hunted, &budget).is_ok());
            // The last word of the header.
            let mut hunted = hunted.to_vec();
            hunted[60..64].copy_from_slice(&u32::to_ne_bytes(caught));
            let aligned: Vec<u32> =
                hunted.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word)).collect();
            let frame = Frame::new(bytemuck::cast_slice(&aligned));
            assert!(frame.map(|frame| meter.follow(&frame)).is_ok());
        }
        assert_eq!(meter.terms(0.5).survival, 0.1 / (0.1 + 4.0 / 4.0));
    }

    #[test]
    fn shares_are_what_is_lost() {
        let params = FitnessParams {
            order_share: 1.0,
            energy_share: 0.5,
            collision_share: 0.25,
            cohesion_share: 0.0,
            survival_share: 0.75,
            ..FitnessParams::default()
        };
        let best = Terms { order: 1.0, energy: 1.0, collisions: 1.0, cohesion: 0.0, survival: 1.0 };
        assert_eq!(best.fitness(&params), 1.0);
        assert_eq!(Terms { energy: 0.0, ..best }.fitness(&params), 0.5);
        assert_eq!(Terms { collisions: 0.0, ..best }.fitness(&params), 0.75);
        assert_eq!(Terms { order: 0.0, ..best }.fitness(&params), 0.0);
        assert_eq!(Terms { survival: 0.0, ..best }.fitness(&params), 0.25);
    }
}

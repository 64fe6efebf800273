//! A step in pieces: sort once, move any range of boids on any thread, write one frame.
#![forbid(unsafe_code)]

use std::ops::Range;
use std::sync::Arc;

use crate::budget::Budget;
use crate::error::UnitError;
use crate::unit::{Output, Part, Plan};

use super::frame::{Frame, Header, write_array, write_header, write_ids, write_scene};
use super::grid::{Grid, Row};
use super::hunt::Hunt;
use super::params::StepParams;
use super::part::{PartWriter, Summary, WORD_LEN};
use super::pool::Pool;
use super::rule::{Flyers, Rule};
use super::scene::Scene;
use super::sort::Sorted;
use super::surroundings::Surroundings;
use super::survey::Brought;
use super::sweep::{Sums, look};
use super::world::World;
use crate::simd::{InstructionSet, Kernel, MAX_LANES, Simd};

/// Candidates between two looks at the budget: some tenths of a millisecond.
const WORK_PER_CHECK: usize = 1 << 15;

/// Memory for so many boids, and parts of so many bytes, are kept for the next step whatever flock
/// it is of.
const SMALL_COUNT: usize = 1 << 17;
const SMALL_LEN: usize = 1 << 22;

/// Whether memory is kept: not if the step that used it needed less than a quarter of it, so that
/// the memory of a huge flock goes when smaller ones have stepped for a while. To allocate it anew in every step would double
/// the time of a step of a million boids.
const fn is_worth_keeping(capacity: usize, used: usize, small: usize) -> bool {
    capacity <= small || capacity / 4 <= used
}

/// Buffers of steps that have ended.
#[derive(Debug, Default)]
pub(super) struct Pools {
    sorted: Pool<Sorted>,
    brought: Pool<Brought>,
    parts: Pool<Part>,
}

/// Fewer boids than this are not worth a piece of their own.
const MIN_BOIDS: usize = 64;

/// A step over a copy of its input, sorted. Items are boids in cell order.
pub(super) struct StepPlan {
    /// Of the frame to be written; its statistics come with the merge.
    header: Header,
    instructions: InstructionSet,
    rule: Rule,
    /// The scene of the frame to be written.
    scene: Scene,
    surroundings: Option<Surroundings>,
    grid: Grid,
    sorted: Sorted,
    pools: Arc<Pools>,
}

impl StepPlan {
    pub(super) fn new(
        params: &StepParams,
        input: &[u8],
        instructions: InstructionSet,
        budget: &Budget,
        pools: &Arc<Pools>,
    ) -> Result<Self, UnitError> {
        let frame = Frame::new(input)?;
        let mut header = *frame.header();
        params.check(header.bounds, header.half_extent)?;
        budget.check()?;

        let world = World::of(&frame);
        let radius = params.perception_radius();
        let mut sorted = pools.sorted.take();
        let mut brought = pools.brought.take();
        let ((low, high), arrays) = brought.of(&frame, &world)?;
        budget.check()?;
        let grid = Grid::fit(&world, low, high, radius, params.max_per_cell, frame.count());
        sorted.sort(&grid, &arrays, frame.ids(), instructions);
        if is_worth_keeping(brought.capacity(), frame.count(), SMALL_COUNT) {
            pools.brought.give(brought);
        }

        let mut scene = Scene::read(&frame, &world)?;
        let surroundings = Surroundings::new(params, world, &scene);
        if let Some(surroundings) = surroundings.as_ref().filter(|_| !scene.predators.is_empty()) {
            let hunt = Hunt { grid: &grid, sorted: &sorted, radius };
            let reach = params.catch_radius.min(radius);
            let caught = scene.predators.iter().map(|predator| hunt.caught(predator, reach));
            header.caught = caught.fold(0, u32::saturating_add);
            scene.predators = surroundings.hunt(params, |predator| hunt.prey(predator));
        }
        header.step = header.step.wrapping_add(1);
        let rule = Rule::new(*params, world, header.seed);
        Ok(Self {
            header,
            instructions,
            rule,
            scene,
            surroundings,
            grid,
            sorted,
            pools: Arc::clone(pools),
        })
    }
}

/// Moves a range of boids.
struct Advance<'a> {
    plan: &'a StepPlan,
    range: Range<usize>,
    part: &'a mut Part,
    budget: &'a Budget,
    result: &'a mut Result<(), UnitError>,
}

impl Kernel for Advance<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let result = match (self.plan.header.dim, self.plan.rule.is_plain()) {
            (2, true) => advance::<S, 2, true>(simd, self.plan, self.range, self.part, self.budget),
            (2, false) => {
                advance::<S, 2, false>(simd, self.plan, self.range, self.part, self.budget)
            }
            (_, true) => advance::<S, 3, true>(simd, self.plan, self.range, self.part, self.budget),
            (_, false) => {
                advance::<S, 3, false>(simd, self.plan, self.range, self.part, self.budget)
            }
        };
        *self.result = result;
    }
}

#[inline(always)]
fn advance<S: Simd, const DIM: usize, const PLAIN: bool>(
    simd: S,
    plan: &StepPlan,
    range: Range<usize>,
    part: &mut Part,
    budget: &Budget,
) -> Result<(), UnitError> {
    let StepPlan { rule, grid, sorted, .. } = plan;
    let steering = rule.steering(simd);
    let mut writer = PartWriter::new(part, range.len(), DIM);
    let mut summary = Summary { start: range.start, len: range.len(), ..Summary::default() };
    let mut flyers = Flyers::default();
    let mut rows = [Row::default(); 9];
    let mut work = WORK_PER_CHECK;
    let mut index = range.start;
    while index < range.end {
        let [_, y, z, _] = sorted.bodies[index].pos;
        let rest = sorted.row_rest(grid, grid.row(y, z), index);
        let row_end = rest.end.min(range.end);
        let row_count = grid.rows_around(y, z, &mut rows);
        let own = if rest.is_seen { 1.0 } else { 0.0 };
        while index < row_end {
            if work >= WORK_PER_CHECK {
                budget.check()?;
                work = 0;
            }
            let end = (index + S::LANES).min(row_end);
            let bodies = &sorted.bodies[index..end];
            flyers.load::<S, DIM>(bodies);
            let group = steering.group::<DIM, PLAIN>(simd, &flyers);
            let slices = grid.slices_around(bodies[0].pos[0], bodies[bodies.len() - 1].pos[0]);
            let mut sums = Sums::new(simd);
            for row in &rows[..row_count] {
                for run in slices.iter().flatten() {
                    let candidates = sorted.run(row.first, run.first, run.last);
                    let [dy, dz] = row.shift;
                    let mut group = group;
                    for (axis, shift) in [run.shift, dy, dz].into_iter().enumerate().take(DIM) {
                        group.pos[axis] = simd.sub(group.pos[axis], simd.splat(shift));
                    }
                    work += candidates.len();
                    look::<S, DIM, PLAIN>(simd, &steering.sight, &group, candidates, &mut sums);
                }
            }
            work += S::LANES;
            let around = plan.surroundings.as_ref();
            let (still, outside) =
                steering.fly::<DIM, PLAIN>(simd, &mut flyers, &sums, own, around);
            let count = end - index;
            if (still | outside) & ((1 << count) - 1) != 0 {
                rule.finish(&mut flyers, &sorted.ids[index..end], still, outside, around);
            }
            summary.headings.add_group::<S, DIM>(simd, &flyers, count);
            let mut seen = [0.0; MAX_LANES];
            simd.store(simd.as_float(sums.seen), &mut seen);
            for seen in seen.iter().take(count) {
                let seen = (seen - own) as u32;
                summary.neighbours += u64::from(seen);
                summary.max_neighbours = summary.max_neighbours.max(seen);
            }
            writer.push::<DIM>(index - range.start, count, &flyers);
            index = end;
        }
    }
    summary.write(part);
    Ok(())
}

impl Plan for StepPlan {
    fn grain(&self) -> usize {
        MIN_BOIDS
    }

    fn item_count(&self) -> usize {
        self.sorted.bodies.len()
    }

    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        if range.start > range.end || range.end > self.item_count() {
            return Err(UnitError::BadInput { what: "a range outside the plan" });
        }
        let mut part = self.pools.parts.take();
        let mut result = Ok(());
        let (part_out, result_out) = (&mut part, &mut result);
        let kernel = Advance { plan: self, range, part: part_out, budget, result: result_out };
        self.instructions.run(kernel);
        result.map(|()| part)
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let array_count = 2 * self.header.dim as usize;
        let count = self.item_count();
        let mut total = Summary::default();
        for part in &parts {
            let summary = Summary::read(part, array_count)
                .ok_or(UnitError::BadInput { what: "a part of another plan" })?;
            if summary.start != total.len || summary.len > count - total.len {
                return Err(UnitError::BadInput {
                    what: "parts that do not cover every boid once",
                });
            }
            total.merge(&summary);
        }
        if total.len != count {
            return Err(UnitError::BadInput { what: "parts that do not cover every boid once" });
        }

        let mut header = self.header;
        header.mean_neighbours = (total.neighbours as f64 / count as f64) as f32;
        header.max_neighbours = total.max_neighbours;
        header.order_parameter = total.headings.order_parameter(count);
        write_header(out, &header)?;
        let mut start = 0;
        for part in parts {
            let arrays = part.get(Summary::LEN..).unwrap_or_default();
            let len = arrays.len() / array_count / WORD_LEN;
            if len > 0 {
                for (index, array) in arrays.chunks_exact(len * WORD_LEN).enumerate() {
                    write_array(out, &header, index, start, array)?;
                }
            }
            start += len;
            if is_worth_keeping(part.capacity(), part.len(), SMALL_LEN) {
                self.pools.parts.give(part);
            }
        }
        write_ids(out, &header, &self.sorted.ids)?;
        write_scene(out, &header, &self.scene.records())?;
        Ok(header.frame_len())
    }
}

impl Drop for StepPlan {
    fn drop(&mut self) {
        let Sorted { bodies, .. } = &self.sorted;
        if is_worth_keeping(bodies.capacity(), bodies.len(), SMALL_COUNT) {
            self.pools.sorted.give(core::mem::take(&mut self.sorted));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VecOutput;
    use crate::boids::init::init;
    use crate::boids::params::InitParams;

    /// Steps a flock and returns how many boids there is memory for afterwards.
    fn kept(pools: &Arc<Pools>, count: u32) -> usize {
        let params = InitParams { count, dim: 2, ..InitParams::default() };
        let mut frame = VecOutput::new(1 << 27);
        let budget = Budget::unlimited();
        assert!(init(&params, b"", &mut frame, &budget).is_ok());
        let (rules, set) = (StepParams::default(), InstructionSet::widest());
        let plan = StepPlan::new(&rules, frame.as_bytes(), set, &budget, pools);
        assert!(plan.is_ok_and(|plan| plan.item_count() == count as usize));
        let sorted = pools.sorted.take();
        let capacity = sorted.bodies.capacity();
        pools.sorted.give(sorted);
        capacity
    }

    #[test]
    fn memory_is_kept_for_flocks_like_the_last_and_not_for_ever() {
        let pools = Arc::default();
        let large = 5 * SMALL_COUNT as u32;
        assert!(kept(&pools, large) >= large as usize);
        assert!(kept(&pools, large / 2) >= large as usize);
        assert_eq!(kept(&pools, 10), 0);
        assert!((10..=SMALL_COUNT).contains(&kept(&pools, 10)));
    }
}

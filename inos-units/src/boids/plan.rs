//! A step in pieces: sort once, move any range of boids on any thread, write one frame.

use std::ops::Range;
use std::sync::Arc;

use crate::budget::Budget;
use crate::error::UnitError;
use crate::unit::{Output, Part, Plan};

use super::frame::{Frame, Header, write_array, write_header, write_ids};
use super::grid::{Grid, Sorted};
use super::order::HeadingSum;
use super::params::StepParams;
use super::pool::Pool;
use super::rule::Rule;
use super::tile::{Body, Tile};
use super::world::{MAX_VELOCITY, World};

/// Boids moved between two looks at the budget; at worst some two milliseconds.
const BOIDS_PER_CHECK: usize = 128;

/// Flocks above this count, and parts above this length, take their memory with them when a step
/// ends. For them an allocation is nothing beside the step; kept, it could be gigabytes.
const MAX_KEPT_COUNT: usize = 1 << 17;
const MAX_KEPT_LEN: usize = 1 << 22;

/// Buffers of steps that have ended.
#[derive(Debug, Default)]
pub(super) struct Pools {
    sorted: Pool<Sorted>,
    tiles: Pool<Tile>,
    parts: Pool<Part>,
}

/// Fewer boids than this are not worth a piece of their own.
const MIN_BOIDS: usize = 64;

/// A step over a copy of its input, sorted. Items are boids in cell order.
pub(super) struct StepPlan {
    /// Of the frame to be written; its statistics come with the merge.
    header: Header,
    rule: Rule,
    radius_squared: f32,
    cap: usize,
    grid: Grid,
    sorted: Sorted,
    pools: Arc<Pools>,
}

impl StepPlan {
    pub(super) fn new(
        params: &StepParams,
        input: &[u8],
        budget: &Budget,
        pools: &Arc<Pools>,
    ) -> Result<Self, UnitError> {
        let frame = Frame::new(input)?;
        let mut header = *frame.header();
        params.check(header.bounds, header.half_extent)?;
        budget.check()?;

        let world =
            World { dim: frame.dim(), bounds: header.bounds, half_extent: header.half_extent };
        let radius = params.perception_radius();
        let mut sorted = pools.sorted.take();
        let (low, high) = load(&frame, &world, &mut sorted.unsorted)?;
        budget.check()?;
        let grid = Grid::fit(&world, low, high, radius, frame.count());
        sorted.sort(&grid, frame.ids());

        header.step = header.step.wrapping_add(1);
        Ok(Self {
            header,
            rule: Rule::new(*params, world, header.seed),
            radius_squared: radius * radius,
            cap: params.max_neighbours as usize,
            grid,
            sorted,
            pools: Arc::clone(pools),
        })
    }

    fn advance<const DIM: usize>(
        &self,
        range: Range<usize>,
        part: &mut Part,
        tile: &mut Tile,
        budget: &Budget,
    ) -> Result<(), UnitError> {
        let mut writer = PartWriter::new(part, range.len(), DIM);
        let mut summary = Summary { start: range.start, len: range.len(), ..Summary::default() };
        let mut tile_end = range.start;
        for (done, index) in range.enumerate() {
            if done.is_multiple_of(BOIDS_PER_CHECK) {
                budget.check()?;
            }
            if index >= tile_end {
                tile_end = self.sorted.gather(&self.grid, index, tile);
            }
            let body = &self.sorted.bodies[index];
            let found = tile.search::<DIM>(index, &body.pos, self.radius_squared, self.cap);
            let (near, weights) = tile.near_and_weights(found);
            self.rule.weigh(near, weights);
            let id = self.sorted.ids[index];
            let (pos, vel) = self.rule.apply(id, body, tile.neighbours(found));
            summary.add(found, vel);
            writer.push(pos, vel);
        }
        summary.write(part);
        Ok(())
    }
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
        let mut tile = self.pools.tiles.take();
        let result = match self.header.dim {
            2 => self.advance::<2>(range, &mut part, &mut tile, budget),
            _ => self.advance::<3>(range, &mut part, &mut tile, budget),
        };
        self.pools.tiles.give(tile);
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
            if part.capacity() <= MAX_KEPT_LEN {
                self.pools.parts.give(part);
            }
        }
        write_ids(out, &header, &self.sorted.ids)?;
        Ok(header.frame_len())
    }
}

impl Drop for StepPlan {
    fn drop(&mut self) {
        if self.sorted.bodies.capacity() <= MAX_KEPT_COUNT {
            self.pools.sorted.give(core::mem::take(&mut self.sorted));
        }
    }
}

/// Copies a frame's boids, brought into the world, and returns the box around them.
///
/// A position or velocity that is not finite refuses the frame. A finite position outside the
/// world is brought in as a move across its edge would be, and a velocity component beyond
/// `MAX_VELOCITY` is cut off there.
fn load(
    frame: &Frame<'_>,
    world: &World,
    bodies: &mut Vec<Body>,
) -> Result<([f32; 3], [f32; 3]), UnitError> {
    let mut low = [f32::INFINITY; 3];
    let mut high = [f32::NEG_INFINITY; 3];
    let mut finite = true;
    bodies.clear();
    bodies.reserve(frame.count());
    let mut load_one = |mut pos: [f32; 3], vel: [f32; 3]| {
        finite &= pos.iter().chain(&vel).all(|value| value.is_finite());
        let mut vel = vel.map(|value| value.clamp(-MAX_VELOCITY, MAX_VELOCITY));
        world.contain(&mut pos, &mut vel);
        for axis in 0..3 {
            low[axis] = low[axis].min(pos[axis]);
            high[axis] = high[axis].max(pos[axis]);
        }
        let [x, y, z] = pos;
        let [vx, vy, vz] = vel;
        bodies.push(Body { pos: [x, y, z, 0.0], vel: [vx, vy, vz, 0.0] });
    };
    let plane = frame.pos(0).iter().zip(frame.pos(1));
    let plane = plane.zip(frame.vel(0).iter().zip(frame.vel(1)));
    if world.dim == 2 {
        for ((&x, &y), (&vx, &vy)) in plane {
            load_one([x, y, 0.0], [vx, vy, 0.0]);
        }
    } else {
        let depth = frame.pos(2).iter().zip(frame.vel(2));
        for (((&x, &y), (&vx, &vy)), (&z, &vz)) in plane.zip(depth) {
            load_one([x, y, z], [vx, vy, vz]);
        }
    }
    if finite {
        Ok((low, high))
    } else {
        Err(UnitError::BadInput { what: "a position or velocity that is not finite" })
    }
}

const WORD_LEN: usize = size_of::<f32>();

/// The head of a part: which boids it holds, and their share of the statistics.
#[derive(Clone, Copy, Debug, Default)]
struct Summary {
    start: usize,
    len: usize,
    neighbours: u64,
    max_neighbours: u32,
    headings: HeadingSum,
}

impl Summary {
    /// Seven words of 64 bits, and one unused so that arrays start on a multiple of 64.
    const LEN: usize = 64;

    fn add(&mut self, neighbours: usize, vel: [f32; 3]) {
        self.neighbours += neighbours as u64;
        self.max_neighbours = self.max_neighbours.max(neighbours as u32);
        self.headings.add(vel);
    }

    fn merge(&mut self, other: &Self) {
        self.len += other.len;
        self.neighbours = self.neighbours.saturating_add(other.neighbours);
        self.max_neighbours = self.max_neighbours.max(other.max_neighbours);
        self.headings.merge(other.headings);
    }

    /// Fills the head of `part`, which has room for it.
    fn write(&self, part: &mut Part) {
        let [x, y, z] = self.headings.0.map(i64::cast_unsigned);
        let words = [
            self.start as u64,
            self.len as u64,
            self.neighbours,
            u64::from(self.max_neighbours),
            x,
            y,
            z,
            0,
        ];
        for (target, word) in part.chunks_exact_mut(size_of::<u64>()).zip(words) {
            target.copy_from_slice(&word.to_ne_bytes());
        }
    }

    /// Reads the head of `part`; `None` if its length is not what the head says.
    fn read(part: &Part, array_count: usize) -> Option<Self> {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(part.get(..Self::LEN)?.as_chunks().0) {
            *word = u64::from_ne_bytes(*bytes);
        }
        let [start, len, neighbours, max_neighbours, x, y, z, _] = words;
        let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
        let arrays_len = len.checked_mul(array_count * WORD_LEN)?;
        if part.len() - Self::LEN != arrays_len {
            return None;
        }
        Some(Self {
            start,
            len,
            neighbours,
            max_neighbours: u32::try_from(max_neighbours).ok()?,
            headings: HeadingSum([x, y, z].map(u64::cast_signed)),
        })
    }
}

/// Writes results into the arrays of a part: x, y, z, vx, vy, vz, as in the frame.
struct PartWriter<'a> {
    arrays: [core::slice::IterMut<'a, [u8; WORD_LEN]>; 6],
    dim: usize,
}

impl<'a> PartWriter<'a> {
    fn new(part: &'a mut Part, len: usize, dim: usize) -> Self {
        part.resize(Summary::LEN + 2 * dim * len * WORD_LEN, 0);
        let (mut rest, _) = part[Summary::LEN..].as_chunks_mut::<WORD_LEN>();
        let mut arrays: [core::slice::IterMut<'a, [u8; WORD_LEN]>; 6] = Default::default();
        for array in arrays.iter_mut().take(2 * dim) {
            let (head, tail) = rest.split_at_mut(len);
            *array = head.iter_mut();
            rest = tail;
        }
        Self { arrays, dim }
    }

    #[inline]
    fn push(&mut self, pos: [f32; 3], vel: [f32; 3]) {
        let values = pos.iter().take(self.dim).chain(vel.iter().take(self.dim));
        for (array, value) in self.arrays.iter_mut().zip(values) {
            if let Some(target) = array.next() {
                *target = value.to_ne_bytes();
            }
        }
    }
}

//! Who is near whom: the neighbours of one boid, and the structure of a flock.
#![forbid(unsafe_code)]

use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

use super::frame::Frame;
use super::grid::Grid;
use super::params::{Bounds, NeighboursParams};
use super::rng::dot;
use super::sort::Sorted;
use super::survey::Brought;
use super::world::World;
use crate::simd::InstructionSet;

/// Boids looked at between two looks at the budget.
const BOIDS_PER_CHECK: usize = 32;

/// Most boids of a cell that are compared.
const MAX_PER_CELL: u32 = 1024;

/// Bytes of a neighbour: its id and its distance.
const PAIR_LEN: usize = 8;

/// Longest result of `neighbours_of`.
pub(super) const fn bound(params: &NeighboursParams) -> usize {
    params.max as usize * PAIR_LEN
}

/// The ids and distances of the nearest neighbours of a boid, the nearest first.
pub(super) fn neighbours_of(
    params: &NeighboursParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let world = World::of(&frame);
    let place = frame.ids().iter().position(|&id| id == params.id);
    let place = place.ok_or(UnitError::NotFound { what: "a boid of this id" })?;
    budget.check()?;
    let own = frame.pos_of(place);
    let mut found = Vec::new();
    for (index, &id) in frame.ids().iter().enumerate() {
        let other = frame.pos_of(index);
        let way = [0, 1, 2].map(|axis| world.nearest(other[axis] - own[axis]));
        let squared = dot(way, way);
        if squared < params.radius * params.radius && index != place {
            found.push((squared.sqrt(), id));
        }
    }
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    found.truncate(params.max as usize);
    require(out, found.len() * PAIR_LEN)?;
    for (index, (distance, id)) in found.iter().enumerate() {
        let [a, b, c, d] = id.to_le_bytes();
        let [e, f, g, h] = distance.to_le_bytes();
        out.write(index * PAIR_LEN, &[a, b, c, d, e, f, g, h])?;
    }
    Ok(found.len() * PAIR_LEN)
}

/// How a flock hangs together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Structure {
    /// Groups whose boids are connected by steps shorter than the radius.
    pub(super) clusters: u32,
    /// Boids of the largest.
    pub(super) largest: u32,
    /// Boids with nobody within the radius.
    pub(super) lonely: u32,
    /// Mean distance to the nearest of those who have somebody.
    pub(super) mean_nearest: f32,
}

impl Structure {
    /// That of a frame's boids, of which no more than [`MAX_PER_CELL`] to a cell are compared.
    pub(super) fn of(frame: &Frame<'_>, radius: f32, budget: &Budget) -> Result<Self, UnitError> {
        let world = World::of(frame);
        if world.bounds == Bounds::Torus && radius > world.half_extent {
            let expected = "at most half_extent in a torus";
            return Err(UnitError::BadParam { name: "radius", expected });
        }
        let mut brought = Brought::default();
        let ((low, high), arrays) = brought.of(frame, &world)?;
        let grid = Grid::fit(&world, low, high, radius, MAX_PER_CELL, frame.count());
        let mut sorted = Sorted::default();
        sorted.sort(&grid, &arrays, frame.ids(), InstructionSet::widest());
        Self::of_sorted(&grid, &sorted, radius, budget)
    }

    fn of_sorted(
        grid: &Grid,
        sorted: &Sorted,
        radius: f32,
        budget: &Budget,
    ) -> Result<Self, UnitError> {
        let mut groups = Groups::new(sorted.bodies.len());
        let (mut sum, mut lonely) = (0.0_f64, 0_u32);
        for (index, body) in sorted.bodies.iter().enumerate() {
            if index.is_multiple_of(BOIDS_PER_CHECK) {
                budget.check()?;
            }
            let [x, y, z, _] = body.pos;
            let mut least = radius * radius;
            sorted.around(grid, [x, y, z], |other, way| {
                let squared = dot(way, way);
                if squared < radius * radius && other != index {
                    groups.join(index, other);
                    least = least.min(squared);
                }
            });
            if least < radius * radius {
                sum += f64::from(least.sqrt());
            } else {
                lonely += 1;
            }
        }
        let paired = sorted.bodies.len() as u32 - lonely;
        let mean_nearest = (sum / f64::from(paired.max(1))) as f32;
        let (clusters, largest) = groups.count();
        Ok(Self { clusters, largest, lonely, mean_nearest })
    }
}

/// Disjoint sets by path halving, joined by size.
struct Groups {
    parents: Vec<u32>,
    sizes: Vec<u32>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { parents: (0..count as u32).collect(), sizes: vec![1; count] }
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.parents[index] as usize != index {
            self.parents[index] = self.parents[self.parents[index] as usize];
            index = self.parents[index] as usize;
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let (small, large) = if self.sizes[a] < self.sizes[b] { (a, b) } else { (b, a) };
        self.parents[small] = large as u32;
        self.sizes[large] += self.sizes[small];
    }

    /// How many there are, and how many are in the largest.
    fn count(&self) -> (u32, u32) {
        let roots = self.parents.iter().enumerate();
        let roots = roots.filter(|&(index, &parent)| parent as usize == index);
        let sizes = roots.map(|(index, _)| self.sizes[index]);
        sizes.fold((0, 0), |(count, largest), size| (count + 1, largest.max(size)))
    }
}

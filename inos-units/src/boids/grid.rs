//! The grid: boids sorted by cell, so that those near each other lie near each other.
//!
//! A counting sort puts boids into the order of their cells, x fastest. The cells next to each
//! other along x are then one run of the sorted array, and all that a boid can see is in three
//! such runs in 2D and nine in 3D.
//!
//! The grid covers the box around the boids. Only where the flock reaches around a torus does it
//! cover the whole axis and wrap. Cells are at least as wide as a boid sees, and wider where
//! there would otherwise be more than about four per boid; what hostile parameters can cost is
//! bounded by the number of boids.
//!
//! Everything here is a function of the input alone: the sort is stable, so boids of a cell keep
//! the order they had in the frame.

use super::params::Bounds;
use super::tile::{Body, Tile};
use super::world::World;

/// How much wider than the perception radius a cell is at least.
///
/// Covers rounding. A coordinate divided by the cell width is off by at most
/// `3 * 2^-24 * MAX_CELLS_PER_AXIS`, 0.0008 cells, and a distance across the edge of a torus by
/// less; so two boids that see each other are never two cells apart.
const SLACK: f32 = 1.0 + 1.0 / 128.0;

/// Most cells along one axis; see [`SLACK`].
const MAX_CELLS_PER_AXIS: u32 = 4096;

/// Most cells per boid, and how many cells there may be in any case.
const CELLS_PER_BOID: u64 = 4;
const MIN_CELL_BUDGET: u64 = 64;

/// One axis of the grid.
#[derive(Clone, Copy, Debug)]
struct Axis {
    /// Where the first cell starts.
    origin: f32,
    /// Cells per world unit; 0 if there is only one.
    cells_per_unit: f32,
    /// At least 1.
    cells: u32,
    /// The world's width if the axis wraps, else 0.
    period: f32,
}

impl Axis {
    const FLAT: Self = Self { origin: 0.0, cells_per_unit: 0.0, cells: 1, period: 0.0 };

    /// The axis over `low..=high` with cells of at least `width`.
    fn new(low: f32, high: f32, width: f32, world: &World) -> Self {
        let span = 2.0 * world.half_extent;
        // Nobody sees around the edge if the gap there is wider than a cell.
        let wraps = world.bounds == Bounds::Torus && high - low + width >= span;
        let (origin, extent) = if wraps { (-world.half_extent, span) } else { (low, high - low) };
        // A cast saturates, and turns NaN into 0.
        let cells = ((extent / width) as u32).clamp(1, MAX_CELLS_PER_AXIS);
        let cells_per_unit = if cells == 1 { 0.0 } else { cells as f32 / extent };
        Self { origin, cells_per_unit, cells, period: if wraps { span } else { 0.0 } }
    }

    #[inline]
    fn cell(&self, value: f32) -> u32 {
        (((value - self.origin) * self.cells_per_unit) as u32).min(self.cells - 1)
    }

    /// The cell itself, the one below and the one above, each with what must be added to the
    /// coordinates of the boids in it.
    fn around(&self, cell: u32) -> impl Iterator<Item = (u32, f32)> + use<> {
        let last = self.cells - 1;
        let wraps = self.period > 0.0;
        let below = match cell {
            0 => wraps.then_some((last, -self.period)),
            _ => Some((cell - 1, 0.0)),
        };
        let above = match cell {
            _ if cell < last => Some((cell + 1, 0.0)),
            _ => wraps.then_some((0, self.period)),
        };
        [Some((cell, 0.0)), below, above].into_iter().flatten()
    }

    /// The same as [`around`](Self::around) as ranges of adjacent cells: the one that holds the
    /// cell itself first, then what wraps.
    fn ranges_around(&self, cell: u32) -> impl Iterator<Item = (u32, u32, f32)> + use<> {
        let last = self.cells - 1;
        let wraps = self.period > 0.0;
        let inner = Some((cell.saturating_sub(1), (cell + 1).min(last), 0.0));
        let below = (wraps && cell == 0).then_some((last, last, -self.period));
        let above = (wraps && cell == last).then_some((0, 0, self.period));
        [inner, below, above].into_iter().flatten()
    }
}

/// Where cells are.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    axes: [Axis; 3],
}

impl Grid {
    /// A grid for `count` boids in the box from `low` to `high` who see as far as `radius`.
    pub(super) fn fit(
        world: &World,
        low: [f32; 3],
        high: [f32; 3],
        radius: f32,
        count: usize,
    ) -> Self {
        let budget = (count as u64 * CELLS_PER_BOID).max(MIN_CELL_BUDGET);
        let mut width = radius * SLACK;
        loop {
            let mut axes = [Axis::FLAT; 3];
            for (axis, slot) in axes.iter_mut().enumerate().take(world.dim) {
                *slot = Axis::new(low[axis], high[axis], width, world);
            }
            let grid = Self { axes };
            // Ends: the width grows until every axis has one cell.
            if grid.cell_count() <= budget {
                return grid;
            }
            width *= 1.25;
        }
    }

    /// At most 2^36, before the budget is met.
    fn cell_count(&self) -> u64 {
        self.axes.iter().map(|axis| u64::from(axis.cells)).product()
    }

    #[inline]
    fn cells_at(&self, pos: &[f32; 4]) -> [u32; 3] {
        [self.axes[0].cell(pos[0]), self.axes[1].cell(pos[1]), self.axes[2].cell(pos[2])]
    }

    #[inline]
    fn index(&self, [x, y, z]: [u32; 3]) -> usize {
        // Fits: the budget bounds the number of cells.
        ((z * self.axes[1].cells + y) * self.axes[0].cells + x) as usize
    }
}

/// Boids in the order of their cells, and the memory to sort them in.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// In cell order.
    pub(super) bodies: Vec<Body>,
    /// Ids of `bodies`.
    pub(super) ids: Vec<u32>,
    /// Where each cell starts in `bodies`, and the number of boids behind the last.
    starts: Vec<u32>,
    /// As they were in the frame; scratch.
    pub(super) unsorted: Vec<Body>,
    /// The cell of each of `unsorted`; scratch.
    cells: Vec<u32>,
}

impl Sorted {
    /// Sorts `unsorted`, whose ids are `ids`, into `bodies`. Both have the same length.
    pub(super) fn sort(&mut self, grid: &Grid, ids: &[u32]) {
        self.cells.clear();
        self.cells
            .extend(self.unsorted.iter().map(|body| grid.index(grid.cells_at(&body.pos)) as u32));

        // Counts go one place up, so that the sums below are starts and the last is the total.
        self.starts.clear();
        self.starts.resize(grid.cell_count() as usize + 1, 0);
        for &cell in &self.cells {
            self.starts[cell as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut self.starts {
            sum += *start;
            *start = sum;
        }

        self.bodies.resize(self.unsorted.len(), Body::default());
        self.ids.resize(self.unsorted.len(), 0);
        for ((body, &id), &cell) in self.unsorted.iter().zip(ids).zip(&self.cells) {
            // Each start is advanced to the cell's end; shifting by one cell restores them.
            let place = &mut self.starts[cell as usize];
            self.bodies[*place as usize] = *body;
            self.ids[*place as usize] = id;
            *place += 1;
        }
        let cell_count = self.starts.len() - 1;
        self.starts.copy_within(..cell_count, 1);
        self.starts[0] = 0;
    }

    /// Fills `tile` with all that the boids in the cell of boid `index` can see, and returns the
    /// end of that cell: boids from `index` up to it share the tile.
    pub(super) fn gather(&self, grid: &Grid, index: usize, tile: &mut Tile) -> usize {
        let center = grid.cells_at(&self.bodies[index].pos);
        let [x, y, z] = center;
        let mut first = true;
        for (z, dz) in grid.axes[2].around(z) {
            for (y, dy) in grid.axes[1].around(y) {
                for (low, high, dx) in grid.axes[0].ranges_around(x) {
                    let start = self.starts[grid.index([low, y, z])] as usize;
                    let end = self.starts[grid.index([high, y, z]) + 1] as usize;
                    if first {
                        tile.reset(start);
                        first = false;
                    }
                    tile.push(&self.bodies[start..end], [dx, dy, dz]);
                }
            }
        }
        tile.seal();
        self.starts[grid.index(center) + 1] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torus(half_extent: f32) -> World {
        World { dim: 3, bounds: Bounds::Torus, half_extent }
    }

    #[test]
    fn a_flock_far_from_the_edge_does_not_wrap() {
        let grid = Grid::fit(&torus(100.0), [-10.0; 3], [10.0; 3], 1.0, 1000);
        assert!(grid.axes.iter().all(|axis| axis.period == 0.0));
        let grid = Grid::fit(&torus(10.5), [-10.0; 3], [10.0; 3], 1.0, 1000);
        assert!(grid.axes.iter().all(|axis| axis.period == 21.0));
    }

    #[test]
    fn cells_are_bounded_by_the_count() {
        for half in [1e-3, 1.0, 1e6] {
            let grid = Grid::fit(&torus(half), [-half; 3], [half; 3], 1e-3, 10);
            assert!(grid.cell_count() <= MIN_CELL_BUDGET);
            let grid = Grid::fit(&torus(half), [-half; 3], [half; 3], 1e-3, 1_000_000);
            assert!(grid.cell_count() <= 4_000_000);
        }
        // A line: one axis may not take the whole budget.
        let grid = Grid::fit(&torus(1e6), [-1e6, 0.0, 0.0], [1e6, 0.0, 0.0], 1e-3, 1_000_000);
        assert_eq!(grid.cell_count(), u64::from(MAX_CELLS_PER_AXIS));
    }

    #[test]
    fn around_a_corner_of_a_torus() {
        let axis = Axis::new(-2.0, 2.0, 1.0, &torus(2.0));
        assert_eq!(axis.cells, 4);
        assert_eq!(axis.around(0).collect::<Vec<_>>(), [(0, 0.0), (3, -4.0), (1, 0.0)]);
        assert_eq!(axis.around(3).collect::<Vec<_>>(), [(3, 0.0), (2, 0.0), (0, 4.0)]);
        assert_eq!(axis.ranges_around(0).collect::<Vec<_>>(), [(0, 1, 0.0), (3, 3, -4.0)]);
        assert_eq!(axis.ranges_around(2).collect::<Vec<_>>(), [(1, 3, 0.0)]);
        // One cell sees itself, and its images on both sides.
        let axis = Axis::new(-2.0, 2.0, 3.0, &torus(2.0));
        let images = [(0, 0, 0.0), (0, 0, -4.0), (0, 0, 4.0)];
        assert_eq!(axis.ranges_around(0).collect::<Vec<_>>(), images);
    }

    #[test]
    fn the_sort_is_stable_and_starts_match() {
        let world = World { dim: 2, bounds: Bounds::Box, half_extent: 4.0 };
        let mut sorted = Sorted::default();
        let xs = [3.5, -3.5, 3.6, 0.0, -3.6, 3.4, -4.0, 4.0];
        sorted.unsorted = xs.map(|x| Body { pos: [x, 0.0, 0.0, 0.0], vel: [0.0; 4] }).to_vec();
        let grid = Grid::fit(&world, [-4.0, 0.0, 0.0], [4.0, 0.0, 0.0], 1.9, xs.len());
        assert_eq!(grid.axes[0].cells, 4);
        sorted.sort(&grid, &[0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(sorted.ids, [1, 4, 6, 3, 0, 2, 5, 7]);
        assert_eq!(sorted.starts, [0, 3, 3, 4, 8]);
    }
}

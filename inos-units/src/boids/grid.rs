//! The grid: which cells there are, and which of them a boid can see into.
//!
//! Cells are at least as wide as a boid sees, and along x cut further into [`FINEST`] slices. The
//! cells next to each other along x are a row, and one run of the sorted array; all that the boids
//! of a row can see is in that row and the ones around it, three in 2D and nine in 3D, and of each
//! from a slice that many below them to one that many above.
//!
//! The grid covers the box around the boids. Only where the flock reaches around a torus does it
//! cover the whole axis and wrap. Cells are wider where there would otherwise be more than about
//! four per boid: what hostile parameters can cost is bounded by the number of boids.

use super::frame::MAX_COUNT;
use super::params::Bounds;
use super::world::World;
use crate::simd::Simd;

/// How much wider than the perception radius a cell is at least.
///
/// Covers rounding. A coordinate divided by the width of a slice is off by at most
/// `4 * 2^-24 * MAX_CELLS_PER_AXIS` slices, 0.002, so two of them by 0.004, and a distance across
/// the edge of a torus by less. [`FINEST`] slices are 0.0078 of a slice wider than a boid sees: two
/// boids that see each other are never further apart.
const SLACK: f32 = 1.0 + 1.0 / 1024.0;

/// Most slices to a cell.
const FINEST: i32 = 8;

/// Most cells, or slices, along one axis; see [`SLACK`].
const MAX_CELLS_PER_AXIS: i32 = 1 << 13;

/// Most cells per boid, and how many cells there may be in any case.
const CELLS_PER_BOID: u64 = 4;
const MIN_CELL_BUDGET: u64 = 64;

const _: () = assert!(CELLS_PER_BOID * (MAX_COUNT as u64) < 1 << 24);

/// Most boids of one cell that others see, whatever the parameters say.
const MAX_SEEN_PER_CELL: u64 = 4096;

/// One axis of the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Where the first cell starts.
    origin: f32,
    /// Cells per world unit; 0 if there is only one.
    cells_per_unit: f32,
    /// At least 1.
    cells: i32,
    /// The world's width if the axis wraps, else 0.
    period: f32,
}

/// Cells next to each other, and what must be added to the coordinates of the boids in them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Run {
    pub(super) first: i32,
    pub(super) last: i32,
    pub(super) shift: f32,
}

impl Axis {
    const FLAT: Self = Self { origin: 0.0, cells_per_unit: 0.0, cells: 1, period: 0.0 };

    /// The axis over `low..=high` with cells of at least `width`, or slices of that.
    fn new(low: f32, high: f32, width: f32, slices: i32, world: &World) -> Self {
        let span = 2.0 * world.half_extent;
        // Nobody sees around the edge if the gap there is wider than a cell.
        let wraps = world.bounds == Bounds::Torus && high - low + width >= span;
        let (origin, extent) = if wraps { (-world.half_extent, span) } else { (low, high - low) };
        // A cast saturates, and turns NaN into 0.
        let cells = ((extent / width * slices as f32) as i32).clamp(1, MAX_CELLS_PER_AXIS);
        let cells_per_unit = if cells == 1 { 0.0 } else { cells as f32 / extent };
        Self { origin, cells_per_unit, cells, period: if wraps { span } else { 0.0 } }
    }

    #[inline(always)]
    pub(super) fn cell(&self, value: f32) -> i32 {
        (((value - self.origin) * self.cells_per_unit) as i32).clamp(0, self.cells - 1)
    }

    /// Cells `first..=last` and `reach` more on either side, in ascending order: those below the
    /// first cell of an axis that wraps are its last ones. None comes twice with the same shift.
    #[inline(always)]
    pub(super) fn around(&self, first: i32, last: i32, reach: i32) -> [Option<Run>; 3] {
        let (first, last, end) = (first - reach, last + reach, self.cells - 1);
        let inner = Run { first: first.max(0), last: last.min(end), shift: 0.0 };
        let wraps = self.period > 0.0;
        let below = (wraps && first < 0).then(|| Run {
            first: (first + self.cells).max(0),
            last: end,
            shift: -self.period,
        });
        let above = (wraps && last > end).then(|| Run {
            first: 0,
            last: (last - self.cells).min(end),
            shift: self.period,
        });
        [below, Some(inner), above]
    }
}

/// A row that boids of another can see into.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Its first cell.
    pub(super) first: usize,
    /// What must be added to y and z of its boids.
    pub(super) shift: [f32; 2],
}

/// Where cells are.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    axes: [Axis; 3],
    /// Slices to a cell, along x.
    slices: i32,
    /// Most boids of a cell that others see.
    limit: usize,
}

impl Grid {
    /// A grid for `count` boids in the box from `low` to `high` who see as far as `radius`, and
    /// at most `per_cell` of those in a cell as wide.
    pub(super) fn fit(
        world: &World,
        low: [f32; 3],
        high: [f32; 3],
        radius: f32,
        per_cell: u32,
        count: usize,
    ) -> Self {
        let budget = (count as u64 * CELLS_PER_BOID).max(MIN_CELL_BUDGET);
        let mut width = radius * SLACK;
        let mut slices = FINEST;
        loop {
            let mut axes = [Axis::FLAT; 3];
            for (axis, slot) in axes.iter_mut().enumerate().take(world.dim) {
                let slices = if axis == 0 { slices } else { 1 };
                *slot = Axis::new(low[axis], high[axis], width, slices, world);
            }
            // As many times larger than need be. A cast saturates.
            let times = (width / (radius * SLACK)).powi(world.dim as i32).ceil() as u64;
            let limit = times.saturating_mul(per_cell.into()).min(MAX_SEEN_PER_CELL) as usize;
            let grid = Self { axes, slices, limit };
            // Ends: the width grows until every axis has one cell.
            if grid.cell_count() <= budget {
                return grid;
            }
            if slices > 1 {
                slices /= 2;
            } else {
                width *= 1.25;
            }
        }
    }

    /// At most 2^45, before the budget is met.
    pub(super) fn cell_count(&self) -> u64 {
        self.axes.iter().map(|axis| axis.cells as u64).product()
    }

    /// Cells of a row.
    #[inline(always)]
    pub(super) const fn row_len(&self) -> usize {
        self.axes[0].cells as usize
    }

    /// Slices to a cell.
    pub(super) const fn slices(&self) -> usize {
        self.slices as usize
    }

    /// Most boids of a cell that others see.
    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    /// The cells of positions, a lane for each.
    #[inline(always)]
    pub(super) fn cells<S: Simd, const DIM: usize>(&self, simd: S, pos: [S::F; 3]) -> S::C {
        let mut index = simd.splat(0.0);
        for (axis, &pos) in self.axes.iter().zip(&pos).take(DIM).rev() {
            let cells = simd.splat(axis.cells as f32);
            let scaled = simd.sub(pos, simd.splat(axis.origin));
            let scaled = simd.mul(scaled, simd.splat(axis.cells_per_unit));
            let last = simd.splat((axis.cells - 1) as f32);
            let cell = simd.min(simd.max(scaled, simd.splat(0.0)), last);
            // Exact: the budget bounds the number of cells, below 2^24.
            index = simd.add(simd.mul(index, cells), simd.truncate(cell));
        }
        simd.as_count(index)
    }

    #[inline(always)]
    const fn row_index(&self, y: i32, z: i32) -> usize {
        (z * self.axes[1].cells + y) as usize
    }

    /// The number of the row of a position.
    #[inline]
    pub(super) fn row(&self, y: f32, z: f32) -> usize {
        self.row_index(self.axes[1].cell(y), self.axes[2].cell(z))
    }

    /// The rows that boids of the row of this position can see into, itself among them, in
    /// ascending order; how many there are.
    pub(super) fn rows_around(&self, y: f32, z: f32, rows: &mut [Row; 9]) -> usize {
        let [_, ys, zs] = &self.axes;
        let (y, z) = (ys.cell(y), zs.cell(z));
        let mut count = 0;
        for z in zs.around(z, z, 1).into_iter().flatten() {
            for row_z in z.first..=z.last {
                for y in ys.around(y, y, 1).into_iter().flatten() {
                    for row_y in y.first..=y.last {
                        if let Some(row) = rows.get_mut(count) {
                            let first = self.row_index(row_y, row_z) * self.row_len();
                            *row = Row { first, shift: [y.shift, z.shift] };
                            count += 1;
                        }
                    }
                }
            }
        }
        count
    }

    /// The slices of a row that boids from `low` to `high`, x of the first and last of them, can
    /// see into.
    #[inline(always)]
    pub(super) fn slices_around(&self, low: f32, high: f32) -> [Option<Run>; 3] {
        let xs = &self.axes[0];
        xs.around(xs.cell(low), xs.cell(high), self.slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn torus(half_extent: f32) -> World {
        World { dim: 3, bounds: Bounds::Torus, half_extent }
    }

    fn run(first: i32, last: i32, shift: f32) -> Option<Run> {
        Some(Run { first, last, shift })
    }

    #[test]
    fn a_flock_far_from_the_edge_does_not_wrap() {
        let grid = Grid::fit(&torus(100.0), [-10.0; 3], [10.0; 3], 1.0, 32, 1000);
        assert!(grid.axes.iter().all(|axis| axis.period == 0.0));
        let grid = Grid::fit(&torus(10.5), [-10.0; 3], [10.0; 3], 1.0, 32, 1000);
        assert!(grid.axes.iter().all(|axis| axis.period == 21.0));
    }

    #[test]
    fn cells_are_bounded_by_the_count() {
        for half in [1e-3, 1.0, 1e6] {
            let grid = Grid::fit(&torus(half), [-half; 3], [half; 3], 1e-3, 32, 10);
            assert!(grid.cell_count() <= MIN_CELL_BUDGET);
            let grid = Grid::fit(&torus(half), [-half; 3], [half; 3], 1e-3, 32, 1_000_000);
            assert!(grid.cell_count() <= 4_000_000);
        }
        // A line: one axis may not take the whole budget.
        let (low, high) = ([-1e6, 0.0, 0.0], [1e6, 0.0, 0.0]);
        let grid = Grid::fit(&torus(1e6), low, high, 1e-3, 32, 1_000_000);
        assert_eq!(grid.cell_count(), MAX_CELLS_PER_AXIS as u64);
    }

    /// Cells that had to be made wider hold more boids that are seen.
    #[test]
    fn the_limit_grows_with_the_cell() {
        let grid = Grid::fit(&torus(10.0), [-10.0; 3], [10.0; 3], 1.0, 32, 10_000);
        assert_eq!((grid.limit, grid.slices), (32, 4));
        let grid = Grid::fit(&torus(100.0), [-100.0; 3], [100.0; 3], 1.0, 32, 10_000);
        assert!((320..=4096).contains(&grid.limit), "{grid:?}");
    }

    #[test]
    fn around_a_corner_of_a_torus() {
        let axis = Axis::new(-2.0, 2.0, 1.0, 1, &torus(2.0));
        assert_eq!(axis.cells, 4);
        assert_eq!(axis.around(0, 0, 1), [run(3, 3, -4.0), run(0, 1, 0.0), None]);
        assert_eq!(axis.around(3, 3, 1), [None, run(2, 3, 0.0), run(0, 0, 4.0)]);
        assert_eq!(axis.around(1, 2, 2), [run(3, 3, -4.0), run(0, 3, 0.0), run(0, 0, 4.0)]);
        // One cell sees itself, and its images on both sides, once.
        let axis = Axis::new(-2.0, 2.0, 3.0, 1, &torus(2.0));
        let images = [run(0, 0, -4.0), run(0, 0, 0.0), run(0, 0, 4.0)];
        assert_eq!(axis.around(0, 0, 1), images);
        assert_eq!(axis.around(0, 0, 8), images);
        // Without a torus there is nothing behind the edge.
        let world = World { bounds: Bounds::Box, ..torus(2.0) };
        let axis = Axis::new(-2.0, 2.0, 1.0, 1, &world);
        assert_eq!(axis.around(0, 0, 1), [None, run(0, 1, 0.0), None]);
    }

    #[test]
    fn rows_around_are_ascending_and_each_image_comes_once() {
        let grid = Grid::fit(&torus(2.0), [-2.0; 3], [1.9; 3], 1.9, 32, 100);
        let mut rows = [Row::default(); 9];
        assert_eq!(grid.rows_around(0.0, 0.0, &mut rows), 9);
        for (index, row) in rows.iter().enumerate() {
            assert!(rows[index + 1..].iter().all(|other| other != row));
        }
        let world = World { dim: 2, ..torus(8.0) };
        let grid = Grid::fit(&world, [-8.0, -8.0, 0.0], [7.9, 7.9, 0.0], 1.0, 32, 100);
        assert_eq!(grid.rows_around(0.0, 0.0, &mut rows), 3);
        assert_eq!(rows[1].first, grid.row(0.0, 0.0) * grid.row_len());
        assert_eq!(grid.rows_around(-8.0, 0.0, &mut rows), 3);
        assert_eq!(rows[0].shift, [-16.0, 0.0]);
        assert_eq!(rows[1].first, 0);
    }
}

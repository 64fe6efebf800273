//! Boids in the order of their cells: a counting sort, stable, and so a function of the input.
//!
//! Of a cell that is fuller than its limit an evenly spaced share stays where all can see it; the
//! rest is the *crowd*, at the end of the array. The crowd sees and moves as everybody does, but
//! nobody sees it: that is what keeps a step over a clump as cheap as any.

use std::ops::Range;

use super::grid::{Grid, Row};
use crate::simd::{InstructionSet, Kernel, MAX_LANES, Simd};

/// One boid. The last lane of each is zero.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub(super) struct Body {
    pub(super) pos: [f32; 4],
    pub(super) vel: [f32; 4],
}

/// Positions and velocities, a slice per axis; those of an axis that is not there are empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrays<'a> {
    pub(super) pos: [&'a [f32]; 3],
    pub(super) vel: [&'a [f32]; 3],
}

/// Finds the cell of every boid.
struct FindCells<'a> {
    grid: &'a Grid,
    arrays: &'a Arrays<'a>,
    cells: &'a mut [u32],
}

impl Kernel for FindCells<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.arrays.pos[2].is_empty() {
            self.find::<S, 2>(simd);
        } else {
            self.find::<S, 3>(simd);
        }
    }
}

impl FindCells<'_> {
    #[inline(always)]
    fn find<S: Simd, const DIM: usize>(self, simd: S) {
        let mut lanes = [[0.0; MAX_LANES]; 3];
        let mut found = [0; MAX_LANES];
        for (index, cells) in self.cells.chunks_mut(S::LANES).enumerate() {
            let start = index * S::LANES;
            for (lanes, from) in lanes.iter_mut().zip(self.arrays.pos).take(DIM) {
                let from = from.get(start..start + cells.len()).unwrap_or_default();
                for (lane, &value) in lanes.iter_mut().zip(from) {
                    *lane = value;
                }
            }
            let pos = lanes.each_ref().map(|lanes| simd.load(lanes));
            simd.store_count(self.grid.cells::<S, DIM>(simd, pos), &mut found);
            for (cell, &found) in cells.iter_mut().zip(&found) {
                *cell = found;
            }
        }
    }
}

/// Boids in the order of their cells, and the memory to sort them in.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// In cell order; the crowd at the end.
    pub(super) bodies: Vec<Body>,
    /// Ids of `bodies`.
    pub(super) ids: Vec<u32>,
    /// Where each cell starts in `bodies`, and the number of boids that are seen.
    starts: Vec<u32>,
    /// Where the crowd of each row starts, and the number of boids; empty if there is no crowd.
    crowds: Vec<u32>,
    /// The cell of each boid of the frame; scratch.
    cells: Vec<u32>,
    /// As many as `bodies`; scratch.
    spare: (Vec<Body>, Vec<u32>),
}

/// A row's boids in the sorted array, from one of them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowRest {
    /// The end of them.
    pub(super) end: usize,
    /// Whether others see them, and they themselves.
    pub(super) is_seen: bool,
}

impl Sorted {
    /// Sorts the boids of `arrays`, whose ids are `ids`.
    pub(super) fn sort(
        &mut self,
        grid: &Grid,
        arrays: &Arrays<'_>,
        ids: &[u32],
        instructions: InstructionSet,
    ) {
        let count = ids.len();
        self.cells.resize(count, 0);
        let is_flat = arrays.pos[2].is_empty();
        instructions.run(FindCells { grid, arrays, cells: &mut self.cells });

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

        self.bodies.resize(count, Body::default());
        self.ids.resize(count, 0);
        if is_flat {
            self.scatter::<2>(arrays, ids);
        } else {
            self.scatter::<3>(arrays, ids);
        }
        // Each start was advanced to the cell's end; shifting by one cell restores them.
        let cell_count = self.starts.len() - 1;
        self.starts.copy_within(..cell_count, 1);
        self.starts[0] = 0;

        self.crowds.clear();
        if self.is_crowded(grid) {
            self.thin(grid);
        }
    }

    fn scatter<const DIM: usize>(&mut self, arrays: &Arrays<'_>, ids: &[u32]) {
        let [xs, ys, zs] = arrays.pos;
        let [vxs, vys, vzs] = arrays.vel;
        let plane = self.cells.iter().zip(ids).zip(xs.iter().zip(ys)).zip(vxs.iter().zip(vys));
        let mut put = |cell: u32, id: u32, body: Body| {
            let place = &mut self.starts[cell as usize];
            self.bodies[*place as usize] = body;
            self.ids[*place as usize] = id;
            *place += 1;
        };
        if DIM == 2 {
            for (((&cell, &id), (&x, &y)), (&vx, &vy)) in plane {
                put(cell, id, Body { pos: [x, y, 0.0, 0.0], vel: [vx, vy, 0.0, 0.0] });
            }
        } else {
            for ((((&cell, &id), (&x, &y)), (&vx, &vy)), (&z, &vz)) in plane.zip(zs.iter().zip(vzs))
            {
                put(cell, id, Body { pos: [x, y, z, 0.0], vel: [vx, vy, vz, 0.0] });
            }
        }
    }

    /// Cells of each row, `slices` to one.
    fn blocks(grid: &Grid) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (row_len, slices) = (grid.row_len(), grid.slices());
        (0..row_len).step_by(slices).map(move |first| (first, (first + slices).min(row_len)))
    }

    fn is_crowded(&self, grid: &Grid) -> bool {
        let limit = grid.limit() as u32;
        if self.bodies.len() <= grid.limit() {
            return false;
        }
        self.starts
            .windows(grid.row_len() + 1)
            .step_by(grid.row_len())
            .any(|row| Self::blocks(grid).any(|(first, end)| row[end] - row[first] > limit))
    }

    /// Moves what is too much of each cell into the crowd.
    fn thin(&mut self, grid: &Grid) {
        let (mut bodies, mut ids) = core::mem::take(&mut self.spare);
        bodies.clear();
        ids.clear();
        let mut crowd = Vec::new();
        let limit = grid.limit() as u64;
        // Becomes the new starts.
        self.cells.clear();
        for row in (0..self.starts.len() - 1).step_by(grid.row_len()) {
            self.crowds.push(crowd.len() as u32);
            for (first, end) in Self::blocks(grid) {
                let from = self.starts[row + first];
                let total = u64::from(self.starts[row + end] - from);
                let share = |rank: u64| rank * limit / total;
                for cell in row + first..row + end {
                    self.cells.push(bodies.len() as u32);
                    for index in self.starts[cell]..self.starts[cell + 1] {
                        let rank = u64::from(index - from);
                        if total <= limit || share(rank) != share(rank + 1) {
                            bodies.push(self.bodies[index as usize]);
                            ids.push(self.ids[index as usize]);
                        } else {
                            crowd.push(index);
                        }
                    }
                }
            }
        }
        let seen = bodies.len() as u32;
        self.cells.push(seen);
        core::mem::swap(&mut self.starts, &mut self.cells);
        self.crowds.iter_mut().for_each(|start| *start += seen);
        self.crowds.push(self.bodies.len() as u32);
        for index in crowd {
            bodies.push(self.bodies[index as usize]);
            ids.push(self.ids[index as usize]);
        }
        let bodies = core::mem::replace(&mut self.bodies, bodies);
        self.spare = (bodies, core::mem::replace(&mut self.ids, ids));
    }

    /// Boids that others see.
    fn seen_count(&self) -> usize {
        self.starts.last().map_or(0, |&start| start as usize)
    }

    /// What is left of the row of boid `index`, from it on.
    pub(super) fn row_rest(&self, grid: &Grid, row: usize, index: usize) -> RowRest {
        if index < self.seen_count() {
            let end = self.starts[(row + 1) * grid.row_len()] as usize;
            RowRest { end, is_seen: true }
        } else {
            let end = self.crowds.get(row + 1).map_or(self.bodies.len(), |&end| end as usize);
            RowRest { end, is_seen: false }
        }
    }

    /// Calls `found` with the index of every boid that is seen from a position, and of others
    /// nearby, and with the way there. In 2D z is zero.
    pub(super) fn around(
        &self,
        grid: &Grid,
        [x, y, z]: [f32; 3],
        mut found: impl FnMut(usize, [f32; 3]),
    ) {
        let mut rows = [Row::default(); 9];
        let row_count = grid.rows_around(y, z, &mut rows);
        for Row { first, shift: [dy, dz] } in rows.into_iter().take(row_count) {
            for run in grid.slices_around(x, x).iter().flatten() {
                for index in self.run_range(first, run.first, run.last) {
                    let [bx, by, bz, _] = self.bodies[index].pos;
                    found(index, [bx - (x - run.shift), by - (y - dy), bz - (z - dz)]);
                }
            }
        }
    }

    /// The boids that are seen in cells `first..=last` of the row that begins with cell `row`.
    #[inline(always)]
    pub(super) fn run(&self, row: usize, first: i32, last: i32) -> &[Body] {
        &self.bodies[self.run_range(row, first, last)]
    }

    /// Their indices.
    #[inline(always)]
    fn run_range(&self, row: usize, first: i32, last: i32) -> Range<usize> {
        let start = self.starts[row + first as usize] as usize;
        let end = self.starts[row + last as usize + 1] as usize;
        start..end
    }
}

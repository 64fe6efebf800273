//! What predators find in the grid.
#![forbid(unsafe_code)]

use super::grid::{Grid, Row};
use super::rng::dot;
use super::scene::Predator;
use super::sort::Sorted;

/// A look around from where a predator is. It sees as far as boids do, and whom they see.
pub(super) struct Hunt<'a> {
    pub(super) grid: &'a Grid,
    pub(super) sorted: &'a Sorted,
    pub(super) dim: usize,
    pub(super) radius: f32,
}

impl Hunt<'_> {
    /// The way to the nearest boid, the first in order of cells if several are as near.
    pub(super) fn prey(&self, predator: &Predator) -> Option<[f32; 3]> {
        let mut nearest = None;
        let mut least = self.radius * self.radius;
        self.look(predator, |way, squared| {
            if squared < least {
                (nearest, least) = (Some(way), squared);
            }
        });
        nearest
    }

    /// How many boids are nearer than `reach`, which is no further than it sees.
    pub(super) fn caught(&self, predator: &Predator, reach: f32) -> u32 {
        let mut count = 0_u32;
        self.look(predator, |_, squared| count += u32::from(squared < reach * reach));
        count
    }

    /// The way to each boid in the cells around, and its square.
    fn look(&self, predator: &Predator, mut found: impl FnMut([f32; 3], f32)) {
        let [x, y, z] = predator.pos;
        let mut rows = [Row::default(); 9];
        let row_count = self.grid.rows_around(y, z, &mut rows);
        for row in rows.iter().take(row_count) {
            for run in self.grid.slices_around(x, x).iter().flatten() {
                let [dy, dz] = row.shift;
                for body in self.sorted.run(row.first, run.first, run.last) {
                    let [bx, by, bz, _] = body.pos;
                    let mut way = [bx - (x - run.shift), by - (y - dy), bz - (z - dz)];
                    if self.dim == 2 {
                        way[2] = 0.0;
                    }
                    found(way, dot(way, way));
                }
            }
        }
    }
}

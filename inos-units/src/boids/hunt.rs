//! What predators find in the grid.
#![forbid(unsafe_code)]

use super::grid::Grid;
use super::rng::dot;
use super::scene::Predator;
use super::sort::Sorted;

/// A look around from where a predator is. It sees as far as boids do, and whom they see.
pub(super) struct Hunt<'a> {
    pub(super) grid: &'a Grid,
    pub(super) sorted: &'a Sorted,
    pub(super) radius: f32,
}

impl Hunt<'_> {
    /// The way to the nearest boid, the first in order of cells if several are as near.
    pub(super) fn prey(&self, predator: &Predator) -> Option<[f32; 3]> {
        let mut nearest = None;
        let mut least = self.radius * self.radius;
        self.sorted.around(self.grid, predator.pos, |_, way| {
            let squared = dot(way, way);
            if squared < least {
                (nearest, least) = (Some(way), squared);
            }
        });
        nearest
    }

    /// How many boids are nearer than `reach`, which is no further than it sees.
    pub(super) fn caught(&self, predator: &Predator, reach: f32) -> u32 {
        let mut count = 0_u32;
        self.sorted.around(self.grid, predator.pos, |_, way| {
            count += u32::from(dot(way, way) < reach * reach);
        });
        count
    }
}

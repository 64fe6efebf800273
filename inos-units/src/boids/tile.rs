//! The tile: what the boids of one cell can see, copied side by side.
//!
//! Boids of a cell share their candidates. Gathering those once costs a copy; after it the
//! search of each boid runs over plain arrays, with the edge of a torus already accounted for,
//! and the wanted few are read from a cache line each.
//!
//! The order of candidates is fixed: the boid's own row of cells first, then the rows around it,
//! each in the order of the sorted array. Neighbours are the first that are near enough, up to
//! the cap, and every sum runs in this order. A search that compares several candidates at once
//! finds the same ones and changes no bit.

/// Most candidates that a boid compares itself with; those behind are not seen.
///
/// At 40 neighbours in a radius there are about 260. The limit bounds a step over a flock made
/// to be slow: two dense clumps next to each other, in neighbouring cells, out of sight.
pub(super) const MAX_CANDIDATES: usize = 4096;

/// Candidates whose distances are computed at once.
const BLOCK: usize = 256;

/// Candidates looked at between two looks at the cap.
const LANES: usize = 16;

/// Room for neighbours: the largest cap, and what one more comparison may add.
const LIST_LEN: usize = 2048;

const _: () = assert!(MAX_CANDIDATES.is_power_of_two() && MAX_CANDIDATES.is_multiple_of(BLOCK));
const _: () = assert!(BLOCK.is_multiple_of(LANES));
const _: () = assert!(LIST_LEN.is_power_of_two() && LIST_LEN >= 1024 + LANES);

/// A coordinate out of everybody's sight, whose square is still finite.
const FAR: f32 = 1e18;

/// What candidates have more than the boid that looks, in the last lane: sums of differences
/// count with it.
const COUNTING: [f32; 4] = [0.0, 0.0, 0.0, 1.0];

/// One boid. The last lane of each is zero, in a tile one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Body {
    pub(super) pos: [f32; 4],
    pub(super) vel: [f32; 4],
}

/// A neighbour as the rule sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour<'a> {
    /// With the position brought next to the boid that looks.
    pub(super) body: &'a Body,
    /// How much it counts in each of the three sums.
    pub(super) weights: [f32; 3],
}

/// Candidates of one cell; about 230 KiB.
#[derive(Debug)]
pub(super) struct Tile {
    bodies: Box<[Body; MAX_CANDIDATES]>,
    /// Positions again, an array per axis, padded with `FAR` to whole lanes.
    axes: [Box<[f32; MAX_CANDIDATES]>; 3],
    /// Squared distances of the candidates that the last search looked at.
    squared: Box<[f32; MAX_CANDIDATES]>,
    /// Neighbours found: their places in the tile, squared distances and weights.
    list: Box<[u32; LIST_LEN]>,
    near: Box<[f32; LIST_LEN]>,
    weights: [Box<[f32; LIST_LEN]>; 3],
    len: usize,
    /// Index in the sorted array of the first candidate.
    first_index: usize,
}

impl Default for Tile {
    fn default() -> Self {
        Self {
            bodies: Box::new([Body::default(); MAX_CANDIDATES]),
            axes: core::array::from_fn(|_| Box::new([FAR; MAX_CANDIDATES])),
            squared: Box::new([FAR; MAX_CANDIDATES]),
            list: Box::new([0; LIST_LEN]),
            near: Box::new([0.0; LIST_LEN]),
            weights: core::array::from_fn(|_| Box::new([0.0; LIST_LEN])),
            len: 0,
            first_index: 0,
        }
    }
}

impl Tile {
    /// Empties the tile for candidates that start at `first_index` of the sorted array.
    pub(super) fn reset(&mut self, first_index: usize) {
        self.len = 0;
        self.first_index = first_index;
    }

    /// Adds as many of `bodies` as there is room for, moved by `shift`.
    pub(super) fn push(&mut self, bodies: &[Body], [dx, dy, dz]: [f32; 3]) {
        let shift = [dx, dy, dz, COUNTING[3]];
        let room = MAX_CANDIDATES - self.len;
        let taken = bodies.iter().take(room);
        let targets = self.bodies[self.len..].iter_mut();
        let [xs, ys, zs] = &mut self.axes;
        let xs = xs[self.len..].iter_mut();
        let ys = ys[self.len..].iter_mut();
        let zs = zs[self.len..].iter_mut();
        self.len += bodies.len().min(room);
        for ((((body, target), x), y), z) in taken.zip(targets).zip(xs).zip(ys).zip(zs) {
            let mut body = *body;
            for lane in 0..4 {
                body.pos[lane] += shift[lane];
                body.vel[lane] += COUNTING[lane];
            }
            [*x, *y, *z, _] = body.pos;
            *target = body;
        }
    }

    /// Pads the candidates to whole lanes.
    pub(super) fn seal(&mut self) {
        let end = self.len.next_multiple_of(LANES);
        self.axes[0][self.len..end].fill(FAR);
    }

    /// Finds the neighbours of boid `index` of the sorted array at `pos`: the first `cap`
    /// candidates nearer than the radius. Returns how many there are.
    pub(super) fn search<const DIM: usize>(
        &mut self,
        index: usize,
        pos: &[f32; 4],
        radius_squared: f32,
        cap: usize,
    ) -> usize {
        // A boid is no neighbour of its own. It is in the tile unless that was full before.
        let own = index.wrapping_sub(self.first_index);
        let own = if own < self.len { Some((own, self.axes[0][own])) } else { None };
        if let Some((own, _)) = own {
            self.axes[0][own] = FAR;
        }
        let found = self.compare::<DIM>(pos, radius_squared, cap);
        if let Some((own, x)) = own {
            self.axes[0][own] = x;
        }
        let found = found.min(cap);
        for (near, &place) in self.near.iter_mut().zip(self.list.iter()).take(found) {
            *near = self.squared[place as usize & (MAX_CANDIDATES - 1)];
        }
        found
    }

    fn compare<const DIM: usize>(
        &mut self,
        pos: &[f32; 4],
        radius_squared: f32,
        cap: usize,
    ) -> usize {
        let end = self.len.next_multiple_of(LANES);
        let axes = self.axes.each_ref().map(|axis| axis[..end].chunks(BLOCK));
        let [xs, ys, zs] = axes;
        let blocks = xs.zip(ys).zip(zs).zip(self.squared[..end].chunks_mut(BLOCK));
        let mut found = 0;
        let mut place = 0;
        for (((xs, ys), zs), squared) in blocks {
            distances::<DIM>(pos, [xs, ys, zs], squared);
            for squared in squared.as_chunks::<LANES>().0 {
                // Every candidate is written to the list; only a neighbour moves its end on.
                for &distance in squared {
                    self.list[found & (LIST_LEN - 1)] = place;
                    found += usize::from(distance < radius_squared);
                    place += 1;
                }
                if found >= cap {
                    return found;
                }
            }
        }
        found
    }

    /// Squared distances of the first `found` neighbours of the last search, and where their
    /// weights go.
    pub(super) fn near_and_weights(&mut self, found: usize) -> (&[f32], [&mut [f32]; 3]) {
        let found = found.min(LIST_LEN);
        (&self.near[..found], self.weights.each_mut().map(|weights| &mut weights[..found]))
    }

    /// The first `found` neighbours of the last search, in canonical order.
    #[inline]
    pub(super) fn neighbours(&self, found: usize) -> impl Iterator<Item = Neighbour<'_>> {
        let [push, align, cohere] = &self.weights;
        let weights = push.iter().zip(align.iter()).zip(cohere.iter());
        self.list.iter().take(found).zip(weights).map(|(&place, ((&push, &align), &cohere))| {
            let body = &self.bodies[place as usize & (MAX_CANDIDATES - 1)];
            Neighbour { body, weights: [push, align, cohere] }
        })
    }
}

/// Squared distances of a block of candidates from `pos`. A function of its own, over slices, so
/// that the compiler sees that they do not overlap and computes several at once.
#[inline(never)]
fn distances<const DIM: usize>(pos: &[f32; 4], axes: [&[f32]; 3], squared: &mut [f32]) {
    let [x, y, z, _] = *pos;
    let [xs, ys, zs] = axes;
    for (((squared, xs), ys), zs) in squared.iter_mut().zip(xs).zip(ys).zip(zs) {
        let (dx, dy) = (xs - x, ys - y);
        *squared = dx * dx + dy * dy;
        if DIM == 3 {
            let dz = zs - z;
            *squared += dz * dz;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> Body {
        Body { pos: [x, 0.0, 0.0, 0.0], vel: [0.0; 4] }
    }

    fn found(tile: &Tile, found: usize) -> Vec<f32> {
        tile.neighbours(found).map(|neighbour| neighbour.body.pos[0]).collect()
    }

    /// More are near enough than the list has room for: the search ends at the cap.
    #[test]
    fn the_first_up_to_the_cap_are_neighbours() {
        let bodies: Vec<Body> = (0..4000).map(|index| at(index as f32)).collect();
        let mut tile = Tile::default();
        for cap in [1, 15, 16, 17, 1024] {
            tile.reset(0);
            tile.push(&bodies, [0.0; 3]);
            tile.seal();
            let count = tile.search::<3>(2, &bodies[2].pos, 1e9, cap);
            let expected = (0..4000).filter(|&index| index != 2).map(|index| index as f32);
            assert_eq!(found(&tile, count), expected.take(cap).collect::<Vec<_>>());
        }
    }

    /// The last place of the tile is looked at, and what comes after it is left out.
    #[test]
    fn candidates_end_with_the_tile() {
        let mut bodies = vec![at(100.0); MAX_CANDIDATES + 10];
        for body in &mut bodies[MAX_CANDIDATES - 1..] {
            *body = at(0.5);
        }
        let mut tile = Tile::default();
        tile.reset(7);
        tile.push(&bodies[..1000], [0.0; 3]);
        tile.push(&bodies[1000..], [0.25, 0.0, 0.0]);
        tile.seal();
        let own = 7 + MAX_CANDIDATES + 5;
        let count = tile.search::<2>(own, &at(0.0).pos, 1.0, 100);
        assert_eq!(found(&tile, count), [0.75]);
    }

    #[test]
    fn a_boid_is_not_its_own_neighbour() {
        let mut tile = Tile::default();
        tile.reset(40);
        tile.push(&[at(0.0), at(0.0), at(0.0)], [0.0; 3]);
        tile.seal();
        for index in 40..43 {
            assert_eq!(tile.search::<2>(index, &at(0.0).pos, 1.0, 100), 2);
        }
        assert_eq!(tile.search::<2>(39, &at(0.0).pos, 1.0, 100), 3);
    }
}

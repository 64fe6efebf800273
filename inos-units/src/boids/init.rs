//! Making flocks: `init` and `resize`.

use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

use super::frame::{
    Frame, Header, MIN_HALF_EXTENT, frame_len_with, write_frame, write_header, write_scene,
};
use super::order::HeadingSum;
use super::params::{Bounds, InitParams, ResizeParams};
use super::rng::SplitMix64;
use super::scene::Record;

/// Boids made between two looks at the budget.
const BOIDS_PER_CHECK: usize = 4096;

/// Neighbours a boid has in a world whose size was picked for it.
const AUTO_NEIGHBOURS: f64 = 40.0;

/// Boids, an array per axis.
struct Flock {
    pos: [Vec<f32>; 3],
    vel: [Vec<f32>; 3],
    ids: Vec<u32>,
}

impl Flock {
    fn with_capacity(dim: usize, count: usize) -> Self {
        let array = |axis: usize| Vec::with_capacity(if axis < dim { count } else { 0 });
        Self {
            pos: core::array::from_fn(array),
            vel: core::array::from_fn(array),
            ids: Vec::with_capacity(count),
        }
    }

    fn push(&mut self, dim: usize, id: u32, pos: [f32; 3], vel: [f32; 3]) {
        for axis in 0..dim {
            self.pos[axis].push(pos[axis]);
            self.vel[axis].push(vel[axis]);
        }
        self.ids.push(id);
    }

    /// Adds the boid that the header's seed gives to `id`.
    fn spawn(&mut self, header: &Header, id: u32, speed: f32) {
        let dim = header.dim as usize;
        let mut rng = SplitMix64::for_boid(header.seed, id);
        let place = match header.bounds {
            Bounds::Torus | Bounds::Box => rng.in_cube(dim),
            Bounds::Sphere => rng.in_ball(dim),
        };
        let pos = place.map(|value| value * header.half_extent);
        let vel = rng.direction(dim).map(|value| value * speed);
        self.push(dim, id, pos, vel);
    }

    /// Writes the frame, with an order parameter and without neighbours.
    fn write(
        &self,
        mut header: Header,
        scene: &[Record],
        out: &mut dyn Output,
    ) -> Result<usize, UnitError> {
        let dim = header.dim as usize;
        let mut headings = HeadingSum::default();
        for index in 0..self.ids.len() {
            let component = |array: &Vec<f32>| array.get(index).copied().unwrap_or(0.0);
            headings.add(self.vel.each_ref().map(component));
        }
        header.mean_neighbours = 0.0;
        header.max_neighbours = 0;
        header.caught = 0;
        header.order_parameter = headings.order_parameter(self.ids.len());
        let pos = self.pos.each_ref().map(Vec::as_slice);
        let vel = self.vel.each_ref().map(Vec::as_slice);
        let bare = Header { predators: 0, obstacles: 0, ..header };
        write_frame(out, &bare, &pos[..dim], &vel[..dim], &self.ids)?;
        write_header(out, &header)?;
        write_scene(out, &header, scene)?;
        Ok(header.frame_len())
    }
}

/// A new flock: positions uniform in the world, headings uniform, ids from 0 on.
pub(super) fn init(
    params: &InitParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    if !input.is_empty() {
        return Err(UnitError::BadInput { what: "init takes no input" });
    }
    let half_extent = match params.half_extent {
        0.0 => auto_half_extent(params.count, params.dim, params.bounds),
        MIN_HALF_EXTENT.. => params.half_extent,
        _ => {
            return Err(UnitError::BadParam {
                name: "half_extent",
                expected: "0, or a number from 0.001 to 1000000.0",
            });
        }
    };
    let header = Header {
        dim: params.dim,
        count: params.count,
        bounds: params.bounds,
        half_extent,
        step: 0,
        seed: params.seed,
        mean_neighbours: 0.0,
        order_parameter: 0.0,
        max_neighbours: 0,
        predators: 0,
        obstacles: 0,
        caught: 0,
    };
    require(out, header.frame_len())?;
    let mut flock = Flock::with_capacity(params.dim as usize, params.count as usize);
    for id in 0..params.count {
        if (id as usize).is_multiple_of(BOIDS_PER_CHECK) {
            budget.check()?;
        }
        flock.spawn(&header, id, params.speed);
    }
    flock.write(header, &[], out)
}

/// A flock with more or fewer boids: those with the lowest ids stay, in the order they have; new
/// ones follow on with ids from the highest on.
pub(super) fn resize(
    params: &ResizeParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let mut header = *frame.header();
    let (predators, obstacles) = (header.predators, header.obstacles);
    let needed = frame_len_with(header.dim, params.count, predators, obstacles);
    require(out, needed.unwrap_or(usize::MAX))?;
    budget.check()?;

    let old_count = frame.count();
    let new_count = params.count as usize;
    let kept = lowest_ids(frame.ids(), new_count);
    let dim = frame.dim();
    let mut flock = Flock::with_capacity(dim, new_count);
    for index in kept {
        if flock.ids.len().is_multiple_of(BOIDS_PER_CHECK) {
            budget.check()?;
        }
        let (pos, vel) = (frame.pos_of(index), frame.vel_of(index));
        if !pos.iter().chain(&vel).all(|value| value.is_finite()) {
            return Err(UnitError::BadInput { what: "a position or velocity that is not finite" });
        }
        flock.push(dim, frame.ids()[index], pos, vel);
    }
    if new_count > old_count {
        let first = flock.ids.iter().max().map_or(0, |&id| u64::from(id) + 1);
        for id in first..first + (new_count - old_count) as u64 {
            if flock.ids.len().is_multiple_of(BOIDS_PER_CHECK) {
                budget.check()?;
            }
            let id = u32::try_from(id)
                .map_err(|_| UnitError::BadInput { what: "ids that leave no room for new ones" })?;
            flock.spawn(&header, id, params.speed);
        }
    }
    header.count = params.count;
    let (predators, obstacles) = frame.scene();
    flock.write(header, &[predators, obstacles].concat(), out)
}

/// Indices, ascending, of the `count` lowest ids; of equal ids the first come first.
fn lowest_ids(ids: &[u32], count: usize) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..ids.len()).collect();
    if count < indices.len() {
        indices.select_nth_unstable_by_key(count, |&index| (ids[index], index));
        indices.truncate(count);
        indices.sort_unstable();
    }
    indices
}

/// The half extent at which a boid has about 40 neighbours within 1 world unit, the default
/// perception radius. With n boids uniform in the world's volume V, a ball of radius 1 holds
/// `n * ball / V` of them; so
///
/// ```text
/// torus, box    3D: (2h)^3 = n * (4 pi / 3) / 40      2D: (2h)^2 = n * pi / 40
/// sphere        3D: h^3 = n / 40                      2D: h^2 = n / 40
/// ```
///
/// and at least 2, so that a small flock does not see itself around a torus.
fn auto_half_extent(count: u32, dim: u32, bounds: Bounds) -> f32 {
    const PI: f64 = core::f64::consts::PI;

    let ratio = f64::from(count) / AUTO_NEIGHBOURS;
    let half = match (bounds, dim) {
        (Bounds::Sphere, 2) => ratio.sqrt(),
        (Bounds::Sphere, _) => cube_root(ratio),
        (_, 2) => (ratio * PI).sqrt() / 2.0,
        (_, _) => cube_root(ratio * (4.0 * PI / 3.0)) / 2.0,
    };
    half.max(2.0) as f32
}

/// The cube root by Newton's iteration, since the library's is not the same everywhere. From
/// above it falls by a third each time until it is near, and then converges at once.
fn cube_root(value: f64) -> f64 {
    let mut root = value.max(1.0);
    for _ in 0..100 {
        root = (2.0 * root + value / (root * root)) / 3.0;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cube_roots() {
        for (value, root) in [(27.0, 3.0), (1.0, 1.0), (0.125, 0.5), (1e18, 1e6), (1e-9, 1e-3)] {
            assert!((cube_root(value) - root).abs() < 1e-12 * f64::max(1.0, root), "{value}");
        }
    }

    #[test]
    fn the_lowest_ids_stay_in_place() {
        assert_eq!(lowest_ids(&[9, 3, 7, 1, 3], 3), [1, 3, 4]);
        assert_eq!(lowest_ids(&[5, 5, 5], 2), [0, 1]);
        assert_eq!(lowest_ids(&[2, 1], 7), [0, 1]);
    }
}

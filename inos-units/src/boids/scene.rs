//! What is in the world beside the flock: obstacles, which stand still, and predators, which hunt.
//!
//! They lie in the frame behind the arrays, 32 bytes each: eight floats, or for the first word of
//! an obstacle its kind.
//!
//! ```text
//!             0      4      8      12     16     20     24     28
//! predator  | x    | y    | z    | 0    | vx   | vy   | vz   | 0    |
//! sphere    | 0    | x    | y    | z    | r    | 0    | 0    | 0    |
//! box       | 1    | x    | y    | z    | hx   | hy   | hz   | 0    |
//! ```
//!
//! `x y z` is the middle, `r` a radius, `hx hy hz` half the widths along the axes. In 2D z is
//! zero and not looked at.
#![forbid(unsafe_code)]

use crate::budget::Budget;
use crate::error::UnitError;
use crate::unit::Output;

use super::frame::{Frame, Header, frame_len_with, write_array, write_header, write_scene};
use super::params::SceneParams;
use super::rng::SplitMix64;
use super::world::{MAX_VELOCITY, World};

/// Most predators in a frame.
pub const MAX_PREDATORS: u32 = 64;
/// Most obstacles in a frame.
pub const MAX_OBSTACLES: u32 = 256;

/// Words of a predator or an obstacle.
pub(super) const RECORD_WORDS: usize = 8;
pub(super) const RECORD_LEN: usize = RECORD_WORDS * 4;

/// One record.
pub(super) type Record = [u32; RECORD_WORDS];

const NOT_FINITE: UnitError = UnitError::BadInput { what: "a predator or obstacle out of range" };

/// Something that boids keep out of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Obstacle {
    /// A ball.
    Sphere {
        /// Its middle.
        center: [f32; 3],
        /// Its radius: not negative.
        radius: f32,
    },
    /// A box along the axes.
    Box {
        /// Its middle.
        center: [f32; 3],
        /// Half its widths: not negative.
        half: [f32; 3],
    },
}

impl Obstacle {
    /// The bytes of `set_scene`'s parameter `obstacles`.
    ///
    /// ```
    /// use inos_units::boids::Obstacle;
    ///
    /// let ball = Obstacle::Sphere { center: [1.0, 2.0, 3.0], radius: 0.5 };
    /// let bytes = ball.to_bytes();
    /// assert_eq!(bytes[4..8], 1.0_f32.to_le_bytes());
    /// assert_eq!(bytes[16..20], 0.5_f32.to_le_bytes());
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> [u8; RECORD_LEN] {
        let mut bytes = [0; RECORD_LEN];
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.to_record()) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }

    fn to_record(self) -> Record {
        let (kind, [x, y, z], [a, b, c]) = match self {
            Self::Sphere { center, radius } => (0, center, [radius, 0.0, 0.0]),
            Self::Box { center, half } => (1, center, half),
        };
        let [x, y, z, a, b, c] = [x, y, z, a, b, c].map(f32::to_bits);
        [kind, x, y, z, a, b, c, 0]
    }

    pub(super) fn from_record([kind, rest @ ..]: &Record) -> Result<Self, UnitError> {
        let [x, y, z, a, b, c, _] = rest.map(f32::from_bits);
        let is_size = |value: f32| (0.0..=MAX_VELOCITY).contains(&value);
        let in_range = [x, y, z].iter().all(|value| value.abs() <= MAX_VELOCITY);
        match kind {
            0 if in_range && is_size(a) => Ok(Self::Sphere { center: [x, y, z], radius: a }),
            1 if in_range && [a, b, c].into_iter().all(is_size) => {
                Ok(Self::Box { center: [x, y, z], half: [a, b, c] })
            }
            0 | 1 => Err(NOT_FINITE),
            _ => Err(UnitError::BadInput { what: "an obstacle of an unknown kind" }),
        }
    }
}

/// What hunts boids.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Predator {
    /// Where it is.
    pub pos: [f32; 3],
    /// How it moves.
    pub vel: [f32; 3],
}

impl Predator {
    pub(super) fn to_record(self) -> Record {
        let ([x, y, z], [vx, vy, vz]) = (self.pos, self.vel);
        [x, y, z, 0.0, vx, vy, vz, 0.0].map(f32::to_bits)
    }

    pub(super) fn from_record(record: &Record) -> Self {
        let [x, y, z, _, vx, vy, vz, _] = record.map(f32::from_bits);
        Self { pos: [x, y, z], vel: [vx, vy, vz] }
    }
}

/// Everything beside the flock.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) predators: Vec<Predator>,
    pub(super) obstacles: Vec<Obstacle>,
}

impl Scene {
    /// Reads a frame's scene, predators brought into the world.
    ///
    /// # Errors
    /// [`UnitError::BadInput`] for what is not finite, out of range or unknown.
    pub(super) fn read(frame: &Frame<'_>, world: &World) -> Result<Self, UnitError> {
        let (predators, obstacles) = frame.scene();
        let predators = predators.iter().map(|record| {
            let Predator { mut pos, vel } = Predator::from_record(record);
            if !pos.iter().chain(&vel).all(|value| value.is_finite()) {
                return Err(NOT_FINITE);
            }
            let mut vel = vel.map(|value| value.clamp(-MAX_VELOCITY, MAX_VELOCITY));
            if world.dim == 2 {
                (pos[2], vel[2]) = (0.0, 0.0);
            }
            world.contain(&mut pos, &mut vel);
            Ok(Predator { pos, vel })
        });
        Ok(Self {
            predators: predators.collect::<Result<_, _>>()?,
            obstacles: obstacles.iter().map(Obstacle::from_record).collect::<Result<_, _>>()?,
        })
    }

    /// The records of a frame.
    pub(super) fn records(&self) -> Vec<Record> {
        let predators = self.predators.iter().map(|predator| predator.to_record());
        predators.chain(self.obstacles.iter().map(|obstacle| obstacle.to_record())).collect()
    }
}

/// The frame with another scene.
pub(super) fn set_scene(
    params: &SceneParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let (scene, header) = planned(params, frame.header())?;
    budget.check()?;
    write_header(out, &header)?;
    for axis in 0..frame.dim() {
        write_array(out, &header, axis, 0, bytemuck::cast_slice(frame.pos(axis)))?;
        write_array(out, &header, frame.dim() + axis, 0, bytemuck::cast_slice(frame.vel(axis)))?;
    }
    write_array(out, &header, 2 * frame.dim(), 0, bytemuck::cast_slice(frame.ids()))?;
    write_scene(out, &header, &scene.records())?;
    Ok(header.frame_len())
}

/// Length of what [`set_scene`] gives.
pub(super) fn bound(params: &SceneParams, input: &[u8]) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let header = frame.header();
    let obstacles = (params.obstacles.as_slice().len() / RECORD_LEN) as u32;
    Ok(frame_len_with(header.dim, header.count, params.predators, obstacles).unwrap_or(usize::MAX))
}

/// The scene that the parameters say, and the header of a frame with it.
fn planned(params: &SceneParams, header: &Header) -> Result<(Scene, Header), UnitError> {
    let (records, rest) = params.obstacles.as_slice().as_chunks::<RECORD_LEN>();
    if !rest.is_empty() {
        let expected = "a multiple of 32 bytes";
        return Err(UnitError::BadParam { name: "obstacles", expected });
    }
    let mut scene = Scene::default();
    for bytes in records {
        let mut record = Record::default();
        for (word, bytes) in record.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        scene.obstacles.push(Obstacle::from_record(&record)?);
    }
    let dim = header.dim as usize;
    for index in 0..params.predators {
        // From the other end than boids, whose ids begin at zero.
        let mut rng = SplitMix64::for_boid(params.seed, u32::MAX - index);
        let pos = rng.in_ball(dim).map(|value| value * header.half_extent);
        scene.predators.push(Predator { pos, vel: rng.direction(dim) });
    }
    let (predators, obstacles) = (params.predators, records.len() as u32);
    Ok((scene, Header { predators, obstacles, caught: 0, ..*header }))
}

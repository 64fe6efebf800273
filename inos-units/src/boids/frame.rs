//! The frame: one flock in one block of bytes.
//!
//! A header of sixteen 32-bit words in the machine's byte order, then one array per component.
//! Each array takes `stride` words: the count rounded up to sixteen, so that every array starts
//! on a multiple of 64 bytes. The rest of an array is zero.
//!
//! ```text
//!    0                   4                   8                   12
//!   +-------------------+-------------------+-------------------+-------------------+
//!  0| magic "BOID"      | format version    | dim (2 or 3)      | count             |
//!   +-------------------+-------------------+-------------------+-------------------+
//! 16| bounds kind       | half extent (f32) | step, low half    | step, high half   |
//!   +-------------------+-------------------+-------------------+-------------------+
//! 32| seed, low half    | seed, high half   | mean nbours (f32) | order param (f32) |
//!   +-------------------+-------------------+-------------------+-------------------+
//! 48| most neighbours   | predators         | obstacles         | caught            |
//!   +-------------------+-------------------+-------------------+-------------------+
//! 64| x: f32 * stride | y: f32 * stride | z: f32 * stride (3D only)                 |
//!   +-------------------------------------------------------------------------------+
//!   | vx: f32 * stride | vy: f32 * stride | vz: f32 * stride (3D only)              |
//!   +-------------------------------------------------------------------------------+
//!   | id: u32 * stride                                                              |
//!   +-------------------------------------------------------------------------------+
//!   | predators, then obstacles: 32 bytes each                                      |
//!   +-------------------------------------------------------------------------------+
//! ```
//!
//! Bounds kinds: 0 torus, 1 box, 2 sphere. The world is `[-h, h]` on each axis, or the ball of
//! radius `h`, where `h` is the half extent. A boid keeps its id for life; its place in the
//! arrays changes with every step.
//!
//! Predators and obstacles are drawn in `scene.rs`, beside [`Obstacle`](super::Obstacle).
//!
//! The statistics are those of the step that wrote the frame: neighbours as seen from the
//! positions before it, at most the cap of each boid, and the order parameter of the velocities
//! in the frame; caught are the boids that were within reach of a predator before it. A frame that
//! no step has written says zero neighbours and nobody caught.

use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

use super::params::Bounds;
use super::scene::{
    MAX_OBSTACLES, MAX_PREDATORS, Obstacle, Predator, RECORD_LEN, RECORD_WORDS, Record,
};

/// The first word: "BOID" in little-endian memory. A frame from a machine of the other byte
/// order does not have it and is refused.
pub const MAGIC: u32 = u32::from_le_bytes(*b"BOID");
/// Version of this format.
pub const FORMAT_VERSION: u32 = 1;
/// Most boids in a frame.
pub const MAX_COUNT: u32 = 4_000_000;
/// Smallest half extent of a world.
pub const MIN_HALF_EXTENT: f32 = 1e-3;
/// Largest half extent of a world.
pub const MAX_HALF_EXTENT: f32 = 1e6;

/// Length of the header in bytes.
pub const HEADER_LEN: usize = HEADER_WORDS * WORD_LEN;

const WORD_LEN: usize = 4;
const HEADER_WORDS: usize = 16;
/// Arrays start on a multiple of this many words.
pub(super) const STRIDE_WORDS: usize = 16;

/// Longest scene.
const MAX_SCENE_LEN: usize = (MAX_PREDATORS + MAX_OBSTACLES) as usize * RECORD_LEN;

/// Indices of the header's words.
mod word {
    pub(super) const MAGIC: usize = 0;
    pub(super) const VERSION: usize = MAGIC + 1;
    pub(super) const DIM: usize = VERSION + 1;
    pub(super) const COUNT: usize = DIM + 1;
    pub(super) const BOUNDS: usize = COUNT + 1;
    pub(super) const HALF_EXTENT: usize = BOUNDS + 1;
    pub(super) const STEP: usize = HALF_EXTENT + 1;
    pub(super) const SEED: usize = STEP + 2;
    pub(super) const MEAN_NEIGHBOURS: usize = SEED + 2;
    pub(super) const ORDER_PARAMETER: usize = MEAN_NEIGHBOURS + 1;
    pub(super) const MAX_NEIGHBOURS: usize = ORDER_PARAMETER + 1;
    pub(super) const PREDATORS: usize = MAX_NEIGHBOURS + 1;
    pub(super) const OBSTACLES: usize = PREDATORS + 1;
    pub(super) const CAUGHT: usize = OBSTACLES + 1;
}

const _: () = assert!(word::CAUGHT == HEADER_WORDS - 1);
const _: () = assert!(HEADER_LEN == 64);
const _: () = assert!(STRIDE_WORDS * WORD_LEN == 64);
// The largest frame fits into 31 bits, and so into a usize and an isize of 32 bits.
const _: () =
    assert!(HEADER_LEN as u64 + 7 * 4 * (MAX_COUNT as u64 + 15) + MAX_SCENE_LEN as u64 <= 1 << 31);

/// What the header of a frame says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Axes: 2 or 3.
    pub dim: u32,
    /// Boids: 1 to [`MAX_COUNT`].
    pub count: u32,
    /// What the world's edge does.
    pub bounds: Bounds,
    /// Half the world's width, or the sphere's radius: [`MIN_HALF_EXTENT`] to
    /// [`MAX_HALF_EXTENT`].
    pub half_extent: f32,
    /// Steps since `init`; wraps.
    pub step: u64,
    /// Seed that the flock was made from.
    pub seed: u64,
    /// Mean number of neighbours a boid saw in the last step.
    pub mean_neighbours: f32,
    /// Length of the mean heading: 0 is disorder, 1 is all in one direction.
    pub order_parameter: f32,
    /// Most neighbours a boid saw in the last step.
    pub max_neighbours: u32,
    /// Predators: at most [`MAX_PREDATORS`].
    pub predators: u32,
    /// Obstacles: at most [`MAX_OBSTACLES`].
    pub obstacles: u32,
    /// Boids within reach of a predator in the last step.
    pub caught: u32,
}

impl Header {
    fn parse(words: &[u32; HEADER_WORDS]) -> Result<Self, UnitError> {
        if words[word::MAGIC] != MAGIC {
            return Err(UnitError::BadInput { what: "not a frame of boids in this byte order" });
        }
        if words[word::VERSION] != FORMAT_VERSION {
            return Err(UnitError::BadInput { what: "a frame of another format version" });
        }
        let bounds = Bounds::from_code(words[word::BOUNDS])
            .ok_or(UnitError::BadInput { what: "unknown kind of bounds" })?;
        let wide = |index: usize| u64::from(words[index]) | u64::from(words[index + 1]) << 32;
        let header = Self {
            dim: words[word::DIM],
            count: words[word::COUNT],
            bounds,
            half_extent: f32::from_bits(words[word::HALF_EXTENT]),
            step: wide(word::STEP),
            seed: wide(word::SEED),
            mean_neighbours: f32::from_bits(words[word::MEAN_NEIGHBOURS]),
            order_parameter: f32::from_bits(words[word::ORDER_PARAMETER]),
            max_neighbours: words[word::MAX_NEIGHBOURS],
            predators: words[word::PREDATORS],
            obstacles: words[word::OBSTACLES],
            caught: words[word::CAUGHT],
        };
        header.validate()?;
        Ok(header)
    }

    /// Checks every field against the range it is documented with. Written so that NaN fails.
    fn validate(&self) -> Result<(), UnitError> {
        let what = if !(2..=3).contains(&self.dim) {
            "a frame has 2 or 3 axes"
        } else if !(1..=MAX_COUNT).contains(&self.count) {
            "a frame holds 1 to 4000000 boids"
        } else if !(MIN_HALF_EXTENT..=MAX_HALF_EXTENT).contains(&self.half_extent) {
            "the half extent must be from 0.001 to 1000000"
        } else if !(0.0..=f32::MAX).contains(&self.mean_neighbours) {
            "the mean number of neighbours must be finite and not negative"
        } else if !(0.0..=1.0).contains(&self.order_parameter) {
            "the order parameter must be from 0 to 1"
        } else if self.predators > MAX_PREDATORS || self.obstacles > MAX_OBSTACLES {
            "a frame has at most 64 predators and 256 obstacles"
        } else {
            return Ok(());
        };
        Err(UnitError::BadInput { what })
    }

    fn to_words(self) -> [u32; HEADER_WORDS] {
        let mut words = [0; HEADER_WORDS];
        words[word::MAGIC] = MAGIC;
        words[word::VERSION] = FORMAT_VERSION;
        words[word::DIM] = self.dim;
        words[word::COUNT] = self.count;
        words[word::BOUNDS] = self.bounds.code();
        words[word::HALF_EXTENT] = self.half_extent.to_bits();
        words[word::STEP] = self.step as u32;
        words[word::STEP + 1] = (self.step >> 32) as u32;
        words[word::SEED] = self.seed as u32;
        words[word::SEED + 1] = (self.seed >> 32) as u32;
        words[word::MEAN_NEIGHBOURS] = self.mean_neighbours.to_bits();
        words[word::ORDER_PARAMETER] = self.order_parameter.to_bits();
        words[word::MAX_NEIGHBOURS] = self.max_neighbours;
        words[word::PREDATORS] = self.predators;
        words[word::OBSTACLES] = self.obstacles;
        words[word::CAUGHT] = self.caught;
        words
    }

    /// Words from one array to the next.
    fn stride(&self) -> usize {
        stride(self.count as usize)
    }

    /// Length of the whole frame in bytes. Cannot overflow for a header that was validated.
    pub(super) fn frame_len(&self) -> usize {
        self.scene_offset() + (self.predators + self.obstacles) as usize * RECORD_LEN
    }

    /// Where predators begin.
    fn scene_offset(&self) -> usize {
        HEADER_LEN + (2 * self.dim as usize + 1) * self.stride() * WORD_LEN
    }
}

const fn stride(count: usize) -> usize {
    count.next_multiple_of(STRIDE_WORDS)
}

/// Length in bytes of a frame of `count` boids; `None` if there is no such frame.
///
/// ```
/// use inos_units::boids::frame_len;
///
/// assert_eq!(frame_len(2, 1), Some(64 + 5 * 64));
/// assert_eq!(frame_len(3, 10_000), Some(64 + 7 * 40_000));
/// assert_eq!(frame_len(4, 1), None);
/// assert_eq!(frame_len(3, 0), None);
/// ```
#[must_use]
pub const fn frame_len(dim: u32, count: u32) -> Option<usize> {
    if dim < 2 || dim > 3 || count == 0 || count > MAX_COUNT {
        return None;
    }
    Some(HEADER_LEN + (2 * dim as usize + 1) * stride(count as usize) * WORD_LEN)
}

/// Length in bytes of a frame with predators and obstacles; `None` if there is no such frame.
///
/// ```
/// use inos_units::boids::{frame_len, frame_len_with};
///
/// assert_eq!(frame_len_with(3, 100, 0, 0), frame_len(3, 100));
/// assert_eq!(frame_len_with(2, 1, 1, 2), Some(64 + 5 * 64 + 3 * 32));
/// assert_eq!(frame_len_with(3, 100, 65, 0), None);
/// ```
#[must_use]
pub const fn frame_len_with(dim: u32, count: u32, predators: u32, obstacles: u32) -> Option<usize> {
    if predators > MAX_PREDATORS || obstacles > MAX_OBSTACLES {
        return None;
    }
    match frame_len(dim, count) {
        Some(len) => Some(len + (predators + obstacles) as usize * RECORD_LEN),
        None => None,
    }
}

/// A checked view of a frame. It borrows the bytes; after `Ok` no accessor panics.
///
/// The header is checked wholly. Positions and velocities are not looked at: they may be any
/// floats, NaN among them, if somebody else wrote the bytes.
///
/// ```
/// use inos_units::boids::Frame;
/// use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
///
/// let mut out = VecOutput::new(4096);
/// let call = Call { input: b"", params: br#"{"count": 10, "dim": 2}"# };
/// Dispatcher::standard().execute_named("boids", "init", call, &mut out, &Budget::unlimited())?;
///
/// let frame = Frame::new(out.as_bytes())?;
/// assert_eq!(frame.header().count, 10);
/// assert_eq!(frame.pos(0).len(), 10);
/// assert!(frame.pos(2).is_empty());
/// assert_eq!(frame.ids()[9], 9);
/// # Ok::<(), UnitError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    bytes: &'a [u8],
    header: Header,
    pos: [&'a [f32]; 3],
    vel: [&'a [f32]; 3],
    ids: &'a [u32],
    predators: &'a [Record],
    obstacles: &'a [Record],
}

impl<'a> Frame<'a> {
    /// Views `bytes` as a frame. Bytes behind the frame are ignored, so a view of a larger slot
    /// of shared memory will do.
    ///
    /// # Errors
    /// [`UnitError::BadInput`] if the bytes are too few, do not start on a multiple of four, or
    /// have a header that breaks the format.
    pub fn new(bytes: &'a [u8]) -> Result<Self, UnitError> {
        const SHORT: UnitError = UnitError::BadInput { what: "the frame is cut short" };

        let head = bytes.get(..HEADER_LEN).ok_or(SHORT)?;
        let head: &[u32] = bytemuck::try_cast_slice(head)
            .map_err(|_| UnitError::BadInput { what: "the frame is not aligned to 4 bytes" })?;
        let head: &[u32; HEADER_WORDS] = head.try_into().map_err(|_| SHORT)?;
        let header = Header::parse(head)?;

        let bytes = bytes.get(..header.frame_len()).ok_or(SHORT)?;
        let body = bytes.get(HEADER_LEN..).ok_or(SHORT)?;
        let floats: &[f32] = bytemuck::try_cast_slice(body).map_err(|_| SHORT)?;
        let words: &[u32] = bytemuck::try_cast_slice(body).map_err(|_| SHORT)?;
        let (dim, count) = (header.dim as usize, header.count as usize);
        let array = |index: usize| {
            let start = index * header.stride();
            floats.get(start..start + count).ok_or(SHORT)
        };
        let mut frame = Self {
            bytes,
            header,
            pos: [&[]; 3],
            vel: [&[]; 3],
            ids: &[],
            predators: &[],
            obstacles: &[],
        };
        for axis in 0..dim {
            frame.pos[axis] = array(axis)?;
            frame.vel[axis] = array(dim + axis)?;
        }
        let start = 2 * dim * header.stride();
        frame.ids = words.get(start..start + count).ok_or(SHORT)?;
        let scene = words.get(start + header.stride()..).ok_or(SHORT)?;
        let (records, _) = scene.as_chunks::<RECORD_WORDS>();
        (frame.predators, frame.obstacles) =
            records.split_at_checked(header.predators as usize).ok_or(SHORT)?;
        Ok(frame)
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The frame's own bytes, without what may lie behind it.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many boids there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.header.count as usize
    }

    /// How many axes there are: 2 or 3.
    #[must_use]
    pub const fn dim(&self) -> usize {
        self.header.dim as usize
    }

    /// Positions along an axis, one per boid; empty for an axis that the frame does not have.
    #[must_use]
    pub fn pos(&self, axis: usize) -> &'a [f32] {
        self.pos.get(axis).copied().unwrap_or_default()
    }

    /// Velocities along an axis, one per boid; empty for an axis that the frame does not have.
    #[must_use]
    pub fn vel(&self, axis: usize) -> &'a [f32] {
        self.vel.get(axis).copied().unwrap_or_default()
    }

    /// Ids, one per boid.
    #[must_use]
    pub const fn ids(&self) -> &'a [u32] {
        self.ids
    }

    /// Predators, as they lie there.
    pub fn predators(&self) -> impl Iterator<Item = Predator> + use<'a> {
        self.predators.iter().map(Predator::from_record)
    }

    /// Obstacles; `None` for one that is out of range or of an unknown kind.
    pub fn obstacles(&self) -> impl Iterator<Item = Option<Obstacle>> + use<'a> {
        self.obstacles.iter().map(|record| Obstacle::from_record(record).ok())
    }

    /// Where boid number `index` of the arrays is; an axis that is not there is zero.
    pub(super) fn pos_of(&self, index: usize) -> [f32; 3] {
        self.pos.map(|array| array.get(index).copied().unwrap_or(0.0))
    }

    /// How it moves, in the same way.
    pub(super) fn vel_of(&self, index: usize) -> [f32; 3] {
        self.vel.map(|array| array.get(index).copied().unwrap_or(0.0))
    }

    /// The records of both.
    pub(super) const fn scene(&self) -> (&'a [Record], &'a [Record]) {
        (self.predators, self.obstacles)
    }
}

/// Writes a frame from arrays, for instance to restore a flock or to start from one's own
/// positions; returns its length in bytes.
///
/// `pos` and `vel` have a slice per axis, each with `header.count` values. Predators and obstacles
/// are added by the method `set_scene`.
///
/// # Errors
/// [`UnitError::BadInput`] if the header breaks the format or an array has another length,
/// [`UnitError::OutputTooSmall`] if the frame does not fit.
///
/// ```
/// use inos_units::boids::{Bounds, Frame, Header, write_frame};
/// use inos_units::{UnitError, VecOutput};
///
/// let header = Header {
///     dim: 2, count: 1, bounds: Bounds::Box, half_extent: 10.0, step: 0, seed: 1,
///     mean_neighbours: 0.0, order_parameter: 0.0, max_neighbours: 0,
///     predators: 0, obstacles: 0, caught: 0,
/// };
/// let mut out = VecOutput::new(4096);
/// write_frame(&mut out, &header, &[&[1.0], &[2.0]], &[&[0.5], &[0.0]], &[7])?;
/// assert_eq!(Frame::new(out.as_bytes())?.ids(), [7]);
/// # Ok::<(), UnitError>(())
/// ```
pub fn write_frame(
    out: &mut dyn Output,
    header: &Header,
    pos: &[&[f32]],
    vel: &[&[f32]],
    ids: &[u32],
) -> Result<usize, UnitError> {
    header.validate()?;
    if header.predators > 0 || header.obstacles > 0 {
        return Err(UnitError::BadInput { what: "a scene, which is set afterwards" });
    }
    let (dim, count) = (header.dim as usize, header.count as usize);
    let fits =
        |arrays: &[&[f32]]| arrays.len() == dim && arrays.iter().all(|array| array.len() == count);
    if !fits(pos) || !fits(vel) || ids.len() != count {
        return Err(UnitError::BadInput { what: "arrays that do not match the header" });
    }
    write_header(out, header)?;
    for (index, array) in pos.iter().chain(vel).enumerate() {
        write_array(out, header, index, 0, bytemuck::cast_slice(array))?;
    }
    write_ids(out, header, ids)?;
    Ok(header.frame_len())
}

/// Writes the header and the zeros behind each array, after checking that the frame fits.
pub(super) fn write_header(out: &mut dyn Output, header: &Header) -> Result<(), UnitError> {
    require(out, header.frame_len())?;
    out.write(0, bytemuck::cast_slice(&header.to_words()))?;
    let zeros = [0; STRIDE_WORDS * WORD_LEN];
    let count = header.count as usize;
    let padding_len = (header.stride() - count) * WORD_LEN;
    for index in 0..=2 * header.dim as usize {
        write_array(out, header, index, count, &zeros[..padding_len])?;
    }
    Ok(())
}

/// Writes `bytes` into array number `index` from its element `start` on.
pub(super) fn write_array(
    out: &mut dyn Output,
    header: &Header,
    index: usize,
    start: usize,
    bytes: &[u8],
) -> Result<(), UnitError> {
    out.write(HEADER_LEN + (index * header.stride() + start) * WORD_LEN, bytes)
}

/// Writes the array of ids.
pub(super) fn write_ids(
    out: &mut dyn Output,
    header: &Header,
    ids: &[u32],
) -> Result<(), UnitError> {
    write_array(out, header, 2 * header.dim as usize, 0, bytemuck::cast_slice(ids))
}

/// Writes predators and obstacles.
pub(super) fn write_scene(
    out: &mut dyn Output,
    header: &Header,
    records: &[Record],
) -> Result<(), UnitError> {
    out.write(header.scene_offset(), bytemuck::cast_slice(records))
}

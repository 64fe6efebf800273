//! What a range of a step gives: statistics, then an array for each axis.
#![forbid(unsafe_code)]

use crate::unit::Part;

use super::order::HeadingSum;
use super::rule::Flyers;
use crate::simd::Lanes;

pub(super) const WORD_LEN: usize = size_of::<f32>();

/// The head of a part: which boids it holds, and their share of the statistics.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Summary {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) neighbours: u64,
    pub(super) max_neighbours: u32,
    pub(super) headings: HeadingSum,
}

impl Summary {
    /// Seven words of 64 bits, and one unused so that arrays start on a multiple of 64.
    pub(super) const LEN: usize = 64;

    pub(super) fn merge(&mut self, other: &Self) {
        self.len += other.len;
        self.neighbours = self.neighbours.saturating_add(other.neighbours);
        self.max_neighbours = self.max_neighbours.max(other.max_neighbours);
        self.headings.merge(other.headings);
    }

    /// Fills the head of `part`, which has room for it.
    pub(super) fn write(&self, part: &mut Part) {
        let [x, y, z] = self.headings.0.map(i64::cast_unsigned);
        let words = [
            self.start as u64,
            self.len as u64,
            self.neighbours,
            u64::from(self.max_neighbours),
            x,
            y,
            z,
            0,
        ];
        for (target, word) in part.chunks_exact_mut(size_of::<u64>()).zip(words) {
            target.copy_from_slice(&word.to_ne_bytes());
        }
    }

    /// Reads the head of `part`; `None` if its length is not what the head says.
    pub(super) fn read(part: &Part, array_count: usize) -> Option<Self> {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(part.get(..Self::LEN)?.as_chunks().0) {
            *word = u64::from_ne_bytes(*bytes);
        }
        let [start, len, neighbours, max_neighbours, x, y, z, _] = words;
        let (start, len) = (usize::try_from(start).ok()?, usize::try_from(len).ok()?);
        let arrays_len = len.checked_mul(array_count * WORD_LEN)?;
        if part.len() - Self::LEN != arrays_len {
            return None;
        }
        Some(Self {
            start,
            len,
            neighbours,
            max_neighbours: u32::try_from(max_neighbours).ok()?,
            headings: HeadingSum([x, y, z].map(u64::cast_signed)),
        })
    }
}

/// Writes results into the arrays of a part: x, y, z, vx, vy, vz, as in the frame.
pub(super) struct PartWriter<'a> {
    arrays: [&'a mut [[u8; WORD_LEN]]; 6],
}

impl<'a> PartWriter<'a> {
    pub(super) fn new(part: &'a mut Part, len: usize, dim: usize) -> Self {
        part.resize(Summary::LEN + 2 * dim * len * WORD_LEN, 0);
        let (mut rest, _) = part[Summary::LEN..].as_chunks_mut::<WORD_LEN>();
        let mut arrays: [&'a mut [[u8; WORD_LEN]]; 6] = Default::default();
        for array in arrays.iter_mut().take(2 * dim) {
            (*array, rest) = rest.split_at_mut(len);
        }
        Self { arrays }
    }

    /// Writes the first `count` lanes of each axis behind what was written.
    #[inline(always)]
    pub(super) fn push<const DIM: usize>(&mut self, at: usize, count: usize, flyers: &Flyers) {
        for axis in 0..DIM {
            put(&mut self.arrays[axis][at..at + count], &flyers.pos[axis]);
            put(&mut self.arrays[DIM + axis][at..at + count], &flyers.vel[axis]);
        }
    }
}

#[inline(always)]
fn put(to: &mut [[u8; WORD_LEN]], from: &Lanes) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.to_ne_bytes();
    }
}

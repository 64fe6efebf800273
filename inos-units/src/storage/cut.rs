//! Where objects are cut, and the hashing of what comes out.

use std::ops::Range;

use fastcdc::v2020::FastCDC;

use super::address::{ADDRESS_LEN, Address};
use super::entry::{Content, Piece, Prepared};
use super::params::ChunkParams;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Objects up to this length are never cut. It is the default `min` of `chunk`.
pub const MIN_CHUNK_LEN: usize = 16 << 10;
/// Length that chunks of the store have about. It is the default `average` of `chunk`.
pub const AVERAGE_CHUNK_LEN: usize = 64 << 10;
/// No chunk that `put` makes is longer. It is the default `max` of `chunk`.
pub const MAX_CHUNK_LEN: usize = 256 << 10;

/// Bytes of a row that `chunk` gives: offset, length, hash.
pub const CHUNK_ROW_LEN: usize = 16 + ADDRESS_LEN;

/// Bytes that the hash of a whole object takes in at a time: an aligned power of two, so that
/// BLAKE3 works on full subtrees, and small enough to be in the cache from the cutting.
pub(super) const WINDOW_LEN: usize = 128 << 10;

/// Lengths that cutting keeps to, legal for the crate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    min: usize,
    average: usize,
    max: usize,
}

impl Limits {
    pub(super) const STORE: Self =
        Self { min: MIN_CHUNK_LEN, average: AVERAGE_CHUNK_LEN, max: MAX_CHUNK_LEN };

    pub(super) fn new(params: &ChunkParams) -> Result<Self, UnitError> {
        Self::of(params.min, params.average, params.max)
    }

    pub(super) fn of(min: u32, average: u32, max: u32) -> Result<Self, UnitError> {
        let even = "an even number";
        for (name, value) in [("min", min), ("average", average), ("max", max)] {
            if value % 2 != 0 {
                return Err(UnitError::BadParam { name, expected: even });
            }
        }
        if min > average {
            return Err(UnitError::BadParam { name: "min", expected: "at most average" });
        }
        if average > max {
            return Err(UnitError::BadParam { name: "average", expected: "at most max" });
        }
        Ok(Self { min: min as usize, average: average as usize, max: max as usize })
    }

    #[cfg(feature = "storage-pack")]
    pub(super) const fn max_len(&self) -> usize {
        self.max
    }

    /// Most chunks that so many bytes are cut into: all but the last have `min` or more.
    pub(super) fn most_chunks(&self, len: usize) -> usize {
        len.div_ceil(self.min.max(1))
    }

    /// Most bytes of the result of `chunk`.
    pub(super) fn bound(&self, len: usize) -> usize {
        self.most_chunks(len).saturating_mul(CHUNK_ROW_LEN)
    }
}

/// The chunks of some bytes, as ranges, in order and without gaps.
pub(super) fn cuts(bytes: &[u8], limits: Limits) -> impl Iterator<Item = Range<usize>> + '_ {
    FastCDC::new(bytes, limits.min, limits.average, limits.max)
        .map(|chunk| chunk.offset..chunk.offset.saturating_add(chunk.length))
}

/// Cuts an object and hashes it and its chunks, in one pass over memory.
pub(super) fn prepare<'a>(bytes: &'a [u8], budget: &Budget) -> Result<Prepared<'a>, UnitError> {
    let whole = |address| Prepared { address, content: Content::Whole(bytes) };
    if bytes.len() <= MIN_CHUNK_LEN {
        return Ok(whole(Address::of(bytes)));
    }
    let mut hasher = blake3::Hasher::new();
    let mut rest = bytes;
    let mut pieces = Vec::new();
    for range in cuts(bytes, Limits::STORE) {
        budget.check()?;
        let end = range.end;
        let part = bytes.get(range).unwrap_or_default();
        let hash = Address::of(part);
        if part.len() == bytes.len() {
            return Ok(whole(hash));
        }
        pieces.push((Piece { hash, end: end as u64 }, part));
        // What was cut is hashed again, for the address, as soon as there is a window of it.
        while let Some((window, tail)) = rest.split_at_checked(WINDOW_LEN)
            && bytes.len() - tail.len() <= end
        {
            hasher.update(window);
            rest = tail;
        }
    }
    hasher.update(rest);
    Ok(Prepared { address: hasher.finalize().into(), content: Content::Pieces(pieces) })
}

/// The method `chunk`.
pub(super) fn chunk(
    params: &ChunkParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let limits = Limits::new(params)?;
    // Refuses at once what cannot fit; the exact length is known when all is cut.
    require(out, input.len().div_ceil(limits.max.max(1)).saturating_mul(CHUNK_ROW_LEN))?;
    let mut len = 0;
    for range in cuts(input, limits) {
        budget.check()?;
        let mut row = [0; CHUNK_ROW_LEN];
        let (offset_field, rest) = row.split_at_mut(8);
        let (len_field, hash_field) = rest.split_at_mut(8);
        offset_field.copy_from_slice(&(range.start as u64).to_le_bytes());
        len_field.copy_from_slice(&(range.len() as u64).to_le_bytes());
        let part = input.get(range).unwrap_or_default();
        hash_field.copy_from_slice(Address::of(part).as_bytes());
        out.write(len, &row)?;
        len += CHUNK_ROW_LEN;
    }
    Ok(len)
}

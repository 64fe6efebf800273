//! From a pack to its file.

use std::ops::Range;

use super::super::StorageUnit;
use super::format::{Header, PACK_ROW_LEN};
use super::manifest::{BAD, Manifest, Places, ROWS_PER_CHECK, as_len};
use super::params::{PackKeyParams, PackRangeParams, UnpackParams};
use crate::budget::Budget;
use crate::crypto::Cleared;
use crate::error::UnitError;
use crate::memory::copied;
use crate::output::require;
use crate::unit::{Output, Part, Plan};

/// Credits for opening, decompressing and hashing a chunk.
const fn chunk_credits(len: u32) -> u64 {
    len as u64 * 3
}

/// Bytes of the file, if they are not more than `max_length`.
pub(in super::super) fn bound(params: &UnpackParams, pack: &[u8]) -> Result<usize, UnitError> {
    let (Header { len, .. }, ..) = Header::read(pack)?;
    let max = params.max_length;
    if len > max { Err(UnitError::TooLarge { len, max }) } else { Ok(as_len(len)) }
}

/// The range of the file that is meant: cut off where the file ends.
fn clip(params: &PackRangeParams, len: u64) -> Result<Range<u64>, UnitError> {
    let PackRangeParams { offset, length, .. } = *params;
    if offset > len {
        let expected = "not beyond the end of the file";
        return Err(UnitError::BadParam { name: "offset", expected });
    }
    Ok(offset..len.min(offset.saturating_add(length)))
}

/// Bytes of a range.
pub(in super::super) fn range_bound(
    params: &PackRangeParams,
    pack: &[u8],
) -> Result<usize, UnitError> {
    let (Header { len, .. }, ..) = Header::read(pack)?;
    clip(params, len).map(|range| as_len(range.end - range.start))
}

/// Bytes of the rows.
pub(in super::super) fn manifest_bound(pack: &[u8]) -> Result<usize, UnitError> {
    let (Header { row_count, .. }, ..) = Header::read(pack)?;
    Ok((row_count as usize).saturating_mul(PACK_ROW_LEN))
}

/// `unpack` in one piece: each chunk is opened once, and goes to every place that it has.
pub(in super::super) fn unpack(
    unit: &StorageUnit,
    params: &UnpackParams,
    pack: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let len = bound(params, pack)?;
    require(out, len)?;
    let manifest = Manifest::open(unit, params.key, pack, budget)?;
    let places = manifest.places(budget)?;
    let mut scratch = <[Cleared; 2]>::default();
    for number in 0..manifest.entries.len() {
        budget.check()?;
        let chunk = manifest.chunk(pack, number, &mut scratch, budget)?;
        for (index, offset) in places.of(number).iter().enumerate() {
            if chunk.len() >= 4096 || index % 64 == 63 {
                budget.check()?;
            }
            out.write(as_len(*offset), chunk)?;
        }
    }
    Ok(len)
}

/// `unpack`, with a copy of the pack. Items are chunks that differ.
pub(in super::super) struct Unpack {
    pack: Vec<u8>,
    manifest: Manifest,
    places: Places,
}

impl Unpack {
    pub(in super::super) fn new(
        unit: &StorageUnit,
        params: &UnpackParams,
        pack: &[u8],
        budget: &Budget,
    ) -> Result<Self, UnitError> {
        bound(params, pack)?;
        let manifest = Manifest::open(unit, params.key, pack, budget)?;
        let places = manifest.places(budget)?;
        Ok(Self { pack: copied(pack)?, manifest, places })
    }
}

impl Plan for Unpack {
    fn item_count(&self) -> usize {
        self.manifest.entries.len()
    }

    /// A part is the chunks, one behind the other.
    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let entries = self.manifest.entries.iter().skip(range.start).take(range.len());
        let len = entries.map(|(entry, _)| entry.len as usize).sum();
        // Cleared unless all of it holds.
        let mut part = Cleared::default();
        part.reserve(len)?;
        let mut scratch = <[Cleared; 2]>::default();
        for number in range.start..range.end.min(self.item_count()) {
            budget.check()?;
            part.append(self.manifest.chunk(&self.pack, number, &mut scratch, budget)?);
        }
        Ok(part.take())
    }

    /// The parts are cleared; one that is never merged is not.
    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let missing = UnitError::BadInput { what: "parts that are not all chunks" };
        let parts: Vec<_> = parts.into_iter().map(Cleared::from).collect();
        let len = as_len(self.manifest.len);
        require(out, len)?;
        let mut entries = self.manifest.entries.iter().enumerate();
        for mut rest in parts.iter().map(Cleared::as_slice) {
            while !rest.is_empty() {
                let (number, (entry, _)) = entries.next().ok_or(missing.clone())?;
                let chunk = rest.split_at_checked(entry.len as usize);
                let (chunk, behind) = chunk.ok_or(missing.clone())?;
                for offset in self.places.of(number) {
                    out.write(as_len(*offset), chunk)?;
                }
                rest = behind;
            }
        }
        if entries.next().is_none() { Ok(len) } else { Err(missing) }
    }
}

/// `unpack_range`: opens the chunks that the range touches, and no others.
pub(in super::super) fn range(
    unit: &StorageUnit,
    params: &PackRangeParams,
    pack: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let len = range_bound(params, pack)?;
    require(out, len)?;
    let manifest = Manifest::open(unit, params.key, pack, budget)?;
    let wanted = clip(params, manifest.len)?;
    let mut scratch = <[Cleared; 2]>::default();
    let mut at = 0_usize;
    for (index, (number, entry, begin)) in manifest.offsets().enumerate() {
        if index.is_multiple_of(ROWS_PER_CHECK) {
            budget.check()?;
        }
        let end = begin.saturating_add(entry.len.into());
        if end <= wanted.start {
            continue;
        }
        if begin >= wanted.end {
            break;
        }
        budget.spend(chunk_credits(entry.len))?;
        let chunk = manifest.chunk(pack, number as usize, &mut scratch, budget)?;
        let inside = wanted.start.saturating_sub(begin)..wanted.end.min(end).saturating_sub(begin);
        let inside = chunk.get(as_len(inside.start)..as_len(inside.end)).ok_or(BAD)?;
        out.write(at, inside)?;
        at = at.saturating_add(inside.len());
    }
    if at == len { Ok(len) } else { Err(BAD) }
}

/// `pack_manifest`.
pub(in super::super) fn manifest(
    unit: &StorageUnit,
    params: &PackKeyParams,
    pack: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    require(out, manifest_bound(pack)?)?;
    let manifest = Manifest::open(unit, params.key, pack, budget)?;
    let mut at = 0_usize;
    for (index, (number, entry, offset)) in manifest.offsets().enumerate() {
        if index.is_multiple_of(ROWS_PER_CHECK) {
            budget.check()?;
        }
        let place = manifest.entries.get(number as usize).map_or(0, |(_, begin)| *begin);
        let mut row = [0; PACK_ROW_LEN];
        let fields = [
            &entry.hash.as_bytes()[..],
            &offset.to_le_bytes(),
            &(place as u64).to_le_bytes(),
            &entry.len.to_le_bytes(),
            &entry.stored.to_le_bytes(),
            &u32::from(entry.is_brotli).to_le_bytes(),
            &u32::from(manifest.seal.is_some()).to_le_bytes(),
        ];
        for (byte, field) in row.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *field;
        }
        out.write(at, &row)?;
        at = at.saturating_add(PACK_ROW_LEN);
    }
    Ok(at)
}

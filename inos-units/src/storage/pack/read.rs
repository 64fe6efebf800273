//! From a pack to its file.

use std::ops::Range;

use super::super::StorageUnit;
use super::super::address::Address;
use super::format::{Entry, Header, PACK_ENTRY_LEN, PACK_HEADER_LEN, PACK_ROW_LEN};
use super::params::{PackKeyParams, PackRangeParams, UnpackParams};
use super::seal::Seal;
use crate::budget::Budget;
use crate::compress::stream::decompress;
use crate::crypto::Cleared;
use crate::error::UnitError;
use crate::output::{SliceOutput, require};
use crate::unit::{Output, Part, Plan};

/// Rows between two looks at the budget.
const ROWS_PER_CHECK: usize = 4096;

const BAD: UnitError = UnitError::BadInput { what: "a pack whose manifest does not add up" };

/// Credits for opening, decompressing and hashing a chunk.
const fn chunk_credits(len: u32) -> u64 {
    len as u64 * 3
}

fn as_len(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
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

/// A manifest whose tag or digest held, and which adds up.
struct Manifest {
    seal: Seal,
    /// With where in the pack each chunk begins.
    entries: Vec<(Entry, usize)>,
    /// Numbers of entries, each of which there is.
    rows: Vec<u32>,
    len: u64,
}

impl Manifest {
    fn open(
        unit: &StorageUnit,
        handle: u64,
        pack: &[u8],
        budget: &Budget,
    ) -> Result<Self, UnitError> {
        budget.check()?;
        let (header, header_bytes, rest) = Header::read(pack)?;
        let seal = match (&header.nonce, handle) {
            (None, 0) => Seal::NONE,
            // Who has a key wants what was sealed with it, and nothing else.
            (None, _) => return Err(UnitError::Refused { what: "a pack that is not sealed" }),
            (Some(nonce), _) => Seal::new(unit.keys.as_ref(), handle, nonce)?,
        };
        let behind = rest.get(as_len(header.stored)..).unwrap_or_default();
        let manifest = seal.open_manifest(header.entry_count as usize, header_bytes, behind)?;
        let entries_len = (header.entry_count as usize).saturating_mul(PACK_ENTRY_LEN);
        let (entry_bytes, row_bytes) = manifest.split_at_checked(entries_len).ok_or(BAD)?;

        let mut entries = Vec::with_capacity(header.entry_count as usize);
        let mut at = PACK_HEADER_LEN;
        for (index, bytes) in entry_bytes.chunks(PACK_ENTRY_LEN).enumerate() {
            if index.is_multiple_of(ROWS_PER_CHECK) {
                budget.check()?;
            }
            let entry = Entry::read(bytes, seal.len())?;
            entries.push((entry, at));
            at = at.saturating_add(entry.stored as usize);
        }
        let mut rows = Vec::with_capacity(header.row_count as usize);
        let (mut len, mut seen) = (0_u64, 0);
        for (index, bytes) in row_bytes.as_chunks().0.iter().enumerate() {
            if index.is_multiple_of(ROWS_PER_CHECK) {
                budget.check()?;
            }
            let number = u32::from_le_bytes(*bytes);
            let (entry, _) = entries.get(number as usize).ok_or(BAD)?;
            // Entries are in the order of their first rows.
            if number > seen {
                return Err(BAD);
            }
            seen = seen.max(number.saturating_add(1));
            len = len.saturating_add(entry.len.into());
            rows.push(number);
        }
        let adds_up = len == header.len
            && seen == header.entry_count
            && at.checked_sub(PACK_HEADER_LEN) == Some(as_len(header.stored));
        if adds_up { Ok(Self { seal, entries, rows, len }) } else { Err(BAD) }
    }

    /// The chunks of the file with their offsets there.
    fn offsets(&self) -> impl Iterator<Item = (u32, &Entry, u64)> {
        let mut end = 0_u64;
        self.rows.iter().filter_map(move |number| {
            let (entry, _) = self.entries.get(*number as usize)?;
            let begin = end;
            end = end.saturating_add(entry.len.into());
            Some((*number, entry, begin))
        })
    }

    /// For each entry where in the file it goes: those of entry `i` are from `starts[i]` to
    /// `starts[i + 1]` of the places.
    fn places(&self, budget: &Budget) -> Result<Places, UnitError> {
        let mut starts = vec![0_u32; self.entries.len().saturating_add(1)];
        budget.check()?;
        for number in &self.rows {
            if let Some(count) = starts.get_mut((*number as usize).saturating_add(1)) {
                *count = count.saturating_add(1);
            }
        }
        let mut sum = 0_u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        let mut offsets = vec![0; self.rows.len()];
        let mut next = starts.clone();
        for (index, (number, _, offset)) in self.offsets().enumerate() {
            if index.is_multiple_of(ROWS_PER_CHECK) {
                budget.check()?;
            }
            let place = next.get_mut(number as usize).ok_or(BAD)?;
            *offsets.get_mut(*place as usize).ok_or(BAD)? = offset;
            *place = place.saturating_add(1);
        }
        Ok(Places { starts, offsets })
    }

    /// The bytes of a chunk, whose tag and hash held, in `scratch`.
    fn chunk<'a>(
        &self,
        pack: &[u8],
        number: usize,
        [opened, plain]: &'a mut [Cleared; 2],
        budget: &Budget,
    ) -> Result<&'a [u8], UnitError> {
        const DAMAGED: UnitError = UnitError::Refused { what: "a chunk of the pack" };
        let (entry, begin) = self.entries.get(number).ok_or(BAD)?;
        let end = begin.saturating_add(entry.stored as usize);
        let stored = pack.get(*begin..end).ok_or(BAD)?;
        let len = entry.len as usize;
        // Both lengths are at most 1 MiB here.
        plain.resize(len)?;
        let target = plain.as_mut_slice();
        if entry.is_brotli {
            let body = if self.seal.is_some() {
                opened.resize(stored.len().saturating_sub(self.seal.len()))?;
                self.seal.open_chunk(number, entry, stored, opened.as_mut_slice())?;
                opened.as_slice()
            } else {
                stored
            };
            match decompress(body, &mut SliceOutput::new(target), 0, len as u64, budget) {
                Ok(got) if got == len => {}
                Err(error @ (UnitError::Cancelled | UnitError::TimedOut)) => return Err(error),
                _ => return Err(DAMAGED),
            }
        } else if self.seal.is_some() {
            self.seal.open_chunk(number, entry, stored, target)?;
        } else {
            target.copy_from_slice(stored.get(..len).ok_or(DAMAGED)?);
        }
        if Address::of(target) == entry.hash { Ok(target) } else { Err(DAMAGED) }
    }
}

/// Where chunks go in the file.
struct Places {
    starts: Vec<u32>,
    offsets: Vec<u64>,
}

impl Places {
    fn of(&self, number: usize) -> &[u64] {
        let edge = |index| self.starts.get(index).map_or(0, |start| *start as usize);
        self.offsets.get(edge(number)..edge(number.saturating_add(1))).unwrap_or_default()
    }
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
            if index % 16 == 15 {
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
        let mut copy = Vec::new();
        let out_of_memory = |_| UnitError::OutOfMemory { len: pack.len() };
        copy.try_reserve_exact(pack.len()).map_err(out_of_memory)?;
        copy.extend_from_slice(pack);
        Ok(Self { pack: copy, manifest, places })
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

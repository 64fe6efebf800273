//! Objects out of the store: every chunk that is touched is verified before its bytes are given.

use std::ops::Range;
use std::sync::Arc;

use super::address::Address;
use super::manifest::{manifest_len, write_manifest};
use super::params::{AddressParams, RangeParams};
use super::store::Store;
use super::{DAMAGED, StorageUnit, hash_credits, refuse_input};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::schema::{Scalar, write_member};
use crate::unit::Output;

/// Most bytes of `stat`, `gc` and `import`: names, and ten numbers of twenty digits.
pub(super) const MAX_JSON_LEN: usize = 512;

/// Bytes of the result of `scrub`, beside those of damaged addresses.
pub(super) const SCRUB_LEN: usize = 256;

/// Bytes of an address in JSON: two digits a byte, quotes, and a comma.
pub(super) const JSON_ADDRESS_LEN: usize = 67;

/// A part of an object: chunks that may be read without a lock, and which bytes of them.
struct Part {
    chunks: Vec<(Address, Arc<[u8]>)>,
    /// Of the first chunk's start.
    skip: usize,
    len: usize,
}

/// The bytes that a range stands for: cut off where the object ends.
fn clip(len: u64, offset: u64, length: u64) -> Result<Range<u64>, UnitError> {
    if offset > len {
        return Err(UnitError::BadParam {
            name: "offset",
            expected: "not beyond the end of the object",
        });
    }
    Ok(offset..len.min(offset.saturating_add(length)))
}

/// Bytes of a range of an object.
pub(super) fn range_len(
    store: &Store,
    address: Address,
    offset: u64,
    length: u64,
) -> Result<usize, UnitError> {
    let range = clip(store.object(address)?.len, offset, length)?;
    Ok(usize::try_from(range.end - range.start).unwrap_or(usize::MAX))
}

fn part(store: &Store, address: Address, offset: u64, length: u64) -> Result<Part, UnitError> {
    let object = store.object(address)?;
    let range = clip(object.len, offset, length)?;
    let rows = object.rows(address);
    let first = rows.partition_point(|row| row.end <= range.start);
    let start = first.checked_sub(1).and_then(|last| rows.get(last)).map_or(0, |row| row.end);
    let mut chunks = Vec::new();
    let mut at = start;
    for row in rows.iter().skip(first).take_while(|_| !range.is_empty()) {
        if at >= range.end {
            break;
        }
        chunks.push((row.hash, store.chunk(row.hash).ok_or(DAMAGED)?));
        at = row.end;
    }
    // Nothing is touched where nothing is wanted, but for the empty object, which has a chunk.
    if object.len == 0 {
        chunks.push((address, store.chunk(address).ok_or(DAMAGED)?));
    }
    let too_large = |_| UnitError::TooLarge { len: object.len, max: usize::MAX as u64 };
    Ok(Part {
        chunks,
        skip: usize::try_from(range.start - start.min(range.start)).map_err(too_large)?,
        len: usize::try_from(range.end - range.start).map_err(too_large)?,
    })
}

/// The methods `get` and `get_range`.
pub(super) fn get(
    unit: &StorageUnit,
    params: &RangeParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    refuse_input(input)?;
    let address = Address::from_param(&params.address)?;
    let (offset, length) = (params.offset, params.length);
    // The length first: a sink that is too small costs nothing.
    let needed = range_len(&unit.read(), address, offset, length)?;
    require(out, needed)?;
    let Part { chunks, mut skip, len } = part(&unit.read(), address, offset, length)?;
    let touched = chunks.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
    budget.spend(hash_credits(touched))?;
    let mut at = 0;
    for (hash, bytes) in &chunks {
        budget.check()?;
        if Address::of(bytes) != *hash {
            return Err(DAMAGED);
        }
        let wanted = bytes.get(skip..).unwrap_or_default();
        let wanted = wanted.get(..len - at).unwrap_or(wanted);
        out.write(at, wanted)?;
        at += wanted.len();
        skip = 0;
    }
    if at == len { Ok(len) } else { Err(DAMAGED) }
}

/// The method `manifest`.
pub(super) fn manifest(
    unit: &StorageUnit,
    params: &AddressParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    refuse_input(input)?;
    budget.check()?;
    let address = Address::from_param(&params.address)?;
    let object = unit.read().object(address)?.clone();
    require(out, manifest_len(object.row_count()))?;
    let mut bytes = Vec::new();
    write_manifest(&mut bytes, address, object.len, &object.rows(address));
    out.write(0, &bytes)?;
    Ok(bytes.len())
}

/// The method `stat`.
pub(super) fn stat(
    unit: &StorageUnit,
    input: &[u8],
    out: &mut dyn Output,
) -> Result<usize, UnitError> {
    refuse_input(input)?;
    let (totals, capacity) = {
        let store = unit.read();
        (*store.totals(), store.capacity())
    };
    let mut json = String::from("{");
    let mut count = |name, value| write_member(&mut json, name, Scalar::Unsigned(value));
    count("objects", totals.objects);
    count("bytes", totals.bytes);
    count("pinned", totals.pinned);
    count("deleted", totals.held_objects - totals.objects);
    count("chunks", totals.chunks);
    count("stored_bytes", totals.chunk_bytes);
    count("charged_bytes", totals.charge);
    count("capacity", capacity);
    let dedup = match totals.chunk_bytes {
        0 => 1.0,
        stored => totals.held_bytes as f64 / stored as f64,
    };
    write_member(&mut json, "dedup", Scalar::Float(dedup));
    finish(json, out)
}

/// The method `scrub`.
pub(super) fn scrub(
    unit: &StorageUnit,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    refuse_input(input)?;
    let (objects, chunks, stored) = {
        let store = unit.read();
        (store.held(budget)?, store.chunks(budget)?, store.totals().chunk_bytes)
    };
    budget.spend(hash_credits(stored))?;
    let mut sound: Vec<(Address, &[u8])> = Vec::with_capacity(chunks.len());
    for (hash, bytes) in &chunks {
        budget.check()?;
        if Address::of(bytes) == *hash {
            sound.push((*hash, bytes));
        }
    }
    let damaged_chunk_count = chunks.len() - sound.len();
    let find = |hash: Address| {
        let index = sound.binary_search_by_key(&hash, |(hash, _)| *hash).ok()?;
        sound.get(index).map(|(_, bytes)| *bytes)
    };
    let mut damaged = Vec::new();
    for (address, object) in &objects {
        budget.check()?;
        let is_sound = match &object.pieces {
            None => find(*address).is_some_and(|bytes| bytes.len() as u64 == object.len),
            Some(pieces) => {
                budget.spend(hash_credits(object.len))?;
                let mut hasher = blake3::Hasher::new();
                let mut all_there = true;
                for piece in pieces.iter() {
                    budget.check()?;
                    match find(piece.hash) {
                        Some(bytes) => _ = hasher.update(bytes),
                        None => all_there = false,
                    }
                }
                all_there && Address::from(hasher.finalize()) == *address
            }
        };
        if !is_sound {
            damaged.push(*address);
        }
    }
    let mut json = String::from("{");
    let mut count = |name, value| write_member(&mut json, name, Scalar::Unsigned(value));
    count("objects", objects.len() as u64);
    count("chunks", chunks.len() as u64);
    count("bytes", stored);
    count("damaged_chunks", damaged_chunk_count as u64);
    count("damaged_objects", damaged.len() as u64);
    json.push_str(",\"damaged\":[");
    for (index, address) in damaged.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        json.push_str(&format!("\"{address:?}\""));
    }
    json.push(']');
    finish(json, out)
}

/// Closes a JSON object and writes it.
pub(super) fn finish(mut json: String, out: &mut dyn Output) -> Result<usize, UnitError> {
    json.push('}');
    require(out, json.len())?;
    out.write(0, json.as_bytes())?;
    Ok(json.len())
}

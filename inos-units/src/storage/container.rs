//! Export and import: objects with their chunks as one run of bytes. The format is in the docs of
//! the module.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use super::address::{Address, list_of};
use super::cut::WINDOW_LEN;
use super::entry::{Content, Object, Piece, Prepared, Totals};
use super::manifest::{Reader, manifest_len, read_header, read_row, write_manifest};
use super::{MAX_CHUNK_IMPORT_LEN, StorageUnit, hash_credits};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// What a container begins with: the format and its version.
pub const CONTAINER_MAGIC: [u8; 8] = *b"INOSCAS1";

/// Bytes before the first chunk: magic, number of chunks, number of objects.
pub const CONTAINER_HEADER_LEN: usize = 24;

/// Bytes before a chunk's own: its length.
const CHUNK_HEADER_LEN: usize = 4;

/// Most bytes of a container of all that is held.
pub(super) fn bound(totals: &Totals) -> usize {
    let manifests = 48 * totals.held_objects + 40 * totals.rows;
    let chunks = CHUNK_HEADER_LEN as u64 * totals.chunks + totals.chunk_bytes;
    let len = (CONTAINER_HEADER_LEN as u64).saturating_add(manifests).saturating_add(chunks);
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// What an export holds on to, so that it writes without a lock.
struct Snapshot {
    objects: Vec<(Address, Object)>,
    chunks: BTreeMap<Address, Arc<[u8]>>,
}

fn snapshot(unit: &StorageUnit, input: &[u8], budget: &Budget) -> Result<Snapshot, UnitError> {
    let store = unit.read();
    let objects = if input.is_empty() {
        store.alive(budget)?
    } else {
        let mut wanted = BTreeMap::new();
        for (index, address) in list_of(input)?.iter().enumerate() {
            if index.is_multiple_of(256) {
                budget.check()?;
            }
            let address = Address::new(*address);
            wanted.insert(address, store.object(address)?.clone());
        }
        wanted.into_iter().collect()
    };
    let mut chunks = BTreeMap::new();
    for (address, object) in &objects {
        budget.check()?;
        for row in object.rows(*address).iter() {
            if let Slot::Vacant(slot) = chunks.entry(row.hash) {
                slot.insert(store.chunk(row.hash).ok_or(super::DAMAGED)?);
            }
        }
    }
    Ok(Snapshot { objects, chunks })
}

/// The method `export`.
pub(super) fn export(
    unit: &StorageUnit,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let Snapshot { objects, chunks } = snapshot(unit, input, budget)?;
    let chunk_len: usize = chunks.values().map(|bytes| CHUNK_HEADER_LEN + bytes.len()).sum();
    let manifests_len: usize =
        objects.iter().map(|(_, object)| manifest_len(object.row_count())).sum();
    let len = CONTAINER_HEADER_LEN.saturating_add(chunk_len).saturating_add(manifests_len);
    require(out, len)?;

    let mut header = CONTAINER_MAGIC.to_vec();
    header.extend_from_slice(&(chunks.len() as u64).to_le_bytes());
    header.extend_from_slice(&(objects.len() as u64).to_le_bytes());
    let mut at = 0;
    let mut write = |bytes: &[u8]| {
        out.write(at, bytes)?;
        at += bytes.len();
        Ok::<(), UnitError>(())
    };
    write(&header)?;
    for (hash, bytes) in &chunks {
        budget.check()?;
        if Address::of(bytes) != *hash {
            return Err(super::DAMAGED);
        }
        // A chunk is at most `MAX_CHUNK_IMPORT_LEN` long.
        write(&(bytes.len() as u32).to_le_bytes())?;
        write(bytes)?;
    }
    let mut manifest = Vec::new();
    for (address, object) in &objects {
        budget.check()?;
        manifest.clear();
        write_manifest(&mut manifest, *address, object.len, &object.rows(*address));
        write(&manifest)?;
    }
    Ok(at)
}

/// Reads a container and verifies all of it. What comes out may be added as it is.
pub(super) fn read<'a>(
    input: &'a [u8],
    max_len: u64,
    budget: &Budget,
) -> Result<Vec<Prepared<'a>>, UnitError> {
    let mut reader = Reader::new(input);
    if reader.take(CONTAINER_MAGIC.len())? != CONTAINER_MAGIC {
        return Err(UnitError::BadInput { what: "not a container" });
    }
    // Counts are believed only as far as there are bytes: nothing is allocated for them.
    let (chunk_count, object_count) = (reader.u64()?, reader.u64()?);
    let mut chunks = Chunks { all: Vec::new() };
    for _ in 0..chunk_count {
        budget.check()?;
        chunks.read(&mut reader)?;
    }
    let mut objects: Vec<Prepared<'a>> = Vec::new();
    let mut left = max_len;
    for _ in 0..object_count {
        budget.check()?;
        let object = read_object(&mut reader, &mut chunks, &mut left, max_len, budget)?;
        if objects.last().is_some_and(|last| last.address >= object.address) {
            return Err(UnitError::BadInput { what: "manifests that do not ascend" });
        }
        objects.push(object);
    }
    if !reader.is_empty() {
        return Err(UnitError::BadInput { what: "bytes after the last manifest" });
    }
    if chunks.all.iter().any(|chunk| !chunk.is_used) {
        return Err(UnitError::BadInput { what: "a chunk of no object" });
    }
    Ok(objects)
}

/// The chunks of a container, by ascending hash.
struct Chunks<'a> {
    all: Vec<Chunk<'a>>,
}

struct Chunk<'a> {
    hash: Address,
    bytes: &'a [u8],
    is_used: bool,
}

impl<'a> Chunks<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), UnitError> {
        let len = reader.u32()? as usize;
        if len > MAX_CHUNK_IMPORT_LEN {
            return Err(UnitError::TooLarge { len: len as u64, max: MAX_CHUNK_IMPORT_LEN as u64 });
        }
        let bytes = reader.take(len)?;
        let hash = Address::of(bytes);
        if self.all.last().is_some_and(|last| last.hash >= hash) {
            return Err(UnitError::BadInput { what: "chunks that do not ascend" });
        }
        self.all.push(Chunk { hash, bytes, is_used: false });
        Ok(())
    }

    fn find(&mut self, hash: Address, len: u64) -> Result<&'a [u8], UnitError> {
        let index = self.all.binary_search_by_key(&hash, |chunk| chunk.hash);
        let chunk = index.ok().and_then(|index| self.all.get_mut(index));
        let chunk = chunk.ok_or(UnitError::Refused { what: "a chunk that is not there" })?;
        if chunk.bytes.len() as u64 != len {
            return Err(UnitError::BadInput { what: "a chunk of another length" });
        }
        chunk.is_used = true;
        Ok(chunk.bytes)
    }
}

/// Reads a manifest and verifies what it says: that its chunks are there, and that together they
/// are what its address is the hash of.
fn read_object<'a>(
    reader: &mut Reader<'a>,
    chunks: &mut Chunks<'a>,
    left: &mut u64,
    max_len: u64,
    budget: &Budget,
) -> Result<Prepared<'a>, UnitError> {
    let header = read_header(reader)?;
    let address = header.address;
    // A few rows can stand for any number of bytes, all of which would be hashed.
    let too_large =
        UnitError::TooLarge { len: (max_len - *left).saturating_add(header.len), max: max_len };
    *left = left.checked_sub(header.len).ok_or(too_large)?;
    let mut pieces = Vec::new();
    let mut end = 0_u64;
    let mut hasher = blake3::Hasher::new();
    let mut unchecked = WINDOW_LEN;
    for _ in 0..header.row_count {
        let (hash, len) = read_row(reader)?;
        let bytes = chunks.find(hash, len)?;
        if header.row_count == 1 {
            let is_sound = hash == address && len == header.len;
            return if is_sound {
                Ok(Prepared { address, content: Content::Whole(bytes) })
            } else {
                Err(UnitError::Refused { what: "a manifest of another object" })
            };
        }
        end = end
            .checked_add(len)
            .filter(|end| len > 0 && *end <= header.len)
            .ok_or(UnitError::BadInput { what: "a manifest of another length than its chunks" })?;
        unchecked += bytes.len().max(64);
        if unchecked > WINDOW_LEN {
            unchecked = 0;
            budget.check()?;
        }
        budget.spend(hash_credits(len))?;
        hasher.update(bytes);
        pieces.push((Piece { hash, end }, bytes));
    }
    if end != header.len {
        return Err(UnitError::BadInput { what: "a manifest of another length than its chunks" });
    }
    if Address::from(hasher.finalize()) != address {
        return Err(UnitError::Refused { what: "a manifest of another object" });
    }
    Ok(Prepared { address, content: Content::Pieces(pieces) })
}

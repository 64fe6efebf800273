//! From a file to a pack.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::ops::Range;

use super::super::StorageUnit;
use super::super::address::Address;
use super::super::chunks::shorten;
use super::super::cut::{Limits, cuts};
use super::format::{
    Entry, Header, NUMBER_LEN, PACK_END_LEN, PACK_ENTRY_LEN, PACK_HEADER_LEN, manifest_len,
    write_manifest,
};
use super::params::{Compression, PackParams, PackSealedParams};
use super::seal::{PackNonce, Seal};
use crate::budget::Budget;
use crate::crypto::{Cleared, SEAL_LEN, write_filled};
use crate::error::UnitError;
use crate::output::require;
use crate::unit::{Output, Part, Plan};

/// Most bytes of a pack.
pub(in super::super) fn pack_bound(params: &PackParams, len: usize) -> Result<usize, UnitError> {
    let limits = Limits::of(params.min, params.average, params.max)?;
    // For each chunk an entry, a row and a tag.
    let each = PACK_ENTRY_LEN + NUMBER_LEN + SEAL_LEN;
    let chunks = limits.most_chunks(len).saturating_mul(each);
    Ok(len.saturating_add(chunks).saturating_add(PACK_HEADER_LEN + PACK_END_LEN))
}

/// How a file becomes a pack.
pub(in super::super) struct Packer {
    limits: Limits,
    /// The quality of brotli, if there is any.
    quality: Option<u32>,
    nonce: Option<PackNonce>,
    seal: Seal,
}

/// The chunks of a file that were seen so far, each once.
#[derive(Default)]
struct Seen {
    numbers: HashMap<Address, u32>,
    rows: Vec<u32>,
}

impl Seen {
    /// One chunk more of the file; its number if it is the first with this hash.
    fn add(&mut self, hash: Address) -> Result<Option<usize>, UnitError> {
        let count = self.numbers.len();
        let place = self.numbers.entry(hash);
        let is_new = matches!(place, Place::Vacant(_));
        // The length below is of fewer than 2^32 entries.
        self.rows.push(*place.or_insert(count as u32));
        manifest_len(self.numbers.len(), self.rows.len())?;
        Ok(is_new.then_some(count))
    }
}

impl Packer {
    /// Without a key.
    pub(in super::super) fn plain(params: &PackParams) -> Result<Self, UnitError> {
        let limits = Limits::of(params.min, params.average, params.max)?;
        let quality = matches!(params.compression, Compression::Brotli).then_some(params.quality);
        Ok(Self { limits, quality, nonce: None, seal: Seal::NONE })
    }

    /// With a key and a nonce of its own.
    pub(in super::super) fn sealed(
        unit: &StorageUnit,
        params: &PackSealedParams,
    ) -> Result<Self, UnitError> {
        let plain = Self::plain(&params.packing())?;
        let keys = unit.keys.as_ref();
        let mut nonce = PackNonce::default();
        match params.nonce.as_slice() {
            [] => keys.ok_or(UnitError::NotFound { what: "key" })?.random(&mut nonce)?,
            given => {
                let wrong = UnitError::BadParam { name: "nonce", expected: "24 bytes, or none" };
                nonce = given.try_into().map_err(|_| wrong)?;
            }
        }
        let seal = Seal::new(keys, params.key, &nonce)?;
        Ok(Self { nonce: Some(nonce), seal, ..plain })
    }

    /// How a chunk is stored: its entry, and its bytes, which are compressed into `scratch` if
    /// that makes them fewer.
    fn shorten<'a>(
        &self,
        hash: Address,
        chunk: &'a [u8],
        scratch: &'a mut Cleared,
        budget: &Budget,
    ) -> Result<(Entry, &'a [u8]), UnitError> {
        let mut body = chunk;
        if let Some(quality) = self.quality
            && let Some(most) = chunk.len().checked_sub(1)
        {
            scratch.resize(most)?;
            if let Some(len) = shorten(chunk, quality, scratch.as_mut_slice(), budget)? {
                body = scratch.as_slice().get(..len).unwrap_or(chunk);
            }
        }
        // No chunk is longer than 1 MiB.
        let (len, stored) = (chunk.len() as u32, body.len().saturating_add(self.seal.len()) as u32);
        Ok((Entry { hash, len, stored, is_brotli: body.len() < chunk.len() }, body))
    }

    /// Header, manifest and end, around chunks that are in the output already.
    fn finish(
        &self,
        len: usize,
        entries: &[Entry],
        rows: &[u32],
        out: &mut dyn Output,
    ) -> Result<usize, UnitError> {
        let stored = entries.iter().map(|entry| u64::from(entry.stored)).sum();
        let header = Header {
            len: len as u64,
            stored,
            entry_count: entries.len() as u32,
            row_count: rows.len() as u32,
            nonce: self.nonce,
        };
        let header = header.to_bytes();
        let manifest = write_manifest(entries, rows)?;
        let manifest = self.seal.seal_manifest(entries.len(), &header, &manifest)?;
        let at = usize::try_from(stored).unwrap_or(usize::MAX).saturating_add(PACK_HEADER_LEN);
        out.write(0, &header)?;
        out.write(at, &manifest)?;
        Ok(at.saturating_add(manifest.len()))
    }
}

/// `pack` and `pack_sealed` in one piece: each chunk is cut, hashed, compressed and sealed while it
/// is in the cache.
pub(in super::super) fn pack(
    packer: &Packer,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    // What cannot fit is refused at once; the exact length is known when all is done.
    require(out, PACK_HEADER_LEN + SEAL_LEN)?;
    let (mut seen, mut entries) = (Seen::default(), Vec::new());
    let (mut scratch, mut elsewhere) = (Cleared::default(), Cleared::default());
    let mut at = PACK_HEADER_LEN;
    for range in cuts(input, packer.limits) {
        budget.check()?;
        let chunk = input.get(range).unwrap_or_default();
        let hash = Address::of(chunk);
        let Some(number) = seen.add(hash)? else { continue };
        let (entry, body) = packer.shorten(hash, chunk, &mut scratch, budget)?;
        let len = entry.stored as usize;
        write_filled(out, at, len, &mut elsewhere, |target| {
            packer.seal.seal_chunk(number, &entry, body, target)
        })?;
        entries.push(entry);
        at = at.saturating_add(len);
    }
    packer.finish(input.len(), &entries, &seen.rows, out)
}

/// `pack` and `pack_sealed`, with a copy of the input. Items are chunks that differ, which are cut
/// and hashed beforehand: where one ends is known only when the one before it has.
pub(in super::super) struct Pack {
    packer: Packer,
    input: Cleared,
    chunks: Vec<(Address, Range<usize>)>,
    rows: Vec<u32>,
}

impl Pack {
    pub(in super::super) fn new(
        packer: Packer,
        input: &[u8],
        budget: &Budget,
    ) -> Result<Self, UnitError> {
        let mut copy = Cleared::default();
        copy.reserve(input.len())?;
        copy.append(input);
        let (mut seen, mut chunks) = (Seen::default(), Vec::new());
        for range in cuts(input, packer.limits) {
            budget.check()?;
            let hash = Address::of(input.get(range.clone()).unwrap_or_default());
            if seen.add(hash)?.is_some() {
                chunks.push((hash, range));
            }
        }
        Ok(Self { packer, input: copy, chunks, rows: seen.rows })
    }
}

impl Plan for Pack {
    fn item_count(&self) -> usize {
        self.chunks.len()
    }

    /// A part is, for each chunk, its entry and its stored bytes.
    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let (mut part, mut scratch) = (Part::new(), Cleared::default());
        let chunks = self.chunks.iter().enumerate().skip(range.start).take(range.len());
        for (number, (hash, range)) in chunks {
            budget.check()?;
            let chunk = self.input.as_slice().get(range.clone()).unwrap_or_default();
            let (entry, body) = self.packer.shorten(*hash, chunk, &mut scratch, budget)?;
            let len = PACK_ENTRY_LEN.saturating_add(entry.stored as usize);
            part.try_reserve(len).map_err(|_| UnitError::OutOfMemory { len })?;
            part.extend_from_slice(&entry.to_bytes());
            let begin = part.len();
            part.resize(begin.saturating_add(entry.stored as usize), 0);
            let target = part.get_mut(begin..).unwrap_or_default();
            self.packer.seal.seal_chunk(number, &entry, body, target)?;
        }
        Ok(part)
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let missing = UnitError::BadInput { what: "parts that are not all chunks" };
        let mut entries = Vec::with_capacity(self.chunks.len());
        let mut at = PACK_HEADER_LEN;
        for mut rest in parts.iter().map(Vec::as_slice) {
            while let Some((entry, behind)) = rest.split_first_chunk::<PACK_ENTRY_LEN>() {
                let entry = Entry::read(entry, self.packer.seal.len())?;
                let stored = behind.split_at_checked(entry.stored as usize);
                let (stored, behind) = stored.ok_or(missing.clone())?;
                out.write(at, stored)?;
                at = at.saturating_add(stored.len());
                entries.push(entry);
                rest = behind;
            }
        }
        let is_whole = entries.len() == self.chunks.len()
            && entries.iter().zip(&self.chunks).all(|(entry, (hash, _))| entry.hash == *hash);
        if !is_whole {
            return Err(missing);
        }
        self.packer.finish(self.input.as_slice().len(), &entries, &self.rows, out)
    }
}

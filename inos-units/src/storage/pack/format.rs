//! Header, entries and rows, as the module above draws them.

use super::super::MAX_CHUNK_IMPORT_LEN;
use super::super::address::{ADDRESS_LEN, Address};
use super::super::manifest::Reader;
use super::seal::{PACK_NONCE_LEN, PackNonce};
use crate::crypto::SEAL_LEN;
use crate::error::UnitError;

/// What a pack begins with.
pub const PACK_MAGIC: [u8; 8] = *b"INOSPAK1";

/// Bytes before the stored chunks.
pub const PACK_HEADER_LEN: usize = 64;

/// Bytes of an entry in the pack.
pub const PACK_ENTRY_LEN: usize = ADDRESS_LEN + 12;

/// Bytes of a row that `pack_manifest` gives.
pub const PACK_ROW_LEN: usize = 64;

/// Most bytes of the end.
pub const PACK_END_LEN: usize = 32;

/// Most bytes of a manifest: it is sealed in one go, so this is how long the budget is not looked
/// at. It has room for a million chunks that differ.
pub const MAX_PACK_MANIFEST_LEN: usize = 1 << 26;

/// Bytes of a row in the pack.
pub(super) const NUMBER_LEN: usize = 4;

const BAD: UnitError = UnitError::BadInput { what: "not a pack" };

/// Bytes of a manifest, if that is not too many.
pub(super) fn manifest_len(entry_count: usize, row_count: usize) -> Result<usize, UnitError> {
    let entries = (entry_count as u64).saturating_mul(PACK_ENTRY_LEN as u64);
    let len = entries.saturating_add((row_count as u64).saturating_mul(NUMBER_LEN as u64));
    match usize::try_from(len) {
        Ok(len) if len <= MAX_PACK_MANIFEST_LEN => Ok(len),
        _ => Err(UnitError::TooLarge { len, max: MAX_PACK_MANIFEST_LEN as u64 }),
    }
}

/// The header, as somebody wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Bytes of the file.
    pub(super) len: u64,
    /// Bytes of all stored chunks.
    pub(super) stored: u64,
    pub(super) entry_count: u32,
    pub(super) row_count: u32,
    /// The nonce of a pack that is sealed.
    pub(super) nonce: Option<PackNonce>,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; PACK_HEADER_LEN] {
        let mut bytes = [0; PACK_HEADER_LEN];
        let fields = [
            &PACK_MAGIC[..],
            &self.len.to_le_bytes(),
            &self.stored.to_le_bytes(),
            &self.entry_count.to_le_bytes(),
            &self.row_count.to_le_bytes(),
            &u64::from(self.nonce.is_some()).to_le_bytes(),
            &self.nonce.unwrap_or_default(),
        ];
        for (byte, field) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *field;
        }
        bytes
    }

    /// The header, and what is behind it: as many bytes as it says.
    pub(super) fn read(pack: &[u8]) -> Result<(Self, &[u8; PACK_HEADER_LEN], &[u8]), UnitError> {
        let (bytes, rest) = pack.split_first_chunk::<PACK_HEADER_LEN>().ok_or(BAD)?;
        let mut reader = Reader::new(bytes);
        if reader.take(PACK_MAGIC.len())? != PACK_MAGIC {
            return Err(BAD);
        }
        let (len, stored) = (reader.u64()?, reader.u64()?);
        let (entry_count, row_count) = (reader.u32()?, reader.u32()?);
        let (is_sealed, nonce) = (reader.u64()?, reader.take(PACK_NONCE_LEN)?);
        let nonce = match (is_sealed, nonce.iter().all(|byte| *byte == 0)) {
            (0, true) => None,
            (1, _) => Some(nonce.try_into().map_err(|_| BAD)?),
            _ => return Err(BAD),
        };
        let header = Self { len, stored, entry_count, row_count, nonce };
        let behind = manifest_len(entry_count as usize, row_count as usize)?;
        let behind = behind.saturating_add(header.end_len()) as u64;
        if stored.checked_add(behind) != Some(rest.len() as u64) {
            return Err(BAD);
        }
        // Each chunk of the file has a row, and is of 1 to so many bytes.
        let most = u64::from(row_count).saturating_mul(MAX_CHUNK_IMPORT_LEN as u64);
        if !(u64::from(row_count)..=most).contains(&len) {
            return Err(BAD);
        }
        Ok((header, bytes, rest))
    }

    const fn end_len(&self) -> usize {
        if self.nonce.is_some() { SEAL_LEN } else { PACK_END_LEN }
    }
}

/// A chunk of the file, and how it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) hash: Address,
    pub(super) len: u32,
    /// In the pack, with its tag.
    pub(super) stored: u32,
    pub(super) is_brotli: bool,
}

impl Entry {
    pub(super) fn to_bytes(self) -> [u8; PACK_ENTRY_LEN] {
        let mut bytes = [0; PACK_ENTRY_LEN];
        let fields = [
            &self.hash.as_bytes()[..],
            &self.len.to_le_bytes(),
            &self.stored.to_le_bytes(),
            &u32::from(self.is_brotli).to_le_bytes(),
        ];
        for (byte, field) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *byte = *field;
        }
        bytes
    }

    /// An entry whose lengths may be; `seal_len` is what sealing adds.
    pub(super) fn read(bytes: &[u8], seal_len: usize) -> Result<Self, UnitError> {
        let mut reader = Reader::new(bytes);
        let (hash, len, stored) = (reader.address()?, reader.u32()?, reader.u32()?);
        let is_brotli = reader.u32()?;
        let body = (stored as usize).checked_sub(seal_len);
        let fits = match (is_brotli, body) {
            (0, Some(body)) => body == len as usize,
            (1, Some(body)) => (1..len as usize).contains(&body),
            _ => false,
        };
        if !fits || !(1..=MAX_CHUNK_IMPORT_LEN).contains(&(len as usize)) {
            return Err(UnitError::BadInput { what: "a pack with an entry that cannot be" });
        }
        Ok(Self { hash, len, stored, is_brotli: is_brotli == 1 })
    }
}

/// The manifest's bytes.
pub(super) fn write_manifest(entries: &[Entry], rows: &[u32]) -> Result<Vec<u8>, UnitError> {
    let mut bytes = Vec::with_capacity(manifest_len(entries.len(), rows.len())?);
    for entry in entries {
        bytes.extend_from_slice(&entry.to_bytes());
    }
    for row in rows {
        bytes.extend_from_slice(&row.to_le_bytes());
    }
    Ok(bytes)
}

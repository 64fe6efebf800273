//! What a pack is sealed with, if it is.

use super::format::{Entry, PACK_MAGIC};
use crate::crypto::{SEAL_LEN, Sealer, SharedKeys, counted_nonce};
use crate::error::UnitError;
use crate::memory::{copied, reserved, zeros};

/// Bytes of a pack's nonce.
pub const PACK_NONCE_LEN: usize = 24;

pub(super) type PackNonce = [u8; PACK_NONCE_LEN];

/// The key of a pack, or none: its chunks and manifest go through here.
pub(super) struct Seal(Option<Sealer>);

impl Seal {
    /// A pack that is not sealed.
    pub(super) const NONE: Self = Self(None);

    /// The key of the pack with this nonce.
    pub(super) fn new(
        keys: Option<&SharedKeys>,
        handle: u64,
        nonce: &PackNonce,
    ) -> Result<Self, UnitError> {
        let keys = keys.ok_or(UnitError::NotFound { what: "key" })?;
        keys.derive(handle, nonce, &PACK_MAGIC).map(Some).map(Self)
    }

    pub(super) const fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// Bytes that sealing adds.
    pub(super) const fn len(&self) -> usize {
        if self.0.is_some() { SEAL_LEN } else { 0 }
    }

    /// Puts a chunk, compressed or not, into `target`, which is longer by [`len`](Self::len).
    pub(super) fn seal_chunk(
        &self,
        number: usize,
        entry: &Entry,
        body: &[u8],
        target: &mut [u8],
    ) -> Result<(), UnitError> {
        match &self.0 {
            Some(sealer) => {
                sealer.seal(&counted_nonce(number, false), &entry.to_bytes(), body, target)
            }
            None if target.len() == body.len() => {
                target.copy_from_slice(body);
                Ok(())
            }
            None => Err(UnitError::OutputTooSmall { needed: body.len(), capacity: target.len() }),
        }
    }

    /// Opens a chunk into `target`. Only for packs that are sealed.
    pub(super) fn open_chunk(
        &self,
        number: usize,
        entry: &Entry,
        stored: &[u8],
        target: &mut [u8],
    ) -> Result<(), UnitError> {
        let refused = UnitError::Refused { what: "a chunk of the pack" };
        let sealer = self.0.as_ref().ok_or(refused.clone())?;
        let opened = sealer.open(&counted_nonce(number, false), &entry.to_bytes(), stored, target);
        opened.map_err(|_| refused)
    }

    /// The manifest and its end: sealed, or followed by a digest.
    pub(super) fn seal_manifest(
        &self,
        entry_count: usize,
        header: &[u8],
        manifest: &[u8],
    ) -> Result<Vec<u8>, UnitError> {
        match &self.0 {
            Some(sealer) => {
                let mut sealed = zeros::<u8>(manifest.len().saturating_add(SEAL_LEN))?;
                sealer.seal(&counted_nonce(entry_count, true), header, manifest, &mut sealed)?;
                Ok(sealed)
            }
            None => {
                let end = digest(header, manifest);
                let mut whole = reserved(manifest.len().saturating_add(end.len()))?;
                whole.extend_from_slice(manifest);
                whole.extend_from_slice(&end);
                Ok(whole)
            }
        }
    }

    /// The manifest, whose tag or digest held.
    pub(super) fn open_manifest(
        &self,
        entry_count: usize,
        header: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, UnitError> {
        let refused = UnitError::Refused { what: "the manifest of the pack" };
        match &self.0 {
            Some(sealer) => {
                let len = sealed.len().checked_sub(SEAL_LEN).ok_or(refused.clone())?;
                let mut manifest = zeros::<u8>(len)?;
                let opened =
                    sealer.open(&counted_nonce(entry_count, true), header, sealed, &mut manifest);
                opened.map_err(|_| refused)?;
                Ok(manifest)
            }
            None => {
                let (manifest, end) = sealed.split_last_chunk().ok_or(refused.clone())?;
                if digest(header, manifest) != *end {
                    return Err(refused);
                }
                copied(manifest)
            }
        }
    }
}

fn digest(header: &[u8], manifest: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new().update(header).update(manifest).finalize().as_bytes()
}

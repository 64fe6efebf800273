//! What proves that stored bytes are the ones that were stored there: a seal with the store's key,
//! or a digest if it has none.
#![forbid(unsafe_code)]

use inos_units::crypto::{RECORD_SEAL_LEN, RecordKey};

use super::StoreError;

/// Bytes of a key in the index.
pub(super) const ID_LEN: usize = 32;

/// A key in the index: of an object, a chunk, or the name of a pin.
pub(super) type Id = [u8; ID_LEN];

/// Bytes of the store's salt.
pub(super) const SALT_LEN: usize = 32;

/// Bytes of a digest where there is no key.
const DIGEST_LEN: usize = 16;

/// What a record or a key in the index is of. The bytes are part of the format.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Check = 0,
    Object = 1,
    Rows = 2,
    Chunk = 3,
    Pin = 4,
}

/// Bytes that do not hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused;

/// The keys of a sealed store, or none.
#[derive(Debug)]
pub(super) enum Seal {
    Plain,
    Keyed { records: RecordKey, ids: IdKey },
}

/// The key of BLAKE3 that makes keys of the index.
pub(super) struct IdKey([u8; 32]);

impl core::fmt::Debug for IdKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("IdKey")
    }
}

impl Seal {
    pub(super) fn new(key: Option<&[u8; 32]>, salt: &[u8; SALT_LEN]) -> Result<Self, StoreError> {
        let Some(key) = key else { return Ok(Self::Plain) };
        let records =
            RecordKey::derive(key, salt, b"INOS store 1 records").map_err(StoreError::Unit)?;
        let mut ids = blake3::Hasher::new_derive_key("INOS store 1 ids");
        ids.update(key).update(salt);
        Ok(Self::Keyed { records, ids: IdKey(*ids.finalize().as_bytes()) })
    }

    /// The key in the index of what has this address.
    pub(super) fn id(&self, kind: Kind, address: &[u8; 32]) -> Id {
        match self {
            Self::Plain => *address,
            Self::Keyed { ids, .. } => {
                let mut hasher = blake3::Hasher::new_keyed(&ids.0);
                *hasher.update(&[kind as u8]).update(address).finalize().as_bytes()
            }
        }
    }

    /// Seals `message`, which is of this kind and bound to `place`, in `sealed`.
    pub(super) fn seal(
        &self,
        kind: Kind,
        place: &[u8],
        message: &[u8],
        sealed: &mut Vec<u8>,
    ) -> Result<(), StoreError> {
        sealed.clear();
        match self {
            Self::Plain => {
                sealed.extend_from_slice(message);
                sealed.extend_from_slice(&digest(kind, place, message));
                Ok(())
            }
            Self::Keyed { records, .. } => {
                sealed.resize(message.len().saturating_add(RECORD_SEAL_LEN), 0);
                let bound = [&[kind as u8], place].concat();
                records.seal(&bound, message, sealed).map_err(StoreError::Unit)
            }
        }
    }

    /// Opens what was sealed so, in `message`.
    pub(super) fn open(
        &self,
        kind: Kind,
        place: &[u8],
        sealed: &[u8],
        message: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        message.clear();
        match self {
            Self::Plain => {
                let (bytes, end) = sealed.split_last_chunk().ok_or(Refused)?;
                if digest(kind, place, bytes) != *end {
                    return Err(Refused);
                }
                message.extend_from_slice(bytes);
                Ok(())
            }
            Self::Keyed { records, .. } => {
                message.resize(sealed.len().checked_sub(RECORD_SEAL_LEN).ok_or(Refused)?, 0);
                let bound = [&[kind as u8], place].concat();
                records.open(&bound, sealed, message).map_err(|_| Refused)
            }
        }
    }
}

fn digest(kind: Kind, place: &[u8], message: &[u8]) -> [u8; DIGEST_LEN] {
    let mut hasher = blake3::Hasher::new_derive_key("INOS store 1 digest");
    hasher.update(&[kind as u8]).update(&(place.len() as u64).to_le_bytes());
    let hash = hasher.update(place).update(message).finalize();
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

//! Keys that another unit seals with, by their handles: it sees what they seal, and none of them.

use core::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::aead::{open_into, seal_into};
use super::cipher::{Cipher, Nonce, TAG_LEN, derive};
use super::keys::{Keyring, Random};
use super::{CryptoUnit, Kind};
use crate::error::UnitError;

/// Bytes that sealing adds.
pub(crate) const SEAL_LEN: usize = TAG_LEN;

/// The keys and the randomness of a [`CryptoUnit`], for a unit that takes its handles, such as
/// [`StorageUnit`](crate::storage::StorageUnit). A clone is the same keys.
#[derive(Clone)]
pub struct SharedKeys {
    keys: Arc<Mutex<Keyring>>,
    random: Arc<dyn Random>,
}

impl fmt::Debug for SharedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedKeys")
    }
}

impl CryptoUnit {
    /// The unit's keys, for another unit to seal with.
    #[must_use]
    pub fn share_keys(&self) -> SharedKeys {
        SharedKeys { keys: Arc::clone(&self.keys), random: Arc::clone(&self.random) }
    }
}

impl SharedKeys {
    /// Fills `bytes` with what nobody can foresee.
    pub(crate) fn random(&self, bytes: &mut [u8]) -> Result<(), UnitError> {
        self.random.fill(bytes)
    }

    /// The cipher under HKDF-SHA-256 of a key for sealing, with this salt and info.
    pub(crate) fn derive(
        &self,
        handle: u64,
        salt: &[u8],
        info: &[u8],
    ) -> Result<Sealer, UnitError> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let key = keys.get_of(handle, Kind::Aead)?;
        drop(keys);
        let cipher = derive(key.as_slice(), salt, info);
        cipher.map(Sealer).ok_or(UnitError::BadInput { what: "a key of another length" })
    }
}

/// ChaCha20-Poly1305 with a derived key.
pub(crate) struct Sealer(Cipher);

impl Sealer {
    /// Seals `message` into `target`, which is longer by [`SEAL_LEN`].
    pub(crate) fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        message: &[u8],
        target: &mut [u8],
    ) -> Result<(), UnitError> {
        seal_into(&self.0, nonce, aad, message, target)
    }

    /// Opens `sealed` into `target`, which is shorter by [`SEAL_LEN`], and clears it if the tag
    /// does not hold.
    pub(crate) fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        sealed: &[u8],
        target: &mut [u8],
    ) -> Result<(), UnitError> {
        open_into(&self.0, nonce, aad, sealed, target)
    }
}

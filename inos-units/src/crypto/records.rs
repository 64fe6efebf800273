//! Sealed records, for a store that keeps them: XChaCha20-Poly1305 with a fresh nonce for each.

use core::fmt;

use super::aead::{XNONCE_LEN, open_into, seal_into};
use super::cipher::{REFUSED, TAG_LEN, derive_key, extended};
use super::keys::{OsRandom, Random as _, Secret};
use crate::error::UnitError;

/// Bytes that sealing a record adds: a nonce of 24 and a tag of 16.
pub const RECORD_SEAL_LEN: usize = XNONCE_LEN + TAG_LEN;

/// A key that seals records: HKDF-SHA-256 (RFC 5869) of another one. It is cleared when it is
/// dropped.
///
/// A sealed record is what `seal_fresh` makes: 24 bytes of the operating system's randomness as the
/// nonce, the ciphertext, the tag of 16 bytes (draft-irtf-cfrg-xchacha). Nonces of that length can be
/// drawn for any number of records: of 2^80 under one key two are the same with a chance of about
/// 2^-33.
///
/// ```
/// use inos_units::UnitError;
/// use inos_units::crypto::{RECORD_SEAL_LEN, RecordKey};
///
/// let key = RecordKey::derive(&[7; 32], b"salt", b"doc")?;
/// let mut sealed = [0; 6 + RECORD_SEAL_LEN];
/// key.seal(b"place", b"secret", &mut sealed)?;
/// let mut opened = [0; 6];
/// key.open(b"place", &sealed, &mut opened)?;
/// assert_eq!(&opened, b"secret");
/// // A record that was moved does not open.
/// assert!(key.open(b"elsewhere", &sealed, &mut opened).is_err());
/// # Ok::<(), UnitError>(())
/// ```
pub struct RecordKey(Secret);

impl RecordKey {
    /// The key that this one, a salt and a purpose give.
    ///
    /// # Errors
    /// None that can be met: HKDF gives 32 bytes for any input.
    pub fn derive(key: &[u8; 32], salt: &[u8], info: &[u8]) -> Result<Self, UnitError> {
        derive_key(key, salt, info).map(Self).ok_or(REFUSED)
    }

    /// Seals `message` into `target`, which is longer by [`RECORD_SEAL_LEN`]. `aad` is what the record
    /// is bound to; it is not stored.
    ///
    /// # Errors
    /// [`UnitError::OutputTooSmall`] if `target` has another length; [`UnitError::NotFound`] if there
    /// is no randomness.
    pub fn seal(&self, aad: &[u8], message: &[u8], target: &mut [u8]) -> Result<(), UnitError> {
        let (needed, capacity) = (message.len().saturating_add(RECORD_SEAL_LEN), target.len());
        let Some((nonce, sealed)) = target.split_first_chunk_mut::<XNONCE_LEN>() else {
            return Err(UnitError::OutputTooSmall { needed, capacity });
        };
        OsRandom.fill(nonce)?;
        let (cipher, short) = extended(&self.0, nonce);
        seal_into(&cipher, &short, aad, message, sealed)
    }

    /// Opens `sealed` into `target`, which is shorter by [`RECORD_SEAL_LEN`], and clears it if the tag
    /// does not hold.
    ///
    /// # Errors
    /// [`UnitError::Refused`] if the tag does not hold or a length does not fit.
    pub fn open(&self, aad: &[u8], sealed: &[u8], target: &mut [u8]) -> Result<(), UnitError> {
        let (nonce, sealed) = sealed.split_first_chunk::<XNONCE_LEN>().ok_or(REFUSED)?;
        let (cipher, short) = extended(&self.0, nonce);
        open_into(&cipher, &short, aad, sealed, target)
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey")
    }
}

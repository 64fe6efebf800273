//! Sealing, signing, agreeing on keys, and passwords.
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `key_generate` | nothing | [`KindParams`] | a handle of 8 bytes |
//! | `key_import` | the key | [`KindParams`] | a handle |
//! | `key_public` | nothing | [`KeyParams`] | 32 bytes: the public half |
//! | `key_drop` | nothing | [`KeyParams`] | nothing |
//! | `chacha20poly1305_seal`, `_open` | a message, or a sealed one | [`SealParams`] | sealed, or opened |
//! | `xchacha20poly1305_seal`, `_open` | the same | [`XSealParams`] | the same |
//! | `seal_many`, `open_many` | a [`batch`](crate::batch) | [`SealParams`] | a batch |
//! | `seal_fresh`, `open_fresh` | a message, or a sealed one | [`FreshParams`] | the nonce and sealed, or opened |
//! | `seal_stream` | a message of any length | [`StreamParams`] | a stream |
//! | `open_stream` | a stream | [`KeyParams`] | the message |
//! | `ed25519_sign` | a message | [`KeyParams`] | a signature of 64 bytes |
//! | `ed25519_verify` | a message | [`VerifyParams`] | nothing, or an error |
//! | `ed25519_verify_batch` | a batch | none | nothing, or an error |
//! | `x25519_agree` | nothing | [`AgreeParams`] | a handle |
//! | `argon2id_hash` | a password | [`PasswordParams`] | `length` bytes |
//! | `argon2id_verify` | a password | [`CheckParams`] | nothing, or an error |
//!
//! ```
//! use inos_units::crypto::{Kind, KindParams, SealParams};
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! let units = Dispatcher::standard();
//! let call = |method: &str, params: String, input: &[u8]| {
//!     let mut out = VecOutput::new(1024);
//!     let call = Call { input, params: params.as_bytes() };
//!     units.execute_named("crypto", method, call, &mut out, &Budget::unlimited())?;
//!     Ok::<_, UnitError>(out.to_vec())
//! };
//! let handle = call("key_generate", KindParams { kind: Kind::Aead }.to_json(), b"")?;
//! let key = u64::from_le_bytes(handle.try_into().expect("8 bytes"));
//! let params = SealParams { key, nonce: [1; 12].into(), ..SealParams::default() };
//! let mut sealed = call("chacha20poly1305_seal", params.to_json(), b"secret")?;
//! assert_eq!(sealed.len(), 6 + 16);
//! assert_eq!(call("chacha20poly1305_open", params.to_json(), &sealed)?, b"secret");
//! sealed[0] ^= 1;
//! let opened = call("chacha20poly1305_open", params.to_json(), &sealed);
//! assert!(matches!(opened, Err(UnitError::Refused { .. })));
//! # Ok::<(), UnitError>(())
//! ```
//!
//! # Keys
//! A secret key is in this unit and nowhere else: calls name it by a handle, which is a slot and
//! a generation. A handle of a key that was dropped, or of another unit, means nothing. Keys are
//! cleared when they are dropped; they appear in no result, no error and no `Debug`. Each has one
//! kind, and a method refuses those of another. There are at most [`MAX_KEYS`].
//!
//! With the feature `storage-pack` the unit `storage` seals with these keys, too, by
//! the same handles: never with a key itself, only with what HKDF makes of it.
//!
//! # Nonces
//! The caller's to choose, and never twice under one key: twice gives the message away. With 24
//! random bytes (`xchacha20poly1305`) nobody has to count. `seal_many` adds the number of the
//! message to the last four bytes of the nonce, highest byte first, and refuses to wrap.
//! `seal_fresh` draws 24 bytes from the host's randomness, and the result begins with them.
//!
//! # Randomness
//! Keys and the nonces of `seal_fresh` are the bytes that the unit's [`Random`] gave, as they are,
//! and there is no other source. If it fails, so does the call, and no key is made.
//!
//! # Formats
//! Sealed bytes are the ciphertext and then the tag of 16 bytes (RFC 8439; draft-irtf-cfrg-xchacha
//! with 24 bytes). Signatures are RFC 8032's. `x25519_agree` is RFC 7748 and then HKDF-SHA-256
//! (RFC 5869) without a salt. What `seal_fresh` gives is the nonce, the ciphertext and the tag. Argon2id is version 0x13 of RFC 9106.
//!
//! Streams are the payload of the age format (C2SP, age-encryption.org/v1): a nonce of 16 bytes, and
//! segments of 65,536 bytes, the last one shorter, each with its tag of 16 bytes. The key of the
//! segments is HKDF-SHA-256 of the stream's key of 16 bytes, with the nonce as salt and `payload` as
//! info; the nonce of a segment is its number in eleven bytes, highest first, and a byte that is 1
//! in the last. So a stream that was cut short, extended, or put in another order is refused.
//! Nothing of a segment leaves before its tag held; `open_stream` gives all of them, or an error.
//! Parts of an opened stream that are never merged are not cleared.
//!
//! # Libraries
//! RustCrypto's, and with the feature `native-fast` ring's ChaCha20-Poly1305, which is C and
//! assembly and gives the same bytes. On wasm the feature changes nothing. ring does not clear its
//! copy of a key, so it is overwritten with another before it is given back; what the compiler may
//! have left on the stack in moving it is not.
//!
//! # Verifying
//! `ed25519_verify` is strict: keys of small order and signatures that are not canonical are
//! refused. `ed25519_verify_batch` takes each item as public key, signature and message in a row;
//! it is faster and says only whether all hold, and about signatures that were made to be
//! ambiguous it may disagree with the strict one. Where parties must agree, verify one by one.
//!
//! # Not supported
//! Exporting keys. age's header: who may open a stream. A stream in more than one call: it is in
//! memory as a whole, though its ranges may be worked on apart. Randomness on `wasm32-unknown-unknown`,
//! unless the host gives some: [`CryptoUnit::with_random`].
#![forbid(unsafe_code)]

mod aead;
mod cipher;
mod cleared;
mod keys;
mod params;
mod password;
#[cfg(feature = "storage-pack")]
mod records;
#[cfg(feature = "storage-pack")]
mod shared;
mod sign;
mod stream;
mod table;

use std::sync::{Arc, Mutex};

pub use keys::{MAX_KEYS, OsRandom, Random};
pub use params::{
    AgreeParams, CheckParams, FreshParams, KeyParams, Kind, KindParams, PasswordParams, SealParams,
    StreamParams, VerifyParams, XSealParams,
};

#[cfg(feature = "storage-pack")]
pub use records::{RECORD_SEAL_LEN, RecordKey};
#[cfg(feature = "storage-pack")]
pub use shared::SharedKeys;
#[cfg(feature = "storage-pack")]
pub(crate) use {
    cipher::counted_nonce,
    cleared::{Cleared, write_filled},
    shared::{SEAL_LEN, Sealer},
};

use keys::Keyring;

/// The unit `crypto`, with the keys that it was given.
pub struct CryptoUnit {
    keys: Arc<Mutex<Keyring>>,
    random: Arc<dyn Random>,
}

impl CryptoUnit {
    /// Without keys, and with the operating system's randomness.
    #[must_use]
    pub fn new() -> Self {
        Self::with_random(OsRandom)
    }

    /// Without keys, and with randomness from the host.
    ///
    /// ```
    /// use inos_units::crypto::{CryptoUnit, Random};
    /// use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
    ///
    /// /// A host that has none.
    /// struct Nothing;
    ///
    /// impl Random for Nothing {
    ///     fn fill(&self, _: &mut [u8]) -> Result<(), UnitError> {
    ///         Err(UnitError::NotFound { what: "source of randomness" })
    ///     }
    /// }
    ///
    /// let mut units = Dispatcher::new();
    /// units.register(Box::new(CryptoUnit::with_random(Nothing)))?;
    /// let call = Call { input: b"", params: b"" };
    /// let (mut out, budget) = (VecOutput::new(8), Budget::unlimited());
    /// let refused = units.execute_named("crypto", "key_generate", call, &mut out, &budget);
    /// assert!(matches!(refused, Err(UnitError::NotFound { .. })));
    /// # Ok::<(), UnitError>(())
    /// ```
    #[must_use]
    pub fn with_random(random: impl Random + 'static) -> Self {
        Self { keys: Arc::default(), random: Arc::new(random) }
    }
}

impl Default for CryptoUnit {
    fn default() -> Self {
        Self::new()
    }
}

impl core::fmt::Debug for CryptoUnit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CryptoUnit")
    }
}

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
//! # Nonces
//! The caller's to choose, and never twice under one key: twice gives the message away. With 24
//! random bytes (`xchacha20poly1305`) nobody has to count. `seal_many` adds the number of the
//! message to the last four bytes of the nonce, highest byte first, and refuses to wrap.
//!
//! # Formats
//! Sealed bytes are the ciphertext and then the tag of 16 bytes (RFC 8439; draft-irtf-cfrg-xchacha
//! with 24 bytes). Signatures are RFC 8032's. `x25519_agree` is RFC 7748 and then HKDF-SHA-256
//! (RFC 5869) without a salt. Argon2id is version 0x13 of RFC 9106.
//!
//! # Verifying
//! `ed25519_verify` is strict: keys of small order and signatures that are not canonical are
//! refused. `ed25519_verify_batch` takes each item as public key, signature and message in a row;
//! it is faster and says only whether all hold, and about signatures that were made to be
//! ambiguous it may disagree with the strict one. Where parties must agree, verify one by one.
//!
//! # Not supported
//! Exporting keys. Streams of messages under one tag each. Randomness on `wasm32-unknown-unknown`,
//! unless the host gives some: [`CryptoUnit::with_random`].
#![forbid(unsafe_code)]

mod aead;
mod keys;
mod password;
mod sign;

use std::sync::Mutex;

pub use keys::{MAX_KEYS, OsRandom, Random};

use keys::Keyring;

use crate::error::UnitError;
use crate::schema::{Bytes, NoParams};
use crate::unit;
use crate::unit::{Cost, Output};

crate::names! {
    /// What a key is for.
    pub enum Kind {
        /// Sealing and opening: 32 bytes.
        Aead = "aead",
        /// Signing: the seed of 32 bytes.
        Ed25519 = "ed25519",
        /// Agreeing on keys: 32 bytes.
        X25519 = "x25519",
    }
}

crate::params! {
    /// What `key_generate` and `key_import` take.
    #[derive(Copy)]
    pub struct KindParams {
        kind: Kind = Aead => "What the key is for";
    }
}

crate::params! {
    /// What takes a key alone.
    #[derive(Copy)]
    pub struct KeyParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
    }
}

crate::params! {
    /// What the methods of ChaCha20-Poly1305 take.
    pub struct SealParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
        nonce: Bytes = none in 12..=12 => "The nonce, never twice under a key";
        aad: Bytes = none in 0..=16384 => "What is authenticated and not sealed";
    }
}

crate::params! {
    /// What the methods of XChaCha20-Poly1305 take.
    pub struct XSealParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
        nonce: Bytes = none in 24..=24 => "The nonce, never twice under a key";
        aad: Bytes = none in 0..=16384 => "What is authenticated and not sealed";
    }
}

crate::params! {
    /// What `ed25519_verify` takes.
    pub struct VerifyParams {
        public: Bytes = none in 32..=32 => "The public key";
        signature: Bytes = none in 64..=64 => "The signature";
    }
}

crate::params! {
    /// What `x25519_agree` takes.
    pub struct AgreeParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of our key";
        public: Bytes = none in 32..=32 => "The other side's public key";
        info: Bytes = none in 0..=1024 => "What the new key is for";
    }
}

crate::params! {
    /// What `argon2id_hash` takes.
    pub struct PasswordParams {
        salt: Bytes = none in 8..=64 => "The salt, another one for each password";
        memory: u32 = 19456 in 8..=262144 => "KiB, at least eight for each lane; times passes at most 2097152";
        passes: u32 = 2 in 1..=64 => "Times that the memory is filled";
        lanes: u32 = 1 in 1..=16 => "Independent lanes";
        length: u32 = 32 in 4..=64 => "Length of the result, in bytes";
        secret: Bytes = none in 0..=64 => "A key that the hash depends on, too";
        associated: Bytes = none in 0..=32 => "Data that it depends on";
    }
}

crate::params! {
    /// What `argon2id_verify` takes.
    pub struct CheckParams {
        hash: Bytes = none in 4..=64 => "What `argon2id_hash` gave";
        salt: Bytes = none in 8..=64 => "The salt";
        memory: u32 = 19456 in 8..=262144 => "KiB, at least eight for each lane; times passes at most 2097152";
        passes: u32 = 2 in 1..=64 => "Times that the memory is filled";
        lanes: u32 = 1 in 1..=16 => "Independent lanes";
        secret: Bytes = none in 0..=64 => "A key that the hash depends on, too";
        associated: Bytes = none in 0..=32 => "Data that it depends on";
    }
}

/// The unit `crypto`, with the keys that it was given.
pub struct CryptoUnit {
    keys: Mutex<Keyring>,
    random: Box<dyn Random>,
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
        Self { keys: Mutex::default(), random: Box::new(random) }
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

/// Writes a result that is a few bytes.
fn give(out: &mut dyn Output, bytes: &[u8]) -> Result<usize, UnitError> {
    crate::output::require(out, bytes.len())?;
    out.write(0, bytes)?;
    Ok(bytes.len())
}

fn no_input(input: &[u8]) -> Result<(), UnitError> {
    if input.is_empty() {
        Ok(())
    } else {
        Err(UnitError::BadInput { what: "a method that takes no input" })
    }
}

/// What a proof of none is.
const NOTHING: &[u8] = b"";

unit! {
    impl CryptoUnit: "crypto" (0, 1, 0) "Sealing, signing, key agreement, passwords" {
        key_generate(KindParams) {
            summary: "A new key, from the host's randomness",
            input: "nothing",
            result: "a handle of 8 bytes",
            determinism: Fast,
            cost: Cost { call: 2_000, input_kib: 0, result_kib: 0 },
            answer: "keys differ, and do what keys do",
            bound: |_, _, _| Ok(8),
            run: whole(|unit, params, input, out, _| {
                no_input(input)?;
                crate::output::require(out, 8)?;
                give(out, &unit.keys().generate(params.kind, unit.random.as_ref())?)
            }),
        }
        key_import(KindParams) {
            summary: "A key that is known already",
            input: "32 bytes",
            result: "a handle of 8 bytes",
            determinism: Fast,
            cost: Cost { call: 1_000, input_kib: 0, result_kib: 0 },
            answer: "RFC 8032",
            bound: |_, _, _| Ok(8),
            run: whole(|unit, params, input, out, _| {
                crate::output::require(out, 8)?;
                let key = input.try_into().map_err(|_| UnitError::BadInput { what: "a key has 32 bytes" })?;
                give(out, &unit.keys().insert(params.kind, key)?)
            }),
        }
        key_public(KeyParams) {
            summary: "The public half of a key for signing or agreeing",
            input: "nothing",
            result: "32 bytes",
            determinism: Strict,
            cost: Cost { call: 20_000, input_kib: 0, result_kib: 0 },
            answer: "RFC 8032, RFC 7748",
            bound: |_, _, _| Ok(32),
            run: whole(|unit, params, input, out, _| {
                no_input(input)?;
                let (kind, key) = unit.key(params.key)?;
                give(out, &sign::public(kind, &key)?)
            }),
        }
        key_drop(KeyParams) {
            summary: "Clears a key",
            input: "nothing",
            result: "nothing",
            determinism: Fast,
            cost: Cost { call: 500, input_kib: 0, result_kib: 0 },
            answer: "the handle means nothing then",
            bound: |_, _, _| Ok(0),
            run: whole(|unit, params, input, out, _| {
                no_input(input)?;
                unit.keys().remove(params.key)?;
                give(out, NOTHING)
            }),
        }
        chacha20poly1305_seal(SealParams) {
            summary: "ChaCha20-Poly1305",
            input: "a message",
            result: "as many bytes, and a tag of 16",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 700, result_kib: 0 },
            answer: "RFC 8439",
            bound: |_, _, input| Ok(aead::sealed_len(input.len())),
            run: whole(|unit, params, input, out, budget| {
                aead::seal(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget)
            }),
        }
        chacha20poly1305_open(SealParams) {
            summary: "What ChaCha20-Poly1305 sealed, or an error",
            input: "a sealed message",
            result: "the message",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 700, result_kib: 0 },
            answer: "RFC 8439",
            bound: |_, _, input| Ok(input.len().saturating_sub(aead::TAG_LEN)),
            run: whole(|unit, params, input, out, budget| {
                aead::open(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget)
            }),
        }
        xchacha20poly1305_seal(XSealParams) {
            summary: "XChaCha20-Poly1305",
            input: "a message",
            result: "as many bytes, and a tag of 16",
            determinism: Strict,
            cost: Cost { call: 1_500, input_kib: 700, result_kib: 0 },
            answer: "draft-irtf-cfrg-xchacha-03",
            bound: |_, _, input| Ok(aead::sealed_len(input.len())),
            run: whole(|unit, params, input, out, budget| {
                aead::seal_x(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget)
            }),
        }
        xchacha20poly1305_open(XSealParams) {
            summary: "What XChaCha20-Poly1305 sealed, or an error",
            input: "a sealed message",
            result: "the message",
            determinism: Strict,
            cost: Cost { call: 1_500, input_kib: 700, result_kib: 0 },
            answer: "draft-irtf-cfrg-xchacha-03",
            bound: |_, _, input| Ok(input.len().saturating_sub(aead::TAG_LEN)),
            run: whole(|unit, params, input, out, budget| {
                aead::open_x(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget)
            }),
        }
        seal_many(SealParams) {
            summary: "ChaCha20-Poly1305 of each message of a batch, with counted nonces",
            input: "a batch",
            result: "a batch",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 1_500, result_kib: 0 },
            answer: "RFC 8439",
            bound: |_, _, input| aead::sealed_batch_len(input),
            run: whole(|unit, params, input, out, budget| {
                aead::many(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget, aead::Way::Seal)
            }),
        }
        open_many(SealParams) {
            summary: "What `seal_many` sealed, or an error",
            input: "a batch",
            result: "a batch",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 1_500, result_kib: 0 },
            answer: "RFC 8439",
            bound: |_, _, input| Ok(input.len()),
            run: whole(|unit, params, input, out, budget| {
                aead::many(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget, aead::Way::Open)
            }),
        }
        ed25519_sign(KeyParams) {
            summary: "An Ed25519 signature",
            input: "a message",
            result: "64 bytes",
            determinism: Strict,
            cost: Cost { call: 40_000, input_kib: 4_000, result_kib: 0 },
            answer: "RFC 8032",
            bound: |_, _, _| Ok(64),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                give(out, &sign::sign(&unit.key_of(params.key, Kind::Ed25519)?, input))
            }),
        }
        ed25519_verify(VerifyParams) {
            summary: "Whether a signature holds, strictly",
            input: "a message",
            result: "nothing, or an error",
            determinism: Strict,
            cost: Cost { call: 50_000, input_kib: 2_000, result_kib: 0 },
            answer: "RFC 8032",
            bound: |_, _, _| Ok(0),
            run: whole(|_, params, input, out, budget| {
                budget.check()?;
                sign::verify(params, input)?;
                give(out, NOTHING)
            }),
        }
        ed25519_verify_batch(NoParams) {
            summary: "Whether all signatures of a batch hold",
            input: "a batch of public key, signature and message in a row",
            result: "nothing, or an error",
            determinism: Strict,
            cost: Cost { call: 50_000, input_kib: 150_000, result_kib: 0 },
            answer: "RFC 8032",
            bound: |_, _, _| Ok(0),
            run: whole(|_, _, input, out, budget| {
                sign::verify_batch(input, budget)?;
                give(out, NOTHING)
            }),
        }
        x25519_agree(AgreeParams) {
            summary: "A key for sealing that the other side has, too",
            input: "nothing",
            result: "a handle of 8 bytes",
            determinism: Fast,
            cost: Cost { call: 60_000, input_kib: 0, result_kib: 0 },
            answer: "RFC 7748, RFC 5869",
            bound: |_, _, _| Ok(8),
            run: whole(|unit, params, input, out, _| {
                no_input(input)?;
                crate::output::require(out, 8)?;
                let key = sign::agree(&unit.key_of(params.key, Kind::X25519)?, params)?;
                give(out, &unit.keys().insert(Kind::Aead, &key)?)
            }),
        }
        argon2id_hash(PasswordParams) {
            summary: "Argon2id",
            input: "a password",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 1_000, result_kib: 0 },
            answer: "RFC 9106",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| {
                crate::output::require(out, params.length as usize)?;
                give(out, &password::hash(params, input, budget)?)
            }),
        }
        argon2id_verify(CheckParams) {
            summary: "Whether a password gives a hash",
            input: "a password",
            result: "nothing, or an error",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 1_000, result_kib: 0 },
            answer: "RFC 9106",
            bound: |_, _, _| Ok(0),
            run: whole(|_, params, input, out, budget| {
                password::verify(params, input, budget)?;
                give(out, NOTHING)
            }),
        }
    }
}

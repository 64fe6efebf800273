//! Hashes of bytes: [BLAKE3](https://github.com/BLAKE3-team/BLAKE3-specs), SHA-2 (FIPS 180-4),
//! HMAC (RFC 2104), HKDF (RFC 5869).
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `blake3` | bytes | [`Blake3Params`] | `length` bytes of BLAKE3's extendable output |
//! | `blake3_keyed` | bytes | [`KeyedParams`] | the same, of the keyed hash |
//! | `blake3_derive_key` | key material | [`DeriveParams`] | the same, as a key for that context |
//! | `blake3_many` | a [`batch`] | none | 32 bytes for each message |
//! | `blake3_update` | more bytes | [`UpdateParams`] | a state, to go on from |
//! | `blake3_finish` | the last bytes | [`FinishParams`] | as `blake3`, of all bytes |
//! | `blake3_slice` | content | [`SliceParams`] | a range of it, with a proof |
//! | `blake3_verify_slice` | a slice | [`VerifyParams`] | the bytes of the range |
//! | `sha256`, `sha512` | bytes | none | 32 or 64 bytes |
//! | `sha256_many` | a [`batch`] | none | 32 bytes for each message |
//! | `hmac` | bytes | [`HmacParams`] | 32 or 64 bytes |
//! | `hkdf` | key material | [`HkdfParams`] | `length` bytes |
//!
//! The first 32 bytes of a longer BLAKE3 output are the usual digest.
//!
//! ```
//! use inos_units::hash::Blake3Params;
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! let dispatcher = Dispatcher::standard();
//! let params = Blake3Params { length: 4 }.to_json();
//! let call = Call { input: b"", params: params.as_bytes() };
//! let mut out = VecOutput::new(4);
//! dispatcher.execute_named("hash", "blake3", call, &mut out, &Budget::unlimited())?;
//! assert_eq!(out.as_bytes(), [0xaf, 0x13, 0x49, 0xb9]);
//! # Ok::<(), UnitError>(())
//! ```
//!
//! # A file in pieces
//! A state is what `blake3_update` gives: bytes that can be kept, sent and gone on from elsewhere.
//!
//! ```
//! # use inos_units::hash::{FinishParams, UpdateParams};
//! # use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//! # let units = Dispatcher::standard();
//! # let call = |method: &str, params: String, input: &[u8]| {
//! #     let mut out = VecOutput::new(1 << 12);
//! #     let call = Call { input, params: params.as_bytes() };
//! #     units.execute_named("hash", method, call, &mut out, &Budget::unlimited())?;
//! #     Ok::<_, UnitError>(out.to_vec())
//! # };
//! let state = call("blake3_update", UpdateParams::default().to_json(), b"ab")?;
//! let params = FinishParams { state: state.into(), ..FinishParams::default() };
//! assert_eq!(call("blake3_finish", params.to_json(), b"c")?, call("blake3", String::new(), b"abc")?);
//! # Ok::<(), UnitError>(())
//! ```
//!
//! # A part of a file from somebody else
//! Who has the whole gives a slice; who knows only the digest checks it. A byte that is not
//! proven is refused, and nothing behind it is given out.
//!
//! # Not supported
//! States of keyed hashes, which would have to hold the key, and of SHA-2. Splitting one long
//! message over threads: that takes a copy of it.
#![forbid(unsafe_code)]

mod blake3;
mod range;
mod sha2;
mod stream;

use ::blake3::Hasher;
use ::sha2::{Sha256, Sha512};

use crate::batch;
use crate::error::UnitError;
use crate::schema::{Bytes, NoParams};
use crate::unit;
use crate::unit::Cost;

/// Bytes hashed between two looks at the budget: about a millisecond.
const SLICE_LEN: usize = 1 << 20;

crate::names! {
    /// One of the SHA-2 hashes.
    pub enum Sha2 {
        /// 32 bytes.
        Sha256 = "sha256",
        /// 64 bytes.
        Sha512 = "sha512",
    }
}

crate::params! {
    /// What `blake3` takes.
    pub struct Blake3Params {
        length: u32 = 32 in 1..=65536 => "Length of the result, in bytes";
    }
}

crate::params! {
    /// What `blake3_keyed` takes.
    pub struct KeyedParams {
        key: Bytes = none in 32..=32 => "The key";
        length: u32 = 32 in 1..=65536 => "Length of the result, in bytes";
    }
}

crate::params! {
    /// What `blake3_derive_key` takes.
    pub struct DeriveParams {
        context: Bytes = none in 1..=1024 =>
            "What the key is for, in UTF-8: fixed in the program, not chosen by a user";
        length: u32 = 32 in 1..=65536 => "Length of the result, in bytes";
    }
}

crate::params! {
    /// What `blake3_update` takes.
    pub struct UpdateParams {
        state: Bytes = none in 0..=2768 => "What the last `blake3_update` gave; none at first";
    }
}

crate::params! {
    /// What `blake3_finish` takes.
    pub struct FinishParams {
        state: Bytes = none in 0..=2768 => "What the last `blake3_update` gave";
        length: u32 = 32 in 1..=65536 => "Length of the result, in bytes";
    }
}

const _: () = assert!(stream::MAX_LEN == 2768);

crate::params! {
    /// What `blake3_slice` takes.
    pub struct SliceParams {
        offset: u64 = 0 in 0..=18446744073709551615 => "Where the range begins";
        length: u64 = 1024 in 0..=18446744073709551615 => "Bytes of it";
        group: u32 = 4 in 0..=10 => "Leaves have 1024 bytes times two to this power";
    }
}

crate::params! {
    /// What `blake3_verify_slice` takes.
    pub struct VerifyParams {
        digest: Bytes = none in 32..=32 => "BLAKE3 of the whole content";
        offset: u64 = 0 in 0..=18446744073709551615 => "Where the range begins";
        length: u64 = 1024 in 0..=18446744073709551615 => "Bytes of it";
        group: u32 = 4 in 0..=10 => "As the slice was made with";
    }
}

crate::params! {
    /// What `hmac` takes.
    pub struct HmacParams {
        key: Bytes = none in 0..=16384 => "The key";
        algorithm: Sha2 = Sha256 => "The hash";
    }
}

crate::params! {
    /// What `hkdf` takes.
    pub struct HkdfParams {
        salt: Bytes = none in 0..=8192 => "The salt";
        info: Bytes = none in 0..=8192 => "What the key is for";
        length: u32 = 32 in 1..=16320 => "Length of the result, in bytes, at most 255 digests";
        algorithm: Sha2 = Sha256 => "The hash";
    }
}

/// The unit `hash`.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashUnit(());

impl HashUnit {
    /// The unit; it has no state.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Bytes of so many digests of 32.
fn digests(input: &[u8]) -> Result<usize, UnitError> {
    Ok(batch::split(input)?.len().saturating_mul(32))
}

unit! {
    impl HashUnit: "hash" (0, 2, 0) "Cryptographic hashes of bytes" {
        blake3(Blake3Params) {
            summary: "BLAKE3, as many bytes as asked for",
            input: "bytes",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 300, result_kib: 1_000 },
            answer: "BLAKE3's test_vectors.json",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| {
                blake3::run(Hasher::new(), input, params.length as usize, out, budget)
            }),
        }
        sha256(NoParams) {
            summary: "SHA-256",
            input: "bytes",
            result: "32 bytes",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 800, result_kib: 0 },
            answer: "FIPS 180-4, NIST's examples",
            bound: |_, _, _| Ok(32),
            run: whole(|_, _, input, out, budget| sha2::plain::<Sha256>(input, out, budget)),
        }
        blake3_keyed(KeyedParams) {
            summary: "BLAKE3 under a key",
            input: "bytes",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 300, input_kib: 300, result_kib: 1_000 },
            answer: "BLAKE3's test_vectors.json",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| {
                let refused = UnitError::BadParam { name: "key", expected: "32 bytes" };
                let key = params.key.to_array().ok_or(refused)?;
                blake3::run(Hasher::new_keyed(&key), input, params.length as usize, out, budget)
            }),
        }
        blake3_derive_key(DeriveParams) {
            summary: "A key for a context, by BLAKE3, from key material",
            input: "key material",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 300, result_kib: 1_000 },
            answer: "BLAKE3's test_vectors.json",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| {
                let context = str::from_utf8(params.context.as_slice())
                    .map_err(|_| UnitError::BadParam { name: "context", expected: "UTF-8" })?;
                let hasher = Hasher::new_derive_key(context);
                blake3::run(hasher, input, params.length as usize, out, budget)
            }),
        }
        blake3_many(NoParams) {
            summary: "BLAKE3 of each message of a batch",
            input: "a batch",
            result: "32 bytes for each",
            determinism: Strict,
            cost: Cost { call: 300, input_kib: 300, result_kib: 400 },
            answer: "BLAKE3's test_vectors.json",
            bound: |_, _, input| digests(input),
            run: whole(|_, _, input, out, budget| blake3::many(input, out, budget)),
        }
        blake3_update(UpdateParams) {
            summary: "BLAKE3 over several calls: more bytes",
            input: "bytes",
            result: "a state, at most 2768 bytes",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 300, result_kib: 500 },
            answer: "BLAKE3's test_vectors.json",
            bound: |_, _, _| Ok(stream::MAX_LEN),
            run: whole(|_, params, input, out, budget| {
                stream::update(params.state.as_slice(), input, out, budget)
            }),
        }
        blake3_finish(FinishParams) {
            summary: "BLAKE3 over several calls: the last bytes",
            input: "bytes",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 300, result_kib: 1_000 },
            answer: "BLAKE3's test_vectors.json",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| {
                let length = params.length as usize;
                stream::finish(params.state.as_slice(), input, length, out, budget)
            }),
        }
        blake3_slice(SliceParams) {
            summary: "A range of content, with the proof that it is one",
            input: "content",
            result: "a slice, in Bao's format",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 700, result_kib: 500 },
            answer: "the bao crate",
            bound: |_, params, input| Ok(range::slice_bound(params, input.len())),
            run: whole(|_, params, input, out, budget| range::slice(params, input, out, budget)),
        }
        blake3_verify_slice(VerifyParams) {
            summary: "A range that a slice proves, or an error",
            input: "a slice",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 700, result_kib: 0 },
            answer: "the bao crate",
            bound: |_, params, _| Ok(usize::try_from(params.length).unwrap_or(usize::MAX)),
            run: whole(|_, params, input, out, budget| range::verify(params, input, out, budget)),
        }
        sha512(NoParams) {
            summary: "SHA-512",
            input: "bytes",
            result: "64 bytes",
            determinism: Strict,
            cost: Cost { call: 300, input_kib: 2_000, result_kib: 0 },
            answer: "FIPS 180-4, NIST's examples",
            bound: |_, _, _| Ok(64),
            run: whole(|_, _, input, out, budget| sha2::plain::<Sha512>(input, out, budget)),
        }
        sha256_many(NoParams) {
            summary: "SHA-256 of each message of a batch",
            input: "a batch",
            result: "32 bytes for each",
            determinism: Strict,
            cost: Cost { call: 300, input_kib: 1_500, result_kib: 1_000 },
            answer: "FIPS 180-4, NIST's examples",
            bound: |_, _, input| digests(input),
            run: whole(|_, _, input, out, budget| sha2::many(input, out, budget)),
        }
        hmac(HmacParams) {
            summary: "HMAC",
            input: "bytes",
            result: "32 or 64 bytes",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 2_000, result_kib: 0 },
            answer: "RFC 4231",
            bound: |_, params, _| Ok(sha2::digest_len(params.algorithm)),
            run: whole(|_, params, input, out, budget| sha2::hmac(params, input, out, budget)),
        }
        hkdf(HkdfParams) {
            summary: "HKDF, extract and expand",
            input: "key material",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 3_000, input_kib: 2_000, result_kib: 30_000 },
            answer: "RFC 5869",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| sha2::hkdf(params, input, out, budget)),
        }
    }
}

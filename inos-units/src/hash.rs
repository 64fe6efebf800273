//! Hashes of bytes: [BLAKE3](https://github.com/BLAKE3-team/BLAKE3-specs) and SHA-256
//! (FIPS 180-4).
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `blake3` | bytes | [`Blake3Params`] | `length` bytes of BLAKE3's extendable output |
//! | `sha256` | bytes | none | 32 bytes |
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
//! # Not supported
//! Keyed and derived hashes, streaming over several calls, many messages in one call.

use sha2::Digest as _;

use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::schema::NoParams;
use crate::unit;
use crate::unit::{Cost, Output};

/// Bytes hashed between two looks at the budget: about a millisecond.
const SLICE_LEN: usize = 1 << 20;

/// Length of a SHA-256 digest in bytes.
const SHA256_LEN: usize = 32;

crate::params! {
    /// What `blake3` takes.
    pub struct Blake3Params {
        length: u32 = 32 in 1..=65536 => "Length of the result, in bytes";
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

    fn blake3(
        params: &Blake3Params,
        input: &[u8],
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        let length = params.length as usize;
        require(out, length)?;
        let mut hasher = blake3::Hasher::new();
        for slice in input.chunks(SLICE_LEN) {
            budget.check()?;
            hasher.update(slice);
        }
        budget.check()?;
        let mut reader = hasher.finalize_xof();
        let mut block = [0; 1024];
        let mut offset = 0;
        while offset < length {
            let block_len = block.len().min(length - offset);
            let part = &mut block[..block_len];
            reader.fill(part);
            out.write(offset, part)?;
            offset += block_len;
        }
        Ok(length)
    }

    fn sha256(input: &[u8], out: &mut dyn Output, budget: &Budget) -> Result<usize, UnitError> {
        require(out, SHA256_LEN)?;
        let mut hasher = sha2::Sha256::new();
        for slice in input.chunks(SLICE_LEN) {
            budget.check()?;
            hasher.update(slice);
        }
        budget.check()?;
        out.write(0, &hasher.finalize())?;
        Ok(SHA256_LEN)
    }
}

unit! {
    impl HashUnit: "hash" (0, 1, 0) "Cryptographic hashes of bytes" {
        blake3(Blake3Params) {
            summary: "BLAKE3, as many bytes as asked for",
            input: "bytes",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 300, result_kib: 300 },
            answer: "test_vectors.json of BLAKE3",
            bound: |_, params, _| Ok(params.length as usize),
            run: whole(|_, params, input, out, budget| HashUnit::blake3(params, input, out, budget)),
        }
        sha256(NoParams) {
            summary: "SHA-256",
            input: "bytes",
            result: "32 bytes",
            determinism: Strict,
            cost: Cost { call: 200, input_kib: 800, result_kib: 0 },
            answer: "NIST CAVP",
            bound: |_, _, _| Ok(SHA256_LEN),
            run: whole(|_, _, input, out, budget| HashUnit::sha256(input, out, budget)),
        }
    }
}

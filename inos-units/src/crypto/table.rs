//! The table of methods.

use super::aead::{self, Way};
use super::params::{
    AgreeParams, CheckParams, FreshParams, KeyParams, Kind, KindParams, PasswordParams, SealParams,
    StreamParams, VerifyParams, XSealParams,
};
use super::{CryptoUnit, keys, password, sign, stream};
use crate::error::UnitError;
use crate::schema::NoParams;
use crate::unit;
use crate::unit::{Cost, Output};

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
            input: "32 bytes, or 16 for streams",
            result: "a handle of 8 bytes",
            determinism: Fast,
            cost: Cost { call: 1_000, input_kib: 0, result_kib: 0 },
            answer: "RFC 8032",
            bound: |_, _, _| Ok(8),
            run: whole(|unit, params, input, out, _| {
                crate::output::require(out, 8)?;
                let key = keys::key_of_bytes(params.kind, input)?;
                give(out, &unit.keys().insert(params.kind, &key)?)
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
            bound: |_, _, input| Ok(aead::result_len(Way::Seal, input.len())),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Aead)?;
                aead::chacha(&key, params, input, out, Way::Seal)
            }),
        }
        chacha20poly1305_open(SealParams) {
            summary: "What ChaCha20-Poly1305 sealed, or an error",
            input: "a sealed message",
            result: "the message",
            determinism: Strict,
            cost: Cost { call: 1_000, input_kib: 700, result_kib: 0 },
            answer: "RFC 8439",
            bound: |_, _, input| Ok(aead::result_len(Way::Open, input.len())),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Aead)?;
                aead::chacha(&key, params, input, out, Way::Open)
            }),
        }
        xchacha20poly1305_seal(XSealParams) {
            summary: "XChaCha20-Poly1305",
            input: "a message",
            result: "as many bytes, and a tag of 16",
            determinism: Strict,
            cost: Cost { call: 1_500, input_kib: 700, result_kib: 0 },
            answer: "draft-irtf-cfrg-xchacha-03",
            bound: |_, _, input| Ok(aead::result_len(Way::Seal, input.len())),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Aead)?;
                aead::xchacha(&key, params, input, out, Way::Seal)
            }),
        }
        xchacha20poly1305_open(XSealParams) {
            summary: "What XChaCha20-Poly1305 sealed, or an error",
            input: "a sealed message",
            result: "the message",
            determinism: Strict,
            cost: Cost { call: 1_500, input_kib: 700, result_kib: 0 },
            answer: "draft-irtf-cfrg-xchacha-03",
            bound: |_, _, input| Ok(aead::result_len(Way::Open, input.len())),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Aead)?;
                aead::xchacha(&key, params, input, out, Way::Open)
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
                aead::many(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget, Way::Seal)
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
                aead::many(&unit.key_of(params.key, Kind::Aead)?, params, input, out, budget, Way::Open)
            }),
        }
        seal_fresh(FreshParams) {
            summary: "XChaCha20-Poly1305, with a nonce from the host's randomness",
            input: "a message",
            result: "the nonce of 24 bytes, as many bytes, and a tag of 16",
            determinism: Fast,
            cost: Cost { call: 2_500, input_kib: 700, result_kib: 0 },
            answer: "draft-irtf-cfrg-xchacha-03",
            bound: |_, _, input| Ok(aead::fresh_len(Way::Seal, input.len())),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Aead)?;
                aead::seal_fresh(&key, params, unit.random.as_ref(), input, out)
            }),
        }
        open_fresh(FreshParams) {
            summary: "What `seal_fresh` sealed, or an error",
            input: "a nonce and a sealed message",
            result: "the message",
            determinism: Strict,
            cost: Cost { call: 1_500, input_kib: 700, result_kib: 0 },
            answer: "draft-irtf-cfrg-xchacha-03",
            bound: |_, _, input| Ok(aead::fresh_len(Way::Open, input.len())),
            run: whole(|unit, params, input, out, budget| {
                budget.check()?;
                aead::open_fresh(&unit.key_of(params.key, Kind::Aead)?, params, input, out)
            }),
        }
        seal_stream(StreamParams) {
            summary: "A message of any length, as the payload of an age file",
            input: "a message",
            result: "the nonce of 16 bytes, and segments with a tag each",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 700, result_kib: 0 },
            answer: "C2SP age vectors",
            bound: |_, _, input| Ok(stream::sealed_len(input.len())),
            run: split(|unit, params, input, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Stream)?;
                Ok(Box::new(stream::Seal::new(&key, params, input)?))
            }, |unit, params, input, out, budget| {
                let key = unit.key_of(params.key, Kind::Stream)?;
                stream::seal(&key, params, input, out, budget)
            }),
        }
        open_stream(KeyParams) {
            summary: "What `seal_stream` sealed, or an error",
            input: "a stream",
            result: "the message",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 700, result_kib: 0 },
            answer: "C2SP age vectors",
            bound: |_, _, input| stream::opened_len(input.len()),
            run: split(|unit, params, input, budget| {
                budget.check()?;
                let key = unit.key_of(params.key, Kind::Stream)?;
                Ok(Box::new(stream::Open::new(&key, input)?))
            }, |unit, params, input, out, budget| {
                stream::open(&unit.key_of(params.key, Kind::Stream)?, input, out, budget)
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

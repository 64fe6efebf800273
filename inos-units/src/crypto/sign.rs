//! Ed25519 and X25519.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey, verify_batch as all_hold};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::keys::Secret;
use super::{AgreeParams, Kind, VerifyParams};
use crate::batch;
use crate::budget::Budget;
use crate::error::UnitError;

const PUBLIC_LEN: usize = 32;
const SIGNATURE_LEN: usize = 64;
/// Signatures that are verified together: more gain little, and the budget is looked at between.
const GROUP: usize = 64;

const REFUSED: UnitError = UnitError::Refused { what: "the signature" };

pub(super) fn public(kind: Kind, key: &Secret) -> Result<[u8; PUBLIC_LEN], UnitError> {
    match kind {
        Kind::Ed25519 => Ok(SigningKey::from_bytes(key).verifying_key().to_bytes()),
        Kind::X25519 => Ok(PublicKey::from(&StaticSecret::from(**key)).to_bytes()),
        Kind::Aead | Kind::Stream => {
            Err(UnitError::BadParam { name: "key", expected: "a key that has a public half" })
        }
    }
}

pub(super) fn sign(key: &Secret, message: &[u8]) -> [u8; SIGNATURE_LEN] {
    SigningKey::from_bytes(key).sign(message).to_bytes()
}

fn public_of(bytes: &[u8; PUBLIC_LEN]) -> Result<VerifyingKey, UnitError> {
    let bad = UnitError::BadParam { name: "public", expected: "a point of the curve" };
    VerifyingKey::from_bytes(bytes).map_err(|_| bad)
}

pub(super) fn verify(params: &VerifyParams, message: &[u8]) -> Result<(), UnitError> {
    let public = public_of(&params.public.to_array().ok_or(REFUSED)?)?;
    let signature = Signature::from_bytes(&params.signature.to_array().ok_or(REFUSED)?);
    public.verify_strict(message, &signature).map_err(|_| REFUSED)
}

pub(super) fn verify_batch(input: &[u8], budget: &Budget) -> Result<(), UnitError> {
    let short = UnitError::BadInput { what: "an item without key and signature" };
    let mut items = batch::split(input)?;
    loop {
        budget.check()?;
        let (mut messages, mut signatures, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for item in items.by_ref().take(GROUP) {
            let (public, rest) = item.split_first_chunk().ok_or_else(|| short.clone())?;
            let (signature, message) = rest.split_first_chunk().ok_or_else(|| short.clone())?;
            keys.push(public_of(public)?);
            signatures.push(Signature::from_bytes(signature));
            messages.push(message);
        }
        if keys.is_empty() {
            return Ok(());
        }
        all_hold(&messages, &signatures, &keys).map_err(|_| REFUSED)?;
    }
}

/// The key that both sides come to.
pub(super) fn agree(key: &Secret, params: &AgreeParams) -> Result<Secret, UnitError> {
    let refused = UnitError::Refused { what: "a public key of small order" };
    let own = StaticSecret::from(**key);
    let other: [u8; PUBLIC_LEN] = params.public.to_array().ok_or_else(|| refused.clone())?;
    let shared = own.diffie_hellman(&PublicKey::from(other));
    if !shared.was_contributory() {
        return Err(refused);
    }
    let mut key = Zeroizing::new([0; 32]);
    let hkdf = hkdf::Hkdf::<Sha256>::new(None, shared.as_bytes());
    // 32 bytes are one digest.
    hkdf.expand(params.info.as_slice(), key.as_mut_slice()).map_err(|_| refused)?;
    Ok(key)
}

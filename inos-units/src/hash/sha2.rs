//! SHA-2 (FIPS 180-4), HMAC (RFC 2104) and HKDF (RFC 5869) over it.

use hmac::{EagerHash, KeyInit as _, Mac as _};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::{HkdfParams, HmacParams, SLICE_LEN, Sha2};
use crate::batch;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Items of a batch between two looks at the budget.
const ITEMS_PER_CHECK: usize = 1024;

/// Bytes of a digest.
pub(super) const fn digest_len(algorithm: Sha2) -> usize {
    match algorithm {
        Sha2::Sha256 => 32,
        Sha2::Sha512 => 64,
    }
}

/// The digest of the input.
pub(super) fn plain<D: Digest>(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    require(out, <D as Digest>::output_size())?;
    let mut hasher = D::new();
    for slice in input.chunks(SLICE_LEN) {
        budget.check()?;
        hasher.update(slice);
    }
    budget.check()?;
    let digest = hasher.finalize();
    out.write(0, &digest)?;
    Ok(digest.len())
}

/// The SHA-256 digests of a batch, one after another.
pub(super) fn many(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let items = batch::split(input)?;
    let len = items.len() * 32;
    require(out, len)?;
    for (index, item) in items.enumerate() {
        if index.is_multiple_of(ITEMS_PER_CHECK) || item.len() > SLICE_LEN {
            budget.check()?;
        }
        out.write(index * 32, &Sha256::digest(item))?;
    }
    Ok(len)
}

pub(super) fn hmac(
    params: &HmacParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    match params.algorithm {
        Sha2::Sha256 => hmac_with::<Sha256>(params.key.as_slice(), input, out, budget),
        Sha2::Sha512 => hmac_with::<Sha512>(params.key.as_slice(), input, out, budget),
    }
}

fn hmac_with<D: EagerHash>(
    key: &[u8],
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    // Any length of key is one.
    let bad = UnitError::BadParam { name: "key", expected: "a key of HMAC" };
    let mut mac = hmac::Hmac::<D>::new_from_slice(key).map_err(|_| bad)?;
    for slice in input.chunks(SLICE_LEN) {
        budget.check()?;
        mac.update(slice);
    }
    budget.check()?;
    let tag = mac.finalize().into_bytes();
    require(out, tag.len())?;
    out.write(0, &tag)?;
    Ok(tag.len())
}

pub(super) fn hkdf(
    params: &HkdfParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    match params.algorithm {
        Sha2::Sha256 => hkdf_with::<Sha256>(params, input, out, budget),
        Sha2::Sha512 => hkdf_with::<Sha512>(params, input, out, budget),
    }
}

fn hkdf_with<D: EagerHash>(
    params: &HkdfParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let length = params.length as usize;
    require(out, length)?;
    // RFC 5869: a missing salt is as many zeros as a digest has bytes, which is what an empty one
    // is padded to, too.
    let mut extract = hkdf::GenericHkdfExtract::<hmac::Hmac<D>>::new(Some(params.salt.as_slice()));
    for slice in input.chunks(SLICE_LEN) {
        budget.check()?;
        extract.input_ikm(slice);
    }
    let (_, expand) = extract.finalize();
    let mut key = Zeroizing::new(vec![0; length]);
    expand.expand(params.info.as_slice(), &mut key).map_err(|_| UnitError::BadParam {
        name: "length",
        expected: "at most 255 digests: 8160 bytes with sha256, 16320 with sha512",
    })?;
    out.write(0, &key)?;
    Ok(length)
}

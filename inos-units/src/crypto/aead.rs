//! ChaCha20-Poly1305 and XChaCha20-Poly1305.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, XChaCha20Poly1305};
use zeroize::Zeroizing;

use super::keys::Secret;
use super::{SealParams, XSealParams};
use crate::batch;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Bytes of a tag.
const TAG_LEN: usize = 16;

/// Longest message: it is sealed in one go, so this is how long the budget is not looked at.
const MAX_LEN: usize = 1 << 28;

/// Messages of a batch between two looks at the budget.
const ITEMS_PER_CHECK: usize = 256;

const REFUSED: UnitError = UnitError::Refused { what: "the tag" };

const fn sealed_len(len: usize) -> usize {
    len.saturating_add(TAG_LEN)
}

fn check_len(len: usize) -> Result<(), UnitError> {
    if len > MAX_LEN {
        return Err(UnitError::TooLarge { len: len as u64, max: MAX_LEN as u64 });
    }
    Ok(())
}

/// A nonce of so many bytes; the schema has seen to that.
fn nonce<const N: usize>(bytes: &[u8]) -> Result<[u8; N], UnitError> {
    bytes.try_into().map_err(|_| UnitError::BadParam { name: "nonce", expected: "12 or 24 bytes" })
}

/// A copy of the message, sealed. In a buffer that is cleared, since a message is in it first.
fn sealed<A: AeadInOut>(
    cipher: &A,
    nonce: &chacha20poly1305::aead::Nonce<A>,
    aad: &[u8],
    message: &[u8],
) -> Result<Zeroizing<Vec<u8>>, UnitError> {
    check_len(message.len())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(sealed_len(message.len())));
    bytes.extend_from_slice(message);
    let too_large = UnitError::TooLarge { len: message.len() as u64, max: MAX_LEN as u64 };
    let tag = cipher.encrypt_inout_detached(nonce, aad, bytes.as_mut_slice().into());
    bytes.extend_from_slice(&tag.map_err(|_| too_large)?);
    Ok(bytes)
}

/// What was sealed. Nothing of it is given out before the tag was checked.
fn opened<A: AeadInOut>(
    cipher: &A,
    nonce: &chacha20poly1305::aead::Nonce<A>,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, UnitError> {
    check_len(sealed.len())?;
    let len = sealed.len().checked_sub(TAG_LEN).ok_or(REFUSED)?;
    let (bytes, tag) = sealed.split_at_checked(len).ok_or(REFUSED)?;
    let tag = tag.try_into().map_err(|_| REFUSED)?;
    let mut bytes = Zeroizing::new(bytes.to_vec());
    cipher
        .decrypt_inout_detached(nonce, aad, bytes.as_mut_slice().into(), tag)
        .map_err(|_| REFUSED)?;
    Ok(bytes)
}

fn cipher(key: &Secret) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new((&**key).into())
}

/// Whether a message is sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Seal,
    Open,
}

/// Bytes of the result for so many of the input.
pub(super) const fn result_len(way: Way, len: usize) -> usize {
    match way {
        Way::Seal => sealed_len(len),
        Way::Open => len.saturating_sub(TAG_LEN),
    }
}

/// One message.
fn one<A: AeadInOut>(
    cipher: &A,
    nonce: &chacha20poly1305::aead::Nonce<A>,
    aad: &[u8],
    input: &[u8],
    out: &mut dyn Output,
    way: Way,
) -> Result<usize, UnitError> {
    require(out, result_len(way, input.len()))?;
    let bytes = match way {
        Way::Seal => sealed(cipher, nonce, aad, input)?,
        Way::Open => opened(cipher, nonce, aad, input)?,
    };
    out.write(0, &bytes)?;
    Ok(bytes.len())
}

/// ChaCha20-Poly1305.
pub(super) fn chacha(
    key: &Secret,
    params: &SealParams,
    input: &[u8],
    out: &mut dyn Output,
    way: Way,
) -> Result<usize, UnitError> {
    let nonce = nonce::<12>(params.nonce.as_slice())?.into();
    one(&cipher(key), &nonce, params.aad.as_slice(), input, out, way)
}

/// XChaCha20-Poly1305.
pub(super) fn xchacha(
    key: &Secret,
    params: &XSealParams,
    input: &[u8],
    out: &mut dyn Output,
    way: Way,
) -> Result<usize, UnitError> {
    let nonce = nonce::<24>(params.nonce.as_slice())?.into();
    let cipher = XChaCha20Poly1305::new((&**key).into());
    one(&cipher, &nonce, params.aad.as_slice(), input, out, way)
}

/// Bytes of a batch of sealed messages.
pub(super) fn sealed_batch_len(input: &[u8]) -> Result<usize, UnitError> {
    Ok(input.len().saturating_add(batch::split(input)?.len().saturating_mul(TAG_LEN)))
}

/// `seal_many` and `open_many`: message `i` has the nonce plus `i`.
pub(super) fn many(
    key: &Secret,
    params: &SealParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
    way: Way,
) -> Result<usize, UnitError> {
    let items = batch::split(input)?;
    let cipher = cipher(key);
    let base = nonce::<12>(params.nonce.as_slice())?;
    let mut done = Vec::with_capacity(items.len());
    let mut total = 0_usize;
    for (index, item) in items.enumerate() {
        if index.is_multiple_of(ITEMS_PER_CHECK) || item.len() > 1 << 20 {
            budget.check()?;
        }
        let nonce = counted(base, index)?.into();
        let aad = params.aad.as_slice();
        let bytes = match way {
            Way::Seal => sealed(&cipher, &nonce, aad, item)?,
            Way::Open => opened(&cipher, &nonce, aad, item)?,
        };
        // What there is no room for is not worked on.
        total = total.saturating_add(bytes.len()).saturating_add(4);
        require(out, total)?;
        done.push(bytes);
    }
    // All tags hold by now.
    let bytes = Zeroizing::new(batch::join(done.iter().map(|bytes| bytes.as_slice()))?);
    require(out, bytes.len())?;
    out.write(0, &bytes)?;
    Ok(bytes.len())
}

/// The nonce of message `index`.
fn counted(mut nonce: [u8; 12], index: usize) -> Result<[u8; 12], UnitError> {
    let wrapped = UnitError::BadParam { name: "nonce", expected: "room to count the messages" };
    let [.., a, b, c, d] = &mut nonce;
    let count = u32::from_be_bytes([*a, *b, *c, *d]);
    let count = u32::try_from(index).ok().and_then(|index| count.checked_add(index));
    [*a, *b, *c, *d] = count.ok_or(wrapped)?.to_be_bytes();
    Ok(nonce)
}

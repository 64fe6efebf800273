//! ChaCha20-Poly1305 and XChaCha20-Poly1305.

use zeroize::Zeroizing;

use super::cipher::{Aead as _, Cipher, Nonce, REFUSED, TAG_LEN, extended};
use super::cleared::wipe;
use super::keys::{Random, Secret};
use super::{FreshParams, SealParams, XSealParams};
use crate::batch;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Longest message: it is sealed in one go, so this is how long the budget is not looked at.
const MAX_LEN: usize = 1 << 28;

/// Messages of a batch between two looks at the budget.
const ITEMS_PER_CHECK: usize = 256;

/// Bytes of the nonce of XChaCha20-Poly1305.
pub(super) const XNONCE_LEN: usize = 24;

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

/// Seals `message` into `target`, which is longer by a tag.
pub(super) fn seal_into(
    cipher: &Cipher,
    nonce: &Nonce,
    aad: &[u8],
    message: &[u8],
    target: &mut [u8],
) -> Result<(), UnitError> {
    let split = target.split_at_mut_checked(message.len());
    let Some((bytes, Ok(end))) =
        split.map(|(bytes, end)| (bytes, <&mut [u8; TAG_LEN]>::try_from(end)))
    else {
        let (needed, capacity) = (sealed_len(message.len()), target.len());
        return Err(UnitError::OutputTooSmall { needed, capacity });
    };
    bytes.copy_from_slice(message);
    match cipher.seal(nonce, aad, bytes) {
        Ok(tag) => *end = tag,
        Err(error) => {
            wipe(bytes);
            return Err(error);
        }
    }
    Ok(())
}

/// The message, sealed: the buffer holds nothing secret by then.
fn sealed(
    cipher: &Cipher,
    nonce: &Nonce,
    aad: &[u8],
    message: &[u8],
) -> Result<Vec<u8>, UnitError> {
    check_len(message.len())?;
    let mut bytes = vec![0; sealed_len(message.len())];
    seal_into(cipher, nonce, aad, message, &mut bytes)?;
    Ok(bytes)
}

/// Opens `sealed` into `target`, which is shorter by a tag, and clears it if the tag does not hold.
pub(super) fn open_into(
    cipher: &Cipher,
    nonce: &Nonce,
    aad: &[u8],
    sealed: &[u8],
    target: &mut [u8],
) -> Result<(), UnitError> {
    let (bytes, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(REFUSED)?;
    if bytes.len() != target.len() {
        return Err(REFUSED);
    }
    target.copy_from_slice(bytes);
    let opened = cipher.open(nonce, aad, target, tag);
    if opened.is_err() {
        wipe(target);
    }
    opened
}

/// What was sealed. Nothing of it is given out before the tag was checked.
fn opened(
    cipher: &Cipher,
    nonce: &Nonce,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, UnitError> {
    check_len(sealed.len())?;
    let len = sealed.len().checked_sub(TAG_LEN).ok_or(REFUSED)?;
    let mut bytes = Zeroizing::new(vec![0; len]);
    open_into(cipher, nonce, aad, sealed, &mut bytes)?;
    Ok(bytes)
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

/// One message, whose result begins at `offset`; gives where it ends.
fn one(
    (cipher, nonce): (&Cipher, &Nonce),
    aad: &[u8],
    input: &[u8],
    out: &mut dyn Output,
    offset: usize,
    way: Way,
) -> Result<usize, UnitError> {
    check_len(input.len())?;
    let len = result_len(way, input.len());
    let end = offset.saturating_add(len);
    require(out, end)?;
    // In the output itself, if nobody sees it before the message is sealed, or its tag has held.
    match (way, out.room(offset, len)) {
        (Way::Seal, Some(room)) => seal_into(cipher, nonce, aad, input, room)?,
        (Way::Open, Some(room)) => open_into(cipher, nonce, aad, input, room)?,
        (Way::Seal, None) => out.write(offset, &sealed(cipher, nonce, aad, input)?)?,
        (Way::Open, None) => out.write(offset, &opened(cipher, nonce, aad, input)?)?,
    }
    Ok(end)
}

/// ChaCha20-Poly1305.
pub(super) fn chacha(
    key: &Secret,
    params: &SealParams,
    input: &[u8],
    out: &mut dyn Output,
    way: Way,
) -> Result<usize, UnitError> {
    let nonce = nonce(params.nonce.as_slice())?;
    one((&Cipher::new(key), &nonce), params.aad.as_slice(), input, out, 0, way)
}

/// XChaCha20-Poly1305.
pub(super) fn xchacha(
    key: &Secret,
    params: &XSealParams,
    input: &[u8],
    out: &mut dyn Output,
    way: Way,
) -> Result<usize, UnitError> {
    let (cipher, nonce) = extended(key, &nonce(params.nonce.as_slice())?);
    one((&cipher, &nonce), params.aad.as_slice(), input, out, 0, way)
}

/// Bytes of a message that carries its nonce.
pub(super) const fn fresh_len(way: Way, len: usize) -> usize {
    match way {
        Way::Seal => sealed_len(len).saturating_add(XNONCE_LEN),
        Way::Open => len.saturating_sub(TAG_LEN + XNONCE_LEN),
    }
}

/// `seal_fresh`: XChaCha20-Poly1305 with a nonce from the host, which comes first.
pub(super) fn seal_fresh(
    key: &Secret,
    params: &FreshParams,
    random: &dyn Random,
    input: &[u8],
    out: &mut dyn Output,
) -> Result<usize, UnitError> {
    require(out, fresh_len(Way::Seal, input.len()))?;
    let mut nonce = [0; XNONCE_LEN];
    random.fill(&mut nonce)?;
    let (cipher, short) = extended(key, &nonce);
    out.write(0, &nonce)?;
    one((&cipher, &short), params.aad.as_slice(), input, out, XNONCE_LEN, Way::Seal)
}

/// `open_fresh`: what `seal_fresh` gave.
pub(super) fn open_fresh(
    key: &Secret,
    params: &FreshParams,
    input: &[u8],
    out: &mut dyn Output,
) -> Result<usize, UnitError> {
    let (nonce, input) = input.split_first_chunk::<XNONCE_LEN>().ok_or(REFUSED)?;
    let (cipher, short) = extended(key, nonce);
    one((&cipher, &short), params.aad.as_slice(), input, out, 0, Way::Open)
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
    let cipher = Cipher::new(key);
    let base = nonce::<12>(params.nonce.as_slice())?;
    let mut done = Vec::with_capacity(items.len());
    let mut total = 0_usize;
    for (index, item) in items.enumerate() {
        if index.is_multiple_of(ITEMS_PER_CHECK) || item.len() > 1 << 20 {
            budget.check()?;
        }
        let nonce = counted(base, index)?;
        let aad = params.aad.as_slice();
        let bytes = match way {
            Way::Seal => Zeroizing::new(sealed(&cipher, &nonce, aad, item)?),
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

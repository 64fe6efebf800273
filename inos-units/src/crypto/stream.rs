//! Streams of segments: the payload of the age format (C2SP, age-encryption.org/v1, "Payload"),
//! which is STREAM of Hoang, Reyhanitabar, Rogaway and Vizár (2015) with ChaCha20-Poly1305.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 16 | the nonce |
//! | 16 | 65,536 + 16 each | segments with their tags; the last one has 0 to 65,536 bytes |
//!
//! The key of the segments is HKDF-SHA-256 of the stream's key, with the nonce as salt and
//! `payload` as info. Segment `i` has the nonce `i` in eleven bytes, highest first, and a byte
//! that is 1 in the last segment and 0 in the others. Only the segment of an empty stream is empty.

use std::ops::Range;

use super::StreamParams;
use super::aead::{open_into, seal_into};
use super::cipher::{Aead as _, Cipher, Nonce, TAG_LEN, counted_nonce, derive};
use super::cleared::{Cleared, wipe, write_filled};
use super::keys::{STREAM_KEY_LEN, Secret};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::memory::{copied, reserved};
use crate::output::require;
use crate::unit::{Output, Part, Plan, run_plan};

const SEGMENT: usize = 1 << 16;
const SEALED_SEGMENT: usize = SEGMENT + TAG_LEN;
const NONCE_LEN: usize = 16;

const REFUSED: UnitError = UnitError::Refused { what: "a segment of the stream" };
const NOT_ALL: UnitError = UnitError::BadInput { what: "parts that are not all segments" };

/// Bytes of a stream.
pub(super) const fn sealed_len(len: usize) -> usize {
    let count = if len == 0 { 1 } else { len.div_ceil(SEGMENT) };
    count.saturating_mul(TAG_LEN).saturating_add(len).saturating_add(NONCE_LEN)
}

/// Bytes that a stream stands for, or an error if nothing has this length when it is sealed.
pub(super) fn opened_len(sealed: usize) -> Result<usize, UnitError> {
    let len = sealed.checked_sub(NONCE_LEN).ok_or(REFUSED)?;
    let count = len.div_ceil(SEALED_SEGMENT);
    let opened = count.checked_mul(TAG_LEN).and_then(|tags| len.checked_sub(tags));
    let opened = opened.filter(|opened| sealed_len(*opened) == sealed);
    opened.ok_or(REFUSED)
}

/// The cipher of the segments.
fn cipher(key: &Secret, nonce: &[u8]) -> Result<Cipher, UnitError> {
    let key = key.first_chunk::<STREAM_KEY_LEN>().ok_or(REFUSED)?;
    derive(key, nonce, b"payload").ok_or(REFUSED)
}

/// The nonce of segment `index` of so many.
fn nonce_of(index: usize, count: usize) -> Nonce {
    counted_nonce(index, index.saturating_add(1) == count)
}

/// `seal_stream` in one piece: each segment where it goes, if nobody looks on.
pub(super) fn seal(
    key: &Secret,
    params: &StreamParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let nonce = nonce_param(params)?;
    let total = sealed_len(input.len());
    require(out, total)?;
    let cipher = cipher(key, &nonce)?;
    out.write(0, &nonce)?;
    let count = input.len().div_ceil(SEGMENT).max(1);
    let mut offset = NONCE_LEN;
    // Grows to a segment if the output has no room to work in.
    let mut elsewhere = Cleared::default();
    for index in 0..count {
        budget.check()?;
        let (nonce, segment) = (nonce_of(index, count), segment(input, index));
        let len = segment.len().saturating_add(TAG_LEN);
        write_filled(out, offset, len, &mut elsewhere, |target| {
            seal_into(&cipher, &nonce, b"", segment, target)
        })?;
        offset = offset.saturating_add(len);
    }
    Ok(offset)
}

/// `open_stream` in one piece: each segment where it goes, or all of them elsewhere if somebody
/// looks on, who would see those before one whose tag does not hold.
pub(super) fn open(
    key: &Secret,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let total = opened_len(input.len())?;
    require(out, total)?;
    let (nonce, sealed) = input.split_first_chunk::<NONCE_LEN>().ok_or(REFUSED)?;
    let cipher = cipher(key, nonce)?;
    let count = sealed.len().div_ceil(SEALED_SEGMENT);
    let mut offset = 0_usize;
    for (index, segment) in sealed.chunks(SEALED_SEGMENT).enumerate() {
        let len = segment.len().checked_sub(TAG_LEN).ok_or(REFUSED)?;
        let Some(room) = out.room(offset, len) else {
            // Room that there was so far is the caller's alone: nothing was given out yet.
            return run_plan(&Open::new(key, input)?, out, budget);
        };
        let opened = budget.check().and_then(|()| {
            let opened = open_into(&cipher, &nonce_of(index, count), b"", segment, room);
            opened.map_err(|_| REFUSED)
        });
        if let Err(error) = opened {
            wipe(out.room(0, offset).unwrap_or_default());
            return Err(error);
        }
        offset = offset.saturating_add(len);
    }
    Ok(offset)
}

/// The bytes of segment `index`; of nothing, an empty one.
fn segment(input: &[u8], index: usize) -> &[u8] {
    let begin = index.saturating_mul(SEGMENT).min(input.len());
    let end = begin.saturating_add(SEGMENT).min(input.len());
    input.get(begin..end).unwrap_or_default()
}

fn nonce_param(params: &StreamParams) -> Result<[u8; NONCE_LEN], UnitError> {
    params.nonce.to_array().ok_or(UnitError::BadParam { name: "nonce", expected: "16 bytes" })
}

/// The parts behind `head`, which have to be `total` bytes with it.
fn join(
    head: &[u8],
    parts: &[impl AsRef<[u8]>],
    total: usize,
    out: &mut dyn Output,
) -> Result<usize, UnitError> {
    let len = parts.iter().fold(head.len(), |sum, part| sum.saturating_add(part.as_ref().len()));
    if len != total {
        return Err(NOT_ALL);
    }
    require(out, total)?;
    out.write(0, head)?;
    let mut offset = head.len();
    for part in parts {
        out.write(offset, part.as_ref())?;
        offset = offset.saturating_add(part.as_ref().len());
    }
    Ok(offset)
}

/// `seal_stream`, with a copy of its input. Items are segments.
pub(super) struct Seal {
    input: Cleared,
    nonce: [u8; NONCE_LEN],
    cipher: Cipher,
}

impl Seal {
    pub(super) fn new(
        key: &Secret,
        params: &StreamParams,
        input: &[u8],
    ) -> Result<Self, UnitError> {
        let nonce = nonce_param(params)?;
        Ok(Self { input: copied(input)?.into(), nonce, cipher: cipher(key, &nonce)? })
    }

    fn len(&self) -> usize {
        self.input.as_slice().len()
    }
}

impl Plan for Seal {
    fn item_count(&self) -> usize {
        self.len().div_ceil(SEGMENT).max(1)
    }

    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let count = self.item_count();
        let range = range.start..range.end.min(count);
        let most = range.len().saturating_mul(SEALED_SEGMENT).min(sealed_len(self.len()));
        // Cleared unless all of it was sealed.
        let mut part = Cleared::from(reserved(most)?);
        for index in range {
            budget.check()?;
            let sealing = part.append(segment(self.input.as_slice(), index));
            let tag = self.cipher.seal(&nonce_of(index, count), b"", sealing)?;
            part.append(&tag);
        }
        Ok(part.take())
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        join(&self.nonce, &parts, sealed_len(self.len()), out)
    }
}

/// `open_stream`, with a copy of its input. Items are segments.
pub(super) struct Open {
    sealed: Vec<u8>,
    opened_len: usize,
    cipher: Cipher,
}

impl Open {
    pub(super) fn new(key: &Secret, input: &[u8]) -> Result<Self, UnitError> {
        let opened_len = opened_len(input.len())?;
        let (nonce, sealed) = input.split_first_chunk::<NONCE_LEN>().ok_or(REFUSED)?;
        Ok(Self { sealed: copied(sealed)?, opened_len, cipher: cipher(key, nonce)? })
    }
}

impl Plan for Open {
    fn item_count(&self) -> usize {
        self.sealed.len().div_ceil(SEALED_SEGMENT)
    }

    /// What was opened; nothing of it leaves before the tag of each of its segments held.
    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let count = self.item_count();
        let range = range.start..range.end.min(count);
        let most = range.len().saturating_mul(SEGMENT).min(self.opened_len);
        let mut part = Cleared::from(reserved(most)?);
        let segments = self.sealed.chunks(SEALED_SEGMENT).enumerate();
        for (index, segment) in segments.skip(range.start).take(range.len()) {
            budget.check()?;
            let (bytes, tag) = segment.split_last_chunk::<TAG_LEN>().ok_or(REFUSED)?;
            let opened = self.cipher.open(&nonce_of(index, count), b"", part.append(bytes), tag);
            opened.map_err(|_| REFUSED)?;
        }
        Ok(part.take())
    }

    /// The parts are cleared; one that is never merged is not.
    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let parts: Vec<_> = parts.into_iter().map(Cleared::from).collect();
        join(b"", &parts, self.opened_len, out)
    }
}

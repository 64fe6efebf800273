//! Many inputs, or many results, in one run of bytes.
//!
//! ```text
//! u32 count   u32 length of each   the bytes of each, one after another
//! ```
//!
//! All numbers have their lowest byte first; nothing is aligned or padded.
//!
//! ```
//! use inos_units::{UnitError, batch};
//!
//! let input = batch::join([&b"one"[..], b"", b"three"])?;
//! assert_eq!(input.len(), 4 + 3 * 4 + 8);
//! let items: Vec<&[u8]> = batch::split(&input)?.collect();
//! assert_eq!(items, [&b"one"[..], b"", b"three"]);
//! assert!(batch::split(&input[..input.len() - 1]).is_err());
//! # Ok::<(), UnitError>(())
//! ```
#![forbid(unsafe_code)]

use crate::error::UnitError;

/// Bytes of a number.
const WORD: usize = size_of::<u32>();

const BAD: UnitError = UnitError::BadInput { what: "a batch whose lengths do not add up" };

/// The items of a batch, in order. All lengths were checked.
///
/// # Errors
/// [`UnitError::BadInput`] if lengths are missing, or the items do not end where the bytes do.
pub fn split(bytes: &[u8]) -> Result<Items<'_>, UnitError> {
    let (count, rest) = bytes.split_first_chunk().ok_or(BAD)?;
    let count = u32::from_le_bytes(*count) as usize;
    let lens_len = count.checked_mul(WORD).ok_or(BAD)?;
    let (lens, data) = rest.split_at_checked(lens_len).ok_or(BAD)?;
    let items = Items { lens, data };
    let total: u64 = items.lens().map(u64::from).sum();
    if total != data.len() as u64 {
        return Err(BAD);
    }
    Ok(items)
}

/// Puts items together.
///
/// # Errors
/// [`UnitError::TooLarge`] if there are 2^32 of them, or one has as many bytes.
pub fn join<'a, I>(items: I) -> Result<Vec<u8>, UnitError>
where
    I: IntoIterator<Item = &'a [u8]>,
    I::IntoIter: Clone,
{
    let items = items.into_iter();
    let word = |len: usize| {
        let too_large = UnitError::TooLarge { len: len as u64, max: u32::MAX.into() };
        u32::try_from(len).map(u32::to_le_bytes).map_err(|_| too_large)
    };
    let mut bytes = word(items.clone().count())?.to_vec();
    for item in items.clone() {
        bytes.extend_from_slice(&word(item.len())?);
    }
    items.for_each(|item| bytes.extend_from_slice(item));
    Ok(bytes)
}

/// The items of a batch.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    lens: &'a [u8],
    data: &'a [u8],
}

impl Items<'_> {
    fn lens(&self) -> impl Iterator<Item = u32> {
        self.lens.as_chunks().0.iter().map(|len| u32::from_le_bytes(*len))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, lens) = self.lens.split_first_chunk()?;
        let (item, data) = self.data.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        (self.lens, self.data) = (lens, data);
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.lens.len() / WORD;
        (count, Some(count))
    }
}

impl ExactSizeIterator for Items<'_> {}

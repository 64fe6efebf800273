//! Sinks for results: a slice, or a vector with a limit.

use crate::error::UnitError;
use crate::unit::Output;

/// Refuses a write of `len` bytes at `offset` that would pass `capacity`.
pub(crate) fn end_of(offset: usize, len: usize, capacity: usize) -> Result<usize, UnitError> {
    let needed = offset.saturating_add(len);
    if needed > capacity || needed == usize::MAX {
        return Err(UnitError::OutputTooSmall { needed, capacity });
    }
    Ok(needed)
}

/// Fails unless `out` takes `needed` bytes; what a method asks before it starts to work.
///
/// # Errors
/// [`UnitError::OutputTooSmall`].
#[inline]
pub fn require(out: &dyn Output, needed: usize) -> Result<(), UnitError> {
    let capacity = out.capacity();
    if needed > capacity { Err(UnitError::OutputTooSmall { needed, capacity }) } else { Ok(()) }
}

/// Writes into private memory of the caller.
///
/// ```
/// use inos_units::{Output, SliceOutput, UnitError};
///
/// let mut bytes = [0; 4];
/// let mut out = SliceOutput::new(&mut bytes);
/// out.write(2, &[1, 2])?;
/// assert_eq!(
///     out.write(3, &[1, 2]),
///     Err(UnitError::OutputTooSmall { needed: 5, capacity: 4 })
/// );
/// assert_eq!(bytes, [0, 0, 1, 2]);
/// # Ok::<(), UnitError>(())
/// ```
#[derive(Debug)]
pub struct SliceOutput<'a> {
    bytes: &'a mut [u8],
}

impl<'a> SliceOutput<'a> {
    /// A sink of `bytes.len()` bytes.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes }
    }
}

impl Output for SliceOutput<'_> {
    fn capacity(&self) -> usize {
        self.bytes.len()
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        let capacity = self.bytes.len();
        let end = end_of(offset, bytes.len(), capacity)?;
        let Some(target) = self.bytes.get_mut(offset..end) else {
            return Err(UnitError::OutputTooSmall { needed: end, capacity });
        };
        target.copy_from_slice(bytes);
        Ok(())
    }

    fn room(&mut self, offset: usize, len: usize) -> Option<&mut [u8]> {
        let end = end_of(offset, len, self.bytes.len()).ok()?;
        self.bytes.get_mut(offset..end)
    }
}

/// A buffer that grows as it is written, up to a limit.
///
/// Its bytes start at a multiple of eight, so a result made of words, such as a frame of the
/// boids unit, can be read where it is. A gap that was skipped over reads as zero.
///
/// ```
/// use inos_units::{Output, UnitError, VecOutput};
///
/// let mut out = VecOutput::new(1024);
/// out.write(2, b"ab")?;
/// assert_eq!(out.as_bytes(), b"\0\0ab");
/// assert!(out.write(1023, b"ab").is_err());
/// # Ok::<(), UnitError>(())
/// ```
#[derive(Clone, Debug)]
pub struct VecOutput {
    /// Whole words, so that the allocation is aligned.
    words: Vec<u64>,
    /// Bytes written; at most `words.len() * 8`.
    len: usize,
    capacity: usize,
}

impl VecOutput {
    /// An empty sink that takes `capacity` bytes. Memory is allocated as it is needed.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { words: Vec::new(), len: 0, capacity }
    }

    /// What was written, from offset 0 to the furthest byte.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let bytes: &[u8] = bytemuck::cast_slice(&self.words);
        bytes.get(..self.len).unwrap_or(bytes)
    }

    /// Forgets what was written and keeps the memory, for the next call.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// A copy of what was written.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Output for VecOutput {
    fn capacity(&self) -> usize {
        self.capacity
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        let end = end_of(offset, bytes.len(), self.capacity)?;
        let too_small = UnitError::OutputTooSmall { needed: end, capacity: self.capacity };
        self.room(offset, bytes.len()).ok_or(too_small)?.copy_from_slice(bytes);
        Ok(())
    }

    fn room(&mut self, offset: usize, len: usize) -> Option<&mut [u8]> {
        let end = end_of(offset, len, self.capacity).ok()?;
        let word_count = end.div_ceil(size_of::<u64>());
        if word_count > self.words.len() {
            let more = word_count - self.words.len();
            self.words.try_reserve(more).ok()?;
            self.words.resize(word_count, 0);
        }
        let old_len = self.len;
        let all: &mut [u8] = bytemuck::cast_slice_mut(&mut self.words);
        if let Some(gap) = all.get_mut(old_len..offset) {
            gap.fill(0);
        }
        self.len = old_len.max(end);
        all.get_mut(offset..end)
    }
}

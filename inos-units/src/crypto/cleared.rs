//! Bytes that do not stay in memory.

use zeroize::Zeroize as _;

use crate::error::UnitError;
use crate::unit::Output;

/// Clears bytes, eight at a time where that can be: one at a time, as [`Zeroize`](zeroize::Zeroize)
/// has it for bytes, takes about as long as sealing them.
pub(crate) fn wipe(bytes: &mut [u8]) {
    let (head, words, tail) = bytemuck::pod_align_to_mut::<u8, u64>(bytes);
    head.zeroize();
    words.zeroize();
    tail.zeroize();
}

/// Writes `len` bytes at `offset` that `fill` makes: in the output itself where nobody looks on, and
/// in `elsewhere` first, which is then written as a whole, where somebody does.
pub(crate) fn write_filled(
    out: &mut dyn Output,
    offset: usize,
    len: usize,
    elsewhere: &mut Cleared,
    fill: impl FnOnce(&mut [u8]) -> Result<(), UnitError>,
) -> Result<(), UnitError> {
    if let Some(room) = out.room(offset, len) {
        return fill(room);
    }
    elsewhere.resize(len)?;
    fill(elsewhere.as_mut_slice())?;
    out.write(offset, elsewhere.as_slice())
}

/// Bytes that are cleared when they are dropped.
///
/// They never move while they are filled: [`reserve`](Cleared::reserve) clears what it replaces.
#[derive(Default)]
pub(crate) struct Cleared(Vec<u8>);

impl Cleared {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Memory for so many bytes in all.
    pub(crate) fn reserve(&mut self, len: usize) -> Result<(), UnitError> {
        if self.0.capacity() < len {
            let mut longer = Vec::new();
            longer.try_reserve_exact(len).map_err(|_| UnitError::OutOfMemory { len })?;
            longer.extend_from_slice(&self.0);
            *self = Self(longer);
        }
        Ok(())
    }

    /// So many bytes: those that it has, and zeros.
    pub(crate) fn resize(&mut self, len: usize) -> Result<(), UnitError> {
        self.reserve(len)?;
        self.0.resize(len, 0);
        Ok(())
    }

    /// Adds bytes, for which there was memory reserved; where they are now.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> &mut [u8] {
        let begin = self.0.len();
        self.0.extend_from_slice(bytes);
        self.0.get_mut(begin..).unwrap_or_default()
    }

    /// The bytes, which nobody clears any more.
    pub(crate) fn take(mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }
}

impl From<Vec<u8>> for Cleared {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Cleared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Cleared {
    fn drop(&mut self) {
        // What lies behind the bytes may have been some of them.
        self.0.resize(self.0.capacity(), 0);
        wipe(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiped_wherever_it_begins_and_ends() {
        for begin in 0..17 {
            for end in begin..40 {
                let mut bytes = [0xff; 40];
                if let Some(part) = bytes.get_mut(begin..end) {
                    wipe(part);
                }
                let expected: Vec<u8> =
                    (0..40).map(|at| if (begin..end).contains(&at) { 0 } else { 0xff }).collect();
                assert_eq!(bytes.as_slice(), expected, "{begin}..{end}");
            }
        }
    }
}

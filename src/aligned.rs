//! Private bytes that begin on a cache line.
#![forbid(unsafe_code)]

use inos_core::REGION_ALIGN;

/// `len` bytes, and as many as it may take to begin on a cache line.
#[derive(Debug)]
pub(crate) struct AlignedVec {
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl AlignedVec {
    /// Zeros. `len` is at most `isize::MAX - 64`.
    pub(crate) fn new(len: usize) -> Self {
        let bytes = vec![0; len.saturating_add(REGION_ALIGN - 1)];
        // Fixed for good: the vector never grows, so it never moves.
        let start = bytes.as_ptr().align_offset(REGION_ALIGN);
        Self { bytes, start, len }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

impl AsRef<[u8]> for AlignedVec {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.start..self.start.saturating_add(self.len)).unwrap_or_default()
    }
}

impl AsMut<[u8]> for AlignedVec {
    fn as_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start..self.start.saturating_add(self.len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_on_a_cache_line() {
        for len in [0, 1, 63, 64, 4097] {
            let mut bytes = AlignedVec::new(len);
            assert_eq!(bytes.len(), len);
            assert_eq!(bytes.as_mut().len(), len);
            assert_eq!(bytes.as_ref(), vec![0; len]);
            assert_eq!(bytes.as_ref().as_ptr().addr() % REGION_ALIGN, 0);
        }
    }
}

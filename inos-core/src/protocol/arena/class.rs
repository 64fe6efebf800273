//! Sizes of blocks: eight to a doubling, so that at most an eighth of a block is in vain.

pub use crate::defs::arena::{MAX_CLASS_LEN, MIN_CLASS_LEN};

/// Bytes in a block of a class: 64, 72, 80 … 120, 128, 144 … 4096.
#[inline]
#[must_use]
pub const fn class_len(class: u32) -> u32 {
    // `class` has six bits where it comes from memory.
    (8 * (8 + class % 8)) << (class / 8 % 16)
}

/// The smallest class whose blocks have `len` bytes, at most [`MAX_CLASS_LEN`].
#[inline]
#[must_use]
pub const fn class_of(len: u32) -> u32 {
    if len <= MIN_CLASS_LEN {
        return 0;
    }
    let last = len - 1;
    // 0 from 65 bytes on, 1 from 129 on, and so forth.
    let doubling = last.ilog2() - 6;
    doubling * 8 + (last >> (doubling + 3)) - 7
}

/// How many classes pages of this length are cut into: those of which at least eight blocks fit,
/// so that at most an eighth of a page is left over.
#[must_use]
pub const fn class_count(page_len: u32) -> u32 {
    let longest = if page_len / 8 > MAX_CLASS_LEN { MAX_CLASS_LEN } else { page_len / 8 };
    if longest < MIN_CLASS_LEN {
        return 0;
    }
    let class = class_of(longest);
    if class_len(class) > longest { class } else { class + 1 }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_the_smallest_that_fits_and_wastes_an_eighth_at_most() {
        for len in 0..=MAX_CLASS_LEN {
            let class = class_of(len);
            let taken = class_len(class);
            assert!(taken >= len && taken.is_multiple_of(8), "{len}");
            assert!(class == 0 || class_len(class - 1) < len, "{len}");
            assert!(len < MIN_CLASS_LEN || (taken - len) * 8 < taken, "{len}");
        }
        assert_eq!(class_of(MAX_CLASS_LEN), 48);
    }

    #[test]
    fn pages_hold_at_least_eight_blocks() {
        assert_eq!(class_count(256), 0);
        assert_eq!(class_count(512), 1);
        assert_eq!(class_count(1024), 9);
        assert_eq!(class_count(1 << 15), 49);
        assert_eq!(class_count(1 << 20), 49);
    }
}

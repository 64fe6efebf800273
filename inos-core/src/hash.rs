//! The two hashes that memory carries: FNV-1a of layouts and of names of epochs, MurmurHash3 of unit
//! names.
//!
//! They tell things apart; they protect from nobody.
#![forbid(unsafe_code)]

/// FNV-1a, 32 bits.
///
/// Source: the FNV specification (IETF draft by Fowler, Noll, Vo, Eastlake), offset basis
/// 0x811c9dc5, prime 0x01000193.
pub(crate) fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u32 {
    fnv1a_on(FNV1A_START, bytes)
}

/// The hash of no bytes.
pub(crate) const FNV1A_START: u32 = 0x811c_9dc5;

/// The hash of what has this one, and more bytes behind it.
pub(crate) fn fnv1a_on(hash: u32, bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes.into_iter().fold(hash, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// MurmurHash3, x86 variant, 32 bits, seed 0: four bytes at a time, and every bit of the result
/// depends on every bit of the name.
///
/// Source: Austin Appleby's reference implementation, `MurmurHash3_x86_32`, public domain.
#[inline]
pub(crate) fn murmur3(bytes: &[u8]) -> u32 {
    let scramble =
        |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let mut hash = 0_u32;
    let (words, rest) = bytes.as_chunks();
    for word in words {
        hash = (hash ^ scramble(u32::from_le_bytes(*word)))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let rest = rest.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte));
    // Nothing, if nothing is left: scrambled zeros are zeros.
    hash ^= scramble(rest);
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the reference implementation, as the `mmh3` package for Python prints them.
    #[test]
    fn murmur3_is_the_one_everybody_knows() {
        for (text, hash) in [
            ("", 0),
            ("a", 0x3c25_69b2),
            ("aa", 0x3710_91a9),
            ("test", 0xba6b_d213),
            ("Hello, world!", 0xc036_3e43),
            ("The quick brown fox jumps over the lazy dog", 0x2e4f_f723),
        ] {
            assert_eq!(murmur3(text.as_bytes()), hash, "{text}: {:#x}", murmur3(text.as_bytes()));
        }
    }
}

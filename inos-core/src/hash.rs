//! FNV-1a, 32 bits: the hash that layouts and unit names carry in memory.
//!
//! Source: the FNV specification (IETF draft by Fowler, Noll, Vo, Eastlake), offset basis
//! 0x811c9dc5, prime 0x01000193. It tells things apart; it protects from nobody.
#![forbid(unsafe_code)]

/// The hash of `bytes`.
pub(crate) fn fnv1a(bytes: impl IntoIterator<Item = u8>) -> u32 {
    bytes
        .into_iter()
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

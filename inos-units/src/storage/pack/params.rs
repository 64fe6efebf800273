//! What the methods take.

use crate::schema::Bytes;

crate::names! {
    /// How chunks are stored.
    pub enum Compression {
        /// As a brotli stream, where that is shorter.
        Brotli = "brotli",
        /// As they are.
        None = "none",
    }
}

crate::params! {
    /// What `pack` takes. The first three must be even, and in this order not descend.
    pub struct PackParams {
        min: u32 = 16384 in 64..=1048576 => "Shortest chunk but for the last, in bytes";
        average: u32 = 65536 in 256..=1048576 => "Length that chunks have about, in bytes";
        max: u32 = 262144 in 1024..=1048576 => "Longest chunk, in bytes";
        compression: Compression = Brotli => "How chunks are stored";
        quality: u32 = 5 in 0..=11 => "How hard brotli tries; 0 to 2 are 3";
    }
}

crate::params! {
    /// What `pack_sealed` takes.
    pub struct PackSealedParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of a key for sealing";
        nonce: Bytes = none in 0..=24
            => "24 bytes, never twice under a key; none means from the host's randomness";
        min: u32 = 16384 in 64..=1048576 => "Shortest chunk but for the last, in bytes";
        average: u32 = 65536 in 256..=1048576 => "Length that chunks have about, in bytes";
        max: u32 = 262144 in 1024..=1048576 => "Longest chunk, in bytes";
        compression: Compression = Brotli => "How chunks are stored";
        quality: u32 = 5 in 0..=11 => "How hard brotli tries; 0 to 2 are 3";
    }
}

impl PackSealedParams {
    /// What is not about sealing.
    pub(in super::super) const fn packing(&self) -> PackParams {
        let Self { min, average, max, compression, quality, .. } = *self;
        PackParams { min, average, max, compression, quality }
    }
}

crate::params! {
    /// What `unpack` takes.
    #[derive(Copy)]
    pub struct UnpackParams {
        key: u64 = 0 in 0..=18446744073709551615
            => "Handle of the key; 0 if the pack is not sealed, and then it must not be";
        max_length: u64 = 1073741824 in 0..=1099511627776 => "Most bytes of the result";
    }
}

crate::params! {
    /// What `unpack_range` takes.
    #[derive(Copy)]
    pub struct PackRangeParams {
        key: u64 = 0 in 0..=18446744073709551615
            => "Handle of the key; 0 if the pack is not sealed, and then it must not be";
        offset: u64 = 0 in 0..=18446744073709551615 => "First byte that is wanted";
        length: u64 = 1048576 in 0..=1073741824
            => "How many bytes are wanted; fewer are given where the file ends";
    }
}

crate::params! {
    /// What `pack_manifest` takes.
    #[derive(Copy)]
    pub struct PackKeyParams {
        key: u64 = 0 in 0..=18446744073709551615
            => "Handle of the key; 0 if the pack is not sealed, and then it must not be";
    }
}

//! What the methods of `storage` take besides their input.

crate::params! {
    /// What `get` and `manifest` take.
    pub struct AddressParams {
        address: Bytes = none in 32..=32 => "Address of the object";
    }
}

crate::params! {
    /// What `get_range` takes.
    pub struct RangeParams {
        address: Bytes = none in 32..=32 => "Address of the object";
        offset: u64 = 0 in 0..=18446744073709551615 => "First byte that is wanted";
        length: u64 = 18446744073709551615 in 0..=18446744073709551615
            => "How many bytes are wanted; fewer are given where the object ends";
    }
}

crate::params! {
    /// What `chunk` takes. All three must be even, and in this order not descend.
    pub struct ChunkParams {
        min: u32 = 16384 in 64..=1048576 => "Shortest chunk but for the last, in bytes";
        average: u32 = 65536 in 256..=1048576 => "Length that chunks have about, in bytes";
        max: u32 = 262144 in 1024..=1048576 => "Longest chunk, in bytes";
    }
}

crate::params! {
    /// What `import` takes.
    pub struct ImportParams {
        max_length: u64 = 1073741824 in 0..=18446744073709551615
            => "Most bytes that the container's objects may have together";
    }
}

use crate::schema::Bytes;

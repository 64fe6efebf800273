//! Packs: a file cut, hashed, compressed and sealed in one pass over its bytes. The module above
//! draws the format and says why the nonces are safe.

mod format;
mod manifest;
mod params;
mod read;
mod seal;
mod write;

pub use format::{
    MAX_PACK_MANIFEST_LEN, PACK_END_LEN, PACK_ENTRY_LEN, PACK_HEADER_LEN, PACK_MAGIC, PACK_ROW_LEN,
};
pub use params::{
    Compression, PackKeyParams, PackParams, PackRangeParams, PackSealedParams, UnpackParams,
};
pub use seal::PACK_NONCE_LEN;

pub(super) use read::{Unpack, bound, manifest, manifest_bound, range, range_bound, unpack};
pub(super) use write::{Pack, Packer, pack, pack_bound};

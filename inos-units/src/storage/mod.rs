//! Content-addressed storage in memory: what is put is found by its hash, what is the same is
//! held once, and what is read was verified.
//!
//! The address of an object is the BLAKE3 digest of all its bytes, whatever it is cut into.
//! Objects longer than 16 KiB are cut where their content says so
//! ([FastCDC](https://ieeexplore.ieee.org/document/9055082) by Xia et al., 2020, with
//! normalization level 1: at least 16 KiB, about 64 KiB, at most 256 KiB), so that two objects
//! that differ in one place share their other chunks.
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `put` | an object | none | its address |
//! | `put_many` | a [`batch`](crate::batch) of objects | none | their addresses |
//! | `get` | nothing | [`AddressParams`] | the object |
//! | `get_range` | nothing | [`RangeParams`] | a part of it |
//! | `manifest` | nothing | [`AddressParams`] | its manifest |
//! | `has` | addresses | none | for each a byte: 1 if the object is there |
//! | `delete` | addresses | none | for each a byte: 1 if it was put and not deleted |
//! | `pin` | addresses | none | for each a byte: 1 if it is there, and pinned now |
//! | `unpin` | addresses | none | for each a byte: 1 if it was pinned |
//! | `gc` | nothing | none | JSON: `objects`, `chunks`, `bytes` that were removed |
//! | `stat` | nothing | none | JSON, see below |
//! | `chunk` | bytes | [`ChunkParams`] | rows of offset, length and hash |
//! | `diff` | two sets of addresses | none | what only one of them has |
//! | `export` | addresses; none means all | none | a container |
//! | `import` | a container | [`ImportParams`] | JSON: `objects`, `new_objects`, `new_chunks`, `new_bytes` |
//! | `scrub` | nothing | none | JSON: what was read, and what is damaged |
//!
//! With the feature `storage-pack`, which brings the units `compress` and `crypto`:
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `pack` | a file | `PackParams` | a pack; threads can share a call |
//! | `pack_sealed` | a file | `PackSealedParams` | a pack that only who has the key can open; threads can share a call |
//! | `pack_manifest` | a pack | `PackKeyParams` | a row for each chunk of the file |
//! | `unpack` | a pack | `UnpackParams` | the file; threads can share a call |
//! | `unpack_range` | a pack | `PackRangeParams` | a part of it |
//!
//! # Rules
//! - An object is there from when it is put until it is deleted, and as long as it is pinned.
//!   `delete` takes its name away at once; its memory stays until `gc`. Put again before that, it
//!   is back. A pin is a flag: pinning twice is pinning once.
//! - Every chunk that `get`, `get_range` or `export` touches is hashed before its bytes are
//!   given; one that is damaged is [`UnitError::Refused`].
//! - The store has a capacity, [`DEFAULT_CAPACITY`] unless it was made by
//!   [`StorageUnit::with_capacity`]. Every hash that is held is charged [`ENTRY_CHARGE`] bytes,
//!   chunks their length, and every row of a manifest of several [`ROW_CHARGE`] bytes. What would
//!   pass the capacity is [`UnitError::TooLarge`] with both numbers, and changes nothing.
//! - `put`, `put_many` and `import` do all or nothing. `gc`, `delete`, `pin` and `unpin`, if
//!   their budget ends, have done a part; doing them again does the rest.
//! - Methods work on the state of their unit, so each is a function of the calls before it: the
//!   same calls in the same order give the same bytes, on every machine. That is what `Strict`
//!   means here. `chunk` and `diff` are functions of their input and parameters alone.
//!   Lists are sorted by address, never in the order of a table.
//! - `charged_bytes` is counted in constants, so every machine is full at the same call.
//!
//! # Formats
//! Numbers are little-endian. A list of addresses is 32 bytes each.
//!
//! | what | offset | bytes | |
//! |---|---|---|---|
//! | row of `chunk` | 0 | 8 | offset |
//! | | 8 | 8 | length |
//! | | 16 | 32 | BLAKE3 of the chunk |
//! | manifest | 0 | 32 | address of the object |
//! | | 32 | 8 | its length |
//! | | 40 | 8 | number of rows, at least 1 |
//! | | 48 | 40 each | rows: BLAKE3 of a chunk (32), its length (8), in the object's order |
//! | container | 0 | 8 | `INOSCAS1` |
//! | | 8 | 8 | number of chunks |
//! | | 16 | 8 | number of objects |
//! | | 24 | | chunks by ascending hash: length (4), bytes; at most 1 MiB each |
//! | | | | manifests by ascending address, to the end |
//! | input of `diff` | 0 | 8 | number of addresses in the first set |
//! | | 8 | | the first set, then to the end the second, in any order |
//! | result of `diff` | 0 | 8 | how many only the first has |
//! | | 8 | 8 | how many only the second has |
//! | | 16 | 8 | how many both have |
//! | | 24 | | those only the first has, ascending, then those only the second has |
//!
//! `put_many` hashes objects of up to 16 KiB several at a time, in the lanes of one vector. It
//! pays from 64 bytes on, most where lengths are multiples of 64 or, above 1024 bytes, of 1024,
//! and where many objects have as many chunks of 1024 bytes.
//!
//! An object of one row has its address as the row's hash; the empty object has one chunk of no
//! bytes. A container is verified as a whole before anything of it is held: hashes of chunks,
//! the address of every object against its bytes, lengths, order; a chunk that no manifest names
//! is refused. There is one container for a set of objects and their chunks, byte for byte.
//!
//! `stat` tells of the objects that are there: `objects`, `bytes`, `pinned`; and of what is held:
//! `deleted` (objects that wait for `gc`), `chunks`, `stored_bytes` (of chunks),
//! `charged_bytes`, `capacity`, and `dedup`: bytes of all objects that are held by
//! `stored_bytes`, 1 if there are none.
//!
//! `scrub` hashes every chunk that is held, and every object of several as a whole: `objects`,
//! `chunks`, `bytes`, `damaged_chunks`, `damaged_objects`, and `damaged`, their addresses in
//! hexadecimal digits.
//!
//! # Packs
//! A pack is a file on its way: cut as `put` cuts, or as the parameters say, each chunk hashed, and
//! compressed and sealed if that is wanted, in one pass over the bytes. The store does not know of
//! it: a pack can be put like any other object, or go elsewhere. Chunks that are the same are in a
//! pack once.
//!
//! ```text
//! header, 64 bytes    stored chunks    manifest: entries, 44 bytes each; rows, 4 bytes each    end
//! ```
//!
//! | what | offset | bytes | |
//! |---|---|---|---|
//! | header | 0 | 8 | `INOSPAK1` |
//! | | 8 | 8 | length of the file |
//! | | 16 | 8 | length of all stored chunks |
//! | | 24 | 4 | number of entries: of chunks that differ |
//! | | 28 | 4 | number of rows: of chunks in the file |
//! | | 32 | 4 | 1 if the pack is sealed, 0 if not |
//! | | 36 | 4 | 0 |
//! | | 40 | 24 | the nonce; zeros if the pack is not sealed |
//! | entry | 0 | 32 | BLAKE3 of the chunk as it is in the file |
//! | | 32 | 4 | its length there, from 1 to 1 MiB |
//! | | 36 | 4 | its length in the pack |
//! | | 40 | 4 | 1 if it is a brotli stream, 0 if it is stored as it is |
//! | row | 0 | 4 | number of the entry |
//! | end | 0 | 32 | not sealed: BLAKE3 of the header and the manifest |
//! | | 0 | 16 | sealed: the tag of the manifest |
//!
//! Numbers are little-endian. Stored chunks are in the order of the entries, nothing between them;
//! entries are in the order in which the file first has them, and rows in that of the file. A chunk
//! is a brotli stream (RFC 7932) where that is shorter.
//!
//! ## Sealing
//! What a pack is sealed with is ChaCha20-Poly1305 (RFC 8439) under a key of its own: HKDF-SHA-256
//! (RFC 5869) of the named key, with the pack's nonce as salt and `INOSPAK1` as info. The nonce of
//! the 24 bytes is the host's randomness, anew for each pack, unless the caller chose one. Under
//! the pack's key, a message's nonce is its number in eleven bytes, highest first, and a byte: for a
//! chunk, its entry's number and 0; for the manifest, the number of entries and 1.
//!
//! So no nonce comes twice under a key. In one pack each entry has a number of its own, however the
//! work is split, and the last byte tells the manifest from all of them. Two packs have the same key
//! only if they have the same 24 bytes: of 2^64 packs under one key, two have with a chance of about
//! 2^-65. The named key itself seals nothing here, so what else it seals does not matter.
//!
//! A chunk's tag covers its entry, too, and the manifest's covers the header. A chunk that was
//! moved, left out, repeated or taken from another pack does not hold at its number; a manifest that
//! was shortened does not hold at all. The manifest is sealed because its hashes would tell who has
//! a file that it is this one: what is seen of a sealed pack is the length of the file, how many
//! chunks there are, and how long they are together.
//!
//! ## Reading
//! Nothing of a chunk is given before its tag, if it has one, its length and its hash held, and
//! nothing at all before the manifest's tag or digest did and its lengths add up. Lengths are
//! compared with `max_length` and with the pack's own before anything is allocated; no chunk is
//! longer than 1 MiB, whatever its stream says. A row of `pack_manifest`, for each chunk in the
//! order of the file:
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 32 | BLAKE3 of the chunk |
//! | 32 | 8 | its offset in the file |
//! | 40 | 8 | the offset in the pack of its stored bytes |
//! | 48 | 4 | its length |
//! | 52 | 4 | the length of its stored bytes, with the tag |
//! | 56 | 4 | 1 if it is compressed |
//! | 60 | 4 | 1 if it is sealed |
//!
//! Who names a key gets what was sealed with it, and no pack that is not sealed. The digest of a
//! pack that is not sealed shows damage, not intent: whoever can change the pack can change it, too.
//!
//! ## Bits
//! The same file and parameters, the nonce among them, give the same pack, however the work is
//! split; with a nonce from the host's randomness each plan and each call has its own. As with the
//! unit `compress`, another version may compress better.
//!
//! # Example
//! ```
//! use inos_units::storage::AddressParams;
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! let units = Dispatcher::standard();
//! let budget = Budget::unlimited();
//! let mut address = VecOutput::new(32);
//! let call = Call { input: b"some bytes", params: b"" };
//! units.execute_named("storage", "put", call, &mut address, &budget)?;
//!
//! let params = AddressParams { address: address.as_bytes().into() }.to_json();
//! let call = Call { input: b"", params: params.as_bytes() };
//! let mut object = VecOutput::new(64);
//! units.execute_named("storage", "get", call, &mut object, &budget)?;
//! assert_eq!(object.as_bytes(), b"some bytes");
//! # Ok::<(), UnitError>(())
//! ```
//!
//! # Not supported
//! Anything that outlives the process: that is another store's work. Compression and encryption of
//! what is in the store: a file can be packed before it is put. Repair: a damaged chunk is held until
//! the objects that name it are deleted and `gc` has run. Pins that count, names, times,
//! automatic `gc`. Chunk lengths of the store are fixed; those of `chunk` and of packs are
//! not. A pack in more than one call: file and pack are in memory as a whole. A pack without the
//! lengths that are seen of it. Parts of an opened pack that are never merged are not cleared, nor
//! is what brotli held of a file. Of the methods of the store none is split: a plan would own a copy
//! of its input, and where a chunk ends is known only when the one before it has.

mod address;
#[cfg(feature = "storage-pack")]
mod chunks;
mod container;
mod cut;
mod diff;
mod entry;
mod manifest;
#[cfg(feature = "storage-pack")]
mod pack;
mod params;
mod reading;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod writing;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

pub use address::{ADDRESS_LEN, Address};
#[cfg(feature = "storage-pack")]
pub use chunks::{Cutter, restore_chunk, shorten_chunk};
pub use container::{CONTAINER_HEADER_LEN, CONTAINER_MAGIC};
pub use cut::{AVERAGE_CHUNK_LEN, CHUNK_ROW_LEN, MAX_CHUNK_LEN, MIN_CHUNK_LEN};
pub use diff::DIFF_HEADER_LEN;
pub use entry::{ENTRY_CHARGE, ROW_CHARGE};
pub use manifest::{MANIFEST_HEADER_LEN, MANIFEST_ROW_LEN};
#[cfg(feature = "storage-pack")]
pub use pack::{
    Compression, MAX_PACK_MANIFEST_LEN, PACK_END_LEN, PACK_ENTRY_LEN, PACK_HEADER_LEN, PACK_MAGIC,
    PACK_NONCE_LEN, PACK_ROW_LEN, PackKeyParams, PackParams, PackRangeParams, PackSealedParams,
    UnpackParams,
};
pub use params::{AddressParams, ChunkParams, ImportParams, RangeParams};

use crate::error::UnitError;
use store::Store;

/// Capacity of a store that was not given another, in bytes: 256 MiB.
pub const DEFAULT_CAPACITY: u64 = 256 << 20;

/// Longest chunk in a container. It is longer than those that `put` makes, so that containers of
/// other cutters can be read, and short enough to be hashed between two looks at the budget.
pub const MAX_CHUNK_IMPORT_LEN: usize = 1 << 20;

/// What a reader gets instead of bytes that are not what their hash says.
const DAMAGED: UnitError = UnitError::Refused { what: "a damaged chunk" };

/// The unit `storage`: one store, shared by all callers.
#[derive(Debug)]
pub struct StorageUnit {
    store: RwLock<Store>,
    #[cfg(feature = "storage-pack")]
    keys: Option<crate::crypto::SharedKeys>,
}

impl StorageUnit {
    /// An empty store of [`DEFAULT_CAPACITY`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// An empty store that holds so many bytes, as they are charged. Nothing is allocated yet.
    ///
    /// ```
    /// use inos_units::storage::StorageUnit;
    /// use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
    ///
    /// let mut units = Dispatcher::new();
    /// units.register(Box::new(StorageUnit::with_capacity(1000)))?;
    /// let call = Call { input: &[7; 900], params: b"" };
    /// let mut out = VecOutput::new(32);
    /// let result = units.execute_named("storage", "put", call, &mut out, &Budget::unlimited());
    /// assert_eq!(result, Err(UnitError::TooLarge { len: 256 + 900, max: 1000 }));
    /// # Ok::<(), UnitError>(())
    /// ```
    #[must_use]
    pub fn with_capacity(capacity: u64) -> Self {
        Self {
            store: RwLock::new(Store::new(capacity)),
            #[cfg(feature = "storage-pack")]
            keys: None,
        }
    }

    /// The same, sealing and opening packs with the keys of a
    /// [`CryptoUnit`](crate::crypto::CryptoUnit); without, there is no key to any handle.
    ///
    /// ```
    /// use inos_units::crypto::CryptoUnit;
    /// use inos_units::storage::{PackSealedParams, StorageUnit, UnpackParams};
    /// use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
    ///
    /// let crypto = CryptoUnit::new();
    /// let storage = StorageUnit::new().with_keys(crypto.share_keys());
    /// let mut units = Dispatcher::new();
    /// units.register(Box::new(crypto))?;
    /// units.register(Box::new(storage))?;
    /// let call = |unit: &str, method: &str, params: String, input: &[u8]| {
    ///     let mut out = VecOutput::new(1 << 20);
    ///     let call = Call { input, params: params.as_bytes() };
    ///     units.execute_named(unit, method, call, &mut out, &Budget::unlimited())?;
    ///     Ok::<_, UnitError>(out.to_vec())
    /// };
    /// let handle = call("crypto", "key_generate", String::new(), b"")?;
    /// let key = u64::from_le_bytes(handle.try_into().expect("8 bytes"));
    /// let file = b"some words, and then again ".repeat(10_000);
    /// let params = PackSealedParams { key, ..PackSealedParams::default() };
    /// let pack = call("storage", "pack_sealed", params.to_json(), &file)?;
    /// assert!(pack.len() < file.len() / 10);
    /// let params = UnpackParams { key, ..UnpackParams::default() };
    /// assert!(call("storage", "unpack", params.to_json(), &pack)? == file);
    /// # Ok::<(), UnitError>(())
    /// ```
    #[cfg(feature = "storage-pack")]
    #[must_use]
    pub fn with_keys(self, keys: crate::crypto::SharedKeys) -> Self {
        Self { keys: Some(keys), ..self }
    }

    // A lock that a panic poisoned is taken all the same: what can fail runs before a change of
    // the store begins, so the store is whole.

    fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for StorageUnit {
    fn default() -> Self {
        Self::new()
    }
}

/// Credits for hashing bytes that the length of the input does not tell of.
const fn hash_credits(len: u64) -> u64 {
    len / 4
}

/// For methods whose input is nothing.
const fn refuse_input(input: &[u8]) -> Result<(), UnitError> {
    if input.is_empty() { Ok(()) } else { Err(UnitError::BadInput { what: "it takes no input" }) }
}

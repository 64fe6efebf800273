//! A content-addressed store in a folder: what was put survives a crash, a power cut and a flipped bit
//! that is found, and is found by the BLAKE3 digest of its bytes.
//!
//! ```
//! use inos::store::{Store, StoreConfig, StoreError};
//! # let folder = std::env::temp_dir().join(format!("inos-doc-store-{}", std::process::id()));
//!
//! // A key makes it a sealed store. Keep the key: there is no other way in.
//! let config = StoreConfig { key: Some([7; 32]), ..StoreConfig::default() };
//! let store = Store::open(&folder, &config)?;
//! let address = store.put_bytes(b"some bytes")?;
//! drop(store);
//!
//! let store = Store::open(&folder, &config)?;
//! let mut bytes = Vec::new();
//! store.get(&address, &mut bytes)?;
//! assert_eq!(bytes, b"some bytes");
//! # drop(store);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), StoreError>(())
//! ```
//!
//! # Rules
//! - The address of an object is the BLAKE3 digest of all its bytes, whatever it is cut into, as in the
//!   unit `storage`. Objects above [`StoreConfig::inline_len`] are cut where their content says so, and
//!   chunks that are the same are held once, in whatever objects they are.
//! - A put that has returned is durable, and so is a change of a pin and a deletion. What had not
//!   returned when the process or the machine went down has happened as a whole or not at all.
//! - Nothing is given to a reader before its seal (or digest), its length and its BLAKE3 hash held.
//!   What does not hold is [`StoreError::Damaged`], which names the chunk, the file and the offset.
//! - Deleting an object takes its name away at once; the room of its chunks is taken back by
//!   [`Store::gc`]. An object that a pin names can't be deleted.
//! - One value of [`Store`] has a folder at a time, in all processes of a machine; others are refused
//!   with [`StoreError::Locked`]. Its threads share it: gets, puts and scrubs run side by side.
//!
//! # How it is durable
//! A small object goes into a transaction of the index: one sync. Of a larger one the chunks are
//! appended to a segment that the writer has to itself, which is synced; then one transaction of the
//! index names them: two syncs, and one of the folder's if the segment is new. So at any moment the
//! index names only what is on the disk. What a segment has beyond what the index names is cut off
//! when the store is opened, and a segment that the index does not name is removed. `gc` copies what is
//! in use, syncs it, changes the index in one transaction, and removes the old file last.
//! [`Store::put_many`] shares the syncs among its objects.
//!
//! The index is [redb](https://docs.rs/redb), whose commit is one sync: pages are copied on write, and
//! checksums tell whether a commit was whole. Opening reads the whole index to verify them.
//!
//! # Sealed stores
//! Records and chunks are sealed by XChaCha20-Poly1305 with a fresh nonce of 24 random bytes for each,
//! under a key that HKDF-SHA-256 (RFC 5869) makes of the store's key and its salt (info `INOS store 1
//! records`). A seal is bound to what it seals: a record to its key in the index, a chunk to its id, its
//! length and whether it is compressed. Keys in the index are not addresses but keyed BLAKE3 digests
//! of them, under a key of their own (context `INOS store 1 ids`, of key and salt).
//!
//! Who has the files and not the key learns how many objects, chunks and pins there are, how long each
//! chunk and each small object is when compressed, which chunks were stored together and when, and
//! what changed between two looks. Lengths of chunks can tell that a file is one that is known, since
//! where it is cut does not depend on the key. Contents, addresses and names of pins are not learned,
//! nor whether two stores hold the same. Who can write the files can delete, and can put back an older
//! state of the whole folder, and neither is noticed; anything else is.
//!
//! Without a key, a digest takes the seal's place: it finds damage, not intent.
//!
//! # Format
//! A folder with `lock`, `index.redb`, and segments `0000000000.segment` and so on, which are chunks in
//! a row with nothing between them. Numbers are little-endian where nothing else is said. *Sealed* is a
//! nonce (24), the ciphertext and a tag (16); in a store without a key, the bytes and the first 16 of the
//! BLAKE3 digest (context `INOS store 1 digest`) of the kind (1), the place's length (8), the place, and
//! the bytes. The kind and the place are the seal's associated data: kinds are 0 of the header's check,
//! 1 of objects, 2 of rows, 3 of chunks, 4 of pins.
//!
//! ```text
//! table      key                           value
//! meta       "header"                      magic, version, sealed?, salt, check
//! meta       "counters"                    7 numbers of 8 bytes
//! objects    id                            sealed: an object
//! rows       id, offset of the first row   sealed: up to 512 rows
//! chunks     id                            location
//! segments   number (u32)                  length (u64)
//! pins       id of the name                sealed: address, name
//! pinned     id, id of the name            nothing
//! ```
//!
//! | what | offset | bytes | |
//! |---|---|---|---|
//! | header | 0 | 8 | `INOSSTO1` |
//! | | 8 | 4 | version, 1 |
//! | | 12 | 1 | 1 if the store is sealed |
//! | | 13 | 32 | salt: random, or zeros |
//! | | 45 | | nothing, sealed; the place is the salt |
//! | object | 0 | 32 | address |
//! | | 32 | 8 | length |
//! | | 40 | 4 | 0: its bytes follow; 1: a brotli stream of them; 2: it has rows |
//! | row | 0 | 32 | BLAKE3 of the chunk |
//! | | 32 | 4 | its length, from 1 to 1 MiB |
//! | location | 0 | 4 | segment |
//! | | 4 | 4 | bytes there |
//! | | 8 | 8 | offset there |
//! | | 16 | 4 | length of the chunk |
//! | | 20 | 4 | 1 if a brotli stream (RFC 7932) was sealed, 0 if the chunk was |
//!
//! An id is 32 bytes: the address, or the keyed digest of the kind (1) and the address; for a pin, the
//! address that its name would have as an object. The offset in a key of rows is in eight bytes,
//! highest first. The place of a chunk is its id, its length (4) and the last field (1).
//!
//! # Not supported
//! More than one process at a time. Repair of a damaged chunk: get what can be got, delete the objects
//! that [`ScrubReport::damaged_objects`] names, run `gc`, put them again. An index that is lost or
//! damaged: segments alone are not a store. An index whose file somebody changes while it is open: redb
//! trusts it then, and may panic. An index that grows shorter: redb uses its free pages again. Another
//! key for a store that is there. Hiding lengths. Clearing keys and contents from memory, but for the key
//! of seals. Cuts that depend on the key. Network file systems whose locks or syncs do not hold.
#![forbid(unsafe_code)]

mod config;
mod error;
mod gc;
mod get;
mod index;
mod pins;
mod put;
mod record;
mod scrub;
mod seal;
mod segments;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use inos_units::storage::{Address, Cutter};

pub use config::{MAX_INLINE_LEN, StoreConfig};
pub use error::{Damage, Part, Place, StoreError};
pub use gc::GcReport;
pub use pins::MAX_PIN_LEN;
pub use scrub::{ScrubProgress, ScrubReport};

use crate::disk::{Disk, Folder};
use index::Index;
use seal::{Id, Kind, Seal};
use segments::Segments;

/// A store that is open. The module's text says what it promises.
#[derive(Debug)]
pub struct Store {
    index: Index,
    segments: Segments,
    seal: Seal,
    cutter: Cutter,
    quota: u64,
    quality: Option<u32>,
    inline_len: usize,
    /// Many put and scrub; one collects garbage.
    gate: RwLock<()>,
    /// Has the folder's lock, so it goes last.
    _disk: Arc<dyn Disk>,
}

/// An object that is in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct ObjectInfo {
    /// Its address.
    pub address: Address,
    /// Its bytes.
    pub len: u64,
}

/// What a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStat {
    /// Objects.
    pub objects: u64,
    /// Bytes of all objects.
    pub object_bytes: u64,
    /// Chunks, also those that wait for `gc`.
    pub chunks: u64,
    /// Bytes of chunks, and of objects without, each held once.
    pub held_bytes: u64,
    /// Bytes of segments: of chunks when compressed and sealed, and of garbage.
    pub segment_bytes: u64,
    /// Bytes of records in the index. Its file is longer: at least 72 KiB, and up to several times this.
    pub record_bytes: u64,
    /// Most bytes of segments and records.
    pub quota: u64,
}

impl StoreStat {
    /// Bytes of objects by the bytes that are held of them; 1 if there are none.
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-dedup-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// let mut bytes: Vec<u8> = (0..1_u32 << 18).flat_map(|i| i.wrapping_mul(i).to_le_bytes()).collect();
    /// store.put_bytes(&bytes)?;
    /// bytes.splice(500_000..500_000, *b"a few more");
    /// store.put_bytes(&bytes)?;
    /// assert!(store.stat()?.dedup() > 1.5);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    #[must_use]
    pub fn dedup(&self) -> f64 {
        if self.held_bytes == 0 { 1.0 } else { self.object_bytes as f64 / self.held_bytes as f64 }
    }
}

impl Store {
    /// Opens the store in a folder, or makes one if the folder is missing or has none.
    ///
    /// What a crash left undone is taken away. It reads the whole index, and no segment.
    ///
    /// # Errors
    /// [`StoreError::Locked`] if it is open elsewhere; [`StoreError::KeyMissing`] and
    /// [`StoreError::WrongKey`]; [`StoreError::NotAStore`] and [`StoreError::VersionMismatch`];
    /// [`StoreError::BadConfig`]; [`StoreError::Damaged`] if the index is; what the disk says.
    pub fn open(folder: impl AsRef<Path>, config: &StoreConfig) -> Result<Self, StoreError> {
        config.check()?;
        Self::on(Arc::new(Folder::open(folder.as_ref())?), config)
    }

    /// Opens the store on a disk.
    fn on(disk: Arc<dyn Disk>, config: &StoreConfig) -> Result<Self, StoreError> {
        let cutter = config.check()?;
        let names = disk.list().map_err(StoreError::io("."))?;
        let (index, seal) = Index::open(&*disk, config, segments::any_segment(&names))?;
        let snapshot = index.read()?;
        let (known, counters) = (snapshot.segments()?, snapshot.counters()?);
        drop(snapshot);
        Ok(Self {
            index,
            segments: Segments::open(
                Arc::clone(&disk),
                config.segment_len,
                &names,
                &known,
                &counters,
            )?,
            seal,
            cutter,
            quota: config.quota,
            quality: config.quality,
            inline_len: config.inline_len as usize,
            gate: RwLock::new(()),
            _disk: disk,
        })
    }

    /// Whether there is an object. It is not read.
    ///
    /// # Errors
    /// What the index says.
    pub fn has(&self, address: &Address) -> Result<bool, StoreError> {
        Ok(self.index.read()?.object(&self.object_id(address))?.is_some())
    }

    /// Deletes an object; whether it was there. Durable when it returns; the room of its chunks is
    /// taken back by [`gc`](Store::gc).
    ///
    /// # Errors
    /// [`StoreError::Pinned`].
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-delete-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// let address = store.put_bytes(b"not for long")?;
    /// assert_eq!(store.objects()?.len(), 1);
    /// assert!(store.delete(&address)? && !store.delete(&address)?);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn delete(&self, address: &Address) -> Result<bool, StoreError> {
        let id = self.object_id(address);
        let mut change = self.index.change()?;
        if change.is_pinned(&id)? {
            return Err(StoreError::Pinned { address: *address });
        }
        let Some(sealed) = change.take_object(&id)? else { return Ok(false) };
        change.take_rows(&id)?;
        let counters = &mut change.counters;
        counters.objects = counters.objects.saturating_sub(1);
        // One whose record is damaged can be deleted, too; its bytes stay counted.
        if let Ok(object) = self.open_object(&id, &sealed, &mut Vec::new()) {
            counters.object_bytes = counters.object_bytes.saturating_sub(object.len);
            if object.form != record::Form::Chunks {
                counters.inline_bytes = counters.inline_bytes.saturating_sub(object.len);
            }
        }
        change.commit()?;
        Ok(true)
    }

    /// All objects by address. It takes 40 bytes of memory for each.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the record of one is.
    pub fn objects(&self) -> Result<Vec<ObjectInfo>, StoreError> {
        let (mut objects, mut record) = (Vec::new(), Vec::new());
        self.index.read()?.each_object(|id, sealed| {
            let object = self.open_object(id, sealed, &mut record)?;
            objects.push(ObjectInfo { address: object.address, len: object.len });
            Ok(())
        })?;
        objects.sort_unstable();
        Ok(objects)
    }

    /// What the store holds.
    ///
    /// # Errors
    /// What the index says.
    pub fn stat(&self) -> Result<StoreStat, StoreError> {
        let counters = self.index.read()?.counters()?;
        Ok(StoreStat {
            objects: counters.objects,
            object_bytes: counters.object_bytes,
            chunks: counters.chunks,
            held_bytes: counters.chunk_bytes.saturating_add(counters.inline_bytes),
            segment_bytes: self.segments.bytes(),
            record_bytes: counters.record_bytes,
            quota: self.quota,
        })
    }

    fn object_id(&self, address: &Address) -> Id {
        self.seal.id(Kind::Object, address.as_bytes())
    }

    // There is nothing behind the gate that a panic could have left half done.

    fn shared(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn alone(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().unwrap_or_else(PoisonError::into_inner)
    }
}

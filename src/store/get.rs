//! From an address to bytes that were verified.
#![forbid(unsafe_code)]

use std::io::{self, Write};

use inos_units::storage::{Address, restore_chunk};

use super::error::{Damage, Part, Place};
use super::index::Snapshot;
use super::record::{Form, Location, ObjectRecord, Row, read_rows, rows_key_parts};
use super::seal::{Id, Kind};
use super::{Store, StoreError};

impl Store {
    /// Writes an object to `to`, chunk by chunk, each when it was verified; its length.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also if it is deleted meanwhile; [`StoreError::Damaged`], which names
    /// the chunk and the file; [`StoreError::Write`] if the writer fails. What was written before is
    /// as it was put.
    pub fn get(&self, address: &Address, to: &mut dyn Write) -> Result<u64, StoreError> {
        let mut hasher = blake3::Hasher::new();
        let mut each = |bytes: &[u8]| {
            hasher.update(bytes);
            to.write_all(bytes).map_err(|source| StoreError::Write { source })
        };
        let len = self.walk(address, 0, u64::MAX, &mut each)?;
        if Address::from(hasher.finalize()) == *address {
            Ok(len)
        } else {
            Err(damaged(Part::Object(*address), Place::Index))
        }
    }

    /// Writes up to `len` bytes of an object from `offset` on to `to`; how many there were. Only
    /// chunks that have some of them are read, and each is verified.
    ///
    /// # Errors
    /// As of [`get`](Store::get); [`StoreError::OutOfRange`] if `offset` is behind the end.
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-range-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// let address = store.put_bytes(b"some words")?;
    /// let mut word = Vec::new();
    /// assert_eq!(store.get_range(&address, 5, 100, &mut word)?, 5);
    /// assert_eq!(word, b"words");
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn get_range(
        &self,
        address: &Address,
        offset: u64,
        len: u64,
        to: &mut dyn Write,
    ) -> Result<u64, StoreError> {
        let mut each =
            |bytes: &[u8]| to.write_all(bytes).map_err(|source| StoreError::Write { source });
        self.walk(address, offset, len, &mut each)
    }

    /// Gives a range of an object in pieces; how many bytes it had.
    fn walk(
        &self,
        address: &Address,
        offset: u64,
        len: u64,
        each: &mut dyn FnMut(&[u8]) -> Result<(), StoreError>,
    ) -> Result<u64, StoreError> {
        let snapshot = self.index.read()?;
        let id = self.object_id(address);
        let sealed = snapshot.object(&id)?.ok_or(StoreError::NotFound { address: *address })?;
        let mut chunks = Chunks::new(self);
        let mut record = Vec::new();
        let object = self.open_object(&id, &sealed, &mut record)?;
        if object.address != *address {
            return Err(damaged(Part::Object(*address), Place::Index));
        }
        if offset > object.len {
            return Err(StoreError::OutOfRange { offset, len: object.len });
        }
        let end = object.len.min(offset.saturating_add(len));
        let given = end.saturating_sub(offset);
        if object.form != Form::Chunks {
            let bytes = chunks.inline(&object)?;
            each(part_of(bytes, 0, offset, end))?;
            return Ok(given);
        }
        let mut at = offset;
        while at < end {
            for (begin, row) in self.rows_at(&snapshot, &id, &object, at)? {
                let row_end = begin.saturating_add(row.len.into());
                if row_end <= at {
                    continue;
                }
                if begin >= end {
                    break;
                }
                let chunk = chunks.read(&row).map_err(|error| self.or_deleted(address, error))?;
                each(part_of(chunk, begin, offset, end))?;
                at = row_end;
            }
        }
        Ok(given)
    }

    /// A chunk that the index does not have is no damage if the object was deleted meanwhile.
    fn or_deleted(&self, address: &Address, error: StoreError) -> StoreError {
        match error {
            StoreError::Damaged(_) if matches!(self.has(address), Ok(false)) => {
                StoreError::NotFound { address: *address }
            }
            error => error,
        }
    }

    /// Opens an object's record in `record`.
    pub(super) fn open_object<'a>(
        &self,
        id: &Id,
        sealed: &[u8],
        record: &'a mut Vec<u8>,
    ) -> Result<ObjectRecord<'a>, StoreError> {
        let damage = |_| damaged(Part::Record(*id), Place::Index);
        self.seal.open(Kind::Object, id, sealed, record).map_err(damage)?;
        ObjectRecord::read(record).map_err(damage)
    }

    /// Rows of an object with the offsets of their chunks, among them the one with the byte `at`.
    pub(super) fn rows_at(
        &self,
        snapshot: &Snapshot,
        id: &Id,
        object: &ObjectRecord<'_>,
        at: u64,
    ) -> Result<Vec<(u64, Row)>, StoreError> {
        let damage = || damaged(Part::Object(object.address), Place::Index);
        let (key, sealed) = snapshot.rows_at(id, at)?.ok_or_else(damage)?;
        let mut rows = Vec::new();
        self.seal.open(Kind::Rows, &key, &sealed, &mut rows).map_err(|_| damage())?;
        let (_, first) = rows_key_parts(&key);
        let mut end = first;
        let rows = read_rows(&rows).map_err(|_| damage())?.into_iter().map(|row| {
            let begin = end;
            end = end.saturating_add(row.len.into());
            (begin, row)
        });
        let rows: Vec<_> = rows.collect();
        // The caller goes on at the end, so it has to be further on.
        if at < end && end <= object.len { Ok(rows) } else { Err(damage()) }
    }
}

/// The part of a chunk that begins at `begin` which is in the range.
fn part_of(chunk: &[u8], begin: u64, offset: u64, end: u64) -> &[u8] {
    let inside = |at: u64| usize::try_from(at.saturating_sub(begin)).unwrap_or(usize::MAX);
    chunk.get(inside(offset)..inside(end).min(chunk.len())).unwrap_or_default()
}

pub(super) const fn damaged(part: Part, place: Place) -> StoreError {
    StoreError::Damaged(Damage { part, place })
}

/// Reads chunks, one at a time.
pub(super) struct Chunks<'a> {
    store: &'a Store,
    stored: Vec<u8>,
    opened: Vec<u8>,
    plain: Vec<u8>,
}

impl<'a> Chunks<'a> {
    pub(super) const fn new(store: &'a Store) -> Self {
        Self { store, stored: Vec::new(), opened: Vec::new(), plain: Vec::new() }
    }

    /// The bytes of an object without chunks.
    pub(super) fn inline<'b>(
        &'b mut self,
        object: &'b ObjectRecord<'_>,
    ) -> Result<&'b [u8], StoreError> {
        let damage = damaged(Part::Object(object.address), Place::Index);
        let bytes = if object.form == Form::InlineBrotli {
            // At most `MAX_INLINE_LEN`.
            self.plain.resize(object.len as usize, 0);
            match restore_chunk(object.body, &mut self.plain) {
                Ok(()) => self.plain.as_slice(),
                Err(_) => return Err(damage),
            }
        } else {
            object.body
        };
        if Address::of(bytes) == object.address { Ok(bytes) } else { Err(damage) }
    }

    /// The bytes of a chunk.
    pub(super) fn read(&mut self, row: &Row) -> Result<&[u8], StoreError> {
        let part = Part::Chunk(row.hash);
        let id = self.store.seal.id(Kind::Chunk, row.hash.as_bytes());
        let nowhere = || damaged(part, Place::Index);
        let (location, file) = {
            let files = self.store.segments.files();
            let found = self.store.index.read()?.chunk(&id)?.ok_or_else(nowhere)?;
            let location = Location::read(&found).map_err(|_| nowhere())?;
            (location, files.get(&location.segment).cloned())
        };
        let Location { segment: number, offset, stored: len, .. } = location;
        let damage = || damaged(part, Place::Segment { number, offset, len });
        let file = file.ok_or_else(damage)?;
        self.stored.resize(len as usize, 0);
        match file.read(offset, &mut self.stored) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damage()),
            Err(error) => return Err(StoreError::io(super::segments::file_name(number))(error)),
        }
        let bound = location.bound(&id);
        let opened = self.store.seal.open(Kind::Chunk, &bound, &self.stored, &mut self.opened);
        opened.map_err(|_| damage())?;
        let bytes = if location.is_brotli {
            self.plain.resize(location.len as usize, 0);
            restore_chunk(&self.opened, &mut self.plain).map_err(|_| damage())?;
            self.plain.as_slice()
        } else {
            self.opened.as_slice()
        };
        let is_whole = bytes.len() == row.len as usize && Address::of(bytes) == row.hash;
        if is_whole { Ok(bytes) } else { Err(damage()) }
    }
}

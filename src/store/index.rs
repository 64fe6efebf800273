//! The index: which objects, chunks, segments and pins there are, in redb. What one transaction
//! changes is there as a whole or not at all, and when it is committed it stays.
#![forbid(unsafe_code)]

use std::io;
use std::sync::Arc;

use redb::{
    Builder, Database, Key, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    StorageBackend, TableDefinition, Value, WriteTransaction,
};

use super::error::{Damage, Part, Place};
use super::record::{Counters, LOCATION_LEN, Location, ROWS_KEY_LEN, rows_key};
use super::seal::{ID_LEN, Id, SALT_LEN, Seal};
use super::{Kind, StoreConfig, StoreError};
use crate::disk::{Disk, DiskFile};

/// Name of the index's file.
pub(super) const FILE: &str = "index.redb";

/// Its name while it is made.
const NEW_FILE: &str = "index.new";

/// The version that this code reads and writes.
const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"INOSSTO1";

type Table<K, V> = TableDefinition<'static, K, V>;

const META: Table<&str, &[u8]> = Table::new("meta");
const OBJECTS: Table<&Id, &[u8]> = Table::new("objects");
const ROWS: Table<&[u8; ROWS_KEY_LEN], &[u8]> = Table::new("rows");
const CHUNKS: Table<&Id, &[u8; LOCATION_LEN]> = Table::new("chunks");
const SEGMENTS: Table<u32, u64> = Table::new("segments");
const PINS: Table<&Id, &[u8]> = Table::new("pins");
const PINNED: Table<&[u8; 2 * ID_LEN], ()> = Table::new("pinned");

/// A file as redb wants it. The store's lock keeps others out, so there are no locks here.
#[derive(Debug)]
struct Backend(Arc<dyn DiskFile>);

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

/// redb's many errors as ours.
pub(super) trait OrIndexError<T> {
    fn or_index_error(self) -> Result<T, StoreError>;
}

impl<T, E: Into<redb::Error>> OrIndexError<T> for Result<T, E> {
    fn or_index_error(self) -> Result<T, StoreError> {
        self.map_err(|error| match error.into() {
            redb::Error::Corrupted(_) => DAMAGED,
            error => StoreError::Index { source: Box::new(error) },
        })
    }
}

/// The index as a whole.
pub(super) const DAMAGED: StoreError =
    StoreError::Damaged(Damage { part: Part::Index, place: Place::Index });

/// The index of an open store.
#[derive(Debug)]
pub(super) struct Index(Database);

impl Index {
    /// Opens the index, or makes one in a folder without segments; the store's seal.
    pub(super) fn open(
        disk: &dyn Disk,
        config: &StoreConfig,
        has_segments: bool,
    ) -> Result<(Self, Seal), StoreError> {
        let found = disk.open(FILE).map_err(StoreError::io(FILE))?;
        let file = match found {
            Some(file) => file,
            None if has_segments => return Err(StoreError::NotAStore),
            None => {
                Self::make(disk, config)?;
                let made = disk.open(FILE).map_err(StoreError::io(FILE))?;
                made.ok_or(StoreError::NotAStore)?
            }
        };
        let index = Self::on(file, config)?;
        let header = index.read()?.header()?.ok_or(StoreError::NotAStore)?;
        let seal = check_header(&header, config)?;
        Ok((index, seal))
    }

    /// Makes an index under another name, so that under its own there is a whole one or none.
    fn make(disk: &dyn Disk, config: &StoreConfig) -> Result<(), StoreError> {
        let file = disk.create(NEW_FILE).map_err(StoreError::io(NEW_FILE))?;
        let index = Self::on(Arc::clone(&file), config)?;
        index.init(config)?;
        // Closes it, which writes.
        drop(index);
        file.sync().map_err(StoreError::io(NEW_FILE))?;
        disk.rename(NEW_FILE, FILE).map_err(StoreError::io(FILE))?;
        disk.sync().map_err(StoreError::io(FILE))
    }

    fn on(file: Arc<dyn DiskFile>, config: &StoreConfig) -> Result<Self, StoreError> {
        let mut builder = Builder::new();
        // A page that was changed behind redb's back is refused here instead of trusted.
        builder.set_cache_size(config.cache_len).set_check_integrity_on_open(true);
        builder.create_with_backend(Backend(file)).or_index_error().map(Self)
    }

    /// Makes all tables.
    fn init(&self, config: &StoreConfig) -> Result<(), StoreError> {
        let mut salt = [0; SALT_LEN];
        if config.key.is_some() {
            use inos_units::crypto::{OsRandom, Random as _};
            OsRandom.fill(&mut salt).map_err(StoreError::Unit)?;
        }
        let seal = Seal::new(config.key.as_ref(), &salt)?;
        let mut check = Vec::new();
        seal.seal(Kind::Check, &salt, b"", &mut check)?;
        let header =
            [&MAGIC[..], &VERSION.to_le_bytes(), &[config.key.is_some().into()], &salt, &check]
                .concat();
        let transaction = self.0.begin_write().or_index_error()?;
        {
            let mut meta = transaction.open_table(META).or_index_error()?;
            meta.insert("header", header.as_slice()).or_index_error()?;
            let counters = Counters::default().write();
            meta.insert("counters", counters.as_slice()).or_index_error()?;
            transaction.open_table(OBJECTS).or_index_error()?;
            transaction.open_table(ROWS).or_index_error()?;
            transaction.open_table(CHUNKS).or_index_error()?;
            transaction.open_table(SEGMENTS).or_index_error()?;
            transaction.open_table(PINS).or_index_error()?;
            transaction.open_table(PINNED).or_index_error()?;
        }
        transaction.commit().or_index_error()
    }

    /// What is committed now; later changes are not seen.
    pub(super) fn read(&self) -> Result<Snapshot, StoreError> {
        self.0.begin_read().or_index_error().map(Snapshot)
    }

    /// A transaction. It waits for the one before it.
    pub(super) fn change(&self) -> Result<Change, StoreError> {
        let transaction = self.0.begin_write().or_index_error()?;
        let counters = {
            let meta = transaction.open_table(META).or_index_error()?;
            let bytes = meta.get("counters").or_index_error()?.ok_or(DAMAGED)?;
            Counters::read(bytes.value()).map_err(|_| DAMAGED)?
        };
        Ok(Change { transaction, counters })
    }
}

/// The seal of a store with this header, if the key is the right one.
fn check_header(header: &[u8], config: &StoreConfig) -> Result<Seal, StoreError> {
    let (magic, rest) = header.split_first_chunk::<8>().ok_or(StoreError::NotAStore)?;
    let (version, rest) = rest.split_first_chunk().ok_or(StoreError::NotAStore)?;
    if *magic != MAGIC {
        return Err(StoreError::NotAStore);
    }
    let found = u32::from_le_bytes(*version);
    if found != VERSION {
        return Err(StoreError::VersionMismatch { found, expected: VERSION });
    }
    let ([is_sealed], rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
    let (salt, check) = rest.split_first_chunk::<SALT_LEN>().ok_or(DAMAGED)?;
    match (is_sealed, &config.key) {
        (1, None) => return Err(StoreError::KeyMissing),
        (0, Some(_)) => return Err(StoreError::WrongKey),
        (0 | 1, _) => {}
        _ => return Err(DAMAGED),
    }
    let seal = Seal::new(config.key.as_ref(), salt)?;
    let wrong = if config.key.is_some() { StoreError::WrongKey } else { DAMAGED };
    seal.open(Kind::Check, salt, check, &mut Vec::new()).map_err(|_| wrong)?;
    Ok(seal)
}

/// The index at one moment.
pub(super) struct Snapshot(ReadTransaction);

impl Snapshot {
    fn table<K: Key, V: Value>(
        &self,
        table: Table<K, V>,
    ) -> Result<ReadOnlyTable<K, V>, StoreError> {
        self.0.open_table(table).or_index_error()
    }

    /// None if the index has no tables at all.
    fn header(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.0.open_table(META) {
            Err(redb::TableError::TableDoesNotExist(_)) => {
                let mut others = self.0.list_tables().or_index_error()?;
                if others.next().is_some() { Err(StoreError::NotAStore) } else { Ok(None) }
            }
            meta => {
                let meta = meta.or_index_error()?;
                let header = meta.get("header").or_index_error()?;
                header.map(|header| Some(header.value().to_vec())).ok_or(StoreError::NotAStore)
            }
        }
    }

    pub(super) fn counters(&self) -> Result<Counters, StoreError> {
        let meta = self.table(META)?;
        let bytes = meta.get("counters").or_index_error()?.ok_or(DAMAGED)?;
        Counters::read(bytes.value()).map_err(|_| DAMAGED)
    }

    pub(super) fn object(&self, id: &Id) -> Result<Option<Vec<u8>>, StoreError> {
        let record = self.table(OBJECTS)?.get(id).or_index_error()?;
        Ok(record.map(|record| record.value().to_vec()))
    }

    pub(super) fn chunk(&self, id: &Id) -> Result<Option<[u8; LOCATION_LEN]>, StoreError> {
        let location = self.table(CHUNKS)?.get(id).or_index_error()?;
        Ok(location.map(|location| *location.value()))
    }

    pub(super) fn pin(&self, id: &Id) -> Result<Option<Vec<u8>>, StoreError> {
        let record = self.table(PINS)?.get(id).or_index_error()?;
        Ok(record.map(|record| record.value().to_vec()))
    }

    /// The record of rows in which the byte at `offset` is, and its key.
    pub(super) fn rows_at(&self, id: &Id, offset: u64) -> Result<Option<Rows>, StoreError> {
        let (first, last) = (rows_key(id, 0), rows_key(id, offset));
        let mut rows =
            self.table(ROWS)?.range::<&[u8; ROWS_KEY_LEN]>(&first..=&last).or_index_error()?;
        let Some(found) = rows.next_back() else { return Ok(None) };
        let (key, record) = found.or_index_error()?;
        Ok(Some((*key.value(), record.value().to_vec())))
    }

    pub(super) fn each_object(
        &self,
        mut each: impl FnMut(&Id, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for entry in self.table(OBJECTS)?.iter().or_index_error()? {
            let (id, record) = entry.or_index_error()?;
            each(id.value(), record.value())?;
        }
        Ok(())
    }

    pub(super) fn each_rows(
        &self,
        mut each: impl FnMut(&[u8; ROWS_KEY_LEN], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for entry in self.table(ROWS)?.iter().or_index_error()? {
            let (key, record) = entry.or_index_error()?;
            each(key.value(), record.value())?;
        }
        Ok(())
    }

    pub(super) fn each_chunk(
        &self,
        mut each: impl FnMut(&Id, &[u8; LOCATION_LEN]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for entry in self.table(CHUNKS)?.iter().or_index_error()? {
            let (id, location) = entry.or_index_error()?;
            each(id.value(), location.value())?;
        }
        Ok(())
    }

    pub(super) fn each_pin(
        &self,
        mut each: impl FnMut(&Id, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        for entry in self.table(PINS)?.iter().or_index_error()? {
            let (id, record) = entry.or_index_error()?;
            each(id.value(), record.value())?;
        }
        Ok(())
    }

    /// Numbers of all segments and their lengths.
    pub(super) fn segments(&self) -> Result<Vec<(u32, u64)>, StoreError> {
        let segments = self.table(SEGMENTS)?;
        let entries = segments.iter().or_index_error()?;
        let entries = entries.map(|entry| {
            let (number, len) = entry.or_index_error()?;
            Ok((number.value(), len.value()))
        });
        entries.collect()
    }
}

/// A record of rows with its key.
pub(super) type Rows = ([u8; ROWS_KEY_LEN], Vec<u8>);

/// A change of the index, which is nothing until it is committed.
pub(super) struct Change {
    transaction: WriteTransaction,
    pub(super) counters: Counters,
}

/// Bytes that a record counts.
const fn charge(key_len: usize, value_len: usize) -> u64 {
    key_len.saturating_add(value_len) as u64
}

impl Change {
    fn add(&mut self, key_len: usize, value_len: usize) {
        let sum = &mut self.counters.record_bytes;
        *sum = sum.saturating_add(charge(key_len, value_len));
    }

    fn take(&mut self, key_len: usize, value_len: usize) {
        let sum = &mut self.counters.record_bytes;
        *sum = sum.saturating_sub(charge(key_len, value_len));
    }

    pub(super) fn has_object(&self, id: &Id) -> Result<bool, StoreError> {
        let objects = self.transaction.open_table(OBJECTS).or_index_error()?;
        Ok(objects.get(id).or_index_error()?.is_some())
    }

    /// Adds an object that is not there.
    pub(super) fn add_object(&mut self, id: &Id, record: &[u8]) -> Result<(), StoreError> {
        let mut objects = self.transaction.open_table(OBJECTS).or_index_error()?;
        objects.insert(id, record).or_index_error()?;
        drop(objects);
        self.add(ID_LEN, record.len());
        Ok(())
    }

    /// Its record, if it was there.
    pub(super) fn take_object(&mut self, id: &Id) -> Result<Option<Vec<u8>>, StoreError> {
        let mut objects = self.transaction.open_table(OBJECTS).or_index_error()?;
        let record = objects.remove(id).or_index_error()?.map(|record| record.value().to_vec());
        drop(objects);
        if let Some(record) = &record {
            self.take(ID_LEN, record.len());
        }
        Ok(record)
    }

    pub(super) fn add_rows(
        &mut self,
        key: &[u8; ROWS_KEY_LEN],
        record: &[u8],
    ) -> Result<(), StoreError> {
        let mut rows = self.transaction.open_table(ROWS).or_index_error()?;
        rows.insert(key, record).or_index_error()?;
        drop(rows);
        self.add(ROWS_KEY_LEN, record.len());
        Ok(())
    }

    /// Takes all rows of an object away.
    pub(super) fn take_rows(&mut self, id: &Id) -> Result<(), StoreError> {
        let mut rows = self.transaction.open_table(ROWS).or_index_error()?;
        let (first, last) = (rows_key(id, 0), rows_key(id, u64::MAX));
        let mut taken = 0_u64;
        rows.retain_in::<&[u8; ROWS_KEY_LEN], _>(&first..=&last, |_, record| {
            taken = taken.saturating_add(charge(ROWS_KEY_LEN, record.len()));
            false
        })
        .or_index_error()?;
        drop(rows);
        self.counters.record_bytes = self.counters.record_bytes.saturating_sub(taken);
        Ok(())
    }

    /// Adds a chunk, unless it is there.
    pub(super) fn add_chunk(&mut self, id: &Id, location: &Location) -> Result<(), StoreError> {
        let mut chunks = self.transaction.open_table(CHUNKS).or_index_error()?;
        if chunks.get(id).or_index_error()?.is_some() {
            return Ok(());
        }
        chunks.insert(id, &location.write()).or_index_error()?;
        drop(chunks);
        self.add(ID_LEN, LOCATION_LEN);
        self.counters.chunks = self.counters.chunks.saturating_add(1);
        self.counters.chunk_bytes = self.counters.chunk_bytes.saturating_add(location.len.into());
        Ok(())
    }

    /// Where a chunk is from now on.
    pub(super) fn move_chunk(&self, id: &Id, location: &Location) -> Result<(), StoreError> {
        let mut chunks = self.transaction.open_table(CHUNKS).or_index_error()?;
        chunks.insert(id, &location.write()).or_index_error()?;
        Ok(())
    }

    pub(super) fn take_chunk(&mut self, id: &Id, len: u32) -> Result<(), StoreError> {
        let mut chunks = self.transaction.open_table(CHUNKS).or_index_error()?;
        let was_there = chunks.remove(id).or_index_error()?.is_some();
        drop(chunks);
        if was_there {
            self.take(ID_LEN, LOCATION_LEN);
            self.counters.chunks = self.counters.chunks.saturating_sub(1);
            self.counters.chunk_bytes = self.counters.chunk_bytes.saturating_sub(len.into());
        }
        Ok(())
    }

    /// How long a segment is; none if it is gone.
    pub(super) fn set_segment(&mut self, number: u32, len: Option<u64>) -> Result<(), StoreError> {
        let mut segments = self.transaction.open_table(SEGMENTS).or_index_error()?;
        match len {
            Some(len) => segments.insert(number, len).or_index_error()?,
            None => segments.remove(number).or_index_error()?,
        };
        let next = &mut self.counters.next_segment;
        *next = (*next).max(u64::from(number).saturating_add(1));
        Ok(())
    }

    /// Makes a name mean an object; the record that it had.
    pub(super) fn set_pin(
        &mut self,
        name: &Id,
        object: &Id,
        record: &[u8],
    ) -> Result<(), StoreError> {
        let mut pins = self.transaction.open_table(PINS).or_index_error()?;
        pins.insert(name, record).or_index_error()?;
        let mut pinned = self.transaction.open_table(PINNED).or_index_error()?;
        pinned.insert(&both(object, name), ()).or_index_error()?;
        drop((pins, pinned));
        self.add(ID_LEN, record.len());
        self.add(2 * ID_LEN, 0);
        Ok(())
    }

    pub(super) fn pin(&self, name: &Id) -> Result<Option<Vec<u8>>, StoreError> {
        let pins = self.transaction.open_table(PINS).or_index_error()?;
        Ok(pins.get(name).or_index_error()?.map(|record| record.value().to_vec()))
    }

    /// Takes a pin away that is there.
    pub(super) fn take_pin(
        &mut self,
        name: &Id,
        object: &Id,
        record_len: usize,
    ) -> Result<(), StoreError> {
        let mut pins = self.transaction.open_table(PINS).or_index_error()?;
        pins.remove(name).or_index_error()?;
        let mut pinned = self.transaction.open_table(PINNED).or_index_error()?;
        pinned.remove(&both(object, name)).or_index_error()?;
        drop((pins, pinned));
        self.take(ID_LEN, record_len);
        self.take(2 * ID_LEN, 0);
        Ok(())
    }

    pub(super) fn is_pinned(&self, object: &Id) -> Result<bool, StoreError> {
        let pinned = self.transaction.open_table(PINNED).or_index_error()?;
        let (first, last) = (both(object, &[0; ID_LEN]), both(object, &[0xff; ID_LEN]));
        let mut names = pinned.range::<&[u8; 2 * ID_LEN]>(&first..=&last).or_index_error()?;
        Ok(names.next().is_some())
    }

    /// Returns when the change would survive a power cut.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        {
            let mut meta = self.transaction.open_table(META).or_index_error()?;
            meta.insert("counters", self.counters.write().as_slice()).or_index_error()?;
        }
        self.transaction.commit().or_index_error()
    }
}

fn both(object: &Id, name: &Id) -> [u8; 2 * ID_LEN] {
    let mut key = [0; 2 * ID_LEN];
    let (head, tail) = key.split_at_mut(ID_LEN);
    head.copy_from_slice(object);
    tail.copy_from_slice(name);
    key
}

//! From a stream to an object: cut, looked up, compressed, sealed, appended, synced, committed.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io::{self, Read};

use inos_units::storage::{Address, shorten_chunk};

use super::record::{Form, Location, ObjectRecord, ROWS_PER_RECORD, Row, rows_key, write_rows};
use super::seal::{Id, Kind};
use super::segments::Writer;
use super::{Store, StoreError};

/// Streams of fewer bytes do not pay for themselves.
const MIN_SHORTEN_LEN: usize = 64;

impl Store {
    /// Puts all bytes of a stream, cut where their content says so; the object's address.
    ///
    /// When it returns, the object is durable. Of a stream at most two megabytes are in memory, and
    /// 36 bytes for each chunk that it has. Several threads can put at the same time. Putting what is
    /// there changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Read`] if the reader fails, [`StoreError::QuotaExceeded`], or
    /// what the disk says. The object is then not there, unless it was
    /// [`StoreError::Index`], which says that it may be.
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-put-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// let text = "A line like any other.\n".repeat(100_000);
    /// let address = store.put(&mut text.as_bytes())?;
    ///
    /// let mut again = Vec::new();
    /// store.get(&address, &mut again)?;
    /// assert!(again == text.as_bytes());
    /// assert!(store.stat()?.segment_bytes < 50_000);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn put(&self, reader: &mut dyn Read) -> Result<Address, StoreError> {
        let _gate = self.shared();
        let mut draft = Draft::new(self)?;
        let address = draft.add(reader)?;
        draft.commit()?;
        Ok(address)
    }

    /// Puts bytes. What is there already is only hashed.
    ///
    /// # Errors
    /// As of [`put`](Store::put).
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// use inos::units::storage::Address;
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-bytes-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// assert_eq!(store.put_bytes(b"one")?, Address::of(b"one"));
    /// let more = store.put_many(&[b"one", b"two"])?;
    /// assert!(store.has(&more[0])? && store.has(&more[1])?);
    /// assert_eq!(store.stat()?.objects, 2);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<Address, StoreError> {
        let addresses = self.put_many(&[bytes])?;
        addresses.first().copied().ok_or(StoreError::NotFound { address: Address::of(bytes) })
    }

    /// Puts several objects at the price of one: all of them are there, or none. Their addresses,
    /// in order.
    ///
    /// # Errors
    /// As of [`put`](Store::put).
    pub fn put_many(&self, objects: &[&[u8]]) -> Result<Vec<Address>, StoreError> {
        let _gate = self.shared();
        let mut draft = Draft::new(self)?;
        let mut addresses = Vec::with_capacity(objects.len());
        for mut bytes in objects.iter().copied() {
            let address = Address::of(bytes);
            if !self.has(&address)? {
                draft.add(&mut bytes)?;
            }
            addresses.push(address);
        }
        draft.commit()?;
        Ok(addresses)
    }
}

/// An object that is not committed.
struct Prepared {
    id: Id,
    record: Vec<u8>,
    rows: Vec<Row>,
    len: u64,
}

/// What is put, until it is committed.
struct Draft<'a> {
    store: &'a Store,
    writer: Writer<'a>,
    /// Chunks that the index does not have.
    chunks: HashMap<Address, Location>,
    objects: Vec<Prepared>,
    shorter: Vec<u8>,
    sealed: Vec<u8>,
}

impl<'a> Draft<'a> {
    fn new(store: &'a Store) -> Result<Self, StoreError> {
        let records =
            if store.quota == u64::MAX { 0 } else { store.index.read()?.counters()?.record_bytes };
        Ok(Self {
            store,
            writer: store.segments.writer(records, store.quota),
            chunks: HashMap::new(),
            objects: Vec::new(),
            shorter: Vec::new(),
            sealed: Vec::new(),
        })
    }

    fn add(&mut self, reader: &mut dyn Read) -> Result<Address, StoreError> {
        let store = self.store;
        let window = store.cutter.max_len().max(store.inline_len.saturating_add(1));
        let mut source = Source::new(reader, window);
        if source.fill()? && source.bytes().len() <= store.inline_len {
            return self.add_inline(source.bytes());
        }
        let (mut hasher, mut rows) = (blake3::Hasher::new(), Vec::new());
        let mut len = 0_u64;
        loop {
            source.fill()?;
            let bytes = source.bytes();
            if bytes.is_empty() {
                break;
            }
            let cut = store.cutter.first(bytes);
            let chunk = bytes.get(..cut).unwrap_or(bytes);
            hasher.update(chunk);
            len = len.saturating_add(chunk.len() as u64);
            rows.push(self.add_chunk(chunk)?);
            source.skip(cut);
        }
        let address = hasher.finalize().into();
        self.prepare(&ObjectRecord { address, len, form: Form::Chunks, body: b"" }, rows)?;
        Ok(address)
    }

    fn add_inline(&mut self, bytes: &[u8]) -> Result<Address, StoreError> {
        let address = Address::of(bytes);
        let shorter = self.shorten(bytes)?;
        let body = std::mem::take(&mut self.shorter);
        let (form, body) = match shorter.and_then(|len| body.get(..len)) {
            Some(body) => (Form::InlineBrotli, body),
            None => (Form::Inline, bytes),
        };
        let record = ObjectRecord { address, len: bytes.len() as u64, form, body };
        self.prepare(&record, Vec::new())?;
        Ok(address)
    }

    fn prepare(&mut self, object: &ObjectRecord<'_>, rows: Vec<Row>) -> Result<(), StoreError> {
        let seal = &self.store.seal;
        let id = seal.id(Kind::Object, object.address.as_bytes());
        let mut record = Vec::new();
        seal.seal(Kind::Object, &id, &object.write(), &mut record)?;
        self.objects.push(Prepared { id, record, rows, len: object.len });
        Ok(())
    }

    /// Bytes of a stream in `shorter`, if there is one that is shorter than the bytes.
    fn shorten(&mut self, bytes: &[u8]) -> Result<Option<usize>, StoreError> {
        match self.store.quality {
            Some(quality) if bytes.len() >= MIN_SHORTEN_LEN => {
                self.shorter.resize(bytes.len().saturating_sub(1), 0);
                shorten_chunk(bytes, quality, &mut self.shorter).map_err(StoreError::Unit)
            }
            _ => Ok(None),
        }
    }

    fn add_chunk(&mut self, chunk: &[u8]) -> Result<Row, StoreError> {
        // No chunk is longer than 1 MiB.
        let row = Row { hash: Address::of(chunk), len: chunk.len() as u32 };
        if self.chunks.contains_key(&row.hash) {
            return Ok(row);
        }
        let seal = &self.store.seal;
        let id = seal.id(Kind::Chunk, row.hash.as_bytes());
        if self.store.index.read()?.chunk(&id)?.is_some() {
            return Ok(row);
        }
        let shorter = self.shorten(chunk)?;
        let body = shorter.and_then(|len| self.shorter.get(..len));
        let mut location =
            Location { segment: 0, offset: 0, stored: 0, len: row.len, is_brotli: body.is_some() };
        let body = body.unwrap_or(chunk);
        seal.seal(Kind::Chunk, &location.bound(&id), body, &mut self.sealed)?;
        location.stored = self.sealed.len() as u32;
        (location.segment, location.offset) = self.writer.append(&self.sealed)?;
        self.chunks.insert(row.hash, location);
        Ok(row)
    }

    /// Makes all of it durable.
    fn commit(mut self) -> Result<(), StoreError> {
        if self.objects.is_empty() {
            return Ok(());
        }
        let (store, seal) = (self.store, &self.store.seal);
        // Others commit while this waits for the disk.
        self.writer.sync()?;
        let mut change = store.index.change()?;
        let mut is_new = false;
        for object in &self.objects {
            if change.has_object(&object.id)? {
                continue;
            }
            is_new = true;
            change.add_object(&object.id, &object.record)?;
            let mut offset = 0_u64;
            for rows in object.rows.chunks(ROWS_PER_RECORD) {
                let key = rows_key(&object.id, offset);
                seal.seal(Kind::Rows, &key, &write_rows(rows), &mut self.sealed)?;
                change.add_rows(&key, &self.sealed)?;
                offset = rows.iter().fold(offset, |sum, row| sum.saturating_add(row.len.into()));
            }
            let counters = &mut change.counters;
            counters.objects = counters.objects.saturating_add(1);
            counters.object_bytes = counters.object_bytes.saturating_add(object.len);
            if object.rows.is_empty() {
                counters.inline_bytes = counters.inline_bytes.saturating_add(object.len);
            }
        }
        if !is_new {
            return Ok(());
        }
        for (hash, location) in &self.chunks {
            change.add_chunk(&seal.id(Kind::Chunk, hash.as_bytes()), location)?;
        }
        let needed = store.segments.bytes().saturating_add(change.counters.record_bytes);
        if needed > store.quota {
            return Err(StoreError::QuotaExceeded { needed, quota: store.quota });
        }
        self.writer.commit(change)
    }
}

/// A stream through a window that is never shorter than a cut needs.
struct Source<'a> {
    reader: &'a mut dyn Read,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    window: usize,
    is_at_end: bool,
}

impl<'a> Source<'a> {
    fn new(reader: &'a mut dyn Read, window: usize) -> Self {
        Self { reader, buffer: Vec::new(), begin: 0, end: 0, window, is_at_end: false }
    }

    /// What was read and not skipped.
    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.begin..self.end).unwrap_or_default()
    }

    fn skip(&mut self, len: usize) {
        self.begin = self.begin.saturating_add(len).min(self.end);
    }

    /// Reads until there is a window, or the stream ends; whether it did.
    fn fill(&mut self) -> Result<bool, StoreError> {
        while !self.is_at_end && self.end.saturating_sub(self.begin) < self.window {
            if self.end >= self.buffer.len() {
                self.buffer.copy_within(self.begin..self.end, 0);
                self.end = self.end.saturating_sub(self.begin);
                self.begin = 0;
                // Grows as the stream turns out to be long; so few bytes are moved for many read.
                let len =
                    self.end.saturating_mul(2).max(8 << 10).min(self.window.saturating_mul(2));
                self.buffer.resize(len.max(self.buffer.len()), 0);
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(0) => self.is_at_end = true,
                Ok(len) => self.end = self.end.saturating_add(len.min(room.len())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(StoreError::Read { source }),
            }
        }
        Ok(self.is_at_end)
    }
}

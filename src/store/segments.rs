//! Segments: files that chunks are appended to. A writer has its segments to itself, so that several
//! work side by side, and what one leaves undone is cut off again.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use super::StoreError;
use super::index::Change;
use super::record::Counters;
use crate::disk::{Disk, DiskFile};

/// Bytes that are collected before they are written.
const BUFFER_LEN: usize = 1 << 20;

const EXTENSION: &str = ".segment";

/// Name of a segment's file.
pub(super) fn file_name(number: u32) -> String {
    format!("{number:010}{EXTENSION}")
}

/// The number of a file of that name.
fn number_of(name: &str) -> Option<u32> {
    let number = name.strip_suffix(EXTENSION)?.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// Whether one of the files is a segment.
pub(super) fn any_segment(names: &[String]) -> bool {
    names.iter().any(|name| number_of(name).is_some())
}

/// By number.
pub(super) type Files = HashMap<u32, Arc<dyn DiskFile>>;

/// All segments of a store.
#[derive(Debug)]
pub(super) struct Segments {
    disk: Arc<dyn Disk>,
    /// One of this length or more is not appended to.
    full_len: u64,
    /// Whoever looks up where a chunk is and then opens it holds the lock meanwhile; `gc` waits for
    /// that before it removes a segment.
    files: RwLock<Files>,
    pool: Mutex<Pool>,
    /// Bytes of all segments, also of those that are being written.
    bytes: AtomicU64,
}

#[derive(Debug)]
struct Pool {
    /// Segments that can be appended to and that nobody has: numbers and lengths.
    idle: Vec<(u32, u64)>,
    next: u64,
}

impl Segments {
    /// Opens the segments that the index names, and removes what it does not: what was written for
    /// a change that was never committed.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        full_len: u64,
        names: &[String],
        known: &[(u32, u64)],
        counters: &Counters,
    ) -> Result<Self, StoreError> {
        let (mut files, mut idle, mut bytes) = (HashMap::new(), Vec::new(), 0_u64);
        for (number, len) in known {
            let name = file_name(*number);
            // Of one that is missing, every chunk is damaged; reading says so.
            let Some(file) = disk.open(&name).map_err(StoreError::io(&name))? else { continue };
            let found = file.len().map_err(StoreError::io(&name))?;
            if found > *len {
                file.set_len(*len).map_err(StoreError::io(&name))?;
            }
            // One that is too short is not appended to: what is missing is not there to be found.
            if found >= *len && *len < full_len {
                idle.push((*number, *len));
            }
            files.insert(*number, file);
            bytes = bytes.saturating_add(*len);
        }
        for (name, number) in names.iter().filter_map(|name| Some((name, number_of(name)?))) {
            if !known.iter().any(|(known, _)| *known == number) {
                disk.remove(name).map_err(StoreError::io(name))?;
            }
        }
        Ok(Self {
            disk,
            full_len,
            files: RwLock::new(files),
            pool: Mutex::new(Pool { idle, next: counters.next_segment }),
            bytes: AtomicU64::new(bytes),
        })
    }

    /// The files, of which none is removed while the guard is there.
    pub(super) fn files(&self) -> RwLockReadGuard<'_, Files> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        crate::lock::lock(&self.pool)
    }

    /// Something to append to. Segments and so many bytes of records may have `quota` bytes.
    pub(super) fn writer(&self, record_bytes: u64, quota: u64) -> Writer<'_> {
        Writer {
            segments: self,
            record_bytes,
            quota,
            parts: Vec::new(),
            buffer: Vec::new(),
            is_synced: true,
            keep: false,
        }
    }

    /// No writer gets this segment any more.
    pub(super) fn retire(&self, number: u32) {
        self.pool().idle.retain(|(idle, _)| *idle != number);
    }

    /// Removes a segment that the index does not name any more.
    pub(super) fn remove(&self, number: u32, len: u64) -> Result<(), StoreError> {
        let file = self.files.write().unwrap_or_else(PoisonError::into_inner).remove(&number);
        if file.is_some() {
            self.bytes.fetch_sub(len, Ordering::Relaxed);
        }
        let name = file_name(number);
        match self.disk.remove(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::io(&name)(error))
            }
            _ => Ok(()),
        }
    }

    /// A segment that nobody has, or a new one.
    fn check_out(&self) -> Result<Tail, StoreError> {
        let mut pool = self.pool();
        if let Some((number, len)) = pool.idle.pop()
            && let Some(file) = self.files().get(&number)
        {
            let file = Arc::clone(file);
            return Ok(Tail { number, file, start: len, end: len, is_new: false });
        }
        let number = u32::try_from(pool.next).map_err(|_| {
            StoreError::io("segments")(io::Error::other("there are no more numbers"))
        })?;
        pool.next = pool.next.saturating_add(1);
        drop(pool);
        let name = file_name(number);
        let file = self.disk.create(&name).map_err(StoreError::io(&name))?;
        Ok(Tail { number, file, start: 0, end: 0, is_new: true })
    }
}

/// A segment and what is appended to it.
#[derive(Debug)]
struct Tail {
    number: u32,
    file: Arc<dyn DiskFile>,
    /// Where this writer began.
    start: u64,
    /// Where it is, with what is in the buffer.
    end: u64,
    is_new: bool,
}

/// Appends to segments that it has to itself. Dropped before [`kept`](Writer::keep), it takes away what
/// it wrote.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    segments: &'a Segments,
    record_bytes: u64,
    quota: u64,
    /// The last one is appended to.
    parts: Vec<Tail>,
    /// The end of the last part.
    buffer: Vec<u8>,
    is_synced: bool,
    keep: bool,
}

impl Writer<'_> {
    /// Appends bytes; the segment, and the offset there.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(u32, u64), StoreError> {
        let len = bytes.len() as u64;
        let needed = self.segments.bytes().saturating_add(self.record_bytes).saturating_add(len);
        if needed > self.quota {
            return Err(StoreError::QuotaExceeded { needed, quota: self.quota });
        }
        if self.parts.last().is_none_or(|tail| tail.end >= self.segments.full_len) {
            self.flush()?;
            self.parts.push(self.segments.check_out()?);
        }
        if self.buffer.len().saturating_add(bytes.len()) > BUFFER_LEN {
            self.flush()?;
        }
        let full = || StoreError::io("segments")(io::ErrorKind::FileTooLarge.into());
        let tail = self.parts.last_mut().ok_or_else(full)?;
        let offset = tail.end;
        tail.end = offset.checked_add(len).ok_or_else(full)?;
        self.buffer.extend_from_slice(bytes);
        self.is_synced = false;
        self.segments.bytes.fetch_add(len, Ordering::Relaxed);
        Ok((tail.number, offset))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        if let Some(tail) = self.parts.last() {
            let at = tail.end.saturating_sub(self.buffer.len() as u64);
            let written = tail.file.write(at, &self.buffer);
            written.map_err(StoreError::io(file_name(tail.number)))?;
        }
        self.buffer.clear();
        Ok(())
    }

    /// Returns when all that was appended would survive a power cut.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        if self.is_synced {
            return Ok(());
        }
        self.flush()?;
        for tail in &self.parts {
            tail.file.sync().map_err(StoreError::io(file_name(tail.number)))?;
        }
        if self.parts.iter().any(|tail| tail.is_new) {
            self.segments.disk.sync().map_err(StoreError::io("segments"))?;
        }
        self.is_synced = true;
        Ok(())
    }

    /// Commits a change that names what was appended, when that is synced. If the commit fails, nobody
    /// knows whether it happened, so what was appended stays, and nobody appends to it.
    pub(super) fn commit(mut self, mut change: Change) -> Result<(), StoreError> {
        self.sync()?;
        for tail in &self.parts {
            change.set_segment(tail.number, Some(tail.end))?;
        }
        self.keep = true;
        let parts = std::mem::take(&mut self.parts);
        // Readers find a chunk's file as soon as they find the chunk.
        let mut files = self.segments.files.write().unwrap_or_else(PoisonError::into_inner);
        for tail in parts.iter().filter(|tail| tail.is_new) {
            files.insert(tail.number, Arc::clone(&tail.file));
        }
        drop(files);
        change.commit()?;
        let usable = parts.iter().filter(|tail| tail.end < self.segments.full_len);
        self.segments.pool().idle.extend(usable.map(|tail| (tail.number, tail.end)));
        Ok(())
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for tail in self.parts.drain(..) {
            let len = tail.end.saturating_sub(tail.start);
            self.segments.bytes.fetch_sub(len, Ordering::Relaxed);
            // What can't be taken away here is when the store is opened again.
            if tail.is_new {
                let _ = self.segments.disk.remove(&file_name(tail.number));
            } else if tail.file.set_len(tail.start).is_ok() {
                self.segments.pool().idle.push((tail.number, tail.start));
            }
        }
    }
}

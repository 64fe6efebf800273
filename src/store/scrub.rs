//! Reading everything, to find what is damaged before somebody needs it.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::ops::ControlFlow;

use inos_units::storage::Address;

use super::error::{Damage, Part, Place};
use super::get::Chunks;
use super::index::Snapshot;
use super::record::{Form, ObjectRecord};
use super::seal::Id;
use super::{Store, StoreError};

/// How far `scrub` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScrubProgress {
    /// Objects that were looked at.
    pub objects: u64,
    /// Of so many.
    pub object_count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of so many.
    pub byte_count: u64,
}

/// What `scrub` found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScrubReport {
    /// Objects that were looked at.
    pub objects: u64,
    /// Chunks that were read, each once.
    pub chunks: u64,
    /// Bytes that were verified: of chunks, and of objects without.
    pub bytes: u64,
    /// What is damaged, each once.
    pub damaged: Vec<Damage>,
    /// Objects that can't be got as a whole, by address.
    pub damaged_objects: Vec<Address>,
    /// Whether it ran to its end.
    pub is_complete: bool,
}

impl Store {
    /// Reads and verifies every object, chunk by chunk, each chunk once; and every pin, and what the
    /// index counts.
    ///
    /// `progress` is called after each object and says whether to go on. Meanwhile `gc` waits, and all
    /// else goes on; what is put meanwhile is not looked at. It takes some 70 bytes of memory for each
    /// chunk.
    ///
    /// # Errors
    /// What the disk says. Damage is no error but what is reported.
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// use std::ops::ControlFlow;
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-scrub-{}", std::process::id()));
    ///
    /// let store = Store::open(&folder, &StoreConfig::default())?;
    /// store.put_many(&[b"one", b"two", b"three"])?;
    /// let report = store.scrub(&mut |progress| {
    ///     println!("{} of {} objects", progress.objects, progress.object_count);
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert!(report.is_complete && report.damaged.is_empty());
    /// assert_eq!(report.bytes, 11);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn scrub(
        &self,
        progress: &mut dyn FnMut(&ScrubProgress) -> ControlFlow<()>,
    ) -> Result<ScrubReport, StoreError> {
        let _gate = self.shared();
        let snapshot = self.index.read()?;
        let counters = snapshot.counters()?;
        let mut scrub = Scrub {
            store: self,
            snapshot: &snapshot,
            chunks: Chunks::new(self),
            seen: HashMap::new(),
            report: ScrubReport::default(),
        };
        let mut so_far = ScrubProgress {
            object_count: counters.objects,
            byte_count: counters.object_bytes,
            ..ScrubProgress::default()
        };
        let (mut go_on, mut record) = (true, Vec::new());
        snapshot.each_object(|id, sealed| {
            if !go_on {
                return Ok(());
            }
            so_far.objects = so_far.objects.saturating_add(1);
            match self.open_object(id, sealed, &mut record) {
                Ok(object) => {
                    so_far.bytes = so_far.bytes.saturating_add(object.len);
                    scrub.object(id, &object)?;
                }
                Err(error) => scrub.note(error)?,
            }
            go_on = progress(&so_far).is_continue();
            Ok(())
        })?;
        if go_on {
            snapshot.each_pin(|name_id, record| match self.open_pin(name_id, record) {
                Ok((address, _)) if snapshot.object(&self.object_id(&address))?.is_some() => Ok(()),
                Ok((address, _)) => {
                    let (part, place) = (Part::Object(address), Place::Index);
                    scrub.note(StoreError::Damaged(Damage { part, place }))
                }
                Err(error) => scrub.note(error),
            })?;
            let mut chunks = 0_u64;
            snapshot.each_chunk(|_, _| {
                chunks = chunks.saturating_add(1);
                Ok(())
            })?;
            if (so_far.objects, chunks) != (counters.objects, counters.chunks) {
                scrub.note(super::index::DAMAGED)?;
            }
        }
        let mut report = scrub.report;
        report.objects = so_far.objects;
        report.damaged_objects.sort_unstable();
        report.is_complete = go_on;
        Ok(report)
    }
}

struct Scrub<'a> {
    store: &'a Store,
    snapshot: &'a Snapshot,
    chunks: Chunks<'a>,
    /// Chunks that were read, and whether they held.
    seen: HashMap<Address, bool>,
    report: ScrubReport,
}

impl Scrub<'_> {
    /// Damage is reported; other errors are errors.
    fn note(&mut self, error: StoreError) -> Result<(), StoreError> {
        match error {
            StoreError::Damaged(damage) => {
                self.report.damaged.push(damage);
                Ok(())
            }
            error => Err(error),
        }
    }

    fn object(&mut self, id: &Id, object: &ObjectRecord<'_>) -> Result<(), StoreError> {
        let mut holds = self.store.object_id(&object.address) == *id;
        if !holds {
            let (part, place) = (Part::Record(*id), Place::Index);
            self.note(StoreError::Damaged(Damage { part, place }))?;
        } else if object.form == Form::Chunks {
            holds = self.rows(id, object)?;
        } else {
            let read = self.chunks.inline(object).map(<[u8]>::len);
            holds = read.is_ok();
            self.count(read)?;
        }
        if !holds {
            self.report.damaged_objects.push(object.address);
        }
        Ok(())
    }

    fn count(&mut self, read: Result<usize, StoreError>) -> Result<(), StoreError> {
        match read {
            Ok(len) => {
                self.report.bytes = self.report.bytes.saturating_add(len as u64);
                Ok(())
            }
            Err(error) => self.note(error),
        }
    }

    /// Whether all chunks of an object hold.
    fn rows(&mut self, id: &Id, object: &ObjectRecord<'_>) -> Result<bool, StoreError> {
        let (mut at, mut holds) = (0, true);
        while at < object.len {
            let rows = match self.store.rows_at(self.snapshot, id, object, at) {
                Ok(rows) => rows,
                Err(error) => {
                    self.note(error)?;
                    return Ok(false);
                }
            };
            for (begin, row) in rows {
                at = begin.saturating_add(row.len.into());
                if let Some(held) = self.seen.get(&row.hash) {
                    holds &= held;
                    continue;
                }
                let read = self.chunks.read(&row).map(<[u8]>::len);
                self.seen.insert(row.hash, read.is_ok());
                holds &= read.is_ok();
                self.report.chunks = self.report.chunks.saturating_add(1);
                self.count(read)?;
            }
        }
        Ok(holds)
    }
}

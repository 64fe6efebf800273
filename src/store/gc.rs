//! Taking back the room of chunks that no object names.
#![forbid(unsafe_code)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::error::{Part, Place};
use super::get::damaged;
use super::record::{Location, read_rows, rows_key_parts};
use super::seal::{Id, Kind};
use super::{Store, StoreError};

/// What `gc` did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GcReport {
    /// Chunks that no object named.
    pub chunks: u64,
    /// Bytes of those chunks, before compression.
    pub chunk_bytes: u64,
    /// Segments that were removed.
    pub segments: u64,
    /// Bytes by which all segments are shorter.
    pub freed_bytes: u64,
    /// Bytes that were copied from the removed segments to others.
    pub moved_bytes: u64,
}

impl Store {
    /// Forgets chunks that no object names, and rewrites segments of which less than half is in use.
    ///
    /// It waits until no put is running, and puts wait for it; gets do not. It takes 32 bytes of memory
    /// for each chunk that is in use. Rewriting needs the room of a segment more, whatever the quota
    /// is. What is rewritten is copied as it is, so a damaged chunk stays one, and `scrub` names it.
    /// A segment with a chunk that can't be read stays.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it can't be known what is in use: nothing was forgotten then. What the
    /// disk says; what was done before is durable, and doing it again does the rest.
    ///
    /// ```
    /// use inos::store::{Store, StoreConfig, StoreError};
    /// # let folder = std::env::temp_dir().join(format!("inos-doc-gc-{}", std::process::id()));
    ///
    /// let config = StoreConfig { quality: None, ..StoreConfig::default() };
    /// let store = Store::open(&folder, &config)?;
    /// let address = store.put_bytes(&[7; 100_000])?;
    /// assert!(store.delete(&address)?);
    /// let report = store.gc()?;
    /// assert!(report.freed_bytes >= 100_000);
    /// assert_eq!(store.stat()?.segment_bytes, 0);
    /// # drop(store);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), StoreError>(())
    /// ```
    pub fn gc(&self) -> Result<GcReport, StoreError> {
        let _gate = self.alone();
        let before = self.segments.bytes();
        let mut report = GcReport::default();
        let used = self.forget(&self.mark()?, &mut report)?;
        let mut wasteful = self.index.read()?.segments()?;
        wasteful.retain(|(number, len)| {
            let live = used.get(number).copied().unwrap_or(0);
            live.saturating_mul(2) < *len || live == 0
        });
        // So that none of them is what another one is copied to.
        for (number, _) in &wasteful {
            self.segments.retire(*number);
        }
        for (number, len) in wasteful {
            self.rewrite(number, len, &mut report)?;
        }
        report.freed_bytes = before.saturating_sub(self.segments.bytes());
        Ok(report)
    }

    /// The chunks that objects name. Rows go with their object, so all rows are of objects.
    fn mark(&self) -> Result<HashSet<Id>, StoreError> {
        let (mut marked, mut rows) = (HashSet::new(), Vec::new());
        self.index.read()?.each_rows(|key, sealed| {
            let damage = |_| damaged(Part::Record(rows_key_parts(key).0), Place::Index);
            self.seal.open(Kind::Rows, key, sealed, &mut rows).map_err(damage)?;
            for row in read_rows(&rows).map_err(damage)? {
                marked.insert(self.seal.id(Kind::Chunk, row.hash.as_bytes()));
            }
            Ok(())
        })?;
        Ok(marked)
    }

    /// Forgets all other chunks; how many bytes of each segment are in use.
    fn forget(
        &self,
        marked: &HashSet<Id>,
        report: &mut GcReport,
    ) -> Result<HashMap<u32, u64>, StoreError> {
        let (mut used, mut dead) = (HashMap::<u32, u64>::new(), Vec::new());
        self.index.read()?.each_chunk(|id, location| {
            let damage = |_| damaged(Part::Record(*id), Place::Index);
            let location = Location::read(location).map_err(damage)?;
            if marked.contains(id) {
                let sum = used.entry(location.segment).or_default();
                *sum = sum.saturating_add(location.stored.into());
            } else {
                dead.push((*id, location.len));
            }
            Ok(())
        })?;
        if !dead.is_empty() {
            let mut change = self.index.change()?;
            for (id, len) in &dead {
                change.take_chunk(id, *len)?;
                report.chunks = report.chunks.saturating_add(1);
                report.chunk_bytes = report.chunk_bytes.saturating_add((*len).into());
            }
            change.commit()?;
        }
        Ok(used)
    }

    /// Copies what is in use of a segment to another one, and removes it: first the copies are synced,
    /// then the index changes in one transaction, then the file goes.
    fn rewrite(&self, number: u32, len: u64, report: &mut GcReport) -> Result<(), StoreError> {
        let mut chunks = Vec::new();
        self.index.read()?.each_chunk(|id, location| {
            match Location::read(location) {
                Ok(location) if location.segment == number => chunks.push((*id, location)),
                _ => {}
            }
            Ok(())
        })?;
        let file = self.segments.files().get(&number).map(Arc::clone);
        let mut writer = self.segments.writer(0, u64::MAX);
        let (mut stored, mut moved) = (Vec::new(), 0_u64);
        for (_, location) in &mut chunks {
            stored.resize(location.stored as usize, 0);
            let Some(Ok(())) = file.as_ref().map(|file| file.read(location.offset, &mut stored))
            else {
                return Ok(());
            };
            (location.segment, location.offset) = writer.append(&stored)?;
            moved = moved.saturating_add(stored.len() as u64);
        }
        writer.sync()?;
        let mut change = self.index.change()?;
        for (id, location) in &chunks {
            change.move_chunk(id, location)?;
        }
        change.set_segment(number, None)?;
        writer.commit(change)?;
        self.segments.remove(number, len)?;
        report.segments = report.segments.saturating_add(1);
        report.moved_bytes = report.moved_bytes.saturating_add(moved);
        Ok(())
    }
}

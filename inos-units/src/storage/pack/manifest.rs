//! A manifest that was verified, and the chunks that it names.

use super::super::StorageUnit;
use super::super::address::Address;
use super::super::chunks::restore;
use super::format::{Entry, Header, PACK_ENTRY_LEN, PACK_HEADER_LEN};
use super::seal::Seal;
use crate::budget::Budget;
use crate::crypto::Cleared;
use crate::error::UnitError;
use crate::memory::{reserved, zeros};

/// Rows between two looks at the budget.
pub(super) const ROWS_PER_CHECK: usize = 4096;

pub(super) const BAD: UnitError =
    UnitError::BadInput { what: "a pack whose manifest does not add up" };

pub(super) fn as_len(len: u64) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}

/// A manifest whose tag or digest held, and which adds up.
pub(super) struct Manifest {
    pub(super) seal: Seal,
    /// With where in the pack each chunk begins.
    pub(super) entries: Vec<(Entry, usize)>,
    /// Numbers of entries, each of which there is.
    rows: Vec<u32>,
    pub(super) len: u64,
}

impl Manifest {
    pub(super) fn open(
        unit: &StorageUnit,
        handle: u64,
        pack: &[u8],
        budget: &Budget,
    ) -> Result<Self, UnitError> {
        budget.check()?;
        let (header, header_bytes, rest) = Header::read(pack)?;
        let seal = match (&header.nonce, handle) {
            (None, 0) => Seal::NONE,
            // Who has a key wants what was sealed with it, and nothing else.
            (None, _) => return Err(UnitError::Refused { what: "a pack that is not sealed" }),
            (Some(nonce), _) => Seal::new(unit.keys.as_ref(), handle, nonce)?,
        };
        let behind = rest.get(as_len(header.stored)..).unwrap_or_default();
        let manifest = seal.open_manifest(header.entry_count as usize, header_bytes, behind)?;
        let entries_len = (header.entry_count as usize).saturating_mul(PACK_ENTRY_LEN);
        let (entry_bytes, row_bytes) = manifest.split_at_checked(entries_len).ok_or(BAD)?;

        let mut entries = reserved(header.entry_count as usize)?;
        let mut at = PACK_HEADER_LEN;
        for (index, bytes) in entry_bytes.chunks(PACK_ENTRY_LEN).enumerate() {
            if index.is_multiple_of(ROWS_PER_CHECK) {
                budget.check()?;
            }
            let entry = Entry::read(bytes, seal.len())?;
            entries.push((entry, at));
            at = at.saturating_add(entry.stored as usize);
        }
        let mut rows = reserved(header.row_count as usize)?;
        let (mut len, mut seen) = (0_u64, 0);
        for (index, bytes) in row_bytes.as_chunks().0.iter().enumerate() {
            if index.is_multiple_of(ROWS_PER_CHECK) {
                budget.check()?;
            }
            let number = u32::from_le_bytes(*bytes);
            let (entry, _) = entries.get(number as usize).ok_or(BAD)?;
            // Entries are in the order of their first rows.
            if number > seen {
                return Err(BAD);
            }
            seen = seen.max(number.saturating_add(1));
            len = len.saturating_add(entry.len.into());
            rows.push(number);
        }
        let adds_up = len == header.len
            && seen == header.entry_count
            && at.checked_sub(PACK_HEADER_LEN) == Some(as_len(header.stored));
        if adds_up { Ok(Self { seal, entries, rows, len }) } else { Err(BAD) }
    }

    /// The chunks of the file with their offsets there.
    pub(super) fn offsets(&self) -> impl Iterator<Item = (u32, &Entry, u64)> {
        let mut end = 0_u64;
        self.rows.iter().filter_map(move |number| {
            let (entry, _) = self.entries.get(*number as usize)?;
            let begin = end;
            end = end.saturating_add(entry.len.into());
            Some((*number, entry, begin))
        })
    }

    /// For each entry where in the file it goes: those of entry `i` are from `starts[i]` to
    /// `starts[i + 1]` of the places.
    pub(super) fn places(&self, budget: &Budget) -> Result<Places, UnitError> {
        let mut starts = zeros::<u32>(self.entries.len().saturating_add(1))?;
        for rows in self.rows.chunks(ROWS_PER_CHECK) {
            budget.check()?;
            for number in rows {
                if let Some(count) = starts.get_mut((*number as usize).saturating_add(1)) {
                    *count = count.saturating_add(1);
                }
            }
        }
        let mut sum = 0_u32;
        for start in &mut starts {
            sum = sum.saturating_add(*start);
            *start = sum;
        }
        let mut offsets = zeros::<u64>(self.rows.len())?;
        let mut next = reserved(starts.len())?;
        next.extend_from_slice(&starts);
        for (index, (number, _, offset)) in self.offsets().enumerate() {
            if index.is_multiple_of(ROWS_PER_CHECK) {
                budget.check()?;
            }
            let place = next.get_mut(number as usize).ok_or(BAD)?;
            *offsets.get_mut(*place as usize).ok_or(BAD)? = offset;
            *place = place.saturating_add(1);
        }
        Ok(Places { starts, offsets })
    }

    /// The bytes of a chunk, whose tag and hash held, in `scratch`.
    pub(super) fn chunk<'a>(
        &self,
        pack: &[u8],
        number: usize,
        [opened, plain]: &'a mut [Cleared; 2],
        budget: &Budget,
    ) -> Result<&'a [u8], UnitError> {
        const DAMAGED: UnitError = UnitError::Refused { what: "a chunk of the pack" };
        let (entry, begin) = self.entries.get(number).ok_or(BAD)?;
        let end = begin.saturating_add(entry.stored as usize);
        let stored = pack.get(*begin..end).ok_or(BAD)?;
        let len = entry.len as usize;
        // Both lengths are at most 1 MiB here.
        plain.resize(len)?;
        let target = plain.as_mut_slice();
        if entry.is_brotli {
            let body = if self.seal.is_some() {
                opened.resize(stored.len().saturating_sub(self.seal.len()))?;
                self.seal.open_chunk(number, entry, stored, opened.as_mut_slice())?;
                opened.as_slice()
            } else {
                stored
            };
            match restore(body, target, budget) {
                Ok(()) => {}
                Err(
                    UnitError::BadInput { .. }
                    | UnitError::TooLarge { .. }
                    | UnitError::OutputTooSmall { .. },
                ) => return Err(DAMAGED),
                // Time, credits and memory say nothing about the pack.
                Err(error) => return Err(error),
            }
        } else if self.seal.is_some() {
            self.seal.open_chunk(number, entry, stored, target)?;
        } else {
            target.copy_from_slice(stored.get(..len).ok_or(DAMAGED)?);
        }
        if Address::of(target) == entry.hash { Ok(target) } else { Err(DAMAGED) }
    }
}

/// Where chunks go in the file.
pub(super) struct Places {
    starts: Vec<u32>,
    offsets: Vec<u64>,
}

impl Places {
    pub(super) fn of(&self, number: usize) -> &[u64] {
        let edge = |index| self.starts.get(index).map_or(0, |start| *start as usize);
        self.offsets.get(edge(number)..edge(number.saturating_add(1))).unwrap_or_default()
    }
}

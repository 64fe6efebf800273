//! The state: one table of what is held, by hash.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::address::Address;
use super::entry::{
    Added, Content, ENTRY_CHARGE, Entry, Object, Piece, Prepared, ROW_CHARGE, Removed, Totals,
};
use crate::budget::Budget;
use crate::error::UnitError;

/// Entries looked at between two looks at the budget.
const ENTRIES_PER_CHECK: usize = 1024;

/// Credits for the removal of an object.
const REMOVE_CREDITS: u64 = 300;

/// Some of what is held, by ascending hash.
pub(super) type Listed<T> = Vec<(Address, T)>;

#[derive(Debug)]
pub(super) struct Store {
    table: HashMap<Address, Entry>,
    totals: Totals,
    capacity: u64,
}

impl Store {
    pub(super) fn new(capacity: u64) -> Self {
        Self { table: HashMap::new(), totals: Totals::default(), capacity }
    }

    pub(super) const fn totals(&self) -> &Totals {
        &self.totals
    }

    pub(super) const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// The object, if it is alive.
    pub(super) fn object(&self, address: Address) -> Result<&Object, UnitError> {
        let object = self.table.get(&address).and_then(|entry| entry.object.as_ref());
        object.filter(|object| object.is_alive()).ok_or(UnitError::NotFound { what: "object" })
    }

    pub(super) fn chunk(&self, hash: Address) -> Option<Arc<[u8]>> {
        let chunk = self.table.get(&hash)?.chunk.as_ref()?;
        Some(Arc::clone(&chunk.bytes))
    }

    /// Every object that is held, alive or not, by address.
    pub(super) fn held(&self, budget: &Budget) -> Result<Listed<Object>, UnitError> {
        self.collect(budget, |entry| entry.object.clone())
    }

    /// Every object that is alive, by address.
    pub(super) fn alive(&self, budget: &Budget) -> Result<Listed<Object>, UnitError> {
        self.collect(budget, |entry| entry.object.clone().filter(Object::is_alive))
    }

    /// Every chunk, by hash.
    pub(super) fn chunks(&self, budget: &Budget) -> Result<Listed<Arc<[u8]>>, UnitError> {
        self.collect(budget, |entry| entry.chunk.as_ref().map(|chunk| Arc::clone(&chunk.bytes)))
    }

    fn collect<T>(
        &self,
        budget: &Budget,
        pick: impl Fn(&Entry) -> Option<T>,
    ) -> Result<Listed<T>, UnitError> {
        let mut all = Vec::new();
        for (index, (address, entry)) in self.table.iter().enumerate() {
            if index.is_multiple_of(ENTRIES_PER_CHECK) {
                budget.check()?;
            }
            all.extend(pick(entry).map(|item| (*address, item)));
        }
        all.sort_unstable_by_key(|(address, _)| *address);
        Ok(all)
    }

    /// Adds all of the objects, or none of them.
    pub(super) fn add(&mut self, objects: &[Prepared<'_>]) -> Result<Added, UnitError> {
        let most = objects.iter().map(Prepared::most_charge).fold(0, u64::saturating_add);
        let charge = self.totals.charge;
        // Only where it may be too much is it worth counting what is there already.
        if charge.saturating_add(most) > self.capacity {
            let needed = charge.saturating_add(self.charge_of(objects));
            if needed > self.capacity {
                return Err(UnitError::TooLarge { len: needed, max: self.capacity });
            }
        }
        let entries = objects.iter().map(Prepared::entry_count).fold(0, usize::saturating_add);
        // One by one, the table grows as it likes; for many at once, in one go. Duplicates may
        // make this more than is used, but no more than a few times the input.
        if objects.len() > 1 && self.table.try_reserve(entries).is_err() {
            return Err(UnitError::OutOfMemory { len: entries });
        }
        let before = self.totals;
        for object in objects {
            self.add_one(object);
        }
        Ok(Added {
            objects: self.totals.held_objects - before.held_objects,
            chunks: self.totals.chunks - before.chunks,
            bytes: self.totals.chunk_bytes - before.chunk_bytes,
        })
    }

    /// What these objects add to the charge, exactly.
    fn charge_of(&self, objects: &[Prepared<'_>]) -> u64 {
        let mut entries = HashSet::new();
        let mut chunks = HashSet::new();
        let mut charge = 0_u64;
        let mut add_chunk = |hash: Address, len: usize| {
            let is_held = self.table.get(&hash).is_some_and(|entry| entry.chunk.is_some());
            if is_held || !chunks.insert(hash) { 0 } else { len as u64 }
        };
        let mut manifests = HashSet::new();
        for object in objects {
            let held = self.table.get(&object.address);
            if held.is_some_and(|entry| entry.object.is_some()) || !manifests.insert(object.address)
            {
                continue;
            }
            entries.insert(object.address);
            match &object.content {
                Content::Whole(bytes) => charge += add_chunk(object.address, bytes.len()),
                Content::Pieces(pieces) => {
                    for (piece, bytes) in pieces {
                        entries.insert(piece.hash);
                        charge += ROW_CHARGE + add_chunk(piece.hash, bytes.len());
                    }
                }
            }
        }
        let new = entries.iter().filter(|hash| !self.table.contains_key(*hash)).count() as u64;
        charge + new * ENTRY_CHARGE
    }

    fn add_one(&mut self, new: &Prepared<'_>) {
        let Self { table, totals, .. } = self;
        let slot = table.entry(new.address);
        if matches!(&slot, Slot::Vacant(_)) {
            totals.charge += ENTRY_CHARGE;
        }
        let entry = slot.or_default();
        if let Some(object) = &mut entry.object {
            if !object.is_alive() {
                totals.objects += 1;
                totals.bytes += object.len;
            }
            object.kept = true;
            return;
        }
        let (len, pieces) = match &new.content {
            Content::Whole(bytes) => {
                entry.use_chunk(bytes, totals);
                (bytes.len() as u64, None)
            }
            Content::Pieces(pieces) => {
                let rows: Arc<[Piece]> = pieces.iter().map(|(piece, _)| *piece).collect();
                totals.charge += ROW_CHARGE * rows.len() as u64;
                (rows.last().map_or(0, |piece| piece.end), Some(rows))
            }
        };
        let object = Object { len, pieces, kept: true, pinned: false };
        totals.objects += 1;
        totals.bytes += len;
        totals.held_objects += 1;
        totals.held_bytes += len;
        totals.rows += object.row_count() as u64;
        entry.object = Some(object);
        let Content::Pieces(pieces) = &new.content else { return };
        for (piece, bytes) in pieces {
            let slot = table.entry(piece.hash);
            if matches!(&slot, Slot::Vacant(_)) {
                totals.charge += ENTRY_CHARGE;
            }
            slot.or_default().use_chunk(bytes, totals);
        }
    }

    /// Takes the object's name away, unless it is pinned; whether it was kept.
    pub(super) fn delete(&mut self, address: Address) -> bool {
        self.change(address, |object| std::mem::replace(&mut object.kept, false))
    }

    /// Whether the object is there, and pinned now.
    pub(super) fn pin(&mut self, address: Address) -> bool {
        self.change(address, |object| {
            object.pinned |= object.is_alive();
            object.pinned
        })
    }

    /// Whether the object was pinned.
    pub(super) fn unpin(&mut self, address: Address) -> bool {
        self.change(address, |object| std::mem::replace(&mut object.pinned, false))
    }

    /// Changes the flags of an object that is held, and the counts with them.
    fn change(&mut self, address: Address, change: impl Fn(&mut Object) -> bool) -> bool {
        let Self { table, totals, .. } = self;
        let Some(object) = table.get_mut(&address).and_then(|entry| entry.object.as_mut()) else {
            return false;
        };
        let (was_alive, was_pinned) = (object.is_alive(), object.pinned);
        let answer = change(object);
        if was_alive && !object.is_alive() {
            totals.objects -= 1;
            totals.bytes -= object.len;
        }
        totals.pinned = totals.pinned - u64::from(was_pinned) + u64::from(object.pinned);
        answer
    }

    /// Removes every object that is not alive, and the chunks that no other names.
    pub(super) fn gc(&mut self, budget: &Budget) -> Result<Removed, UnitError> {
        let before = self.totals;
        if before.held_objects > before.objects {
            let dead = self.collect(budget, |entry| {
                entry.object.as_ref().filter(|object| !object.is_alive()).map(drop)
            })?;
            budget.spend(REMOVE_CREDITS.saturating_mul(dead.len() as u64))?;
            for (index, (address, ())) in dead.into_iter().enumerate() {
                if index.is_multiple_of(ENTRIES_PER_CHECK) {
                    budget.check()?;
                }
                self.remove(address);
            }
            // Gives memory back where most of the table is free.
            if self.table.len() < self.table.capacity() / 4 {
                self.table.shrink_to_fit();
            }
        }
        Ok(Removed {
            objects: before.held_objects - self.totals.held_objects,
            chunks: before.chunks - self.totals.chunks,
            bytes: before.chunk_bytes - self.totals.chunk_bytes,
        })
    }

    /// Removes an object that is not alive.
    fn remove(&mut self, address: Address) {
        let object = self.table.get_mut(&address).and_then(|entry| entry.object.take());
        let Some(object) = object else { return };
        self.totals.held_objects -= 1;
        self.totals.held_bytes -= object.len;
        self.totals.rows -= object.row_count() as u64;
        match &object.pieces {
            None => self.release(address),
            Some(pieces) => {
                self.totals.charge -= ROW_CHARGE * pieces.len() as u64;
                for piece in pieces.iter() {
                    self.release(piece.hash);
                }
                self.sweep(address);
            }
        }
    }

    /// One user of a chunk fewer; the last one takes it along.
    fn release(&mut self, hash: Address) {
        let Some(entry) = self.table.get_mut(&hash) else { return };
        if let Some(chunk) = &mut entry.chunk {
            chunk.users -= 1;
            if chunk.users == 0 {
                let len = chunk.bytes.len() as u64;
                self.totals.chunks -= 1;
                self.totals.chunk_bytes -= len;
                self.totals.charge -= len;
                entry.chunk = None;
            }
        }
        self.sweep(hash);
    }

    /// Drops an entry with nothing in it.
    fn sweep(&mut self, hash: Address) {
        if let Slot::Occupied(slot) = self.table.entry(hash)
            && slot.get().chunk.is_none()
            && slot.get().object.is_none()
        {
            slot.remove();
            self.totals.charge -= ENTRY_CHARGE;
        }
    }

    /// Flips a bit of a chunk, as bad memory would.
    #[cfg(test)]
    pub(super) fn damage(&mut self, hash: Address) {
        let chunk = self.table.get_mut(&hash).and_then(|entry| entry.chunk.as_mut()).unwrap();
        let mut bytes = chunk.bytes.to_vec();
        bytes[0] ^= 1;
        chunk.bytes = bytes.into();
    }

    /// Swaps two chunks of an object's manifest; each of them stays sound.
    #[cfg(test)]
    pub(super) fn shuffle(&mut self, address: Address) {
        let object = self.table.get_mut(&address).and_then(|entry| entry.object.as_mut()).unwrap();
        let mut pieces = object.pieces.as_ref().unwrap().to_vec();
        let len = pieces[0].end;
        assert_eq!(pieces[1].end - len, len, "two chunks of one length");
        (pieces[0].hash, pieces[1].hash) = (pieces[1].hash, pieces[0].hash);
        object.pieces = Some(pieces.into());
    }
}

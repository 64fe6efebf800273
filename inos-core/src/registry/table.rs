//! One section of slots, with the filter and the index of its names.
#![forbid(unsafe_code)]

use super::slot::{self, MAX_SLOT_LEN, MIN_SLOT_LEN, SLOT_HEAD_LEN};
use super::{MAX_UNIT_SLOTS, RegistryConfig, UnitId};
use crate::defs::LINE;
use crate::defs::registry::{FILTER, FLAGS, HEARTBEAT, STATE, UNINDEXED};
use crate::error::Error;
use crate::protocol::registry as protocol;
use crate::protocol::registry::index;
use crate::protocol::{ReadWord, Word};
use crate::raw::span::Span;
use crate::section::Section;
use crate::sync::{AtomicU32, Ordering};

/// What is where in a section.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) slots: u32,
    pub(super) slot_len: u32,
    filter_words: u32,
    lines: u32,
}

impl Shape {
    pub(super) const fn of(config: &RegistryConfig) -> Result<Self, Error> {
        let RegistryConfig { slots, slot_len } = *config;
        if slots == 0 || slots > MAX_UNIT_SLOTS {
            return Err(Error::BadLayout { what: "registry slots: 1 to 1024" });
        }
        if slot_len < MIN_SLOT_LEN || slot_len > MAX_SLOT_LEN || !slot_len.is_multiple_of(64) {
            return Err(Error::BadLayout { what: "registry slot length: 128 to 1024, by 64" });
        }
        let (filter_words, lines) = (index::filter_words(slots), index::line_count(slots));
        Ok(Self { slots, slot_len, filter_words, lines })
    }

    pub(super) const fn index_offset(&self) -> usize {
        FILTER + self.filter_words as usize * 4
    }

    pub(super) const fn slots_offset(&self) -> usize {
        self.index_offset() + self.lines as usize * LINE
    }

    pub(super) const fn slot_offset(&self, slot: u32) -> usize {
        self.slots_offset() + slot as usize * self.slot_len as usize
    }

    /// Bytes of the whole section: below 2^21.
    pub(super) const fn len(&self) -> u64 {
        self.slot_offset(self.slots) as u64
    }
}

/// The shape of a registry's section, or of an overflow section.
pub(super) fn shape_of(section: &Section) -> Result<Shape, Error> {
    let [slots, slot_len, ..] = section.params;
    match Shape::of(&RegistryConfig { slots, slot_len }) {
        Ok(shape) if shape.len() <= section.len => Ok(shape),
        _ => Err(Error::Corrupt { what: "parameters of a registry" }),
    }
}

/// Makes all slots free, and forgets all names.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let shape = shape_of(section)?;
    span.clear(0, shape.slots_offset())?;
    for slot in 0..shape.slots {
        span.clear(shape.slot_offset(slot), SLOT_HEAD_LEN)?;
    }
    Ok(())
}

/// Retires all units: whoever was there is gone. Generations go on, so old ids stay stale.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let shape = shape_of(section)?;
    // No unit has a name any more.
    span.clear(0, shape.slots_offset())?;
    for slot in 0..shape.slots {
        const { assert!(HEARTBEAT == STATE + 4) };
        // Relaxed, all of it: the caller has the memory to itself.
        let [state, heartbeat] = span.block(shape.slot_offset(slot) + STATE)?;
        let raw = state.load(Ordering::Relaxed);
        if raw != protocol::FREE {
            state.store(protocol::vacated(raw), Ordering::Relaxed);
        }
        // Nobody waits for this heartbeat any more: epoch 0, no waiter.
        heartbeat.store(0, Ordering::Relaxed);
    }
    Ok(())
}

/// Takes the slots of `dead`: of units that are active, and of those it was registering.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let shape = shape_of(section)?;
    let mut count = 0;
    for slot in 0..shape.slots {
        let word = span.word(shape.slot_offset(slot) + STATE)?;
        count += u32::from(protocol::reclaim(word, dead));
    }
    Ok(count)
}

/// A section of slots. `first` is the number of its first slot in the registry as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'m> {
    pub(super) span: Span<'m>,
    pub(super) shape: Shape,
    pub(super) first: u32,
}

impl<'m> Table<'m> {
    #[inline]
    pub(super) fn slot(&self, slot: u32) -> Result<Span<'m>, Error> {
        self.span.sub(self.shape.slot_offset(slot), self.shape.slot_len as usize)
    }

    #[inline]
    const fn id(&self, slot: u32, generation: u16) -> UnitId {
        UnitId::new((self.first + slot) as u16, generation)
    }

    /// The active unit of this name.
    #[inline]
    pub(super) fn find(&self, name: &[u8], hash: u32) -> Result<Option<UnitId>, Error> {
        let filter = self.span.peek(self.filter_offset(hash))?;
        if !index::is_marked(&filter, hash) {
            return Ok(None);
        }
        let line = self.line(hash)?;
        let found = index::probe(
            hash,
            index::LINE_ENTRIES,
            |position| line.peek(position as usize * 4),
            |slot, generation| self.is_active(slot, generation, name, hash),
        )?;
        if let Some((slot, generation)) = found {
            return Ok(Some(self.id(slot, generation)));
        }
        // Relaxed: who knows that a unit is active knows that it is not in the index.
        if self.span.load(FLAGS)? & UNINDEXED == 0 { Ok(None) } else { self.scan(name, hash) }
    }

    /// Whether the slot's active unit is of this generation and has this name.
    #[inline]
    fn is_active(&self, slot: u32, generation: u16, name: &[u8], hash: u32) -> Result<bool, Error> {
        if slot >= self.shape.slots {
            return Ok(false);
        }
        let slot = self.slot(slot)?;
        let state = slot.peek(STATE)?;
        let raw = protocol::look(&state);
        if !protocol::is_active(raw, generation) {
            return Ok(false);
        }
        let is_named = slot::is_named(&slot, name, hash)?;
        // If it is another one's by now, the unit that the entry meant is gone.
        Ok(protocol::is_unchanged(&state, raw) && is_named)
    }

    #[cold]
    fn scan(&self, name: &[u8], hash: u32) -> Result<Option<UnitId>, Error> {
        for index in 0..self.shape.slots {
            let slot = self.slot(index)?;
            let state = slot.peek(STATE)?;
            let found = protocol::find_named(&state, || slot::is_named(&slot, name, hash))?;
            if let Some(raw) = found.filter(|&raw| protocol::state_of(raw) == protocol::ACTIVE) {
                return Ok(Some(self.id(index, protocol::generation_of(raw))));
            }
        }
        Ok(None)
    }

    /// Makes the name of a claimed slot findable, once its unit is active.
    pub(super) fn enter(&self, slot: u32, generation: u16, hash: u32) -> Result<(), Error> {
        index::mark(self.span.word(self.filter_offset(hash))?, hash);
        let line = self.line(hash)?;
        let is_in = index::insert(
            index::entry(generation, hash, slot),
            index::LINE_ENTRIES,
            |position| line.word(position as usize * 4),
            |slot, generation| {
                if slot >= self.shape.slots {
                    return Ok(false);
                }
                Ok(protocol::is_taken(self.slot(slot)?.load(STATE)?, generation))
            },
        )?;
        if !is_in {
            // Relaxed, like the entry for readers: activating the unit publishes it.
            Word::or(self.span.word(FLAGS)?, UNINDEXED, Ordering::Relaxed);
        }
        Ok(())
    }

    #[inline]
    fn filter_offset(&self, hash: u32) -> usize {
        FILTER + index::filter_word_of(hash, self.shape.filter_words) as usize * 4
    }

    #[inline]
    fn line(&self, hash: u32) -> Result<Span<'m>, Error> {
        let line = index::line_of(hash, self.shape.lines) as usize;
        self.span.sub(self.shape.index_offset() + line * LINE, LINE)
    }

    pub(super) fn state(&self, slot: u32) -> Result<&'m AtomicU32, Error> {
        self.span.word(self.shape.slot_offset(slot) + STATE)
    }

    /// The unit that is active in this slot, as of now.
    pub(super) fn active(&self, slot: u32) -> Result<Option<UnitId>, Error> {
        // Relaxed: a guess, for the caller to check.
        let raw = self.span.peek(self.shape.slot_offset(slot) + STATE)?.load(Ordering::Relaxed);
        let generation = protocol::generation_of(raw);
        Ok(protocol::is_active(raw, generation).then(|| self.id(slot, generation)))
    }
}

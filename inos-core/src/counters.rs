//! Named counters, for tools that look in from outside.
//!
//! [`defs::counters`](crate::defs::counters) draws the bytes.
//!
//! - A counter is made at run time, by a name; it is to be seen when its owner word says that it
//!   is in use. Several may have one name: kind and unit tell them apart.
//! - Any party may count on it, from any thread: one addition to a 32-bit word, and no count is
//!   lost, whoever dies when. Readers see a value of 63 bits that the counter had, never half of a
//!   carry, and need no write access.
//! - Dropping a [`Counter`] frees it; [`CounterId`] tells the next use of its slot from this one.
//!
//! # Not supported
//! Values that go down, and reading several counters at one moment. Counting on a counter that its
//! owner frees at that very moment: the check and the addition are two steps, and if the slot is
//! given to another counter between them, that one gets the count. So an owner frees what nobody
//! counts on any more.
#![forbid(unsafe_code)]

use crate::defs::KIND_COUNTERS;
use crate::defs::counters::{
    HIGH, LABEL, LABEL_LEN, LOW, MAJOR, MAX_COUNT, MAX_LABEL_LEN, OWNER, STRIDE, TYPE, UNIT,
};
use crate::error::Error;
use crate::protocol::ReadWord;
use crate::protocol::counters;
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};
use crate::text::valid_prefix;

/// Bytes in the longest label.
pub const COUNTER_LABEL_LEN: usize = MAX_LABEL_LEN;

/// Looks at a slot that others were changing, before it is passed over.
const TRIES: u32 = 8;

/// What a bank of counters consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountersConfig {
    /// Counters that there is room for: 1 to 2^20.
    pub count: u32,
}

impl CountersConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.count, 0, 0, 0]
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &CountersConfig) -> Result<u64, Error> {
    if config.count == 0 || config.count > MAX_COUNT {
        return Err(Error::BadLayout { what: "a bank has room for 1 to 2^20 counters" });
    }
    Ok(config.count as u64 * STRIDE as u64)
}

/// All slots free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    span.clear(0, config.count as usize * STRIDE)
}

/// Frees the slots that somebody was making into a counter, and all counters: their owners are
/// gone.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    for index in 0..config_of(section)?.count {
        let offset = index as usize * STRIDE + OWNER;
        // Relaxed: the caller has the memory to itself.
        span.store(offset, counters::voided(span.load(offset)?))?;
    }
    Ok(())
}

/// Frees the counters that `dead` owns; how many.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let mut freed = 0;
    for index in 0..config_of(section)?.count {
        let word = span.word(index as usize * STRIDE + OWNER)?;
        freed += u32::from(counters::reclaim(word, dead));
    }
    Ok(freed)
}

fn config_of(section: &Section) -> Result<CountersConfig, Error> {
    let [count, ..] = section.params;
    let config = CountersConfig { count };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        _ => Err(Error::Corrupt { what: "length of a bank of counters" }),
    }
}

/// Which counter: a slot, and which use of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CounterId {
    /// The slot.
    pub index: u32,
    /// Which use of the slot, 20 bits, wrapping.
    pub generation: u32,
}

/// What a tool sees of a counter. It was one when it was read; what it says is its owner's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Which counter.
    pub id: CounterId,
    /// The party that made it.
    pub owner: u16,
    /// What it counts, as a number of the application's.
    pub kind: u32,
    /// The unit that it is about, as a number of the application's.
    pub unit: u32,
    /// The count, 63 bits.
    pub value: u64,
    label: [u8; COUNTER_LABEL_LEN],
    label_len: usize,
}

impl Reading {
    /// The name, for people; up to the first byte that is no UTF-8.
    #[must_use]
    pub fn label(&self) -> &str {
        valid_prefix(self.label.get(..self.label_len).unwrap_or_default())
    }
}

/// A bank of counters. Holding one proves that its size was checked against the section.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Counters, CountersConfig, Error, Layout, Region, SectionId, Sections,
/// };
///
/// const COUNTERS: SectionId = SectionId(6);
/// let layout =
///     Layout::builder().counters(COUNTERS, "counters", CountersConfig { count: 8 }).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let counters = Counters::open(&sections, COUNTERS)?;
/// assert_eq!(counters.capacity(), 8);
///
/// let frames = counters.allocate("frames drawn", 1, 0)?;
/// frames.add(3);
/// // Another party finds it by name and counts, too.
/// let id = counters.find("frames drawn").ok_or(Error::Empty)?;
/// counters.add(id, 4)?;
/// assert_eq!((frames.value()?, counters.get(id)?.value), (7, 7));
///
/// let seen: Vec<_> = counters.iter().map(|c| (c.label().to_string(), c.value)).collect();
/// assert_eq!(seen, [("frames drawn".to_string(), 7)]);
/// drop(frames);
/// assert_eq!(counters.iter().count(), 0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Counters<'m> {
    span: Span<'m>,
    config: CountersConfig,
}

impl<'m> Counters<'m> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (bank, notes) = (SectionId(1), SectionId(2));
    /// # let builder = Layout::builder().counters(bank, "counters", CountersConfig { count: 2 });
    /// # let layout = builder.raw(notes, "notes", 64).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(Counters::open(&sections, bank)?.capacity(), 2);
    /// assert!(matches!(Counters::open(&sections, notes), Err(Error::WrongKind { id: 2, .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_COUNTERS, MAJOR)?;
        Ok(Self { span, config: config_of(section)? })
    }

    /// Counters that there is room for.
    #[must_use]
    pub const fn capacity(&self) -> u32 {
        self.config.count
    }

    /// Makes a counter that begins at 0.
    ///
    /// Release: publishes its name; pairs with Acquire in [`iter`](Self::iter) and
    /// [`find`](Self::find).
    ///
    /// `kind` and `unit` are numbers of the application's, 0 if it has none.
    ///
    /// # Errors
    /// `TooLarge` if the label is longer than [`COUNTER_LABEL_LEN`]; `NoSeat` if all are in use;
    /// `ReadOnly`; `Fenced` if this party was declared dead meanwhile.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let drawn = counters.allocate("frames", 1, 0)?;
    /// let lost = counters.allocate("frames", 2, 0)?;
    /// assert_ne!(drawn.id(), lost.id(), "kinds tell counters of one name apart");
    /// assert!(matches!(counters.allocate("more", 1, 0), Err(Error::NoSeat { count: 2 })));
    /// drop(lost);
    /// assert!(counters.allocate("more", 1, 0).is_ok());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn allocate(&self, label: &str, kind: u32, unit: u32) -> Result<Counter<'m>, Error> {
        let (len, max) = (label.len(), COUNTER_LABEL_LEN);
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        let count = self.config.count;
        for index in 0..count {
            let at = index as usize * STRIDE;
            let (owner, low, high) = (
                self.span.word(at + OWNER)?,
                self.span.word(at + LOW)?,
                self.span.word(at + HIGH)?,
            );
            let Some(claim) = counters::claim(owner, self.span.party()) else { continue };
            // All Relaxed: published by the owner word, below.
            low.store(0, Ordering::Relaxed);
            high.store(0, Ordering::Relaxed);
            self.span.store(at + TYPE, kind)?;
            self.span.store(at + UNIT, unit)?;
            self.span.store(at + LABEL_LEN, len as u32)?;
            self.span.write(at + LABEL, label.as_bytes())?;
            let active = counters::publish(owner, claim).ok_or(Error::Fenced)?;
            return Ok(Counter { owner, low, high, active, index });
        }
        Err(Error::NoSeat { count })
    }

    /// Counts on a counter that another party may have made.
    ///
    /// Acquire and Release, as [`Counter::add`].
    ///
    /// # Errors
    /// `NoSuchIndex`; `Stale`, with the generations, if it was freed; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let frames = counters.allocate("frames", 1, 0)?;
    /// let id = frames.id();
    /// counters.add(id, 4)?;
    /// assert_eq!(frames.value()?, 4);
    /// drop(frames);
    /// assert_eq!(counters.add(id, 1), Err(Error::Stale { expected: 1, found: 2 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn add(&self, id: CounterId, count: u32) -> Result<(), Error> {
        let at = self.offset(id.index)?;
        self.check(id)?;
        add(self.span.word(at + LOW)?, self.span.word(at + HIGH)?, count);
        Ok(())
    }

    /// The counter of this id.
    ///
    /// Acquire: pairs with Release in [`allocate`](Self::allocate).
    ///
    /// # Errors
    /// `NoSuchIndex`; `Stale`, with the generations, if it was freed; `Contended` if others were
    /// changing it throughout.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let frames = counters.allocate("frames", 3, 9)?;
    /// frames.add(7);
    /// let id = frames.id();
    /// let reading = counters.get(id)?;
    /// assert_eq!((reading.kind, reading.unit, reading.value), (3, 9, 7));
    /// drop(frames);
    /// assert!(matches!(counters.get(id), Err(Error::Stale { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn get(&self, id: CounterId) -> Result<Reading, Error> {
        self.check(id)?;
        match self.read(id.index)? {
            Some(reading) if reading.id == id => Ok(reading),
            Some(reading) => Err(stale(id, reading.id.generation)),
            None => Err(stale(id, id.generation.wrapping_add(1))),
        }
    }

    /// All counters in use, as each is when the iterator comes to it. One that others are changing
    /// throughout is passed over.
    ///
    /// Acquire: pairs with Release in [`allocate`](Self::allocate).
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let (frames, sounds) =
    ///     (counters.allocate("frames", 1, 0)?, counters.allocate("sounds", 1, 0)?);
    /// sounds.add(2);
    /// drop(frames);
    /// let seen: Vec<_> = counters.iter().map(|reading| (reading.id, reading.value)).collect();
    /// assert_eq!(seen, [(sounds.id(), 2)]);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Reading> + '_ {
        (0..self.config.count).filter_map(|index| self.read(index).ok().flatten())
    }

    /// The first counter of this name.
    ///
    /// Ordering as [`iter`](Self::iter). It looks at every counter, so keep the id.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let frames = counters.allocate("frames", 1, 0)?;
    /// assert_eq!(counters.find("frames"), Some(frames.id()));
    /// drop(frames);
    /// assert_eq!(counters.find("frames"), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn find(&self, label: &str) -> Option<CounterId> {
        self.iter().find(|reading| reading.label() == label).map(|reading| reading.id)
    }

    fn offset(&self, index: u32) -> Result<usize, Error> {
        let count = self.config.count;
        if index < count {
            Ok(index as usize * STRIDE)
        } else {
            Err(Error::NoSuchIndex { index, count })
        }
    }

    fn check(&self, id: CounterId) -> Result<(), Error> {
        let raw = self.span.peek(self.offset(id.index)? + OWNER)?.load(Ordering::Relaxed);
        let generation = counters::generation_of(raw);
        if counters::owner_of(raw).is_none() {
            Err(stale(id, generation.wrapping_add(1)))
        } else if generation != id.generation {
            Err(stale(id, generation))
        } else {
            Ok(())
        }
    }

    /// The counter in a slot, if there is one.
    fn read(&self, index: u32) -> Result<Option<Reading>, Error> {
        let at = self.offset(index)?;
        let span = &self.span;
        let owner = span.peek(at + OWNER)?;
        for _ in 0..TRIES {
            let Some(active) = counters::look(&owner) else { return Ok(None) };
            let value = counters::value(&span.peek(at + LOW)?, &span.peek(at + HIGH)?);
            let mut label = [0; COUNTER_LABEL_LEN];
            span.read(at + LABEL, &mut label)?;
            let (kind, unit) = (span.load(at + TYPE)?, span.load(at + UNIT)?);
            let label_len = (span.load(at + LABEL_LEN)? as usize).min(COUNTER_LABEL_LEN);
            if counters::still_valid(&owner, active) {
                let generation = counters::generation_of(active);
                return Ok(Some(Reading {
                    id: CounterId { index, generation },
                    owner: counters::owner_of(active).unwrap_or_default(),
                    kind,
                    unit,
                    value: value?,
                    label,
                    label_len,
                }));
            }
        }
        Err(Error::Contended { tries: TRIES })
    }
}

const fn stale(id: CounterId, found: u32) -> Error {
    Error::Stale { expected: id.generation as u64, found: found as u64 }
}

/// In steps of what one addition may add.
#[inline]
fn add(low: &AtomicU32, high: &AtomicU32, mut count: u32) {
    // At most 2^12 steps; nearly always one.
    while count > counters::ADD_MAX {
        counters::add(low, high, counters::ADD_MAX);
        count -= counters::ADD_MAX;
    }
    counters::add(low, high, count);
}

/// A counter that this party made. Holding one proves that the slot is this party's, until it is
/// dropped or the party is declared dead.
#[derive(Debug)]
pub struct Counter<'m> {
    owner: &'m AtomicU32,
    low: &'m AtomicU32,
    high: &'m AtomicU32,
    /// The owner word's value while the counter is ours.
    active: u32,
    index: u32,
}

impl Counter<'_> {
    /// Which counter it is, for others to count on.
    #[must_use]
    pub const fn id(&self) -> CounterId {
        CounterId { index: self.index, generation: counters::generation_of(self.active) }
    }

    /// Counts; from any thread. More than 2^20 is counted in several steps, which a reader may see.
    ///
    /// Acquire and Release: who sees the value sees the carries before it; pairs with Acquire in
    /// [`value`](Self::value). It orders nothing else.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let frames = counters.allocate("frames", 1, 0)?;
    /// std::thread::scope(|scope| {
    ///     for _ in 0..2 {
    ///         scope.spawn(|| (0..1000).for_each(|_| frames.add(1)));
    ///     }
    /// });
    /// assert_eq!(frames.value()?, 2000);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[inline]
    pub fn add(&self, count: u32) {
        add(self.low, self.high, count);
    }

    /// The count, 63 bits.
    ///
    /// Acquire; pairs with Release in [`add`](Self::add).
    ///
    /// # Errors
    /// `Contended` if memory is not to be trusted, or 2^31 was counted during each try.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = CountersConfig { count: 2 };
    /// # let layout = Layout::builder().counters(SectionId(1), "counters", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let counters = Counters::open(&sections, SectionId(1))?;
    /// let bytes = counters.allocate("bytes sent", 1, 0)?;
    /// bytes.add(u32::MAX);
    /// bytes.add(u32::MAX);
    /// assert_eq!(bytes.value()?, 2 * u64::from(u32::MAX));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn value(&self) -> Result<u64, Error> {
        counters::value(self.low, self.high)
    }
}

impl Drop for Counter<'_> {
    fn drop(&mut self) {
        // Release: the next owner comes after this one; pairs with Acquire in `allocate`. If the
        // slot was taken away it is nobody's to free.
        counters::free(self.owner, self.active);
    }
}

#[cfg(test)]
mod tests;

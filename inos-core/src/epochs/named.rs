//! Epochs that are allocated by name while others run.
#![forbid(unsafe_code)]

use super::{Bank, EpochCounter, EpochWatcher, MAJOR};
use crate::defs::KIND_EPOCHS;
use crate::defs::epochs::{
    ID_GENERATION_SHIFT, MAX_NAME_LEN, MAX_SLOTS, NAMED, SLOT_EPOCH, SLOT_LEN, SLOT_STATE,
};
use crate::error::Error;
use crate::protocol::names::{self, Slot, Slots};
use crate::protocol::{Word, epoch};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::Ordering;
use crate::wait::Park;

mod handles;
mod slots;

pub use handles::{NamedCounter, NamedWatcher};
use slots::{Readable, Writable, pack, slot_offset, unpack};

/// Most slots of a bank of named epochs.
pub const MAX_NAMED_EPOCHS: u32 = MAX_SLOTS;
/// Longest name of an epoch, in bytes.
pub const MAX_EPOCH_NAME_LEN: usize = MAX_NAME_LEN;

/// How many epochs a bank can name at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedEpochsConfig {
    /// Slots of 64 bytes; 1 to 4096.
    pub slots: u32,
}

impl NamedEpochsConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [0, NAMED, self.slots, 0]
    }

    /// Bytes that a section of this configuration needs.
    pub(crate) const fn section_len(&self) -> Result<u64, Error> {
        if self.slots == 0 || self.slots > MAX_NAMED_EPOCHS {
            return Err(Error::BadLayout { what: "a bank has 1 to 4096 named epochs" });
        }
        Ok(self.slots as u64 * SLOT_LEN as u64)
    }
}

/// Frees all slots: who held them is gone. Handles of before are stale.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let Bank::Named(NamedEpochsConfig { slots }) = Bank::of(section)? else { return Ok(()) };
    let slots = Writable { span, slots };
    for index in 0..slots.slots {
        let Some(state) = slots.state(index) else { break };
        // Relaxed: the caller has the memory to itself.
        let raw = state.load(Ordering::Relaxed);
        if names::owner_of(raw).is_some() {
            state.store(names::freed(raw), Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Frees the slots that `dead` allocated or was about to; how many. Their epochs advance, but
/// nobody is woken: who sleeps there is, with the next advance, or when its timeout ends.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let Bank::Named(NamedEpochsConfig { slots }) = Bank::of(section)? else { return Ok(0) };
    span.require_writable()?;
    let slots = Writable { span, slots };
    Ok(names::reclaim(&slots, dead, |index| {
        if let Ok(word) = span.word(slot_offset(index) + SLOT_EPOCH) {
            // Release: as in `epoch::advance`, with the sleepers still announced.
            Word::add(word, epoch::STEP, Ordering::Release);
        }
    }))
}

/// An epoch that was allocated: the slot, and which of the slot's epochs it was.
///
/// Holding one proves nothing: the epoch may have been freed. It is one number, so it can be
/// handed to another party; an id that is kept over 2^20 - 1 reuses of its slot fits again.
///
/// ```
/// # use inos_core::*;
/// # let config = NamedEpochsConfig { slots: 8 };
/// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let epochs = NamedEpochs::open(&sections, SectionId(1))?;
/// epochs.free(epochs.allocate("frames")?.id(), &Spin::default())?;
/// let id = epochs.allocate("frames")?.id();
/// assert_eq!(id.generation(), 1);
/// // As a word of a message, and back.
/// assert_eq!(EpochId::from_raw(id.raw()), id);
/// assert!(epochs.counter(EpochId::from_raw(id.raw() ^ 1)).is_err(), "checked where it is used");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpochId(u32);

impl EpochId {
    /// The id as one number.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }

    /// The id of a number, whatever it is: it is checked where it is used.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self(raw)
    }

    /// The slot's index.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0 & (MAX_NAMED_EPOCHS - 1)
    }

    /// How often the slot had been freed, 20 bits; 1 comes after the last.
    #[must_use]
    pub const fn generation(self) -> u32 {
        self.0 >> ID_GENERATION_SHIFT
    }

    const fn of(slot: Slot) -> Self {
        Self((slot.generation << ID_GENERATION_SHIFT) | slot.index)
    }

    const fn slot(self) -> Slot {
        Slot { index: self.index(), generation: self.generation() }
    }
}

/// What [`NamedEpochs::allocate`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocated {
    /// The epoch is new, and this party's: it goes when the party is reclaimed.
    New(EpochId),
    /// Another party, or this one, has allocated the name before.
    Existing(EpochId),
}

impl Allocated {
    /// The id, in either case.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// assert_eq!(epochs.allocate("frames")?.id(), id, "whoever made it");
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn id(self) -> EpochId {
        match self {
            Self::New(id) | Self::Existing(id) => id,
        }
    }
}

/// A copy of what a slot says about its epoch.
///
/// ```
/// # use inos_core::*;
/// # let config = NamedEpochsConfig { slots: 8 };
/// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
/// let id = epochs.allocate("frames")?.id();
/// let entry = epochs.entry(id.index())?.ok_or(Error::Empty)?;
/// assert_eq!((entry.id(), entry.name()), (id, "frames"));
/// assert_eq!(entry.owner(), 0, "nobody has joined");
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedEpoch {
    id: EpochId,
    owner: u16,
    name: [u8; MAX_EPOCH_NAME_LEN],
}

impl NamedEpoch {
    /// By what to open it.
    #[must_use]
    pub const fn id(&self) -> EpochId {
        self.id
    }

    /// The party that allocated it; 0 if it did not say who it is.
    #[must_use]
    pub const fn owner(&self) -> u16 {
        self.owner
    }

    /// The name; empty if memory holds no valid UTF-8.
    #[must_use]
    pub fn name(&self) -> &str {
        let end = self.name.iter().position(|&byte| byte == 0).unwrap_or(MAX_EPOCH_NAME_LEN);
        core::str::from_utf8(self.name.get(..end).unwrap_or_default()).unwrap_or_default()
    }
}

/// A bank of epochs that parties allocate by name. Holding one proves that its size was checked
/// against the section.
///
/// A name is 1 to 24 bytes and names one epoch at a time, whoever allocates it, and however
/// many do so at once. Looking it up takes no lock and works on memory that is mapped for
/// reading only. It looks at a slot or two, and at seven on average of a bank that is full; that
/// a name is not there is known at the first slot that was never used, so in a bank whose slots
/// all were, it takes a look at each. An epoch goes on from the number that the last one in its
/// slot had, and freeing one advances it: whoever still watches it finds out.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Allocated, Error, Layout, NamedEpochs, NamedEpochsConfig, Region, SectionId,
///     Sections, Spin,
/// };
///
/// const NAMES: SectionId = SectionId(3);
/// let layout =
///     Layout::builder().named_epochs(NAMES, "names", NamedEpochsConfig { slots: 8 }).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let epochs = NamedEpochs::open(&sections, NAMES)?;
/// assert_eq!(epochs.slot_count(), 8);
/// let park = Spin::default();
///
/// let id = epochs.allocate("frames")?.id();
/// assert_eq!(epochs.allocate("frames")?, Allocated::Existing(id));
/// assert_eq!(epochs.find("frames")?, Some(id));
/// let entry = epochs.entry(id.index())?.ok_or(Error::Empty)?;
/// assert_eq!((entry.id(), entry.name(), entry.owner()), (id, "frames", 0));
///
/// let (frames, mut watcher) = (epochs.counter(id)?, epochs.watcher(id)?);
/// frames.advance(&park)?;
/// assert_eq!(watcher.changed()?, Some(1));
///
/// epochs.free(id, &park)?;
/// assert!(matches!(epochs.check(id), Err(Error::Stale { .. })));
/// assert!(watcher.check().is_err());
/// assert!(matches!(watcher.changed(), Err(Error::Stale { .. })));
/// assert_eq!(epochs.find("frames")?, None);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NamedEpochs<'m> {
    span: Span<'m>,
    slots: u32,
}

impl<'m> NamedEpochs<'m> {
    /// Opens the section. In a bank of fixed indices there is no slot for a name.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (fixed, names) = (SectionId(1), SectionId(2));
    /// # let layout = Layout::builder()
    /// #     .epochs(fixed, "epochs", EpochsConfig { count: 4, padded: true })
    /// #     .named_epochs(names, "names", NamedEpochsConfig { slots: 2 })
    /// #     .build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(NamedEpochs::open(&sections, names)?.slot_count(), 2);
    /// let none = NamedEpochs::open(&sections, fixed)?;
    /// assert_eq!(none.allocate("frames"), Err(Error::NoSeat { count: 0 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_EPOCHS, MAJOR)?;
        let slots = match Bank::of(section)? {
            Bank::Named(config) => config.slots,
            Bank::Fixed(_) => 0,
        };
        Ok(Self { span, slots })
    }

    /// How many epochs there can be at a time.
    #[must_use]
    pub const fn slot_count(&self) -> u32 {
        self.slots
    }

    const fn readable(&self) -> Readable<'_, 'm> {
        Readable { span: &self.span, slots: self.slots }
    }

    /// The epoch of this name, if there is one.
    ///
    /// Acquire: what its party stored before it allocated the name is visible afterwards; pairs
    /// with Release in [`allocate`](Self::allocate).
    ///
    /// # Errors
    /// `TooLarge` or `BadLayout` for what is no name; `Contended` if a slot changed hands on
    /// each of a bounded number of looks.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// assert_eq!(epochs.find("frames")?, None);
    /// let id = epochs.allocate("frames")?.id();
    /// assert_eq!(epochs.find("frames")?, Some(id));
    /// let long = epochs.find("a name of over 24 bytes..");
    /// assert_eq!(long, Err(Error::TooLarge { len: 25, max: 24 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn find(&self, name: &str) -> Result<Option<EpochId>, Error> {
        Ok(names::find(&self.readable(), &pack(name)?)?.map(EpochId::of))
    }

    /// Finds the epoch of this name, or takes a free slot for it.
    ///
    /// Release: pairs with Acquire in [`find`](Self::find).
    ///
    /// # Errors
    /// `TooLarge` or `BadLayout` for what is no name; `NoSeat` if no slot is free; `ReadOnly`;
    /// `Contended` if another party is, or has died, in the middle of allocating the same name.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let Allocated::New(id) = epochs.allocate("frames")? else { panic!("it was there") };
    /// assert_eq!(epochs.allocate("frames")?, Allocated::Existing(id));
    /// epochs.allocate("sounds")?;
    /// assert_eq!(epochs.allocate("one more"), Err(Error::NoSeat { count: 2 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn allocate(&self, name: &str) -> Result<Allocated, Error> {
        let name = pack(name)?;
        self.span.require_writable()?;
        let slots = Writable { span: &self.span, slots: self.slots };
        Ok(match names::allocate(&slots, &name, self.span.party())? {
            names::Allocated::New(slot) => Allocated::New(EpochId::of(slot)),
            names::Allocated::Existing(slot) => Allocated::Existing(EpochId::of(slot)),
        })
    }

    /// Gives the slot back, whoever allocated it, and wakes who sleeps on the epoch; it finds
    /// its handle `Stale`.
    ///
    /// Release: pairs with Acquire in the next [`allocate`](Self::allocate) of the slot.
    ///
    /// # Errors
    /// `NoSuchIndex`; `Stale` if it was given back already; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// epochs.free(id, &park)?;
    /// // The slot has another epoch now; the old id does not name it.
    /// let next = epochs.allocate("frames")?.id();
    /// assert_eq!((id.index(), id.generation()), (next.index(), 0));
    /// assert_eq!(epochs.free(id, &park), Err(Error::Stale { expected: 0, found: 1 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn free<P: Park>(&self, id: EpochId, park: &P) -> Result<(), Error> {
        self.span.require_writable()?;
        names::free(&Writable { span: &self.span, slots: self.slots }, id.slot())?;
        let word = self.span.word(slot_offset(id.index()) + SLOT_EPOCH)?;
        EpochCounter::from_word(word).advance(park);
        Ok(())
    }

    /// Whether the id still names an epoch.
    ///
    /// The state is loaded Relaxed: an epoch may be freed a moment later.
    ///
    /// # Errors
    /// `NoSuchIndex`; `Stale` with both generations.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// assert_eq!(epochs.check(id), Ok(()));
    /// epochs.free(id, &park)?;
    /// assert_eq!(epochs.check(id), Err(Error::Stale { expected: 0, found: 1 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn check(&self, id: EpochId) -> Result<(), Error> {
        names::check(&self.readable(), id.slot())
    }

    /// What slot `index` says about its epoch; `None` if it has none.
    ///
    /// Acquire: the name is that of the epoch; pairs with Release in [`allocate`](Self::allocate).
    ///
    /// # Errors
    /// `NoSuchIndex`; `Contended` if the slot changed hands on each of a bounded number of
    /// looks.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// epochs.allocate("frames")?;
    /// let names: Vec<_> = (0..epochs.slot_count())
    ///     .filter_map(|index| epochs.entry(index).ok().flatten())
    ///     .map(|entry| entry.name().to_string())
    ///     .collect();
    /// assert_eq!(names, ["frames"]);
    /// assert_eq!(epochs.entry(2), Err(Error::NoSuchIndex { index: 2, count: 2 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn entry(&self, index: u32) -> Result<Option<NamedEpoch>, Error> {
        let count = self.slots;
        if index >= count {
            return Err(Error::NoSuchIndex { index, count });
        }
        let found = names::read(&self.readable(), index)?;
        Ok(found.filter(|&(raw, _)| names::state_of(raw) == names::ACTIVE).map(|(raw, name)| {
            let id = EpochId::of(Slot { index, generation: names::generation_of(raw) });
            NamedEpoch { id, owner: names::owner_of(raw).unwrap_or_default(), name: unpack(&name) }
        }))
    }

    /// The epoch, to advance it. Any number of parties may.
    ///
    /// # Errors
    /// `NoSuchIndex`; `Stale`; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// assert_eq!(epochs.counter(id)?.advance(&park), Ok(1));
    /// epochs.free(id, &park)?;
    /// assert!(matches!(epochs.counter(id), Err(Error::Stale { .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn counter(&self, id: EpochId) -> Result<NamedCounter<'m>, Error> {
        self.check(id)?;
        let at = slot_offset(id.index());
        let counter = EpochCounter::from_word(self.span.word(at + SLOT_EPOCH)?);
        Ok(NamedCounter { counter, state: self.span.word(at + SLOT_STATE)?, id })
    }

    /// A watcher that has seen the epoch as it is now.
    ///
    /// Acquire, as [`EpochTable::watcher`](crate::EpochTable::watcher).
    ///
    /// # Errors
    /// `NoSuchIndex`; `Stale`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = NamedEpochsConfig { slots: 2 };
    /// # let layout = Layout::builder().named_epochs(SectionId(1), "names", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let epochs = NamedEpochs::open(&sections, SectionId(1))?;
    /// # let park = Spin::default();
    /// let id = epochs.allocate("frames")?.id();
    /// let mut watcher = epochs.watcher(id)?;
    /// assert_eq!(watcher.changed()?, None);
    /// epochs.counter(id)?.advance(&park)?;
    /// assert_eq!(watcher.changed()?, Some(1));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn watcher(&self, id: EpochId) -> Result<NamedWatcher<'m>, Error> {
        self.check(id)?;
        let at = slot_offset(id.index());
        let watcher = EpochWatcher::from_peek(self.span.peek(at + SLOT_EPOCH)?);
        Ok(NamedWatcher { watcher, state: self.span.peek(at + SLOT_STATE)?, id })
    }
}

#[cfg(test)]
mod tests;

//! The unit registry: who is there, what it can do, which methods it has, and what it needs.
//!
//! [`defs::registry`](crate::defs::registry) draws the bytes.
//!
//! A section of up to 1024 slots, and up to [`MAX_OVERFLOWS`] *overflow sections* of the same
//! form behind it, which the layout binds to it. Slots are counted through all of them, so a
//! [`UnitId`] means the same to everybody, and every search goes through all of them. A unit is
//! published when its slot's state becomes *active*; the rules are those of
//! [`protocol::registry`](crate::protocol::registry).
//!
//! - **Readers take no lock**: they look at the state, copy, and look again.
//! - **A name is unique** among the active units of all sections. A registrant compares its name
//!   with every slot, so registering takes time in proportion to the slots; finding does not.
//! - **Finding by name** asks the filter (a Bloom filter of three bits in one word), then one line
//!   of the index, then the slots that the line's entries name. Both are hints: an entry that is
//!   out of date costs a look. None is missing, since a name is entered before its unit becomes
//!   active, and is put out only after it retired.
//! - **The filter's bits only get set**, so that it never denies what is there. It is emptied when
//!   the region is attached exclusively, when no unit is there either. In a registry that has seen
//!   many thousands of different names it lets everything pass, and a name that is not there costs
//!   the look at its line of the index, too.
//! - **The dead**: a slot's state names the party that claimed it. When that one is proven dead,
//!   its units are retired and slots that it had claimed are free again
//!   ([`Party::reap`](crate::Party::reap)). A name that it had only proposed is blocked until then.
//!
//! # Not supported
//! - Slots of parties that did not join stay theirs until the region is attached exclusively.
//! - Two versions of one name at a time.
//! - A registered unit changes nothing of its record: it retires and registers again.
//! - Limits and costs are kept here, and enforced by whoever runs the unit. Dependencies are
//!   compared when somebody asks; nothing retires a unit whose dependency retired.
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use crate::defs::registry::{HEARTBEAT, MAJOR, STATE};
pub use crate::defs::registry::{MAX_OVERFLOWS, MAX_UNIT_NAME_LEN, MAX_UNIT_SLOTS};
use crate::defs::{KIND_REGISTRY, KIND_REGISTRY_OVERFLOW};
use crate::epochs::{EpochCounter, EpochWatcher};
use crate::error::Error;
use crate::hash::murmur3;
use crate::protocol::ReadWord;
use crate::protocol::registry as protocol;
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::SectionId;
use crate::sections::Sections;
use crate::sync::Ordering;

mod config;
mod depends;
mod descriptor;
mod id;
mod record;
mod slot;
mod table;
mod version;

pub use config::{RegistryConfig, RegistryOverflowConfig};
pub(crate) use config::{next_first_slot, section_len};
pub use descriptor::UnitDescriptor;
pub use id::{Capabilities, UnitId};
pub use record::{CREDIT, UnitCost, UnitLimits, UnitRecord};
pub use slot::{MAX_SLOT_LEN, MIN_SLOT_LEN, SLOT_HEAD_LEN};
use table::{Table, shape_of};
pub(crate) use table::{format, reclaim, void_roles};
pub use version::{Dependency, Version, VersionRange};

/// A registry of units. Any number of handles in any number of parties work on one.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Error, Layout, Region, RegistryConfig, SLOT_HEAD_LEN, SectionId, Sections,
///     UnitRecord, UnitRegistry,
/// };
///
/// const UNITS: SectionId = SectionId(5);
/// let layout = Layout::builder()
///     .registry(UNITS, "units", RegistryConfig { slots: 8, slot_len: 512 })
///     .build()?;
/// let mut memory = AlignedBytes::<8192>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let registry = UnitRegistry::open(&sections, UNITS)?;
///
/// assert_eq!(registry.slot_count(), 8);
/// assert_eq!(registry.max_text_len(), 512 - SLOT_HEAD_LEN);
/// let id = registry.register(&UnitRecord {
///     name: "hash",
///     version: (1, 2, 0),
///     methods: &["blake3", "sha256"],
///     ..UnitRecord::default()
/// })?;
/// assert_eq!(registry.find("hash"), Ok(id));
/// assert_eq!(registry.method(id, "sha256"), Ok(1));
/// assert_eq!(registry.method(id, "md5"), Err(Error::NoMethod));
///
/// registry.retire(id)?;
/// assert_eq!(registry.find("hash"), Err(Error::NoUnit));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UnitRegistry<'m, T: Trust> {
    /// The registry's section and its overflow sections; those behind `count` repeat the first.
    tables: [Table<'m>; 1 + MAX_OVERFLOWS],
    count: usize,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> UnitRegistry<'m, T> {
    /// Opens the registry in section `id`, and its overflow sections.
    ///
    /// # Errors
    /// `Stale`, `NoSection`, `WrongKind`, `VersionMismatch`, or `Corrupt` if the parameters of
    /// one of the sections are impossible.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// assert_eq!(registry.slot_count(), 4);
    /// let missing = UnitRegistry::open(&sections, SectionId(9));
    /// assert_eq!(missing.err(), Some(Error::NoSection { id: 9 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_REGISTRY, MAJOR)?;
        let shape = shape_of(section)?;
        let mut tables = [Table { span, shape, first: 0 }; 1 + MAX_OVERFLOWS];
        let (mut count, mut first) = (1, shape.slots);
        let overflows = sections.iter().filter(|section| {
            section.kind() == KIND_REGISTRY_OVERFLOW && config::registry_of(section) == id
        });
        for overflow in overflows {
            let (span, section) = sections.open(overflow.id(), KIND_REGISTRY_OVERFLOW, MAJOR)?;
            let table = Table { span, shape: shape_of(section)?, first };
            let corrupt = Error::Corrupt { what: "parameters of a registry's overflow section" };
            if config::first_slot_of(section) != first || table.shape.slot_len != shape.slot_len {
                return Err(corrupt);
            }
            *tables.get_mut(count).ok_or(corrupt)? = table;
            count += 1;
            first += table.shape.slots;
        }
        Ok(Self { tables, count, trust: PhantomData })
    }

    /// How many units fit.
    #[must_use]
    pub fn slot_count(&self) -> u32 {
        self.tables().iter().map(|table| table.shape.slots).sum()
    }

    /// Bytes that there are for a unit's name, dependencies and methods: each of the names padded
    /// to a multiple of 4, 16 bytes more for a dependency, and one for each method but the first.
    #[must_use]
    pub fn max_text_len(&self) -> usize {
        self.first().shape.slot_len as usize - SLOT_HEAD_LEN
    }

    /// Registers a unit. It is found from the return on, and stays until it is
    /// [retired](Self::retire), or the party whose sections this registry was opened through is
    /// proven dead.
    ///
    /// Release, when the unit becomes active: whoever finds it sees all of its record.
    ///
    /// # Errors
    /// `TooLarge` if a name is too long or the texts do not fit; `BadLayout` if a name is empty, a
    /// method's has a line feed, or a range of versions has none; `RoleHeld` if an active unit has
    /// this name, or if another registrant of it was faster; `NoSeat` if all slots are taken;
    /// `Contended` or `Corrupt` if the other slots can't be compared with; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let id = registry.register(&hash)?;
    /// assert_eq!(registry.register(&hash), Err(Error::RoleHeld));
    ///
    /// let endless = "n".repeat(200);
    /// let refused = registry.register(&UnitRecord { name: &endless, ..hash });
    /// assert!(matches!(refused, Err(Error::TooLarge { .. })));
    /// for name in ["second", "third", "fourth"] {
    ///     registry.register(&UnitRecord { name, ..hash })?;
    /// }
    /// let refused = registry.register(&UnitRecord { name: "fifth", ..hash });
    /// assert_eq!(refused, Err(Error::NoSeat { count: 4 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn register(&self, record: &UnitRecord<'_>) -> Result<UnitId, Error> {
        self.first().span.require_writable()?;
        let extent = slot::check(record, self.max_text_len())?;
        match self.find(record.name) {
            Ok(_) => return Err(Error::RoleHeld),
            Err(Error::NoUnit) => {}
            Err(other) => return Err(other),
        }
        let (table, slot, claim) = self.claim()?;
        let (index, generation) = (table.first + slot, claim.generation());
        let state = table.state(slot)?;
        let hash = murmur3(record.name.as_bytes());
        let outcome = slot::write(&table.slot(slot)?, record, extent, hash).and_then(|()| {
            protocol::propose(state, &claim);
            protocol::contest(
                index,
                self.slot_count(),
                |rival| {
                    let (table, slot) = self.table_of(rival)?;
                    table.state(slot)
                },
                |rival| slot::is_named(&self.slot(rival)?, record.name.as_bytes(), hash),
            )?;
            table.enter(slot, generation, hash)
        });
        match outcome {
            Ok(()) => protocol::activate(state, claim)?,
            Err(error) => {
                protocol::withdraw(state, claim);
                return Err(error);
            }
        }
        Ok(UnitId::new(index as u16, generation))
    }

    /// Takes a slot that nobody has.
    fn claim(&self) -> Result<(&Table<'m>, u32, protocol::Claim), Error> {
        for table in self.tables() {
            for slot in 0..table.shape.slots {
                if let Some(claim) = protocol::claim(table.state(slot)?, table.span.party()) {
                    return Ok((table, slot, claim));
                }
            }
        }
        Err(Error::NoSeat { count: self.slot_count() })
    }

    /// Ends a registration. The unit is not found any more and its slot is free for another.
    /// Anybody may do so: a unit may not be able to any more.
    ///
    /// # Errors
    /// `NoUnit` if it is not active, or not any more; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let id = registry.register(&hash)?;
    /// registry.retire(id)?;
    /// assert_eq!(registry.retire(id), Err(Error::NoUnit));
    /// // The slot has another unit now, which the old id does not mean.
    /// let next = registry.register(&hash)?;
    /// assert_eq!(next.index(), id.index());
    /// assert_eq!(registry.version(id), Err(Error::NoUnit));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn retire(&self, id: UnitId) -> Result<(), Error> {
        self.first().span.require_writable()?;
        let state = self.slot_of(id)?.word(STATE)?;
        if protocol::retire(state, id.generation()) { Ok(()) } else { Err(Error::NoUnit) }
    }

    /// The active unit of this name, to the byte.
    ///
    /// Acquire, on the slot's state: all of its record is there; pairs with Release in
    /// [`register`](Self::register).
    ///
    /// # Errors
    /// `NoUnit`; `Contended` if a slot changed hands during each of a bounded number of looks.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// assert_eq!(registry.find("hash"), Err(Error::NoUnit));
    /// let id = registry.register(&hash)?;
    /// assert_eq!(registry.find("hash"), Ok(id));
    /// assert_eq!(registry.find("Hash"), Err(Error::NoUnit));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn find(&self, name: &str) -> Result<UnitId, Error> {
        let name = name.as_bytes();
        if name.is_empty() || name.len() > MAX_UNIT_NAME_LEN {
            return Err(Error::NoUnit);
        }
        let hash = murmur3(name);
        for table in self.tables() {
            if let Some(id) = table.find(name, hash)? {
                return Ok(id);
            }
        }
        Err(Error::NoUnit)
    }

    /// The number of a unit's method. Look it up once: it stays as long as the unit does.
    ///
    /// # Errors
    /// `NoUnit` if the unit is not active; `NoMethod` if it has none of this name; `Corrupt` if
    /// its slot contradicts the format.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let methods = ["blake3", "sha256"];
    /// let id = registry.register(&UnitRecord { methods: &methods, ..hash })?;
    /// assert_eq!(registry.method(id, "sha256"), Ok(1));
    /// assert_eq!(registry.method(id, "md5"), Err(Error::NoMethod));
    /// registry.retire(id)?;
    /// assert_eq!(registry.method(id, "sha256"), Err(Error::NoUnit));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn method(&self, id: UnitId, name: &str) -> Result<u16, Error> {
        let unit = self.descriptor(id)?;
        let index = unit.methods().position(|method| method == name).ok_or(Error::NoMethod)?;
        u16::try_from(index).map_err(|_| Error::NoMethod)
    }

    /// A copy of what a unit said of itself. Ordering as in [`find`](Self::find).
    ///
    /// # Errors
    /// `NoUnit` if it is not active, or not any more; `Corrupt` if its slot contradicts the
    /// format.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let id = registry.register(&UnitRecord { methods: &["sha256"], ..hash })?;
    /// let unit = registry.descriptor(id)?;
    /// registry.retire(id)?;
    /// // The copy stays what it was.
    /// assert_eq!((unit.name(), unit.version()), ("hash", (1, 2, 0)));
    /// assert!(unit.methods().eq(["sha256"]));
    /// assert_eq!(registry.descriptor(id).err(), Some(Error::NoUnit));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn descriptor(&self, id: UnitId) -> Result<UnitDescriptor, Error> {
        self.read(id, |slot, raw| slot::copy(slot, id, protocol::party_of(raw)))
    }

    /// The version of a unit. Ordering as in [`find`](Self::find).
    ///
    /// # Errors
    /// `NoUnit` if it is not active, or not any more.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let id = registry.register(&hash)?;
    /// let version = registry.version(id)?;
    /// assert!(VersionRange::caret((1, 1, 0)).contains(version));
    /// assert_eq!(registry.version(UnitId::NONE), Err(Error::NoUnit));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn version(&self, id: UnitId) -> Result<Version, Error> {
        self.read(id, |slot, _| slot::version(slot))
    }

    /// What `read` gets out of a unit's slot, if it is the unit's.
    fn read<R>(
        &self,
        id: UnitId,
        read: impl FnOnce(&Span<'m>, u32) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let slot = self.slot_of(id)?;
        let state = slot.peek(STATE)?;
        let raw = protocol::look(&state);
        if !protocol::is_active(raw, id.generation()) {
            return Err(Error::NoUnit);
        }
        let copy = read(&slot, raw);
        if !protocol::is_unchanged(&state, raw) {
            return Err(Error::NoUnit);
        }
        // Only now: what was copied in between may have been anything.
        copy
    }

    /// The active units, in the order of their slots. A slot that contradicts the format gives
    /// `Corrupt` and the iteration goes on; one that is retired meanwhile is left out.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// for name in ["hash", "storage", "boids"] {
    ///     registry.register(&UnitRecord { name, ..hash })?;
    /// }
    /// registry.retire(registry.find("storage")?)?;
    /// let mut names = Vec::new();
    /// for unit in registry.iter() {
    ///     names.push(unit?.name().to_string());
    /// }
    /// assert_eq!(names, ["hash", "boids"]);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Result<UnitDescriptor, Error>> + use<'m, T> {
        let registry = *self;
        self.ids().filter_map(move |id| match registry.descriptor(id) {
            Err(Error::NoUnit) => None,
            other => Some(other),
        })
    }

    /// The active units that have all of these capabilities, in the order of their slots.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// const STREAMS: Capabilities = Capabilities(1);
    /// const STRICT: Capabilities = Capabilities(2);
    /// let capabilities = STREAMS | STRICT;
    /// let both = registry.register(&UnitRecord { name: "both", capabilities, ..hash })?;
    /// registry.register(&UnitRecord { name: "one", capabilities: STREAMS, ..hash })?;
    /// assert_eq!(registry.with_capabilities(STREAMS).count(), 2);
    /// assert!(registry.with_capabilities(STREAMS | STRICT).eq([both]));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn with_capabilities(
        &self,
        all: Capabilities,
    ) -> impl Iterator<Item = UnitId> + use<'m, T> {
        let registry = *self;
        self.ids().filter(move |&id| {
            registry
                .read(id, |slot, _| slot::capabilities(slot))
                .is_ok_and(|capabilities| capabilities.contains(all))
        })
    }

    fn ids(&self) -> impl Iterator<Item = UnitId> + use<'m, T> {
        let registry = *self;
        (0..self.slot_count()).filter_map(move |index| {
            let (table, slot) = registry.table_of(index).ok()?;
            table.active(slot).ok().flatten()
        })
    }

    /// The epoch by which a unit says that it is alive, for the unit itself.
    ///
    /// The word belongs to the slot: a late heartbeat of a retired unit may count for its
    /// successor. Heartbeats only raise suspicion, and prove nothing.
    ///
    /// # Errors
    /// `NoUnit` if it is not active; `ReadOnly`.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let id = registry.register(&hash)?;
    /// let mut watcher = registry.heartbeat_watcher(id)?;
    /// let beat = registry.heartbeat(id)?;
    /// assert_eq!(watcher.changed(), None);
    /// beat.advance(&Spin::default());
    /// assert!(watcher.changed().is_some());
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn heartbeat(&self, id: UnitId) -> Result<EpochCounter<'m>, Error> {
        let slot = self.active(id)?;
        Ok(EpochCounter::from_word(slot.word(HEARTBEAT)?))
    }

    /// The epoch by which a unit says that it is alive, for those who watch it.
    ///
    /// # Errors
    /// `NoUnit` if it is not active.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = RegistryConfig { slots: 4, slot_len: 512 };
    /// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
    /// # let hash = UnitRecord { name: "hash", version: (1, 2, 0), ..UnitRecord::default() };
    /// let id = registry.register(&hash)?;
    /// let mut watcher = registry.heartbeat_watcher(id)?;
    /// // Nothing since the last look: a reason to ask whether the unit's process is there.
    /// assert_eq!(watcher.changed(), None);
    /// registry.retire(id)?;
    /// assert_eq!(registry.heartbeat_watcher(id).err(), Some(Error::NoUnit));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn heartbeat_watcher(&self, id: UnitId) -> Result<EpochWatcher<'m>, Error> {
        let slot = self.active(id)?;
        Ok(EpochWatcher::from_peek(slot.peek(HEARTBEAT)?))
    }

    fn active(&self, id: UnitId) -> Result<Span<'m>, Error> {
        let slot = self.slot_of(id)?;
        // Relaxed: nothing of the record is read.
        let raw = slot.peek(STATE)?.load(Ordering::Relaxed);
        if protocol::is_active(raw, id.generation()) { Ok(slot) } else { Err(Error::NoUnit) }
    }

    fn slot_of(&self, id: UnitId) -> Result<Span<'m>, Error> {
        self.slot(u32::from(id.index()))
    }

    fn slot(&self, index: u32) -> Result<Span<'m>, Error> {
        let (table, slot) = self.table_of(index)?;
        table.slot(slot)
    }

    /// The section that a slot lies in, and its number there.
    fn table_of(&self, index: u32) -> Result<(&Table<'m>, u32), Error> {
        for table in self.tables() {
            match index.checked_sub(table.first) {
                Some(slot) if slot < table.shape.slots => return Ok((table, slot)),
                _ => {}
            }
        }
        Err(Error::NoUnit)
    }

    const fn first(&self) -> &Table<'m> {
        let [first, ..] = &self.tables;
        first
    }

    fn tables(&self) -> &[Table<'m>] {
        self.tables.get(..self.count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

//! The unit registry: who is there, what it can do, and which methods it has.
//!
//! ```text
//! slot, `slot_len` bytes, `slots` of them from the section's first byte on
//!   0        4        8         12       16             20        24         28
//!   +--------+--------+---------+--------+--------------+---------+----------+-----------+
//!   | state  | owner  | version | patch  | capabilities | methods | heartbeat| FNV-1a of |
//!   |        |        | maj.min |        |              | (count) | epoch    | the name  |
//!   +--------+--------+---------+--------+--------------+---------+----------+-----------+
//!  32       36       40                  64             128                    slot_len
//!   +--------+--------+-------------------+--------------+------------------------------+
//!   | name   | methods| zero              | name, UTF-8  | methods, UTF-8, separated by |
//!   | len    | len    |                   |              | '\n'                         |
//!   +--------+--------+-------------------+--------------+------------------------------+
//!
//! state  { generation: 16, zero: 8, state: 8 }
//!
//!   free ----> claimed ----> proposed ----> active ----> retired
//!                 ^              |                          |  |
//!                 |              +------ duplicate -------->+  |
//!                 +--------------------------------------------+
//! ```
//!
//! A claim is a compare-and-swap that moves the generation on, so an id of a former unit names
//! nothing any more. A slot is used again after it was retired; an id could only come back
//! after 65,535 registrations in one slot.
//!
//! Readers take no lock: they read the state, copy, and read the state again. A name is unique
//! among active units: a registrant publishes its name as a proposal, and only then looks at
//! the others. Of two proposals of one name the one in the lower slot takes the other's slot
//! away, and an active one beats both; so of several registrants exactly one remains.
//!
//! # Not supported
//! Slots that a party claimed and died in stay claimed until the region is attached
//! exclusively, which retires all units.
#![forbid(unsafe_code)]

use core::fmt;
use core::marker::PhantomData;

use crate::defs::KIND_REGISTRY;
use crate::epochs::{EpochCounter, EpochWatcher};
use crate::error::Error;
use crate::hash::fnv1a;
use crate::protocol::{ReadWord, Word};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{Ordering, fence};

mod record;

pub use record::{UnitDescriptor, UnitRecord};

const MAJOR: u16 = 1;

/// Most slots of a registry.
pub const MAX_UNIT_SLOTS: u32 = 1024;
/// Longest name of a unit, in bytes.
pub const MAX_UNIT_NAME_LEN: usize = 64;
/// Shortest slot.
pub const MIN_SLOT_LEN: u32 = 256;
/// Longest slot.
pub const MAX_SLOT_LEN: u32 = 1024;

const STATE: usize = 0;
const OWNER: usize = 4;
const VERSION: usize = 8;
const PATCH: usize = 12;
const CAPABILITIES: usize = 16;
const METHOD_COUNT: usize = 20;
const HEARTBEAT: usize = 24;
const NAME_HASH: usize = 28;
const NAME_LEN: usize = 32;
const METHODS_LEN: usize = 36;
const NAME: usize = 64;
const METHODS: usize = NAME + MAX_UNIT_NAME_LEN;
const MAX_METHODS_LEN: usize = MAX_SLOT_LEN as usize - METHODS;

const _: () = {
    assert!(METHODS_LEN + 4 <= NAME);
    assert!(METHODS < MIN_SLOT_LEN as usize);
};

const FREE: u32 = 0;
const CLAIMED: u32 = 1;
const ACTIVE: u32 = 2;
const RETIRED: u32 = 3;
const PROPOSED: u32 = 4;

/// Tries of a reader of one slot; each needs the slot to change hands meanwhile.
const TRIES: u32 = 16;

/// A unit in a registry: the slot, and which of the slot's units it was.
///
/// Holding one proves nothing: the unit may have retired. Generation 0 is never given out, so
/// the raw value 0 ([`UnitId::NONE`]) names no unit.
///
/// ```
/// use inos_core::UnitId;
///
/// let id = UnitId::new(3, 7);
/// assert_eq!((id.index(), id.generation()), (3, 7));
/// assert_eq!(UnitId::from_raw(id.raw()), id);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnitId {
    index: u16,
    generation: u16,
}

impl UnitId {
    /// Names no unit.
    pub const NONE: Self = Self::new(0, 0);

    /// The id of a slot's unit.
    #[must_use]
    pub const fn new(index: u16, generation: u16) -> Self {
        Self { index, generation }
    }

    /// The slot.
    #[must_use]
    pub const fn index(self) -> u16 {
        self.index
    }

    /// Which of the slot's units, from 1; wraps, leaving 0 out.
    #[must_use]
    pub const fn generation(self) -> u16 {
        self.generation
    }

    /// Both in a word: the generation in the upper half.
    #[must_use]
    pub const fn raw(self) -> u32 {
        ((self.generation as u32) << 16) | self.index as u32
    }

    /// The id in a word; any word is one, and the registry refuses those that name nothing.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Self {
        Self { index: raw as u16, generation: (raw >> 16) as u16 }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

/// How large a registry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryConfig {
    /// How many units fit: 1 to [`MAX_UNIT_SLOTS`].
    pub slots: u32,
    /// Bytes for each: a multiple of 64 from [`MIN_SLOT_LEN`] to [`MAX_SLOT_LEN`]. All but 128
    /// of them are for the names of methods.
    pub slot_len: u32,
}

impl RegistryConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.slots, self.slot_len, 0, 0]
    }
}

/// Bytes that a registry needs.
pub(crate) const fn section_len(config: &RegistryConfig) -> Result<u64, Error> {
    if config.slots == 0 || config.slots > MAX_UNIT_SLOTS {
        return Err(Error::BadLayout { what: "registry slots: 1 to 1024" });
    }
    if config.slot_len < MIN_SLOT_LEN
        || config.slot_len > MAX_SLOT_LEN
        || !config.slot_len.is_multiple_of(64)
    {
        return Err(Error::BadLayout { what: "registry slot length: 256 to 1024, by 64" });
    }
    // At most 2^20: no overflow.
    Ok(config.slots as u64 * config.slot_len as u64)
}

fn config_of(section: &Section) -> Result<RegistryConfig, Error> {
    let [slots, slot_len, ..] = section.params;
    let config = RegistryConfig { slots, slot_len };
    match section_len(&config) {
        Ok(needed) if needed <= section.len => Ok(config),
        _ => Err(Error::Corrupt { what: "parameters of a registry" }),
    }
}

/// Makes all slots free.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    for index in 0..config.slots {
        span.clear(index as usize * config.slot_len as usize, NAME)?;
    }
    Ok(())
}

/// Retires all units: whoever was there is gone. Generations go on, so old ids stay stale.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    for index in 0..config.slots {
        let at = index as usize * config.slot_len as usize;
        let (generation, state) = unpack(span.load(at + STATE)?);
        let state = if state == FREE { FREE } else { RETIRED };
        span.store(at + STATE, pack(generation, state))?;
        // Nobody waits for this heartbeat any more: epoch 0, no waiter.
        span.store(at + HEARTBEAT, 0)?;
    }
    Ok(())
}

const fn pack(generation: u16, state: u32) -> u32 {
    ((generation as u32) << 16) | state
}

const fn unpack(raw: u32) -> (u16, u32) {
    ((raw >> 16) as u16, raw & 0xffff)
}

const fn next_generation(generation: u16) -> u16 {
    // 0 is left out: it says "no unit".
    match generation.wrapping_add(1) {
        0 => 1,
        next => next,
    }
}

fn hash(name: &[u8]) -> u32 {
    fnv1a(name.iter().copied())
}

/// A registry of units. Any number of handles in any number of parties work on one.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Error, Layout, Region, RegistryConfig, SectionId, Sections, UnitRecord,
///     UnitRegistry,
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
/// let id = registry.register(&UnitRecord {
///     name: "hash",
///     version: (1, 2, 0),
///     methods: &["blake3", "sha256"],
///     ..UnitRecord::default()
/// })?;
/// assert_eq!(registry.find("hash"), Ok(id));
/// assert_eq!(registry.method(id, "sha256"), Ok(1));
///
/// registry.retire(id)?;
/// assert_eq!(registry.find("hash"), Err(Error::NoUnit));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UnitRegistry<'m, T: Trust> {
    span: Span<'m>,
    config: RegistryConfig,
    trust: PhantomData<T>,
}

impl<'m, T: Trust> UnitRegistry<'m, T> {
    /// Opens the registry in section `id`.
    ///
    /// # Errors
    /// `Stale`, `NoSection`, `WrongKind`, `VersionMismatch`, or `Corrupt` if the section's
    /// parameters are impossible.
    pub fn open(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_REGISTRY, MAJOR)?;
        Ok(Self { span, config: config_of(&section)?, trust: PhantomData })
    }

    /// How many units fit.
    #[must_use]
    pub const fn slot_count(&self) -> u32 {
        self.config.slots
    }

    /// Longest sum of a unit's method names, each but the first counted with one byte more.
    #[must_use]
    pub const fn max_methods_len(&self) -> usize {
        self.config.slot_len as usize - METHODS
    }

    /// Registers a unit. It is found from the return on, and stays until it is
    /// [retired](Self::retire).
    ///
    /// # Errors
    /// `TooLarge` if the name or the methods do not fit; `BadLayout` if a name is empty or a
    /// method's has a line feed; `RoleHeld` if an active unit has this name, or if another
    /// registrant of it was faster; `NoSeat` if all slots are taken; `Contended` or `Corrupt`
    /// if the other slots can't be compared with; `ReadOnly`.
    pub fn register(&self, record: &UnitRecord<'_>) -> Result<UnitId, Error> {
        self.span.require_writable()?;
        let methods_len = self.check(record)?;
        let name = record.name.as_bytes();
        match self.find(record.name) {
            Ok(_) => return Err(Error::RoleHeld),
            Err(Error::NoUnit) => {}
            Err(other) => return Err(other),
        }
        let (index, generation) = self.claim()?;
        let slot = self.slot(index)?;
        let written = write_record(&slot, record, name, methods_len);
        let state = slot.word(STATE)?;
        if let Err(error) = written {
            Word::store(state, pack(generation, RETIRED), Ordering::Release);
            return Err(error);
        }
        // Release because the state announces the record; pairs with Acquire in `read`.
        Word::store(state, pack(generation, PROPOSED), Ordering::Release);
        // Orders our proposal before our look at the others'; pairs with the same fence of
        // another registrant: of two proposals at least one is seen by the other.
        fence(Ordering::SeqCst);
        let rival = self.beat_rivals(index, name);
        let next = if rival.is_ok() { ACTIVE } else { RETIRED };
        // Release as above: the unit is read under this state. A failure says that a rival in
        // a lower slot took ours away.
        let kept = state
            .cas(
                pack(generation, PROPOSED),
                pack(generation, next),
                Ordering::Release,
                Ordering::Relaxed,
            )
            .is_ok();
        rival?;
        if kept { Ok(UnitId::new(index as u16, generation)) } else { Err(Error::RoleHeld) }
    }

    fn check(&self, record: &UnitRecord<'_>) -> Result<usize, Error> {
        if record.name.is_empty() {
            return Err(Error::BadLayout { what: "a unit's name is empty" });
        }
        if record.name.len() > MAX_UNIT_NAME_LEN {
            return Err(Error::TooLarge { len: record.name.len(), max: MAX_UNIT_NAME_LEN });
        }
        let mut len = 0_usize;
        for (index, method) in record.methods.iter().enumerate() {
            if method.is_empty() || method.contains('\n') {
                return Err(Error::BadLayout { what: "a method's name is empty or has a \\n" });
            }
            len = len.saturating_add(method.len()).saturating_add(usize::from(index > 0));
        }
        // Which bounds the number of methods, too.
        let max = self.max_methods_len();
        if len > max { Err(Error::TooLarge { len, max }) } else { Ok(len) }
    }

    /// Takes a free or retired slot and moves its generation on.
    fn claim(&self) -> Result<(u32, u16), Error> {
        for index in 0..self.config.slots {
            let state = self.slot(index)?.word(STATE)?;
            // Relaxed: only a guess, which the compare-and-swap checks.
            let seen = ReadWord::load(state, Ordering::Relaxed);
            let (generation, old) = unpack(seen);
            if old != FREE && old != RETIRED {
                continue;
            }
            let generation = next_generation(generation);
            // Acquire because the slot is overwritten next, after all that its last owner did;
            // pairs with Release in `retire` and `register`. Lost to another: look further.
            let claimed = pack(generation, CLAIMED);
            if state.cas(seen, claimed, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Ok((index, generation));
            }
        }
        Err(Error::NoSeat { count: self.config.slots })
    }

    /// Decides between our proposal in slot `own` and everybody of the same name.
    fn beat_rivals(&self, own: u32, name: &[u8]) -> Result<(), Error> {
        for index in (0..self.config.slots).filter(|&index| index != own) {
            let slot = self.slot(index)?;
            let mut decided = false;
            for _ in 0..TRIES {
                let raw = match name_matches(&slot, name)? {
                    Some(raw) => raw,
                    None => {
                        decided = true;
                        break;
                    }
                };
                let (generation, state) = unpack(raw);
                if state == ACTIVE || index < own {
                    return Err(Error::RoleHeld);
                }
                // A proposal in a higher slot loses. Relaxed: we neither read nor write the
                // slot on the strength of it, and as a read-modify-write it continues what the
                // rival's Release began, for `claim`. If it fails, the rival went on: look
                // again.
                let taken = pack(generation, RETIRED);
                let state = slot.word(STATE)?;
                if state.cas(raw, taken, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                    decided = true;
                    break;
                }
            }
            if !decided {
                return Err(Error::Contended { tries: TRIES });
            }
        }
        Ok(())
    }

    /// Ends a registration. The unit is not found any more and its slot is free for another.
    ///
    /// # Errors
    /// `NoUnit` if it is not active, or not any more; `ReadOnly`.
    pub fn retire(&self, id: UnitId) -> Result<(), Error> {
        let slot = self.slot_of(id)?;
        let active = pack(id.generation, ACTIVE);
        // Release because the slot may be overwritten from here on; pairs with Acquire in
        // `claim`.
        slot.word(STATE)?
            .cas(active, pack(id.generation, RETIRED), Ordering::Release, Ordering::Relaxed)
            .map(|_| ())
            .map_err(|_| Error::NoUnit)
    }

    /// The active unit of this name.
    ///
    /// # Errors
    /// `NoUnit`; `Contended` if a slot changed hands during each of a bounded number of looks.
    pub fn find(&self, name: &str) -> Result<UnitId, Error> {
        for index in 0..self.config.slots {
            let slot = self.slot(index)?;
            if let Some(raw) = name_matches(&slot, name.as_bytes())?
                && let (generation, ACTIVE) = unpack(raw)
            {
                return Ok(UnitId::new(index as u16, generation));
            }
        }
        Err(Error::NoUnit)
    }

    /// The number of a unit's method.
    ///
    /// # Errors
    /// `NoUnit` if the unit is not active, or has no method of this name; `Corrupt` if its slot
    /// contradicts the format.
    pub fn method(&self, id: UnitId, name: &str) -> Result<u16, Error> {
        let unit = self.descriptor(id)?;
        let index = unit.methods().position(|method| method == name).ok_or(Error::NoUnit)?;
        u16::try_from(index).map_err(|_| Error::NoUnit)
    }

    /// A copy of what a unit said of itself.
    ///
    /// # Errors
    /// `NoUnit` if it is not active, or not any more; `Corrupt` if its slot contradicts the
    /// format.
    pub fn descriptor(&self, id: UnitId) -> Result<UnitDescriptor, Error> {
        let slot = self.slot_of(id)?;
        let active = pack(id.generation, ACTIVE);
        let state = slot.peek(STATE)?;
        // Acquire: the record is read next; pairs with Release in `register`.
        if state.load(Ordering::Acquire) != active {
            return Err(Error::NoUnit);
        }
        let copy = self.copy(&slot, id);
        // Acquire fence: if any copied byte was written by a later owner of the slot, its
        // claim is visible to the load below; pairs with the Release fence in `write_record`.
        fence(Ordering::Acquire);
        if state.load(Ordering::Relaxed) != active {
            return Err(Error::NoUnit);
        }
        // Only now: what was copied in between may have been anything.
        copy
    }

    fn copy(&self, slot: &Span<'_>, id: UnitId) -> Result<UnitDescriptor, Error> {
        let version = slot.load(VERSION)?;
        let name_len = slot.load(NAME_LEN)? as usize;
        let methods_len = slot.load(METHODS_LEN)? as usize;
        let mut unit = UnitDescriptor {
            id,
            version: ((version >> 16) as u16, version as u16, slot.load(PATCH)? as u16),
            capabilities: slot.load(CAPABILITIES)?,
            owner: slot.load(OWNER)?,
            name: [0; MAX_UNIT_NAME_LEN],
            name_len,
            methods: [0; MAX_METHODS_LEN],
            methods_len,
        };
        let name = unit.name.get_mut(..name_len);
        let name = name.ok_or(Error::Corrupt { what: "length of a unit's name" })?;
        slot.read(NAME, name)?;
        core::str::from_utf8(name).map_err(|_| Error::Corrupt { what: "a unit's name" })?;

        let methods = unit.methods.get_mut(..methods_len.min(MAX_METHODS_LEN));
        let methods = methods
            .filter(|_| methods_len <= self.max_methods_len())
            .ok_or(Error::Corrupt { what: "length of a unit's methods" })?;
        slot.read(METHODS, methods)?;
        core::str::from_utf8(methods).map_err(|_| Error::Corrupt { what: "a unit's methods" })?;
        if unit.methods().count() != slot.load(METHOD_COUNT)? as usize {
            return Err(Error::Corrupt { what: "number of a unit's methods" });
        }
        Ok(unit)
    }

    /// The active units, in the order of their slots. A slot that contradicts the format gives
    /// `Corrupt` and the iteration goes on; one that is retired meanwhile is left out.
    pub fn iter(&self) -> impl Iterator<Item = Result<UnitDescriptor, Error>> + use<'m, T> {
        let registry = *self;
        (0..self.config.slots).filter_map(move |index| {
            let state = registry.slot(index).and_then(|slot| slot.load(STATE));
            // Relaxed: a guess, which `descriptor` checks.
            let (generation, ACTIVE) = unpack(state.unwrap_or_default()) else { return None };
            match registry.descriptor(UnitId::new(index as u16, generation)) {
                Err(Error::NoUnit) => None,
                other => Some(other),
            }
        })
    }

    /// The epoch by which a unit says that it is alive, for the unit itself.
    ///
    /// The word belongs to the slot: a late heartbeat of a retired unit may count for its
    /// successor. Heartbeats only raise suspicion, and prove nothing.
    ///
    /// # Errors
    /// `NoUnit` if it is not active; `ReadOnly`.
    pub fn heartbeat(&self, id: UnitId) -> Result<EpochCounter<'m>, Error> {
        let slot = self.active(id)?;
        Ok(EpochCounter::from_word(slot.word(HEARTBEAT)?))
    }

    /// The epoch by which a unit says that it is alive, for those who watch it.
    ///
    /// # Errors
    /// `NoUnit` if it is not active.
    pub fn heartbeat_watcher(&self, id: UnitId) -> Result<EpochWatcher<'m>, Error> {
        let slot = self.active(id)?;
        Ok(EpochWatcher::from_peek(slot.peek(HEARTBEAT)?))
    }

    fn active(&self, id: UnitId) -> Result<Span<'m>, Error> {
        let slot = self.slot_of(id)?;
        // Acquire: as in `descriptor`.
        if slot.peek(STATE)?.load(Ordering::Acquire) == pack(id.generation, ACTIVE) {
            Ok(slot)
        } else {
            Err(Error::NoUnit)
        }
    }

    fn slot_of(&self, id: UnitId) -> Result<Span<'m>, Error> {
        let index = u32::from(id.index);
        if index < self.config.slots { self.slot(index) } else { Err(Error::NoUnit) }
    }

    fn slot(&self, index: u32) -> Result<Span<'m>, Error> {
        let len = self.config.slot_len as usize;
        self.span.sub(index as usize * len, len)
    }
}

/// The state word of a slot, if what is active or proposed there has this name.
fn name_matches(slot: &Span<'_>, name: &[u8]) -> Result<Option<u32>, Error> {
    let state = slot.peek(STATE)?;
    for _ in 0..TRIES {
        // Acquire: the name is read next; pairs with Release in `register`.
        let raw = state.load(Ordering::Acquire);
        if !matches!(unpack(raw).1, ACTIVE | PROPOSED) {
            return Ok(None);
        }
        let mut found = [0; MAX_UNIT_NAME_LEN];
        let equal = slot.load(NAME_HASH)? == hash(name)
            && slot.load(NAME_LEN)? as usize == name.len()
            && match found.get_mut(..name.len()) {
                Some(found) => {
                    slot.read(NAME, found)?;
                    found == name
                }
                None => false,
            };
        // Acquire fence: as in `descriptor`.
        fence(Ordering::Acquire);
        if state.load(Ordering::Relaxed) == raw {
            return Ok(equal.then_some(raw));
        }
    }
    Err(Error::Contended { tries: TRIES })
}

/// Fills in a claimed slot.
fn write_record(
    slot: &Span<'_>,
    record: &UnitRecord<'_>,
    name: &[u8],
    methods_len: usize,
) -> Result<(), Error> {
    // Release fence: whoever reads any of the words below reads the claimed state, too; pairs
    // with the Acquire fences in `descriptor` and `name_matches`.
    fence(Ordering::Release);
    let (major, minor, patch) = record.version;
    slot.store(OWNER, record.owner)?;
    slot.store(VERSION, (u32::from(major) << 16) | u32::from(minor))?;
    slot.store(PATCH, u32::from(patch))?;
    slot.store(CAPABILITIES, record.capabilities)?;
    slot.store(METHOD_COUNT, record.methods.len() as u32)?;
    slot.store(NAME_HASH, hash(name))?;
    slot.store(NAME_LEN, name.len() as u32)?;
    slot.store(METHODS_LEN, methods_len as u32)?;
    slot.write(NAME, name)?;
    // Copies go to whole words, so the names are joined on the stack.
    let mut joined = [0; MAX_METHODS_LEN];
    let mut bytes = record.methods.iter().enumerate().flat_map(|(index, method)| {
        let separator: &[u8] = if index == 0 { b"" } else { b"\n" };
        separator.iter().chain(method.as_bytes())
    });
    for (to, from) in joined.iter_mut().zip(&mut bytes) {
        *to = *from;
    }
    let joined = joined.get(..methods_len);
    slot.write(METHODS, joined.ok_or(Error::TooLarge { len: methods_len, max: MAX_METHODS_LEN })?)
}
#[cfg(test)]
mod tests;

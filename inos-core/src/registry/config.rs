//! How large a registry is, and how overflow sections are bound to it.
#![forbid(unsafe_code)]

use super::table::Shape;
use super::{MAX_OVERFLOWS, SectionId};
use crate::defs::{KIND_REGISTRY, KIND_REGISTRY_OVERFLOW};
use crate::error::Error;
use crate::section::Section;

/// How large a registry is. The default takes less than 2 KiB.
///
/// ```
/// use inos_core::RegistryConfig;
///
/// let config = RegistryConfig { slots: 64, ..RegistryConfig::default() };
/// assert_eq!(config.slot_len, 192);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryConfig {
    /// How many units fit: 1 to [`MAX_UNIT_SLOTS`](super::MAX_UNIT_SLOTS).
    pub slots: u32,
    /// Bytes for each: a multiple of 64 from [`MIN_SLOT_LEN`](super::MIN_SLOT_LEN) to
    /// [`MAX_SLOT_LEN`](super::MAX_SLOT_LEN). All but [`SLOT_HEAD_LEN`](super::SLOT_HEAD_LEN) of
    /// them are for names: the unit's, its dependencies', its methods'.
    pub slot_len: u32,
}

impl RegistryConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.slots, self.slot_len, 0, 0]
    }
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self { slots: 8, slot_len: 192 }
    }
}

/// More slots for a registry of the same layout, in a section of their own. They are as long as
/// the registry's.
///
/// ```
/// use inos_core::{Layout, RegistryConfig, RegistryOverflowConfig, SectionId};
///
/// let (units, more) = (SectionId(5), SectionId(6));
/// let layout = Layout::builder()
///     .registry(units, "units", RegistryConfig { slots: 1024, slot_len: 256 })
///     .registry_overflow(more, "more", RegistryOverflowConfig { registry: units, slots: 512 })
///     .build()?;
/// assert_eq!(layout.sections().len(), 2);
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryOverflowConfig {
    /// The section of the registry; the layout has it before this one.
    pub registry: SectionId,
    /// How many more units fit: 1 to [`MAX_UNIT_SLOTS`](super::MAX_UNIT_SLOTS).
    pub slots: u32,
}

impl RegistryOverflowConfig {
    pub(crate) const fn params(&self, slot_len: u32, first_slot: u32) -> [u32; 4] {
        [self.slots, slot_len, self.registry.0, first_slot]
    }
}

/// Bytes that a registry, or an overflow section, needs.
pub(crate) const fn section_len(config: &RegistryConfig) -> Result<u64, Error> {
    match Shape::of(config) {
        Ok(shape) => Ok(shape.len()),
        Err(error) => Err(error),
    }
}

/// Length of the slots of the registry in section `registry`, and the number of the first slot of
/// an overflow section that is added to these sections.
// Indexing is bounded by `count`, which the builder keeps at most the number of sections; const
// fns have no iterators.
#[allow(clippy::indexing_slicing)]
pub(crate) const fn next_first_slot(
    sections: &[Section],
    count: usize,
    registry: SectionId,
) -> Result<(u32, u32), Error> {
    let (mut slot_len, mut first, mut overflows, mut at) = (0, 0, 0, 0);
    while at < count && at < sections.len() {
        let section = &sections[at];
        let [slots, len, ..] = section.params;
        if section.kind == KIND_REGISTRY && section.id.0 == registry.0 {
            (slot_len, first) = (len, slots);
        }
        if section.kind == KIND_REGISTRY_OVERFLOW && section.params[2] == registry.0 {
            first += slots;
            overflows += 1;
        }
        at += 1;
    }
    if slot_len == 0 {
        return Err(Error::BadLayout { what: "an overflow section has no registry before it" });
    }
    if overflows == MAX_OVERFLOWS {
        return Err(Error::BadLayout { what: "more than 7 overflow sections of a registry" });
    }
    Ok((slot_len, first))
}

/// The registry that an overflow section belongs to.
pub(super) const fn registry_of(section: &Section) -> SectionId {
    let [_, _, registry, _] = section.params;
    SectionId(registry)
}

/// The number of an overflow section's first slot.
pub(super) const fn first_slot_of(section: &Section) -> u32 {
    let [_, _, _, first] = section.params;
    first
}

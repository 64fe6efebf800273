//! The dispatcher's units, as entered into the registry.
#![forbid(unsafe_code)]

use inos_core::{
    Cooperative, MAX_SLOT_LEN, MAX_UNIT_SLOTS, RegistryConfig, SLOT_HEAD_LEN, SectionId, Sections,
    Status, UnitId, UnitRecord, UnitRegistry,
};
use inos_units::{Dispatcher, MethodId, UnitInfo};

use super::KernelError;

/// A registry that the units of a dispatcher fit into, with as many free slots again for units of
/// others.
pub(super) fn registry_config(dispatcher: &Dispatcher) -> RegistryConfig {
    // As the registry has them: names on words, methods with a byte between two.
    let words = |len: usize| len.saturating_add(3) & !3;
    let text = |info: &UnitInfo| {
        let methods = info.methods.iter().map(|method| method.name.len() + 1).sum::<usize>();
        words(info.name.len()) + words(methods)
    };
    let longest = dispatcher.units().map(text).max().unwrap_or(0);
    let count = u32::try_from(dispatcher.units().count()).unwrap_or(u32::MAX);
    let default = RegistryConfig::default();
    // One that is longer than a slot can be is refused when it is entered.
    let slot_len = u32::try_from(SLOT_HEAD_LEN + longest).unwrap_or(u32::MAX);
    let slot_len = slot_len.clamp(default.slot_len, MAX_SLOT_LEN).next_multiple_of(64);
    let slots = count.saturating_mul(2).clamp(default.slots, MAX_UNIT_SLOTS);
    RegistryConfig { slots, slot_len }
}

/// Entries in the registry, for as long as this value lives.
pub(super) struct Units<'m> {
    registry: UnitRegistry<'m, Cooperative>,
    entered: Vec<Entered>,
}

struct Entered {
    name: &'static str,
    id: UnitId,
    /// By number.
    methods: Vec<MethodId>,
}

impl<'m> Units<'m> {
    pub(super) fn enter(
        sections: &Sections<'m, Cooperative>,
        section: SectionId,
        dispatcher: &Dispatcher,
    ) -> Result<Self, KernelError> {
        let registry =
            UnitRegistry::open(sections, section).map_err(KernelError::section(section))?;
        let mut units = Self { registry, entered: Vec::new() };
        for info in dispatcher.units() {
            let names: Vec<_> = info.methods.iter().map(|method| method.name).collect();
            // Each resolves: both lists come from the unit's table.
            let methods =
                names.iter().filter_map(|name| dispatcher.resolve(info.name, name).ok()).collect();
            let record = UnitRecord {
                name: info.name,
                version: (info.version.major, info.version.minor, info.version.patch),
                owner: std::process::id(),
                methods: &names,
                ..UnitRecord::default()
            };
            let id = units
                .registry
                .register(&record)
                .map_err(|source| KernelError::Unit { name: info.name, source })?;
            units.entered.push(Entered { name: info.name, id, methods });
        }
        Ok(units)
    }

    pub(super) fn method(&self, id: UnitId, number: u16) -> Result<MethodId, Status> {
        let unit = self.entered.iter().find(|unit| unit.id == id).ok_or(Status::NO_UNIT)?;
        unit.methods.get(usize::from(number)).copied().ok_or(Status::NO_METHOD)
    }
}

impl Units<'_> {
    /// Names and numbers, in the order of the dispatcher.
    pub(super) fn entered(&self) -> impl Iterator<Item = (&'static str, UnitId)> {
        self.entered.iter().map(|unit| (unit.name, unit.id))
    }

    /// Retires the unit in this place of the dispatcher.
    pub(super) fn give_up(&self, unit: usize) {
        if let Some(unit) = self.entered.get(unit) {
            // It fails only for an entry that is not there any more.
            let _ = self.registry.retire(unit.id);
        }
    }
}

impl Drop for Units<'_> {
    fn drop(&mut self) {
        for unit in &self.entered {
            // It fails only for an entry that is not there any more.
            let _ = self.registry.retire(unit.id);
        }
    }
}

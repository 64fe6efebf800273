//! The dispatcher's units, as entered into the registry.
#![forbid(unsafe_code)]

use inos_core::{Cooperative, SectionId, Sections, Status, UnitId, UnitRecord, UnitRegistry};
use inos_units::{Dispatcher, MethodId};

use super::KernelError;

/// Entries in the registry, for as long as this value lives.
pub(super) struct Units<'m> {
    registry: UnitRegistry<'m, Cooperative>,
    entered: Vec<Entered>,
}

struct Entered {
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
            units.entered.push(Entered { id, methods });
        }
        Ok(units)
    }

    pub(super) fn method(&self, id: UnitId, number: u16) -> Result<MethodId, Status> {
        let unit = self.entered.iter().find(|unit| unit.id == id).ok_or(Status::NO_UNIT)?;
        unit.methods.get(usize::from(number)).copied().ok_or(Status::NO_METHOD)
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

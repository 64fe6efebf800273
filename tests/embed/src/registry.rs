//! Unit registries.

use inos_core::{
    Error, SectionId, Sections, Trust, UnitDescriptor, UnitId, UnitRecord, UnitRegistry,
};

use crate::{Input, epochs, used};

/// Registers, looks up, retires.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let registry = UnitRegistry::open(sections, SectionId(input.number()))?;
    used((UnitRegistry::slot_count(&registry), UnitRegistry::max_methods_len(&registry)));
    let (text, number) = (input.text(), input.number());
    let record = UnitRecord {
        name: text,
        version: (number as u16, 0, 0),
        capabilities: number,
        owner: number,
        methods: &[text, text],
    };
    let id = UnitRegistry::register(&registry, &record)?;
    used((UnitId::index(id), UnitId::generation(id), UnitId::new(number as u16, number as u16)));
    let id = if number == 0 { id } else { UnitId::from_raw(UnitId::raw(id) ^ number) };
    used(UnitRegistry::find(&registry, text));
    used(UnitRegistry::method(&registry, id, text));
    descriptor(&UnitRegistry::descriptor(&registry, id)?);
    UnitRegistry::iter(&registry).flatten().for_each(|unit| descriptor(&unit));
    let counter = UnitRegistry::heartbeat(&registry, id)?;
    let mut watcher = UnitRegistry::heartbeat_watcher(&registry, id)?;
    used(epochs::counter(&counter, &mut watcher, input));
    UnitRegistry::retire(&registry, id)
}

fn descriptor(unit: &UnitDescriptor) {
    used((UnitDescriptor::id(unit), UnitDescriptor::name(unit), UnitDescriptor::version(unit)));
    used((UnitDescriptor::capabilities(unit), UnitDescriptor::owner(unit)));
    UnitDescriptor::methods(unit).for_each(used);
}

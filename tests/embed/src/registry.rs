//! Unit registries.

use inos_core::{
    Capabilities, Dependency, Error, SectionId, Sections, Trust, UnitCost, UnitDescriptor, UnitId,
    UnitLimits, UnitRecord, UnitRegistry, VersionRange,
};

use crate::{Input, epochs, used};

/// Registers, looks up, retires.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let registry = UnitRegistry::open(sections, SectionId(input.number()))?;
    used((UnitRegistry::slot_count(&registry), UnitRegistry::max_text_len(&registry)));
    let (text, number) = (input.text(), input.number());
    let dependencies = [VersionRange::at_least, VersionRange::exactly, VersionRange::caret]
        .map(|range| Dependency { name: text, range: range((number as u16, 0, number as u16)) });
    let all = Capabilities(number.into());
    let record = UnitRecord {
        name: text,
        version: (number as u16, 0, 0),
        capabilities: all,
        owner: number,
        methods: &[text, text],
        dependencies: &dependencies,
        limits: UnitLimits { jobs: number, ..UnitLimits::default() },
        cost: UnitCost { per_call: number.into(), per_unit: number.into() },
    };
    let id = UnitRegistry::register(&registry, &record)?;
    used((UnitId::index(id), UnitId::generation(id), UnitId::new(number as u16, number as u16)));
    let id = if number == 0 { id } else { UnitId::from_raw(UnitId::raw(id) ^ number) };
    used(UnitRegistry::find(&registry, text));
    used(UnitRegistry::method(&registry, id, text));
    used(UnitRegistry::version(&registry, id));
    used(UnitRegistry::with_capabilities(&registry, all).count());
    descriptor(&UnitRegistry::descriptor(&registry, id)?);
    UnitRegistry::iter(&registry).flatten().for_each(|unit| descriptor(&unit));
    let counter = UnitRegistry::heartbeat(&registry, id)?;
    let mut watcher = UnitRegistry::heartbeat_watcher(&registry, id)?;
    used(epochs::counter(&counter, &mut watcher, input));
    UnitRegistry::retire(&registry, id)
}

/// What units need of others.
#[inline(never)]
pub fn needs<T: Trust>(sections: &Sections<'_, T>, input: &Input<'_>) -> Result<(), Error> {
    let registry = &UnitRegistry::open(sections, SectionId(input.number()))?;
    let id = UnitRegistry::find(registry, input.text())?;
    let unit = UnitRegistry::descriptor(registry, id)?;
    UnitRegistry::missing_dependencies(registry, &unit).for_each(used);
    let mut order = [UnitId::NONE; 8];
    let order = order.get_mut(..input.number() as usize).unwrap_or_default();
    used(UnitRegistry::resolve(registry, id, order));
    let version = (input.number() as u16, 1, 1);
    let range = VersionRange::between(version, UnitRegistry::version(registry, id)?);
    used((VersionRange::contains(&range, version), VersionRange::is_empty(&range)));
    used(UnitRegistry::provider(registry, &Dependency { name: input.text(), range }));
    Ok(())
}

fn descriptor(unit: &UnitDescriptor) {
    used((UnitDescriptor::id(unit), UnitDescriptor::name(unit), UnitDescriptor::version(unit)));
    used((UnitDescriptor::capabilities(unit), UnitDescriptor::owner(unit)));
    used((UnitDescriptor::party(unit), UnitDescriptor::limits(unit)));
    let cost = UnitDescriptor::cost(unit);
    used((cost, UnitCost::total(&cost, 7)));
    used(Capabilities::contains(UnitDescriptor::capabilities(unit), Capabilities::NONE));
    UnitDescriptor::methods(unit).for_each(used);
    UnitDescriptor::dependencies(unit).for_each(used);
}

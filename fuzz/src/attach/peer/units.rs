//! Registries of units.

use inos_core::{
    Capabilities, Dependency, EpochCounter, EpochWatcher, SectionId, UnitCost, UnitDescriptor,
    UnitId, UnitLimits, UnitRecord, UnitRegistry, VersionRange,
};

use super::world::World;
use super::{Context, Door, keep, one};
use crate::bytes::Bytes;

const NAMES: [&str; 4] = ["a", "hash", "boids", ""];
const METHODS: [&str; 3] = ["one", "two", "three"];

pub(super) struct Units<'m, T: Door> {
    registries: Vec<UnitRegistry<'m, T>>,
    ids: Vec<UnitId>,
}

impl<T: Door> Default for Units<'_, T> {
    fn default() -> Self {
        Self { registries: Vec::new(), ids: Vec::new() }
    }
}

/// What was registered is what is found.
fn check(unit: &UnitDescriptor, record: &UnitRecord<'_>) {
    assert_eq!((unit.name(), unit.version()), (record.name, record.version));
    assert_eq!((unit.capabilities(), unit.owner()), (record.capabilities, record.owner));
    assert_eq!((unit.limits(), unit.cost()), (record.limits, record.cost));
    assert!(unit.methods().eq(record.methods.iter().copied()));
    assert!(unit.dependencies().eq(record.dependencies.iter().copied()));
}

impl<'m, T: Door> Units<'m, T> {
    pub(super) fn open(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        if let Some(registry) = at.world.see(UnitRegistry::open(at.sections, id)) {
            keep(&mut self.registries, registry);
        }
    }

    /// Gives a heartbeat and its watcher, now and then.
    pub(super) fn work(
        &mut self,
        world: &World,
        bytes: &mut Bytes<'_>,
    ) -> (Option<EpochCounter<'m>>, Option<EpochWatcher<'m>>) {
        let choice = bytes.u8() % 6;
        let raw = UnitId::from_raw(bytes.word());
        let id = one(&mut self.ids, bytes).copied().unwrap_or(raw);
        let Some(&mut registry) = one(&mut self.registries, bytes) else { return (None, None) };
        let name = NAMES[bytes.index(NAMES.len())];
        match choice {
            0 | 1 => {
                let methods = &METHODS[..bytes.index(METHODS.len() + 1)];
                let capabilities = Capabilities(bytes.word().into());
                let number = u64::from(bytes.u8());
                let range = VersionRange::at_least((0, 0, number as u16));
                let needs = ["a", "hash", "boids"].map(|name| Dependency { name, range });
                let record = UnitRecord {
                    name,
                    version: (1, 2, number as u16),
                    capabilities,
                    owner: !(number as u32),
                    methods,
                    dependencies: &needs[..bytes.index(needs.len() + 1)],
                    limits: UnitLimits { fuel: !number, ..UnitLimits::default() },
                    cost: UnitCost { per_call: number << 40, per_unit: number },
                };
                if let Some(id) = world.see(registry.register(&record)) {
                    keep(&mut self.ids, id);
                    if world.is_known() {
                        assert_eq!(registry.find(name), Ok(id));
                        check(&registry.descriptor(id).expect("just registered"), &record);
                        assert!(registry.with_capabilities(capabilities).any(|other| other == id));
                        assert_eq!(registry.version(id), Ok(record.version));
                    }
                }
            }
            2 => {
                if world.see(registry.retire(id)).is_some() && world.is_known() {
                    assert!(registry.descriptor(id).is_err());
                }
            }
            3 => {
                world.see(registry.find(name).and_then(|id| registry.method(id, "two")));
                let mut order = [UnitId::NONE; 4];
                world.see(registry.resolve(id, &mut order).map(<[UnitId]>::len));
                let all = Capabilities(bytes.u8().into());
                assert!(registry.with_capabilities(all).count() <= registry.slot_count() as usize);
            }
            4 => {
                for unit in registry.iter() {
                    if let Some(unit) = world.see(unit) {
                        let methods = unit.methods().map(str::len).sum::<usize>();
                        let needs = unit.dependencies().map(|need| need.name.len()).sum::<usize>();
                        assert!(unit.name().len() + methods + needs <= 1024);
                        let missing = registry.missing_dependencies(&unit).count();
                        assert!(missing <= unit.dependencies().count());
                    }
                }
            }
            _ => {
                let counter = world.see(registry.heartbeat(id));
                return (counter, world.see(registry.heartbeat_watcher(id)));
            }
        }
        (None, None)
    }
}

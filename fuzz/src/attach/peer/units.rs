//! Registries of units.

use inos_core::{EpochCounter, EpochWatcher, SectionId, UnitId, UnitRecord, UnitRegistry};

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
                let capabilities = bytes.word();
                let record = UnitRecord { name, capabilities, methods, ..UnitRecord::default() };
                if let Some(id) = world.see(registry.register(&record)) {
                    keep(&mut self.ids, id);
                    if world.is_known() {
                        assert_eq!(registry.find(name), Ok(id));
                        let unit = registry.descriptor(id).expect("just registered");
                        assert_eq!((unit.name(), unit.capabilities()), (name, capabilities));
                        assert!(unit.methods().eq(methods.iter().copied()));
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
            }
            4 => {
                for unit in registry.iter() {
                    if let Some(unit) = world.see(unit) {
                        let methods = unit.methods().map(str::len).sum::<usize>();
                        assert!(unit.name().len() + methods <= 1024);
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

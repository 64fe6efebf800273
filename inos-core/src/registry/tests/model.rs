//! Anything that can be done, against a map of the standard library.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Register { name: usize, version: u16, capabilities: u64, party: u16 },
    Retire(prop::sample::Index),
    Reclaim(u16),
}

const NAMES: [&str; 9] =
    ["a", "b", "ab", "hash", "hash2", "größer", "x-y-z", "0", "long-long-long"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..NAMES.len(), any::<u16>(), 0_u64..16, 0_u16..3).prop_map(
            |(name, version, capabilities, party)| {
                Step::Register { name, version, capabilities, party }
            }
        ),
        2 => any::<prop::sample::Index>().prop_map(Step::Retire),
        1 => (0_u16..3).prop_map(Step::Reclaim),
    ]
}

struct Unit {
    id: UnitId,
    version: u16,
    capabilities: u64,
    party: u16,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 200 }))]

    #[test]
    fn it_is_a_map_of_names(steps in prop::collection::vec(step(), 1..120)) {
        let layout = Layout::builder()
            .registry(UNITS, "units", RegistryConfig { slots: 3, slot_len: 128 })
            .registry_overflow(
                SectionId(6),
                "more",
                RegistryOverflowConfig { registry: UNITS, slots: 2 },
            )
            .build()
            .unwrap();
        let words: Vec<_> =
            (0..layout.total_len() as usize / 4).map(|_| AtomicU32::new(0)).collect();
        Sections::create(Region::from_words(&words), &layout, 7).unwrap();
        let memory = Memory { words, section: 0 };
        let registries = [0, 1, 2].map(|party| memory.registry_of(party));
        let mut model: HashMap<&str, Unit> = HashMap::new();
        let mut gone = Vec::new();

        for step in steps {
            match step {
                Step::Register { name, version, capabilities, party } => {
                    let name = NAMES[name];
                    let record = UnitRecord {
                        version: (version, 0, 1),
                        capabilities: Capabilities(capabilities),
                        methods: &[name],
                        ..named(name)
                    };
                    let result = registries[usize::from(party)].register(&record);
                    if model.contains_key(name) {
                        prop_assert_eq!(result, Err(Error::RoleHeld));
                    } else if model.len() == 5 {
                        prop_assert_eq!(result, Err(Error::NoSeat { count: 5 }));
                    } else {
                        let id = result.unwrap();
                        prop_assert!(!gone.contains(&id), "an id is given out once");
                        model.insert(name, Unit { id, version, capabilities, party });
                    }
                }
                Step::Retire(index) if !model.is_empty() => {
                    let name = *index.get(&model.keys().copied().collect::<Vec<_>>());
                    let unit = model.remove(name).unwrap();
                    prop_assert_eq!(registries[0].retire(unit.id), Ok(()));
                    gone.push(unit.id);
                }
                Step::Retire(_) => {}
                Step::Reclaim(party) => {
                    let before = model.len();
                    model.retain(|_, unit| {
                        let stays = party == 0 || unit.party != party;
                        if !stays {
                            gone.push(unit.id);
                        }
                        stays
                    });
                    prop_assert_eq!(memory.reclaim(party) as usize, before - model.len());
                }
            }
            let registry = &registries[1];
            for name in NAMES {
                let found = registry.find(name);
                prop_assert_eq!(found, model.get(name).map(|unit| unit.id).ok_or(Error::NoUnit));
            }
            for (&name, unit) in &model {
                let copy = registry.descriptor(unit.id).unwrap();
                prop_assert_eq!((copy.name(), copy.party()), (name, unit.party));
                prop_assert_eq!(copy.version(), (unit.version, 0, 1));
                prop_assert_eq!(registry.method(unit.id, name), Ok(0));
            }
            for &id in &gone {
                prop_assert_eq!(registry.retire(id), Err(Error::NoUnit));
                prop_assert_eq!(registry.version(id), Err(Error::NoUnit));
            }
            for bits in 0..4 {
                let with = model.values().filter(|unit| unit.capabilities & bits == bits).count();
                prop_assert_eq!(registry.with_capabilities(Capabilities(bits)).count(), with);
            }
            prop_assert_eq!(registry.iter().count(), model.len());
        }
    }
}

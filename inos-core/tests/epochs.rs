//! Named epochs against a map.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::collections::HashMap;

use inos_core::{
    AlignedBytes, Allocated, EpochId, Error, Layout, NamedEpochs, NamedEpochsConfig, Region,
    SectionId, Sections, Spin,
};
use proptest::prelude::*;

const ID: SectionId = SectionId(1);
const SLOTS: usize = 4;

#[derive(Clone, Debug)]
enum Step {
    Allocate(String),
    Find(String),
    /// By the place of the id among all that ever were.
    Free(usize),
    Advance(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let name = || prop_oneof!["[a-f]", "[a-f]{24}", "\\PC{1,6}"];
    prop_oneof![
        3 => name().prop_map(Step::Allocate),
        2 => name().prop_map(Step::Find),
        2 => (0_usize..30).prop_map(Step::Free),
        2 => (0_usize..30).prop_map(Step::Advance),
    ]
}

proptest! {
    #[test]
    fn names_are_a_map(steps in prop::collection::vec(step(), 1..60)) {
        let config = NamedEpochsConfig { slots: SLOTS as u32 };
        let layout = Layout::builder().named_epochs(ID, "names", config).build().unwrap();
        let mut memory = AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout, 7).unwrap();
        let epochs = NamedEpochs::open(&sections, ID).unwrap();
        let park = Spin::default();
        let mut map: HashMap<String, EpochId> = HashMap::new();
        let mut ids: Vec<EpochId> = Vec::new();
        let mut advances = [0_u32; SLOTS];
        for step in steps {
            match step {
                Step::Allocate(name) => {
                    let expected = map.get(&name).copied();
                    match epochs.allocate(&name) {
                        Ok(Allocated::Existing(id)) => prop_assert_eq!(Some(id), expected),
                        Ok(Allocated::New(id)) => {
                            prop_assert_eq!(expected, None);
                            prop_assert!(!ids.contains(&id));
                            ids.push(id);
                            map.insert(name, id);
                        }
                        Err(error) => {
                            prop_assert_eq!(error, Error::NoSeat { count: SLOTS as u32 });
                            prop_assert!(expected.is_none() && map.len() == SLOTS);
                        }
                    }
                }
                Step::Find(name) => {
                    prop_assert_eq!(epochs.find(&name).unwrap(), map.get(&name).copied());
                }
                Step::Free(at) => {
                    let Some(&id) = ids.get(at) else { continue };
                    let live = map.values().any(|&other| other == id);
                    prop_assert_eq!(epochs.free(id, &park).is_ok(), live);
                    map.retain(|_, other| *other != id);
                    advances[id.index() as usize] += u32::from(live);
                }
                Step::Advance(at) => {
                    let Some(&id) = ids.get(at) else { continue };
                    let live = map.values().any(|&other| other == id);
                    let advanced = epochs.counter(id).and_then(|counter| counter.advance(&park));
                    prop_assert_eq!(advanced.is_ok(), live);
                    if live {
                        advances[id.index() as usize] += 1;
                        prop_assert_eq!(advanced, Ok(advances[id.index() as usize]));
                    }
                }
            }
            let live = (0..SLOTS as u32).filter_map(|index| epochs.entry(index).unwrap());
            let live: HashMap<_, _> = live.map(|one| (one.name().to_owned(), one.id())).collect();
            prop_assert_eq!(&live, &map);
        }
    }
}

//! Finding a unit by its name.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

use inos::{Capabilities, Cooperative, Layout, RegistryConfig, SectionId, UnitRecord};
use inos::{UnitCost, UnitLimits, UnitRegistry};

use super::Area;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::{inos, limit, peer};

pub(super) const AREA: Area = Area {
    name: "registry",
    title: "Finding one of 1024 units by its name",
    about: "The limit hashes a name (FNV-1a) and compares it with the one name that is right. \
            The maps are private to a process; the registry lies in shared memory, where units \
            come and go, and takes no lock.",
    run,
};

const UNITS: SectionId = SectionId(1);

/// Names of so many units.
pub(super) fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("unit-{number:04}-of-many")).collect()
}

/// A layout for so many.
pub(super) fn layout(count: usize) -> Layout {
    let config = RegistryConfig { slots: count as u32, slot_len: 512 };
    Layout::builder().registry(UNITS, "units", config).build().expect("a layout")
}

/// The registry of this layout, with all of them in it.
pub(super) fn registry<'m>(
    sections: &inos::Sections<'m, Cooperative>,
    names: &[String],
) -> UnitRegistry<'m, Cooperative> {
    let registry = UnitRegistry::open(sections, UNITS).expect("a registry");
    for name in names {
        let record = UnitRecord {
            name,
            version: (1, 0, 0),
            capabilities: Capabilities(0),
            owner: 1,
            methods: &["run"],
            dependencies: &[],
            limits: UnitLimits::default(),
            cost: UnitCost::default(),
        };
        registry.register(&record).expect("a free slot");
    }
    registry
}

/// Looks up one name after another, in an order that no cache foresees; `find` says whether it
/// found the right one.
pub(super) fn lookups<'a>(
    names: &'a [String],
    mut find: impl FnMut(usize, &str) -> bool + 'a,
) -> impl FnMut(u64) -> u64 + 'a {
    let mut at = 0_usize;
    move |count| {
        let mut right = 0;
        for _ in 0..count {
            // All of them, in steps that are odd and so prime to a power of two.
            at = (at + 389) % names.len();
            right += u64::from(find(at, black_box(&names[at])));
        }
        right
    }
}

fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn run(driver: &mut dyn Driver) {
    let names = names(1024);
    let mut memory = Memory::new(layout(names.len()));
    let sections = memory.sections();
    let registry = registry(&sections, &names);
    let ids: Vec<_> = names.iter().map(|name| registry.find(name).expect("it is there")).collect();
    let hashes: Vec<_> = names.iter().map(|name| hash(name)).collect();
    let map: HashMap<&str, usize> =
        names.iter().enumerate().map(|(at, name)| (&**name, at)).collect();
    let tree: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(at, name)| (&**name, at)).collect();
    let contenders = vec![
        limit(
            "hash and compare",
            lookups(&names, |at, name| {
                hash(name) == black_box(&hashes)[at] && *name == **black_box(&names[at])
            }),
        )
        .boxed(),
        peer("HashMap", lookups(&names, |at, name| black_box(&map).get(name) == Some(&at))).boxed(),
        peer("BTreeMap", lookups(&names, |at, name| black_box(&tree).get(name) == Some(&at)))
            .boxed(),
        inos("find", lookups(&names, |at, name| black_box(&registry).find(name) == Ok(ids[at])))
            .noting(|| "goal 50 ns".to_owned())
            .boxed(),
    ];
    driver.case(Case::new("1024 units", 1024), contenders);
}

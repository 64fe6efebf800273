//! Finding a unit by its name among 1024.

use std::collections::HashMap;
use std::hint::black_box;

use inos_core::{Layout, RegistryConfig, SectionId, UnitId, UnitRecord, UnitRegistry};

use crate::contender::{Contender, Goal, Row, Side};
use crate::machine;

const UNITS: SectionId = SectionId(1);
const COUNT: usize = 1024;

fn names() -> &'static [String] {
    (0..COUNT).map(|index| format!("unit number {index}")).collect::<Vec<_>>().leak()
}

/// Looks names up in an order that no branch predictor learns; each must be found where it is.
fn lookups(
    name: &'static str,
    side: Side,
    find: impl Fn(&str) -> Option<usize> + 'static,
) -> Contender {
    let names = names();
    let mut at = 0_usize;
    Contender::solo(name, side, move |ops| {
        for _ in 0..ops {
            at = (at * 5 + 7) % COUNT;
            assert_eq!(find(black_box(&names[at])), Some(at));
        }
    })
}

fn registry(count: usize) -> (UnitRegistry<'static, inos_core::Cooperative>, Vec<UnitId>) {
    let config = RegistryConfig { slots: count as u32, slot_len: 256 };
    let layout = Layout::builder().registry(UNITS, "units", config).build().expect("a layout");
    let registry = UnitRegistry::open(&machine::sections(&layout), UNITS).expect("the section");
    let register = |name: &String| {
        registry.register(&UnitRecord { name, ..UnitRecord::default() }).expect("there is a slot")
    };
    let ids = names().iter().take(count).map(register).collect();
    (registry, ids)
}

/// Lookups in a registry of so many slots, all of them taken.
pub(super) fn inos(count: usize) -> Contender {
    let (registry, ids) = registry(count);
    let names = names();
    let mut at = 0_usize;
    Contender::solo("INOS registry", Side::Inos, move |ops| {
        for _ in 0..ops {
            at = (at * 5 + 7) % count;
            assert_eq!(registry.find(black_box(&names[at])), Ok(ids[at]));
        }
    })
}

/// The row of this area.
pub(super) fn rows() -> Vec<Row> {
    let map: HashMap<String, usize> = names().iter().cloned().zip(0..).collect();
    let sorted: std::collections::BTreeMap<String, usize> =
        names().iter().cloned().zip(0..).collect();
    vec![Row {
        id: "registry-find",
        what: "find a unit by name among 1024 (the limit is a private hash map)",
        ops: 10_000,
        latency: false,
        goals: &[("INOS registry", Goal::Time(50.0))],
        contenders: vec![
            lookups("std HashMap", Side::Limit, move |name| map.get(name).copied()),
            inos(COUNT),
            lookups("std BTreeMap", Side::Peer, move |name| sorted.get(name).copied()),
        ],
    }]
}

//! The registry through a mapping that can only be read.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)]

use std::ptr::NonNull;

use inos_core::{
    Access, AlignedBytes, Capabilities, Error, Hostile, Layout, Region, RegistryConfig, SectionId,
    Sections, UnitRecord, UnitRegistry,
};

const UNITS: SectionId = SectionId(5);

#[test]
fn readers_need_no_write_access() {
    let layout =
        Layout::builder().registry(UNITS, "units", RegistryConfig::default()).build().unwrap();
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout, 7).unwrap();
    let record = UnitRecord {
        name: "a",
        capabilities: Capabilities(6),
        methods: &["m"],
        ..UnitRecord::default()
    };
    let id = UnitRegistry::open(&sections, UNITS).unwrap().register(&record).unwrap();

    let base = NonNull::from(memory.as_mut()).cast();
    // SAFETY: the bytes live to the end of this test, and nobody borrows them meanwhile.
    let region = unsafe { Region::<Hostile>::from_raw_parts(base, 4096, Access::ReadOnly) };
    let sections = Sections::attach(region.unwrap()).unwrap();
    let registry = UnitRegistry::open(&sections, UNITS).unwrap();
    assert_eq!(registry.find("a"), Ok(id));
    assert_eq!(registry.find("b"), Err(Error::NoUnit));
    assert_eq!(registry.method(id, "m"), Ok(0));
    assert!(registry.with_capabilities(Capabilities(2)).eq([id]));
    assert!(registry.heartbeat_watcher(id).is_ok());
    let new = UnitRecord { name: "b", ..record };
    assert_eq!(registry.register(&new), Err(Error::ReadOnly));
    assert_eq!(registry.retire(id), Err(Error::ReadOnly));
    assert_eq!(registry.heartbeat(id).err(), Some(Error::ReadOnly));
}

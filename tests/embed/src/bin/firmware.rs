//! What a node of two cores does with epochs, a ring and a registry: one core lays the memory
//! out, registers its unit and sends; the other one attaches, finds the unit and receives.
#![cfg_attr(any(target_os = "none", target_family = "wasm"), no_std, no_main)]

use inos_core::{
    Capabilities, EpochTable, EpochsConfig, Error, Layout, Region, RegistryConfig, RingBuffer,
    RingConfig, SectionId, Sections, Spin, UnitCost, UnitLimits, UnitRecord, UnitRegistry,
};
use inos_embed::{Input, used};

inos_embed::entry!(run);

const EPOCHS: SectionId = SectionId(1);
const READINGS: SectionId = SectionId(2);
const UNITS: SectionId = SectionId(3);
const LAYOUT: Layout = {
    let built = Layout::builder()
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .ring(READINGS, "readings", RingConfig { capacity: 64 })
        .registry(UNITS, "units", RegistryConfig { slots: 4, slot_len: 256 })
        .build();
    match built {
        Ok(layout) => layout,
        Err(_) => panic!("the layout is wrong"),
    }
};

fn run(memory: &mut [u8], input: &mut Input<'_>) {
    used(if input.number() == 0 { first(memory, input) } else { second(memory, input) });
}

fn first(memory: &mut [u8], input: &Input<'_>) -> Result<(), Error> {
    let sections = Sections::create(Region::trim(memory).0, &LAYOUT, 1)?;
    let units = UnitRegistry::open(&sections, UNITS)?;
    let id = units.register(&UnitRecord {
        name: "thermometer",
        version: (1, 0, 0),
        capabilities: Capabilities(1),
        owner: 1,
        methods: &["read"],
        dependencies: &[],
        limits: UnitLimits::default(),
        cost: UnitCost::default(),
    })?;
    let heartbeat = units.heartbeat(id)?;
    let ring = RingBuffer::open(&sections, READINGS)?;
    let mut producer = ring.producer()?;
    let epochs = EpochTable::open(&sections, EPOCHS)?;
    let sent = epochs.counter(0)?;
    for _ in 0..input.number() {
        match producer.push(id.raw(), input.bytes()) {
            Ok(()) => used(sent.advance(&Spin::default())),
            Err(error) => used(error),
        }
        used(heartbeat.advance(&Spin::default()));
    }
    units.retire(id)
}

fn second(memory: &mut [u8], input: &mut Input<'_>) -> Result<(), Error> {
    let sections = Sections::attach_as(Region::trim(memory).0, &LAYOUT)?;
    let units = UnitRegistry::open(&sections, UNITS)?;
    let id = units.find("thermometer")?;
    let mut alive = units.heartbeat_watcher(id)?;
    let ring = RingBuffer::open(&sections, READINGS)?;
    let mut consumer = ring.consumer()?;
    let mut sent = EpochTable::open(&sections, EPOCHS)?.watcher(0)?;
    while alive.changed().is_some() {
        if sent.changed().is_some() {
            used(consumer.pop(input.buffer())?);
        }
    }
    Ok(())
}

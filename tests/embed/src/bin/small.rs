//! Banks of epochs, a ring of single records and a registry: formatted here or by another party.
#![cfg_attr(any(target_os = "none", target_family = "wasm"), no_std, no_main)]

use inos_core::{EpochsConfig, Layout, Region, RegistryConfig, RingConfig, SectionId};
use inos_embed::{Input, epochs, registry, ring, sections, used};

inos_embed::entry!(run);

const LAYOUT: Layout = {
    let built = Layout::builder()
        .epochs(SectionId(1), "epochs", EpochsConfig { count: 2, padded: true })
        .ring(SectionId(2), "ring", RingConfig { capacity: 64 })
        .registry(SectionId(3), "registry", RegistryConfig { slots: 4, slot_len: 256 })
        .build();
    match built {
        Ok(layout) => layout,
        Err(_) => panic!("the layout is wrong"),
    }
};

fn run(memory: &mut [u8], input: &mut Input<'_>) {
    let sections = if input.number() == 0 {
        sections::attach_as(Region::trim(memory).0, core::hint::black_box(&LAYOUT))
    } else {
        sections::create(Region::trim(memory).0, core::hint::black_box(&LAYOUT), input)
    };
    let Ok(sections) = sections else { return };
    used(epochs::probe(&sections, input));
    used(ring::probe(&sections, input));
    used(ring::in_place(&sections, input));
    used(registry::probe(&sections, input));
}

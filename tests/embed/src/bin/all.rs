//! Every public function of `inos-core`, for both trusts.
#![cfg_attr(any(target_os = "none", target_family = "wasm"), no_std, no_main)]

use inos_core::{
    ArenaConfig, AtomicU32, BroadcastConfig, Cooperative, CountersConfig, DirtyMapConfig,
    EpochsConfig, LanesConfig, Layout, LogConfig, Mode, MpscConfig, NamedEpochsConfig,
    PartiesConfig, PingPongConfig, Region, RegistryConfig, RegistryOverflowConfig, RingConfig,
    SectionId, Sections, Trust,
};
use inos_embed::{
    Input, arena, batches, broadcast, counters, epochs, lanes, layout, log, mpsc, names, parties,
    ping_pong, registry, ring, sections, twin, used, waiting,
};

inos_embed::entry!(run);

const MORE: RegistryOverflowConfig = RegistryOverflowConfig { registry: SectionId(3), slots: 2 };
/// All kinds. The ids are those that the host's `main` asks for, as far as they reach.
const LAYOUT: Layout = {
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    let observed = PingPongConfig { mode: Mode::Observed, ..frames };
    let map = DirtyMapConfig { first: SectionId(0), sections: 1, block_len: 64 };
    let built = Layout::builder()
        .raw(SectionId(0), "raw", 64)
        .epochs(SectionId(1), "epochs", EpochsConfig { count: 2, padded: true })
        .ring(SectionId(2), "ring", RingConfig { capacity: 64 })
        .registry(SectionId(3), "registry", RegistryConfig { slots: 4, slot_len: 256 })
        .registry_overflow(SectionId(11), "more", MORE)
        .ping_pong(SectionId(4), "observed", observed)
        .ping_pong(SectionId(7), "frames", frames)
        .lanes(SectionId(8), "lanes", LanesConfig { lanes: 2, entries: 4, buffer_len: 64 })
        .arena(SectionId(100), "arena", ArenaConfig { page_len: 512, pages: 4 })
        .dirty_map(SectionId(1 << 20), "map", map)
        .broadcast(SectionId(5), "broadcast", BroadcastConfig { capacity: 64 })
        .counters(SectionId(6), "counters", CountersConfig { count: 2 })
        .log(SectionId(9), "log", LogConfig { capacity: 4, text_len: 40 })
        .mpsc(SectionId(12), "shared", MpscConfig { capacity: 64, tickets: 8, seats: 2 })
        .named_epochs(SectionId(10), "names", NamedEpochsConfig { slots: 4 })
        .parties(SectionId(64), "parties", PartiesConfig { seats: 2, scheme: 0 })
        .build();
    match built {
        Ok(layout) => layout,
        Err(_) => panic!("the layout is wrong"),
    }
};

fn run(memory: &mut [u8], input: &mut Input<'_>) {
    used(layout::probe(input));
    let words = [const { AtomicU32::new(0) }; 64];
    used(sections::doors(memory, &words));
    used(Region::trim(memory).0.len());

    let created = sections::create(Region::trim(memory).0, core::hint::black_box(&LAYOUT), input);
    if let Ok(sections) = created {
        every(&sections, input);
    }
    if let Ok(sections) = sections::attach(Region::trim(memory).0) {
        every(&sections, input);
        in_place(&sections, input);
    }
    used(batches::split(memory, input));
    let words = [const { AtomicU32::new(0) }; 4096];
    if let Ok(sections) =
        sections::create(Region::from_words(&words), core::hint::black_box(&LAYOUT), input)
    {
        every(&sections, input);
    }
    if let Ok(sections) = sections::attach(Region::from_words(&words)) {
        every(&sections, input);
    }
}

fn every<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) {
    used(sections::probe(sections, input));
    used(epochs::probe(sections, input));
    used(ring::probe(sections, input));
    used(registry::probe(sections, input));
    used(registry::needs(sections, input));
    used(ping_pong::probe(sections, input));
    used(lanes::probe(sections, input));
    used(parties::probe(sections, input));
    used(arena::probe(sections, input));
    used(batches::probe(sections, input));
    used(broadcast::probe(sections, input));
    used(counters::probe(sections, input));
    used(log::probe(sections, input));
    used(mpsc::probe(sections, input));
    used(names::probe(sections, input));
    used(twin::probe(sections, input));
    used(waiting::probe(sections, input));
}

fn in_place(sections: &Sections<'_, Cooperative>, input: &Input<'_>) {
    used(ring::in_place(sections, input));
    used(ping_pong::in_place(sections, input));
    used(arena::in_place(sections, input));
    used(batches::in_place(sections, input));
    used(mpsc::in_place(sections, input));
}

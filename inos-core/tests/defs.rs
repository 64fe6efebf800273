//! What a layout says of each kind of section stands where `defs` says.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use inos_core::defs::{
    arena, broadcast, counters, epochs, lanes, log, mpsc, parties, ping_pong, registry, ring, twin,
};
use inos_core::{
    AlwaysAlive, ArenaConfig, BroadcastConfig, CountersConfig, DirtyMapConfig, EpochsConfig,
    LanesConfig, Layout, LayoutBuilder, Liveness, LogConfig, Mode, MpscConfig, NamedEpochsConfig,
    PartiesConfig, PingPongConfig, RegistryConfig, RegistryOverflowConfig, RingConfig, SectionId,
};

const ID: SectionId = SectionId(1);

/// The newest section has exactly these parameters, others are 0, and this version.
#[track_caller]
fn check(builder: LayoutBuilder, major: u16, expected: &[(usize, u32)]) {
    let layout = builder.build().unwrap();
    let section = layout.sections().last().unwrap();
    let mut params = [0; 4];
    for &(index, value) in expected {
        assert_ne!(value, 0, "says nothing");
        assert_eq!(params[index], 0, "two at one place");
        params[index] = value;
    }
    assert_eq!(section.params(), params);
    assert_eq!(section.version(), (major, 0));
}

#[test]
fn records() {
    let layout = Layout::builder();
    check(
        layout.ring(ID, "", RingConfig { capacity: 16 }),
        ring::MAJOR,
        &[(ring::PARAM_CAPACITY, 16)],
    );
    let layout = Layout::builder();
    check(
        layout.broadcast(ID, "", BroadcastConfig { capacity: 64 }),
        broadcast::MAJOR,
        &[(broadcast::PARAM_CAPACITY, 64)],
    );
    let layout = Layout::builder();
    check(
        layout.mpsc(ID, "", MpscConfig { capacity: 16, tickets: 8, seats: 3 }),
        mpsc::MAJOR,
        &[(mpsc::PARAM_CAPACITY, 16), (mpsc::PARAM_TICKETS, 8), (mpsc::PARAM_SEATS, 3)],
    );
    let layout = Layout::builder();
    check(
        layout.log(ID, "", LogConfig { capacity: 8, text_len: 40 }),
        log::MAJOR,
        &[(log::PARAM_CAPACITY, 8), (log::PARAM_TEXT_LEN, 40)],
    );
}

#[test]
fn states() {
    let fixed = [(true, epochs::PADDED), (false, epochs::PACKED)];
    for (padded, stride) in fixed {
        check(
            Layout::builder().epochs(ID, "", EpochsConfig { count: 3, padded }),
            epochs::MAJOR,
            &[(epochs::PARAM_COUNT, 3), (epochs::PARAM_STRIDE, stride)],
        );
    }
    check(
        Layout::builder().named_epochs(ID, "", NamedEpochsConfig { slots: 5 }),
        epochs::MAJOR,
        &[(epochs::PARAM_STRIDE, epochs::NAMED), (epochs::PARAM_SLOTS, 5)],
    );
    let modes =
        [(Mode::Pinned, ping_pong::MODE_PINNED), (Mode::Observed, ping_pong::MODE_OBSERVED)];
    for (mode, raw) in modes {
        let config = PingPongConfig { slots: 5, seats: 2, frame_len: 96, mode };
        let shape = 5 | 2 << ping_pong::SHAPE_SEATS_SHIFT | raw << ping_pong::SHAPE_MODE_SHIFT;
        check(
            Layout::builder().ping_pong(ID, "", config),
            ping_pong::MAJOR,
            &[(ping_pong::PARAM_SHAPE, shape), (ping_pong::PARAM_FRAME_LEN, 96)],
        );
        check(
            Layout::builder().ping_pong_of(ID, "", config, 8),
            ping_pong::MAJOR,
            &[
                (ping_pong::PARAM_SHAPE, shape),
                (ping_pong::PARAM_FRAME_LEN, 96),
                (ping_pong::PARAM_ITEM_LEN, 8),
            ],
        );
    }
    let config = DirtyMapConfig { first: SectionId(7), sections: 1, block_len: 128 };
    check(
        Layout::builder().raw(SectionId(7), "", 640).dirty_map(ID, "", config),
        twin::MAJOR,
        &[
            (twin::PARAM_FIRST, 7),
            (twin::PARAM_SECTIONS, 1),
            (twin::PARAM_BLOCK_LEN, 128),
            (twin::PARAM_BLOCKS, 5),
        ],
    );
    check(
        Layout::builder().arena(ID, "", ArenaConfig { page_len: 1024, pages: 3 }),
        arena::MAJOR,
        &[(arena::PARAM_PAGE_LEN, 1024), (arena::PARAM_PAGES, 3)],
    );
    check(
        Layout::builder().counters(ID, "", CountersConfig { count: 3 }),
        counters::MAJOR,
        &[(counters::PARAM_COUNT, 3)],
    );
}

#[test]
fn parties_and_calls() {
    assert_eq!(AlwaysAlive::SCHEME, parties::SCHEME_ALWAYS_ALIVE);
    let scheme = parties::SCHEME_EMBEDDER;
    check(
        Layout::builder().parties(ID, "", PartiesConfig { seats: 3, scheme }),
        parties::MAJOR,
        &[(parties::PARAM_SEATS, 3), (parties::PARAM_SCHEME, scheme)],
    );
    check(
        Layout::builder().lanes(ID, "", LanesConfig { lanes: 3, entries: 4, buffer_len: 128 }),
        lanes::MAJOR,
        &[(lanes::PARAM_LANES, 3), (lanes::PARAM_ENTRIES, 4), (lanes::PARAM_BUFFER_LEN, 128)],
    );
    let units = SectionId(7);
    let builder =
        || Layout::builder().registry(units, "", RegistryConfig { slots: 4, slot_len: 192 });
    check(
        builder(),
        registry::MAJOR,
        &[(registry::PARAM_SLOTS, 4), (registry::PARAM_SLOT_LEN, 192)],
    );
    check(
        builder().registry_overflow(ID, "", RegistryOverflowConfig { registry: units, slots: 3 }),
        registry::MAJOR,
        &[
            (registry::PARAM_SLOTS, 3),
            (registry::PARAM_SLOT_LEN, 192),
            (registry::PARAM_REGISTRY, 7),
            (registry::PARAM_FIRST_SLOT, 4),
        ],
    );
}

//! Layouts that are made while the program runs.

use inos_core::{
    AlwaysAlive, ArenaConfig, BroadcastConfig, CountersConfig, DirtyMapConfig, EpochsConfig, Error,
    LanesConfig, Layout, LayoutBuilder, LogConfig, Mode, MpscConfig, NamedEpochsConfig,
    PartiesConfig, PingPongConfig, RegistryConfig, RegistryOverflowConfig, RingConfig, Section,
    SectionId,
};

use crate::{Input, used};

/// Nothing in it is known before.
#[inline(never)]
pub fn probe(input: &Input<'_>) -> Result<(), Error> {
    let (id, any) = (|| SectionId(input.number()), || input.number());
    let parties = PartiesConfig { seats: any(), ..PartiesConfig::of::<AlwaysAlive>(any()) };
    let mode = if any() == 1 { Mode::Observed } else { Mode::Pinned };
    let frames = PingPongConfig { slots: any(), seats: any(), frame_len: any(), mode };
    let lanes = LanesConfig { lanes: any(), entries: any(), buffer_len: any() };
    let registry = RegistryConfig { slots: any(), slot_len: any() };
    let arena = ArenaConfig { page_len: any(), pages: any() };
    let map = DirtyMapConfig { first: id(), sections: any(), block_len: any() };
    let log = LogConfig { capacity: any(), text_len: any() };
    let names = NamedEpochsConfig { slots: any() };
    let text = input.text();
    let mut builder = Layout::builder();
    // As many as there may be, and more.
    for _ in 0..any() % 64 {
        builder = LayoutBuilder::raw(builder, id(), text, u64::from(any()));
        builder = LayoutBuilder::epochs(
            builder,
            id(),
            text,
            EpochsConfig { count: any(), padded: any() == 1 },
        );
        builder = LayoutBuilder::ring(builder, id(), text, RingConfig { capacity: any() });
        builder = LayoutBuilder::ping_pong(builder, id(), text, frames);
        builder = LayoutBuilder::ping_pong_of(builder, id(), text, frames, any());
        let shared = MpscConfig { capacity: any(), tickets: any(), seats: any() };
        builder = LayoutBuilder::mpsc(builder, id(), text, shared);
        builder = LayoutBuilder::named_epochs(builder, id(), text, names);
        builder =
            LayoutBuilder::broadcast(builder, id(), text, BroadcastConfig { capacity: any() });
        builder = LayoutBuilder::counters(builder, id(), text, CountersConfig { count: any() });
        builder = LayoutBuilder::log(builder, id(), text, log);
        builder = LayoutBuilder::dirty_map(builder, id(), text, map);
        builder = LayoutBuilder::arena(builder, id(), text, arena);
        builder = LayoutBuilder::lanes(builder, id(), text, lanes);
        builder = LayoutBuilder::registry(builder, id(), text, registry);
        let more = RegistryOverflowConfig { registry: id(), slots: any() };
        builder = LayoutBuilder::registry_overflow(builder, id(), text, more);
        builder = LayoutBuilder::parties(builder, id(), text, parties);
    }
    let layout = LayoutBuilder::build(builder)?;
    used((Layout::total_len(&layout), Layout::hash(&layout)));
    Layout::sections(&layout).iter().for_each(section);
    Ok(())
}

/// All that a section says of itself.
pub fn section(section: &Section) {
    used((Section::id(section), Section::kind(section), Section::version(section)));
    used((Section::offset(section), Section::len(section), Section::is_empty(section)));
    used((Section::params(section), Section::name(section)));
}

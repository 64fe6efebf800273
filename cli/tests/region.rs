//! A region with something in every kind of section, for the tests.

use std::path::Path;

use inos::*;

pub(crate) const ARENA: SectionId = SectionId(9);

pub(crate) fn layout() -> Layout {
    let id = SectionId;
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 256, mode: Mode::Pinned };
    let lanes = LanesConfig { lanes: 3, entries: 8, buffer_len: 256 };
    Layout::builder()
        .raw(id(1), "notes", 128)
        .epochs(id(2), "epochs", EpochsConfig { count: 3, padded: true })
        .named_epochs(id(3), "names", NamedEpochsConfig { slots: 4 })
        .ring(id(4), "ring", RingConfig { capacity: 64 })
        .mpsc(id(5), "many", MpscConfig { capacity: 64, tickets: 8, seats: 3 })
        .broadcast(id(6), "news", BroadcastConfig { capacity: 64 })
        .ping_pong(id(7), "frames", frames)
        .lanes(id(8), "calls", lanes)
        .arena(ARENA, "heap", ArenaConfig { page_len: 4096, pages: 640 })
        .registry(id(10), "units", RegistryConfig::default())
        .counters(id(11), "counters", CountersConfig { count: 4 })
        .log(id(12), "events", LogConfig { capacity: 32, text_len: 40 })
        .build()
        .unwrap()
}

/// Makes the region, with blocks of all lengths of which every third is gone; what its arena says.
pub(crate) fn make(path: &Path) -> ArenaStats {
    let layout = layout();
    let memory = FileMemory::create(path, layout.total_len()).unwrap();
    // SAFETY: nobody else knows of the file.
    let region = unsafe { memory.cooperative() }.unwrap();
    let sections = Sections::create(region, &layout, 0xc0ffee).unwrap();
    let park = Spin::default();
    let id = SectionId;
    let epoch = EpochTable::open(&sections, id(2)).unwrap().counter(1).unwrap();
    for _ in 0..5 {
        epoch.advance(&park);
    }
    let names = NamedEpochs::open(&sections, id(3)).unwrap();
    let named = names.allocate("sunrise").unwrap().id();
    names.counter(named).unwrap().advance(&park).unwrap();
    let mut producer = RingBuffer::open(&sections, id(4)).unwrap().producer().unwrap();
    producer.push(1, &[7; 20]).unwrap();
    let many = MpscRing::open(&sections, id(5)).unwrap().producer().unwrap();
    let frames = PingPong::open(&sections, id(7)).unwrap();
    let mut writer = frames.writer().unwrap();
    for _ in 0..2 {
        writer.back_mut().unwrap().publish(16).unwrap();
    }
    let mut client = Lanes::open(&sections, id(8)).unwrap().client().unwrap();
    for call in 0..2 {
        client.submit(&Submission::noop(CallId(call)), &park).unwrap();
    }
    let mut arena = Arena::open(&sections, ARENA).unwrap();
    let mut blocks = Vec::new();
    for index in 0..1000_usize {
        let len = match index % 7 {
            0 => 9000 + index * 20,
            1 | 2 => 1500,
            _ => 64 + index % 400,
        };
        blocks.extend(arena.allocate(len).ok());
    }
    let mut index = 0;
    blocks.retain(|_| {
        index += 1;
        index % 3 != 0
    });
    let _under_way = blocks.pop().unwrap().hand_over();
    let units = UnitRegistry::open(&sections, id(10)).unwrap();
    let record = UnitRecord {
        name: "weather",
        version: (1, 2, 3),
        methods: &["rain", "shine"],
        ..UnitRecord::default()
    };
    units.register(&record).unwrap();
    let counters = Counters::open(&sections, id(11)).unwrap();
    let drops = counters.allocate("drops", 1, 0).unwrap();
    drops.add(42);
    let log = Log::open(&sections, id(12)).unwrap();
    for time in 0..20 {
        log.append(Event { time, level: Event::WARN, code: 3, text: "it <rains> & pours" })
            .unwrap();
    }
    memory.persist().unwrap();
    let stats = arena.stats().unwrap();
    // As if this process had died: nothing is given back.
    std::mem::forget((producer, many, writer, client, blocks, drops));
    stats
}

use std::string::String;
use std::thread;
use std::vec::Vec;

use super::*;
use crate::layout::Layout;
use crate::raw::region::{AlignedBytes, Hostile, Region};
use crate::sync::AtomicU32;
use crate::wait::Spin;

const UNITS: SectionId = SectionId(5);
const CONFIG: RegistryConfig = RegistryConfig { slots: 4, slot_len: 256 };

struct Memory {
    words: Vec<AtomicU32>,
    section: usize,
}

impl Memory {
    fn new(config: RegistryConfig) -> Self {
        let layout = Layout::builder().registry(UNITS, "units", config).build().unwrap();
        let len = layout.total_len() as usize / 4;
        let words: Vec<_> = (0..len).map(|_| AtomicU32::new(0)).collect();
        Sections::create(Region::from_words(&words), &layout, 7).unwrap();
        Self { words, section: layout.sections()[0].offset() as usize }
    }

    fn registry(&self) -> UnitRegistry<'_, Hostile> {
        let sections = Sections::attach(Region::from_words(&self.words)).unwrap();
        UnitRegistry::open(&sections, UNITS).unwrap()
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        &self.words[(self.section + offset) / 4]
    }
}

fn named(name: &str) -> UnitRecord<'_> {
    UnitRecord { name, ..UnitRecord::default() }
}

#[test]
fn configs() {
    for bad in [
        RegistryConfig { slots: 0, ..CONFIG },
        RegistryConfig { slots: 1025, ..CONFIG },
        RegistryConfig { slot_len: 192, ..CONFIG },
        RegistryConfig { slot_len: 300, ..CONFIG },
        RegistryConfig { slot_len: 1088, ..CONFIG },
    ] {
        assert!(matches!(section_len(&bad), Err(Error::BadLayout { .. })), "{bad:?}");
    }
    assert_eq!(section_len(&CONFIG), Ok(1024));
}

#[test]
fn a_unit_is_found_with_all_it_said() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    assert_eq!(registry.find("flock"), Err(Error::NoUnit));
    let record = UnitRecord {
        name: "flock",
        version: (1, 22, 333),
        capabilities: 0b101,
        owner: 77,
        methods: &["step", "größer", "x"],
    };
    let other = registry.register(&named("other")).unwrap();
    let id = registry.register(&record).unwrap();
    assert_eq!((id.index(), id.generation()), (1, 1));
    assert_eq!(registry.find("flock"), Ok(id));
    assert_eq!(registry.find("floc"), Err(Error::NoUnit));
    assert_eq!(registry.method(id, "step"), Ok(0));
    assert_eq!(registry.method(id, "größer"), Ok(1));
    assert_eq!(registry.method(id, "x"), Ok(2));
    assert_eq!(registry.method(id, ""), Err(Error::NoUnit));
    assert_eq!(registry.method(other, ""), Err(Error::NoUnit));

    let unit = registry.descriptor(id).unwrap();
    assert_eq!((unit.id(), unit.name(), unit.version()), (id, "flock", (1, 22, 333)));
    assert_eq!((unit.capabilities(), unit.owner()), (0b101, 77));
    assert_eq!(unit.methods().collect::<Vec<_>>(), record.methods);
    assert_eq!(registry.descriptor(other).unwrap().methods().count(), 0);
    let names: Vec<_> =
        registry.iter().map(|unit| String::from(unit.unwrap().name())).collect();
    assert_eq!(names, ["other", "flock"]);
}

#[test]
fn ids_of_retired_units_are_stale() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let first = registry.register(&named("a")).unwrap();
    registry.retire(first).unwrap();
    assert_eq!(registry.retire(first), Err(Error::NoUnit));
    let second = registry.register(&named("a")).unwrap();
    assert_eq!((second.index(), second.generation()), (0, 2));
    assert_eq!(registry.descriptor(first).err(), Some(Error::NoUnit));
    assert_eq!(registry.heartbeat(first).err(), Some(Error::NoUnit));
    assert_eq!(registry.retire(first), Err(Error::NoUnit));
    assert_eq!(registry.find("a"), Ok(second));
    for nobody in [UnitId::NONE, UnitId::new(9, 1), UnitId::new(u16::MAX, u16::MAX)] {
        assert_eq!(registry.descriptor(nobody).err(), Some(Error::NoUnit));
        assert_eq!(registry.retire(nobody), Err(Error::NoUnit));
    }
}

#[test]
fn generations_wrap_and_leave_out_0() {
    let memory = Memory::new(CONFIG);
    memory.word(STATE).store(pack(u16::MAX, RETIRED), Ordering::Relaxed);
    let id = memory.registry().register(&named("a")).unwrap();
    assert_eq!(id, UnitId::new(0, 1));
}

#[test]
fn refusals() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    assert_eq!(registry.max_methods_len(), 128);
    let long = String::from_utf8(std::vec![b'x'; 129]).unwrap();
    let name = registry.register(&named(&long[..65]));
    assert_eq!(name, Err(Error::TooLarge { len: 65, max: 64 }));
    assert!(matches!(registry.register(&named("")), Err(Error::BadLayout { .. })));
    for methods in [&["a\nb"], &[""]] {
        let record = UnitRecord { methods, ..named("a") };
        assert!(matches!(registry.register(&record), Err(Error::BadLayout { .. })));
    }
    let methods = registry.register(&UnitRecord { methods: &[&long], ..named("a") });
    assert_eq!(methods, Err(Error::TooLarge { len: 129, max: 128 }));

    let exact = UnitRecord { methods: &[&long[..63], &long[..64]], ..named(&long[..64]) };
    let id = registry.register(&exact).unwrap();
    assert_eq!(registry.find(&long[..64]), Ok(id));
    assert_eq!(registry.method(id, &long[..64]), Ok(1));
    assert_eq!(registry.register(&named(&long[..64])), Err(Error::RoleHeld));
    for name in ["a", "b", "c"] {
        registry.register(&named(name)).unwrap();
    }
    assert_eq!(registry.register(&named("d")), Err(Error::NoSeat { count: 4 }));
    registry.retire(id).unwrap();
    assert_eq!(registry.register(&named("d")).map(UnitId::index), Ok(0));
}

#[test]
fn heartbeats() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let id = registry.register(&named("a")).unwrap();
    let mut watcher = registry.heartbeat_watcher(id).unwrap();
    assert_eq!(watcher.changed(), None);
    registry.heartbeat(id).unwrap().advance(&Spin::default());
    assert!(watcher.changed().is_some());
    assert_eq!(registry.find("a"), Ok(id));
}

#[test]
fn a_corrupt_slot_harms_itself_only() {
    for (offset, value) in [
        (NAME_LEN, 65),
        (NAME_LEN, u32::MAX),
        (METHODS_LEN, 129),
        (METHODS_LEN, u32::MAX),
        (METHOD_COUNT, 2),
        (NAME, u32::MAX),
        (METHODS, u32::MAX),
    ] {
        let memory = Memory::new(CONFIG);
        let registry = memory.registry();
        let record = UnitRecord { methods: &["method"], ..named("name") };
        let bad = registry.register(&record).unwrap();
        let good = registry.register(&named("good")).unwrap();
        memory.word(offset).store(value, Ordering::Relaxed);
        let seen = registry.descriptor(bad);
        assert!(matches!(seen, Err(Error::Corrupt { .. })), "{offset} {value:#x}: {seen:?}");
        assert!(registry.method(bad, "method").is_err());
        assert_eq!(registry.find("good"), Ok(good));
        assert_eq!(registry.iter().filter(Result::is_ok).count(), 1);
        assert_eq!(registry.retire(bad), Ok(()));
    }
}

#[test]
fn a_proposal_in_a_higher_slot_loses_and_one_in_a_lower_slot_wins() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let place = |index: usize, state| {
        let slot = registry.slot(index as u32).unwrap();
        write_record(&slot, &named("a"), b"a", 0).unwrap();
        memory.word(index * 256 + STATE).store(pack(5, state), Ordering::Relaxed);
    };
    place(2, PROPOSED);
    let id = registry.register(&named("a")).unwrap();
    assert_eq!(id.index(), 0);
    assert_eq!(memory.word(2 * 256 + STATE).load(Ordering::Relaxed), pack(5, RETIRED));

    // An active one beats a proposal in whatever slot.
    assert_eq!(registry.beat_rivals(0, b"a"), Ok(()));
    place(2, ACTIVE);
    assert_eq!(registry.beat_rivals(0, b"a"), Err(Error::RoleHeld));
    place(2, RETIRED);

    registry.retire(id).unwrap();
    place(0, PROPOSED);
    assert_eq!(registry.register(&named("a")), Err(Error::RoleHeld));
    assert_eq!(registry.find("a"), Err(Error::NoUnit), "a proposal is not found");
    assert_eq!(registry.register(&named("b")).map(UnitId::index), Ok(1));
}

#[test]
fn attaching_exclusively_retires_all() {
    let layout = Layout::builder().registry(UNITS, "units", CONFIG).build().unwrap();
    let mut memory = AlignedBytes::<4096>::new();
    let old = {
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout, 7).unwrap();
        let registry = UnitRegistry::open(&sections, UNITS).unwrap();
        registry.register(&named("a")).unwrap()
    };
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let registry = UnitRegistry::open(&sections, UNITS).unwrap();
    assert_eq!(registry.find("a"), Err(Error::NoUnit));
    let new = registry.register(&named("a")).unwrap();
    assert_ne!(new, old);
}

#[test]
fn of_many_registrants_of_a_name_one_remains() {
    let memory = Memory::new(RegistryConfig { slots: 8, slot_len: 256 });
    let registry = memory.registry();
    let rounds = if cfg!(miri) { 5 } else { 3000 };
    for _ in 0..rounds {
        let won: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..3).map(|_| scope.spawn(|| registry.register(&named("one")))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let ids: Vec<_> = won.iter().flatten().copied().collect();
        assert_eq!(ids.len(), 1, "{won:?}");
        let beaten = won.iter().filter(|one| **one == Err(Error::RoleHeld)).count();
        assert_eq!(beaten, 2, "{won:?}");
        assert_eq!(registry.find("one"), Ok(ids[0]));
        assert_eq!(registry.iter().count(), 1);
        registry.retire(ids[0]).unwrap();
    }
}

#[test]
fn readers_see_whole_records_while_units_come_and_go() {
    let memory = Memory::new(RegistryConfig { slots: 3, slot_len: 256 });
    let registry = memory.registry();
    let rounds = if cfg!(miri) { 10 } else { 30_000 };
    let left = AtomicU32::new(2);
    let names = [["aaaaaaaaaaaaaaaa", "a"], ["bbbb", "bbbbbbbbbbbbbbbbbbbbbbbb"]];
    thread::scope(|scope| {
        for (owner, names) in (0_u32..).zip(names) {
            let (registry, left) = (&registry, &left);
            scope.spawn(move || {
                for round in 0..rounds {
                    let name = names[round % 2];
                    let record = UnitRecord { owner, methods: &[name, "m"], ..named(name) };
                    // A third slot is for nobody, so there is always one free.
                    let id = registry.register(&record).unwrap();
                    assert_eq!(registry.find(name), Ok(id));
                    assert_eq!(registry.method(id, "m"), Ok(1));
                    registry.retire(id).unwrap();
                }
                left.fetch_sub(1, Ordering::Relaxed);
            });
        }
        while left.load(Ordering::Relaxed) > 0 {
            for unit in registry.iter() {
                let unit = unit.unwrap();
                assert!(names[unit.owner() as usize].contains(&unit.name()), "{unit:?}");
                assert_eq!(unit.methods().next(), Some(unit.name()));
            }
        }
    });
}

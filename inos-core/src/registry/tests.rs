use std::string::String;
use std::thread;
use std::vec::Vec;

use super::slot;
use super::table::Shape;
use super::*;
use crate::defs::registry::{FLAGS, LENGTHS, PATCH_AND_METHODS, STATE, TEXT, UNINDEXED};
use crate::layout::Layout;
use crate::protocol::registry::{ACTIVE, CLAIMED, PROPOSED, RETIRED, pack};
use crate::raw::region::{AlignedBytes, Hostile, Region};
use crate::sync::AtomicU32;
use crate::wait::Spin;

mod dependencies;
mod lookup;
mod model;
mod overflow;

const UNITS: SectionId = SectionId(5);
const CONFIG: RegistryConfig = RegistryConfig { slots: 4, slot_len: 256 };
/// Where the slots of a small registry begin: behind flags, filter and index, a line each.
const SLOTS: usize = 192;

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

    fn slot_word(&self, slot: usize, offset: usize) -> &AtomicU32 {
        self.word(SLOTS + slot * CONFIG.slot_len as usize + offset)
    }

    /// As a party that joined as this number.
    fn registry_of(&self, party: u16) -> UnitRegistry<'_, Hostile> {
        let sections = Sections::attach(Region::from_words(&self.words)).unwrap();
        UnitRegistry::open(&sections.of_party(party), UNITS).unwrap()
    }

    fn reclaim(&self, dead: u16) -> u32 {
        Sections::attach(Region::from_words(&self.words)).unwrap().reclaim(dead)
    }
}

fn named(name: &str) -> UnitRecord<'_> {
    UnitRecord { name, ..UnitRecord::default() }
}

#[test]
fn a_dependency_stands_where_it_is_said_to() {
    use crate::defs::registry::{
        DEPENDENCY_BELOW, DEPENDENCY_FROM, DEPENDENCY_NAME, DEPENDENCY_NAME_LEN, DEPENDENCY_PATCHES,
    };

    let memory = Memory::new(CONFIG);
    let range = VersionRange::between((1, 2, 3), (4, 5, 6));
    let dependencies = [Dependency { name: "needed", range }];
    let record = UnitRecord { dependencies: &dependencies, ..named("unit") };
    memory.registry().register(&record).unwrap();
    let word = |at| memory.slot_word(0, TEXT + "unit".len() + at).load(Ordering::Relaxed);
    assert_eq!(word(DEPENDENCY_FROM), 1 << 16 | 2);
    assert_eq!(word(DEPENDENCY_BELOW), 4 << 16 | 5);
    assert_eq!(word(DEPENDENCY_PATCHES), 3 << 16 | 6);
    assert_eq!(word(DEPENDENCY_NAME_LEN), 6);
    assert_eq!(word(DEPENDENCY_NAME), u32::from_ne_bytes(*b"need"));
}

#[test]
fn configs() {
    for bad in [
        RegistryConfig { slots: 0, ..CONFIG },
        RegistryConfig { slots: 1025, ..CONFIG },
        RegistryConfig { slot_len: 64, ..CONFIG },
        RegistryConfig { slot_len: 300, ..CONFIG },
        RegistryConfig { slot_len: 1088, ..CONFIG },
    ] {
        assert!(matches!(section_len(&bad), Err(Error::BadLayout { .. })), "{bad:?}");
    }
    assert_eq!(section_len(&CONFIG), Ok(1024 + SLOTS as u64));
    assert_eq!(Shape::of(&CONFIG).unwrap().slots_offset(), SLOTS);
    assert_eq!(section_len(&RegistryConfig::default()), Ok(8 * 192 + SLOTS as u64));
    let most = RegistryConfig { slots: 1024, slot_len: 1024 };
    assert_eq!(section_len(&most), Ok(64 + 2048 + 256 * 64 + (1 << 20)));
}

#[test]
fn a_unit_is_found_with_all_it_said() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    assert_eq!(registry.find("flock"), Err(Error::NoUnit));
    let record = UnitRecord {
        name: "flock",
        version: (1, 22, 333),
        capabilities: Capabilities(1 << 63 | 0b101),
        owner: 77,
        methods: &["step", "größer", "x"],
        dependencies: &[
            Dependency { name: "hash", range: VersionRange::caret((1, 2, 3)) },
            Dependency { name: "m", range: VersionRange::exactly((0, 0, u16::MAX)) },
        ],
        limits: UnitLimits { jobs: 3, memory_len: 1 << 40, run_ns: u64::MAX, fuel: 5 << 32 },
        cost: UnitCost { per_call: CREDIT * 7, per_unit: 11 },
    };
    let other = registry.register(&named("other")).unwrap();
    let id = registry.register(&record).unwrap();
    assert_eq!((id.index(), id.generation()), (1, 1));
    assert_eq!(registry.find("flock"), Ok(id));
    assert_eq!(registry.find("floc"), Err(Error::NoUnit));
    assert_eq!(registry.method(id, "step"), Ok(0));
    assert_eq!(registry.method(id, "größer"), Ok(1));
    assert_eq!(registry.method(id, "x"), Ok(2));
    assert_eq!(registry.method(id, ""), Err(Error::NoMethod));
    assert_eq!(registry.method(other, ""), Err(Error::NoMethod));
    assert_eq!(registry.method(UnitId::new(1, 2), "step"), Err(Error::NoUnit));

    let unit = registry.descriptor(id).unwrap();
    assert_eq!((unit.id(), unit.name(), unit.version()), (id, "flock", (1, 22, 333)));
    assert_eq!((unit.capabilities(), unit.owner(), unit.party()), (record.capabilities, 77, 0));
    assert_eq!((unit.limits(), unit.cost()), (record.limits, record.cost));
    assert_eq!(unit.dependencies().collect::<Vec<_>>(), record.dependencies);
    assert_eq!(registry.version(id), Ok((1, 22, 333)));
    assert_eq!(unit.methods().collect::<Vec<_>>(), record.methods);
    let unit = registry.descriptor(other).unwrap();
    assert_eq!((unit.methods().count(), unit.dependencies().count()), (0, 0));
    let names: Vec<_> = registry.iter().map(|unit| String::from(unit.unwrap().name())).collect();
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
    memory.slot_word(0, STATE).store(pack(u16::MAX, 0, RETIRED), Ordering::Relaxed);
    let id = memory.registry().register(&named("a")).unwrap();
    assert_eq!(id, UnitId::new(0, 1));
}

#[test]
fn refusals() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    assert_eq!((registry.slot_count(), registry.max_text_len()), (4, 176));
    let long = String::from_utf8(std::vec![b'x'; 177]).unwrap();
    let name = registry.register(&named(&long[..65]));
    assert_eq!(name, Err(Error::TooLarge { len: 65, max: 64 }));
    assert!(matches!(registry.register(&named("")), Err(Error::BadLayout { .. })));
    for methods in [&["a\nb"], &[""]] {
        let record = UnitRecord { methods, ..named("a") };
        assert!(matches!(registry.register(&record), Err(Error::BadLayout { .. })));
    }
    let any = VersionRange::ANY;
    let none = VersionRange::between((1, 0, 0), (1, 0, 0));
    for (dependency, refused) in [
        (Dependency { name: "", range: any }, None),
        (Dependency { name: "b", range: none }, None),
        (Dependency { name: &long[..65], range: any }, Some(Error::TooLarge { len: 65, max: 64 })),
    ] {
        let error = registry.register(&UnitRecord { dependencies: &[dependency], ..named("a") });
        match refused {
            Some(refused) => assert_eq!(error, Err(refused)),
            None => assert!(matches!(error, Err(Error::BadLayout { .. })), "{error:?}"),
        }
    }
    let methods = registry.register(&UnitRecord { methods: &[&long], ..named("a") });
    assert_eq!(methods, Err(Error::TooLarge { len: 4 + 180, max: 176 }));
    let needs = [Dependency { name: &long[..61], range: any }; 2];
    let both = UnitRecord { dependencies: &needs, ..named(&long[..17]) };
    let refused = Err(Error::TooLarge { len: 20 + 2 * (16 + 64), max: 176 });
    assert_eq!(registry.register(&both), refused);
    let fits = registry.register(&UnitRecord { name: &long[..16], ..both }).unwrap();
    registry.retire(fits).unwrap();
    for slot in 1..4 {
        let state = memory.slot_word(slot, STATE).load(Ordering::Relaxed);
        assert_eq!(state, 0, "what was refused has changed nothing");
    }

    let exact = UnitRecord { methods: &[&long[..63], &long[..48]], ..named(&long[..64]) };
    let id = registry.register(&exact).unwrap();
    assert_eq!(registry.find(&long[..64]), Ok(id));
    assert_eq!(registry.method(id, &long[..48]), Ok(1));
    assert_eq!(registry.register(&named(&long[..64])), Err(Error::RoleHeld));
    for name in ["a", "b", "c"] {
        registry.register(&named(name)).unwrap();
    }
    assert_eq!(registry.register(&named("d")), Err(Error::NoSeat { count: 4 }));
    registry.retire(id).unwrap();
    assert_eq!(registry.register(&named("d")).map(UnitId::index), Ok(0));
    for nobody in ["", &long[..65], &long] {
        assert_eq!(registry.find(nobody), Err(Error::NoUnit));
    }
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
        // Of the name, of the dependencies in words, of the methods.
        (LENGTHS, 0),
        (LENGTHS, 65),
        (LENGTHS, u32::MAX),
        (LENGTHS, 4 | 250 << 8 | 6 << 16),
        (LENGTHS, 4 | 5 << 8 | 157 << 16),
        (LENGTHS, 4 | 4 << 8 | 6 << 16),
        (LENGTHS, 4 | 6 << 8 | 6 << 16),
        (PATCH_AND_METHODS, 0),
        (PATCH_AND_METHODS, 2 << 16),
        (TEXT, u32::MAX),
        (TEXT + 4 + 12, 0),
        (TEXT + 4 + 12, 5),
        (TEXT + 4 + 12, u32::MAX),
        (TEXT + 4 + 16, u32::MAX),
        (TEXT + 4 + 20, u32::MAX),
    ] {
        let memory = Memory::new(CONFIG);
        let registry = memory.registry();
        let dependencies = &[Dependency { name: "need", range: VersionRange::ANY }];
        let record = UnitRecord { methods: &["method"], dependencies, ..named("name") };
        let bad = registry.register(&record).unwrap();
        let good = registry.register(&named("good")).unwrap();
        assert_eq!(registry.descriptor(bad).unwrap().dependencies().count(), 1);
        memory.slot_word(0, offset).store(value, Ordering::Relaxed);
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
        let extent = slot::check(&named("a"), 100).unwrap();
        slot::write(&slot, &named("a"), extent, murmur3(b"a")).unwrap();
        memory.slot_word(index, STATE).store(pack(5, 0, state), Ordering::Relaxed);
    };
    place(2, PROPOSED);
    let id = registry.register(&named("a")).unwrap();
    assert_eq!(id.index(), 0);
    let beaten = memory.slot_word(2, STATE).load(Ordering::Relaxed);
    assert_eq!(beaten, pack(5, 0, RETIRED));

    // An active one beats a proposal in whatever slot, and nobody finds what is only claimed.
    registry.retire(id).unwrap();
    place(2, ACTIVE);
    assert_eq!(registry.register(&named("a")), Err(Error::RoleHeld));
    place(2, CLAIMED);
    let id = registry.register(&named("a")).unwrap();
    assert_eq!(id.index(), 0);
    place(2, RETIRED);

    registry.retire(id).unwrap();
    place(0, PROPOSED);
    assert_eq!(registry.register(&named("a")), Err(Error::RoleHeld));
    assert_eq!(registry.find("a"), Err(Error::NoUnit), "a proposal is not found");
    assert_eq!(registry.register(&named("b")).map(UnitId::index), Ok(1));
}

#[test]
fn the_dead_lose_what_they_registered_and_what_they_were_registering() {
    let memory = Memory::new(CONFIG);
    let [first, second] = [1, 2].map(|party| memory.registry_of(party));
    let dead = first.register(&named("dead")).unwrap();
    let alive = second.register(&named("alive")).unwrap();
    assert_eq!(first.descriptor(alive).unwrap().party(), 2);
    for state in [CLAIMED, PROPOSED] {
        memory.slot_word(2, STATE).store(pack(4, 1, state), Ordering::Relaxed);
        memory.slot_word(3, STATE).store(pack(4, 2, state), Ordering::Relaxed);
        assert_eq!(memory.reclaim(3), 0);
        assert_eq!(memory.reclaim(0), 0, "nobody's death is proven by no number");
        assert_eq!(memory.reclaim(1), if state == CLAIMED { 2 } else { 1 });
        assert_eq!(memory.reclaim(1), 0);
        let kept = memory.slot_word(3, STATE).load(Ordering::Relaxed);
        assert_eq!(kept, pack(4, 2, state));
    }
    assert_eq!(second.find("dead"), Err(Error::NoUnit));
    assert_eq!(second.descriptor(dead).err(), Some(Error::NoUnit));
    assert_eq!(second.find("alive"), Ok(alive));
    assert_eq!(second.register(&named("dead")), Ok(UnitId::new(0, 2)));
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
    // Whatever stands there: whoever had the bytes may have written anything.
    let section = layout.sections()[0].offset() as usize;
    memory.as_mut()[section..section + SLOTS].fill(0x55);
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let registry = UnitRegistry::open(&sections, UNITS).unwrap();
    assert_eq!(registry.find("a"), Err(Error::NoUnit));
    let new = registry.register(&named("a")).unwrap();
    assert_ne!(new, old);
    assert_eq!(registry.find("a"), Ok(new));
    let hints = memory.as_ref()[section..section + SLOTS].iter().filter(|&&byte| byte != 0);
    assert!((2..=7).contains(&hints.count()), "one entry, three bits");
}

/// A slot that changes hands in the middle of being read.
#[test]
fn a_record_that_changes_while_it_is_read_is_not_believed() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let old = registry.register(&named("old")).unwrap();
    let seen = registry.read(old, |slot, _| {
        registry.retire(old)?;
        let new = registry.register(&UnitRecord { version: (9, 9, 9), ..named("new") })?;
        assert_eq!(new.index(), old.index());
        slot::version(slot)
    });
    assert_eq!(seen, Err(Error::NoUnit));
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
    let names = [["aaaaaaaaaaaaaaaa", "a"], ["bbbb", "bbbbbbbbbbbbbbbbbbbbbbbb"]];
    thread::scope(|scope| {
        let writers = [0, 1].map(|owner: u32| {
            let (registry, names) = (&registry, names[owner as usize]);
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
            })
        });
        while !writers.iter().all(|writer| writer.is_finished()) {
            for unit in registry.iter() {
                let unit = unit.unwrap();
                assert!(names[unit.owner() as usize].contains(&unit.name()), "{unit:?}");
                assert_eq!(unit.methods().next(), Some(unit.name()));
            }
        }
    });
}

//! More slots than one section has.

use super::*;
use crate::defs::{SUPERBLOCK_LAYOUT_HASH, SUPERBLOCK_LEN};

const MORE: SectionId = SectionId(6);
const MOST: SectionId = SectionId(7);

fn layout() -> Layout {
    Layout::builder()
        .registry(UNITS, "units", RegistryConfig { slots: 2, slot_len: 128 })
        .registry(SectionId(1), "others", RegistryConfig { slots: 2, slot_len: 256 })
        .registry_overflow(MORE, "more", RegistryOverflowConfig { registry: UNITS, slots: 3 })
        .registry_overflow(MOST, "most", RegistryOverflowConfig { registry: UNITS, slots: 20 })
        .build()
        .unwrap()
}

fn memory() -> Memory {
    let layout = layout();
    let words: Vec<_> = (0..layout.total_len() as usize / 4).map(|_| AtomicU32::new(0)).collect();
    Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    Memory { words, section: layout.sections()[0].offset() as usize }
}

#[test]
fn slots_are_counted_through() {
    let memory = memory();
    let registry = memory.registry();
    assert_eq!((registry.slot_count(), registry.max_text_len()), (25, 48));
    let names: Vec<_> = (0..25).map(|number| std::format!("u{number}")).collect();
    let ids: Vec<_> = names.iter().map(|name| registry.register(&named(name)).unwrap()).collect();
    for (index, (name, &id)) in names.iter().zip(&ids).enumerate() {
        assert_eq!(id, UnitId::new(index as u16, 1));
        assert_eq!(registry.find(name), Ok(id));
        assert_eq!(registry.descriptor(id).unwrap().name(), name);
        assert_eq!(registry.register(&named(name)), Err(Error::RoleHeld), "in any section");
    }
    assert_eq!(registry.register(&named("more")), Err(Error::NoSeat { count: 25 }));
    assert!(registry.with_capabilities(Capabilities::NONE).eq(ids.iter().copied()));
    assert_eq!(registry.descriptor(UnitId::new(25, 1)).err(), Some(Error::NoUnit));

    // A section is a registry or an overflow, not both.
    let sections = Sections::attach(Region::from_words(&memory.words)).unwrap();
    let refused = UnitRegistry::open(&sections, MORE).err();
    assert!(matches!(refused, Some(Error::WrongKind { .. })));
    assert_eq!(UnitRegistry::open(&sections, SectionId(1)).unwrap().slot_count(), 2);

    registry.retire(ids[1]).unwrap();
    registry.retire(ids[20]).unwrap();
    assert_eq!(registry.register(&named("u20")), Ok(UnitId::new(1, 2)));
    assert_eq!(registry.register(&named("u1")), Ok(UnitId::new(20, 2)));
    assert_eq!(registry.find("u20"), Ok(UnitId::new(1, 2)));
}

#[test]
fn the_dead_lose_slots_of_all_sections() {
    let memory = memory();
    let [first, second] = [1, 2].map(|party| memory.registry_of(party));
    for number in 0..25 {
        let registry = if number % 2 == 0 { first } else { second };
        registry.register(&named(&std::format!("u{number}"))).unwrap();
    }
    assert_eq!(memory.reclaim(1), 13);
    assert_eq!(memory.reclaim(1), 0);
    assert_eq!(second.iter().count(), 12);
    for number in 0..25 {
        let found = second.find(&std::format!("u{number}"));
        assert_eq!(found.is_ok(), number % 2 == 1);
    }
}

#[test]
fn an_exclusive_attachment_empties_all_sections() {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(), 7).unwrap();
    let registry = UnitRegistry::open(&sections, UNITS).unwrap();
    for number in 0..25 {
        registry.register(&named(&std::format!("u{number}"))).unwrap();
    }
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let registry = UnitRegistry::open(&sections, UNITS).unwrap();
    assert_eq!(registry.iter().count(), 0);
    for number in 0..25 {
        let name = std::format!("u{number}");
        assert_eq!(registry.find(&name), Err(Error::NoUnit));
        assert_eq!(registry.register(&named(&name)), Ok(UnitId::new(number, 2)));
    }
}

/// Registrants whose slots lie in different sections.
#[test]
fn a_name_is_unique_through_all_sections() {
    let memory = memory();
    let registry = memory.registry();
    // One slot in each section.
    let free: Vec<_> = (0..25)
        .map(|number| registry.register(&named(&std::format!("u{number}"))).unwrap())
        .filter(|id| [1, 3, 9].contains(&id.index()))
        .collect();
    for &id in &free {
        registry.retire(id).unwrap();
    }
    for _ in 0..if cfg!(miri) { 5 } else { 2000 } {
        let won: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..3).map(|_| scope.spawn(|| registry.register(&named("one")))).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap().ok()).collect()
        });
        assert_eq!(won.len(), 1);
        assert_eq!(registry.find("one"), Ok(won[0]));
        registry.retire(won[0]).unwrap();
    }
}

#[test]
fn layouts_that_make_no_sense_are_refused() {
    let overflow = |slots| RegistryOverflowConfig { registry: UNITS, slots };
    let bad = |layout: crate::layout::LayoutBuilder| {
        let error = layout.build().err();
        assert!(matches!(error, Some(Error::BadLayout { .. })), "{error:?}");
    };
    let builder = || Layout::builder().registry(UNITS, "units", CONFIG);
    bad(Layout::builder().registry_overflow(MORE, "more", overflow(4)));
    bad(Layout::builder().registry_overflow(MORE, "more", overflow(4)).registry(UNITS, "", CONFIG));
    bad(builder().registry_overflow(MORE, "more", overflow(0)));
    bad(builder().registry_overflow(MORE, "more", overflow(1025)));
    bad(builder().registry_overflow(UNITS, "twice", overflow(4)));
    let mut many = builder();
    for id in 0..7 {
        many = many.registry_overflow(SectionId(10 + id), "more", overflow(1024));
    }
    assert!(many.clone().build().is_ok());
    bad(many.registry_overflow(SectionId(17), "more", overflow(1)));
}

/// A table of sections that some other program wrote.
#[test]
fn sections_that_contradict_each_other_are_corrupt() {
    let entry = 64 + 2 * 64;
    for (param, value) in [(0, 0), (0, 2000), (1, 192), (3, 0), (3, 3), (3, u32::MAX)] {
        let memory = memory();
        memory.words[(entry + 32) / 4 + param].store(value, Ordering::Relaxed);
        let table = memory.words[SUPERBLOCK_LEN / 4..][..4 * 16].iter();
        let bytes = table.flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes());
        let hash = crate::hash::fnv1a(bytes);
        memory.words[SUPERBLOCK_LAYOUT_HASH / 4].store(hash, Ordering::Relaxed);
        let sections = Sections::attach(Region::from_words(&memory.words)).unwrap();
        let opened = UnitRegistry::open(&sections, UNITS);
        assert!(matches!(opened, Err(Error::Corrupt { .. })), "{param} {value}: {opened:?}");
    }
}

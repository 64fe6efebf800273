//! Finding: filter, index, and what becomes of both.

use super::*;

fn names(count: u32) -> Vec<String> {
    (0..count).map(|number| std::format!("unit-{number}")).collect()
}

#[test]
fn all_of_many_are_found_and_nothing_else_is() {
    let slots = if cfg!(miri) { 40 } else { 1024 };
    let memory = Memory::new(RegistryConfig { slots, slot_len: 128 });
    let registry = memory.registry();
    let names = names(slots);
    let ids: Vec<_> = names.iter().map(|name| registry.register(&named(name)).unwrap()).collect();
    for (name, &id) in names.iter().zip(&ids) {
        assert_eq!(registry.find(name), Ok(id));
        assert_eq!(registry.register(&named(name)), Err(Error::RoleHeld));
    }
    assert_eq!(registry.register(&named("more")), Err(Error::NoSeat { count: slots }));
    for number in slots..4 * slots {
        assert_eq!(registry.find(&std::format!("unit-{number}")), Err(Error::NoUnit));
    }
    assert_eq!(registry.iter().count(), slots as usize);
    assert_eq!(memory.word(FLAGS).load(Ordering::Relaxed), 0, "the index has taken them all");
}

/// Places in the index come back: names that come and go for ever never fill it.
#[test]
fn units_that_come_and_go_leave_nothing_behind() {
    let memory = Memory::new(RegistryConfig { slots: 40, slot_len: 128 });
    let registry = memory.registry();
    let rounds = if cfg!(miri) { 3 } else { 200 };
    for round in 0..rounds {
        let names: Vec<_> = (0..40).map(|unit| std::format!("{unit} in {round}")).collect();
        let ids: Vec<_> =
            names.iter().map(|name| registry.register(&named(name)).unwrap()).collect();
        for (name, id) in names.iter().zip(ids) {
            assert_eq!(registry.find(name), Ok(id));
            registry.retire(id).unwrap();
            assert_eq!(registry.find(name), Err(Error::NoUnit));
        }
    }
    assert_eq!(memory.word(FLAGS).load(Ordering::Relaxed), 0);
}

/// All in one line of the index, whose other entries are replaced all the time.
#[test]
fn those_who_stay_are_found_while_others_come_and_go() {
    let memory = Memory::new(RegistryConfig { slots: 8, slot_len: 128 });
    let registry = memory.registry();
    let names = ["stays", "stays too", "here", "there"];
    let ids = names.map(|name| registry.register(&named(name)).unwrap());
    let rounds = if cfg!(miri) { 10 } else { 20_000 };
    thread::scope(|scope| {
        let others = ["a", "b"].map(|name| {
            scope.spawn(move || {
                for _ in 0..rounds {
                    let id = registry.register(&named(name)).unwrap();
                    assert_eq!(registry.find(name), Ok(id));
                    registry.retire(id).unwrap();
                    assert_eq!(registry.find(name), Err(Error::NoUnit));
                }
            })
        });
        while !others.iter().all(|other| other.is_finished()) {
            assert_eq!(names.map(|name| registry.find(name)), ids.map(Ok));
        }
    });
    assert_eq!(memory.word(FLAGS).load(Ordering::Relaxed), 0);
}

/// More units of one line than the line takes.
#[test]
fn a_full_line_of_the_index_is_gone_around() {
    let memory = Memory::new(RegistryConfig { slots: 40, slot_len: 128 });
    let registry = memory.registry();
    let crowd = (0..).map(|number| std::format!("{number}"));
    let crowd: Vec<_> = crowd.filter(|name| murmur3(name.as_bytes()) % 16 == 3).take(20).collect();
    for name in &crowd {
        registry.register(&named(name)).unwrap();
    }
    assert_eq!(memory.word(FLAGS).load(Ordering::Relaxed), UNINDEXED);
    for (index, name) in crowd.iter().enumerate() {
        assert_eq!(registry.find(name).map(UnitId::index), Ok(index as u16));
        assert_eq!(registry.register(&named(name)), Err(Error::RoleHeld));
    }
    assert_eq!(registry.find("nobody"), Err(Error::NoUnit));
}

/// Whatever stands in filter and index: no wrong answer, and no name that is not found although
/// its entry is there.
#[test]
fn hints_are_only_hints() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let id = registry.register(&named("a")).unwrap();
    let old = registry.register(&named("b")).unwrap();
    registry.retire(old).unwrap();
    let other = registry.register(&named("c")).unwrap();
    assert_eq!(other.index(), old.index());

    // The filter lets everything pass, so that all depends on the index.
    for word in 0..16 {
        memory.word(64 + word * 4).store(u32::MAX, Ordering::Relaxed);
    }
    assert_eq!(registry.find("b"), Err(Error::NoUnit));
    // Entries of every slot and generation, with the tags of both names.
    for name in ["a", "b", "nobody"] {
        let tag = murmur3(name.as_bytes()) >> 26 << 10;
        for (place, target) in [0, 1, 2, 3, 4, 1023].into_iter().enumerate() {
            let entry = u32::from(other.generation()) << 16 | tag | target;
            memory.word(128 + 12 + place * 4).store(entry, Ordering::Relaxed);
        }
        assert_eq!(registry.find("b"), Err(Error::NoUnit));
        assert_eq!(registry.find("nobody"), Err(Error::NoUnit));
        assert_eq!(registry.find("a"), Ok(id));
        assert_eq!(registry.find("c"), Ok(other));
    }
    // Bad entries are places to be used again.
    for place in 0..16 {
        memory.word(128 + place * 4).store(u32::MAX - place as u32, Ordering::Relaxed);
    }
    let new = registry.register(&named("d")).unwrap();
    assert_eq!(registry.find("d"), Ok(new));
    assert_eq!(registry.find("a"), Err(Error::NoUnit), "its entry was destroyed");
    memory.word(FLAGS).store(u32::MAX, Ordering::Relaxed);
    assert_eq!(registry.find("a"), Ok(id), "who looks everywhere finds it");
}

#[test]
fn units_are_found_by_what_they_can_do() {
    let memory = Memory::new(CONFIG);
    let registry = memory.registry();
    let high = 1 << 40;
    let ids = [("a", 0b011), ("b", 0b110), ("c", high | 0b111)].map(|(name, bits)| {
        let capabilities = Capabilities(bits);
        registry.register(&UnitRecord { capabilities, ..named(name) }).unwrap()
    });
    let [a, b, c] = ids;
    let with = |bits| registry.with_capabilities(Capabilities(bits)).collect::<Vec<_>>();
    assert_eq!(with(0), ids);
    assert_eq!(with(0b010), ids);
    assert_eq!(with(0b011), [a, c]);
    assert_eq!(with(0b110), [b, c]);
    assert_eq!(with(high), [c]);
    assert_eq!(with(0b1000), []);
    registry.retire(c).unwrap();
    assert_eq!(with(0b011), [a]);
}

/// Garbage in every word of the section: bounded, and no panic.
#[test]
fn garbage_is_survived() {
    let memory = Memory::new(RegistryConfig { slots: 20, slot_len: 128 });
    let registry = memory.registry();
    let mut seed = 1_u32;
    for round in 0..if cfg!(miri) { 3 } else { 300 } {
        for word in &memory.words[memory.section / 4..] {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = match (seed >> 8) % 4 {
                0 => 0,
                1 => u32::MAX,
                // As if active, or proposed.
                2 => seed & 0xffff_0000 | ACTIVE << ((seed >> 10) % 2),
                _ => seed,
            };
            word.store(value, Ordering::Relaxed);
        }
        let name = ["", "a", "hash"][round % 3];
        let _ = registry.find(name);
        let _ = registry.register(&named("new"));
        let _ = registry.register(&named(name));
        for id in registry.with_capabilities(Capabilities::NONE).collect::<Vec<_>>() {
            let _ = registry.method(id, "m");
            let _ = registry.resolve(id, &mut [UnitId::NONE; 4]);
            let _ = registry.heartbeat(id);
            let _ = registry.retire(id);
        }
        let _ = registry.iter().count();
        let _ = memory.reclaim(round as u16);
    }
}

use std::collections::HashSet;
use std::vec::Vec;
use std::{format, thread};

use core::time::Duration;

use super::*;
use crate::epochs::EpochTable;
use crate::layout::Layout;
use crate::raw::region::{AlignedBytes, Region};
use crate::sync::AtomicU32;
use crate::wait::Spin;
use crate::{Access, Hostile, wait_any};

const ID: SectionId = SectionId(1);
const PARK: Spin = Spin { polls: 100 };

fn layout(slots: u32) -> Layout {
    Layout::builder().named_epochs(ID, "names", NamedEpochsConfig { slots }).build().unwrap()
}

fn with_bank(slots: u32, test: impl FnOnce(NamedEpochs<'_>)) {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(slots), 7).unwrap();
    test(NamedEpochs::open(&sections, ID).unwrap());
}

/// As another party.
fn of_party<'m>(bank: &NamedEpochs<'m>, party: u16) -> NamedEpochs<'m> {
    NamedEpochs { span: bank.span.of_party(party), ..*bank }
}

fn reclaim_in(bank: &NamedEpochs<'_>, dead: u16) -> u32 {
    let section = *layout(bank.slots).sections().first().unwrap();
    reclaim(&bank.span, &section, dead).unwrap()
}

#[test]
fn a_name_is_one_epoch_until_it_is_freed() {
    with_bank(2, |bank| {
        let Ok(Allocated::New(id)) = bank.allocate("a") else { panic!() };
        assert_eq!(bank.allocate("a"), Ok(Allocated::Existing(id)));
        assert_eq!((id.index(), id.generation(), id.raw()), (0, 0, 0));
        // A prefix is another name; the longest is 24 bytes.
        let longest = "123456789012345678901234";
        let Ok(Allocated::New(other)) = bank.allocate(longest) else { panic!() };
        assert_eq!(bank.find(longest), Ok(Some(other)));
        assert_eq!(bank.find("aa"), Ok(None));
        assert_eq!(bank.allocate("b"), Err(Error::NoSeat { count: 2 }));
        let entry = bank.entry(1).unwrap().unwrap();
        assert_eq!((entry.name(), entry.owner(), entry.id()), (longest, 0, other));

        let (counter, mut watcher) = (bank.counter(id).unwrap(), bank.watcher(id).unwrap());
        assert_eq!((counter.id(), watcher.id()), (id, id));
        assert_eq!(counter.advance(&PARK), Ok(1));
        assert_eq!(watcher.changed(), Ok(Some(1)));
        assert_eq!(watcher.changed(), Ok(None));
        bank.free(id, &PARK).unwrap();
        let stale = Error::Stale { expected: 0, found: 1 };
        assert_eq!(counter.advance(&PARK), Err(stale));
        assert_eq!(watcher.wait(&PARK, None), Err(stale));
        assert!(watcher.watcher_mut().changed().is_some(), "freeing is a change");
        assert_eq!(watcher.changed(), Err(stale));
        assert_eq!(watcher.check(), Err(stale));
        assert_eq!(bank.check(id), Err(stale));
        assert_eq!(bank.free(id, &PARK), Err(stale));
        assert_eq!(bank.counter(id).err(), Some(stale));
        assert_eq!(bank.watcher(id).err(), Some(stale));
        assert_eq!(bank.entry(0), Ok(None));

        // The slot goes to another name; the old id stays stale.
        let Ok(Allocated::New(next)) = bank.allocate("b") else { panic!() };
        assert_eq!((next.index(), next.generation()), (0, 1));
        assert_eq!(EpochId::from_raw(next.raw()), next);
        assert_eq!(bank.check(id), Err(stale));
        assert_eq!(bank.watcher(next).unwrap().watcher_mut().seen(), 2);
    });
}

#[test]
fn what_is_no_name_or_no_slot_is_refused() {
    with_bank(2, |bank| {
        let no_name = Error::BadLayout { what: "an epoch's name is empty or has a zero in it" };
        for name in ["", "\0", "a\0b"] {
            assert_eq!(bank.find(name), Err(no_name));
            assert_eq!(bank.allocate(name), Err(no_name));
        }
        let long = Error::TooLarge { len: 25, max: 24 };
        assert_eq!(bank.allocate("1234567890123456789012345"), Err(long));
        let missing = Error::NoSuchIndex { index: 2, count: 2 };
        let id = EpochId::from_raw(2);
        assert_eq!(bank.check(id), Err(missing));
        assert_eq!(bank.free(id, &PARK), Err(missing));
        assert_eq!(bank.entry(2), Err(missing));
    });
    for slots in [0, MAX_NAMED_EPOCHS + 1, u32::MAX] {
        let refused = NamedEpochsConfig { slots }.section_len();
        assert!(matches!(refused, Err(Error::BadLayout { .. })), "{slots}");
    }
    assert_eq!(NamedEpochsConfig { slots: MAX_NAMED_EPOCHS }.section_len(), Ok(1 << 18));
}

#[test]
fn the_two_kinds_of_bank_do_not_mix() {
    with_bank(2, |bank| assert_eq!(bank.slot_count(), 2));
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(2), 7).unwrap();
    let fixed = EpochTable::open(&sections, ID).unwrap();
    assert_eq!(fixed.count(), 0);
    assert_eq!(fixed.counter(0).err(), Some(Error::NoSuchIndex { index: 0, count: 0 }));

    let mut section = *layout(2).sections().first().unwrap();
    for params in [[1, 64, 2, 0], [0, 64, 0, 0], [0, 128, 2, 0], [0, 4, 2, 0], [1, 64, 0, 0]] {
        section.params = params;
        let what = "shape of an epoch bank";
        assert_eq!(Bank::of(&section).err(), Some(Error::Corrupt { what }), "{params:?}");
    }
    for params in [[0, 64, 3, 0], [0, 64, u32::MAX, 0], [3, 128, 0, 0], [u32::MAX, 4, 0, 0]] {
        section.params = params;
        let what = "length of an epoch bank";
        assert_eq!(Bank::of(&section).err(), Some(Error::Corrupt { what }), "{params:?}");
    }
}

#[test]
fn generations_wrap() {
    let words: Vec<_> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout(1), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    let bank = NamedEpochs::open(&sections, ID).unwrap();
    let last = u32::MAX << names::GENERATION_SHIFT;
    words[start + SLOT_STATE / 4].store(last, Ordering::Relaxed);
    words[start + SLOT_EPOCH / 4].store(u32::MAX, Ordering::Relaxed);
    let id = bank.allocate("a").unwrap().id();
    assert_eq!(id.generation(), (1 << 20) - 1);
    bank.free(id, &PARK).unwrap();
    // Not 0: that is for slots that nobody had.
    assert_eq!(bank.check(id), Err(Error::Stale { expected: (1 << 20) - 1, found: 1 }));
    assert_eq!(bank.allocate("a").unwrap().id().generation(), 1);
    // The epoch wrapped, too, and the waiter bit was taken back.
    assert_eq!(words[start + SLOT_EPOCH / 4].load(Ordering::Relaxed), 0);
}

#[test]
fn the_dead_lose_what_they_allocated_and_nobody_else_does() {
    with_bank(4, |bank| {
        let (alive, dead) = (of_party(&bank, 5), of_party(&bank, 6));
        let kept = alive.allocate("kept").unwrap().id();
        let lost = [dead.allocate("x").unwrap().id(), dead.allocate("y").unwrap().id()];
        assert_eq!(bank.entry(lost[0].index()).unwrap().unwrap().owner(), 6);
        assert_eq!(dead.allocate("kept"), Ok(Allocated::Existing(kept)));
        let mut watcher = bank.watcher(lost[0]).unwrap();
        assert_eq!(reclaim_in(&bank, 6), 2);
        assert_eq!(reclaim_in(&bank, 6), 0);
        assert!(watcher.watcher_mut().changed().is_some());
        assert!(matches!(watcher.changed(), Err(Error::Stale { .. })));
        assert_eq!(bank.check(kept), Ok(()));
        assert_eq!(bank.find("x"), Ok(None));
        assert!(matches!(alive.allocate("x"), Ok(Allocated::New(_))));

        let section = *layout(4).sections().first().unwrap();
        void_roles(&bank.span, &section).unwrap();
        assert!((0..4).all(|index| bank.entry(index) == Ok(None)));
        assert!(matches!(bank.check(kept), Err(Error::Stale { .. })));
    });
}

/// Attaching exclusively frees all; a party that only reads finds names, and may not allocate.
#[test]
fn attachments() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(2), 7).unwrap();
    let bank = NamedEpochs::open(&sections, ID).unwrap();
    let id = bank.allocate("a").unwrap().id();
    let span = bank.span.read_only();
    let reader = NamedEpochs { span, ..bank };
    assert_eq!(span.access(), Access::ReadOnly);
    assert_eq!(reader.find("a"), Ok(Some(id)));
    assert_eq!(reader.allocate("a"), Err(Error::ReadOnly));
    assert_eq!(reader.free(id, &PARK), Err(Error::ReadOnly));
    assert_eq!(reader.counter(id).err(), Some(Error::ReadOnly));
    let section = *layout(2).sections().first().unwrap();
    assert_eq!(reclaim(&span, &section, 0), Err(Error::ReadOnly));
    let mut watcher = reader.watcher(id).unwrap();
    let soon = Some(Duration::from_millis(1));
    assert_eq!(watcher.wait(&PARK, soon), Err(Error::TimedOut));
    let mut set = [watcher.watcher_mut().clone(), bank.watcher(id).unwrap().watcher_mut().clone()];
    assert_eq!(wait_any(&mut set, &PARK, soon), Err(Error::TimedOut));
    bank.counter(id).unwrap().advance(&PARK).unwrap();
    assert_eq!(watcher.wait(&PARK, soon), Ok(1));
    assert!(wait_any(&mut set, &PARK, soon).unwrap().iter().eq([0, 1]));

    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::attach(region).unwrap();
    let bank = NamedEpochs::open(&sections, ID).unwrap();
    assert_eq!(bank.find("a"), Ok(None));
    assert!(matches!(bank.check(id), Err(Error::Stale { .. })));
}

/// Whatever the words say, each call ends, and with a typed error if with one at all.
#[test]
fn lying_words_cause_errors_at_most() {
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.rotate_left(9)
    };
    let words: Vec<_> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    let region: Region<'_, Hostile> = Region::from_words(&words);
    let sections = Sections::create(region, &layout(4), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    let bank = NamedEpochs::open(&sections, ID).unwrap();
    let id = bank.allocate("name").unwrap().id();
    let (counter, mut watcher) = (bank.counter(id).unwrap(), bank.watcher(id).unwrap());
    let fixed = layout(4);
    let section = fixed.sections().first().unwrap();
    for _ in 0..2000 {
        for word in &words[start..start + 64] {
            word.store(random(), Ordering::Relaxed);
        }
        let raw = EpochId::from_raw(random());
        let _ = (bank.find("name"), bank.allocate("name"), bank.allocate("other"));
        let _ = (bank.free(id, &PARK), bank.check(raw), bank.free(raw, &PARK));
        let _ = (bank.counter(raw).is_ok(), bank.watcher(raw).is_ok());
        let _ = (counter.advance(&PARK), watcher.changed(), watcher.check());
        let _ = watcher.wait(&PARK, Some(Duration::ZERO));
        for index in 0..5 {
            if let Ok(Some(entry)) = bank.entry(index) {
                assert!(entry.name().len() <= MAX_EPOCH_NAME_LEN);
            }
        }
        let _ = reclaim(&bank.span, section, random() as u16);
    }
    assert_eq!(void_roles(&bank.span, section), Ok(()));
    assert_eq!(bank.find("name"), Ok(None));
    for name in ["1", "2", "3", "4"] {
        assert!(matches!(bank.allocate(name), Ok(Allocated::New(_))));
    }
}

/// Parties allocate the same few names, advance and free them. No name is two epochs at a time,
/// and no slot is lost.
#[test]
fn threads_allocate_and_free() {
    with_bank(6, |bank| {
        thread::scope(|scope| {
            for party in 1..=3_u16 {
                let bank = of_party(&bank, party);
                scope.spawn(move || {
                    for turn in 0..400_u32 {
                        let name = format!("name {}", (turn + u32::from(party)) % 4);
                        match bank.allocate(&name) {
                            Ok(allocated) => {
                                let id = allocated.id();
                                if let Ok(counter) = bank.counter(id) {
                                    let _ = counter.advance(&PARK);
                                }
                                let entries: Vec<_> = (0..6)
                                    .filter_map(|index| bank.entry(index).ok().flatten())
                                    .collect();
                                for entry in &entries {
                                    assert!(entry.name().starts_with("name "), "{entry:?}");
                                }
                                if let Allocated::New(id) = allocated {
                                    // Nobody else frees what it did not allocate.
                                    let found = bank.find(&name);
                                    let contended = matches!(found, Err(Error::Contended { .. }));
                                    assert!(contended || found == Ok(Some(id)));
                                    bank.free(id, &PARK).unwrap();
                                }
                            }
                            Err(Error::Contended { .. } | Error::NoSeat { .. }) => {
                                thread::yield_now();
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                });
            }
        });
        assert!((0..6).all(|index| bank.entry(index) == Ok(None)));
        let ids: HashSet<_> =
            (0..6).map(|at| bank.allocate(&format!("{at}")).unwrap().id()).collect();
        assert_eq!(ids.len(), 6);
    });
}

use core::sync::atomic::AtomicBool;
use std::string::ToString;
use std::thread;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::layout::Layout;
use crate::protocol::counters::ADD_MAX;
use crate::raw::region::{AlignedBytes, Hostile, Region};

const ID: SectionId = SectionId(6);

fn layout(count: u32) -> Layout {
    Layout::builder().counters(ID, "counters", CountersConfig { count }).build().unwrap()
}

/// The words of the section are handed to the test, for it to lie in.
fn with_counters(count: u32, test: impl FnOnce(Counters<'_>, &[AtomicU32])) {
    let layout = layout(count);
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections: Sections<'_, Hostile> =
        Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(Counters::open(&sections, ID).unwrap(), &words[start..]);
}

#[test]
fn a_counter_is_made_counted_on_and_freed() {
    with_counters(2, |counters, _| {
        let longest = "x".repeat(COUNTER_LABEL_LEN);
        let party = Counters { span: counters.span.of_party(5), ..counters };
        let first = party.allocate(&longest, 1, 2).unwrap();
        let second = counters.allocate("second", 3, 4).unwrap();
        assert_eq!(counters.allocate("third", 0, 0).err(), Some(Error::NoSeat { count: 2 }));
        let long = counters.allocate(&(longest.clone() + "x"), 0, 0);
        assert_eq!(long.err(), Some(Error::TooLarge { len: 49, max: 48 }));

        first.add(7);
        counters.add(second.id(), u32::MAX).unwrap();
        counters.add(second.id(), 0).unwrap();
        assert_eq!((first.value(), second.value()), (Ok(7), Ok(u64::from(u32::MAX))));
        let reading = counters.get(first.id()).unwrap();
        assert_eq!((reading.owner, reading.kind, reading.unit, reading.value), (5, 1, 2, 7));
        assert_eq!(reading.label(), longest);
        assert_eq!(counters.find("second"), Some(second.id()));
        assert_eq!(counters.find("sec"), None);

        let id = first.id();
        drop(first);
        let stale = Error::Stale { expected: 1, found: 2 };
        assert_eq!(counters.get(id), Err(stale));
        assert_eq!(counters.add(id, 1), Err(stale));
        let again = counters.allocate("", 0, 0).unwrap();
        assert_eq!((again.id(), again.value()), (CounterId { index: 0, generation: 2 }, Ok(0)));
        assert_eq!(counters.add(id, 1), Err(stale));
        assert_eq!(counters.get(id), Err(stale));
        let none = CounterId { index: 2, generation: 1 };
        assert_eq!(counters.add(none, 1), Err(Error::NoSuchIndex { index: 2, count: 2 }));
        let labels: Vec<_> = counters.iter().map(|reading| reading.label().to_string()).collect();
        assert_eq!(labels, ["", "second"]);
    });
}

#[test]
fn a_dead_partys_counters_are_freed_and_no_others() {
    with_counters(4, |counters, words| {
        let dead = Counters { span: counters.span.of_party(3), ..counters };
        let counter = dead.allocate("dead", 0, 0).unwrap();
        let other = counters.allocate("other", 0, 0).unwrap();
        // It died while it made its second one.
        drop(crate::protocol::counters::claim(&words[2 * STRIDE / 4], 3).unwrap());
        let section = layout(4).sections()[0];
        assert_eq!(reclaim(&counters.span, &section, 4), Ok(0));
        assert_eq!(reclaim(&counters.span, &section, 3), Ok(2));
        assert_eq!(reclaim(&counters.span, &section, 3), Ok(0));
        assert_eq!(counters.iter().count(), 1);
        let next = counters.allocate("next", 0, 0).unwrap();
        assert_eq!(next.id().index, 0);
        // It was not dead, after all: what it drops is not its own.
        drop(counter);
        assert_eq!(counters.get(next.id()).unwrap().label(), "next");
        drop(other);
        void_roles(&counters.span, &section).unwrap();
        assert_eq!(counters.iter().count(), 0);
    });
}

#[test]
fn counters_can_be_read_where_nothing_can_be_written() {
    let layout = layout(2);
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    let counter = Counters::open(&sections, ID).unwrap().allocate("seen", 1, 2).unwrap();
    counter.add(9);
    let sections = Sections::attach(Region::from_words_read_only(&words)).unwrap();
    let counters = Counters::open(&sections, ID).unwrap();
    assert_eq!(counters.allocate("not", 0, 0).err(), Some(Error::ReadOnly));
    assert_eq!(counters.add(counter.id(), 1), Err(Error::ReadOnly));
    assert_eq!(counters.iter().map(|reading| reading.value).collect::<Vec<_>>(), [9]);
}

#[test]
fn layouts_that_make_no_sense_are_refused() {
    for count in [0, (1 << 20) + 1] {
        let layout = Layout::builder().counters(ID, "c", CountersConfig { count }).build();
        assert!(matches!(layout, Err(Error::BadLayout { .. })));
    }
    let mut section = layout(2).sections()[0];
    section.params[0] = 3;
    assert!(matches!(config_of(&section), Err(Error::Corrupt { .. })));
}

#[test]
fn whatever_the_words_say_every_call_ends() {
    with_counters(4, |counters, words| {
        let mut value = 1_u32;
        for _ in 0..5000 {
            for word in words {
                value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                word.store(value.rotate_left(value >> 27), Ordering::Relaxed);
            }
            for reading in counters.iter() {
                assert!(reading.label().len() <= COUNTER_LABEL_LEN);
                counters.add(reading.id, value).unwrap();
            }
            if let Ok(counter) = counters.allocate("new", 1, 1) {
                counter.add(value);
                assert_eq!(counter.value(), Ok(u64::from(value)));
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// As a `u64`, from anywhere, over any number of carries.
    #[test]
    fn as_a_number(start in 0_u64..1 << 62, counts in prop::collection::vec(any::<u32>(), 0..50)) {
        let layout = layout(1);
        let mut memory = AlignedBytes::<8192>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout, 7).unwrap();
        let counter = Counters::open(&sections, ID).unwrap().allocate("", 0, 0).unwrap();
        counter.low.store(start as u32, Ordering::Relaxed);
        counter.high.store((start >> 31) as u32, Ordering::Relaxed);
        let mut model = start;
        for count in counts {
            counter.add(count);
            model += u64::from(count);
            prop_assert_eq!(counter.value(), Ok(model));
        }
    }
}

#[test]
fn no_count_is_lost_and_none_is_seen_twice() {
    const ADDS: u32 = 50_000;
    with_counters(1, |counters, _| {
        let counter = counters.allocate("shared", 0, 0).unwrap();
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let adders: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        // Carries every two thousand.
                        (0..ADDS).for_each(|_| counter.add(ADD_MAX));
                    })
                })
                .collect();
            let reader = scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let Ok(value) = counter.value() else { continue };
                    assert!(value >= last, "went back");
                    assert_eq!(value % u64::from(ADD_MAX), 0);
                    last = value;
                }
            });
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            done.store(true, Ordering::Release);
            reader.join().unwrap();
        });
        assert_eq!(counter.value(), Ok(3 * u64::from(ADDS) * u64::from(ADD_MAX)));
    });
}

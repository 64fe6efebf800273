use core::sync::atomic::AtomicBool;
use std::collections::VecDeque;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, thread, vec};

use proptest::prelude::*;

use super::*;
use crate::layout::Layout;
use crate::protocol::log::TRIES;
use crate::raw::region::{Hostile, Region};

const ID: SectionId = SectionId(5);

fn layout(capacity: u32, text_len: u32) -> Layout {
    Layout::builder().log(ID, "log", LogConfig { capacity, text_len }).build().unwrap()
}

/// The words of the section are handed to the test, for it to lie in.
fn with_log(capacity: u32, text_len: u32, test: impl FnOnce(Log<'_>, &[AtomicU32])) {
    let layout = layout(capacity, text_len);
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections: Sections<'_, Hostile> =
        Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(Log::open(&sections, ID).unwrap(), &words[start..]);
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

fn event(text: &str) -> Event<'_> {
    Event { time: u64::MAX - 1, level: Event::WARN, code: 77, text }
}

fn slot(log: &Log<'_>, index: u32) -> usize {
    slot_offset(&log.config, index) + SLOT_WORD
}

/// Everything that can be read now.
fn read_all(reader: &mut LogReader<'_>) -> Vec<(u32, String)> {
    let (mut out, mut text) = (Vec::new(), [0; 64]);
    loop {
        match reader.next(&mut text) {
            Ok(entry) => out.push((entry.sequence, entry.text(&text).to_string())),
            Err(error) => {
                assert_eq!(error, Error::Empty);
                return out;
            }
        }
    }
}

#[test]
fn events_come_back_as_they_were() {
    with_log(4, 13, |log, _| {
        let log = Log { span: log.span.of_party(9), ..log };
        let mut reader = log.reader(0);
        let mut text = [0; 13];
        assert_eq!(reader.next(&mut text), Err(Error::Empty));
        assert_eq!(log.append(event("")), Ok(0));
        assert_eq!(
            log.append(event("thirteen byt\u{e9}")).err(),
            Some(Error::TooLarge { len: 14, max: 13 })
        );
        assert_eq!(log.append(event("thirteen byt!")), Ok(1));
        let entry = reader.next(&mut text).unwrap();
        let expected = Entry {
            sequence: 0,
            time: u64::MAX - 1,
            level: Event::WARN,
            source: 9,
            code: 77,
            text_len: 0,
        };
        assert_eq!((entry, entry.text(&text)), (expected, ""));
        let entry = reader.next(&mut text[..5]).unwrap();
        assert_eq!((entry.sequence, entry.text_len, entry.text(&text[..5])), (1, 13, "thirt"));
        assert_eq!((reader.next(&mut text), reader.lost()), (Err(Error::Empty), 0));
    });
}

#[test]
fn the_newest_stay_and_the_rest_is_counted_across_the_wrap() {
    with_log(8, 40, |log, words| {
        let start = u32::MAX - 5;
        set(words, HEAD, start);
        let mut reader = log.reader(0);
        for count in 0..30_u32 {
            assert_eq!(log.append(event(&count.to_string())), Ok(start.wrapping_add(count)));
        }
        let expected: Vec<_> =
            (22..30_u32).map(|count| (start.wrapping_add(count), count.to_string())).collect();
        assert_eq!(read_all(&mut reader), expected);
        assert_eq!(reader.lost(), 22);
        let mut late = log.reader(0);
        assert_eq!((read_all(&mut late), late.lost()), (expected, 0));
    });
}

#[test]
fn a_slot_that_is_held_is_left_alone_until_its_writer_is_proven_dead() {
    with_log(4, 40, |log, words| {
        let dead = Log { span: log.span.of_party(3), ..log };
        let mut reader = log.reader(2);
        log.append(event("a")).unwrap();
        let claim = log::claim(&Control { log: dead, head: log.span.word(HEAD).unwrap() }, 3);
        let claim = claim.unwrap();
        assert_eq!((claim.ticket(), claim.slot()), (1, 1));
        log.append(event("c")).unwrap();
        // The reader has patience for two looks.
        assert_eq!(read_all(&mut reader), [(0, "a".into())]);
        assert_eq!(read_all(&mut reader), []);
        assert_eq!((read_all(&mut reader), reader.lost()), (vec![(2, "c".into())], 1));
        // Three laps over three slots.
        for ticket in [3, 4, 6, 7, 8, 10, 11, 12] {
            assert_eq!(log.append(event("x")), Ok(ticket));
        }
        let offset = slot(&log, 1);
        assert_eq!(log.span.load(offset).map(log::writer_of), Ok(Some(3)));
        let section = layout(4, 40).sections()[0];
        assert_eq!(reclaim(&log.span, &section, 4), Ok(0));
        assert_eq!(reclaim(&log.span, &section, 3), Ok(1));
        assert_eq!(reclaim(&log.span, &section, 3), Ok(0));
        for ticket in [13, 14, 15] {
            assert_eq!(log.append(event("y")), Ok(ticket));
        }
        // It was not dead, after all: it is told, and what came after is as it was.
        let control = Control { log: dead, head: log.span.word(HEAD).unwrap() };
        assert_eq!(log::commit(&control, claim), Err(Error::Fenced));
        assert_eq!(read_all(&mut log.reader(0)).len(), 4);

        for index in 0..4 {
            set(words, slot(&log, index), 0b01);
        }
        assert_eq!(log.append(event("z")), Err(Error::Contended { tries: TRIES }));
        assert_eq!(log.dropped(), 1);
        void_roles(&log.span, &section).unwrap();
        log.append(event("z")).unwrap();
    });
}

#[test]
fn a_late_writer_overwrites_nothing_newer() {
    with_log(4, 40, |log, words| {
        for _ in 0..6 {
            log.append(event("lap")).unwrap();
        }
        // As if a writer had slept since ticket 1: tickets 1 to 5 have their events already.
        set(words, HEAD, 1);
        assert_eq!(log.append(event("late")), Ok(6));
        let tickets = [4, 5, 6, 3];
        for (index, ticket) in tickets.into_iter().enumerate() {
            assert_eq!(log.span.load(slot(&log, index as u32)), Ok((ticket / 4) << 2 | 0b10));
        }
    });
}

#[test]
fn layouts_that_make_no_sense_are_refused() {
    for (capacity, text_len) in [(0, 4), (2, 4), (6, 4), (1 << 21, 4), (8, 4073)] {
        let layout = Layout::builder().log(ID, "log", LogConfig { capacity, text_len }).build();
        assert!(matches!(layout, Err(Error::BadLayout { .. })), "{capacity} {text_len}");
    }
    let mut section = layout(8, 40).sections()[0];
    section.params[0] = 6;
    assert_eq!(config_of(&section), Err(Error::Corrupt { what: "capacity of a log" }));
    section.params[0] = 16;
    assert_eq!(config_of(&section), Err(Error::Corrupt { what: "length of a log" }));
}

#[test]
fn a_log_for_reading_only_can_be_read() {
    let layout = layout(4, 40);
    let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout, 7).unwrap();
    Log::open(&sections, ID).unwrap().append(event("seen")).unwrap();
    let sections = Sections::attach(Region::from_words_read_only(&words)).unwrap();
    let log = Log::open(&sections, ID).unwrap();
    assert_eq!(log.append(event("not")), Err(Error::ReadOnly));
    assert_eq!(read_all(&mut log.reader(0)), [(0, "seen".into())]);
}

#[test]
fn whatever_the_words_say_every_call_ends() {
    with_log(8, 40, |log, words| {
        let mut value = 1_u32;
        let mut random = || {
            value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            value.rotate_left(value >> 27)
        };
        let mut text = [0; 40];
        let mut old = log.reader(1);
        for _ in 0..5000 {
            for word in &words[..words.len()] {
                word.store(random(), Ordering::Relaxed);
            }
            if random() % 2 == 0 {
                set(words, HEAD, old.next.wrapping_add(random() % 16));
                for index in 0..8 {
                    let done = ((random() % 4) << 2) | 0b10;
                    set(words, slot(&log, index), done);
                }
            }
            let _ = log.append(event("lie"));
            let mut reader = log.reader(random() % 3);
            for _ in 0..4 {
                for reader in [&mut reader, &mut old] {
                    match reader.next(&mut text) {
                        Ok(entry) => assert!(entry.text(&text).len() <= 40),
                        Err(Error::Empty | Error::Lapped { .. } | Error::Corrupt { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// As a deque that drops at the front.
    #[test]
    fn as_a_bounded_deque(
        bits in 2_u32..5,
        steps in prop::collection::vec(prop::option::weighted(0.6, 0_usize..41), 0..200),
    ) {
        let capacity = 1 << bits;
        let layout = layout(capacity, 40);
        let words: Vec<_> = (0..layout.total_len() / 4).map(|_| AtomicU32::new(0)).collect();
        let sections = Sections::create(Region::from_words(&words), &layout, 7).unwrap();
        let log = Log::open(&sections, ID).unwrap();
        let mut reader = log.reader(0);
        let (mut model, mut count, mut lost) = (VecDeque::new(), 0, 0);
        let mut text = [0; 40];
        for step in steps {
            match step {
                Some(len) => {
                    let words = "x".repeat(len);
                    prop_assert_eq!(log.append(event(&words)), Ok(count));
                    model.push_back((count, words));
                    count += 1;
                    if model.len() > capacity as usize {
                        model.pop_front();
                        lost += 1;
                    }
                }
                None => match (reader.next(&mut text), model.pop_front()) {
                    (Ok(entry), Some((sequence, words))) => {
                        prop_assert_eq!(entry.sequence, sequence);
                        prop_assert_eq!(entry.text(&text), words);
                        prop_assert_eq!(reader.lost(), lost);
                    }
                    (read, expected) => {
                        prop_assert_eq!(read, Err(Error::Empty));
                        prop_assert_eq!(expected, None);
                    }
                },
            }
        }
    }
}

/// Writers flat out, readers that follow: whole events only, each writer's in its order, and
/// numbers that add up.
#[test]
fn many_writers_and_readers() {
    const WRITERS: u32 = 3;
    const EVENTS: u32 = 20_000;
    with_log(16, 40, |log, _| {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    scope.spawn(move || {
                        let log = Log { span: log.span.of_party(writer as u16 + 1), ..log };
                        let mut dropped = 0;
                        for number in 0..EVENTS {
                            let text = format!("{number:08}-{number:08}-{number:08}");
                            let text = &text[..(number % 27) as usize];
                            let time = u64::from(number) << 32 | u64::from(number);
                            let event = Event { time, level: writer as u8, code: number, text };
                            match log.append(event) {
                                Ok(_) => {}
                                Err(error) => {
                                    assert_eq!(error, Error::Contended { tries: TRIES });
                                    dropped += 1;
                                }
                            }
                        }
                        dropped
                    })
                })
                .collect();
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(|| {
                        let mut reader = log.reader(1000);
                        let (mut text, mut seen) = ([0; 40], 0_u64);
                        let mut newest = [None; WRITERS as usize];
                        loop {
                            let last = done.load(Ordering::Acquire);
                            match reader.next(&mut text) {
                                Ok(entry) => {
                                    let number = entry.code;
                                    assert_eq!(entry.time as u32, number);
                                    assert_eq!(entry.time >> 32, u64::from(number));
                                    assert_eq!(u32::from(entry.source), u32::from(entry.level) + 1);
                                    let whole = format!("{number:08}-{number:08}-{number:08}");
                                    let len = (number % 27) as usize;
                                    assert_eq!(entry.text(&text), &whole[..len]);
                                    let newest = &mut newest[entry.level as usize];
                                    assert!(newest.is_none_or(|newest| newest < number));
                                    *newest = Some(number);
                                    seen += 1;
                                }
                                Err(Error::Lapped { .. }) => {}
                                Err(error) => {
                                    assert_eq!(error, Error::Empty);
                                    let head = reader.log.head();
                                    if last && reader.next == head {
                                        // From the first ticket on, or the reader came late.
                                        assert!(seen + reader.lost() <= u64::from(head));
                                        break seen;
                                    }
                                }
                            }
                        }
                    })
                })
                .collect();
            let dropped: u32 = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
            done.store(true, Ordering::Release);
            assert_eq!(log.dropped(), dropped);
            assert!(log.head() >= WRITERS * EVENTS);
            for reader in readers {
                assert!(reader.join().unwrap() > 0);
            }
        });
        assert!(!read_all(&mut log.reader(0)).is_empty());
    });
}

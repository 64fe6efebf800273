use std::sync::atomic::AtomicBool;
use std::vec::Vec;
use std::{mem, thread, vec};

mod random;

use super::*;
use crate::layout::Layout;
use crate::raw::region::{AlignedBytes, Hostile, Region};
use crate::sync::AtomicU32;

const ID: SectionId = SectionId(2);

fn layout(capacity: u32) -> Layout {
    Layout::builder().broadcast(ID, "news", BroadcastConfig { capacity }).build().unwrap()
}

/// The words of the section are handed to the test, for it to lie in.
fn hostile(capacity: u32, test: impl FnOnce(Broadcast<'_>, &[AtomicU32])) {
    let words: Vec<_> = (0..2048).map(|_| AtomicU32::new(0)).collect();
    let sections: Sections<'_, Hostile> =
        Sections::create(Region::from_words(&words), &layout(capacity), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(Broadcast::open(&sections, ID).unwrap(), &words[start..]);
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

fn get(words: &[AtomicU32], offset: usize) -> u32 {
    words[offset / 4].load(Ordering::Relaxed)
}

/// As if an empty record of this number at `position` were the newest.
fn begin_at(words: &[AtomicU32], capacity: u32, position: u64, sequence: u32) {
    let intent = position + 2;
    set(words, INTENT, intent as u32);
    set(words, WRAPS, (intent >> 31) as u32);
    set(words, LATEST, position as u32);
    let at = DATA + (position as u32 & (capacity - 1)) as usize * GRANULE;
    set(words, at + RECORD_LEN, 0);
    set(words, at + RECORD_SEQUENCE, sequence);
    set(words, at + RECORD_POSITION, position as u32);
}

fn received(tag: u32, len: usize, lapped: u32) -> Result<Received, Error> {
    Ok(Received { tag, len, lapped })
}

#[test]
fn every_receiver_gets_every_record() {
    hostile(64, |news, words| {
        assert_eq!((news.capacity_len(), news.max_record_len()), (512, 48));
        let mut transmitter = news.transmitter().unwrap();
        let mut receivers = [(); 3].map(|()| news.receiver().unwrap());
        let mut out = [0; 48];
        for tag in 0..200 {
            let len = tag as usize % 49;
            transmitter.send(tag, &vec![tag as u8; len]).unwrap();
            for receiver in &mut receivers {
                assert_eq!(receiver.receive(&mut out), received(tag, len, 0));
                assert_eq!(out[..len], vec![tag as u8; len]);
                assert_eq!(receiver.receive(&mut out), Err(Error::Empty));
            }
        }
        assert!(get(words, INTENT) > 10 * 64);
    });
}

#[test]
fn records_of_no_bytes_are_records() {
    hostile(32, |news, _| {
        let mut transmitter = news.transmitter().unwrap();
        let mut receiver = news.receiver().unwrap();
        for tag in 0..16 {
            transmitter.send(tag, &[]).unwrap();
        }
        // Sixteen of two granules fill the ring exactly: nothing is lost yet.
        for tag in 0..16 {
            assert_eq!(receiver.receive(&mut []), received(tag, 0, 0));
        }
        assert_eq!(receiver.receive(&mut []), Err(Error::Empty));
    });
}

#[test]
fn who_is_overtaken_goes_on_with_the_newest() {
    hostile(32, |news, _| {
        let mut transmitter = news.transmitter().unwrap();
        let mut receiver = news.receiver().unwrap();
        let mut out = [0; 16];
        for tag in 0..17 {
            transmitter.send(tag, &[]).unwrap();
        }
        assert_eq!(receiver.receive(&mut out), received(16, 0, 16));
        assert_eq!(receiver.receive(&mut out), Err(Error::Empty));
        transmitter.send(17, &[]).unwrap();
        assert_eq!(receiver.receive(&mut out), received(17, 0, 0));
        // A draft overwrites, even if it is dropped.
        for tag in 18..34 {
            transmitter.send(tag, &[]).unwrap();
        }
        let mut other = receiver.clone();
        assert_eq!(other.receive(&mut out), received(18, 0, 0));
        drop(transmitter.draft(0).unwrap());
        assert_eq!(receiver.receive(&mut out), received(33, 0, 15));
        assert_eq!(other.receive(&mut out), received(19, 0, 0));
    });
}

#[test]
fn joining_is_behind_the_newest_or_at_it() {
    hostile(64, |news, _| {
        let mut transmitter = news.transmitter().unwrap();
        let mut first = news.receiver_from_newest().unwrap();
        for tag in 0..100 {
            transmitter.send(tag, b"news").unwrap();
            let mut at = news.receiver_from_newest().unwrap();
            let mut behind = news.receiver().unwrap();
            assert_eq!(at.receive(&mut [0; 4]), received(tag, 4, 0));
            assert_eq!(at.receive(&mut [0; 4]), Err(Error::Empty));
            assert_eq!(behind.receive(&mut [0; 4]), Err(Error::Empty));
            transmitter.send(tag, b"").unwrap();
            assert_eq!(behind.receive(&mut []), received(tag, 0, 0));
        }
        assert_eq!(first.receive(&mut [0; 4]), received(99, 0, 199));
    });
}

#[test]
fn too_large_changes_nothing() {
    hostile(64, |news, words| {
        let mut transmitter = news.transmitter().unwrap();
        let mut receiver = news.receiver().unwrap();
        let before: Vec<_> = words.iter().map(|word| word.load(Ordering::Relaxed)).collect();
        let too_large = Error::TooLarge { len: 49, max: 48 };
        assert_eq!(transmitter.send(0, &[0; 49]), Err(too_large));
        assert!(transmitter.draft(usize::MAX).is_err());
        let after: Vec<_> = words.iter().map(|word| word.load(Ordering::Relaxed)).collect();
        assert_eq!(before, after);
        transmitter.send(1, &[7; 48]).unwrap();
        let too_large = Error::TooLarge { len: 48, max: 47 };
        for _ in 0..2 {
            assert_eq!(receiver.receive(&mut [0; 47]), Err(too_large));
        }
        assert_eq!(receiver.receive(&mut [0; 48]), received(1, 48, 0));
    });
}

#[test]
fn a_draft_is_written_in_pieces() {
    hostile(64, |news, _| {
        let mut transmitter = news.transmitter().unwrap();
        let mut receiver = news.receiver().unwrap();
        let mut draft = transmitter.draft(11).unwrap();
        draft.write(4, b"piece").unwrap();
        draft.write(0, b"a 2 ").unwrap();
        draft.write(8, b"es!").unwrap();
        draft.write(11, b"").unwrap_err();
        draft.write(8, b"").unwrap();
        for (offset, len) in [(0, 12), (8, 4), (12, 0), (usize::MAX, 2)] {
            let out = Error::OutOfBounds { offset: offset as u64, len: len as u64 };
            assert_eq!(draft.write(offset, &vec![0; len]), Err(out));
        }
        assert_eq!(draft.write(2, b"x"), Err(Error::Misaligned { by: 2, align: 4 }));
        assert_eq!(receiver.receive(&mut []), Err(Error::Empty));
        draft.send(3).unwrap();
        let mut out = [0; 11];
        assert_eq!(receiver.receive(&mut out), received(3, 11, 0));
        assert_eq!(out, *b"a 2 pieces!");
    });
}

#[test]
fn the_role_is_held_once_and_resumed() {
    hostile(32, |news, _| {
        let mut receiver = news.receiver().unwrap();
        for tag in 0..100 {
            let mut transmitter = news.transmitter().unwrap();
            assert_eq!(news.transmitter().err(), Some(Error::RoleHeld));
            transmitter.send(tag, &[tag as u8; 9]).unwrap();
            drop(transmitter.draft(16).unwrap());
            drop(transmitter);
            assert_eq!(receiver.receive(&mut [0; 16]), received(tag, 9, 0));
        }
    });
}

#[test]
fn a_dead_transmitter_is_succeeded() {
    hostile(32, |news, _| {
        let section = *layout(32).sections().first().unwrap();
        let dying = Broadcast { span: news.span.of_party(5), ..news };
        let mut receiver = news.receiver().unwrap();
        for tag in 0..50 {
            let mut transmitter = dying.transmitter().unwrap();
            transmitter.send(2 * tag, &[1; 12]).unwrap();
            let mut draft = transmitter.draft(tag as usize % 17).unwrap();
            let _ = draft.write(0, &[2; 8]);
            mem::forget(transmitter);
            assert_eq!(news.transmitter().err(), Some(Error::RoleHeld));
            assert_eq!(reclaim(&news.span, &section, 4), Ok(0));
            assert_eq!(reclaim(&news.span, &section, 5), Ok(1));
            assert_eq!(reclaim(&news.span, &section, 5), Ok(0));
            let mut successor = news.transmitter().unwrap();
            assert_eq!(receiver.receive(&mut [0; 16]), received(2 * tag, 12, 0));
            assert_eq!(receiver.receive(&mut [0; 16]), Err(Error::Empty));
            successor.send(2 * tag + 1, b"next").unwrap();
            assert_eq!(receiver.receive(&mut [0; 16]), received(2 * tag + 1, 4, 0));
        }
    });
}

#[test]
fn exclusive_attach_frees_the_role_and_keeps_records() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(32), 7).unwrap();
    let news = Broadcast::open(&sections, ID).unwrap();
    let mut transmitter = news.transmitter().unwrap();
    transmitter.send(1, b"kept").unwrap();
    mem::forget(transmitter);
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let news = Broadcast::open(&sections, ID).unwrap();
    let mut receiver = news.receiver_from_newest().unwrap();
    news.transmitter().unwrap().send(2, b"new").unwrap();
    let mut out = [0; 16];
    assert_eq!(receiver.receive(&mut out), received(1, 4, 0));
    assert_eq!(out[..4], *b"kept");
    assert_eq!(receiver.receive(&mut out), received(2, 3, 0));
}

/// A receiver that slept while the low bits of the position came around, once and more often:
/// neither empty nor a record in the middle of others.
#[test]
fn who_sleeps_for_a_whole_wrap_is_told_so() {
    for wraps in [1_u64 << 31, 1 << 32, 5 << 32, 1 << 62] {
        for ahead in [0, 2, 8, 30, 64, 200] {
            hostile(64, |news, words| {
                let mut transmitter = news.transmitter().unwrap();
                let mut receiver = news.receiver().unwrap();
                transmitter.send(1, &[]).unwrap();
                assert_eq!(receiver.receive(&mut []), received(1, 0, 0));
                drop(transmitter);
                begin_at(words, 64, 64 + wraps + ahead, 77);
                let tag = get(words, DATA + RECORD_TAG + ((ahead as usize & 63) * GRANULE));
                assert_eq!(receiver.receive(&mut []), received(tag, 0, 76), "{wraps} {ahead}");
                assert_eq!(receiver.receive(&mut []), Err(Error::Empty));
                news.transmitter().unwrap().send(9, &[]).unwrap();
                assert_eq!(receiver.receive(&mut []), received(9, 0, 0));
            });
        }
    }
}

/// The upper half is stored first: whoever looks, or dies, in between takes it for what it was.
#[test]
fn the_upper_half_may_be_one_ahead() {
    for near in [1_u64 << 31, 1 << 32, 3 << 31] {
        hostile(64, |news, words| {
            begin_at(words, 64, near - 3, 4);
            let mut receiver = news.receiver_from_newest().unwrap();
            set(words, WRAPS, (near >> 31) as u32);
            assert_eq!(receiver.receive(&mut []), received(0, 0, 0));
            assert_eq!(receiver.receive(&mut []), Err(Error::Empty));
            let mut joined = news.receiver().unwrap();
            let mut transmitter = news.transmitter().unwrap();
            for tag in 0..20 {
                transmitter.send(tag, &[]).unwrap();
                assert_eq!(receiver.receive(&mut []), received(tag, 0, 0));
                assert_eq!(joined.receive(&mut []), received(tag, 0, 0));
            }
            assert_eq!(get(words, WRAPS), (near >> 31) as u32);
        });
    }
}

#[test]
fn numbers_wrap() {
    hostile(64, |news, words| {
        begin_at(words, 64, 1000, u32::MAX - 2);
        let mut receiver = news.receiver().unwrap();
        let mut transmitter = news.transmitter().unwrap();
        for tag in 0..3 {
            transmitter.send(tag, &[]).unwrap();
        }
        for tag in 0..3 {
            assert_eq!(receiver.receive(&mut []), received(tag, 0, 0));
        }
        for tag in 0..40 {
            transmitter.send(tag, &[]).unwrap();
        }
        assert_eq!(receiver.receive(&mut []), received(39, 0, 39));
    });
}

#[test]
fn lies_are_refused() {
    let corrupt = |what: &'static str| Err(Error::Corrupt { what });
    let header = "header of a broadcast record";
    for (at, value, what) in [
        (RECORD_LEN, 49, "length of a broadcast record"),
        (RECORD_LEN, u32::MAX, "length of a broadcast record"),
        (RECORD_LEN, PADDING | 1, "length of a broadcast record"),
        (RECORD_LEN, PADDING, "padding in a broadcast"),
        (RECORD_SEQUENCE, 1, "number of a broadcast record"),
        (RECORD_POSITION, 65, header),
    ] {
        hostile(64, |news, words| {
            let mut receiver = news.receiver().unwrap();
            let mut transmitter = news.transmitter().unwrap();
            transmitter.send(1, &[1; 20]).unwrap();
            set(words, DATA + at, value);
            for _ in 0..2 {
                assert_eq!(receiver.receive(&mut [0; 48]).map(|_| ()), corrupt(what), "{what}");
            }
            drop(transmitter);
            if at == RECORD_POSITION {
                assert_eq!(news.transmitter().map(|_| ()), corrupt(header));
                assert_eq!(news.receiver().map(|_| ()), corrupt(header));
                // A role that could not be taken up was given back.
                set(words, DATA + at, 64);
                assert!(news.transmitter().is_ok());
            }
        });
    }
    // Positions that no transmitter leaves.
    for (intent, wraps, latest) in
        [(0, 0, 0), (64, 0, 65), (200, 0, 64), (64, 2, 0), (65, 0, 3), (u32::MAX, 0, u32::MAX)]
    {
        hostile(64, |news, words| {
            let mut receiver = news.receiver().unwrap();
            set(words, INTENT, intent);
            set(words, WRAPS, wraps);
            set(words, LATEST, latest);
            assert!(matches!(news.transmitter().err(), Some(Error::Corrupt { .. })));
            let _ = receiver.receive(&mut [0; 48]);
        });
    }
    // Never ready: bounded.
    hostile(64, |news, words| {
        let mut receiver = news.receiver().unwrap();
        set(words, INTENT, 200);
        set(words, LATEST, 20);
        assert_eq!(receiver.receive(&mut []), Err(Error::Lapped { tries: 8 }));
        assert_eq!(news.receiver().err(), Some(Error::Lapped { tries: 8 }));
    });
}

#[test]
fn a_record_beyond_the_end_is_refused() {
    hostile(64, |news, words| {
        begin_at(words, 64, 64 + 60, 4);
        let mut receiver = news.receiver().unwrap();
        news.transmitter().unwrap().send(1, &[]).unwrap();
        set(words, DATA + 62 * GRANULE, 8);
        let what = "a broadcast record beyond the end";
        assert_eq!(receiver.receive(&mut [0; 48]), Err(Error::Corrupt { what }));
        // A header in the last granule would be cut in two.
        let mut receiver = receiver.clone();
        begin_at(words, 64, 64 + 61, 4);
        let mut cut = news.receiver().unwrap();
        set(words, LATEST, 128);
        set(words, INTENT, 130);
        set(words, DATA + 63 * GRANULE, 0);
        assert_eq!(cut.receive(&mut [0; 48]), Err(Error::Corrupt { what }));
        let _ = receiver.receive(&mut [0; 48]);
    });
}

#[test]
fn bad_capacities_are_refused() {
    for capacity in [0, 1, 8, 16, 31, 33, 100, (1 << 30) + 1, 1 << 31, u32::MAX] {
        let refused = section_len(&BroadcastConfig { capacity });
        assert!(matches!(refused, Err(Error::BadLayout { .. })), "{capacity}");
    }
    assert_eq!(section_len(&BroadcastConfig { capacity: 32 }), Ok(320));
    assert_eq!(section_len(&BroadcastConfig { capacity: 1 << 30 }), Ok((1 << 33) + 64));
    assert_eq!(max_record(1 << 30), (1 << 30) - 16);
}

/// A transmitter at full speed. Each receiver gets whole records in order, and what it got and
/// what it lost is what was sent.
#[test]
fn threads_lose_count_of_nothing() {
    const RECORDS: u32 = 100_000;
    let len_of = |tag: u32| (tag as usize * 7) % 49;
    let words: Vec<_> = (0..2048).map(|_| AtomicU32::new(0)).collect();
    let sections: Sections<'_, Hostile> =
        Sections::create(Region::from_words(&words), &layout(64), 7).unwrap();
    let news = Broadcast::open(&sections, ID).unwrap();
    let done = &AtomicBool::new(false);
    thread::scope(|scope| {
        let receivers = [(); 2].map(|()| {
            let mut receiver = news.receiver().unwrap();
            scope.spawn(move || {
                let (mut out, mut next, mut got, mut lapped) = ([0; 48], 0_u32, 0_u32, 0_u32);
                loop {
                    let finished = done.load(Ordering::Acquire);
                    match receiver.receive(&mut out) {
                        Ok(record) => {
                            next += record.lapped;
                            assert_eq!((record.tag, record.len), (next, len_of(next)));
                            assert!(out[..record.len].iter().all(|&byte| byte == next as u8));
                            next += 1;
                            got += 1;
                            lapped += record.lapped;
                        }
                        Err(Error::Empty) if finished => return (got, lapped),
                        Err(Error::Empty) => thread::yield_now(),
                        Err(other) => assert_eq!(other, Error::Lapped { tries: 8 }),
                    }
                }
            })
        });
        let mut transmitter = news.transmitter().unwrap();
        for tag in 0..RECORDS {
            transmitter.send(tag, &vec![tag as u8; len_of(tag)]).unwrap();
            if tag % 64 == 0 {
                thread::yield_now();
            }
        }
        done.store(true, Ordering::Release);
        for receiver in receivers {
            let (got, lapped) = receiver.join().unwrap();
            assert_eq!(got + lapped, RECORDS);
            assert!(got > 0);
        }
    });
}

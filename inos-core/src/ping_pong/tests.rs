use core::sync::atomic::AtomicBool;
use std::vec::Vec;
use std::{mem, thread};

use super::*;
use crate::layout::Layout;
use crate::raw::region::{AlignedBytes, Hostile, Region};

const ID: SectionId = SectionId(3);

fn config(slots: u32, seats: u32, mode: Mode) -> PingPongConfig {
    PingPongConfig { slots, seats, frame_len: 100, mode }
}

fn layout(config: PingPongConfig) -> Layout {
    Layout::builder().ping_pong(ID, "frames", config).build().unwrap()
}

fn cooperative(config: PingPongConfig, test: impl FnOnce(PingPong<'_, Cooperative>)) {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(config), 7).unwrap();
    test(PingPong::open(&sections, ID).unwrap());
}

/// The words of the section are handed to the test, for it to lie in.
fn hostile(config: PingPongConfig, test: impl FnOnce(PingPong<'_, Hostile>, &[AtomicU32])) {
    let words: Vec<_> = (0..2048).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout(config), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(PingPong::open(&sections, ID).unwrap(), &words[start..]);
}

fn set(words: &[AtomicU32], offset: usize, value: u32) {
    words[offset / 4].store(value, Ordering::Relaxed);
}

fn publish<T: Trust>(writer: &mut Writer<'_, T>, bytes: &[u8]) -> u32 {
    let mut back = writer.back_mut().unwrap();
    back.write(0, bytes).unwrap();
    back.publish(bytes.len()).unwrap()
}

fn pin_of<T: Trust>(frames: &PingPong<'_, T>, seat: u32) -> u32 {
    frames.parts.span.load(frames.parts.seat_line(seat) + PIN).unwrap()
}

#[test]
fn the_newest_wins_and_before_it_there_is_nothing() {
    cooperative(config(4, 1, Mode::Observed), |frames| {
        assert_eq!(frames.config(), config(4, 1, Mode::Observed));
        let mut writer = frames.writer().unwrap();
        let mut reader = frames.reader().unwrap();
        let observer = frames.observer().unwrap();
        let mut out = [0; 100];
        assert_eq!(reader.front().err(), Some(Error::Empty));
        assert_eq!(observer.copy(&mut out, 3), Err(Error::Empty));
        assert_eq!(writer.front().err(), Some(Error::Empty));
        assert_eq!(writer.newest_len(), Err(Error::Empty));
        for version in 1..=20 {
            let bytes = [version as u8; 100];
            let bytes = &bytes[..version as usize * 5];
            assert_eq!(publish(&mut writer, bytes), version);
            assert_eq!(writer.front().unwrap(), bytes);
            assert_eq!(writer.newest_len(), Ok(bytes.len()));
            assert_eq!(writer.newest_version(), Ok(version));
            if version % 3 == 0 {
                let front = reader.front().unwrap();
                assert_eq!((front.version(), &*front), (version, bytes));
            }
            let observed = observer.copy(&mut out, 1).unwrap();
            assert_eq!(observed, Observed { version, len: bytes.len(), retries: 0 });
            assert_eq!(out[..observed.len], *bytes);
        }
    });
}

#[test]
fn pins_hold_their_slots_and_the_writer_never_starves() {
    for seats in 1..=4 {
        cooperative(config(seats + 2, seats, Mode::Pinned), |frames| {
            let mut writer = frames.writer().unwrap();
            let mut readers: Vec<_> = (0..seats).map(|_| frames.reader().unwrap()).collect();
            assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: seats }));
            let mut fronts = Vec::new();
            for reader in &mut readers {
                let version = publish(&mut writer, &[fronts.len() as u8; 8]);
                fronts.push((reader.front().unwrap(), version));
            }
            for _ in 0..50 {
                publish(&mut writer, &[99; 100]);
            }
            for (index, (front, version)) in fronts.iter().enumerate() {
                assert_eq!(front.version(), *version);
                assert_eq!(**front, [index as u8; 8]);
            }
            assert!((0..seats).all(|seat| pin_of(&frames, seat) != 0));
            drop(fronts);
            assert!((0..seats).all(|seat| pin_of(&frames, seat) == 0));
            drop(readers);
            assert_eq!(*frames.reader().unwrap().front().unwrap(), [99; 100]);
        });
    }
}

#[test]
fn a_frame_is_read_while_the_next_is_written() {
    cooperative(config(3, 1, Mode::Pinned), |frames| {
        let mut writer = frames.writer().unwrap();
        let mut reader = frames.reader().unwrap();
        let (front, back) = writer.front_and_back().unwrap();
        assert_eq!((front, back.capacity()), (None, 100));
        back.publish(0).unwrap();
        publish(&mut writer, b"first");
        let pinned = reader.front().unwrap();
        let (front, mut back) = writer.front_and_back().unwrap();
        let front = front.unwrap();
        back.as_mut_slice().unwrap()[..6].copy_from_slice(b"second");
        back.publish(6).unwrap();
        // Published, and the one before is still there for both who borrowed it.
        assert_eq!((front, &*pinned), (&b"first"[..], &b"first"[..]));
        assert_eq!(writer.front().unwrap(), b"second");
    });
}

#[test]
fn what_is_abandoned_is_never_seen() {
    cooperative(config(3, 1, Mode::Observed), |frames| {
        let mut writer = frames.writer().unwrap();
        let observer = frames.observer().unwrap();
        publish(&mut writer, b"kept");
        let mut back = writer.back_mut().unwrap();
        back.write(0, b"lost").unwrap();
        let sequence = Parts::slot_line(back.claim.as_ref().unwrap().slot()) + SEQUENCE;
        assert_eq!(frames.parts.span.load(sequence), Ok(ping_pong::BUSY));
        drop(back);
        assert_eq!(frames.parts.span.load(sequence), Ok(0));
        let back = writer.back_mut().unwrap();
        assert_eq!(back.publish(101), Err(Error::TooLarge { len: 101, max: 100 }));
        mem::forget(writer.back_mut().unwrap());
        let mut out = [0; 4];
        let observed = observer.copy(&mut out, 1).unwrap();
        assert_eq!((observed.version, &out), (1, b"kept"));
        assert_eq!(writer.front().unwrap(), b"kept");
        assert_eq!(publish(&mut writer, b"next"), 2);
        drop(writer);
        // The next writer goes on where this one stopped.
        let mut writer = frames.writer().unwrap();
        assert_eq!(frames.writer().err(), Some(Error::RoleHeld));
        assert_eq!(writer.front().unwrap(), b"next");
        assert_eq!(publish(&mut writer, b"more"), 3);
    });
}

#[test]
fn writes_stay_inside_the_frame() {
    cooperative(config(3, 0, Mode::Observed), |frames| {
        assert_eq!(frames.reader().err(), Some(Error::NoSeat { count: 0 }));
        let mut writer = frames.writer().unwrap();
        let mut back = writer.back_mut().unwrap();
        assert!(matches!(back.as_mut_slice(), Err(Error::BadLayout { .. })));
        back.write(96, &[1; 4]).unwrap();
        back.write(100, &[]).unwrap();
        for (offset, len) in [(96, 5), (100, 1), (usize::MAX, 2)] {
            let out = Error::OutOfBounds { offset: offset as u64, len };
            assert_eq!(back.write(offset, &[1; 5][..len as usize]), Err(out));
        }
        assert_eq!(back.write(2, &[1]), Err(Error::Misaligned { by: 2, align: 4 }));
    });
    cooperative(config(3, 0, Mode::Pinned), |frames| {
        assert!(matches!(frames.observer().err(), Some(Error::BadLayout { .. })));
    });
}

/// One seat and three slots: a second slot held back would leave the writer none.
#[test]
fn forgotten_fronts_do_not_starve_the_writer() {
    cooperative(config(3, 1, Mode::Pinned), |frames| {
        let mut writer = frames.writer().unwrap();
        publish(&mut writer, b"frame");
        let done = &AtomicBool::new(false);
        thread::scope(|scope| {
            let mut reader = frames.reader().unwrap();
            scope.spawn(move || {
                while !done.load(Ordering::Acquire) {
                    mem::forget(reader.front());
                }
            });
            let starved = (0..100_000).filter(|_| writer.back_mut().is_err()).count();
            let published = (0..100_000).filter(|_| match writer.back_mut() {
                Ok(back) => back.publish(0).is_ok(),
                Err(_) => false,
            });
            let published = published.count();
            done.store(true, Ordering::Release);
            assert_eq!((starved, published), (0, 100_000));
        });
    });
}

#[test]
fn exclusive_attach_frees_seats_and_pins() {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(config(3, 1, Mode::Pinned)), 7).unwrap();
    let frames = PingPong::open(&sections, ID).unwrap();
    let (mut writer, mut reader) = (frames.writer().unwrap(), frames.reader().unwrap());
    publish(&mut writer, b"kept");
    mem::forget(reader.front().unwrap());
    mem::forget((writer, reader));
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    let frames = PingPong::open(&sections, ID).unwrap();
    assert_eq!(pin_of(&frames, 0), 0);
    assert_eq!(&*frames.reader().unwrap().front().unwrap(), b"kept");
    let mut writer = frames.writer().unwrap();
    for version in 2..9 {
        assert_eq!(publish(&mut writer, b"next"), version);
    }
}

#[test]
fn lies_are_refused() {
    let frame_len = Err(Error::Corrupt { what: "length of a frame" });
    let slot = Error::Corrupt { what: "newest slot of a ping-pong buffer" };
    hostile(config(3, 1, Mode::Observed), |frames, words| {
        let mut writer = frames.writer().unwrap();
        let observer = frames.observer().unwrap();
        let mut out = [0; 100];
        publish(&mut writer, &[1; 100]);
        let too_large = Error::TooLarge { len: 100, max: 99 };
        assert_eq!(observer.copy(&mut out[..99], 1), Err(too_large));
        for len in [101, 128, u32::MAX] {
            set(words, Parts::slot_line(0) + FRAME_LEN, len);
            assert_eq!(observer.copy(&mut out, 1), frame_len);
            // What this party published it knows by itself.
            assert_eq!(writer.newest_len(), Ok(100));
        }
        // Marked as being written for ever: bounded.
        set(words, Parts::slot_line(0) + SEQUENCE, ping_pong::BUSY);
        assert_eq!(observer.copy(&mut out, 5), Err(Error::Lapped { tries: 5 }));
        set(words, LATEST, (1 << 4) | 3);
        assert_eq!(observer.copy(&mut out, 1), Err(slot));
        drop(writer);
        assert_eq!(frames.writer().err(), Some(slot));
        set(words, LATEST, 1 << 4);
        assert_eq!(frames.writer().map(|_| ()), frame_len.map(|_: Observed| ()));
        // A role that could not be taken up was given back.
        set(words, LATEST, 0);
        assert!(frames.writer().is_ok());
    });
    // Pins that no reader holds: the writer says so and does not hang.
    hostile(config(4, 2, Mode::Pinned), |frames, words| {
        let mut writer = frames.writer().unwrap();
        publish(&mut writer, b"frame");
        let seat = |seat: usize| (1 + 4 + seat) * LINE + PIN;
        set(words, seat(0), 2);
        set(words, seat(1), 3);
        assert_eq!(publish(&mut writer, b"frame"), 2);
        set(words, seat(0), 1);
        set(words, seat(1), u32::MAX);
        assert_eq!(publish(&mut writer, b"frame"), 3);
    });
}

#[test]
fn versions_wrap_past_zero() {
    hostile(config(3, 0, Mode::Observed), |frames, words| {
        let last = (1 << 28) - 1;
        set(words, LATEST, last << 4);
        set(words, Parts::slot_line(0) + SEQUENCE, last << 1);
        let mut writer = frames.writer().unwrap();
        let observer = frames.observer().unwrap();
        assert_eq!(observer.copy(&mut [], 1).map(|observed| observed.version), Ok(last));
        assert_eq!(publish(&mut writer, b"a"), 1);
        assert_eq!(observer.copy(&mut [0; 4], 1).map(|observed| observed.version), Ok(1));
    });
}

#[test]
fn bad_configurations_are_refused() {
    let refused = |slots, seats, frame_len| {
        let config = PingPongConfig { slots, seats, frame_len, mode: Mode::Pinned };
        let result = section_len(&config);
        assert!(matches!(result, Err(Error::BadLayout { .. })), "{config:?}");
    };
    refused(2, 0, 64);
    refused(17, 0, 64);
    refused(3, 2, 64);
    refused(16, 15, 64);
    refused(16, u32::MAX, 64);
    refused(3, 1, 0);
    let largest =
        PingPongConfig { slots: 16, seats: 14, frame_len: u32::MAX, mode: Mode::Observed };
    assert_eq!(section_len(&largest), Ok(31 * 64 + (16 << 32)));
}

/// A writer at full speed; observers and seated readers may find no torn frame and none
/// older than the last.
#[test]
fn threads_see_whole_frames_in_order() {
    const FRAMES: u32 = 30_000;
    for mode in [Mode::Observed, Mode::Pinned] {
        cooperative(config(4, 2, mode), |frames| {
            let mut writer = frames.writer().unwrap();
            publish(&mut writer, &[0; 100]);
            let done = &AtomicBool::new(false);
            let whole = |version: u32, bytes: &[u8]| {
                let fill = version.wrapping_sub(1) as u8;
                assert!(bytes.iter().all(|&byte| byte == fill), "{version}: {bytes:?}");
                assert_eq!(bytes.len(), 100 - fill as usize % 7);
            };
            thread::scope(|scope| {
                for _ in 0..2 {
                    let mut reader = frames.reader().unwrap();
                    scope.spawn(move || {
                        let mut last = 0;
                        while !done.load(Ordering::Acquire) {
                            match reader.front() {
                                Ok(front) => {
                                    assert!(front.version() >= last);
                                    last = front.version();
                                    whole(last, &front);
                                    thread::yield_now();
                                    whole(last, &front);
                                }
                                Err(other) => assert_eq!(other, Error::Contended { tries: 64 }),
                            }
                        }
                    });
                }
                if mode == Mode::Observed {
                    let observer = frames.observer().unwrap();
                    scope.spawn(move || {
                        let (mut out, mut last) = ([0; 100], 0);
                        while !done.load(Ordering::Acquire) {
                            match observer.copy(&mut out, 4) {
                                Ok(observed) => {
                                    assert!(observed.version >= last);
                                    last = observed.version;
                                    whole(last, &out[..observed.len]);
                                }
                                Err(other) => assert_eq!(other, Error::Lapped { tries: 4 }),
                            }
                        }
                    });
                }
                for frame in 1..=FRAMES {
                    let bytes = [frame as u8; 100];
                    let len = 100 - usize::from(frame as u8) % 7;
                    // With seats = slots - 2 there always is a slot.
                    assert_eq!(publish(&mut writer, &bytes[..len]), frame + 1);
                }
                done.store(true, Ordering::Release);
            });
        });
    }
}

/// Frames so large that the writer comes back while they are copied.
#[test]
fn observers_throw_torn_copies_away() {
    let mut memory = AlignedBytes::<32_768>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let config = PingPongConfig { slots: 3, seats: 0, frame_len: 8192, mode: Mode::Observed };
    let sections = Sections::create(region, &layout(config), 7).unwrap();
    let frames = PingPong::open(&sections, ID).unwrap();
    let mut writer = frames.writer().unwrap();
    publish(&mut writer, &[0; 8192]);
    let done = &AtomicBool::new(false);
    thread::scope(|scope| {
        let observer = frames.observer().unwrap();
        scope.spawn(move || {
            let (mut out, mut last) = ([0; 8192], 0);
            while !done.load(Ordering::Acquire) {
                match observer.copy(&mut out, 2) {
                    Ok(observed) => {
                        assert!(observed.version >= last);
                        last = observed.version;
                        assert!(out.iter().all(|&byte| byte == last.wrapping_sub(1) as u8));
                    }
                    Err(other) => assert_eq!(other, Error::Lapped { tries: 2 }),
                }
            }
        });
        for frame in 1..=20_000_u32 {
            publish(&mut writer, &[frame as u8; 8192]);
        }
        done.store(true, Ordering::Release);
    });
}

#[cfg(feature = "bytemuck")]
#[test]
fn items_are_as_long_as_the_layout_says() {
    let config = PingPongConfig { slots: 3, seats: 1, frame_len: 24, mode: Mode::Pinned };
    for (item_len, mode) in [(0, Mode::Pinned), (7, Mode::Pinned), (25, Mode::Observed)] {
        let config = PingPongConfig { mode, ..config };
        let layout = Layout::builder().ping_pong_of(SectionId(1), "", config, item_len).build();
        assert!(layout.is_err(), "{item_len}");
    }
    for item_len in [0, 8] {
        let mut builder = Layout::builder();
        builder = match item_len {
            0 => builder.ping_pong(SectionId(1), "", config),
            _ => builder.ping_pong_of(SectionId(1), "", config, item_len),
        };
        let layout = builder.build().unwrap();
        let mut memory = crate::AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout, 1).unwrap();
        let frames = PingPong::open(&sections, SectionId(1)).unwrap();
        assert_eq!(frames.item_len(), item_len);
        let (mut writer, mut reader) = (frames.writer().unwrap(), frames.reader().unwrap());
        let mut back = writer.back_mut().unwrap();
        back.items_mut::<u64>().unwrap().copy_from_slice(&[1, 2, 3]);
        // A layout that does not say leaves it to the reader.
        assert_eq!(back.items_mut::<u32>().is_ok(), item_len == 0);
        back.publish(20).unwrap();
        let front = reader.front().unwrap();
        let found = if item_len == 0 { 20 } else { 8 };
        let expected = Error::WrongItem { found: 20, expected: 8 };
        assert_eq!(front.items::<u64>(), Err(expected), "20 bytes are no whole items");
        if item_len != 0 {
            let expected = Error::WrongItem { found, expected: 4 };
            assert_eq!(front.items::<u32>(), Err(expected));
        }
        assert!(front.items::<[u8; 0]>().is_err(), "items of no bytes");
    }
}

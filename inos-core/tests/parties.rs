//! Parties: who joins, who leaves, who died, and what becomes of what they held.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::rc::Rc;

use inos_core::protocol::role;
use inos_core::{
    AlignedBytes, AlwaysAlive, AtomicU32, Cooperative, Error, Layout, Liveness, MAX_PARTIES, Mode,
    Ordering, Parties, PartiesConfig, PingPong, PingPongConfig, Reaped, Region, RingBuffer,
    RingConfig, SectionId, Sections, Spin,
};

const PARTIES: SectionId = SectionId(1);
const RING: SectionId = SectionId(2);
const FRAMES: SectionId = SectionId(3);

/// Guards that are counted: dead is who has none, or was killed.
#[derive(Clone, Default)]
struct Counted(Rc<RefCell<Vec<u16>>>);

struct Alive(Counted, u16);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.kill(self.1);
    }
}

impl Counted {
    fn kill(&self, seat: u16) {
        self.0.borrow_mut().retain(|&other| other != seat);
    }
}

// SAFETY: tests kill a party only when they do not use it any more.
unsafe impl Liveness for Counted {
    type Guard = Alive;

    const SCHEME: u32 = 300;
    const EXCLUSIVE: bool = true;

    fn covers(&self, _: *const u8) -> bool {
        true
    }

    fn enter(&self, seat: u16) -> Result<Option<Alive>, Error> {
        if !self.is_dead(seat) {
            return Ok(None);
        }
        self.0.borrow_mut().push(seat);
        Ok(Some(Alive(self.clone(), seat)))
    }

    fn is_dead(&self, seat: u16) -> bool {
        !self.0.borrow().contains(&seat)
    }
}

fn layout(seats: u32, scheme: u32) -> Layout {
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 8, mode: Mode::Pinned };
    Layout::builder()
        .parties(PARTIES, "parties", PartiesConfig { seats, scheme })
        .ring(RING, "ring", RingConfig { capacity: 16 })
        .ping_pong(FRAMES, "frames", frames)
        .build()
        .unwrap()
}

fn with_sections(seats: u32, scheme: u32, test: impl FnOnce(&Sections<'_, Cooperative>)) {
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    test(&Sections::create(region, &layout(seats, scheme), 7).unwrap());
}

#[test]
fn the_dead_lose_everything_and_the_living_nothing() {
    with_sections(2, 300, |sections| {
        let host = Counted::default();
        let one = sections.join(PARTIES, &host, "one").unwrap();
        let two = sections.join(PARTIES, &host, "two").unwrap();
        assert_eq!((one.number(), two.number()), (1, 2));

        let mine = RingBuffer::open(&two.sections(), RING).unwrap().producer().unwrap();
        std::mem::forget(RingBuffer::open(&one.sections(), RING).unwrap().consumer().unwrap());
        std::mem::forget(PingPong::open(&one.sections(), FRAMES).unwrap().reader().unwrap());
        assert_eq!(two.reap(&host), Ok(Reaped::default()), "nobody is dead");
        host.kill(1);
        std::mem::forget(one);
        assert_eq!(two.reap(&host), Ok(Reaped { parties: 1, claims: 2 }));
        assert_eq!(two.reap(&host), Ok(Reaped::default()));

        let ring = RingBuffer::open(sections, RING).unwrap();
        assert!(ring.consumer().is_ok());
        assert_eq!(ring.producer().err(), Some(Error::RoleHeld));
        assert!(PingPong::open(sections, FRAMES).unwrap().reader().is_ok());
        drop(mine);
        assert_eq!(sections.join(PARTIES, &host, "three").unwrap().number(), 1);
    });
}

#[test]
fn a_dead_seat_is_taken_over_when_no_other_is_free() {
    with_sections(1, 300, |sections| {
        let host = Counted::default();
        let one = sections.join(PARTIES, &host, "one").unwrap();
        let full = sections.join(PARTIES, &host, "two").map(|party| party.number());
        assert_eq!(full, Err(Error::NoSeat { count: 1 }));
        std::mem::forget(RingBuffer::open(&one.sections(), RING).unwrap().producer().unwrap());
        host.kill(1);
        std::mem::forget(one);

        let two = sections.join(PARTIES, &host, "two").unwrap();
        assert_eq!(two.number(), 1);
        assert!(RingBuffer::open(&two.sections(), RING).unwrap().producer().is_ok());
        let parties = Parties::open(sections, PARTIES).unwrap();
        assert_eq!(parties.info(1).unwrap().label(), "two");
    });
}

#[test]
fn a_successor_waits_for_a_living_reaper() {
    let words: Vec<AtomicU32> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout(2, 300), 7).unwrap();
    let host = Counted::default();
    std::mem::forget(sections.join(PARTIES, &host, "one").unwrap());
    let two = sections.join(PARTIES, &host, "two").unwrap();
    host.kill(1);
    // The reaper's lease is the first word of the section.
    let reaper = &words[sections.section(PARTIES).unwrap().offset() as usize / 4];
    let busy = role::claim(reaper, two.number()).unwrap();
    let refused = sections.join(PARTIES, &host, "three").map(|party| party.number());
    assert_eq!(refused, Err(Error::RoleHeld));
    assert!(host.is_dead(1), "a refused party is not alive");
    role::release(reaper, &busy);
    assert_eq!(sections.join(PARTIES, &host, "three").unwrap().number(), 1);
}

#[test]
fn lives_are_proven_in_the_layouts_way() {
    with_sections(2, 300, |sections| {
        let refused = sections.join(PARTIES, &AlwaysAlive, "one").map(|party| party.number());
        assert!(matches!(refused, Err(Error::BadLayout { .. })));
        let long = "a label that is longer than thirty-two bytes";
        let refused = sections.join(PARTIES, &Counted::default(), long).map(|party| party.number());
        assert_eq!(refused, Err(Error::TooLarge { len: long.len(), max: 32 }));
        let parties = Parties::open(sections, PARTIES).unwrap();
        assert_eq!(parties.info(1), Err(Error::Empty));
        for number in [0, 3] {
            let index = u32::from(number);
            assert_eq!(parties.info(number), Err(Error::NoSuchIndex { index, count: 2 }));
        }
    });
}

#[test]
fn nobody_dies_where_all_live_for_ever() {
    with_sections(1, 0, |sections| {
        let one = sections.join_as(PARTIES, &AlwaysAlive, "one", 4711).unwrap();
        assert_eq!(one.reap(&AlwaysAlive), Ok(Reaped::default()));
        let parties = Parties::open(sections, PARTIES).unwrap();
        assert_eq!(parties.info(1).unwrap().process_id, 4711);
        let mut watcher = parties.heartbeat_watcher(1).unwrap();
        one.heartbeat().unwrap().advance(&Spin::default());
        assert_eq!(watcher.changed(), Some(1));
        std::mem::forget(one);
        let full = sections.join(PARTIES, &AlwaysAlive, "two").map(|party| party.number());
        assert_eq!(full, Err(Error::NoSeat { count: 1 }));
    });
}

#[test]
fn an_exclusive_attachment_frees_all_seats() {
    let mut memory = AlignedBytes::<4096>::new();
    {
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let sections = Sections::create(region, &layout(1, 0), 7).unwrap();
        std::mem::forget(sections.join(PARTIES, &AlwaysAlive, "one").unwrap());
    }
    let sections = Sections::attach(Region::from_bytes(memory.as_mut()).unwrap()).unwrap();
    assert_eq!(sections.join(PARTIES, &AlwaysAlive, "two").unwrap().number(), 1);
}

#[test]
fn no_seats_or_too_many_are_refused() {
    for seats in [0, MAX_PARTIES + 1] {
        let config = PartiesConfig { seats, scheme: 0 };
        assert!(Layout::builder().parties(PARTIES, "", config).build().is_err());
    }
}

/// Whatever a hostile peer writes into the seats, nobody panics or looks for ever.
#[test]
fn seats_of_nonsense_are_survived() {
    let words: Vec<AtomicU32> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    let sections = Sections::create(Region::from_words(&words), &layout(3, 300), 7).unwrap();
    let first = sections.section(PARTIES).unwrap().offset() as usize / 4;
    let host = Counted::default();
    for value in [1, 0x7ff, 0xfff, u32::MAX, 0x8000_0003] {
        for word in &words[first..first + 64] {
            word.store(value, Ordering::Relaxed);
        }
        let parties = Parties::open(&sections, PARTIES).unwrap();
        assert!(parties.iter().count() <= 3);
        if let Ok(party) = sections.join(PARTIES, &host, "me") {
            let _ = party.reap(&host);
        }
    }
}

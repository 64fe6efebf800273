//! Nothing here allocates: every primitive is driven under an allocator that counts, from the
//! formatting of the region to the last role given back.
//!
//! A primitive is a function in [`drive`] and its name in the list at the end.
#![cfg(not(loom))]
#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout as AllocLayout, System};
use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::hint::black_box;
use std::task::{Context, Waker};

use inos_core::*;

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Allocations of this thread: the harness allocates on others whenever it likes.
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: AllocLayout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: AllocLayout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: AllocLayout, len: usize) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller's contract.
        unsafe { System.realloc(at, layout, len) }
    }
}

/// How often `work` allocates.
fn allocations(work: impl FnOnce()) -> u32 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

const RAW: SectionId = SectionId(0);
const EPOCHS: SectionId = SectionId(1);
const RING: SectionId = SectionId(2);
const FRAMES: SectionId = SectionId(3);
const OBSERVED: SectionId = SectionId(4);
const LANES: SectionId = SectionId(5);
const UNITS: SectionId = SectionId(6);
const PARTIES: SectionId = SectionId(7);
const ARENA: SectionId = SectionId(8);
const BROADCAST: SectionId = SectionId(9);
const COUNTERS: SectionId = SectionId(10);
const LOG: SectionId = SectionId(11);
const NAMES: SectionId = SectionId(12);
const MAP: SectionId = SectionId(13);
const MPSC: SectionId = SectionId(14);
const LEN: usize = 1 << 15;

fn layout() -> Layout {
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 64, mode: Mode::Pinned };
    let observed = PingPongConfig { mode: Mode::Observed, ..frames };
    Layout::builder()
        .raw(RAW, "raw", 64)
        .dirty_map(MAP, "map", DirtyMapConfig { first: RAW, sections: 1, block_len: 64 })
        .broadcast(BROADCAST, "broadcast", BroadcastConfig { capacity: 64 })
        .counters(COUNTERS, "counters", CountersConfig { count: 4 })
        .log(LOG, "log", LogConfig { capacity: 4, text_len: 40 })
        .named_epochs(NAMES, "names", NamedEpochsConfig { slots: 4 })
        .mpsc(MPSC, "mpsc", MpscConfig { capacity: 64, tickets: 16, seats: 2 })
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .ring(RING, "ring", RingConfig { capacity: 64 })
        .ping_pong(FRAMES, "frames", frames)
        .ping_pong(OBSERVED, "observed", observed)
        .lanes(LANES, "lanes", LanesConfig { lanes: 2, entries: 4, buffer_len: 64 })
        .registry(UNITS, "units", RegistryConfig { slots: 4, slot_len: 256 })
        .arena(ARENA, "arena", ArenaConfig { page_len: 512, pages: 8 })
        .parties(PARTIES, "parties", PartiesConfig::of::<AlwaysAlive>(2))
        .build()
        .unwrap()
}

/// Formats and attaches memory of either trust, and drives what is in it.
fn both(
    cooperative: impl Fn(&Sections<'_, Cooperative>),
    hostile: impl Fn(&Sections<'_, Hostile>),
) {
    let allocated = allocations(|| {
        let mut memory = AlignedBytes::<LEN>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        cooperative(&Sections::create(region, &layout(), 7).unwrap());
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        cooperative(&Sections::attach(region).unwrap());

        let words = [const { AtomicU32::new(0) }; LEN / 4];
        hostile(&Sections::create(Region::from_words(&words), &layout(), 7).unwrap());
        hostile(&Sections::attach(Region::from_words(&words)).unwrap());
    });
    assert_eq!(allocated, 0);
}

/// What is driven in memory of either trust.
mod drive {
    use super::*;

    pub(super) fn raw<T: Trust>(sections: &Sections<'_, T>) {
        let mut bytes = [0; 5];
        sections.write_raw(RAW, 4, b"bytes").unwrap();
        sections.read_raw(RAW, 4, &mut bytes).unwrap();
        assert_eq!(&bytes, b"bytes");
        assert_eq!(sections.iter().count(), 15);
        assert!(sections.read_raw(RAW, 64, &mut bytes).is_err());
    }

    pub(super) fn epochs<T: Trust>(sections: &Sections<'_, T>) {
        let epochs = EpochTable::open(sections, EPOCHS).unwrap();
        let mut watcher = epochs.watcher(1).unwrap();
        let spin = Spin { polls: 10 };
        epochs.counter(1).unwrap().advance(&spin);
        assert!(watcher.changed().is_some());
        let timeout = std::time::Duration::from_millis(1);
        assert_eq!(watcher.wait(&spin, Some(timeout)), Err(Error::TimedOut));
        let then = SpinThenPark { looks: 3, park: spin };
        let mut watchers = [epochs.watcher(0).unwrap(), watcher];
        epochs.counter(1).unwrap().advance_and_ring(&epochs.counter(0).unwrap(), &then);
        assert_eq!(wait_any(&mut watchers, &then, None).unwrap().count(), 2);
    }

    pub(super) fn tasks<T: Trust>(sections: &Sections<'_, T>) {
        let epochs = EpochTable::open(sections, EPOCHS).unwrap();
        let mut watcher = epochs.watcher(0).unwrap();
        let bank = WakerBank::<2>::new();
        let mut change = std::pin::pin!(watcher.next_change(&bank));
        let mut context = Context::from_waker(Waker::noop());
        assert!(change.as_mut().poll(&mut context).is_pending());
        epochs.counter(0).unwrap().advance(&bank);
        assert!(change.as_mut().poll(&mut context).is_ready());
    }

    pub(super) fn names<T: Trust>(sections: &Sections<'_, T>) {
        let names = NamedEpochs::open(sections, NAMES).unwrap();
        let id = names.allocate("frames").unwrap().id();
        let mut watcher = names.watcher(id).unwrap();
        names.counter(id).unwrap().advance(&Spin::default()).unwrap();
        assert!(watcher.changed().unwrap().is_some());
        assert_eq!(names.find("frames"), Ok(Some(id)));
        names.free(id, &Spin::default()).unwrap();
    }

    pub(super) fn counters<T: Trust>(sections: &Sections<'_, T>) {
        let counters = Counters::open(sections, COUNTERS).unwrap();
        let counter = counters.allocate("frames", 1, 2).unwrap();
        counter.add(3);
        counters.add(counter.id(), 4).unwrap();
        assert_eq!(counter.value(), Ok(7));
        assert_eq!(counters.find("frames"), Some(counter.id()));
        assert_eq!(counters.iter().count(), 1);
    }

    pub(super) fn log<T: Trust>(sections: &Sections<'_, T>) {
        let log = Log::open(sections, LOG).unwrap();
        let mut reader = log.reader(3);
        let mut text = [0; 40];
        for code in 0..20 {
            log.append(Event { time: 1, level: 2, code, text: "an event" }).unwrap();
            while reader.next(&mut text).is_ok() {}
        }
        assert_eq!(log.dropped(), 0);
    }

    pub(super) fn mpsc<T: Trust>(sections: &Sections<'_, T>) {
        let ring = MpscRing::open(sections, MPSC).unwrap();
        let (mut one, mut two) = (ring.producer().unwrap(), ring.producer().unwrap());
        let mut consumer = ring.consumer().unwrap();
        let mut bytes = [0; 256];
        for round in 0..50 {
            one.push(round, b"a record").unwrap();
            two.push_batch([(round, &b"in"[..]), (round, b"batch")]).unwrap();
            assert_eq!(consumer.pop(&mut bytes).unwrap().len, 8);
            assert_eq!(consumer.drain_into(8, &mut bytes, |_, _| ()).unwrap(), 2);
        }
    }

    pub(super) fn broadcast<T: Trust>(sections: &Sections<'_, T>) {
        let broadcast = Broadcast::open(sections, BROADCAST).unwrap();
        let mut transmitter = broadcast.transmitter().unwrap();
        let mut receiver = broadcast.receiver().unwrap();
        let mut bytes = [0; 256];
        for tag in 0..50 {
            let mut draft = transmitter.draft(8).unwrap();
            draft.write(0, b"a record").unwrap();
            draft.send(tag).unwrap();
            assert_eq!(receiver.receive(&mut bytes).unwrap().tag, tag);
        }
    }

    pub(super) fn twin<T: Trust>(sections: &Sections<'_, T>) {
        let map = DirtyMap::open(sections, MAP).unwrap();
        let (mut writer, mut replica) = (map.writer().unwrap(), [0; 64]);
        let mut twin = map.twin();
        for _ in 0..5 {
            writer.write(8, b"changed").unwrap();
            assert!(writer.unpublished().count() > 0);
            writer.publish(&Spin::default());
            twin.pull(&mut replica, 3).unwrap();
            assert_eq!(&replica[8..15], b"changed");
            twin.push(&mut writer, &replica, &[(0, 4)], &Spin::default()).unwrap();
        }
    }

    pub(super) fn ring<T: Trust>(sections: &Sections<'_, T>) {
        let ring = RingBuffer::open(sections, RING).unwrap();
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        let mut bytes = [0; 256];
        // Several times around.
        for round in 0..50 {
            while producer.push(round, b"a record").is_ok() {}
            while consumer.pop(&mut bytes).is_ok() {}
            let mut batch = producer.try_claim_batch(2, 8).unwrap();
            batch.push(round, b"in batch").unwrap();
            batch.commit();
            let mut drain = consumer.drain().unwrap();
            while drain.pop(&mut bytes).is_ok() {}
        }
    }

    pub(super) fn ping_pong<T: Trust>(sections: &Sections<'_, T>) {
        for id in [FRAMES, OBSERVED] {
            let mut writer = PingPong::open(sections, id).unwrap().writer().unwrap();
            for _ in 0..5 {
                let mut back = writer.back_mut().unwrap();
                back.write(0, b"a frame").unwrap();
                back.publish(7).unwrap();
            }
            drop(writer.back_mut().unwrap());
        }
        let observer = PingPong::open(sections, OBSERVED).unwrap().observer().unwrap();
        let mut bytes = [0; 64];
        assert_eq!(observer.clone().copy(&mut bytes, 3).unwrap().len, 7);
    }

    pub(super) fn lanes<T: Trust>(sections: &Sections<'_, T>) {
        let lanes = Lanes::open(sections, LANES).unwrap();
        let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
        let park = Spin { polls: 10 };
        for id in (0..20).map(CallId) {
            client.write_buffer(0, b"in").unwrap();
            client.submit(&Submission::noop(id), &park).unwrap();
            while let Some((ticket, call)) = service.next() {
                let answer = Completion::new(call.call_id, Status::OK);
                service.complete(ticket, &answer, &park).unwrap();
            }
            assert_eq!(client.wait(&park, None).unwrap().call_id, id);
        }
    }

    pub(super) fn arena<T: Trust>(sections: &Sections<'_, T>) {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        for len in [1, 64, 65, 500, 2000, 4096] {
            let mut block = arena.allocate(len).unwrap();
            block.write(0, b"a block").unwrap();
            let block = arena.adopt(block.hand_over()).unwrap();
            assert!(arena.allocate(8 * 512).is_err());
            arena.free(block);
        }
        assert_eq!(arena.stats().unwrap().used_len, 0);
    }

    pub(super) fn registry<T: Trust>(sections: &Sections<'_, T>) {
        let registry = UnitRegistry::open(sections, UNITS).unwrap();
        let record = UnitRecord { name: "hash", methods: &["a", "b"], ..UnitRecord::default() };
        let id = registry.register(&record).unwrap();
        assert_eq!(registry.register(&record), Err(Error::RoleHeld));
        assert_eq!(registry.find("hash"), Ok(id));
        assert_eq!(registry.method(id, "b"), Ok(1));
        for unit in registry.iter().flatten() {
            assert_eq!((unit.name(), unit.methods().count()), ("hash", 2));
        }
        assert_eq!(registry.with_capabilities(Capabilities::NONE).count(), 1);
        assert_eq!(registry.resolve(id, &mut [UnitId::NONE; 2]).map(<[_]>::len), Ok(1));
        registry.heartbeat(id).unwrap().advance(&Spin::default());
        registry.retire(id).unwrap();
    }

    pub(super) fn parties<T: Trust>(sections: &Sections<'_, T>) {
        let one = sections.join(PARTIES, &AlwaysAlive, "one").unwrap();
        let two = sections.join_as(PARTIES, &AlwaysAlive, "two", 2).unwrap();
        assert!(sections.join(PARTIES, &AlwaysAlive, "three").is_err());
        std::mem::forget(RingBuffer::open(&one.sections(), RING).unwrap().producer().unwrap());
        two.reap(&AlwaysAlive).unwrap();
        assert_eq!(Parties::open(sections, PARTIES).unwrap().iter().count(), 2);
        drop(one);
        assert!(RingBuffer::open(&two.sections(), RING).unwrap().producer().is_ok());
    }
}

/// What only cooperative parties can do.
mod in_place {
    use super::*;

    pub(super) fn ring(sections: &Sections<'_, Cooperative>) {
        let ring = RingBuffer::open(sections, RING).unwrap();
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for tag in 0..50 {
            drop(producer.try_claim(9).unwrap());
            let mut grant = producer.try_claim(9).unwrap();
            grant.fill(tag as u8);
            grant.commit(tag);
            assert_eq!(*consumer.read().unwrap(), [tag as u8; 9]);
        }
    }

    pub(super) fn mpsc(sections: &Sections<'_, Cooperative>) {
        let ring = MpscRing::open(sections, MPSC).unwrap();
        let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
        for tag in 0..50 {
            producer.try_claim(9).unwrap().commit(tag).unwrap();
            assert_eq!(consumer.read().unwrap().tag(), tag);
        }
    }

    pub(super) fn arena(sections: &Sections<'_, Cooperative>) {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut block = arena.allocate(100).unwrap();
        block.fill(7);
        let block = arena.adopt(block.hand_over()).unwrap();
        assert_eq!(block.first(), Some(&7));
    }

    pub(super) fn ping_pong(sections: &Sections<'_, Cooperative>) {
        let frames = PingPong::open(sections, FRAMES).unwrap();
        let (mut writer, mut reader) = (frames.writer().unwrap(), frames.reader().unwrap());
        for round in 1..9 {
            let (_, mut back) = writer.front_and_back().unwrap();
            back.as_mut_slice().unwrap().fill(round);
            back.publish(64).unwrap();
            assert_eq!(*reader.front().unwrap(), [round; 64]);
        }
    }
}

/// Writes into an array.
struct Text<'a>(&'a mut [u8]);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let (front, rest) =
            std::mem::take(&mut self.0).split_at_mut_checked(text.len()).ok_or(fmt::Error)?;
        front.copy_from_slice(text.as_bytes());
        self.0 = rest;
        Ok(())
    }
}

#[test]
fn errors_are_written_without_it() {
    let errors = [
        Error::BadMagic { found: 7 },
        Error::Corrupt { what: "this" },
        Error::OutOfBounds { offset: 1, len: 2 },
        Error::Stale { expected: 1, found: 2 },
    ];
    let mut bytes = [0; 256];
    let allocated = allocations(|| {
        for error in errors {
            write!(Text(&mut bytes), "{error} {error:?}").unwrap();
        }
    });
    assert_eq!(allocated, 0);
}

#[test]
fn an_allocation_would_be_counted() {
    assert_eq!(allocations(|| drop(black_box(vec![1_u8]))), 1);
    let mut growing = Vec::<u8>::with_capacity(1);
    assert_eq!(allocations(|| black_box(&mut growing).resize(100, 0)), 1);
}

macro_rules! never_allocate {
    ($($primitive:ident),* $(,)?) => {
        $(#[test]
        fn $primitive() {
            both(drive::$primitive, drive::$primitive);
        })*
    };
}

never_allocate!(
    raw, epochs, tasks, names, counters, log, ring, mpsc, broadcast, ping_pong, twin, lanes, arena,
    registry, parties,
);

#[test]
fn in_place() {
    both(in_place::ring, |_| ());
    both(in_place::ping_pong, |_| ());
    both(in_place::arena, |_| ());
    both(in_place::mpsc, |_| ());
}

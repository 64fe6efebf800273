//! A stream of records of 16 to 256 bytes from one, two or four producers to one consumer.

use std::hint::black_box;
use std::sync::Arc;
use std::thread::{self, Scope};

use aeron_rs::command::control_protocol_events::AeronCommand;
use aeron_rs::concurrent::atomic_buffer::{AlignedBuffer, AtomicBuffer};
use aeron_rs::concurrent::ring_buffer::{ManyToOneRingBuffer, TRAILER_LENGTH};
use crossbeam::queue::ArrayQueue;
use disruptor::{BusySpin, Producer as _};
use inos::inos_core::{MpscConfig, MpscConsumer, MpscProducer, MpscRing};
use inos::{Cooperative, Layout, SectionId};

use super::Area;
use crate::bare::CasRing;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::{Apart, Contender, Pair, Solo, inos, limit, peer, poll};

pub(super) const AREA: Area = Area {
    name: "mpsc",
    title: "A stream of records of 16-256 bytes, many producers",
    about: "Every record carries its producer and its number, which the consumer checks. The \
            limit is a byte ring as Agrona has it, one compare-and-swap for a claim, without \
            fencing. Queues of fixed slots (disruptor, ArrayQueue, thingbuf) have slots for the \
            longest record, as many as bytes would allow for records of mean length. None of the \
            others survives a producer that dies in the middle. A consumer that gathers stays a \
            little behind. The consumer is on the first processor, the producers on the second: \
            more than one share it.",
    run,
};

/// How long a consumer lets records gather.
const TURNS: u32 = 256;
const RING: SectionId = SectionId(1);
/// Bytes of a ring.
const BYTES: usize = 128 * 1024;
/// Slots of a queue of slots.
const SLOTS: usize = 1024;
const MAX_LEN: usize = 256;
/// More than ten times what a queue holds.
const WINDOW: u64 = 12_288;
const MAX_PRODUCERS: usize = 4;
/// Bytes that tell a record from the others, at its start; the rest is the same in all.
const NUMBER_LEN: usize = 8;
const FILLER: u8 = 0x5a;

/// Records of many lengths, 16 to 256 bytes, the same for all.
struct Records {
    bytes: [u8; MAX_LEN],
    producer: u32,
    number: u32,
}

impl Records {
    fn of(producer: usize) -> Self {
        Self { bytes: [FILLER; MAX_LEN], producer: producer as u32, number: 0 }
    }

    /// Pushes the next record, if there is room.
    #[inline]
    fn push(&mut self, push: impl FnOnce(&[u8]) -> Option<()>) -> Option<()> {
        let len = len_of(self.number);
        self.bytes[..4].copy_from_slice(&self.producer.to_le_bytes());
        self.bytes[4..8].copy_from_slice(&self.number.to_le_bytes());
        push(black_box(&self.bytes[..len]))?;
        self.number = self.number.wrapping_add(1);
        Some(())
    }
}

/// The length of the record of this number: any multiple of 8 from 16 to 256, evenly.
#[inline]
fn len_of(number: u32) -> usize {
    16 + 8 * (number.wrapping_mul(0x9e37_79b9) >> 27) as usize % 31
}

/// What the consumer expects of each producer.
#[derive(Default)]
struct Numbers([u32; MAX_PRODUCERS]);

impl Numbers {
    #[inline]
    fn check(&mut self, record: &[u8]) -> u64 {
        let record = black_box(record);
        let word = |at: usize| {
            let bytes = record.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            u32::from_le_bytes(bytes.unwrap_or([0xff; 4]))
        };
        let Some(expected) = self.0.get_mut(word(0) as usize) else { return 0 };
        let right = *expected == word(4) && record.len() == len_of(*expected);
        *expected = expected.wrapping_add(1);
        right.into()
    }
}

/// A slot that is long enough for any record.
#[derive(Clone)]
struct Slot {
    len: usize,
    bytes: [u8; MAX_LEN],
}

impl Default for Slot {
    fn default() -> Self {
        Self { len: 0, bytes: [0; MAX_LEN] }
    }
}

impl Slot {
    #[inline]
    fn set(&mut self, record: &[u8]) {
        self.len = record.len();
        self.bytes[..record.len()].copy_from_slice(record);
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

trait Push: FnMut(&[u8]) -> Option<()> + Send {}
impl<F: FnMut(&[u8]) -> Option<()> + Send> Push for F {}
/// Takes a record or some, at most so many; how many, and how many of these were right.
trait Take: FnMut(u64, &mut Numbers) -> Option<(u64, u64)> {}
impl<F: FnMut(u64, &mut Numbers) -> Option<(u64, u64)>> Take for F {}

fn cas_ends(count: usize) -> (Vec<impl Push>, impl Take) {
    let ring = Arc::new(CasRing::new(BYTES / 8));
    let push = |ring: Arc<CasRing>| move |record: &[u8]| ring.push(record);
    let producers = (0..count).map(|_| push(ring.clone())).collect();
    let take = move |wanted: u64, numbers: &mut Numbers| {
        let mut right = 0;
        let some = ring.read(wanted.min(64), |record| right += numbers.check(record));
        Some((some, right)).filter(|_| some > 0)
    };
    (producers, take)
}

/// Holds on to what the ring lies in.
struct Aeron {
    ring: ManyToOneRingBuffer,
    _memory: AlignedBuffer,
}

// SAFETY: the crate says that the ring may be shared; the memory under it is only kept.
unsafe impl Send for Aeron {}
// SAFETY: as above.
unsafe impl Sync for Aeron {}

fn aeron_ends(count: usize) -> (Vec<impl Push>, impl Take) {
    let memory = AlignedBuffer::with_capacity(BYTES as i32 + TRAILER_LENGTH);
    let buffer = AtomicBuffer::from_aligned(&memory);
    buffer.set_memory(0, buffer.capacity(), 0);
    let ring = ManyToOneRingBuffer::new(buffer).expect("a power of two");
    let ring = Arc::new(Aeron { ring, _memory: memory });
    let push = |aeron: Arc<Aeron>| {
        let mut source = [0; MAX_LEN];
        move |record: &[u8]| {
            let aeron = &*aeron;
            let source = &mut source[..record.len()];
            source.copy_from_slice(record);
            let buffer = AtomicBuffer::wrap_slice(source);
            aeron.ring.write(AeronCommand::ClientKeepAlive, buffer, 0, record.len() as i32).ok()
        }
    };
    let producers = (0..count).map(|_| push(ring.clone())).collect();
    let take = move |wanted: u64, numbers: &mut Numbers| {
        let mut right = 0;
        let each = |_, record: AtomicBuffer| right += numbers.check(record.as_slice());
        let some = ring.ring.read(each, wanted.min(64) as i32);
        Some((some as u64, right)).filter(|_| some > 0)
    };
    (producers, take)
}

fn disruptor_ends(count: usize) -> (Vec<impl Push>, impl Take) {
    let builder = disruptor::build_multi_producer(SLOTS, Slot::default, BusySpin);
    let (mut poller, builder) = builder.new_event_poller();
    let producer = builder.build();
    let producers = (0..count).map(|_| {
        let mut producer = producer.clone();
        move |record: &[u8]| producer.try_publish(|slot| slot.set(record)).ok().map(|_| ())
    });
    let producers = producers.collect();
    let take = move |wanted, numbers: &mut Numbers| {
        let mut events = poller.take(wanted).ok()?;
        let (mut some, mut right) = (0, 0);
        for slot in &mut events {
            some += 1;
            right += numbers.check(slot.bytes());
        }
        Some((some, right)).filter(|_| some > 0)
    };
    (producers, take)
}

fn array_queue_ends(count: usize) -> (Vec<impl Push>, impl Take) {
    let queue = Arc::new(ArrayQueue::<Slot>::new(SLOTS));
    let push = |queue: Arc<ArrayQueue<Slot>>| {
        let mut slot = Slot::default();
        move |record: &[u8]| {
            slot.set(record);
            queue.push(slot.clone()).ok()
        }
    };
    let producers = (0..count).map(|_| push(queue.clone())).collect();
    let take = move |_, numbers: &mut Numbers| Some((1, numbers.check(queue.pop()?.bytes())));
    (producers, take)
}

fn thingbuf_ends(count: usize) -> (Vec<impl Push>, impl Take) {
    let queue = Arc::new(thingbuf::ThingBuf::<Slot>::new(SLOTS));
    let push = |queue: Arc<thingbuf::ThingBuf<Slot>>| {
        move |record: &[u8]| {
            queue.push_ref().ok()?.set(record);
            Some(())
        }
    };
    let producers = (0..count).map(|_| push(queue.clone())).collect();
    let take = move |_, numbers: &mut Numbers| Some((1, numbers.check(queue.pop_ref()?.bytes())));
    (producers, take)
}

type Ring<'m> = MpscRing<'m, Cooperative>;

fn single_ends<'m>(
    ring: Ring<'m>,
    count: usize,
    turns: u32,
) -> (Vec<impl Push + 'm>, impl Take + 'm) {
    let push = |mut producer: MpscProducer<'m, Cooperative>| {
        move |record: &[u8]| producer.push(1, record).ok()
    };
    let producers = (0..count).map(|_| push(ring.producer().expect("a seat"))).collect();
    (producers, take_of(ring.consumer().expect("free").gathering(turns)))
}

fn take_of<'m>(mut consumer: MpscConsumer<'m, Cooperative>) -> impl Take + 'm {
    move |wanted: u64, numbers: &mut Numbers| {
        let mut right = 0;
        let each = |_, record: &[u8]| right += numbers.check(record);
        let some = consumer.drain(wanted.min(64) as usize, each).ok()?;
        Some((some as u64, right)).filter(|_| some > 0)
    }
}

/// Records of one claim.
const BATCH: usize = 8;

fn batch_ends<'m>(
    ring: Ring<'m>,
    count: usize,
    turns: u32,
) -> (Vec<impl Push + 'm>, impl Take + 'm) {
    let push = |mut producer: MpscProducer<'m, Cooperative>| {
        // Eight records at hand, as a user has them: all but their numbers is there already.
        let mut filling = [const { (0, [FILLER; MAX_LEN]) }; BATCH];
        let mut filled = 0;
        move |record: &[u8]| {
            if filled == BATCH {
                let records = filling.iter().map(|(len, bytes)| (1, &bytes[..*len]));
                producer.push_batch(records).ok()?;
                filled = 0;
            }
            let (len, bytes) = &mut filling[filled];
            *len = record.len();
            bytes[..NUMBER_LEN].copy_from_slice(&record[..NUMBER_LEN]);
            filled += 1;
            Some(())
        }
    };
    let producers = (0..count).map(|_| push(ring.producer().expect("a seat"))).collect();
    (producers, take_of(ring.consumer().expect("free").gathering(turns)))
}

type Make<'a> = fn(&'static str, Box<dyn FnMut(u64) -> u64 + 'a>) -> Solo<'a>;

fn group<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    (make, name): (Make<'a>, &'static str),
    (producers, take): (Vec<impl Push + 's>, impl Take + 'a),
    goal: Option<f64>,
) -> Box<dyn Contender + 'a> {
    let mut state = Apart::new((take, Numbers::default()));
    let run = move |count| {
        let (take, numbers) = state.get_mut();
        let (mut taken, mut right) = (0, 0);
        while taken < count {
            let (some, of_them) = poll(|| take(count - taken, numbers));
            taken += some;
            right += of_them;
        }
        right
    };
    let mut here = make(name, Box::new(run));
    if let Some(goal) = goal {
        here = here.reach(goal);
    }
    let mut group = Pair::new(scope, here);
    for (producer, mut push) in producers.into_iter().enumerate() {
        let mut records = Records::of(producer);
        // The consumer has the first processor to itself.
        let processor = 1 + producer % (crate::pin::count() - 1).max(1);
        group = group.with(processor, move |stop| stop.repeat(|| records.push(&mut push)));
    }
    group.boxed()
}

fn run(driver: &mut dyn Driver) {
    let cases = [(1, "one producer"), (2, "two producers"), (MAX_PRODUCERS, "four producers")];
    for (count, name) in cases {
        let config = MpscConfig { capacity: (BYTES / 8) as u32, tickets: 1024, seats: 8 };
        let layout = || Layout::builder().mpsc(RING, "ring", config).build().expect("a layout");
        let mut memories = [(); 4].map(|()| Memory::new(layout()));
        let [one, eight, one_gathered, eight_gathered] = memories
            .each_mut()
            .map(|memory| MpscRing::open(&memory.sections(), RING).expect("a ring"));
        thread::scope(|scope| {
            let bare: Make<'_> = |name, run| limit(name, run);
            let theirs: Make<'_> = |name, run| peer(name, run);
            let ours: Make<'_> = |name, run| inos(name, run);
            let contenders = vec![
                group(scope, (bare, "byte ring by compare-and-swap"), cas_ends(count), None),
                group(scope, (theirs, "aeron-rs"), aeron_ends(count), None),
                group(scope, (theirs, "disruptor"), disruptor_ends(count), None),
                group(scope, (theirs, "ArrayQueue"), array_queue_ends(count), None),
                group(scope, (theirs, "thingbuf"), thingbuf_ends(count), None),
                group(scope, (ours, "one claim each"), single_ends(one, count, 0), Some(1.4)),
                group(
                    scope,
                    (ours, "one claim each, gathering"),
                    single_ends(one_gathered, count, TURNS),
                    Some(1.4),
                ),
                group(scope, (ours, "one claim for 8"), batch_ends(eight, count, 0), Some(0.45)),
                group(
                    scope,
                    (ours, "one claim for 8, gathering"),
                    batch_ends(eight_gathered, count, TURNS),
                    Some(0.45),
                ),
            ];
            driver.case(Case::new(name, WINDOW), contenders);
        });
    }
}

//! A stream of records of 64 bytes from one producer to one consumer.

use std::hint::black_box;
use std::mem;
use std::sync::Arc;
use std::thread::{self, Scope};

use crossbeam::queue::ArrayQueue;
use disruptor::{BusySpin, Producer as _};
use inos::{Consumer, Cooperative, Layout, Producer, RingBuffer, RingConfig, SectionId, Sections};

use super::Area;
use crate::bare::{BLOCK, Blocks};
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::{Apart, Contender, Pair, Solo, inos, limit, peer, poll};

pub(super) const LEN: usize = 64;
/// Records that a queue has room for; INOS's have a header of 8 bytes, so nearly as many.
const CAPACITY: usize = 1024;
/// How long a consumer lets records gather.
const TURNS: u32 = 64;
/// Sixteen times what a queue holds.
const WINDOW: u64 = 16 * CAPACITY as u64;

pub(super) const AREA: Area = Area {
    name: "spsc",
    title: "A stream of 64-byte records, one producer, one consumer",
    about: "Every record carries its number, which the consumer checks. The limit copies blocks \
            of 64 records into a short ring and out again. Batches of INOS are records of any \
            length each, published together; messages of one length that come together anyway \
            can be one record. A consumer that gathers stays a little behind. On two processors \
            it often is bistable who waits for whom: look at the ranges. The time is the \
            consumer's, while the producer is flat out; a window is sixteen times what a queue \
            holds.",
    run,
};

pub(super) type Record = [u8; LEN];

/// A record that carries a number, in each of its words.
#[inline]
pub(super) fn record(number: u64) -> Record {
    let words = [number.to_le_bytes(); LEN / 8];
    black_box(*words.as_flattened().first_chunk().expect("as long as a record"))
}

/// The number that a record carries, at its start and at its end.
#[inline]
pub(super) fn number_of(record: &[u8]) -> u64 {
    match (record.first_chunk(), record.last_chunk()) {
        (Some(first), Some(last)) if first == last => u64::from_le_bytes(*first),
        _ => u64::MAX,
    }
}

/// Numbers in order: what the consumer expects.
#[derive(Default)]
pub(super) struct Numbers(u64);

impl Numbers {
    /// Counts a record; 1 if it is the next one.
    #[inline]
    pub(super) fn check(&mut self, record: &[u8]) -> u64 {
        let right = number_of(black_box(record)) == self.0;
        self.0 += 1;
        right.into()
    }
}

/// Takes records one by one, or as many as there are, until there were `count`. `take` is told
/// how many it may take, and says how many it took and how many of these were right.
#[inline]
fn consume(count: u64, mut take: impl FnMut(u64) -> Option<(u64, u64)>) -> u64 {
    let (mut taken, mut right) = (0, 0);
    while taken < count {
        let (some, of_them) = poll(|| take(count - taken));
        taken += some;
        right += of_them;
    }
    right
}

fn layout() -> Layout {
    let config = RingConfig { capacity: (CAPACITY * LEN / 8) as u32 };
    Layout::builder().ring(SectionId(1), "ring", config).build().expect("a layout")
}

fn ring<'m>(sections: &Sections<'m, Cooperative>) -> RingBuffer<'m, Cooperative> {
    RingBuffer::open(sections, SectionId(1)).expect("a ring")
}

/// Both ends of a queue. The first pushes the record of a number, if there is room. The second
/// takes up to so many records and checks them; how many it took, and how many were right.
trait Push: FnMut(u64) -> Option<()> + Send {}
impl<F: FnMut(u64) -> Option<()> + Send> Push for F {}
trait Take: FnMut(u64, &mut Numbers) -> Option<(u64, u64)> {}
impl<F: FnMut(u64, &mut Numbers) -> Option<(u64, u64)>> Take for F {}

fn blocks_ends(blocks: &Blocks) -> (impl Push + '_, impl Take + '_) {
    let (mut filled, mut filling) = (0, [[0; LEN]; BLOCK]);
    let (mut block, mut at) = ([[0; LEN]; BLOCK], BLOCK);
    let push = move |number| {
        if filled == BLOCK {
            blocks.push(&filling)?;
            filled = 0;
        }
        filling[filled] = record(number);
        filled += 1;
        if filled == BLOCK && blocks.push(&filling).is_some() {
            filled = 0;
        }
        Some(())
    };
    let take = move |wanted: u64, numbers: &mut Numbers| {
        if at == BLOCK {
            blocks.pop(&mut block)?;
            at = 0;
        }
        let some = (BLOCK - at).min(wanted as usize);
        let right = block[at..at + some].iter().map(|record| numbers.check(record)).sum();
        at += some;
        Some((some as u64, right))
    };
    (push, take)
}

fn rtrb_chunk_ends() -> (impl Push, impl Take) {
    let (mut producer, mut consumer) = rtrb::RingBuffer::<Record>::new(CAPACITY);
    let (mut filled, mut filling) = (0, [[0; LEN]; BLOCK]);
    let push = move |number| {
        if filled == BLOCK {
            producer.push_entire_slice(&filling).ok()?;
            filled = 0;
        }
        filling[filled] = record(number);
        filled += 1;
        if filled == BLOCK && producer.push_entire_slice(&filling).is_ok() {
            filled = 0;
        }
        Some(())
    };
    let take = move |wanted: u64, numbers: &mut Numbers| {
        let some = consumer.slots().min(wanted as usize).min(BLOCK);
        let chunk = consumer.read_chunk(some).ok().filter(|_| some > 0)?;
        let (one, other) = chunk.as_slices();
        let right = one.iter().chain(other).map(|record| numbers.check(record)).sum();
        chunk.commit_all();
        Some((some as u64, right))
    };
    (push, take)
}

fn rtrb_ends() -> (impl Push, impl Take) {
    let (mut producer, mut consumer) = rtrb::RingBuffer::<Record>::new(CAPACITY);
    let push = move |number| producer.push(record(number)).ok();
    let take = move |_, numbers: &mut Numbers| Some((1, numbers.check(&consumer.pop().ok()?)));
    (push, take)
}

fn heapless_ends() -> (impl Push, impl Take) {
    let queue = Box::leak(Box::new(heapless::spsc::Queue::<Record, CAPACITY>::new()));
    let (mut producer, mut consumer) = queue.split();
    let push = move |number| producer.enqueue(record(number)).ok();
    let take = move |_, numbers: &mut Numbers| Some((1, numbers.check(&consumer.dequeue()?)));
    (push, take)
}

fn array_queue_ends() -> (impl Push, impl Take) {
    let producer = Arc::new(ArrayQueue::<Record>::new(CAPACITY));
    let consumer = producer.clone();
    let push = move |number| producer.push(record(number)).ok();
    let take = move |_, numbers: &mut Numbers| Some((1, numbers.check(&consumer.pop()?)));
    (push, take)
}

fn disruptor_ends() -> (impl Push, impl Take) {
    let builder = disruptor::build_single_producer(CAPACITY, || [0; LEN], BusySpin);
    let (mut poller, builder) = builder.new_event_poller();
    let mut producer = builder.build();
    let push = move |number| producer.try_publish(|event| *event = record(number)).ok().map(|_| ());
    let take = move |wanted, numbers: &mut Numbers| {
        let mut events = poller.take(wanted).ok()?;
        let (mut some, mut right) = (0, 0);
        for event in &mut events {
            some += 1;
            right += numbers.check(event);
        }
        Some((some, right)).filter(|_| some > 0)
    };
    (push, take)
}

fn pushed_ends<'m>(
    ring: RingBuffer<'m, Cooperative>,
    turns: u32,
) -> (impl Push + 'm, impl Take + 'm) {
    let (mut producer, consumer) = both(ring);
    let mut consumer = consumer.gathering(turns);
    let push = move |number| producer.push(1, &record(number)).ok();
    let take = move |_, numbers: &mut Numbers| Some((1, numbers.check(&consumer.read().ok()?)));
    (push, take)
}

fn popped_ends<'m>(ring: RingBuffer<'m, Cooperative>) -> (impl Push + 'm, impl Take + 'm) {
    let (mut producer, mut consumer) = both(ring);
    let mut bytes = [0; LEN];
    let push = move |number| producer.push(1, &record(number)).ok();
    let take = move |_, numbers: &mut Numbers| {
        consumer.pop(&mut bytes).ok()?;
        Some((1, numbers.check(&bytes)))
    };
    (push, take)
}

/// Records of a consumer that frees the space of many at a time.
fn drain(
    consumer: &mut Consumer<'_, Cooperative>,
    wanted: u64,
    numbers: &mut Numbers,
) -> Option<(u64, u64)> {
    let mut records = consumer.drain().ok()?;
    let (mut some, mut right) = (0, 0);
    while some < wanted.min(BLOCK as u64)
        && let Ok(record) = records.read()
    {
        right += numbers.check(&record);
        some += 1;
    }
    Some((some, right)).filter(|_| some > 0)
}

fn batched_ends<'m>(
    ring: RingBuffer<'m, Cooperative>,
    turns: u32,
) -> (impl Push + 'm, impl Take + 'm) {
    let (producer, consumer) = both(ring);
    let mut producer = producer.batched(BLOCK as u32);
    let mut consumer = consumer.gathering(turns);
    let push = move |number| producer.push(1, &record(number)).ok();
    let take = move |wanted, numbers: &mut Numbers| drain(&mut consumer, wanted, numbers);
    (push, take)
}

fn batch_ends<'m>(ring: RingBuffer<'m, Cooperative>) -> (impl Push + 'm, impl Take + 'm) {
    let (mut producer, mut consumer) = both(ring);
    let (mut filled, mut filling) = (0, [[0; LEN]; BLOCK]);
    let mut publish = move |filling: &[Record; BLOCK]| {
        let mut batch = producer.try_claim_batch(BLOCK as u32, LEN).ok()?;
        for record in filling {
            batch.push(1, record).expect("inside the claim");
        }
        batch.commit();
        Some(())
    };
    let push = move |number| {
        if filled == BLOCK {
            publish(&filling)?;
            filled = 0;
        }
        filling[filled] = record(number);
        filled += 1;
        if filled == BLOCK && publish(&filling).is_some() {
            filled = 0;
        }
        Some(())
    };
    let take = move |wanted, numbers: &mut Numbers| drain(&mut consumer, wanted, numbers);
    (push, take)
}

/// Messages of one length in one record: the block is copied as a whole, and read in place.
fn block_ends<'m>(ring: RingBuffer<'m, Cooperative>) -> (impl Push + 'm, impl Take + 'm) {
    let (mut producer, mut consumer) = both(ring);
    let (mut filled, mut filling) = (0, [[0; LEN]; BLOCK]);
    let push = move |number| {
        if filled == BLOCK {
            producer.push(1, filling.as_flattened()).ok()?;
            filled = 0;
        }
        filling[filled] = record(number);
        filled += 1;
        if filled == BLOCK && producer.push(1, filling.as_flattened()).is_ok() {
            filled = 0;
        }
        Some(())
    };
    let mut at = 0;
    let take = move |wanted: u64, numbers: &mut Numbers| {
        let block = consumer.read().ok()?;
        let (records, _) = block.as_chunks::<LEN>();
        let some = (records.len() - at).min(wanted as usize);
        let right = records[at..at + some].iter().map(|record| numbers.check(record)).sum();
        at += some;
        if at < records.len() {
            // It stays the oldest.
            mem::forget(block);
        } else {
            at = 0;
        }
        Some((some as u64, right))
    };
    (push, take)
}

fn both<'m>(
    ring: RingBuffer<'m, Cooperative>,
) -> (Producer<'m, Cooperative>, Consumer<'m, Cooperative>) {
    (ring.producer().expect("free"), ring.consumer().expect("free"))
}

type Make<'a> = fn(&'static str, Box<dyn FnMut(u64) -> u64 + 'a>) -> Solo<'a>;

/// The producer on the second processor, flat out; the consumer here.
fn pair<'s: 'a, 'e: 'a, 'a>(
    scope: &'s Scope<'s, 'e>,
    (make, name): (Make<'a>, &'static str),
    (mut push, take): (impl Push + 's, impl Take + 'a),
    goal: Option<f64>,
) -> Box<dyn Contender + 'a> {
    let mut state = Apart::new((take, Numbers::default()));
    let run = move |count| {
        let (take, numbers) = state.get_mut();
        consume(count, |wanted| take(wanted, numbers))
    };
    let mut here = make(name, Box::new(run));
    if let Some(goal) = goal {
        here = here.reach(goal);
    }
    let mut next = 0;
    Pair::new(scope, here)
        .with(1, move |stop| {
            stop.repeat(|| {
                push(next)?;
                next += 1;
                Some(())
            });
        })
        .boxed()
}

/// Both ends in this thread, 64 records in and out by turns.
fn turns<'a>(
    (make, name): (Make<'a>, &'static str),
    (mut push, mut take): (impl Push + 'a, impl Take + 'a),
) -> Box<dyn Contender + 'a> {
    let mut numbers = Numbers::default();
    let mut next = 0;
    let run = move |count: u64| {
        let (mut left, mut right) = (count, 0);
        while left > 0 {
            // Whole blocks only, which those that wait for one need; what is over is taken in
            // the next run.
            let some = left.min(BLOCK as u64);
            while next < numbers.0 + some {
                for _ in 0..BLOCK {
                    push(next).expect("there is room");
                    next += 1;
                }
            }
            right += consume(some, |wanted| take(wanted, &mut numbers));
            left -= some;
        }
        right
    };
    make(name, Box::new(run)).boxed()
}

fn run(driver: &mut dyn Driver) {
    let blocks: [Blocks; 3] = [Blocks::new(), Blocks::new(), Blocks::new()];
    let mut memories: Vec<Memory> = (0..11).map(|_| Memory::new(layout())).collect();
    let rings: Vec<_> = memories.iter_mut().map(|memory| ring(&memory.sections())).collect();
    thread::scope(|scope| {
        let copies: (Make<'_>, _) = (|name, run| limit(name, run), "memcpy of blocks");
        let theirs: Make<'_> = |name, run| peer(name, run);
        let ours: Make<'_> = |name, run| inos(name, run);
        let contenders = vec![
            pair(scope, copies, blocks_ends(&blocks[0]), None),
            pair(scope, (theirs, "rtrb, chunks"), rtrb_chunk_ends(), None),
            pair(scope, (ours, "a record of 64"), block_ends(rings[7]), Some(1.1)),
            pair(scope, (ours, "claimed batches, drain"), batch_ends(rings[0]), Some(1.1)),
        ];
        let case = Case::new("two processors, batches of 64", WINDOW);
        driver.case(case.bytes(64), contenders);

        #[cfg(feature = "peers-heavy")]
        let folder = crate::Folder::new();
        let contenders = vec![
            pair(scope, copies, blocks_ends(&blocks[1]), None),
            #[cfg(feature = "peers-heavy")]
            super::iceoryx::stream(&folder),
            pair(scope, (theirs, "heapless"), heapless_ends(), None),
            pair(scope, (theirs, "disruptor"), disruptor_ends(), None),
            pair(scope, (theirs, "ArrayQueue"), array_queue_ends(), None),
            pair(scope, (theirs, "rtrb"), rtrb_ends(), None),
            pair(scope, (ours, "push, read"), pushed_ends(rings[1], 0), Some(1.8)),
            pair(scope, (ours, "push, read, gathering"), pushed_ends(rings[9], TURNS), Some(1.8)),
            pair(scope, (ours, "push, pop"), popped_ends(rings[2]), Some(1.8)),
            pair(scope, (ours, "Batched, drain"), batched_ends(rings[3], 0), Some(1.2)),
            pair(
                scope,
                (ours, "Batched, drain, gathering"),
                batched_ends(rings[10], TURNS),
                Some(1.2),
            ),
        ];
        driver.case(Case::new("two processors, one by one", WINDOW).bytes(64), contenders);

        let contenders = vec![
            turns(copies, blocks_ends(&blocks[2])),
            turns((theirs, "rtrb, chunks"), rtrb_chunk_ends()),
            turns((theirs, "rtrb"), rtrb_ends()),
            turns((theirs, "heapless"), heapless_ends()),
            turns((theirs, "disruptor"), disruptor_ends()),
            turns((theirs, "ArrayQueue"), array_queue_ends()),
            turns((ours, "a record of 64"), block_ends(rings[8])),
            turns((ours, "claimed batches, drain"), batch_ends(rings[4])),
            turns((ours, "push, read"), pushed_ends(rings[5], 0)),
            turns((ours, "Batched, drain"), batched_ends(rings[6], 0)),
        ];
        driver.case(Case::new("one thread, by turns of 64", 4096).bytes(64), contenders);
    });
}

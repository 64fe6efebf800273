//! A stream of messages of 64 bytes from one producer to one consumer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_queue::ArrayQueue;
use inos_core::{Consumer, Cooperative, Layout, Producer, RingBuffer, RingConfig, SectionId};

use crate::contender::{BLOCK, Block, Contender, Goal, MESSAGE_LEN, Pipe, Row, Side};
use crate::machine;

const RING: SectionId = SectionId(1);
/// Messages that a queue holds: more than a block, far fewer than a window.
const CAPACITY: usize = 512;
const TAG: u32 = 7;

/// Blocks copied through shared memory and handed over by one word a block: the least that has to
/// be done, for messages in blocks.
mod copies {
    use std::cell::UnsafeCell;

    use super::*;

    const BLOCKS: usize = CAPACITY / BLOCK;

    #[repr(align(64))]
    struct Position(AtomicUsize);

    struct Shared {
        sent: Position,
        received: Position,
        blocks: [UnsafeCell<Block>; BLOCKS],
    }

    // SAFETY: a block is the sender's until it is counted as sent, and the receiver's until it is
    // counted as received; each is one closure.
    unsafe impl Sync for Shared {}

    pub(super) fn pipe() -> Pipe {
        let shared = Arc::new(Shared {
            sent: Position(AtomicUsize::new(0)),
            received: Position(AtomicUsize::new(0)),
            blocks: std::array::from_fn(|_| UnsafeCell::new([[1; MESSAGE_LEN]; BLOCK])),
        });
        let other = Arc::clone(&shared);
        let send = move |block: &Block| {
            let sent = shared.sent.0.load(Ordering::Relaxed);
            // Acquire: pairs with Release below.
            if sent - shared.received.0.load(Ordering::Acquire) == BLOCKS {
                return false;
            }
            // SAFETY: not sent yet, so nobody else reaches it.
            unsafe { *shared.blocks[sent % BLOCKS].get() = *block };
            // Release: publishes the block.
            shared.sent.0.store(sent + 1, Ordering::Release);
            true
        };
        let receive = move |block: &mut Block| {
            let received = other.received.0.load(Ordering::Relaxed);
            // Acquire: pairs with Release above.
            if other.sent.0.load(Ordering::Acquire) == received {
                return false;
            }
            // SAFETY: sent, and not received yet.
            *block = unsafe { *other.blocks[received % BLOCKS].get() };
            // Release: the block may be overwritten.
            other.received.0.store(received + 1, Ordering::Release);
            true
        };
        Pipe { send: Box::new(send), receive: Box::new(receive) }
    }
}

/// From two closures that take one message each.
fn one_by_one(
    mut push: impl FnMut(&[u8; MESSAGE_LEN]) -> bool + Send + 'static,
    mut pop: impl FnMut(&mut [u8; MESSAGE_LEN]) -> bool + Send + 'static,
) -> Pipe {
    let (mut sent, mut received) = (0, 0);
    Pipe {
        send: Box::new(move |block| {
            while sent < BLOCK && push(&block[sent]) {
                sent += 1;
            }
            let done = sent == BLOCK;
            sent %= BLOCK;
            done
        }),
        receive: Box::new(move |block| {
            while received < BLOCK && pop(&mut block[received]) {
                received += 1;
            }
            let done = received == BLOCK;
            received %= BLOCK;
            done
        }),
    }
}

/// The ends of a ring that holds as many messages and their headers.
fn ends() -> (Producer<'static, Cooperative>, Consumer<'static, Cooperative>) {
    let granules = (CAPACITY * (MESSAGE_LEN + 8) / 8).next_power_of_two();
    let config = RingConfig { capacity: granules as u32 };
    let layout = Layout::builder().ring(RING, "ring", config).build().expect("a layout");
    let ring = RingBuffer::open(&machine::sections(&layout), RING).expect("the section");
    (ring.producer().expect("free"), ring.consumer().expect("free"))
}

fn inos_batches() -> Pipe {
    let (mut producer, mut consumer) = ends();
    let mut received = 0;
    Pipe {
        send: Box::new(move |block| {
            let Ok(mut batch) = producer.try_claim_batch(BLOCK as u32, MESSAGE_LEN) else {
                return false;
            };
            for message in block {
                batch.push(TAG, message).expect("claimed");
            }
            batch.commit() as usize == BLOCK
        }),
        receive: Box::new(move |block| {
            let Ok(mut drain) = consumer.drain() else { return false };
            while received < BLOCK {
                let Ok(record) = drain.read() else { return false };
                block[received].copy_from_slice(&record);
                received += 1;
            }
            received = 0;
            true
        }),
    }
}

fn inos_push_pop() -> Pipe {
    let (mut producer, mut consumer) = ends();
    one_by_one(
        move |message| producer.push(TAG, message).is_ok(),
        move |message| consumer.pop(message).is_ok(),
    )
}

fn inos_in_place() -> Pipe {
    let (mut producer, mut consumer) = ends();
    one_by_one(
        move |message| {
            let Ok(mut grant) = producer.try_claim(MESSAGE_LEN) else { return false };
            grant.copy_from_slice(message);
            grant.commit(TAG);
            true
        },
        move |message| {
            let Ok(record) = consumer.read() else { return false };
            message.copy_from_slice(&record);
            true
        },
    )
}

fn inos_batched() -> Pipe {
    let (producer, mut consumer) = ends();
    let mut producer = producer.batched(BLOCK as u32);
    let mut sent = 0;
    let pipe = one_by_one(|_| false, move |message| consumer.pop(message).is_ok());
    Pipe {
        send: Box::new(move |block| {
            while sent < BLOCK && producer.push(TAG, &block[sent]).is_ok() {
                sent += 1;
            }
            if sent < BLOCK {
                return false;
            }
            // Whoever waits for the last of them must see it: some were published when the ring
            // was full, so the count of those that were not is none of the block's.
            producer.flush();
            sent = 0;
            true
        }),
        ..pipe
    }
}

fn rtrb_chunks() -> Pipe {
    let (mut sender, mut receiver) = rtrb::RingBuffer::<[u8; MESSAGE_LEN]>::new(CAPACITY);
    Pipe {
        send: Box::new(move |block| {
            let Ok(chunk) = sender.write_chunk_uninit(BLOCK) else { return false };
            chunk.fill_from_iter(block.iter().copied()) == BLOCK
        }),
        receive: Box::new(move |block| {
            let Ok(chunk) = receiver.read_chunk(BLOCK) else { return false };
            let (first, second) = chunk.as_slices();
            let (head, tail) = block.split_at_mut(first.len());
            head.copy_from_slice(first);
            tail.copy_from_slice(second);
            chunk.commit_all();
            true
        }),
    }
}

fn rtrb_single() -> Pipe {
    let (mut sender, mut receiver) = rtrb::RingBuffer::<[u8; MESSAGE_LEN]>::new(CAPACITY);
    one_by_one(
        move |message| sender.push(*message).is_ok(),
        move |message| receiver.pop().map(|popped| *message = popped).is_ok(),
    )
}

fn heapless_single() -> Pipe {
    let queue = Box::leak(Box::new(heapless::spsc::Queue::<[u8; MESSAGE_LEN], CAPACITY>::new()));
    let (mut sender, mut receiver) = queue.split();
    one_by_one(
        move |message| sender.enqueue(*message).is_ok(),
        move |message| receiver.dequeue().map(|popped| *message = popped).is_some(),
    )
}

fn crossbeam_single() -> Pipe {
    let queue = Arc::new(ArrayQueue::<[u8; MESSAGE_LEN]>::new(CAPACITY));
    let other = Arc::clone(&queue);
    one_by_one(
        move |message| queue.push(*message).is_ok(),
        move |message| other.pop().map(|popped| *message = popped).is_some(),
    )
}

fn disruptor_single() -> Pipe {
    use disruptor::{BusySpin, Polling, Producer as _};

    let builder = disruptor::build_single_producer(CAPACITY, || [0_u8; MESSAGE_LEN], BusySpin);
    let (mut poller, builder) = builder.new_event_poller();
    let mut producer = builder.build();
    let mut received = 0;
    let pipe = one_by_one(
        move |message| producer.try_publish(|event| *event = *message).is_ok(),
        |_| false,
    );
    Pipe {
        receive: Box::new(move |block| {
            while received < BLOCK {
                let left = (BLOCK - received) as u64;
                let mut events = match poller.take(left) {
                    Ok(events) => events,
                    Err(Polling::NoEvents) => return false,
                    Err(Polling::Shutdown) => unreachable!("the producer is there"),
                };
                for event in &mut events {
                    block[received] = *event;
                    received += 1;
                }
            }
            received = 0;
            true
        }),
        ..pipe
    }
}

type Make = (&'static str, Side, fn() -> Pipe);

const BATCHES: &[Make] = &[
    ("copies of 64", Side::Limit, copies::pipe),
    ("INOS batch", Side::Inos, inos_batches),
    ("rtrb chunks", Side::Peer, rtrb_chunks),
];

const SINGLE: &[Make] = &[
    ("copies of 64", Side::Limit, copies::pipe),
    ("INOS push/pop", Side::Inos, inos_push_pop),
    ("INOS claim/read", Side::Inos, inos_in_place),
    ("INOS Batched", Side::Inos, inos_batched),
    ("rtrb", Side::Peer, rtrb_single),
    ("heapless", Side::Peer, heapless_single),
    ("crossbeam ArrayQueue", Side::Peer, crossbeam_single),
    ("disruptor", Side::Peer, disruptor_single),
];

const SINGLE_GOALS: &[(&str, Goal)] = &[
    ("INOS push/pop", Goal::Ratio(1.8)),
    ("INOS claim/read", Goal::Ratio(1.8)),
    ("INOS Batched", Goal::Ratio(1.2)),
];
const BATCH_GOALS: &[(&str, Goal)] = &[("INOS batch", Goal::Ratio(1.1))];

/// Batches and single messages, in one thread and from one processor to another.
pub(super) fn rows() -> Vec<Row> {
    let one = |&(name, side, pipe): &Make| pipe().in_one_thread(name, side);
    let two = |&(name, side, pipe): &Make| pipe().in_two_threads(name, side);
    let row = |id, what, goals, contenders: Vec<Contender>| Row {
        id,
        what,
        ops: 32 * CAPACITY,
        latency: false,
        goals,
        contenders,
    };
    vec![
        row(
            "spsc-batch-1",
            "a message of 64 bytes, in batches, one thread",
            BATCH_GOALS,
            BATCHES.iter().map(one).collect(),
        ),
        row(
            "spsc-batch-2",
            "a message of 64 bytes, in batches, two processors",
            BATCH_GOALS,
            BATCHES.iter().map(two).collect(),
        ),
        row(
            "spsc-single-1",
            "a message of 64 bytes, one by one, one thread",
            SINGLE_GOALS,
            SINGLE.iter().map(one).collect(),
        ),
        row(
            "spsc-single-2",
            "a message of 64 bytes, one by one, two processors",
            SINGLE_GOALS,
            SINGLE.iter().map(two).collect(),
        ),
    ]
}

//! Models of the protocols, explored by loom over every interleaving that its preemption bound
//! allows:
//!
//! ```text
//! RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 cargo test -p inos-core --release --test loom
//! ```
//!
//! The code under test is the library's own: `inos_core::protocol` over loom's atomics. Payload
//! bytes are `UnsafeCell`s, so that any access the protocol does not order is an error. loom
//! treats `SeqCst` accesses as `AcqRel` and does not see load buffering. Each model also asserts
//! that the interesting outcomes all occurred; a model that explores nothing proves nothing.
#![cfg(loom)]
#![allow(clippy::unwrap_used)]

use std::sync::Arc as Shared;
use std::sync::atomic::{AtomicUsize as Tally, Ordering::Relaxed as Tallied};

use inos_core::Error;
use inos_core::protocol::epoch::{self, Prepared};
use inos_core::protocol::{ReadWord, Word, ping_pong, ready, ring, role};
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, Ordering, fence};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// loom's atomic as a control word.
struct LoomWord(AtomicU32);

impl LoomWord {
    fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }
}

impl ReadWord for LoomWord {
    fn load(&self, order: Ordering) -> u32 {
        self.0.load(order)
    }

    fn fence(order: Ordering) {
        fence(order);
    }
}

impl Word for LoomWord {
    fn store(&self, value: u32, order: Ordering) {
        self.0.store(value, order);
    }

    fn cas(&self, current: u32, new: u32, ok: Ordering, failed: Ordering) -> Result<u32, u32> {
        self.0.compare_exchange(current, new, ok, failed)
    }

    fn add(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_add(value, order)
    }

    fn or(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_or(value, order)
    }

    fn and(&self, value: u32, order: Ordering) -> u32 {
        self.0.fetch_and(value, order)
    }
}

/// What a futex is: it compares and sleeps atomically with respect to a wake.
struct Park {
    lock: Mutex<()>,
    wake: Condvar,
}

impl Park {
    fn new() -> Self {
        Self { lock: Mutex::new(()), wake: Condvar::new() }
    }

    /// Sleeps unless the word has changed; whether it slept.
    fn park(&self, word: &LoomWord, expected: u32) -> bool {
        let guard = self.lock.lock().unwrap();
        // Relaxed, because the kernel's own comparison orders nothing for us.
        if word.load(Ordering::Relaxed) != expected {
            return false;
        }
        drop(self.wake.wait(guard).unwrap());
        true
    }

    fn wake_all(&self) {
        drop(self.lock.lock().unwrap());
        self.wake.notify_all();
    }
}

/// Counts how often an outcome occurred over all executions of a model.
fn tally() -> (Shared<Tally>, Shared<Tally>) {
    (Shared::new(Tally::new(0)), Shared::new(Tally::new(0)))
}

fn both(counts: &(Shared<Tally>, Shared<Tally>)) {
    assert!(counts.0.load(Tallied) > 0, "the first outcome never occurred");
    assert!(counts.1.load(Tallied) > 0, "the second outcome never occurred");
}

fn advance(word: &LoomWord, park: &Park) {
    if epoch::advance(word).wake {
        park.wake_all();
    }
}

/// Waits until the epoch leaves `seen`; whether it slept at least once. A wake that is lost
/// leaves the model's threads asleep, which loom reports as a deadlock.
fn wait(word: &LoomWord, park: &Park, seen: u32) -> bool {
    let mut slept = false;
    loop {
        match epoch::prepare_wait(word, seen) {
            Prepared::Changed(_) => return slept,
            Prepared::Park(expected) => slept |= park.park(word, expected),
        }
    }
}

/// A waiter always wakes, and sees what was written before the epoch advanced, also where the
/// epoch wraps.
#[test]
fn epoch_wakes_and_publishes() {
    let counts = tally();
    let (slept, awake) = counts.clone();
    loom::model(move || {
        let first = u32::MAX - 1; // the last epoch, nobody waiting: the advance wraps to 0
        let shared = Arc::new((LoomWord::new(first), Park::new(), UnsafeCell::new(0)));
        let waiter = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (word, park, news) = &*shared;
                let slept = wait(word, park, epoch::epoch_of(first));
                news.with(|news| {
                    // SAFETY: loom checks that the writer is done with it.
                    assert_eq!(unsafe { *news }, 7);
                });
                slept
            })
        };
        let (word, park, news) = &*shared;
        // SAFETY: loom checks that nobody reads it meanwhile.
        news.with_mut(|news| unsafe { *news = 7 });
        advance(word, park);
        let count = if waiter.join().unwrap() { &slept } else { &awake };
        count.fetch_add(1, Tallied);
        assert_eq!(epoch::current(&shared.0), 0);
    });
    both(&counts);
}

/// Two waiters on one epoch: both wake.
#[test]
fn epoch_wakes_everybody() {
    loom::model(|| {
        let shared = Arc::new((LoomWord::new(0), Park::new()));
        let waiters: [_; 2] = std::array::from_fn(|_| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || wait(&shared.0, &shared.1, 0))
        });
        advance(&shared.0, &shared.1);
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

const ITEMS: usize = 2;

/// A ring of two items whose positions wrap on the way.
struct Ring {
    tail: LoomWord,
    head: LoomWord,
    items: [UnsafeCell<u32>; ITEMS],
}

/// Every item arrives once, in order, across the wrap of the positions, and neither side ever
/// touches an item that is the other's.
#[test]
fn ring_delivers_in_order() {
    let counts = tally();
    let (full, empty) = counts.clone();
    loom::model(move || {
        let start = (1 << 31) - 1; // one before the wrap
        let ring = Arc::new(Ring {
            tail: LoomWord::new(start),
            head: LoomWord::new(start),
            items: [UnsafeCell::new(0), UnsafeCell::new(0)],
        });
        let producer = {
            let (ring, full) = (Arc::clone(&ring), full.clone());
            thread::spawn(move || {
                let mut cursor =
                    ring::ProducerCursor::resume(&ring.tail, &ring.head, ITEMS as u32).unwrap();
                for value in 1..=3 {
                    let claim = loop {
                        match cursor.claim(&ring.head, 1) {
                            Ok(claim) => break claim,
                            Err(Error::Full) => {
                                full.fetch_add(1, Tallied);
                                thread::yield_now();
                            }
                            Err(other) => panic!("{other}"),
                        }
                    };
                    // SAFETY: loom checks that the consumer does not touch a claimed item.
                    ring.items[claim.start() as usize].with_mut(|item| unsafe { *item = value });
                    cursor.publish(&ring.tail, claim);
                }
            })
        };
        let mut cursor =
            ring::ConsumerCursor::resume(&ring.tail, &ring.head, ITEMS as u32).unwrap();
        let mut expected = 1;
        while expected <= 3 {
            match cursor.available(&ring.tail) {
                Ok(available) => {
                    let item = &ring.items[available.start() as usize];
                    // SAFETY: loom checks that the producer does not touch it.
                    assert_eq!(item.with(|item| unsafe { *item }), expected);
                    cursor.release(&ring.head, 1).unwrap();
                    expected += 1;
                }
                Err(Error::Empty) => {
                    empty.fetch_add(1, Tallied);
                    thread::yield_now();
                }
                Err(other) => panic!("{other}"),
            }
        }
        producer.join().unwrap();
        assert!(matches!(cursor.available(&ring.tail), Err(Error::Empty)));
    });
    both(&counts);
}

/// A client publishes, marks its bit and rings; the service that takes bits, looks, and sleeps
/// on the doorbell finds every submission.
#[test]
fn ready_bit_and_doorbell_lose_nothing() {
    let counts = tally();
    let (slept, awake) = counts.clone();
    loom::model(move || {
        type Lane = (LoomWord, LoomWord, Park, [LoomWord; 2]);
        let shared: Arc<Lane> = Arc::new((
            LoomWord::new(0),
            LoomWord::new(0),
            Park::new(),
            [LoomWord::new(0), LoomWord::new(0)],
        ));
        let clients: [_; 2] = std::array::from_fn(|lane| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (bits, bell, park, queues) = &*shared;
                queues[lane].store(1, Ordering::Release);
                ready::mark(bits, lane as u32);
                advance(bell, park);
            })
        });
        let (bits, bell, park, queues) = &*shared;
        let (mut found, mut has_slept) = (0, false);
        loop {
            let seen = epoch::current(bell);
            let taken = ready::take(bits);
            for (lane, queue) in queues.iter().enumerate() {
                if taken & (1 << lane) != 0 {
                    assert_eq!(queue.load(Ordering::Relaxed), 1, "marked before published");
                    found += 1;
                }
            }
            if found == 2 {
                break;
            }
            has_slept |= wait(bell, park, seen);
        }
        for client in clients {
            client.join().unwrap();
        }
        (if has_slept { &slept } else { &awake }).fetch_add(1, Tallied);
    });
    both(&counts);
}

/// Of two claimants at most one holds the role at a time, and the second continues from what
/// the first left behind.
#[test]
fn role_is_exclusive_and_handed_on() {
    let counts = tally();
    let (held, handed) = counts.clone();
    loom::model(move || {
        let shared = Arc::new((LoomWord::new(0), UnsafeCell::new(0)));
        let work = |shared: &(LoomWord, UnsafeCell<u32>)| {
            let Some(lease) = role::claim(&shared.0) else { return false };
            // SAFETY: loom checks that the role keeps the other party away.
            shared.1.with_mut(|state| unsafe { *state += 1 });
            role::release(&shared.0, &lease);
            true
        };
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || work(&shared))
        };
        let one = work(&shared);
        let two = other.join().unwrap();
        assert!(one || two);
        // SAFETY: the other thread has ended.
        let state = shared.1.with(|state| unsafe { *state });
        assert_eq!(state, u32::from(one) + u32::from(two));
        (if one && two { &handed } else { &held }).fetch_add(1, Tallied);
    });
    both(&counts);
}

const SLOTS: usize = 3;

/// A ping-pong buffer of three slots and one seat. A pinned reader's bytes are cells, an
/// observer's are words.
struct Buffer {
    latest: LoomWord,
    sequences: [LoomWord; SLOTS],
    pin: LoomWord,
    cells: [UnsafeCell<u32>; SLOTS],
    words: [[LoomWord; 2]; SLOTS],
}

impl Buffer {
    fn new() -> Self {
        Self {
            latest: LoomWord::new(0),
            sequences: std::array::from_fn(|_| LoomWord::new(0)),
            pin: LoomWord::new(0),
            cells: std::array::from_fn(|_| UnsafeCell::new(0)),
            words: std::array::from_fn(|_| std::array::from_fn(|_| LoomWord::new(0))),
        }
    }
}

impl ping_pong::Words for Buffer {
    type Word = LoomWord;

    fn latest(&self) -> &LoomWord {
        &self.latest
    }

    fn sequence(&self, index: u32) -> Option<&LoomWord> {
        self.sequences.get(index as usize)
    }

    fn pin(&self, index: u32) -> Option<&LoomWord> {
        (index == 0).then_some(&self.pin)
    }

    fn slot_count(&self) -> u32 {
        SLOTS as u32
    }

    fn seat_count(&self) -> u32 {
        1
    }
}

/// A pinned frame is whole and is not written while it is pinned; frames never go back; the
/// writer always finds a slot.
#[test]
fn ping_pong_pins() {
    let counts = tally();
    let (early, late) = counts.clone();
    loom::model(move || {
        let buffer = Arc::new(Buffer::new());
        let mut writer = ping_pong::WriterState::resume(&*buffer).unwrap();
        let mut publish = move |buffer: &Buffer, value| {
            // With two slots more than seats the writer never fails.
            let claim = writer.begin(buffer).unwrap();
            // SAFETY: loom checks that no reader has the slot.
            buffer.cells[claim.slot() as usize].with_mut(|cell| unsafe { *cell = value });
            writer.publish(buffer, claim);
        };
        publish(&buffer, 1);
        let reader = {
            let buffer = Arc::clone(&buffer);
            thread::spawn(move || {
                let mut last = 0;
                for _ in 0..2 {
                    let frame = ping_pong::pin(&*buffer, 0).unwrap();
                    let cell = &buffer.cells[frame.slot as usize];
                    // SAFETY: loom checks that the pin keeps the writer away.
                    let value = cell.with(|cell| unsafe { *cell });
                    assert_eq!(value, frame.version);
                    assert!(value >= last, "went back");
                    last = value;
                    ping_pong::unpin(&buffer.pin);
                }
                last
            })
        };
        for value in 2..=4 {
            publish(&buffer, value);
        }
        let last = reader.join().unwrap();
        (if last < 4 { &early } else { &late }).fetch_add(1, Tallied);
    });
    both(&counts);
}

/// An observer's copy that passes both checks is whole.
#[test]
fn ping_pong_observer_is_never_torn() {
    let counts = tally();
    let (torn, whole) = counts.clone();
    loom::model(move || {
        let buffer = Arc::new(Buffer::new());
        let mut writer = ping_pong::WriterState::resume(&*buffer).unwrap();
        let mut publish = move |buffer: &Buffer, value| {
            let claim = writer.begin(buffer).unwrap();
            for word in &buffer.words[claim.slot() as usize] {
                word.store(value, Ordering::Relaxed);
            }
            writer.publish(buffer, claim);
        };
        publish(&buffer, 1);
        let observer = {
            let buffer = Arc::clone(&buffer);
            thread::spawn(move || {
                let frame = ping_pong::newest(&buffer.latest, SLOTS as u32).unwrap();
                let sequence = &buffer.sequences[frame.slot as usize];
                if !ping_pong::validate(sequence, frame) {
                    return false;
                }
                let [a, b] = &buffer.words[frame.slot as usize];
                let copy = (a.load(Ordering::Relaxed), b.load(Ordering::Relaxed));
                if !ping_pong::still_valid(sequence, frame) {
                    return false;
                }
                assert_eq!(copy, (frame.version, frame.version), "torn");
                true
            })
        };
        // All around, so that the writer comes back to the slot that is being copied.
        for value in 2..=4 {
            publish(&buffer, value);
        }
        (if observer.join().unwrap() { &whole } else { &torn }).fetch_add(1, Tallied);
    });
    both(&counts);
}

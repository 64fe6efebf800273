//! The ring of many producers: three push, give up, and die, while two consumers take turns and
//! suspect now and then; what was committed is read once, in order, and nothing else is.

use inos_core::Error;
use inos_core::protocol::mpsc::{self, ConsumerCursor, ProducerCursor, Words};
use inos_core::protocol::role;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use super::*;

const CAPACITY: usize = 8;
const TICKETS: usize = 4;
const SEATS: usize = 3;
/// Records of each producer; the last claim of each is never committed.
const EACH: u32 = 5;

struct Ring {
    tail: ShuttleWord,
    head_ticket: ShuttleWord,
    head: ShuttleWord,
    read: ShuttleWord,
    consumer: ShuttleWord,
    tickets: [[ShuttleWord; 2]; TICKETS],
    seats: [[ShuttleWord; 2]; SEATS],
    items: [ShuttleWord; CAPACITY],
    /// Who owns a granule: zero for the consumer.
    owners: [ShuttleWord; CAPACITY],
    /// Of each producer: how many records were committed, and how many were read.
    counts: Mutex<[(u32, u32); SEATS]>,
}

impl Words for Ring {
    type Word = ShuttleWord;

    fn tail(&self) -> &ShuttleWord {
        &self.tail
    }

    fn head_ticket(&self) -> &ShuttleWord {
        &self.head_ticket
    }

    fn head(&self) -> &ShuttleWord {
        &self.head
    }

    fn read(&self) -> &ShuttleWord {
        &self.read
    }

    fn extent(&self, index: u32) -> Option<&ShuttleWord> {
        self.tickets.get(index as usize).map(|[extent, _]| extent)
    }

    fn state(&self, index: u32) -> Option<&ShuttleWord> {
        self.tickets.get(index as usize).map(|[_, state]| state)
    }

    fn lease(&self, index: u32) -> Option<&ShuttleWord> {
        self.seats.get(index as usize).map(|[lease, _]| lease)
    }

    fn intent(&self, index: u32) -> Option<&ShuttleWord> {
        self.seats.get(index as usize).map(|[_, intent]| intent)
    }

    fn capacity(&self) -> u32 {
        CAPACITY as u32
    }

    fn ticket_count(&self) -> u32 {
        TICKETS as u32
    }

    fn seat_count(&self) -> u32 {
        SEATS as u32
    }
}

impl Ring {
    fn new() -> Self {
        let pair = |_| [ShuttleWord::new(0), ShuttleWord::new(0)];
        let items = || std::array::from_fn(|_| ShuttleWord::new(0));
        let [tail, head_ticket, head, read, consumer] = [0; 5].map(ShuttleWord::new);
        let ring = Self {
            tail,
            head_ticket,
            head,
            read,
            consumer,
            tickets: std::array::from_fn(pair),
            seats: std::array::from_fn(pair),
            items: items(),
            owners: items(),
            counts: Mutex::new([(0, 0); SEATS]),
        };
        mpsc::format(&ring).unwrap();
        ring
    }

    /// Claims and writes one record; commits it, gives it up, or leaves it as it is.
    fn push(&self, producer: &mut ProducerCursor, value: u32, end: End) -> Result<(), Error> {
        let count = 1 + value % 3;
        let claim = producer.claim(self, count)?;
        let places = claim.start() as usize..(claim.start() + claim.count()) as usize;
        let me = producer.seat() + 1;
        for owner in &self.owners[places.clone()] {
            assert_eq!(owner.0.swap(me, Ordering::Relaxed), 0, "not free");
        }
        for item in &self.items[places.clone()] {
            item.store(value, Ordering::Relaxed);
        }
        if matches!(end, End::Die) {
            // Its bytes are nobody's once its death is proven.
            self.owners[places].iter().for_each(|owner| owner.store(0, Ordering::Relaxed));
            return Ok(());
        }
        for owner in &self.owners[places] {
            assert_eq!(owner.0.swap(0, Ordering::Relaxed), me, "another one's");
        }
        if matches!(end, End::GiveUp) {
            producer.abort(self, claim);
            return Ok(());
        }
        // With the count in one step: a record is in the ring from the commit on.
        let mut counts = self.counts.lock().unwrap();
        let committed = producer.commit(self, claim, count);
        counts[(me - 1) as usize].0 += u32::from(committed.is_ok());
        committed
    }

    fn produce(&self, seat: u32) {
        let party = seat as u16 + 1;
        let lease = role::claim(&self.seats[seat as usize][0], party).unwrap();
        let mut producer = ProducerCursor::sit(self, seat).unwrap().unwrap();
        let mut count = 0;
        while count < EACH {
            let end = if thread_rng().gen_range(0..4) == 0 { End::GiveUp } else { End::Commit };
            let pushed = self.push(&mut producer, seat << 16 | count, end);
            match (pushed, end) {
                (Ok(()), End::Commit) => count += 1,
                (Ok(()), _) | (Err(Error::Fenced), End::Commit) => {}
                (Err(Error::Full | Error::Contended { .. }), _) => thread::yield_now(),
                (Err(error), _) => panic!("{error}"),
            }
        }
        while self.push(&mut producer, seat << 16 | 0xff, End::Die).is_err() {
            thread::yield_now();
        }
        drop(lease);
        assert!(role::revoke(&self.seats[seat as usize][0], party));
    }

    /// A consumer for a moment.
    fn consume(&self, party: u16) {
        let Some(lease) = role::claim(&self.consumer, party) else { return };
        let mut consumer = ConsumerCursor::resume(self).unwrap();
        for _ in 0..4 {
            match consumer.available(self) {
                Ok(available) => {
                    let (start, count) = (available.start() as usize, available.count());
                    let items = &self.items[start..start + count as usize];
                    let value = items[0].load(Ordering::Relaxed);
                    assert!(items.iter().all(|item| item.load(Ordering::Relaxed) == value), "torn");
                    assert_eq!(count, 1 + value % 3);
                    let (seat, number) = ((value >> 16) as usize, value & 0xffff);
                    let mut counts = self.counts.lock().unwrap();
                    let (committed, read) = &mut counts[seat];
                    assert!(number == *read && read < committed, "lost, doubled, or never there");
                    *read += 1;
                    drop(counts);
                    consumer.advance(count);
                    consumer.settle(self).unwrap();
                }
                Err(error) => assert_eq!(error, Error::Empty),
            }
            if thread_rng().gen_range(0..6) == 0
                && let Some(seat) = consumer.waits_for(self)
            {
                consumer.suspect(self, seat).unwrap();
            }
        }
        consumer.adopt(self).unwrap();
        consumer.release(self).unwrap();
        role::release(&self.consumer, &lease);
    }

    fn is_done(&self) -> bool {
        self.counts.lock().unwrap().iter().all(|&(_, read)| read == EACH)
    }
}

#[derive(Clone, Copy)]
enum End {
    Commit,
    GiveUp,
    Die,
}

#[test]
fn what_is_committed_is_read_once_and_in_order() {
    explore(|| {
        let ring = Arc::new(Ring::new());
        let producers = (0..SEATS as u32).map(|seat| {
            let ring = ring.clone();
            thread::spawn(move || ring.produce(seat))
        });
        let producers: Vec<_> = producers.collect();
        let consumers = [11, 12].map(|party| {
            let ring = ring.clone();
            thread::spawn(move || {
                // The producers' last claims need room, too.
                while !ring.is_done() || ring.seats.iter().any(|[lease, _]| role::is_held(lease)) {
                    ring.consume(party);
                    thread::yield_now();
                }
            })
        });
        for party in producers.into_iter().chain(consumers) {
            party.join().unwrap();
        }
        // All that the dead had is to be had again.
        let mut consumer = ConsumerCursor::resume(&*ring).unwrap();
        while consumer.adopt(&*ring).unwrap() {}
        consumer.release(&*ring).unwrap();
        for seat in 0..SEATS as u32 {
            let mut producer = ProducerCursor::sit(&*ring, seat).unwrap().unwrap();
            let claim = producer.claim(&*ring, CAPACITY as u32 / 2).unwrap();
            producer.abort(&*ring, claim);
            assert_eq!(consumer.available(&*ring).err(), Some(Error::Empty));
        }
    });
}

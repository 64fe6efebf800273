//! The ring of one producer: whichever child has the role pushes, the parent reads.

use std::collections::HashMap;
use std::process;

use inos::{Consumer, Cooperative, Error, RingBuffer, Sections};

use super::{RING, Random, check_pattern, pattern};

pub(crate) struct Child<'p> {
    ring: RingBuffer<'p, Cooperative>,
    count: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self { ring: RingBuffer::open(sections, RING).unwrap(), count: 0 }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        let mut producer = match self.ring.producer() {
            Ok(producer) => producer,
            Err(error) => return assert_eq!(error, Error::RoleHeld),
        };
        for _ in 0..random.below(20) {
            let bytes = pattern(process::id(), self.count, 8 + random.below(90) as usize);
            match producer.push(7, &bytes) {
                Ok(()) => self.count += 1,
                Err(error) => return assert_eq!(error, Error::Full),
            }
        }
    }
}

pub(crate) struct Parent<'p> {
    consumer: Consumer<'p, Cooperative>,
    /// The next count of each process.
    next: HashMap<u32, u32>,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let consumer = RingBuffer::open(sections, RING).unwrap().consumer().unwrap();
        Self { consumer, next: HashMap::new(), seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        for _ in 0..1000 {
            let record = match self.consumer.read() {
                Ok(record) => record,
                Err(error) => return assert_eq!(error, Error::Empty),
            };
            let (process, count) = check_pattern(&record);
            let next = self.next.entry(process).or_default();
            assert_eq!(count, *next, "a record of {process} is lost or doubled");
            *next += 1;
            self.seen += 1;
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let ring = RingBuffer::open(sections, RING).unwrap();
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    // The largest record fits wherever the ring stands.
    producer.push(0, &vec![5; ring.max_record_len()]).unwrap();
    assert_eq!(consumer.read().unwrap().len(), ring.max_record_len());
}

//! The ring of one producer: whichever child has the role pushes, one by one or many at once, and
//! the parent reads.

use inos::{Consumer, Cooperative, Error, Producer, RingBuffer, Sections};

use super::{Order, RING, Random, check_pattern, pattern};

pub(crate) struct Child<'p> {
    ring: RingBuffer<'p, Cooperative>,
    number: u32,
    count: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        Self { ring: RingBuffer::open(sections, RING).unwrap(), number, count: 0 }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        let producer = match self.ring.producer() {
            Ok(producer) => producer,
            Err(error) => return assert_eq!(error, Error::RoleHeld),
        };
        let done = match random.below(3) {
            0 => self.one_by_one(producer, random),
            1 => self.in_batches(producer, random),
            _ => self.visible_later(producer, random),
        };
        if let Err(error) = done {
            assert_eq!(error, Error::Full);
        }
    }

    fn next(&self, random: &mut Random) -> Vec<u8> {
        pattern(self.number, self.count, 8 + random.below(90) as usize)
    }

    fn one_by_one(
        &mut self,
        mut producer: Producer<'p, Cooperative>,
        random: &mut Random,
    ) -> Result<(), Error> {
        for _ in 0..random.below(20) {
            producer.push(7, &self.next(random))?;
            self.count += 1;
        }
        Ok(())
    }

    fn in_batches(
        &mut self,
        mut producer: Producer<'p, Cooperative>,
        random: &mut Random,
    ) -> Result<(), Error> {
        for _ in 0..random.below(8) {
            let mut batch = producer.try_claim_batch(3, 60)?;
            let begin = self.count;
            for _ in 0..random.below(5) {
                let bytes = self.next(random);
                let added = if random.below(2) == 0 {
                    batch.push(7, &bytes)
                } else {
                    batch.push_mut(7, bytes.len()).map(|space| space.copy_from_slice(&bytes))
                };
                match added {
                    Ok(()) => self.count += 1,
                    Err(error) => assert_eq!(error, Error::Full),
                }
            }
            if random.below(4) == 0 {
                // Dropped: nobody sees any of them.
                self.count = begin;
            } else {
                assert_eq!(batch.commit(), self.count - begin);
            }
        }
        Ok(())
    }

    fn visible_later(
        &mut self,
        producer: Producer<'p, Cooperative>,
        random: &mut Random,
    ) -> Result<(), Error> {
        let mut producer = producer.batched(1 + random.below(8));
        for _ in 0..random.below(20) {
            producer.push(7, &self.next(random))?;
            self.count += 1;
            if random.below(8) == 0 {
                producer.flush();
            }
        }
        Ok(())
    }
}

pub(crate) struct Parent<'p> {
    consumer: Consumer<'p, Cooperative>,
    order: Order,
    looks: u32,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let consumer = RingBuffer::open(sections, RING).unwrap().consumer().unwrap();
        Self { consumer, order: Order::new(true), looks: 0, seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        self.looks = self.looks.wrapping_add(1);
        let before = self.seen;
        let ended = match self.looks % 3 {
            0 => self.read(),
            1 => self.pop(),
            _ => self.drain(),
        };
        if let Err(error) = ended {
            assert_eq!(error, Error::Empty);
        }
        assert!(self.seen - before <= 1000);
        assert_eq!(self.order.gaps, 0, "lost");
    }

    fn read(&mut self) -> Result<(), Error> {
        for _ in 0..1000 {
            let (number, count) = check_pattern(&self.consumer.read()?);
            self.order.see(number, count);
            self.seen += 1;
        }
        Ok(())
    }

    fn pop(&mut self) -> Result<(), Error> {
        let mut bytes = [0; 100];
        for _ in 0..1000 {
            let popped = self.consumer.pop(&mut bytes)?;
            let (number, count) = check_pattern(&bytes[..popped.len]);
            self.order.see(number, count);
            self.seen += 1;
        }
        Ok(())
    }

    /// Leaves some unread in between.
    fn drain(&mut self) -> Result<(), Error> {
        let mut records = self.consumer.drain()?;
        for _ in 0..3 {
            let (number, count) = check_pattern(&records.read()?);
            self.order.see(number, count);
            self.seen += 1;
        }
        Ok(())
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let ring = RingBuffer::open(sections, RING).unwrap();
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    // Not everything was drained.
    while consumer.read().is_ok() {}
    // The largest record fits wherever the ring stands.
    producer.push(0, &vec![5; ring.max_record_len()]).unwrap();
    assert_eq!(consumer.read().unwrap().len(), ring.max_record_len());
}

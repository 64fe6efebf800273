//! Rings of many producers: all children push into both, one by one or many at once. One is read
//! by the parent, which now and then gives up on a producer that takes its time; the other one by
//! whichever child has the role.

use inos::{Cooperative, Error, MpscConsumer, MpscProducer, MpscRing, Sections};

use super::{CROWD, Order, Random, SHARED, check_pattern, pattern};

/// What a child has of one of the rings.
struct Mine<'p> {
    ring: MpscRing<'p, Cooperative>,
    producer: Option<MpscProducer<'p, Cooperative>>,
    number: u32,
    count: u32,
}

impl<'p> Mine<'p> {
    fn new(ring: MpscRing<'p, Cooperative>, number: u32) -> Self {
        Self { ring, producer: None, number, count: 0 }
    }

    fn work(&mut self, random: &mut Random) {
        if self.producer.is_none() {
            match self.ring.producer() {
                Ok(producer) => self.producer = Some(producer),
                // Seats of the dead, until the consumer has come by what they left.
                Err(error) => assert!(matches!(error, Error::NoSeat { .. }), "{error}"),
            }
        }
        for _ in 0..random.below(8) {
            match self.push(random) {
                Ok(pushed) => self.count += pushed,
                // Full, or suspected: nobody sees it.
                Err(Error::Full | Error::Fenced | Error::Contended { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        if random.below(4) == 0 {
            self.producer = None;
        }
    }

    /// How many records were published.
    fn push(&mut self, random: &mut Random) -> Result<u32, Error> {
        let Some(producer) = &mut self.producer else { return Ok(0) };
        let records: Vec<_> = (self.count..self.count + 3)
            .map(|count| pattern(self.number, count, 8 + random.below(60) as usize))
            .collect();
        let len = MpscProducer::<Cooperative>::batch_len(68);
        match random.below(5) {
            0 => producer.push(7, &records[0]).map(|()| 1),
            1 => producer.push_batch(records.iter().map(|bytes| (7, &bytes[..]))).map(|()| 3),
            2 => {
                let mut grant = producer.try_claim(records[0].len())?;
                grant.copy_from_slice(&records[0]);
                grant.commit(7).map(|()| 1)
            }
            3 => {
                let mut batch = producer.try_claim_batch(3 * len)?;
                batch.push(7, &records[0])?;
                batch.push_mut(7, records[1].len())?.copy_from_slice(&records[1]);
                batch.commit().map(|()| 2)
            }
            _ => {
                // Given up: nobody sees any of them.
                let mut batch = producer.try_claim_batch(2 * len)?;
                batch.push(7, &records[0])?;
                drop(batch);
                producer.try_claim(5)?.abort();
                Ok(0)
            }
        }
    }
}

pub(crate) struct Child<'p> {
    crowd: Mine<'p>,
    shared: Mine<'p>,
    order: Order,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        let [crowd, shared] =
            [CROWD, SHARED].map(|id| Mine::new(MpscRing::open(sections, id).unwrap(), number));
        Self { crowd, shared, order: Order::new(false) }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        self.crowd.work(random);
        self.shared.work(random);
        match self.shared.ring.consumer() {
            // What a dead one had read and not said so is read again, and by one who lives once.
            Ok(mut consumer) => {
                for _ in 0..random.below(10) {
                    read(&mut consumer, &mut self.order, random.below(4));
                }
            }
            Err(error) => assert_eq!(error, Error::RoleHeld),
        }
    }
}

/// Reads some records in one of the ways; how many.
fn read(consumer: &mut MpscConsumer<'_, Cooperative>, order: &mut Order, way: u32) -> u32 {
    let mut bytes = [0; 200];
    let mut see = |bytes: &[u8]| {
        let (number, count) = check_pattern(bytes);
        order.see(number, count);
    };
    let read = match way {
        0 => consumer.pop(&mut bytes).map(|popped| {
            see(&bytes[..popped.len]);
            1
        }),
        1 => consumer.read().map(|record| {
            see(&record);
            1
        }),
        2 => consumer.drain(4, |_, bytes| see(bytes)).map(|count| count as u32),
        _ => consumer.drain_into(2, &mut bytes, |_, bytes| see(bytes)).map(|count| count as u32),
    };
    read.unwrap_or_else(|error| {
        assert_eq!(error, Error::Empty);
        0
    })
}

pub(crate) struct Parent<'p> {
    consumer: MpscConsumer<'p, Cooperative>,
    order: Order,
    looks: u32,
    pub(crate) seen: u32,
    pub(crate) suspected: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let consumer = MpscRing::open(sections, CROWD).unwrap().consumer().unwrap();
        Self { consumer, order: Order::new(true), looks: 0, seen: 0, suspected: 0 }
    }

    pub(crate) fn look(&mut self) {
        for _ in 0..100 {
            self.looks = self.looks.wrapping_add(1);
            let count = read(&mut self.consumer, &mut self.order, self.looks % 4);
            if count == 0 {
                break;
            }
            self.seen += count;
        }
        assert_eq!(self.order.gaps, 0, "lost");
        // Hasty, and wrong about the living.
        if self.looks.is_multiple_of(4)
            && let Some(seat) = self.consumer.waits_for()
        {
            self.suspected += u32::from(self.consumer.suspect(seat).unwrap());
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    for id in [CROWD, SHARED] {
        let ring = MpscRing::open(sections, id).unwrap();
        let mut consumer = ring.consumer().unwrap();
        // Behind each claim that a dead one left there may be records, and it takes some patience to
        // find that it is dead.
        for _ in 0..100 * ring.config().tickets {
            read(&mut consumer, &mut Order::new(false), 1);
        }
        let mut producers: Vec<_> =
            (0..ring.config().seats).map(|_| ring.producer().unwrap()).collect();
        for producer in &mut producers {
            producer.push(0, &vec![5; ring.max_record_len()]).unwrap();
            assert_eq!(consumer.read().unwrap().len(), ring.max_record_len());
            consumer.release().unwrap();
        }
    }
}

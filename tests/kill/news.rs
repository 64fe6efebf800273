//! The broadcast: whichever child has the role transmits, and everybody receives. What is lost is
//! announced, and nothing else is.

use inos::{Broadcast, Cooperative, Error, Receiver, Sections};

use super::{NEWS, Order, Random, check_pattern, pattern};

pub(crate) struct Child<'p> {
    news: Broadcast<'p>,
    parent: Parent<'p>,
    number: u32,
    count: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        let news = Broadcast::open(sections, NEWS).unwrap();
        Self { news, parent: Parent::join(&news, false), number, count: 0 }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        let mut transmitter = match self.news.transmitter() {
            Ok(transmitter) => transmitter,
            Err(error) => {
                assert_eq!(error, Error::RoleHeld);
                return self.parent.look();
            }
        };
        for _ in 0..random.below(20) {
            let bytes = pattern(self.number, self.count, 8 + random.below(100) as usize);
            match random.below(3) {
                0 => transmitter.send(self.count, &bytes).unwrap(),
                chosen => {
                    let mut draft = transmitter.draft(bytes.len()).unwrap();
                    for (offset, part) in (0..).step_by(16).zip(bytes.chunks(16)) {
                        draft.write(offset, part).unwrap();
                    }
                    if chosen == 1 {
                        // Dropped: nobody receives it.
                        continue;
                    }
                    draft.send(self.count).unwrap();
                }
            }
            self.count += 1;
        }
    }
}

/// A receiver, of whoever transmits.
pub(crate) struct Parent<'p> {
    receiver: Receiver<'p>,
    order: Order,
    lapped: u64,
    seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self::join(&Broadcast::open(sections, NEWS).unwrap(), true)
    }

    fn join(news: &Broadcast<'p>, from_the_start: bool) -> Self {
        let receiver = loop {
            match news.receiver() {
                Ok(receiver) => break receiver,
                Err(error) => assert!(matches!(error, Error::Lapped { .. }), "{error}"),
            }
        };
        Self { receiver, order: Order::new(from_the_start), lapped: 0, seen: 0 }
    }

    pub(crate) const fn seen(&self) -> u32 {
        self.seen
    }

    pub(crate) fn look(&mut self) {
        let mut bytes = [0; 112];
        for _ in 0..100 {
            let received = match self.receiver.receive(&mut bytes) {
                Ok(received) => received,
                Err(Error::Empty | Error::Lapped { .. }) => return,
                Err(error) => panic!("{error}"),
            };
            let (number, count) = check_pattern(&bytes[..received.len]);
            assert_eq!(received.tag, count);
            self.order.see(number, count);
            self.lapped += u64::from(received.lapped);
            assert!(
                self.order.gaps <= self.lapped,
                "{} lost, {} told",
                self.order.gaps,
                self.lapped
            );
            self.seen += 1;
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let news = Broadcast::open(sections, NEWS).unwrap();
    let mut receiver = news.receiver().unwrap();
    let mut transmitter = news.transmitter().unwrap();
    let largest = vec![5; news.max_record_len()];
    let mut bytes = vec![0; news.max_record_len()];
    for tag in 0..20 {
        transmitter.send(tag, &largest).unwrap();
        let received = receiver.receive(&mut bytes).unwrap();
        assert_eq!((received.tag, received.lapped), (tag, 0));
        assert_eq!(bytes, largest);
    }
}

//! The log: everybody appends, and everybody reads. What is lost is counted, and nothing else is.

use inos::{Cooperative, Error, Event, Log, LogReader, Sections};

use super::{EVENTS, Order, Random};

pub(crate) struct Child<'p> {
    log: Log<'p>,
    number: u32,
    count: u32,
    last: Option<u32>,
}

/// The text of an event; its length depends on its count.
fn text(number: u32, count: u32) -> String {
    format!("{number} {count} {}", "x".repeat(count as usize % 70))
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        Self { log: Log::open(sections, EVENTS).unwrap(), number, count: 0, last: None }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        for _ in 0..random.below(20) {
            let text = text(self.number, self.count);
            let time = u64::from(self.number) << 32 | u64::from(self.count);
            let event = Event { time, level: Event::INFO, code: !self.count, text: &text };
            match self.log.append(event) {
                Ok(sequence) => {
                    assert!(self.last.is_none_or(|last| sequence > last));
                    self.last = Some(sequence);
                    self.count += 1;
                }
                // The dead hold many slots.
                Err(error) => assert!(matches!(error, Error::Contended { .. }), "{error}"),
            }
        }
        if random.below(8) == 0 {
            // The newest, as somebody finds them who looks in.
            let mut order = Order::new(false);
            let mut reader = self.log.reader(0);
            for _ in 0..self.log.config().capacity {
                if next(&mut reader, &mut order).is_none() {
                    break;
                }
            }
        }
    }
}

/// The next event's number, if there is one.
fn next(reader: &mut LogReader<'_>, order: &mut Order) -> Option<u32> {
    let mut bytes = [0; 100];
    let entry = match reader.next(&mut bytes) {
        Ok(entry) => entry,
        Err(Error::Empty | Error::Lapped { .. }) => return None,
        Err(error) => panic!("{error}"),
    };
    let (number, count) = ((entry.time >> 32) as u32, entry.time as u32);
    assert_eq!(entry.text(&bytes), text(number, count), "torn");
    assert_eq!((entry.level, entry.code), (Event::INFO, !count), "torn");
    assert_ne!(entry.source, 0);
    order.see(number, count);
    Some(entry.sequence)
}

pub(crate) struct Parent<'p> {
    reader: LogReader<'p>,
    order: Order,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let reader = Log::open(sections, EVENTS).unwrap().reader(100);
        Self { reader, order: Order::new(true), seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        for _ in 0..100 {
            let Some(sequence) = next(&mut self.reader, &mut self.order) else { return };
            self.seen += 1;
            let lost = self.reader.lost();
            assert_eq!(u64::from(self.seen) + lost, u64::from(sequence) + 1);
            assert!(self.order.gaps <= lost, "{} lost, {lost} told", self.order.gaps);
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let log = Log::open(sections, EVENTS).unwrap();
    let (dropped, capacity) = (log.dropped(), log.config().capacity);
    let append = |time| log.append(Event { time, level: Event::INFO, code: 0, text: "" }).unwrap();
    let first = append(0);
    for time in 1..2 * capacity {
        assert_eq!(append(time.into()), first + time, "a slot is missing");
    }
    assert_eq!(log.dropped(), dropped);
    let mut reader = log.reader(0);
    for time in capacity..2 * capacity {
        assert_eq!(reader.next(&mut []).unwrap().time, u64::from(time));
    }
    assert_eq!((reader.next(&mut []), reader.lost()), (Err(Error::Empty), 0));
}

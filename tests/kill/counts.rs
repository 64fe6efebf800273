//! Counters and a doorbell: everybody counts on one that the parent made, and advances an epoch
//! after it, so that the two may differ by one for each of the dead; and on counters of its own.

use std::time::Duration;

use inos::{
    Cooperative, Counter, CounterId, Counters, EpochCounter, EpochTable, EpochWatcher, Error,
    Futex, Reading, Sections, wait_rung,
};

use super::{COUNTERS, EPOCHS, Random};

/// As much as one step counts, so that a carry comes every 2^11 steps.
const STEP: u32 = 1 << 20;
const BELL: u32 = 0;
const EPOCH: u32 = 1;

/// The label that goes with a kind.
fn label(kind: u32) -> String {
    format!("the counter of child {kind}")
}

#[track_caller]
fn check(reading: &Reading) {
    assert_eq!((reading.label(), reading.unit), (label(reading.kind).as_str(), !reading.kind));
}

pub(crate) struct Child<'p> {
    counters: Counters<'p>,
    shared: CounterId,
    epoch: EpochCounter<'p>,
    bell: EpochCounter<'p>,
    watchers: [EpochWatcher<'p>; 1],
    mine: Vec<(Counter<'p>, u64)>,
    number: u32,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>, number: u32) -> Self {
        let counters = Counters::open(sections, COUNTERS).unwrap();
        let epochs = EpochTable::open(sections, EPOCHS).unwrap();
        Self {
            shared: counters.find(&label(0)).unwrap(),
            counters,
            epoch: epochs.counter(EPOCH).unwrap(),
            bell: epochs.counter(BELL).unwrap(),
            watchers: [epochs.watcher(EPOCH).unwrap()],
            mine: Vec::new(),
            number,
        }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        for _ in 0..random.below(20) {
            self.counters.add(self.shared, STEP).unwrap();
            self.epoch.advance_and_ring(&self.bell, &Futex);
        }
        if random.below(3) == 0 {
            match self.counters.allocate(&label(self.number), self.number, !self.number) {
                Ok(counter) => self.mine.push((counter, 0)),
                Err(error) => assert!(matches!(error, Error::NoSeat { .. })),
            }
        }
        for (counter, count) in &mut self.mine {
            let more = random.below(STEP);
            counter.add(more);
            *count += u64::from(more);
            assert_eq!(counter.value(), Ok(*count), "somebody else counts on it");
            let reading = self.counters.get(counter.id()).unwrap();
            check(&reading);
            assert_eq!((reading.kind, reading.value), (self.number, *count));
        }
        if self.mine.len() > 2 || random.below(4) == 0 {
            self.mine.pop();
        }
        let moment = Some(Duration::from_micros(u64::from(random.below(100))));
        match wait_rung(&self.bell.watcher(), &mut self.watchers, &Futex, moment) {
            Ok(changes) => assert!(changes.contains(0)),
            Err(error) => assert_eq!(error, Error::TimedOut),
        }
    }
}

pub(crate) struct Parent<'p> {
    counters: Counters<'p>,
    shared: Counter<'p>,
    epoch: EpochCounter<'p>,
    bell: EpochCounter<'p>,
    last: u64,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let counters = Counters::open(sections, COUNTERS).unwrap();
        let epochs = EpochTable::open(sections, EPOCHS).unwrap();
        Self {
            shared: counters.allocate(&label(0), 0, !0).unwrap(),
            counters,
            epoch: epochs.counter(EPOCH).unwrap(),
            bell: epochs.counter(BELL).unwrap(),
            last: 0,
            seen: 0,
        }
    }

    pub(crate) fn look(&mut self) {
        // In the order against that in which they are advanced.
        let bell = self.bell.current();
        let epoch = self.epoch.current();
        let count = self.shared.value().unwrap();
        assert!(
            count.is_multiple_of(u64::from(STEP)) && count >= self.last,
            "{count} after {}",
            self.last
        );
        assert!(bell <= epoch && u64::from(epoch) <= count / u64::from(STEP));
        self.seen += ((count - self.last) / u64::from(STEP)) as u32;
        self.last = count;
        self.counters.iter().for_each(|reading| check(&reading));
    }

    /// With nobody at it any more, no more is missing than the dead had begun.
    pub(crate) fn check_at_the_end(&self, dead: u32) {
        let count = (self.shared.value().unwrap() / u64::from(STEP)) as u32;
        let (epoch, bell) = (self.epoch.current(), self.bell.current());
        assert!(count - epoch <= dead && epoch - bell <= dead, "{count}, {epoch}, {bell}");
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let counters = Counters::open(sections, COUNTERS).unwrap();
    assert_eq!(counters.iter().count(), 0);
    let all: Vec<_> = (0..counters.capacity()).map(|kind| counters.allocate("", kind, 0)).collect();
    assert!(all.iter().all(Result::is_ok));
}

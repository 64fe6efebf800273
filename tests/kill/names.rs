//! Named epochs: everybody allocates the same few names, advances, watches and sleeps, and frees
//! what is its own. A name is one epoch, and stays its owner's while that lives.

use std::time::Duration;

use inos::{
    Allocated, Cooperative, EpochId, Error, Futex, NamedEpochs, NamedWatcher, Sections, wait_any,
};

use super::{NAMES, Random};

const TEXTS: [&str; 5] = ["a", "an epoch", "another epoch", "a name of 24 whole bytes", "last"];

pub(crate) struct Child<'p> {
    epochs: NamedEpochs<'p>,
    party: u16,
    mine: Vec<(EpochId, &'static str)>,
    watched: Vec<NamedWatcher<'p>>,
}

impl<'p> Child<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        let epochs = NamedEpochs::open(sections, NAMES).unwrap();
        Self { epochs, party: sections.party(), mine: Vec::new(), watched: Vec::new() }
    }

    pub(crate) fn work(&mut self, random: &mut Random) {
        for _ in 0..random.below(10) {
            let text = TEXTS[random.below(TEXTS.len() as u32) as usize];
            match self.epochs.allocate(text) {
                Ok(Allocated::New(id)) => {
                    assert!(!self.mine.iter().any(|&(_, mine)| mine == text), "two of one name");
                    self.mine.push((id, text));
                }
                Ok(Allocated::Existing(id)) => self.watch(id),
                Err(error) => {
                    assert!(matches!(error, Error::NoSeat { .. } | Error::Contended { .. }));
                }
            }
            self.mine.iter().for_each(|&(id, text)| self.check(id, text));
            if !self.mine.is_empty() && random.below(3) == 0 {
                let (id, _) = self.mine.swap_remove(random.below(self.mine.len() as u32) as usize);
                self.epochs.free(id, &Futex).unwrap();
            }
        }
        self.sleep(random);
    }

    /// What this party allocated is its own until it frees it.
    fn check(&self, id: EpochId, text: &str) {
        let counter = self.epochs.counter(id).unwrap();
        counter.advance(&Futex).unwrap();
        let entry = self.epochs.entry(id.index()).unwrap().unwrap();
        assert_eq!((entry.id(), entry.owner(), entry.name()), (id, self.party, text));
        match self.epochs.find(text) {
            Ok(found) => assert_eq!(found, Some(id)),
            Err(error) => assert!(matches!(error, Error::Contended { .. })),
        }
    }

    /// Of another party, which may be gone at any time.
    fn watch(&mut self, id: EpochId) {
        match self.epochs.watcher(id) {
            Ok(watcher) => self.watched.push(watcher),
            Err(error) => return assert!(matches!(error, Error::Stale { .. })),
        }
        if self.watched.len() > 4 {
            self.watched.remove(0);
        }
        match self.epochs.counter(id).and_then(|counter| counter.advance(&Futex)) {
            Ok(_) => {}
            Err(error) => assert!(matches!(error, Error::Stale { .. })),
        }
    }

    /// For a moment; whoever is asleep when it is killed leaves the waiter bits set.
    fn sleep(&mut self, random: &mut Random) {
        let moment = Some(Duration::from_micros(u64::from(random.below(100))));
        self.watched.retain(|watcher| watcher.check().is_ok());
        let mut watchers: Vec<_> =
            self.watched.iter_mut().map(|watcher| watcher.watcher_mut().clone()).collect();
        if watchers.is_empty() {
            return;
        }
        let seen: Vec<_> = watchers.iter().map(|watcher| watcher.seen()).collect();
        match wait_any(&mut watchers, &Futex, moment) {
            Ok(changes) => {
                assert!(!changes.is_empty());
                for (index, watcher) in watchers.iter().enumerate() {
                    assert_eq!(changes.contains(index), watcher.seen() != seen[index]);
                }
            }
            Err(error) => assert_eq!(error, Error::TimedOut),
        }
    }
}

pub(crate) struct Parent<'p> {
    epochs: NamedEpochs<'p>,
    pub(crate) seen: u32,
}

impl<'p> Parent<'p> {
    pub(crate) fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self { epochs: NamedEpochs::open(sections, NAMES).unwrap(), seen: 0 }
    }

    pub(crate) fn look(&mut self) {
        let entries: Vec<_> = (0..self.epochs.slot_count())
            .filter_map(|index| match self.epochs.entry(index) {
                Ok(entry) => entry,
                Err(error) => {
                    assert!(matches!(error, Error::Contended { .. }));
                    None
                }
            })
            .collect();
        for (at, entry) in entries.iter().enumerate() {
            assert!(TEXTS.contains(&entry.name()), "{:?}", entry.name());
            assert_ne!(entry.owner(), 0);
            // The first of two is as old as it was seen: if it is there still, they are two now.
            for other in &entries[at + 1..] {
                let same = entry.name() == other.name() && self.epochs.check(entry.id()).is_ok();
                assert!(!same, "two of one name: {entry:?}, {other:?}");
            }
            self.seen += 1;
        }
    }
}

pub(crate) fn all_free(sections: &Sections<'_, Cooperative>) {
    let epochs = NamedEpochs::open(sections, NAMES).unwrap();
    for index in 0..epochs.slot_count() {
        assert_eq!(epochs.entry(index), Ok(None));
        let name = format!("epoch {index}");
        assert!(matches!(epochs.allocate(&name), Ok(Allocated::New(_))));
    }
}

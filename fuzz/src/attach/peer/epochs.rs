//! Epochs, of fixed indices and by name, and every way to wait for them.

use std::mem;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use inos_core::{
    Changes, EpochCounter, EpochId, EpochTable, EpochWatcher, Error, MAX_WATCHED, NamedCounter,
    NamedEpochs, NamedWatcher, SectionId, WakerBank, wait_any, wait_rung,
};

use super::world::World;
use super::{Context, Door, PARK, SHORT, keep, one};
use crate::bytes::Bytes;

const NAMES: [&str; 5] = ["frames", "a name of 16 b..", "x", "", "a name that is far too long"];

#[derive(Default)]
pub(super) struct Epochs<'m> {
    pub(super) counters: Vec<EpochCounter<'m>>,
    pub(super) watchers: Vec<EpochWatcher<'m>>,
    banks: Vec<NamedEpochs<'m>>,
    ids: Vec<EpochId>,
    named: Vec<(NamedCounter<'m>, NamedWatcher<'m>)>,
}

impl<'m> Epochs<'m> {
    pub(super) fn open<T: Door>(&mut self, at: Context<'_, 'm, T>, id: SectionId, index: u32) {
        let Some(table) = at.world.see(EpochTable::open(at.sections, id)) else { return };
        if let Some(counter) = at.world.see(table.counter(index)) {
            keep(&mut self.counters, counter);
            keep(&mut self.watchers, counter.watcher());
        }
        if let Some(watcher) = at.world.see(table.watcher(index)) {
            keep(&mut self.watchers, watcher);
        }
        assert!(table.watcher(table.count()).is_err());
        let Some(bank) = at.world.see(NamedEpochs::open(at.sections, id)) else { return };
        assert!(bank.slot_count() == 0 || table.count() == 0);
        keep(&mut self.banks, bank);
    }

    pub(super) fn work(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 6 {
            0 => self.advance(world, bytes),
            1 => self.wait(world, bytes),
            2 => self.wait_for_many(world, bytes),
            3 => self.poll(world, bytes),
            4 => self.name(world, bytes),
            _ => self.use_name(world, bytes),
        }
    }

    fn advance(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let bell = one(&mut self.counters, bytes).copied();
        let Some(counter) = one(&mut self.counters, bytes) else { return };
        let before = counter.current();
        let (now, steps) = match bell {
            Some(bell) => (counter.advance_and_ring(&bell, &PARK), 1),
            None => (counter.advance(&PARK), 1),
        };
        assert!(!world.is_alone() || now == before.wrapping_add(steps) & (u32::MAX >> 1));
    }

    fn wait(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let Some(watcher) = one(&mut self.watchers, bytes) else { return };
        let seen = watcher.seen();
        match watcher.wait(&PARK, SHORT) {
            Ok(now) => assert!(now != seen && now == watcher.seen()),
            Err(error) => assert_eq!(error, Error::TimedOut),
        }
        let changed = watcher.changed();
        assert!(!world.is_alone() || changed.is_none(), "nobody advances while this one looks");
    }

    fn wait_for_many(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let bell = one(&mut self.watchers, bytes).cloned();
        let due: Vec<_> =
            self.watchers.iter().map(|watcher| watcher.current() != watcher.seen()).collect();
        let result = match bell {
            Some(bell) if bytes.u8().is_multiple_of(2) => {
                wait_rung(&bell, &mut self.watchers, &PARK, SHORT)
            }
            _ => wait_any(&mut self.watchers, &PARK, SHORT),
        };
        match result {
            Ok(changes) => {
                assert!(!changes.is_empty() && changes.count() as usize == changes.iter().count());
                let is_right = |(index, &due): (usize, &bool)| changes.contains(index) == due;
                assert!(!world.is_alone() || due.iter().enumerate().all(is_right));
            }
            Err(Error::NoSuchIndex { .. }) => assert!(self.watchers.is_empty()),
            Err(error) => {
                assert_eq!(error, Error::TimedOut);
                assert!(!world.is_alone() || !due.contains(&true));
            }
        }
        // One more than there may be.
        if let Some(watcher) = self.watchers.first() {
            let mut many = vec![watcher.clone(); MAX_WATCHED + 1];
            let result: Result<Changes, Error> = wait_any(&mut many, &PARK, SHORT);
            assert!(matches!(result, Err(Error::TooLarge { .. })));
        }
    }

    fn poll(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let Some(watcher) = one(&mut self.watchers, bytes) else { return };
        let (seen, bank) = (watcher.current() == watcher.seen(), WakerBank::<1>::new());
        let mut task = TaskContext::from_waker(Waker::noop());
        let mut change = pin!(watcher.next_change(&bank));
        for _ in 0..2 {
            match change.as_mut().poll(&mut task) {
                Poll::Ready(Err(error)) => return assert_eq!(error, Error::ReadOnly),
                Poll::Ready(Ok(_)) => return assert!(!world.is_alone() || !seen),
                Poll::Pending => assert!(!world.is_alone() || seen),
            }
        }
        bank.wake();
    }

    fn name(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (name, choice) = (NAMES[bytes.index(NAMES.len())], bytes.u8() % 4);
        let raw = EpochId::from_raw(bytes.word());
        let id = one(&mut self.ids, bytes).copied().unwrap_or(raw);
        let Some(&mut bank) = one(&mut self.banks, bytes) else { return };
        match choice {
            0 | 1 => {
                let Some(allocated) = world.see(bank.allocate(name)) else { return };
                keep(&mut self.ids, allocated.id());
                if world.is_known() {
                    assert_eq!(bank.find(name), Ok(Some(allocated.id())));
                    let entry = bank.entry(allocated.id().index()).expect("an index it gave out");
                    assert_eq!(entry.expect("just allocated").name(), name);
                }
            }
            2 => {
                if world.see_id(bank.free(id, &PARK)).is_some() && world.is_known() {
                    assert!(matches!(bank.check(id), Err(Error::Stale { .. })));
                }
            }
            _ => {
                for index in 0..=bank.slot_count() {
                    if let Some(Some(entry)) = world.see(bank.entry(index)) {
                        assert!(entry.id().index() == index && entry.name().len() <= 64);
                    }
                }
                let pair = bank.counter(id).and_then(|one| Ok((one, bank.watcher(id)?)));
                if let Some(pair) = world.see_id(pair) {
                    keep(&mut self.named, pair);
                }
            }
        }
    }

    fn use_name(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let choice = bytes.u8() % 4;
        let Some((counter, watcher)) = one(&mut self.named, bytes) else { return };
        match choice {
            0 | 1 => {
                if let Some(now) = world.see_id(counter.advance(&PARK)) {
                    let changed = watcher.changed();
                    assert!(!world.is_known() || changed == Ok(Some(now)));
                }
            }
            2 => {
                let changed = watcher.changed();
                world.see_id(changed);
            }
            _ => {
                let waited = watcher.wait(&PARK, SHORT);
                world.see_id(waited);
            }
        }
    }

    pub(super) fn forget(&mut self, choice: u8) {
        match choice % 3 {
            0 => drop(self.counters.pop()),
            1 => drop(self.watchers.pop()),
            _ => drop(self.named.pop()),
        }
    }

    pub(super) fn die(&mut self) {
        self.counters.drain(..).for_each(mem::forget);
        self.watchers.drain(..).for_each(mem::forget);
        self.named.drain(..).for_each(mem::forget);
    }
}

use core::sync::atomic::AtomicUsize;
use core::time::Duration;
use std::thread;

use super::*;
use crate::layout::Layout;
use crate::protocol::epoch;
use crate::raw::region::{AlignedBytes, Region};
use crate::sync::{AtomicU32, Ordering};
use crate::wait::{Park, Parked, Spin};

mod future;
mod set;

const ID: SectionId = SectionId(1);
const SHORT: Option<Duration> = Some(Duration::from_millis(1));

fn layout(config: EpochsConfig) -> Layout {
    Layout::builder().epochs(ID, "epochs", config).build().unwrap()
}

#[test]
fn words_do_not_share_epochs() {
    for padded in [true, false] {
        let mut memory = AlignedBytes::<4096>::new();
        let region = Region::from_bytes(memory.as_mut()).unwrap();
        let layout = layout(EpochsConfig { count: 3, padded });
        let sections = Sections::create(region, &layout, 7).unwrap();
        let epochs = EpochTable::open(&sections, ID).unwrap();
        assert_eq!(epochs.count(), 3);
        let spin = Spin { polls: 10 };
        let mut watchers = [0, 1, 2].map(|index| epochs.watcher(index).unwrap());
        assert_eq!(epochs.counter(1).unwrap().advance(&spin), 1);
        assert_eq!(watchers.each_mut().map(EpochWatcher::changed), [None, Some(1), None]);
        assert_eq!(watchers[1].wait(&spin, SHORT), Err(Error::TimedOut));
        let missing = Error::NoSuchIndex { index: 3, count: 3 };
        assert_eq!(epochs.counter(3).err(), Some(missing));
        assert_eq!(epochs.watcher(3).err(), Some(missing));
    }
}

#[test]
fn an_empty_bank_is_refused() {
    let config = EpochsConfig { count: 0, padded: true };
    assert!(matches!(section_len(&config), Err(Error::BadLayout { .. })));
    let largest = EpochsConfig { count: u32::MAX, padded: true };
    assert_eq!(section_len(&largest), Ok(u64::from(u32::MAX) * 128));
}

#[test]
fn two_threads_take_turns() {
    const TURNS: u32 = 2000;
    let mut memory = AlignedBytes::<4096>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let layout = layout(EpochsConfig { count: 2, padded: true });
    let sections = Sections::create(region, &layout, 7).unwrap();
    let epochs = EpochTable::open(&sections, ID).unwrap();
    let (ping, pong) = (epochs.counter(0).unwrap(), epochs.counter(1).unwrap());
    let (mut pings, mut pongs) = (ping.watcher(), epochs.watcher(1).unwrap());
    thread::scope(|scope| {
        scope.spawn(move || {
            for turn in 1..=TURNS {
                assert_eq!(pings.wait(&Yield, None), Ok(turn));
                pong.advance(&Yield);
            }
        });
        for turn in 1..=TURNS {
            ping.advance(&Yield);
            assert_eq!(pongs.wait(&Yield, None), Ok(turn));
        }
    });
}

/// Spins politely, so that the test does not depend on a second processor.
struct Yield;

impl Park for Yield {
    type Deadline = Option<u32>;

    fn deadline(&self, timeout: Option<Duration>) -> Self::Deadline {
        Spin::default().deadline(timeout)
    }

    fn park(&self, word: &AtomicU32, expected: u32, deadline: &mut Option<u32>) -> Parked {
        thread::yield_now();
        Spin::default().park(word, expected, deadline)
    }

    fn pause(&self, deadline: &mut Option<u32>) -> Parked {
        thread::yield_now();
        Spin::default().pause(deadline)
    }

    fn wake_all(&self, word: &AtomicU32) {
        Spin::default().wake_all(word);
    }
}

/// Counts wake-ups. Its sleep is the advance of another party.
#[derive(Default)]
struct Count {
    wakes: AtomicUsize,
}

impl Park for Count {
    type Deadline = ();

    fn deadline(&self, _: Option<Duration>) {}

    fn park(&self, word: &AtomicU32, expected: u32, (): &mut ()) -> Parked {
        assert_eq!(word.load(Ordering::Relaxed), expected);
        assert_eq!(expected & epoch::WAITERS, epoch::WAITERS);
        EpochCounter::from_word(word).advance(self);
        // Reported too late on purpose: the change must win.
        Parked::TimedOut
    }

    fn pause(&self, (): &mut ()) -> Parked {
        Parked::TimedOut
    }

    fn wake_all(&self, word: &AtomicU32) {
        // Cleared before the wake, else a waiter that comes now would be forgotten.
        assert_eq!(word.load(Ordering::Relaxed) & epoch::WAITERS, 0);
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn only_sleepers_cost_a_wake_and_a_late_change_is_a_change() {
    let word = AtomicU32::new(0);
    let counter = EpochCounter::from_word(&word);
    let park = Count::default();
    let mut watcher = counter.watcher();
    counter.advance(&park);
    assert_eq!(park.wakes.load(Ordering::Relaxed), 0);
    assert_eq!(watcher.changed(), Some(1));
    assert_eq!(watcher.wait(&park, SHORT), Ok(2));
    assert_eq!(park.wakes.load(Ordering::Relaxed), 1);
    assert_eq!(watcher.seen(), 2);
}

#[test]
fn the_epoch_wraps() {
    let word = AtomicU32::new(u32::MAX - 1);
    let counter = EpochCounter::from_word(&word);
    let mut watcher = counter.watcher();
    assert_eq!(watcher.seen(), (1 << 31) - 1);
    assert_eq!(counter.advance(&Spin::default()), 0);
    assert_eq!(watcher.changed(), Some(0));
}

/// A bank whose words are handed to the test, for it to lie in.
fn over_words(config: EpochsConfig, test: impl FnOnce(EpochTable<'_>, &[AtomicU32])) {
    let words: std::vec::Vec<_> = (0..1024).map(|_| AtomicU32::new(0)).collect();
    let region = Region::from_words(&words);
    let sections = Sections::create(region, &layout(config), 7).unwrap();
    let start = sections.section(ID).unwrap().offset() as usize / 4;
    test(EpochTable::open(&sections, ID).unwrap(), &words[start..]);
}

fn with_bank(count: u32, test: impl FnOnce(EpochTable<'_>)) {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let layout = layout(EpochsConfig { count, padded: true });
    let sections = Sections::create(region, &layout, 7).unwrap();
    test(EpochTable::open(&sections, ID).unwrap());
}

/// A party that has another's word change under it without end gets its timeout.
#[test]
fn a_word_that_never_stands_still_does_not_hold_a_wait_up() {
    over_words(EpochsConfig { count: 2, padded: false }, |epochs, words| {
        // Changes the waiter bit, so that the epoch is the same and the sleep always ends.
        struct Flip<'a>(&'a AtomicU32);
        impl Park for Flip<'_> {
            type Deadline = Option<u32>;
            fn deadline(&self, timeout: Option<Duration>) -> Option<u32> {
                Spin { polls: 100 }.deadline(timeout)
            }
            fn park(&self, word: &AtomicU32, expected: u32, left: &mut Option<u32>) -> Parked {
                self.0.fetch_xor(epoch::WAITERS, Ordering::Relaxed);
                Spin::default().park(word, expected, left)
            }
            fn pause(&self, left: &mut Option<u32>) -> Parked {
                Spin::default().pause(left)
            }
            fn wake_all(&self, _: &AtomicU32) {}
        }
        let mut watchers = [0, 1].map(|index| epochs.watcher(index).unwrap());
        let park = Flip(&words[0]);
        assert_eq!(watchers[0].wait(&park, SHORT), Err(Error::TimedOut));
        assert_eq!(wait_any(&mut watchers, &park, SHORT), Err(Error::TimedOut));
        let [bell, _] = watchers.clone();
        assert_eq!(wait_rung(&bell, &mut watchers[1..], &park, SHORT), Err(Error::TimedOut));
    });
}

/// A watcher may sleep through all but one of 2^31 advances.
#[test]
fn changes_are_told_across_the_wrap() {
    for start in [(1_u32 << 31) - 2, 1 << 31, u32::MAX - 3, 0] {
        let word = AtomicU32::new(start & !1);
        let counter = EpochCounter::from_word(&word);
        let mut watcher = counter.watcher();
        assert_eq!(watcher.changed(), None);
        for step in 1..=4 {
            let now = ((start >> 1) + step) & (u32::MAX >> 1);
            assert_eq!(counter.advance(&Spin::default()), now);
            assert_eq!(watcher.clone().wait(&Spin::default(), None), Ok(now));
        }
        assert!(watcher.changed().is_some());
        word.fetch_sub(epoch::STEP, Ordering::Relaxed);
        assert!(watcher.changed().is_some(), "2^31 - 1 advances");
    }
}

/// The looks come before the waiter bit, so a quick answer wakes nobody.
#[test]
fn who_looks_first_announces_nothing() {
    let word = AtomicU32::new(0);
    let counter = EpochCounter::from_word(&word);
    let mut watcher = counter.watcher();
    thread::scope(|scope| {
        scope.spawn(|| {
            let park = crate::wait::SpinThenPark { looks: u32::MAX, park: Spin::default() };
            assert_eq!(watcher.wait(&park, None), Ok(1));
        });
        thread::sleep(Duration::from_millis(2));
        assert_eq!(counter.advance(&Spin::default()), 1);
    });
    assert_eq!(word.load(Ordering::Relaxed), epoch::STEP);
}

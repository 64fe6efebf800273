//! Waiting on any of several epochs, and by a doorbell.

use std::vec::Vec;

use super::*;

#[test]
fn all_that_changed_are_told_once() {
    with_bank(40, |epochs| {
        let park = Spin { polls: 100 };
        let mut watchers: Vec<_> = (0..32).map(|index| epochs.watcher(index).unwrap()).collect();
        for index in [0, 7, 31] {
            epochs.counter(index).unwrap().advance(&park);
        }
        let changes = wait_any(&mut watchers, &park, None).unwrap();
        assert!(changes.iter().eq([0, 7, 31]));
        assert_eq!((changes.count(), changes.contains(7), changes.contains(8)), (3, true, false));
        assert!(!changes.contains(32) && !changes.contains(usize::MAX) && !changes.is_empty());
        assert_eq!(watchers[7].seen(), 1);
        assert_eq!(wait_any(&mut watchers, &park, SHORT), Err(Error::TimedOut));
        // Each word was announced on, and the advance takes the bit back.
        assert_eq!(epochs.counter(9).unwrap().advance(&park), 1);
        assert!(wait_any(&mut watchers, &park, None).unwrap().iter().eq([9]));

        watchers.push(epochs.watcher(32).unwrap());
        let large = Error::TooLarge { len: 33, max: MAX_WATCHED };
        assert_eq!(wait_any(&mut watchers, &park, None), Err(large));
        let none = Error::NoSuchIndex { index: 0, count: 0 };
        assert_eq!(wait_any(&mut [], &park, None), Err(none));
        let bell = epochs.watcher(39).unwrap();
        assert_eq!(wait_rung(&bell, &mut [], &park, None), Err(none));
    });
}

/// An advance while this party goes to sleep on all of the words.
#[test]
fn a_change_that_comes_with_the_deadline_is_a_change() {
    struct Late<'m>(EpochCounter<'m>);
    impl Park for Late<'_> {
        type Deadline = ();
        fn deadline(&self, _: Option<Duration>) {}
        fn park(&self, _: &AtomicU32, _: u32, (): &mut ()) -> Parked {
            self.pause(&mut ())
        }
        fn pause(&self, (): &mut ()) -> Parked {
            self.0.advance(&Spin::default());
            Parked::TimedOut
        }
        fn wake_all(&self, _: &AtomicU32) {}
    }
    with_bank(3, |epochs| {
        let mut watchers = [0, 1].map(|index| epochs.watcher(index).unwrap());
        let late = Late(epochs.counter(1).unwrap());
        assert!(wait_any(&mut watchers, &late, SHORT).unwrap().iter().eq([1]));
        let bell = epochs.watcher(2).unwrap();
        assert!(wait_rung(&bell, &mut watchers, &late, SHORT).unwrap().iter().eq([1]));
    });
}

/// Several threads advance epochs of their own; the waiter misses none of the last values.
fn race(rings: bool) {
    const TURNS: u32 = 500;
    with_bank(4, |epochs| {
        let bell = epochs.watcher(3).unwrap();
        let mut watchers = [0, 1, 2].map(|index| epochs.watcher(index).unwrap());
        thread::scope(|scope| {
            for index in 0..3 {
                let (own, bell) = (epochs.counter(index).unwrap(), epochs.counter(3).unwrap());
                scope.spawn(move || {
                    for turn in 0..TURNS {
                        if rings {
                            own.advance_and_ring(&bell, &Yield);
                        } else {
                            own.advance(&Yield);
                        }
                        if turn % 16 == 0 {
                            thread::yield_now();
                        }
                    }
                });
            }
            while watchers.iter().any(|watcher| watcher.seen() < TURNS) {
                let changes = if rings {
                    wait_rung(&bell, &mut watchers, &Yield, None)
                } else {
                    wait_any(&mut watchers, &Yield, None)
                };
                assert!(!changes.unwrap().is_empty());
            }
        });
        assert_eq!(bell.current(), if rings { 3 * TURNS } else { 0 });
    });
}

#[test]
fn no_change_of_three_words_is_missed() {
    race(false);
}

#[test]
fn no_ring_of_three_advancers_is_missed() {
    race(true);
}

/// Who rings without end, for nothing, does not keep a wait from ending.
#[test]
fn a_bell_that_never_stops_does_not_hold_the_deadline_up() {
    struct Ringer<'m>(EpochCounter<'m>);
    impl Park for Ringer<'_> {
        type Deadline = Option<u32>;
        fn deadline(&self, timeout: Option<Duration>) -> Option<u32> {
            Spin { polls: 1000 }.deadline(timeout)
        }
        fn park(&self, word: &AtomicU32, expected: u32, left: &mut Option<u32>) -> Parked {
            self.0.advance(&Spin::default());
            Spin::default().park(word, expected, left)
        }
        fn pause(&self, left: &mut Option<u32>) -> Parked {
            Spin::default().pause(left)
        }
        fn wake_all(&self, _: &AtomicU32) {}
    }
    with_bank(2, |epochs| {
        let bell = epochs.watcher(1).unwrap();
        let mut watchers = [epochs.watcher(0).unwrap()];
        let ringer = Ringer(epochs.counter(1).unwrap());
        assert_eq!(wait_rung(&bell, &mut watchers, &ringer, SHORT), Err(Error::TimedOut));
    });
}

/// A party that only reads looks at the words, and waits no longer than it was told to.
#[test]
fn words_that_this_party_may_not_write_are_looked_at() {
    with_bank(3, |epochs| {
        let park = Spin { polls: 100 };
        let reader = EpochTable { span: epochs.span.read_only(), ..epochs };
        let bell = reader.watcher(2).unwrap();
        let mut watchers = [0, 1].map(|index| reader.watcher(index).unwrap());
        assert_eq!(wait_rung(&bell, &mut watchers, &park, SHORT), Err(Error::TimedOut));
        assert_eq!(wait_any(&mut watchers, &park, SHORT), Err(Error::TimedOut));
        epochs.counter(1).unwrap().advance(&park);
        assert!(wait_rung(&bell, &mut watchers, &park, SHORT).unwrap().iter().eq([1]));
        epochs.counter(0).unwrap().advance(&park);
        assert!(wait_any(&mut watchers, &park, SHORT).unwrap().iter().eq([0]));
        assert!((0..3).all(|index| epochs.counter(index).unwrap().current() < 2));
    });
}

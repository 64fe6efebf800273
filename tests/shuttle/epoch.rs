//! Epochs: four sleepers on one word that two parties advance; nobody sleeps for ever.

use inos_core::protocol::epoch::{self, Prepared, Waited};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

use super::*;

const ADVANCES: u32 = 4;

/// A word and a futex.
struct Shared {
    word: ShuttleWord,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Shared {
    fn advance(&self) {
        if epoch::advance(&self.word).wake {
            let _guard = self.lock.lock().unwrap();
            self.wake.notify_all();
        }
    }

    fn wait(&self, seen: u32) -> u32 {
        loop {
            match epoch::prepare_wait(&self.word, seen) {
                Prepared::Changed(now) => return now,
                Prepared::Park(expected) => {
                    let guard = self.lock.lock().unwrap();
                    if self.word.load(Ordering::Relaxed) == expected {
                        drop(self.wake.wait(guard).unwrap());
                    }
                }
            }
        }
    }
}

/// A sleeper that missed its wake-up would be a deadlock, which shuttle reports. The epoch wraps on
/// the way.
#[test]
fn all_sleepers_get_to_the_last_epoch() {
    explore(|| {
        let start = (1 << 31) - 3;
        let last = (start + 2 * ADVANCES) & (u32::MAX >> 1);
        let shared = Arc::new(Shared {
            word: ShuttleWord::new(start << 1),
            lock: Mutex::new(()),
            wake: Condvar::new(),
        });
        let sleepers: Vec<_> = (0..4)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let mut seen = start;
                    while seen != last {
                        seen = shared.wait(seen);
                    }
                })
            })
            .collect();
        let advancers: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || (0..ADVANCES).for_each(|_| shared.advance()))
            })
            .collect();
        for party in sleepers.into_iter().chain(advancers) {
            party.join().unwrap();
        }
    });
}

/// Three words and a bell, and one futex for all of them.
struct Several {
    words: [ShuttleWord; 3],
    bell: ShuttleWord,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Several {
    fn wake(&self) {
        let _guard = self.lock.lock().unwrap();
        self.wake.notify_all();
    }

    /// Sleeps until a word is not what is expected of it, like the host's futex.
    fn park(&self, changed: impl Fn() -> bool) {
        let guard = self.lock.lock().unwrap();
        if !changed() {
            drop(self.wake.wait(guard).unwrap());
        }
    }

    fn wait_any(&self, seen: [u32; 3]) {
        let mut waited =
            [0, 1, 2].map(|at| Waited { word: &self.words[at], seen: seen[at], expected: 0 });
        if epoch::prepare_any(&mut waited) {
            self.park(|| {
                waited.iter().any(|waited| waited.word.load(Ordering::Relaxed) != waited.expected)
            });
        }
    }

    fn wait_rung(&self, seen: [u32; 3]) {
        let changed = || self.now() != seen;
        if let Some(Prepared::Park(expected)) = epoch::prepare_rung(&self.bell, changed) {
            self.park(|| self.bell.load(Ordering::Relaxed) != expected);
        }
    }

    fn now(&self) -> [u32; 3] {
        self.words.each_ref().map(epoch::current)
    }
}

/// Two sleep on all of three words, and two on the bell that is rung after each.
#[test]
fn sleepers_on_several_words_miss_none() {
    explore(|| {
        let shared = Arc::new(Several {
            words: [0; 3].map(ShuttleWord::new),
            bell: ShuttleWord::new(u32::MAX - 3),
            lock: Mutex::new(()),
            wake: Condvar::new(),
        });
        let last = [2, 2, 2];
        let sleepers = (0..4).map(|index| {
            let shared = shared.clone();
            thread::spawn(move || {
                let mut seen = shared.now();
                while seen != last {
                    if index < 2 {
                        shared.wait_any(seen)
                    } else {
                        shared.wait_rung(seen)
                    }
                    seen = shared.now();
                }
            })
        });
        let advancers = (0..3).map(|index| {
            let shared = shared.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    let Several { words, bell, .. } = &*shared;
                    epoch::advance_and_ring(&words[index], bell, |_| shared.wake());
                }
            })
        });
        let parties: Vec<_> = sleepers.chain(advancers).collect();
        for party in parties {
            party.join().unwrap();
        }
    });
}

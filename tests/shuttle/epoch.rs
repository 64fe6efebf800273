//! Epochs: four sleepers on one word that two parties advance; nobody sleeps for ever.

use inos_core::protocol::epoch::{self, Prepared};
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

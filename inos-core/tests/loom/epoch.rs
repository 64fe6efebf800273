//! Epochs: no wake-up is lost, and an epoch announces what was stored before it.

use inos_core::protocol::epoch::{self, Prepared, Waited};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use super::*;

/// A futex: comparing and falling asleep are one step with respect to waking.
pub(super) struct Bed {
    lock: Mutex<()>,
    wake: Condvar,
}

impl Bed {
    pub(super) fn new() -> Self {
        Self { lock: Mutex::new(()), wake: Condvar::new() }
    }

    /// Whether it has slept.
    fn park(&self, word: &LoomWord, expected: u32) -> bool {
        let guard = self.lock.lock().unwrap();
        // Relaxed: like a futex, this orders nothing that the protocol could lean on.
        let asleep = word.load(Ordering::Relaxed) == expected;
        if asleep {
            drop(self.wake.wait(guard).unwrap());
        }
        asleep
    }

    fn wake_all(&self) {
        let _guard = self.lock.lock().unwrap();
        self.wake.notify_all();
    }

    pub(super) fn advance(&self, word: &LoomWord) -> u32 {
        epoch::advance_and_wake(word, || self.wake_all())
    }

    /// As the kernel does for several words: one step with respect to waking on any of them.
    fn park_any(&self, words: &[Waited<'_, LoomWord>]) -> bool {
        let guard = self.lock.lock().unwrap();
        let asleep =
            words.iter().all(|waited| waited.word.load(Ordering::Relaxed) == waited.expected);
        if asleep {
            drop(self.wake.wait(guard).unwrap());
        }
        asleep
    }

    /// The epoch that is not `seen` any more, and whether it was slept for.
    pub(super) fn wait(&self, word: &LoomWord, seen: u32) -> (u32, bool) {
        let mut slept = false;
        loop {
            match epoch::prepare_wait(word, seen) {
                Prepared::Changed(now) => return (now, slept),
                Prepared::Park(expected) => slept |= self.park(word, expected),
            }
        }
    }
}

/// Two epochs before they wrap.
const START: u32 = (1 << 31) - 2;

struct Shared {
    word: LoomWord,
    bed: Bed,
    news: [Payload; 2],
}

impl Shared {
    fn new(raw: u32) -> Arc<Self> {
        let news = [Payload::new(), Payload::new()];
        Arc::new(Self { word: LoomWord::new(raw), bed: Bed::new(), news })
    }
}

/// A lost wake-up would be a deadlock, which loom reports.
#[test]
fn who_sleeps_is_woken_and_finds_the_news() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Shared::new(START << 1);
        let waiter = thread::spawn({
            let shared = shared.clone();
            move || {
                let outcome = shared.bed.wait(&shared.word, START);
                assert_eq!(shared.news[0].get(), 7);
                outcome
            }
        });
        shared.news[0].set(7);
        shared.bed.advance(&shared.word);
        note.note(waiter.join().unwrap());
    });
    seen.check_all([(START + 1, false), (START + 1, true)]);
}

/// The bit is cleared before the wake, so the waiter that comes back announces itself anew. The
/// word begins with the bit of a waiter that has died; it costs one wake in vain.
#[test]
fn who_comes_back_is_woken_again() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Shared::new((START << 1) | epoch::WAITERS);
        let waiter = thread::spawn({
            let shared = shared.clone();
            move || {
                let (first, slept) = shared.bed.wait(&shared.word, START);
                let (mut last, mut again) = (first, false);
                assert_eq!(shared.news[0].get(), 7);
                if first == START + 1 {
                    (last, again) = shared.bed.wait(&shared.word, first);
                }
                // 31 bits: the second advance wraps.
                assert_eq!(last, 0);
                assert_eq!(shared.news[1].get(), 8);
                (first, slept, again)
            }
        });
        for (news, value) in shared.news.iter().zip(7..) {
            news.set(value);
            shared.bed.advance(&shared.word);
        }
        note.note(waiter.join().unwrap());
    });
    let one = START + 1;
    seen.check_all([
        (one, false, false),
        (one, false, true),
        (one, true, false),
        (one, true, true),
        (0, false, false),
        (0, true, false),
    ]);
}

/// One advance wakes all.
#[test]
fn two_sleepers_are_both_woken() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Shared::new(0);
        let wait = |shared: Arc<Shared>| {
            move || {
                let (now, slept) = shared.bed.wait(&shared.word, 0);
                assert_eq!((now, shared.news[0].get()), (1, 7));
                slept
            }
        };
        let waiters = [0, 1].map(|_| thread::spawn(wait(shared.clone())));
        shared.news[0].set(7);
        shared.bed.advance(&shared.word);
        note.note(waiters.map(|waiter| waiter.join().unwrap()));
    });
    seen.check_all([[false, false], [false, true], [true, false], [true, true]]);
}

/// An epoch announces what every party stored that advanced it so far, not only the last one.
#[test]
fn two_parties_may_advance() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Shared::new(0);
        let advancers = [0, 1].map(|index: usize| {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.news[index].set(7);
                shared.bed.advance(&shared.word)
            })
        });
        let (first, slept) = shared.bed.wait(&shared.word, 0);
        if first == 1 {
            assert_eq!(shared.bed.wait(&shared.word, 1).0, 2);
        }
        assert!(shared.news.iter().all(|news| news.get() == 7));
        let mut order = advancers.map(|advancer| advancer.join().unwrap());
        order.sort_unstable();
        assert_eq!(order, [1, 2]);
        note.note((first, slept));
    });
    seen.check_all([(1, false), (1, true), (2, false), (2, true)]);
}

/// A party that can't set the waiter bit looks, and sees the same.
#[test]
fn who_only_looks_finds_the_news() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Shared::new(0);
        let writer = thread::spawn({
            let shared = shared.clone();
            move || {
                shared.news[0].set(7);
                assert!(!epoch::advance(&shared.word).wake);
            }
        });
        let now = epoch::current(&shared.word);
        if now == 1 {
            assert_eq!(shared.news[0].get(), 7);
        }
        note.note(now);
        writer.join().unwrap();
    });
    seen.check_all([0, 1]);
}

/// The change of either word ends the sleep on both, near the wrap of one of them.
#[test]
fn any_of_two_words_wakes() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let words =
            Arc::new(([LoomWord::new(START << 1), LoomWord::new(u32::MAX - 1)], Bed::new()));
        let news = Arc::new([Payload::new(), Payload::new()]);
        let advancers = [0, 1].map(|index: usize| {
            let (words, news) = (words.clone(), news.clone());
            thread::spawn(move || {
                news[index].set(7);
                words.1.advance(&words.0[index])
            })
        });
        let (words, bed) = &*words;
        let mut marks = [START, START + 1];
        let (mut slept, mut first) = (false, None);
        while marks != [START + 1, 0] {
            let mut waited =
                [0, 1].map(|at| Waited { word: &words[at], seen: marks[at], expected: 0 });
            if epoch::prepare_any(&mut waited) {
                slept |= bed.park_any(&waited);
            }
            for (at, mark) in marks.iter_mut().enumerate() {
                let now = epoch::current(&words[at]);
                if now != *mark {
                    *mark = now;
                    assert_eq!(news[at].get(), 7);
                    first.get_or_insert(at);
                }
            }
        }
        for advancer in advancers {
            advancer.join().unwrap();
        }
        note.note((first.unwrap(), slept));
    });
    seen.check_all([(0, false), (0, true), (1, false), (1, true)]);
}

/// Two words and a third that both advancers ring: the waiter sleeps on that one only.
#[test]
fn a_doorbell_announces_each_of_two_words() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let [words, [bell, _]] = [[0, 0], [u32::MAX - 1, 0]].map(|raw| raw.map(LoomWord::new));
        let shared = Arc::new((words, bell, Bed::new(), [Payload::new(), Payload::new()]));
        let advancers = [0, 1].map(|index: usize| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (words, bell, bed, news) = &*shared;
                news[index].set(7);
                epoch::advance_and_ring(&words[index], bell, |_| bed.wake_all());
            })
        });
        let (words, bell, bed, news) = &*shared;
        let (mut marks, mut slept) = ([0, 0], false);
        while marks != [1, 1] {
            let prepared = epoch::prepare_rung(bell, || {
                let before = marks;
                for (at, mark) in marks.iter_mut().enumerate() {
                    *mark = epoch::current(&words[at]);
                    assert!(*mark == 0 || news[at].get() == 7);
                }
                marks != before
            });
            if let Some(Prepared::Park(expected)) = prepared {
                slept |= bed.park(bell, expected);
            }
        }
        for advancer in advancers {
            advancer.join().unwrap();
        }
        note.note(slept);
    });
    seen.check_all([false, true]);
}

#[test]
fn faults_are_seen() {
    red("epoch: advance", who_sleeps_is_woken_and_finds_the_news);
    red("epoch: advance", a_doorbell_announces_each_of_two_words);
    red("epoch: current", who_only_looks_finds_the_news);
    red("epoch: announce", who_sleeps_is_woken_and_finds_the_news);
    red("epoch: bit by load and store", who_sleeps_is_woken_and_finds_the_news);
    red("epoch: wake before clear", who_comes_back_is_woken_again);
    red("epoch: announce on the first only", any_of_two_words_wakes);
    red("epoch: ring before the advance", a_doorbell_announces_each_of_two_words);
    red("epoch: look before the bell", a_doorbell_announces_each_of_two_words);
}

//! Seats of wakers: who registers while others wake is woken, and a seat changes hands.

use inos_core::protocol::epoch::{self, Prepared};
use inos_core::protocol::waker;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use super::*;

/// One seat, and a task that sleeps until its waker was called.
struct Seat {
    state: LoomWord,
    /// Whether a waker is in the cell.
    cell: Payload,
    woken: Mutex<bool>,
    bell: Condvar,
}

impl Seat {
    fn new() -> Self {
        let state = LoomWord::new(0);
        Self { state, cell: Payload::new(), woken: Mutex::new(false), bell: Condvar::new() }
    }

    /// What the waker does.
    fn call(&self) {
        *self.woken.lock().unwrap() = true;
        self.bell.notify_one();
    }

    /// What an executor does with a task that is pending.
    fn sleep(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !*woken {
            woken = self.bell.wait(woken).unwrap();
        }
        *woken = false;
    }

    fn replace(&self, new: u32) -> bool {
        let old = self.cell.get();
        self.cell.set(new);
        old != 0
    }

    /// Whether it was registered; else it was woken.
    fn register(&self) -> bool {
        if !waker::begin(&self.state) {
            self.call();
            return false;
        }
        self.replace(1);
        waker::end(&self.state);
        true
    }

    fn wake(&self) {
        if waker::begin_wake(&self.state) {
            let woken = self.replace(0);
            waker::end_wake(&self.state);
            if woken {
                self.call();
            }
        }
    }

    fn release(&self) {
        if waker::begin_release(&self.state) {
            self.replace(0);
            waker::end_release(&self.state);
        }
    }
}

struct Shared {
    seat: Seat,
    word: LoomWord,
    news: [Payload; 2],
}

/// A task awaits the advances of two parties. A lost wake-up would be a deadlock.
#[test]
fn a_task_is_woken_for_each_of_two_advances() {
    let seen = Seen::new();
    let note = seen.clone();
    // Three: that it missed a registration and slept.
    explore_with(3, move || {
        let (seat, news) = (Seat::new(), [Payload::new(), Payload::new()]);
        let shared = Arc::new(Shared { seat, word: LoomWord::new(u32::MAX - 1), news });
        let parties = [0, 1].map(|index: usize| {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.news[index].set(7);
                epoch::advance_and_wake(&shared.word, || shared.seat.wake());
            })
        });
        let Shared { seat, word, news } = &*shared;
        assert!(waker::claim(&seat.state) && !waker::claim(&seat.state));
        let (mut mark, mut missed, mut slept) = ((1 << 31) - 1, false, false);
        while mark != 1 {
            missed |= !seat.register();
            match epoch::prepare_wait(word, mark) {
                Prepared::Changed(now) => mark = now,
                Prepared::Park(_) => {
                    slept = true;
                    seat.sleep();
                }
            }
        }
        assert!(news.iter().all(|news| news.get() == 7));
        seat.release();
        for party in parties {
            party.join().unwrap();
        }
        note.note((missed, slept));
    });
    seen.check_all([(false, false), (false, true), (true, false), (true, true)]);
}

/// The seat goes from one task to the next while somebody wakes.
#[test]
fn a_seat_is_handed_over() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let seat = Arc::new(Seat::new());
        assert!(waker::claim(&seat.state));
        let registered = seat.register();
        assert!(registered);
        let wakers = thread::spawn({
            let seat = seat.clone();
            move || {
                seat.wake();
                seat.wake();
            }
        });
        let next = thread::spawn({
            let seat = seat.clone();
            move || {
                let taken = waker::claim(&seat.state);
                taken.then(|| seat.register())
            }
        });
        seat.release();
        note.note(next.join().unwrap());
        wakers.join().unwrap();
    });
    // Still taken; registered; woken at once.
    seen.check_all([None, Some(true), Some(false)]);
}

#[test]
fn faults_are_seen() {
    red("waker: end", a_task_is_woken_for_each_of_two_advances);
    red("waker: begin wake", a_task_is_woken_for_each_of_two_advances);
    red("waker: end wake", a_task_is_woken_for_each_of_two_advances);
    red("waker: begin", a_task_is_woken_for_each_of_two_advances);
    red("waker: end release", a_seat_is_handed_over);
}

//! The log: an event is whole or not there, and no newer one is lost to an older.

use std::cell::Cell;

use inos_core::protocol::fault::with_fault;
use inos_core::protocol::log::{self, Look, Words};
use loom::sync::Arc;
use loom::thread;

use super::*;

const CAPACITY: u32 = 2;

/// Events of two words, the same in both. `owner` is for the writers only: two of them in one
/// slot, with nothing to order them, end the model.
struct Log {
    head: LoomWord,
    slots: [LoomWord; CAPACITY as usize],
    events: [[LoomWord; 2]; CAPACITY as usize],
    owners: [Payload; CAPACITY as usize],
}

impl Log {
    fn new(head: u32) -> Self {
        let free = || LoomWord::new(log::FREE);
        Self {
            head: LoomWord::new(head),
            slots: [free(), free()],
            events: [[free(), free()], [free(), free()]],
            owners: [Payload::new(), Payload::new()],
        }
    }

    fn begin(&self, words: &impl Words, party: u16, value: u32) -> Option<log::Claim> {
        let claim = log::claim(words, party).ok()?;
        self.owners[claim.slot() as usize].set(value);
        for word in &self.events[claim.slot() as usize] {
            word.store(value, Ordering::Relaxed);
        }
        Some(claim)
    }

    fn append(&self, party: u16, value: u32) -> Option<u32> {
        self.append_by(self, party, value)
    }

    fn append_by(&self, words: &impl Words, party: u16, value: u32) -> Option<u32> {
        self.begin(words, party, value).map(|claim| log::commit(words, claim).unwrap())
    }

    /// One look at a ticket's event.
    fn read(&self, ticket: u32) -> Option<u32> {
        let slot = (ticket % CAPACITY) as usize;
        let Look::Ready(seen) = log::look(&self.slots[slot], ticket, CAPACITY) else { return None };
        let event = self.events[slot].each_ref().map(|word| word.load(Ordering::Relaxed));
        if !log::still_valid(&self.slots[slot], seen) {
            return None;
        }
        assert_eq!(event[0], event[1], "torn");
        assert_ne!(event[0], 0, "torn: an event that is not there yet");
        Some(event[0])
    }
}

impl Words for Log {
    type Word = LoomWord;

    fn head(&self) -> &LoomWord {
        &self.head
    }

    fn slot(&self, index: u32) -> Option<&LoomWord> {
        self.slots.get(index as usize)
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }
}

/// One writer goes around the log while a reader looks for its first two events, across the wrap
/// of the tickets.
fn reading() -> Seen<[Option<u32>; 2]> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let first = u32::MAX;
        let log = Arc::new(Log::new(first));
        let reader = thread::spawn({
            let log = log.clone();
            move || [log.read(first), log.read(first.wrapping_add(1))]
        });
        for value in 1..=4 {
            assert_eq!(log.append(1, value), Some(first.wrapping_add(value - 1)));
        }
        note.note(reader.join().unwrap());
    });
    seen
}

#[test]
fn an_event_is_whole_or_not_there() {
    reading().check_all([[None, None], [Some(1), None], [None, Some(2)], [Some(1), Some(2)]]);
}

/// A writer that took its ticket a while ago and comes to its slot only now. Loom remembers one
/// last access per word, so by itself it does not find a sleep just between these two.
struct Late<'a> {
    log: &'a Log,
    ticket: LoomWord,
    is_late: Cell<bool>,
}

impl Words for Late<'_> {
    type Word = LoomWord;

    fn head(&self) -> &LoomWord {
        if self.is_late.replace(false) { &self.ticket } else { &self.log.head }
    }

    fn slot(&self, index: u32) -> Option<&LoomWord> {
        self.log.slot(index)
    }

    fn capacity(&self) -> u32 {
        CAPACITY
    }
}

/// The tickets of the three events, and what was found in the end.
type Written = ([Option<u32>; 3], [Option<u32>; 2]);

/// Two writers, one of which goes around: they meet in slots.
fn writing() -> Seen<Written> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        // Ticket 0 is taken.
        let log = Arc::new(Log::new(1));
        let late = thread::spawn({
            let log = log.clone();
            move || {
                let ticket = LoomWord::new(0);
                let late = Late { log: &log, ticket, is_late: Cell::new(true) };
                log.append_by(&late, 2, 100)
            }
        });
        let mine = [log.append(1, 1), log.append(1, 2)];
        let other = late.join().unwrap();
        let head = log.head.load(Ordering::Relaxed);
        let found = [head.wrapping_sub(2), head.wrapping_sub(1)].map(|ticket| log.read(ticket));
        // What was committed and is among the newest is there, whole.
        for (ticket, value) in mine.into_iter().chain([other]).zip([1, 2, 100]) {
            // Given up: loom lets a load return what a slot was long ago, ticket after ticket.
            let Some(ticket) = ticket else { continue };
            let back = head.wrapping_sub(ticket);
            assert!(back >= 1, "a ticket that nobody took");
            if back <= CAPACITY {
                assert_eq!(found[(CAPACITY - back) as usize], Some(value), "a newer event is lost");
            }
        }
        note.note(([mine[0], mine[1], other], found));
    });
    seen
}

#[test]
fn two_writers_lose_nothing_newer() {
    let seen = writing();
    seen.check(
        |(tickets, _)| tickets.iter().filter(|ticket| ticket.is_none()).count() <= 1,
        [
            // Was there first, and is passed by.
            ([Some(1), Some(3), Some(0)], [None, Some(2)]),
            // Slept between ticket and slot, and was passed.
            ([Some(1), Some(2), Some(3)], [Some(2), Some(100)]),
        ],
    );
}

/// A dead writer's slot is left alone until it is reclaimed, and then used by the next lap.
fn reclaiming() -> Seen<[Option<u32>; 2]> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let log = Arc::new(Log::new(0));
        let dead = thread::spawn({
            let log = log.clone();
            move || log.begin(&*log, 3, 9).is_some()
        });
        // The proof of death: it is waited for.
        let reclaimer = thread::spawn({
            let log = log.clone();
            move || {
                let held = usize::from(dead.join().unwrap());
                assert_eq!(log.slots.iter().filter(|slot| log::reclaim(*slot, 3)).count(), held);
            }
        });
        let tickets = [log.append(1, 1), log.append(1, 2)];
        reclaimer.join().unwrap();
        let next = [log.append(1, 3), log.append(1, 4)];
        assert_eq!(next.map(|ticket| log.read(ticket.unwrap())), [Some(3), Some(4)]);
        note.note(tickets);
    });
    seen
}

#[test]
fn a_dead_writers_slot_comes_back() {
    reclaiming().check(
        |tickets| tickets[0].is_some(),
        [[Some(0), Some(1)], [Some(1), Some(2)], [Some(1), Some(3)]],
    );
}

#[test]
fn weaker_logs_are_torn_or_lose() {
    let red = |fault: &'static str, message: &str, model: fn()| {
        let found = with_fault(fault, model).expect(fault);
        assert!(found.contains(message), "{fault}: {found}");
    };
    red("log: begin", "torn", || drop(reading()));
    red("log: see", "torn", || drop(reading()));
    red("log: look again", "torn", || drop(reading()));
    red("log: commit", "", || drop(reading()));
    red("log: claim", "", || drop(writing()));
    red("log: commit", "", || drop(writing()));
    red("log: reclaim", "", || drop(reclaiming()));
    red("log: take a slot that is held", "", || drop(writing()));
    red("log: overwrite a newer event", "newer event is lost", || drop(writing()));
}

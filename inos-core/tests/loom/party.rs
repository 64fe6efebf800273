//! Parties: one that left is never taken for one that died.

use inos_core::protocol::fault::with_fault;
use inos_core::protocol::{party, role};
use loom::sync::Arc;
use loom::sync::atomic::Ordering::{Acquire, Release};
use loom::thread;

use super::*;

const SEAT: u16 = 1;

/// A seat and the host's proof of life, like a lock: 1 as long as somebody lives in the seat.
struct Seat {
    lease: LoomWord,
    alive: AtomicU32,
    /// What the party may claim: a role of its own.
    role: LoomWord,
}

impl Seat {
    fn new() -> Self {
        Self { lease: LoomWord::new(0), alive: AtomicU32::new(0), role: LoomWord::new(0) }
    }

    fn join(&self) -> role::Lease {
        assert_eq!(self.alive.swap(1, Acquire), 0);
        role::claim(&self.lease, SEAT).unwrap()
    }

    fn leave(&self, lease: &role::Lease) {
        role::release(&self.lease, lease);
        self.alive.store(0, Release);
    }

    fn reap(&self) -> bool {
        let corpse = party::find_dead(&self.lease, |party| {
            assert_eq!(party, SEAT);
            self.alive.load(Acquire) == 0
        });
        corpse.is_some_and(|corpse| {
            role::revoke(&self.role, SEAT);
            assert!(party::bury(&self.lease, corpse));
            true
        })
    }
}

/// A party leaves and another one takes its seat and a role, while a third looks for the dead.
fn leaving(seen: &Seen<bool>) {
    let note = seen.clone();
    explore(move || {
        let seat = Arc::new(Seat::new());
        let first = seat.join();
        let other = seat.clone();
        let reaper = thread::spawn(move || other.reap());
        seat.leave(&first);
        let _second = seat.join();
        let mine = role::claim(&seat.role, SEAT).unwrap();
        note.note(reaper.join().unwrap());
        assert_eq!(role::holder(&seat.role), Some(SEAT), "taken from the living");
        role::release(&seat.role, &mine);
    });
}

#[test]
fn who_left_is_not_dead() {
    let seen = Seen::new();
    leaving(&seen);
    seen.check_all([false]);
}

/// A role goes from a dead party to the one in the seat, while a third looks for the dead.
fn succeeding(seen: &Seen<bool>) {
    const DEAD: u16 = 2;
    let note = seen.clone();
    explore(move || {
        let seat = Arc::new(Seat::new());
        let dead = role::claim(&seat.role, DEAD).unwrap();
        let other = seat.clone();
        let looking = thread::spawn(move || {
            let corpse = party::find_dead(&other.role, |party| {
                party == DEAD || other.alive.load(Acquire) == 0
            });
            corpse.map(|corpse| corpse.party())
        });
        let _life = seat.join();
        let _role = role::succeed(&seat.role, dead.raw(), SEAT).unwrap();
        let found = looking.join().unwrap();
        assert_ne!(found, Some(SEAT), "it lives");
        note.note(found.is_some());
    });
}

#[test]
fn a_successor_is_not_dead() {
    let seen = Seen::new();
    succeeding(&seen);
    seen.check_all([false, true]);
}

#[test]
fn planted_faults_are_found() {
    for fault in ["role: succeed", "party: first look"] {
        assert!(with_fault(fault, || succeeding(&Seen::new())).is_some(), "{fault}");
    }
    for fault in ["party: no second look", "party: first look", "role: claim"] {
        assert!(with_fault(fault, || leaving(&Seen::new())).is_some(), "{fault}");
    }
}

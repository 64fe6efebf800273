//! Roles: one holder at a time, and a hand-over publishes what the last holder did.

use inos_core::protocol::role;
use loom::sync::Arc;
use loom::thread;

use super::ring::Ring;
use super::*;

/// Does `work` as the holder, if the role is free. Whether it was.
pub(super) fn hold(word: &LoomWord, work: impl FnOnce()) -> bool {
    let Some(lease) = role::claim(word, 1) else { return false };
    assert!(role::is_held(word));
    work();
    role::release(word, &lease);
    true
}

/// Nobody gives it back, so one wins. It was held once before.
#[test]
fn exactly_one_claimant_wins() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let word = Arc::new(LoomWord::new(0));
        assert!(hold(&word, || ()));
        let claimants = [0, 1].map(|_| {
            let word = word.clone();
            thread::spawn(move || role::claim(&*word, 1).is_some())
        });
        note.note(claimants.map(|claimant| claimant.join().unwrap()));
    });
    seen.check_all([[false, true], [true, false]]);
}

/// The producer's end of a ring: its position in memory is loaded `Relaxed` by the next holder,
/// which has acquired it with the role.
#[test]
fn the_next_holder_continues() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Arc::new((LoomWord::new(0), Ring::<4>::new((1 << 31) - 1)));
        let parties = [1, 2].map(|value| {
            let shared = shared.clone();
            thread::spawn(move || {
                let (word, ring) = &*shared;
                hold(word, || ring.push(&mut ring.producer(), &[value]).unwrap())
            })
        });
        let won = parties.map(|party| party.join().unwrap());
        let ring = &shared.1;
        let (mut consumer, mut out) = (ring.consumer(), Vec::new());
        while ring.pop(&mut consumer, 4, &mut out).is_ok() {}
        note.note((won, out));
    });
    seen.check_all([
        ([true, false], vec![1]),
        ([false, true], vec![2]),
        ([true, true], vec![1, 2]),
        ([true, true], vec![2, 1]),
    ]);
}

/// The holder dies; whoever has the proof mends what it left and takes the role from it. The next
/// one finds it mended.
#[test]
fn a_dead_holder_is_succeeded_after_the_repair() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Arc::new((LoomWord::new(0), Payload::new()));
        // Half of its work, and never given back.
        let lease = role::claim(&shared.0, 1).unwrap();
        shared.1.set(1);
        drop(lease);
        let next = thread::spawn({
            let shared = shared.clone();
            move || role::claim(&shared.0, 2).map(|_| shared.1.get())
        });
        shared.1.set(2);
        assert!(role::revoke(&shared.0, 1));
        note.note(next.join().unwrap());
    });
    seen.check_all([None, Some(2)]);
}

#[test]
fn faults_are_seen() {
    red("role: claim", the_next_holder_continues);
    red("role: release", the_next_holder_continues);
    red("role: claim", a_dead_holder_is_succeeded_after_the_repair);
    red("role: revoke", a_dead_holder_is_succeeded_after_the_repair);
}

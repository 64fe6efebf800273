//! Lanes: each call is accepted once and answered once, whoever takes over from whom, and no
//! entry is overwritten before it was read.

use inos_core::Error;
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::lane::{self, Claimed, ClientCursor, Held, LaneWords};
use inos_core::protocol::{epoch, ready, role};
use loom::sync::Arc;
use loom::thread;

use super::epoch::Bed;
use super::*;

const ENTRIES: usize = 2;

struct Lane {
    lease: LoomWord,
    service: LoomWord,
    positions: [LoomWord; 4],
    slots: [(LoomWord, LoomWord); ENTRIES],
    calls: [Payload; ENTRIES],
    answers: [Payload; ENTRIES],
    /// The lane's buffer, which a service writes before it answers.
    buffer: Payload,
    ready: LoomWord,
    doorbell: LoomWord,
    bed: Bed,
}

impl LaneWords for Lane {
    type Word = LoomWord;

    fn entries(&self) -> u32 {
        ENTRIES as u32
    }

    fn lease(&self) -> &LoomWord {
        &self.lease
    }

    fn submitted(&self) -> &LoomWord {
        &self.positions[0]
    }

    fn accepted(&self) -> &LoomWord {
        &self.positions[1]
    }

    fn answered(&self) -> &LoomWord {
        &self.positions[2]
    }

    fn taken(&self) -> &LoomWord {
        &self.positions[3]
    }

    fn slot(&self, index: u32) -> Option<(&LoomWord, &LoomWord)> {
        self.slots.get(index as usize).map(|(mark, call)| (mark, call))
    }
}

impl Lane {
    /// A lane whose positions are about to wrap.
    fn new() -> Arc<Self> {
        let slots = [(); ENTRIES].map(|()| (LoomWord::new(0), LoomWord::new(0)));
        Arc::new(Self {
            lease: LoomWord::new(0),
            service: LoomWord::new(0),
            positions: [0; 4].map(|_| LoomWord::new((1 << 31) - 1)),
            slots,
            calls: std::array::from_fn(|_| Payload::new()),
            answers: std::array::from_fn(|_| Payload::new()),
            buffer: Payload::new(),
            ready: LoomWord::new(0),
            doorbell: LoomWord::new(0),
            bed: Bed::new(),
        })
    }

    fn claim(&self) -> Option<(role::Lease, ClientCursor)> {
        match lane::claim(self, 1).unwrap() {
            Claimed::Taken(lease, cursor) => Some((lease, cursor)),
            Claimed::Held | Claimed::Busy => None,
        }
    }

    fn submit(&self, cursor: &mut ClientCursor, call: u32) -> Result<(), Error> {
        let run = cursor.room(self, 1)?;
        for index in run.indices() {
            self.calls[index as usize].set(call);
        }
        cursor.submit(self, run);
        Ok(())
    }

    fn announce(&self) {
        ready::mark(&self.ready, 0);
        self.bed.advance(&self.doorbell);
    }

    /// Takes what answers there are.
    fn poll(&self, cursor: &mut ClientCursor, wanted: u32, out: &mut Vec<u32>) -> bool {
        let Ok(run) = cursor.answers(self, wanted) else { return false };
        out.extend(run.indices().map(|index| self.answers[index as usize].get()));
        cursor.take(self, run);
        true
    }

    fn accept(&self) -> Result<Held, Error> {
        let offer = lane::look(self)?;
        let call = self.calls[offer.index() as usize].get();
        Ok(lane::accept(self, offer, call).unwrap())
    }

    fn answer(&self, held: &Held) {
        let answering = lane::answer(self, held).unwrap();
        self.answers[answering.index() as usize].set(held.call());
        lane::publish(self, answering);
    }

    /// Accepts and answers until `count` are answered, two at a time in the wrong order. Whether
    /// it ever had two, and whether it found no room.
    fn serve(&self, count: usize) -> (bool, bool) {
        let (mut answered, mut two, mut full) = (0, false, false);
        while answered < count {
            match self.accept() {
                Ok(first) => {
                    if let Ok(second) = self.accept() {
                        two = true;
                        self.answer(&second);
                        answered += 1;
                    }
                    self.answer(&first);
                    answered += 1;
                }
                Err(error) => {
                    full |= error == Error::Full;
                    thread::yield_now();
                }
            }
        }
        (two, full)
    }
}

/// Three calls through a lane of two entries. The client reads no answer before all are
/// submitted, so that only the positions tell it what it may overwrite.
fn calls_and_answers() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let (_, mut cursor) = lane.claim().unwrap();
        let client = thread::spawn({
            let lane = lane.clone();
            move || {
                let mut full = false;
                for call in 1..=3 {
                    while lane.submit(&mut cursor, call).is_err() {
                        full = true;
                        thread::yield_now();
                    }
                }
                let mut out = Vec::new();
                while out.len() < 3 {
                    if !lane.poll(&mut cursor, 1, &mut out) {
                        thread::yield_now();
                    }
                }
                out.sort_unstable();
                assert_eq!(out, [1, 2, 3]);
                full
            }
        });
        let (two, no_room) = lane.serve(3);
        note.note((client.join().unwrap(), two, no_room));
        assert_eq!(lane.accept().unwrap_err(), Error::Empty);
    });
    let all = [false, true].map(|it| (it, true, true)).into_iter();
    seen.check(|_| true, all.chain([(false, false, false)]));
}

#[test]
fn each_call_is_answered_once() {
    calls_and_answers();
}

#[test]
fn calls_and_answers_need_every_ordering() {
    for name in [
        "lane: submit",
        "lane: look",
        "lane: room for calls",
        "lane: accept",
        "lane: publish",
        "lane: answers",
        "lane: take",
        "lane: room for answers",
    ] {
        assert!(with_fault(name, calls_and_answers).is_some(), "{name}");
    }
}

/// The second service continues from whatever the first one left, while a client takes answers.
fn services_take_turns() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let (_, mut cursor) = lane.claim().unwrap();
        lane.submit(&mut cursor, 1).unwrap();
        lane.submit(&mut cursor, 2).unwrap();
        let first = role::claim(&lane.service, 2).unwrap();
        let former = thread::spawn({
            let lane = lane.clone();
            move || {
                let held = [lane.accept().unwrap(), lane.accept().unwrap()];
                lane.answer(&held[1]);
                role::release(&lane.service, &first);
            }
        });
        let Some(_second) = role::claim(&lane.service, 3) else {
            note.note(false);
            former.join().unwrap();
            return;
        };
        assert_eq!(lane::recover(&*lane), 1);
        let orphans: Vec<_> = (0..2).filter_map(|slot| lane::in_flight(&*lane, slot)).collect();
        let [(held, true)] = orphans[..] else { panic!("{orphans:?}") };
        assert_eq!(held.call(), 1);
        lane.answer(&held);
        let mut out = Vec::new();
        lane.poll(&mut cursor, 2, &mut out);
        assert_eq!(out, [2, 1]);
        note.note(true);
        former.join().unwrap();
    });
    seen.check_all([false, true]);
}

#[test]
fn a_service_continues_from_what_the_last_one_left() {
    services_take_turns();
    for name in ["role: claim", "role: release"] {
        assert!(with_fault(name, services_take_turns).is_some(), "{name}");
    }
}

/// A client leaves with a call submitted, by `leave`; nobody may have the lane before that call
/// is answered.
fn a_client_leaves(leave: fn(&Lane, &role::Lease)) {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let (lease, mut cursor) = lane.claim().unwrap();
        let client = thread::spawn({
            let lane = lane.clone();
            move || {
                lane.submit(&mut cursor, 1).unwrap();
                leave(&lane, &lease);
            }
        });
        let claimant = thread::spawn(move || match lane::claim(&*lane, 2).unwrap() {
            Claimed::Taken(..) => panic!("a call is waiting"),
            Claimed::Held => true,
            Claimed::Busy => false,
        });
        client.join().unwrap();
        note.note(claimant.join().unwrap());
    });
    seen.check_all([false, true]);
}

fn a_client_drops_its_lane() {
    a_client_leaves(|lane, lease| role::release(&lane.lease, lease));
}

/// The thread is the one that has the proof of the death, too.
fn a_client_dies() {
    a_client_leaves(|lane, _| assert!(lane::bury(&lane.lease, 1)));
}

#[test]
fn a_lane_that_is_not_quiet_is_not_given_out() {
    a_client_drops_its_lane();
    a_client_dies();
    assert!(with_fault("lane: claim", a_client_drops_its_lane).is_some());
    assert!(with_fault("role: release", a_client_drops_its_lane).is_some());
    assert!(with_fault("lane: claim", a_client_dies).is_some());
    assert!(with_fault("lane: bury", a_client_dies).is_some());
}

/// The next client writes over entries and buffer of the last one's call, which the service has
/// just answered.
fn a_lane_changes_hands() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let (lease, mut cursor) = lane.claim().unwrap();
        lane.submit(&mut cursor, 1).unwrap();
        role::release(&lane.lease, &lease);
        let service = thread::spawn({
            let lane = lane.clone();
            move || {
                let held = lane.accept().unwrap();
                lane.buffer.set(1);
                lane.answer(&held);
            }
        });
        let claimant = thread::spawn(move || {
            let Some((_, mut cursor)) = lane.claim() else { return false };
            lane.buffer.set(2);
            for call in [2, 3] {
                lane.submit(&mut cursor, call).unwrap();
            }
            assert!(!lane.poll(&mut cursor, 2, &mut Vec::new()), "not our answer");
            true
        });
        service.join().unwrap();
        note.note(claimant.join().unwrap());
    });
    seen.check_all([false, true]);
}

#[test]
fn the_next_client_waits_for_the_last_ones_answers() {
    a_lane_changes_hands();
    for name in ["lane: publish", "lane: answers"] {
        assert!(with_fault(name, a_lane_changes_hands).is_some(), "{name}");
    }
}

/// Two want the same lane, and the service works for the one that has it: the other one finds it
/// held, however old the positions are that it read.
fn two_want_a_lane() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let client = thread::spawn({
            let lane = lane.clone();
            move || {
                let Some((_, mut cursor)) = lane.claim() else { return false };
                lane.submit(&mut cursor, 1).unwrap();
                true
            }
        });
        let other = thread::spawn({
            let lane = lane.clone();
            move || match lane::claim(&*lane, 2).unwrap() {
                Claimed::Taken(..) => true,
                Claimed::Held => false,
                Claimed::Busy => panic!("nobody has left"),
            }
        });
        if let Ok(held) = lane.accept() {
            lane.answer(&held);
        }
        note.note((client.join().unwrap(), other.join().unwrap()));
    });
    seen.check_all([(true, false), (false, true)]);
}

#[test]
fn a_lane_in_other_hands_is_neither_busy_nor_corrupt() {
    two_want_a_lane();
    assert!(with_fault("lane: look at the lease again", two_want_a_lane).is_some());
}

/// A client submits and is buried, and the next one comes for the lane, beside a service that
/// clears it up: the call is answered or void, and the next client gets its own answer only.
#[test]
fn a_dead_clients_lane_is_cleared_up() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let (_, mut cursor) = lane.claim().unwrap();
        let clients = thread::spawn({
            let lane = lane.clone();
            move || {
                lane.submit(&mut cursor, 1).unwrap();
                assert!(lane::bury(&lane.lease, 1));
                let (_, mut cursor) = loop {
                    match lane.claim() {
                        Some(claimed) => break claimed,
                        None => thread::yield_now(),
                    }
                };
                lane.submit(&mut cursor, 2).unwrap();
                let mut out = Vec::new();
                while !lane.poll(&mut cursor, 2, &mut out) {
                    thread::yield_now();
                }
                assert_eq!(out, [2]);
            }
        });
        let mut calls = Vec::new();
        while !calls.contains(&2) {
            // As a service does.
            if lane::is_buried(lane.lease.load(Ordering::Relaxed)) {
                lane::clear_up(&*lane, 3).unwrap();
            }
            match lane.accept() {
                Ok(held) => {
                    calls.push(held.call());
                    lane.answer(&held);
                }
                Err(error) => {
                    assert_eq!(error, Error::Empty);
                    thread::yield_now();
                }
            }
        }
        clients.join().unwrap();
        note.note(calls);
    });
    seen.check_all([vec![1, 2], vec![2]]);
}

/// A service that found no room for another answer sleeps until a client has made some.
#[test]
fn room_for_answers_wakes_the_service() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lane = Lane::new();
        let (_, mut cursor) = lane.claim().unwrap();
        for call in [1, 2] {
            lane.submit(&mut cursor, call).unwrap();
        }
        assert_eq!(lane.serve(2), (true, false));
        let client = thread::spawn({
            let lane = lane.clone();
            move || {
                lane.submit(&mut cursor, 3).unwrap();
                lane.announce();
                assert!(lane.poll(&mut cursor, 1, &mut Vec::new()));
                if cursor.is_waiting(&*lane) {
                    lane.announce();
                }
            }
        });
        let (mut slept, mut full) = (false, false);
        let held = 'served: loop {
            let rung = epoch::current(&lane.doorbell);
            if ready::take(&lane.ready) != 0 {
                match lane.accept() {
                    Ok(held) => break 'served held,
                    Err(error) => full |= error == Error::Full,
                }
            }
            slept |= lane.bed.wait(&lane.doorbell, rung).1;
        };
        assert_eq!(held.call(), 3);
        note.note((slept, full));
        client.join().unwrap();
    });
    seen.check(|_| true, [(false, false), (true, false), (true, true)]);
}

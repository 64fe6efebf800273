//! Lanes: whatever access the service, the client, or whoever takes over from either of them
//! dies after, each call is answered once, and no slot and no lane is lost.

use inos_core::protocol::lane::{self, Claimed, ClientCursor, LaneWords};
use inos_core::protocol::{ReadWord, Word, role};
use inos_core::{Error, Ordering};

use super::{MortalWord, every_death, mortal};

const ENTRIES: u32 = 2;
const CLIENT: u16 = 1;
const SERVICE: u16 = 2;
const OTHER: u16 = 3;

/// A lane of two entries, just before its positions and those in its marks wrap.
struct Lane {
    lease: MortalWord,
    role: MortalWord,
    positions: [MortalWord; 4],
    slots: [(MortalWord, MortalWord); ENTRIES as usize],
    calls: [MortalWord; ENTRIES as usize],
    answers: [MortalWord; ENTRIES as usize],
}

impl LaneWords for Lane {
    type Word = MortalWord;

    fn entries(&self) -> u32 {
        ENTRIES
    }

    fn lease(&self) -> &MortalWord {
        &self.lease
    }

    fn submitted(&self) -> &MortalWord {
        &self.positions[0]
    }

    fn accepted(&self) -> &MortalWord {
        &self.positions[1]
    }

    fn answered(&self) -> &MortalWord {
        &self.positions[2]
    }

    fn taken(&self) -> &MortalWord {
        &self.positions[3]
    }

    fn slot(&self, index: u32) -> Option<(&MortalWord, &MortalWord)> {
        self.slots.get(index as usize).map(|(mark, call)| (mark, call))
    }
}

impl Lane {
    fn new() -> Self {
        Self {
            lease: MortalWord::new(0),
            role: MortalWord::new(0),
            positions: [0; 4].map(|_| MortalWord::new((1 << 31) - 2)),
            slots: Default::default(),
            calls: Default::default(),
            answers: Default::default(),
        }
    }

    fn claim(&self, party: u16) -> Option<ClientCursor> {
        match lane::claim(self, party).unwrap() {
            Claimed::Taken(_, cursor) => Some(cursor),
            Claimed::Held | Claimed::Busy => None,
        }
    }

    fn submit(&self, cursor: &mut ClientCursor, call: u32) -> Result<(), Error> {
        let run = cursor.room(self, 1)?;
        for index in run.indices() {
            self.calls[index as usize].store(call, Ordering::Relaxed);
        }
        cursor.submit(self, run);
        Ok(())
    }

    fn poll(&self, cursor: &mut ClientCursor, out: &mut Vec<u32>) {
        let Ok(run) = cursor.answers(self, ENTRIES) else { return };
        let answers = run.indices().map(|index| &self.answers[index as usize]);
        out.extend(answers.map(|answer| answer.load(Ordering::Relaxed)));
        cursor.take(self, run);
    }

    /// Accepts a call, if there is one and room for its answer.
    fn accept(&self, party: u16) -> Option<lane::Held> {
        if !lane::has_client(self.lease.load(Ordering::Relaxed)) {
            lane::clear_up(self, party).unwrap();
        }
        match lane::look(self) {
            Ok(offer) => {
                let call = self.calls[offer.index() as usize].load(Ordering::Relaxed);
                Some(lane::accept(self, offer, call).unwrap())
            }
            Err(error) => {
                assert!(matches!(error, Error::Empty | Error::Full));
                None
            }
        }
    }

    fn answer(&self, held: &lane::Held) -> Result<(), Error> {
        let answering = lane::answer(self, held)?;
        self.answers[answering.index() as usize].store(held.call(), Ordering::Relaxed);
        lane::publish(self, answering);
        Ok(())
    }

    /// Takes the service role over and answers the orphans.
    fn succeed(&self, party: u16) {
        let lease = role::claim(&self.role, party);
        assert!(lease.is_some());
        lane::recover(self);
        for slot in 0..ENTRIES {
            if let Some((held, is_orphan)) = lane::in_flight(self, slot) {
                assert!(is_orphan);
                self.answer(&held).unwrap();
            }
        }
    }

    /// All positions are one, and all slots are free.
    fn is_quiet(&self) -> bool {
        let [submitted, rest @ ..] = self.positions.each_ref().map(|w| w.load(Ordering::Relaxed));
        rest.iter().all(|&position| position == submitted)
            && self.slots.iter().all(|(mark, _)| mark.load(Ordering::Relaxed) & lane::STATE == 0)
    }
}

/// What a service does: accepts two calls, answers the second before the first, and so on.
fn serve(lane: &Lane, cursor: &mut ClientCursor, out: &mut Vec<u32>) {
    while let Some(first) = lane.accept(SERVICE) {
        let second = lane.accept(SERVICE);
        for held in second.iter().chain([&first]) {
            lane.answer(held).unwrap();
        }
        assert_eq!(lane.answer(&first), Err(Error::Fenced));
        // The client is another party, and immortal.
        let left = super::LEFT.replace(None);
        lane.poll(cursor, out);
        super::LEFT.set(left);
    }
}

fn sorted(mut answers: Vec<u32>) -> Vec<u32> {
    answers.sort_unstable();
    answers
}

/// Goes on with an immortal service until all is answered.
fn finish(lane: &Lane, mut cursor: ClientCursor, mut out: Vec<u32>) -> Vec<u32> {
    role::revoke(&lane.role, SERVICE);
    lane.succeed(OTHER);
    lane.poll(&mut cursor, &mut out);
    // Room for as many as before: no slot is lost.
    for call in [8, 9] {
        while lane.submit(&mut cursor, call).is_err() {
            let held = lane.accept(OTHER).unwrap();
            lane.answer(&held).unwrap();
            lane.poll(&mut cursor, &mut out);
        }
    }
    while let Some(first) = lane.accept(OTHER) {
        let second = lane.accept(OTHER);
        for held in [first].iter().chain(&second) {
            lane.answer(held).unwrap();
        }
        lane.poll(&mut cursor, &mut out);
    }
    assert!(lane.is_quiet());
    sorted(out)
}

#[test]
fn a_service_that_dies_leaves_each_call_to_be_answered_once() {
    let deaths = every_death(|steps| {
        let lane = Lane::new();
        let mut cursor = lane.claim(CLIENT).unwrap();
        let mut out = Vec::new();
        let mut expected = vec![1, 2, 8, 9];
        for call in [1, 2] {
            lane.submit(&mut cursor, call).unwrap();
        }
        let through = mortal(steps, || {
            let _ = role::claim(&lane.role, SERVICE);
            serve(&lane, &mut cursor, &mut out);
            // The slots again, with other positions.
            let left = super::LEFT.replace(None);
            lane.submit(&mut cursor, 3).unwrap();
            expected.insert(2, 3);
            super::LEFT.set(left);
            serve(&lane, &mut cursor, &mut out);
        });
        assert_eq!(finish(&lane, cursor, out), expected);
        through.is_some()
    });
    assert!(deaths > 60, "{deaths}");
}

/// The service dies at some point, and the one that takes over dies at some point of that.
#[test]
fn a_successor_that_dies_leaves_the_rest_to_the_next() {
    let mut deaths = 0;
    for first in 0.. {
        let mut died_first = true;
        deaths += every_death(|second| {
            let lane = Lane::new();
            let mut cursor = lane.claim(CLIENT).unwrap();
            for call in [1, 2] {
                lane.submit(&mut cursor, call).unwrap();
            }
            let served = mortal(first, || {
                let _ = role::claim(&lane.role, SERVICE);
                let (one, two) = (lane.accept(SERVICE).unwrap(), lane.accept(SERVICE).unwrap());
                lane.answer(&two).unwrap();
                lane.answer(&one).unwrap();
            });
            died_first = served.is_none();
            role::revoke(&lane.role, SERVICE);
            let succeeded = mortal(second, || lane.succeed(SERVICE));
            assert_eq!(finish(&lane, cursor, Vec::new()), [1, 2, 8, 9]);
            succeeded.is_some()
        });
        if !died_first {
            break;
        }
    }
    assert!(deaths > 300, "{deaths}");
}

#[test]
fn a_client_that_dies_costs_no_lane() {
    let mut voided = 0;
    let deaths = every_death(|steps| {
        let lane = Lane::new();
        let _ = role::claim(&lane.role, SERVICE);
        let mut out = Vec::new();
        let through = mortal(steps, || {
            let mut cursor = lane.claim(CLIENT).unwrap();
            lane.submit(&mut cursor, 1).unwrap();
            lane.submit(&mut cursor, 2).unwrap();
            let left = super::LEFT.replace(None);
            let held = lane.accept(SERVICE).unwrap();
            lane.answer(&held).unwrap();
            super::LEFT.set(left);
            lane.poll(&mut cursor, &mut out);
            lane.submit(&mut cursor, 3).unwrap();
        });
        let was_held = role::is_held(&lane.lease);
        assert_eq!(lane::bury(&lane.lease, CLIENT), was_held);
        assert!(!lane::bury(&lane.lease, CLIENT), "once");
        let waited =
            lane.positions[0].load(Ordering::Relaxed) != lane.positions[1].load(Ordering::Relaxed);
        assert_eq!(lane.claim(OTHER).is_some(), !waited, "quiet is free, and nothing else");
        if waited {
            assert!(lane.accept(SERVICE).is_none(), "what nobody accepted is void");
            voided += 1;
            let mut cursor = lane.claim(OTHER).unwrap();
            lane.submit(&mut cursor, 9).unwrap();
            let mut out = Vec::new();
            serve(&lane, &mut cursor, &mut out);
            assert_eq!(out, [9], "no answer of the dead");
        }
        assert!(lane.is_quiet());
        through.is_some()
    });
    assert!(deaths > 15 && voided > 5, "{deaths} {voided}");
}

/// The service dies while it clears up after a client that died.
#[test]
fn an_undertaker_that_dies_is_succeeded() {
    let deaths = every_death(|steps| {
        let lane = Lane::new();
        let mut cursor = lane.claim(CLIENT).unwrap();
        lane.submit(&mut cursor, 1).unwrap();
        lane.submit(&mut cursor, 2).unwrap();
        let _ = role::claim(&lane.role, SERVICE);
        let held = lane.accept(SERVICE).unwrap();
        lane.answer(&held).unwrap();
        assert!(lane::bury(&lane.lease, CLIENT));
        let through = mortal(steps, || lane::clear_up(&lane, SERVICE).unwrap());
        lane::bury(&lane.lease, SERVICE);
        role::revoke(&lane.role, SERVICE);
        lane.succeed(OTHER);
        assert!(lane.accept(OTHER).is_none());
        assert!(lane.is_quiet());
        assert!(lane.claim(OTHER).is_some());
        through.is_some()
    });
    // The lease and its exchange, four loads, two stores, and the exchange back.
    assert_eq!(deaths, 9);
}

/// Whoever dies while claiming leaves a lane that can be claimed.
#[test]
fn a_claimant_that_dies_is_buried() {
    let deaths = every_death(|steps| {
        let lane = Lane::new();
        let through = mortal(steps, || lane.claim(CLIENT).is_some());
        let was_held = role::is_held(&lane.lease);
        assert_eq!(lane::bury(&lane.lease, CLIENT), was_held);
        assert!(lane.claim(OTHER).is_some());
        through.is_some()
    });
    assert!(deaths >= 6, "{deaths}");
}

//! A lane: two clients in turn submit calls while three services take turns in one role and go with
//! calls unanswered; each call that was submitted is answered once.

use inos_core::Error;
use inos_core::protocol::lane::{self, Claimed, ClientCursor, Held, LaneWords};
use inos_core::protocol::role;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const ENTRIES: usize = 4;
/// Calls of each client.
const EACH: u32 = 7;

struct Lane {
    lease: ShuttleWord,
    service: ShuttleWord,
    positions: [ShuttleWord; 4],
    slots: [(ShuttleWord, ShuttleWord); ENTRIES],
    calls: [ShuttleWord; ENTRIES],
    answers: [ShuttleWord; ENTRIES],
    /// Clients that are not done.
    clients: ShuttleWord,
}

impl LaneWords for Lane {
    type Word = ShuttleWord;

    fn entries(&self) -> u32 {
        ENTRIES as u32
    }

    fn lease(&self) -> &ShuttleWord {
        &self.lease
    }

    fn submitted(&self) -> &ShuttleWord {
        &self.positions[0]
    }

    fn accepted(&self) -> &ShuttleWord {
        &self.positions[1]
    }

    fn answered(&self) -> &ShuttleWord {
        &self.positions[2]
    }

    fn taken(&self) -> &ShuttleWord {
        &self.positions[3]
    }

    fn slot(&self, index: u32) -> Option<(&ShuttleWord, &ShuttleWord)> {
        self.slots.get(index as usize).map(|(mark, call)| (mark, call))
    }
}

impl Lane {
    /// Its positions are about to wrap.
    fn new() -> Self {
        let entries = || std::array::from_fn(|_| ShuttleWord::new(0));
        Self {
            lease: ShuttleWord::new(0),
            service: ShuttleWord::new(0),
            positions: [(1 << 31) - 5; 4].map(ShuttleWord::new),
            slots: std::array::from_fn(|_| (ShuttleWord::new(0), ShuttleWord::new(0))),
            calls: entries(),
            answers: entries(),
            clients: ShuttleWord::new(2),
        }
    }

    /// All its calls, as fast as there is room, and each one's answer.
    fn ask(&self, party: u16) {
        let (lease, mut cursor) = loop {
            if let Claimed::Taken(lease, cursor) = lane::claim(self, party).unwrap() {
                break (lease, cursor);
            }
            thread::yield_now();
        };
        let (mut next, mut answered) = (0, [false; EACH as usize]);
        while answered.contains(&false) {
            self.submit(&mut cursor, party, &mut next);
            match cursor.answers(self, 2) {
                Ok(run) => {
                    for index in run.indices() {
                        let answer = self.answers[index as usize].load(Ordering::Relaxed);
                        assert_eq!(answer >> 8, u32::from(party), "another one's answer");
                        let call = (answer & 0xff) as usize;
                        assert!(!answered[call] && answer & 0xff < next, "answered twice");
                        answered[call] = true;
                    }
                    cursor.take(self, run);
                }
                Err(error) => {
                    assert_eq!(error, Error::Empty);
                    thread::yield_now();
                }
            }
        }
        role::release(&self.lease, &lease);
        self.clients.add(u32::MAX, Ordering::Relaxed);
    }

    fn submit(&self, cursor: &mut ClientCursor, party: u16, next: &mut u32) {
        let wanted = (EACH - *next).min(2);
        match cursor.room(self, wanted) {
            Ok(run) => {
                for index in run.indices() {
                    let call = u32::from(party) << 8 | *next;
                    self.calls[index as usize].store(call, Ordering::Relaxed);
                    *next += 1;
                }
                cursor.submit(self, run);
            }
            Err(error) => assert_eq!(error, Error::Full),
        }
    }

    fn answer(&self, held: &Held) {
        let answering = lane::answer(self, held).unwrap();
        self.answers[answering.index() as usize].store(held.call(), Ordering::Relaxed);
        lane::publish(self, answering);
        assert_eq!(lane::answer(self, held).err(), Some(Error::Fenced));
    }

    /// A service for a moment.
    fn serve(&self, party: u16) {
        let Some(lease) = role::claim(&self.service, party) else { return };
        let orphans = lane::recover(self);
        let mut answered = 0;
        for slot in 0..ENTRIES as u32 {
            if let Some((held, is_orphan)) = lane::in_flight(self, slot) {
                assert!(is_orphan);
                self.answer(&held);
                answered += 1;
            }
        }
        assert_eq!(orphans, answered);
        let (mut random, mut calls) = (thread_rng(), Vec::new());
        for _ in 0..3 {
            match lane::look(self) {
                Ok(offer) => {
                    let call = self.calls[offer.index() as usize].load(Ordering::Relaxed);
                    calls.push(lane::accept(self, offer, call).unwrap());
                }
                Err(Error::Empty) => {}
                // The last client's answers may be in the way.
                Err(error) => assert_eq!(error, Error::Full),
            }
            if !calls.is_empty() && random.gen_bool(0.5) {
                self.answer(&calls.swap_remove(random.gen_range(0..calls.len())));
            }
        }
        lane::clear_up(self, party).unwrap();
        role::release(&self.service, &lease);
    }
}

#[test]
fn each_call_is_answered_once() {
    explore(|| {
        let lane = Arc::new(Lane::new());
        let clients = (1..=2).map(|party| {
            let lane = lane.clone();
            thread::spawn(move || lane.ask(party))
        });
        let services = (3..=5).map(|party| {
            let lane = lane.clone();
            thread::spawn(move || {
                while lane.clients.load(Ordering::Relaxed) != 0 {
                    lane.serve(party);
                    thread::yield_now();
                }
            })
        });
        let parties: Vec<_> = clients.chain(services).collect();
        for party in parties {
            party.join().unwrap();
        }
    });
}

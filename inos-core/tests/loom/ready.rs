//! Lanes: a ready bit and a doorbell. The service looks only at lanes whose bit it took, so a
//! bit that came before its submission would be a submission lost.

use inos_core::protocol::{epoch, ready};
use loom::sync::Arc;
use loom::thread;

use super::epoch::Bed;
use super::ring::Ring;
use super::*;

struct Lanes {
    lanes: [Ring<2>; 2],
    ready: LoomWord,
    doorbell: LoomWord,
    bed: Bed,
}

impl Lanes {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            lanes: [Ring::new(0), Ring::new(0)],
            ready: LoomWord::new(0),
            doorbell: LoomWord::new(0),
            bed: Bed::new(),
        })
    }

    /// What a client does: publish, mark, ring.
    fn submit(&self, lane: usize, calls: &[u32]) {
        let ring = &self.lanes[lane];
        let mut producer = ring.producer();
        for &call in calls {
            ring.push(&mut producer, &[call]).unwrap();
            ready::mark(&self.ready, lane as u32);
            self.bed.advance(&self.doorbell);
        }
    }

    /// What the service does: note the doorbell, take all there is, sleep. Whether it slept.
    fn serve(&self, wanted: usize) -> ([Vec<u32>; 2], bool) {
        let mut calls = [Vec::new(), Vec::new()];
        let mut slept = false;
        loop {
            let seen = epoch::current(&self.doorbell);
            loop {
                let bits = ready::take(&self.ready);
                if bits == 0 {
                    break;
                }
                for (lane, out) in calls.iter_mut().enumerate() {
                    if bits & (1 << lane) != 0 {
                        let ring = &self.lanes[lane];
                        while ring.pop(&mut ring.consumer(), 1, out).is_ok() {}
                    }
                }
            }
            if calls.iter().map(Vec::len).sum::<usize>() == wanted {
                return (calls, slept);
            }
            slept |= self.bed.wait(&self.doorbell, seen).1;
        }
    }
}

#[test]
fn no_submission_of_a_client_is_lost() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lanes = Lanes::new();
        let client = thread::spawn({
            let lanes = lanes.clone();
            move || lanes.submit(0, &[1, 2])
        });
        let (calls, slept) = lanes.serve(2);
        assert_eq!(calls, [vec![1, 2], vec![]]);
        note.note(slept);
        client.join().unwrap();
    });
    seen.check_all([false, true]);
}

/// Two bits in one word.
#[test]
fn no_submission_of_two_clients_is_lost() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let lanes = Lanes::new();
        let clients = [0, 1].map(|lane: usize| {
            let lanes = lanes.clone();
            thread::spawn(move || lanes.submit(lane, &[1]))
        });
        let (calls, slept) = lanes.serve(2);
        assert_eq!(calls, [[1], [1]]);
        note.note(slept);
        for client in clients {
            client.join().unwrap();
        }
    });
    seen.check_all([false, true]);
}

#[test]
fn faults_are_seen() {
    red("ready: mark", no_submission_of_a_client_is_lost);
    red("ready: take", no_submission_of_a_client_is_lost);
}

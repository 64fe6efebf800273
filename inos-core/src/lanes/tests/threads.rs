//! Lanes among threads.
#![forbid(unsafe_code)]

use super::*;

/// Looks a few times, then lets others run: tests have more threads than processors.
struct Yield;

impl Park for Yield {
    type Deadline = ();

    fn deadline(&self, _: Option<Duration>) {}

    fn park(&self, word: &AtomicU32, expected: u32, (): &mut ()) -> Parked {
        if word.load(Ordering::Relaxed) == expected {
            thread::yield_now();
        }
        Parked::Woken
    }

    fn pause(&self, (): &mut ()) -> Parked {
        thread::yield_now();
        Parked::Woken
    }

    fn wake_all(&self, _: &AtomicU32) {}
}

/// Four clients with up to `depth` calls under way, one service that answers out of order:
/// each call is answered exactly once, and nobody is left waiting.
fn crowd<P: Park + Sync>(calls: u32, depth: u32, park: &P) {
    let memory = Memory::new(LanesConfig { lanes: 4, ..CONFIG });
    let lanes = memory.lanes();
    let left = AtomicU32::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = lanes.client().unwrap();
                let mut answered = std::vec![false; calls as usize];
                let (mut submitted, mut open) = (0, 0);
                while submitted < calls || open > 0 {
                    while submitted < calls && open < depth {
                        match client.submit(&noop(submitted), park) {
                            Ok(()) => (submitted, open) = (submitted + 1, open + 1),
                            Err(Error::Full) => break,
                            Err(other) => panic!("{other}"),
                        }
                    }
                    let answer = client.wait(park, None).unwrap();
                    let call = answer.call_id.0;
                    assert_eq!(answer, done(&noop(call)));
                    assert!(!answered[call as usize], "answered twice");
                    answered[call as usize] = true;
                    open -= 1;
                }
                assert!(answered.iter().all(|&answered| answered));
                assert_eq!(client.poll(park), Ok(None));
                left.fetch_sub(1, Ordering::Relaxed);
                // Tells the service that it may be over.
                ring_bell(memory.head_word(DOORBELL), park);
            });
        }
        scope.spawn(|| {
            let mut service = lanes.service().unwrap();
            let mut doorbell = service.doorbell();
            let mut batch = Vec::new();
            while left.load(Ordering::Relaxed) > 0 {
                doorbell.changed();
                while let Some(call) = service.next() {
                    batch.push(call);
                    if batch.len() == 5 {
                        for (lane, call) in batch.drain(..).rev() {
                            service.complete(lane, &done(&call), park).unwrap();
                        }
                    }
                }
                if batch.is_empty() {
                    doorbell.wait(park, None).unwrap();
                }
                for (lane, call) in batch.drain(..).rev() {
                    service.complete(lane, &done(&call), park).unwrap();
                }
            }
            assert_eq!(service.corrupt_count(), 0);
        });
    });
}

#[test]
fn every_call_of_every_thread_is_answered_once() {
    let (few, many) = if cfg!(miri) { (4, 20) } else { (500, 4000) };
    crowd(many, 8, &Yield);
    crowd(many, 20, &Yield);
    crowd(few, 1, &Yield);
}

#[test]
fn every_call_is_answered_once_by_spinning() {
    crowd(if cfg!(miri) { 4 } else { 500 }, 16, &spin());
}

#[test]
fn threads_take_turns_on_a_lane() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let left = AtomicU32::new(3);
    let turns = if cfg!(miri) { 3 } else { 200 };
    thread::scope(|scope| {
        for thread in 0..3 {
            let (left, lanes) = (&left, &lanes);
            scope.spawn(move || {
                for turn in 0..turns {
                    let mut client = loop {
                        match lanes.client() {
                            Ok(client) => break client,
                            Err(Error::NoSeat { .. }) => thread::yield_now(),
                            Err(other) => panic!("{other}"),
                        }
                    };
                    let call = noop(thread * 1000 + turn);
                    client.submit(&call, &Yield).unwrap();
                    client.submit(&call, &Yield).unwrap();
                    // The second answer is left behind, given or not.
                    assert_eq!(client.wait(&Yield, None), Ok(done(&call)));
                }
                left.fetch_sub(1, Ordering::Relaxed);
            });
        }
        scope.spawn(|| {
            let mut service = lanes.service().unwrap();
            while left.load(Ordering::Relaxed) > 0 {
                if serve(&mut service) == 0 {
                    thread::yield_now();
                }
            }
            assert_eq!(service.corrupt_count(), 0);
        });
    });
}

//! Lanes against queues of the standard library, in any order of operations, with services that
//! come and go.
#![forbid(unsafe_code)]

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::VecDeque;

const ENTRIES: usize = 4;

#[derive(Clone, Debug)]
enum Operation {
    Submit(usize),
    Poll(usize),
    Accept,
    /// Of the calls in flight, which one.
    Answer(usize),
    Cancel(usize),
    Expire(u64),
    /// The service ends; the next one answers its calls.
    Replace,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (1..6_usize).prop_map(Operation::Submit),
        3 => (1..6_usize).prop_map(Operation::Poll),
        4 => Just(Operation::Accept),
        4 => any::<usize>().prop_map(Operation::Answer),
        1 => any::<usize>().prop_map(Operation::Cancel),
        1 => (0..40_u64).prop_map(Operation::Expire),
        1 => Just(Operation::Replace),
    ]
}

#[derive(Default)]
struct Model {
    waiting: VecDeque<Submission>,
    in_flight: Vec<(CallTicket, Submission, u64)>,
    unread: VecDeque<(u32, Status)>,
}

impl Model {
    fn answers(&mut self, index: usize, status: Status) -> CallTicket {
        let (ticket, call, _) = self.in_flight.remove(index);
        self.unread.push_back((call.call_id.0, status));
        ticket
    }
}

fn run(operations: &[Operation], start: u32) {
    let memory = Memory::new(LanesConfig { lanes: 1, entries: ENTRIES as u32, buffer_len: 0 });
    for position in POSITIONS {
        memory.word(0, position).store(start, Ordering::Relaxed);
    }
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    let mut model = Model::default();
    let mut used = Vec::new();
    let (mut last, mut now) = (0, 0);
    for operation in operations {
        match *operation {
            Operation::Submit(count) => {
                let calls: Vec<_> = (0..count as u32)
                    .map(|step| Submission {
                        timeout_ns: (last + step).into(),
                        ..noop(last + step)
                    })
                    .collect();
                let room = (ENTRIES - model.waiting.len()).min(count);
                let expected = if room == 0 { Err(Error::Full) } else { Ok(room) };
                assert_eq!(client.submit_many(&calls, &spin()), expected);
                model.waiting.extend(&calls[..room]);
                last += room as u32;
            }
            Operation::Poll(count) => {
                let mut out = std::vec![Completion::default(); count];
                let got = client.poll_many(&mut out, &spin()).unwrap();
                let expected: Vec<_> =
                    model.unread.drain(..count.min(model.unread.len())).collect();
                let out: Vec<_> = out[..got].iter().map(|a| (a.call_id.0, a.status)).collect();
                assert_eq!(out, expected);
            }
            Operation::Accept => {
                let reserved = model.in_flight.len() + model.unread.len();
                let expected = if reserved < ENTRIES { model.waiting.pop_front() } else { None };
                let accepted = service.next_at(now);
                assert_eq!(accepted.map(|(_, call)| call), expected);
                if let Some((ticket, call)) = accepted {
                    let deadline = match call.timeout_ns {
                        0 => u64::MAX,
                        timeout => now + timeout,
                    };
                    model.in_flight.push((ticket, call, deadline));
                }
            }
            Operation::Answer(index) if !model.in_flight.is_empty() => {
                let index = index % model.in_flight.len();
                let ticket = model.answers(index, Status::OK);
                let answer = Completion::new(ticket.call_id(), Status::OK);
                service.complete(ticket, &answer, &spin()).unwrap();
                used.push(ticket);
            }
            Operation::Cancel(index) if model.in_flight.len() > 1 => {
                let cancel = model.in_flight.len() - 1;
                let index = index % cancel;
                let target = model.in_flight[index].1.call_id;
                let ticket = model.in_flight[cancel].0;
                assert_eq!(service.cancel(ticket, target, &spin()), Ok(1));
                used.push(model.answers(index, Status::CANCELLED));
                used.push(model.answers(cancel - 1, Status::OK));
            }
            Operation::Expire(by) => {
                now += by;
                let over = |entry: &(CallTicket, Submission, u64)| entry.2 <= now;
                let count = model.in_flight.iter().filter(|entry| over(entry)).count();
                assert_eq!(service.expire(now, &spin()), count as u32);
                // In the order of slots, which is not the model's business.
                let mut ids = Vec::new();
                while let Some(index) = model.in_flight.iter().position(over) {
                    ids.push(model.in_flight[index].1.call_id.0);
                    used.push(model.in_flight.remove(index).0);
                }
                let mut out = std::vec![Completion::default(); ENTRIES];
                let before = model.unread.len();
                if count > 0 {
                    let got = client.poll_many(&mut out, &spin()).unwrap();
                    assert_eq!(got, before + count);
                    model.unread.clear();
                    let mut expired: Vec<_> =
                        out[before..got].iter().map(|a| a.call_id.0).collect();
                    expired.sort_unstable();
                    ids.sort_unstable();
                    assert_eq!(expired, ids);
                    assert!(out[before..got].iter().all(|a| a.status == Status::TIMED_OUT));
                }
            }
            Operation::Replace => {
                drop(service);
                service = lanes.service().unwrap();
                while let Some(orphan) = service.next_orphan() {
                    let was = |(ticket, ..): &(CallTicket, Submission, u64)| {
                        ticket.call_id() == orphan.call_id()
                    };
                    let index = model.in_flight.iter().position(was).expect("one of them");
                    used.push(model.answers(index, Status::SERVICE_LOST));
                    let answer = Completion::new(orphan.call_id(), Status::SERVICE_LOST);
                    service.complete(orphan, &answer, &spin()).unwrap();
                }
                assert!(model.in_flight.is_empty(), "all were told");
            }
            _ => {}
        }
        for &ticket in &used {
            let again = service.complete(ticket, &Completion::default(), &spin());
            assert_eq!(again, Err(Error::Fenced));
        }
    }
    assert_eq!(service.corrupt_count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_lane_is_three_queues(
        operations in vec(operation(), 1..120),
        start in prop_oneof![Just(0), Just((1 << 31) - 5), Just((1 << 29) - 5)],
    ) {
        run(&operations, start);
    }
}

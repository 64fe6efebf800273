//! Calls that do not end, units that fail, and who goes first.

use super::*;
use crate::kernel::{JobRecord, Supervision, UnitState};
use inos_core::{Counters, Event, Log};
use inos_units::job::JobRequest;

const GRACE: Duration = Duration::from_millis(30);

/// A call that goes on for so many tenths of a second, though it has a hundredth.
fn late(lane: &mut Lane<'_>, id: u32, tenths: u8) -> Submission {
    lane.client.write_buffer(0, &[tenths]).unwrap();
    let call = Submission::execute(CallId(id), lane.rogue, LATE);
    Submission { input: PayloadRef::buffer(0, 1), timeout_ns: 10_000_000, ..call }
}

fn sha256(lane: &Lane<'_>, id: u32) -> Submission {
    let call = Submission::execute(CallId(id), lane.hash, 1);
    Submission { output: PayloadRef::buffer(64, 32), ..call }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_call_that_does_not_end_is_answered_and_its_worker_replaced() {
    with_config(&config(1).grace(GRACE), |sections, kernel| {
        let mut lane = Lane::new(sections);
        let call = late(&mut lane, 1, 5);
        let output = PayloadRef::buffer(128, 64);
        assert_eq!(lane.status(Submission { output, ..call }), Status::TIMED_OUT);
        let stats = kernel.stats();
        assert_eq!((stats.workers, stats.lost_workers), (1, 1));
        // The one that took its place works, while it is still away.
        lane.client.write_buffer(128, &[7; 64]).unwrap();
        assert_eq!(lane.status(sha256(&lane, 2)), Status::OK);
        assert_eq!(kernel.stats().lost_workers, 1);
        wait_until("it comes back", || kernel.stats().lost_workers == 0);
        // Its result came too late, and went nowhere.
        let mut buffer = [0; 64];
        lane.client.read_buffer(128, &mut buffer).unwrap();
        assert_eq!((buffer, lane.client.poll(&Futex)), ([7; 64], Ok(None)));
        assert_eq!(lane.status(sha256(&lane, 3)), Status::OK);
        let stats = kernel.stats();
        assert_eq!((stats.workers, stats.accepted, stats.answered), (1, 3, 3));
        let rogue = kernel.health().into_iter().find(|unit| unit.name == "rogue").unwrap();
        assert_eq!((rogue.lost, rogue.panics, rogue.state), (1, 0, UnitState::Working));
    });
}

#[test]
fn who_is_cancelled_and_goes_on_is_given_up_too() {
    with_config(&config(1).grace(GRACE), |sections, kernel| {
        let mut lane = Lane::new(sections);
        let call = late(&mut lane, 1, 5);
        let arena = Arena::open(sections, ARENA).unwrap();
        lane.submit(Submission { timeout_ns: 0, output: PayloadRef::new_block(ARENA, 64), ..call });
        wait_until("it begins", || arena.stats().unwrap().block_count == 1);
        assert_eq!(lane.status(Submission::cancel(CallId(2), CallId(1))), Status::OK);
        let answer = lane.answer();
        assert_eq!((answer.call_id, answer.status), (CallId(1), Status::CANCELLED));
        assert_eq!(kernel.stats().lost_workers, 1);
        // It has been answered, so there is nothing to cancel any more.
        assert_eq!(lane.status(Submission::cancel(CallId(3), CallId(1))), Status::NO_CALL);
    });
}

#[test]
fn calls_of_a_client_that_is_gone_are_cancelled_unless_others_see_what_they_give() {
    with_config(&config(2).history(HISTORY), |sections, kernel| {
        let mut lane = Lane::new(sections);
        let wait = |id| Submission::execute(CallId(id), lane.rogue, WAIT);
        let frame = PayloadRef::section(FRAMES, 0, 0);
        let published = Submission { output: frame, timeout_ns: 3_000_000_000, ..wait(1) };
        // One runs beside that, and one waits.
        for call in [published, wait(2), wait(3)] {
            lane.client.submit(&call, &Futex).unwrap();
        }
        let mut other = Lane::new(sections);
        other.submit(Submission { timeout_ns: 3_000_000_000, ..wait(4) });
        drop(lane);
        wait_until("two are cancelled", || kernel.stats().answered == 2);
        assert_eq!(other.answer().status, Status::TIMED_OUT);
        wait_until("the frame's time is over", || kernel.stats().answered == 4);
        let mut reader = Log::open(sections, HISTORY).unwrap().reader(0);
        let (mut text, mut ended) = ([0; JobRecord::TEXT_LEN as usize], Vec::new());
        while let Ok(entry) = reader.next(&mut text) {
            let job = JobRecord::parse(&entry, entry.text(&text)).unwrap();
            ended.push((job.call_id, job.status));
        }
        ended.sort_unstable_by_key(|&(id, _)| id);
        let (late, cancelled) = (Status::TIMED_OUT, Status::CANCELLED);
        assert_eq!(ended, [(1, late), (2, cancelled), (3, cancelled), (4, late)]);
    });
}

#[test]
fn a_section_of_a_lost_call_is_closed_until_it_comes_back() {
    with_config(&config(2).grace(GRACE), |sections, kernel| {
        let epochs = EpochTable::open(sections, EPOCHS).unwrap();
        let mut watcher = epochs.watcher(0).unwrap();
        let mut lane = Lane::new(sections);
        let frame = PayloadRef::section(FRAMES, 0, 0);
        let call = late(&mut lane, 1, 4);
        lane.submit(Submission { output: frame, ..call });
        // One waits behind it, and has all the time in the world.
        let behind = Submission { output: frame, ..sha256(&lane, 2) };
        lane.submit(behind);
        let answers = [lane.answer(), lane.answer()].map(|it| (it.call_id.0, it.status));
        assert_eq!(answers, [(1, Status::TIMED_OUT), (2, Status::BUSY)]);
        assert_eq!(lane.status(behind), Status::BUSY);
        assert_eq!(kernel.stats().lost_workers, 1);
        wait_until("it comes back", || kernel.stats().lost_workers == 0);
        assert_eq!(watcher.changed(), None, "its frame was not published");
        assert_eq!(lane.status(behind), Status::OK);
        assert_eq!(watcher.changed(), Some(1));
    });
}

#[test]
fn a_block_of_a_lost_call_is_freed_when_it_comes_back() {
    with_config(&config(1).grace(GRACE), |sections, kernel| {
        let arena = Arena::open(sections, ARENA).unwrap();
        let mut lane = Lane::new(sections);
        let call = late(&mut lane, 1, 4);
        let output = PayloadRef::new_block(ARENA, 64);
        assert_eq!(lane.status(Submission { output, ..call }), Status::TIMED_OUT);
        assert_eq!(arena.stats().unwrap().block_count, 1);
        wait_until("it comes back", || kernel.stats().lost_workers == 0);
        assert_eq!(arena.stats().unwrap().block_count, 0);
    });
}

#[test]
fn a_message_about_a_lost_job_says_so() {
    with_config(&config(1).grace(GRACE), |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let mut request = JobRequest { id: 77, ..JobRequest::default() };
        (request.unit, request.method) = ("rogue".into(), "late".into());
        request.input = inos_units::job::Resource::inline(vec![4]);
        request.limits.timeout = 10_000_000;
        let result = caller.run(&request).unwrap();
        let error = result.outcome.unwrap_err();
        assert_eq!((result.id, error.code), (77, Status::TIMED_OUT.0));
        assert!(error.message.contains("given up"), "{}", error.message);
    });
}

#[test]
fn the_lost_are_replaced_only_so_often() {
    with_config(&config(1).grace(GRACE).spare_threads(1), |sections, kernel| {
        let mut lane = Lane::new(sections);
        for id in 1..3 {
            let call = late(&mut lane, id, 4);
            assert_eq!(lane.status(call), Status::TIMED_OUT);
        }
        let stats = kernel.stats();
        assert_eq!((stats.workers, stats.lost_workers), (0, 2));
        assert_eq!(lane.status(sha256(&lane, 3)), Status::BUSY);
        wait_until("they come back", || kernel.stats().lost_workers == 0);
        assert_eq!(kernel.stats().workers, 1);
        assert_eq!(lane.status(sha256(&lane, 4)), Status::OK);
    });
}

#[test]
fn calls_that_wait_when_the_last_worker_is_lost_are_answered() {
    with_config(&config(1).grace(GRACE).spare_threads(0), |sections, _| {
        let mut lane = Lane::new(sections);
        let call = late(&mut lane, 1, 4);
        lane.submit(call);
        lane.submit(sha256(&lane, 2));
        let mut answers = [lane.answer(), lane.answer()].map(|it| (it.call_id.0, it.status));
        answers.sort_unstable_by_key(|&(id, _)| id);
        assert_eq!(answers, [(1, Status::TIMED_OUT), (2, Status::BUSY)]);
    });
}

#[test]
fn all_who_work_on_pieces_of_a_lost_call_are_lost_with_it() {
    with_config(&config(2).grace(GRACE), |sections, kernel| {
        let mut lane = Lane::new(sections);
        lane.client.write_buffer(0, &[4]).unwrap();
        let call = Submission::execute(CallId(1), lane.rogue, STUCK);
        let input = PayloadRef::buffer(0, 1);
        lane.submit(Submission { input, timeout_ns: 100_000_000, ..call });
        assert_eq!(lane.answer().status, Status::TIMED_OUT);
        assert_eq!((kernel.stats().workers, kernel.stats().lost_workers), (2, 2));
        assert_eq!(lane.status(sha256(&lane, 2)), Status::OK);
        wait_until("they come back", || kernel.stats().lost_workers == 0);
        assert_eq!(kernel.stats().workers, 2);
        assert_eq!(lane.status(sha256(&lane, 3)), Status::OK);
    });
}

#[test]
fn a_unit_that_fails_too_often_rests_and_is_given_up() {
    let rule = Supervision {
        failures: 1,
        period_s: 60,
        first_rest_ms: 50,
        longest_rest_ms: 60_000,
        rests: 1,
    };
    with_config(&config(1).supervise(rule), |sections, kernel| {
        let mut lane = Lane::new(sections);
        let rogue = |id, method| Submission::execute(CallId(id), lane.rogue, method);
        let (panic, pieces) = (rogue(1, PANIC), rogue(2, PIECES));
        let state = || kernel.health().into_iter().find(|it| it.name == "rogue").unwrap().state;
        assert_eq!(lane.status(panic), Status::UNIT_FAILED);
        assert_eq!((lane.status(pieces), state()), (Status::OK, UnitState::Working));
        assert_eq!(lane.status(panic), Status::UNIT_FAILED);
        // It rests: another method of it is not called either, other units are.
        let output = PayloadRef::buffer(256, 128);
        lane.submit(Submission { output, ..pieces });
        let answer = lane.answer();
        assert_eq!(answer.status, Status::UNIT_FAILED);
        let mut why = vec![0; answer.len as usize];
        lane.client.read_buffer(256, &mut why).unwrap();
        assert!(String::from_utf8_lossy(&why).contains("rests for"), "{why:?}");
        assert_eq!(lane.status(sha256(&lane, 3)), Status::OK);

        wait_until("it has rested", || state() == UnitState::Working);
        assert_eq!(lane.status(pieces), Status::OK);
        for _ in 0..2 {
            assert_eq!(lane.status(panic), Status::UNIT_FAILED);
        }
        assert_eq!((lane.status(pieces), state()), (Status::NO_UNIT, UnitState::GivenUp));
        let registry = UnitRegistry::open(sections, REGISTRY).unwrap();
        assert_eq!(registry.find("rogue"), Err(Error::NoUnit));
        assert_eq!(lane.status(sha256(&lane, 4)), Status::OK);
    });
}

/// Submits a call that keeps a worker busy until it is cancelled, and waits until it runs.
fn occupy(lane: &mut Lane<'_>, sections: &Sections<'_, Cooperative>, id: u32) {
    let arena = Arena::open(sections, ARENA).unwrap();
    let call = Submission::execute(CallId(id), lane.rogue, WAIT);
    lane.submit(Submission { output: PayloadRef::new_block(ARENA, 64), ..call });
    wait_until("it runs", || arena.stats().unwrap().block_count == 1);
}

/// Answers to calls that waited while the only worker was busy, in their order.
fn order(calls: impl Fn(&Lane<'_>) -> Vec<Submission>) -> Vec<u32> {
    with_config(&config(1), |sections, _| {
        let mut lane = Lane::new(sections);
        occupy(&mut lane, sections, 100);
        let calls = calls(&lane);
        calls.iter().for_each(|&call| lane.submit(call));
        lane.submit(Submission::cancel(CallId(101), CallId(100)));
        let mut order = Vec::new();
        while order.len() < calls.len() {
            let answer = lane.answer();
            if answer.call_id.0 < 100 {
                assert_eq!(answer.status, Status::OK);
                order.push(answer.call_id.0);
            }
        }
        order
    })
}

#[test]
fn the_urgent_go_first() {
    let by_priority = order(|lane| {
        let call = |id, priority| sha256(lane, id).with_priority(priority);
        // The service takes calls from one lane as they were submitted.
        vec![call(1, 0), call(2, 3), call(3, 7), call(4, 3), call(5, 1)]
    });
    assert_eq!(by_priority, [3, 2, 4, 5, 1]);
    let by_deadline = order(|lane| {
        let call = |id, seconds: u64| Submission {
            timeout_ns: seconds * 1_000_000_000,
            ..sha256(lane, id)
        };
        vec![call(1, 0), call(2, 90), call(3, 30), call(4, 60), call(5, 0)]
    });
    assert_eq!(by_deadline, [3, 4, 2, 1, 5]);
}

#[test]
fn a_lane_with_many_calls_does_not_keep_others_waiting() {
    with_config(&config(1), |sections, _| {
        let (mut busy, mut greedy, mut modest) =
            (Lane::new(sections), Lane::new(sections), Lane::new(sections));
        occupy(&mut busy, sections, 1);
        for id in 0..8 {
            let call = late(&mut greedy, id, 1);
            greedy.submit(Submission { timeout_ns: 0, ..call });
        }
        modest.submit(sha256(&modest, 9));
        // Both lanes' calls were accepted before this one is: it came later.
        busy.submit(Submission::cancel(CallId(2), CallId(1)));
        assert_eq!(modest.answer().status, Status::OK);
        // Of the greedy one's calls, which came first, one was before it, and one may run now.
        let mut done = 0;
        while greedy.client.poll(&Futex).unwrap().is_some() {
            done += 1;
        }
        assert!(done <= 2, "{done} calls went before it");
    });
}

#[test]
fn what_happened_is_in_the_history() {
    let config = config(1).grace(GRACE).history(HISTORY).counters(COUNTERS);
    with_config(&config, |sections, kernel| {
        let mut lane = Lane::new(sections);
        assert_eq!(lane.status(sha256(&lane, 1)), Status::OK);
        let panic = Submission::execute(CallId(2), lane.rogue, PANIC);
        assert_eq!(lane.status(panic), Status::UNIT_FAILED);
        let call = late(&mut lane, 3, 3);
        assert_eq!(lane.status(call), Status::TIMED_OUT);
        wait_until("it comes back", || kernel.stats().lost_workers == 0);
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let mut request = JobRequest { unit: "hash".into(), ..JobRequest::default() };
        (request.method, request.input) =
            ("sha256".into(), inos_units::job::Resource::inline(vec![9; 3]));
        let result = caller.run(&request).unwrap();

        let mut reader = Log::open(sections, HISTORY).unwrap().reader(0);
        let mut text = [0; JobRecord::TEXT_LEN as usize];
        let mut next = || {
            let entry = reader.next(&mut text).unwrap();
            let text = entry.text(&text).to_owned();
            let job = JobRecord::parse(&entry, &text);
            let job = job.map(|job| (job.method.to_owned(), job.call_id, job.status.0, job.cost));
            assert_ne!(entry.time, 0);
            (entry.level, job, text)
        };
        let job = |method: &str, id, status: Status| Some((method.to_owned(), id, status.0, 0));
        let (level, first, text) = next();
        assert_eq!((level, first), (Event::INFO, job("hash.sha256", 1, Status::OK)));
        assert!(text.contains(" in=0 out=32 copied=32 "), "{text}");
        assert_eq!(next().1, job("rogue.panic", 2, Status::UNIT_FAILED));
        let (level, none, text) = next();
        assert_eq!((level, none, &*text), (Event::ERROR, None, "rogue.late does not end"));
        assert_eq!(next().1, job("rogue.late", 3, Status::TIMED_OUT));
        let (_, last, _) = next();
        assert_eq!(last.unwrap().3, result.cost);

        let bank = Counters::open(sections, COUNTERS).unwrap();
        let value = |label| bank.get(bank.find(label).unwrap()).unwrap().value;
        assert_eq!((value("hash.calls"), value("hash.failures")), (2, 0));
        assert_eq!((value("rogue.calls"), value("rogue.failures")), (2, 2));
        assert!(value("rogue.busy") >= 250_000_000, "the lost worker's time counts");
        assert_eq!((value("kernel.accepted"), value("kernel.failed")), (4, 2));
    });
}

//! What is set aside for calls, and what is paid, however they end.

use super::*;
use crate::kernel::{Hold, Meter, NoCredits, Payer};
use inos_units::job::{JobRequest, Limits, Place, Resource};
use std::collections::HashMap;

/// Gives each call what it wants, and of this much to those that do not say.
#[derive(Debug, Default)]
struct Books {
    most: u64,
    state: Mutex<BooksState>,
}

#[derive(Debug, Default)]
struct BooksState {
    /// What was set aside and is not settled.
    open: HashMap<u128, Hold>,
    payers: Vec<Payer>,
    wanted: Vec<u64>,
    /// What was paid, in the order in which calls ended.
    paid: Vec<u64>,
}

impl Meter for Books {
    fn reserve(&self, payer: Payer, wanted: u64) -> Result<Hold, NoCredits> {
        let credits = if wanted > 0 { wanted } else { self.most };
        let mut state = self.state.lock().unwrap();
        state.payers.push(payer);
        state.wanted.push(wanted);
        if credits == 0 {
            return Err(NoCredits { available: 0 });
        }
        let hold = Hold { id: state.wanted.len() as u128, credits };
        state.open.insert(hold.id, hold);
        Ok(hold)
    }

    fn settle(&self, hold: Hold, spent: u64) {
        assert!(spent <= hold.credits);
        let mut state = self.state.lock().unwrap();
        assert_eq!(state.open.remove(&hold.id), Some(hold), "settled once");
        state.paid.push(spent);
    }
}

impl Books {
    /// What was paid since the last look, and all is settled.
    fn paid(&self) -> Vec<u64> {
        let mut state = self.state.lock().unwrap();
        assert_eq!(state.open.len(), 0);
        std::mem::take(&mut state.paid)
    }
}

fn books(most: u64) -> (Arc<Books>, KernelConfig) {
    let books = Arc::new(Books { most, ..Books::default() });
    (books.clone(), config(1).grace(Duration::from_millis(30)).meter(books))
}

/// What SHA-256 of so many bytes costs.
fn cost(len: usize) -> u64 {
    let (units, input) = (dispatcher(), vec![0; len]);
    let budget = Budget::unlimited().with_credits(u64::MAX);
    let call = Call { input: &input, params: b"" };
    units.execute_named("hash", "sha256", call, &mut VecOutput::new(32), &budget).unwrap();
    budget.spent()
}

#[test]
fn however_a_call_ends_its_credits_are_settled_before_its_client_knows() {
    let (books, config) = books(1_000_000);
    let outside = with_config(&config, |sections, kernel| {
        let mut lane = Lane::new(sections);
        let (rogue, hash) = (lane.rogue, lane.hash);
        let call = |unit, method| Submission::execute(CallId(1), unit, method);
        let sha256 = Submission {
            input: PayloadRef::buffer(0, 1000),
            output: PayloadRef::buffer(1024, 32),
            ..call(hash, 1)
        };
        let timed =
            |millis: u64| Submission { timeout_ns: millis * 1_000_000, ..call(rogue, WAIT) };
        let mut check = |call, status, paid: &[u64]| {
            assert_eq!(lane.status(call), status, "{call:?}");
            assert_eq!(books.paid(), paid, "{call:?}");
        };
        check(sha256, Status::OK, &[cost(1000)]);
        check(Submission { input: PayloadRef::none(), ..sha256 }, Status::OK, &[cost(0)]);
        check(call(rogue, PANIC), Status::UNIT_FAILED, &[0]);
        check(call(rogue, 99), Status::NO_METHOD, &[]);
        check(Submission::noop(CallId(2)), Status::OK, &[]);
        check(Submission { output: PayloadRef::none(), ..sha256 }, Status::TOO_SMALL, &[0]);
        // The rogue's methods cost nothing.
        check(timed(5), Status::TIMED_OUT, &[0]);
        check(Submission { timeout_ns: 1, ..sha256 }, Status::TIMED_OUT, &[0]);

        // Cancelled while it waits, and while it runs.
        for id in 1..3 {
            lane.submit(Submission::execute(CallId(id), rogue, WAIT));
        }
        for id in (1..3).rev() {
            lane.submit(Submission::cancel(CallId(9), CallId(id)));
            let mut answers = [lane.answer(), lane.answer()].map(|it| (it.call_id.0, it.status));
            answers.sort_unstable_by_key(|&(id, _)| id);
            assert_eq!(answers, [(id, Status::CANCELLED), (9, Status::OK)]);
        }
        assert_eq!(books.paid(), [0, 0]);

        // Given up, and settled again by nobody when it comes back.
        lane.client.write_buffer(0, &[3]).unwrap();
        let late = Submission { input: PayloadRef::buffer(0, 1), ..call(rogue, LATE) };
        assert_eq!(lane.status(Submission { timeout_ns: 1_000_000, ..late }), Status::TIMED_OUT);
        assert_eq!(books.paid(), [0]);
        while kernel.stats().lost_workers > 0 {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(lane.status(sha256), Status::OK);
        assert_eq!(books.paid(), [cost(1000)]);
        let state = books.state.lock().unwrap();
        assert!(state.payers.iter().all(|payer| *payer == Payer { lane: 0, party: 0 }));
        assert!(state.wanted.iter().all(|wanted| *wanted == 0));
        drop(state);

        // One that runs and two that wait, at the end.
        for id in 1..4 {
            lane.submit(Submission::execute(CallId(id), rogue, WAIT));
        }
        lane.open_calls(kernel)
    });
    assert_eq!((outside, books.paid()), (3, vec![0; 3]));
}

impl Lane<'_> {
    /// Waits until the kernel has accepted all; how many it has not answered.
    fn open_calls(&mut self, kernel: &Kernel<'_>) -> u64 {
        let mut before = 0;
        loop {
            let stats = kernel.stats();
            if stats.accepted == before {
                return stats.accepted - stats.answered;
            }
            before = stats.accepted;
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_call_without_credits_is_not_run_and_one_that_runs_out_of_them_stops() {
    let none = Status(UnitError::OutOfCredits { needed: 0, limit: 0 }.code());
    for (most, paid) in [(0, None), (cost(1000) - 1, Some(0))] {
        let (books, config) = books(most);
        with_config(&config, |sections, _| {
            let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
            let sha256 = caller.method("hash", "sha256").unwrap();
            let mut out = [7; 100];
            let target = Target::Bytes(&mut out);
            let failed = caller.call(sha256, Input::Bytes(&[0; 1000]), b"", target);
            let Err(CallError::Failed { status, message }) = failed else { panic!("{failed:?}") };
            let needed = if most == 0 { 1 } else { cost(1000) };
            let expected = UnitError::OutOfCredits { needed, limit: most };
            assert_eq!((status, message), (none, expected.to_string()));
            assert_eq!(books.paid(), paid.into_iter().collect::<Vec<_>>());
        });
    }
}

#[test]
fn a_message_says_what_its_job_may_cost() {
    let (books, config) = books(0);
    with_config(&config, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let mut run = |credits| {
            let request = JobRequest {
                unit: "hash".into(),
                method: "sha256".into(),
                input: Resource { place: Place::Inline(vec![0; 1000]), ..Resource::default() },
                limits: Limits { credits, ..Limits::default() },
                ..JobRequest::default()
            };
            caller.run(&request)
        };
        let done = run(cost(1000)).unwrap();
        assert!(done.outcome.is_ok());
        assert_eq!((done.cost, books.paid()), (cost(1000), vec![cost(1000)]));
        for (credits, expected) in [(cost(1000) - 1, vec![0]), (0, vec![])] {
            let refused = run(credits).unwrap().outcome.unwrap_err();
            let needed = if credits == 0 { 1 } else { cost(1000) };
            let error = UnitError::OutOfCredits { needed, limit: credits };
            assert_eq!((refused.code, refused.message), (error.code(), error.to_string()));
            assert_eq!(books.paid(), expected);
        }
        assert_eq!(books.state.lock().unwrap().wanted, [cost(1000), cost(1000) - 1, 0]);
    });
}

#[test]
fn blocks_of_calls_without_credits_are_free() {
    let (_books, config) = books(0);
    with_config(&config, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut lane = Lane::new(sections);
        let code = UnitError::OutOfCredits { needed: 0, limit: 0 }.code();
        // Before the client knows, so each time.
        for id in 0..100 {
            let block = arena.allocate(100).unwrap();
            let input = PayloadRef::block(ARENA, block.hand_over());
            let output = PayloadRef::new_block(ARENA, 0);
            let call = Submission::execute(CallId(id), lane.hash, 1);
            assert_eq!(
                lane.status(Submission { input, block_len: 100, output, ..call }),
                Status(code)
            );
            assert_eq!(arena.stats().unwrap().block_count, 0);
        }
    });
}

#[test]
fn a_call_that_there_is_nobody_for_costs_nothing() {
    let (books, config) = books(1_000_000);
    with_config(&config.spare_threads(0), |sections, _| {
        let mut lane = Lane::new(sections);
        lane.client.write_buffer(0, &[3]).unwrap();
        let late = Submission::execute(CallId(1), lane.rogue, LATE);
        let late = Submission { input: PayloadRef::buffer(0, 1), timeout_ns: 1_000_000, ..late };
        assert_eq!(lane.status(late), Status::TIMED_OUT);
        let sha256 = Submission::execute(CallId(2), lane.hash, 1);
        assert_eq!(lane.status(sha256), Status::BUSY);
        assert_eq!(books.paid(), [0, 0]);
    });
}

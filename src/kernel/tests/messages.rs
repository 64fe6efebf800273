//! Jobs that come as messages.

use inos_units::job::{JobRequest, JobResult, Limits, MemoryRef, Place, Resource};

use super::*;

fn request(unit: &str, method: &str) -> JobRequest {
    JobRequest { id: 99, unit: unit.into(), method: method.into(), ..JobRequest::default() }
}

fn section(id: SectionId, length: u32) -> MemoryRef {
    MemoryRef { space: 1 << 31 | id.0, offset: 0, length }
}

/// Runs a job of a caller with a lane of its own.
fn run(sections: &Sections<'_, Cooperative>, request: &JobRequest) -> JobResult {
    Caller::open(sections, LANES, REGISTRY).unwrap().run(request).unwrap()
}

#[track_caller]
fn assert_failed(result: &JobResult, status: Status, message: &str) {
    let error = result.outcome.clone().unwrap_err();
    assert_eq!((result.id, error.code), (99, status.0), "{}", error.message);
    assert!(error.message.contains(message), "{}", error.message);
}

#[test]
fn a_result_comes_with_what_it_cost() {
    with_kernel(2, |sections, kernel| {
        let mut job = request("rogue", "pieces");
        job.input = Resource::inline((0..100).collect());
        let result = run(sections, &job);
        assert_eq!(result.outcome, Ok(Resource::inline((0..100).collect())));
        assert_eq!((result.id, result.bytes_in, result.bytes_out), (99, 100, 100));
        assert_eq!(result.bytes_copied, 200);
        assert!(result.ran > 0);

        // From shared memory to shared memory: the frame is written in place.
        job.input = Resource::memory(section(RAW, 64));
        job.output = section(FRAMES, 0);
        let result = run(sections, &job);
        let output = result.outcome.unwrap();
        assert_eq!((output.length, output.place), (64, Place::Memory(section(FRAMES, 64))));
        assert_eq!((result.bytes_in, result.bytes_out, result.bytes_copied), (64, 64, 64));
        // And on from there without a copy.
        job.input = Resource::memory(section(FRAMES, 0));
        let result = run(sections, &job);
        assert_eq!((result.bytes_in, result.bytes_out, result.bytes_copied), (64, 64, 0));
        assert_eq!(kernel.stats().failed, 0);
    });
}

#[test]
fn what_is_refused_says_why() {
    with_kernel(1, |sections, kernel| {
        let wait = request("rogue", "wait");
        assert_failed(&run(sections, &request("x", "y")), Status::NO_UNIT, "\"x\"");
        assert_failed(&run(sections, &request("rogue", "y")), Status::NO_METHOD, "\"y\"");
        let chunk = Resource { place: Place::Chunk, ..Resource::default() };
        let job = JobRequest { input: chunk, ..wait.clone() };
        assert_failed(&run(sections, &job), Status::UNSUPPORTED, "unsupported");
        let job = JobRequest { output: section(RAW, 4), ..wait.clone() };
        assert_failed(&run(sections, &job), Status::BAD_REFERENCE, "reference");
        let limits = Limits { timeout: 2_000_000, ..Limits::default() };
        let job = JobRequest { limits, ..wait };
        assert_failed(&run(sections, &job), Status::TIMED_OUT, "deadline");
        assert_failed(&run(sections, &request("rogue", "panic")), Status::UNIT_FAILED, "panick");
        assert_eq!(kernel.stats().failed, 6);
    });
}

#[test]
fn a_result_is_no_longer_than_was_asked_for() {
    with_kernel(1, |sections, _| {
        let mut job = request("rogue", "pieces");
        job.input = Resource::inline(vec![7; 100]);
        job.limits.result_length = 99;
        let result = run(sections, &job);
        assert_failed(&result, Status::TOO_SMALL, "99");
        let error = result.outcome.unwrap_err();
        assert_eq!(error.capacity, 99);
        assert!(error.needed > 99);
    });
}

#[test]
fn what_is_no_message_is_answered() {
    with_kernel(1, |sections, _| {
        let lanes = Lanes::open(sections, LANES).unwrap();
        let mut client = lanes.client().unwrap();
        let mut answer = |request: PayloadRef, result: PayloadRef| {
            let call = Submission::job(CallId(1), request, result);
            client.submit(&call, &Futex).unwrap();
            let answer = client.wait(&Futex, None).unwrap();
            let mut bytes = vec![0; answer.len as usize];
            client.read_buffer(result.offset, &mut bytes).unwrap();
            (answer.status, JobResult::decode(&bytes).ok())
        };
        // Zeros are no frame of a message; there is room to say so, or there is none.
        let (status, result) = answer(PayloadRef::buffer(0, 4), PayloadRef::buffer(512, 512));
        assert_eq!(status, Status(UnitError::BadInput { what: "" }.code()));
        assert_eq!(result.unwrap().outcome.unwrap_err().code, status.0);
        let (_, result) = answer(PayloadRef::buffer(0, 4), PayloadRef::buffer(512, 8));
        assert_eq!(result, None);
        for (from, to) in [
            (PayloadRef::none(), PayloadRef::buffer(0, 64)),
            (PayloadRef::buffer(0, 64), PayloadRef::none()),
            (PayloadRef::buffer(0, BUFFER_LEN + 4), PayloadRef::buffer(0, 64)),
            (PayloadRef::section(RAW, 0, 8), PayloadRef::buffer(0, 64)),
        ] {
            assert_eq!(answer(from, to), (Status::BAD_REFERENCE, None));
        }
        drop(client);
        // A request that leaves no room for an answer.
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let mut job = request("rogue", "pieces");
        job.input = Resource::inline(vec![0; BUFFER_LEN as usize]);
        let refused = caller.run(&job);
        assert!(matches!(refused, Err(CallError::Memory(Error::TooLarge { .. }))));
    });
}

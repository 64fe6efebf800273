//! Inputs and results in blocks of an arena.

use inos_units::job::{JobRequest, MemoryRef, Resource};

use super::*;

type Memory<'m> = Arena<'m, Cooperative>;

/// A block with these bytes, on its way.
fn send(arena: &mut Memory<'_>, bytes: &[u8]) -> BlockRef {
    let mut block = arena.allocate(bytes.len()).unwrap();
    block[..bytes.len()].copy_from_slice(bytes);
    BlockRef::hand_over(ARENA, block, bytes.len() as u32)
}

fn receive(arena: &Memory<'_>, block: BlockRef) -> Vec<u8> {
    arena.adopt(block.handle).unwrap()[..block.len as usize].to_vec()
}

/// A call with an input of these bytes in a block.
fn with_block(arena: &mut Memory<'_>, call: Submission, bytes: &[u8]) -> Submission {
    let block = send(arena, bytes);
    Submission { input: PayloadRef::block(ARENA, block.handle), block_len: block.len, ..call }
}

#[track_caller]
fn assert_all_free(arena: &Memory<'_>) {
    let stats = arena.stats().unwrap();
    assert_eq!((stats.used_len, stats.block_count), (0, 0));
}

fn digest(bytes: &[u8]) -> Vec<u8> {
    let mut out = VecOutput::new(32);
    let call = Call { input: bytes, params: b"" };
    Dispatcher::standard()
        .execute_named("hash", "sha256", call, &mut out, &Budget::unlimited())
        .unwrap();
    out.to_vec()
}

fn sha256(input: Resource, output: MemoryRef) -> JobRequest {
    JobRequest {
        unit: "hash".into(),
        method: "sha256".into(),
        input,
        output,
        ..JobRequest::default()
    }
}

#[test]
fn a_block_is_read_where_it_is_and_freed() {
    with_kernel(2, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut lane = Lane::new(sections);
        // A class of 72 bytes, and pages of their own.
        for len in [0, 70, 5000] {
            let bytes: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
            let call = Submission::execute(CallId(1), lane.hash, 1);
            let call = with_block(&mut arena, call, &bytes);
            let call = Submission { output: PayloadRef::buffer(0, 32), ..call };
            assert_eq!(lane.status(call), Status::OK);
            let mut out = [0; 32];
            lane.client.read_buffer(0, &mut out).unwrap();
            assert_eq!(out, *digest(&bytes));
            assert_all_free(&arena);
            // A handle is good for once.
            assert_eq!(lane.status(call), Status::BAD_REFERENCE);
            assert!(arena.adopt(call.input.handle()).is_err());
        }
    });
}

#[test]
fn a_block_goes_with_its_call_however_that_ends() {
    with_kernel(1, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut lane = Lane::new(sections);
        let (rogue, hash) = (lane.rogue, lane.hash);
        let call = |unit, method| Submission::execute(CallId(5), unit, method);
        let (sha256, wait) = (call(hash, 1), call(rogue, WAIT));
        for (expected, wrong) in [
            (Status::UNSUPPORTED, Submission { flags: 8, ..sha256 }),
            (Status::NO_UNIT, call(UnitId::new(77, 1), 0)),
            (Status::NO_METHOD, call(hash, 99)),
            (Status::BAD_REFERENCE, Submission { params: PayloadRef::buffer(2, 4), ..sha256 }),
            (
                Status::BAD_REFERENCE,
                Submission { output: PayloadRef::buffer(0, u32::MAX), ..sha256 },
            ),
            (Status::TOO_SMALL, sha256),
            (Status::UNIT_FAILED, call(rogue, PANIC)),
            (Status::TIMED_OUT, Submission { timeout_ns: 2_000_000, ..wait }),
        ] {
            let wrong = with_block(&mut arena, wrong, b"abc");
            assert_eq!(lane.status(wrong), expected, "{wrong:?}");
            assert_all_free(&arena);
        }
        let long = with_block(&mut arena, sha256, b"abc");
        let long = Submission { block_len: 65, ..long };
        assert_eq!(lane.status(long), Status::BAD_REFERENCE);
        assert_all_free(&arena);
        // Not of this kernel, so not the kernel's to free.
        let call = with_block(&mut arena, sha256, b"abc");
        let other = PayloadRef::block(RAW, call.input.handle());
        assert_eq!(lane.status(Submission { input: other, ..call }), Status::BAD_REFERENCE);
        drop(arena.adopt(call.input.handle()).unwrap());

        // One that runs, and three that wait: cancelled, out of time, at the end.
        lane.submit(Submission { call_id: CallId(1), ..with_block(&mut arena, wait, b"1") });
        for id in [2, 3] {
            lane.submit(Submission { call_id: CallId(id), ..with_block(&mut arena, wait, b"2") });
        }
        let short = Submission { call_id: CallId(4), timeout_ns: 20_000_000, ..wait };
        lane.submit(with_block(&mut arena, short, b"3"));
        lane.submit(Submission::cancel(CallId(6), CallId(2)));
        let mut answers = [(); 3].map(|()| lane.answer()).map(|it| (it.call_id.0, it.status));
        answers.sort_unstable_by_key(|&(id, _)| id);
        let ended = [(2, Status::CANCELLED), (4, Status::TIMED_OUT), (6, Status::OK)];
        assert_eq!(answers, ended);
        assert_eq!(arena.stats().unwrap().block_count, 2);
    });
}

#[test]
fn at_the_end_no_block_is_left() {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let mut arena = Arena::open(&sections, ARENA).unwrap();
    let mut lanes = Vec::new();
    Kernel::run(&sections, &dispatcher(), &config(1), |_| {
        for _ in 0..2 {
            let mut lane = Lane::new(&sections);
            for id in 0..4 {
                let call = Submission::execute(CallId(id), lane.rogue, WAIT);
                lane.submit(with_block(&mut arena, call, b"abc"));
            }
            let message = sha256(send(&mut arena, b"abc").resource(), MemoryRef::default());
            let bytes = message.encode();
            let reference = PayloadRef::buffer(0, bytes.len() as u32);
            lane.client.write_buffer(0, &bytes).unwrap();
            // The second time the block is gone already.
            for id in 4..6 {
                lane.submit(Submission::job(CallId(id), reference, PayloadRef::buffer(2048, 512)));
            }
            lanes.push(lane);
        }
    })
    .unwrap();
    for mut lane in lanes {
        for _ in 0..6 {
            let status = lane.client.poll(&Futex).unwrap().unwrap().status;
            assert!([Status::SHUT_DOWN, Status::BAD_REFERENCE].contains(&status), "{status}");
        }
    }
    assert_all_free(&arena);
}

#[test]
fn a_refused_job_frees_its_block() {
    with_kernel(1, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let good = sha256(Resource::default(), BlockRef::output(ARENA, 0));
        let unit = JobRequest { unit: "x".into(), ..good.clone() };
        let method = JobRequest { method: "x".into(), ..good.clone() };
        let space = MemoryRef { space: 77, ..MemoryRef::default() };
        let output = JobRequest { output: space, ..good.clone() };
        let small = JobRequest { output: BlockRef::output(ARENA, 31), ..good.clone() };
        for (expected, mut job) in [
            (Status::NO_UNIT, unit),
            (Status::NO_METHOD, method),
            (Status::BAD_REFERENCE, output),
            (Status::TOO_SMALL, small),
        ] {
            job.input = send(&mut arena, b"abc").resource();
            let error = caller.run(&job).unwrap().outcome.unwrap_err();
            assert_eq!(error.code, expected.0, "{}", error.message);
            assert_all_free(&arena);
        }
        // Longer than the block.
        let input = BlockRef { len: 65, ..send(&mut arena, b"abc") }.resource();
        let error = caller.run(&JobRequest { input, ..good }).unwrap().outcome.unwrap_err();
        assert_eq!(error.code, Status::BAD_REFERENCE.0);
        assert_all_free(&arena);
        drop(caller);

        // A job whose answer finds no room: nobody would know of the block.
        let mut lane = Lane::new(sections);
        let job = sha256(Resource::inline(b"abc".to_vec()), BlockRef::output(ARENA, 0)).encode();
        lane.client.write_buffer(0, &job).unwrap();
        let message = PayloadRef::buffer(0, job.len() as u32);
        let call = Submission::job(CallId(1), message, PayloadRef::buffer(2048, 8));
        assert_eq!(lane.status(call), Status::TOO_SMALL);
        assert_all_free(&arena);
        // One whose answer may not go where it is to go.
        let input = send(&mut arena, b"abc").resource();
        let job = sha256(input, MemoryRef::default()).encode();
        lane.client.write_buffer(0, &job).unwrap();
        let message = PayloadRef::buffer(0, job.len() as u32);
        let call = Submission::job(CallId(1), message, PayloadRef::none());
        assert_eq!(lane.status(call), Status::BAD_REFERENCE);
        assert_all_free(&arena);
    });
}

#[test]
fn a_result_lies_in_a_block_that_fits() {
    with_kernel(1, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let pieces = caller.method("rogue", "pieces").unwrap();
        let input: Vec<u8> = (0..999).map(|index| (index % 251) as u8).collect();
        // What was in the arena before.
        arena.allocate(1 << 14).unwrap().fill(9);
        let done = caller.call(pieces, Input::Bytes(&input), b"", Target::Block(ARENA)).unwrap();
        assert_eq!(done.len, 999);
        // It may have had any length, so its block had all that a result may have.
        assert_eq!(arena.stats().unwrap().used_len, 1 << 12);
        assert_eq!(receive(&arena, BlockRef::of_answer(ARENA, &done)), input);

        // A unit that says it wrote what it did not.
        let lie = caller.method("rogue", "lie").unwrap();
        let done = caller.call(lie, Input::None, b"", Target::Block(ARENA)).unwrap();
        assert_eq!(done.len, 0);
        assert_eq!(receive(&arena, BlockRef::of_answer(ARENA, &done)), b"");
        assert_all_free(&arena);

        // Moved: that is told. Limited: then it is not.
        let mut job = sha256(Resource::inline(vec![7; 600]), BlockRef::output(ARENA, 0));
        (job.unit, job.method) = ("rogue".into(), "pieces".into());
        let copied = |limit, caller: &mut Caller<'_>| {
            let result =
                caller.run(&JobRequest { output: BlockRef::output(ARENA, limit), ..job.clone() });
            let result = result.unwrap();
            let block = BlockRef::of_resource(&result.outcome.unwrap()).unwrap();
            assert_eq!(receive(&arena, block), [7; 600]);
            (result.bytes_out, result.bytes_copied)
        };
        assert_eq!(copied(0, &mut caller), (600, 1200));
        assert_eq!(copied(700, &mut caller), (600, 600));
        assert_all_free(&arena);
    });
}

#[test]
fn an_arena_without_room_is_a_status() {
    with_kernel(1, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let sha256 = caller.method("hash", "sha256").unwrap();
        let all = arena.allocate(1 << 16).unwrap();
        let failed = caller.call(sha256, Input::None, b"", Target::Block(ARENA)).unwrap_err();
        assert!(matches!(failed, CallError::Failed { status: Status::BUSY, .. }), "{failed}");
        drop(all);
        let done = caller.call(sha256, Input::None, b"", Target::Block(ARENA)).unwrap();
        assert_eq!(receive(&arena, BlockRef::of_answer(ARENA, &done)), digest(b""));
        assert_all_free(&arena);
    });
    // A bound that no arena of this size has room for, ever.
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let config = config(1).max_block_len(1 << 20);
    Kernel::run(&sections, &dispatcher(), &config, |_| {
        let mut caller = Caller::open(&sections, LANES, REGISTRY).unwrap();
        let mut job =
            JobRequest { unit: "rogue".into(), method: "pieces".into(), ..JobRequest::default() };
        job.output = BlockRef::output(ARENA, 0);
        let error = caller.run(&job).unwrap().outcome.unwrap_err();
        assert_eq!(error.code, Status::TOO_SMALL.0);
        assert_eq!((error.needed, error.capacity), (1 << 20, 1 << 16));
    })
    .unwrap();
}

#[test]
fn jobs_hand_on_their_results_without_a_copy() {
    with_kernel(2, |sections, _| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let block = send(&mut arena, b"abc");
        let first = caller.run(&sha256(block.resource(), BlockRef::output(ARENA, 0))).unwrap();
        assert_eq!((first.bytes_in, first.bytes_out, first.bytes_copied), (3, 32, 0));
        let between = first.outcome.unwrap();
        let job = sha256(between.clone(), BlockRef::output(ARENA, 0));
        let second = caller.run(&job).unwrap();
        assert_eq!((second.bytes_in, second.bytes_out, second.bytes_copied), (32, 32, 0));
        let block = BlockRef::of_resource(&second.outcome.unwrap()).unwrap();
        assert_eq!(receive(&arena, block), digest(&digest(b"abc")));
        assert_all_free(&arena);
        // What is between was used.
        let again = caller.run(&sha256(between, MemoryRef::default())).unwrap();
        assert_eq!(again.outcome.unwrap_err().code, Status::BAD_REFERENCE.0);

        // From a block into a frame, and from there into a block.
        let pieces = caller.method("rogue", "pieces").unwrap();
        let block = send(&mut arena, b"abcd");
        caller.call(pieces, Input::Block(block), b"", Target::Section(FRAMES)).unwrap();
        let done = caller.call(pieces, Input::Section(FRAMES), b"", Target::Block(ARENA)).unwrap();
        assert_eq!(receive(&arena, BlockRef::of_answer(ARENA, &done)), b"abcd");
    });
}

#[test]
fn what_a_client_leaves_is_freed() {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let guards = memory.guards();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let join = |label| sections.join(PARTIES, &guards, label).unwrap();
    let host = join("kernel");
    Kernel::run(&host.sections(), &dispatcher(), &config(1), |kernel| {
        let arena = Arena::open(&sections, ARENA).unwrap();
        // It never adopts its result.
        let client = join("client");
        let mut caller = Caller::open(&client.sections(), LANES, REGISTRY).unwrap();
        let sha256 = caller.method("hash", "sha256").unwrap();
        let done = caller.call(sha256, Input::None, b"", Target::Block(ARENA)).unwrap();
        assert_eq!(arena.stats().unwrap().handed_count, 1);
        drop(caller);
        assert_eq!(arena.stats().unwrap().handed_count, 1);
        drop(client);
        assert_all_free(&arena);
        assert!(arena.adopt(Handle::from_value(done.value)).is_err());

        // It is gone when the answer is given; with a party, and without one.
        for is_party in [true, false] {
            let answered = kernel.stats().answered;
            let client = is_party.then(|| join("client"));
            let own = client.as_ref().map_or_else(|| sections.clone(), |it| it.sections());
            let mut lane = Lane::new(&own);
            lane.client.write_buffer(0, &[5]).unwrap();
            let call = Submission::execute(CallId(1), lane.rogue, LATE);
            let input = PayloadRef::buffer(0, 1);
            lane.submit(Submission { input, output: PayloadRef::new_block(ARENA, 64), ..call });
            let end = Instant::now() + Duration::from_secs(20);
            while arena.stats().unwrap().block_count == 0 {
                assert!(Instant::now() < end, "it did not begin");
                thread::sleep(Duration::from_millis(1));
            }
            drop(lane);
            drop(client);
            while kernel.stats().answered == answered {
                assert!(Instant::now() < end, "it did not end");
                thread::sleep(Duration::from_millis(1));
            }
            assert_all_free(&arena);
        }
    })
    .unwrap();
}

#[test]
fn a_caller_frees_the_block_of_a_call_that_it_gave_up() {
    // The kernel goes on waiting.
    with_config(&config(1).grace(Duration::from_secs(60)), |sections, _| {
        let arena = Arena::open(sections, ARENA).unwrap();
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let late = caller.method("rogue", "late").unwrap();
        caller.set_timeout(Some(Duration::from_millis(100)));
        let given_up = caller.call(late, Input::Bytes(&[23]), b"", Target::Block(ARENA));
        assert_eq!(given_up, Err(CallError::Memory(Error::TimedOut)));
        caller.set_timeout(None);
        let done = caller.call(late, Input::Bytes(&[0]), b"", Target::Block(ARENA)).unwrap();
        assert_eq!(arena.stats().unwrap().block_count, 1);
        assert_eq!(receive(&arena, BlockRef::of_answer(ARENA, &done)), b"late");
    });
}

/// Whatever a call refers to, it is answered once, and the blocks that it did not name are whole.
#[test]
fn any_reference_is_answered_and_nothing_is_lost() {
    with_kernel(2, |sections, kernel| {
        let mut arena = Arena::open(sections, ARENA).unwrap();
        let mut lane = Lane::new(sections);
        let mut kept = arena.allocate(100).unwrap();
        kept.fill(5);
        let mut state = 0x1505_u64;
        let mut random = |count: u32| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 33) as u32 % count
        };
        let mut old = Handle { offset: 0, generation: 0 };
        for _ in 0..2000 {
            let sent = send(&mut arena, b"some bytes").handle;
            let handle = match random(4) {
                0 => old,
                1 => Handle { offset: random(1 << 16), generation: random(1 << 10) },
                _ => sent,
            };
            let spaces = [0, 1, 2, 1 << 30 | ARENA.0, 1 << 30 | RAW.0, 1 << 31 | ARENA.0, u32::MAX];
            let mut any = |len| PayloadRef {
                space: spaces[random(7) as usize],
                offset: [0, 4, 7, u32::MAX][random(4) as usize],
                len,
            };
            let call = Submission {
                input: PayloadRef { space: any(0).space, ..PayloadRef::block(ARENA, handle) },
                params: any(4),
                output: any(40),
                block_len: random(100),
                ..Submission::execute(CallId(1), lane.hash, 1)
            };
            lane.submit(call);
            let answer = lane.answer();
            if call.output.space() == Some(Space::Block(ARENA)) && answer.status.is_ok() {
                let block = arena.adopt(Handle::from_value(answer.value)).unwrap();
                assert_eq!((answer.len, block.len()), (32, 64));
            }
            // Still ours if the call was not about it.
            drop(arena.adopt(sent));
            assert_eq!(arena.stats().unwrap().block_count, 1);
            old = sent;
        }
        assert_eq!(kernel.stats().answered, 2000);
        assert!(kernel.stats().failed < 2000 && kernel.stats().failed > 1000);
        assert!(kept.iter().all(|&byte| byte == 5));
    });
}

//! A kernel with real units and one of ours, from the clients' side.

mod blocks;
mod messages;
mod meter;
#[cfg(all(feature = "compress", feature = "crypto"))]
mod resources;
mod supervision;

use super::*;
use crate::block::BlockRef;
use crate::client::{CallError, Caller, Input, Target};
use crate::memory::{HeapMemory, ThreadGuards};
use inos_core::{
    Arena, ArenaConfig, CallId, EpochTable, EpochsConfig, Handle, LanesConfig, Layout, LogConfig,
    Mode, Opcode, PartiesConfig, PayloadRef, PingPong, PingPongConfig, SectionId, Space, Status,
    Submission, UnitId, UnitRegistry,
};
use inos_units::{
    Budget, Call, Method, Output, Part, Plan, Unit, UnitError, UnitInfo, VecOutput, Version,
};
use std::collections::HashSet;
use std::ops::Range;
use std::time::{Duration, Instant};

const EPOCHS: SectionId = SectionId(1);
const FRAMES: SectionId = SectionId(2);
const OBSERVED: SectionId = SectionId(3);
const LANES: SectionId = SectionId(4);
const REGISTRY: SectionId = SectionId(5);
const RAW: SectionId = SectionId(6);
const ARENA: SectionId = SectionId(7);
const PARTIES: SectionId = SectionId(8);
const HISTORY: SectionId = SectionId(9);
const COUNTERS: SectionId = SectionId(10);
const BUFFER_LEN: u32 = 4096;

const WAIT: u16 = 0;
const PANIC: u16 = 1;
const PIECES: u16 = 2;
const LIE: u16 = 3;
const LATE: u16 = 4;
const STUCK: u16 = 5;

/// A unit whose methods do what units should not.
struct Rogue;

static INFO: UnitInfo = UnitInfo {
    name: "rogue",
    version: Version { major: 1, minor: 2, patch: 3 },
    summary: "",
    methods: &[
        Method::named("wait"),
        Method::named("panic"),
        Method::named("pieces"),
        Method::named("lie"),
        Method::named("late"),
        Method::named("stuck"),
    ],
};

impl Unit for Rogue {
    fn info(&self) -> &'static UnitInfo {
        &INFO
    }

    fn execute(
        &self,
        method: u16,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError> {
        match method {
            WAIT => loop {
                budget.check()?;
                thread::sleep(Duration::from_millis(1));
            },
            PANIC => panic!("a bug in a unit"),
            PIECES => {
                // In pieces of odd lengths: 1, 2, 3 and so on.
                let (mut at, mut len) = (0, 1);
                while at < call.input.len() {
                    let end = (at + len).min(call.input.len());
                    out.write(at, &call.input[at..end])?;
                    (at, len) = (end, len + 1);
                }
                Ok(at)
            }
            LIE => Ok(out.capacity()),
            LATE => {
                // As many tenths of a second as the input says, whatever anybody wants.
                let tenths = call.input.first().copied().unwrap_or(0);
                thread::sleep(Duration::from_millis(u64::from(tenths) * 100));
                out.write(0, b"late")?;
                Ok(4)
            }
            id => Err(UnitError::UnknownId { id: id.into() }),
        }
    }

    fn bound(&self, _: u16, _: Call<'_>) -> Result<usize, UnitError> {
        Ok(usize::MAX)
    }

    fn plan(
        &self,
        method: u16,
        call: Call<'_>,
        _: &Budget,
    ) -> Result<Option<Box<dyn Plan>>, UnitError> {
        let tenths = call.input.first().copied().unwrap_or(0);
        Ok((method == STUCK).then(|| Box::new(Stuck(tenths)) as Box<dyn Plan>))
    }
}

/// Two pieces that take so many tenths of a second, whatever anybody wants.
struct Stuck(u8);

impl Plan for Stuck {
    fn item_count(&self) -> usize {
        2
    }

    fn run(&self, _: Range<usize>, _: &Budget) -> Result<Part, UnitError> {
        thread::sleep(Duration::from_millis(u64::from(self.0) * 100));
        Ok(Part::new())
    }

    fn merge(&self, _: Vec<Part>, _: &mut dyn Output) -> Result<usize, UnitError> {
        Ok(0)
    }
}

fn dispatcher() -> Dispatcher {
    let mut dispatcher = Dispatcher::standard();
    dispatcher.register(Box::new(Rogue)).unwrap();
    dispatcher
}

fn config(threads: usize) -> KernelConfig {
    KernelConfig::new(LANES, REGISTRY)
        .threads(threads)
        .publish(FRAMES, EPOCHS, 0)
        .publish(OBSERVED, EPOCHS, 1)
        .arena(ARENA)
        .max_block_len(1 << 14)
        .max_opened_len(1 << 16)
}

fn layout() -> Layout {
    let frames = |mode| PingPongConfig { slots: 3, seats: 1, frame_len: 1 << 16, mode };
    Layout::builder()
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .ping_pong(FRAMES, "frames", frames(Mode::Pinned))
        .ping_pong(OBSERVED, "observed", frames(Mode::Observed))
        .lanes(LANES, "lanes", LanesConfig { lanes: 6, entries: 8, buffer_len: BUFFER_LEN })
        .registry(REGISTRY, "units", Kernel::registry_config(&Dispatcher::standard()))
        .raw(RAW, "raw", 64)
        .arena(ARENA, "arena", ArenaConfig { page_len: 1 << 12, pages: 16 })
        .parties(PARTIES, "parties", PartiesConfig::of::<ThreadGuards>(4))
        .log(HISTORY, "history", LogConfig { capacity: 16, text_len: JobRecord::TEXT_LEN })
        .counters(COUNTERS, "counters", Kernel::counters_config(&dispatcher()))
        .build()
        .unwrap()
}

/// Runs `body` beside a kernel.
fn with_kernel<R>(
    threads: usize,
    body: impl FnOnce(&Sections<'_, Cooperative>, &Kernel<'_>) -> R,
) -> R {
    with_config(&config(threads), body)
}

fn with_config<R>(
    config: &KernelConfig,
    body: impl FnOnce(&Sections<'_, Cooperative>, &Kernel<'_>) -> R,
) -> R {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    Kernel::run(&sections, &dispatcher(), config, |kernel| body(&sections, kernel)).unwrap()
}

struct Lane<'m> {
    client: inos_core::Client<'m, Cooperative>,
    rogue: UnitId,
    hash: UnitId,
}

impl<'m> Lane<'m> {
    fn new(sections: &Sections<'m, Cooperative>) -> Self {
        let registry = UnitRegistry::open(sections, REGISTRY).unwrap();
        Self {
            client: Lanes::open(sections, LANES).unwrap().client().unwrap(),
            rogue: registry.find("rogue").unwrap(),
            hash: registry.find("hash").unwrap(),
        }
    }

    fn submit(&mut self, call: Submission) {
        self.client.submit(&call, &Futex).unwrap();
    }

    fn answer(&mut self) -> Completion {
        self.client.wait(&Futex, Some(Duration::from_secs(20))).unwrap()
    }

    fn status(&mut self, call: Submission) -> Status {
        self.submit(call);
        let answer = self.answer();
        assert_eq!(answer.call_id, call.call_id);
        assert!(answer.elapsed_ns > 0);
        answer.status
    }
}

#[test]
fn each_call_of_four_clients_is_answered_once() {
    const CALLS: u32 = 200;
    let stats = with_kernel(3, |sections, kernel| {
        thread::scope(|scope| {
            for seed in 0..4_u8 {
                scope.spawn(move || {
                    let mut lane = Lane::new(sections);
                    let input = [seed; 1000];
                    lane.client.write_buffer(0, &input).unwrap();
                    let mut open = HashSet::new();
                    let mut done = 0;
                    let mut next = 0;
                    while done < CALLS {
                        // As many in flight as the lane takes: each writes to its own place.
                        while next < CALLS && open.len() < 8 {
                            let place = 1024 + next % 64 * 32;
                            let call = Submission {
                                input: PayloadRef::buffer(0, 1000),
                                output: PayloadRef::buffer(place, 32),
                                ..Submission::execute(CallId(next), lane.hash, 1)
                            };
                            lane.submit(call);
                            open.insert(next);
                            next += 1;
                        }
                        let answer = lane.answer();
                        assert_eq!((answer.status, answer.len), (Status::OK, 32));
                        assert!(open.remove(&answer.call_id.0), "answered once");
                        done += 1;
                    }
                    assert_eq!(lane.client.poll(&Futex), Ok(None));
                    let mut expected = VecOutput::new(32);
                    let call = Call { input: &input, params: b"" };
                    let units = Dispatcher::standard();
                    units
                        .execute_named("hash", "sha256", call, &mut expected, &Budget::unlimited())
                        .unwrap();
                    for place in 0..64 {
                        let mut digest = [0; 32];
                        lane.client.read_buffer(1024 + place * 32, &mut digest).unwrap();
                        assert_eq!(digest, expected.as_bytes());
                    }
                });
            }
        });
        kernel.stats()
    });
    let expected = u64::from(4 * CALLS);
    assert_eq!(
        (stats.accepted, stats.answered, stats.failed, stats.lost),
        (expected, expected, 0, 0)
    );
}

/// The digest of a flock after some steps, and how often its epoch moved.
fn fly(threads: usize, section: SectionId) -> [u8; 32] {
    with_kernel(threads, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let epochs = EpochTable::open(sections, EPOCHS).unwrap();
        let index = u32::from(section == OBSERVED);
        let mut watcher = epochs.watcher(index).unwrap();
        let init = caller.method("boids", "init").unwrap();
        let params = br#"{"count": 1000, "seed": 7}"#;
        let made = caller.call(init, Input::None, params, Target::Section(section)).unwrap();
        assert_eq!(made.value, 1);
        let step = caller.method("boids", "step").unwrap();
        for version in 2..22 {
            let (from, to) = (Input::Section(section), Target::Section(section));
            let done = caller.call(step, from, b"", to).unwrap();
            assert_eq!((done.value, done.len), (version, made.len));
        }
        assert_eq!(watcher.changed(), Some(21));
        let blake3 = caller.method("hash", "blake3").unwrap();
        let mut digest = [0; 32];
        let target = Target::Bytes(&mut digest);
        caller.call(blake3, Input::Section(section), b"", target).unwrap();

        // What readers see is what the kernel read.
        let view = PingPong::open(sections, section).unwrap();
        let mut seen = vec![0_u32; 1 << 14];
        let bytes: Vec<u8> = if section == OBSERVED {
            let mut copy = vec![0; 1 << 16];
            let got = view.observer().unwrap().copy(&mut copy, 8).unwrap();
            copy.truncate(got.len);
            copy
        } else {
            view.reader().unwrap().front().unwrap().to_vec()
        };
        assert_eq!(bytes.len(), made.len as usize);
        for (word, bytes) in seen.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_ne_bytes(bytes.try_into().unwrap());
        }
        assert_eq!(seen[0], inos_units::boids::MAGIC);
        let mut expected = VecOutput::new(32);
        Dispatcher::standard()
            .execute_named(
                "hash",
                "blake3",
                Call { input: &bytes, params: b"" },
                &mut expected,
                &Budget::unlimited(),
            )
            .unwrap();
        assert_eq!(digest, expected.as_bytes());
        digest
    })
}

#[test]
fn a_flock_has_the_same_bytes_on_any_number_of_threads_in_either_mode() {
    let one = fly(1, FRAMES);
    assert_eq!(fly(2, FRAMES), one);
    assert_eq!(fly(3, FRAMES), one);
    assert_eq!(fly(3, OBSERVED), one);
}

#[test]
fn what_is_wrong_with_a_call_is_its_status() {
    with_kernel(2, |sections, kernel| {
        let mut lane = Lane::new(sections);
        let (rogue, hash) = (lane.rogue, lane.hash);
        let call = |unit, method| Submission::execute(CallId(5), unit, method);
        let none = UnitId::new(77, 1);
        let stale = UnitId::new(hash.index(), hash.generation().wrapping_add(1));
        let sha256 = call(hash, 1);
        let frame = PayloadRef::section(FRAMES, 0, 0);

        assert_eq!(lane.status(Submission::noop(CallId(5))), Status::OK);
        for (expected, wrong) in [
            (Status::UNSUPPORTED, Submission { opcode: 3, ..sha256 }),
            (Status::UNSUPPORTED, Submission { flags: 8, ..sha256 }),
            (Status::NO_METHOD, call(hash, 99).with_priority(7)),
            (Status::NO_UNIT, call(none, 0)),
            (Status::NO_UNIT, call(stale, 0)),
            (Status::NO_METHOD, call(hash, 99)),
            (Status::BAD_REFERENCE, Submission { input: PayloadRef::buffer(0, 4097), ..sha256 }),
            (
                Status::BAD_REFERENCE,
                Submission { input: PayloadRef::section(LANES, 0, 0), ..sha256 },
            ),
            (
                Status::BAD_REFERENCE,
                Submission { output: PayloadRef::section(RAW, 0, 32), ..sha256 },
            ),
            // There is no frame yet, so no part of one.
            (
                Status::BAD_REFERENCE,
                Submission { input: PayloadRef::section(FRAMES, 0, 4), ..sha256 },
            ),
            // No place for the result.
            (Status::TOO_SMALL, sha256),
            (
                Status::TOO_SMALL,
                Submission { output: PayloadRef::section(FRAMES, 0, 31), ..sha256 },
            ),
            (Status::UNIT_FAILED, call(rogue, PANIC)),
            (Status::UNIT_FAILED, Submission { input: frame, output: frame, ..call(rogue, PANIC) }),
            (Status::NO_CALL, Submission::cancel(CallId(5), CallId(1))),
        ] {
            assert_eq!(lane.status(wrong), expected, "{wrong:?}");
        }
        assert_eq!(Opcode::from_raw(3), None);
        assert!(kernel.stats().failed >= 15);

        // None of them has published a frame, and all the kernel still works.
        let view = PingPong::open(sections, FRAMES).unwrap();
        assert!(view.reader().unwrap().front().is_err());
        let input = PayloadRef::section(RAW, 0, 64);
        let good = Submission { input, output: PayloadRef::buffer(0, 32), ..sha256 };
        assert_eq!(lane.status(good), Status::OK);
        assert_eq!(lane.status(Submission { output: frame, ..sha256 }), Status::OK);
        assert_eq!(view.reader().unwrap().front().unwrap().len(), 32);
        assert_eq!(
            lane.status(Submission { input: PayloadRef::section(FRAMES, 4, 29), ..sha256 }),
            Status::BAD_REFERENCE
        );
    });
}

#[test]
fn a_failed_call_leaves_its_message_in_the_buffer() {
    with_kernel(1, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let blake3 = caller.method("hash", "blake3").unwrap();
        let mut out = [0; 200];
        let params = br#"{"colour": 1}"#;
        let unknown = UnitError::UnknownParam { name: "colour".into() };
        let failed = caller.call(blake3, Input::Bytes(b"x"), params, Target::Bytes(&mut out));
        let status = Status(unknown.code());
        assert_eq!(failed, Err(CallError::Failed { status, message: unknown.to_string() }));
        let failed = caller.call(blake3, Input::None, params, Target::Bytes(&mut out[..8]));
        let message = unknown.to_string()[..8].to_owned();
        assert_eq!(failed, Err(CallError::Failed { status, message }));

        assert_eq!(caller.method("hash", "md5"), Err(Error::NoMethod));
        assert_eq!(caller.method("magic", "blake3"), Err(Error::NoUnit));
        let large = vec![0; BUFFER_LEN as usize + 1];
        assert!(matches!(
            caller.call(blake3, Input::Bytes(&large), b"", Target::None),
            Err(CallError::Memory(Error::TooLarge { .. }))
        ));
    });
}

#[test]
fn a_result_may_come_in_pieces_of_any_length() {
    with_kernel(1, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let pieces = caller.method("rogue", "pieces").unwrap();
        let input: Vec<u8> = (0..999).map(|index| (index % 251) as u8).collect();
        for section in [FRAMES, OBSERVED] {
            caller.call(pieces, Input::Bytes(&input), b"", Target::Section(section)).unwrap();
            let mut back = vec![0; input.len()];
            let target = Target::Bytes(&mut back);
            caller.call(pieces, Input::Section(section), b"", target).unwrap();
            assert_eq!(back, input);
        }
        // A unit that says it wrote what it did not: nothing of another call comes to light.
        let lie = caller.method("rogue", "lie").unwrap();
        let mut out = [7; 16];
        let done = caller.call(lie, Input::None, b"", Target::Bytes(&mut out)).unwrap();
        assert_eq!((done.len, out), (0, [7; 16]));
    });
}

#[test]
fn calls_are_cancelled_and_time_out_whether_they_wait_or_run() {
    with_kernel(1, |sections, _| {
        let mut lane = Lane::new(sections);
        let wait = |id| Submission::execute(CallId(id), UnitId::from_raw(0), WAIT);
        let wait = |id| Submission { unit: lane.rogue, ..wait(id) };
        let [running, waiting, other] = [wait(1), wait(2), wait(3)];
        lane.submit(running);
        lane.submit(waiting);
        lane.submit(Submission { timeout_ns: 20_000_000, ..other });
        // The one that waits is cancelled at once, though the only worker is busy.
        lane.submit(Submission::cancel(CallId(4), CallId(2)));
        let answers =
            [lane.answer(), lane.answer()].map(|answer| (answer.call_id.0, answer.status));
        assert_eq!(answers, [(2, Status::CANCELLED), (4, Status::OK)]);
        // So is the one whose time is over.
        let answer = lane.answer();
        assert_eq!((answer.call_id.0, answer.status), (3, Status::TIMED_OUT));
        assert!(answer.elapsed_ns >= 20_000_000);

        lane.submit(Submission::cancel(CallId(5), CallId(1)));
        let mut answers = [lane.answer(), lane.answer()].map(|it| (it.call_id.0, it.status));
        answers.sort_unstable_by_key(|&(id, _)| id);
        assert_eq!(answers, [(1, Status::CANCELLED), (5, Status::OK)]);

        let timed = Submission { timeout_ns: 5_000_000, ..running };
        assert_eq!(lane.status(timed), Status::TIMED_OUT);
        // Another lane's calls are none of ours.
        let mut stranger = Lane::new(sections);
        lane.submit(running);
        assert_eq!(stranger.status(Submission::cancel(CallId(9), CallId(1))), Status::NO_CALL);
    });
}

#[test]
fn a_caller_gets_over_a_call_that_timed_out() {
    with_kernel(1, |sections, _| {
        let mut caller = Caller::open(sections, LANES, REGISTRY).unwrap();
        let wait = caller.method("rogue", "wait").unwrap();
        caller.set_timeout(Some(Duration::from_millis(10)));
        let failed = caller.call(wait, Input::None, b"", Target::None).unwrap_err();
        assert!(matches!(failed, CallError::Failed { status: Status::TIMED_OUT, .. }));
        caller.set_timeout(None);
        let sha256 = caller.method("hash", "sha256").unwrap();
        let mut digest = [0; 32];
        let target = Target::Bytes(&mut digest);
        assert_eq!(caller.call(sha256, Input::None, b"", target).unwrap().len, 32);
    });
}

#[test]
fn calls_on_one_section_run_in_the_order_of_their_submission() {
    with_kernel(3, |sections, _| {
        let mut lane = Lane::new(sections);
        let frame = PayloadRef::section(FRAMES, 0, 0);
        // The first blocks the section, so the others queue up behind it.
        let rogue = lane.rogue;
        let wait = Submission { output: frame, ..Submission::execute(CallId(1), rogue, WAIT) };
        lane.submit(wait);
        for id in 2..7 {
            let call = Submission::execute(CallId(id), lane.hash, 1);
            lane.submit(Submission { input: frame, output: frame, ..call });
        }
        // One that is not on the section goes ahead.
        let free = Submission::execute(CallId(7), lane.hash, 1);
        lane.submit(Submission { output: PayloadRef::buffer(0, 32), ..free });
        assert_eq!(lane.answer().call_id, CallId(7));
        lane.submit(Submission::cancel(CallId(8), CallId(1)));
        let mut versions = Vec::new();
        for _ in 0..7 {
            let answer = lane.answer();
            if answer.value > 0 {
                versions.push((answer.call_id.0, answer.value));
            }
        }
        versions.sort_unstable();
        assert_eq!(versions, [(2, 1), (3, 2), (4, 3), (5, 4), (6, 5)]);
    });
}

#[test]
fn at_the_end_every_call_is_answered_and_every_role_free() {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let units = dispatcher();
    for all_lanes in [false, true] {
        let mut lanes = Vec::new();
        Kernel::run(&sections, &units, &config(2), |_| {
            let count = if all_lanes { 6 } else { 3 };
            for _ in 0..count {
                let mut lane = Lane::new(&sections);
                for id in 0..8 {
                    lane.submit(Submission::execute(CallId(id), lane.rogue, WAIT));
                }
                lanes.push(lane);
            }
            let taken = Kernel::run(&sections, &units, &config(1), |_| ()).unwrap_err();
            assert!(matches!(taken, KernelError::Section { id: FRAMES, source: Error::RoleHeld }));
        })
        .unwrap();
        for lane in &mut lanes {
            let mut answered = HashSet::new();
            while let Some(answer) = lane.client.poll(&Futex).unwrap() {
                assert_eq!(answer.status, Status::SHUT_DOWN);
                assert!(answered.insert(answer.call_id));
            }
            assert_eq!(answered.len(), 8);
        }
        let registry = UnitRegistry::open(&sections, REGISTRY).unwrap();
        assert_eq!(registry.iter().count(), 0);
    }
}

#[test]
fn a_host_that_panics_leaves_no_kernel_behind() {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let units = dispatcher();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Kernel::run(&sections, &units, &config(2), |_| panic!("a bug in a host"))
    }));
    assert!(panicked.is_err());
    Kernel::run(&sections, &units, &config(2), |_| ()).unwrap();
}

#[test]
fn a_kernel_that_cannot_run_says_why() {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let units = dispatcher();
    let run = |config: &KernelConfig| Kernel::run(&sections, &units, config, |_| ()).unwrap_err();
    let wrong = KernelConfig::new(RAW, REGISTRY);
    assert!(matches!(run(&wrong), KernelError::Section { id: RAW, .. }));
    assert!(matches!(
        run(&config(1).publish(FRAMES, EPOCHS, 0)),
        KernelError::BoundTwice { id: FRAMES }
    ));
    assert!(matches!(run(&config(1).arena(ARENA)), KernelError::BoundTwice { id: ARENA }));
    let wrong = KernelConfig::new(LANES, REGISTRY).arena(RAW);
    assert!(matches!(
        run(&wrong),
        KernelError::Section { id: RAW, source: Error::WrongKind { .. } }
    ));
    // No reference can name it.
    let wrong = KernelConfig::new(LANES, REGISTRY).arena(SectionId(1 << 30));
    let refused = run(&wrong);
    assert!(matches!(refused, KernelError::Section { source: Error::BadLayout { .. }, .. }));
    assert!(matches!(
        run(&KernelConfig::new(LANES, REGISTRY).publish(FRAMES, EPOCHS, 2)),
        KernelError::Section { id: EPOCHS, source: Error::NoSuchIndex { .. } }
    ));
    let registry = UnitRegistry::open(&sections, REGISTRY).unwrap();
    let record = inos_core::UnitRecord {
        name: "rogue",
        version: (1, 0, 0),
        methods: &["wait"],
        ..inos_core::UnitRecord::default()
    };
    registry.register(&record).unwrap();
    assert!(matches!(
        run(&config(1)),
        KernelError::Unit { name: "rogue", source: Error::RoleHeld }
    ));
    // What was entered before the one that failed is gone.
    assert_eq!(registry.iter().count(), 1);
}

#[test]
fn an_idle_kernel_sleeps() {
    let started = Instant::now();
    with_kernel(2, |_, kernel| {
        thread::sleep(Duration::from_millis(50));
        assert_eq!(kernel.stats(), KernelStats { workers: 2, ..KernelStats::default() });
    });
    // The end does not wait for the pump's own look.
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn lanes_left_full_of_answers_are_given_out_again() {
    with_kernel(1, |sections, _| {
        let lanes = Lanes::open(sections, LANES).unwrap();
        // Every lane: eight answers that nobody reads, and calls that wait for their room.
        let mut clients = Vec::new();
        while let Ok(mut client) = lanes.client() {
            for call in 0..12 {
                let call = Submission::noop(CallId(call));
                while client.submit(&call, &Futex) == Err(Error::Full) {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            clients.push(client);
        }
        assert_eq!(clients.len(), 6);
        // The pump has accepted what it can and sleeps.
        thread::sleep(Duration::from_millis(100));
        drop(clients);
        let end = Instant::now() + Duration::from_secs(30);
        while lanes.client().is_err() {
            assert!(Instant::now() < end, "no lane came back");
            thread::sleep(Duration::from_millis(5));
        }
    });
}

#[test]
fn a_kernel_answers_what_a_former_one_left() {
    let mut memory = HeapMemory::new(layout().total_len()).unwrap();
    let sections = Sections::create(memory.region().unwrap(), &layout(), 1).unwrap();
    let lanes = Lanes::open(&sections, LANES).unwrap();
    let mut client = lanes.client().unwrap();
    let calls: [_; 6] = std::array::from_fn(|call| Submission::noop(CallId(call as u32)));
    assert_eq!(client.submit_many(&calls, &Futex), Ok(6));
    // It accepts four calls, answers the third, and is gone.
    let mut former = lanes.service().unwrap();
    let accepted: Vec<_> = (0..4).map(|_| former.next().unwrap().0).collect();
    let answer = Completion::new(CallId(2), Status::OK);
    former.complete(accepted[2], &answer, &Futex).unwrap();
    drop(former);

    Kernel::run(&sections, &dispatcher(), &config(1), |kernel| {
        let mut answers: Vec<_> = (0..6)
            .map(|_| client.wait(&Futex, Some(Duration::from_secs(20))).unwrap())
            .map(|answer| (answer.call_id.0, answer.status))
            .collect();
        answers.sort_unstable_by_key(|&(call, _)| call);
        let (ok, lost) = (Status::OK, Status::SERVICE_LOST);
        assert_eq!(answers, [(0, lost), (1, lost), (2, ok), (3, lost), (4, ok), (5, ok)]);
        assert_eq!(client.poll(&Futex), Ok(None));
        let stats = kernel.stats();
        assert_eq!((stats.accepted, stats.answered, stats.orphaned), (2, 2, 3));
    })
    .unwrap();
}

//! Jobs as messages from another process: this test, started again.
#![allow(clippy::expect_used, clippy::panic)]

use std::env;
use std::path::Path;
use std::process::Command;

use inos::units::job::{JobRequest, Limits, MemoryRef, Place, Resource};
use inos::*;

const CALLS: SectionId = SectionId(1);
const UNITS: SectionId = SectionId(2);
const EPOCHS: SectionId = SectionId(3);
const FLOCK: SectionId = SectionId(4);
/// Where the file is, for the process that is started.
const FILE: &str = "INOS_TEST_JOBS_FILE";
/// What `Limits` of 10 credits are refused with.
const OUT_OF_CREDITS: u32 = 13;

fn layout() -> Layout {
    let frames = PingPongConfig { slots: 3, seats: 1, frame_len: 1 << 16, mode: Mode::Pinned };
    Layout::builder()
        .lanes(CALLS, "calls", LanesConfig { lanes: 2, entries: 4, buffer_len: 4096 })
        .registry(UNITS, "units", Kernel::registry_config(&Dispatcher::standard()))
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 1, padded: true })
        .ping_pong(FLOCK, "flock", frames)
        .build()
        .expect("a layout")
}

#[test]
fn jobs_come_from_another_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("region");
    let layout = layout();
    let memory = FileMemory::create(&path, layout.total_len()).expect("a file");
    // SAFETY: the file lies in a folder of this test, and only the process that it starts opens
    // it, which keeps to the protocol; nobody truncates it.
    let region = unsafe { memory.cooperative() }.expect("a region");
    let sections = Sections::create(region, &layout, 1).expect("it fits");
    memory.persist().expect("its name");
    let config = KernelConfig::new(CALLS, UNITS).publish(FLOCK, EPOCHS, 0).threads(1);
    let stats = Kernel::run(&sections, &Dispatcher::standard(), &config, |kernel| {
        let output = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", "the_other_process", "--nocapture"])
            .env(FILE, &path)
            .output()
            .expect("it starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        kernel.stats()
    });
    let stats = stats.expect("a kernel");
    assert_eq!((stats.accepted, stats.answered, stats.failed), (4, 4, 1));
}

/// What the other process does; nothing where no file is named.
#[test]
fn the_other_process() {
    let Some(path) = env::var_os(FILE) else { return };
    let memory = FileMemory::open(Path::new(&path), Access::ReadWrite).expect("the file");
    // SAFETY: as in the test that started this process.
    let region = unsafe { memory.cooperative() }.expect("a region");
    let sections = Sections::attach(region).expect("a formatted region");
    let mut caller = Caller::open(&sections, CALLS, UNITS).expect("a lane");
    let job = |id, unit: &str, method: &str, input| JobRequest {
        id,
        unit: unit.into(),
        method: method.into(),
        input,
        ..JobRequest::default()
    };

    let abc = Resource::inline(b"abc".to_vec());
    let digest = caller.run(&job(1, "hash", "sha256", abc.clone())).expect("an answer");
    let Place::Inline(bytes) = digest.outcome.expect("a digest").place else { panic!("no bytes") };
    assert_eq!((digest.id, bytes.len(), bytes[..2].to_vec()), (1, 32, vec![0xba, 0x78]));

    let poor = JobRequest {
        limits: Limits { credits: 10, ..Limits::default() },
        ..job(2, "hash", "sha256", abc)
    };
    let refused = caller.run(&poor).expect("an answer");
    assert_eq!(refused.outcome.expect_err("it costs more").code, OUT_OF_CREDITS);

    // A flock in shared memory, made there, and then stepped without a copy.
    let flock = MemoryRef { space: 1 << 31 | FLOCK.0, offset: 0, length: 0 };
    let mut init = job(3, "boids", "init", Resource::default());
    (init.params, init.output) = (br#"{"count": 100}"#.to_vec(), flock);
    let made = caller.run(&init).expect("an answer");
    let mut step = job(4, "boids", "step", Resource::memory(flock));
    step.output = flock;
    let stepped = caller.run(&step).expect("an answer");
    assert_eq!(stepped.outcome, made.outcome);
    assert_eq!((stepped.bytes_in, stepped.bytes_copied), (made.bytes_out, 0));
    assert!(stepped.cost > made.cost);
}

/// Blocks of an arena, between processes; Linux proves who is dead.
#[cfg(target_os = "linux")]
mod blocks {
    use std::process::Stdio;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    const HEAP: SectionId = SectionId(5);
    const PARTIES: SectionId = SectionId(6);
    const FILE: &str = "INOS_TEST_BLOCKS_FILE";
    const SHA256_TWICE: [u8; 4] = [0x4f, 0x8b, 0x42, 0xc2];

    fn layout() -> Layout {
        Layout::builder()
            .lanes(CALLS, "calls", LanesConfig { lanes: 2, entries: 4, buffer_len: 4096 })
            .registry(UNITS, "units", Kernel::registry_config(&Dispatcher::standard()))
            .arena(HEAP, "heap", ArenaConfig { page_len: 4096, pages: 16 })
            .parties(PARTIES, "parties", PartiesConfig::of::<FileLocks<'_>>(4))
            .build()
            .expect("a layout")
    }

    #[test]
    fn blocks_go_through_jobs_of_another_process_and_come_back_when_it_dies() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region");
        let layout = layout();
        let memory = FileMemory::create(&path, layout.total_len()).expect("a file");
        let locks = memory.locks().expect("locks");
        // SAFETY: as in the test above.
        let region = unsafe { memory.cooperative() }.expect("a region");
        let sections = Sections::create(region, &layout, 1).expect("it fits");
        memory.persist().expect("its name");
        let host = sections.join(PARTIES, &locks, "kernel").expect("a seat");
        let config = KernelConfig::new(CALLS, UNITS).threads(1).arena(HEAP);
        Kernel::run(&host.sections(), &Dispatcher::standard(), &config, |_| {
            let output = Command::new(env::current_exe().expect("this test"))
                .args(["--exact", "blocks::the_other_process", "--nocapture"])
                .env(FILE, &path)
                .output()
                .expect("it starts");
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(DIED), "{text}");

            let arena = Arena::open(&sections, HEAP).expect("an arena");
            let stats = arena.stats().expect("a whole arena");
            assert_eq!((stats.block_count, stats.handed_count), (3, 2), "what it left");
            let reaped = host.reap(&locks).expect("nobody else does");
            assert_eq!(reaped.parties, 1);
            assert_eq!(arena.stats().expect("a whole arena").used_len, 0);
        })
        .expect("a kernel");
    }

    /// Where the file is, for a process that is to be killed.
    const KILLED_FILE: &str = "INOS_TEST_KILLED_FILE";
    const ROUNDS: u64 = 100;

    /// At any moment: while the kernel reads its block, while its result is handed over to it,
    /// while it holds one.
    #[test]
    fn a_client_that_is_killed_leaves_no_block() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("region");
        let layout = layout();
        let memory = FileMemory::create(&path, layout.total_len()).expect("a file");
        let locks = memory.locks().expect("locks");
        // SAFETY: as in the test above.
        let region = unsafe { memory.cooperative() }.expect("a region");
        let sections = Sections::create(region, &layout, 1).expect("it fits");
        memory.persist().expect("its name");
        let host = sections.join(PARTIES, &locks, "kernel").expect("a seat");
        let config = KernelConfig::new(CALLS, UNITS).threads(2).arena(HEAP);
        let stats = Kernel::run(&host.sections(), &Dispatcher::standard(), &config, |kernel| {
            let arena = Arena::open(&sections, HEAP).expect("an arena");
            for round in 0..ROUNDS {
                let answered = kernel.stats().answered;
                let mut child = Command::new(env::current_exe().expect("this test"))
                    .args(["--exact", "blocks::the_killed_process", "--nocapture"])
                    .env(KILLED_FILE, &path)
                    .stdout(Stdio::null())
                    .spawn()
                    .expect("it starts");
                let end = Instant::now() + Duration::from_secs(60);
                while kernel.stats().answered == answered {
                    assert!(Instant::now() < end, "it makes no calls");
                    assert_eq!(child.try_wait().expect("a child"), None, "it ended by itself");
                    thread::sleep(Duration::from_millis(1));
                }
                thread::sleep(Duration::from_micros(round * 773 % 5000));
                child.kill().expect("it runs");
                child.wait().expect("it ends");
                assert_eq!(host.reap(&locks).expect("nobody else does").parties, 1);
                // Its last calls may still be running.
                while arena.stats().map(|stats| stats.used_len) != Ok(0) {
                    assert!(Instant::now() < end, "round {round}: {:?}", arena.stats());
                    thread::sleep(Duration::from_millis(1));
                }
            }
            kernel.stats()
        });
        assert!(stats.expect("a kernel").answered >= ROUNDS);
    }

    #[test]
    fn the_killed_process() {
        let Some(path) = env::var_os(KILLED_FILE) else { return };
        let memory = FileMemory::open(Path::new(&path), Access::ReadWrite).expect("the file");
        let locks = memory.locks().expect("locks");
        // SAFETY: as in the test that started this process.
        let region = unsafe { memory.cooperative() }.expect("a region");
        let sections = Sections::attach(region).expect("a formatted region");
        let party = sections.join(PARTIES, &locks, "client").expect("a seat");
        let sections = party.sections();
        let mut arena = Arena::open(&sections, HEAP).expect("an arena");
        let mut caller = Caller::open(&sections, CALLS, UNITS).expect("a lane");
        let sha256 = caller.method("hash", "sha256").expect("a method");
        let mut left = Vec::new();
        loop {
            let mut block = arena.allocate(5000).expect("room");
            block.fill(7);
            let block = BlockRef::hand_over(HEAP, block, 5000);
            let answer = caller.call(sha256, Input::Block(block), b"", Target::Block(HEAP));
            left.push(BlockRef::of_answer(HEAP, &answer.expect("a digest")));
            if left.len() == 4 {
                for block in left.drain(..) {
                    drop(arena.adopt(block.handle).expect("ours"));
                }
            }
        }
    }

    /// How the other process ends: without giving anything back.
    const DIED: i32 = 42;

    #[test]
    fn the_other_process() {
        let Some(path) = env::var_os(FILE) else { return };
        let memory = FileMemory::open(Path::new(&path), Access::ReadWrite).expect("the file");
        let locks = memory.locks().expect("locks");
        // SAFETY: as in the test that started this process.
        let region = unsafe { memory.cooperative() }.expect("a region");
        let sections = Sections::attach(region).expect("a formatted region");
        let party = sections.join(PARTIES, &locks, "client").expect("a seat");
        let sections = party.sections();
        let mut arena = Arena::open(&sections, HEAP).expect("an arena");
        let mut caller = Caller::open(&sections, CALLS, UNITS).expect("a lane");
        let job = |input| JobRequest {
            unit: "hash".into(),
            method: "sha256".into(),
            input,
            output: BlockRef::output(HEAP, 0),
            ..JobRequest::default()
        };

        // From our memory through two jobs and back, by three blocks and no copy.
        let mut block = arena.allocate(3).expect("a block");
        block[..3].copy_from_slice(b"abc");
        let abc = BlockRef::hand_over(HEAP, block, 3);
        let first = caller.run(&job(abc.resource())).expect("an answer");
        assert_eq!((first.bytes_in, first.bytes_out, first.bytes_copied), (3, 32, 0));
        let second = caller.run(&job(first.outcome.expect("a digest"))).expect("an answer");
        assert_eq!((second.bytes_in, second.bytes_out, second.bytes_copied), (32, 32, 0));
        let twice = BlockRef::of_resource(&second.outcome.expect("a digest")).expect("a block");
        let block = arena.adopt(twice.handle).expect("ours");
        assert_eq!((twice.len, &block[..4]), (32, &SHA256_TWICE[..]));
        drop(block);
        assert_eq!(arena.stats().expect("a whole arena").used_len, 0);

        // A block that it holds, one that it sent nobody, and a result that it never adopts.
        let _held = arena.allocate(3).expect("a block");
        let _sent = arena.allocate(3).expect("a block").hand_over();
        caller.run(&job(Resource::default())).expect("an answer").outcome.expect("a digest");
        std::process::exit(DIED);
    }
}

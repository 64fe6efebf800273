//! Processes on one mapped file that are killed at any moment: the others go on, nothing that was
//! published is lost or torn, and everything that the dead held is free again.
//!
//! A parent keeps a few children busy with every primitive there is, kills one with `SIGKILL`,
//! takes what it held, looks at all that is to be seen, and starts another one. A child that ends
//! in any other way than by that signal has found something wrong.
//!
//! ```text
//! cargo test -p inos-tests --release --test kill
//! INOS_KILL_ROUNDS=10000 cargo test -p inos-tests --release --test kill
//! ```
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

mod blocks;
mod calls;
mod frames;
mod records;

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use inos::{
    Access, ArenaConfig, Cooperative, FileLock, FileLocks, FileMemory, LanesConfig, Layout, Mode,
    PartiesConfig, Party, PingPongConfig, RingConfig, SectionId, Sections,
};

const PARTIES: SectionId = SectionId(1);
const RING: SectionId = SectionId(2);
const FRAMES: SectionId = SectionId(3);
const LANES: SectionId = SectionId(4);
const ARENA: SectionId = SectionId(5);
const HANDLES: SectionId = SectionId(6);

/// Seats: the parent's, the children's, and what was not reaped yet.
const SEATS: u32 = 8;
const CHILDREN: usize = 3;
const ROUNDS: u32 = 500;
/// No round takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(20);

const FILE: &str = "INOS_KILL_FILE";
const SEED: &str = "INOS_KILL_SEED";

type Me<'m> = Party<'m, Cooperative, FileLock>;

fn layout() -> Layout {
    let frames = PingPongConfig { slots: 4, seats: 2, frame_len: 256, mode: Mode::Pinned };
    Layout::builder()
        .parties(PARTIES, "parties", PartiesConfig::of::<FileLocks<'_>>(SEATS))
        .ring(RING, "ring", RingConfig { capacity: 64 })
        .ping_pong(FRAMES, "frames", frames)
        .arena(ARENA, "arena", ArenaConfig { page_len: 1024, pages: 16 })
        .ring(HANDLES, "handles", RingConfig { capacity: 64 })
        .lanes(LANES, "lanes", LanesConfig { lanes: SEATS, entries: 4, buffer_len: 0 })
        .build()
        .unwrap()
}

/// Xorshift (Marsaglia 2003), for choices that need no quality.
struct Random(u32);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % bound
    }
}

/// Bytes that tell whether all of them, and in this order, came from one store.
fn pattern(process: u32, count: u32, len: usize) -> Vec<u8> {
    let mut bytes = [process.to_ne_bytes(), count.to_ne_bytes()].concat();
    bytes.extend((8..len).map(|at| (count as usize).wrapping_mul(31).wrapping_add(at) as u8));
    bytes
}

/// Process and count of bytes that are such a pattern.
#[track_caller]
fn check_pattern(bytes: &[u8]) -> (u32, u32) {
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (process, count) = (word(0), word(4));
    assert_eq!(bytes, pattern(process, count, bytes.len()), "torn");
    (process, count)
}

/// What a child does until it is killed. Its asserts are the test's: one that fails ends the child
/// in a way that the parent does not expect.
#[test]
#[ignore = "the children of the test below"]
fn child() {
    let Ok(path) = env::var(FILE) else { return };
    let seed = env::var(SEED).unwrap().parse().unwrap();
    let memory = FileMemory::open(path, Access::ReadWrite).unwrap();
    // SAFETY: parent and children run this protocol and nothing else, and nobody truncates the
    // file or formats it again.
    let sections = Sections::attach(unsafe { memory.cooperative() }.unwrap()).unwrap();
    let locks = memory.locks().unwrap();
    let party = sections.join_as(PARTIES, &locks, "child", process::id()).unwrap();
    let sections = party.sections();

    let mut random = Random(seed);
    let mut records = records::Child::new(&sections);
    let mut frames = frames::Child::new(&sections);
    let mut calls = calls::Child::new(&sections);
    let mut blocks = blocks::Child::new(&sections);
    // An orphan ends, too.
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match random.below(4) {
            0 => records.work(&mut random),
            1 => frames.work(&mut random),
            2 => blocks.work(&mut random),
            _ => calls.work(&mut random),
        }
    }
}

struct Children {
    path: PathBuf,
    running: Vec<Child>,
    seed: u32,
}

impl Children {
    fn start(&mut self) {
        self.seed = self.seed.wrapping_mul(0x9e37_79b9) | 1;
        let child = Command::new(env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env(FILE, &self.path)
            .env(SEED, self.seed.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.running.push(child.unwrap());
    }

    /// Kills one of them, whatever it is doing.
    fn kill(&mut self, which: usize) {
        let mut child = self.running.swap_remove(which);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "a child found something wrong: {status}");
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What the parent sees of all primitives.
struct Parent<'p> {
    records: records::Parent<'p>,
    frames: frames::Parent<'p>,
    calls: calls::Parent<'p>,
    blocks: blocks::Parent<'p>,
}

impl<'p> Parent<'p> {
    fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self {
            records: records::Parent::new(sections),
            frames: frames::Parent::new(sections),
            calls: calls::Parent::new(sections),
            blocks: blocks::Parent::new(sections),
        }
    }

    fn look(&mut self) {
        self.records.look();
        self.frames.look();
        self.calls.look();
        self.blocks.look();
    }
}

#[test]
fn the_killed_harm_nobody() {
    let rounds = env::var("INOS_KILL_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shared.inos");
    let layout = layout();
    let memory = FileMemory::create(&path, layout.total_len()).unwrap();
    // SAFETY: as in `child`.
    let sections = Sections::create(unsafe { memory.cooperative() }.unwrap(), &layout, 1).unwrap();
    memory.persist().unwrap();
    let locks = memory.locks().unwrap();
    let party = sections.join_as(PARTIES, &locks, "parent", process::id()).unwrap();
    run(&party, &locks, &path, rounds);

    // Nobody is left: everything is free.
    assert_eq!(party.reap(&locks).unwrap().parties, 0);
    drop(party);
    let party = sections.join(PARTIES, &locks, "last").unwrap();
    let sections = party.sections();
    records::all_free(&sections);
    frames::all_free(&sections);
    calls::all_free(&sections, SEATS);
    blocks::all_free(&sections);
}

fn run(party: &Me<'_>, locks: &FileLocks<'_>, path: &Path, rounds: u32) {
    let sections = party.sections();
    let mut parent = Parent::new(&sections);
    let mut random = Random(0x1505_2026);
    let mut children = Children { path: path.to_owned(), running: Vec::new(), seed: 1 };
    let mut found = 0;
    for round in 0..rounds {
        while children.running.len() < CHILDREN {
            children.start();
        }
        // Children need a few milliseconds to begin; then any moment is as good.
        let until = Instant::now() + Duration::from_micros(u64::from(random.below(20_000)));
        while Instant::now() < until {
            parent.look();
            thread::yield_now();
        }
        children.kill(random.below(CHILDREN as u32) as usize);
        let reaped = party.reap(locks).unwrap();
        // Never the living; and not the dead that had not joined.
        assert!(reaped.parties <= 1, "round {round}: {reaped:?}");
        found += reaped.claims;
        parent.look();
    }
    while !children.running.is_empty() {
        children.kill(0);
        found += party.reap(locks).unwrap().claims;
    }
    parent.look();
    let Parent { records, frames, calls, blocks } = parent;
    println!(
        "{rounds} rounds: {found} claims of the dead taken; seen {} records, {} frames, {} calls, \
         {} blocks",
        records.seen, frames.seen, calls.seen, blocks.seen
    );
    assert!(found > rounds / 8, "hardly anybody died with anything: {found}");
    assert!(records.seen > rounds && frames.seen > rounds / 2 && calls.seen > rounds);
}

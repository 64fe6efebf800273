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
#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on has failed

mod blocks;
mod calls;
mod counts;
mod crowd;
mod events;
mod frames;
mod names;
mod news;
mod records;
mod replica;
mod units;

use std::collections::{HashMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, process, thread};

use inos::{
    Access, ArenaConfig, BroadcastConfig, Cooperative, CountersConfig, DirtyMapConfig,
    EpochsConfig, Error, FileLock, FileLocks, FileMemory, LanesConfig, Layout, LogConfig, Mode,
    MpscConfig, NamedEpochsConfig, Parties, PartiesConfig, Party, PingPongConfig, RegistryConfig,
    RegistryOverflowConfig, RingConfig, SectionId, Sections,
};

const PARTIES: SectionId = SectionId(1);
const RING: SectionId = SectionId(2);
const FRAMES: SectionId = SectionId(3);
const LANES: SectionId = SectionId(4);
const ARENA: SectionId = SectionId(5);
const HANDLES: SectionId = SectionId(6);
const NEWS: SectionId = SectionId(7);
const NAMES: SectionId = SectionId(8);
const EPOCHS: SectionId = SectionId(9);
const COUNTERS: SectionId = SectionId(10);
const EVENTS: SectionId = SectionId(11);
const WORLD: SectionId = SectionId(12);
const MORE: SectionId = SectionId(13);
const DIRTY: SectionId = SectionId(14);
const UNITS: SectionId = SectionId(15);
const MORE_UNITS: SectionId = SectionId(16);
const CROWD: SectionId = SectionId(17);
const SHARED: SectionId = SectionId(18);

/// Seats: the parent's, the children's, and what was not reaped yet.
const SEATS: u32 = 8;
const CHILDREN: usize = 3;
const ROUNDS: u32 = 500;
/// No round takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(20);

const FILE: &str = "INOS_KILL_FILE";
const NUMBER: &str = "INOS_KILL_NUMBER";

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
        .broadcast(NEWS, "news", BroadcastConfig { capacity: 128 })
        .named_epochs(NAMES, "names", NamedEpochsConfig { slots: 6 })
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .counters(COUNTERS, "counters", CountersConfig { count: 8 })
        .log(EVENTS, "events", LogConfig { capacity: 16, text_len: 100 })
        .raw(WORLD, "world", 1024)
        .raw(MORE, "more", 256)
        .dirty_map(DIRTY, "dirty", DirtyMapConfig { first: WORLD, sections: 2, block_len: 64 })
        .registry(UNITS, "units", RegistryConfig { slots: 4, slot_len: 512 })
        .registry_overflow(
            MORE_UNITS,
            "more units",
            RegistryOverflowConfig { registry: UNITS, slots: 2 },
        )
        .mpsc(CROWD, "crowd", MpscConfig { capacity: 128, tickets: 16, seats: SEATS })
        .mpsc(SHARED, "shared", MpscConfig { capacity: 128, tickets: 16, seats: SEATS })
        .build()
        .unwrap()
}

/// Xorshift (Marsaglia 2003), for choices that need no quality.
struct Random(u32);

impl Random {
    fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9) | 1)
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % bound
    }
}

/// Bytes that tell whether all of them, and in this order, came from one store by the child of
/// this number.
fn pattern(number: u32, count: u32, len: usize) -> Vec<u8> {
    let mut bytes = [number.to_ne_bytes(), count.to_ne_bytes()].concat();
    bytes.extend((8..len).map(|at| (count as usize).wrapping_mul(31).wrapping_add(at) as u8));
    bytes
}

/// Number and count of bytes that are such a pattern.
#[track_caller]
fn check_pattern(bytes: &[u8]) -> (u32, u32) {
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (number, count) = (word(0), word(4));
    assert_eq!(bytes, pattern(number, count, bytes.len()), "torn");
    (number, count)
}

/// What was seen of the counts of each child: in order, and none twice.
struct Order {
    next: HashMap<u32, u32>,
    /// Whether this one was there before all others.
    from_the_start: bool,
    /// Counts that were left out.
    gaps: u64,
}

impl Order {
    fn new(from_the_start: bool) -> Self {
        Self { next: HashMap::new(), from_the_start, gaps: 0 }
    }

    #[track_caller]
    fn see(&mut self, number: u32, count: u32) {
        let first = if self.from_the_start { 0 } else { count };
        let next = self.next.entry(number).or_insert(first);
        assert!(count >= *next, "child {number}: {count} after {next}, doubled or out of order");
        self.gaps += u64::from(count - *next);
        *next = count + 1;
    }
}

/// What a child does until it is killed. Its asserts are the test's: one that fails ends the child
/// in a way that the parent does not expect.
#[test]
#[ignore = "the children of the test below"]
fn child() {
    let Ok(path) = env::var(FILE) else { return };
    let number = env::var(NUMBER).unwrap().parse().unwrap();
    let memory = FileMemory::open(path, Access::ReadWrite).unwrap();
    // SAFETY: parent and children run this protocol and nothing else, and nobody truncates the
    // file or formats it again.
    let sections = Sections::attach(unsafe { memory.cooperative() }.unwrap()).unwrap();
    let locks = memory.locks().unwrap();
    let party = sections.join_as(PARTIES, &locks, "child", process::id()).unwrap();
    let sections = party.sections();

    let mut random = Random::new(number);
    let mut records = records::Child::new(&sections, number);
    let mut frames = frames::Child::new(&sections, number);
    let mut blocks = blocks::Child::new(&sections, number);
    let mut calls = calls::Child::new(&sections);
    let mut news = news::Child::new(&sections, number);
    let mut names = names::Child::new(&sections);
    let mut counts = counts::Child::new(&sections, number);
    let mut events = events::Child::new(&sections, number);
    let mut replica = replica::Child::new(&sections);
    let mut units = units::Child::new(&sections);
    let mut crowd = crowd::Child::new(&sections, number);
    // An orphan ends, too.
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        match random.below(11) {
            0 => records.work(&mut random),
            1 => frames.work(&mut random),
            2 => blocks.work(&mut random),
            3 => calls.work(&mut random),
            4 => news.work(&mut random),
            5 => names.work(&mut random),
            6 => counts.work(&mut random),
            7 => events.work(&mut random),
            8 => replica.work(&mut random),
            9 => units.work(&mut random),
            _ => crowd.work(&mut random),
        }
        // Who takes what the dead held may be killed at it.
        if random.below(50) == 0 {
            match party.reap(&locks) {
                Ok(_) => {}
                Err(error) => assert_eq!(error, Error::RoleHeld),
            }
        }
    }
}

struct Children {
    path: PathBuf,
    running: Vec<Child>,
    /// Process ids of those that have joined.
    joined: HashSet<u32>,
    started: u32,
}

impl Children {
    fn start(&mut self) {
        self.started += 1;
        let child = Command::new(env::current_exe().unwrap())
            .args(["child", "--exact", "--ignored", "--nocapture"])
            .env(FILE, &self.path)
            .env(NUMBER, self.started.to_string())
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

    /// Those who live keep their seats, whoever looks for the dead.
    fn check_seats(&mut self, sections: &Sections<'_, Cooperative>) {
        let parties = Parties::open(sections, PARTIES).unwrap();
        let seated: HashSet<_> = parties.iter().map(|info| info.process_id).collect();
        let running: HashSet<_> = self.running.iter().map(Child::id).collect();
        self.joined.retain(|id| running.contains(id));
        assert!(self.joined.is_subset(&seated), "{:?} of {seated:?}", self.joined);
        self.joined.extend(seated.intersection(&running));
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
    blocks: blocks::Parent<'p>,
    calls: calls::Parent<'p>,
    news: news::Parent<'p>,
    names: names::Parent<'p>,
    counts: counts::Parent<'p>,
    events: events::Parent<'p>,
    replica: replica::Parent<'p>,
    units: units::Parent<'p>,
    crowd: crowd::Parent<'p>,
}

impl<'p> Parent<'p> {
    fn new(sections: &Sections<'p, Cooperative>) -> Self {
        Self {
            records: records::Parent::new(sections),
            frames: frames::Parent::new(sections),
            blocks: blocks::Parent::new(sections),
            calls: calls::Parent::new(sections),
            news: news::Parent::new(sections),
            names: names::Parent::new(sections),
            counts: counts::Parent::new(sections),
            events: events::Parent::new(sections),
            replica: replica::Parent::new(sections),
            units: units::Parent::new(sections),
            crowd: crowd::Parent::new(sections),
        }
    }

    fn look(&mut self) {
        self.records.look();
        self.frames.look();
        self.blocks.look();
        self.calls.look();
        self.news.look();
        self.names.look();
        self.counts.look();
        self.events.look();
        self.replica.look();
        self.units.look();
        self.crowd.look();
    }

    /// What was seen of each, by name.
    fn seen(&self) -> [(&'static str, u32); 12] {
        [
            ("records", self.records.seen),
            ("frames", self.frames.seen),
            ("blocks", self.blocks.seen),
            ("calls", self.calls.seen),
            ("orphans", self.calls.orphans),
            ("news", self.news.seen()),
            ("names", self.names.seen),
            ("counts", self.counts.seen),
            ("events", self.events.seen),
            ("states", self.replica.seen),
            ("units", self.units.seen),
            ("records of a crowd", self.crowd.seen),
        ]
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
    blocks::all_free(&sections);
    calls::all_free(&sections, SEATS);
    news::all_free(&sections);
    names::all_free(&sections);
    counts::all_free(&sections);
    events::all_free(&sections);
    replica::all_free(&sections);
    units::all_free(&sections);
    crowd::all_free(&sections);
    let others: Vec<_> = (1..SEATS).map(|_| sections.join(PARTIES, &locks, "any")).collect();
    assert!(others.iter().all(Result::is_ok));
}

fn run(party: &Me<'_>, locks: &FileLocks<'_>, path: &Path, rounds: u32) {
    let sections = party.sections();
    let mut parent = Parent::new(&sections);
    let mut random = Random(0x1505_2026);
    let path = path.to_owned();
    let mut children = Children { path, running: vec![], joined: HashSet::new(), started: 0 };
    let mut found = 0;
    for _ in 0..rounds {
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
        // Some may be found by a child first, which may be the next to be killed, while it reaps.
        match party.reap(locks) {
            Ok(reaped) => found += reaped.claims,
            Err(error) => assert_eq!(error, Error::RoleHeld),
        }
        children.check_seats(&sections);
        parent.look();
    }
    while !children.running.is_empty() {
        children.kill(0);
    }
    found += party.reap(locks).unwrap().claims;
    parent.look();
    parent.counts.check_at_the_end(children.started);
    let seen = parent.seen().map(|(what, count)| format!("{count} {what}")).join(", ");
    let suspected = parent.crowd.suspected;
    println!(
        "{rounds} rounds: {found} claims of the dead taken; {suspected} suspected; seen {seen}"
    );
    assert!(found > rounds / 8, "hardly anybody died with anything: {found}");
    for (what, count) in parent.seen() {
        assert!(count > rounds / 20, "hardly any {what}: {count}");
    }
}

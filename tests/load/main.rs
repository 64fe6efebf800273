//! Eight processes that call one kernel at once, with everything that can go wrong with a call, and
//! are killed at any moment: every call is answered once, with what it may be answered with, and paid
//! for once; and in the end nothing is held by anybody.
//!
//! A client keeps its lane full of calls: digests of its lane's buffer and of blocks, calls that
//! last until their time is over, that are cancelled, that panic, that do not end, that refer to
//! nothing. It knows what each may be answered with. The parent runs the kernel, kills clients and
//! starts others.
//!
//! ```text
//! cargo test -p inos-tests --release --test load -- --nocapture
//! INOS_LOAD_JOBS=1000000 INOS_LOAD_KILLS=200 cargo test -p inos-tests --release --test load -- --nocapture
//! ```
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on has failed

mod client;
mod latency;
mod rogue;

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, thread};

use inos::ledger::{AccountId, Cashier, Ledger, LedgerConfig, Operation, Totals};
use inos::*;
use latency::Latencies;

const PARTIES: SectionId = SectionId(1);
const LANES: SectionId = SectionId(2);
const UNITS: SectionId = SectionId(3);
const HEAP: SectionId = SectionId(4);
const COUNTERS: SectionId = SectionId(5);

const FILE: &str = "INOS_LOAD_FILE";
const NUMBER: &str = "INOS_LOAD_NUMBER";
const QUOTA: &str = "INOS_LOAD_QUOTA";

const CLIENTS: usize = 8;
const JOBS: u64 = 24_000;
const KILLS: u64 = 12;
/// Also of those that were killed and whose seats nobody has taken yet.
const SEATS: u32 = 2 * CLIENTS as u32;
/// Calls of a client at a time.
const ENTRIES: u32 = 16;
/// Bytes of a lane's buffer for each of them.
const ROOM: u32 = 128;
/// Nothing takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long after its time a call is given up. `rogue` has one that lasts longer.
const GRACE: Duration = Duration::from_millis(5);

fn layout(units: &Dispatcher) -> Layout {
    let lanes = LanesConfig { lanes: SEATS, entries: ENTRIES, buffer_len: ENTRIES * ROOM };
    Layout::builder()
        .parties(PARTIES, "parties", PartiesConfig::of::<FileLocks<'_>>(SEATS + 1))
        .lanes(LANES, "calls", lanes)
        .registry(UNITS, "units", Kernel::registry_config(units))
        .arena(HEAP, "heap", ArenaConfig { page_len: 4096, pages: 64 })
        .counters(COUNTERS, "counters", Kernel::counters_config(units))
        .build()
        .unwrap()
}

const HOST: AccountId = AccountId(1000);
/// What each lane's account has: more than all calls can cost.
const CREDITS: u64 = 1 << 56;

/// An account for each lane, and one for the kernel.
fn ledger(folder: &Path) -> Arc<Ledger> {
    let ledger = Ledger::open(folder, &LedgerConfig::default()).unwrap();
    let record = |operation| ledger.record(&operation).unwrap();
    record(Operation::Open { account: HOST });
    record(Operation::Mint { amount: CREDITS * u64::from(SEATS) });
    for to in (0..SEATS).map(account) {
        record(Operation::Open { account: to });
        let from = AccountId::TREASURY;
        record(Operation::Transfer { from, to, amount: CREDITS });
    }
    Arc::new(ledger)
}

fn account(lane: u32) -> AccountId {
    AccountId(u64::from(lane) + 1)
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

/// A client: this test, started again.
#[test]
#[ignore = "the clients of the test below"]
fn client() {
    let Ok(path) = env::var(FILE) else { return };
    let number = |name| env::var(name).unwrap().parse().unwrap();
    let memory = FileMemory::open(&path, Access::ReadWrite).unwrap();
    // SAFETY: parent and clients run this protocol and nothing else, and nobody truncates the file
    // or formats it again.
    let sections = Sections::attach(unsafe { memory.cooperative() }.unwrap()).unwrap();
    let locks = memory.locks().unwrap();
    let party = sections.join(PARTIES, &locks, "client").unwrap();
    let latencies = client::run(&party.sections(), number(NUMBER) as u32, number(QUOTA));
    latencies.write(&latency_path(Path::new(&path), number(NUMBER)));
}

fn latency_path(path: &Path, number: u64) -> PathBuf {
    path.with_extension(format!("{number}.latencies"))
}

struct Clients<'a> {
    path: &'a Path,
    quota: u64,
    running: Vec<(u64, Child)>,
    started: u64,
}

impl Clients<'_> {
    fn start(&mut self) {
        self.started += 1;
        let child = Command::new(env::current_exe().unwrap())
            .args(["client", "--exact", "--ignored", "--nocapture"])
            .env(FILE, self.path)
            .env(NUMBER, self.started.to_string())
            .env(QUOTA, self.quota.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.running.push((self.started, child.unwrap()));
    }

    /// Kills one of them, whatever it is doing; whether it had not ended by itself.
    fn kill(&mut self, which: usize) -> bool {
        let (_, child) = &mut self.running[which];
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.success() {
            return false;
        }
        assert_eq!(status.signal(), Some(9), "a client found something wrong: {status}");
        self.running.swap_remove(which);
        true
    }
}

impl Drop for Clients<'_> {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[track_caller]
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "never: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn every_call_of_eight_processes_is_answered_once() {
    let variable = |name, default| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (jobs, kills) = (variable("INOS_LOAD_JOBS", JOBS), variable("INOS_LOAD_KILLS", KILLS));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("region");
    let units = rogue::units();
    let layout = layout(&units);
    let memory = FileMemory::create(&path, layout.total_len()).unwrap();
    let locks = memory.locks().unwrap();
    // SAFETY: as above.
    let region = unsafe { memory.cooperative() }.unwrap();
    let sections = Sections::create(region, &layout, 1).unwrap();
    memory.persist().unwrap();
    let host = sections.join(PARTIES, &locks, "kernel").unwrap();
    let config = KernelConfig::new(LANES, UNITS).arena(HEAP).counters(COUNTERS).threads(2);
    // The unit is to fail as often as it likes, and nobody is to wait for a worker in vain.
    let patient = Supervision { failures: u32::MAX, ..Supervision::default() };
    let config = config.grace(GRACE).supervise(patient).spare_threads(256);
    let accounts = folder.path().join("ledger");
    let ledger = ledger(&accounts);
    let payer = |payer: Payer| Some(account(payer.lane));
    let cashier = Cashier::new(ledger.clone(), HOST, 1 << 40, payer).unwrap();
    let config = config.meter(Arc::new(cashier));
    rogue::hush(); // its panics

    let (stats, killed) = Kernel::run(&host.sections(), &units, &config, |kernel| {
        let quota = jobs.div_ceil(CLIENTS as u64);
        let mut clients = Clients { path: &path, quota, running: Vec::new(), started: 0 };
        for _ in 0..CLIENTS {
            clients.start();
        }
        let mut random = Random::new(7);
        let mut killed = 0;
        // As much work between two kills as the clients have for all of them.
        while killed < kills {
            let accepted = kernel.stats().accepted;
            let pause = u64::from(random.below(1000)) * jobs / kills / 500;
            wait_until("more calls", || {
                kernel.stats().accepted >= accepted + pause.max(1)
                    || clients
                        .running
                        .iter_mut()
                        .all(|(_, child)| child.try_wait().unwrap().is_some())
            });
            let which = random.below(CLIENTS as u32) as usize;
            if !clients.kill(which) {
                break;
            }
            assert_eq!(host.reap(&locks).unwrap().parties, 1);
            assert!(ledger.totals().is_conserved());
            ledger.commit().unwrap();
            clients.start();
            killed += 1;
        }
        let mut latencies = Latencies::default();
        for (number, mut child) in clients.running.drain(..) {
            let status = child.wait().unwrap();
            assert!(status.success(), "client {number} found something wrong: {status}");
            latencies.add(&Latencies::read(&latency_path(&path, number)));
        }
        at_rest(&sections, kernel);
        assert!(killed > 0 || kills == 0);
        println!("{killed} clients killed; digests through the kernel: {latencies}");
        (kernel.stats(), killed)
    })
    .unwrap();
    println!("{stats:?}");
    assert!(stats.accepted >= jobs && stats.answered + stats.lost == stats.accepted);
    // Nobody's lane was broken, not even by those that were killed in the middle of a call.
    assert_eq!((stats.lost, stats.orphaned), (0, 0), "{killed} killed");
    let arena = Arena::open(&sections, HEAP).unwrap();
    assert_eq!(arena.stats().unwrap().used_len, 0);

    drop(config); // and the cashier
    let totals = paid(&ledger);
    drop(Arc::into_inner(ledger).expect("nobody else has it"));
    let audit = Ledger::audit(&accounts).unwrap();
    println!("{} operations of the ledger, {totals:?}", audit.sequence);
    assert_eq!(audit.totals, totals);
}

/// Nothing is reserved any more, and every credit is somewhere.
fn paid(ledger: &Ledger) -> Totals {
    let totals = ledger.totals();
    assert!(totals.is_conserved() && totals.escrow == 0, "{totals:?}");
    assert!(ledger.balance(HOST).unwrap().available > 0);
    totals
}

/// All clients are gone: everything that they held is free.
fn at_rest(sections: &Sections<'_, Cooperative>, kernel: &Kernel<'_>) {
    wait_until("every call is answered", || {
        let stats = kernel.stats();
        stats.answered + stats.lost == stats.accepted && stats.lost_workers == 0
    });
    let arena = Arena::open(sections, HEAP).unwrap();
    let stats = arena.stats().unwrap();
    assert_eq!((stats.used_len, stats.block_count), (0, 0), "{stats:?}");
    // As other processes see it.
    let bank = Counters::open(sections, COUNTERS).unwrap();
    let value = |label: &str| bank.get(bank.find(label).unwrap()).unwrap().value;
    let seen = ["kernel.accepted", "kernel.answered", "kernel.failed"].map(value);
    let stats = kernel.stats();
    assert_eq!(seen, [stats.accepted, stats.answered, stats.failed]);
    assert!(value("rogue.failures") > 0 && value("hash.calls") > 0);
    assert!(kernel.health().iter().all(|unit| unit.state == UnitState::Working));
    let lanes = Lanes::open(sections, LANES).unwrap();
    let mut clients = Vec::new();
    wait_until("every lane is free", || {
        clients.extend(lanes.client_or_wake(&Futex));
        clients.len() == SEATS as usize
    });
}

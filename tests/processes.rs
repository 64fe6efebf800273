//! Processes on one mapped file, and what the flock's command line refuses.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use inos::{Access, FileMemory, Parties, Sections};
use inos_tests::{boids, run_boids, text};
use serde_json::Value;
use tempfile::TempDir;

/// A running program that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

fn start(args: &[&str]) -> Running {
    let child = Command::new(boids())
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Running(child.unwrap())
}

fn stats(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.trim().lines().count(), 1, "one object on stdout: {text}");
    serde_json::from_str(&text).unwrap()
}

/// A flock in a file, flying in a process of its own.
fn owner(folder: &TempDir) -> (Running, PathBuf) {
    let file = folder.path().join("flock.inos");
    let picture = folder.path().join("owner.png");
    let owner = start(&[
        "--memory",
        text(&file),
        "--headless",
        "--count",
        "700",
        "--steps",
        "100000000",
        "--out",
        text(&picture),
    ]);
    let end = Instant::now() + Duration::from_secs(20);
    while !file.exists() {
        assert!(Instant::now() < end, "the owner made no file");
        sleep(Duration::from_millis(20));
    }
    (owner, file)
}

fn attach(file: &Path, folder: &TempDir, name: &str, more: &[&str]) -> Value {
    let picture = folder.path().join(name);
    let mut args = vec!["--attach", text(file), "--headless", "--stats", "json"];
    args.extend(["--steps", "30", "--out", text(&picture)]);
    args.extend(more);
    let stats = stats(&run_boids(&args));
    let png = std::fs::read(&picture).unwrap();
    assert_eq!(png.get(..8), Some(b"\x89PNG\r\n\x1a\n".as_slice()));
    stats
}

#[test]
fn two_processes_see_one_flock_pinned_and_observed() {
    let folder = TempDir::new().unwrap();
    let (mut owner, file) = owner(&folder);
    let pinned = attach(&file, &folder, "pinned.png", &[]);
    let observed = attach(&file, &folder, "observed.png", &["--read-only"]);
    for stats in [&pinned, &observed] {
        assert_eq!(stats["count"], 700);
        assert_eq!(stats["dim"], 3);
        assert!(stats["frames"].as_u64().unwrap() >= 1);
        let order = stats["order_parameter"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&order));
    }
    // The flock has flown on between the two.
    assert_ne!(pinned["digest"], observed["digest"]);
    assert!(owner.is_alive());
}

/// The processes that hold a seat.
fn seats(file: &Path) -> Vec<u32> {
    let memory = FileMemory::open(file, Access::ReadOnly).unwrap();
    // SAFETY: nobody truncates the file of a flock.
    let sections = Sections::attach(unsafe { memory.hostile() }.unwrap()).unwrap();
    let parties = sections.iter().find(|section| section.name() == "parties").unwrap().id();
    let parties = Parties::open(&sections, parties).unwrap();
    parties.iter().map(|party| party.process_id).collect()
}

#[test]
fn killing_either_leaves_the_other_running() {
    let folder = TempDir::new().unwrap();
    let (mut owner, file) = owner(&folder);
    // More viewers than there are seats, each killed while it may hold a pin.
    for _ in 0..14 {
        let mut viewer = start(&["--attach", text(&file), "--headless", "--steps", "100000000"]);
        sleep(Duration::from_millis(120));
        assert!(viewer.is_alive());
    }
    assert!(owner.is_alive());
    // The next one clears up: of all those seats, only its own is taken.
    let next = start(&["--attach", text(&file), "--headless", "--steps", "100000000"]);
    let end = Instant::now() + Duration::from_secs(20);
    while seats(&file) != [next.0.id()] {
        assert!(Instant::now() < end, "seats of killed viewers: {:?}", seats(&file));
        sleep(Duration::from_millis(20));
    }
    drop(next);
    attach(&file, &folder, "after.png", &["--read-only"]);
    let args = ["--attach", text(&file), "--headless", "--steps", "100000000", "--read-only"];
    let mut viewer = start(&args);
    sleep(Duration::from_millis(300));
    drop(owner);
    sleep(Duration::from_millis(500));
    assert!(viewer.is_alive(), "the viewer went down with the owner");
}

#[test]
fn the_flock_is_the_same_on_any_threads_and_memory() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("flock.inos");
    let picture = folder.path().join("flock.png");
    let flock = |more: &[&str]| {
        let mut args = vec!["--headless", "--stats", "json", "--count", "900", "--steps", "25"];
        args.extend(["--seed", "7", "--out", text(&picture)]);
        args.extend(more);
        let stats = stats(&run_boids(&args));
        assert_eq!(stats["steps"], 25);
        stats["digest"].as_str().unwrap().to_owned()
    };
    let digest = flock(&["--threads", "1"]);
    assert_eq!(digest.len(), 64);
    assert_eq!(digest, flock(&["--threads", "2"]));
    assert_eq!(digest, flock(&["--threads", "5"]));
    assert_eq!(digest, flock(&["--memory", text(&file)]));
    assert_ne!(digest, flock(&["--bounds", "sphere"]));
    let plane = flock(&["--dim", "2", "--threads", "1"]);
    assert_eq!(plane, flock(&["--dim", "2", "--threads", "3"]));
    assert_ne!(digest, plane);
}

/// One clear line on stderr, nothing on stdout, no success.
fn refused(args: &[&str], because: &str) {
    let output = run_boids(args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{args:?} was accepted");
    assert!(output.stdout.is_empty());
    assert_eq!(error.trim_end().lines().count(), 1, "{args:?}: {error}");
    assert!(error.contains(because), "{args:?}: {error}");
}

#[test]
fn bad_flags_are_refused_in_one_line() {
    refused(&["--count", "0"], "0");
    refused(&["--dim", "4"], "4");
    refused(&["--bounds", "klein-bottle"], "klein-bottle");
    refused(&["--threads", "0"], "0");
    refused(&["--out", "flock.bmp"], ".png");
    refused(&["--no-such-flag"], "--no-such-flag");
    refused(&["--read-only"], "--attach");
    refused(&["--headless", "--steps", "0"], "--steps");
    refused(&["--headless", "--steps", "1", "--out", "/no/such/folder/a.png"], "/no/such/folder");
}

#[test]
fn files_that_are_no_region_are_refused_and_untouched() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    let view = |more: &[&str], because: &str| {
        let before = std::fs::read(&file).unwrap();
        let mut args = vec!["--attach", text(&file), "--headless", "--steps", "1"];
        args.extend(more);
        refused(&args, because);
        assert_eq!(std::fs::read(&file).unwrap(), before);
    };
    std::fs::write(&file, vec![b'x'; 8192]).unwrap();
    view(&[], "not an INOS region");
    view(&["--read-only"], "not an INOS region");
    // Neither is it replaced by a flock.
    let fly = ["--memory", text(&file), "--headless", "--steps", "1"];
    refused(&fly, "not an INOS region");
    assert_eq!(std::fs::read(&file).unwrap(), vec![b'x'; 8192]);

    std::fs::write(&file, b"short").unwrap();
    view(&[], "not an INOS region");
    std::fs::write(&file, b"").unwrap();
    view(&["--read-only"], "not an INOS region");

    let missing = folder.path().join("missing");
    refused(&["--attach", text(&missing), "--headless", "--steps", "1"], "missing");
    assert!(!missing.exists());
}

#[test]
fn a_cut_region_and_an_incompatible_version_are_refused_by_number() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("flock.inos");
    let picture = folder.path().join("flock.png");
    let made = run_boids(&[
        "--memory",
        text(&file),
        "--headless",
        "--count",
        "50",
        "--steps",
        "2",
        "--out",
        text(&picture),
    ]);
    assert!(made.status.success());
    let mut bytes = std::fs::read(&file).unwrap();
    // A region that was cut short.
    let short = folder.path().join("short.inos");
    std::fs::write(&short, &bytes[..8192]).unwrap();
    refused(&["--attach", text(&short), "--headless", "--steps", "1"], "too small");
    // The major version is the upper half of the word at offset 4.
    bytes[4..8].copy_from_slice(&(9_u32 << 16).to_ne_bytes());
    std::fs::write(&file, &bytes).unwrap();
    refused(&["--attach", text(&file), "--headless", "--steps", "1"], "version 9");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

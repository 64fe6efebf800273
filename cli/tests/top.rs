//! The live view, without a terminal and on one.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on has failed

mod region;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use inos::{Access, EpochTable, FileMemory, SectionId, Sections, Spin};
use inos_tests::terminal::Session;

/// Advances an epoch of the region some thousand times a second while `body` runs.
fn beating<R>(file: &Path, body: impl FnOnce() -> R) -> R {
    let memory = FileMemory::open(file, Access::ReadWrite).unwrap();
    // SAFETY: the program beside this one only reads, and nobody truncates the file.
    let sections = Sections::attach(unsafe { memory.cooperative() }.unwrap()).unwrap();
    let epoch = EpochTable::open(&sections, SectionId(2)).unwrap().counter(2).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                epoch.advance(&Spin::default());
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        let result = body();
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

#[test]
fn without_a_terminal_it_prints_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("region");
    region::make(&file);
    let output = beating(&file, || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inos"));
        command.arg("top").arg(&file).args(["--interval", "100", "--count", "3"]);
        command.output().unwrap()
    });
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.split("\n\n").count(), 3, "{text}");
    let rate = |name: &str| -> f64 {
        let line = text.lines().rfind(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(3).unwrap().parse().unwrap()
    };
    assert!(rate("epochs 2 ") > 0.0, "{text}");
    assert_eq!(rate("epochs 1 "), 0.0, "{text}");
    assert!(text.contains("calls submitted") && text.contains("counters drops"));
}

#[test]
fn on_a_terminal_it_goes_on_until_q_and_gives_it_back() {
    const SOON: Duration = Duration::from_secs(20);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("region");
    region::make(&file);
    beating(&file, || {
        let args = ["top", file.to_str().unwrap(), "--interval", "50"];
        let program = Path::new(env!("CARGO_BIN_EXE_inos"));
        let mut session = Session::start(program, &args, 40, 120).unwrap();
        let blocks = |text: &str| text.contains('▁') && text.contains("epochs 2");
        assert!(session.shows(SOON, blocks), "{}", session.text());
        assert!(session.is_alternate());
        session.send(b"q").unwrap();
        assert!(session.wait(SOON).unwrap().success());
        assert!(!session.is_alternate() && session.is_cooked().unwrap());
    });
}

//! Calls, units, accounts and completions from the command line.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on has failed

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use inos::ledger::{Ledger, LedgerConfig, Operation};

fn inos(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inos"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that does not read it has ended by now.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_call_gives_what_others_give() {
    // FIPS 180-4, its example of one block.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n";
    let output = inos(&["call", "hash", "sha256", "--hex"], b"abc");
    assert_eq!((text(&output.stdout), output.status.code()), (expected, Some(0)));
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
    std::fs::write(&from, "abc").unwrap();
    let files = [from.to_str().unwrap(), to.to_str().unwrap()];
    let args = ["call", "hash", "sha256", "-i", files[0], "-o", files[1], "--stats"];
    let output = inos(&args, b"ignored");
    assert_eq!(output.stdout, b"");
    assert!(text(&output.stderr).starts_with("3 bytes in, "));
    assert_eq!(std::fs::read(to).unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
    // An extendable output of BLAKE3, as its parameters say.
    let long = inos(&["call", "hash", "blake3", "-p", r#"{"length": 100}"#], b"abc");
    assert_eq!(long.stdout.len(), 100, "{}", text(&long.stderr));
}

#[test]
fn what_can_not_be_called_is_refused_in_a_line_with_the_units_number() {
    for (args, number, message) in [
        (&["call", "magic", "wand"][..], 1, "magic"),
        (&["call", "hash", "wand"], 2, "wand"),
        (&["call", "hash", "blake3", "-p", r#"{"colour": 1}"#], 0, "colour"),
        (&["call", "hash", "sha256", "--credits", "1"], 13, "credits"),
        (&["call", "hash", "sha256", "-i", "/nowhere"], 1, "/nowhere"),
        (&["units", "magic"], 1, "magic"),
        (&["ledger", "/nowhere"], 1, "/nowhere"),
    ] {
        let output = inos(args, b"abc");
        let error = text(&output.stderr);
        assert!(error.contains(message) && error.lines().count() == 1, "{args:?}: {error}");
        let code = output.status.code().unwrap();
        assert!(code == number || number == 0 && code > 0, "{args:?}: {code}");
        assert_eq!(output.stdout, b"");
    }
}

#[test]
fn units_are_listed() {
    let all = inos(&["units"], b"");
    let one = inos(&["units", "hash"], b"");
    assert!(text(&all.stdout).contains("\nboids ") || text(&all.stdout).starts_with("boids "));
    assert!(text(&one.stdout).starts_with("hash ") && !text(&one.stdout).contains("boids"));
    let json: serde_json::Value =
        serde_json::from_slice(&inos(&["units", "hash", "--json"], b"").stdout).unwrap();
    let text = json.to_string();
    assert!(text.contains("sha256") && !text.contains("\"boids\""), "{text}");
}

#[test]
fn an_audit_of_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let ledger = Ledger::open(path, &LedgerConfig::default()).unwrap();
    ledger.record(&Operation::Mint { amount: 1234 }).unwrap();
    let locked = inos(&["ledger", path], b"");
    assert!(text(&locked.stderr).contains("open elsewhere"));
    let seal = ledger.seal().unwrap();
    drop(ledger);
    let audit = inos(&["ledger", path, "--json"], b"");
    let audit: serde_json::Value = serde_json::from_slice(&audit.stdout).unwrap();
    assert_eq!((&audit["minted"], &audit["conserved"]), (&1234.into(), &true.into()));
    let digest: String = seal.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(audit["seal"]["digest"], digest.as_str());
    assert!(text(&inos(&["ledger", path], b"").stdout).contains(&digest));
}

#[test]
fn shells_complete_it_and_its_help_has_examples() {
    for shell in ["bash", "zsh", "fish"] {
        let output = inos(&["completions", shell], b"");
        assert!(text(&output.stdout).contains("inspect"), "{shell}");
    }
    assert!(
        text(&inos(&["--help"], b"").stdout).contains("inos inspect /dev/shm/flock.inos --map")
    );
}

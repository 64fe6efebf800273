//! The live view, driven through a pseudo-terminal as a person would.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed
#![cfg(unix)]

use std::time::Duration;

use inos_tests::boids;
use inos_tests::terminal::Session;
use rustix::process::Signal;

const SOON: Duration = Duration::from_secs(20);

fn live(more: &[&str]) -> Session {
    let mut args = vec!["--count", "300", "--threads", "1"];
    args.extend(more);
    let session = Session::start(boids(), &args, 30, 100).unwrap();
    let flies = session.shows(SOON, |text| text.contains("300") && has_braille(text));
    assert!(flies, "no flock on the screen:\n{}", session.text());
    assert!(session.is_alternate());
    assert!(session.hides_cursor());
    assert!(!session.is_cooked().unwrap());
    session
}

fn has_braille(text: &str) -> bool {
    text.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

fn assert_restored(session: &Session) {
    assert!(!session.is_alternate(), "still on the alternate screen");
    assert!(!session.hides_cursor(), "the cursor is still hidden");
    assert!(session.is_cooked().unwrap(), "the terminal is still raw");
}

#[test]
fn q_quits_and_restores_the_terminal() {
    let mut session = live(&[]);
    session.send(b"q").unwrap();
    assert!(session.wait(SOON).unwrap().success());
    assert_restored(&session);
}

#[test]
fn ctrl_c_quits_and_restores_the_terminal() {
    let mut session = live(&["--dim", "2"]);
    session.send(b"\x03").unwrap();
    session.wait(SOON).unwrap();
    assert_restored(&session);
}

#[test]
fn a_termination_signal_restores_the_terminal() {
    let mut session = live(&[]);
    session.signal(Signal::TERM).unwrap();
    session.wait(SOON).unwrap();
    assert_restored(&session);
}

#[test]
fn a_panic_restores_the_terminal_and_is_reported() {
    let mut session = live(&["--panic-after-frames", "120"]);
    let status = session.wait(SOON).unwrap();
    assert!(!status.success());
    assert_restored(&session);
    assert!(session.text().contains("panicked"), "{}", session.text());
}

#[test]
fn space_pauses_and_goes_on() {
    let mut session = live(&[]);
    session.send(b" ").unwrap();
    assert!(session.shows(SOON, |text| text.contains("PAUSED")), "{}", session.text());
    session.send(b" ").unwrap();
    assert!(session.shows(SOON, |text| !text.contains("PAUSED")), "{}", session.text());
    session.send(b"q").unwrap();
    assert!(session.wait(SOON).unwrap().success());
}

#[test]
fn plus_minus_and_reset_change_the_flock() {
    let mut session = live(&[]);
    session.send(b"+").unwrap();
    assert!(session.shows(SOON, |text| !text.contains("300 ")), "{}", session.text());
    session.send(b"r").unwrap();
    assert!(session.shows(SOON, |text| text.contains("300 ")), "{}", session.text());
    session.send(b"-").unwrap();
    assert!(session.shows(SOON, |text| !text.contains("300 ")), "{}", session.text());
    session.send(b"1c4").unwrap();
    session.send(b"q").unwrap();
    assert!(session.wait(SOON).unwrap().success());
    assert_restored(&session);
}

#[test]
fn the_view_follows_the_window() {
    let mut session = live(&[]);
    for (rows, columns) in [(12, 50), (50, 160), (5, 20), (2, 3)] {
        session.resize(rows, columns).unwrap();
        std::thread::sleep(Duration::from_millis(200));
    }
    session.resize(30, 100).unwrap();
    assert!(session.shows(SOON, |text| text.contains("300") && has_braille(text)));
    session.send(b"q").unwrap();
    assert!(session.wait(SOON).unwrap().success());
    assert_restored(&session);
}

#[test]
fn the_panel_shows_order_and_fitness_and_i_hides_it() {
    let mut session = live(&["--evolve", "--predators", "1"]);
    // At 30 rows and 100 columns there is room.
    let evolves = |text: &str| text.contains("order 0.") && text.contains("generation ");
    assert!(session.shows(SOON, evolves), "{}", session.text());
    session.send(b"i").unwrap();
    let is_hidden = |text: &str| !text.contains("generation ") && has_braille(text);
    assert!(session.shows(SOON, is_hidden), "{}", session.text());
    session.send(b"i").unwrap();
    assert!(session.shows(SOON, evolves), "{}", session.text());
    session.send(b"q").unwrap();
    assert!(session.wait(SOON).unwrap().success());
    assert_restored(&session);
}

#[test]
fn a_replay_takes_no_orders_and_ends_by_itself() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("flight.txt");
    let name = file.to_str().unwrap();
    let mut session = live(&["--record", name]);
    session.send(b"2").unwrap();
    // A frame later at the earliest: the order has been obeyed.
    std::thread::sleep(Duration::from_millis(500));
    session.send(b"q").unwrap();
    assert!(session.wait(SOON).unwrap().success());
    let script = std::fs::read_to_string(&file).unwrap();
    assert!(script.lines().filter(|line| line.contains(" step ")).count() >= 2, "{script}");
    assert!(script.contains(" end "), "{script}");

    let mut session = Session::start(boids(), &["--replay", name], 30, 100).unwrap();
    assert!(session.shows(SOON, |text| text.contains("replay")), "{}", session.text());
    session.send(b"+").unwrap();
    assert!(session.wait(SOON).unwrap().success(), "{}", session.text());
    assert_restored(&session);
}

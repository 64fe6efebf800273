//! The hash unit beside the crates it stands on, by turns in one run.
//!
//! `cargo run --release -p inos-units --example hash_rate`

use std::hint::black_box;
use std::time::{Duration, Instant};

use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput, batch};
use sha2::Digest as _;

const ROUNDS: usize = 15;
const TURN: Duration = Duration::from_millis(40);

fn main() -> Result<(), UnitError> {
    println!("{:30} {:>9} {:>9} {:>7}", "ns a message, medians", "unit", "crate", "ratio");
    for len in [40, 64, 100, 256, 1000, 1024, 4096] {
        let messages = vec![vec![7; len]; 1024];
        let input = batch::join(messages.iter().map(Vec::as_slice))?;
        row(&format!("blake3_many, {len} bytes"), 1024, ("blake3_many", &input), || {
            for message in &messages {
                black_box(blake3::hash(message));
            }
        })?;
    }
    for len in [64, 1 << 20, 16 << 20] {
        let input = vec![7; len];
        row(&format!("blake3, {len} bytes"), 1, ("blake3", &input), || {
            black_box(blake3::hash(&input));
        })?;
        row(&format!("sha256, {len} bytes"), 1, ("sha256", &input), || {
            black_box(sha2::Sha256::digest(&input));
        })?;
    }
    Ok(())
}

/// Times a method and its peer by turns.
fn row(
    name: &str,
    messages: u32,
    (method, input): (&str, &[u8]),
    mut peer: impl FnMut(),
) -> Result<(), UnitError> {
    let units = Dispatcher::standard();
    let id = units.resolve("hash", method)?;
    let mut out = VecOutput::new(1 << 20);
    let budget = Budget::unlimited();
    let mut unit = || {
        let call = Call { input, params: b"" };
        black_box(units.execute(id, call, &mut out, &budget)).map(drop)
    };
    unit()?;
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let unit = time(|| drop(unit())) / f64::from(messages);
        let peer = time(&mut peer) / f64::from(messages);
        ours.push(unit);
        theirs.push(peer);
        ratios.push(peer / unit);
    }
    let [ours, theirs, ratio] = [ours, theirs, ratios].map(median);
    println!("{name:30} {ours:9.1} {theirs:9.1} {ratio:6.2}x");
    Ok(())
}

/// Nanoseconds a call.
fn time(mut call: impl FnMut()) -> f64 {
    let (begin, mut calls) = (Instant::now(), 0_u32);
    while begin.elapsed() < TURN {
        call();
        calls += 1;
    }
    begin.elapsed().as_nanos() as f64 / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

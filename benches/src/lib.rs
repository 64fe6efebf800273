//! What the benches share. `README.md` says how to run them and how to read what they say.
//!
//! An [area](area) is a file with rows; a row has contenders that do the same work: the least that
//! the machine must do, the peers, and INOS. `areas.rs` shows them to Criterion, `compare` makes
//! the table and the pictures.

pub mod area;
pub mod contender;
pub mod machine;
pub mod measure;
pub mod plot;
pub mod report;

/// Whether the benches run as tests: each once, at small sizes, results checked, time ignored.
#[must_use]
pub fn as_test() -> bool {
    // Cargo passes `--bench` under `cargo bench` only.
    !std::env::args().any(|argument| argument == "--bench")
}

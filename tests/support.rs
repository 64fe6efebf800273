//! What the tests in this folder share: the examples' programs, and a pseudo-terminal.
#![forbid(unsafe_code)]

#[cfg(unix)]
#[path = "support/terminal.rs"]
pub mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// The folder that this test's own profile builds into, and the profile's arguments.
fn built_into() -> Option<(PathBuf, &'static [&'static str])> {
    let program = std::env::current_exe().ok()?;
    let profile = program.parent()?.parent()?;
    let release: &[&str] = if profile.ends_with("release") { &["--release"] } else { &[] };
    Some((profile.to_path_buf(), release))
}

/// Path of the flock's program. `cargo test --workspace` has built it already; alone, this test
/// builds it.
///
/// # Panics
/// If it can't be built.
#[must_use]
#[allow(clippy::panic)]
pub fn boids() -> &'static Path {
    static PROGRAM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = PROGRAM.get_or_init(|| {
        let (profile, arguments) = built_into()?;
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--package", "inos", "--example", "boids"])
            .args(arguments)
            .arg("--target-dir")
            .arg(profile.parent()?)
            .status()
            .ok()?;
        status.success().then(|| profile.join("examples").join("boids"))
    });
    match built {
        Some(path) => path,
        None => panic!("the boids example does not build"),
    }
}

/// Runs the flock's program to its end, without a terminal.
///
/// # Panics
/// If it can't be started.
#[must_use]
#[allow(clippy::panic)]
pub fn run_boids(args: &[&str]) -> Output {
    let output = Command::new(boids()).args(args).stdin(Stdio::null()).output();
    output.unwrap_or_else(|error| panic!("the flock's program: {error}"))
}

/// A path as an argument.
///
/// # Panics
/// If it is no text.
#[must_use]
#[allow(clippy::panic)]
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_else(|| panic!("{}", path.display()))
}

//! How large the core is in programs for small targets: what `.ci/size` measures.

use std::path::Path;
use std::process::{Command, Stdio};

/// A program's size.
#[derive(Clone, Debug)]
pub struct Size {
    /// What was measured.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
}

/// What each should be at most, in bytes.
const GOALS: [(&str, u64); 3] = [("flash", 12 * 1024), ("RAM", 0), ("wasm", 24 * 1024)];

/// Builds the programs and measures them. Needs what `.ci/size` needs, which it may install.
///
/// # Errors
/// If nothing was measured.
pub fn sizes() -> Result<Vec<Size>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new("bash")
        .arg(".ci/size")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    let sizes = parse(&String::from_utf8_lossy(&output.stdout));
    if sizes.is_empty() { Err(format!(".ci/size: {}", output.status)) } else { Ok(sizes) }
}

/// Lines such as `wasm: 57344 bytes, at most 57344`.
fn parse(text: &str) -> Vec<Size> {
    let lines = text.lines().filter_map(|line| {
        let (name, rest) = line.split_once(": ")?;
        let bytes = rest.split_once(" bytes, at most")?.0.parse().ok()?;
        Some(Size { name: name.to_owned(), bytes })
    });
    lines.collect()
}

/// A table of sizes and goals.
#[must_use]
pub fn size_table(sizes: &[Size]) -> String {
    let mut text = String::from("| program | bytes | goal | |\n|---|---|---|---|\n");
    for Size { name, bytes } in sizes {
        let goal = GOALS.iter().find(|(part, _)| name.contains(part)).map(|(_, goal)| *goal);
        let verdict = goal.map_or("", |goal| if *bytes <= goal { "reached" } else { "missed" });
        let goal = goal.map(|goal| format!("≤ {goal}")).unwrap_or_default();
        text.push_str(&format!("| {name} | {bytes} | {goal} | {verdict} |\n"));
    }
    text
}

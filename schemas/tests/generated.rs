//! The committed files are what the generators write, and the table is complete.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use inos_schemas::{Constant, GROUPS, c_header, typescript};

fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn constants() -> impl Iterator<Item = &'static Constant> {
    GROUPS.iter().flat_map(|group| group.constants)
}

#[track_caller]
fn assert_fresh(name: &str, expected: &str) {
    let committed = fs::read_to_string(path("generated").join(name)).unwrap_or_default();
    // A checkout may have turned line ends around.
    assert!(
        committed.replace("\r\n", "\n") == expected,
        "{name} is stale; run: cargo run -p inos-schemas --example generate"
    );
}

#[test]
fn typescript_is_fresh() {
    assert_fresh("inos_layout.ts", &typescript());
}

#[test]
fn c_header_is_fresh() {
    assert_fresh("inos_layout.h", &c_header());
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = constants().map(|constant| constant.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

/// Every constant of `inos_core::defs` is listed, and says here what it says there.
#[test]
fn no_constant_is_missing() {
    let source = fs::read_to_string(path("../inos-core/src/defs.rs")).unwrap();
    let mut doc = String::new();
    let mut found = 0;
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            doc = format!("{doc} {}", text.trim()).trim().replace(['`', '[', ']'], "");
        } else {
            if let Some(rest) = line.strip_prefix("pub const ") {
                let name = rest.split(':').next().unwrap_or(rest);
                let listed = constants().find(|constant| constant.name == name);
                let listed =
                    listed.unwrap_or_else(|| panic!("{name} is not in schemas/src/table.rs"));
                assert_eq!(listed.doc, doc, "{name}");
                found += 1;
            }
            doc.clear();
        }
    }
    assert!(found > 30, "defs.rs is not written as it was: {found} constants found");
}

/// The header is what a C compiler takes for one, with the same values.
#[test]
fn c_compiler_agrees() {
    let compiler = env::var_os("CC").unwrap_or_else(|| "cc".into());
    if Command::new(&compiler).arg("--version").output().is_err() {
        eprintln!("skipped: there is no C compiler");
        return;
    }
    let mut program = String::from("#include \"inos_layout.h\"\n#include <stdint.h>\n");
    for Constant { name, value, .. } in constants() {
        program.push_str(&format!("typedef char is_{name}[INOS_{name} == {value}u ? 1 : -1];\n"));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("inos_layout_check.c");
    fs::write(&file, program).unwrap();
    let output = Command::new(&compiler)
        .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
        .args([path("generated"), file])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

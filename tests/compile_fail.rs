//! What the types of `inos-core` forbid: each file in `compile_fail/` is a promise, and the lines
//! that would break it.
//!
//! ```text
//! drop(party); //~ E0505                       the compiler refuses this line, for this reason
//! consumer.read()?; //~ E0599 or: consumer.pop(&mut [])?;    as above, with what is right
//! ```
//!
//! A file's twin has what is right in place of the marked lines, or nothing, and must compile: so
//! nothing else is wrong. What is expected of an error is its code, and that it points at the
//! line. `trybuild` compares the text, which differs among the compilers from 1.95 on.
//!
//! All files are checked by one run of cargo, offline, in a package made for it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

/// A file of mistakes.
struct Case {
    text: String,
    /// The code of the error at each marked line, and whether it was seen.
    marks: BTreeMap<u64, (String, bool)>,
    /// The file without its mistakes.
    twin: String,
    /// What is wrong with it.
    complaints: String,
}

impl Case {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let (mut marks, mut twin) = (BTreeMap::new(), String::new());
        for (line, number) in text.lines().zip(1..) {
            let Some((_, mark)) = line.split_once("//~ ") else {
                writeln!(twin, "{line}").unwrap();
                continue;
            };
            let (code, right) = mark.split_once(" or: ").unwrap_or((mark, ""));
            marks.insert(number, (code.to_owned(), false));
            writeln!(twin, "{right}").unwrap();
        }
        assert!(!marks.is_empty(), "{} has no mistakes", path.display());
        Self { text, marks, twin, complaints: String::new() }
    }

    /// Takes notice of an error of the compiler.
    fn error(&mut self, error: &Value) {
        let Some(code) = error["code"]["code"].as_str() else { return };
        let spans = error["spans"].as_array().unwrap();
        let expected = spans.iter().any(|span| {
            let mark = span["line_start"].as_u64().and_then(|line| self.marks.get_mut(&line));
            mark.is_some_and(|(expected, seen)| {
                *seen |= expected == code;
                expected == code
            })
        });
        if !expected {
            self.complaints += error["rendered"].as_str().unwrap();
        }
    }
}

/// Writes a file if it is not there already, so that nothing is built again in vain.
fn write(path: PathBuf, text: &str) {
    if fs::read_to_string(&path).ok().as_deref() != Some(text) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A package of all cases: each an example that must not compile, all twins in its library.
fn package(root: &Path, workspace: &Path, cases: &BTreeMap<String, Case>) {
    let _ = fs::remove_dir_all(root.join("examples"));
    let core = workspace.join("inos-core");
    let manifest = format!(
        "[package]\nname = \"compile-fail\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ninos-core = {{ path = {core:?} }}\n"
    );
    write(root.join("Cargo.toml"), &manifest);
    write(root.join("Cargo.lock"), &fs::read_to_string(workspace.join("Cargo.lock")).unwrap());
    let mut library = String::from("#![allow(unused)]\n");
    for (name, case) in cases {
        writeln!(library, "pub mod {name};").unwrap();
        write(root.join(format!("src/{name}.rs")), &case.twin);
        write(root.join(format!("examples/{name}.rs")), &format!("{}fn main() {{}}\n", case.text));
    }
    write(root.join("src/lib.rs"), &library);
}

#[test]
fn every_promise_is_kept() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cases: BTreeMap<String, Case> = fs::read_dir(here.join("compile_fail"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), Case::read(&path)))
        .collect();
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    package(&root, here.parent().unwrap(), &cases);

    let output = Command::new(env::var_os("CARGO").unwrap())
        .args(["check", "--offline", "--quiet", "--keep-going", "--lib", "--examples"])
        .args(["--message-format", "json"])
        .arg("--target-dir")
        .arg(root.join("target"))
        .current_dir(&root)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap();
    let mut checked = 0;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let error = &message["message"];
        if error["level"] != "error" {
            continue;
        }
        let target = &message["target"];
        if target["kind"][0] != "example" {
            panic!("a twin does not compile:\n{}", error["rendered"].as_str().unwrap());
        }
        checked += 1;
        cases.get_mut(target["name"].as_str().unwrap()).unwrap().error(error);
    }
    assert!(checked > 0, "nothing was checked:\n{}", String::from_utf8_lossy(&output.stderr));

    let (mut mistakes, mut complaints) = (0, String::new());
    for (name, case) in &cases {
        complaints += &case.complaints;
        for (line, (code, seen)) in &case.marks {
            mistakes += 1;
            if !seen {
                writeln!(complaints, "{name}.rs:{line}: is accepted, or not for {code}").unwrap();
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
    println!("{mistakes} mistakes in {} files are refused", cases.len());
}

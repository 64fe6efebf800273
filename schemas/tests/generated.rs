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

/// Every constant of `inos_core::defs` and its modules is listed, and says here what it says there;
/// and what is listed as a module's is there.
#[test]
fn no_constant_is_missing() {
    let folder = path("../inos-core/src/defs");
    let mut defined = Vec::new();
    let mut prefixes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let module = file.file_stem().unwrap().to_str().unwrap();
        let prefix = match module {
            "mod" => String::new(),
            _ => format!("{}_", module.to_uppercase()),
        };
        let found = documented(&fs::read_to_string(&file).unwrap());
        assert!(!found.is_empty(), "{module} is not written as it was: no constant found");
        defined.extend(found.into_iter().map(|(name, doc)| (format!("{prefix}{name}"), doc)));
        prefixes.extend((!prefix.is_empty()).then_some(prefix));
    }
    for (name, doc) in &defined {
        let listed = constants().find(|constant| constant.name == name);
        let listed = listed.unwrap_or_else(|| panic!("{name} is not in schemas/src/table"));
        assert_eq!(listed.doc, doc, "{name}");
    }
    assert_eq!(prefixes.len(), 14);
    for Constant { name, .. } in constants() {
        let of_module = prefixes.iter().any(|prefix| name.starts_with(prefix));
        let is_defined = defined.iter().any(|(defined, _)| defined == name);
        assert!(is_defined || !of_module, "{name} is not in inos_core::defs");
    }
}

/// Names of the public constants in a source, and their docs.
fn documented(source: &str) -> Vec<(String, String)> {
    let mut doc = String::new();
    let mut found = Vec::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            doc = format!("{doc} {}", text.trim()).trim().replace(['`', '[', ']'], "");
        } else {
            if let Some(rest) = line.strip_prefix("pub const ") {
                let name = rest.split(':').next().unwrap_or(rest);
                found.push((name.to_owned(), doc.clone()));
            }
            doc.clear();
        }
    }
    found
}

/// The header is what compilers of C and C++ take for one, with the same values.
#[test]
fn c_compilers_agree() {
    let mut program = String::from("#include \"inos_layout.h\"\n#include <stdint.h>\n");
    for Constant { name, value, .. } in constants() {
        program.push_str(&format!("typedef char is_{name}[INOS_{name} == {value}u ? 1 : -1];\n"));
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("inos_layout_check.c");
    fs::write(&file, program).unwrap();
    let cc = env::var_os("CC").unwrap_or_else(|| "cc".into());
    let cxx = env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let languages =
        [(&cc, "c", "c99"), (&cc, "c", "c11"), (&cxx, "c++", "c++11"), (&cxx, "c++", "c++17")];
    for (compiler, language, standard) in languages {
        if Command::new(compiler).arg("--version").output().is_err() {
            eprintln!("skipped {standard}: there is no compiler for it");
            continue;
        }
        let output = Command::new(compiler)
            .args(["-x", language, &format!("-std={standard}")])
            .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
            .args([path("generated"), file.clone()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{standard}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Plain constants and comments, nothing that needs a compiler to be stripped.
#[test]
fn typescript_is_plain() {
    for line in typescript().lines().filter(|line| !line.is_empty()) {
        let constant = line.strip_prefix("export const ").and_then(|rest| rest.strip_suffix(';'));
        let is_comment =
            line.starts_with("//") || line.starts_with("/** ") && line.ends_with(" */");
        assert!(constant.is_some_and(|rest| rest.contains(" = ")) || is_comment, "{line}");
    }
}

//! Every ordering of the protocols that is not `Relaxed` has a name, and every name a test that
//! plants it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What loom can't see, and why; argued where it stands. Whoever finds a model for one removes it
/// here.
const UNSEEN: [(&str, &str); 10] = [
    // An intent is loaded, and then a state exchanged; its holder does so the other way around.
    ("mpsc: announce", "load buffering"),
    ("mpsc: look at an intent", "load buffering"),
    ("mpsc: withdraw", "load buffering"),
    ("names: claim", "stores to one word are kept in the order they ran in"),
    ("names: propose", "stores to one word are kept in the order they ran in"),
    ("broadcast: read wraps", "2^32 granules"),
    ("broadcast: wraps", "2^32 granules"),
    ("lane: accepted", "only a death tells, and models have none"),
    ("lane: published", "only a death tells, and models have none"),
    ("lane: mend", "a claimant stops between two loads for too long"),
];

fn read_all(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            into.push((path, text));
        }
    }
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut all);
    assert!(!all.is_empty());
    all
}

/// The protocols' code: without comments and the unit tests at the end of a file.
fn protocols() -> Vec<(PathBuf, String)> {
    let mut all = sources("src/protocol");
    all.retain(|(path, _)| !path.ends_with("fault.rs") && !path.ends_with("word.rs"));
    for (_, text) in &mut all {
        let code = text.split("\n#[cfg(all(test").next().unwrap();
        let code: Vec<&str> =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        *text = code.join("\n");
    }
    all
}

/// The string that is the first argument of the call, if `rest` follows its parenthesis.
fn first_string(rest: &str) -> Option<&str> {
    rest.trim_start().strip_prefix('"')?.split('"').next()
}

/// The names of all faults.
fn names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in protocols() {
        for call in ["ordering(", "is_planted(", ">("] {
            let after = text.match_indices(call).map(|(at, _)| &text[at + call.len()..]);
            names.extend(after.filter_map(first_string).map(String::from));
        }
    }
    assert!(names.len() > 100, "{names:?}");
    names
}

#[test]
fn every_fault_has_a_test() {
    let names = names();
    let mut tests = sources("tests/loom");
    tests.retain(|(path, _)| !path.ends_with("faults.rs"));
    let is_tested = |name: &str| {
        let literal = format!("\"{name}\"");
        tests.iter().any(|(_, text)| text.contains(&literal))
    };
    let unseen = |name: &str| UNSEEN.iter().any(|(unseen, _)| *unseen == name);
    let untested: Vec<_> = names.iter().filter(|name| !is_tested(name) && !unseen(name)).collect();
    assert!(untested.is_empty(), "no test plants {untested:?}");
    for (name, _) in UNSEEN {
        assert!(names.contains(name), "there is no {name:?}");
        assert!(!is_tested(name), "{name:?} is seen");
    }
}

#[test]
fn every_ordering_has_a_name() {
    for (path, text) in protocols() {
        for order in ["Acquire", "Release", "AcqRel", "SeqCst"] {
            let whole = format!("Ordering::{order}");
            for (at, _) in text.match_indices(&whole) {
                // The argument before it, or nothing if it is the first one.
                let named = text[..at].trim_end().ends_with("\",");
                let line = text[..at].lines().count();
                assert!(named, "{}: {order} has no name, at code line {line}", path.display());
            }
        }
    }
}

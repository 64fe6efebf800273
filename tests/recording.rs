//! Flights of the example with everything in them: recorded, and flown again to the same bits.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::path::Path;

use inos_tests::{run_boids, text};
use serde_json::Value;
use tempfile::TempDir;

const ROCKS: &str = "sphere 0 0 0 0.3\nbox 0.5 0.5 0 0.1 0.1 1 # a pillar\n";

/// Flies without a terminal and returns the statistics.
fn flown(folder: &TempDir, more: &[&str]) -> Value {
    let picture = folder.path().join("flock.png");
    let mut args = vec!["--headless", "--stats", "json", "--out", text(&picture)];
    args.extend(more);
    let output = run_boids(&args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(folder: &TempDir, more: &[&str], because: &str) {
    let picture = folder.path().join("flock.png");
    let mut args = vec!["--headless", "--out", text(&picture)];
    args.extend(more);
    let output = run_boids(&args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{args:?} was accepted");
    assert!(error.contains(because), "{args:?}: {error}");
}

/// A flock in a scene, whose rules evolve, recorded in `file` on so many threads.
fn recorded(folder: &TempDir, file: &Path, threads: &str) -> Value {
    let rocks = folder.path().join("rocks.txt");
    std::fs::write(&rocks, ROCKS).unwrap();
    let flight = ["--count", "300", "--steps", "40", "--predators", "3", "--evolve", "4"];
    let mut args = flight.to_vec();
    args.extend(["--preset", "shoal", "--obstacles", text(&rocks)]);
    args.extend(["--threads", threads, "--record", text(file)]);
    flown(folder, &args)
}

#[test]
fn a_recorded_flight_is_flown_again_to_the_same_bits() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("flight.txt");
    let first = recorded(&folder, &file, "1");
    assert_eq!(first["generations"], 4);
    assert!(first["fitness"].as_f64().unwrap() > 0.0);
    let script = std::fs::read_to_string(&file).unwrap();
    // What evolved was flown by: rules at the start, and the best of the first generation.
    assert!(script.lines().filter(|line| line.contains(" step ")).count() >= 2, "{script}");
    assert!(script.contains("0 set_scene ") && script.contains("40 end "), "{script}");

    // Nothing evolves any more, and there is another number of threads.
    let again = flown(&folder, &["--replay", text(&file), "--threads", "2"]);
    assert_eq!((&again["digest"], &again["steps"]), (&first["digest"], &first["steps"]));
    assert_eq!(again["generations"], Value::Null);

    // The same arguments are the same flight on any number of threads, evolution included.
    let other = folder.path().join("other.txt");
    assert_eq!(recorded(&folder, &other, "2")["digest"], first["digest"]);
    assert_eq!(std::fs::read_to_string(&other).unwrap(), script);

    // What was done after the last step is done again: the end is a smaller flock.
    let more = "40 resize {\"count\":90}\n40 end ";
    let after = folder.path().join("after.txt");
    std::fs::write(&after, script.replace("40 end ", more)).unwrap();
    refused(&folder, &["--replay", text(&after)], "the recording ended with");
    let unknown = script.lines().filter(|line| !line.contains(" end ")).collect::<Vec<_>>();
    std::fs::write(&after, format!("{}\n40 resize {{\"count\":90}}\n", unknown.join("\n")))
        .unwrap();
    assert_eq!(flown(&folder, &["--replay", text(&after)])["count"], 90);

    // A flight that does not end as it did is told so.
    let digest = first["digest"].as_str().unwrap();
    let wrong = script.replace(digest, &digest.replace(['0', '7'], "1"));
    std::fs::write(&file, wrong).unwrap();
    refused(&folder, &["--replay", text(&file)], "the recording ended with");
}

#[test]
fn as_many_generations_are_bred_as_were_asked_for() {
    let folder = TempDir::new().unwrap();
    for (steps, generations) in [("7", "2"), ("2", "3")] {
        let args = ["--count", "50", "--steps", steps, "--evolve", generations];
        assert_eq!(flown(&folder, &args)["generations"].to_string(), generations);
    }
}

#[test]
fn scenes_matter_and_every_preset_flies() {
    let folder = TempDir::new().unwrap();
    let rocks = folder.path().join("rocks.txt");
    std::fs::write(&rocks, ROCKS).unwrap();
    let mut digests = Vec::new();
    let cases: [&[&str]; 7] = [
        &[],
        &["--predators", "1"],
        &["--obstacles", text(&rocks)],
        &["--preset", "murmuration"],
        &["--preset", "shoal", "--dim", "2"],
        &["--preset", "swarm"],
        &["--preset", "stream", "--bounds", "box"],
    ];
    for case in cases {
        let mut args = vec!["--count", "200", "--steps", "20"];
        args.extend(case);
        digests.push(flown(&folder, &args)["digest"].as_str().unwrap().to_owned());
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), cases.len());
}

#[test]
fn what_is_no_scene_and_no_recording_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("notes.txt");
    std::fs::write(&file, "sphere 0 0 0 0.1\ncone 0 0 0 1\n").unwrap();
    refused(&folder, &["--steps", "1", "--obstacles", text(&file)], "line 2");
    refused(&folder, &["--replay", text(&file)], "line 1: not a recording");
    refused(&folder, &["--steps", "1", "--obstacles", "/dev/zero"], "1 MiB");
    let missing = folder.path().join("missing");
    refused(&folder, &["--replay", text(&missing)], "missing");
    refused(&folder, &["--obstacles", text(&missing)], "missing");
    refused(&folder, &["--steps", "1", "--record", "/no/such/folder/a.txt"], "/no/such/folder");
    refused(&folder, &["--predators", "65"], "65");
    refused(&folder, &["--preset", "penguins"], "penguins");
    refused(&folder, &["--replay", text(&file), "--count", "9"], "--count");
    refused(&folder, &["--bench", "--dim", "2"], "--dim");
    std::fs::write(&file, "inos-boids-recording 1\n0 init {\"count\":5000000}\n9 end 0\n").unwrap();
    refused(&folder, &["--replay", text(&file)], "count");
    std::fs::write(&file, "inos-boids-recording 1\n0 init {}\n").unwrap();
    refused(&folder, &["--replay", text(&file)], "without a step");
}

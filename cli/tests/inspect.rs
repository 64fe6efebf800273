//! What `inos inspect` says of regions, sound and damaged.
#![allow(clippy::unwrap_used, clippy::panic)] // a test that cannot go on has failed

mod region;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn inos(args: &[&str], file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inos"));
    command.arg("inspect").arg(file).args(args).output().unwrap()
}

fn report(file: &Path) -> Value {
    let output = inos(&["--json"], file);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn detail<'v>(report: &'v Value, name: &str) -> &'v Value {
    let sections = report["sections"].as_array().unwrap();
    &sections.iter().find(|section| section["name"] == name).unwrap()["detail"]
}

#[test]
fn it_says_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("region");
    let stats = region::make(&file);
    let before = fs::read(&file).unwrap();
    let report = report(&file);
    assert_eq!((&report["context_id"], &report["len"]), (&json!(0xc0ffee), &json!(before.len())));
    assert_eq!(report["sections"].as_array().unwrap().len(), 12);
    for (name, expected) in [
        ("notes", json!({"raw": {}})),
        ("epochs", json!({"epochs": {"values": [0, 5, 0]}})),
        (
            "names",
            json!({"named_epochs": {
                "slots": 4, "epochs": [{"name": "sunrise", "owner": 0, "value": 1}],
            }}),
        ),
        // A header of 8 bytes, and 20 bytes on granules of 8.
        (
            "ring",
            json!({"ring": {
                "capacity_len": 512, "used_len": 32, "producer": 0, "consumer": null,
            }}),
        ),
        ("many", json!({"mpsc": {"capacity": 64, "tickets": 8, "producers": [0]}})),
        (
            "frames",
            json!({"ping_pong": {
                "slots": 3, "seats": 1, "frame_len": 256, "version": 2, "writer": 0,
            }}),
        ),
        (
            "calls",
            json!({"lanes": {
                "service": null, "entries": 8, "buffer_len": 256,
                "lanes": [
                    {"lane": 0, "client": 0, "submitted": 2, "running": 0, "answered": 0},
                ],
            }}),
        ),
        (
            "counters",
            json!({"counters": {
                "slots": 4, "counters": [{"label": "drops", "owner": 0, "value": 42}],
            }}),
        ),
    ] {
        assert_eq!(detail(&report, name), &expected, "{name}");
    }
    let units = &detail(&report, "units")["registry"]["units"];
    let unit = (&units[0]["name"], &units[0]["version"], &units[0]["methods"]);
    assert_eq!(unit, (&json!("weather"), &json!("1.2.3"), &json!(["rain", "shine"])));
    let log = &detail(&report, "events")["log"];
    let newest = log["newest"].as_array().unwrap().iter();
    let times: Vec<_> = newest.filter_map(|event| event["time"].as_u64()).collect();
    assert_eq!(times, (4..20).collect::<Vec<_>>());
    let heap = &detail(&report, "heap")["arena"];
    let number = |key: &str| heap[key].as_u64().unwrap();
    let found = ["free_len", "retained_len", "used_len", "blocks", "handed_over"].map(number);
    let expected =
        [stats.free_len, stats.retained_len, stats.used_len, stats.block_count.into(), 1];
    assert_eq!((found, stats.handed_count), (expected, 1));
    assert!(stats.block_count > 300 && number("longest_free_len") < stats.free_len);
    assert_eq!(fs::read(&file).unwrap(), before, "nothing was written");
}

#[test]
fn for_people_it_is_text_and_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (file, map) = (folder.path().join("region"), folder.path().join("map.svg"));
    region::make(&file);
    let output = inos(&["--map", map.to_str().unwrap()], &file);
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "weather 1.2.3",
        "lane    0: client somebody, 2 submitted",
        "sunrise",
        "it <rains> & pours",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let arena: Vec<_> =
        text.lines().skip_while(|line| !line.contains(". free, 0-9")).skip(1).take(8).collect();
    let letters = arena.concat();
    for letter in ['.', '[', '=', '5'] {
        assert!(letters.contains(letter), "{letter} is not in {letters}");
    }
    let svg = fs::read_to_string(&map).unwrap();
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    // Free pages, ones of blocks, and long blocks: each has a colour.
    for fill in ["#e8ebf1", "#7a5195", "#4b2e63", "#3b5ba9"] {
        assert!(svg.contains(fill), "{fill}");
    }
    assert!(svg.matches("<rect").count() > 640);

    let one = String::from_utf8(inos(&["--section", "ring"], &file).stdout).unwrap();
    assert!(one.contains("32 B of 512 B") && !one.contains("weather"));
    assert_eq!(inos(&["--section", "4"], &file).stdout, one.as_bytes());
}

#[test]
fn what_is_no_region_is_refused_in_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let refused = |args: &[&str]| {
        let output = inos(args, &file);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
        assert_eq!(output.stdout, b"");
        text
    };
    assert!(refused(&[]).contains("No such file"));
    fs::write(&file, "").unwrap();
    refused(&[]);
    fs::write(&file, vec![b'x'; 10_000]).unwrap();
    refused(&[]);
    fs::remove_file(&file).unwrap();
    region::make(&file);
    assert!(refused(&["--section", "moon"]).contains("no section moon"));
    assert!(refused(&["--map", "/nowhere/map.svg"]).contains("/nowhere/map.svg"));
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    refused(&[]);
}

/// Whatever is in the memory: it says something.
#[test]
fn damaged_memory_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("region");
    region::make(&file);
    let sound = fs::read(&file).unwrap();
    let mut seed = 1_u64;
    for round in 0..60 {
        let mut bytes = sound.clone();
        for _ in 0..200 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Not the table: that is refused as a whole. The arena's pages say nothing.
            let at = 2048 + (seed >> 33) as usize % 30_000;
            bytes[at] = if round % 2 == 0 { 0xff } else { (seed >> 20) as u8 };
        }
        fs::write(&file, &bytes).unwrap();
        let output = inos(&["--map", folder.path().join("map.svg").to_str().unwrap()], &file);
        assert_eq!(output.status.code(), Some(0), "round {round}: {output:?}");
        assert_eq!(report(&file)["sections"].as_array().unwrap().len(), 12);
    }
}

/// The table of sections is guarded by a hash.
#[test]
fn a_table_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("region");
    region::make(&file);
    let mut bytes = fs::read(&file).unwrap();
    // The kind of the first section, at the offset that the superblock says.
    let table = u32::from_ne_bytes(bytes[36..40].try_into().unwrap()) as usize;
    bytes[table + 4] = 99;
    fs::write(&file, &bytes).unwrap();
    let output = inos(&[], &file);
    assert_eq!((output.status.code(), output.stdout), (Some(1), vec![]));
    assert!(String::from_utf8(output.stderr).unwrap().contains("layout hash"));
}

/// Makes `cli/map.svg`, the picture of the README.
#[test]
#[ignore = "writes into the sources"]
fn picture() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weather.inos");
    region::make(&file);
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("map.svg");
    let mut command = Command::new(env!("CARGO_BIN_EXE_inos"));
    command.current_dir(&folder).args(["inspect", "weather.inos", "--map"]).arg(map);
    assert!(command.output().unwrap().status.success());
}

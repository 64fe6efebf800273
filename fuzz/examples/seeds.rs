//! Writes the seeds into `fuzz/corpus`: inputs that get through to every method and every kind
//! of section, for the fuzzer to start from.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`

use std::path::Path;
use std::{fs, io};

/// A layout of one section of each kind, as `attach` reads it: raw, epochs, ring, pinned and
/// observed ping-pong buffers, registry; and one of lanes and a ring.
const SIX: &[u8] = &[5, 0, 63, 1, 0, 3, 2, 1, 3, 1, 0, 1, 100, 3, 1, 1, 1, 100, 5, 1, 1];
const LANES: &[u8] = &[1, 4, 1, 1, 1, 2, 0];

/// Operations: push and pop, write and observe, pin, call and serve, register, borrow in place.
const RING: &[u8] =
    &[2, 20, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 255, 0, 0, 15, 16, 0, 1, 0, 0, 15, 0, 0, 1, 1, 0];
const STATE: &[u8] = &[
    4, 0, 8, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 6, 255, 0, 2, 0, 0, 15,
    8, 0, 1, 2, 0, 15, 8, 0, 1, 3, 0, 1, 0, 0, 0,
];
const CALLS: &[u8] = &[
    7, 0, 0, 0, 1, 8, 9, 10, 2, 0, 9, 0, 0, 9, 2, 0, 7, 1, 0, 0, 7, 2, 0, 0, 7, 3, 0, 0, 1, 2, 3,
    4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 9, 4, 0, 16, 0, 0,
];
const UNITS: &[u8] = &[
    11, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 5, 11, 3, 0, 0, 0, 0, 0, 0, 1, 11, 4, 0, 0, 0, 0, 0, 0, 0,
    11, 5, 0, 0, 0, 0, 0, 0, 0, 11, 2, 0, 0, 0, 0, 0, 0, 0,
];

fn main() -> io::Result<()> {
    let six = |overwrite: &[u8], work: &[&[u8]]| {
        // Formatted, layout, no work before, overwritten words, hash mended, work.
        [&[1], SIX, &[0], overwrite, &[0], &work.concat()].concat()
    };
    let lanes = [&[1], LANES, &[0, 0, 0], CALLS, CALLS, RING].concat();
    write("attach", "empty", &[])?;
    write("attach", "raw", &[&[0, 0, 1][..], b"INOS", &[0, 0, 1, 0]].concat())?;
    write("attach", "intact", &six(&[0], &[RING, STATE, UNITS]))?;
    // One word each: of the superblock, of an entry's parameters, of a ring, with any value.
    write("attach", "superblock", &six(&[1, 8, 0, 1, 2], &[RING, STATE]))?;
    write("attach", "params", &six(&[1, 56, 0, 1, 100], &[RING, STATE]))?;
    write("attach", "ring", &six(&[1, 161, 0, 1, 9], &[RING, RING]))?;
    // A hostile store between two calls.
    write("attach", "poked", &six(&[0], &[RING, &[14, 161, 0, 9], RING, STATE]))?;
    write("attach", "lanes", &lanes)?;

    // Method, capacity, kind of input, shift, kind of parameters and the parameters, input.
    write("dispatcher", "blake3", &[&[0, 4, 1, 1, 0][..], b"abc"].concat())?;
    write("dispatcher", "sha256", &[&[1, 4, 1, 3, 0][..], b"abc"].concat())?;
    write("dispatcher", "init", &[&[2, 7, 0, 0, 1, 13, 0][..], br#"{"count": 50}"#].concat())?;
    write("dispatcher", "step", &[3, 7, 2, 0, 0, 99, 0, 1, 7, 0, 0, 0, 50, 0, 90, 0])?;
    write("dispatcher", "step_params", &[3, 7, 2, 1, 2, 2, 0, 5, 9, 1, 3, 2, 99, 0, 0, 7, 1, 4])?;
    write(
        "dispatcher",
        "resize",
        &[4, 7, 2, 4, 1, 13, 0, 123, 34, 99, 111, 117, 110, 116, 34, 58, 32, 53, 48, 125],
    )?;
    write(
        "dispatcher",
        "stats",
        &[5, 7, 2, 0, 0, 20, 0, 0, 1, 1, 9, 2, 20, 0, 200, 0, 0, 128, 127],
    )?;
    write("dispatcher", "unknown_id", &[0xff, 7, 9, 0, 9, 0])
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

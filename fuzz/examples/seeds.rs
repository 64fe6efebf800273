//! Writes the seeds into `fuzz/corpus`: inputs that get through to every method and every kind
//! of section, for the fuzzer to start from.
//!
//! `cargo run --manifest-path fuzz/Cargo.toml --example seeds`

use std::path::Path;
use std::{fs, io};

/// A layout of nine sections, as `attach` reads it: raw, epochs, ring, pinned ping-pong buffer of
/// items, observed one, registry, parties, arena, more slots for the registry.
const STATE: &[u8] =
    &[8, 0, 63, 1, 0, 3, 2, 3, 3, 1, 4, 1, 99, 3, 1, 1, 1, 99, 5, 1, 1, 6, 1, 2, 8, 0, 7, 13, 1];
/// Another one, the last of it a shared ring: lanes, broadcast, named epochs, a replicated group, log, counters, parties, ring.
const FLOW: &[u8] =
    &[8, 4, 1, 1, 1, 7, 1, 9, 3, 10, 1, 100, 50, 0, 11, 1, 40, 12, 3, 6, 1, 2, 2, 3, 14, 3, 2, 2];
/// Where the parties stand in both, for the operation that opens a section.
const PARTIES: u8 = 6;

/// Operations. Rings: push, pop, batch, publish many at once, drain; the same in place.
const RING: &[&[u8]] = &[
    &[3, 0, 20, 0],
    &[3, 2, 3, 5, 0, 0],
    &[5, 1, 200, 0],
    &[3, 3, 4],
    &[3, 4, 9, 0],
    &[16, 0, 3, 9, 0],
    &[3, 5],
    &[16, 0, 0, 30, 20, 0, 0],
    &[16, 0, 4, 2, 9, 0],
    &[16, 0, 1, 0, 0],
    &[16, 0, 2, 2, 0],
    &[5, 0, 200, 0, 9],
];
/// Shared rings: push, batch, one that holds others up, read; the same in place.
const SHARED: &[&[u8]] = &[
    &[24, 0, 9, 0],
    &[24, 1, 3, 5, 1],
    &[24, 2, 40, 9, 0, 0],
    &[24, 5, 0, 0],
    &[24, 5, 1, 0],
    &[24, 3, 0, 200, 0],
    &[24, 2, 40, 9, 7, 1],
    &[24, 7, 0, 0],
    &[24, 4, 7, 200, 0],
    &[16, 2, 0, 20, 0, 0],
    &[16, 2, 1, 40, 0, 1],
    &[16, 2, 2, 0, 0, 0],
    &[16, 2, 3, 9, 0, 0],
    &[24, 6, 0],
];
/// Ping-pong buffers: write, read, and in place: bytes, items.
const FRAMES: &[&[u8]] = &[
    &[6, 8, 40, 0, 0],
    &[7, 200, 0, 2, 0, 0, 0],
    &[16, 1, 1, 40, 0, 0, 0],
    &[16, 1, 2, 40, 0, 0, 0],
    &[6, 8, 40, 0, 1],
    &[7, 200, 0, 2, 0, 7, 1],
];
/// Lanes: submit, accept, answer, expire, take answers, answer orphans.
const CALLS: &[&[u8]] = &[
    &[8, 1, 6, 0],
    &[10, 1, 9, 0],
    &[10, 0, 9, 0],
    &[10, 1, 8, 0],
    &[10, 5, 0, 0, 0, 7],
    &[10, 3, 127, 0],
    &[8, 3, 9, 0],
    &[8, 4, 0, 0],
    &[8, 0, 0, 0],
    &[10, 2, 2, 0],
    &[14, 2, 4],
    &[0, 0],
    &[10, 4, 2, 0],
    &[8, 2, 0, 0],
    &[23, 1],
    &[2, 2, 0, 0],
];
/// Registries: register, find, list, heartbeats, retire.
const UNITS: &[&[u8]] = &[
    &[12, 0, 0, 0, 0, 1, 3, 5, 0, 0],
    &[12, 0, 0, 0, 0, 2, 2, 9, 0, 2],
    &[12, 3, 0, 1, 0, 1, 1],
    &[12, 4, 0, 0, 0, 0],
    &[12, 5, 0, 0, 0, 0],
    &[12, 2, 0, 0, 0, 0],
];
/// Arenas: allocate short and long, write, hand over, adopt, free, count.
const ARENA: &[&[u8]] = &[
    &[17, 0, 9, 0],
    &[17, 0, 127, 0],
    &[17, 0, 20, 0],
    &[17, 8, 8, 16, 0],
    &[17, 6, 0],
    &[17, 9],
    &[17, 7, 0],
    &[17, 4, 0, 0],
    &[17, 4, 0, 1],
];
/// Broadcasts: send, receive, a draft in pieces.
const NEWS: &[&[u8]] = &[
    &[19, 0, 12, 0, 0, 0],
    &[19, 1, 100, 1, 0],
    &[19, 0, 12, 4, 0, 0],
    &[19, 0, 12, 4, 7, 0],
    &[1, 1, 1],
    &[19, 1, 100, 0, 1],
];
/// Twins: write, pull, push, a snapshot.
const TWINS: &[&[u8]] = &[
    &[20, 0, 64, 0, 30, 0, 0],
    &[20, 2, 2, 0],
    &[20, 4, 1, 8, 0, 16, 0, 0],
    &[20, 5, 0, 0, 2],
    &[20, 0, 64, 0, 30, 7, 0],
    &[20, 2, 2, 0],
];
/// Logs and counters.
const TOOLS: &[&[u8]] = &[
    &[21, 1, 20, 3, 0],
    &[21, 0, 79, 0],
    &[22, 1, 5, 0, 0],
    &[22, 0, 9, 0],
    &[22, 3, 4, 0, 0],
    &[22, 4, 0, 0],
];
/// Epochs: by index and by name, every way to wait.
const EPOCHS: &[&[u8]] = &[
    &[2, 0, 0, 0],
    &[2, 1, 0],
    &[2, 2, 0, 0],
    &[2, 2, 0, 1],
    &[2, 3, 0],
    &[2, 4, 0, 0, 0, 0, 0],
    &[2, 4, 0, 3, 0, 0, 0],
    &[2, 5, 0, 0],
    &[2, 5, 2, 0],
    &[2, 4, 0, 2, 0, 0, 0],
    &[2, 5, 3, 0],
];

/// A party takes all roles, opens sections, works, and leaves; or forgets everything, or dies.
fn party(end: u8, opens: &[u8], work: &[&[u8]]) -> Vec<u8> {
    guest(end << 4 | 1, opens, work)
}

/// A party beside others, which keep what they have if `choice` is even.
fn guest(choice: u8, opens: &[u8], work: &[&[u8]]) -> Vec<u8> {
    let opens = opens.iter().flat_map(|&index| [0, index, 0]).collect::<Vec<_>>();
    let work = [&opens, &work.concat()[..]].concat();
    let len = u8::try_from(work.len()).expect("a short one");
    [&[0, PARTIES, choice, len][..], &work].concat()
}

fn main() -> io::Result<()> {
    let image = |layout: &[u8], overwrite: &[u8], work: &[&[&[u8]]]| {
        // Formatted, layout, no work before, overwritten words, hash mended, work.
        let work: Vec<u8> = work.concat().concat();
        [&[1], layout, &[0], overwrite, &[0], &work].concat()
    };
    // It opens the arena and the ring, or the lanes and the group; the next one reaps it.
    let long: &[&[u8]] = &[&[17, 0, 200, 4], &[17, 0, 127, 0]];
    let state = [
        // Others keep their blocks, short and long.
        [long.concat(), guest(0, &[7], &[&long.concat()])].concat(),
        party(0, &[7, 2], &[&ARENA.concat(), &RING[..5].concat()]),
        party(11, &[7, 4], &[&ARENA[..3].concat(), &FRAMES.concat()]),
        party(15, &[7, 2], &[&ARENA[..5].concat(), &RING[..5].concat()]),
        party(0, &[7, 2], &[&[23, 0], &ARENA.concat(), &RING.concat()]),
    ];
    let flow = [
        party(15, &[0, 3, 5], &[&CALLS[..4].concat(), &TWINS.concat(), &TOOLS.concat()]),
        party(15, &[1, 2, 8], &[&NEWS.concat(), &EPOCHS.concat(), &SHARED[..7].concat()]),
        party(0, &[8], &[&[23, 0], &SHARED.concat()]),
        party(0, &[0, 3, 4], &[&[23, 0], &CALLS.concat(), &TWINS.concat(), &TOOLS.concat()]),
    ];
    let state: Vec<&[u8]> = state.iter().map(|work| &work[..]).collect();
    let flow: Vec<&[u8]> = flow.iter().map(|work| &work[..]).collect();
    let all_state = [RING, FRAMES, UNITS, ARENA, EPOCHS, RING];
    let all_flow = [CALLS, NEWS, TWINS, TOOLS, EPOCHS, SHARED];

    write("attach", "empty", &[])?;
    write("attach", "raw", &[&[0, 0, 1][..], b"INOS", &[0, 0, 1, 0]].concat())?;
    write("attach", "intact", &image(STATE, &[0], &all_state))?;
    write("attach", "lanes", &image(FLOW, &[0], &[CALLS, CALLS, RING]))?;
    write("attach", "flow", &image(FLOW, &[0], &all_flow))?;
    write("attach", "parties", &image(STATE, &[0], &[&state]))?;
    write("attach", "deaths", &image(FLOW, &[0], &[&flow]))?;
    // One word each: of the superblock, of an entry's parameters, of an arena's pages, of a ring,
    // with any value.
    write("attach", "superblock", &image(STATE, &[25, 8, 0, 1, 2], &[RING, FRAMES]))?;
    write("attach", "params", &image(STATE, &[25, 56, 0, 1, 100], &[RING, FRAMES]))?;
    write("attach", "pages", &image(STATE, &[25, 32, 4, 1, 9], &[ARENA, ARENA]))?;
    write("attach", "ring", &image(STATE, &[25, 161, 0, 1, 9], &[RING, RING]))?;
    // A hostile store between two calls.
    let poke: &[&[u8]] = &[&[15, 161, 0, 9]];
    write("attach", "poked", &image(STATE, &[0], &[RING, poke, RING, FRAMES]))?;
    let poke: &[&[u8]] = &[&[15, 200, 0, 255, 1, 2, 3, 4]];
    write("attach", "flow_poked", &image(FLOW, &[0], &[&flow, poke, &flow]))?;

    // Method, capacity, kind of input, shift, kind of parameters and the parameters, input.
    // A sample of each method as it is, and one with a byte overwritten.
    for number in 0..inos_fuzz::dispatcher::method_count() as u16 {
        let [low, high] = number.to_le_bytes();
        let accepted = [low, high, 7, 0xc0, 0, 0, 0];
        write("dispatcher", &format!("method_{number}"), &accepted)?;
        write(
            "dispatcher",
            &format!("method_{number}_other"),
            &[low, high, 6, 0xc1, 3, 1, 1, 9, 0, 1],
        )?;
    }
    // Parameters as text and as a message, a frame of boids that was made for it.
    let text = br#"{"length": 50}"#;
    write(
        "dispatcher",
        "text",
        &[&[0, 0, 7, 1, 0, 1, text.len() as u8, 0], &text[..], b"abc"].concat(),
    )?;
    write("dispatcher", "message", &[0, 0, 7, 1, 0, 3, 1, 0, 1, 40, 1, 2, 3])?;
    write("dispatcher", "members", &[0, 0, 7, 2, 1, 2, 2, 0, 5, 9, 0, 3, 2, 99, 0, 0, 7, 1, 4])?;
    write("dispatcher", "frame", &[14, 0, 7, 2, 0, 0, 99, 0, 1, 7, 0, 0, 0, 50, 0, 90, 0])?;
    write("dispatcher", "unknown_id", &[0xff, 0xff, 7, 9, 0, 9, 0])
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

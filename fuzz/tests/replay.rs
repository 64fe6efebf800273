//! Every kept input, on the stable toolchain and without libFuzzer: the seeds, what a fuzzer
//! found worth keeping, and inputs that once broke something.

use std::fs;
use std::path::Path;

fn replay(target: &str, mut run: impl FnMut(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a corpus") {
        let path = entry.expect("a file").path();
        println!("{}", path.display());
        run(&fs::read(path).expect("a file"));
        count += 1;
    }
    assert!(count > 0, "no inputs for {target}");
}

#[test]
fn dispatcher() {
    let mut reached = vec![false; inos_fuzz::dispatcher::method_count()];
    replay("dispatcher", |bytes| {
        if let Some(number) = inos_fuzz::dispatcher::run(bytes) {
            reached[number] = true;
        }
    });
    let missed: Vec<usize> = (0..reached.len()).filter(|number| !reached[*number]).collect();
    assert!(missed.is_empty(), "methods that no kept input gets through to: {missed:?}");
}

#[test]
fn attach() {
    replay("attach", inos_fuzz::attach::run);
}

/// Any bytes are an input, so these are some more.
#[test]
fn noise() {
    let mut state = 1_u64;
    for round in 0..10_000 {
        let mut bytes: Vec<u8> = (0..if round % 2 == 0 { 300 } else { 1000 })
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 24) as u8
            })
            .collect();
        if round % 2 != 0 {
            // Formatted.
            bytes[0] |= 1;
        }
        inos_fuzz::dispatcher::run(&bytes);
        inos_fuzz::attach::run(&bytes);
    }
}

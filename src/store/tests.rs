//! The store over a simulated disk, and over a real folder.

mod basics;
mod flips;
mod power;

use super::*;

/// Small chunks and segments, so that small objects have many.
fn small(key: bool) -> StoreConfig {
    StoreConfig {
        key: key.then_some([7; 32]),
        min_chunk_len: 64,
        average_chunk_len: 256,
        max_chunk_len: 1024,
        inline_len: 128,
        segment_len: 4096,
        quality: Some(3),
        ..StoreConfig::default()
    }
}

/// Bytes that depend on the seed, a half of which can be compressed.
fn content(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut random = blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof();
    random.fill(&mut bytes);
    for block in bytes.chunks_mut(1000).skip(1).step_by(2) {
        block.iter_mut().for_each(|byte| *byte &= 3);
    }
    bytes
}

#[track_caller]
fn got(store: &Store, address: &Address) -> Vec<u8> {
    let mut bytes = Vec::new();
    store.get(address, &mut bytes).unwrap();
    bytes
}

#[track_caller]
fn assert_clean(store: &Store) -> ScrubReport {
    let report = store.scrub(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert!(report.is_complete);
    assert_eq!((&report.damaged[..], &report.damaged_objects[..]), (&[][..], &[][..]));
    report
}

//! Copies of 4 KiB that another party may be writing meanwhile.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use inos::{AtomicU32 as Word, Layout, Region, SectionId, Sections};
use vm_memory::VolatileSlice;

use super::Area;
use crate::driver::{Case, Driver};
use crate::{inos, limit, peer};

pub(super) const AREA: Area = Area {
    name: "hostile_copy",
    title: "Copies of 4 KiB that a peer may race with",
    about: "Nobody does race here: what is timed is the price of being allowed to. memcpy is not: \
            it is undefined behaviour if somebody writes. vm-memory copies by volatile accesses, \
            which is a race by the letter, too. Relaxed atomics are sound everywhere.",
    run,
};

const RAW: SectionId = SectionId(1);
const LEN: usize = 4096;

/// Bytes that differ from one run of copies to the next.
fn pattern(round: u64) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = (at as u64 ^ round) as u8;
    }
    bytes
}

/// Copies so many times by `copy`; right if the last copy shows the bytes.
fn copies<'a>(
    expected: &'a [u8],
    mut copy: impl FnMut(&mut [u8; LEN]) + 'a,
) -> impl FnMut(u64) -> u64 + 'a {
    let mut out = [0; LEN];
    move |count| {
        out[0] = !expected[0];
        for _ in 0..count {
            copy(black_box(&mut out));
        }
        if out[..] == *expected { count } else { 0 }
    }
}

fn run(driver: &mut dyn Driver) {
    let bytes = pattern(7);
    let mut volatile = bytes;
    let shared = VolatileSlice::from(&mut volatile[..]);
    let words: Vec<AtomicU32> =
        bytes.as_chunks().0.iter().map(|word| AtomicU32::new(u32::from_le_bytes(*word))).collect();
    let wide: Vec<AtomicU64> =
        bytes.as_chunks().0.iter().map(|word| AtomicU64::new(u64::from_le_bytes(*word))).collect();
    let narrow: Vec<AtomicU8> = bytes.iter().map(|byte| AtomicU8::new(*byte)).collect();

    let layout = Layout::builder().raw(RAW, "raw", LEN as u64).build().expect("a layout");
    let memory: Vec<Word> = (0..layout.total_len() / 4 + 16).map(|_| Word::new(0)).collect();
    let sections = Sections::create(Region::from_words(&memory), &layout, 1).expect("a region");
    sections.write_raw(RAW, 0, &bytes).expect("inside");

    let out = vec![
        limit("memcpy", copies(&bytes, |out| out.copy_from_slice(black_box(&bytes)))).boxed(),
        peer(
            "vm-memory",
            copies(&bytes, |out| {
                black_box(&shared).copy_to(&mut out[..]);
            }),
        )
        .boxed(),
        peer(
            "atomic words of 8 bytes",
            copies(&bytes, |out| {
                for (out, word) in out.as_chunks_mut().0.iter_mut().zip(black_box(&wide)) {
                    *out = word.load(Ordering::Relaxed).to_le_bytes();
                }
            }),
        )
        .boxed(),
        peer(
            "atomic words of 4 bytes",
            copies(&bytes, |out| {
                for (out, word) in out.as_chunks_mut().0.iter_mut().zip(black_box(&words)) {
                    *out = word.load(Ordering::Relaxed).to_le_bytes();
                }
            }),
        )
        .boxed(),
        peer(
            "atomic bytes",
            copies(&bytes, |out| {
                for (out, byte) in out.iter_mut().zip(black_box(&narrow)) {
                    *out = byte.load(Ordering::Relaxed);
                }
            }),
        )
        .boxed(),
        inos(
            "read_raw, hostile",
            copies(&bytes, |out| {
                black_box(&sections).read_raw(RAW, 0, out).expect("inside");
            }),
        )
        .reach(if cfg!(target_arch = "x86_64") { 1.1 } else { 3.5 })
        .boxed(),
    ];
    driver.case(Case::new("out of shared memory", 256).bytes(LEN as u64), out);

    let mut plain = [0; LEN];
    let mut target = vec![0_u8; LEN];
    let target = VolatileSlice::from(&mut target[..]);
    let mut round = 0;
    let mut next = move || {
        round += 1;
        pattern(round)
    };
    let first = next();
    let contenders = vec![
        limit("memcpy", |count| {
            for _ in 0..count {
                black_box(&mut plain).copy_from_slice(black_box(&first));
            }
            if plain == first { count } else { 0 }
        })
        .boxed(),
        peer("vm-memory", |count| {
            for _ in 0..count {
                black_box(&target).copy_from(black_box(&first[..]));
            }
            let mut seen = [0; LEN];
            target.copy_to(&mut seen[..]);
            if seen == first { count } else { 0 }
        })
        .boxed(),
        peer("atomic words of 4 bytes", |count| {
            for _ in 0..count {
                for (word, bytes) in black_box(&words).iter().zip(black_box(&first).as_chunks().0) {
                    word.store(u32::from_le_bytes(*bytes), Ordering::Relaxed);
                }
            }
            let last = words[LEN / 4 - 1].load(Ordering::Relaxed).to_le_bytes();
            if last == first[LEN - 4..] { count } else { 0 }
        })
        .boxed(),
        inos("write_raw, hostile", |count| {
            for _ in 0..count {
                black_box(&sections).write_raw(RAW, 0, black_box(&first)).expect("inside");
            }
            let mut seen = [0; LEN];
            sections.read_raw(RAW, 0, &mut seen).expect("inside");
            if seen == first { count } else { 0 }
        })
        .reach(if cfg!(target_arch = "x86_64") { 1.1 } else { 3.5 })
        .boxed(),
    ];
    driver.case(Case::new("into shared memory", 256).bytes(LEN as u64), contenders);
}

//! 4 KiB into memory that others may write at any time, and out again.

use std::hint::black_box;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use inos_core::{Layout, Region, SectionId, Sections};
use vm_memory::VolatileSlice;

use crate::contender::{Contender, Goal, Row, Side};

const RAW: SectionId = SectionId(1);
const LEN: usize = 4096;

/// Stores and loads, a block of bytes that is another one each time.
fn copies(
    name: &'static str,
    side: Side,
    mut there_and_back: impl FnMut(&[u8; LEN], &mut [u8; LEN]) + 'static,
) -> Contender {
    let (mut out, mut back) = ([7_u8; LEN], [0_u8; LEN]);
    let mut count = 0_u64;
    Contender::solo(name, side, move |ops| {
        for _ in 0..ops {
            count += 1;
            out[..8].copy_from_slice(&count.to_le_bytes());
            out[LEN - 8..].copy_from_slice(&count.to_le_bytes());
            there_and_back(black_box(&out), &mut back);
            assert_eq!((&back[..8], &back[LEN - 8..]), (&out[..8], &out[LEN - 8..]));
        }
    })
}

/// The row of this area.
pub(super) fn rows() -> Vec<Row> {
    let layout = Layout::builder().raw(RAW, "raw", LEN as u64).build().expect("a layout");
    let words: Vec<AtomicU32> = (0..layout.total_len() / 4 + 16).map(|_| AtomicU32::new(1)).collect();
    let words = words.leak();
    // On a line's boundary, as mapped memory is.
    let skip = words.as_ptr().align_offset(64);
    let region = Region::from_words(&words[skip..]);
    let sections = Sections::create(region, &layout, 1).expect("long enough");
    let mut plain = vec![1_u8; LEN];
    let shared = vec![1_u8; LEN].leak();
    let memory: Vec<AtomicU32> = (0..LEN / 4).map(|_| AtomicU32::new(1)).collect();
    let bytes: Vec<AtomicU8> = (0..LEN).map(|_| AtomicU8::new(1)).collect();
    vec![Row {
        id: "hostile-copy",
        what: "copy 4 KiB into memory that others may write, and out of it",
        ops: 2000,
        latency: false,
        goals: &[("INOS write_raw/read_raw", Goal::Ratio(1.1))],
        contenders: vec![
            copies("memcpy", Side::Limit, move |out, back| {
                black_box(&mut plain).copy_from_slice(out);
                back.copy_from_slice(black_box(&plain));
            }),
            copies("INOS write_raw/read_raw", Side::Inos, move |out, back| {
                sections.write_raw(RAW, 0, out).expect("inside");
                sections.read_raw(RAW, 0, back).expect("inside");
            }),
            copies("vm-memory (racy)", Side::Peer, move |out, back| {
                let slice = VolatileSlice::from(&mut *shared);
                slice.copy_from(&out[..]);
                assert_eq!(slice.copy_to(&mut back[..]), LEN);
            }),
            copies("atomic words", Side::Peer, move |out, back| {
                let memory = black_box(&memory);
                for (word, bytes) in memory.iter().zip(out.as_chunks().0) {
                    word.store(u32::from_ne_bytes(*bytes), Ordering::Relaxed);
                }
                for (word, bytes) in memory.iter().zip(back.as_chunks_mut().0) {
                    *bytes = word.load(Ordering::Relaxed).to_ne_bytes();
                }
            }),
            copies("atomic bytes", Side::Peer, move |out, back| {
                let bytes = black_box(&bytes);
                for (byte, from) in bytes.iter().zip(out) {
                    byte.store(*from, Ordering::Relaxed);
                }
                for (byte, to) in bytes.iter().zip(back) {
                    *to = byte.load(Ordering::Relaxed);
                }
            }),
        ],
    }]
}

//! A record of 64 bytes through a ring and out again, in one thread: `cargo bench --bench ring`.
//!
//! - `memcpy`: the least that must be done, two copies of 64 bytes through a buffer as long as
//!   the ring;
//! - `push_pop`: `Producer::push` and `Consumer::pop`, which copy by relaxed words, since others
//!   may write at the same time;
//! - `claim_read`: `try_claim`, a plain copy, `commit`, and `read` in place;
//! - `rtrb`: the crate rtrb, `push` and `pop` of an array of 64 bytes, private to the process.
//!
//! One thread shows what the instructions cost, not how cache lines travel between cores.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inos_benches::rounds;
use inos_core::{AlignedBytes, Layout, Region, RingBuffer, RingConfig, SectionId, Sections};

const RING: SectionId = SectionId(1);
/// 8 KiB: 113 records of 64 bytes and their headers.
const CAPACITY: u32 = 1024;
const LEN: usize = 64;
const TAG: u32 = 7;

fn ring(criterion: &mut Criterion) {
    let layout = Layout::builder().ring(RING, "ring", RingConfig { capacity: CAPACITY }).build();
    let mut memory = AlignedBytes::<16_384>::new();
    let region = Region::from_bytes(memory.as_mut()).expect("aligned memory");
    let sections = Sections::create(region, &layout.expect("a layout"), 1).expect("a region");
    let ring = RingBuffer::open(&sections, RING).expect("a ring");
    let (mut producer, mut consumer) =
        (ring.producer().expect("free"), ring.consumer().expect("free"));
    let (mut sender, mut receiver) = rtrb::RingBuffer::<[u8; LEN]>::new(113);
    let mut buffer = vec![0; CAPACITY as usize * 8];

    // A counter in front makes every record another one.
    let mut record = [0x5a_u8; LEN];
    let mut count = 0_u64;
    let mut next = move || {
        count += 1;
        record[..8].copy_from_slice(&count.to_le_bytes());
        black_box(record)
    };

    rounds(criterion, "ring", |group| {
        group.throughput(Throughput::Bytes(LEN as u64));
        group.bench_function("memcpy", |bencher| {
            let mut out = [0; LEN];
            let mut at = 0;
            bencher.iter(|| {
                let record = next();
                let slot = black_box(&mut buffer[at..at + LEN]);
                slot.copy_from_slice(&record);
                out.copy_from_slice(black_box(slot));
                assert_eq!(out[..8], record[..8]);
                at = (at + LEN) % (CAPACITY as usize * 8);
            });
        });
        group.bench_function("push_pop", |bencher| {
            let mut out = [0; LEN];
            bencher.iter(|| {
                let record = next();
                producer.push(TAG, &record).expect("there is room");
                let popped = consumer.pop(&mut out).expect("there is a record");
                assert_eq!((popped.tag, popped.len), (TAG, LEN));
                assert_eq!(out[..8], record[..8]);
            });
            assert_eq!(out[8..], [0x5a; LEN - 8]);
        });
        group.bench_function("claim_read", |bencher| {
            bencher.iter(|| {
                let record = next();
                let mut grant = producer.try_claim(LEN).expect("there is room");
                grant.copy_from_slice(&record);
                grant.commit(TAG);
                let read = consumer.read().expect("there is a record");
                assert_eq!((read.tag(), read.len()), (TAG, LEN));
                assert_eq!(black_box(&read)[..8], record[..8]);
            });
        });
        group.bench_function("rtrb", |bencher| {
            bencher.iter(|| {
                let record = next();
                sender.push(record).expect("there is room");
                let popped = receiver.pop().expect("there is a record");
                assert_eq!(popped[..8], record[..8]);
                popped
            });
        });
    });
}

criterion_group!(benches, ring);
criterion_main!(benches);

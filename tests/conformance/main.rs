//! One suite for every primitive, run over every kind of memory that a host can hand over: the
//! stack, the heap, a `static`, a mapped file and a memory file.
//!
//! Each check gets two attachments to one region. Where a file is mapped twice, they see the same
//! bytes at different addresses, so nothing that depends on an address passes.
#![allow(clippy::unwrap_used)]

mod life;
mod memories;
mod records;
mod state;

use inos::{Cooperative, Layout, LayoutBuilder, SectionId, Sections};

type Both<'a, 'm> = &'a Sections<'m, Cooperative>;

/// The section of the primitive.
const ID: SectionId = SectionId(7);
/// What else it needs.
const OTHER: SectionId = SectionId(8);
const THIRD: SectionId = SectionId(9);

/// A check of what one primitive promises, in a few lines; the unit tests go deeper. The layout it needs, and what it does with two attachments.
pub(crate) struct Check {
    name: &'static str,
    layout: fn() -> Layout,
    run: fn(&Sections<'_, Cooperative>, &Sections<'_, Cooperative>),
}

fn built(builder: LayoutBuilder) -> Layout {
    builder.build().unwrap()
}

/// Runs all checks over one kind of memory.
fn conforms(over: impl Fn(&Layout, fn(&Sections<'_, Cooperative>, &Sections<'_, Cooperative>))) {
    for check in [state::CHECKS, records::CHECKS, life::CHECKS].into_iter().flatten() {
        println!("{}", check.name);
        over(&(check.layout)(), check.run);
    }
}

#[test]
fn the_stack() {
    conforms(memories::stack);
}

#[test]
fn the_heap() {
    conforms(memories::heap);
}

#[test]
fn a_static() {
    conforms(memories::fixed);
}

#[test]
fn a_mapped_file() {
    conforms(memories::file);
}

#[cfg(target_os = "linux")]
#[test]
fn a_memory_file() {
    conforms(memories::memfd);
}

/// Sections behind the fourth gibibyte work like any other; pages that nobody touches cost nothing.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn a_region_over_four_gibibytes() {
    use inos::{Memfd, RingBuffer, RingConfig, SectionId};

    let [gap, ring, end] = [1, 2, 3].map(SectionId);
    let layout = Layout::builder()
        .raw(gap, "gap", (4 << 30) + 12)
        .ring(ring, "ring", RingConfig { capacity: 64 })
        .raw(end, "end", 64)
        .build()
        .unwrap();
    let memory = Memfd::new("large", layout.total_len()).unwrap();
    // SAFETY: only this test has the descriptor, and runs this protocol.
    let region = unsafe { memory.cooperative() }.unwrap();
    let sections = Sections::create(region, &layout, 1).unwrap();
    assert!(sections.section(ring).unwrap().offset() > 4 << 30);
    let ring = RingBuffer::open(&sections, ring).unwrap();
    let (mut producer, mut consumer) = (ring.producer().unwrap(), ring.consumer().unwrap());
    producer.push(3, b"far away").unwrap();
    assert_eq!(&*consumer.read().unwrap(), b"far away");

    sections.write_raw(gap, (4 << 30) + 8, b"edge").unwrap();
    sections.write_raw(end, 0, b"last").unwrap();
    let mut out = [0; 4];
    sections.read_raw(gap, (4 << 30) + 8, &mut out).unwrap();
    assert_eq!(&out, b"edge");
    sections.read_raw(gap, 8, &mut out).unwrap();
    assert_eq!(out, [0; 4], "offsets are not cut to 32 bits");
}

//! One suite for every primitive, run over every kind of memory that a host can hand over: the
//! stack, the heap, a `static`, a mapped file and a memory file.
//!
//! Each check gets two attachments to one region. Where a file is mapped twice, they see the same
//! bytes at different addresses, so nothing that depends on an address passes.
#![allow(clippy::unwrap_used)]

mod memories;
mod primitives;

use inos::{Cooperative, Layout, Sections};

/// A check of one primitive: the layout it needs, and what it does with two attachments.
pub(crate) struct Check {
    name: &'static str,
    layout: fn() -> Layout,
    run: fn(&Sections<'_, Cooperative>, &Sections<'_, Cooperative>),
}

/// Runs all checks over one kind of memory.
fn conforms(over: impl Fn(&Layout, fn(&Sections<'_, Cooperative>, &Sections<'_, Cooperative>))) {
    for check in primitives::CHECKS {
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

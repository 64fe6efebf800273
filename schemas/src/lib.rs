//! Messages between parties, and the memory layout's constants for other languages.
//!
//! # Messages
//! [`capsule`] is generated from `schemas/compute/v1/capsule.capnp`, in [Cap'n Proto]: jobs, their
//! results, parameters. Fields are only ever added. Who reads a message from somebody else sets
//! limits on what is traversed and how deep; `inos-units` has typed structs that do.
//! `cargo run -p inos-schemas --example messages` writes the code anew, which takes the program
//! `capnp`.
//!
//! [Cap'n Proto]: https://capnproto.org/encoding.html
//!
//! # Constants
//! Whoever attaches to a region from JavaScript or C needs the same numbers as this workspace:
//! offsets in the superblock and in the section table; of each kind of section the parameters,
//! offsets, limits, and the bits of its words; opcodes and statuses of calls. They are listed once,
//! in [`GROUPS`], with values taken from `inos-core`, and written out by [`typescript`] and
//! [`c_header`]. The two files are committed:
//!
//! | language | file |
//! |---|---|
//! | TypeScript | `schemas/generated/inos_layout.ts` |
//! | C, C++ | `schemas/generated/inos_layout.h` |
//!
//! `cargo run -p inos-schemas --example generate` writes them anew; a test fails while they
//! are stale, and another if a constant of `inos_core::defs` is not listed. One of a module of
//! `defs` has the module's name in front: `defs::ring::TAIL` is `RING_TAIL`.
//!
//! ```
//! assert!(inos_schemas::typescript().contains("export const SUPERBLOCK_LEN = 64;"));
//! assert!(inos_schemas::c_header().contains("#define INOS_RING_TAIL UINT32_C(4)"));
//! ```
//!
//! # Not here
//! Orderings, and offsets that depend on parameters, are described in `inos-core` only. Byte order and alignment
//! are the reader's to mind: all words are 32 bits in the machine's byte order.
#![forbid(unsafe_code)]

mod generate;
#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::expect_used)]
mod generated {
    pub mod capsule_capnp;
}
mod table;

pub use capnp;

pub use generate::{c_header, typescript};
pub use generated::capsule_capnp as capsule;
pub use table::{Constant, GROUPS, Group};

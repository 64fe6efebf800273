//! The memory layout's constants for other languages.
//!
//! Whoever attaches to a region from JavaScript or C needs the same numbers as this workspace:
//! offsets in the superblock and in the section table, section kinds, the bits of epoch and
//! role words, opcodes and statuses of calls. They are listed once, in [`GROUPS`], with values taken from `inos-core`, and
//! written out by [`typescript`] and [`c_header`]. The two files are committed:
//!
//! | language | file |
//! |---|---|
//! | TypeScript | `schemas/generated/inos_layout.ts` |
//! | C, C++ | `schemas/generated/inos_layout.h` |
//!
//! `cargo run -p inos-schemas --example generate` writes them anew; a test fails while they
//! are stale, and another if `inos-core` defines a constant that is not listed.
//!
//! ```
//! assert!(inos_schemas::typescript().contains("export const SUPERBLOCK_LEN = 64;"));
//! assert!(inos_schemas::c_header().contains("#define INOS_SUPERBLOCK_LEN UINT32_C(64)"));
//! ```
//!
//! # Not here yet
//! Cap'n Proto messages: there is no `.capnp` file and no generated message code. The words
//! inside a section of each kind are described in `inos-core` only. Byte order and alignment
//! are the reader's to mind: all words are 32 bits in the machine's byte order.
#![forbid(unsafe_code)]

mod generate;
mod table;

pub use generate::{c_header, typescript};
pub use table::{Constant, GROUPS, Group};

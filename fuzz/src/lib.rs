//! What the fuzz targets run: a library, so that the stable toolchain replays every kept input
//! (`cargo test --manifest-path fuzz/Cargo.toml`) and an example writes the seeds.
//!
//! An input is read front to back by [`Bytes`], which gives zeros once it is used up, so any
//! bytes are an input, and a longer one continues a shorter one.

pub mod attach;
mod bytes;
pub mod dispatcher;

pub use bytes::Bytes;

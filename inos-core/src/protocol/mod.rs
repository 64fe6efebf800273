//! The lock-free protocols as state machines over abstract words.
//!
//! Nothing here knows where the words live. The views of this crate run them over the words
//! of a region; the models in `tests/loom.rs` run the very same code over loom's atomics.
//! A protocol never touches payload bytes: it answers with positions, and the memory module
//! makes slices of them.
//!
//! Where store-load order is needed the protocols use `fence(SeqCst)`, never a `SeqCst`
//! access.

pub mod arena;
pub mod broadcast;
pub mod counters;
pub mod epoch;
#[cfg(loom)]
pub mod fault;
#[cfg(not(loom))]
mod fault;
pub mod lane;
pub mod log;
pub mod mpsc;
pub mod names;
pub mod party;
pub mod ping_pong;
pub mod ready;
pub mod registry;
pub mod ring;
pub mod role;
pub mod twin;
pub mod waker;
mod word;

pub use word::{ReadWord, Word};

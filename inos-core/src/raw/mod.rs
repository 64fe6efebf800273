//! Raw memory: the only modules that touch bytes another party may be using, and the few
//! instructions that have no safe function.
//!
//! - [`region`]: who hands memory over, and on what terms (the doors);
//! - [`span`]: bounded words inside a region, and by `copy` race-tolerant copies;
//! - [`liveness`]: whose death is proven, and that it may be acted upon;
//! - [`lend`]: slices, made from a protocol's claim and from nothing else;
//! - [`seat`]: the cells of a bank of wakers, in this party's own memory;
//! - [`event`], `atomics`: the instructions by which ARM and WebAssembly sleep and wake.
//!
//! Invariants, cited by the `SAFETY` comments:
//!
//! - **Raw-I1**: for all of `'m`, `base..base + len` is mapped, initialised memory that is valid
//!   for reads, and for writes unless the access is `ReadOnly`; `base` is 4-aligned.
//! - **Raw-I2**: while a span exists no Rust reference points to its bytes, except `AtomicU32`
//!   references and slices made by this module.
//! - **Raw-I3**: bytes are reached through relaxed 32-bit atomics, or through a slice that a
//!   claim or pin of a cooperative protocol keeps everybody else away from.

#![allow(unsafe_code)]

#[cfg(all(target_arch = "wasm32", target_feature = "atomics", feature = "wasm-wait"))]
pub(crate) mod atomics;
mod copy;
pub(crate) mod event;
pub(crate) mod lend;
pub(crate) mod liveness;
pub(crate) mod region;
pub(crate) mod seat;
pub(crate) mod span;

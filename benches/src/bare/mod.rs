//! The least that some work takes, where no crate has it: written for the benches alone, without
//! anything that a user would need.

mod blocks;
mod cas_ring;
mod seqlock;
mod slab;
mod triple;

pub(crate) use blocks::{BLOCK, Blocks};
pub(crate) use cas_ring::CasRing;
pub(crate) use seqlock::OneSlot;
pub(crate) use slab::Slab;
pub(crate) use triple::Triple;

//! A lease, wherever one stands. No behaviour.
//!
//! [`protocol::role`](crate::protocol::role) draws the word.

/// Bit of a lease word: the role is held.
pub const HELD: u32 = 1;
/// Lowest bit, in a lease word, of the number of the party that holds it.
pub const PARTY_SHIFT: u32 = 1;
/// Lowest bit, in a lease word, of how often the role was taken.
pub const GENERATION_SHIFT: u32 = 11;
/// The largest number of a party.
pub const MAX_PARTY: u16 = (1 << (GENERATION_SHIFT - PARTY_SHIFT)) - 1;
/// The number of a party that did not say who it is.
pub const ANONYMOUS: u16 = 0;

const _: () = assert!(HELD < 1 << PARTY_SHIFT && PARTY_SHIFT < GENERATION_SHIFT);

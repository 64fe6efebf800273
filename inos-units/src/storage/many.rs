//! Addresses of many small objects at once: BLAKE3 of several messages in the lanes of one vector.
//!
//! The crate has the kernel, which it uses for the chunks of one message, and exports it without
//! documenting it. This file is the only one here that calls it; the workspace holds the crate to
//! a minor version, and the tests compare every length with the documented function.

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

use super::address::{ADDRESS_LEN, Address};

/// Longest message that is hashed in a lane: what BLAKE3 hashes without a tree.
const MAX_LEN: usize = blake3::CHUNK_LEN;

const BLOCK_LEN: usize = blake3::BLOCK_LEN;

/// Initial chaining value and flags of a block: the specification's sections 2.1 and 2.2.
const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;

/// The addresses of these objects; `None` for those too long for a lane.
pub(super) fn addresses_of(objects: &[&[u8]]) -> Vec<Option<Address>> {
    let mut addresses = vec![None; objects.len()];
    // Lanes go in step, so messages of as many whole blocks go together.
    let mut lanes: Vec<(usize, &[u8], &mut Option<Address>)> = Vec::with_capacity(objects.len());
    for (object, address) in objects.iter().zip(&mut addresses) {
        match object.len() {
            // A vector has nothing to do where there is no whole block.
            ..BLOCK_LEN => *address = Some(Address::of(object)),
            BLOCK_LEN..=MAX_LEN => lanes.push((object.len() / BLOCK_LEN, object, address)),
            _ => {}
        }
    }
    lanes.sort_by_key(|(blocks, object, _)| (*blocks, is_whole(object)));
    let platform = Platform::detect();
    for group in lanes.chunk_by_mut(|a, b| a.0 == b.0 && is_whole(a.1) == is_whole(b.1)) {
        let blocks = group.first().map_or(0, |(blocks, ..)| *blocks);
        macro_rules! by_blocks {
            ($($count:literal)*) => {
                match blocks {
                    $($count => hash::<{ $count * BLOCK_LEN }>(platform, group),)*
                    _ => {}
                }
            };
        }
        by_blocks!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }
    addresses
}

/// Whether the last block is whole, so that the kernel can finish the message.
const fn is_whole(object: &[u8]) -> bool {
    object.len().is_multiple_of(BLOCK_LEN)
}

/// Hashes messages whose whole blocks are `N` bytes. Either all of them end there, or none does.
fn hash<const N: usize>(platform: Platform, group: &mut [(usize, &[u8], &mut Option<Address>)]) {
    let inputs: Vec<&[u8; N]> =
        group.iter().filter_map(|(_, object, _)| object.first_chunk()).collect();
    let ends_here = group.first().is_some_and(|(_, object, _)| is_whole(object));
    let end = if ends_here { CHUNK_END | ROOT } else { 0 };
    let mut digests = vec![0; inputs.len() * ADDRESS_LEN];
    platform.hash_many(&inputs, &IV, 0, IncrementCounter::No, 0, CHUNK_START, end, &mut digests);
    let (digests, _) = digests.as_chunks::<ADDRESS_LEN>();
    for ((_, object, address), digest) in group.iter_mut().zip(digests) {
        let tail = object.get(N..).unwrap_or_default();
        **address =
            Some(if ends_here { Address::new(*digest) } else { finish(platform, digest, tail) });
    }
}

/// The digest of a message whose blocks but for the last have this chaining value.
fn finish(platform: Platform, chaining: &[u8; ADDRESS_LEN], tail: &[u8]) -> Address {
    let mut words = words_from_le_bytes_32(chaining);
    let mut block = [0; BLOCK_LEN];
    for (target, byte) in block.iter_mut().zip(tail) {
        *target = *byte;
    }
    // The tail is shorter than a block.
    platform.compress_in_place(&mut words, &block, tail.len() as u8, 0, CHUNK_END | ROOT);
    Address::new(blake3::platform::le_bytes_from_words_32(&words))
}

//! BLAKE3 of many messages: short ones side by side in the lanes of a vector.
//!
//! The blocks of a message of one chunk are compressed one after another; the lanes take as many
//! messages at once, if they have the same number of whole blocks. A last block that is not whole
//! is compressed by itself. The kernel that does this is public in `blake3`, which uses it for the
//! chunks of one message, but undocumented; so it is called here only, the crate is held to a
//! minor version, and the tests compare each result with that of the documented function.
#![forbid(unsafe_code)]

use blake3::IncrementCounter;
use blake3::platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32};

/// Bytes of a digest.
pub(crate) const DIGEST_LEN: usize = 32;

/// A digest.
pub(crate) type Digest = [u8; DIGEST_LEN];

/// The longest message without a tree.
const MAX_LEN: usize = blake3::CHUNK_LEN;
const BLOCK_LEN: usize = blake3::BLOCK_LEN;

/// The initial value of the BLAKE3 paper, table 1, and the domain flags of its table 3.
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

/// A message, where its digest goes, and how many whole blocks it has.
struct Lane<'a> {
    blocks: usize,
    message: &'a [u8],
    digest: &'a mut Digest,
}

impl Lane<'_> {
    /// Whether the last block is whole, so that the kernel can finish the message.
    const fn is_whole(&self) -> bool {
        self.message.len().is_multiple_of(BLOCK_LEN)
    }
}

/// The digest of each message that a lane can hold, a chunk at most; `None` for longer ones.
pub(crate) fn of_short(messages: &[&[u8]]) -> Vec<Option<Digest>> {
    let mut digests: Vec<Option<Digest>> = messages
        .iter()
        .map(|message| match message.len() {
            // A vector has nothing to do where there is no whole block.
            ..BLOCK_LEN => Some(*blake3::hash(message).as_bytes()),
            BLOCK_LEN..=MAX_LEN => Some([0; DIGEST_LEN]),
            _ => None,
        })
        .collect();
    let mut lanes: Vec<Lane<'_>> = messages
        .iter()
        .zip(&mut digests)
        .filter(|(message, _)| message.len() >= BLOCK_LEN)
        .filter_map(|(message, digest)| {
            let blocks = message.len() / BLOCK_LEN;
            digest.as_mut().map(|digest| Lane { blocks, message, digest })
        })
        .collect();
    lanes.sort_by_key(|lane| (lane.blocks, lane.is_whole()));
    let platform = Platform::detect();
    for group in lanes.chunk_by_mut(|a, b| a.blocks == b.blocks && a.is_whole() == b.is_whole()) {
        /// Each number of blocks is a type.
        macro_rules! by_blocks {
            ($blocks:expr, $($count:literal)*) => {
                match $blocks {
                    $($count => hash::<{ $count * BLOCK_LEN }>(platform, group),)*
                    _ => {}
                }
            };
        }
        by_blocks!(group.first().map_or(0, |lane| lane.blocks),
            1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }
    digests
}

const _: () = assert!(MAX_LEN == 16 * BLOCK_LEN);

/// Messages whose whole blocks are `LEN` bytes. Either all of them end there, or none does.
fn hash<const LEN: usize>(platform: Platform, group: &mut [Lane<'_>]) {
    let inputs: Vec<&[u8; LEN]> =
        group.iter().filter_map(|lane| lane.message.first_chunk()).collect();
    let ends_here = group.first().is_some_and(Lane::is_whole);
    let end = if ends_here { CHUNK_END | ROOT } else { 0 };
    let mut values = vec![0; inputs.len() * DIGEST_LEN];
    platform.hash_many(&inputs, &IV, 0, IncrementCounter::No, 0, CHUNK_START, end, &mut values);
    for (lane, value) in group.iter_mut().zip(values.as_chunks().0) {
        let rest = lane.message.get(LEN..).unwrap_or_default();
        *lane.digest = if ends_here { *value } else { last_block(platform, value, rest) };
    }
}

/// The digest of a message whose whole blocks gave `value`; the rest is shorter than a block.
fn last_block(platform: Platform, value: &Digest, rest: &[u8]) -> Digest {
    let mut words = words_from_le_bytes_32(value);
    let mut block = [0; BLOCK_LEN];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    platform.compress_in_place(&mut words, &block, rest.len() as u8, 0, CHUNK_END | ROOT);
    le_bytes_from_words_32(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every length that fits into a lane, and some that do not, alone and in any company.
    #[test]
    fn lanes_give_the_same_digests() {
        let mut bytes = vec![0; 1200];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        let mut objects: Vec<&[u8]> = (0..1100).map(|len| &bytes[len % 7..][..len]).collect();
        // Many of one length, which fill vectors, and neighbours of other lengths.
        for len in [64, 63, 65, 128, 1023, 1024, 1025] {
            objects.extend((0..37).map(|start| &bytes[start..][..len]));
        }
        for seed in [1, 331, 997] {
            let shuffled: Vec<&[u8]> =
                (0..objects.len()).map(|index| objects[index * seed % objects.len()]).collect();
            for block in shuffled.chunks(251).chain(shuffled.chunks(3)) {
                for (object, digest) in block.iter().zip(of_short(block)) {
                    let expected = (object.len() <= 1024).then(|| *blake3::hash(object).as_bytes());
                    assert_eq!(digest, expected, "{} bytes", object.len());
                }
            }
        }
        assert!(of_short(&[]).is_empty());
    }
}

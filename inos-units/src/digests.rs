//! BLAKE3 of many messages: short ones side by side in the lanes of a vector.
//!
//! The blocks of a message of one chunk are compressed one after another; the lanes take as many
//! messages at once, if they have the same number of whole blocks. A last block that is not whole
//! is compressed by itself. Of messages of several chunks, first chunks are compressed side by side,
//! then second ones, and so on; then their tree, level by level. The kernel that does this is public in `blake3`, which uses it for the
//! chunks of one message, but undocumented; so it is called here only, the crate is held to a
//! minor version, and the tests compare each result with that of the documented function.
#![forbid(unsafe_code)]

use blake3::IncrementCounter;
use blake3::platform::{Platform, le_bytes_from_words_32, words_from_le_bytes_32};

use crate::batch;

/// Bytes of a digest.
pub(crate) const DIGEST_LEN: usize = 32;

/// A digest.
pub(crate) type Digest = [u8; DIGEST_LEN];

/// The longest message without a tree.
const MAX_LEN: usize = blake3::CHUNK_LEN;
/// The longest message that a lane holds: longer ones fill vectors by themselves.
pub(crate) const MAX_TREE_LEN: usize = 16 * blake3::CHUNK_LEN;
/// Bytes that are hashed between two looks at the budget.
const GROUP_BYTES: usize = 1 << 19;
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
const PARENT: u8 = 1 << 2;
const ROOT: u8 = 1 << 3;

/// The next messages of a batch to be handed over together: `max` at most, and no more after
/// enough bytes for the caller to look at its budget.
pub(crate) fn next_group<'a>(items: &mut batch::Items<'a>, max: usize) -> Vec<&'a [u8]> {
    let mut group = Vec::with_capacity(max.min(items.len()));
    let mut bytes = 0_usize;
    while group.len() < max && bytes < GROUP_BYTES {
        let Some(item) = items.next() else { break };
        bytes = bytes.saturating_add(item.len());
        group.push(item);
    }
    group
}

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

    /// Number of chunks, and whether the last one is whole.
    const fn shape(&self) -> (usize, bool) {
        let len = self.message.len();
        (len.div_ceil(MAX_LEN), len.is_multiple_of(MAX_LEN))
    }
}

/// The digest of each message of [`MAX_TREE_LEN`] at most; `None` for longer ones.
pub(crate) fn of_short(messages: &[&[u8]]) -> Vec<Option<Digest>> {
    let mut digests: Vec<Option<Digest>> = messages
        .iter()
        .map(|message| match message.len() {
            // A vector has nothing to do where there is no whole block.
            ..BLOCK_LEN => Some(*blake3::hash(message).as_bytes()),
            BLOCK_LEN..=MAX_TREE_LEN => Some([0; DIGEST_LEN]),
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
    let (mut trees, mut lanes): (Vec<_>, Vec<_>) =
        lanes.into_iter().partition(|lane| lane.message.len() > MAX_LEN);
    trees.sort_by_key(Lane::shape);
    for group in trees.chunk_by_mut(|a, b| a.shape() == b.shape()) {
        hash_trees(platform, group);
    }
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

/// Messages of one shape, of two chunks or more.
fn hash_trees(platform: Platform, group: &mut [Lane<'_>]) {
    let Some((count, is_whole)) = group.first().map(Lane::shape) else { return };
    // So few fill a vector no better than the chunks of each do.
    if group.len() < count {
        for lane in group {
            *lane.digest = *blake3::hash(lane.message).as_bytes();
        }
        return;
    }
    // A node of each message, and so for all nodes of a level.
    let mut level: Vec<Vec<Digest>> = Vec::with_capacity(count);
    for index in 0..count {
        let rest = group.iter().map(|lane| lane.message.get(index * MAX_LEN..).unwrap_or_default());
        level.push(if is_whole || index + 1 < count {
            let inputs: Vec<&[u8; MAX_LEN]> = rest.filter_map(<[u8]>::first_chunk).collect();
            kernel(platform, &inputs, index as u64, [0, CHUNK_START, CHUNK_END])
        } else {
            rest.map(|tail| last_chunk(platform, tail, index as u64)).collect()
        });
    }
    // Neighbours become parents, the odd one out goes up a level; the last two make the root.
    while level.len() > 1 {
        let flags = if level.len() == 2 { PARENT | ROOT } else { PARENT };
        let mut parents = Vec::with_capacity(level.len().div_ceil(2));
        let (pairs, odd) = level.as_chunks();
        for [left, right] in pairs {
            let pair = |(left, right): (&Digest, &Digest)| bytemuck::cast([*left, *right]);
            let blocks: Vec<[u8; BLOCK_LEN]> = left.iter().zip(right).map(pair).collect();
            let inputs: Vec<&[u8; BLOCK_LEN]> = blocks.iter().collect();
            parents.push(kernel(platform, &inputs, 0, [flags, 0, 0]));
        }
        parents.extend_from_slice(odd);
        level = parents;
    }
    for (lane, digest) in group.iter_mut().zip(level.iter().flatten()) {
        *lane.digest = *digest;
    }
}

/// Chaining values of nodes that are whole; the flags are those of all blocks, the first, the last.
fn kernel<const LEN: usize>(
    platform: Platform,
    inputs: &[&[u8; LEN]],
    counter: u64,
    [all, first, last]: [u8; 3],
) -> Vec<Digest> {
    let mut values = vec![[0; DIGEST_LEN]; inputs.len()];
    let out = values.as_flattened_mut();
    platform.hash_many(inputs, &IV, counter, IncrementCounter::No, all, first, last, out);
    values
}

/// The chaining value of a chunk that is not whole, and not the only one.
fn last_chunk(platform: Platform, chunk: &[u8], counter: u64) -> Digest {
    let mut words = IV;
    let last = chunk.len().div_ceil(BLOCK_LEN).saturating_sub(1);
    for (index, bytes) in chunk.chunks(BLOCK_LEN).enumerate() {
        let mut block = [0; BLOCK_LEN];
        for (to, from) in block.iter_mut().zip(bytes) {
            *to = *from;
        }
        let start = if index == 0 { CHUNK_START } else { 0 };
        let end = if index == last { CHUNK_END } else { 0 };
        platform.compress_in_place(&mut words, &block, bytes.len() as u8, counter, start | end);
    }
    le_bytes_from_words_32(&words)
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
        let mut bytes = vec![0; MAX_TREE_LEN + 64];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        let mut objects: Vec<&[u8]> = (0..1100).map(|len| &bytes[len % 7..][..len]).collect();
        // Many of one length, which fill vectors, and neighbours of other lengths.
        let trees = [1025, 2047, 2048, 2049, 3072, 3500, 5000, 7168, 8192, 16383, 16384, 16385];
        for len in [64, 63, 65, 128, 1023, 1024].into_iter().chain(trees) {
            objects.extend((0..37).map(|start| &bytes[start..][..len]));
        }
        for seed in [1, 331, 997] {
            let shuffled: Vec<&[u8]> =
                (0..objects.len()).map(|index| objects[index * seed % objects.len()]).collect();
            let together = [shuffled.as_slice()];
            for block in shuffled.chunks(251).chain(shuffled.chunks(3)).chain(together) {
                for (object, digest) in block.iter().zip(of_short(block)) {
                    let expected =
                        (object.len() <= 16384).then(|| *blake3::hash(object).as_bytes());
                    assert_eq!(digest, expected, "{} bytes", object.len());
                }
            }
        }
        assert!(of_short(&[]).is_empty());
    }
}

//! BLAKE3 of many short messages side by side.
//!
//! The blocks of a message of one chunk are compressed one after another; the lanes of a vector
//! take as many messages at once. A last block that is not whole is compressed by itself. The kernel that does this is public in `blake3` but
//! undocumented, so it is called here only, its version is pinned to a minor one, and the tests
//! compare each result with that of the documented function.

use blake3::IncrementCounter;
use blake3::platform::Platform;

use super::SLICE_LEN;
use crate::batch;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Bytes of a block and of a digest.
const BLOCK: usize = 64;
const DIGEST: usize = 32;
/// Bytes of a chunk: the longest message without a tree.
const MAX_LEN: usize = 1024;
/// Messages that are handed over together, a multiple of every vector's lanes.
const GROUP: usize = 64;

/// Domain flags of the BLAKE3 paper, table 3.
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;

/// The initial value of the BLAKE3 paper, table 1: that of SHA-256.
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

/// The digests of a batch, one after another.
pub(super) fn run(input: &[u8], out: &mut dyn Output, budget: &Budget) -> Result<usize, UnitError> {
    let mut items = batch::split(input)?;
    let len = items.len() * DIGEST;
    require(out, len)?;
    let platform = Platform::detect();
    let mut group: Vec<&[u8]> = Vec::with_capacity(GROUP);
    let mut digests = [0; GROUP * DIGEST];
    let mut offset = 0;
    loop {
        group.clear();
        group.extend(items.by_ref().take(GROUP));
        if group.is_empty() {
            return Ok(len);
        }
        let digests = &mut digests[..group.len() * DIGEST];
        hash_group(&platform, &group, digests, budget)?;
        out.write(offset, digests)?;
        offset += digests.len();
    }
}

/// The digests of at most `GROUP` messages. Runs of one length go through the kernel together.
fn hash_group(
    platform: &Platform,
    mut group: &[&[u8]],
    mut digests: &mut [u8],
    budget: &Budget,
) -> Result<(), UnitError> {
    budget.check()?;
    while let Some(first) = group.first() {
        let same = group.iter().take_while(|item| item.len() == first.len()).count();
        let (run, rest) = group.split_at(same);
        let (target, later) = digests.split_at_mut(same * DIGEST);
        if same == 1 || !hash_run(platform, run, target) {
            for (item, digest) in run.iter().zip(target.as_chunks_mut().0) {
                if item.len() > SLICE_LEN {
                    budget.check()?;
                }
                *digest = *blake3::hash(item).as_bytes();
            }
        }
        (group, digests) = (rest, later);
    }
    Ok(())
}

/// Messages of one length through the kernel, if it is a length that it takes: more than a block,
/// or a block, and at most a chunk.
fn hash_run(platform: &Platform, run: &[&[u8]], target: &mut [u8]) -> bool {
    /// Tries each number of whole blocks, which is a type.
    macro_rules! by_blocks {
        ($len:expr, $($blocks:literal)*) => {
            match $len / BLOCK {
                $($blocks => hash_blocks::<{ $blocks * BLOCK }>(platform, run, target),)*
                _ => false,
            }
        };
    }
    let len = run.first().map_or(0, |item| item.len());
    len <= MAX_LEN && by_blocks!(len, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

/// The first `LEN` bytes of each side by side, and what is left of a block one by one.
fn hash_blocks<const LEN: usize>(platform: &Platform, run: &[&[u8]], target: &mut [u8]) -> bool {
    let mut inputs = [&[0; LEN]; GROUP];
    for (input, item) in inputs.iter_mut().zip(run) {
        let Some(blocks) = item.first_chunk() else { return false };
        *input = blocks;
    }
    let Some(inputs) = inputs.get(..run.len()) else { return false };
    let is_whole = run.first().is_some_and(|item| item.len() == LEN);
    let end = if is_whole { CHUNK_END | ROOT } else { 0 };
    platform.hash_many(inputs, &IV, 0, IncrementCounter::No, 0, CHUNK_START, end, target);
    if !is_whole {
        for (item, digest) in run.iter().zip(target.as_chunks_mut().0) {
            let rest = item.get(LEN..).unwrap_or_default();
            *digest = last_block(platform, digest, rest);
        }
    }
    true
}

/// The digest of a message whose whole blocks gave `value`; the rest is shorter than a block.
fn last_block(platform: &Platform, value: &[u8; DIGEST], rest: &[u8]) -> [u8; DIGEST] {
    let mut words = [0; DIGEST / 4];
    for (word, bytes) in words.iter_mut().zip(value.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let mut block = [0; BLOCK];
    for (to, from) in block.iter_mut().zip(rest) {
        *to = *from;
    }
    platform.compress_in_place(&mut words, &block, rest.len() as u8, 0, CHUNK_END | ROOT);
    let mut digest = [0; DIGEST];
    for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    digest
}

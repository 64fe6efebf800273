//! Ranges of long content that can be checked against the hash of all of it.
//!
//! A slice is what [Bao] calls so: the length of the content as 8 bytes, the lowest first, and the
//! nodes of BLAKE3's tree that lead to the range, each before its children, with the range's bytes
//! as leaves. Leaves are groups of 2^`group` chunks of 1024 bytes, single chunks at the range's ends;
//! with 0 it is Bao's own format.
//!
//! [Bao]: https://github.com/oconnor663/bao/blob/master/docs/spec.md

use std::io;

use bao_tree::io::BaoContentItem;
use bao_tree::io::outboard::PreOrderMemOutboard;
use bao_tree::io::round_up_to_chunks;
use bao_tree::io::sync::{DecodeResponseIter, encode_ranges_validated};
use bao_tree::{BaoTree, BlockSize, ByteRanges, ChunkRanges};

use super::{SLICE_LEN, SliceParams, VerifyParams};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::sequential::Sequential;
use crate::unit::Output;

/// Bytes of the length in front.
const HEADER: usize = 8;

/// The chunks that hold a range. An empty one has none.
fn chunks_of(offset: u64, length: u64, total: u64) -> Result<ChunkRanges, UnitError> {
    match offset.checked_add(length) {
        Some(end) if end <= total => Ok(round_up_to_chunks(&ByteRanges::from(offset..end))),
        _ => Err(UnitError::BadParam { name: "offset", expected: "a range inside the content" }),
    }
}

/// Most bytes of the slice of such a range: a chunk more at both ends, the nodes between the groups,
/// and at the ends two hashes for each level of a tree.
pub(super) fn slice_bound(params: &SliceParams, total: usize) -> usize {
    let group = 1024_u64 << params.group;
    let leaves = params.length.saturating_add(2 * 1024).min(total as u64);
    let groups = leaves.div_ceil(group).saturating_add(1);
    // A tree of g groups has g - 1 nodes; the paths to both ends have 64 at most.
    let nodes = groups.saturating_mul(2).saturating_add(2 * 64);
    usize::try_from(nodes.saturating_mul(64).saturating_add(leaves + HEADER as u64))
        .unwrap_or(usize::MAX)
}

/// `blake3_slice`: the range of the input, with the proof that it is one.
pub(super) fn slice(
    params: &SliceParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    budget.check()?;
    let total = input.len() as u64;
    let chunks = chunks_of(params.offset, params.length, total)?;
    let tree = BaoTree::new(total, BlockSize::from_chunk_log(params.group as u8));
    let data = vec![0; usize::try_from(tree.outboard_size()).unwrap_or(usize::MAX)];
    let mut outboard = PreOrderMemOutboard { root: [0; 32].into(), tree, data };
    let mut source = Source { rest: input, unchecked: 0, budget, error: None };
    let root = bao_tree::io::sync::outboard(&mut source, tree, &mut outboard);
    if let Some(error) = source.error {
        return Err(error);
    }
    outboard.root = root.map_err(|_| NO_TREE)?;
    let mut sink = Sequential::new(out, HEADER);
    let written = encode_ranges_validated(input, &outboard, &chunks, &mut sink);
    let len = sink.finish()?;
    // Our own data and our own tree: nothing but the sink can refuse them.
    written.map_err(|_| NO_TREE)?;
    out.write(0, &total.to_le_bytes())?;
    Ok(len)
}

/// `blake3_verify_slice`: the bytes of the range, if the slice proves them.
pub(super) fn verify(
    params: &VerifyParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let (total, encoded) = input.split_first_chunk().ok_or(REFUSED)?;
    let total = u64::from_le_bytes(*total);
    let chunks = chunks_of(params.offset, params.length, total)?;
    let length = usize::try_from(params.length).unwrap_or(usize::MAX);
    require(out, length)?;
    let root: [u8; 32] = params.digest.to_array().ok_or(REFUSED)?;
    let tree = BaoTree::new(total, BlockSize::from_chunk_log(params.group as u8));
    let end = params.offset.saturating_add(params.length);
    let mut done = 0;
    for item in DecodeResponseIter::new(root.into(), tree, encoded, &chunks) {
        budget.check()?;
        let BaoContentItem::Leaf(leaf) = item.map_err(|_| REFUSED)? else { continue };
        // Of a leaf, which is checked as a whole, what lies in the range.
        let from = params.offset.max(leaf.offset);
        let to = end.min(leaf.offset.saturating_add(leaf.data.len() as u64));
        if from >= to {
            continue;
        }
        let inside = (from - leaf.offset) as usize..(to - leaf.offset) as usize;
        let bytes = leaf.data.get(inside).ok_or(REFUSED)?;
        out.write((from - params.offset) as usize, bytes)?;
        done += bytes.len();
    }
    if done == length { Ok(length) } else { Err(REFUSED) }
}

/// Our own content always has one.
const NO_TREE: UnitError = UnitError::BadInput { what: "content that no tree fits" };

const REFUSED: UnitError = UnitError::Refused { what: "the slice does not prove the range" };

/// Content that is read as long as the budget lasts.
struct Source<'a> {
    rest: &'a [u8],
    /// Bytes since the last look at the budget.
    unchecked: usize,
    budget: &'a Budget,
    error: Option<UnitError>,
}

impl io::Read for Source<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.unchecked >= SLICE_LEN {
            self.unchecked = 0;
            if let Err(error) = self.budget.check() {
                self.error = Some(error);
                return Err(io::ErrorKind::Other.into());
            }
        }
        let len = self.rest.read(bytes)?;
        self.unchecked += len;
        Ok(len)
    }
}

//! BLAKE3 over several calls: what is known so far is bytes that the caller keeps.
//!
//! ```text
//! "IB3S"   u32 version, 1   u64 length so far   chaining values of 32 bytes   the rest
//! ```
//!
//! Numbers have their lowest byte first. The rest is what does not make a chunk of 1024 bytes yet,
//! or is the last one, which is hashed differently if nothing follows: 1 to 1024 bytes, none only
//! of nothing. Before it are `n` whole chunks, as perfect binary trees, the largest first: one
//! chaining value for each bit of `n` that is set.
//!
//! Bytes that are not such a state are refused. One that was tampered with gives another digest:
//! nothing proves where a state comes from.

use blake3::hazmat::{
    ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root_xof,
};
use blake3::{CHUNK_LEN, Hasher};

use super::{SLICE_LEN, blake3 as whole};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

const MAGIC: [u8; 8] = *b"IB3S\x01\0\0\0";
const HEADER: usize = 16;
const CV: usize = 32;
/// A chunk.
const CHUNK: u64 = CHUNK_LEN as u64;
/// Longest subtree that is hashed at once; between two of them the budget is looked at.
const MAX_SUBTREE: u64 = SLICE_LEN as u64;

/// Most bytes of a state: 54 values are enough for 2^64 bytes.
pub(super) const MAX_LEN: usize = HEADER + 54 * CV + CHUNK_LEN;

const BAD: UnitError =
    UnitError::BadParam { name: "state", expected: "what `blake3_update` gave, or nothing" };

/// What is known of the bytes so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct State {
    len: u64,
    /// Of whole chunks before the rest; the largest subtree first.
    values: Vec<ChainingValue>,
    rest: Vec<u8>,
}

/// `blake3_update`: the state after more bytes.
pub(super) fn update(
    state: &[u8],
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let mut state = State::read(state)?;
    state.absorb(input, budget)?;
    state.write(out)
}

/// `blake3_finish`: the digest, of the last bytes too.
pub(super) fn finish(
    state: &[u8],
    input: &[u8],
    length: usize,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    require(out, length)?;
    let mut state = State::read(state)?;
    state.absorb(input, budget)?;
    let Some((first, values)) = state.values.split_first() else {
        // One chunk or less is the root itself.
        let mut hasher = Hasher::new();
        hasher.update(&state.rest);
        return whole::write(hasher.finalize_xof(), length, out);
    };
    let offset = state.len - state.rest.len() as u64;
    let mut right = subtree(offset, &state.rest);
    for left in values.iter().rev() {
        right = merge_subtrees_non_root(left, &right, Mode::Hash);
    }
    whole::write(merge_subtrees_root_xof(first, &right, Mode::Hash), length, out)
}

/// The chaining value of a subtree that is not the root. The offset is a whole number of chunks,
/// and there is at least a byte and no more than a subtree that begins there can have.
fn subtree(offset: u64, bytes: &[u8]) -> ChainingValue {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(offset).update(bytes);
    hasher.finalize_non_root()
}

impl State {
    fn read(bytes: &[u8]) -> Result<Self, UnitError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let (magic, bytes) = bytes.split_first_chunk().ok_or(BAD)?;
        let (len, bytes) = bytes.split_first_chunk().ok_or(BAD)?;
        let len = u64::from_le_bytes(*len);
        if *magic != MAGIC {
            return Err(BAD);
        }
        // The last chunk, or what there is of it, is the rest.
        let chunks = len.saturating_sub(1) / CHUNK;
        let rest_len = (len - chunks * CHUNK) as usize;
        let values_len = chunks.count_ones() as usize * CV;
        if bytes.len() != values_len + rest_len {
            return Err(BAD);
        }
        let (values, rest) = bytes.split_at_checked(values_len).ok_or(BAD)?;
        Ok(Self { len, values: values.as_chunks().0.to_vec(), rest: rest.to_vec() })
    }

    fn write(&self, out: &mut dyn Output) -> Result<usize, UnitError> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.len.to_le_bytes());
        bytes.extend_from_slice(self.values.as_flattened());
        bytes.extend_from_slice(&self.rest);
        require(out, bytes.len())?;
        out.write(0, &bytes)?;
        Ok(bytes.len())
    }

    fn absorb(&mut self, mut input: &[u8], budget: &Budget) -> Result<(), UnitError> {
        let too_large = UnitError::TooLarge { len: u64::MAX, max: u64::MAX };
        let len = self.len.checked_add(input.len() as u64).ok_or(too_large)?;
        // First what makes the rest a chunk that more follows on.
        let wanted = CHUNK_LEN - self.rest.len();
        if input.len() > wanted {
            let (head, tail) = input.split_at(wanted);
            if !self.rest.is_empty() {
                self.rest.extend_from_slice(head);
                let offset = self.len - (CHUNK_LEN - wanted) as u64;
                self.push(subtree(offset, &self.rest), offset / CHUNK, 0);
                self.rest.clear();
                input = tail;
            }
            let mut offset = len - input.len() as u64;
            // Then as large subtrees as may begin here, while more than a chunk is left.
            while input.len() > CHUNK_LEN {
                budget.check()?;
                let chunks = subtree_chunks(offset, input.len() as u64);
                let (head, tail) = input.split_at((chunks * CHUNK) as usize);
                self.push(subtree(offset, head), offset / CHUNK, chunks.trailing_zeros());
                (offset, input) = (offset + head.len() as u64, tail);
            }
        }
        self.rest.extend_from_slice(input);
        self.len = len;
        Ok(())
    }

    /// Adds a subtree of 2^`height` chunks that begins at chunk `at`, and merges as binary
    /// addition carries.
    fn push(&mut self, mut value: ChainingValue, at: u64, height: u32) {
        let mut carry = at >> height;
        while carry & 1 == 1 {
            let Some(left) = self.values.pop() else { break };
            value = merge_subtrees_non_root(&left, &value, Mode::Hash);
            carry >>= 1;
        }
        self.values.push(value);
    }
}

/// Chunks of the largest perfect subtree that begins at `offset`, leaves at least a byte of `len`
/// for later, and is hashed at once.
fn subtree_chunks(offset: u64, len: u64) -> u64 {
    let at = offset / CHUNK;
    let fits = (len.saturating_sub(1) / CHUNK).clamp(1, MAX_SUBTREE / CHUNK);
    let largest = 1 << fits.ilog2();
    if at == 0 { largest } else { largest.min(1 << at.trailing_zeros()) }
}

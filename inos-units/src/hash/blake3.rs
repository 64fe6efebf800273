//! BLAKE3 of bytes that are there at once, one message or many.

use blake3::{Hasher, OutputReader};

use super::SLICE_LEN;
use crate::batch;
use crate::budget::Budget;
use crate::digests::{self, DIGEST_LEN};
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Hashes the input and writes so many bytes of the extendable output.
pub(super) fn run(
    mut hasher: Hasher,
    input: &[u8],
    length: usize,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    require(out, length)?;
    for slice in input.chunks(SLICE_LEN) {
        budget.check()?;
        hasher.update(slice);
    }
    budget.check()?;
    write(hasher.finalize_xof(), length, out)
}

/// Writes so many bytes of the extendable output.
pub(super) fn write(
    mut reader: OutputReader,
    length: usize,
    out: &mut dyn Output,
) -> Result<usize, UnitError> {
    let mut block = [0; 1024];
    let mut offset = 0;
    while offset < length {
        let part = &mut block[..1024.min(length - offset)];
        reader.fill(part);
        out.write(offset, part)?;
        offset += part.len();
    }
    Ok(length)
}

/// Messages of a batch that are handed over together: enough of one length to fill lanes, and few
/// enough to look at the budget between.
const GROUP: usize = 1024;

/// The digests of a batch, one after another.
pub(super) fn many(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let mut items = batch::split(input)?;
    let len = items.len() * DIGEST_LEN;
    require(out, len)?;
    let mut offset = 0;
    while items.len() > 0 {
        budget.check()?;
        let group = digests::next_group(&mut items, GROUP);
        let mut together = Vec::with_capacity(group.len() * DIGEST_LEN);
        for (item, digest) in group.iter().zip(digests::of_short(&group)) {
            match digest {
                Some(digest) => together.extend_from_slice(&digest),
                None => together.extend_from_slice(&long(item, budget)?),
            }
        }
        out.write(offset, &together)?;
        offset += together.len();
    }
    Ok(len)
}

/// The digest of a message that has a vector for itself.
fn long(message: &[u8], budget: &Budget) -> Result<[u8; DIGEST_LEN], UnitError> {
    let mut hasher = Hasher::new();
    for slice in message.chunks(SLICE_LEN) {
        budget.check()?;
        hasher.update(slice);
    }
    Ok(*hasher.finalize().as_bytes())
}

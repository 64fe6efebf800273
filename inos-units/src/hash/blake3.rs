//! BLAKE3 of bytes that are there at once.

use blake3::{Hasher, OutputReader};

use super::SLICE_LEN;
use crate::budget::Budget;
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

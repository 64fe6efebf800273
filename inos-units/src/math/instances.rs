//! Matrices of many instances out of three arrays.

use super::matrix::compose;
use super::records::{NOT_FINITE, Shape, push, read};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Instances between two looks at the budget.
const BLOCK: usize = 512;

/// An instance and its matrix.
pub(super) const SHAPE: Shape = Shape::new(10, 16);

/// `n` translations, then `n` rotations, then `n` scales.
pub(super) fn instances(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let count = SHAPE.count(input)?;
    require(out, SHAPE.bound(input)?)?;
    // No overflow: both are within the input.
    let (translations, rest) = input.split_at_checked(count * 12).ok_or(NOT_FINITE)?;
    let (rotations, scales) = rest.split_at_checked(count * 16).ok_or(NOT_FINITE)?;
    let (translations, _) = translations.as_chunks::<12>();
    let (rotations, _) = rotations.as_chunks::<16>();
    let (scales, _) = scales.as_chunks::<12>();
    let mut result = Vec::with_capacity(count.min(BLOCK) * 64);
    let mut offset = 0;
    let blocks = translations.chunks(BLOCK).zip(rotations.chunks(BLOCK)).zip(scales.chunks(BLOCK));
    for ((translations, rotations), scales) in blocks {
        budget.check()?;
        result.clear();
        for ((t, r), s) in translations.iter().zip(rotations).zip(scales) {
            let [tx, ty, tz] = read(t).ok_or(NOT_FINITE)?;
            let [qx, qy, qz, qw] = read(r).ok_or(NOT_FINITE)?;
            let [sx, sy, sz] = read(s).ok_or(NOT_FINITE)?;
            push(&mut result, compose([tx, ty, tz, qx, qy, qz, qw, sx, sy, sz])?)?;
        }
        out.write(offset, &result)?;
        offset += result.len();
    }
    Ok(offset)
}

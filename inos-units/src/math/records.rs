//! Records of 32-bit floats in bytes: how a block of them becomes a block of results.

use std::ops::Range;

use crate::budget::Budget;
use crate::error::UnitError;
use crate::memory::{copied, reserved};
use crate::output::require;
use crate::unit::{Output, Part, Plan};

/// Records of a block: worked on between two looks at the budget, a fraction of a millisecond.
const BLOCK: usize = 512;

/// What turns a block of input records into result bytes.
pub(super) type Block = dyn Fn(&[u8], &mut Vec<u8>) -> Result<(), UnitError> + Send + Sync;

/// Lengths of an input record and of a result record, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    input: usize,
    result: usize,
}

impl Shape {
    /// A shape by numbers of floats; neither is 0.
    pub(super) const fn new(input: usize, result: usize) -> Self {
        assert!(input > 0 && result > 0);
        Self { input: input * 4, result: result * 4 }
    }

    /// Records in `bytes`, which must be a whole number of them.
    pub(super) fn count(self, bytes: &[u8]) -> Result<usize, UnitError> {
        if bytes.len().is_multiple_of(self.input) {
            Ok(bytes.len() / self.input)
        } else {
            Err(UnitError::BadInput { what: "not a whole number of records" })
        }
    }

    /// Bytes of the result for `bytes` of input.
    pub(super) fn bound(self, bytes: &[u8]) -> Result<usize, UnitError> {
        Ok(self.count(bytes)?.saturating_mul(self.result))
    }
}

/// Reads a record; `None` if there are fewer bytes, or a number that is not finite.
#[inline(always)]
pub(super) fn read<const N: usize>(bytes: &[u8]) -> Option<[f32; N]> {
    let (words, _) = bytes.as_chunks::<4>();
    let words = words.first_chunk::<N>()?;
    let record = words.map(f32::from_le_bytes);
    is_finite(&record).then_some(record)
}

/// Whether every number is finite.
#[inline(always)]
pub(super) fn is_finite<const N: usize>(record: &[f32; N]) -> bool {
    // A difference from itself is 0 or NaN, so one sum tells of all.
    let mut sum = 0.0;
    for value in record {
        sum += *value * 0.0;
    }
    sum == 0.0
}

/// What a number of the input that is not finite gives.
pub(super) const NOT_FINITE: UnitError =
    UnitError::BadInput { what: "a number of the input is not finite" };

/// What a result beyond the range of 32-bit floats gives.
pub(super) const OVERFLOW: UnitError =
    UnitError::BadInput { what: "a result is beyond the range of 32-bit floats" };

/// Appends a record, unless one of its numbers is not finite.
#[inline(always)]
pub(super) fn push<const N: usize>(bytes: &mut Vec<u8>, record: [f32; N]) -> Result<(), UnitError> {
    if !is_finite(&record) {
        return Err(OVERFLOW);
    }
    bytes.extend_from_slice(record.map(f32::to_le_bytes).as_flattened());
    Ok(())
}

/// A block function out of a function of one record.
pub(super) fn each<const IN: usize, const OUT: usize>(
    code: impl Fn([f32; IN]) -> Result<[f32; OUT], UnitError> + Send + Sync,
) -> impl Fn(&[u8], &mut Vec<u8>) -> Result<(), UnitError> + Send + Sync {
    move |input, result| {
        for record in input.chunks_exact(IN * 4) {
            push(result, code(read(record).ok_or(NOT_FINITE)?)?)?;
        }
        Ok(())
    }
}

/// Runs a block function over `input`, on this thread.
pub(super) fn stream(
    shape: Shape,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
    block: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), UnitError>,
) -> Result<usize, UnitError> {
    let len = shape.bound(input)?;
    require(out, len)?;
    let mut result = Vec::with_capacity(len.min(BLOCK * shape.result));
    let mut offset = 0;
    for records in input.chunks(BLOCK * shape.input) {
        budget.check()?;
        result.clear();
        block(records, &mut result)?;
        out.write(offset, &result)?;
        offset += result.len();
    }
    Ok(offset)
}

/// Records of a block of methods that compute with vectors.
const VECTOR_BLOCK: usize = 2048;

/// Runs a block function that fills its result, on this thread: in the output itself where that
/// gives room.
pub(super) fn fill(
    shape: Shape,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
    block: impl Fn(&[u8], &mut [u8]) -> Result<(), UnitError>,
) -> Result<usize, UnitError> {
    let len = shape.bound(input)?;
    require(out, len)?;
    let blocks = input.chunks(VECTOR_BLOCK * shape.input);
    if let Some(room) = out.room(0, len) {
        for (records, result) in blocks.zip(room.chunks_mut(VECTOR_BLOCK * shape.result)) {
            budget.check()?;
            block(records, result)?;
        }
        return Ok(len);
    }
    let mut scratch = reserved(len.min(VECTOR_BLOCK * shape.result))?;
    let mut offset = 0;
    for records in blocks {
        budget.check()?;
        scratch.resize(shape.bound(records)?, 0);
        block(records, &mut scratch)?;
        out.write(offset, &scratch)?;
        offset += scratch.len();
    }
    Ok(offset)
}

/// What is wrong with records that had a result which is not finite.
#[cold]
pub(super) fn refusal(input: &[u8]) -> UnitError {
    let (words, _) = input.as_chunks::<4>();
    let is_finite = words.iter().all(|word| f32::from_le_bytes(*word).is_finite());
    if is_finite { OVERFLOW } else { NOT_FINITE }
}

/// A batch that is cut by records. Holds a copy of the input.
pub(super) struct RecordPlan {
    shape: Shape,
    input: Vec<u8>,
    count: usize,
    block: Box<Block>,
}

impl RecordPlan {
    /// Plans a block function over `input`.
    pub(super) fn boxed(
        shape: Shape,
        input: &[u8],
        budget: &Budget,
        block: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), UnitError> + Send + Sync + 'static,
    ) -> Result<Box<dyn Plan>, UnitError> {
        let count = shape.count(input)?;
        budget.check()?;
        Ok(Box::new(Self { shape, input: copied(input)?, count, block: Box::new(block) }))
    }
}

impl Plan for RecordPlan {
    fn item_count(&self) -> usize {
        self.count
    }

    fn grain(&self) -> usize {
        4 * BLOCK
    }

    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let outside = UnitError::BadCall { what: "a range outside the plan" };
        if range.start > range.end || range.end > self.count {
            return Err(outside);
        }
        // No overflow: both ends are inside the input.
        let bytes = range.start * self.shape.input..range.end * self.shape.input;
        let records = self.input.get(bytes).ok_or(outside)?;
        let mut part = reserved(self.shape.bound(records)?)?;
        for records in records.chunks(BLOCK * self.shape.input) {
            budget.check()?;
            (self.block)(records, &mut part)?;
        }
        Ok(part)
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let len = self.shape.bound(&self.input)?;
        if parts.iter().map(Vec::len).sum::<usize>() != len {
            return Err(UnitError::BadCall { what: "parts do not cover the plan" });
        }
        require(out, len)?;
        let mut offset = 0;
        for part in &parts {
            out.write(offset, part)?;
            offset += part.len();
        }
        Ok(offset)
    }
}

//! One stream: in and out through the library, bounded.

use std::io::Write as _;

use brotli::enc::StandardAlloc;
use brotli::enc::backward_references::BrotliEncoderMode;
use brotli::enc::{BrotliEncoderParams, writer::CompressorWriter};
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};

use super::Mode;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::sequential::Sequential;
use crate::unit::Output;

/// Bytes between two looks at the budget, and of the buffer between the library and the output.
/// The library collects as much as a quality wants before it works, at most some hundred KiB.
const PIECE: usize = 1 << 14;

/// Lowest quality that is worth anything here.
const MIN_QUALITY: u32 = 3;

/// How to compress.
#[derive(Clone, Debug)]
pub(crate) struct Options(BrotliEncoderParams);

impl Options {
    pub(crate) fn new(quality: u32, window: u32, mode: Mode) -> Self {
        let mode = match mode {
            Mode::Generic => BrotliEncoderMode::BROTLI_MODE_GENERIC,
            Mode::Text => BrotliEncoderMode::BROTLI_MODE_TEXT,
            Mode::Font => BrotliEncoderMode::BROTLI_MODE_FONT,
        };
        Self(BrotliEncoderParams {
            quality: quality.max(MIN_QUALITY) as i32,
            lgwin: window as i32,
            mode,
            ..BrotliEncoderParams::default()
        })
    }
}

/// Most bytes of a stream: all of it stored, in pieces of 4 KiB or more with a header of at most
/// 4 bytes each, and what begins and ends it.
pub(crate) const fn max_len(input_len: usize) -> usize {
    input_len.saturating_add(input_len / 1024).saturating_add(64)
}

/// Writes the stream of `input` from `offset` on; where it ends.
pub(crate) fn compress(
    options: &Options,
    input: &[u8],
    out: &mut dyn Output,
    offset: usize,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let mut params = options.0.clone();
    params.size_hint = input.len();
    let mut sink = Sequential::new(out, offset);
    let mut refused = false;
    {
        let mut writer = CompressorWriter::with_params(&mut sink, PIECE, &params);
        for piece in input.chunks(PIECE) {
            budget.check()?;
            refused |= writer.write_all(piece).is_err();
            if refused {
                break;
            }
        }
        // Ends the stream.
        drop(writer);
    }
    let end = sink.finish()?;
    if refused { Err(UnitError::OutOfMemory { len: input.len() }) } else { Ok(end) }
}

/// Writes what a stream stands for from `offset` on, at most `max_len` bytes; how many they are.
pub(crate) fn decompress(
    input: &[u8],
    out: &mut dyn Output,
    offset: usize,
    max_len: u64,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let mut buffer = [0; PIECE];
    let (mut available_in, mut read) = (input.len(), 0);
    let (mut written, mut total) = (0_usize, 0);
    loop {
        budget.check()?;
        let (mut available_out, mut filled) = (buffer.len(), 0);
        let result = BrotliDecompressStream(
            &mut available_in,
            &mut read,
            input,
            &mut available_out,
            &mut filled,
            &mut buffer,
            &mut total,
            &mut state,
        );
        let piece = buffer.get(..filled).unwrap_or_default();
        if (written as u64).saturating_add(piece.len() as u64) > max_len {
            return Err(UnitError::TooLarge { len: max_len.saturating_add(1), max: max_len });
        }
        if !piece.is_empty() {
            out.write(offset.saturating_add(written), piece)?;
            written += piece.len();
        }
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultSuccess if read == input.len() => return Ok(written),
            BrotliResult::ResultSuccess => {
                return Err(UnitError::BadInput { what: "bytes behind the end of a stream" });
            }
            BrotliResult::NeedsMoreInput => {
                return Err(UnitError::BadInput { what: "a stream that ends too soon" });
            }
            BrotliResult::ResultFailure => {
                return Err(UnitError::BadInput { what: "a stream that is not brotli" });
            }
        }
    }
}

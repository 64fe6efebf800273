//! Brotli ([RFC 7932](https://www.rfc-editor.org/rfc/rfc7932)).
//!
//! | method | input | parameters | result |
//! |---|---|---|---|
//! | `brotli_compress` | bytes | [`CompressParams`] | a stream |
//! | `brotli_decompress` | a stream | [`DecompressParams`] | bytes |
//! | `compress_blocks` | bytes | [`BlocksParams`] | a container; threads can share a call |
//! | `decompress_blocks` | a container | [`DecompressParams`] | bytes; threads can share a call |
//! | `decompress_range` | a container | [`RangeParams`] | a range of the bytes |
//!
//! ```
//! use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};
//!
//! let units = Dispatcher::standard();
//! let budget = Budget::unlimited();
//! let text = "to be or not to be ".repeat(100);
//! let (mut small, mut again) = (VecOutput::new(1 << 12), VecOutput::new(1 << 12));
//! let call = Call { input: text.as_bytes(), params: br#"{"quality": 11}"# };
//! units.execute_named("compress", "brotli_compress", call, &mut small, &budget)?;
//! assert!(small.as_bytes().len() < 50);
//!
//! let call = Call { input: small.as_bytes(), params: b"" };
//! units.execute_named("compress", "brotli_decompress", call, &mut again, &budget)?;
//! assert_eq!(again.as_bytes(), text.as_bytes());
//!
//! // A few bytes may stand for any number: the caller says how many are too many.
//! let call = Call { input: small.as_bytes(), params: br#"{"max_length": 100}"# };
//! let refused = units.execute_named("compress", "brotli_decompress", call, &mut again, &budget);
//! assert_eq!(refused, Err(UnitError::TooLarge { len: 101, max: 100 }));
//! # Ok::<(), UnitError>(())
//! ```
//!
//! # Streams
//! Windows of 10 to 24 bits, as the RFC has it; *large window* streams are no brotli here. A stream
//! that ends too soon, is corrupt, or has bytes behind its end is refused, each with its own
//! words. What comes out goes piece by piece into the output, which sets a limit, too; nothing of
//! its length is allocated.
//!
//! # Containers
//! A container has the bytes in blocks, each a stream of its own: threads compress and decompress
//! them side by side, and a range is read without what is before it. The same bytes and parameters
//! give the same container, however many threads there are.
//!
//! ```text
//! "IBRB"   u32 version, 1   u64 length   u32 block   u32 0   u32 length of each stream   streams
//! ```
//!
//! Numbers have their lowest byte first. `length` is that of the bytes, `block` the bytes of each
//! stream but the last; there are as many streams as that takes, none for no bytes. Nothing is
//! between them or behind them.
//!
//! # Bits
//! A compressor's output is the same bits for this version of this unit, on every machine; another
//! version may compress better. What is decompressed is defined by the RFC.
//!
//! # Not supported
//! Shared dictionaries. Qualities 0 to 2, which are slower here than 3 and compress worse: asked
//! for, they are 3.
#![forbid(unsafe_code)]

pub(crate) mod blocks;
pub(crate) mod stream;

use crate::unit;
use crate::unit::Cost;

crate::names! {
    /// What the bytes are.
    pub enum Mode {
        /// Anything.
        Generic = "generic",
        /// Text in UTF-8.
        Text = "text",
        /// A font, as in WOFF 2.
        Font = "font",
    }
}

crate::params! {
    /// What `brotli_compress` takes.
    pub struct CompressParams {
        quality: u32 = 5 in 0..=11 => "How hard to try; 0 to 2 are 3";
        window: u32 = 22 in 10..=24 => "Bits of the window, whose bytes a decoder keeps";
        mode: Mode = Generic => "What the bytes are";
    }
}

crate::params! {
    /// What `brotli_decompress` and `decompress_blocks` take.
    pub struct DecompressParams {
        max_length: u64 = 1073741824 in 0..=1099511627776 => "Most bytes of the result";
    }
}

crate::params! {
    /// What `compress_blocks` takes.
    pub struct BlocksParams {
        quality: u32 = 5 in 0..=11 => "How hard to try; 0 to 2 are 3";
        block: u32 = 1048576 in 4096..=16777216 => "Bytes of a block; the last one may be shorter";
        mode: Mode = Generic => "What the bytes are";
    }
}

crate::params! {
    /// What `decompress_range` takes.
    pub struct RangeParams {
        offset: u64 = 0 in 0..=1099511627776 => "Where the range begins";
        length: u64 = 1024 in 0..=1073741824 => "Bytes of it";
    }
}

/// The unit `compress`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompressUnit(());

impl CompressUnit {
    /// The unit; it has no state.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

fn as_len(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

unit! {
    impl CompressUnit: "compress" (0, 1, 0) "Brotli" {
        brotli_compress(CompressParams) {
            summary: "A brotli stream",
            input: "bytes",
            result: "a stream",
            determinism: Strict,
            cost: Cost { call: 50_000, input_kib: 30_000, result_kib: 0 },
            answer: "decoded by the reference decoder",
            bound: |_, _, input| Ok(stream::max_len(input.len())),
            run: whole(|_, params, input, out, budget| {
                let options = stream::Options::new(params.quality, params.window, params.mode);
                stream::compress(&options, input, out, 0, budget)
            }),
        }
        brotli_decompress(DecompressParams) {
            summary: "What a brotli stream stands for",
            input: "a stream",
            result: "bytes, at most `max_length`",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 0, result_kib: 3_000 },
            answer: "streams of the reference encoder",
            bound: |_, params, _| Ok(as_len(params.max_length)),
            run: whole(|_, params, input, out, budget| {
                stream::decompress(input, out, 0, params.max_length, budget)
            }),
        }
        compress_blocks(BlocksParams) {
            summary: "Brotli streams of blocks, in a container",
            input: "bytes",
            result: "a container",
            determinism: Strict,
            cost: Cost { call: 50_000, input_kib: 30_000, result_kib: 0 },
            answer: "decoded by the reference decoder",
            bound: |_, params, input| blocks::max_len(params, input.len()),
            run: split(|_, params, input, _| Ok(Box::new(blocks::Compress::new(params, input)?))),
        }
        decompress_blocks(DecompressParams) {
            summary: "What a container stands for",
            input: "a container",
            result: "bytes, at most `max_length`",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 0, result_kib: 3_000 },
            answer: "streams of the reference encoder",
            bound: |_, params, input| blocks::total(input, params.max_length).map(as_len),
            run: split(|_, params, input, _| {
                Ok(Box::new(blocks::Decompress::new(input, params.max_length)?))
            }),
        }
        decompress_range(RangeParams) {
            summary: "A range of what a container stands for",
            input: "a container",
            result: "`length` bytes",
            determinism: Strict,
            cost: Cost { call: 1_000_000, input_kib: 0, result_kib: 3_000 },
            answer: "streams of the reference encoder",
            bound: |_, params, _| Ok(as_len(params.length)),
            run: whole(|_, params, input, out, budget| blocks::range(params, input, out, budget)),
        }
    }
}

//! Many streams in one container, whose format the module above draws.

use std::ops::Range;

use super::stream::{self, Options};
use super::{BlocksParams, RangeParams};
use crate::budget::Budget;
use crate::error::UnitError;
use crate::memory::copied;
use crate::output::{VecOutput, require};
use crate::unit::{Output, Part, Plan};

const MAGIC: [u8; 8] = *b"IBRB\x01\0\0\0";
const HEADER: usize = 24;
const WORD: usize = 4;
/// The smallest window that has a whole block of the largest size.
const WINDOW: u32 = 24;
/// Largest block that is read; what `compress_blocks` makes at most.
const MAX_BLOCK: u32 = 1 << 24;

const BAD: UnitError = UnitError::BadInput { what: "not a container of blocks" };

fn count_of(total: u64, block: u32) -> u64 {
    total.div_ceil(u64::from(block.max(1)))
}

/// Most bytes of a container.
pub(super) fn max_len(params: &BlocksParams, input_len: usize) -> Result<usize, UnitError> {
    let count = input_len.div_ceil(params.block.max(1) as usize);
    let each = stream::max_len(0) + WORD;
    Ok(stream::max_len(input_len).saturating_add(HEADER).saturating_add(count.saturating_mul(each)))
}

/// `compress_blocks`, with a copy of its input. Items are blocks.
pub(super) struct Compress {
    input: Vec<u8>,
    block: u32,
    options: Options,
}

impl Compress {
    pub(super) fn new(params: &BlocksParams, input: &[u8]) -> Result<Self, UnitError> {
        let options = Options::new(params.quality, window_of(params.block), params.mode);
        Ok(Self { input: copied(input)?, block: params.block, options })
    }

    fn blocks(&self) -> std::slice::Chunks<'_, u8> {
        self.input.chunks(self.block.max(1) as usize)
    }
}

/// Bits of a window that a block fits into.
pub(crate) const fn window_of(block: u32) -> u32 {
    let bits = (block + 16).next_power_of_two().trailing_zeros();
    if bits < WINDOW { bits } else { WINDOW }
}

impl Plan for Compress {
    fn item_count(&self) -> usize {
        self.blocks().len()
    }

    /// A part is, for each block, the length of its stream and the stream.
    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let mut part = Part::new();
        for block in self.blocks().skip(range.start).take(range.len()) {
            let mut stream = VecOutput::new(stream::max_len(block.len()));
            let len = stream::compress(&self.options, block, &mut stream, 0, budget)?;
            part.extend_from_slice(&(len as u32).to_le_bytes());
            part.extend_from_slice(stream.as_bytes());
        }
        Ok(part)
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let count = self.item_count();
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&(self.input.len() as u64).to_le_bytes());
        header.extend_from_slice(&self.block.to_le_bytes());
        header.extend_from_slice(&[0; WORD]);
        let streams: Vec<&[u8]> = parts.iter().flat_map(|part| Streams(part)).collect();
        if streams.len() != count {
            return Err(UnitError::BadInput { what: "parts that are not all blocks" });
        }
        for stream in &streams {
            header.extend_from_slice(&(stream.len() as u32).to_le_bytes());
        }
        let total = streams.iter().map(|stream| stream.len()).sum::<usize>();
        require(out, header.len().saturating_add(total))?;
        out.write(0, &header)?;
        let mut offset = header.len();
        for stream in streams {
            out.write(offset, stream)?;
            offset += stream.len();
        }
        Ok(offset)
    }
}

/// The streams of a part.
struct Streams<'a>(&'a [u8]);

impl<'a> Iterator for Streams<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, rest) = self.0.split_first_chunk()?;
        let (stream, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        self.0 = rest;
        Some(stream)
    }
}

/// A container's header and streams, checked to add up.
#[derive(Debug)]
struct Container<'a> {
    total: u64,
    block: u32,
    /// Lengths, four bytes each.
    lens: &'a [[u8; WORD]],
    streams: &'a [u8],
}

impl<'a> Container<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, UnitError> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or(BAD)?;
        let [a, b, c, d, e, f, g, h, total @ .., _, _, _, _, _, _, _, _] = header;
        let [.., m, n, o, p, z0, z1, z2, z3] = header;
        let block = u32::from_le_bytes([*m, *n, *o, *p]);
        let total = u64::from_le_bytes(*total);
        let is_known = [*a, *b, *c, *d, *e, *f, *g, *h] == MAGIC
            && [*z0, *z1, *z2, *z3] == [0; WORD]
            && (1..=MAX_BLOCK).contains(&block);
        let count = usize::try_from(count_of(total, block)).map_err(|_| BAD)?;
        let lens_len = count.checked_mul(WORD).ok_or(BAD)?;
        let (lens, streams) = rest.split_at_checked(lens_len).ok_or(BAD)?;
        let lens = lens.as_chunks().0;
        let sum: u64 = lens.iter().map(|len| u64::from(u32::from_le_bytes(*len))).sum();
        if !is_known || sum != streams.len() as u64 {
            return Err(BAD);
        }
        Ok(Self { total, block, lens, streams })
    }

    /// Bytes that block `index` stands for.
    fn block_len(&self, index: usize) -> u64 {
        let begin = (index as u64).saturating_mul(self.block.into());
        self.total.saturating_sub(begin).min(self.block.into())
    }

    /// The streams of these blocks, with their numbers.
    fn streams(&self, range: Range<usize>) -> impl Iterator<Item = (usize, &'a [u8])> {
        let mut rest = self.streams;
        let streams = self.lens.iter().enumerate().map_while(move |(index, len)| {
            let (stream, more) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            rest = more;
            Some((index, stream))
        });
        streams.skip(range.start).take(range.len())
    }

    /// Decompresses block `index`, which has to be as long as the header says.
    fn decompress(
        &self,
        (index, stream): (usize, &[u8]),
        budget: &Budget,
    ) -> Result<VecOutput, UnitError> {
        let len = self.block_len(index);
        let wrong =
            UnitError::BadInput { what: "a block of another length than the container says" };
        let mut bytes = VecOutput::new(super::as_len(len));
        match stream::decompress(stream, &mut bytes, 0, len, budget) {
            Ok(got) if got as u64 == len => Ok(bytes),
            Ok(_) | Err(UnitError::TooLarge { .. }) => Err(wrong),
            Err(error) => Err(error),
        }
    }
}

/// Bytes that a container stands for, if it does not say more than `max`.
pub(super) fn total(input: &[u8], max: u64) -> Result<u64, UnitError> {
    let len = Container::read(input)?.total;
    if len > max { Err(UnitError::TooLarge { len, max }) } else { Ok(len) }
}

/// `decompress_blocks`, with a copy of its input. Items are blocks.
pub(super) struct Decompress {
    input: Vec<u8>,
    count: usize,
}

impl Decompress {
    pub(super) fn new(input: &[u8], max_length: u64) -> Result<Self, UnitError> {
        total(input, max_length)?;
        let count = Container::read(input)?.lens.len();
        Ok(Self { input: copied(input)?, count })
    }
}

impl Plan for Decompress {
    fn item_count(&self) -> usize {
        self.count
    }

    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError> {
        let container = Container::read(&self.input)?;
        let mut part = Part::new();
        for stream in container.streams(range) {
            part.extend_from_slice(container.decompress(stream, budget)?.as_bytes());
        }
        Ok(part)
    }

    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError> {
        let total = super::as_len(Container::read(&self.input)?.total);
        require(out, total)?;
        let mut offset = 0;
        for part in &parts {
            out.write(offset, part)?;
            offset += part.len();
        }
        if offset == total {
            Ok(total)
        } else {
            Err(UnitError::BadInput { what: "parts that are not all blocks" })
        }
    }
}

/// `decompress_range`: reads the blocks that the range touches, and no others.
pub(super) fn range(
    params: &RangeParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let container = Container::read(input)?;
    let end = params.offset.saturating_add(params.length);
    if end > container.total {
        return Err(UnitError::BadParam { name: "offset", expected: "a range inside the bytes" });
    }
    let length = super::as_len(params.length);
    require(out, length)?;
    if length == 0 {
        return Ok(0);
    }
    let block = u64::from(container.block);
    let blocks = super::as_len(params.offset / block)..super::as_len(end.div_ceil(block));
    for stream in container.streams(blocks) {
        let begin = (stream.0 as u64).saturating_mul(block);
        let bytes = container.decompress(stream, budget)?;
        let from = params.offset.max(begin);
        let to = end.min(begin.saturating_add(bytes.as_bytes().len() as u64));
        let inside = super::as_len(from - begin)..super::as_len(to.saturating_sub(begin));
        let inside = bytes.as_bytes().get(inside).ok_or(BAD)?;
        out.write(super::as_len(from - params.offset), inside)?;
    }
    Ok(length)
}

//! The arenas that calls name blocks of.
//!
//! The block of a call's input is the kernel's from the acceptance on, and belongs to its job: it
//! is freed when that is dropped, however it ended. The block of a result is allocated by the
//! worker, and handed over to the party of the call's client before it is told.
#![forbid(unsafe_code)]

use std::sync::Mutex;

use inos_core::defs::lanes::SPACE_BLOCK;
use inos_core::{Arena, Block, Cooperative, Error, Handle, PayloadRef, SectionId, Sections, Space};
use inos_units::{Output, UnitError};

use super::{KernelError, lock};

/// Bytes that are left in a block for the sake of not copying its result.
const WORTH_MOVING: usize = 1024;

/// The arenas of a kernel, by their places in its configuration.
pub(super) struct Arenas<'m>(Vec<Bound<'m>>);

struct Bound<'m> {
    section: SectionId,
    /// Allocating is short, and so is what is done under this lock.
    arena: Mutex<Arena<'m, Cooperative>>,
}

impl<'m> Arenas<'m> {
    pub(super) fn open(
        sections: &Sections<'m, Cooperative>,
        wanted: &[SectionId],
    ) -> Result<Self, KernelError> {
        let mut arenas = Self(Vec::with_capacity(wanted.len()));
        for &section in wanted {
            if arenas.find(section).is_some() {
                return Err(KernelError::BoundTwice { id: section });
            }
            let failed = KernelError::section(section);
            if section.0 >= SPACE_BLOCK {
                let what = "the id of an arena whose blocks are named is below 2^30";
                return Err(failed(Error::BadLayout { what }));
            }
            let arena = Mutex::new(Arena::open(sections, section).map_err(failed)?);
            arenas.0.push(Bound { section, arena });
        }
        Ok(arenas)
    }

    /// The place of a section's arena.
    pub(super) fn find(&self, section: SectionId) -> Option<usize> {
        self.0.iter().position(|bound| bound.section == section)
    }

    /// Takes the block that an input refers to; none if it refers to something else.
    pub(super) fn adopt(
        &self,
        input: &PayloadRef,
    ) -> Result<Option<Block<'m, Cooperative>>, Error> {
        let Some(Space::Block(section)) = input.space() else { return Ok(None) };
        let bound = self.0.iter().find(|bound| bound.section == section);
        let bound = bound.ok_or(Error::NoSection { id: section.0 })?;
        lock(&bound.arena).adopt(input.handle()).map(Some)
    }

    pub(super) fn allocate(
        &self,
        place: usize,
        len: usize,
    ) -> Result<Block<'m, Cooperative>, Error> {
        let bound = self.0.get(place).ok_or(Error::NoSuchIndex { index: 0, count: 0 })?;
        lock(&bound.arena).allocate(len)
    }

    /// Frees a block that was handed over, unless somebody has adopted it.
    pub(super) fn take_back(&self, sent: Sent) {
        if let Some(bound) = self.0.get(sent.place) {
            drop(lock(&bound.arena).adopt(sent.handle));
        }
    }

    /// Moves a result of `len` bytes that is much shorter than its block into one that fits, if
    /// there is room for that; how many bytes were copied.
    pub(super) fn fit(
        &self,
        place: usize,
        block: &mut Block<'m, Cooperative>,
        len: usize,
    ) -> usize {
        let is_much = |len: usize| {
            let (spare, half) = (block.len().saturating_sub(len), block.len() / 2);
            spare >= half.max(WORTH_MOVING)
        };
        if !is_much(len) {
            return 0;
        }
        match self.allocate(place, len) {
            Ok(mut fitting) if is_much(fitting.len()) => {
                let (Some(to), Some(from)) = (fitting.get_mut(..len), block.get(..len)) else {
                    return 0;
                };
                to.copy_from_slice(from);
                *block = fitting;
                len
            }
            _ => 0,
        }
    }
}

/// A block that was handed over with an answer that is not given yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) place: usize,
    pub(super) handle: Handle,
}

/// A sink into a block, of which only what was written counts: a block shows what was in it before.
pub(super) struct BlockOutput<'a> {
    bytes: &'a mut [u8],
    /// Up to here every byte was written.
    len: usize,
}

impl<'a> BlockOutput<'a> {
    pub(super) const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    /// From offset 0 to the furthest byte that was written.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

impl Output for BlockOutput<'_> {
    fn capacity(&self) -> usize {
        self.bytes.len()
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        let capacity = self.bytes.len();
        let end = offset.saturating_add(bytes.len());
        let too_small = UnitError::OutputTooSmall { needed: end, capacity };
        let target = self.bytes.get_mut(offset..end).ok_or(too_small)?;
        target.copy_from_slice(bytes);
        if let Some(gap) = self.bytes.get_mut(self.len..offset) {
            gap.fill(0);
        }
        self.len = self.len.max(end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_written_is_not_shown() {
        let mut bytes = [7; 8];
        let mut out = BlockOutput::new(&mut bytes);
        assert_eq!((out.capacity(), out.len()), (8, 0));
        out.write(3, b"ab").unwrap();
        assert_eq!(out.len(), 5);
        // A hole is zeros, and what is written into it later stays.
        out.write(1, b"c").unwrap();
        out.write(8, b"").unwrap();
        assert_eq!(out.len(), 8);
        let refused = UnitError::OutputTooSmall { needed: 9, capacity: 8 };
        assert_eq!(out.write(7, b"xx"), Err(refused));
        assert!(out.write(usize::MAX, b"xx").is_err());
        assert_eq!(&bytes, b"\0c\0ab\0\0\0");
    }
}

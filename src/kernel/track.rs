//! The ping-pong sections whose writer the kernel is.
#![forbid(unsafe_code)]

use std::sync::Mutex;

use inos_core::{
    Back, Cooperative, EpochCounter, EpochTable, Error, Mode, PingPong, SectionId, Sections, Writer,
};
use inos_units::{Output, SliceOutput, UnitError};

use super::{KernelError, Publish};
use crate::park::Futex;

/// A ping-pong section. The queue lets one call at a time have it, so its lock is never
/// waited for.
pub(super) struct Track<'m> {
    pub(super) section: SectionId,
    pub(super) writer: Mutex<Writer<'m, Cooperative>>,
    mode: Mode,
    epoch: EpochCounter<'m>,
}

impl<'m> Track<'m> {
    pub(super) fn open(
        sections: &Sections<'m, Cooperative>,
        publish: &Publish,
    ) -> Result<Self, KernelError> {
        let Publish { section, epochs, epoch } = *publish;
        let epoch = EpochTable::open(sections, epochs)
            .and_then(|table| table.counter(epoch))
            .map_err(KernelError::section(epochs))?;
        let failed = KernelError::section(section);
        let ping_pong = PingPong::open(sections, section).map_err(&failed)?;
        let mode = ping_pong.config().mode;
        let writer = ping_pong.writer().map_err(&failed)?;
        Ok(Self { section, writer: Mutex::new(writer), mode, epoch })
    }

    /// Lets `compute` write the next frame, of at most `max_len` bytes unless that is 0, and
    /// publishes it; returns its length and version. If `compute` fails nothing is published.
    pub(super) fn publish<E: From<Error>>(
        &self,
        mut back: Back<'_, 'm, Cooperative>,
        max_len: usize,
        compute: impl FnOnce(&mut dyn Output) -> Result<usize, E>,
    ) -> Result<(usize, u32), E> {
        let capacity = match max_len {
            0 => back.capacity(),
            max_len => max_len.min(back.capacity()),
        };
        let len = match self.mode {
            Mode::Pinned => {
                let slot = back.as_mut_slice()?;
                let slot = slot.get_mut(..capacity).unwrap_or_default();
                compute(&mut SliceOutput::new(slot))?
            }
            _ => {
                let mut out = WordOutput { back: &mut back, capacity, edge: None };
                compute(&mut out)?
            }
        };
        let version = back.publish(len)?;
        self.epoch.advance(&Futex);
        Ok((len, version))
    }
}

/// A sink into a slot that observers may be reading, so that it takes whole words.
///
/// A piece that does not begin on a word is put together with the end of the piece before it:
/// whoever writes from front to back can cut as he likes.
struct WordOutput<'a, 'b, 'm> {
    back: &'a mut Back<'b, 'm, Cooperative>,
    capacity: usize,
    /// The word that the last piece ended in, and where that was.
    edge: Option<(usize, [u8; WORD_LEN])>,
}

const WORD_LEN: usize = size_of::<u32>();

impl Output for WordOutput<'_, '_, '_> {
    fn capacity(&self) -> usize {
        self.capacity
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        let capacity = self.capacity;
        let end = match offset.checked_add(bytes.len()) {
            Some(end) if end <= capacity => end,
            end => {
                let needed = end.unwrap_or(usize::MAX);
                return Err(UnitError::OutputTooSmall { needed, capacity });
            }
        };
        let lead = offset % WORD_LEN;
        let mut rest = bytes;
        let mut at = offset;
        if lead > 0 {
            let Some((_, mut word)) = self.edge.filter(|&(edge, _)| edge == offset) else {
                return Err(UnitError::BadInput {
                    what: "a result that is not written from front to back, nor on words",
                });
            };
            let (head, tail) = rest.split_at(rest.len().min(WORD_LEN - lead));
            for (to, from) in word.iter_mut().skip(lead).zip(head) {
                *to = *from;
            }
            let filled = word.get(..lead + head.len()).unwrap_or_default();
            self.store(offset - lead, filled)?;
            self.edge = Some((end, word));
            rest = tail;
            at += head.len();
        }
        if !rest.is_empty() {
            self.store(at, rest)?;
            let mut word = [0; WORD_LEN];
            let partial = rest.len() % WORD_LEN;
            for (to, from) in word.iter_mut().zip(rest.iter().skip(rest.len() - partial)) {
                *to = *from;
            }
            self.edge = Some((end, word));
        }
        Ok(())
    }
}

impl WordOutput<'_, '_, '_> {
    fn store(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        let too_small = UnitError::OutputTooSmall {
            needed: offset.saturating_add(bytes.len()),
            capacity: self.capacity,
        };
        self.back.write(offset, bytes).map_err(|_| too_small)
    }
}

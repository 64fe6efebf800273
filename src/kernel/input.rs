//! Lending inputs to units: in place or as a private copy, with what was done to them undone.
#![forbid(unsafe_code)]

use inos_core::Error;
use inos_units::Budget;
use inos_units::job::Place;

use super::job::{Bytes, Job, Source};
use super::resource::Opened;
use super::worker::Failure;
use super::{Shared, lock};
use crate::aligned::AlignedVec;

/// What a call read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) len: usize,
    /// Copied from shared memory to private memory.
    pub(super) copied: usize,
}

impl<'m> Shared<'_, 'm> {
    /// The input as the method sees it, of what lies there.
    pub(super) fn open_input<'a>(
        &self,
        job: &Job<'m>,
        stored: &'a [u8],
        is_copy: bool,
        budget: &Budget,
        read: &mut Read,
    ) -> Result<Opened<'a>, Failure> {
        *read = Read { len: stored.len(), copied: if is_copy { stored.len() } else { 0 } };
        let Some(message) = job.message() else { return Ok(Opened::Stored(stored)) };
        let opened = message.opening.undo(stored, self.dispatcher, budget, &mut read.copied)?;
        read.len = opened.as_bytes().len();
        Ok(opened)
    }

    /// Lends the input: a frame or a block where it is, anything else as a private copy.
    pub(super) fn with_input<R>(
        &self,
        job: &Job<'m>,
        budget: &Budget,
        read: &mut Read,
        body: impl FnOnce(&[u8]) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let body = |stored: &[u8], is_copy: bool| {
            body(self.open_input(job, stored, is_copy, budget, read)?.as_bytes())
        };
        match job.input {
            Source::None => body(&[], false),
            Source::Message => {
                let place = job.message().map(|message| &message.request.input.place);
                match place {
                    // Copied once, to where every input begins.
                    Some(Place::Inline(bytes)) => {
                        let mut copy = AlignedVec::new(bytes.len());
                        copy.as_mut().copy_from_slice(bytes);
                        body(copy.as_ref(), true)
                    }
                    _ => Err(Failure::Reference),
                }
            }
            Source::Buffer(Bytes { offset, len }) => {
                let mut copy = AlignedVec::new(len);
                self.read_buffer(job.lane(), offset, copy.as_mut())?;
                body(copy.as_ref(), true)
            }
            Source::Raw(section, Bytes { offset, len }) => {
                let mut copy = AlignedVec::new(len);
                self.sections.read_raw(section, offset, copy.as_mut())?;
                body(copy.as_ref(), true)
            }
            Source::Frame(track, bytes) => {
                let Some(track) = self.tracks.get(track) else { return Err(Failure::Reference) };
                let mut writer = lock(&track.writer);
                match writer.front() {
                    Ok(front) => body(part(front, bytes)?, false),
                    Err(Error::Empty) => body(part(&[], bytes)?, false),
                    Err(error) => Err(error.into()),
                }
            }
            Source::Block(len) => {
                let block = job.block.as_ref().and_then(|block| block.get(..len));
                body(block.ok_or(Failure::Reference)?, false)
            }
        }
    }
}

/// The part of a frame that was asked for; no length is all of it.
pub(super) fn part(frame: &[u8], bytes: Bytes) -> Result<&[u8], Failure> {
    if bytes == Bytes::default() {
        return Ok(frame);
    }
    let end = bytes.offset.checked_add(bytes.len).ok_or(Failure::Reference)?;
    frame.get(bytes.offset..end).ok_or(Failure::Reference)
}

//! Where the words of a slot are, and how a name stands in them.
#![forbid(unsafe_code)]

use super::MAX_EPOCH_NAME_LEN;
use crate::defs::epochs::{SLOT_LEN, SLOT_NAME, SLOT_STATE};
use crate::error::Error;
use crate::protocol::names::{NAME_WORDS, Name, Slots};
use crate::raw::span::{Peek, Span};
use crate::sync::AtomicU32;

pub(super) const fn slot_offset(index: u32) -> usize {
    // At most 4096 slots of 64 bytes.
    index as usize * SLOT_LEN
}

/// The slots, for looking names up.
pub(super) struct Readable<'a, 'm> {
    pub(super) span: &'a Span<'m>,
    pub(super) slots: u32,
}

impl<'m> Slots for Readable<'_, 'm> {
    type Word = Peek<'m>;

    fn slot_count(&self) -> u32 {
        self.slots
    }

    fn state(&self, index: u32) -> Option<Peek<'m>> {
        if index >= self.slots {
            return None;
        }
        self.span.peek(slot_offset(index) + SLOT_STATE).ok()
    }

    fn name(&self, index: u32, word: usize) -> Option<Peek<'m>> {
        if index >= self.slots || word >= NAME_WORDS {
            return None;
        }
        self.span.peek(slot_offset(index) + SLOT_NAME + word * 4).ok()
    }
}

/// The slots, for allocating.
pub(super) struct Writable<'a, 'm> {
    pub(super) span: &'a Span<'m>,
    pub(super) slots: u32,
}

impl<'m> Slots for Writable<'_, 'm> {
    type Word = &'m AtomicU32;

    fn slot_count(&self) -> u32 {
        self.slots
    }

    fn state(&self, index: u32) -> Option<&'m AtomicU32> {
        if index >= self.slots {
            return None;
        }
        self.span.word(slot_offset(index) + SLOT_STATE).ok()
    }

    fn name(&self, index: u32, word: usize) -> Option<&'m AtomicU32> {
        if index >= self.slots || word >= NAME_WORDS {
            return None;
        }
        self.span.word(slot_offset(index) + SLOT_NAME + word * 4).ok()
    }
}

/// The words of a name.
pub(super) fn pack(name: &str) -> Result<Name, Error> {
    let bytes = name.as_bytes();
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(Error::BadLayout { what: "an epoch's name is empty or has a zero in it" });
    }
    if bytes.len() > MAX_EPOCH_NAME_LEN {
        return Err(Error::TooLarge { len: bytes.len(), max: MAX_EPOCH_NAME_LEN });
    }
    let mut words = Name::default();
    for (word, chunk) in words.iter_mut().zip(bytes.chunks(4)) {
        let mut padded = [0; 4];
        for (to, from) in padded.iter_mut().zip(chunk) {
            *to = *from;
        }
        *word = u32::from_ne_bytes(padded);
    }
    Ok(words)
}

/// The bytes of a name's words.
pub(super) fn unpack(words: &Name) -> [u8; MAX_EPOCH_NAME_LEN] {
    let mut bytes = [0; MAX_EPOCH_NAME_LEN];
    for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(words) {
        *chunk = word.to_ne_bytes();
    }
    bytes
}

//! Newest state: a writer that never waits, readers that never see a torn frame.
//!
//! ```text
//! latest    { version: 28, slot: 4 }         0: nothing published yet
//! sequence  { version: 28, BUSY: 1 }         one per slot; version 0 is never valid
//! pin       slot + 1, or 0                   one per seat: what its holder is reading
//! ```
//!
//! A frame is published when the writer stores `latest`. With at most `slots - 2` seats the
//! writer always finds a slot that is neither the newest nor pinned.
//!
//! A version returns after 2^28 publishes. An observer would have to sleep through exactly
//! that many between its two checks of one slot to take a torn copy for a whole one; at
//! 10,000 frames a second that is seven hours inside one copy.

use super::fault::{fence, ordering};
use super::{ReadWord, Word};
pub use crate::defs::ping_pong::{BUSY, MAX_SLOTS, MIN_SLOTS};
use crate::defs::ping_pong::{SEQUENCE_SHIFT, SLOT_BITS, VERSION_MASK};
use crate::error::Error;
use crate::sync::Ordering;

const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
/// Tries of a pinning reader before it gives up; each needs the writer to come all around.
const PIN_TRIES: u32 = 64;

const fn next_version(version: u32) -> u32 {
    // Version 0 means "no frame", so it is skipped at the wrap.
    let next = (version + 1) & VERSION_MASK;
    if next == 0 { 1 } else { next }
}

const fn sequence(version: u32) -> u32 {
    version << SEQUENCE_SHIFT
}

/// A frame that was seen in `latest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// 1 to 2^28 - 1, wrapping.
    pub version: u32,
    /// Index of the slot that holds it.
    pub slot: u32,
}

impl Frame {
    fn unpack(raw: u32, slots: u32) -> Result<Self, Error> {
        let frame = Self { version: raw >> SLOT_BITS, slot: raw & SLOT_MASK };
        if frame.version == 0 {
            return Err(Error::Empty);
        }
        if frame.slot >= slots {
            return Err(Error::Corrupt { what: "newest slot of a ping-pong buffer" });
        }
        Ok(frame)
    }

    const fn pack(self) -> u32 {
        (self.version << SLOT_BITS) | self.slot
    }
}

/// Where the words of one buffer are.
pub trait Words {
    /// What a word is.
    type Word: Word;
    /// The word that names the newest frame.
    fn latest(&self) -> &Self::Word;
    /// The sequence of slot `index`; `None` from the slot count on.
    fn sequence(&self, index: u32) -> Option<&Self::Word>;
    /// The pin of seat `index`; `None` from the seat count on.
    fn pin(&self, index: u32) -> Option<&Self::Word>;
    /// How many slots there are.
    fn slot_count(&self) -> u32;
    /// How many seats there are.
    fn seat_count(&self) -> u32;
}

/// A slot that the writer owns until it publishes or abandons it. Made by
/// [`WriterState::begin`] only, never cloned: holding one proves that no reader has this slot
/// pinned and that none will get it.
#[derive(Debug)]
#[must_use = "a claim that is not published has no effect"]
pub struct Claim {
    slot: u32,
}

impl Claim {
    /// Index of the slot.
    #[must_use]
    pub const fn slot(&self) -> u32 {
        self.slot
    }
}

/// The writer's own memory of what it published last.
#[derive(Debug)]
pub struct WriterState {
    newest: Option<Frame>,
    version: u32,
}

impl WriterState {
    /// Continues from the words in memory. The caller holds the writer role.
    ///
    /// # Errors
    /// `Corrupt` if the newest slot does not exist.
    pub fn resume<M: Words>(words: &M) -> Result<Self, Error> {
        // Relaxed: stored by the last holder of the role that this one was acquired from.
        let raw = words.latest().load(Ordering::Relaxed);
        match Frame::unpack(raw, words.slot_count()) {
            Ok(frame) => Ok(Self { newest: Some(frame), version: frame.version }),
            Err(Error::Empty) => Ok(Self { newest: None, version: 0 }),
            Err(other) => Err(other),
        }
    }

    /// The newest frame. The writer may read it in place: nobody writes it before the next
    /// `begin`, and `begin` never takes it.
    #[must_use]
    pub const fn newest(&self) -> Option<Frame> {
        self.newest
    }

    /// Takes the next slot that is neither the newest nor pinned.
    ///
    /// # Errors
    /// `Contended` if there is none, which more seats than `slots - 2` or a foreign writer
    /// must have caused.
    pub fn begin<M: Words>(&mut self, words: &M) -> Result<Claim, Error> {
        let slots = words.slot_count();
        let mut slot = self.newest.map_or(slots, |frame| frame.slot);
        let tries = slots.saturating_sub(u32::from(self.newest.is_some()));
        for _ in 0..tries {
            // Around without a division, which could be one by zero as far as a compiler knows.
            let next = slot.wrapping_add(1);
            slot = if next < slots { next } else { 0 };
            let Some(word) = words.sequence(slot) else { continue };
            // Relaxed: only this writer stores sequences; the fence orders it.
            let before = word.load(Ordering::Relaxed);
            word.store(before | BUSY, Ordering::Relaxed);
            // SeqCst fence, two jobs. It orders the store of BUSY before the scan of the pins;
            // pairs with the fence in `pin` between its pin and its check: one of the two sees
            // the other. And it orders BUSY before the frame's bytes; pairs with the Acquire
            // fence in `still_valid`.
            fence::<M::Word>("ping-pong: begin", Ordering::SeqCst);
            if is_pinned(words, slot) {
                // Nothing was written, so the old frame in this slot is still whole; unless a
                // writer died in it, and then no version may vouch for it.
                let whole = before & BUSY == 0;
                word.store(if whole { before } else { sequence(0) }, Ordering::Relaxed);
                continue;
            }
            return Ok(Claim { slot });
        }
        Err(Error::Contended { tries })
    }

    /// Publishes the slot as the newest frame.
    pub fn publish<M: Words>(&mut self, words: &M, claim: Claim) -> Frame {
        self.version = next_version(self.version);
        let frame = Frame { version: self.version, slot: claim.slot };
        if let Some(word) = words.sequence(claim.slot) {
            // Relaxed: who asks for this version has it from `latest`, which is stored next and
            // announces the bytes; a reader that holds this slot's number from an earlier lap
            // asks for an earlier version, which this store denies.
            word.store(sequence(frame.version), Ordering::Relaxed);
        }
        // Release because `latest` announces the frame; pairs with Acquire in `newest`.
        words.latest().store(frame.pack(), ordering("ping-pong: publish", Ordering::Release));
        self.newest = Some(frame);
        frame
    }

    /// Gives the slot up. Its bytes may be half written, so no version vouches for them.
    pub fn abandon<M: Words>(&mut self, words: &M, claim: Claim) {
        if let Some(word) = words.sequence(claim.slot) {
            // Relaxed: version 0 vouches for nothing, whenever it is seen. A reader that does
            // not see it yet sees BUSY, if it saw any byte of this claim.
            word.store(sequence(0), Ordering::Relaxed);
        }
    }
}

fn is_pinned<M: Words>(words: &M, slot: u32) -> bool {
    (0..words.seat_count()).any(|seat| {
        // Acquire because the reads under a pin end before it is dropped and the slot is
        // overwritten next; pairs with Release in `unpin`.
        words.pin(seat).is_some_and(|pin| {
            pin.load(ordering("ping-pong: scan the pins", Ordering::Acquire)) == slot + 1
        })
    })
}

/// The newest frame, as of now.
///
/// # Errors
/// `Empty` before the first publish; `Corrupt` if the slot does not exist.
#[inline]
pub fn newest<W: ReadWord>(latest: &W, slots: u32) -> Result<Frame, Error> {
    // Acquire because the frame is read next; pairs with Release in `publish`.
    Frame::unpack(latest.load(ordering("ping-pong: newest", Ordering::Acquire)), slots)
}

/// Whether the slot holds this frame, whole. To be asked before its bytes are copied.
#[inline]
pub fn validate<W: ReadWord>(sequence_word: &W, frame: Frame) -> bool {
    // Relaxed: the frame's bytes were acquired with `latest`, in `newest`. That no later frame
    // has begun to overwrite them is for a pinned reader ordered by the fence in `pin`, and for
    // an observer asked again in `still_valid`.
    sequence_word.load(Ordering::Relaxed) == sequence(frame.version)
}

/// Whether the slot still holds this frame after its bytes were copied.
#[inline]
pub fn still_valid<W: ReadWord>(sequence_word: &W, frame: Frame) -> bool {
    // Acquire fence: if any copied byte came from a later frame, the BUSY that was stored
    // before it is visible to the load below; pairs with the fence in `begin`.
    fence::<W>("ping-pong: still valid", Ordering::Acquire);
    sequence_word.load(Ordering::Relaxed) == sequence(frame.version)
}

/// Pins the newest frame on `seat`, which the caller holds.
///
/// # Errors
/// `Empty`; `Corrupt`; `Contended` if the writer came all around on every try.
pub fn pin<M: Words>(words: &M, seat: u32) -> Result<Frame, Error> {
    let slots = words.slot_count();
    let count = words.seat_count();
    let pin = words.pin(seat).ok_or(Error::NoSuchIndex { index: seat, count })?;
    for _ in 0..PIN_TRIES {
        // A pin that was left behind would hold back a slot that nobody reads.
        unpin(pin);
        // Fence between the last unpin and this load of `latest`: otherwise the old pin could
        // still look held while a newer slot is pinned, and the writer would starve.
        fence::<M::Word>("ping-pong: unpin before newest", Ordering::SeqCst);
        let frame = newest(words.latest(), slots)?;
        // Relaxed: ordered by the fence below.
        pin.store(frame.slot + 1, Ordering::Relaxed);
        // Orders the pin before the check of the sequence; pairs with the fence in `begin`.
        fence::<M::Word>("ping-pong: pin before the check", Ordering::SeqCst);
        if words.sequence(frame.slot).is_some_and(|word| validate(word, frame)) {
            return Ok(frame);
        }
    }
    unpin(pin);
    Err(Error::Contended { tries: PIN_TRIES })
}

/// Drops the pin.
#[inline]
pub fn unpin<W: Word>(pin: &W) {
    // Release because the slot may be overwritten from here on; pairs with Acquire in
    // `is_pinned`.
    pin.store(0, ordering("ping-pong: unpin", Ordering::Release));
}

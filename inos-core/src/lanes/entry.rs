//! What an entry of a lane says.
//!
//! [`defs::lanes`](crate::defs::lanes) draws the bytes.
#![forbid(unsafe_code)]

use super::Status;
use crate::arena::Handle;
pub use crate::defs::lanes::{COMPLETION_LEN, PRIORITY_MASK, SUBMISSION_LEN};
use crate::defs::lanes::{FLAGS_SHIFT, SPACE_BLOCK, SPACE_BUFFER, SPACE_NONE, SPACE_SECTION};
use crate::registry::UnitId;
use crate::section::SectionId;

pub(super) const SUBMISSION_WORDS: usize = SUBMISSION_LEN / 4;
pub(super) const COMPLETION_WORDS: usize = COMPLETION_LEN / 4;

/// The client's number for a call, given back in its completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u32);

/// What a submission asks for. Numbers are never reused.
///
/// | number | operation | |
/// |---|---|---|
/// | 0 | noop | |
/// | 1 | execute | |
/// | 2 | cancel | |
/// | 3 | fetch_chunk | reserved |
/// | 4 | store_chunk | reserved |
/// | 5 | send_message | reserved |
/// | 6 | host_call | reserved |
/// | 7 | spawn_thread | reserved |
/// | 8 | kill_thread | reserved |
/// | 9 | job | |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u16)]
pub enum Opcode {
    /// Nothing but an answer.
    Noop = 0,
    /// Run a method of a unit.
    Execute = 1,
    /// Cancel another call of the same lane: [`Submission::cancel_target`].
    Cancel = 2,
    /// Run a job that a message describes, which is the input; the output takes a message that
    /// says what came of it. This version of the core only carries them.
    Job = 9,
}

impl Opcode {
    /// Its number.
    #[must_use]
    pub const fn raw(self) -> u16 {
        self as u16
    }

    /// The opcode of this number, if this version knows it.
    ///
    /// ```
    /// # use inos_core::*;
    /// assert_eq!(Opcode::from_raw(Opcode::Execute.raw()), Some(Opcode::Execute));
    /// // Reserved: a service answers `UNSUPPORTED`.
    /// assert_eq!(Opcode::from_raw(3), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn from_raw(raw: u16) -> Option<Self> {
        match raw {
            0 => Some(Self::Noop),
            1 => Some(Self::Execute),
            2 => Some(Self::Cancel),
            9 => Some(Self::Job),
            _ => None,
        }
    }
}

/// Where the bytes of a [`PayloadRef`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Space {
    /// There are none.
    None,
    /// In the lane's buffer.
    Buffer,
    /// In a section. Of a newest-state buffer this is the newest frame, or for an output the
    /// next frame.
    Section(SectionId),
    /// In a block of an arena in this section. An input's block was
    /// [handed over](crate::Block::hand_over), and is the service's once it has accepted the call;
    /// an output's is a new one, which the service hands over with the answer.
    Block(SectionId),
}

/// A reference to bytes in shared memory. Just an allegation: whoever reads it checks it
/// against the space's length.
///
/// ```
/// use inos_core::{PayloadRef, SectionId, Space};
///
/// assert_eq!(PayloadRef::none().space(), Some(Space::None));
/// assert_eq!(PayloadRef::buffer(64, 12).space(), Some(Space::Buffer));
/// let frame = PayloadRef::section(SectionId(3), 0, 0);
/// assert_eq!(frame.space(), Some(Space::Section(SectionId(3))));
/// let block = PayloadRef::new_block(SectionId(5), 4096);
/// assert_eq!(block.space(), Some(Space::Block(SectionId(5))));
/// let unknown = PayloadRef { space: 2, offset: 0, len: 12 };
/// assert_eq!(unknown.space(), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayloadRef {
    /// 0 for none, 1 for the lane's buffer, 2^31 + id for a section, 2^30 + id for a block of an
    /// arena in a section.
    pub space: u32,
    /// First byte in that space; the first word of the handle of an input's block.
    pub offset: u32,
    /// Bytes; the second word of that handle.
    pub len: u32,
}

impl PayloadRef {
    /// No bytes.
    #[must_use]
    pub const fn none() -> Self {
        Self { space: SPACE_NONE, offset: 0, len: 0 }
    }

    /// Bytes of the lane's buffer: `len` of them from `offset` on, which is a multiple of 4.
    #[must_use]
    pub const fn buffer(offset: u32, len: u32) -> Self {
        Self { space: SPACE_BUFFER, offset, len }
    }

    /// Bytes of a section, whose id is below 2^31: `len` of them from `offset` on.
    #[must_use]
    pub const fn section(id: SectionId, offset: u32, len: u32) -> Self {
        Self { space: SPACE_SECTION | id.0, offset, len }
    }

    /// A block of an arena that was handed over, as an input; its section's id is below 2^30.
    /// [`Submission::block_len`] says how many of its bytes are meant.
    ///
    /// ```
    /// # use inos_core::*;
    /// let handle = Handle { offset: 16, generation: 3 };
    /// let call = Submission {
    ///     input: PayloadRef::block(SectionId(5), handle),
    ///     block_len: 70,
    ///     ..Submission::execute(CallId(1), UnitId::new(0, 1), 2)
    /// };
    /// assert_eq!(call.input.space(), Some(Space::Block(SectionId(5))));
    /// assert_eq!(call.input.handle(), handle);
    /// ```
    #[must_use]
    pub const fn block(id: SectionId, handle: Handle) -> Self {
        Self { space: SPACE_BLOCK | id.0, offset: handle.offset, len: handle.generation }
    }

    /// A block of an arena to be made for an output, of at most `max_len` bytes, 0 for no limit;
    /// its section's id is below 2^30.
    ///
    /// ```
    /// # use inos_core::*;
    /// let output = PayloadRef::new_block(SectionId(5), 4096);
    /// assert_eq!((output.offset, output.len), (0, 4096));
    /// ```
    #[must_use]
    pub const fn new_block(id: SectionId, max_len: u32) -> Self {
        Self { space: SPACE_BLOCK | id.0, offset: 0, len: max_len }
    }

    /// The handle in a reference to an input's block. Nobody has looked yet whether it is one.
    #[must_use]
    pub const fn handle(&self) -> Handle {
        Handle { offset: self.offset, generation: self.len }
    }

    /// The space that it means; `None` if this version does not know it.
    #[must_use]
    pub const fn space(&self) -> Option<Space> {
        match self.space {
            SPACE_NONE => Some(Space::None),
            SPACE_BUFFER => Some(Space::Buffer),
            raw if raw & SPACE_SECTION != 0 => {
                Some(Space::Section(SectionId(raw & !SPACE_SECTION)))
            }
            raw if raw & SPACE_BLOCK != 0 => Some(Space::Block(SectionId(raw & !SPACE_BLOCK))),
            _ => None,
        }
    }

    const fn to_words(self) -> [u32; 3] {
        [self.space, self.offset, self.len]
    }
}

/// A call, as a client submits it.
///
/// The service's copy comes from memory that the client writes: every field is an allegation.
///
/// ```
/// use inos_core::{CallId, Opcode, PayloadRef, Submission, UnitId};
///
/// let unit = UnitId::new(0, 1);
/// let call = Submission {
///     input: PayloadRef::buffer(0, 64),
///     output: PayloadRef::buffer(64, 32),
///     ..Submission::execute(CallId(9), unit, 2)
/// };
/// assert_eq!(Opcode::from_raw(call.opcode), Some(Opcode::Execute));
/// assert_eq!(Submission::decode(&call.encode()), call);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// An [`Opcode`]'s number, or one that this version does not know.
    pub opcode: u16,
    /// The priority, in the bits of [`PRIORITY_MASK`]; no others are defined yet.
    pub flags: u16,
    /// Given back in the completion.
    pub call_id: CallId,
    /// Whom to call.
    pub unit: UnitId,
    /// Which of its methods, by number.
    pub method: u16,
    /// Nanoseconds from the acceptance on; 0 for no limit. Not a moment, since the two sides
    /// need not have a clock in common.
    pub timeout_ns: u64,
    /// What the method works on.
    pub input: PayloadRef,
    /// Its parameters.
    pub params: PayloadRef,
    /// Where its result goes.
    pub output: PayloadRef,
    /// Of an input that is a block, how many of its bytes are meant; a block may be longer than
    /// what was put into it. Of other inputs, 0.
    pub block_len: u32,
}

impl Submission {
    /// A call that is just answered.
    ///
    /// ```
    /// # use inos_core::*;
    /// let call = Submission::noop(CallId(1));
    /// assert_eq!(Opcode::from_raw(call.opcode), Some(Opcode::Noop));
    /// assert_eq!(call.timeout_ns, 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn noop(call_id: CallId) -> Self {
        Self { opcode: Opcode::Noop.raw(), call_id, ..Self::default() }
    }

    /// A call of a unit's method, without payload.
    ///
    /// ```
    /// # use inos_core::*;
    /// let unit = UnitId::new(0, 1);
    /// let call = Submission {
    ///     timeout_ns: 5_000_000,
    ///     input: PayloadRef::buffer(0, 12),
    ///     ..Submission::execute(CallId(1), unit, 2)
    /// };
    /// assert_eq!((call.unit, call.method), (unit, 2));
    /// assert_eq!(call.output.space(), Some(Space::None));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn execute(call_id: CallId, unit: UnitId, method: u16) -> Self {
        Self { opcode: Opcode::Execute.raw(), call_id, unit, method, ..Self::default() }
    }

    /// A call that cancels another one of the same lane. Both are answered.
    ///
    /// ```
    /// # use inos_core::*;
    /// let call = Submission::cancel(CallId(2), CallId(1));
    /// assert_eq!((call.call_id, call.cancel_target()), (CallId(2), Some(CallId(1))));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn cancel(call_id: CallId, target: CallId) -> Self {
        let input = PayloadRef { offset: target.0, ..PayloadRef::none() };
        Self { opcode: Opcode::Cancel.raw(), call_id, input, ..Self::default() }
    }

    /// A job whose message is `request`; the message of its result goes to `result`.
    ///
    /// ```
    /// # use inos_core::*;
    /// let call = Submission::job(CallId(1), PayloadRef::buffer(0, 200), PayloadRef::buffer(200, 512));
    /// assert_eq!(Opcode::from_raw(call.opcode), Some(Opcode::Job));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn job(call_id: CallId, request: PayloadRef, result: PayloadRef) -> Self {
        let opcode = Opcode::Job.raw();
        Self { opcode, call_id, input: request, output: result, ..Self::default() }
    }

    /// The call that a [`Cancel`](Opcode::Cancel) means: its input's offset, without a space.
    ///
    /// ```
    /// # use inos_core::*;
    /// assert_eq!(Submission::cancel(CallId(2), CallId(1)).cancel_target(), Some(CallId(1)));
    /// assert_eq!(Submission::noop(CallId(2)).cancel_target(), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn cancel_target(&self) -> Option<CallId> {
        (self.opcode == Opcode::Cancel.raw()).then_some(CallId(self.input.offset))
    }

    /// From 0, the usual one, to 7, the most urgent: among the lanes' first submissions the
    /// service prefers the higher. Within a lane the order stays, so an urgent call waits for
    /// those before it.
    #[must_use]
    pub const fn priority(&self) -> u8 {
        (self.flags & PRIORITY_MASK) as u8
    }

    /// The same call with this priority; above 7 it is 7.
    ///
    /// ```
    /// # use inos_core::*;
    /// let call = Submission::noop(CallId(1));
    /// assert_eq!(call.priority(), 0);
    /// assert_eq!(call.with_priority(5).priority(), 5);
    /// assert_eq!(call.with_priority(200).priority(), 7);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn with_priority(self, priority: u8) -> Self {
        let priority =
            if priority as u16 > PRIORITY_MASK { PRIORITY_MASK } else { priority as u16 };
        Self { flags: self.flags & !PRIORITY_MASK | priority, ..self }
    }

    /// The words in memory.
    #[must_use]
    pub const fn encode(&self) -> [u32; SUBMISSION_WORDS] {
        let [i0, i1, i2] = self.input.to_words();
        let [p0, p1, p2] = self.params.to_words();
        let [o0, o1, o2] = self.output.to_words();
        [
            self.opcode as u32 | (self.flags as u32) << FLAGS_SHIFT,
            self.call_id.0,
            self.unit.raw(),
            self.method as u32,
            self.timeout_ns as u32,
            (self.timeout_ns >> 32) as u32,
            i0,
            i1,
            i2,
            p0,
            p1,
            p2,
            o0,
            o1,
            o2,
            self.block_len,
        ]
    }

    /// What the words say; never fails.
    ///
    /// ```
    /// # use inos_core::*;
    /// let call = Submission::noop(CallId(1)).with_priority(3);
    /// assert_eq!(Submission::decode(&call.encode()), call);
    /// // Whatever a client wrote is something that can be refused.
    /// let nonsense = Submission::decode(&[u32::MAX; 16]);
    /// assert_eq!(Opcode::from_raw(nonsense.opcode), None);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn decode(words: &[u32; SUBMISSION_WORDS]) -> Self {
        let [head, call, unit, method, t0, t1, i0, i1, i2, p0, p1, p2, o0, o1, o2, block_len] =
            *words;
        Self {
            opcode: head as u16,
            flags: (head >> FLAGS_SHIFT) as u16,
            call_id: CallId(call),
            unit: UnitId::from_raw(unit),
            method: method as u16,
            timeout_ns: wide(t0, t1),
            input: PayloadRef { space: i0, offset: i1, len: i2 },
            params: PayloadRef { space: p0, offset: p1, len: p2 },
            output: PayloadRef { space: o0, offset: o1, len: o2 },
            block_len,
        }
    }
}

/// The answer to a call.
///
/// ```
/// use inos_core::{CallId, Completion, Status};
///
/// let answer = Completion { value: 3, ..Completion::new(CallId(9), Status::OK) };
/// assert_eq!(Completion::decode(&answer.encode()), answer);
/// assert_eq!(Status::CANCELLED.to_string(), "cancelled");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The number that the client gave the call.
    pub call_id: CallId,
    /// How it ended.
    pub status: Status,
    /// Bytes of the result in the call's output.
    pub len: u32,
    /// A small result; of a result in a block, its [`Handle`](Handle::from_value).
    pub value: u64,
    /// Nanoseconds from the acceptance on, as the service measured them; 0 if it did not.
    pub elapsed_ns: u64,
}

impl Completion {
    /// An answer without a result.
    ///
    /// ```
    /// # use inos_core::*;
    /// let answer = Completion::new(CallId(1), Status::NO_METHOD);
    /// assert_eq!((answer.call_id, answer.status), (CallId(1), Status::NO_METHOD));
    /// assert_eq!((answer.len, answer.value, answer.elapsed_ns), (0, 0, 0));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn new(call_id: CallId, status: Status) -> Self {
        Self { call_id, status, len: 0, value: 0, elapsed_ns: 0 }
    }

    /// The words in memory.
    #[must_use]
    pub const fn encode(&self) -> [u32; COMPLETION_WORDS] {
        let Self { call_id, status, len, value, elapsed_ns } = *self;
        let (v1, e1) = ((value >> 32) as u32, (elapsed_ns >> 32) as u32);
        [call_id.0, status.0, len, 0, value as u32, v1, elapsed_ns as u32, e1]
    }

    /// What the words say; never fails.
    #[must_use]
    pub const fn decode(words: &[u32; COMPLETION_WORDS]) -> Self {
        let [call, status, len, _, v0, v1, e0, e1] = *words;
        Self {
            call_id: CallId(call),
            status: Status(status),
            len,
            value: wide(v0, v1),
            elapsed_ns: wide(e0, e1),
        }
    }
}

/// The priority in the first word of a submission.
pub(super) const fn first_word_priority(word: u32) -> u8 {
    ((word >> FLAGS_SHIFT) as u16 & PRIORITY_MASK) as u8
}

const fn wide(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opcodes_keep_their_numbers() {
        let known =
            [(0, Opcode::Noop), (1, Opcode::Execute), (2, Opcode::Cancel), (9, Opcode::Job)];
        for (raw, opcode) in known {
            assert_eq!(opcode.raw(), raw);
            assert_eq!(Opcode::from_raw(raw), Some(opcode));
        }
        assert!((3..9).chain(10..=u16::MAX).all(|raw| Opcode::from_raw(raw).is_none()));
    }

    #[test]
    fn words_stand_where_they_are_said_to() {
        use crate::defs::lanes::*;

        let reference = |offset| PayloadRef { space: 1, offset, len: 100 + offset };
        let call = Submission {
            opcode: 2,
            flags: 3,
            call_id: CallId(4),
            unit: UnitId::from_raw(5),
            method: 6,
            timeout_ns: 7 | 8 << 32,
            input: reference(10),
            params: reference(20),
            output: reference(30),
            block_len: 9,
        };
        let words = call.encode();
        assert_eq!(words.len() * 4, SUBMISSION_LEN);
        assert_eq!(words[SUBMISSION_OPCODE / 4], 2 | 3 << FLAGS_SHIFT);
        assert_eq!(words[SUBMISSION_CALL / 4], 4);
        assert_eq!(words[SUBMISSION_UNIT / 4], 5);
        assert_eq!(words[SUBMISSION_METHOD / 4], 6);
        assert_eq!(words[SUBMISSION_TIMEOUT / 4..][..2], [7, 8]);
        for (at, of) in [(SUBMISSION_INPUT, 10), (SUBMISSION_PARAMS, 20), (SUBMISSION_OUTPUT, 30)] {
            let words = &words[at / 4..][..REFERENCE_LEN / 4];
            assert_eq!(words[REFERENCE_SPACE / 4], SPACE_BUFFER);
            assert_eq!(words[REFERENCE_OFFSET / 4], of);
            assert_eq!(words[REFERENCE_BYTES / 4], 100 + of);
        }
        assert_eq!(words[SUBMISSION_BLOCK_LEN / 4], 9);
        let answer = Completion {
            call_id: CallId(1),
            status: Status(2),
            len: 3,
            value: 4 | 5 << 32,
            elapsed_ns: 6 | 7 << 32,
        };
        let words = answer.encode();
        assert_eq!(words.len() * 4, COMPLETION_LEN);
        assert_eq!(words[COMPLETION_CALL / 4], 1);
        assert_eq!(words[COMPLETION_STATUS / 4], 2);
        assert_eq!(words[COMPLETION_RESULT_LEN / 4], 3);
        assert_eq!(words[COMPLETION_VALUE / 4..][..2], [4, 5]);
        assert_eq!(words[COMPLETION_ELAPSED / 4..][..2], [6, 7]);
    }

    #[test]
    fn a_submission_fills_its_words_in_order() {
        let call = Submission {
            opcode: 0x0102,
            flags: 0x0304,
            call_id: CallId(5),
            unit: UnitId::new(6, 7),
            method: 8,
            timeout_ns: 0x0000_000a_0000_0009,
            input: PayloadRef { space: 11, offset: 12, len: 13 },
            params: PayloadRef { space: 14, offset: 15, len: 16 },
            output: PayloadRef { space: 17, offset: 18, len: 19 },
            block_len: 20,
        };
        let words = [0x0304_0102, 5, 0x0007_0006, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
        assert_eq!(call.encode(), words);
        assert_eq!(Submission::decode(&words), call);
        // Whatever a client writes decodes to something that can be refused.
        assert_eq!(Opcode::from_raw(Submission::decode(&[u32::MAX; 16]).opcode), None);
    }

    #[test]
    fn a_priority_is_three_bits_of_the_flags() {
        let call = Submission { flags: 0x0105, ..Submission::noop(CallId(1)) };
        assert_eq!(call.priority(), 5);
        assert_eq!(call.with_priority(200).flags, 0x0107);
        assert_eq!(call.with_priority(0).flags, 0x0100);
        assert_eq!(first_word_priority(call.encode()[0]), 5);
    }

    #[test]
    fn a_completion_fills_its_words_in_order() {
        let answer = Completion {
            call_id: CallId(1),
            status: Status(2),
            len: 3,
            value: 0x0000_0006_0000_0005,
            elapsed_ns: 0x0000_0008_0000_0007,
        };
        assert_eq!(answer.encode(), [1, 2, 3, 0, 5, 6, 7, 8]);
        assert_eq!(Completion::decode(&answer.encode()), answer);
    }

    #[test]
    fn spaces() {
        assert_eq!(PayloadRef::none().space(), Some(Space::None));
        assert_eq!(PayloadRef::buffer(4, 8).space(), Some(Space::Buffer));
        let section = PayloadRef::section(SectionId(3), 4, 8);
        assert_eq!(section.space(), Some(Space::Section(SectionId(3))));
        assert_eq!(PayloadRef { space: 2, offset: 0, len: 0 }.space(), None);
        let block = PayloadRef::block(SectionId(3), Handle { offset: 4, generation: 8 });
        assert_eq!(block, PayloadRef { space: 1 << 30 | 3, offset: 4, len: 8 });
        assert_eq!(block.space(), Some(Space::Block(SectionId(3))));
        let last = PayloadRef::new_block(SectionId((1 << 30) - 1), 4);
        assert_eq!(last.space(), Some(Space::Block(SectionId((1 << 30) - 1))));
        // Both bits are a section, with an id that has the lower one.
        let high = PayloadRef::section(SectionId(1 << 30 | 3), 0, 0);
        assert_eq!(high.space(), Some(Space::Section(SectionId(1 << 30 | 3))));
    }

    #[test]
    fn cancel_names_its_target() {
        assert_eq!(Submission::cancel(CallId(2), CallId(1)).cancel_target(), Some(CallId(1)));
        assert_eq!(Submission::noop(CallId(2)).cancel_target(), None);
    }
}

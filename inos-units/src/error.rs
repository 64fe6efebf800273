//! Why a call failed.

use core::fmt;

/// Why a call failed. Every variant carries the numbers or names a caller needs to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnitError {
    /// No unit has this name.
    UnknownUnit {
        /// The name asked for.
        name: String,
    },
    /// The unit has no such method.
    UnknownMethod {
        /// The method asked for.
        name: String,
    },
    /// The id was not given out by this dispatcher.
    UnknownId {
        /// The raw id.
        id: u32,
    },
    /// A unit of this name is registered already, the dispatcher is full, or the unit's table is
    /// too long or names a method twice.
    NotRegistered {
        /// The unit's name.
        name: &'static str,
    },
    /// The parameters are neither a JSON object in UTF-8 nor a message of parameters, or longer
    /// than is read.
    MalformedParams,
    /// A parameter that the schema does not know.
    UnknownParam {
        /// Its name.
        name: String,
    },
    /// A parameter of the wrong type or outside its range.
    BadParam {
        /// Its name in the schema.
        name: &'static str,
        /// What the schema asks for.
        expected: &'static str,
    },
    /// The input is not what the method takes.
    BadInput {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The result does not fit into the output.
    OutputTooSmall {
        /// Bytes that the result needs.
        needed: usize,
        /// Bytes that the output takes.
        capacity: usize,
    },
    /// The caller cancelled the call.
    Cancelled,
    /// The call's deadline has passed.
    TimedOut,
    /// The unit panicked; other calls are not affected.
    Panicked,
    /// The call would cost more than was granted.
    OutOfCredits {
        /// What it would have cost in all, as far as is known.
        needed: u64,
        /// What was granted.
        limit: u64,
    },
    /// A proof failed: a tag, a signature, a digest, a password.
    Refused {
        /// What did not hold.
        what: &'static str,
    },
    /// Something that the call names is not there.
    NotFound {
        /// What was looked for.
        what: &'static str,
    },
    /// The input is longer than the method takes, or says that it stands for more.
    TooLarge {
        /// Its length in bytes.
        len: u64,
        /// The most that is taken.
        max: u64,
    },
    /// The call itself is malformed: a pointer, a length, a name that is not UTF-8.
    BadCall {
        /// What is wrong with it.
        what: &'static str,
    },
    /// There is no memory for the result.
    OutOfMemory {
        /// Bytes that were asked for.
        len: usize,
    },
}

impl UnitError {
    /// The error's number in completions and across languages. Numbers are never reused.
    #[must_use]
    pub const fn code(&self) -> u32 {
        match self {
            Self::UnknownUnit { .. } => 1,
            Self::UnknownMethod { .. } => 2,
            Self::UnknownId { .. } => 3,
            Self::NotRegistered { .. } => 4,
            Self::MalformedParams => 5,
            Self::UnknownParam { .. } => 6,
            Self::BadParam { .. } => 7,
            Self::BadInput { .. } => 8,
            Self::OutputTooSmall { .. } => 9,
            Self::Cancelled => 10,
            Self::TimedOut => 11,
            Self::Panicked => 12,
            Self::OutOfCredits { .. } => 13,
            Self::Refused { .. } => 14,
            Self::NotFound { .. } => 15,
            Self::TooLarge { .. } => 16,
            Self::BadCall { .. } => 17,
            Self::OutOfMemory { .. } => 18,
        }
    }
}

impl UnitError {
    /// A unit knows the numbers of its methods only; a caller knows the whole id.
    pub(crate) fn with_id(self, id: crate::MethodId) -> Self {
        match self {
            Self::UnknownId { .. } => Self::UnknownId { id: id.raw() },
            other => other,
        }
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownUnit { name } => write!(f, "no unit is named {name:?}"),
            Self::UnknownMethod { name } => write!(f, "the unit has no method {name:?}"),
            Self::UnknownId { id } => write!(f, "method id {id:#x} was never given out"),
            Self::NotRegistered { name } => {
                write!(
                    f,
                    "unit {name:?} is registered already, does not fit, or names a method twice"
                )
            }
            Self::MalformedParams => {
                write!(f, "the parameters are neither an object nor a message")
            }
            Self::UnknownParam { name } => write!(f, "there is no parameter {name:?}"),
            Self::BadParam { name, expected } => write!(f, "parameter {name:?} must be {expected}"),
            Self::BadInput { what } => write!(f, "bad input: {what}"),
            Self::OutputTooSmall { needed, capacity } => {
                write!(f, "the result needs {needed} bytes, the output takes {capacity}")
            }
            Self::Cancelled => write!(f, "the call was cancelled"),
            Self::TimedOut => write!(f, "the call's deadline passed"),
            Self::Panicked => write!(f, "the unit panicked"),
            Self::OutOfCredits { needed, limit } => {
                write!(f, "the call costs {needed} credits or more, {limit} were granted")
            }
            Self::Refused { what } => write!(f, "refused: {what}"),
            Self::NotFound { what } => write!(f, "there is no such {what}"),
            Self::TooLarge { len, max } => write!(f, "{len} bytes are more than {max}"),
            Self::BadCall { what } => write!(f, "bad call: {what}"),
            Self::OutOfMemory { len } => write!(f, "there is no memory for {len} bytes"),
        }
    }
}

impl core::error::Error for UnitError {}

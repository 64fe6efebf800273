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
    /// The parameters are not a JSON object in UTF-8.
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
            Self::MalformedParams => write!(f, "the parameters are not a JSON object"),
            Self::UnknownParam { name } => write!(f, "there is no parameter {name:?}"),
            Self::BadParam { name, expected } => write!(f, "parameter {name:?} must be {expected}"),
            Self::BadInput { what } => write!(f, "bad input: {what}"),
            Self::OutputTooSmall { needed, capacity } => {
                write!(f, "the result needs {needed} bytes, the output takes {capacity}")
            }
            Self::Cancelled => write!(f, "the call was cancelled"),
            Self::TimedOut => write!(f, "the call's deadline passed"),
            Self::Panicked => write!(f, "the unit panicked"),
        }
    }
}

impl core::error::Error for UnitError {}

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
    /// The error as a JSON object: `code`, `error`, `message`, and the numbers and names that it
    /// carries.
    ///
    /// ```
    /// use inos_units::UnitError;
    ///
    /// assert_eq!(
    ///     UnitError::OutputTooSmall { needed: 32, capacity: 4 }.to_json(),
    ///     r#"{"code":9,"error":"OutputTooSmall","message":"the result needs 32 bytes, the output takes 4","needed":32,"capacity":4}"#
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        use crate::schema::Scalar::{Text, Unsigned};
        use crate::schema::write_member;

        let mut json = String::from("{");
        let message = self.to_string();
        write_member(&mut json, "code", Unsigned(self.code().into()));
        write_member(&mut json, "error", Text(self.name()));
        write_member(&mut json, "message", Text(&message));
        match self {
            Self::UnknownUnit { name }
            | Self::UnknownMethod { name }
            | Self::UnknownParam { name } => write_member(&mut json, "name", Text(name)),
            Self::UnknownId { id } => write_member(&mut json, "id", Unsigned((*id).into())),
            Self::NotRegistered { name } => write_member(&mut json, "name", Text(name)),
            Self::BadParam { name, expected } => {
                write_member(&mut json, "name", Text(name));
                write_member(&mut json, "expected", Text(expected));
            }
            Self::OutputTooSmall { needed, capacity } => {
                write_member(&mut json, "needed", Unsigned(*needed as u64));
                write_member(&mut json, "capacity", Unsigned(*capacity as u64));
            }
            Self::OutOfCredits { needed, limit } => {
                write_member(&mut json, "needed", Unsigned(*needed));
                write_member(&mut json, "limit", Unsigned(*limit));
            }
            Self::TooLarge { len, max } => {
                write_member(&mut json, "len", Unsigned(*len));
                write_member(&mut json, "max", Unsigned(*max));
            }
            Self::OutOfMemory { len } => write_member(&mut json, "len", Unsigned(*len as u64)),
            Self::BadInput { what }
            | Self::Refused { what }
            | Self::NotFound { what }
            | Self::BadCall { what } => write_member(&mut json, "what", Text(what)),
            Self::MalformedParams | Self::Cancelled | Self::TimedOut | Self::Panicked => {}
        }
        json.push('}');
        json
    }

    /// The variant's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::UnknownUnit { .. } => "UnknownUnit",
            Self::UnknownMethod { .. } => "UnknownMethod",
            Self::UnknownId { .. } => "UnknownId",
            Self::NotRegistered { .. } => "NotRegistered",
            Self::MalformedParams => "MalformedParams",
            Self::UnknownParam { .. } => "UnknownParam",
            Self::BadParam { .. } => "BadParam",
            Self::BadInput { .. } => "BadInput",
            Self::OutputTooSmall { .. } => "OutputTooSmall",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "TimedOut",
            Self::Panicked => "Panicked",
            Self::OutOfCredits { .. } => "OutOfCredits",
            Self::Refused { .. } => "Refused",
            Self::NotFound { .. } => "NotFound",
            Self::TooLarge { .. } => "TooLarge",
            Self::BadCall { .. } => "BadCall",
            Self::OutOfMemory { .. } => "OutOfMemory",
        }
    }

    /// One of each, in the order of their codes.
    #[must_use]
    pub fn examples() -> Vec<Self> {
        let what = "example";
        vec![
            Self::UnknownUnit { name: String::new() },
            Self::UnknownMethod { name: String::new() },
            Self::UnknownId { id: 0 },
            Self::NotRegistered { name: what },
            Self::MalformedParams,
            Self::UnknownParam { name: String::new() },
            Self::BadParam { name: what, expected: what },
            Self::BadInput { what },
            Self::OutputTooSmall { needed: 1, capacity: 0 },
            Self::Cancelled,
            Self::TimedOut,
            Self::Panicked,
            Self::OutOfCredits { needed: 1, limit: 0 },
            Self::Refused { what },
            Self::NotFound { what },
            Self::TooLarge { len: 1, max: 0 },
            Self::BadCall { what },
            Self::OutOfMemory { len: 0 },
        ]
    }

    /// A unit knows the numbers of its methods only; a caller knows the whole id.
    #[cold]
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

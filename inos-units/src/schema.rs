//! Parameters: what a method takes, checked before it runs.
//!
//! One table, written with [`params!`](crate::params), is everything there is to say about a
//! method's parameters. The struct, its `Default`, the readers and writers of both encodings and
//! the text of [`Dispatcher::describe`](crate::Dispatcher::describe) are all made from it, so
//! they cannot disagree.
//!
//! | encoding | begins with | bytes are |
//! |---|---|---|
//! | JSON, an object in UTF-8 | white space or `{` | a string of hexadecimal digits |
//! | Cap'n Proto, a framed `Params` of `capsule.capnp` | anything else | `data` |
//!
//! Rules of both: a missing member means its default, nothing at all means every default, an
//! unknown member is refused, and so is a value of another type or outside its range. Of a member
//! given twice the last counts. Parameters above [`MAX_PARAMS_LEN`] are refused unread.

mod bytes;
mod json;
mod macros;
mod message;
mod object;

use core::fmt;

pub use bytes::Bytes;
pub use json::write_member;
pub use message::MessageWriter;
pub use object::Object;

use crate::error::UnitError;

/// Longest parameters that are read, in bytes.
pub const MAX_PARAMS_LEN: usize = 64 * 1024;

/// Type, default and range of a parameter. Ranges include both ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number; stored as the nearest 32-bit float, which must be in the range.
    F32 {
        /// Value where the key is missing.
        default: f32,
        /// Smallest value.
        min: f32,
        /// Largest value.
        max: f32,
    },
    /// A whole number.
    U32 {
        /// Value where the key is missing.
        default: u32,
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
    },
    /// A whole number of up to 64 bits, written as a JSON number.
    U64 {
        /// Value where the key is missing.
        default: u64,
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// `true` or `false`.
    Bool {
        /// Value where the key is missing.
        default: bool,
    },
    /// One of a list of names, as a JSON string.
    Name {
        /// Value where the key is missing.
        default: &'static str,
        /// Every name there is.
        names: &'static [&'static str],
    },
    /// Bytes; none where the member is missing, which is an error if that is too few.
    Bytes {
        /// Smallest number of them.
        min: usize,
        /// Largest number of them.
        max: usize,
    },
}

impl Kind {
    /// Whether `scalar` has this type and lies in the range.
    #[must_use]
    pub fn admits(&self, scalar: Scalar<'_>) -> bool {
        match (*self, scalar) {
            (Self::F32 { min, max, .. }, Scalar::Float(value)) => {
                (min..=max).contains(&(value as f32))
            }
            (Self::F32 { min, max, .. }, Scalar::Unsigned(value)) => {
                (min..=max).contains(&(value as f32))
            }
            (Self::U32 { min, max, .. }, Scalar::Unsigned(value)) => {
                (u64::from(min)..=u64::from(max)).contains(&value)
            }
            (Self::U64 { min, max, .. }, Scalar::Unsigned(value)) => (min..=max).contains(&value),
            (Self::Bool { .. }, Scalar::Bool(_)) => true,
            (Self::Name { names, .. }, Scalar::Text(name)) => names.contains(&name),
            (Self::Bytes { min, max }, Scalar::Bytes(bytes)) => (min..=max).contains(&bytes.len()),
            (Self::Bytes { min, max }, Scalar::Text(digits)) => {
                bytes::len_of(digits).is_some_and(|len| (min..=max).contains(&len))
            }
            _ => false,
        }
    }

    /// Whether the range is not empty and holds the default; checked when a table is compiled.
    #[must_use]
    pub const fn is_consistent(&self) -> bool {
        match *self {
            Self::F32 { default, min, max } => min <= default && default <= max,
            Self::U32 { default, min, max } => min <= default && default <= max,
            Self::U64 { default, min, max } => min <= default && default <= max,
            Self::Bool { .. } => true,
            Self::Name { names, .. } => !names.is_empty(),
            Self::Bytes { min, max } => min <= max,
        }
    }

    /// Whether a call must say this parameter.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        matches!(*self, Self::Bytes { min: 1.., .. })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::F32 { default, min, max } => {
                write!(f, "f32, default {default:?}, from {min:?} to {max:?}")
            }
            Self::U32 { default, min, max } => {
                write!(f, "u32, default {default}, from {min} to {max}")
            }
            Self::U64 { default, min, max } => {
                write!(f, "u64, default {default}, from {min} to {max}")
            }
            Self::Bool { default } => write!(f, "bool, default {default}"),
            Self::Name { default, names } => {
                write!(f, "name, default {default}, one of {}", names.join(", "))
            }
            Self::Bytes { min, max } if min == max => write!(f, "{min} bytes, required"),
            Self::Bytes { min: 0, max } => write!(f, "at most {max} bytes, default none"),
            Self::Bytes { min, max } => write!(f, "{min} to {max} bytes, required"),
        }
    }
}

/// One parameter of a method.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name: the key in the JSON object, and in the message.
    pub name: &'static str,
    /// One sentence: meaning and unit.
    pub summary: &'static str,
    /// Type, default and range.
    pub kind: Kind,
    /// What [`UnitError::BadParam`] says of a value that `kind` does not admit.
    pub expected: &'static str,
}

impl Field {
    /// Whether this parameter may be `value`.
    ///
    /// # Errors
    /// [`UnitError::BadParam`].
    pub fn check<T: Param>(&self, value: &T) -> Result<(), UnitError> {
        if self.kind.admits(value.to_scalar()) { Ok(()) } else { Err(self.refuse()) }
    }

    const fn refuse(&self) -> UnitError {
        UnitError::BadParam { name: self.name, expected: self.expected }
    }
}

/// A value on its way between an encoding and a parameter.
#[derive(Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// A number that is negative, has a fraction or is very large.
    Float(f64),
    /// A whole number.
    Unsigned(u64),
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(&'a str),
    /// Bytes, which JSON has as a string of hexadecimal digits.
    Bytes(&'a [u8]),
}

/// A Rust type that a parameter can have; implemented for `f32`, `u32`, `u64`, `bool`, [`Bytes`]
/// and everything declared with [`names!`](crate::names).
pub trait Param: Sized {
    /// The value, or `None` if the scalar has another type.
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self>;

    /// The scalar that [`from_scalar`](Param::from_scalar) takes back.
    fn to_scalar(&self) -> Scalar<'_>;
}

impl Param for f32 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Float(value) => Some(value as Self),
            Scalar::Unsigned(value) => Some(value as Self),
            _ => None,
        }
    }

    fn to_scalar(&self) -> Scalar<'_> {
        Scalar::Float(f64::from(*self))
    }
}

impl Param for u32 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Unsigned(value) => Self::try_from(value).ok(),
            _ => None,
        }
    }

    fn to_scalar(&self) -> Scalar<'_> {
        Scalar::Unsigned(u64::from(*self))
    }
}

impl Param for u64 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    fn to_scalar(&self) -> Scalar<'_> {
        Scalar::Unsigned(*self)
    }
}

impl Param for bool {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn to_scalar(&self) -> Scalar<'_> {
        Scalar::Bool(*self)
    }
}

crate::params! {
    /// The parameters of a method that takes none.
    pub struct NoParams {}
}

//! Parameters: what a method takes, checked before it runs.
//!
//! One table, written with [`params!`](crate::params), is everything there is to say about a
//! method's parameters. The struct, its `Default`, the JSON reader and writer and the text of
//! [`Dispatcher::describe`](crate::Dispatcher::describe) are all made from it, so they cannot
//! disagree.
//!
//! Rules of the JSON: a missing key means its default, an empty text means every default, an
//! unknown key is refused, and so is a value of another type or outside its range. Of a key
//! given twice the last counts. A text above [`MAX_PARAMS_LEN`] is refused unread.

mod macros;

use core::fmt;

use serde_json::{Map, Value};

use crate::error::UnitError;

/// Longest text of parameters that is read, in bytes.
pub const MAX_PARAMS_LEN: usize = 64 * 1024;

/// How much of an unknown key an error repeats, in characters.
const QUOTED_KEY_CHARS: usize = 64;

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
        }
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
        }
    }
}

/// One parameter of a method.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name: the key in the JSON object.
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
    pub fn check<T: Param>(&self, value: T) -> Result<(), UnitError> {
        if self.kind.admits(value.to_scalar()) { Ok(()) } else { Err(self.refuse()) }
    }

    const fn refuse(&self) -> UnitError {
        UnitError::BadParam { name: self.name, expected: self.expected }
    }
}

/// A value on its way between JSON and a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// A number that is negative, has a fraction or is very large.
    Float(f64),
    /// A whole number.
    Unsigned(u64),
    /// `true` or `false`.
    Bool(bool),
    /// A string.
    Text(&'a str),
}

/// A Rust type that a parameter can have; implemented for `f32`, `u32`, `u64`, `bool` and
/// everything declared with [`names!`](crate::names).
pub trait Param: Copy {
    /// The value, or `None` if the scalar has another type.
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self>;

    /// The scalar that [`from_scalar`](Param::from_scalar) takes back.
    fn to_scalar(self) -> Scalar<'static>;
}

impl Param for f32 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Float(value) => Some(value as Self),
            Scalar::Unsigned(value) => Some(value as Self),
            _ => None,
        }
    }

    fn to_scalar(self) -> Scalar<'static> {
        Scalar::Float(f64::from(self))
    }
}

impl Param for u32 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Unsigned(value) => Self::try_from(value).ok(),
            _ => None,
        }
    }

    fn to_scalar(self) -> Scalar<'static> {
        Scalar::Unsigned(u64::from(self))
    }
}

impl Param for u64 {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Unsigned(value) => Some(value),
            _ => None,
        }
    }

    fn to_scalar(self) -> Scalar<'static> {
        Scalar::Unsigned(self)
    }
}

impl Param for bool {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn to_scalar(self) -> Scalar<'static> {
        Scalar::Bool(self)
    }
}

/// A parsed JSON object whose keys are all in a schema. What [`params!`](crate::params) reads
/// from; there is seldom a reason to use it directly.
#[derive(Debug)]
pub struct Object {
    members: Map<String, Value>,
}

impl Object {
    /// Parses `json`, which may be empty.
    ///
    /// # Errors
    /// [`UnitError::MalformedParams`] and [`UnitError::UnknownParam`].
    pub fn parse(json: &[u8], fields: &[Field]) -> Result<Self, UnitError> {
        if json.len() > MAX_PARAMS_LEN {
            return Err(UnitError::MalformedParams);
        }
        if json.is_empty() {
            return Ok(Self { members: Map::new() });
        }
        // serde_json stops at 128 nested levels, so a hostile text cannot exhaust the stack.
        let Ok(Value::Object(members)) = serde_json::from_slice(json) else {
            return Err(UnitError::MalformedParams);
        };
        match members.keys().find(|key| fields.iter().all(|field| field.name != key.as_str())) {
            Some(key) => {
                Err(UnitError::UnknownParam { name: key.chars().take(QUOTED_KEY_CHARS).collect() })
            }
            None => Ok(Self { members }),
        }
    }

    /// Stores the member called `field.name` in `target`; leaves `target` alone if there is none.
    ///
    /// # Errors
    /// [`UnitError::BadParam`].
    pub fn read<T: Param>(&self, field: &Field, target: &mut T) -> Result<(), UnitError> {
        let Some(value) = self.members.get(field.name) else {
            return Ok(());
        };
        *target = scalar_of(value)
            .filter(|&scalar| field.kind.admits(scalar))
            .and_then(T::from_scalar)
            .ok_or_else(|| field.refuse())?;
        Ok(())
    }
}

/// The scalar in a JSON value; `None` for null, arrays and objects.
fn scalar_of(value: &Value) -> Option<Scalar<'_>> {
    match value {
        Value::Number(number) => match number.as_u64() {
            Some(whole) => Some(Scalar::Unsigned(whole)),
            None => number.as_f64().map(Scalar::Float),
        },
        Value::Bool(value) => Some(Scalar::Bool(*value)),
        Value::String(text) => Some(Scalar::Text(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Appends `"name":value` to a JSON object under construction. A float that JSON cannot express
/// becomes `null`, which every reader refuses.
pub fn write_member(json: &mut String, name: &str, value: Scalar<'_>) {
    use fmt::Write as _;

    if !json.ends_with('{') {
        json.push(',');
    }
    // Writing to a String does not fail. Names come from Rust identifiers and literals, and
    // Debug quotes those as JSON does.
    let _ = match value {
        Scalar::Float(value) if !value.is_finite() => write!(json, "{name:?}:null"),
        // The shortest text that reads back as the same f32.
        Scalar::Float(value) if f64::from(value as f32) == value => {
            write!(json, "{name:?}:{:?}", value as f32)
        }
        Scalar::Float(value) => write!(json, "{name:?}:{value:?}"),
        Scalar::Unsigned(value) => write!(json, "{name:?}:{value}"),
        Scalar::Bool(value) => write!(json, "{name:?}:{value}"),
        Scalar::Text(value) => write!(json, "{name:?}:{value:?}"),
    };
}

crate::params! {
    /// The parameters of a method that takes none.
    pub struct NoParams {}
}

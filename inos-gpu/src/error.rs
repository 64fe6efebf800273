//! Why a shader was refused.

use core::fmt;

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The line, from 1. Lines end with a line feed.
    pub line: u32,
    /// The column, from 1, in Unicode scalar values.
    pub column: u32,
}

impl Location {
    /// The place of a byte offset; an offset inside a character means that character.
    pub(crate) fn of(source: &str, offset: usize) -> Self {
        let mut at = Self { line: 1, column: 1 };
        for (index, char) in source.char_indices() {
            if index + char.len_utf8() > offset {
                break;
            }
            if char == '\n' {
                at.line = at.line.saturating_add(1);
                at.column = 1;
            } else {
                at.column = at.column.saturating_add(1);
            }
        }
        at
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why a shader was refused.
///
/// ```
/// use inos_gpu::{Limits, Location, ShaderError, inspect};
///
/// let error = inspect("fn f() -> i32 {\n    return nothing;\n}", &Limits::default()).unwrap_err();
/// assert!(matches!(error, ShaderError::Parse { .. }));
/// assert_eq!(error.location(), Some(Location { line: 2, column: 12 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShaderError {
    /// The source is longer than [`Limits::max_source_len`](crate::Limits::max_source_len); it
    /// was not read.
    TooLong {
        /// Bytes of the source.
        len: usize,
        /// Bytes that the limits allow.
        max: usize,
    },
    /// More of something than the validator's stack can be trusted with; it was not parsed.
    TooDeep {
        /// What there is too much of.
        what: &'static str,
        /// How much of it is allowed.
        max: u32,
        /// Where the first one too many stands.
        at: Location,
    },
    /// The source is not WGSL: syntax, names, or types that do not fit.
    Parse {
        /// What the parser says.
        message: String,
        /// Where, if it says so.
        at: Option<Location>,
    },
    /// The source breaks a rule that is checked after parsing.
    Invalid {
        /// What the validator says.
        message: String,
        /// Where, if it says so.
        at: Option<Location>,
    },
    /// Nothing in the source can be dispatched.
    NoEntryPoint,
    /// The shader asks for more than the device grants.
    OverLimit {
        /// The limit's name in WebGPU.
        limit: &'static str,
        /// The entry point or variable that asks.
        name: String,
        /// What it asks for.
        value: u64,
        /// What the limits allow.
        max: u64,
        /// Where the entry point or variable is declared.
        at: Option<Location>,
    },
    /// Legal WGSL that this crate cannot reflect.
    Unsupported {
        /// What it is.
        what: &'static str,
        /// Where it is declared.
        at: Option<Location>,
    },
    /// The validator panicked: a defect there, not a verdict on the shader.
    Internal,
    /// No thread could be started to validate on, as on targets that have none.
    NoThread,
}

impl ShaderError {
    /// The place that the error is about, if it is about one.
    #[must_use]
    pub const fn location(&self) -> Option<Location> {
        match self {
            Self::TooDeep { at, .. } => Some(*at),
            Self::Parse { at, .. }
            | Self::Invalid { at, .. }
            | Self::OverLimit { at, .. }
            | Self::Unsupported { at, .. } => *at,
            Self::TooLong { .. } | Self::NoEntryPoint | Self::Internal | Self::NoThread => None,
        }
    }
}

impl fmt::Display for ShaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.location() {
            write!(f, "{at}: ")?;
        }
        match self {
            Self::TooLong { len, max } => {
                write!(f, "the source has {len} bytes, the limit is {max}")
            }
            Self::TooDeep { what, max, .. } => write!(f, "more than {max} {what}"),
            Self::Parse { message, .. } | Self::Invalid { message, .. } => f.write_str(message),
            Self::NoEntryPoint => f.write_str("the source has no entry point"),
            Self::OverLimit { limit, name, value, max, .. } => {
                write!(f, "{name:?} needs {limit} of {value}, the limit is {max}")
            }
            Self::Unsupported { what, .. } => write!(f, "not supported: {what}"),
            Self::Internal => f.write_str("the shader validator panicked"),
            Self::NoThread => f.write_str("no thread to validate the shader on"),
        }
    }
}

impl core::error::Error for ShaderError {}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn columns_count_characters() {
        let source = "é\nüb";
        let places: Vec<_> = (0..=source.len())
            .map(|offset| {
                let at = Location::of(source, offset);
                (at.line, at.column)
            })
            .collect();
        assert_eq!(places, [(1, 1), (1, 1), (1, 2), (2, 1), (2, 1), (2, 2), (2, 3)]);
    }
}

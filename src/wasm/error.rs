//! Why a module was not loaded.
#![forbid(unsafe_code)]

use std::fmt;

use inos_units::UnitError;

/// Why a module was not loaded, or did not replace another one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WasmError {
    /// The module is longer than is taken.
    TooLarge {
        /// Its bytes.
        len: usize,
        /// The most that is taken.
        max: usize,
    },
    /// It is no module, or one that can't be compiled; or the engine could not be made.
    Invalid {
        /// What the engine says.
        why: String,
    },
    /// It wants something from its host. A unit computes, and gets nothing.
    Imports {
        /// The first that it wants, `module.name`.
        name: String,
    },
    /// A function or the memory of the ABI is missing, or has another type.
    MissingExport {
        /// Its name.
        name: &'static str,
    },
    /// It failed when it was asked what it can do.
    Failed(UnitError),
    /// What it says of itself is not a table of methods.
    BadTable {
        /// What is wrong with it.
        what: &'static str,
    },
    /// It has other units or methods than the module that it is to replace.
    NotTheSame {
        /// The first unit that differs.
        unit: String,
    },
    /// The system gave no thread to keep the time.
    Thread {
        /// Its reason.
        why: String,
    },
}

impl fmt::Display for WasmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { len, max } => write!(f, "a module of {len} bytes; {max} are taken"),
            Self::Invalid { why } => write!(f, "not a module that can be run: {why}"),
            Self::Imports { name } => write!(f, "the module imports {name}, and there is nothing"),
            Self::MissingExport { name } => {
                write!(f, "the module does not export {name} as it should")
            }
            Self::Failed(error) => write!(f, "the module does not say what it can do: {error}"),
            Self::BadTable { what } => write!(f, "the module's table of methods: {what}"),
            Self::NotTheSame { unit } => write!(f, "another table of methods for unit {unit}"),
            Self::Thread { why } => write!(f, "no thread: {why}"),
        }
    }
}

impl std::error::Error for WasmError {}

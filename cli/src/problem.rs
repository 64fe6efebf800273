//! What went wrong, in a line.

use std::fmt;
use std::io;
use std::path::Path;

use inos::ledger::LedgerError;
use inos::{Error, MemoryError, UnitError};

/// Why a command did nothing.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A file could not be read or written.
    File(String, io::Error),
    /// A file is no region, or could not be mapped.
    Memory(MemoryError),
    /// A region is not what it should be.
    Region(String, Error),
    /// There is no such section.
    NoSection(String),
    /// A unit refused.
    Unit(UnitError),
    Ledger(LedgerError),
    /// The terminal could not be used.
    Terminal(io::Error),
}

impl Problem {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::File(path, error)
    }

    /// The exit code: of units their error's number as far as that has room, so that scripts can tell.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Unit(error) => u8::try_from(error.code()).unwrap_or(1).max(1),
            _ => 1,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{path}: {error}"),
            Self::Memory(error) => error.fmt(f),
            Self::Region(path, error) => write!(f, "{path}: {error}"),
            Self::NoSection(name) => write!(f, "there is no section {name}"),
            Self::Unit(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Terminal(error) => write!(f, "the terminal: {error}"),
        }
    }
}

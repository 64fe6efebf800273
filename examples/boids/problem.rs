//! What can go wrong, as one line.

use std::{fmt, io};

use inos::units::UnitError;
use inos::{Error, KernelError, MemoryError, Status};

/// Why there is no flock, or none any more.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The memory, or what is in it.
    Core(Error),
    /// Getting the memory.
    Memory(MemoryError),
    /// Starting the kernel.
    Kernel(KernelError),
    /// A frame that is none.
    Unit(UnitError),
    /// A call that was answered with an error.
    Refused(&'static str, Status),
    /// Files and terminals.
    Io(String, io::Error),
    /// What the user asked for can't be had.
    Usage(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
            Self::Kernel(error) => error.fmt(f),
            Self::Unit(error) => error.fmt(f),
            Self::Refused(what, status) => write!(f, "{what} was refused: {status}"),
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Usage(what) => f.write_str(what),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl From<MemoryError> for Problem {
    fn from(error: MemoryError) -> Self {
        Self::Memory(error)
    }
}

impl From<KernelError> for Problem {
    fn from(error: KernelError) -> Self {
        Self::Kernel(error)
    }
}

impl From<UnitError> for Problem {
    fn from(error: UnitError) -> Self {
        Self::Unit(error)
    }
}

//! Why memory could not be had.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why memory could not be had. A refused operation has changed no file.
#[derive(Debug)]
#[non_exhaustive]
pub enum MemoryError {
    /// The operating system refused.
    Io {
        /// The file, or the name of a memory file.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The file exists and does not begin as a region of this byte order does. It was left as
    /// it is.
    NotARegion {
        /// The file.
        path: PathBuf,
    },
    /// A descriptor that is not sealed against shrinking and growing.
    NotSealed,
    /// More bytes than a process can address.
    TooLarge {
        /// Bytes asked for.
        len: u64,
    },
    /// The bytes do not make a region.
    Region(inos_core::Error),
}

impl MemoryError {
    pub(super) fn io(path: impl AsRef<Path>, source: impl Into<io::Error>) -> Self {
        Self::Io { path: path.as_ref().to_owned(), source: source.into() }
    }
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::NotARegion { path } => {
                write!(f, "{}: not an INOS region, so it was left untouched", path.display())
            }
            Self::NotSealed => {
                write!(f, "the descriptor is not sealed against shrinking and growing")
            }
            Self::TooLarge { len } => write!(f, "{len} bytes are more than a process can address"),
            Self::Region(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for MemoryError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Region(error) => Some(error),
            _ => None,
        }
    }
}

impl From<inos_core::Error> for MemoryError {
    fn from(error: inos_core::Error) -> Self {
        Self::Region(error)
    }
}

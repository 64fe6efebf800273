//! Why a kernel could not run.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;

use inos_core::SectionId;

/// Why a kernel could not run. It holds no role afterwards, and its units are retired.
#[derive(Debug)]
#[non_exhaustive]
pub enum KernelError {
    /// A section can't be served.
    Section {
        /// The section.
        id: SectionId,
        /// Why; `RoleHeld` if another kernel serves it.
        source: inos_core::Error,
    },
    /// A unit can't be entered into the registry.
    Unit {
        /// Its name.
        name: &'static str,
        /// Why; `RoleHeld` if one of this name is there already.
        source: inos_core::Error,
    },
    /// A ping-pong section or an arena is bound twice.
    BoundTwice {
        /// The section.
        id: SectionId,
    },
    /// The system gives no thread.
    Thread(io::Error),
    /// A thread of the kernel ended by a panic, which is a bug in this crate.
    Panicked,
}

impl KernelError {
    pub(super) const fn section(id: SectionId) -> impl Fn(inos_core::Error) -> Self {
        move |source| Self::Section { id, source }
    }
}

impl fmt::Display for KernelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section { id, source } => write!(f, "section {}: {source}", id.0),
            Self::Unit { name, source } => write!(f, "unit {name:?}: {source}"),
            Self::BoundTwice { id } => write!(f, "section {} is bound twice", id.0),
            Self::Thread(source) => write!(f, "no thread: {source}"),
            Self::Panicked => write!(f, "a thread of the kernel panicked"),
        }
    }
}

impl core::error::Error for KernelError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Section { source, .. } | Self::Unit { source, .. } => Some(source),
            Self::Thread(source) => Some(source),
            Self::BoundTwice { .. } | Self::Panicked => None,
        }
    }
}

//! What a store refuses, and what it found damaged.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::FolderError;
use inos_units::UnitError;
use inos_units::storage::Address;

/// Why a store did not do what it was asked to. Unless it says otherwise, nothing has changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The index failed: its file could not be read or written. What was asked for may have happened
    /// or not; the store has to be opened again, and then it is seen which.
    Index {
        /// The index's reason.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// Another process, or another value in this one, has the store open.
    Locked {
        /// The store's folder.
        folder: PathBuf,
    },
    /// The folder holds an index or segments that are not of a store, or only a part of one. It was
    /// left as it is.
    NotAStore,
    /// The store was written by a version that this one does not know.
    VersionMismatch {
        /// The store's.
        found: u32,
        /// This one.
        expected: u32,
    },
    /// The store is sealed, and no key was given.
    KeyMissing,
    /// A key was given, and the store is sealed with another one or not at all.
    WrongKey,
    /// A part of the configuration, or the name of a pin, that can't be.
    BadConfig {
        /// Which.
        name: &'static str,
        /// What it has to be.
        expected: &'static str,
    },
    /// There is no such object.
    NotFound {
        /// Its address.
        address: Address,
    },
    /// The object can't be deleted: a pin names it.
    Pinned {
        /// Its address.
        address: Address,
    },
    /// A range that begins behind the end of the object.
    OutOfRange {
        /// Where it begins.
        offset: u64,
        /// Bytes of the object.
        len: u64,
    },
    /// More bytes than the store may hold.
    QuotaExceeded {
        /// Bytes that it would hold.
        needed: u64,
        /// Bytes that it may hold.
        quota: u64,
    },
    /// What was stored is not what is there.
    Damaged(Damage),
    /// The caller's reader failed.
    Read {
        /// Its reason.
        source: io::Error,
    },
    /// The caller's writer failed. It may have been given some of the bytes.
    Write {
        /// Its reason.
        source: io::Error,
    },
    /// Compression or encryption failed: there was no memory, or no randomness.
    Unit(UnitError),
}

impl StoreError {
    /// For errors about a file.
    pub(super) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.as_ref().to_owned(), source }
    }
}

impl From<FolderError> for StoreError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, source } => Self::Io { path, source },
            FolderError::Locked { folder } => Self::Locked { folder },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Index { source } => write!(f, "the store's index: {source}"),
            Self::Locked { folder } => {
                write!(f, "{}: the store is open elsewhere", folder.display())
            }
            Self::NotAStore => write!(f, "the folder holds something else than a store"),
            Self::VersionMismatch { found, expected } => {
                write!(f, "a store of version {found}; this is version {expected}")
            }
            Self::KeyMissing => write!(f, "the store is sealed, and no key was given"),
            Self::WrongKey => write!(f, "the store is not sealed with this key"),
            Self::BadConfig { name, expected } => write!(f, "`{name}` has to be {expected}"),
            Self::NotFound { address } => write!(f, "no object {address}"),
            Self::Pinned { address } => write!(f, "the object {address} is pinned"),
            Self::OutOfRange { offset, len } => {
                write!(f, "offset {offset} is behind the end of an object of {len} bytes")
            }
            Self::QuotaExceeded { needed, quota } => {
                write!(f, "{needed} bytes are more than the store's quota of {quota}")
            }
            Self::Damaged(damage) => write!(f, "{damage}"),
            Self::Read { source } => write!(f, "reading what is to be stored: {source}"),
            Self::Write { source } => write!(f, "writing what was stored: {source}"),
            Self::Unit(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Read { source } | Self::Write { source } => {
                Some(source)
            }
            Self::Index { source } => Some(&**source),
            Self::Unit(error) => Some(error),
            _ => None,
        }
    }
}

/// What is damaged, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What it is.
    pub part: Part,
    /// Where it is.
    pub place: Place,
}

/// A part of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The chunk with this BLAKE3 digest.
    Chunk(Address),
    /// The list of the chunks of the object with this address, or the object as a whole.
    Object(Address),
    /// A record that does not even tell which object it was of: its key in the index, which is the
    /// object's address if the store is not sealed.
    Record([u8; 32]),
    /// The index itself.
    Index,
}

/// A place in the store's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In the index.
    Index,
    /// In a segment.
    Segment {
        /// Its number. [`Place::file`] has its name.
        number: u32,
        /// First byte.
        offset: u64,
        /// Bytes.
        len: u32,
    },
}

impl Place {
    /// Name of the file in the store's folder.
    ///
    /// ```
    /// use inos::store::Place;
    ///
    /// let place = Place::Segment { number: 12, offset: 0, len: 100 };
    /// assert_eq!(place.file(), "0000000012.segment");
    /// ```
    #[must_use]
    pub fn file(&self) -> String {
        match self {
            Self::Index => super::index::FILE.to_owned(),
            Self::Segment { number, .. } => super::segments::file_name(*number),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.part {
            Part::Chunk(address) => write!(f, "damaged: chunk {address}"),
            Part::Object(address) => write!(f, "damaged: object {address}"),
            Part::Record(key) => write!(f, "damaged: record {}", Address::new(*key)),
            Part::Index => write!(f, "damaged: the index"),
        }?;
        write!(f, " in {}", self.place.file())?;
        match self.place {
            Place::Index => Ok(()),
            Place::Segment { offset, len, .. } => write!(f, ", {len} bytes from {offset} on"),
        }
    }
}

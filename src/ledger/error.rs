//! Why a ledger refuses, and what it found damaged.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{AccountId, OpId};
use crate::disk::FolderError;

/// Why an operation was not done. Nothing has changed, and its name may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The name is the ledger's own: from 2^127 on.
    BadId {
        /// The name.
        id: OpId,
    },
    /// The name belongs to another operation.
    IdReused {
        /// The name.
        id: OpId,
    },
    /// There is no such account.
    NoAccount {
        /// Its number.
        account: AccountId,
    },
    /// The account is open already.
    AccountExists {
        /// Its number.
        account: AccountId,
    },
    /// An account that is to be closed has credits, or is party to a reservation, or is the
    /// treasury.
    AccountInUse {
        /// Its number.
        account: AccountId,
    },
    /// Credits from an account to itself.
    SameAccount {
        /// Its number.
        account: AccountId,
    },
    /// An account has less than it would pay.
    Insufficient {
        /// Its number.
        account: AccountId,
        /// What it would pay.
        needed: u64,
        /// What it has, without what is reserved.
        available: u64,
    },
    /// There is no such reservation, or it is settled.
    NoReservation {
        /// The operation that was said to have reserved.
        id: OpId,
    },
    /// More would be paid than was reserved.
    OverReserved {
        /// What would be paid.
        paid: u64,
        /// What is reserved.
        reserved: u64,
    },
    /// More would be minted than 2^64 - 1.
    TooMany {
        /// Credits that there are.
        minted: u64,
        /// What would be added.
        amount: u64,
    },
    /// Writing the journal failed before. What is in it is seen by opening the ledger again.
    Broken,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadId { id } => write!(f, "the name {:#x} is the ledger's own", id.0),
            Self::IdReused { id } => write!(f, "the name {:#x} is another operation's", id.0),
            Self::NoAccount { account } => write!(f, "there is no account {}", account.0),
            Self::AccountExists { account } => write!(f, "account {} is open", account.0),
            Self::AccountInUse { account } => write!(f, "account {} is in use", account.0),
            Self::SameAccount { account } => {
                write!(f, "account {} would pay itself", account.0)
            }
            Self::Insufficient { account, needed, available } => {
                write!(f, "account {} has {available} of {needed} credits", account.0)
            }
            Self::NoReservation { id } => write!(f, "there is no reservation {:#x}", id.0),
            Self::OverReserved { paid, reserved } => {
                write!(f, "{paid} credits to be paid, and {reserved} reserved")
            }
            Self::TooMany { minted, amount } => {
                write!(f, "{amount} credits more than the {minted} that there are do not fit")
            }
            Self::Broken => write!(f, "the ledger's journal could not be written"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Why a ledger could not be opened, or what was done could not be made durable.
#[derive(Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// The operating system refused. After a write has failed, the ledger has to be opened again.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// Another process, or another value in this one, has the ledger open.
    Locked {
        /// The ledger's folder.
        folder: PathBuf,
    },
    /// The ledger was written by a version that this one does not know.
    VersionMismatch {
        /// The ledger's.
        found: u32,
        /// This one.
        expected: u32,
    },
    /// A file is missing that the others go on from.
    Missing {
        /// Its name.
        file: String,
    },
    /// A file is not what was written. Nothing was changed.
    Damaged {
        /// Its name.
        file: String,
        /// Where what is wrong begins, in bytes.
        offset: u64,
    },
    /// Writing the journal failed before.
    Broken,
}

impl LedgerError {
    pub(super) fn io(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.as_ref().to_owned(), source }
    }

    pub(super) fn damaged(file: &str, offset: usize) -> Self {
        Self::Damaged { file: file.to_owned(), offset: offset as u64 }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Locked { folder } => {
                write!(f, "{}: the ledger is open elsewhere", folder.display())
            }
            Self::VersionMismatch { found, expected } => {
                write!(f, "a ledger of version {found}; this is version {expected}")
            }
            Self::Missing { file } => write!(f, "{file} is missing"),
            Self::Damaged { file, offset } => write!(f, "{file} is damaged at byte {offset}"),
            Self::Broken => Refusal::Broken.fmt(f),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<FolderError> for LedgerError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, source } => Self::Io { path, source },
            FolderError::Locked { folder } => Self::Locked { folder },
        }
    }
}

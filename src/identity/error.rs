//! Why a key, a name or a signature is refused.
#![forbid(unsafe_code)]

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a key, a name or a signature is refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum IdentityError {
    /// The bytes are no public key, or one under which anybody could sign.
    BadKey,
    /// The signature is not this key's for this message.
    BadSignature,
    /// The text is no name of a key in this encoding.
    BadName {
        /// What it has to be.
        expected: &'static str,
    },
    /// The text is no private key in PEM, or the password is another one, which can't be told apart.
    NotOpened,
    /// The key could not be sealed.
    NotSealed,
    /// The system gave no random bytes.
    NoRandom,
    /// The file could not be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadKey => f.write_str("the bytes are no public key to be trusted"),
            Self::BadSignature => f.write_str("the signature does not hold"),
            Self::BadName { expected } => write!(f, "the name has to be {expected}"),
            Self::NotOpened => f.write_str("no private key, or another password"),
            Self::NotSealed => f.write_str("the key could not be sealed"),
            Self::NoRandom => f.write_str("the system gave no random bytes"),
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
        }
    }
}

impl std::error::Error for IdentityError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

//! Private keys in files, sealed with a password.
#![forbid(unsafe_code)]

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use zeroize::Zeroizing;

use super::{Identity, IdentityError};

/// Longest file that is read.
const MAX_LEN: u64 = 1 << 16;

impl Identity {
    /// The key in PEM, sealed with this password: `BEGIN ENCRYPTED PRIVATE KEY`. It takes some tenths of a
    /// second, so that guessing does, too.
    ///
    /// # Errors
    /// `NotSealed` if there is no memory or no randomness.
    ///
    /// ```no_run
    /// use inos::identity::Identity;
    ///
    /// let alice = Identity::generate()?;
    /// let pem = alice.to_pem(b"correct horse battery staple")?;
    /// let again = Identity::from_pem(&pem, b"correct horse battery staple")?;
    /// assert_eq!(again.public(), alice.public());
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn to_pem(&self, password: &[u8]) -> Result<String, IdentityError> {
        // Without the public key, which follows from the private one: what has both is of a version
        // that not everybody reads.
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let pem = bytes.to_pkcs8_encrypted_pem(password, LineEnding::LF);
        pem.map(|pem| pem.to_string()).map_err(|_| IdentityError::NotSealed)
    }

    /// The key of a PEM file that was sealed with this password, by this or another program.
    ///
    /// # Errors
    /// `NotOpened`.
    ///
    /// ```
    /// use inos::identity::{Identity, IdentityError};
    ///
    /// assert!(matches!(Identity::from_pem("", b""), Err(IdentityError::NotOpened)));
    /// ```
    pub fn from_pem(pem: &str, password: &[u8]) -> Result<Self, IdentityError> {
        let key = SigningKey::from_pkcs8_encrypted_pem(pem, password);
        key.map(Self).map_err(|_| IdentityError::NotOpened)
    }

    /// Writes the key, sealed, into a new file that only its owner can read, and returns when it would
    /// outlast a power cut. A file that is there is left as it is.
    ///
    /// # Errors
    /// `Io`, with `AlreadyExists` if there is a file; `NotSealed`.
    ///
    /// ```no_run
    /// use inos::identity::Identity;
    ///
    /// Identity::generate()?.save("alice.pem", b"correct horse battery staple")?;
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn save(&self, path: impl AsRef<Path>, password: &[u8]) -> Result<(), IdentityError> {
        let path = path.as_ref();
        let pem = self.to_pem(password)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io_error(path))?;
        let written = file.write_all(pem.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a key is none, and would be in the way of a whole one.
            let _ = fs::remove_file(path);
            return Err(io_error(path)(error));
        }
        Ok(())
    }

    /// The key of a file that was sealed with this password.
    ///
    /// # Errors
    /// `Io`; `NotOpened`.
    ///
    /// ```no_run
    /// use inos::identity::Identity;
    ///
    /// let alice = Identity::open("alice.pem", b"correct horse battery staple")?;
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn open(path: impl AsRef<Path>, password: &[u8]) -> Result<Self, IdentityError> {
        let path = path.as_ref();
        let len = fs::metadata(path).map_err(io_error(path))?.len();
        if len > MAX_LEN {
            return Err(IdentityError::NotOpened);
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(io_error(path))?);
        let pem = str::from_utf8(&bytes).map_err(|_| IdentityError::NotOpened)?;
        Self::from_pem(pem, password)
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> IdentityError {
    move |source| IdentityError::Io { path: path.to_owned(), source }
}

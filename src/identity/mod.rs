//! Who somebody is: an Ed25519 key, and its names.
//!
//! ```
//! use inos::identity::{Identity, PublicKey};
//!
//! # fn main() -> Result<(), inos::identity::IdentityError> {
//! let alice = Identity::generate()?;
//! let signature = alice.sign(b"I was here");
//! // Whoever has her name can tell.
//! let name = alice.public().to_did();
//! PublicKey::from_did(&name)?.verify(b"I was here", &signature)?;
//! # Ok(())
//! # }
//! ```
//!
//! A key has two names, `did:key` and libp2p's `PeerId`, each of which is the key in another encoding.
//! At rest it is a file as other programs have it: PKCS#8 (RFC 5958), sealed with a password by PBES2
//! (RFC 8018: scrypt and AES-256), in PEM; `openssl pkey -in FILE` reads it.
//!
//! A signature says nothing of what a message is for. Who signs messages of several kinds begins each
//! with the name of its kind.
//!
//! # Not supported
//! Other kinds of keys, keys in hardware, keys that follow from others, capabilities.
#![forbid(unsafe_code)]

mod at_rest;
mod error;
mod public;
#[cfg(test)]
mod tests;

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};

pub use error::IdentityError;
pub use public::{PublicKey, Signature};

/// A private key. It is cleared from memory when it is dropped, and not shown by `Debug`.
pub struct Identity(SigningKey);

impl Identity {
    /// A new one, from the system's random bytes.
    ///
    /// # Errors
    /// `NoRandom`.
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// assert_ne!(Identity::generate()?.public(), Identity::generate()?.public());
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn generate() -> Result<Self, IdentityError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| IdentityError::NoRandom)?;
        Ok(Self::from_seed(seed))
    }

    /// The one that follows from 32 bytes, which are as secret as it is.
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// assert_eq!(Identity::from_seed([7; 32]).public(), Identity::from_seed([7; 32]).public());
    /// ```
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// What others know it by.
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// println!("{}", Identity::from_seed([7; 32]).public());
    /// ```
    #[must_use]
    pub fn public(&self) -> PublicKey {
        // It follows from a private key, so it is a point, and not of small order.
        PublicKey::of(&self.0)
    }

    /// Signs a message; always with the same signature.
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// let alice = Identity::from_seed([7; 32]);
    /// assert_eq!(alice.sign(b"x"), alice.sign(b"x"));
    /// ```
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.public().to_did()).finish()
    }
}

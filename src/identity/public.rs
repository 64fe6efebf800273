//! Public keys, and the names that others have for them.
#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature as DalekSignature, SigningKey, VerifyingKey};

use super::IdentityError;

/// What stands before the key's bytes in a `did:key`: the multicodec of an Ed25519 public key, 0xed, as
/// a varint.
const DID_PREFIX: [u8; 2] = [0xed, 0x01];
/// `did:key:` and the multibase's letter for base58btc.
const DID_START: &str = "did:key:z";
/// What stands before the key's bytes in a `PeerId`: the identity multihash of 36 bytes, and in these a
/// protobuf message of a key of type 1, Ed25519, with 32 bytes.
const PEER_PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// An Ed25519 signature (RFC 8032).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signature(pub [u8; 64]);

/// An Ed25519 public key that is a point of the curve, and not one of small order.
///
/// Its text is its `did:key`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    pub(super) fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key().to_bytes())
    }

    /// The key of these bytes.
    ///
    /// # Errors
    /// `BadKey` if they are no point of the curve, or one of small order.
    ///
    /// ```
    /// use inos::identity::{Identity, PublicKey};
    ///
    /// let key = Identity::from_seed([7; 32]).public();
    /// assert_eq!(PublicKey::from_bytes(*key.as_bytes())?, key);
    /// assert!(PublicKey::from_bytes([0; 32]).is_err());
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, IdentityError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| IdentityError::BadKey)?;
        if key.is_weak() { Err(IdentityError::BadKey) } else { Ok(Self(bytes)) }
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this key has signed the message; signatures that only some would accept are refused.
    ///
    /// # Errors
    /// `BadSignature`.
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// let alice = Identity::from_seed([7; 32]);
    /// let signature = alice.sign(b"ten credits");
    /// assert!(alice.public().verify(b"ten credits", &signature).is_ok());
    /// assert!(alice.public().verify(b"ten thousand", &signature).is_err());
    /// ```
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), IdentityError> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| IdentityError::BadKey)?;
        let signature = DalekSignature::from_bytes(&signature.0);
        key.verify_strict(message, &signature).map_err(|_| IdentityError::BadSignature)
    }

    /// The key as a decentralized identifier: `did:key:z6Mk…` (W3C CCG, the did:key method).
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// // A vector of the method's specification.
    /// let key = Identity::from_seed([0; 32]).public();
    /// assert_eq!(key.to_did(), "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
    /// ```
    #[must_use]
    pub fn to_did(&self) -> String {
        format!("{DID_START}{}", encode(&DID_PREFIX, self))
    }

    /// The key of a `did:key`. Other kinds of keys are refused.
    ///
    /// # Errors
    /// `BadName`; `BadKey`.
    ///
    /// ```
    /// use inos::identity::{Identity, PublicKey};
    ///
    /// let key = Identity::from_seed([7; 32]).public();
    /// assert_eq!(PublicKey::from_did(&key.to_did())?, key);
    /// assert!(PublicKey::from_did("did:web:example.org").is_err());
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn from_did(did: &str) -> Result<Self, IdentityError> {
        let text = did.strip_prefix(DID_START);
        let expected = "did:key:z and an Ed25519 key in base58";
        decode(&DID_PREFIX, text)
            .ok_or(IdentityError::BadName { expected })
            .and_then(Self::from_bytes)
    }

    /// The key as libp2p names a peer: `12D3KooW…`.
    ///
    /// ```
    /// use inos::identity::Identity;
    ///
    /// assert!(Identity::from_seed([7; 32]).public().to_peer_id().starts_with("12D3KooW"));
    /// ```
    #[must_use]
    pub fn to_peer_id(&self) -> String {
        encode(&PEER_PREFIX, self)
    }

    /// The key of a libp2p peer. Peers with other kinds of keys are refused.
    ///
    /// # Errors
    /// `BadName`; `BadKey`.
    ///
    /// ```
    /// use inos::identity::{Identity, PublicKey};
    ///
    /// let key = Identity::from_seed([7; 32]).public();
    /// assert_eq!(PublicKey::from_peer_id(&key.to_peer_id())?, key);
    /// # Ok::<(), inos::identity::IdentityError>(())
    /// ```
    pub fn from_peer_id(id: &str) -> Result<Self, IdentityError> {
        let expected = "12D3KooW and so on, an Ed25519 key in base58";
        decode(&PEER_PREFIX, Some(id))
            .ok_or(IdentityError::BadName { expected })
            .and_then(Self::from_bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_did())
    }
}

impl FromStr for PublicKey {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_did(text)
    }
}

fn encode(prefix: &[u8], key: &PublicKey) -> String {
    bs58::encode([prefix, &key.0].concat()).into_string()
}

/// The 32 bytes behind this prefix, and no others.
fn decode(prefix: &[u8], text: Option<&str>) -> Option<[u8; 32]> {
    // The longest prefix and a key: more than that need not be looked at.
    let mut bytes = [0; 48];
    let len = bs58::decode(text?).onto(&mut bytes).ok()?;
    bytes.get(..len)?.strip_prefix(prefix)?.try_into().ok()
}

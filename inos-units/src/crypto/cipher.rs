//! ChaCha20-Poly1305 in place, by one of two libraries: the same bytes by both.
//!
//! With the feature `native-fast` it is ring's, except on wasm, where ring would need a compiler
//! of C and the feature changes nothing. ring does not clear its keys; here they are overwritten
//! when a [`Cipher`] goes, as far as safe code can see to that.

use zeroize::{Zeroize as _, Zeroizing};

use super::keys::Secret;
use crate::error::UnitError;

/// Bytes of a tag.
pub(super) const TAG_LEN: usize = 16;

/// A message's nonce.
pub(crate) type Nonce = [u8; 12];

pub(super) const REFUSED: UnitError = UnitError::Refused { what: "the tag" };

/// What no message is that the unit seals.
const TOO_LONG: UnitError = UnitError::BadInput { what: "a message too long for its nonce" };

/// A nonce that counts: a number in eleven bytes, highest first, and a byte that is 1 where something
/// is told apart.
pub(crate) fn counted_nonce(number: usize, is_other: bool) -> Nonce {
    let [a, b, c, d, e, f, g, h] = (number as u64).to_be_bytes();
    [0, 0, 0, a, b, c, d, e, f, g, h, u8::from(is_other)]
}

/// HKDF-SHA-256 (RFC 5869) of a key. 32 bytes are one digest, so there always is one.
pub(super) fn derive_key(key: &[u8], salt: &[u8], info: &[u8]) -> Option<Secret> {
    let mut derived = Secret::default();
    let hkdf = hkdf::Hkdf::<sha2::Sha256>::new(Some(salt), key);
    hkdf.expand(info, derived.as_mut_slice()).ok()?;
    Some(derived)
}

/// The cipher under a derived key.
pub(super) fn derive(key: &[u8], salt: &[u8], info: &[u8]) -> Option<Cipher> {
    derive_key(key, salt, info).map(|derived| Cipher::new(&derived))
}

/// A library's ChaCha20-Poly1305.
pub(super) trait Aead {
    /// With this key.
    fn new(key: &[u8; 32]) -> Self;

    /// Seals `bytes`, and gives the tag.
    fn seal(&self, nonce: &Nonce, aad: &[u8], bytes: &mut [u8])
    -> Result<[u8; TAG_LEN], UnitError>;

    /// Opens `bytes`, whose contents are unspecified if the tag does not hold.
    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        bytes: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), UnitError>;
}

#[cfg(any(test, target_family = "wasm", not(feature = "native-fast")))]
pub(super) mod portable {
    use chacha20poly1305::aead::AeadInOut as _;
    use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};

    use super::{Nonce, REFUSED, TAG_LEN, TOO_LONG};
    use crate::error::UnitError;

    /// The one of RustCrypto; it clears its key.
    pub(in crate::crypto) struct Cipher(ChaCha20Poly1305);

    impl super::Aead for Cipher {
        fn new(key: &[u8; 32]) -> Self {
            Self(ChaCha20Poly1305::new(key.into()))
        }

        fn seal(
            &self,
            nonce: &Nonce,
            aad: &[u8],
            bytes: &mut [u8],
        ) -> Result<[u8; TAG_LEN], UnitError> {
            let tag = self.0.encrypt_inout_detached(nonce.into(), aad, bytes.into());
            tag.map(Into::into).map_err(|_| TOO_LONG)
        }

        fn open(
            &self,
            nonce: &Nonce,
            aad: &[u8],
            bytes: &mut [u8],
            tag: &[u8; TAG_LEN],
        ) -> Result<(), UnitError> {
            let opened = self.0.decrypt_inout_detached(nonce.into(), aad, bytes.into(), tag.into());
            opened.map_err(|_| REFUSED)
        }
    }
}

#[cfg(all(feature = "native-fast", not(target_family = "wasm")))]
pub(super) mod fast {
    use std::hint::black_box;

    use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce as RingNonce, Tag, UnboundKey};

    use super::{Nonce, REFUSED, TAG_LEN, TOO_LONG};
    use crate::error::UnitError;

    /// The one of ring. None if ring refuses a key, which it does only for its length.
    pub(in crate::crypto) struct Cipher(Option<Box<LessSafeKey>>);

    fn key_of(key: &[u8; 32]) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new)
    }

    impl Drop for Cipher {
        fn drop(&mut self) {
            if let (Some(key), Some(none)) = (&mut self.0, key_of(&[0; 32])) {
                **key = none;
                black_box(key);
            }
        }
    }

    impl super::Aead for Cipher {
        fn new(key: &[u8; 32]) -> Self {
            Self(key_of(key).map(Box::new))
        }

        fn seal(
            &self,
            nonce: &Nonce,
            aad: &[u8],
            bytes: &mut [u8],
        ) -> Result<[u8; TAG_LEN], UnitError> {
            let (key, nonce) =
                (self.0.as_ref().ok_or(TOO_LONG)?, RingNonce::assume_unique_for_key(*nonce));
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), bytes);
            let tag = tag.map_err(|_| TOO_LONG)?;
            tag.as_ref().try_into().map_err(|_| TOO_LONG)
        }

        fn open(
            &self,
            nonce: &Nonce,
            aad: &[u8],
            bytes: &mut [u8],
            tag: &[u8; TAG_LEN],
        ) -> Result<(), UnitError> {
            let (key, nonce) =
                (self.0.as_ref().ok_or(REFUSED)?, RingNonce::assume_unique_for_key(*nonce));
            let tag = Tag::from(*tag);
            let opened = key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, bytes, 0..);
            opened.map(drop).map_err(|_| REFUSED)
        }
    }
}

#[cfg(all(feature = "native-fast", not(target_family = "wasm")))]
pub(super) use fast::Cipher;
#[cfg(not(all(feature = "native-fast", not(target_family = "wasm"))))]
pub(super) use portable::Cipher;

/// The cipher and nonce that XChaCha20-Poly1305 comes to: HChaCha20 of the key and the nonce's
/// first 16 bytes is the key, and the last eight after four zeros are the nonce.
pub(super) fn extended(key: &Secret, nonce: &[u8; 24]) -> (Cipher, Nonce) {
    let [a @ .., s, t, u, v, w, x, y, z] = nonce;
    let mut derived = chacha20::hchacha::<chacha20::R20>((&**key).into(), a.into());
    let subkey: Secret = Zeroizing::new(derived.into());
    derived.as_mut_slice().zeroize();
    (Cipher::new(&subkey), [0, 0, 0, 0, *s, *t, *u, *v, *w, *x, *y, *z])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Against the library itself, whose HChaCha20 is not called from here.
        #[test]
        fn extended_nonces_are_those_of_the_library(
            key in any::<[u8; 32]>(),
            nonce in any::<[u8; 24]>(),
            message in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            use chacha20poly1305::aead::AeadInOut as _;
            use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
            let (mut ours, mut theirs) = (message.clone(), message);
            let (cipher, short) = extended(&Zeroizing::new(key), &nonce);
            let tag = cipher.seal(&short, b"aad", &mut ours).expect("sealed");
            let cipher = XChaCha20Poly1305::new((&key).into());
            let expected = cipher
                .encrypt_inout_detached((&nonce).into(), b"aad", theirs.as_mut_slice().into())
                .expect("sealed");
            prop_assert_eq!((ours, tag), (theirs, expected.into()));
        }
    }

    #[cfg(all(feature = "native-fast", not(target_family = "wasm")))]
    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn both_libraries_give_the_same_bytes(
            key in any::<[u8; 32]>(),
            nonce in any::<Nonce>(),
            aad in proptest::collection::vec(any::<u8>(), 0..600),
            message in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..1100),
                proptest::collection::vec(any::<u8>(), 0..70_000),
            ],
            flip in any::<prop::sample::Index>(),
            bit in 0..8_u32,
            other_aad in any::<bool>(),
        ) {
            let (fast, portable) = (fast::Cipher::new(&key), portable::Cipher::new(&key));
            let (mut by_fast, mut by_portable) = (message.clone(), message.clone());
            let mut tag = fast.seal(&nonce, &aad, &mut by_fast).expect("sealed");
            let same = portable.seal(&nonce, &aad, &mut by_portable).expect("sealed");
            prop_assert_eq!(tag, same);
            prop_assert!(by_fast == by_portable, "ciphertexts differ");
            fast.open(&nonce, &aad, &mut by_portable, &tag).expect("what the other sealed");
            portable.open(&nonce, &aad, &mut by_fast.clone(), &tag).expect("what the other sealed");
            prop_assert!(by_portable == message, "opened to something else");
            // Both refuse what was tampered with: a bit of the message or the tag, or the data.
            let mut wrong = aad.clone();
            if other_aad {
                wrong.push(0);
            } else {
                let at = flip.index(by_fast.len() + TAG_LEN);
                match by_fast.get_mut(at) {
                    Some(byte) => *byte ^= 1 << bit,
                    None => tag[at - by_fast.len()] ^= 1 << bit,
                }
            }
            let results = [
                fast.open(&nonce, &wrong, &mut by_fast.clone(), &tag),
                portable.open(&nonce, &wrong, &mut by_fast, &tag),
            ];
            prop_assert_eq!(results, [Err(REFUSED), Err(REFUSED)]);
        }
    }
}

//! Secret keys, by handles.

use std::sync::{MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::{CryptoUnit, Kind};
use crate::error::UnitError;

/// Most keys at a time.
pub const MAX_KEYS: usize = 4096;

/// Where keys come from.
pub trait Random: Send + Sync {
    /// Fills `bytes` with what nobody can foresee.
    ///
    /// # Errors
    /// [`UnitError::NotFound`] if there is no source.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), UnitError>;
}

/// The operating system's randomness; there is none on `wasm32-unknown-unknown`.
///
/// ```
/// use inos_units::crypto::{OsRandom, Random as _};
///
/// let mut bytes = [0; 32];
/// OsRandom.fill(&mut bytes)?;
/// assert_ne!(bytes, [0; 32]);
/// # Ok::<(), inos_units::UnitError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), UnitError> {
        let none = UnitError::NotFound { what: "source of randomness" };
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        {
            let _ = bytes;
            Err(none)
        }
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        getrandom::fill(bytes).map_err(|_| none)
    }
}

/// Bytes of a key for streams: those after them stay zero.
pub(super) const STREAM_KEY_LEN: usize = 16;

impl Kind {
    /// Bytes of a key of this kind.
    const fn len(self) -> usize {
        match self {
            Self::Aead | Self::Ed25519 | Self::X25519 => 32,
            Self::Stream => STREAM_KEY_LEN,
        }
    }
}

/// The key that these bytes are.
pub(super) fn key_of_bytes(kind: Kind, bytes: &[u8]) -> Result<Secret, UnitError> {
    let mut key = Secret::default();
    match key.get_mut(..kind.len()) {
        Some(target) if target.len() == bytes.len() => target.copy_from_slice(bytes),
        _ => return Err(UnitError::BadInput { what: "a key of another length" }),
    }
    Ok(key)
}

/// Bytes of a key, cleared when they are dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

struct Slot {
    generation: u32,
    key: Option<(Kind, Secret)>,
}

/// The keys of a unit. A handle is the generation of its slot, from 1 on, in the upper 32 bits,
/// and the slot's number in the lower.
#[derive(Default)]
pub(super) struct Keyring {
    slots: Vec<Slot>,
}

const MISSING: UnitError = UnitError::NotFound { what: "key" };

impl Keyring {
    pub(super) fn generate(
        &mut self,
        kind: Kind,
        random: &dyn Random,
    ) -> Result<[u8; 8], UnitError> {
        let mut key = Secret::default();
        random.fill(key.get_mut(..kind.len()).unwrap_or_default())?;
        self.insert(kind, &key)
    }

    pub(super) fn insert(&mut self, kind: Kind, key: &[u8; 32]) -> Result<[u8; 8], UnitError> {
        // A slot whose generations are used up stays empty.
        let free =
            self.slots.iter().position(|slot| slot.key.is_none() && slot.generation < u32::MAX);
        let index = match free {
            Some(index) => index,
            None if self.slots.len() >= MAX_KEYS => {
                let (len, max) = (self.slots.len() as u64 + 1, MAX_KEYS as u64);
                return Err(UnitError::TooLarge { len, max });
            }
            None => {
                self.slots.push(Slot { generation: 0, key: None });
                self.slots.len() - 1
            }
        };
        let slot = self.slots.get_mut(index).ok_or(MISSING)?;
        slot.generation += 1;
        slot.key = Some((kind, Zeroizing::new(*key)));
        Ok((u64::from(slot.generation) << 32 | index as u64).to_le_bytes())
    }

    fn slot(&self, handle: u64) -> Result<usize, UnitError> {
        let index = handle as u32 as usize;
        match self.slots.get(index) {
            Some(slot) if u64::from(slot.generation) == handle >> 32 && slot.key.is_some() => {
                Ok(index)
            }
            _ => Err(MISSING),
        }
    }

    pub(super) fn remove(&mut self, handle: u64) -> Result<(), UnitError> {
        let index = self.slot(handle)?;
        if let Some(slot) = self.slots.get_mut(index) {
            slot.key = None;
        }
        Ok(())
    }

    fn get(&self, handle: u64) -> Result<(Kind, Secret), UnitError> {
        let slot = self.slots.get(self.slot(handle)?).ok_or(MISSING)?;
        slot.key.clone().ok_or(MISSING)
    }

    /// A copy of a key of this kind.
    pub(super) fn get_of(&self, handle: u64, wanted: Kind) -> Result<Secret, UnitError> {
        match self.get(handle)? {
            (kind, key) if kind == wanted => Ok(key),
            _ => Err(UnitError::BadParam { name: "key", expected: "a key of another kind" }),
        }
    }
}

impl CryptoUnit {
    pub(super) fn keys(&self) -> MutexGuard<'_, Keyring> {
        // A keyring that a panic left behind is whole: each of its steps leaves it so.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kind of a key, and a copy of its bytes: nobody waits while a call works with them.
    pub(super) fn key(&self, handle: u64) -> Result<(Kind, Secret), UnitError> {
        self.keys().get(handle)
    }

    /// A copy of a key of this kind.
    pub(super) fn key_of(&self, handle: u64, wanted: Kind) -> Result<Secret, UnitError> {
        self.keys().get_of(handle, wanted)
    }
}

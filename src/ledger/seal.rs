//! What ends an epoch: a digest of all that was done in it, chained to the one before.
#![forbid(unsafe_code)]

/// BLAKE3.
pub(super) type Digest = [u8; 32];

/// The end of an epoch. Who keeps the newest digest can tell whether anything before it was changed
/// since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Which, from 0 on.
    pub epoch: u64,
    /// The number of the last operation in it, or before it if it has none.
    pub sequence: u64,
    /// Operations in it.
    pub operations: u64,
    /// BLAKE3 of the accounts and reservations at its end, as a snapshot has them.
    pub state: Digest,
    /// BLAKE3, in its mode for keys with the context `inos 2026 ledger seal`, of: the digest before
    /// this one, zeros for the first; epoch, sequence and number of operations, of 8 bytes each,
    /// little-endian; BLAKE3 of the operations, 48 bytes each; and `state`.
    pub digest: Digest,
}

/// An epoch that goes on.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) epoch: u64,
    pub(super) previous: Digest,
    pub(super) operations: u64,
    hasher: blake3::Hasher,
}

impl Chain {
    /// The epoch after the seal of this number and digest.
    pub(super) fn at(epoch: u64, previous: Digest) -> Self {
        Self { epoch, previous, ..Self::default() }
    }

    pub(super) fn after(seal: &Seal) -> Self {
        // It can't be 2^64 epochs later.
        Self::at(seal.epoch.wrapping_add(1), seal.digest)
    }

    /// Adds the bytes of operations, which are counted by whoever did them.
    pub(super) fn add(&mut self, operations: &[u8]) {
        self.hasher.update(operations);
    }

    pub(super) fn seal(&self, sequence: u64, state: Digest) -> Seal {
        let Self { epoch, previous, operations, hasher } = self;
        let mut all = blake3::Hasher::new_derive_key("inos 2026 ledger seal");
        all.update(previous);
        for number in [*epoch, sequence, *operations] {
            all.update(&number.to_le_bytes());
        }
        all.update(hasher.finalize().as_bytes()).update(&state);
        let digest = *all.finalize().as_bytes();
        Seal { epoch: *epoch, sequence, operations: *operations, state, digest }
    }
}

//! What the methods take.

use crate::schema::Bytes;

crate::names! {
    /// What a key is for.
    pub enum Kind {
        /// Sealing and opening: 32 bytes.
        Aead = "aead",
        /// Signing: the seed of 32 bytes.
        Ed25519 = "ed25519",
        /// Agreeing on keys: 32 bytes.
        X25519 = "x25519",
        /// Sealing and opening streams: 16 bytes, as a file key of age has.
        Stream = "stream",
    }
}

crate::params! {
    /// What `key_generate` and `key_import` take.
    #[derive(Copy)]
    pub struct KindParams {
        kind: Kind = Aead => "What the key is for";
    }
}

crate::params! {
    /// What takes a key alone.
    #[derive(Copy)]
    pub struct KeyParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
    }
}

crate::params! {
    /// What the methods of ChaCha20-Poly1305 take.
    pub struct SealParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
        nonce: Bytes = none in 12..=12 => "The nonce, never twice under a key";
        aad: Bytes = none in 0..=16384 => "What is authenticated and not sealed";
    }
}

crate::params! {
    /// What the methods of XChaCha20-Poly1305 take.
    pub struct XSealParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
        nonce: Bytes = none in 24..=24 => "The nonce, never twice under a key";
        aad: Bytes = none in 0..=16384 => "What is authenticated and not sealed";
    }
}

crate::params! {
    /// What `seal_fresh` and `open_fresh` take.
    pub struct FreshParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
        aad: Bytes = none in 0..=16384 => "What is authenticated and not sealed";
    }
}

crate::params! {
    /// What `seal_stream` takes.
    pub struct StreamParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of the key";
        nonce: Bytes = none in 16..=16 => "The nonce, never twice under a key";
    }
}

crate::params! {
    /// What `ed25519_verify` takes.
    pub struct VerifyParams {
        public: Bytes = none in 32..=32 => "The public key";
        signature: Bytes = none in 64..=64 => "The signature";
    }
}

crate::params! {
    /// What `x25519_agree` takes.
    pub struct AgreeParams {
        key: u64 = 0 in 0..=18446744073709551615 => "Handle of our key";
        public: Bytes = none in 32..=32 => "The other side's public key";
        info: Bytes = none in 0..=1024 => "What the new key is for";
    }
}

crate::params! {
    /// What `argon2id_hash` takes.
    pub struct PasswordParams {
        salt: Bytes = none in 8..=64 => "The salt, another one for each password";
        memory: u32 = 19456 in 8..=262144 => "KiB, at least eight for each lane; times passes at most 2097152";
        passes: u32 = 2 in 1..=64 => "Times that the memory is filled";
        lanes: u32 = 1 in 1..=16 => "Independent lanes";
        length: u32 = 32 in 4..=64 => "Length of the result, in bytes";
        secret: Bytes = none in 0..=64 => "A key that the hash depends on, too";
        associated: Bytes = none in 0..=32 => "Data that it depends on";
    }
}

crate::params! {
    /// What `argon2id_verify` takes.
    pub struct CheckParams {
        hash: Bytes = none in 4..=64 => "What `argon2id_hash` gave";
        salt: Bytes = none in 8..=64 => "The salt";
        memory: u32 = 19456 in 8..=262144 => "KiB, at least eight for each lane; times passes at most 2097152";
        passes: u32 = 2 in 1..=64 => "Times that the memory is filled";
        lanes: u32 = 1 in 1..=16 => "Independent lanes";
        secret: Bytes = none in 0..=64 => "A key that the hash depends on, too";
        associated: Bytes = none in 0..=32 => "Data that it depends on";
    }
}

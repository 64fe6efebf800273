//! How a store is opened.
#![forbid(unsafe_code)]

use inos_units::storage::{AVERAGE_CHUNK_LEN, Cutter, MAX_CHUNK_LEN, MIN_CHUNK_LEN};

use super::StoreError;

/// Longest object that can be kept in the index, in bytes.
pub const MAX_INLINE_LEN: u32 = 64 << 10;

/// How a store is opened. Of all this only whether there is a key, and which, is the store's own for
/// ever; the rest may differ each time, and is about what is put from then on.
///
/// ```
/// use inos::store::StoreConfig;
///
/// let config = StoreConfig { key: Some([7; 32]), quota: 1 << 30, ..StoreConfig::default() };
/// assert_eq!(config.quality, Some(5));
/// ```
#[derive(Clone)]
pub struct StoreConfig {
    /// What is stored is sealed with keys made from this one. None: it is not sealed. It is a key, not
    /// a password: of a password, make one with Argon2id.
    pub key: Option<[u8; 32]>,
    /// Most bytes of segments and records, in all. What is garbage counts until `gc`.
    pub quota: u64,
    /// Shortest chunk but for the last of an object: an even number from 64 to 1 MiB.
    pub min_chunk_len: u32,
    /// Length that chunks have about: even, from 256 to 1 MiB, not below the shortest.
    pub average_chunk_len: u32,
    /// Longest chunk: even, from 1024 to 1 MiB, not below the average.
    pub max_chunk_len: u32,
    /// How hard brotli tries, from 3 to 11. None: nothing is compressed.
    pub quality: Option<u32>,
    /// Objects up to this length, at most [`MAX_INLINE_LEN`], are in the index: putting one is durable
    /// with one sync instead of two, and it shares no chunks.
    pub inline_len: u32,
    /// Bytes from which on a segment is not appended to: from 4096 to 2^40. `gc` rewrites whole ones.
    pub segment_len: u64,
    /// Bytes of memory for pages of the index.
    pub cache_len: usize,
}

impl Default for StoreConfig {
    /// Without a key and a quota; chunks as the unit `storage` cuts them; brotli at quality 5; objects
    /// of up to 4 KiB in the index; segments of 64 MiB; a cache of 32 MiB.
    fn default() -> Self {
        Self {
            key: None,
            quota: u64::MAX,
            min_chunk_len: MIN_CHUNK_LEN as u32,
            average_chunk_len: AVERAGE_CHUNK_LEN as u32,
            max_chunk_len: MAX_CHUNK_LEN as u32,
            quality: Some(5),
            inline_len: 4 << 10,
            segment_len: 64 << 20,
            cache_len: 32 << 20,
        }
    }
}

impl StoreConfig {
    /// The cutter, if all is as it has to be.
    pub(super) fn check(&self) -> Result<Cutter, StoreError> {
        if self.inline_len > MAX_INLINE_LEN {
            return Err(StoreError::BadConfig { name: "inline_len", expected: "at most 65536" });
        }
        if self.quality.is_some_and(|quality| !(3..=11).contains(&quality)) {
            return Err(StoreError::BadConfig { name: "quality", expected: "from 3 to 11" });
        }
        if !(4096..=1 << 40).contains(&self.segment_len) {
            return Err(StoreError::BadConfig { name: "segment_len", expected: "4096 to 2^40" });
        }
        Cutter::new(self.min_chunk_len, self.average_chunk_len, self.max_chunk_len).map_err(|_| {
            let expected = "even, within the documented ranges, and not descending";
            StoreError::BadConfig { name: "chunk lengths", expected }
        })
    }
}

/// Without the key.
impl core::fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { key, quota, min_chunk_len, average_chunk_len, max_chunk_len, .. } = self;
        f.debug_struct("StoreConfig")
            .field("is_sealed", &key.is_some())
            .field("quota", quota)
            .field("chunk_lens", &[min_chunk_len, average_chunk_len, max_chunk_len])
            .field("quality", &self.quality)
            .field("inline_len", &self.inline_len)
            .field("segment_len", &self.segment_len)
            .field("cache_len", &self.cache_len)
            .finish()
    }
}

//! Addresses: 32 bytes of BLAKE3, and lists of them.

use core::fmt;
use std::hash::{Hash, Hasher};

use crate::error::UnitError;
use crate::schema::Bytes;

/// Bytes of an address.
pub const ADDRESS_LEN: usize = 32;

/// The BLAKE3 digest of some bytes: of an object, which is its address, or of a chunk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address([u8; ADDRESS_LEN]);

impl Address {
    /// The address of an object of these bytes.
    ///
    /// ```
    /// use inos_units::storage::Address;
    ///
    /// assert_eq!(Address::of(b"").as_bytes()[..4], [0xaf, 0x13, 0x49, 0xb9]);
    /// ```
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// An address that was written down.
    #[must_use]
    pub const fn new(bytes: [u8; ADDRESS_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; ADDRESS_LEN] {
        &self.0
    }

    /// The address in a parameter.
    pub(super) fn from_param(param: &Bytes) -> Result<Self, UnitError> {
        param
            .to_array()
            .map(Self)
            .ok_or(UnitError::BadParam { name: "address", expected: "from 32 to 32 bytes" })
    }
}

impl From<blake3::Hash> for Address {
    fn from(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Half of a digest is more than a table needs. The table's own keyed hash stays: whoever
        // chooses contents can choose the low bits of their digests.
        let [half, _] = bytemuck::cast::<[u8; ADDRESS_LEN], [u128; 2]>(self.0);
        state.write_u128(half);
    }
}

/// In hexadecimal digits.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base16ct::lower::encode_string(&self.0))
    }
}

/// A list of addresses: 32 bytes each, nothing between them.
pub(super) fn list_of(input: &[u8]) -> Result<&[[u8; ADDRESS_LEN]], UnitError> {
    match input.as_chunks() {
        (list, []) => Ok(list),
        _ => Err(UnitError::BadInput { what: "a list of addresses is 32 bytes each" }),
    }
}

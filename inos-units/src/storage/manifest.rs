//! The manifest of an object: its chunks' hashes and lengths.

use super::address::{ADDRESS_LEN, Address};
use super::entry::Piece;
use crate::error::UnitError;

/// Bytes before the rows: address, length, number of rows.
pub const MANIFEST_HEADER_LEN: usize = ADDRESS_LEN + 16;

/// Bytes of a row: hash, length.
pub const MANIFEST_ROW_LEN: usize = ADDRESS_LEN + 8;

/// Takes fields off the front of bytes from outside.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], UnitError> {
        let (head, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(UnitError::BadInput { what: "it ends too early" })?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], UnitError> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(UnitError::BadInput { what: "it ends too early" })?;
        self.rest = rest;
        Ok(*head)
    }

    pub(super) fn u32(&mut self) -> Result<u32, UnitError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, UnitError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn address(&mut self) -> Result<Address, UnitError> {
        self.array().map(Address::new)
    }
}

/// Bytes of a manifest of so many rows.
pub(super) const fn manifest_len(row_count: usize) -> usize {
    MANIFEST_HEADER_LEN.saturating_add(MANIFEST_ROW_LEN.saturating_mul(row_count))
}

/// Appends a manifest.
pub(super) fn write_manifest(to: &mut Vec<u8>, address: Address, len: u64, rows: &[Piece]) {
    to.extend_from_slice(address.as_bytes());
    to.extend_from_slice(&len.to_le_bytes());
    to.extend_from_slice(&(rows.len() as u64).to_le_bytes());
    let mut start = 0;
    for row in rows {
        to.extend_from_slice(row.hash.as_bytes());
        to.extend_from_slice(&(row.end - start).to_le_bytes());
        start = row.end;
    }
}

/// The header of a manifest; as many rows follow as it says, which nobody has seen yet.
pub(super) struct Header {
    pub(super) address: Address,
    pub(super) len: u64,
    pub(super) row_count: u64,
}

/// Reads a header; rows are read one by one with [`read_row`].
pub(super) fn read_header(reader: &mut Reader<'_>) -> Result<Header, UnitError> {
    let header =
        Header { address: reader.address()?, len: reader.u64()?, row_count: reader.u64()? };
    if header.row_count == 0 {
        return Err(UnitError::BadInput { what: "a manifest without chunks" });
    }
    Ok(header)
}

/// Reads a row: hash and length.
pub(super) fn read_row(reader: &mut Reader<'_>) -> Result<(Address, u64), UnitError> {
    Ok((reader.address()?, reader.u64()?))
}

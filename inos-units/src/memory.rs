//! Memory whose size the caller says: an error instead of an abort where there is none.

use crate::error::UnitError;

/// An empty vector with room for so many bytes.
///
/// # Errors
/// [`UnitError::OutOfMemory`].
pub(crate) fn reserved(len: usize) -> Result<Vec<u8>, UnitError> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| UnitError::OutOfMemory { len })?;
    Ok(bytes)
}

/// A copy.
///
/// # Errors
/// [`UnitError::OutOfMemory`].
pub(crate) fn copied(bytes: &[u8]) -> Result<Vec<u8>, UnitError> {
    let mut copy = reserved(bytes.len())?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

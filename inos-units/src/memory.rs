//! Memory whose size the caller says: an error instead of an abort where there is none.

use crate::error::UnitError;

/// An empty vector with room for so many items.
///
/// # Errors
/// [`UnitError::OutOfMemory`].
pub(crate) fn reserved<T>(count: usize) -> Result<Vec<T>, UnitError> {
    let mut items = Vec::new();
    let len = count.saturating_mul(size_of::<T>());
    items.try_reserve_exact(count).map_err(|_| UnitError::OutOfMemory { len })?;
    Ok(items)
}

/// A vector of so many zeros.
///
/// # Errors
/// [`UnitError::OutOfMemory`].
#[cfg(feature = "storage-pack")]
pub(crate) fn zeros<T: bytemuck::Zeroable + Clone>(count: usize) -> Result<Vec<T>, UnitError> {
    let mut items = reserved(count)?;
    items.resize(count, T::zeroed());
    Ok(items)
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

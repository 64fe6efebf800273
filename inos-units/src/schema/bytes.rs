//! Bytes as a parameter.

use core::fmt;

use zeroize::Zeroize as _;

use super::{Param, Scalar};

/// Bytes as a parameter: a nonce, a key, a name.
///
/// They may be secret, so `Debug` shows how many they are, comparison takes the same time
/// wherever they differ, and the memory is cleared when they are dropped.
///
/// ```
/// use inos_units::schema::Bytes;
///
/// let key = Bytes::from(*b"0123");
/// assert_eq!(key.as_slice(), b"0123");
/// assert_eq!(format!("{key:?}"), "Bytes(4)");
/// ```
#[derive(Clone, Default)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, if they are so many.
    #[must_use]
    pub fn to_array<const N: usize>(&self) -> Option<[u8; N]> {
        self.0.as_slice().try_into().ok()
    }
}

impl<T: AsRef<[u8]>> From<T> for Bytes {
    fn from(bytes: T) -> Self {
        Self(bytes.as_ref().to_vec())
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        // Not `==` of slices, which returns at the first difference.
        let differ = self.0.iter().zip(&other.0).fold(0, |all, (a, b)| all | (a ^ b));
        self.0.len() == other.0.len() && core::hint::black_box(differ) == 0
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Param for Bytes {
    fn from_scalar(scalar: Scalar<'_>) -> Option<Self> {
        match scalar {
            Scalar::Bytes(bytes) => Some(bytes.into()),
            Scalar::Text(digits) => base16ct::mixed::decode_vec(digits).ok().map(Self),
            _ => None,
        }
    }

    fn to_scalar(&self) -> Scalar<'_> {
        Scalar::Bytes(&self.0)
    }
}

/// How many bytes these hexadecimal digits are, if they are any.
pub(super) fn len_of(digits: &str) -> Option<usize> {
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    (all && digits.len().is_multiple_of(2)).then_some(digits.len() / 2)
}

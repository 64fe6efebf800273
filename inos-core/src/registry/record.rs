//! What a unit says of itself.
#![forbid(unsafe_code)]

use core::fmt;

use super::{MAX_METHODS_LEN, MAX_UNIT_NAME_LEN, UnitId};

/// What a unit says of itself when it registers.
///
/// ```
/// use inos_core::UnitRecord;
///
/// let record = UnitRecord { name: "hash", version: (1, 0, 0), ..UnitRecord::default() };
/// assert!(record.methods.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitRecord<'a> {
    /// Unique among active units; 1 to [`MAX_UNIT_NAME_LEN`] bytes.
    pub name: &'a str,
    /// Major, minor, patch.
    pub version: (u16, u16, u16),
    /// Bits whose meaning the application defines.
    pub capabilities: u32,
    /// Who registers it; the application's number.
    pub owner: u32,
    /// Names of its methods, without line feeds. A method's number is its index here.
    pub methods: &'a [&'a str],
}

/// A private copy of what a unit said of itself.
#[derive(Clone)]
pub struct UnitDescriptor {
    pub(super) id: UnitId,
    pub(super) version: (u16, u16, u16),
    pub(super) capabilities: u32,
    pub(super) owner: u32,
    pub(super) name: [u8; MAX_UNIT_NAME_LEN],
    pub(super) name_len: usize,
    pub(super) methods: [u8; MAX_METHODS_LEN],
    pub(super) methods_len: usize,
}

impl UnitDescriptor {
    /// The unit.
    #[must_use]
    pub const fn id(&self) -> UnitId {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        text(&self.name, self.name_len)
    }

    /// Major, minor, patch.
    #[must_use]
    pub const fn version(&self) -> (u16, u16, u16) {
        self.version
    }

    /// Bits whose meaning the application defines.
    #[must_use]
    pub const fn capabilities(&self) -> u32 {
        self.capabilities
    }

    /// Who registered it.
    #[must_use]
    pub const fn owner(&self) -> u32 {
        self.owner
    }

    /// Names of its methods; a method's number is its index here.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        // As bytes: `str::split` has a path that panics, if never for text as this.
        let text = text(&self.methods, self.methods_len).as_bytes();
        // Splitting nothing would give one empty name.
        let names = text.split(|&byte| byte == b'\n').filter(move |_| !text.is_empty());
        names.map(|name| core::str::from_utf8(name).unwrap_or_default())
    }
}

impl fmt::Debug for UnitDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnitDescriptor")
            .field("id", &self.id)
            .field("name", &self.name())
            .field("version", &self.version)
            .field("capabilities", &self.capabilities)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// Text that was checked to be UTF-8 when it was copied.
fn text(bytes: &[u8], len: usize) -> &str {
    bytes.get(..len).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
}

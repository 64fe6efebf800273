//! A private copy of a record.
#![forbid(unsafe_code)]

use core::fmt;

use super::slot::{MAX_TEXT_LEN, first_dependency};
use super::{Capabilities, Dependency, UnitCost, UnitId, UnitLimits, Version};

/// A private copy of what a unit said of itself; a kilobyte. Holding one proves that the unit was
/// active when it was copied.
///
/// ```
/// # use inos_core::*;
/// # let config = RegistryConfig { slots: 4, slot_len: 512 };
/// # let layout = Layout::builder().registry(SectionId(5), "", config).build()?;
/// # let mut memory = AlignedBytes::<4096>::new();
/// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// # let registry = UnitRegistry::open(&sections, SectionId(5))?;
/// let record = UnitRecord {
///     name: "storage",
///     version: (1, 0, 3),
///     capabilities: Capabilities(5),
///     owner: 4711,
///     methods: &["get", "put"],
///     dependencies: &[Dependency { name: "hash", range: VersionRange::ANY }],
///     limits: UnitLimits { jobs: 4, ..UnitLimits::default() },
///     cost: UnitCost { per_call: 10, per_unit: 0 },
/// };
/// let id = registry.register(&record)?;
/// let unit = registry.descriptor(id)?;
/// assert_eq!((unit.id(), unit.name(), unit.version()), (id, "storage", (1, 0, 3)));
/// assert_eq!((unit.capabilities(), unit.owner()), (Capabilities(5), 4711));
/// // Registered through sections of nobody who joined as a party.
/// assert_eq!(unit.party(), 0);
/// assert_eq!((unit.limits(), unit.cost()), (record.limits, record.cost));
/// assert!(unit.methods().eq(["get", "put"]));
/// assert!(unit.dependencies().eq(record.dependencies.iter().copied()));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone)]
pub struct UnitDescriptor {
    pub(super) id: UnitId,
    pub(super) party: u16,
    pub(super) version: Version,
    pub(super) capabilities: Capabilities,
    pub(super) owner: u32,
    pub(super) limits: UnitLimits,
    pub(super) cost: UnitCost,
    /// Name, dependencies, methods, as in the slot; checked.
    pub(super) text: [u8; MAX_TEXT_LEN],
    pub(super) name_len: usize,
    pub(super) dependencies_at: usize,
    pub(super) dependencies_len: usize,
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
        core::str::from_utf8(self.bytes(0, self.name_len)).unwrap_or_default()
    }

    /// Major, minor, patch.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Bits whose meaning the application defines.
    #[must_use]
    pub const fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Who registered it; the application's number.
    #[must_use]
    pub const fn owner(&self) -> u32 {
        self.owner
    }

    /// Through whose sections it was registered: the number of a [`Party`](crate::Party), or 0 if
    /// that one did not join.
    #[must_use]
    pub const fn party(&self) -> u16 {
        self.party
    }

    /// What it may use.
    #[must_use]
    pub const fn limits(&self) -> UnitLimits {
        self.limits
    }

    /// What it charges.
    #[must_use]
    pub const fn cost(&self) -> UnitCost {
        self.cost
    }

    /// Names of its methods; a method's number is its index here.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        // As bytes: `str::split` has a path that panics, if never for text as this.
        let text = self.bytes(self.methods_at(), self.methods_len);
        // Splitting nothing would give one empty name.
        let names = text.split(|&byte| byte == b'\n').filter(move |_| !text.is_empty());
        names.map(|name| core::str::from_utf8(name).unwrap_or_default())
    }

    /// The units that it needs, in the order in which it named them.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency<'_>> {
        let mut rest = self.bytes(self.dependencies_at, self.dependencies_len);
        core::iter::from_fn(move || {
            let (dependency, behind) = first_dependency(rest)?;
            rest = behind;
            Some(dependency)
        })
    }

    pub(super) const fn methods_at(&self) -> usize {
        self.dependencies_at.saturating_add(self.dependencies_len)
    }

    pub(super) fn bytes(&self, at: usize, len: usize) -> &[u8] {
        self.text.get(at..).and_then(|text| text.get(..len)).unwrap_or_default()
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
            .field("party", &self.party)
            .finish_non_exhaustive()
    }
}

//! What a unit says of itself.
#![forbid(unsafe_code)]

use super::{Capabilities, Dependency, Version};

/// What a unit says of itself when it registers.
///
/// ```
/// use inos_core::{UnitLimits, UnitRecord};
///
/// let record = UnitRecord {
///     name: "hash",
///     version: (1, 0, 0),
///     limits: UnitLimits { jobs: 4, ..UnitLimits::default() },
///     ..UnitRecord::default()
/// };
/// assert!(record.methods.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitRecord<'a> {
    /// Unique among active units; 1 to [`MAX_UNIT_NAME_LEN`](super::MAX_UNIT_NAME_LEN) bytes.
    pub name: &'a str,
    /// Major, minor, patch.
    pub version: Version,
    /// Bits whose meaning the application defines.
    pub capabilities: Capabilities,
    /// A number of the application's, such as a process id. Whose death frees the slot is another
    /// question: that is the party through whose sections the unit is registered.
    pub owner: u32,
    /// Names of its methods, without line feeds. A method's number is its index here.
    pub methods: &'a [&'a str],
    /// The units that it needs.
    pub dependencies: &'a [Dependency<'a>],
    /// What it may use; for the kernel to enforce.
    pub limits: UnitLimits,
    /// What it charges; for the kernel to meter.
    pub cost: UnitCost,
}

/// What a unit may use. 0 stands for no limit. The registry only keeps the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitLimits {
    /// Calls at the same time.
    pub jobs: u32,
    /// Bytes of memory.
    pub memory_len: u64,
    /// Nanoseconds that one call may run.
    pub run_ns: u64,
    /// Fuel of one call, in the units of whatever runs it.
    pub fuel: u64,
}

pub use crate::defs::registry::CREDIT;

/// What a call costs, in billionths of a [credit](CREDIT).
///
/// ```
/// use inos_core::{CREDIT, UnitCost};
///
/// // Half a credit for a call, and one for each million of bytes.
/// let cost = UnitCost { per_call: CREDIT / 2, per_unit: CREDIT / 1_000_000 };
/// assert_eq!(cost.total(3_000_000), CREDIT / 2 + 3 * CREDIT);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnitCost {
    /// For each call.
    pub per_call: u64,
    /// For each unit of work: a byte of input, unless the unit counts something else.
    pub per_unit: u64,
}

impl UnitCost {
    /// The cost of a call of so much work; the largest number, if it is larger than that.
    #[must_use]
    pub const fn total(&self, units: u64) -> u64 {
        self.per_call.saturating_add(self.per_unit.saturating_mul(units))
    }
}

//! What a compute unit is: a table of methods, and code behind every row.

use std::ops::Range;

use crate::budget::Budget;
use crate::error::UnitError;
use crate::schema::Field;

/// A semantic version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Incompatible changes.
    pub major: u16,
    /// Additions.
    pub minor: u16,
    /// Corrections.
    pub patch: u16,
}

/// Whether a method gives the same bits on every machine and thread count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Determinism {
    /// The same input and parameters give the same bytes, everywhere.
    Strict,
    /// Results may differ in the last bits between machines.
    Fast,
}

/// What a call of a method costs about, in nanoseconds of one core: `call`, and so much for each
/// KiB of input and of result. It is what schedulers plan with and what credits are counted in;
/// nobody promises that it takes that long.
///
/// ```
/// use inos_units::Cost;
///
/// let cost = Cost { call: 500, input_kib: 250, result_kib: 0 };
/// assert_eq!(cost.of(4096, 32), 1500);
/// assert_eq!(cost.of(1, 0), 501);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Of a call without input.
    pub call: u32,
    /// Of 1024 bytes of input.
    pub input_kib: u32,
    /// Of 1024 bytes of result.
    pub result_kib: u32,
}

impl Cost {
    /// Credits for a call of so many bytes; begun bytes count, and `u64::MAX` is the most.
    #[must_use]
    #[inline]
    pub const fn of(&self, input_len: usize, result_len: usize) -> u64 {
        let input = (input_len as u64).saturating_mul(self.input_kib as u64).div_ceil(1024);
        let result = (result_len as u64).saturating_mul(self.result_kib as u64).div_ceil(1024);
        (self.call as u64).saturating_add(input).saturating_add(result)
    }
}

/// One row of a unit's method table; what is advertised and what is dispatched are this row.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Name, unique in the unit.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What the input is.
    pub input: &'static str,
    /// What the result is.
    pub result: &'static str,
    /// Parameters, in the order they are described.
    pub params: &'static [Field],
    /// Whether results are the same bits everywhere.
    pub determinism: Determinism,
    /// What a call costs.
    pub cost: Cost,
    /// Whether [`Unit::plan`] splits it.
    pub is_split: bool,
    /// Where its known answer comes from.
    pub answer: &'static str,
}

impl Method {
    /// A row that says no more than a name; for units that are written without
    /// [`unit!`](crate::unit).
    ///
    /// ```
    /// use inos_units::{Determinism, Method};
    ///
    /// const STEP: Method = Method { summary: "One step", ..Method::named("step") };
    /// assert_eq!((STEP.name, STEP.determinism), ("step", Determinism::Fast));
    /// ```
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            summary: "",
            input: "",
            result: "",
            params: &[],
            determinism: Determinism::Fast,
            cost: Cost { call: 0, input_kib: 0, result_kib: 0 },
            is_split: false,
            answer: "",
        }
    }
}

/// What a unit says of itself.
#[derive(Clone, Copy, Debug)]
pub struct UnitInfo {
    /// Name, unique in a dispatcher.
    pub name: &'static str,
    /// Version of the unit's methods and formats.
    pub version: Version,
    /// One sentence.
    pub summary: &'static str,
    /// The method table; a method's index in it is its number.
    pub methods: &'static [Method],
}

/// One call: the bytes to work on and the parameters.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Borrowed in place; no unit keeps it.
    pub input: &'a [u8],
    /// Either encoding of [`schema`](crate::schema); empty means every default.
    pub params: &'a [u8],
}

/// Where a result goes: a slice, a ring, a frame of shared memory.
///
/// The sink decides how bytes are stored (plainly, or word by word where others may be
/// reading), so a unit never needs a `&mut [u8]` into shared memory.
pub trait Output {
    /// How many bytes the sink takes at most.
    fn capacity(&self) -> usize;

    /// Stores `bytes` at `offset`.
    ///
    /// # Errors
    /// [`UnitError::OutputTooSmall`] if they do not fit; nothing is stored then.
    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError>;

    /// The `len` bytes at `offset`, to work in: they count as written, and what they hold at first
    /// is unspecified. `None` if they do not fit, or if anyone but the caller may look at them
    /// before the call is over; then the work is done elsewhere and written.
    fn room(&mut self, offset: usize, len: usize) -> Option<&mut [u8]> {
        let _ = (offset, len);
        None
    }
}

/// A compute unit.
pub trait Unit: Send + Sync {
    /// The unit's table.
    fn info(&self) -> &'static UnitInfo;

    /// Runs method number `method` and returns the length of the result in bytes.
    ///
    /// # Errors
    /// A [`UnitError`]; what the sink holds then is unspecified and must not be published.
    fn execute(
        &self,
        method: u16,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, UnitError>;

    /// The most bytes that the result of this call can have, found without working on it.
    ///
    /// # Errors
    /// As [`execute`](Unit::execute), as far as the parameters and a look at the input tell.
    fn bound(&self, method: u16, call: Call<'_>) -> Result<usize, UnitError>;

    /// Splits a call into pieces that threads can run; `None` if the method is not splittable.
    ///
    /// `plan`, `run` over all items and `merge` together give exactly what
    /// [`execute`](Unit::execute) gives, bit for bit, however the items are cut. Where it fails,
    /// they fail; of several things that are wrong, either may be told.
    ///
    /// # Errors
    /// As [`execute`](Unit::execute).
    fn plan(
        &self,
        method: u16,
        call: Call<'_>,
        budget: &Budget,
    ) -> Result<Option<Box<dyn Plan>>, UnitError> {
        let _ = (method, call, budget);
        Ok(None)
    }
}

/// The bytes that one range of a plan produced; only the plan that made it understands it.
pub type Part = Vec<u8>;

/// A call that was cut into items. Owns all it needs, so that any thread may run any range.
pub trait Plan: Send + Sync {
    /// How many items there are.
    fn item_count(&self) -> usize;

    /// Fewest items that are worth a piece of their own.
    fn grain(&self) -> usize {
        1
    }

    /// Computes the items of `range`.
    ///
    /// # Errors
    /// As [`Unit::execute`].
    fn run(&self, range: Range<usize>, budget: &Budget) -> Result<Part, UnitError>;

    /// Puts the parts together, in ascending order of their ranges; returns the result's length.
    ///
    /// # Errors
    /// As [`Unit::execute`]; also if the parts do not cover every item once.
    fn merge(&self, parts: Vec<Part>, out: &mut dyn Output) -> Result<usize, UnitError>;
}

/// Runs a plan on the calling thread: what [`Unit::execute`] does for a splittable method.
///
/// # Errors
/// As [`Unit::execute`].
pub fn run_plan(
    plan: &dyn Plan,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let part = plan.run(0..plan.item_count(), budget)?;
    plan.merge(vec![part], out)
}

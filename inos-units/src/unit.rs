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

/// One row of a unit's method table; what is advertised and what is dispatched are this row.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Name, unique in the unit.
    pub name: &'static str,
    /// One sentence: what it does, its input and its output.
    pub summary: &'static str,
    /// Parameters, in the order they are described.
    pub params: &'static [Field],
    /// Whether results are the same bits everywhere.
    pub determinism: Determinism,
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

/// One call: the bytes to work on and the parameters, a JSON object or nothing.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Borrowed in place; no unit keeps it.
    pub input: &'a [u8],
    /// A JSON object in UTF-8; empty means every default.
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

    /// Splits a call into pieces that threads can run; `None` if the method is not splittable.
    ///
    /// `plan`, `run` over all items and `merge` together give exactly what
    /// [`execute`](Unit::execute) gives, bit for bit, however the items are cut.
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

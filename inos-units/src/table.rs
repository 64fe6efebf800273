//! Method tables: what is advertised and what runs are one row.

use crate::budget::Budget;
use crate::error::UnitError;
use crate::unit::{Call, Method, Output};
#[cfg(feature = "boids")]
use crate::unit::{Plan, run_plan};

/// The code of a method that runs as a whole.
type Whole<U> = fn(&U, Call<'_>, &mut dyn Output, &Budget) -> Result<usize, UnitError>;
/// The code of a method that threads can share.
#[cfg(feature = "boids")]
type Split<U> = fn(&U, Call<'_>, &Budget) -> Result<Box<dyn Plan>, UnitError>;

/// The code behind a row.
pub(crate) enum Code<U> {
    Whole(Whole<U>),
    #[cfg(feature = "boids")]
    Split(Split<U>),
}

/// One method: its description and its code.
pub(crate) struct Row<U> {
    pub(crate) method: Method,
    pub(crate) code: Code<U>,
}

/// The descriptions of a table, for [`UnitInfo`](crate::UnitInfo).
pub(crate) const fn methods<U, const N: usize>(rows: &[Row<U>; N]) -> [Method; N] {
    let mut methods = [rows[0].method; N];
    let mut index = 1;
    while index < N {
        methods[index] = rows[index].method;
        index += 1;
    }
    methods
}

fn row<U>(rows: &[Row<U>], method: u16) -> Result<&Row<U>, UnitError> {
    rows.get(usize::from(method)).ok_or(UnitError::UnknownId { id: u32::from(method) })
}

/// [`Unit::execute`](crate::Unit::execute) over a table.
pub(crate) fn execute<U>(
    unit: &U,
    rows: &[Row<U>],
    method: u16,
    call: Call<'_>,
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    match &row(rows, method)?.code {
        Code::Whole(code) => code(unit, call, out, budget),
        #[cfg(feature = "boids")]
        Code::Split(code) => run_plan(code(unit, call, budget)?.as_ref(), out, budget),
    }
}

/// [`Unit::plan`](crate::Unit::plan) over a table.
#[cfg(feature = "boids")]
pub(crate) fn plan<U>(
    unit: &U,
    rows: &[Row<U>],
    method: u16,
    call: Call<'_>,
    budget: &Budget,
) -> Result<Option<Box<dyn Plan>>, UnitError> {
    match &row(rows, method)?.code {
        Code::Whole(_) => Ok(None),
        Code::Split(code) => code(unit, call, budget).map(Some),
    }
}

//! Compute units behind one dispatcher.
#![forbid(unsafe_code)]

mod budget;
mod error;
pub mod schema;
mod unit;

pub use budget::Budget;
pub use error::UnitError;
pub use unit::{Call, Determinism, Method, Output, Part, Plan, Unit, UnitInfo, Version, run_plan};

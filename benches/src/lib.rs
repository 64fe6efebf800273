//! What the benches share: contenders, how they are timed, and what is written about it.
//!
//! 1. A [`Contender`] is one way to do some work: `run` does so many operations and says how many
//!    gave the right result. What runs beside it is a thread ([`Pair`]) or a process
//!    ([`Process`]).
//! 2. An area (a file of [`areas`]) puts contenders that do the same work into cases.
//! 3. A [`Driver`] runs the cases: [`Check`] each once, as a test; [`Criterion`](criterion) for
//!    `cargo bench`; [`Compare`] interleaved, for the tables and pictures of `compare`.
//!
//! `README.md` says how to run all that and how to read it.

mod apart;
pub mod areas;
mod bare;
mod compare;
mod contender;
mod driver;
mod machine;
mod memory;
mod pair;
mod pin;
mod plot;
mod poll;
mod process;
mod size;
mod stats;
mod table;

pub(crate) use apart::Apart;
pub use compare::{CaseResult, Compare, ContenderResult, Plan};
pub use contender::{Amount, Contender, Role, Solo, inos, limit, peer};
pub use driver::{Case, Check, Driver, ViaCriterion, bench_main, is_test};
pub use machine::Machine;
pub use memory::{Lines, Memory};
pub use pair::{Pair, Stop};
pub use pin::{pin_to, unpin};
pub use plot::plots;
pub use poll::poll;
pub use process::{Folder, Partner, Process, serve};
pub use size::{Size, size_table, sizes};
pub use stats::{Histogram, median, percentile};
pub use table::{details, summary};

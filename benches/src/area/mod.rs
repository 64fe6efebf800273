//! What is compared: an area a file.

mod arena;
mod dispatch;
mod epoch;
mod hostile;
mod registry;
mod spsc;
mod syscall;
mod twin;

use crate::contender::Row;

/// Name and rows of an area. Rows are made when they are measured, since some take a lot of memory.
pub type Area = (&'static str, fn() -> Vec<Row>);

/// All of them, in the order of the table.
pub const AREAS: &[Area] = &[
    ("epoch", epoch::rows),
    ("spsc", spsc::rows),
    ("syscall", syscall::rows),
    ("hostile", hostile::rows),
    ("arena", arena::rows),
    ("dispatch", dispatch::rows),
    ("registry", registry::rows),
    ("twin", twin::rows),
];

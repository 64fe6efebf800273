//! Calls in pieces, and outputs without room.
#![allow(dead_code)]

use std::ops::Range;

use inos_units::{Budget, Output, Part, Plan, UnitError, VecOutput};

/// Runs the ranges in the reverse of their order, and merges them in order.
pub(crate) fn by_ranges(plan: &dyn Plan, cuts: &[usize]) -> Result<Vec<u8>, UnitError> {
    let mut edges: Vec<usize> = cuts.iter().map(|cut| cut % (plan.item_count() + 1)).collect();
    edges.extend([0, plan.item_count()]);
    edges.sort_unstable();
    let ranges: Vec<Range<usize>> = edges.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let budget = Budget::unlimited();
    let parts: Result<Vec<Part>, _> =
        ranges.into_iter().rev().map(|range| plan.run(range, &budget)).collect();
    let parts = parts?.into_iter().rev().collect();
    let mut out = VecOutput::new(1 << 24);
    plan.merge(parts, &mut out)?;
    Ok(out.to_vec())
}

/// An output that others look at: no room to work in.
pub(crate) struct Watched(pub(crate) VecOutput);

impl Output for Watched {
    fn capacity(&self) -> usize {
        self.0.capacity()
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> Result<(), UnitError> {
        self.0.write(offset, bytes)
    }
}

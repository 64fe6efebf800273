//! Two sets of addresses, compared. Nothing of the store is looked at.

use std::collections::BTreeSet;

use super::address::{ADDRESS_LEN, list_of};
use super::manifest::Reader;
use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::unit::Output;

/// Bytes of the result before the first address: three counts.
pub const DIFF_HEADER_LEN: usize = 24;

/// Addresses taken in between two looks at the budget.
const ADDRESSES_PER_CHECK: usize = 1024;

fn set_of<'a>(
    list: &'a [[u8; ADDRESS_LEN]],
    budget: &Budget,
) -> Result<BTreeSet<&'a [u8; ADDRESS_LEN]>, UnitError> {
    let mut set = BTreeSet::new();
    for part in list.chunks(ADDRESSES_PER_CHECK) {
        budget.check()?;
        set.extend(part);
    }
    Ok(set)
}

/// The method `diff`.
pub(super) fn diff(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let mut reader = Reader::new(input);
    let count = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
    let first_len = count.saturating_mul(ADDRESS_LEN);
    let second_start = first_len.saturating_add(8);
    let first = list_of(reader.take(first_len)?)?;
    let second = list_of(input.get(second_start..).unwrap_or_default())?;
    let first = set_of(first, budget)?;
    let second = set_of(second, budget)?;
    budget.check()?;

    let both_count = first.intersection(&second).count();
    let (first_count, second_count) = (first.len() - both_count, second.len() - both_count);
    let len = DIFF_HEADER_LEN + (first_count + second_count) * ADDRESS_LEN;
    require(out, len)?;
    for (index, count) in [first_count, second_count, both_count].into_iter().enumerate() {
        out.write(index * 8, &(count as u64).to_le_bytes())?;
    }
    let only = first.difference(&second).chain(second.difference(&first));
    for (index, address) in only.enumerate() {
        if index.is_multiple_of(ADDRESSES_PER_CHECK) {
            budget.check()?;
        }
        out.write(DIFF_HEADER_LEN + index * ADDRESS_LEN, *address)?;
    }
    Ok(len)
}

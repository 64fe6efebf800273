//! Calls that change what is held. Whatever may fail comes first; then the change is made as a
//! whole, so that a call that fails has changed nothing.

use super::address::{ADDRESS_LEN, Address, list_of};
use super::container;
use super::cut::{MIN_CHUNK_LEN, prepare};
use super::entry::{Content, Prepared, Removed};
use super::params::ImportParams;
use super::reading::{MAX_JSON_LEN, finish};
use super::store::Store;
use super::{StorageUnit, refuse_input};
use crate::batch;
use crate::budget::Budget;
use crate::digests;
use crate::error::UnitError;
use crate::output::require;
use crate::schema::{Scalar, write_member};
use crate::unit::Output;

/// Small objects, or addresses, handled between two looks at the budget.
const ITEMS_PER_CHECK: usize = 256;

/// What is hashed with others is not cut.
const _: () = assert!(digests::MAX_TREE_LEN <= MIN_CHUNK_LEN);

/// The method `put`.
pub(super) fn put(
    unit: &StorageUnit,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    require(out, ADDRESS_LEN)?;
    budget.check()?;
    let object = prepare(input, budget)?;
    // The sink first: if it fails, nothing was put.
    out.write(0, object.address.as_bytes())?;
    unit.write().add(&[object])?;
    Ok(ADDRESS_LEN)
}

/// Most bytes of the result of `put_many`.
pub(super) fn put_many_bound(input: &[u8]) -> Result<usize, UnitError> {
    Ok(batch::split(input)?.len().saturating_mul(ADDRESS_LEN))
}

/// The method `put_many`.
pub(super) fn put_many(
    unit: &StorageUnit,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let mut source = batch::split(input)?;
    let count = source.len();
    let len = count.saturating_mul(ADDRESS_LEN);
    require(out, len)?;
    let mut objects: Vec<Prepared<'_>> = Vec::new();
    objects.try_reserve_exact(count).map_err(|_| UnitError::OutOfMemory { len: count })?;
    let mut addresses = Vec::with_capacity(len);
    while source.len() > 0 {
        let block = digests::next_group(&mut source, ITEMS_PER_CHECK);
        budget.check()?;
        // Those that are never cut together; the others look at the budget themselves.
        let small = digests::of_short(&block);
        for (object, address) in block.iter().zip(small) {
            let object = match address {
                Some(digest) => {
                    let address = Address::new(digest);
                    Prepared { address, content: Content::Whole(object) }
                }
                None => prepare(object, budget)?,
            };
            addresses.extend_from_slice(object.address.as_bytes());
            objects.push(object);
        }
    }
    out.write(0, &addresses)?;
    unit.write().add(&objects)?;
    Ok(len)
}

/// The method `import`.
pub(super) fn import(
    unit: &StorageUnit,
    params: &ImportParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    require(out, MAX_JSON_LEN)?;
    let objects = container::read(input, params.max_length, budget)?;
    let added = unit.write().add(&objects)?;
    let mut json = String::from("{");
    let mut count = |name, value| write_member(&mut json, name, Scalar::Unsigned(value));
    count("objects", objects.len() as u64);
    count("new_objects", added.objects);
    count("new_chunks", added.chunks);
    count("new_bytes", added.bytes);
    finish(json, out)
}

/// The methods `has`, `delete`, `pin` and `unpin`: an answer of one byte for each address.
pub(super) fn answers(
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
    mut ask: impl FnMut(&[[u8; ADDRESS_LEN]], &mut Vec<u8>),
) -> Result<usize, UnitError> {
    let list = list_of(input)?;
    require(out, list.len())?;
    let mut answers = Vec::with_capacity(list.len());
    for part in list.chunks(ITEMS_PER_CHECK) {
        budget.check()?;
        ask(part, &mut answers);
    }
    out.write(0, &answers)?;
    Ok(list.len())
}

/// What [`answers`] asks of a store that it may change.
pub(super) fn change(
    unit: &StorageUnit,
    change: impl Fn(&mut Store, Address) -> bool,
) -> impl FnMut(&[[u8; ADDRESS_LEN]], &mut Vec<u8>) {
    move |part, answers| {
        let mut store = unit.write();
        answers.extend(part.iter().map(|bytes| u8::from(change(&mut store, Address::new(*bytes)))));
    }
}

/// The method `gc`.
pub(super) fn gc(
    unit: &StorageUnit,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    refuse_input(input)?;
    require(out, MAX_JSON_LEN)?;
    let Removed { objects, chunks, bytes } = unit.write().gc(budget)?;
    let mut json = String::from("{");
    let mut count = |name, value| write_member(&mut json, name, Scalar::Unsigned(value));
    count("objects", objects);
    count("chunks", chunks);
    count("bytes", bytes);
    finish(json, out)
}

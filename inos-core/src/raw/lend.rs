//! Slices of shared memory, made from a protocol's claim and from nothing else.
//!
//! These functions are safe because of what their arguments prove, and private to the crate
//! because they can't check that a claim belongs to the span it is used with. Each caller
//! keeps both in one struct, made together from one section (**Raw-I4**), and offers slices
//! for cooperative trust only.

use core::ptr::NonNull;

use super::span::Span;
use crate::error::Error;
use crate::protocol::{arena, mpsc, ping_pong, ring};

/// Bytes of claimed ring items, `unit` bytes each, from byte `skip` of the first one.
#[inline]
pub(crate) fn ring_claim_mut<'a>(
    data: &'a Span<'_>,
    claim: &'a mut ring::Claim,
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<&'a mut [u8], Error> {
    data.require_writable()?;
    let pointer = items(data, (claim.start(), claim.count()), unit, skip, len)?;
    // SAFETY: in bounds (`pointer`) and mapped for longer than 'a (Raw-I1). Unaliased: the
    // range lies inside the claim (`inside`), which is this ring's (Raw-I4), belongs to the
    // one holder of the producer role, is unique (not Clone) and borrowed exclusively for 'a;
    // until it is published the cooperative consumer does not read these items.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer.as_ptr(), len) })
}

/// As [`ring_claim_mut`], for reading what was written so far.
#[inline]
pub(crate) fn ring_claim<'a>(
    data: &'a Span<'_>,
    claim: &'a ring::Claim,
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<&'a [u8], Error> {
    let pointer = items(data, (claim.start(), claim.count()), unit, skip, len)?;
    // SAFETY: as in `ring_claim_mut`; the claim is borrowed for 'a, so it makes no `&mut`
    // slice meanwhile.
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), len) })
}

/// Bytes of published ring items, `unit` bytes each, from byte `skip` of the first one.
#[inline]
pub(crate) fn ring_available<'a>(
    data: &'a Span<'_>,
    available: &'a ring::Available,
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<&'a [u8], Error> {
    let pointer = items(data, (available.start(), available.count()), unit, skip, len)?;
    // SAFETY: in bounds and mapped (Raw-I1). Not written during 'a: the range lies inside
    // items that were published and that only the one holder of the consumer role can
    // release, which needs the consumer that the caller keeps borrowed for 'a (Raw-I4).
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), len) })
}

/// Bytes of granules that one producer of many has claimed, from byte `skip` of the first one.
#[inline]
pub(crate) fn shared_claim_mut<'a>(
    data: &'a Span<'_>,
    claim: &'a mut mpsc::Claim,
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<&'a mut [u8], Error> {
    data.require_writable()?;
    let pointer = items(data, (claim.start(), claim.count()), unit, skip, len)?;
    // SAFETY: in bounds (`pointer`) and mapped for longer than 'a (Raw-I1). Unaliased: the
    // range lies inside the claim (`inside`), which is this ring's (Raw-I4), unique (not Clone)
    // and borrowed exclusively for 'a. The claims of one ring are disjoint, and no granule is
    // claimed again or read before the claim is committed or aborted, which consumes it, even
    // if the consumer has given up on it.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer.as_ptr(), len) })
}

/// As [`shared_claim_mut`], for reading what was written so far.
#[inline]
pub(crate) fn shared_claim<'a>(
    data: &'a Span<'_>,
    claim: &'a mpsc::Claim,
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<&'a [u8], Error> {
    let pointer = items(data, (claim.start(), claim.count()), unit, skip, len)?;
    // SAFETY: as in `shared_claim_mut`; the claim is borrowed for 'a, so it makes no `&mut`
    // slice meanwhile.
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), len) })
}

/// Bytes of granules that one producer of many has committed, from byte `skip` of the first one.
#[inline]
pub(crate) fn shared_available<'a>(
    data: &'a Span<'_>,
    available: &'a mpsc::Available,
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<&'a [u8], Error> {
    let pointer = items(data, (available.start(), available.count()), unit, skip, len)?;
    // SAFETY: in bounds and mapped (Raw-I1). Not written during 'a: the range lies inside
    // granules that were committed, which ends the claim they were written by, and that only the
    // one holder of the consumer role gives back, by the cursor that the caller keeps borrowed
    // for 'a (Raw-I4).
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), len) })
}

/// Bytes of the slot that a ping-pong writer has claimed.
#[inline]
pub(crate) fn slot_claim_mut<'a>(
    slots: &'a Span<'_>,
    claim: &'a mut ping_pong::Claim,
    stride: usize,
    len: usize,
) -> Result<&'a mut [u8], Error> {
    inside(0, len, stride)?;
    slots.require_writable()?;
    let pointer = slots.pointer(claim.slot() as usize * stride, len)?;
    // SAFETY: in bounds and mapped (Raw-I1). Unaliased: the claim is unique and borrowed
    // exclusively for 'a; the protocol gave it out because no seat pins the slot, and none
    // will, since it is marked BUSY (Raw-I4); observers are excluded by the buffer's mode.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer.as_ptr(), len) })
}

/// Proof that nobody writes a slot for as long as it is borrowed: a pin, or the writer's own
/// newest frame.
#[derive(Debug)]
pub(crate) struct Pinned {
    /// Index of the slot.
    pub(crate) slot: u32,
    /// Bytes of the frame in it.
    pub(crate) len: usize,
}

/// Bytes of a frame that can't be overwritten while `pinned` is borrowed.
#[inline]
pub(crate) fn frame<'a>(
    slots: &'a Span<'_>,
    pinned: &'a Pinned,
    stride: usize,
) -> Result<&'a [u8], Error> {
    inside(0, pinned.len, stride)?;
    let pointer = slots.pointer(pinned.slot as usize * stride, pinned.len)?;
    // SAFETY: in bounds and mapped (Raw-I1). Not written during 'a: a pinned slot, and the
    // newest one, is never claimed by the cooperative writer before the pin is dropped or the
    // writer publishes again, both of which need the handle borrowed for 'a (Raw-I4).
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), pinned.len) })
}

/// Bytes of an arena's block, in pages of `page_len` bytes that begin at `pages`.
#[inline]
pub(crate) fn block<'a>(
    arena: &'a Span<'_>,
    pages: usize,
    claim: &'a arena::Claim,
    page_len: u32,
) -> Result<&'a [u8], Error> {
    let (pointer, len) = block_at(arena, pages, claim, page_len)?;
    // SAFETY: as in `block_mut`; the claim is borrowed for 'a, so it makes no `&mut` slice
    // meanwhile.
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), len) })
}

/// As [`block`], for writing.
#[inline]
pub(crate) fn block_mut<'a>(
    arena: &'a Span<'_>,
    pages: usize,
    claim: &'a mut arena::Claim,
    page_len: u32,
) -> Result<&'a mut [u8], Error> {
    arena.require_writable()?;
    let (pointer, len) = block_at(arena, pages, claim, page_len)?;
    // SAFETY: in bounds and mapped (Raw-I1). Unaliased: the claim is this arena's (Raw-I4),
    // unique (not Clone) and borrowed exclusively for 'a; the protocol gives each byte to one
    // claim at a time, and keeps it until the claim is released or handed over, which consumes
    // the block that the caller keeps both in.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer.as_ptr(), len) })
}

#[inline]
fn block_at(
    arena: &Span<'_>,
    pages: usize,
    claim: &arena::Claim,
    page_len: u32,
) -> Result<(NonNull<u8>, usize), Error> {
    // The pages are mapped, so what lies in them has a `usize`.
    let (offset, len) = (
        claim.page() as usize * page_len as usize + claim.start() as usize,
        claim.byte_len(page_len) as usize,
    );
    Ok((arena.pointer(pages.saturating_add(offset), len)?, len))
}

/// The address of `len` bytes, `skip` bytes into a run of ring items, all of them inside it.
#[inline]
fn items(
    data: &Span<'_>,
    (start, count): (u32, u32),
    unit: usize,
    skip: usize,
    len: usize,
) -> Result<NonNull<u8>, Error> {
    inside(skip, len, count as usize * unit)?;
    data.pointer(start as usize * unit + skip, len)
}

/// Copies as much as both have. Unlike `copy_from_slice` it has no path that panics, which a
/// compiler that optimises for size keeps even where the lengths are known to be equal.
#[inline]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    let len = to.len().min(from.len());
    // SAFETY: both have `len` bytes; they do not overlap, one being borrowed exclusively.
    unsafe { core::ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), len) }
}

#[inline]
fn inside(skip: usize, len: usize, size: usize) -> Result<(), Error> {
    match skip.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Error::OutOfBounds { offset: skip as u64, len: len as u64 }),
    }
}

//! Rings: one record, batches, drains; by copies and in place.

use std::mem;

use inos_core::{Batched, Consumer, Cooperative, Error, Popped, Producer, RingBuffer, SectionId};

use super::world::{World, fill, filled, holds};
use super::{Context, Door, Finish, MAX_LEN, keep, one};
use crate::bytes::Bytes;

pub(super) struct Rings<'m, T: Door> {
    producers: Vec<(SectionId, Producer<'m, T>)>,
    batched: Vec<(SectionId, Batched<'m, T>)>,
    consumers: Vec<(SectionId, Consumer<'m, T>)>,
}

impl<T: Door> Default for Rings<'_, T> {
    fn default() -> Self {
        Self { producers: Vec::new(), batched: Vec::new(), consumers: Vec::new() }
    }
}

/// The number of the next record.
fn next(world: &World, id: SectionId) -> u32 {
    world.rings.borrow_mut().entry(id).or_default().pushed.wrapping_add(1)
}

/// So many records more.
fn pushed(world: &World, id: SectionId, count: u32) {
    let mut rings = world.rings.borrow_mut();
    let stream = rings.entry(id).or_default();
    stream.pushed = stream.pushed.wrapping_add(count);
}

/// A record is the next one, and whole.
fn popped(world: &World, id: SectionId, tag: u32, record: &[u8]) {
    if !world.is_known() {
        return;
    }
    let mut rings = world.rings.borrow_mut();
    let stream = rings.entry(id).or_default();
    assert!(holds(tag, record), "a torn record in a ring");
    let missing = tag.wrapping_sub(stream.popped).wrapping_sub(1);
    assert!(missing <= stream.lost, "record {tag} after {}", stream.popped);
    stream.lost -= missing;
    stream.popped = tag;
}

fn length(bytes: &mut Bytes<'_>) -> usize {
    match bytes.u8() {
        255 => usize::from(bytes.u16()) % MAX_LEN,
        len => usize::from(len),
    }
}

impl<'m, T: Door> Rings<'m, T> {
    pub(super) fn open(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        let Some(ring) = at.world.see(RingBuffer::open(at.sections, id)) else { return };
        assert!(ring.max_record_len() < ring.capacity_len());
        if let Some(producer) = at.world.see(ring.producer()) {
            keep(&mut self.producers, (id, producer));
        }
        if let Some(consumer) = at.world.see(ring.consumer()) {
            keep(&mut self.consumers, (id, consumer));
        }
    }

    pub(super) fn write(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 6 {
            0 | 1 => self.push(world, bytes),
            2 => self.batch(world, bytes),
            3 => {
                if let Some((id, producer)) = self.producers.pop() {
                    keep(&mut self.batched, (id, producer.batched(u32::from(bytes.u8() % 8))));
                }
            }
            4 => self.stage(world, bytes),
            _ => {
                if let Some((id, batched)) = self.batched.pop() {
                    keep(&mut self.producers, (id, batched.into_producer()));
                }
            }
        }
    }

    fn push(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let len = length(bytes);
        let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
        let tag = next(world, *id);
        if world.see(producer.push(tag, &filled(tag, len))).is_some() {
            pushed(world, *id, 1);
        }
    }

    fn stage(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let len = length(bytes);
        let Some((id, batched)) = one(&mut self.batched, bytes) else { return };
        if len == 1 {
            batched.flush();
            assert_eq!(batched.pending(), 0);
        }
        let tag = next(world, *id);
        if world.see(batched.push(tag, &filled(tag, len))).is_some() {
            pushed(world, *id, 1);
        }
    }

    fn batch(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (count, len) = (bytes.word(), length(bytes));
        let finish = Finish::of(bytes);
        let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
        let first = next(world, *id);
        let Some(mut batch) = world.see(producer.try_claim_batch(count, len)) else { return };
        // One more than there is room for.
        for tag in (first..).take(count.min(64) as usize + 1) {
            // Some take less than was claimed.
            let len = len.saturating_sub(tag as usize % 3);
            if world.see(batch.push(tag, &filled(tag, len))).is_none() {
                break;
            }
        }
        let written = batch.count();
        assert!(written >= count.min(64));
        if finish == Finish::Commit {
            assert_eq!(batch.commit(), written);
            pushed(world, *id, written);
        }
    }

    pub(super) fn read(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let many = bytes.u8().is_multiple_of(4);
        let mut out = vec![0; length(bytes)];
        let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
        let check = |out: &[u8], Popped { tag, len }| popped(world, *id, tag, &out[..len]);
        if !many {
            if let Some(found) = world.see(consumer.pop(&mut out)) {
                check(&out, found);
            }
            return;
        }
        let some = usize::from(bytes.u8());
        let Some(mut records) = world.see(consumer.drain()) else { return };
        for _ in 0..some {
            let Some(found) = world.see(records.pop(&mut out)) else { break };
            check(&out, found);
        }
    }

    pub(super) fn forget(&mut self, choice: u8) {
        match choice % 3 {
            0 => drop(self.producers.pop()),
            1 => drop(self.batched.pop()),
            _ => drop(self.consumers.pop()),
        }
    }

    pub(super) fn die(&mut self, world: &World) {
        self.producers.drain(..).for_each(mem::forget);
        self.consumers.drain(..).for_each(mem::forget);
        for (id, batched) in self.batched.drain(..) {
            world.rings.borrow_mut().entry(id).or_default().lost += batched.pending();
            mem::forget(batched);
        }
    }
}

/// Claimed space, borrowed.
impl Rings<'_, Cooperative> {
    pub(super) fn in_place(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 5 {
            0 => self.grant(world, bytes),
            1 => {
                let finish = Finish::of(bytes);
                let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
                let Some(record) = world.see(consumer.read()) else { return };
                if finish == Finish::Forget {
                    // Not consumed.
                    return mem::forget(record);
                }
                popped(world, *id, record.tag(), &record);
            }
            2 => {
                let some = usize::from(bytes.u8());
                let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
                let Some(mut records) = world.see(consumer.drain()) else { return };
                for _ in 0..some {
                    let Some(record) = world.see(records.read()) else { break };
                    popped(world, *id, record.tag(), &record);
                }
            }
            3 => {
                let len = length(bytes);
                let Some((id, batched)) = one(&mut self.batched, bytes) else { return };
                let tag = next(world, *id);
                let result = batched.push_with(tag, len, |space| {
                    assert_eq!(space.len(), len);
                    fill(tag, space);
                });
                if world.see(result).is_some() {
                    pushed(world, *id, 1);
                }
            }
            _ => {
                let (count, len) = (u32::from(bytes.u8() % 8), length(bytes));
                let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
                let first = next(world, *id);
                let batch = producer.try_claim_batch(count, len);
                let Some(mut batch) = world.see(batch) else { return };
                for tag in (first..).take(count as usize) {
                    let space = batch.push_mut(tag, len).expect("as claimed");
                    fill(tag, space);
                }
                assert_eq!(batch.push_mut(0, 8).err(), Some(Error::Full));
                pushed(world, *id, batch.commit());
            }
        }
    }

    fn grant(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (len, less) = (length(bytes), usize::from(bytes.u8()));
        let finish = Finish::of(bytes);
        let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
        let tag = next(world, *id);
        let Some(mut grant) = world.see(producer.try_claim(len)) else { return };
        assert_eq!((grant.len(), grant.iter().len()), (len, len));
        grant.truncate(less);
        assert_eq!(grant.len(), len.min(less));
        fill(tag, &mut grant);
        if finish == Finish::Commit {
            grant.commit(tag);
            pushed(world, *id, 1);
        }
    }
}

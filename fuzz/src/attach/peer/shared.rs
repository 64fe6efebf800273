//! Rings of many producers: records, batches, claims that hold others up.

use std::mem;

use inos_core::{Cooperative, Error, MpscConsumer, MpscProducer, MpscRing, Popped, SectionId};

use super::world::{World, fill, filled, holds};
use super::{Context, Door, Finish, keep, one};
use crate::bytes::Bytes;

pub(super) struct Shared<'m, T: Door> {
    producers: Vec<(SectionId, MpscProducer<'m, T>)>,
    consumers: Vec<(SectionId, MpscConsumer<'m, T>)>,
}

impl<T: Door> Default for Shared<'_, T> {
    fn default() -> Self {
        Self { producers: Vec::new(), consumers: Vec::new() }
    }
}

fn pushed(world: &World, id: SectionId, tags: impl IntoIterator<Item = u32>) {
    world.shared.borrow_mut().entry(id).or_default().extend(tags);
}

/// A record is the next one in the order of claims, and whole.
fn popped(world: &World, id: SectionId, tag: u32, record: &[u8]) {
    if world.is_known() {
        let next = world.shared.borrow_mut().entry(id).or_default().pop_front();
        assert_eq!(next, Some(tag));
        assert!(holds(tag, record), "a torn record in a shared ring");
    }
}

impl<'m, T: Door> Shared<'m, T> {
    pub(super) fn open(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        let Some(ring) = at.world.see(MpscRing::open(at.sections, id)) else { return };
        assert!(ring.max_record_len() < ring.config().capacity as usize * 8);
        for _ in 0..2 {
            let Some(producer) = at.world.see(ring.producer()) else { break };
            let holder = ring.seat_holder(producer.seat());
            assert!(!at.world.is_known() || holder == Ok(Some(at.sections.party())));
            keep(&mut self.producers, (id, producer));
        }
        assert!(ring.seat_holder(ring.config().seats).is_err());
        if let Some(consumer) = at.world.see(ring.consumer()) {
            keep(&mut self.consumers, (id, consumer));
        }
    }

    pub(super) fn work(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 8 {
            0 => {
                let len = usize::from(bytes.u8());
                let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
                let tag = world.seed();
                if world.see(producer.push(tag, &filled(tag, len))).is_some() {
                    pushed(world, *id, [tag]);
                }
            }
            1 => {
                let (count, len) = (bytes.u8() % 12, usize::from(bytes.u8() % 32));
                let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
                let tags: Vec<_> = (0..count).map(|_| world.seed()).collect();
                let records: Vec<_> = tags.iter().map(|&tag| (tag, filled(tag, len))).collect();
                let records = records.iter().map(|(tag, record)| (*tag, &record[..]));
                if world.see(producer.push_batch(records)).is_some() {
                    pushed(world, *id, tags);
                }
            }
            2 => self.batch(world, bytes),
            3 | 4 => self.read(world, bytes),
            5 => self.hold_up(world, bytes),
            6 => {
                let Some((_, consumer)) = one(&mut self.consumers, bytes) else { return };
                world.see(consumer.release());
            }
            _ => {
                let seat = bytes.word();
                let Some((_, consumer)) = one(&mut self.consumers, bytes) else { return };
                let seat = consumer.waits_for().unwrap_or(seat);
                world.see(consumer.suspect(seat));
            }
        }
    }

    fn batch(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (len, each) = (usize::from(bytes.u8()), usize::from(bytes.u8() % 40));
        let finish = Finish::of(bytes);
        let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
        let Some(mut batch) = world.see(producer.try_claim_batch(len)) else { return };
        let (room, needed) = (batch.room_len(), MpscProducer::<T>::batch_len(each));
        assert!(room >= len);
        let mut tags = Vec::new();
        loop {
            let tag = world.seed();
            match batch.push(tag, &filled(tag, each)) {
                Ok(()) => tags.push(tag),
                Err(error) => break assert!(matches!(error, Error::TooLarge { .. })),
            }
        }
        // Also at the size of the longest record.
        assert_eq!(batch.room_len(), room - tags.len() * needed);
        match finish {
            Finish::Commit => {
                if world.see(batch.commit()).is_some() {
                    pushed(world, *id, tags);
                }
            }
            Finish::Drop => batch.abort(),
            // In the way until its producer claims again, or goes.
            Finish::Forget => mem::forget(batch),
        }
    }

    fn read(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let some = usize::from(bytes.u8() % 8);
        let mut out = vec![0; usize::from(bytes.u8())];
        let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
        if some == 0 {
            if let Some(Popped { tag, len }) = world.see(consumer.pop(&mut out)) {
                popped(world, *id, tag, &out[..len]);
            }
            return;
        }
        let mut count = 0;
        let drained = consumer.drain_into(some, &mut out, |tag, record| {
            count += 1;
            popped(world, *id, tag, record);
        });
        assert_eq!(world.see(drained).unwrap_or(0), count);
    }

    /// One producer claims and does not commit yet; another is faster.
    fn hold_up(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let gives_up = bytes.u8().is_multiple_of(2);
        let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
        let mut producers = self.producers.iter_mut().filter(|(other, _)| other == id);
        let (Some((_, slow)), Some((_, fast))) = (producers.next(), producers.next()) else {
            return;
        };
        let (first, second) = (world.seed(), world.seed());
        let seat = slow.seat();
        let Some(mut batch) = world.see(slow.try_claim_batch(16)) else { return };
        if world.see(batch.push(first, &filled(first, 8))).is_none() {
            return;
        }
        let is_second = world.see(fast.push(second, &filled(second, 4))).is_some();
        if gives_up {
            let given_up = world.see(consumer.suspect(seat));
            assert!(!world.is_known() || given_up == Some(true));
            let committed = batch.commit();
            assert!(!world.is_known() || committed == Err(Error::Fenced));
        } else if world.see(batch.commit()).is_some() {
            pushed(world, *id, [first]);
        }
        pushed(world, *id, is_second.then_some(second));
    }

    pub(super) fn forget(&mut self, choice: u8) {
        if choice.is_multiple_of(2) {
            drop(self.producers.pop());
        } else {
            drop(self.consumers.pop());
        }
    }

    pub(super) fn die(&mut self) {
        self.producers.drain(..).for_each(mem::forget);
        self.consumers.drain(..).for_each(mem::forget);
    }
}

/// Claimed space, borrowed.
impl Shared<'_, Cooperative> {
    pub(super) fn in_place(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (choice, len) = (bytes.u8() % 4, usize::from(bytes.u8()));
        let finish = Finish::of(bytes);
        match choice {
            0 => {
                let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
                let Some(mut grant) = world.see(producer.try_claim(len)) else { return };
                assert_eq!(grant.len(), len);
                let tag = world.seed();
                fill(tag, &mut grant);
                match finish {
                    Finish::Commit => {
                        if world.see(grant.commit(tag)).is_some() {
                            pushed(world, *id, [tag]);
                        }
                    }
                    Finish::Drop => grant.abort(),
                    Finish::Forget => mem::forget(grant),
                }
            }
            1 => {
                let Some((id, producer)) = one(&mut self.producers, bytes) else { return };
                let Some(mut batch) = world.see(producer.try_claim_batch(len)) else { return };
                let mut tags = Vec::new();
                while let Ok(space) = batch.push_mut(world.seed() + 1, len / 3) {
                    let tag = world.seed();
                    fill(tag, space);
                    tags.push(tag);
                }
                if finish == Finish::Commit && world.see(batch.commit()).is_some() {
                    pushed(world, *id, tags);
                }
            }
            2 => {
                let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
                let Some(record) = world.see(consumer.read()) else { return };
                if finish == Finish::Forget {
                    // Not consumed.
                    return mem::forget(record);
                }
                popped(world, *id, record.tag(), &record);
            }
            _ => {
                let Some((id, consumer)) = one(&mut self.consumers, bytes) else { return };
                let mut count = 0;
                let drained = consumer.drain(len, |tag, record| {
                    count += 1;
                    popped(world, *id, tag, record);
                });
                assert_eq!(world.see(drained).unwrap_or(0), count);
            }
        }
    }
}

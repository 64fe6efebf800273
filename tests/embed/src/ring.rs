//! Rings of one producer and one consumer.

use inos_core::{
    Consumer, Cooperative, Error, Grant, Producer, Record, RingBuffer, SectionId, Sections, Trust,
};

use crate::{Input, used};

/// By copies.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let ring = RingBuffer::open(sections, SectionId(input.number()))?;
    used((RingBuffer::capacity_len(&ring), RingBuffer::max_record_len(&ring)));
    let mut producer = RingBuffer::producer(&ring)?;
    let mut consumer = RingBuffer::consumer(&ring)?;
    used((Producer::max_record_len(&producer), Consumer::max_record_len(&consumer)));
    used(Producer::push(&mut producer, input.number(), input.bytes()));
    used(Consumer::pop(&mut consumer, input.buffer()));
    Ok(())
}

/// In place.
#[inline(never)]
pub fn in_place(sections: &Sections<'_, Cooperative>, input: &Input<'_>) -> Result<(), Error> {
    let ring = RingBuffer::open(sections, SectionId(input.number()))?;
    let mut producer = RingBuffer::producer(&ring)?;
    let mut consumer = RingBuffer::consumer(&ring)?;
    drop(Producer::try_claim(&mut producer, input.length())?);
    let mut grant = Producer::try_claim(&mut producer, input.length())?;
    used(grant.first());
    grant.fill(input.number() as u8);
    Grant::commit(grant, input.number());
    let record = Consumer::read(&mut consumer)?;
    used((Record::tag(&record), record.first()));
    Ok(())
}

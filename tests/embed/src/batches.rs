//! Rings of one producer and one consumer, many records at a time.

use inos_core::{
    Batch, Batched, Consumer, Cooperative, Drain, Drained, Error, Grant, Producer, RingBuffer,
    SectionId, Sections, Trust,
};

use crate::{Input, used};

/// By copies.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let ring = RingBuffer::open(sections, SectionId(input.number()))?;
    let (mut producer, consumer) = (RingBuffer::producer(&ring)?, RingBuffer::consumer(&ring)?);
    drop(Producer::try_claim_batch(&mut producer, input.number(), input.length())?);
    let mut batch = Producer::try_claim_batch(&mut producer, input.number(), input.length())?;
    used(Batch::push(&mut batch, input.number(), input.bytes()));
    used(Batch::count(&batch));
    used(Batch::commit(batch));
    let mut batched = Producer::batched(producer, input.number());
    used(Batched::max_record_len(&batched));
    used(Batched::push(&mut batched, input.number(), input.bytes()));
    used(Batched::pending(&batched));
    Batched::flush(&mut batched);
    drop(Batched::into_producer(batched));
    let mut consumer = Consumer::gathering(consumer, input.number());
    let mut drain = Consumer::drain(&mut consumer)?;
    used(Drain::pop(&mut drain, input.buffer()));
    Ok(())
}

/// In place.
#[inline(never)]
pub fn in_place(sections: &Sections<'_, Cooperative>, input: &Input<'_>) -> Result<(), Error> {
    let ring = RingBuffer::open(sections, SectionId(input.number()))?;
    let (mut producer, mut consumer) = (RingBuffer::producer(&ring)?, RingBuffer::consumer(&ring)?);
    let mut grant = Producer::try_claim(&mut producer, input.length())?;
    Grant::truncate(&mut grant, input.length());
    Grant::commit(grant, input.number());
    let mut batch = Producer::try_claim_batch(&mut producer, input.number(), input.length())?;
    let bytes = Batch::push_mut(&mut batch, input.number(), input.length())?;
    bytes.fill(input.number() as u8);
    used(Batch::commit(batch));
    let mut batched = Producer::batched(producer, input.number());
    let byte = input.number() as u8;
    used(Batched::push_with(&mut batched, input.number(), input.length(), |to| to.fill(byte)));
    drop(batched);
    let mut drain = Consumer::drain(&mut consumer)?;
    let record = Drain::read(&mut drain)?;
    used((Drained::tag(&record), record.first()));
    Ok(())
}

/// Without leases.
#[inline(never)]
pub fn split(memory: &mut [u8], input: &Input<'_>) -> Result<(), Error> {
    let (mut producer, consumer) = RingBuffer::split(memory, SectionId(input.number()))?;
    used(Producer::push(&mut producer, input.number(), input.bytes()));
    used(Consumer::max_record_len(&consumer));
    Ok(())
}

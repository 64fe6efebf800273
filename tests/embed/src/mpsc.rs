//! Rings of many producers.

use inos_core::{
    Cooperative, Error, MpscBatch, MpscConsumer, MpscGrant, MpscProducer, MpscRecord, MpscRing,
    SectionId, Sections, Trust,
};

use crate::{Input, used};

/// By copies.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let ring = MpscRing::open(sections, SectionId(input.number()))?;
    used((MpscRing::config(&ring), MpscRing::max_record_len(&ring)));
    used(MpscRing::seat_holder(&ring, input.number()));
    let mut producer = MpscRing::producer(&ring)?;
    let mut consumer = MpscConsumer::gathering(MpscRing::consumer(&ring)?, input.number());
    used((MpscProducer::max_record_len(&producer), MpscProducer::max_batch_len(&producer)));
    used((MpscProducer::<T>::batch_len(input.length()), MpscProducer::seat(&producer)));
    used(MpscProducer::push(&mut producer, input.number(), input.bytes()));
    let records = [(input.number(), input.bytes()), (input.number(), input.bytes())];
    used(MpscProducer::push_batch(&mut producer, records));
    MpscBatch::abort(MpscProducer::try_claim_batch(&mut producer, input.length())?);
    let mut batch = MpscProducer::try_claim_batch(&mut producer, input.length())?;
    used(MpscBatch::push(&mut batch, input.number(), input.bytes()));
    used(MpscBatch::room_len(&batch));
    used(MpscBatch::commit(batch));
    used(MpscConsumer::max_record_len(&consumer));
    used(MpscConsumer::pop(&mut consumer, input.buffer()));
    let limit = input.length();
    used(MpscConsumer::drain_into(&mut consumer, limit, input.buffer(), |tag, bytes| {
        used((tag, bytes.first()));
    }));
    used(MpscConsumer::waits_for(&consumer));
    used(MpscConsumer::suspect(&mut consumer, input.number()));
    used(MpscConsumer::release(&mut consumer));
    Ok(())
}

/// In place.
#[inline(never)]
pub fn in_place(sections: &Sections<'_, Cooperative>, input: &Input<'_>) -> Result<(), Error> {
    let ring = MpscRing::open(sections, SectionId(input.number()))?;
    let mut producer = MpscRing::producer(&ring)?;
    let mut consumer = MpscRing::consumer(&ring)?;
    MpscGrant::abort(MpscProducer::try_claim(&mut producer, input.length())?);
    let mut grant = MpscProducer::try_claim(&mut producer, input.length())?;
    used(grant.first());
    grant.fill(input.number() as u8);
    used(MpscGrant::commit(grant, input.number()));
    let mut batch = MpscProducer::try_claim_batch(&mut producer, input.length())?;
    MpscBatch::push_mut(&mut batch, input.number(), input.length())?.fill(7);
    used(MpscBatch::commit(batch));
    let record = MpscConsumer::read(&mut consumer)?;
    used((MpscRecord::tag(&record), record.first()));
    drop(record);
    used(MpscConsumer::drain(&mut consumer, input.length(), |tag, bytes| {
        used((tag, bytes.first()));
    }));
    Ok(())
}

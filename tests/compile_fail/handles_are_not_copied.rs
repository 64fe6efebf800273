//! Who holds a role, a claim, a pin, a seat or a region is one.
use inos_core::protocol::{arena, lane, ping_pong, ring, role};
use inos_core::*;

fn is_clone<T: Clone>() {}

pub fn case() {
    is_clone::<Region<'_, Cooperative>>(); //~ E0277
    is_clone::<Producer<'_, Cooperative>>(); //~ E0277
    is_clone::<Consumer<'_, Hostile>>(); //~ E0277
    is_clone::<Grant<'_, '_>>(); //~ E0277
    is_clone::<Record<'_, '_>>(); //~ E0277
    is_clone::<Writer<'_, Cooperative>>(); //~ E0277
    is_clone::<Back<'_, '_, Hostile>>(); //~ E0277
    is_clone::<Reader<'_>>(); //~ E0277
    is_clone::<Front<'_, '_>>(); //~ E0277
    is_clone::<Batch<'_, '_, Cooperative>>(); //~ E0277
    is_clone::<Batched<'_, Hostile>>(); //~ E0277
    is_clone::<Drain<'_, '_, Hostile>>(); //~ E0277
    is_clone::<Drained<'_, '_>>(); //~ E0277
    is_clone::<Transmitter<'_>>(); //~ E0277
    is_clone::<Draft<'_, '_>>(); //~ E0277
    is_clone::<TwinWriter<'_>>(); //~ E0277
    is_clone::<Counter<'_>>(); //~ E0277
    is_clone::<MpscProducer<'_, Cooperative>>(); //~ E0277
    is_clone::<MpscConsumer<'_, Hostile>>(); //~ E0277
    is_clone::<MpscGrant<'_, '_>>(); //~ E0277
    is_clone::<MpscBatch<'_, '_, Hostile>>(); //~ E0277
    is_clone::<MpscRecord<'_, '_>>(); //~ E0277
    is_clone::<Client<'_, Cooperative>>(); //~ E0277
    is_clone::<Service<'_, Cooperative>>(); //~ E0277
    is_clone::<Party<'_, Cooperative, ()>>(); //~ E0277
    is_clone::<Block<'_, Hostile>>(); //~ E0277
    is_clone::<role::Lease>(); //~ E0277
    is_clone::<ring::Claim>(); //~ E0277
    is_clone::<ping_pong::Claim>(); //~ E0277
    is_clone::<arena::Claim>(); //~ E0277
    is_clone::<lane::Run>(); //~ E0277
    is_clone::<Sections<'_, Cooperative>>();
}

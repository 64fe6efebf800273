//! One transmitter that never waits, and receivers that may lose.

use inos_core::{Broadcast, Draft, Error, Receiver, SectionId, Sections, Transmitter, Trust};

use crate::{Input, used};

/// Sends and receives.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let broadcast = Broadcast::open(sections, SectionId(input.number()))?;
    used((Broadcast::capacity_len(&broadcast), Broadcast::max_record_len(&broadcast)));
    let mut receiver = Broadcast::receiver(&broadcast)?;
    let mut transmitter = Broadcast::transmitter(&broadcast)?;
    used((Transmitter::max_record_len(&transmitter), Receiver::max_record_len(&receiver)));
    used(Transmitter::send(&mut transmitter, input.number(), input.bytes()));
    drop(Transmitter::draft(&mut transmitter, input.length())?);
    let mut draft = Transmitter::draft(&mut transmitter, input.length())?;
    used(Draft::write(&mut draft, input.length(), input.bytes()));
    used(Draft::send(draft, input.number()));
    used(Receiver::receive(&mut receiver, input.buffer()));
    used(Broadcast::receiver_from_newest(&broadcast)?);
    Ok(())
}

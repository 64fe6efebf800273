//! Broadcasts: drafts that are sent or not, receivers that miss some.

use std::mem;

use inos_core::{Broadcast, Receiver, SectionId, Transmitter};

use super::world::{World, filled, holds};
use super::{Context, Door, Finish, keep, one};
use crate::bytes::Bytes;

#[derive(Default)]
pub(super) struct Broadcasts<'m> {
    transmitters: Vec<(SectionId, Transmitter<'m>)>,
    /// With the number of the record received last.
    receivers: Vec<(SectionId, Receiver<'m>, u32)>,
}

impl<'m> Broadcasts<'m> {
    pub(super) fn open<T: Door>(&mut self, at: Context<'_, 'm, T>, id: SectionId, at_newest: bool) {
        let Some(news) = at.world.see(Broadcast::open(at.sections, id)) else { return };
        assert!(news.max_record_len() < news.capacity_len());
        if let Some(transmitter) = at.world.see(news.transmitter()) {
            keep(&mut self.transmitters, (id, transmitter));
        }
        let sent = at.world.sent.borrow().get(&id).copied().unwrap_or(0);
        let (receiver, last) = if at_newest {
            (news.receiver_from_newest(), sent.saturating_sub(1))
        } else {
            (news.receiver(), sent)
        };
        if let Some(receiver) = at.world.see(receiver) {
            keep(&mut self.receivers, (id, receiver, last));
        }
    }

    pub(super) fn work(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        if bytes.u8().is_multiple_of(2) {
            self.send(world, bytes);
        } else {
            self.receive(world, bytes);
        }
    }

    fn send(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (len, at) = (usize::from(bytes.u8()), bytes.word() as usize);
        let finish = Finish::of(bytes);
        let Some((id, transmitter)) = one(&mut self.transmitters, bytes) else { return };
        let mut sent = world.sent.borrow_mut();
        let sent = sent.entry(*id).or_default();
        let tag = sent.wrapping_add(1);
        let record = filled(tag, len);
        if at == 0 {
            if world.see(transmitter.send(tag, &record)).is_some() {
                *sent = tag;
            }
            return;
        }
        let Some(mut draft) = world.see(transmitter.draft(len)) else { return };
        // Whole, then a piece of the same again, anywhere.
        draft.write(0, &record).expect("as long as the draft");
        let piece = record.get(at..).unwrap_or(&[0; 4]);
        let is_inside = at <= len && at.is_multiple_of(4);
        assert_eq!(draft.write(at, piece).is_ok(), is_inside, "{at} of {len}");
        if finish == Finish::Commit && world.see(draft.send(tag)).is_some() {
            *sent = tag;
        }
    }

    fn receive(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let mut out = vec![0; usize::from(bytes.u8())];
        let copy = bytes.u8().is_multiple_of(8);
        let Some((id, receiver, last)) = one(&mut self.receivers, bytes) else { return };
        if let Some(found) = world.see(receiver.receive(&mut out)) {
            assert!(found.len <= receiver.max_record_len());
            if world.is_known() {
                assert_eq!(found.tag, last.wrapping_add(1).wrapping_add(found.lapped));
                assert!(holds(found.tag, &out[..found.len]), "a torn record of a broadcast");
            }
            *last = found.tag;
        }
        if copy {
            let another = (*id, receiver.clone(), *last);
            keep(&mut self.receivers, another);
        }
    }

    pub(super) fn forget(&mut self, choice: u8) {
        if choice.is_multiple_of(2) {
            drop(self.transmitters.pop());
        } else {
            self.receivers.pop();
        }
    }

    pub(super) fn die(&mut self) {
        self.transmitters.drain(..).for_each(mem::forget);
        self.receivers.drain(..).for_each(mem::forget);
    }
}

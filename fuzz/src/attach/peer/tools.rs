//! What tools read: logs and counters.

use std::mem;

use inos_core::{Counter, CounterId, Counters, Error, Event, Log, LogReader, Reading, SectionId};

use super::world::World;
use super::{Context, Door, keep, one};
use crate::bytes::Bytes;

const LABELS: [&str; 4] =
    ["frames", "", "bytes \u{2192}", "a label of more than 48 bytes, which is too many"];

#[derive(Default)]
pub(super) struct Tools<'m> {
    logs: Vec<(SectionId, Log<'m>)>,
    /// With the number of the last event, if there was one, and what was lost by then.
    readers: Vec<(LogReader<'m>, Option<u32>, u64)>,
    banks: Vec<(SectionId, Counters<'m>)>,
    counters: Vec<(SectionId, Counter<'m>)>,
}

/// The words of event `seed`.
fn text(seed: u32, len: usize) -> String {
    (0..len).map(|index| char::from(b'a' + (seed as usize + index) as u8 % 26)).collect()
}

impl<'m> Tools<'m> {
    pub(super) fn open_log<T: Door>(
        &mut self,
        at: Context<'_, 'm, T>,
        id: SectionId,
        patience: u8,
    ) {
        let Some(log) = at.world.see(Log::open(at.sections, id)) else { return };
        keep(&mut self.logs, (id, log));
        let reader = log.reader(u32::from(patience));
        let lost = reader.lost();
        keep(&mut self.readers, (reader, None, lost));
    }

    pub(super) fn open_counters<T: Door>(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        if let Some(bank) = at.world.see(Counters::open(at.sections, id)) {
            keep(&mut self.banks, (id, bank));
        }
    }

    pub(super) fn log<T: Door>(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        if bytes.u8().is_multiple_of(3) {
            return self.follow(at.world, bytes);
        }
        let (len, level) = (usize::from(bytes.u8() % 80), bytes.u8());
        let Some(&mut (id, log)) = one(&mut self.logs, bytes) else { return };
        let (world, code) = (at.world, at.world.seed());
        let time = u64::from(code) << 31 | u64::from(level);
        let result = log.append(Event { time, level, code, text: &text(code, len) });
        if len > log.config().text_len as usize {
            assert!(matches!(result, Err(Error::TooLarge { .. })));
            return;
        }
        let Some(number) = world.see(result) else { return };
        let before = world.events.borrow_mut().insert(id, number);
        if world.is_known() {
            assert!(before.is_none_or(|before| number == before.wrapping_add(1)));
            assert_eq!(log.dropped(), 0);
        }
    }

    fn follow(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let mut out = vec![0; usize::from(bytes.u8() % 80)];
        let Some((reader, last, lost_then)) = one(&mut self.readers, bytes) else { return };
        let Some(entry) = world.see(reader.next(&mut out)) else { return };
        let room = entry.text_len.min(out.len());
        let found = entry.text(&out);
        let lost = reader.lost();
        if world.is_known() {
            assert_eq!(entry.time, u64::from(entry.code) << 31 | u64::from(entry.level));
            assert!(found == text(entry.code, room), "a torn event");
            // Each event is read, or counted as lost.
            let next = last.map(|last| last.wrapping_add(1 + (lost - *lost_then) as u32));
            assert!(next.is_none_or(|next| next == entry.sequence));
        }
        (*last, *lost_then) = (Some(entry.sequence), lost);
    }

    pub(super) fn count<T: Door>(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        let (choice, count) = (bytes.u8() % 6, bytes.word());
        let world = at.world;
        if choice == 0 {
            let Some((id, counter)) = one(&mut self.counters, bytes) else { return };
            counter.add(count);
            world.count(*id, counter.id(), count);
            let value = world.see(counter.value());
            let key = (*id, counter.id().index, counter.id().generation);
            let expected = world.tally.borrow().get(&key).copied();
            assert!(!world.is_known() || value == expected);
            return;
        }
        let Some(&mut (id, bank)) = one(&mut self.banks, bytes) else { return };
        match choice {
            1 | 2 => {
                let label = LABELS[bytes.index(LABELS.len())];
                let Some(counter) = world.see(bank.allocate(label, count, !count)) else { return };
                let key = (id, counter.id().index, counter.id().generation);
                world.tally.borrow_mut().insert(key, 0);
                if world.is_known() {
                    let Reading { kind, unit, value, owner, .. } =
                        bank.get(counter.id()).expect("just made");
                    assert_eq!((kind, unit, value), (count, !count, 0));
                    assert_eq!(owner, at.sections.party());
                    assert!(bank.find(label).is_some());
                }
                keep(&mut self.counters, (id, counter));
            }
            3 => {
                let known = world.tally.borrow().len();
                let key = world.tally.borrow().keys().nth(bytes.index(known)).copied();
                // Of this bank or of another; still in use or not.
                let (index, generation) =
                    key.map_or_else(|| (bytes.word(), bytes.word()), |(_, at, of)| (at, of));
                let counter = CounterId { index, generation };
                if world.see_id(bank.add(counter, count)).is_some() {
                    world.count(id, counter, count);
                }
            }
            _ => {
                for reading in bank.iter() {
                    let key = (id, reading.id.index, reading.id.generation);
                    let expected = world.tally.borrow().get(&key).copied();
                    assert!(reading.label().len() <= 64);
                    assert!(!world.is_known() || Some(reading.value) == expected);
                }
            }
        }
    }

    pub(super) fn forget(&mut self, choice: u8) {
        if choice.is_multiple_of(3) {
            self.readers.pop();
        } else {
            drop(self.counters.pop());
        }
    }

    pub(super) fn die(&mut self) {
        for (_, counter) in self.counters.drain(..) {
            mem::forget(counter);
        }
    }
}

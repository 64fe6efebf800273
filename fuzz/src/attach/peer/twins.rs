//! Dirty maps and the replicas of their groups.

use std::mem;

use inos_core::{DirtyMap, EpochWatcher, SectionId, Snapshot, Twin, TwinWriter};

use super::world::{World, filled};
use super::{Context, Door, Finish, PARK, keep, one};
use crate::bytes::Bytes;

#[derive(Default)]
pub(super) struct Twins<'m> {
    maps: Vec<(SectionId, DirtyMap<'m>)>,
    writers: Vec<(SectionId, TwinWriter<'m>)>,
    twins: Vec<(SectionId, Twin<'m>, Vec<u8>)>,
}

/// What is in a group now.
fn group<T: Door>(at: Context<'_, '_, T>, map: &DirtyMap<'_>) -> Vec<u8> {
    let config = map.config();
    let run = at.sections.iter().skip_while(|section| section.id() != config.first);
    let mut bytes = Vec::new();
    for section in run.take(config.sections as usize) {
        let start = bytes.len();
        bytes.resize(start + section.len() as usize, 0);
        at.world.see(at.sections.read_raw(section.id(), 0, &mut bytes[start..]));
    }
    bytes
}

impl<'m> Twins<'m> {
    pub(super) fn open<T: Door>(&mut self, at: Context<'_, 'm, T>, id: SectionId) {
        let Some(map) = at.world.see(DirtyMap::open(at.sections, id)) else { return };
        let config = map.config();
        assert!(map.len() <= map.block_count() as usize * config.block_len as usize);
        let range = at.world.see(map.range_of(at.sections, config.first));
        assert!(range.is_some_and(|range| range.start == 0 && range.end <= map.len()));
        keep(&mut self.maps, (id, map));
        keep(&mut self.twins, (id, map.twin(), vec![0; map.len()]));
        if let Some(writer) = at.world.see(map.writer()) {
            keep(&mut self.writers, (id, writer));
        }
    }

    pub(super) fn work<T: Door>(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 6 {
            0 | 1 => self.write(at.world, bytes),
            2 | 3 => self.pull(at, bytes),
            4 => self.push(at, bytes),
            _ => {
                let Some((_, map)) = one(&mut self.maps, bytes) else { return };
                // The buffer may be one too short.
                let mut buffer = vec![0; map.len() - usize::from(bytes.u8() % 2)];
                let Ok(mut snapshot) = Snapshot::new(map.twin(), &mut buffer) else { return };
                assert_eq!(snapshot.bytes(), None);
                if snapshot.pull(u32::from(bytes.u8() % 4)).is_ok() && at.world.is_known() {
                    assert!(snapshot.bytes() == Some(&group(at, map)));
                }
            }
        }
    }

    fn write(&mut self, world: &World, bytes: &mut Bytes<'_>) {
        let (offset, len) = (usize::from(bytes.u16() % 1024), usize::from(bytes.u8()));
        let finish = Finish::of(bytes);
        let Some((_, writer)) = one(&mut self.writers, bytes) else { return };
        let end = writer.unpublished().map(|block| block.end).max();
        world.see(writer.write(offset & !3, &filled(world.seed(), len)));
        world.see(writer.mark(offset, len));
        let last = writer.unpublished().map(|block| block.end).max();
        assert!(last >= end || !world.is_known());
        if finish == Finish::Commit {
            let epoch = writer.publish(&PARK);
            assert!(epoch == writer.epoch());
            assert!(!world.is_known() || writer.unpublished().next().is_none());
        }
    }

    fn pull<T: Door>(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        let tries = u32::from(bytes.u8() % 4);
        let Some((id, twin, replica)) = one(&mut self.twins, bytes) else { return };
        let before = twin.epoch();
        // Ordinary, while a state is being written.
        let Ok(pulled) = twin.pull(replica, tries) else { return };
        assert_eq!(twin.epoch(), Some(pulled.epoch));
        if before == twin.epoch() || !at.world.is_known() {
            return;
        }
        if let Some((_, map)) = self.maps.iter().find(|(other, _)| other == id) {
            assert!(*replica == group(at, map), "a replica of no epoch");
        }
    }

    fn push<T: Door>(&mut self, at: Context<'_, 'm, T>, bytes: &mut Bytes<'_>) {
        let pieces: Vec<_> = (0..bytes.u8() % 4)
            .map(|_| (usize::from(bytes.u16() % 1024), usize::from(bytes.u8() % 80)))
            .collect();
        let Some((_, writer)) = one(&mut self.writers, bytes) else { return };
        let Some((id, twin, replica)) = one(&mut self.twins, bytes) else { return };
        let before = replica.clone();
        for &(offset, len) in &pieces {
            if let Some(piece) = replica.get_mut(offset..offset + len) {
                piece.copy_from_slice(&filled(at.world.seed(), len));
            }
        }
        if twin.push(writer, replica, &pieces, &PARK).is_err() {
            replica.clone_from(&before);
        } else if twin.epoch().is_some() && at.world.is_known() {
            let map = self.maps.iter().find(|(other, _)| other == id);
            assert!(map.is_none_or(|(_, map)| *replica == group(at, map)));
        }
    }

    /// Watchers of the epochs.
    pub(super) fn watchers(&self) -> impl Iterator<Item = EpochWatcher<'m>> {
        self.maps.iter().filter_map(|(_, map)| map.watcher().ok())
    }

    pub(super) fn forget(&mut self, choice: u8) {
        if choice.is_multiple_of(2) {
            drop(self.writers.pop());
        } else {
            drop(self.twins.pop());
        }
    }

    pub(super) fn die(&mut self) {
        self.writers.drain(..).for_each(mem::forget);
    }
}

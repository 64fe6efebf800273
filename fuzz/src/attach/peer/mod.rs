//! Somebody who is attached, and who uses every view in any order.

mod arenas;
mod broadcasts;
mod epochs;
mod frames;
mod lanes;
mod parties;
mod rings;
mod shared;
mod tools;
mod twins;
mod units;
mod world;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use inos_core::defs::{
    KIND_ARENA, KIND_BROADCAST, KIND_COUNTERS, KIND_DIRTY_MAP, KIND_EPOCHS, KIND_LANES, KIND_LOG,
    KIND_MPSC, KIND_PARTIES, KIND_PING_PONG, KIND_RAW, KIND_REGISTRY, KIND_RING,
};
use inos_core::{
    Arena, Block, Broadcast, Cooperative, Counters, DirtyMap, EpochTable, Error, Hostile, Lanes,
    Log, MpscRing, NamedEpochs, Parties, PingPong, Reader, RingBuffer, SectionId, Sections, Spin,
    Trust, UnitRegistry,
};

use self::arenas::Arenas;
use self::broadcasts::Broadcasts;
use self::epochs::Epochs;
use self::frames::Frames;
use self::lanes::Calls;
use self::parties::{Lived, Membership};
use self::rings::Rings;
use self::shared::Shared;
use self::tools::Tools;
use self::twins::Twins;
use self::units::Units;
pub(super) use self::world::World;
use super::lives::Lives;
use crate::bytes::Bytes;

/// Most handles of a kind; with more the oldest are dropped.
const MAX_HANDLE_COUNT: usize = 8;
/// Longest payload, a little more than what fits.
const MAX_LEN: usize = 600;
/// Waits end after a few looks.
const PARK: Spin = Spin { polls: 100 };
const SHORT: Option<Duration> = Some(Duration::from_millis(1));

/// What may change the memory between two calls.
#[derive(Clone, Copy)]
pub(super) enum Poke<'p> {
    Nothing,
    /// A peer that stores anything anywhere, between two calls.
    Words(&'p [AtomicU32]),
    /// A thread that stores anything anywhere, all the time.
    Always,
}

/// How something that was begun ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finish {
    Commit,
    Drop,
    /// Without its drop.
    Forget,
}

impl Finish {
    fn of(bytes: &mut Bytes<'_>) -> Self {
        match bytes.u8() % 8 {
            6 => Self::Drop,
            7 => Self::Forget,
            _ => Self::Commit,
        }
    }
}

/// What one trust can do and the other cannot.
pub(super) trait Door: Trust + Sized {
    /// Uses bytes in place.
    fn in_place(peer: &mut Peer<'_, '_, Self>, bytes: &mut Bytes<'_>);

    /// Takes a seat of a ping-pong buffer.
    fn seat<'m>(buffer: &PingPong<'m, Self>) -> Result<Reader<'m>, Error>;

    /// A block, in place.
    fn bytes_of<'b>(block: &'b Block<'_, Self>) -> Option<&'b [u8]>;
}

/// Where somebody works.
struct Context<'s, 'm, T: Trust> {
    sections: &'s Sections<'m, T>,
    world: &'s World,
}

impl<T: Trust> Clone for Context<'_, '_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Trust> Copy for Context<'_, '_, T> {}

/// The handles that are held.
pub(super) struct Peer<'s, 'm, T: Door> {
    at: Context<'s, 'm, T>,
    lives: Lived<'s>,
    member: Option<&'s dyn Membership>,
    depth: u32,
    epochs: Epochs<'m>,
    rings: Rings<'m, T>,
    shared: Shared<'m, T>,
    broadcasts: Broadcasts<'m>,
    frames: Frames<'m, T>,
    calls: Calls<'m, T>,
    units: Units<'m, T>,
    arenas: Arenas<'m, T>,
    twins: Twins<'m>,
    tools: Tools<'m>,
}

/// One of the handles; `None` if there is none.
fn one<'a, H>(handles: &'a mut [H], bytes: &mut Bytes<'_>) -> Option<&'a mut H> {
    let index = bytes.index(handles.len());
    handles.get_mut(index)
}

fn keep<H>(handles: &mut Vec<H>, handle: H) {
    if handles.len() == MAX_HANDLE_COUNT {
        handles.remove(0);
    }
    handles.push(handle);
}

/// Does with all of an image what the bytes say, one operation after another.
pub(super) fn work<T: Door>(
    sections: &Sections<'_, T>,
    world: &World,
    lives: &Lives,
    bytes: Bytes<'_>,
    poke: Poke<'_>,
) {
    for section in sections.iter() {
        assert!(section.offset() + section.len() <= sections.len() as u64);
        let _ = section.name();
    }
    let mut peer = Peer::new(Context { sections, world }, lives);
    for id in sections.iter().map(|section| section.id()) {
        // Everything is opened at least once, whatever the bytes say.
        peer.open(id, &mut Bytes::new(&[]), poke);
    }
    peer.operations(bytes, poke);
    peer.arenas.finish(world);
}

impl<'s, 'm, T: Door> Peer<'s, 'm, T> {
    fn new(at: Context<'s, 'm, T>, lives: Lived<'s>) -> Self {
        Self {
            at,
            lives,
            member: None,
            depth: 0,
            epochs: Epochs::default(),
            rings: Rings::default(),
            shared: Shared::default(),
            broadcasts: Broadcasts::default(),
            frames: Frames::default(),
            calls: Calls::default(),
            units: Units::default(),
            arenas: Arenas::default(),
            twins: Twins::default(),
            tools: Tools::default(),
        }
    }

    fn operations(&mut self, mut bytes: Bytes<'_>, poke: Poke<'_>) {
        while !bytes.is_empty() && self.at.world.operate() {
            self.operate(&mut bytes, poke);
        }
    }

    fn operate(&mut self, bytes: &mut Bytes<'_>, poke: Poke<'_>) {
        let (at, world) = (self.at, self.at.world);
        match bytes.u8() % 25 {
            0 | 1 => {
                let count = at.sections.iter().count();
                let index = bytes.index(count);
                let id = at.sections.iter().nth(index).map_or(SectionId(99), |found| found.id());
                self.open(id, bytes, poke);
            }
            2 => self.epochs.work(world, bytes),
            3 | 4 => self.rings.write(world, bytes),
            5 => self.rings.read(world, bytes),
            6 => self.frames.write(world, bytes),
            7 => self.frames.read(world, bytes),
            8 | 9 => self.calls.call(world, bytes),
            10 | 11 => self.calls.serve(world, bytes),
            12 => {
                let (counter, watcher) = self.units.work(world, bytes);
                counter.into_iter().for_each(|counter| keep(&mut self.epochs.counters, counter));
                watcher.into_iter().for_each(|watcher| keep(&mut self.epochs.watchers, watcher));
            }
            13 => self.raw(bytes),
            14 => self.forget(bytes),
            15 => self.poke(bytes, poke),
            16 => T::in_place(self, bytes),
            17 | 18 => self.arenas.work(at, bytes),
            19 => self.broadcasts.work(world, bytes),
            20 => self.twins.work(at, bytes),
            21 => self.tools.log(at, bytes),
            22 => self.tools.count(at, bytes),
            23 => match self.member {
                Some(member) if bytes.u8().is_multiple_of(2) => {
                    world.see(member.reap());
                }
                _ => {
                    let watchers = self.calls.watchers().chain(self.twins.watchers());
                    watchers.for_each(|watcher| keep(&mut self.epochs.watchers, watcher));
                }
            },
            _ => self.shared.work(world, bytes),
        }
    }

    fn open(&mut self, id: SectionId, bytes: &mut Bytes<'_>, poke: Poke<'_>) {
        let at = self.at;
        let Ok(section) = at.sections.section(id) else { return };
        let kind = section.kind();
        match kind {
            KIND_EPOCHS => self.epochs.open(at, id, bytes.word()),
            KIND_RING => self.rings.open(at, id),
            KIND_MPSC => self.shared.open(at, id),
            KIND_BROADCAST => {
                let at_newest = !bytes.u8().is_multiple_of(2);
                self.broadcasts.open(at, id, at_newest);
            }
            KIND_PING_PONG => self.frames.open(at, id),
            KIND_LANES => self.calls.open(at, id),
            KIND_REGISTRY => self.units.open(at, id),
            KIND_ARENA => self.arenas.open(at, id),
            KIND_DIRTY_MAP => self.twins.open(at, id),
            KIND_LOG => self.tools.open_log(at, id, bytes.u8()),
            KIND_COUNTERS => self.tools.open_counters(at, id),
            KIND_PARTIES => {
                parties::look(at, id);
                self.party(id, bytes, poke);
            }
            _ => {}
        }
        // A section of one kind does not open as another.
        let opened = [
            (KIND_EPOCHS, EpochTable::open(at.sections, id).is_ok()),
            (KIND_EPOCHS, NamedEpochs::open(at.sections, id).is_ok()),
            (KIND_RING, RingBuffer::open(at.sections, id).is_ok()),
            (KIND_MPSC, MpscRing::open(at.sections, id).is_ok()),
            (KIND_BROADCAST, Broadcast::open(at.sections, id).is_ok()),
            (KIND_PING_PONG, PingPong::open(at.sections, id).is_ok()),
            (KIND_LANES, Lanes::open(at.sections, id).is_ok()),
            (KIND_REGISTRY, UnitRegistry::open(at.sections, id).is_ok()),
            (KIND_ARENA, Arena::open(at.sections, id).is_ok()),
            (KIND_DIRTY_MAP, DirtyMap::open(at.sections, id).is_ok()),
            (KIND_LOG, Log::open(at.sections, id).is_ok()),
            (KIND_COUNTERS, Counters::open(at.sections, id).is_ok()),
            (KIND_PARTIES, Parties::open(at.sections, id).is_ok()),
        ];
        assert!(opened.into_iter().all(|(other, is_open)| other == kind || !is_open));
    }

    fn raw(&mut self, bytes: &mut Bytes<'_>) {
        let (sections, world) = (self.at.sections, self.at.world);
        let offset = bytes.word() as usize;
        let mut raws = sections.iter().filter(|section| section.kind() == KIND_RAW);
        let Some(section) = raws.nth(bytes.index(3)) else { return };
        let mut out = vec![0; usize::from(bytes.u8())];
        world.see(sections.read_raw(section.id(), offset, &mut out));
        // Only its writer writes to a group that is replicated.
        if section.name() != "group" || !world.is_known() {
            world.see(sections.write_raw(section.id(), offset, bytes.take(16)));
        }
    }

    fn poke(&mut self, bytes: &mut Bytes<'_>, poke: Poke<'_>) {
        let Poke::Words(words) = poke else { return };
        let at = usize::from(bytes.u16());
        let value = bytes.word();
        if let Some(word) = words.get(at % words.len().max(1)) {
            word.store(value, Ordering::Relaxed);
            self.at.world.spoil();
        }
    }

    /// Drops a handle in the middle of things.
    fn forget(&mut self, bytes: &mut Bytes<'_>) {
        let choice = bytes.u8();
        match bytes.u8() % 9 {
            0 => self.epochs.forget(choice),
            1 => self.rings.forget(choice),
            2 => self.broadcasts.forget(choice),
            3 => self.frames.forget(choice),
            4 => self.calls.forget(choice),
            5 => self.arenas.forget(self.at, choice),
            6 => self.twins.forget(choice),
            7 => self.shared.forget(choice),
            _ => self.tools.forget(choice),
        }
    }

    fn drop_all(&mut self) {
        self.epochs = Epochs::default();
        self.rings = Rings::default();
        self.shared = Shared::default();
        self.broadcasts = Broadcasts::default();
        self.frames = Frames::default();
        self.calls = Calls::default();
        self.units = Units::default();
        self.arenas.clear(self.at.world);
        self.twins = Twins::default();
        self.tools = Tools::default();
    }

    /// Ends without giving anything back. Only what was allocated here is freed.
    fn die(&mut self) {
        self.epochs.die();
        self.rings.die(self.at.world);
        self.shared.die();
        self.broadcasts.die();
        self.frames.die();
        self.calls.die();
        self.arenas.die();
        self.twins.die();
        self.tools.die();
    }
}

impl Door for Hostile {
    fn in_place(_: &mut Peer<'_, '_, Self>, _: &mut Bytes<'_>) {}

    fn seat<'m>(_: &PingPong<'m, Self>) -> Result<Reader<'m>, Error> {
        Err(Error::ReadOnly)
    }

    fn bytes_of<'b>(_: &'b Block<'_, Self>) -> Option<&'b [u8]> {
        None
    }
}

impl Door for Cooperative {
    fn in_place(peer: &mut Peer<'_, '_, Self>, bytes: &mut Bytes<'_>) {
        match bytes.u8() % 3 {
            0 => peer.rings.in_place(peer.at.world, bytes),
            1 => peer.frames.in_place(peer.at.world, bytes),
            _ => peer.shared.in_place(peer.at.world, bytes),
        }
    }

    fn seat<'m>(buffer: &PingPong<'m, Self>) -> Result<Reader<'m>, Error> {
        buffer.reader()
    }

    fn bytes_of<'b>(block: &'b Block<'_, Self>) -> Option<&'b [u8]> {
        Some(block)
    }
}

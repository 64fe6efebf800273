//! What one peer knows of the memory, beside what stands there: what it has put in and must get
//! out again.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

use inos_core::{CallTicket, CounterId, Error, Handle, SectionId};

/// Most operations on one image.
const MAX_OPERATION_COUNT: usize = 256;

/// The model of an image, shared by all parties that one thread plays.
#[derive(Clone, Debug)]
pub(in super::super) struct World {
    /// Nobody has overwritten a word.
    is_intact: Cell<bool>,
    /// Nobody else uses the memory during a call.
    is_alone: bool,
    /// Nobody else reaches the memory, and roles were void when it was attached to.
    is_exclusive: bool,
    operations: Cell<usize>,
    seed: Cell<u32>,
    /// A party has died, so that something may be lost.
    pub(super) has_died: Cell<bool>,
    pub(super) rings: RefCell<BTreeMap<SectionId, Stream>>,
    /// Records in each shared ring.
    pub(super) shared: RefCell<BTreeMap<SectionId, VecDeque<u32>>>,
    /// Records sent by each broadcast, and the last tag.
    pub(super) sent: RefCell<BTreeMap<SectionId, u32>>,
    /// Newest frame of each buffer: version, length, seed.
    pub(super) frames: RefCell<BTreeMap<SectionId, (u32, usize, u32)>>,
    /// Number of the last event of each log.
    pub(super) events: RefCell<BTreeMap<SectionId, u32>>,
    pub(super) tally: RefCell<BTreeMap<(SectionId, u32, u32), u64>>,
    /// Calls that were submitted and not accepted, by lane.
    pub(super) calls: RefCell<BTreeMap<(SectionId, u32), VecDeque<u32>>>,
    /// Calls that were accepted and not answered, as far as this thread knows.
    pub(super) tickets: RefCell<Vec<(SectionId, CallTicket)>>,
    pub(super) handed: RefCell<Vec<Handed>>,
    /// Parties that forgot blocks.
    pub(super) leaks: RefCell<Vec<u16>>,
}

/// A ring's records, which are numbered from 1 by their tags.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    pub(super) pushed: u32,
    pub(super) popped: u32,
    /// Numbers that were written and, as their party died, never published.
    pub(super) lost: u32,
}

/// A block on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handed {
    pub(super) id: SectionId,
    pub(super) handle: Handle,
    pub(super) seed: u32,
    /// Whose it is until somebody adopts it.
    pub(super) party: u16,
}

impl World {
    /// A region that was just created.
    pub(in super::super) fn new() -> Self {
        Self {
            is_intact: Cell::new(true),
            is_alone: true,
            is_exclusive: true,
            operations: Cell::new(0),
            seed: Cell::new(0),
            has_died: Cell::new(false),
            rings: RefCell::default(),
            shared: RefCell::default(),
            sent: RefCell::default(),
            frames: RefCell::default(),
            events: RefCell::default(),
            tally: RefCell::default(),
            calls: RefCell::default(),
            tickets: RefCell::default(),
            handed: RefCell::default(),
            leaks: RefCell::default(),
        }
    }

    /// As the next one finds it who attaches; `is_alone` if words change only between calls.
    pub(in super::super) fn attached(&self, is_alone: bool) -> Self {
        Self { is_alone, is_exclusive: false, operations: Cell::new(0), ..self.clone() }
    }

    /// As the next one finds it who has it to himself: whoever held anything is gone.
    pub(in super::super) fn exclusive(&self) -> Self {
        let world = Self { is_exclusive: true, ..self.attached(true) };
        world.handed.borrow_mut().clear();
        world.leaks.borrow_mut().clear();
        world.tally.borrow_mut().clear();
        world.calls.borrow_mut().clear();
        world.tickets.borrow_mut().clear();
        world
    }

    pub(in super::super) fn spoil(&self) {
        self.is_intact.set(false);
    }

    /// Whether the memory must be as the views have made it.
    pub(in super::super) fn is_known(&self) -> bool {
        self.is_alone && self.is_intact.get()
    }

    pub(super) const fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Whether bytes that are held stay what they are: known, or nobody else's whatever the
    /// words say.
    pub(super) fn is_owned(&self) -> bool {
        self.is_exclusive || self.is_known()
    }

    /// Whether one more operation is allowed.
    pub(super) fn operate(&self) -> bool {
        self.operations.set(self.operations.get() + 1);
        self.operations.get() <= MAX_OPERATION_COUNT
    }

    /// A number that nothing has had before.
    pub(super) fn seed(&self) -> u32 {
        self.seed.set(self.seed.get() + 1);
        self.seed.get()
    }

    /// Looks at every result: memory that nobody has overwritten is not corrupt.
    pub(in super::super) fn see<R>(&self, result: Result<R, Error>) -> Option<R> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let blames_memory = matches!(
                    error,
                    Error::Corrupt { .. } | Error::Stale { .. } | Error::Lapped { tries: 1.. }
                );
                assert!(!(blames_memory && self.is_known()), "{error} in an image that is intact");
                None
            }
        }
    }

    /// As [`see`](Self::see), of what was made from an id, which may be out of date.
    pub(super) fn see_id<R>(&self, result: Result<R, Error>) -> Option<R> {
        match result {
            Err(Error::Stale { .. }) => None,
            other => self.see(other),
        }
    }

    pub(super) fn count(&self, id: SectionId, counter: CounterId, count: u32) {
        if let Some(value) =
            self.tally.borrow_mut().get_mut(&(id, counter.index, counter.generation))
        {
            *value += u64::from(count);
        }
    }

    /// What a party took along: all that it had sent as its own or been sent, and forgotten.
    pub(super) fn leave(&self, party: u16) {
        self.handed.borrow_mut().retain(|handed| handed.party != party);
        self.leaks.borrow_mut().retain(|&leaked| leaked != party);
    }

    pub(super) fn die(&self) {
        self.has_died.set(true);
    }
}

/// Byte `index` of what is written under a seed.
const fn byte(seed: u32, index: usize) -> u8 {
    let mixed = seed.wrapping_mul(0x9e37_79b9) >> 13;
    (mixed as u8) ^ (index as u8).wrapping_mul(29).wrapping_add((index >> 8) as u8)
}

pub(super) fn fill(seed: u32, bytes: &mut [u8]) {
    for (index, to) in bytes.iter_mut().enumerate() {
        *to = byte(seed, index);
    }
}

pub(super) fn filled(seed: u32, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    fill(seed, &mut bytes);
    bytes
}

pub(super) fn holds(seed: u32, bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(index, &found)| found == byte(seed, index))
}

//! Twins: what a pull leaves in the replica is one state, whatever the writer does meanwhile.

use inos_core::Error;
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::twin::{Level, MarkStamps, ReaderState, Stamps, WriterState};
use loom::sync::Arc;
use loom::thread;

use super::*;

const BLOCKS: usize = 2;
/// Before the first publish.
const START: u32 = (1 << 31) - 1;

/// Blocks of one word each.
struct Group {
    lease: LoomWord,
    epoch: LoomWord,
    upper: LoomWord,
    group: LoomWord,
    stamps: [LoomWord; BLOCKS],
    blocks: [LoomWord; BLOCKS],
}

impl Group {
    fn new() -> Self {
        Self {
            lease: LoomWord::new(0),
            // The next epoch is 0.
            epoch: LoomWord::new(START << 1),
            upper: LoomWord::new(START),
            group: LoomWord::new(START),
            stamps: [START, START].map(LoomWord::new),
            blocks: [0, 0].map(LoomWord::new),
        }
    }

    fn word(&self, level: Level, index: u32) -> &LoomWord {
        match level {
            Level::Super => &self.upper,
            Level::Group => &self.group,
            Level::Block => &self.stamps[index as usize],
        }
    }

    fn write(&self, writer: &WriterState, block: u32, value: u32) {
        writer.mark(self, block, 1);
        self.blocks[block as usize].store(value, Ordering::Relaxed);
    }

    fn publish(&self, writer: &mut WriterState) -> u32 {
        writer.publish(self, &self.epoch).epoch
    }

    fn pull(&self, twin: &mut Replica, tries: u32) -> Result<u32, Error> {
        let Replica { state, bytes } = twin;
        let pulled = state.pull(self, &self.epoch, tries, |block| {
            bytes[block as usize] = self.blocks[block as usize].load(Ordering::Relaxed);
            Ok(())
        });
        pulled.map(|pulled| pulled.blocks)
    }
}

impl Stamps for Group {
    type Word = LoomWord;

    fn blocks(&self) -> u32 {
        BLOCKS as u32
    }

    fn load(&self, level: Level, index: u32) -> u32 {
        self.word(level, index).load(Ordering::Relaxed)
    }
}

impl MarkStamps for Group {
    fn store(&self, level: Level, index: u32, stamp: u32) {
        self.word(level, index).store(stamp, Ordering::Relaxed);
    }
}

struct Replica {
    state: ReaderState,
    bytes: [u32; BLOCKS],
}

impl Replica {
    fn new() -> Self {
        Self { state: ReaderState::new(), bytes: [9, 9] }
    }

    /// The number of its state, if it is one: publishes since the start.
    #[track_caller]
    fn check(&self, states: &[[u32; BLOCKS]]) -> Option<usize> {
        let state = (self.state.epoch()?.wrapping_sub(START) & START) as usize;
        assert_eq!(self.bytes, states[state], "torn at state {state}");
        Some(state)
    }
}

/// The reader has the first state, so it passes over what has not changed; the writer changes
/// both blocks, then one.
fn pulls() -> Seen<[Option<usize>; 2]> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        const STATES: [[u32; BLOCKS]; 3] = [[0, 0], [1, 1], [1, 2]];
        let group = Arc::new(Group::new());
        let mut twin = Replica::new();
        assert_eq!(group.pull(&mut twin, 1), Ok(2));
        let reader = thread::spawn({
            let group = group.clone();
            move || {
                [0, 1].map(|_| {
                    let pulled = group.pull(&mut twin, 1);
                    let state = twin.check(&STATES);
                    assert!(pulled.is_err() || state.is_some());
                    state
                })
            }
        });
        let (mut writer, torn) = WriterState::resume(&*group, &group.epoch);
        assert_eq!(torn, 0);
        group.write(&writer, 0, 1);
        group.write(&writer, 1, 1);
        assert_eq!(group.publish(&mut writer), 0);
        group.write(&writer, 1, 2);
        assert_eq!(group.publish(&mut writer), 1);
        note.note(reader.join().unwrap());
    });
    seen
}

#[test]
fn a_pull_is_one_state() {
    pulls().check(
        |&[first, second]| match (first, second) {
            (Some(first), Some(second)) => first <= second && second <= 2,
            // Lapped after something was copied, which a state is needed for that changed.
            (None, second) => second.is_none_or(|second| second == 2 || second == 1),
            (Some(first), None) => first < 2,
        },
        [
            [Some(0), Some(0)],
            [Some(0), Some(1)],
            [Some(0), Some(2)],
            [Some(1), Some(1)],
            [Some(1), Some(2)],
            [Some(2), Some(2)],
            [None, Some(2)],
            [Some(0), None],
        ],
    );
}

#[test]
fn a_weaker_pull_is_torn() {
    for fault in [
        "twin: see the epoch",
        "twin: mark",
        "twin: look again",
        "twin: look once",
        "twin: pass over what is being written",
        "twin: summary",
    ] {
        let message = with_fault(fault, || drop(pulls())).expect(fault);
        assert!(message.contains("torn"), "{fault}: {message}");
    }
}

/// A writer stops with a block stamped and half written; the next one writes it whole and
/// publishes it, without stamping it again.
fn succession() -> Seen<(bool, Option<usize>)> {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        const STATES: [[u32; BLOCKS]; 3] = [[0, 0], [2, 0], [2, 2]];
        let group = Arc::new(Group::new());
        let mut twin = Replica::new();
        assert_eq!(group.pull(&mut twin, 1), Ok(2));
        let reader = thread::spawn({
            let group = group.clone();
            move || {
                let _ = group.pull(&mut twin, 1);
                twin.check(&STATES)
            }
        });
        let next = thread::spawn({
            let group = group.clone();
            move || {
                super::role::hold(&group.lease, || {
                    let (mut writer, torn) = WriterState::resume(&*group, &group.epoch);
                    assert!(torn <= 1);
                    group.write(&writer, 0, 2);
                    group.publish(&mut writer);
                    group.write(&writer, 1, 2);
                    group.publish(&mut writer);
                })
            }
        });
        let wrote = super::role::hold(&group.lease, || {
            let (writer, _) = WriterState::resume(&*group, &group.epoch);
            group.write(&writer, 0, 1);
        });
        let (state, went_on) = (reader.join().unwrap(), next.join().unwrap());
        note.note((wrote && went_on, state));
    });
    seen
}

#[test]
fn the_next_writer_publishes_what_the_last_one_left() {
    succession().check(
        |(_, state)| state.is_none_or(|state| state <= 2),
        [(true, Some(0)), (true, Some(1)), (true, Some(2)), (true, None), (false, Some(0))],
    );
}

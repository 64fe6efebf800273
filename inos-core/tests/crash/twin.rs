//! Twins: a writer that dies leaves every replica a state, and the next writer what it was
//! writing.

use inos_core::Error;
use inos_core::protocol::twin::{FANOUT, Level, MarkStamps, ReaderState, Stamps, WriterState};
use inos_core::protocol::{ReadWord, Word, role};
use inos_core::{AtomicU32, Ordering};

use super::{MortalWord, every_death, mortal};

/// A second group, of one block.
const BLOCKS: usize = FANOUT as usize + 1;
const START: u32 = (1 << 31) - 1;

struct Group {
    lease: MortalWord,
    epoch: MortalWord,
    upper: MortalWord,
    groups: [MortalWord; 2],
    stamps: [MortalWord; BLOCKS],
    /// Each is one word; a death before it is written is one after it was stamped.
    blocks: [MortalWord; BLOCKS],
}

impl Group {
    fn new() -> Self {
        Self {
            lease: MortalWord::new(0),
            epoch: MortalWord::new(START << 1),
            upper: MortalWord::new(START),
            groups: std::array::from_fn(|_| MortalWord::new(START)),
            stamps: std::array::from_fn(|_| MortalWord::new(START)),
            blocks: std::array::from_fn(|_| MortalWord::new(0)),
        }
    }

    fn word(&self, level: Level, index: u32) -> &MortalWord {
        match level {
            Level::Super => &self.upper,
            Level::Group => &self.groups[index as usize],
            Level::Block => &self.stamps[index as usize],
        }
    }

    fn bytes(&self, block: usize) -> &AtomicU32 {
        &self.blocks[block].0
    }

    fn write(&self, writer: &WriterState, block: usize, value: u32) {
        writer.mark(self, block as u32, 1);
        self.blocks[block].store(value, Ordering::Relaxed);
    }

    fn pull(&self, state: &mut ReaderState, bytes: &mut [u32; BLOCKS]) -> Result<u32, Error> {
        let pulled = state.pull(self, &self.epoch, 2, |block| {
            bytes[block as usize] = self.bytes(block as usize).load(Ordering::Relaxed);
            Ok(())
        });
        pulled.map(|pulled| pulled.blocks)
    }
}

impl Stamps for Group {
    type Word = MortalWord;

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

#[test]
fn a_dead_writer_leaves_states_and_a_successor_mends_the_rest() {
    let mut lapped = 0;
    let deaths = every_death(|steps| {
        let group = Group::new();
        let mut twin = (ReaderState::new(), [9; BLOCKS]);
        group.pull(&mut twin.0, &mut twin.1).unwrap();
        let through = mortal(steps, || {
            let lease = role::claim(&group.lease, 1).unwrap();
            let (mut writer, torn) = WriterState::resume(&group, &group.epoch);
            assert_eq!(torn, 0);
            for state in 1..=2 {
                for (index, block) in [0, 1, FANOUT as usize].into_iter().enumerate() {
                    if index as u32 != state {
                        group.write(&writer, block, state);
                    }
                }
                let _ = writer.publish(&group, &group.epoch);
            }
            role::release(&group.lease, &lease);
        });
        let epoch = group.epoch.0.load(Ordering::Relaxed) >> 1;
        let states = [[0, 0, 0], [1, 0, 1], [2, 2, 1]];
        let state = (epoch.wrapping_sub(START) & START) as usize;

        // A twin of the first state, and one of nothing: the newest state, or what they had.
        let mut fresh = (ReaderState::new(), [9; BLOCKS]);
        for (reader, bytes) in [&mut twin, &mut fresh] {
            let had = reader.epoch();
            match group.pull(reader, bytes) {
                Ok(_) => {
                    assert_eq!(reader.epoch(), Some(epoch));
                    assert_eq!([bytes[0], bytes[1], bytes[FANOUT as usize]], states[state]);
                }
                Err(error) => {
                    assert_eq!(error, Error::Lapped { tries: 2 });
                    assert_eq!(reader.epoch(), had, "a dead writer spoils no replica");
                    lapped += 1;
                }
            }
        }

        // The next writer knows what was torn, and after its publish everybody has everything.
        assert_eq!(role::is_held(&group.lease), role::revoke(&group.lease, 1));
        let lease = role::claim(&group.lease, 2).unwrap();
        let (mut writer, torn) = WriterState::resume(&group, &group.epoch);
        assert_eq!(
            torn as usize,
            (0..BLOCKS as u32).filter(|&b| writer.is_marked(&group, b)).count()
        );
        for block in 0..BLOCKS {
            let value = match block {
                0 | 1 => states[state][block],
                64 => states[state][2],
                _ => 0,
            };
            if group.bytes(block).load(Ordering::Relaxed) != value {
                assert!(writer.is_marked(&group, block as u32), "block {block} is torn, unnoticed");
            }
        }
        group.write(&writer, 1, 7);
        let _ = writer.publish(&group, &group.epoch);
        role::release(&group.lease, &lease);
        for (reader, bytes) in [&mut twin, &mut fresh] {
            group.pull(reader, bytes).unwrap();
            let now: [_; BLOCKS] = std::array::from_fn(|b| group.bytes(b).load(Ordering::Relaxed));
            assert_eq!(*bytes, now);
        }
        through.is_some()
    });
    assert!(deaths > 90 && lapped > 20, "{deaths} deaths, {lapped} times lapped");
}

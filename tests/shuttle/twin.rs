//! Twins: three writers take turns in one role, and leave states half written; two replicas follow,
//! and what they have is one state.

use inos_core::Error;
use inos_core::protocol::role;
use inos_core::protocol::twin::{Level, MarkStamps, ReaderState, Stamps, WriterState};
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const BLOCKS: usize = 5;
const START: u32 = (1 << 31) - 3;
/// States of each writer.
const EACH: u32 = 4;

/// Blocks of one word each, whose sum is 0 in every state.
struct Group {
    role: ShuttleWord,
    epoch: ShuttleWord,
    upper: ShuttleWord,
    group: ShuttleWord,
    stamps: [ShuttleWord; BLOCKS],
    blocks: [ShuttleWord; BLOCKS],
}

impl Stamps for Group {
    type Word = ShuttleWord;

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

fn sum(blocks: &[u32]) -> u32 {
    blocks.iter().fold(0, |sum, &block| sum.wrapping_add(block))
}

impl Group {
    fn new() -> Self {
        Self {
            role: ShuttleWord::new(0),
            epoch: ShuttleWord::new(START << 1),
            upper: ShuttleWord::new(START),
            group: ShuttleWord::new(START),
            stamps: [START; BLOCKS].map(ShuttleWord::new),
            blocks: [0; BLOCKS].map(ShuttleWord::new),
        }
    }

    fn word(&self, level: Level, index: u32) -> &ShuttleWord {
        match level {
            Level::Super => &self.upper,
            Level::Group => &self.group,
            Level::Block => &self.stamps[index as usize],
        }
    }

    fn add(&self, writer: &WriterState, block: usize, amount: u32) {
        let value = self.blocks[block].load(Ordering::Relaxed).wrapping_add(amount);
        writer.mark(self, block as u32, 1);
        self.blocks[block].store(value, Ordering::Relaxed);
    }

    fn read(&self) -> [u32; BLOCKS] {
        self.blocks.each_ref().map(|block| block.load(Ordering::Relaxed))
    }

    /// Mends what the last writer left, makes a few states, and leaves another one unfinished.
    fn write(&self, party: u16, left: &mut u32) {
        let Some(lease) = role::claim(&self.role, party) else { return };
        let (mut writer, torn) = WriterState::resume(self, &self.epoch);
        let off = sum(&self.read());
        assert!(torn > 0 || off == 0, "written and not announced");
        self.add(&writer, 0, off.wrapping_neg());
        for _ in 0..2.min(*left) {
            let amount = u32::from(party) << 8 | *left;
            let from = *left as usize % BLOCKS;
            self.add(&writer, from, amount);
            self.add(&writer, (from + usize::from(party)) % BLOCKS, amount.wrapping_neg());
            let epoch = writer.publish(self, &self.epoch).epoch;
            assert_eq!(epoch, writer.epoch());
            *left -= 1;
        }
        self.add(&writer, usize::from(party), 7);
        role::release(&self.role, &lease);
    }
}

#[test]
fn a_replica_is_one_state() {
    explore(|| {
        let group = Arc::new(Group::new());
        let mut parties: Vec<_> = (1..=3_u16)
            .map(|party| {
                let group = group.clone();
                thread::spawn(move || {
                    let mut left = EACH;
                    while left > 0 {
                        group.write(party, &mut left);
                        thread::yield_now();
                    }
                })
            })
            .collect();
        parties.extend([(); 2].map(|()| {
            let group = group.clone();
            thread::spawn(move || {
                let (mut state, mut replica) = (ReaderState::new(), [9; BLOCKS]);
                let mut last = START;
                for _ in 0..6 {
                    let pulled = state.pull(&*group, &group.epoch, 2, |block| {
                        replica[block as usize] =
                            group.blocks[block as usize].load(Ordering::Relaxed);
                        Ok(())
                    });
                    match pulled {
                        Ok(pulled) => assert_eq!(state.epoch(), Some(pulled.epoch)),
                        Err(error) => assert_eq!(error, Error::Lapped { tries: 2 }),
                    }
                    if let Some(epoch) = state.epoch() {
                        assert_eq!(sum(&replica), 0, "of more than one state");
                        let ahead = epoch.wrapping_sub(last) & (u32::MAX >> 1);
                        assert!(ahead <= 3 * EACH, "time runs backwards");
                        last = epoch;
                    }
                    thread::yield_now();
                }
            })
        }));
        for party in parties {
            party.join().unwrap();
        }
    });
}

//! Newest state: a writer, three readers with pins and an observer, and many laps.

use inos_core::protocol::ping_pong::{self, Words, WriterState};
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const SLOTS: usize = 5;
const SEATS: usize = 3;
const FRAMES: u32 = 12;

struct Buffer {
    latest: ShuttleWord,
    sequences: [ShuttleWord; SLOTS],
    pins: [ShuttleWord; SEATS],
    /// Frames of two words, which agree in a whole one.
    frames: [[ShuttleWord; 2]; SLOTS],
}

impl Words for Buffer {
    type Word = ShuttleWord;

    fn latest(&self) -> &ShuttleWord {
        &self.latest
    }

    fn sequence(&self, index: u32) -> Option<&ShuttleWord> {
        self.sequences.get(index as usize)
    }

    fn pin(&self, index: u32) -> Option<&ShuttleWord> {
        self.pins.get(index as usize)
    }

    fn slot_count(&self) -> u32 {
        SLOTS as u32
    }

    fn seat_count(&self) -> u32 {
        SEATS as u32
    }
}

impl Buffer {
    fn new() -> Self {
        Self {
            latest: ShuttleWord::new(0),
            sequences: std::array::from_fn(|_| ShuttleWord::new(0)),
            pins: std::array::from_fn(|_| ShuttleWord::new(0)),
            frames: std::array::from_fn(|_| [ShuttleWord::new(0), ShuttleWord::new(0)]),
        }
    }

    fn publish(&self, writer: &mut WriterState) -> u32 {
        // Contended would mean that the writer has starved.
        let claim = writer.begin(self).unwrap();
        let version = writer.newest().map_or(0, |frame| frame.version) + 1;
        for word in &self.frames[claim.slot() as usize] {
            word.store(version, Ordering::Relaxed);
        }
        writer.publish(self, claim).version
    }

    fn words(&self, slot: u32) -> [u32; 2] {
        let [first, second] = &self.frames[slot as usize];
        [first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)]
    }
}

#[test]
fn nobody_sees_a_torn_frame_and_the_writer_never_waits() {
    explore(|| {
        let buffer = Arc::new(Buffer::new());
        let mut writer = WriterState::resume(&*buffer).unwrap();
        buffer.publish(&mut writer);
        let mut parties: Vec<_> = (0..SEATS as u32)
            .map(|seat| {
                let buffer = buffer.clone();
                thread::spawn(move || {
                    let mut last = 0;
                    for _ in 0..4 {
                        let Ok(frame) = ping_pong::pin(&*buffer, seat) else { continue };
                        assert!(frame.version >= last, "time runs backwards");
                        last = frame.version;
                        for _ in 0..2 {
                            assert_eq!(buffer.words(frame.slot), [last; 2], "torn under a pin");
                        }
                        ping_pong::unpin(&buffer.pins[seat as usize]);
                    }
                })
            })
            .collect();
        parties.push(thread::spawn({
            let buffer = buffer.clone();
            move || {
                let mut last = 0;
                for _ in 0..6 {
                    let frame = ping_pong::newest(&buffer.latest, SLOTS as u32).unwrap();
                    let sequence = &buffer.sequences[frame.slot as usize];
                    if !ping_pong::validate(sequence, frame) {
                        continue;
                    }
                    let words = buffer.words(frame.slot);
                    if ping_pong::still_valid(sequence, frame) {
                        assert_eq!(words, [frame.version; 2], "torn");
                        assert!(frame.version >= last, "time runs backwards");
                        last = frame.version;
                    }
                }
            }
        }));
        for _ in 0..FRAMES {
            buffer.publish(&mut writer);
        }
        for party in parties {
            party.join().unwrap();
        }
    });
}

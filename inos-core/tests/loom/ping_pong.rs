//! Ping-pong: a frame is never torn, time never runs backwards, and the writer always finds a
//! slot.

use inos_core::protocol::ping_pong::{self, Frame, Words, WriterState};
use loom::sync::Arc;
use loom::thread;

use super::*;

/// A buffer of `K` slots and `S` seats whose frames are of type `F`.
struct Buffer<F, const K: usize, const S: usize> {
    latest: LoomWord,
    sequences: [LoomWord; K],
    pins: [LoomWord; S],
    frames: [F; K],
}

impl<F, const K: usize, const S: usize> Buffer<F, K, S> {
    fn new(frame: impl Fn() -> F) -> Self {
        Self {
            latest: LoomWord::new(0),
            sequences: std::array::from_fn(|_| LoomWord::new(0)),
            pins: std::array::from_fn(|_| LoomWord::new(0)),
            frames: std::array::from_fn(|_| frame()),
        }
    }

    /// Publishes the next frame; the slot that it is in.
    fn publish(&self, writer: &mut WriterState, write: impl Fn(&F, u32)) -> u32 {
        // Contended would mean that the writer has starved.
        let claim = writer.begin(self).unwrap();
        let version = writer.newest().map_or(0, |frame| frame.version) + 1;
        write(&self.frames[claim.slot() as usize], version);
        assert_eq!(writer.publish(self, claim).version, version);
        writer.newest().unwrap().slot
    }
}

impl<F, const K: usize, const S: usize> Words for Buffer<F, K, S> {
    type Word = LoomWord;

    fn latest(&self) -> &LoomWord {
        &self.latest
    }

    fn sequence(&self, index: u32) -> Option<&LoomWord> {
        self.sequences.get(index as usize)
    }

    fn pin(&self, index: u32) -> Option<&LoomWord> {
        self.pins.get(index as usize)
    }

    fn slot_count(&self) -> u32 {
        K as u32
    }

    fn seat_count(&self) -> u32 {
        S as u32
    }
}

/// Frames that are read in place: two accesses that nothing orders end the model.
type Pinned<const K: usize, const S: usize> = Buffer<Payload, K, S>;

impl<const K: usize, const S: usize> Pinned<K, S> {
    /// Pins, reads, unpins; the version that it saw.
    fn read(&self, seat: u32) -> u32 {
        let frame = ping_pong::pin(self, seat).unwrap();
        let value = self.frames[frame.slot as usize].get();
        assert_eq!(value, frame.version);
        ping_pong::unpin(&self.pins[seat as usize]);
        value
    }
}

/// The writer comes around to the slot that the reader may have pinned, three slots and one
/// seat being the smallest buffer. The reader pins twice, since the writer starves if an old pin
/// can outlive the next one.
#[test]
fn a_pinned_frame_stays_and_the_writer_never_waits() {
    let seen = Seen::new();
    let note = seen.clone();
    // Three: that the fault "unpin before newest" shows.
    explore_with(3, move || {
        let buffer = Arc::new(Pinned::<3, 1>::new(Payload::new));
        let mut writer = WriterState::resume(&*buffer).unwrap();
        buffer.publish(&mut writer, Payload::set);
        let reader = thread::spawn({
            let buffer = buffer.clone();
            move || [buffer.read(0), buffer.read(0)]
        });
        let slots = [0, 1, 2].map(|_| buffer.publish(&mut writer, Payload::set));
        note.note((slots, reader.join().unwrap()));
    });
    let around = [1, 2, 0];
    let skipped = [1, 2, 1];
    seen.check(
        |&(slots, [first, second])| {
            // Version 2 is overwritten if version 1 is spared.
            let spared = slots == skipped && first != 2 && second != 2;
            1 <= first && first <= second && second <= 4 && (slots == around || spared)
        },
        [
            (around, [1, 1]),
            (around, [1, 4]),
            (around, [4, 4]),
            (skipped, [1, 1]),
            (skipped, [1, 4]),
        ],
    );
}

/// The same with two readers, four slots and two seats.
#[test]
fn two_pins_leave_the_writer_a_slot() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let buffer = Arc::new(Pinned::<4, 2>::new(Payload::new));
        let mut writer = WriterState::resume(&*buffer).unwrap();
        buffer.publish(&mut writer, Payload::set);
        let readers = [0, 1].map(|seat| {
            let buffer = buffer.clone();
            thread::spawn(move || buffer.read(seat))
        });
        let slots = [0, 1, 2, 3].map(|_| buffer.publish(&mut writer, Payload::set));
        assert_eq!(slots[..3], [1, 2, 3]);
        let versions = readers.map(|reader| reader.join().unwrap());
        assert!(versions.iter().all(|version| (1..=5).contains(version)));
        note.note(slots[3]);
    });
    // Nobody in its way, one pin to skip, both.
    seen.check_all([0, 1, 2]);
}

/// Frames of two words that are copied, and may be overwritten meanwhile.
type Observed = Buffer<[LoomWord; 2], 3, 0>;

fn words() -> [LoomWord; 2] {
    [LoomWord::new(0), LoomWord::new(0)]
}

fn write(frame: &[LoomWord; 2], value: u32) {
    for word in frame {
        word.store(value, Ordering::Relaxed);
    }
}

/// One try of an observer: the frame it found, if the writer has not come around meanwhile.
fn observe(buffer: &Observed) -> Option<Frame> {
    let frame = ping_pong::newest(&buffer.latest, 3).unwrap();
    let sequence = &buffer.sequences[frame.slot as usize];
    if !ping_pong::validate(sequence, frame) {
        return None;
    }
    let copy =
        buffer.frames[frame.slot as usize].each_ref().map(|word| word.load(Ordering::Relaxed));
    if !ping_pong::still_valid(sequence, frame) {
        return None;
    }
    assert_eq!(copy, [frame.version; 2], "torn");
    Some(frame)
}

/// A try fails only if the writer came back to its slot, which takes K - 1 publishes between.
#[test]
fn a_copied_frame_is_whole() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let buffer = Arc::new(Observed::new(words));
        let mut writer = WriterState::resume(&*buffer).unwrap();
        buffer.publish(&mut writer, write);
        let observer = thread::spawn({
            let buffer = buffer.clone();
            move || [0, 1].map(|_| observe(&buffer).map(|frame| frame.version))
        });
        for _ in 0..3 {
            buffer.publish(&mut writer, write);
        }
        note.note(observer.join().unwrap());
    });
    seen.check(
        |outcome| match *outcome {
            [Some(first), Some(second)] => 1 <= first && first <= second && second <= 4,
            // Only the first frame's slot is ever written again.
            [None, Some(second)] => (2..=4).contains(&second),
            [first, None] => first.is_none_or(|first| first == 1),
        },
        [
            [Some(1), Some(1)],
            [Some(1), Some(4)],
            [Some(1), None],
            [None, Some(4)],
            [Some(4), Some(4)],
        ],
    );
}

/// A frame that was given up half-way is nobody's: not the new one, and not the old one in the
/// slot that it began to overwrite.
#[test]
fn an_abandoned_frame_is_never_seen() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let buffer = Arc::new(Observed::new(words));
        let mut writer = WriterState::resume(&*buffer).unwrap();
        buffer.publish(&mut writer, write);
        let observer = thread::spawn({
            let buffer = buffer.clone();
            move || observe(&buffer).map(|frame| frame.version)
        });
        for _ in 0..2 {
            buffer.publish(&mut writer, write);
        }
        let claim = writer.begin(&*buffer).unwrap();
        buffer.frames[claim.slot() as usize][0].store(4, Ordering::Relaxed);
        writer.abandon(&*buffer, claim);
        note.note(observer.join().unwrap());
    });
    seen.check_all([None, Some(1), Some(2), Some(3)]);
}

/// The next holder of the writer's role goes on where the last one stopped.
#[test]
fn the_writer_is_handed_over() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let shared = Arc::new((LoomWord::new(0), Pinned::<3, 1>::new(Payload::new)));
        let parties = [0, 1].map(|_| {
            let shared = shared.clone();
            thread::spawn(move || {
                super::role::hold(&shared.0, || {
                    let mut writer = WriterState::resume(&shared.1).unwrap();
                    shared.1.publish(&mut writer, Payload::set);
                })
            })
        });
        let won = parties.map(|party| party.join().unwrap());
        let frames = won.iter().filter(|&&won| won).count();
        assert_eq!(shared.1.read(0) as usize, frames);
        note.note(won);
    });
    seen.check_all([[false, true], [true, false], [true, true]]);
}

#[test]
fn faults_are_seen() {
    red("ping-pong: publish", a_pinned_frame_stays_and_the_writer_never_waits);
    red("ping-pong: begin", a_pinned_frame_stays_and_the_writer_never_waits);
    red("ping-pong: pin before the check", a_pinned_frame_stays_and_the_writer_never_waits);
    red("ping-pong: unpin before newest", a_pinned_frame_stays_and_the_writer_never_waits);
    red("ping-pong: scan the pins", a_pinned_frame_stays_and_the_writer_never_waits);
    red("ping-pong: unpin", a_pinned_frame_stays_and_the_writer_never_waits);
    red("ping-pong: begin", a_copied_frame_is_whole);
    red("ping-pong: still valid", a_copied_frame_is_whole);
    red("ping-pong: publish", a_copied_frame_is_whole);
    red("ping-pong: newest", a_copied_frame_is_whole);
}

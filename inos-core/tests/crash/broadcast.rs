//! Lossy broadcast: whatever a dead transmitter was doing, its successor goes on behind the
//! newest record, and receivers see neither half a record nor a gap that is none.

// Helpers of tests are tests.
#![allow(clippy::panic)]

use inos_core::Ordering;
use inos_core::protocol::broadcast::{Header, Look, ReceiverState, TransmitterState, Words};
use inos_core::protocol::{ReadWord, Word};

use super::{MortalWord, every_death, mortal};

const CAPACITY: u32 = 16;
/// The number of the first record.
const FIRST: u32 = 100;
/// The number of a record that pads the end of the ring.
const PADDING: u32 = u32::MAX;

/// Each granule of a record holds the record's number and how many granules it has; the first
/// one also where it stands.
struct News {
    intent: MortalWord,
    wraps: MortalWord,
    latest: MortalWord,
    granules: [[MortalWord; 3]; CAPACITY as usize],
}

impl News {
    /// Behind an empty record, `left` granules before the low bits of positions wrap.
    fn new(left: u32) -> Self {
        let first = (1_u32 << 31) - left;
        let news = Self {
            intent: MortalWord::new(first),
            wraps: MortalWord::new(0),
            latest: MortalWord::new(first - 1),
            granules: Default::default(),
        };
        news.write(first - 1, FIRST - 1, 1);
        news
    }

    fn words(&self) -> Words<'_, MortalWord> {
        let Self { intent, wraps, latest, .. } = self;
        Words { intent, wraps, latest }
    }

    fn write(&self, position: u32, sequence: u32, count: u32) {
        for granule in 0..count {
            let at = position.wrapping_add(granule);
            let [where_word, sequence_word, count_word] = &self.granules[(at % CAPACITY) as usize];
            where_word.store(at, Ordering::Relaxed);
            sequence_word.store(sequence, Ordering::Relaxed);
            count_word.store(count, Ordering::Relaxed);
        }
    }

    fn header(&self, index: u32) -> Header {
        let [position, sequence, count] =
            self.granules[index as usize].each_ref().map(|word| word.load(Ordering::Relaxed));
        Header { position, sequence, count }
    }

    fn transmitter(&self) -> TransmitterState {
        TransmitterState::resume(&self.words(), CAPACITY, |index| Ok(self.header(index))).unwrap()
    }

    fn send(&self, transmitter: &mut TransmitterState, count: u32) {
        let claim = transmitter.begin(&self.words(), count).unwrap();
        if claim.padding() > 0 {
            let [_, sequence, _] = &self.granules[(CAPACITY - claim.padding()) as usize];
            sequence.store(PADDING, Ordering::Relaxed);
        }
        self.write(claim.position(), claim.sequence(), count);
        transmitter.publish(&self.words(), claim);
    }

    fn join(&self) -> ReceiverState {
        let mut receiver = ReceiverState::new(CAPACITY);
        let Look::Record(candidate) = receiver.join(&self.words()) else { panic!("no record") };
        let header = self.header(candidate.index(CAPACITY));
        assert!(receiver.is_whole(&self.words(), candidate));
        receiver.joined(candidate, header).unwrap();
        receiver
    }

    /// The numbers of all records that are there, and how many are lost.
    fn receive(&self, receiver: &mut ReceiverState) -> (Vec<u32>, u32) {
        let (mut numbers, mut lost) = (Vec::new(), 0);
        loop {
            let found = match receiver.look(&self.words()) {
                Look::Empty => return (numbers, lost),
                Look::Overtaken => panic!("nobody sends meanwhile"),
                Look::Record(candidate) => candidate,
            };
            let mut candidate = found;
            let mut header = self.header(candidate.index(CAPACITY));
            if header.sequence == PADDING {
                assert!(candidate.may_be_padding());
                candidate = candidate.behind_padding(CAPACITY);
                header = self.header(candidate.index(CAPACITY));
            }
            assert!(receiver.is_whole(&self.words(), found));
            lost += receiver.pass(candidate, header).unwrap();
            // All of it is of one record.
            for granule in 0..header.count {
                let part = self.header(candidate.index(CAPACITY) + granule);
                assert_eq!((part.sequence, part.count), (header.sequence, header.count));
                assert_eq!(part.position, header.position.wrapping_add(granule));
            }
            numbers.push(header.sequence);
        }
    }
}

/// `count` granules each, from every distance to the wrap of the low bits and the ring's end.
fn die(count: u32, records: u32) -> u32 {
    (4..16)
        .map(|left| {
            every_death(|steps| {
                let news = News::new(left);
                let mut early = news.join();
                let mut sent = 0;
                let through = mortal(steps, || {
                    let mut transmitter = news.transmitter();
                    for _ in 0..records {
                        news.send(&mut transmitter, count);
                        sent += 1;
                    }
                });
                // Sent with the last access, if at all: that one is the store of `latest`.
                let mut late = news.join();
                let (mut numbers, mut lost) = news.receive(&mut early.clone());
                assert_eq!(numbers.len() as u32 + lost, sent);
                let mut successor = news.transmitter();
                news.send(&mut successor, 2);
                news.send(&mut successor, 1);
                // One who has slept since before the death, and one who joined right after.
                (numbers, lost) = news.receive(&mut early);
                assert_eq!(numbers.len() as u32 + lost, sent + 2);
                let last = FIRST + sent + 1;
                assert_eq!(numbers.last(), Some(&last));
                let (numbers, lost) = news.receive(&mut late);
                assert_eq!((numbers, lost), (vec![last - 1, last], 0));
                through.is_some()
            })
        })
        .sum()
}

#[test]
fn a_dead_transmitter_is_succeeded() {
    // Resume: intent, wraps, latest, three words of the header. Each record: intent, three words
    // a granule, latest; and padding or the upper half of the position now and then.
    let deaths = die(2, 3);
    assert!(deaths > 12 * (6 + 3 * 8), "{deaths}");
}

#[test]
fn so_is_one_that_dies_after_a_lap() {
    let deaths = die(2, 12);
    assert!(deaths > 12 * (6 + 12 * 8), "{deaths}");
}

//! Lossy broadcast: a record is never torn and never older than the one before, what is lost is
//! counted, and a transmitter's unfinished record is seen by nobody.

use inos_core::protocol::broadcast::{Header, Look, ReceiverState, TransmitterState, Words};
use inos_core::protocol::fault::with_fault;
use inos_core::protocol::role;
use loom::sync::Arc;
use loom::thread;

use super::*;

/// A record takes one granule, so a lap is this many of them.
const CAPACITY: u32 = 8;
/// Number 0 stands here. The ninth record overwrites it, and while that is written the positions
/// leave 31 bits.
const FIRST: u32 = (1 << 31) - 9;

/// A ring whose records are their headers: position and number, which always differ by the same.
struct News {
    role: LoomWord,
    intent: LoomWord,
    wraps: LoomWord,
    latest: LoomWord,
    granules: [[LoomWord; 2]; CAPACITY as usize],
}

impl News {
    /// With a record before number 0, so that there is something to go on behind.
    fn new() -> Self {
        let granules = std::array::from_fn(|_| [LoomWord::new(0), LoomWord::new(0)]);
        let [role, wraps] = [0, 0].map(LoomWord::new);
        let [intent, latest] = [FIRST, FIRST - 1].map(LoomWord::new);
        let news = Self { role, intent, wraps, latest, granules };
        news.write(FIRST - 1, u32::MAX);
        news
    }

    fn words(&self) -> Words<'_, LoomWord> {
        let Self { intent, wraps, latest, .. } = self;
        Words { intent, wraps, latest }
    }

    fn write(&self, position: u32, sequence: u32) {
        let granule = &self.granules[(position % CAPACITY) as usize];
        granule[0].store(position, Ordering::Relaxed);
        granule[1].store(sequence, Ordering::Relaxed);
    }

    fn header(&self, index: u32) -> Header {
        let [position, sequence] =
            self.granules[index as usize].each_ref().map(|word| word.load(Ordering::Relaxed));
        Header { position, sequence, count: 1 }
    }

    fn transmitter(&self) -> TransmitterState {
        let read = |index| Ok(self.header(index));
        TransmitterState::resume(&self.words(), CAPACITY, read).unwrap()
    }

    fn send(&self, transmitter: &mut TransmitterState) {
        let claim = transmitter.begin(&self.words(), 1).unwrap();
        assert_eq!(claim.position() % CAPACITY, claim.index());
        self.write(claim.position(), claim.sequence());
        transmitter.publish(&self.words(), claim);
    }

    fn receiver(&self) -> ReceiverState {
        let mut receiver = ReceiverState::new(CAPACITY);
        let Look::Record(candidate) = receiver.join(&self.words()) else { panic!("no record") };
        let header = self.header(candidate.index(CAPACITY));
        assert!(receiver.is_whole(&self.words(), candidate));
        receiver.joined(candidate, header).unwrap();
        receiver
    }

    /// One try: the number of the record and how many were lost before it.
    fn receive(&self, receiver: &mut ReceiverState) -> Got {
        match receiver.look(&self.words()) {
            Look::Empty => Got::Nothing,
            Look::Overtaken => Got::Overtaken,
            Look::Record(candidate) => {
                let header = self.header(candidate.index(CAPACITY));
                if !receiver.is_whole(&self.words(), candidate) {
                    return Got::Overtaken;
                }
                let lost = receiver.pass(candidate, header).unwrap();
                assert_eq!(header.position, FIRST.wrapping_add(header.sequence), "torn");
                Got::Record(header.sequence, lost)
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Got {
    Record(u32, u32),
    Nothing,
    Overtaken,
}

/// A full ring. Two more records overwrite the two oldest while a receiver takes those, or what
/// it finds instead.
fn overtaken() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let news = Arc::new(News::new());
        let mut transmitter = news.transmitter();
        let mut receiver = news.receiver();
        for _ in 0..CAPACITY {
            news.send(&mut transmitter);
        }
        let sending = thread::spawn({
            let news = news.clone();
            move || {
                for _ in 0..2 {
                    news.send(&mut transmitter);
                }
            }
        });
        let mut next = 0;
        let got = [0, 1].map(|_| {
            let got = news.receive(&mut receiver);
            if let Got::Record(number, lost) = got {
                assert_eq!(number, next + lost);
                next = number + 1;
            }
            got
        });
        sending.join().unwrap();
        note.note(got);
        // Undisturbed it gets what is left, and never stays behind.
        while let Got::Record(number, lost) = news.receive(&mut receiver) {
            assert_eq!(number, next + lost);
            next = number + 1;
        }
        assert_eq!((next, news.receive(&mut receiver)), (CAPACITY + 2, Got::Nothing));
    });
    seen.check(
        |got| match *got {
            [Got::Nothing, _] => false,
            // What it looked for was given up after the look.
            [_, Got::Overtaken] => true,
            [Got::Record(0, 0), Got::Record(number, lost)] => number == lost + 1 && number <= 9,
            [Got::Record(newest, lost), second] => {
                newest == lost
                    && (7..=9).contains(&newest)
                    && (second == Got::Record(newest + 1, 0) || second == Got::Nothing)
            }
            [Got::Overtaken, Got::Record(number, lost)] => {
                number == lost && (number == 0 || number >= 7)
            }
            [Got::Overtaken, Got::Nothing] => false,
        },
        [
            [Got::Record(0, 0), Got::Record(1, 0)],
            [Got::Record(0, 0), Got::Record(8, 7)],
            [Got::Record(0, 0), Got::Record(9, 8)],
            [Got::Record(0, 0), Got::Overtaken],
            [Got::Record(7, 7), Got::Record(8, 0)],
            [Got::Record(9, 9), Got::Nothing],
            [Got::Overtaken, Got::Record(7, 7)],
            [Got::Overtaken, Got::Record(9, 9)],
        ],
    );
}

#[test]
fn what_was_overwritten_is_not_believed() {
    overtaken();
}

/// A receiver that keeps up, across the wrap of the low bits: it loses nothing, and is never
/// told that it did.
fn followed() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let news = Arc::new(News::new());
        let mut transmitter = news.transmitter();
        for _ in 0..CAPACITY - 1 {
            news.send(&mut transmitter);
        }
        let sending = thread::spawn({
            let news = news.clone();
            move || {
                for _ in 0..3 {
                    news.send(&mut transmitter);
                }
            }
        });
        let mut receiver = news.receiver();
        let got = [0, 1, 2].map(|_| news.receive(&mut receiver));
        sending.join().unwrap();
        let numbers: Vec<_> = got
            .iter()
            .filter(|&&got| got != Got::Nothing)
            .map(|got| match got {
                Got::Record(number, 0) => *number,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        assert!(numbers.iter().all(|number| (7..10).contains(number)), "{numbers:?}");
        note.note(numbers);
    });
    seen.check(|_| true, [vec![], vec![7], vec![7, 8], vec![7, 8, 9], vec![8, 9], vec![9]]);
}

#[test]
fn who_keeps_up_loses_nothing() {
    followed();
}

/// A transmitter leaves a record half written; the next holder of the role goes on behind the
/// newest one, over it, with the number that it would have had.
fn succeeded() {
    let seen = Seen::new();
    let note = seen.clone();
    explore(move || {
        let news = Arc::new(News::new());
        let mut receiver = news.receiver();
        let hold = |news: &News, party| {
            let Some(lease) = role::claim(&news.role, party) else { return 0 };
            let mut transmitter = news.transmitter();
            news.send(&mut transmitter);
            let claim = transmitter.begin(&news.words(), 1).unwrap();
            news.granules[claim.index() as usize][0].store(7, Ordering::Relaxed);
            role::release(&news.role, &lease);
            1
        };
        let receiving = thread::spawn({
            let news = news.clone();
            move || (news.receive(&mut receiver), receiver)
        });
        let other = thread::spawn({
            let news = news.clone();
            move || hold(&news, 1)
        });
        let sent = hold(&news, 2) + other.join().unwrap();
        let (early, mut receiver) = receiving.join().unwrap();
        let mut next = u32::from(early != Got::Nothing);
        while let Got::Record(number, 0) = news.receive(&mut receiver) {
            assert_eq!(number, next);
            next += 1;
        }
        assert_eq!(next, sent);
        note.note((early, sent));
    });
    seen.check_all([
        (Got::Nothing, 1),
        (Got::Nothing, 2),
        (Got::Record(0, 0), 1),
        (Got::Record(0, 0), 2),
    ]);
}

#[test]
fn a_successor_goes_on_behind_the_newest() {
    succeeded();
}

#[test]
fn every_ordering_is_needed() {
    for fault in ["broadcast: begin", "broadcast: validate", "broadcast: read latest"] {
        assert!(with_fault(fault, overtaken).is_some(), "{fault}");
    }
    for fault in
        ["broadcast: publish", "broadcast: look", "broadcast: intent", "broadcast: read intent"]
    {
        assert!(with_fault(fault, followed).is_some(), "{fault}");
    }
}

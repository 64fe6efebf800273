//! Broadcast: three transmitters take turns in one role and leave records half written, while two
//! receivers follow; what they miss is counted, and nothing is torn.

use inos_core::protocol::broadcast::{Header, Look, ReceiverState, TransmitterState, Words};
use inos_core::protocol::role;
use shuttle::sync::Arc;
use shuttle::thread;

use super::*;

const CAPACITY: u32 = 16;
/// Records of each transmitter; together they are several laps.
const EACH: u32 = 8;
/// What a padding record has in place of its length.
const PADDING: u32 = u32::MAX;

/// Each granule of a record holds where it stands, the record's number and its granules.
struct News {
    role: ShuttleWord,
    intent: ShuttleWord,
    wraps: ShuttleWord,
    latest: ShuttleWord,
    granules: [[ShuttleWord; 3]; CAPACITY as usize],
}

impl News {
    /// With a record before number 0; the low bits of the positions wrap on the way.
    fn new() -> Self {
        let first = (1 << 31) - 7;
        let news = Self {
            role: ShuttleWord::new(0),
            intent: ShuttleWord::new(first),
            wraps: ShuttleWord::new(0),
            latest: ShuttleWord::new(first - 1),
            granules: std::array::from_fn(|_| [0; 3].map(ShuttleWord::new)),
        };
        news.write(first - 1, u32::MAX - 3, 1);
        news
    }

    fn words(&self) -> Words<'_, ShuttleWord> {
        let Self { intent, wraps, latest, .. } = self;
        Words { intent, wraps, latest }
    }

    fn write(&self, position: u32, number: u32, count: u32) {
        for granule in 0..count {
            let at = position.wrapping_add(granule);
            let [where_word, number_word, count_word] = &self.granules[(at % CAPACITY) as usize];
            where_word.store(at, Ordering::Relaxed);
            number_word.store(number, Ordering::Relaxed);
            count_word.store(count, Ordering::Relaxed);
        }
    }

    fn header(&self, index: u32) -> Header {
        let [position, sequence, count] =
            self.granules[index as usize].each_ref().map(|word| word.load(Ordering::Relaxed));
        Header { position, sequence, count }
    }

    /// Sends some of `left` records, and begins one more that nobody is to see.
    fn transmit(&self, party: u16, left: &mut u32) {
        let Some(lease) = role::claim(&self.role, party) else { return };
        let read = |index| Ok(self.header(index));
        let mut state = TransmitterState::resume(&self.words(), CAPACITY, read).unwrap();
        for count in [1, 2, 2] {
            if *left == 0 {
                break;
            }
            let claim = state.begin(&self.words(), count).unwrap();
            if claim.padding() > 0 {
                let pad = &self.granules[(CAPACITY - claim.padding()) as usize];
                pad[2].store(PADDING, Ordering::Relaxed);
            }
            self.write(claim.position(), claim.sequence(), count);
            state.publish(&self.words(), claim);
            *left -= 1;
        }
        let claim = state.begin(&self.words(), 2).unwrap();
        self.granules[claim.index() as usize][1].store(7, Ordering::Relaxed);
        role::release(&self.role, &lease);
    }

    /// The next record's number and how many were lost before it; `None` if there is none, or it
    /// was gone before it was copied.
    fn receive(&self, state: &mut ReceiverState) -> Option<(u32, u32)> {
        let Look::Record(found) = state.look(&self.words()) else { return None };
        let mut candidate = found;
        let mut parts = [self.header(candidate.index(CAPACITY)); 2];
        if parts[0].count == PADDING && candidate.may_be_padding() {
            candidate = candidate.behind_padding(CAPACITY);
            parts[0] = self.header(candidate.index(CAPACITY));
        }
        let second = (candidate.index(CAPACITY) + 1) % CAPACITY;
        parts[1] = self.header(second);
        if !state.is_whole(&self.words(), found) {
            return None;
        }
        let lost = state.pass(candidate, parts[0]).unwrap();
        if parts[0].count == 2 {
            let Header { position, sequence, count } = parts[0];
            let expected = Header { position: position.wrapping_add(1), sequence, count };
            assert_eq!(parts[1], expected, "torn");
        }
        Some((parts[0].sequence, lost))
    }
}

#[test]
fn nothing_is_torn_and_what_is_lost_is_counted() {
    explore(|| {
        let news = Arc::new(News::new());
        let mut state = ReceiverState::new(CAPACITY);
        let Look::Record(candidate) = state.join(&news.words()) else { panic!("no record") };
        state.joined(candidate, news.header(candidate.index(CAPACITY))).unwrap();
        let mut parties: Vec<_> = (1..=3_u16)
            .map(|party| {
                let news = news.clone();
                thread::spawn(move || {
                    let mut left = EACH;
                    while left > 0 {
                        news.transmit(party, &mut left);
                        thread::yield_now();
                    }
                })
            })
            .collect();
        parties.extend([(); 2].map(|()| {
            let (news, mut state) = (news.clone(), state.clone());
            thread::spawn(move || {
                // The numbers wrap, too.
                let mut next = u32::MAX - 2;
                while next != 3 * EACH - 3 {
                    match news.receive(&mut state) {
                        Some((number, lost)) => {
                            assert_eq!(number, next.wrapping_add(lost), "lost, doubled, or old");
                            next = number.wrapping_add(1);
                        }
                        None => thread::yield_now(),
                    }
                }
                assert_eq!(news.receive(&mut state), None);
            })
        }));
        for party in parties {
            party.join().unwrap();
        }
    });
}

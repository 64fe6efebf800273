//! Against an endless ring, and against garbage.

use proptest::prelude::*;

use super::*;

/// What a ring of unlimited length would say.
#[derive(Default)]
struct Oracle {
    /// Where its padding and where the record itself begins, tag and bytes.
    sent: Vec<([u64; 2], u32, Vec<u8>)>,
    tail: u64,
    intent: u64,
}

impl Oracle {
    /// Where padding and record begin, and where it ends.
    fn begin(&mut self, capacity: u64, len: usize) -> ([u64; 2], u64) {
        let count = 2 + len.div_ceil(8) as u64;
        let to_end = capacity - self.tail % capacity;
        let start = if count > to_end { self.tail + to_end } else { self.tail };
        self.intent = self.intent.max(start + count);
        ([self.tail, start], start + count)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    Draft(usize),
    Resume,
    Receive(usize),
    Join(usize, bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_usize..60).prop_map(Step::Send),
        1 => (0_usize..60).prop_map(Step::Draft),
        1 => Just(Step::Resume),
        6 => (0_usize..3).prop_map(Step::Receive),
        1 => (0_usize..3, any::<bool>()).prop_map(|(who, at)| Step::Join(who, at)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn agrees_with_an_endless_ring(
        bits in 5_u32..8,
        start in prop_oneof![Just(0), Just(1_u64 << 31), Just(1 << 32), Just(7 << 31)],
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let capacity = 1_u64 << bits;
        hostile(capacity as u32, |news, words| {
            let mut oracle = Oracle { tail: capacity, intent: capacity, ..Oracle::default() };
            if start > 0 {
                begin_at(words, capacity as u32, start - 12, u32::MAX);
                oracle.tail = start - 10;
                oracle.intent = start - 10;
            }
            let max = news.max_record_len();
            let mut transmitter = Some(news.transmitter().unwrap());
            // Each with the number that it expects, and whether it joined at that very record:
            // then it needs no padding before it.
            let mut receivers = vec![(news.receiver().unwrap(), 0_usize, false); 3];
            let mut out = vec![0; max];
            for (tag, step) in (0_u32..).zip(steps) {
                let sender = transmitter.as_mut().unwrap();
                match step {
                    Step::Send(len) => {
                        let bytes: Vec<u8> = (0..len).map(|at| (tag as usize + at) as u8).collect();
                        if len > max {
                            let too_large = Error::TooLarge { len, max };
                            assert_eq!(sender.send(tag, &bytes), Err(too_large));
                            continue;
                        }
                        sender.send(tag, &bytes).unwrap();
                        let (from, tail) = oracle.begin(capacity, len);
                        oracle.sent.push((from, tag, bytes));
                        oracle.tail = tail;
                    }
                    Step::Draft(len) if len <= max => {
                        let mut draft = sender.draft(len).unwrap();
                        draft.write(0, &vec![0xee; len]).unwrap();
                        oracle.begin(capacity, len);
                    }
                    Step::Draft(_) => {}
                    Step::Resume => {
                        drop(transmitter.take());
                        transmitter = Some(news.transmitter().unwrap());
                    }
                    Step::Receive(who) => {
                        let (receiver, next, at) = &mut receivers[who];
                        let Some((from, tag, bytes)) = oracle.sent.get(*next) else {
                            // Nothing new, even if a draft overwrote all of the ring but that.
                            assert_eq!(receiver.receive(&mut out), Err(Error::Empty));
                            continue;
                        };
                        let got = receiver.receive(&mut out).unwrap();
                        if oracle.intent - from[usize::from(mem::take(at))] <= capacity {
                            assert_eq!(got, Received { tag: *tag, len: bytes.len(), lapped: 0 });
                            assert_eq!(&out[..got.len], &bytes[..]);
                            *next += 1;
                        } else {
                            let newest = oracle.sent.len() - 1;
                            let (_, tag, bytes) = &oracle.sent[newest];
                            let lapped = (newest - *next) as u32;
                            assert_eq!(got, Received { tag: *tag, len: bytes.len(), lapped });
                            assert_eq!(&out[..got.len], &bytes[..]);
                            *next = newest + 1;
                        }
                    }
                    Step::Join(who, true) if !oracle.sent.is_empty() => {
                        let receiver = news.receiver_from_newest().unwrap();
                        receivers[who] = (receiver, oracle.sent.len() - 1, true);
                    }
                    Step::Join(who, _) => {
                        receivers[who] = (news.receiver().unwrap(), oracle.sent.len(), false);
                    }
                }
            }
        });
    }

    /// Whatever is in memory, nothing panics and everything ends.
    #[test]
    fn garbage_is_survived(
        control in prop::collection::vec(any::<u32>(), 4),
        small in any::<bool>(),
        data in prop::collection::vec(prop_oneof![any::<u32>(), 0_u32..100, Just(PADDING)], 64),
        pokes in prop::collection::vec((0_usize..80, any::<u32>()), 0..20),
    ) {
        hostile(32, |news, words| {
            let mut early = news.receiver().unwrap();
            let mut transmitter = news.transmitter().ok();
            for (word, value) in words.iter().zip(&control) {
                word.store(if small { value % 256 } else { *value }, Ordering::Relaxed);
            }
            for (word, value) in words[DATA / 4..].iter().zip(&data) {
                word.store(*value, Ordering::Relaxed);
            }
            let mut out = [0; 16];
            for (at, value) in pokes {
                let _ = early.receive(&mut out);
                if let Ok(mut receiver) = news.receiver_from_newest() {
                    let _ = receiver.receive(&mut out);
                }
                if let Some(transmitter) = &mut transmitter {
                    transmitter.send(value, &[1; 9]).unwrap();
                }
                words[at].store(value, Ordering::Relaxed);
                set(words, TRANSMITTER_LEASE, 0);
                if value % 3 == 0 {
                    transmitter = news.transmitter().ok();
                }
            }
        });
    }
}

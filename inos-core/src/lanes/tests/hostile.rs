//! Lanes whose words somebody overwrites.
#![forbid(unsafe_code)]

use super::*;

#[test]
fn a_corrupt_lane_harms_itself_only() {
    let far = [9, u32::MAX, 1 << 31, (1 << 31) | 1, 1 << 30, (1 << 31) - 9];
    for position in POSITIONS {
        for value in far {
            let memory = Memory::new(CONFIG);
            let lanes = memory.lanes();
            let (mut bad, mut good) = (lanes.client().unwrap(), lanes.client().unwrap());
            let mut service = lanes.service().unwrap();
            bad.submit(&noop(1), &spin()).unwrap();
            good.submit(&noop(2), &spin()).unwrap();
            memory.word(0, position).store(value, Ordering::Relaxed);
            while let Some((ticket, call)) = service.next() {
                assert_eq!((ticket.lane(), call), (1, noop(2)), "{position} {value:#x}");
                service.complete(ticket, &done(&call), &spin()).unwrap();
            }
            assert_eq!(service.corrupt_count(), 1, "{position} {value:#x}");
            assert_eq!(service.last_corrupt(), Some(0));
            assert_eq!(good.poll(&spin()), Ok(Some(done(&noop(2)))));
            // The client is told, or finds nothing.
            let told = matches!(bad.poll(&spin()), Ok(None) | Err(Error::Corrupt { .. }));
            assert!(told, "{position} {value:#x}");
            // Nobody gets such a lane.
            drop(bad);
            if memory.word(0, position).load(Ordering::Relaxed) == value {
                assert_eq!(lanes.client().err(), Some(Error::NoSeat { count: 2 }));
            }
        }
    }
}

/// Xorshift: numbers that are the same in every run.
fn random(state: &mut u32) -> u32 {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    *state
}

#[test]
fn any_words_are_survived() {
    let memory = Memory::new(CONFIG);
    let mut state = 0x9e37_79b9;
    for round in 0..3000 {
        let lanes = memory.lanes();
        // Half the rounds small numbers, which are nearly right.
        let mask = if round % 2 == 0 { 15 } else { u32::MAX };
        for word in &memory.words[memory.section / 4..] {
            word.store(random(&mut state) & mask, Ordering::Relaxed);
        }
        for lane in 0..2 {
            memory.word(lane, CLIENT_LEASE).store(0, Ordering::Relaxed);
        }
        memory.head_word(SERVICE_LEASE).store(0, Ordering::Relaxed);
        let mut service = lanes.service().unwrap();
        let mut client = lanes.client().ok();
        for _ in 0..20 {
            if let Some(client) = &mut client {
                let _ = client.submit(&noop(1), &spin());
            }
            if let Some((ticket, call)) = service.next_at(u64::from(state)) {
                assert!(ticket.lane() < 2);
                let _ = service.complete(ticket, &done(&call), &spin());
                let _ = service.cancel(ticket, CallId(1), &spin());
            }
            let lane = random(&mut state) % 2;
            let position = POSITIONS[random(&mut state) as usize % 4];
            memory.word(lane, position).store(random(&mut state) & mask, Ordering::Relaxed);
            let in_table = CONFIG.table() + random(&mut state) as usize % 32 * 4;
            memory.word(lane, in_table).store(random(&mut state) & mask, Ordering::Relaxed);
            let lease = random(&mut state) % 16 * 0x0400 + random(&mut state) % 4;
            memory.word(lane, CLIENT_LEASE).store(lease, Ordering::Relaxed);
            assert!(service.expire(random(&mut state).into(), &spin()) <= 32);
            assert!(service.answer_orphans(&spin()) <= 16);
            if let Some(client) = &mut client {
                let _ = client.poll(&spin());
                let _ = client.wait(&Spin { polls: 1 }, Some(Duration::ZERO));
            }
        }
    }
}

/// A host whose parks always find the word changed.
struct Restless<'a>(&'a AtomicU32, Cell<u32>);

impl Park for Restless<'_> {
    type Deadline = ();

    fn deadline(&self, _: Option<Duration>) {}

    fn park(&self, _: &AtomicU32, _: u32, (): &mut ()) -> Parked {
        self.0.fetch_add(epoch::STEP, Ordering::Relaxed);
        self.1.set(self.1.get() + 1);
        assert!(self.1.get() < 100, "it parks without end");
        Parked::Woken
    }

    fn pause(&self, (): &mut ()) -> Parked {
        Parked::TimedOut
    }

    fn wake_all(&self, _: &AtomicU32) {}
}

#[test]
fn waiting_ends() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let mut client = lanes.client().unwrap();
    let short = Some(Duration::from_millis(1));
    assert_eq!(client.wait(&Spin { polls: 10 }, short), Err(Error::TimedOut));
    // Somebody turns the epoch without end, and no park looks at the clock: it ends all the
    // same.
    let restless = Restless(memory.word(0, COMPLETION_EPOCH), Cell::new(0));
    assert_eq!(client.wait(&restless, short), Err(Error::TimedOut));
    // So it does with another thread.
    let epoch = memory.word(0, COMPLETION_EPOCH);
    let stop = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while stop.load(Ordering::Relaxed) == 0 {
                epoch.fetch_add(epoch::STEP, Ordering::Relaxed);
            }
        });
        assert_eq!(client.wait(&Spin { polls: 10_000 }, short), Err(Error::TimedOut));
        stop.store(1, Ordering::Relaxed);
    });
}

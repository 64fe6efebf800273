//! A client that keeps its lane full of calls, and knows what each may be answered with.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use inos::*;

use super::latency::Latencies;
use super::rogue::{LATE, PANIC, WAIT};
use super::{ENTRIES, HEAP, LANES, PATIENCE, ROOM, Random, UNITS};

/// Bytes of an input, all the same.
const INPUT_LEN: u32 = 64;
const DIGEST_LEN: u32 = 32;

/// What was asked for.
enum Asked {
    /// Nothing but an answer.
    Noop,
    /// Whether a call was there can't be known: it may just have ended.
    Cancel,
    /// The digest of this byte, again and again, in the lane's buffer.
    Digest(u8),
    /// In a block.
    Block(u8),
    /// Something that does not end by itself.
    Wait,
    Panic,
    /// What is refused with this.
    Refused(Status),
}

struct Call {
    asked: Asked,
    slot: u32,
    has_deadline: bool,
    is_cancelled: bool,
    begin: Instant,
}

struct Client<'m> {
    client: inos::Client<'m, Cooperative>,
    arena: Arena<'m, Cooperative>,
    hash: UnitId,
    sha256: u16,
    rogue: UnitId,
    random: Random,
    /// Of each byte.
    digests: Vec<[u8; DIGEST_LEN as usize]>,
    calls: HashMap<u32, Call>,
    /// Rooms in the buffer that no call has.
    free: Vec<u32>,
    last_id: u32,
    latencies: Latencies,
}

/// Makes so many calls and waits for their answers.
pub(crate) fn run(sections: &Sections<'_, Cooperative>, number: u32, quota: u64) -> Latencies {
    let registry = UnitRegistry::open(sections, UNITS).unwrap();
    let lanes = Lanes::open(sections, LANES).unwrap();
    let end = Instant::now() + PATIENCE;
    let client = loop {
        // Lanes of the dead are free when the kernel has looked at them.
        match lanes.client_or_wake(&Futex) {
            Ok(client) => break client,
            Err(error) => assert!(matches!(error, Error::NoSeat { .. }), "{error}"),
        }
        assert!(Instant::now() < end, "no lane gets free");
        std::thread::sleep(Duration::from_millis(1));
    };
    let mut client = Client {
        client,
        arena: Arena::open(sections, HEAP).unwrap(),
        hash: registry.find("hash").unwrap(),
        sha256: registry.method(registry.find("hash").unwrap(), "sha256").unwrap(),
        rogue: registry.find("rogue").unwrap(),
        random: Random::new(number),
        digests: (0..=u8::MAX).map(digest).collect(),
        calls: HashMap::new(),
        free: (0..ENTRIES).collect(),
        last_id: 0,
        latencies: Latencies::default(),
    };
    let mut made = 0;
    while made < quota {
        while made < quota && client.submit() {
            made += 1;
        }
        client.hear();
    }
    while !client.calls.is_empty() {
        client.hear();
    }
    // None twice: nothing is left to be heard.
    assert_eq!(client.client.poll(&Futex), Ok(None));
    client.latencies
}

/// As the unit gives it when it is called directly.
fn digest(byte: u8) -> [u8; DIGEST_LEN as usize] {
    let units = Dispatcher::standard();
    let mut out = VecOutput::new(DIGEST_LEN as usize);
    let input = [byte; INPUT_LEN as usize];
    let call = inos::Call { input: &input, params: b"" };
    units
        .execute(units.resolve("hash", "sha256").unwrap(), call, &mut out, &Budget::unlimited())
        .unwrap();
    out.as_bytes().try_into().unwrap()
}

impl Client<'_> {
    /// Submits a call of any kind; false if there is no room.
    fn submit(&mut self) -> bool {
        let Some(slot) = self.free.pop() else { return false };
        self.last_id += 1;
        let id = CallId(self.last_id);
        let sha256 = Submission::execute(id, self.hash, self.sha256);
        let rogue = |method| Submission::execute(id, self.rogue, method);
        let milliseconds = |count: u64| count * 1_000_000;
        let byte = self.random.below(256) as u8;
        let kind = self.random.below(1000);
        let (asked, mut call) = match kind {
            0..10 => (Asked::Wait, Submission { timeout_ns: milliseconds(1), ..rogue(WAIT) }),
            10..20 => (Asked::Wait, rogue(WAIT)),
            20..30 => (Asked::Panic, rogue(PANIC)),
            30..31 => (Asked::Wait, Submission { timeout_ns: milliseconds(1), ..rogue(LATE) }),
            31..41 => (Asked::Refused(Status::NO_METHOD), rogue(99)),
            41..51 => {
                let beyond = PayloadRef::buffer(ENTRIES * ROOM, 4);
                (Asked::Refused(Status::BAD_REFERENCE), Submission { input: beyond, ..sha256 })
            }
            51..61 => (Asked::Refused(Status::UNSUPPORTED), Submission { opcode: 99, ..sha256 }),
            61..100 => (Asked::Noop, Submission::noop(id)),
            100..120 => {
                // Of those that were made lately, most are still there.
                let target = CallId(self.last_id.saturating_sub(self.random.below(ENTRIES)));
                if let Some(call) = self.calls.get_mut(&target.0) {
                    call.is_cancelled = true;
                }
                (Asked::Cancel, Submission::cancel(id, target))
            }
            120..220 => match self.arena.allocate(INPUT_LEN as usize) {
                Ok(mut block) => {
                    block.get_mut(..INPUT_LEN as usize).unwrap().fill(byte);
                    let input = PayloadRef::block(HEAP, block.hand_over());
                    let output = PayloadRef::new_block(HEAP, 0);
                    (
                        Asked::Block(byte),
                        Submission { input, output, block_len: INPUT_LEN, ..sha256 },
                    )
                }
                Err(error) => {
                    assert_eq!(error, Error::Full);
                    (Asked::Noop, Submission::noop(id))
                }
            },
            _ => {
                let room = slot * ROOM;
                self.client.write_buffer(room, &[byte; INPUT_LEN as usize]).unwrap();
                let input = PayloadRef::buffer(room, INPUT_LEN);
                let output = PayloadRef::buffer(room + INPUT_LEN, DIGEST_LEN);
                (Asked::Digest(byte), Submission { input, output, ..sha256 })
            }
        };
        if matches!(asked, Asked::Digest(_) | Asked::Block(_)) {
            call = call.with_priority(self.random.below(8) as u8);
            if self.random.below(10) == 0 {
                call.timeout_ns = 1 + u64::from(self.random.below(1_000_000));
            }
        }
        let has_deadline = call.timeout_ns > 0;
        // Some waits go on until they are cancelled, and all of them must be.
        let endless = matches!(asked, Asked::Wait) && !has_deadline;
        match self.client.submit(&call, &Futex) {
            Ok(()) => {}
            Err(error) => {
                // As many rooms as entries: a lane whose answers were heard has one.
                assert_eq!(error, Error::Full);
                panic!("no room for a call, though its place was heard of");
            }
        }
        let begin = Instant::now();
        let call = Call { asked, slot, has_deadline, is_cancelled: endless, begin };
        assert!(self.calls.insert(id.0, call).is_none());
        if endless {
            while self.free.is_empty() {
                self.hear();
            }
            self.cancel(id);
        }
        true
    }

    fn cancel(&mut self, target: CallId) {
        let Some(slot) = self.free.pop() else { panic!("there is room") };
        self.last_id += 1;
        let cancel = Submission::cancel(CallId(self.last_id), target);
        self.client.submit(&cancel, &Futex).unwrap();
        let (asked, begin) = (Asked::Cancel, Instant::now());
        let call = Call { asked, slot, has_deadline: false, is_cancelled: false, begin };
        self.calls.insert(self.last_id, call);
    }

    /// Waits for an answer, and takes all that are there.
    fn hear(&mut self) {
        let mut answer = match self.client.wait(&Futex, Some(PATIENCE)) {
            Ok(answer) => Some(answer),
            Err(error) => panic!("{} calls have no answer: {error}", self.calls.len()),
        };
        while let Some(heard) = answer {
            self.check(&heard);
            answer = self.client.poll(&Futex).unwrap();
        }
    }

    fn check(&mut self, answer: &Completion) {
        let Some(call) = self.calls.remove(&answer.call_id.0) else {
            panic!("nobody asked, or it was answered before: {answer:?}");
        };
        self.free.push(call.slot);
        let status = answer.status;
        let ended_early = call.is_cancelled && status == Status::CANCELLED
            || call.has_deadline && status == Status::TIMED_OUT;
        match call.asked {
            _ if ended_early => {}
            Asked::Noop => assert_eq!(status, Status::OK),
            Asked::Cancel => assert!([Status::OK, Status::NO_CALL].contains(&status), "{status}"),
            Asked::Wait => panic!("it does not end by itself: {status}"),
            Asked::Panic => assert_eq!(status, Status::UNIT_FAILED),
            Asked::Refused(expected) => assert_eq!(status, expected),
            Asked::Digest(byte) => {
                assert_eq!((status, answer.len), (Status::OK, DIGEST_LEN));
                let mut found = [0; DIGEST_LEN as usize];
                self.client.read_buffer(call.slot * ROOM + INPUT_LEN, &mut found).unwrap();
                assert_eq!(found, self.digests[usize::from(byte)]);
                self.latencies.see(call.begin.elapsed());
            }
            // No room in the arena for the result.
            Asked::Block(_) if status == Status::BUSY => {}
            Asked::Block(byte) => {
                assert_eq!((status, answer.len), (Status::OK, DIGEST_LEN));
                let block = self.arena.adopt(Handle::from_value(answer.value)).unwrap();
                let found = block.get(..DIGEST_LEN as usize).unwrap();
                assert_eq!(found, self.digests[usize::from(byte)]);
            }
        }
    }
}

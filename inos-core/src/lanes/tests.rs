//! Lanes over real memory, with well-behaved and with hostile parties.
#![forbid(unsafe_code)]

use core::cell::Cell;
use core::time::Duration;
use std::boxed::Box;
use std::thread;
use std::vec::Vec;

use super::*;
use crate::layout::Layout;
use crate::raw::region::{AlignedBytes, Hostile, Region};
use crate::wait::{Parked, Spin};

mod hostile;
mod life;
mod model;
mod threads;

const LANES: SectionId = SectionId(4);
const CONFIG: LanesConfig = LanesConfig { lanes: 2, entries: 8, buffer_len: 256 };
const POSITIONS: [usize; 4] = [SQ_TAIL, SQ_HEAD, CQ_TAIL, CQ_HEAD];

fn spin() -> Spin {
    Spin::default()
}

fn noop(call: u32) -> Submission {
    Submission::noop(CallId(call))
}

fn done(call: &Submission) -> Completion {
    Completion { value: u64::from(call.call_id.0) + 1, ..Completion::new(call.call_id, Status::OK) }
}

fn layout(config: LanesConfig) -> Layout {
    Layout::builder().lanes(LANES, "lanes", config).build().unwrap()
}

/// Memory whose words the test can overwrite, as a hostile party would.
struct Memory {
    words: Vec<AtomicU32>,
    config: LanesConfig,
    section: usize,
}

impl Memory {
    fn new(config: LanesConfig) -> Self {
        let layout = layout(config);
        let len = layout.total_len() as usize / 4;
        let words: Vec<_> = (0..len).map(|_| AtomicU32::new(0)).collect();
        Sections::create(Region::from_words(&words), &layout, 7).unwrap();
        let section = layout.sections()[0].offset() as usize;
        Self { words, config, section }
    }

    fn lanes(&self) -> Lanes<'_, Hostile> {
        let sections = Sections::attach(Region::from_words(&self.words)).unwrap();
        Lanes::open(&sections, LANES).unwrap()
    }

    fn word(&self, lane: u32, offset: usize) -> &AtomicU32 {
        let lane = self.config.first_lane() + lane as usize * self.config.stride() as usize;
        &self.words[(self.section + lane + offset) / 4]
    }

    fn head_word(&self, offset: usize) -> &AtomicU32 {
        &self.words[(self.section + offset) / 4]
    }
}

fn serve<T: Trust>(service: &mut Service<'_, T>) -> usize {
    let mut served = 0;
    while let Some((ticket, call)) = service.next() {
        service.complete(ticket, &done(&call), &spin()).unwrap();
        served += 1;
    }
    served
}

#[test]
fn configs() {
    let good = LanesConfig { lanes: 1024, entries: 4096, buffer_len: !63 };
    assert!(section_len(&good).is_ok());
    for bad in [
        LanesConfig { lanes: 0, ..CONFIG },
        LanesConfig { lanes: 1025, ..CONFIG },
        LanesConfig { entries: 1, ..CONFIG },
        LanesConfig { entries: 6, ..CONFIG },
        LanesConfig { entries: 8192, ..CONFIG },
        LanesConfig { buffer_len: 32, ..CONFIG },
    ] {
        assert!(matches!(section_len(&bad), Err(Error::BadLayout { .. })), "{bad:?}");
    }
    assert_eq!(LanesConfig { lanes: 512, ..CONFIG }.first_lane(), 128);
    assert_eq!(LanesConfig { lanes: 513, ..CONFIG }.first_lane(), 192);
    assert_eq!(CONFIG.stride(), 640 + 8 * 96 + 8 * 16 + 256);
    // The table of two calls takes half a line, and the buffer begins on the next.
    assert_eq!(LanesConfig { entries: 2, ..CONFIG }.stride(), 640 + 2 * 96 + 64 + 256);
    assert_eq!(section_len(&CONFIG), Ok(128 + 2 * CONFIG.stride()));
}

#[test]
fn a_call_and_its_answer() {
    let mut memory = AlignedBytes::<8192>::new();
    let region = Region::from_bytes(memory.as_mut()).unwrap();
    let sections = Sections::create(region, &layout(CONFIG), 7).unwrap();
    let lanes = Lanes::open(&sections, LANES).unwrap();
    assert_eq!((lanes.lane_count(), lanes.entries(), lanes.buffer_len()), (2, 8, 256));

    let mut client = lanes.client().unwrap();
    let mut service = lanes.service().unwrap();
    assert_eq!(lanes.service().err(), Some(Error::RoleHeld));
    let (mut doorbell, mut answers) = (service.doorbell(), client.completions());
    assert_eq!(service.next(), None);

    client.write_buffer(4, b"three").unwrap();
    let call = Submission {
        input: PayloadRef::buffer(4, 5),
        timeout_ns: 1 << 40,
        ..Submission::execute(CallId(9), crate::UnitId::new(1, 2), 3)
    };
    assert_eq!(doorbell.changed(), None);
    client.submit(&call, &spin()).unwrap();
    assert!(doorbell.changed().is_some());
    let (ticket, copy) = service.next().unwrap();
    assert_eq!((ticket.lane(), ticket.call_id(), copy), (client.lane(), CallId(9), call));
    assert_eq!(service.next(), None);
    assert_eq!(client.poll(&spin()), Ok(None));

    let mut copy = [0; 5];
    service.read_buffer(client.lane(), 4, &mut copy).unwrap();
    assert_eq!(&copy, b"three");
    service.write_buffer(client.lane(), 252, b"3333").unwrap();
    let answer = Completion { len: 4, elapsed_ns: 5, ..done(&call) };
    assert_eq!(answers.changed(), None);
    service.complete(ticket, &answer, &spin()).unwrap();
    assert!(answers.changed().is_some());
    assert_eq!(client.wait(&spin(), None), Ok(answer));
    assert_eq!(client.poll(&spin()), Ok(None));
    let mut copy = [0; 4];
    client.read_buffer(252, &mut copy).unwrap();
    assert_eq!(&copy, b"3333");
}

#[test]
fn buffers_end() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    assert_eq!(client.buffer_len(), 256);
    assert!(matches!(client.write_buffer(256, &[1]), Err(Error::OutOfBounds { .. })));
    assert!(matches!(client.write_buffer(u32::MAX - 3, &[1; 8]), Err(Error::OutOfBounds { .. })));
    assert!(matches!(client.write_buffer(2, &[1]), Err(Error::Misaligned { .. })));
    assert!(matches!(client.read_buffer(0, &mut [0; 257]), Err(Error::OutOfBounds { .. })));
    assert!(matches!(service.write_buffer(0, 252, &[1; 5]), Err(Error::OutOfBounds { .. })));
    let nowhere = Err(Error::NoSuchIndex { index: 2, count: 2 });
    assert_eq!(service.read_buffer(2, 0, &mut []), nowhere);
}

#[test]
fn lanes_do_not_overlap() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut first, mut second) = (lanes.client().unwrap(), lanes.client().unwrap());
    assert_eq!((first.lane(), second.lane()), (0, 1));
    assert_eq!(lanes.client().err(), Some(Error::NoSeat { count: 2 }));
    first.write_buffer(0, &[0xff; 256]).unwrap();
    second.write_buffer(0, &[0xff; 256]).unwrap();
    for (client, base) in [(&mut first, 0), (&mut second, 100)] {
        for call in base..base + 8 {
            client.submit(&noop(call), &spin()).unwrap();
        }
    }
    let mut service = lanes.service().unwrap();
    assert_eq!(serve(&mut service), 16);
    for (client, base) in [(&mut first, 0), (&mut second, 100)] {
        for call in base..base + 8 {
            assert_eq!(client.poll(&spin()), Ok(Some(done(&noop(call)))));
        }
        let mut copy = [0; 256];
        client.read_buffer(0, &mut copy).unwrap();
        assert_eq!(copy, [0xff; 256]);
    }
}

#[test]
fn a_full_queue_takes_nothing() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let mut client = lanes.client().unwrap();
    for call in 0..8 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    assert_eq!(client.submit(&noop(8), &spin()), Err(Error::Full));
    let mut service = lanes.service().unwrap();
    assert_eq!(service.next().unwrap().1, noop(0));
    client.submit(&noop(9), &spin()).unwrap();
    assert_eq!(client.submit(&noop(10), &spin()), Err(Error::Full));
    let calls: Vec<_> = core::iter::from_fn(|| service.next()).map(|(_, c)| c.call_id.0).collect();
    // Eight are accepted and unanswered: no room for the answer to a ninth.
    assert_eq!(calls, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn completion_room_bounds_acceptance_and_a_poll_rings_again() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    for call in 0..8 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    assert_eq!(serve(&mut service), 8);
    for call in 8..16 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    // The answers are not taken: nothing more is accepted, and the service may sleep.
    let mut doorbell = service.doorbell();
    assert_eq!(service.next(), None);
    assert_eq!(doorbell.changed(), None);

    assert_eq!(client.poll(&spin()).unwrap().unwrap().call_id, CallId(0));
    assert!(doorbell.changed().is_some(), "the poll rings");
    assert_eq!(serve(&mut service), 1);
    assert_eq!(service.next(), None);
    for call in 1..16 {
        assert_eq!(client.poll(&spin()).unwrap().unwrap().call_id, CallId(call));
        serve(&mut service);
    }
    assert_eq!(client.poll(&spin()), Ok(None));
    // Nothing waits: a poll has no reason to ring.
    client.submit(&noop(16), &spin()).unwrap();
    serve(&mut service);
    doorbell.changed();
    client.poll(&spin()).unwrap().unwrap();
    assert_eq!(doorbell.changed(), None);
    assert_eq!(service.corrupt_count(), 0);
}

#[test]
fn lanes_take_turns() {
    let config = LanesConfig { lanes: 70, entries: 8, buffer_len: 0 };
    let memory = Memory::new(config);
    let lanes = memory.lanes();
    let mut clients: Vec<_> = (0..70).map(|_| lanes.client().unwrap()).collect();
    let mut service = lanes.service().unwrap();
    for lane in [0, 33, 69] {
        for call in 0..3 {
            clients[lane].submit(&noop(call), &spin()).unwrap();
        }
    }
    let turns: Vec<_> = (0..6).map(|_| service.next().unwrap().0.lane()).collect();
    assert_eq!(turns, [0, 33, 69, 0, 33, 69]);
    // One that speaks up late waits for one round at most.
    clients[1].submit(&noop(0), &spin()).unwrap();
    let turns: Vec<_> =
        core::iter::from_fn(|| service.next()).map(|(ticket, _)| ticket.lane()).collect();
    assert_eq!(turns, [0, 1, 33, 69]);
}

#[test]
fn calls_survive_a_change_of_services() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let mut client = lanes.client().unwrap();
    for call in 0..4 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    let mut service = lanes.service().unwrap();
    let (lane, call) = service.next().unwrap();
    service.complete(lane, &done(&call), &spin()).unwrap();
    drop(service);
    // Its private ready bits are gone, and nobody rings.
    assert_eq!(serve(&mut lanes.service().unwrap()), 3);
    for call in 0..4 {
        assert_eq!(client.poll(&spin()).unwrap().unwrap().call_id, CallId(call));
    }
}

#[test]
fn a_lane_is_given_out_again_when_it_is_quiet() {
    let memory = Memory::new(LanesConfig { lanes: 1, ..CONFIG });
    let lanes = memory.lanes();
    let none = Some(Error::NoSeat { count: 1 });
    let mut service = lanes.service().unwrap();

    // Twice as many calls as the rings hold: eight answers unread, eight submissions waiting.
    let mut client = lanes.client().unwrap();
    for call in 0..16 {
        client.submit(&noop(call), &spin()).unwrap();
        if call == 7 {
            assert_eq!(serve(&mut service), 8);
        }
    }
    assert_eq!(service.next(), None);
    let mut doorbell = service.doorbell();
    drop(client);
    assert!(doorbell.changed().is_some());
    assert_eq!(lanes.client().err(), none, "submissions are waiting");
    let (lane, call) = service.next().unwrap();
    assert_eq!(call, noop(8));
    assert_eq!(serve(&mut service), 7);
    assert_eq!(lanes.client().err(), none, "a call is in flight");
    service.complete(lane, &done(&call), &spin()).unwrap();

    let mut client = lanes.client().unwrap();
    assert_eq!(client.poll(&spin()), Ok(None), "not our answers");
    client.submit(&noop(99), &spin()).unwrap();
    assert_eq!(serve(&mut service), 1);
    assert_eq!(client.poll(&spin()), Ok(Some(done(&noop(99)))));
    assert_eq!(service.corrupt_count(), 0);
}

#[test]
fn positions_wrap() {
    let memory = Memory::new(CONFIG);
    for position in POSITIONS {
        memory.word(0, position).store((1 << 31) - 3, Ordering::Relaxed);
    }
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    assert_eq!(client.lane(), 0);
    for call in 0..40 {
        client.submit(&noop(2 * call), &spin()).unwrap();
        client.submit(&noop(2 * call + 1), &spin()).unwrap();
        assert_eq!(serve(&mut service), 2);
        for call in [2 * call, 2 * call + 1] {
            assert_eq!(client.poll(&spin()), Ok(Some(done(&noop(call)))));
        }
    }
    for position in POSITIONS {
        assert_eq!(memory.word(0, position).load(Ordering::Relaxed), 77);
    }
}

#[test]
fn a_ticket_answers_once() {
    let memory = Memory::new(CONFIG);
    let lanes = memory.lanes();
    let (mut client, mut service) = (lanes.client().unwrap(), lanes.service().unwrap());
    // Seven calls stay in flight, so that the eighth gets the same slot again and again.
    for call in 0..7 {
        client.submit(&noop(call), &spin()).unwrap();
    }
    let held: Vec<_> = core::iter::from_fn(|| service.next()).collect();
    let mut late = None;
    for call in 100..120 {
        client.submit(&noop(100), &spin()).unwrap();
        let (ticket, _) = service.next().unwrap();
        if let Some(late) = late.replace(ticket) {
            assert_eq!(service.complete(late, &done(&noop(100)), &spin()), Err(Error::Fenced));
        }
        // The id is the call's, whatever the answer says.
        let answer = Completion { value: call, ..done(&noop(55)) };
        service.complete(ticket, &answer, &spin()).unwrap();
        assert_eq!(service.complete(ticket, &answer, &spin()), Err(Error::Fenced));
        let found = client.poll(&spin()).unwrap().unwrap();
        assert_eq!((found.call_id, found.value), (CallId(100), call));
        assert_eq!(client.poll(&spin()), Ok(None));
    }
    for (ticket, call) in held {
        service.complete(ticket, &done(&call), &spin()).unwrap();
        assert_eq!(client.poll(&spin()), Ok(Some(done(&call))));
    }
    // A ticket of other lanes.
    let other = Memory::new(LanesConfig { lanes: 3, ..CONFIG });
    let (more, mut stranger) = (other.lanes(), other.lanes().service().unwrap());
    let mut clients: Vec<_> = (0..3).map(|_| more.client().unwrap()).collect();
    clients[2].submit(&noop(1), &spin()).unwrap();
    let (ticket, call) = stranger.next().unwrap();
    let nowhere = Err(Error::NoSuchIndex { index: 2, count: 2 });
    assert_eq!(service.complete(ticket, &done(&call), &spin()), nowhere);
}

#[test]
fn attaching_exclusively_voids_roles_and_calls() {
    let mut memory = Box::new(AlignedBytes::<8192>::new());
    {
        let region = Region::from_bytes((*memory).as_mut()).unwrap();
        let sections = Sections::create(region, &layout(CONFIG), 7).unwrap();
        let lanes = Lanes::open(&sections, LANES).unwrap();
        let (mut first, second) = (lanes.client().unwrap(), lanes.client().unwrap());
        let mut service = lanes.service().unwrap();
        for call in 0..3 {
            first.submit(&noop(call), &spin()).unwrap();
        }
        service.next().unwrap();
        // As if their processes had died.
        core::mem::forget((first, second, service));
    }
    let region = Region::from_bytes((*memory).as_mut()).unwrap();
    let sections = Sections::attach(region).unwrap();
    let lanes = Lanes::open(&sections, LANES).unwrap();
    let (mut first, _second) = (lanes.client().unwrap(), lanes.client().unwrap());
    let mut service = lanes.service().unwrap();
    assert_eq!((service.next(), service.next_orphan()), (None, None));
    first.submit(&noop(5), &spin()).unwrap();
    assert_eq!(serve(&mut service), 1);
    assert_eq!(first.poll(&spin()), Ok(Some(done(&noop(5)))));
}

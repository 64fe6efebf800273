//! A call and its answer.

use std::sync::mpsc;
use std::thread;

use inos::{
    CallId, Caller, Client, Completion, Consumer, Cooperative, Dispatcher, Futex, Input, Kernel,
    KernelConfig, Lanes, LanesConfig, Layout, PayloadRef, Producer, RingBuffer, RingConfig,
    SectionId, Sections, Spin, Status, Submission, Target, UnitRegistry,
};

use super::Area;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::process::{attach, create};
use crate::{Folder, Partner, Process, inos, limit, peer, poll, unpin};

pub(super) const AREA: Area = Area {
    name: "syscall",
    title: "A call of no work, and its answer",
    about: "A submission of 64 bytes and a completion of 32, both checked. The limit carries as \
            many bytes through one bare ring and back through another. Through a running kernel \
            the client and the kernel's threads sleep and wake each other: what the operating \
            system takes for that is most of it. iceoryx2 is there with the feature \
            `peers-heavy`.",
    run,
};

const LANES: SectionId = SectionId(1);
const UNITS: SectionId = SectionId(2);
const THERE: SectionId = SectionId(3);
const BACK: SectionId = SectionId(4);
/// Calls in flight at a time.
const IN_FLIGHT: usize = 64;
const CONFIG: LanesConfig = LanesConfig { lanes: 2, entries: 8, buffer_len: 1024 };
/// Bytes of a submission and of a completion.
const ASKED: usize = 64;
const ANSWERED: usize = 32;

fn layout() -> Layout {
    Layout::builder()
        .lanes(LANES, "lanes", CONFIG)
        .registry(UNITS, "units", Kernel::registry_config(&Dispatcher::standard()))
        .ring(THERE, "there", RingConfig { capacity: 128 })
        .ring(BACK, "back", RingConfig { capacity: 128 })
        .build()
        .expect("a layout")
}

fn ring<'m>(sections: &Sections<'m, Cooperative>, id: SectionId) -> RingBuffer<'m, Cooperative> {
    RingBuffer::open(sections, id).expect("a ring")
}

fn producer<'m>(sections: &Sections<'m, Cooperative>, id: SectionId) -> Producer<'m, Cooperative> {
    ring(sections, id).producer().expect("free")
}

fn consumer<'m>(sections: &Sections<'m, Cooperative>, id: SectionId) -> Consumer<'m, Cooperative> {
    ring(sections, id).consumer().expect("free")
}

fn client<'m>(sections: &Sections<'m, Cooperative>) -> Client<'m, Cooperative> {
    Lanes::open(sections, LANES).and_then(|lanes| lanes.client()).expect("a free lane")
}

pub(super) fn hops_partner(partner: &Partner) {
    let memory = partner.memory();
    let sections = attach(&memory);
    let (mut asked, mut back) = (consumer(&sections, THERE), producer(&sections, BACK));
    let mut bytes = [0; ASKED];
    partner.ready();
    while let Some(popped) = partner.poll(|| asked.pop(&mut bytes).ok()) {
        back.push(popped.tag, &bytes[..ANSWERED]).expect("there is room");
    }
}

pub(super) fn service_partner(partner: &Partner) {
    let memory = partner.memory();
    let lanes = Lanes::open(&attach(&memory), LANES);
    let mut service = lanes.and_then(|lanes| lanes.service()).expect("no other service");
    let park = Spin::default();
    partner.ready();
    while let Some((lane, call)) = partner.poll(|| service.next()) {
        let answer = Completion::new(call.call_id, Status::OK);
        service.complete(lane, &answer, &park).expect("room");
    }
}

/// Calls so many times by `call`, which says whether the answer was that of its number.
fn calls(mut call: impl FnMut(u32) -> bool) -> impl FnMut(u64) -> u64 {
    let mut number = 0_u32;
    move |count| {
        let mut right = 0;
        for _ in 0..count {
            number = number.wrapping_add(1);
            right += u64::from(call(number));
        }
        right
    }
}

fn run(driver: &mut dyn Driver) {
    one_thread(driver);
    two_processes(driver);
    kernel(driver);
    in_flight(driver);
}

fn one_thread(driver: &mut dyn Driver) {
    let mut memory = Memory::new(layout());
    let sections = memory.sections();
    let (mut there, mut asked) = (producer(&sections, THERE), consumer(&sections, THERE));
    let (mut back, mut answered) = (producer(&sections, BACK), consumer(&sections, BACK));
    let mut client = client(&sections);
    let service = Lanes::open(&sections, LANES).and_then(|lanes| lanes.service());
    let mut service = service.expect("no other service");
    let park = Spin::default();
    let (mut call_copy, mut answer_copy) = ([0; ASKED], [0; ANSWERED]);
    let contenders = vec![
        limit(
            "two ring hops",
            calls(|number| {
                there.push(number, &[1; ASKED]).expect("there is room");
                let popped = asked.pop(&mut call_copy).expect("there is a record");
                back.push(popped.tag, &[2; ANSWERED]).expect("there is room");
                let popped = answered.pop(&mut answer_copy).expect("there is a record");
                popped.tag == number && answer_copy[0] == 2
            }),
        )
        .boxed(),
        inos(
            "submit, accept, complete, poll",
            calls(|number| {
                client.submit(&Submission::noop(CallId(number)), &park).expect("room");
                let (lane, call) = service.next().expect("a call");
                let answer = Completion::new(call.call_id, Status::OK);
                service.complete(lane, &answer, &park).expect("room");
                let found = client.poll(&park).expect("a sound lane");
                found.is_some_and(|found| found.call_id == CallId(number))
            }),
        )
        .reach(1.5)
        .boxed(),
    ];
    driver.case(Case::new("one thread", 512), contenders);
}

fn two_processes(driver: &mut dyn Driver) {
    let layout = layout();
    let (hops, lanes) = (Folder::new(), Folder::new());
    #[cfg(feature = "peers-heavy")]
    let heavy = Folder::new();
    let (hops_memory, lanes_memory) = (hops.memory(&layout), lanes.memory(&layout));
    let sections = create(&hops_memory, &layout);
    let (mut there, mut answered) = (producer(&sections, THERE), consumer(&sections, BACK));
    let mut client = client(&create(&lanes_memory, &layout));
    let park = Spin::default();
    let mut bytes = [0; ANSWERED];
    let here = limit(
        "two ring hops",
        calls(move |number| {
            there.push(number, &[1; ASKED]).expect("there is room");
            poll(|| answered.pop(&mut bytes).ok()).tag == number
        }),
    );
    let ours = inos(
        "client and service",
        calls(move |number| {
            client.submit(&Submission::noop(CallId(number)), &park).expect("room");
            poll(|| client.poll(&park).expect("a sound lane")).call_id == CallId(number)
        }),
    );
    let contenders = vec![
        Process::new(&hops, "syscall/hops", 1, here).boxed(),
        #[cfg(feature = "peers-heavy")]
        super::iceoryx::request_response(&heavy),
        Process::new(&lanes, "syscall/service", 1, ours.reach(1.5)).boxed(),
    ];
    driver.case(Case::new("two processes, polling", 64).latency(), contenders);
}

/// The kernel's threads run anywhere.
fn kernel(driver: &mut dyn Driver) {
    let mut bare = Memory::new(layout());
    let sections = bare.sections();
    let (mut there, mut asked) = (producer(&sections, THERE), consumer(&sections, THERE));
    let mut bytes = [0; ASKED];
    let mut memory = Memory::new(layout());
    let served = memory.sections();
    let config = KernelConfig::new(LANES, UNITS).threads(1);
    // The threads that it starts inherit where this one may run.
    unpin();
    Kernel::run(&served, &Dispatcher::standard(), &config, |_| {
        let mut client = client(&served);
        let mut caller = Caller::open(&served, LANES, UNITS).expect("a free lane");
        let sha256 = caller.method("hash", "sha256").expect("the unit hash");
        let mut digest = [0; 32];
        let contenders = vec![
            limit(
                "a ring hop, one thread",
                calls(|number| {
                    there.push(number, &[1; ASKED]).expect("there is room");
                    asked.pop(&mut bytes).is_ok_and(|popped| popped.tag == number)
                }),
            )
            .boxed(),
            inos(
                "no-op",
                calls(|number| {
                    client.submit(&Submission::noop(CallId(number)), &Futex).expect("room");
                    let answer = client.wait(&Futex, None).expect("a sound lane");
                    (answer.call_id, answer.status) == (CallId(number), Status::OK)
                }),
            )
            .boxed(),
            inos(
                "SHA-256 of 64 bytes",
                calls(|_| {
                    let target = Target::Bytes(&mut digest);
                    let answer = caller.call(sha256, Input::Bytes(&[0; 64]), b"", target);
                    answer.is_ok_and(|answer| answer.len == 32) && digest[..2] == [0xf5, 0xa5]
                }),
            )
            .boxed(),
        ];
        driver.case(Case::new("through a running kernel, blocking", 16).latency(), contenders);
    })
    .expect("a kernel");
}

/// What takes calls and gives answers.
trait Flight {
    /// Takes some of so many calls.
    fn send(&mut self, room: usize) -> usize;
    /// Waits for answers; how many came, all of them right.
    fn receive(&mut self) -> usize;
}

/// Keeps as many calls in flight as may be, so many in all.
fn flown(mut flight: impl Flight) -> impl FnMut(u64) -> u64 {
    move |count| {
        let (mut sent, mut answered) = (0, 0);
        while answered < count {
            let room = (count - sent).min(IN_FLIGHT as u64 - (sent - answered));
            if room > 0 {
                sent += flight.send(room as usize) as u64;
            }
            answered += flight.receive() as u64;
        }
        answered
    }
}

/// A number of a job that is sent back.
const JOB: u32 = 7;

/// A bare queue and a thread: each job says where its answer goes, as a call does.
struct Channels {
    jobs: mpsc::Sender<(u32, mpsc::Sender<u32>)>,
    answer: mpsc::Sender<u32>,
    answers: mpsc::Receiver<u32>,
}

impl Flight for Channels {
    fn send(&mut self, room: usize) -> usize {
        for _ in 0..room {
            self.jobs.send((JOB, self.answer.clone())).expect("a worker");
        }
        room
    }

    fn receive(&mut self) -> usize {
        let first = self.answers.recv().expect("a worker");
        let all = [first].into_iter().chain(self.answers.try_iter());
        all.inspect(|answer| assert_eq!(*answer, JOB)).count()
    }
}

/// The same call, again and again.
struct Calls<'m>(Client<'m, Cooperative>, [Submission; IN_FLIGHT]);

impl Flight for Calls<'_> {
    fn send(&mut self, room: usize) -> usize {
        self.0.submit_many(&self.1[..room], &Futex).unwrap_or(0)
    }

    fn receive(&mut self) -> usize {
        let first = self.0.wait(&Futex, None).expect("a sound lane");
        let mut answers = [first; IN_FLIGHT];
        let more = self.0.poll_many(&mut answers[1..], &Futex).expect("a sound lane");
        let all = &answers[..=more];
        assert!(all.iter().all(|it| (it.call_id, it.status) == (CallId(JOB), Status::OK)));
        all.len()
    }
}

/// How many jobs a second: the queue is never empty.
fn in_flight(driver: &mut dyn Driver) {
    let lanes = LanesConfig { entries: IN_FLIGHT as u32, ..CONFIG };
    let layout = Layout::builder()
        .lanes(LANES, "lanes", lanes)
        .registry(UNITS, "units", Kernel::registry_config(&Dispatcher::standard()))
        .build()
        .expect("a layout");
    let mut memory = Memory::new(layout);
    let served = memory.sections();
    let config = KernelConfig::new(LANES, UNITS).threads(1);
    unpin();
    let (jobs, queue) = mpsc::channel::<(u32, mpsc::Sender<u32>)>();
    let worker = thread::spawn(move || {
        for (job, answer) in queue {
            // It fails when nobody waits any more.
            let _ = answer.send(job);
        }
    });
    let (answer, answers) = mpsc::channel();
    let channels = Channels { jobs, answer, answers };
    Kernel::run(&served, &Dispatcher::standard(), &config, |_| {
        let registry = UnitRegistry::open(&served, UNITS).expect("a registry");
        let hash = registry.find("hash").expect("the unit hash");
        let output = PayloadRef::buffer(0, 32);
        let sha256 = Submission { output, ..Submission::execute(CallId(JOB), hash, 1) };
        let calls = |call| flown(Calls(client(&served), [call; IN_FLIGHT]));
        let contenders = vec![
            peer("std's channel and a thread", flown(channels)).boxed(),
            inos("no-op", calls(Submission::noop(CallId(JOB)))).boxed(),
            inos("SHA-256 of no bytes", calls(sha256)).boxed(),
        ];
        driver.case(Case::new("64 in flight, blocking", 4096), contenders);
    })
    .expect("a kernel");
    worker.join().expect("no panic");
}

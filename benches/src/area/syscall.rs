//! A call and its answer: polled in one thread, and through a running kernel.

use std::time::Instant;

use inos::{
    CallId, Caller, Client, Completion, Consumer, Cooperative, Dispatcher, Futex, Input, Kernel,
    KernelConfig, Lanes, LanesConfig, Layout, Producer, RegistryConfig, RingBuffer, RingConfig,
    SectionId, Sections, Spin, Status, Submission, Target,
};

use crate::contender::{Contender, Goal, Row, Side, Windows, nanoseconds_per_op};
use crate::machine;

const LANES: SectionId = SectionId(1);
const UNITS: SectionId = SectionId(2);
const THERE: SectionId = SectionId(3);
const BACK: SectionId = SectionId(4);
const CONFIG: LanesConfig = LanesConfig { lanes: 2, entries: 8, buffer_len: 1024 };

type Ends = (Producer<'static, Cooperative>, Consumer<'static, Cooperative>);

fn ends(sections: &Sections<'static, Cooperative>, id: SectionId) -> Ends {
    let ring = RingBuffer::open(sections, id).expect("a ring");
    (ring.producer().expect("free"), ring.consumer().expect("free"))
}

fn sections() -> Sections<'static, Cooperative> {
    let layout = Layout::builder()
        .lanes(LANES, "lanes", CONFIG)
        .registry(UNITS, "units", RegistryConfig { slots: 4, slot_len: 512 })
        .ring(THERE, "there", RingConfig { capacity: 128 })
        .ring(BACK, "back", RingConfig { capacity: 128 })
        .build()
        .expect("a layout");
    machine::sections(&layout)
}

fn client(sections: &Sections<'static, Cooperative>) -> Client<'static, Cooperative> {
    Lanes::open(sections, LANES).and_then(|lanes| lanes.client()).expect("a free lane")
}

fn hops() -> Contender {
    let sections = sections();
    let (mut there, mut asked) = ends(&sections, THERE);
    let (mut back, mut answered) = ends(&sections, BACK);
    let mut count = 0_u32;
    let (call, answer) = ([1; 64], [2; 32]);
    let (mut call_copy, mut answer_copy) = ([0; 64], [0; 32]);
    Contender::solo("two hops through rings", Side::Limit, move |ops| {
        for _ in 0..ops {
            count = count.wrapping_add(1);
            there.push(count, &call).expect("there is room");
            let popped = asked.pop(&mut call_copy).expect("there is a record");
            back.push(popped.tag, &answer).expect("there is room");
            let popped = answered.pop(&mut answer_copy).expect("there is a record");
            assert_eq!((popped.tag, answer_copy[0]), (count, 2));
        }
    })
}

fn polled() -> Contender {
    let sections = sections();
    let mut client = client(&sections);
    let lanes = Lanes::open(&sections, LANES).expect("the section");
    let mut service = lanes.service().expect("no other service");
    let park = Spin::default();
    let mut count = 0_u32;
    Contender::solo("INOS lane, polled", Side::Inos, move |ops| {
        for _ in 0..ops {
            count = count.wrapping_add(1);
            client.submit(&Submission::noop(CallId(count)), &park).expect("room");
            let (ticket, call) = service.next().expect("a call");
            let answer = Completion::new(call.call_id, Status::OK);
            service.complete(ticket, &answer, &park).expect("room");
            assert_eq!(client.poll(&park).expect("a sound lane"), Some(answer));
        }
    })
}

/// Times `call` beside a kernel that sleeps between calls.
fn kernel(
    name: &'static str,
    mut call: impl FnMut(&Sections<'static, Cooperative>, Windows) -> Vec<f64> + 'static,
) -> Contender {
    let sections = sections();
    Contender::new(name, Side::Inos, move |windows| {
        let config = KernelConfig::new(LANES, UNITS).threads(1);
        let dispatcher = Dispatcher::standard();
        Kernel::run(&sections, &dispatcher, &config, |_| call(&sections, windows))
            .expect("a kernel")
    })
}

fn windows_of(windows: Windows, mut once: impl FnMut()) -> Vec<f64> {
    // Each wakes threads, which takes microseconds: fewer of them.
    let ops = windows.ops.div_ceil(50);
    let window = |_| {
        let begin = Instant::now();
        (0..ops).for_each(|_| once());
        nanoseconds_per_op(begin, ops)
    };
    (0..windows.count).map(window).collect()
}

fn kernel_noop() -> Contender {
    kernel("INOS kernel, no-op", |sections, windows| {
        let mut client = client(sections);
        let mut count = 0;
        windows_of(windows, || {
            count += 1;
            client.submit(&Submission::noop(CallId(count)), &Futex).expect("room");
            let answer = client.wait(&Futex, None).expect("a sound lane");
            assert_eq!((answer.call_id, answer.status), (CallId(count), Status::OK));
        })
    })
}

fn kernel_sha256() -> Contender {
    kernel("INOS kernel, sha256", |sections, windows| {
        let mut caller = Caller::open(sections, LANES, UNITS).expect("a free lane");
        let sha256 = caller.method("hash", "sha256").expect("the unit hash");
        let mut digest = [0; 32];
        windows_of(windows, || {
            let target = Target::Bytes(&mut digest);
            let answer = caller.call(sha256, Input::Bytes(&[0; 64]), b"", target);
            assert_eq!(answer.expect("sha256").len, 32);
            // SHA-256 of 64 zero bytes.
            assert_eq!(digest[..4], [0xf5, 0xa5, 0xfd, 0x42]);
        })
    })
}

/// The row of this area.
pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        id: "syscall",
        what: "submit a call, answer it, take the answer",
        ops: 5000,
        latency: false,
        goals: &[("INOS lane, polled", Goal::Ratio(1.5))],
        contenders: vec![hops(), polled(), kernel_noop(), kernel_sha256()],
    }]
}

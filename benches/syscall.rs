//! A call and its answer: `cargo bench --bench syscall`.
//!
//! - `hops`: the least that two ends in shared memory must do, a record of 64 bytes through one
//!   ring and one of 32 bytes back through another;
//! - `polled`: a no-op through a lane, client and service in one thread: submit, accept,
//!   complete, poll;
//! - `kernel_noop`: a no-op through a running kernel: the client sleeps until it is answered,
//!   and the kernel's pump sleeps until it is called;
//! - `kernel_sha256`: a method of a unit through a running kernel, by its number: the pump hands
//!   the call to a worker. Input of 64 bytes and digest are copied through the lane's buffer.
//!
//! The last two are two and four threads that wake each other: what the operating system takes
//! for that is most of what they take.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inos::{
    AlignedBytes, CallId, Caller, Client, Completion, Consumer, Cooperative, Dispatcher, Futex,
    Input, Kernel, KernelConfig, Lanes, LanesConfig, Layout, Producer, Region, RegistryConfig,
    RingBuffer, RingConfig, SectionId, Sections, Spin, Status, Submission, Target,
};
use inos_benches::rounds;

const LANES: SectionId = SectionId(1);
const UNITS: SectionId = SectionId(2);
const THERE: SectionId = SectionId(3);
const BACK: SectionId = SectionId(4);
const CONFIG: LanesConfig = LanesConfig { lanes: 2, entries: 8, buffer_len: 1024 };

type Ends<'m> = (Producer<'m, Cooperative>, Consumer<'m, Cooperative>);

fn ends<'m>(sections: &Sections<'m, Cooperative>, id: SectionId) -> Ends<'m> {
    let ring = RingBuffer::open(sections, id).expect("a ring");
    (ring.producer().expect("free"), ring.consumer().expect("free"))
}

fn client<'m>(sections: &Sections<'m, Cooperative>) -> Client<'m, Cooperative> {
    Lanes::open(sections, LANES).and_then(|lanes| lanes.client()).expect("a free lane")
}

fn syscall(criterion: &mut Criterion) {
    let layout = Layout::builder()
        .lanes(LANES, "lanes", CONFIG)
        .registry(UNITS, "units", RegistryConfig { slots: 4, slot_len: 512 })
        .ring(THERE, "there", RingConfig { capacity: 128 })
        .ring(BACK, "back", RingConfig { capacity: 128 })
        .build()
        .expect("a layout");
    let mut memory = AlignedBytes::<16_384>::new();
    let region = Region::from_bytes(memory.as_mut()).expect("aligned memory");
    let sections = Sections::create(region, &layout, 1).expect("a region");
    let mut served = AlignedBytes::<16_384>::new();
    let region = Region::from_bytes(served.as_mut()).expect("aligned memory");
    let served = Sections::create(region, &layout, 2).expect("a region");

    let config = KernelConfig::new(LANES, UNITS).threads(1);
    Kernel::run(&served, &Dispatcher::standard(), &config, |_| {
        rounds(criterion, "syscall", |group| {
            group.throughput(Throughput::Elements(1));

            let (mut there, mut asked) = ends(&sections, THERE);
            let (mut back, mut answered) = ends(&sections, BACK);
            let mut count = 0_u32;
            group.bench_function("hops", |bencher| {
                let (call, answer) = ([1; 64], [2; 32]);
                let (mut call_copy, mut answer_copy) = ([0; 64], [0; 32]);
                bencher.iter(|| {
                    count = count.wrapping_add(1);
                    there.push(count, &call).expect("there is room");
                    let popped = asked.pop(&mut call_copy).expect("there is a record");
                    back.push(popped.tag, &answer).expect("there is room");
                    let popped = answered.pop(&mut answer_copy).expect("there is a record");
                    assert_eq!((popped.tag, answer_copy[0]), (count, 2));
                });
            });

            let mut client_end = client(&sections);
            let mut service = Lanes::open(&sections, LANES).and_then(|lanes| lanes.service());
            let service = service.as_mut().expect("no other service");
            let park = Spin::default();
            group.bench_function("polled", |bencher| {
                bencher.iter(|| {
                    count = count.wrapping_add(1);
                    client_end.submit(&Submission::noop(CallId(count)), &park).expect("room");
                    let (lane, call) = service.next().expect("a call");
                    let answer = Completion::new(call.call_id, Status::OK);
                    service.complete(lane, &answer, &park).expect("room");
                    let found = client_end.poll(&park).expect("a sound lane");
                    assert_eq!(found, Some(answer));
                });
            });

            let mut client_end = client(&served);
            group.bench_function("kernel_noop", |bencher| {
                bencher.iter(|| {
                    count = count.wrapping_add(1);
                    client_end.submit(&Submission::noop(CallId(count)), &Futex).expect("room");
                    let answer = client_end.wait(&Futex, None).expect("a sound lane");
                    assert_eq!((answer.call_id, answer.status), (CallId(count), Status::OK));
                });
            });
            drop(client_end);

            let mut caller = Caller::open(&served, LANES, UNITS).expect("a free lane");
            let sha256 = caller.method("hash", "sha256").expect("the unit hash");
            group.bench_function("kernel_sha256", |bencher| {
                let mut digest = [0; 32];
                bencher.iter(|| {
                    let target = Target::Bytes(&mut digest);
                    let answer = caller.call(sha256, Input::Bytes(&[0; 64]), b"", target);
                    assert_eq!(answer.expect("sha256").len, 32);
                });
                // SHA-256 of 64 zero bytes.
                assert_eq!(digest[..4], [0xf5, 0xa5, 0xfd, 0x42]);
            });
        });
    })
    .expect("a kernel");
}

criterion_group!(benches, syscall);
criterion_main!(benches);

//! iceoryx2 between two processes, for the areas where it is a peer. Its ports belong to a
//! process, so all of these have one for a partner.

use std::path::Path;
use std::sync::atomic::Ordering;

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::{LogLevel, Node, NodeBuilder, ServiceName, ipc, set_log_level};

use super::round_trip::ask;
use super::spsc::{LEN, Record, number_of, record};
use crate::{Contender, Folder, Partner, Process, peer, poll};

/// Samples of a stream that there is room for.
const CAPACITY: usize = 1024;

fn node() -> Node<ipc::Service> {
    set_log_level(LogLevel::Fatal);
    NodeBuilder::new().create().expect("a node")
}

/// A name that no other contender has.
fn name(folder: &Path, what: &str) -> ServiceName {
    let own = folder.file_name().and_then(|name| name.to_str()).expect("a folder's name");
    ServiceName::new(&format!("{own}/{what}")).expect("a short name")
}

type Service =
    iceoryx2::service::port_factory::publish_subscribe::PortFactory<ipc::Service, Record, ()>;

fn records(node: &Node<ipc::Service>, folder: &Path, what: &str) -> Service {
    node.service_builder(&name(folder, what))
        .publish_subscribe::<Record>()
        .enable_safe_overflow(false)
        .subscriber_max_buffer_size(CAPACITY)
        .open_or_create()
        .expect("a service")
}

fn publisher(service: &Service) -> Publisher<ipc::Service, Record, ()> {
    let discard = iceoryx2::prelude::BackpressureStrategy::DiscardData;
    service.publisher_builder().backpressure_strategy(discard).create().expect("a publisher")
}

/// Sends a record in place; `None` if nobody had room for it.
fn send(publisher: &Publisher<ipc::Service, Record, ()>, record: Record) -> Option<()> {
    let sample = publisher.loan_uninit().ok()?.write_payload(record);
    sample.send().ok().filter(|&receivers| receivers > 0).map(|_| ())
}

fn receive(subscriber: &Subscriber<ipc::Service, Record, ()>) -> Option<u64> {
    subscriber.receive().expect("a sound subscriber").map(|sample| number_of(&sample[..]))
}

pub(super) fn pub_sub_partner(partner: &Partner) {
    let node = node();
    let there = records(&node, partner.path(), "there").subscriber_builder().create();
    let there = there.expect("a subscriber");
    let back = publisher(&records(&node, partner.path(), "back"));
    partner.ready();
    while let Some(number) = partner.poll(|| receive(&there)) {
        if partner.poll(|| send(&back, record(number))).is_none() {
            return;
        }
    }
}

/// 64 bytes each way by publishing and subscribing.
pub(super) fn pub_sub<'a>(folder: &'a Folder) -> Box<dyn Contender + 'a> {
    let node = node();
    let there = publisher(&records(&node, folder.path(), "there"));
    let back = records(&node, folder.path(), "back").subscriber_builder().create();
    let back = back.expect("a subscriber");
    let mut number = 0;
    let here = peer("64 bytes each way, iceoryx2 pub-sub", move |count| {
        let _ = &node;
        ask(count, &mut number, |number| {
            poll(|| send(&there, record(number.into())));
            poll(|| receive(&back)) as u32
        })
    });
    Process::new(folder, "iceoryx/pub-sub", 1, here).boxed()
}

pub(super) fn request_partner(partner: &Partner) {
    let node = node();
    let service = node
        .service_builder(&name(partner.path(), "call"))
        .request_response::<Record, [u64; 4]>()
        .open_or_create()
        .expect("a service");
    let server = service.server_builder().create().expect("a server");
    partner.ready();
    while let Some(request) = partner.poll(|| server.receive().expect("a sound server")) {
        let answer =
            request.loan_uninit().expect("room").write_payload([number_of(&request[..]); 4]);
        answer.send().expect("a client");
    }
}

/// 64 bytes there and 32 back by request and response.
pub(super) fn request_response<'a>(folder: &'a Folder) -> Box<dyn Contender + 'a> {
    let node = node();
    let service = node
        .service_builder(&name(folder.path(), "call"))
        .request_response::<Record, [u64; 4]>()
        .open_or_create()
        .expect("a service");
    let client = service.client_builder().create().expect("a client");
    let mut number = 0;
    let here = peer("iceoryx2 request-response", move |count| {
        let _ = (&node, &service);
        ask(count, &mut number, |number| {
            let request = client.loan_uninit().expect("room").write_payload(record(number.into()));
            let pending = request.send().expect("a server");
            poll(|| pending.receive().expect("a sound client").map(|answer| answer[3])) as u32
        })
    });
    Process::new(folder, "iceoryx/request", 1, here).boxed()
}

pub(super) fn event_partner(partner: &Partner) {
    let node = node();
    let event = |what| {
        node.service_builder(&name(partner.path(), what)).event().open_or_create().expect("events")
    };
    let there = event("there").listener_builder().create().expect("a listener");
    let back = event("back").notifier_builder().create().expect("a notifier");
    partner.ready();
    loop {
        let mut seen = 0;
        there.blocking_wait(|_| seen += 1).expect("a sound listener");
        if partner.is_stopped() {
            return;
        }
        if seen > 0 {
            back.notify().expect("a listener");
        }
    }
}

/// An event each way, both sides asleep meanwhile.
pub(super) fn event<'a>(folder: &'a Folder, processor: usize) -> Box<dyn Contender + 'a> {
    let node = node();
    let event = |what| {
        node.service_builder(&name(folder.path(), what)).event().open_or_create().expect("events")
    };
    let there = event("there").notifier_builder().create().expect("a notifier");
    let there = std::rc::Rc::new(there);
    let back = event("back").listener_builder().create().expect("a listener");
    let (mut number, waker) = (0, there.clone());
    let here = peer("iceoryx2 event", move |count| {
        let _ = &node;
        ask(count, &mut number, |number| {
            there.notify().expect("a listener");
            let mut seen = 0;
            while seen == 0 {
                back.blocking_wait(|_| seen += 1).expect("a sound listener");
            }
            number
        })
    });
    Process::new(folder, "iceoryx/event", processor, here)
        .unblock(move || {
            let _ = waker.notify();
        })
        .boxed()
}

pub(super) fn stream_partner(partner: &Partner) {
    let node = node();
    let publisher = publisher(&records(&node, partner.path(), "stream"));
    // Each life of this process begins a sequence of its own.
    let life = partner.word(0).fetch_add(1, Ordering::Relaxed) + 1;
    let mut number = u64::from(life) << 32;
    partner.ready();
    while partner.poll(|| send(&publisher, record(number))).is_some() {
        number += 1;
    }
}

/// A stream of records of 64 bytes.
pub(super) fn stream<'a>(folder: &'a Folder) -> Box<dyn Contender + 'a> {
    const { assert!(LEN == 64, "as the others") };
    let node = node();
    let subscriber = records(&node, folder.path(), "stream").subscriber_builder().create();
    let subscriber = subscriber.expect("a subscriber");
    let mut last = 0;
    let here = peer("iceoryx2 pub-sub (processes)", move |count| {
        let _ = &node;
        let mut right = 0;
        for _ in 0..count {
            let number = poll(|| receive(&subscriber));
            let is_first = number >> 32 > last >> 32 && number & 0xffff_ffff == 0;
            right += u64::from(number == last + 1 || is_first);
            last = number;
        }
        right
    });
    Process::new(folder, "iceoryx/stream", 1, here).boxed()
}

//! A receiver through memory that it may only read.
#![allow(clippy::unwrap_used)] // a test that cannot go on has failed

use std::ptr::NonNull;

use inos_core::{
    Access, AlignedBytes, Broadcast, BroadcastConfig, Error, Hostile, Layout, Region, SectionId,
    Sections,
};

const NEWS: SectionId = SectionId(1);

#[test]
fn a_receiver_writes_nothing() {
    let config = BroadcastConfig { capacity: 64 };
    let layout = Layout::builder().broadcast(NEWS, "news", config).build().unwrap();
    let mut memory = AlignedBytes::<4096>::new();
    let base = NonNull::from(&mut memory).cast::<u8>();
    let door = |access| {
        // SAFETY: the bytes outlive both regions, are reached through them only until the end of
        // the test, and begin on a cache line; hostile trust asks nothing of the other party.
        unsafe { Region::<Hostile>::from_raw_parts(base, 4096, access) }.unwrap()
    };
    let writable = Sections::create(door(Access::ReadWrite), &layout, 1).unwrap();
    let readable = Sections::attach(door(Access::ReadOnly)).unwrap();

    let news = Broadcast::open(&readable, NEWS).unwrap();
    assert_eq!(news.transmitter().err(), Some(Error::ReadOnly));
    let mut early = news.receiver().unwrap();
    let mut transmitter = Broadcast::open(&writable, NEWS).unwrap().transmitter().unwrap();
    let mut out = [0; 48];
    for tag in 0..100 {
        transmitter.send(tag, b"for everybody").unwrap();
        let mut newest = news.receiver_from_newest().unwrap();
        for receiver in [&mut early, &mut newest] {
            let received = receiver.receive(&mut out).unwrap();
            assert_eq!((received.tag, received.lapped), (tag, 0));
            assert_eq!(out[..received.len], *b"for everybody");
            assert_eq!(receiver.receive(&mut out), Err(Error::Empty));
        }
    }
}

//! Advancing an epoch that nobody waits for.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};

use event_listener::Event;
use inos::{
    EpochTable, EpochsConfig, Futex, Layout, NamedEpochs, NamedEpochsConfig, SectionId, Spin,
};

use super::Area;
use crate::driver::{Case, Driver};
use crate::memory::Memory;
use crate::{inos, limit, peer};

const EPOCHS: SectionId = SectionId(1);
const NAMED: SectionId = SectionId(2);
const MASK: u32 = u32::MAX >> 1;

pub(super) const AREA: Area = Area {
    name: "epochs",
    title: "Advancing an epoch, nobody waiting",
    about: "The limit is one `fetch_add`. Peers count by an addition, too, and then notify as \
            they do when nobody listens; atomic-wait has no way to know and calls the kernel.",
    run,
};

/// Alone on its cache line, as a padded epoch is.
#[repr(align(64))]
#[derive(Default)]
struct Line(AtomicU32);

/// Operations whose results rise by one, modulo `mask` + 1.
fn rising(count: u64, start: u32, mask: u32, mut next: impl FnMut() -> u32) -> u64 {
    let mut right = 0;
    let mut expected = start;
    for _ in 0..count {
        expected = expected.wrapping_add(1) & mask;
        right += u64::from(next() == expected);
    }
    right
}

fn run(driver: &mut dyn Driver) {
    let config = EpochsConfig { count: 1, padded: true };
    let layout = Layout::builder()
        .epochs(EPOCHS, "epochs", config)
        .named_epochs(NAMED, "named", NamedEpochsConfig { slots: 8 })
        .build();
    let mut memory = Memory::new(layout.expect("a layout"));
    let sections = memory.sections();
    let table = EpochTable::open(&sections, EPOCHS);
    let counter = table.and_then(|table| table.counter(0)).expect("an epoch");
    let bank = NamedEpochs::open(&sections, NAMED).expect("a bank");
    let id = bank.allocate("news").expect("a free slot").id();
    let named = bank.counter(id).expect("an epoch");

    let (bare, listened, woken) = (Line::default(), Line::default(), Line::default());
    let event = Event::new();
    let (mutex, condvar) = (Mutex::new(0_u32), Condvar::new());
    let add = |line: &Line| line.0.fetch_add(1, Ordering::Release).wrapping_add(1);

    let contenders = vec![
        limit("fetch_add", |count| {
            let bare = black_box(&bare);
            rising(count, bare.0.load(Ordering::Relaxed), u32::MAX, || add(bare))
        })
        .boxed(),
        peer("event-listener", |count| {
            let (line, event) = (black_box(&listened), black_box(&event));
            rising(count, line.0.load(Ordering::Relaxed), u32::MAX, || {
                let now = add(line);
                event.notify(usize::MAX);
                now
            })
        })
        .boxed(),
        peer("atomic-wait", |count| {
            let line = black_box(&woken);
            rising(count, line.0.load(Ordering::Relaxed), u32::MAX, || {
                let now = add(line);
                atomic_wait::wake_all(&line.0);
                now
            })
        })
        .boxed(),
        peer("Mutex and Condvar", |count| {
            let (mutex, condvar) = (black_box(&mutex), black_box(&condvar));
            let start = *mutex.lock().expect("sound");
            rising(count, start, u32::MAX, || {
                let mut guard = mutex.lock().expect("sound");
                *guard = guard.wrapping_add(1);
                let now = *guard;
                drop(guard);
                condvar.notify_all();
                now
            })
        })
        .boxed(),
        inos("advance", |count| {
            let counter = black_box(counter);
            rising(count, counter.current(), MASK, || counter.advance(&Spin::default()))
        })
        .reach(1.1)
        .boxed(),
        inos("advance, Futex", |count| {
            let counter = black_box(counter);
            rising(count, counter.current(), MASK, || counter.advance(&Futex))
        })
        .reach(1.1)
        .boxed(),
        inos("advance, named", |count| {
            let named = black_box(&named);
            let start = named.advance(&Futex).expect("allocated");
            rising(count, start, MASK, || named.advance(&Futex).expect("allocated"))
        })
        .boxed(),
    ];
    driver.case(Case::new("one thread", 4096), contenders);
}

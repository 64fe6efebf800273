//! Advancing an epoch that nobody waits for.

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};

use event_listener::Event;
use inos_core::{EpochTable, EpochsConfig, Layout, SectionId};

use crate::contender::{Contender, Goal, Row, Side};
use crate::machine;

const EPOCHS: SectionId = SectionId(1);

/// Alone on its cache line, as a padded epoch is.
#[repr(align(64))]
struct Line(AtomicU32);

/// A counter that is checked after each window.
fn counted(name: &'static str, side: Side, advance: impl Fn(&AtomicU32) + 'static) -> Contender {
    let word = Line(AtomicU32::new(0));
    let mut expected = 0_u32;
    Contender::solo(name, side, move |ops| {
        let word = black_box(&word.0);
        for _ in 0..ops {
            advance(word);
        }
        expected = expected.wrapping_add(ops as u32);
        assert_eq!(word.load(Ordering::Relaxed), expected);
    })
}

fn inos() -> Contender {
    let config = EpochsConfig { count: 1, padded: true };
    let layout = Layout::builder().epochs(EPOCHS, "epochs", config).build().expect("a layout");
    let table = EpochTable::open(&machine::sections(&layout), EPOCHS).expect("the section");
    let counter = table.counter(0).expect("an epoch");
    let mut expected = 0_u32;
    Contender::solo("INOS advance", Side::Inos, move |ops| {
        let counter = black_box(&counter);
        for _ in 0..ops {
            counter.advance(&inos::Futex);
        }
        expected = expected.wrapping_add(ops as u32) & (u32::MAX >> 1);
        assert_eq!(counter.current(), expected);
    })
}

fn condvar() -> Contender {
    let (count, bell) = (Mutex::new(0_u32), Condvar::new());
    let mut expected = 0_u32;
    Contender::solo("std Condvar", Side::Peer, move |ops| {
        for _ in 0..ops {
            *black_box(&count).lock().expect("no panic") += 1;
            bell.notify_all();
        }
        expected = expected.wrapping_add(ops as u32);
        assert_eq!(*count.lock().expect("no panic"), expected);
    })
}

/// The row of this area.
pub(super) fn rows() -> Vec<Row> {
    let event = Event::new();
    vec![Row {
        id: "epoch-advance",
        what: "advance an epoch, nobody waiting",
        ops: 100_000,
        latency: false,
        goals: &[("INOS advance", Goal::Ratio(1.1))],
        contenders: vec![
            counted("fetch_add", Side::Limit, |word| {
                word.fetch_add(1, Ordering::Release);
            }),
            inos(),
            counted("event-listener", Side::Peer, move |word| {
                word.fetch_add(1, Ordering::Release);
                black_box(&event).notify(usize::MAX);
            }),
            counted("atomic-wait", Side::Peer, |word| {
                word.fetch_add(1, Ordering::Release);
                atomic_wait::wake_all(word);
            }),
            condvar(),
        ],
    }]
}

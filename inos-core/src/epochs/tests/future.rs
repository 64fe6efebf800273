//! Awaiting an epoch, by an executor of a few lines.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use super::*;
use crate::wait::WakerBank;

struct Unpark(thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread, which sleeps in between.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn tasks_of_several_threads_see_the_last_change() {
    const TURNS: u32 = 300;
    let wakers = WakerBank::<2>::new();
    with_bank(2, |epochs| {
        thread::scope(|scope| {
            for index in 0..2 {
                let (mut watcher, wakers) = (epochs.watcher(index).unwrap(), &wakers);
                scope.spawn(move || {
                    while watcher.seen() < TURNS {
                        let before = watcher.seen();
                        let now = block_on(watcher.next_change(wakers)).unwrap();
                        assert!(now > before);
                    }
                });
            }
            for _ in 0..TURNS {
                for index in 0..2 {
                    epochs.counter(index).unwrap().advance(&wakers);
                }
                thread::yield_now();
            }
        });
    });
}

/// Two tasks answer each other, so each wake-up counts.
#[test]
fn two_tasks_take_turns() {
    const TURNS: u32 = 500;
    let wakers = WakerBank::<2>::new();
    with_bank(2, |epochs| {
        let (ping, pong) = (epochs.counter(0).unwrap(), epochs.counter(1).unwrap());
        let (mut pings, mut pongs) = (ping.watcher(), pong.watcher());
        thread::scope(|scope| {
            scope.spawn(|| {
                block_on(async {
                    for turn in 1..=TURNS {
                        assert_eq!(pings.next_change(&wakers).await, Ok(turn));
                        pong.advance(&wakers);
                    }
                });
            });
            block_on(async {
                for turn in 1..=TURNS {
                    ping.advance(&wakers.with(Spin::default()));
                    assert_eq!(pongs.next_change(&wakers).await, Ok(turn));
                }
            });
        });
    });
}

#[test]
fn seats_are_taken_while_waiting_and_given_back() {
    let wakers = WakerBank::<1>::new();
    let mut cx = Context::from_waker(Waker::noop());
    with_bank(1, |epochs| {
        let counter = epochs.counter(0).unwrap();
        let (mut first, mut second) = (counter.watcher(), counter.watcher());
        let mut waiting = pin!(first.next_change(&wakers));
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        assert!(waiting.as_mut().poll(&mut cx).is_pending(), "keeps its seat");
        {
            let mut other = pin!(second.next_change(&wakers));
            let full = Poll::Ready(Err(Error::NoSeat { count: 1 }));
            assert_eq!(other.as_mut().poll(&mut cx), full);
        }
        counter.advance(&wakers);
        assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Ready(Ok(1)));
        {
            // What changed before needs no seat; a dropped future leaves none.
            assert_eq!(block_on(second.next_change(&wakers)), Ok(1));
            let mut dropped = pin!(second.next_change(&wakers));
            assert!(dropped.as_mut().poll(&mut cx).is_pending());
        }
        let mut again = pin!(second.next_change(&wakers));
        assert!(again.as_mut().poll(&mut cx).is_pending());
    });
}

/// A registered waker is kept by nobody after its future is gone.
#[test]
fn no_waker_is_leaked() {
    let wakers = WakerBank::<2>::new();
    let unpark = Arc::new(Unpark(thread::current()));
    with_bank(1, |epochs| {
        let waker = Waker::from(unpark.clone());
        let mut cx = Context::from_waker(&waker);
        for advances in 0..3 {
            let mut watcher = epochs.watcher(0).unwrap();
            let mut future = pin!(watcher.next_change(&wakers));
            assert!(future.as_mut().poll(&mut cx).is_pending());
            for _ in 0..advances {
                epochs.counter(0).unwrap().advance(&wakers);
            }
            wakers.wake();
        }
    });
    assert_eq!(Arc::strong_count(&unpark), 1);
    assert_eq!(std::format!("{wakers:?}"), "WakerBank { seats: 2 }");
}

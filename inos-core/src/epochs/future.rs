//! Awaiting an epoch.
#![forbid(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::EpochWatcher;
use crate::error::Error;
use crate::protocol::epoch::{self, Prepared};
use crate::wait::WakerBank;

/// Ready when the epoch is not the one that its watcher has seen last. Made by
/// [`EpochWatcher::next_change`].
///
/// It takes a seat of the bank when it first has to wait and gives it back when it is ready or
/// dropped. There is no timeout: among hostile parties race it against a timer of the executor.
///
/// # Errors
/// `NoSeat` if the bank has no free seat; `ReadOnly` if the waiter bit can't be set in this
/// memory: a party that only reads polls [`EpochWatcher::changed`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct EpochFuture<'a, 'm, const N: usize> {
    watcher: &'a mut EpochWatcher<'m>,
    bank: &'a WakerBank<N>,
    seat: Option<usize>,
}

impl<'a, 'm, const N: usize> EpochFuture<'a, 'm, N> {
    pub(super) const fn new(watcher: &'a mut EpochWatcher<'m>, bank: &'a WakerBank<N>) -> Self {
        Self { watcher, bank, seat: None }
    }

    fn release(&mut self) {
        if let Some(seat) = self.seat.take() {
            self.bank.release(seat);
        }
    }
}

impl<const N: usize> Future for EpochFuture<'_, '_, N> {
    type Output = Result<u32, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(now) = this.watcher.changed() {
            this.release();
            return Poll::Ready(Ok(now));
        }
        let Some(word) = this.watcher.writable() else { return Poll::Ready(Err(Error::ReadOnly)) };
        let seat = match this.seat {
            Some(seat) => seat,
            None => match this.bank.claim() {
                Ok(seat) => *this.seat.insert(seat),
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        // The waker before the waiter bit: who finds the bit finds the waker, too.
        this.bank.register(seat, cx.waker());
        match epoch::prepare_wait(word, this.watcher.seen()) {
            Prepared::Park(_) => Poll::Pending,
            Prepared::Changed(now) => {
                this.watcher.see(now);
                this.release();
                Poll::Ready(Ok(now))
            }
        }
    }
}

impl<const N: usize> Drop for EpochFuture<'_, '_, N> {
    fn drop(&mut self) {
        self.release();
    }
}

//! Calls that wait for a worker, and the order in which they may run.
//!
//! A *track* is a ping-pong section. The calls of a track run one after another, in the order
//! they were accepted; a call may be on none, one or two of them. Each track has a queue of
//! calls, whose first is the only one that may run; it stays there while it runs.
#![forbid(unsafe_code)]

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use inos_core::CallId;

use super::job::Job;
use super::lock;
use super::split::Split;

/// A number for a call while the kernel has it; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(u64);

/// What a worker is to do next.
pub(super) enum Task<'m> {
    /// Run a call; then say [`Queue::finish`].
    Run(Ticket, Job<'m>),
    /// Help with another worker's call.
    Help(Arc<Split>),
    /// Nothing any more.
    Stop,
}

pub(super) struct Queue<'m> {
    state: Mutex<State<'m>>,
    /// Something to do, or the end.
    work: Condvar,
}

#[derive(Default)]
struct State<'m> {
    closed: bool,
    last_ticket: u64,
    waiting: HashMap<Ticket, Waiting<'m>>,
    running: HashMap<Ticket, Running>,
    /// Calls that may run, in the order they became ready. One that was cancelled meanwhile
    /// is no longer in `waiting`, and is skipped.
    ready: VecDeque<Ticket>,
    tracks: Vec<VecDeque<Ticket>>,
    /// Of waiting calls.
    deadlines: BTreeSet<(Instant, Ticket)>,
    splits: Vec<Arc<Split>>,
}

struct Waiting<'m> {
    job: Job<'m>,
    /// On how many of its tracks another call is before it.
    held_back: usize,
}

struct Running {
    lane: u32,
    call_id: CallId,
    cancel: Arc<AtomicBool>,
    tracks: [Option<usize>; 2],
}

impl<'m> Queue<'m> {
    pub(super) fn new(track_count: usize) -> Self {
        let tracks = vec![VecDeque::new(); track_count];
        Self { state: Mutex::new(State { tracks, ..State::default() }), work: Condvar::new() }
    }

    /// Adds a call; gives it back if the queue is closed.
    pub(super) fn push(&self, job: Job<'m>) -> Result<(), Box<Job<'m>>> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Box::new(job));
        }
        state.last_ticket += 1;
        let ticket = Ticket(state.last_ticket);
        let mut held_back = 0;
        for track in job.tracks().into_iter().flatten() {
            if let Some(queue) = state.tracks.get_mut(track) {
                held_back += usize::from(!queue.is_empty());
                queue.push_back(ticket);
            }
        }
        if let Some(deadline) = job.deadline {
            state.deadlines.insert((deadline, ticket));
        }
        state.waiting.insert(ticket, Waiting { job, held_back });
        if held_back == 0 {
            state.ready.push_back(ticket);
            drop(state);
            self.work.notify_one();
        }
        Ok(())
    }

    /// Waits for something to do.
    pub(super) fn take(&self) -> Task<'m> {
        let mut state = lock(&self.state);
        loop {
            // First what is running already, so that it ends sooner.
            if let Some(split) = state.splits.iter().find(|split| split.has_piece()) {
                return Task::Help(Arc::clone(split));
            }
            while let Some(ticket) = state.ready.pop_front() {
                let Some(Waiting { job, .. }) = state.waiting.remove(&ticket) else { continue };
                if let Some(deadline) = job.deadline {
                    state.deadlines.remove(&(deadline, ticket));
                }
                let running = Running {
                    lane: job.lane(),
                    call_id: job.call_id(),
                    cancel: Arc::clone(&job.cancel),
                    tracks: job.tracks(),
                };
                state.running.insert(ticket, running);
                return Task::Run(ticket, job);
            }
            if state.closed {
                return Task::Stop;
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A call ended: the next ones of its tracks may run.
    pub(super) fn finish(&self, ticket: Ticket) {
        let mut state = lock(&self.state);
        let Some(running) = state.running.remove(&ticket) else { return };
        let promoted = state.leave(ticket, running.tracks);
        drop(state);
        self.notify(promoted);
    }

    /// Offers the pieces of a call to idle workers.
    pub(super) fn share(&self, split: &Arc<Split>) {
        lock(&self.state).splits.push(Arc::clone(split));
        self.work.notify_all();
    }

    /// Takes the offer back.
    pub(super) fn unshare(&self, split: &Arc<Split>) {
        let mut state = lock(&self.state);
        state.splits.retain(|other| !Arc::ptr_eq(other, split));
    }

    /// Cancels the calls of `lane` with this id. Those that wait are taken out and returned, to
    /// be answered; those that run are told, and counted.
    pub(super) fn cancel(&self, lane: u32, call_id: CallId) -> (Vec<Job<'m>>, usize) {
        let mut state = lock(&self.state);
        let mut told = 0;
        for running in state.running.values() {
            if running.lane == lane && running.call_id == call_id {
                // Relaxed: the flag carries no data.
                running.cancel.store(true, Ordering::Relaxed);
                told += 1;
            }
        }
        let meant =
            |waiting: &Waiting<'_>| waiting.job.lane() == lane && waiting.job.call_id() == call_id;
        let mut tickets: Vec<_> = state
            .waiting
            .iter()
            .filter(|(_, waiting)| meant(waiting))
            .map(|(&ticket, _)| ticket)
            .collect();
        tickets.sort_unstable();
        let (jobs, promoted) = state.remove_all(&tickets);
        drop(state);
        self.notify(promoted);
        (jobs, told)
    }

    /// Takes out the waiting calls whose time is over.
    pub(super) fn expire(&self, now: Instant) -> Vec<Job<'m>> {
        let mut state = lock(&self.state);
        let tickets: Vec<_> = state
            .deadlines
            .iter()
            .take_while(|&&(deadline, _)| deadline <= now)
            .map(|&(_, ticket)| ticket)
            .collect();
        let (jobs, promoted) = state.remove_all(&tickets);
        drop(state);
        self.notify(promoted);
        jobs
    }

    /// When the time of a waiting call is over next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        lock(&self.state).deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Refuses calls from now on, tells the running ones to stop, and returns the waiting ones
    /// in the order they were accepted. Workers stop when they have nothing left to do.
    pub(super) fn close(&self) -> Vec<Job<'m>> {
        let mut state = lock(&self.state);
        state.closed = true;
        for running in state.running.values() {
            // Relaxed: the flag carries no data.
            running.cancel.store(true, Ordering::Relaxed);
        }
        let mut tickets: Vec<_> = state.waiting.keys().copied().collect();
        tickets.sort_unstable();
        let (jobs, _) = state.remove_all(&tickets);
        drop(state);
        self.work.notify_all();
        jobs
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    fn notify(&self, count: usize) {
        for _ in 0..count {
            self.work.notify_one();
        }
    }
}

impl<'m> State<'m> {
    /// Takes waiting calls out; returns them, and how many others became ready.
    fn remove_all(&mut self, tickets: &[Ticket]) -> (Vec<Job<'m>>, usize) {
        let mut jobs = Vec::with_capacity(tickets.len());
        let mut promoted = 0;
        for &ticket in tickets {
            let Some(Waiting { job, .. }) = self.waiting.remove(&ticket) else { continue };
            if let Some(deadline) = job.deadline {
                self.deadlines.remove(&(deadline, ticket));
            }
            promoted += self.leave(ticket, job.tracks());
            jobs.push(job);
        }
        (jobs, promoted)
    }

    /// Takes a call off its tracks; returns how many others became ready.
    fn leave(&mut self, ticket: Ticket, tracks: [Option<usize>; 2]) -> usize {
        let mut promoted = 0;
        for track in tracks.into_iter().flatten() {
            let Some(queue) = self.tracks.get_mut(track) else { continue };
            if queue.front() != Some(&ticket) {
                queue.retain(|&other| other != ticket);
                continue;
            }
            queue.pop_front();
            let Some(&next) = queue.front() else { continue };
            let Some(waiting) = self.waiting.get_mut(&next) else { continue };
            waiting.held_back = waiting.held_back.saturating_sub(1);
            if waiting.held_back == 0 {
                self.ready.push_back(next);
                promoted += 1;
            }
        }
        promoted
    }
}

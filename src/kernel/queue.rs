//! Calls that wait for a worker, and those that run.
//!
//! A *track* is a ping-pong section. The calls of a track run one after another, in the order
//! they were accepted; a call may be on none, one or two of them. Each track has a queue of
//! calls, whose first is the only one that may run; it stays there while it runs. Which of the
//! calls that may run is next, [`schedule`](super::schedule) says.
//!
//! A call that goes on after its time, or after it was cancelled, is *lost* when some grace is
//! over: it is answered, its workers are counted off and replaced, and its tracks are closed until
//! it comes back, since it may still write to their next frames.
#![forbid(unsafe_code)]

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use inos_core::Status;

use super::crew::Crew;
use super::job::{Debt, Job};
use super::lock;
use super::schedule::{Entry, Schedule};
use super::split::Split;

/// A number for a call while the kernel has it; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ticket(u64);

/// What a worker is to do next.
pub(super) enum Task<'m> {
    /// Run a call; then say [`Queue::finish`].
    Run(Ticket, Box<Job<'m>>),
    /// Run a piece of another worker's call; then say [`Queue::helped`].
    Help(Ticket, Arc<Split>),
    /// Nothing any more.
    Stop,
}

/// Calls that will not run, and what they are answered with.
pub(super) type Ended<'m> = Vec<(Job<'m>, Status)>;

pub(super) struct Queue<'m> {
    state: Mutex<State<'m>>,
    /// Something to do, or the end.
    work: Condvar,
    /// Time between a call's end as it should be, and when it is given up.
    grace: Duration,
}

#[derive(Default)]
struct State<'m> {
    closed: bool,
    last_ticket: u64,
    waiting: HashMap<Ticket, Waiting<'m>>,
    running: HashMap<Ticket, Running>,
    schedule: Schedule,
    tracks: Vec<VecDeque<Ticket>>,
    /// Of waiting calls.
    deadlines: BTreeSet<(Instant, Ticket)>,
    /// When running calls are given up.
    last_moments: BTreeSet<(Instant, Ticket)>,
    splits: Vec<Offer>,
    crew: Crew,
}

struct Waiting<'m> {
    job: Box<Job<'m>>,
    /// On how many of its tracks another call is before it.
    held_back: usize,
}

struct Running {
    debt: Debt,
    tracks: [Option<usize>; 2],
    /// What its lane was charged beforehand.
    charged: u64,
    /// Threads that are with it.
    workers: usize,
    last_moment: Option<Instant>,
    is_lost: bool,
}

/// Pieces of a call that any worker may run.
struct Offer {
    ticket: Ticket,
    priority: u8,
    split: Arc<Split>,
}

impl Ticket {
    #[cfg(test)]
    pub(super) const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl<'m> Queue<'m> {
    pub(super) fn new(track_count: usize, crew: Crew, grace: Duration) -> Self {
        let tracks = vec![VecDeque::new(); track_count];
        let state = State { tracks, crew, ..State::default() };
        Self { state: Mutex::new(state), work: Condvar::new(), grace }
    }

    /// Adds a call.
    ///
    /// # Errors
    /// `SHUT_DOWN` if the queue is closed; `BUSY` if a lost call has one of its tracks, or there is
    /// nobody left to run it.
    pub(super) fn push(&self, job: Job<'m>) -> Result<(), Status> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Status::SHUT_DOWN);
        }
        let tracks = job.tracks();
        if state.crew.fit() == 0 || state.is_quarantined(tracks) {
            return Err(Status::BUSY);
        }
        state.last_ticket += 1;
        let ticket = Ticket(state.last_ticket);
        let mut held_back = 0;
        for track in tracks.into_iter().flatten() {
            if let Some(queue) = state.tracks.get_mut(track) {
                held_back += usize::from(!queue.is_empty());
                queue.push_back(ticket);
            }
        }
        if let Some(deadline) = job.deadline() {
            state.deadlines.insert((deadline, ticket));
        }
        let entry = entry(&job);
        state.waiting.insert(ticket, Waiting { job: Box::new(job), held_back });
        if held_back == 0 {
            state.schedule.add(ticket, entry);
            drop(state);
            self.work.notify_one();
        }
        Ok(())
    }

    /// Waits for something to do.
    pub(super) fn take(&self) -> Task<'m> {
        let mut state = lock(&self.state);
        loop {
            // First what is running already, so that it ends sooner; unless something waits that
            // goes before it.
            let highest = state.schedule.highest();
            let is_first = |offer: &&Offer| {
                highest.is_none_or(|other| other <= offer.priority) && offer.split.has_piece()
            };
            if let Some(offer) = state.splits.iter().find(is_first) {
                let (ticket, split) = (offer.ticket, Arc::clone(&offer.split));
                if let Some(running) = state.running.get_mut(&ticket) {
                    running.workers += 1;
                }
                return Task::Help(ticket, split);
            }
            // None in `waiting` only if it was taken out, and then it is not in the schedule.
            if let Some((ticket, charged)) = state.schedule.take(Instant::now())
                && let Some(Waiting { job, .. }) = state.waiting.remove(&ticket)
            {
                state.start(ticket, &job, charged, self.grace);
                return Task::Run(ticket, job);
            }
            if state.closed {
                return Task::Stop;
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A call ended that took so many nanoseconds: the next ones of its tracks may run. Whether the
    /// worker is to go on.
    pub(super) fn finish(&self, ticket: Ticket, took: u64) -> bool {
        let mut state = lock(&self.state);
        let Some(running) = state.running.get_mut(&ticket) else { return true };
        running.workers = running.workers.saturating_sub(1);
        let (lane, charged, tracks) = (running.debt.lane(), running.charged, running.tracks);
        let (is_lost, last_moment) = (running.is_lost, running.last_moment);
        // Who helps a lost call is lost with it, and has to be told so.
        if !is_lost || running.workers == 0 {
            state.running.remove(&ticket);
        }
        if let Some(last_moment) = last_moment {
            state.last_moments.remove(&(last_moment, ticket));
        }
        state.schedule.ended(lane, took, charged);
        let stays = !is_lost || state.crew.welcome();
        let promoted = state.leave(ticket, tracks);
        drop(state);
        self.notify(promoted);
        stays
    }

    /// A piece of another worker's call was run, which took so many nanoseconds. Whether the worker
    /// is to go on.
    pub(super) fn helped(&self, ticket: Ticket, took: u64) -> bool {
        let mut state = lock(&self.state);
        let Some(running) = state.running.get_mut(&ticket) else { return true };
        running.workers = running.workers.saturating_sub(1);
        let (lane, is_lost) = (running.debt.lane(), running.is_lost);
        if is_lost && running.workers == 0 {
            state.running.remove(&ticket);
        }
        state.schedule.helped(lane, took);
        !is_lost || state.crew.welcome()
    }

    /// Offers the pieces of a call to idle workers.
    pub(super) fn share(&self, ticket: Ticket, priority: u8, split: &Arc<Split>) {
        lock(&self.state).splits.push(Offer { ticket, priority, split: Arc::clone(split) });
        self.work.notify_all();
    }

    /// Takes the offer back.
    pub(super) fn unshare(&self, ticket: Ticket) {
        lock(&self.state).splits.retain(|offer| offer.ticket != ticket);
    }

    /// Cancels the calls that are meant. Those that wait are taken out and returned, to be answered;
    /// those that run are told, and counted.
    pub(super) fn cancel(
        &self,
        is_meant: impl Fn(&Debt) -> bool,
        now: Instant,
    ) -> (Vec<Job<'m>>, usize) {
        let mut state = lock(&self.state);
        let State { running, last_moments, .. } = &mut *state;
        let mut told = 0;
        for (&ticket, running) in running {
            if is_meant(&running.debt) && !running.is_lost {
                // Relaxed: the flag carries no data.
                running.debt.cancel.store(true, Ordering::Relaxed);
                running.must_end(ticket, now.checked_add(self.grace), last_moments);
                told += 1;
            }
        }
        let mut tickets: Vec<_> = state
            .waiting
            .iter()
            .filter(|(_, waiting)| is_meant(&waiting.job.debt))
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

    /// Gives the running calls up whose last moment is over: returns them, to be answered, and the
    /// waiting calls that can't run any more because of them.
    pub(super) fn lose(&self, now: Instant) -> (Vec<Debt>, Ended<'m>) {
        let mut state = lock(&self.state);
        let (mut lost, mut ended) = (Vec::new(), Ended::new());
        while let Some(&(moment, ticket)) = state.last_moments.first()
            && moment <= now
        {
            state.last_moments.remove(&(moment, ticket));
            let Some(running) = state.running.get_mut(&ticket) else { continue };
            running.last_moment = None;
            // If its worker is about to answer it, it is not lost.
            if !running.debt.fate.give_up() {
                continue;
            }
            running.is_lost = true;
            lost.push(running.debt.clone());
            let (workers, tracks) = (running.workers, running.tracks);
            state.crew.lose(workers);
            state.splits.retain(|offer| offer.ticket != ticket);
            let behind: Vec<Ticket> = tracks
                .into_iter()
                .flatten()
                .filter_map(|track| state.tracks.get(track))
                .flat_map(|queue| queue.iter().copied().filter(|&other| other != ticket))
                .collect();
            // Others behind those may run: they were held back by nothing else.
            let (jobs, promoted) = state.remove_all(&behind);
            ended.extend(jobs.into_iter().map(|job| (job, Status::BUSY)));
            self.notify(promoted);
        }
        (lost, ended)
    }

    /// Counts one more worker, if one is wanted.
    pub(super) fn hire(&self) -> bool {
        lock(&self.state).crew.hire()
    }

    /// The worker that was counted never came.
    pub(super) fn dismiss(&self) {
        lock(&self.state).crew.dismiss();
    }

    /// The calls that wait, if nobody is left to run them.
    pub(super) fn forsake(&self) -> Ended<'m> {
        let mut state = lock(&self.state);
        if state.crew.fit() > 0 {
            return Ended::new();
        }
        state.remove_waiting().into_iter().map(|job| (job, Status::BUSY)).collect()
    }

    /// Threads that can work, and threads that are lost.
    pub(super) fn crew(&self) -> (usize, usize) {
        let state = lock(&self.state);
        (state.crew.fit(), state.crew.lost())
    }

    /// When something is to be done next: the time of a waiting call is over, or the patience with
    /// a running one.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let state = lock(&self.state);
        let first = |set: &BTreeSet<(Instant, Ticket)>| set.first().map(|&(moment, _)| moment);
        match (first(&state.deadlines), first(&state.last_moments)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Refuses calls from now on, tells the running ones to stop, and returns the waiting ones
    /// in the order they were accepted. Workers stop when they have nothing left to do.
    pub(super) fn close(&self) -> Vec<Job<'m>> {
        let mut state = lock(&self.state);
        state.closed = true;
        for running in state.running.values() {
            // Relaxed: the flag carries no data.
            running.debt.cancel.store(true, Ordering::Relaxed);
        }
        let jobs = state.remove_waiting();
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

/// What the schedule wants to know.
fn entry(job: &Job<'_>) -> Entry {
    let Debt { deadline, accepted, .. } = job.debt;
    Entry { lane: job.lane(), priority: job.priority, deadline, accepted }
}

impl Running {
    /// It is given up at this moment, if not before.
    fn must_end(
        &mut self,
        ticket: Ticket,
        moment: Option<Instant>,
        last_moments: &mut BTreeSet<(Instant, Ticket)>,
    ) {
        let Some(moment) = moment else { return };
        match self.last_moment {
            Some(before) if before <= moment => return,
            Some(before) => {
                last_moments.remove(&(before, ticket));
            }
            None => {}
        }
        self.last_moment = Some(moment);
        last_moments.insert((moment, ticket));
    }
}

impl<'m> State<'m> {
    /// A call begins to run.
    fn start(&mut self, ticket: Ticket, job: &Job<'m>, charged: u64, grace: Duration) {
        let mut running = Running {
            debt: job.debt.clone(),
            tracks: job.tracks(),
            charged,
            workers: 1,
            last_moment: None,
            is_lost: false,
        };
        if let Some(deadline) = job.deadline() {
            self.deadlines.remove(&(deadline, ticket));
            running.must_end(ticket, deadline.checked_add(grace), &mut self.last_moments);
        }
        self.running.insert(ticket, running);
    }

    /// Whether a lost call has one of these tracks.
    fn is_quarantined(&self, tracks: [Option<usize>; 2]) -> bool {
        let first = |track: usize| self.tracks.get(track).and_then(VecDeque::front);
        let mut firsts = tracks.into_iter().flatten().filter_map(first);
        firsts.any(|ticket| self.running.get(ticket).is_some_and(|running| running.is_lost))
    }

    /// Takes all waiting calls out, in the order they were accepted.
    fn remove_waiting(&mut self) -> Vec<Job<'m>> {
        let mut tickets: Vec<_> = self.waiting.keys().copied().collect();
        tickets.sort_unstable();
        self.remove_all(&tickets).0
    }

    /// Takes waiting calls out; returns them, and how many others became ready.
    fn remove_all(&mut self, tickets: &[Ticket]) -> (Vec<Job<'m>>, usize) {
        let mut jobs = Vec::with_capacity(tickets.len());
        let mut promoted = 0;
        for &ticket in tickets {
            let Some(Waiting { job, .. }) = self.waiting.remove(&ticket) else { continue };
            if let Some(deadline) = job.deadline() {
                self.deadlines.remove(&(deadline, ticket));
            }
            self.schedule.remove(ticket);
            promoted += self.leave(ticket, job.tracks());
            jobs.push(*job);
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
                let entry = entry(&waiting.job);
                self.schedule.add(next, entry);
                promoted += 1;
            }
        }
        promoted
    }
}

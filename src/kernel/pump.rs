//! From submissions to jobs: the thread that waits on the doorbell.
#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use inos_core::{
    Block, CallTicket, Completion, Cooperative, EpochWatcher, Opcode, PRIORITY_MASK, PayloadRef,
    SectionId, Status, Submission, defs::KIND_RAW,
};
use inos_units::job::JobError;

use super::health::Failing;
use super::job::{self, Debt, Job, Spaces};
use super::message::Used;
use super::queue::Queue;
use super::worker::Failure;
use super::{Shared, lock};
use crate::park::Futex;

/// How long the pump sleeps at most. A client may die between advancing the doorbell and waking
/// us, and then nobody wakes us before the next look.
const BACKSTOP: Duration = Duration::from_secs(1);

/// Closes the queue when the pump ends, also by a panic: workers wait for it.
struct CloseOnDrop<'a, 'm>(&'a Queue<'m>);

impl Drop for CloseOnDrop<'_, '_> {
    fn drop(&mut self) {
        // Nothing waits any more, unless the pump panicked; then nobody is left to answer.
        let _ = self.0.close();
    }
}

impl<'m> Shared<'_, 'm> {
    /// Accepts calls until the kernel stops. It sleeps on the doorbell, or until the time of a
    /// waiting call is over.
    ///
    /// `hire` starts one more worker; whether there is one.
    pub(super) fn pump(&self, mut doorbell: EpochWatcher<'_>, hire: impl Fn() -> bool) {
        let _close = CloseOnDrop(&self.queue);
        self.answer_orphans();
        let mut last_look = Instant::now();
        while !self.is_stopping() {
            // As many as the lanes hold, so that clients that never pause hold nothing up.
            let mut left = self.entry_count;
            while left > 0
                && let Some((ticket, submission)) = self.next()
            {
                self.admit(ticket, &submission);
                left -= 1;
            }
            for job in self.queue.expire(Instant::now()) {
                self.end(job, Status::TIMED_OUT);
            }
            self.give_up_on_the_lost(&hire);
            if last_look.elapsed() >= BACKSTOP {
                self.cancel_the_abandoned();
                last_look = Instant::now();
            }
            let deadline = self.queue.next_deadline();
            let timeout = deadline
                .map_or(BACKSTOP, |at| at.saturating_duration_since(Instant::now()).min(BACKSTOP));
            // The watcher has seen the doorbell as it was before the lanes were looked at, so
            // one that rang meanwhile ends the wait at once.
            if left > 0 && !self.is_stopping() {
                let _ = doorbell.wait(&Futex, Some(timeout));
            }
        }
        self.refuse_the_rest();
    }

    /// Answers calls that do not end, and replaces the workers that are lost in them.
    fn give_up_on_the_lost(&self, hire: impl Fn() -> bool) {
        let now = Instant::now();
        let (lost, mut ended) = self.queue.lose(now);
        if lost.is_empty() {
            return;
        }
        while self.queue.hire() {
            if !hire() {
                self.queue.dismiss();
                break;
            }
        }
        ended.append(&mut self.queue.forsake());
        for debt in lost {
            self.failed(debt.method, Failing::Lost);
            let status = match debt.deadline {
                Some(deadline) if deadline <= now => Status::TIMED_OUT,
                _ => Status::CANCELLED,
            };
            let mut answer = debt.answer(status);
            if let Some(message) = &debt.message {
                let why = Failure::GivenUp.to_string();
                let error = JobError { code: status.0, message: why, ..JobError::default() };
                answer.len = self.tell(debt.lane(), message, Err(error), Used::default());
            }
            let used = Used::waiting(&debt);
            self.record(&debt, status, &Used { queued: 0, ran: used.queued, ..used });
            self.answer(debt.ticket, &answer);
        }
        for (job, status) in ended {
            self.end(job, status);
        }
    }

    /// Cancels the calls of clients that are gone, unless others see what they give: else one that
    /// died would keep workers busy for as long as it had wished.
    fn cancel_the_abandoned(&self) {
        // A lane is not given to another client before its calls are answered, and this thread is
        // the one that accepts them.
        let is_abandoned: Vec<bool> = {
            let service = lock(&self.service);
            (0..self.lane_count).map(|lane| service.client_party(lane).is_none()).collect()
        };
        let is_meant = |debt: &Debt| {
            !debt.publishes && is_abandoned.get(debt.lane() as usize).is_some_and(|&is| is)
        };
        let (waiting, _) = self.queue.cancel(is_meant, Instant::now());
        for job in waiting {
            self.end(job, Status::CANCELLED);
        }
    }

    /// Answers what a former kernel had accepted when it ended or died.
    fn answer_orphans(&self) {
        let count = lock(&self.service).answer_orphans(&Futex);
        self.counters.orphaned.fetch_add(count.into(), Ordering::Relaxed);
    }

    fn next(&self) -> Option<(CallTicket, Submission)> {
        let mut service = lock(&self.service);
        let next = service.next();
        if next.is_some() {
            self.counters.accepted.fetch_add(1, Ordering::Relaxed);
            self.history.accepted();
        }
        next
    }

    fn admit(&self, ticket: CallTicket, submission: &Submission) {
        let accepted = Instant::now();
        let refused = match Opcode::from_raw(submission.opcode) {
            _ if submission.flags & !PRIORITY_MASK != 0 => {
                self.discard(ticket, submission);
                Status::UNSUPPORTED
            }
            Some(Opcode::Execute) => match self.execute(ticket, submission, accepted) {
                Ok(()) => return,
                Err(status) => status,
            },
            Some(Opcode::Job) => match self.accept_message(ticket, submission, accepted) {
                Ok(()) => return,
                Err(status) => {
                    // It may be readable all the same. Of a job there is none left to free.
                    self.discard(ticket, submission);
                    status
                }
            },
            Some(Opcode::Cancel) => self.cancel(ticket.lane(), submission),
            Some(Opcode::Noop) => Status::OK,
            _ => Status::UNSUPPORTED,
        };
        let mut answer = Completion::new(submission.call_id, refused);
        answer.elapsed_ns = job::elapsed_ns(accepted);
        self.answer(ticket, &answer);
    }

    fn execute(
        &self,
        ticket: CallTicket,
        submission: &Submission,
        accepted: Instant,
    ) -> Result<(), Status> {
        // First of all: whatever becomes of the call, its block is the kernel's from here on.
        let block = self.adopt(&submission.input)?;
        let method = self.units.method(submission.unit, submission.method)?;
        let job = Job::new(ticket, submission, method, accepted, block, self)?;
        self.enqueue(job)
    }

    fn cancel(&self, lane: u32, submission: &Submission) -> Status {
        let Some(target) = submission.cancel_target() else { return Status::UNSUPPORTED };
        let is_meant = |debt: &Debt| debt.lane() == lane && debt.call_id() == target;
        let (waiting, running) = self.queue.cancel(is_meant, Instant::now());
        let found = running + waiting.len();
        for job in waiting {
            self.end(job, Status::CANCELLED);
        }
        if found == 0 { Status::NO_CALL } else { Status::OK }
    }

    /// Answers a job that will not run. Its block is free before its client knows.
    fn end(&self, job: Job<'m>, status: Status) {
        let (debt, answer) = (job.debt.clone(), job.debt.answer(status));
        drop(job);
        self.record(&debt, status, &Used::waiting(&debt));
        self.answer(debt.ticket, &answer);
    }

    /// Takes the block that an input refers to; none if it refers to something else.
    pub(super) fn adopt(
        &self,
        input: &PayloadRef,
    ) -> Result<Option<Block<'m, Cooperative>>, Status> {
        self.arenas.adopt(input).map_err(|_| Status::BAD_REFERENCE)
    }

    /// Frees the block of a call that is refused unseen.
    fn discard(&self, ticket: CallTicket, submission: &Submission) {
        let block = match Opcode::from_raw(submission.opcode) {
            Some(Opcode::Execute) => self.adopt(&submission.input),
            Some(Opcode::Job) => self.block_of_message(ticket, submission),
            _ => Ok(None),
        };
        drop(block);
    }

    /// Answers what will not run: what waits for a worker, and what was submitted and not yet
    /// accepted. What is submitted after this stays for the next kernel.
    fn refuse_the_rest(&self) {
        for job in self.queue.close() {
            self.end(job, Status::SHUT_DOWN);
        }
        // Bounded, or a client that goes on submitting could keep the kernel from ending.
        for _ in 0..self.entry_count {
            let Some((ticket, submission)) = self.next() else { break };
            self.discard(ticket, &submission);
            let answer = Completion::new(submission.call_id, Status::SHUT_DOWN);
            self.answer(ticket, &answer);
        }
    }
}

impl Spaces for Shared<'_, '_> {
    fn buffer_len(&self) -> usize {
        self.buffer_len
    }

    fn track(&self, section: SectionId) -> Option<usize> {
        self.tracks.iter().position(|track| track.section == section)
    }

    fn raw_len(&self, section: SectionId) -> Option<usize> {
        let section = self.sections.section(section).ok()?;
        if section.kind() == KIND_RAW { usize::try_from(section.len()).ok() } else { None }
    }

    fn arena(&self, section: SectionId) -> Option<usize> {
        self.arenas.find(section)
    }
}

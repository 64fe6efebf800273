//! From submissions to jobs: the thread that waits on the doorbell.
#![forbid(unsafe_code)]

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use inos_core::{
    CallTicket, Completion, EpochWatcher, Opcode, PRIORITY_MASK, SectionId, Status, Submission,
    defs::KIND_RAW,
};

use super::job::{self, Job, Spaces};
use super::queue::Queue;
use super::{Shared, lock};
use crate::park::Futex;

/// How long the pump sleeps at most. A client may die between advancing the doorbell and waking
/// us, and then nobody wakes us before the next look.
const BACKSTOP: Duration = Duration::from_secs(1);

/// Closes the queue when the pump ends, also by a panic: workers wait for it.
struct CloseOnDrop<'a>(&'a Queue);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        // Nothing waits any more, unless the pump panicked; then nobody is left to answer.
        let _ = self.0.close();
    }
}

impl Shared<'_, '_> {
    /// Accepts calls until the kernel stops. It sleeps on the doorbell, or until the time of a
    /// waiting call is over.
    pub(super) fn pump(&self, mut doorbell: EpochWatcher<'_>) {
        let _close = CloseOnDrop(&self.queue);
        self.answer_orphans();
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
                self.answer(job.ticket, &job.answer(Status::TIMED_OUT));
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
        }
        next
    }

    fn admit(&self, ticket: CallTicket, submission: &Submission) {
        let accepted = Instant::now();
        let refused = match Opcode::from_raw(submission.opcode) {
            _ if submission.flags & !PRIORITY_MASK != 0 => Status::UNSUPPORTED,
            Some(Opcode::Execute) => match self.execute(ticket, submission, accepted) {
                Ok(()) => return,
                Err(status) => status,
            },
            Some(Opcode::Job) => match self.accept_message(ticket, submission, accepted) {
                Ok(()) => return,
                Err(status) => status,
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
        let method = self.units.method(submission.unit, submission.method)?;
        let job = Job::new(ticket, submission, method, accepted, self)?;
        self.queue.push(job).map_err(|_| Status::SHUT_DOWN)
    }

    fn cancel(&self, lane: u32, submission: &Submission) -> Status {
        let Some(target) = submission.cancel_target() else { return Status::UNSUPPORTED };
        let (waiting, running) = self.queue.cancel(lane, target);
        for job in &waiting {
            self.answer(job.ticket, &job.answer(Status::CANCELLED));
        }
        if waiting.is_empty() && running == 0 { Status::NO_CALL } else { Status::OK }
    }

    /// Answers what will not run: what waits for a worker, and what was submitted and not yet
    /// accepted. What is submitted after this stays for the next kernel.
    fn refuse_the_rest(&self) {
        for job in self.queue.close() {
            self.answer(job.ticket, &job.answer(Status::SHUT_DOWN));
        }
        // Bounded, or a client that goes on submitting could keep the kernel from ending.
        for _ in 0..self.entry_count {
            let Some((ticket, submission)) = self.next() else { break };
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
}

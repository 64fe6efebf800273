//! Jobs that come as messages, and the messages about what came of them.
#![forbid(unsafe_code)]

use std::time::Instant;

use inos_core::{CallTicket, Completion, Space, Status, Submission};
use inos_units::job::{JobError, JobRequest, JobResult, Resource};
use inos_units::{Budget, UnitError};

use super::Shared;
use super::job::{Bytes, Job, Message, elapsed_ns, inside};

/// What a job that came as a message has used.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    pub(super) cost: u64,
    pub(super) queued: u64,
    pub(super) ran: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) bytes_copied: u64,
}

impl Used {
    /// Of a job that began at `began` and ends now.
    pub(super) fn until_now(job: &Job, began: Instant, budget: &Budget) -> Self {
        let queued = began.saturating_duration_since(job.accepted);
        let queued = u64::try_from(queued.as_nanos()).unwrap_or(u64::MAX);
        Self { cost: budget.spent(), queued, ran: elapsed_ns(began), ..Self::default() }
    }
}

impl Shared<'_, '_> {
    /// Reads a job's message and queues the job. A job that is refused is answered here, with a
    /// message that says why; what is returned is for those that are not a job at all.
    pub(super) fn accept_message(
        &self,
        ticket: CallTicket,
        submission: &Submission,
        accepted: Instant,
    ) -> Result<(), Status> {
        let buffer = |payload: &inos_core::PayloadRef| match payload.space() {
            Some(Space::Buffer) => inside(payload, self.buffer_len),
            _ => Err(Status::BAD_REFERENCE),
        };
        let (from, result) = (buffer(&submission.input)?, buffer(&submission.output)?);
        let mut bytes = vec![0; from.len];
        self.read_buffer(ticket.lane(), from.offset, &mut bytes)
            .map_err(|_| Status::BAD_REFERENCE)?;
        let request = match JobRequest::decode(&bytes) {
            Ok(request) => request,
            Err(error) => {
                let message = Message { request: JobRequest::default(), result };
                self.refuse(ticket, &message, Status(error.code()), &error, accepted);
                return Ok(());
            }
        };
        let message = Message { request, result };
        let method = match self.dispatcher.resolve(&message.request.unit, &message.request.method) {
            Ok(method) => method,
            Err(error) => {
                let status = match error {
                    UnitError::UnknownUnit { .. } => Status::NO_UNIT,
                    _ => Status::NO_METHOD,
                };
                self.refuse(ticket, &message, status, &error, accepted);
                return Ok(());
            }
        };
        match Job::of_message(ticket, Box::new(message), method, accepted, self) {
            Ok(job) => self.queue.push(job).map_err(|_| Status::SHUT_DOWN),
            Err((status, message)) => {
                self.refuse(ticket, &message, status, &status, accepted);
                Ok(())
            }
        }
    }

    fn refuse(
        &self,
        ticket: CallTicket,
        message: &Message,
        status: Status,
        why: &dyn std::fmt::Display,
        accepted: Instant,
    ) {
        let error = JobError { code: status.0, message: why.to_string(), ..JobError::default() };
        let mut answer = Completion::new(ticket.call_id(), status);
        answer.len = self.tell(ticket.lane(), message, Err(error), Used::default());
        answer.elapsed_ns = elapsed_ns(accepted);
        self.answer(ticket, &answer);
    }

    /// Writes the message about a job to where its sender wants it; its length, 0 if there is no
    /// room for it.
    pub(super) fn tell(
        &self,
        lane: u32,
        message: &Message,
        outcome: Result<Resource, JobError>,
        used: Used,
    ) -> u32 {
        let Used { cost, queued, ran, bytes_in, bytes_out, bytes_copied } = used;
        let id = message.request.id;
        let result =
            JobResult { id, outcome, cost, queued, ran, bytes_in, bytes_out, bytes_copied };
        let Bytes { offset, len } = message.result;
        let bytes = result.encode();
        if bytes.len() > len || self.write_buffer(lane, offset, &bytes).is_err() {
            return 0;
        }
        u32::try_from(bytes.len()).unwrap_or(0)
    }
}

//! Jobs that come as messages, and the messages about what came of them.
#![forbid(unsafe_code)]

use std::time::Instant;

use inos_core::{
    Block, CallTicket, Completion, Cooperative, PayloadRef, Space, Status, Submission,
};
use inos_units::job::{JobError, JobRequest, JobResult, Place, Resource};
use inos_units::{Budget, UnitError};

use super::Shared;
use super::job::{Bytes, Debt, Job, Message, elapsed_ns, inside, referenced};
use super::resource::Opening;

/// A message that gives no job: how it is answered, and why.
type Refused = (Status, String, Box<Message>);

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
    /// Of a job that ends now and never ran.
    pub(super) fn waiting(debt: &Debt) -> Self {
        Self { queued: elapsed_ns(debt.accepted), ..Self::default() }
    }

    /// Of a job that began at `began` and ends now.
    pub(super) fn until_now(job: &Job<'_>, began: Instant, budget: &Budget) -> Self {
        let queued = began.saturating_duration_since(job.debt.accepted);
        let queued = u64::try_from(queued.as_nanos()).unwrap_or(u64::MAX);
        Self { cost: budget.spent(), queued, ran: elapsed_ns(began), ..Self::default() }
    }
}

impl<'m> Shared<'_, 'm> {
    /// Reads a job's message and queues the job. A job that is refused is answered here, with a
    /// message that says why; what is returned is for those that are not a job at all.
    pub(super) fn accept_message(
        &self,
        ticket: CallTicket,
        submission: &Submission,
        accepted: Instant,
    ) -> Result<(), Status> {
        let result = self.in_buffer(&submission.output)?;
        let request = match JobRequest::decode(&self.message_bytes(ticket, submission)?) {
            Ok(request) => request,
            Err(error) => {
                let message =
                    Message { request: JobRequest::default(), result, opening: Opening::default() };
                self.refuse(ticket, &message, Status(error.code()), &error, accepted);
                return Ok(());
            }
        };
        let message = Box::new(Message { request, result, opening: Opening::default() });
        match self.prepare((ticket, submission.priority()), message, accepted) {
            Ok(job) => self.enqueue(job),
            Err((status, why, message)) => {
                self.refuse(ticket, &message, status, &why, accepted);
                Ok(())
            }
        }
    }

    /// The job that a message asks for. Of one that is refused the block is free when this returns.
    fn prepare(
        &self,
        caller: (CallTicket, u8),
        mut message: Box<Message>,
        accepted: Instant,
    ) -> Result<Job<'m>, Refused> {
        let request = &message.request;
        // First of all: whatever becomes of the job, its block is the kernel's from here on.
        let block = match self.block_of(&request.input) {
            Ok(block) => block,
            Err(status) => return Err((status, status.to_string(), message)),
        };
        let method = match self.dispatcher.resolve(&request.unit, &request.method) {
            Ok(method) => method,
            Err(error) => {
                let status = match error {
                    UnitError::UnknownUnit { .. } => Status::NO_UNIT,
                    _ => Status::NO_METHOD,
                };
                return Err((status, error.to_string(), message));
            }
        };
        match Opening::of(&request.input, self.dispatcher, self.max_opened_len) {
            Ok(opening) => message.opening = opening,
            Err(refusal) => return Err((refusal.status(), refusal.to_string(), message)),
        }
        Job::of_message(caller, message, method, accepted, block, self)
            .map_err(|(status, message)| (status, status.to_string(), message))
    }

    /// The block that the input of a job's message lies in, if it does.
    pub(super) fn block_of_message(
        &self,
        ticket: CallTicket,
        submission: &Submission,
    ) -> Result<Option<Block<'m, Cooperative>>, Status> {
        match JobRequest::decode(&self.message_bytes(ticket, submission)?) {
            Ok(request) => self.block_of(&request.input),
            Err(_) => Ok(None),
        }
    }

    fn block_of(&self, input: &Resource) -> Result<Option<Block<'m, Cooperative>>, Status> {
        match &input.place {
            Place::Memory(memory) => self.adopt(&referenced(*memory)),
            _ => Ok(None),
        }
    }

    /// A private copy of a job's message.
    fn message_bytes(
        &self,
        ticket: CallTicket,
        submission: &Submission,
    ) -> Result<Vec<u8>, Status> {
        let from = self.in_buffer(&submission.input)?;
        let mut bytes = vec![0; from.len];
        self.read_buffer(ticket.lane(), from.offset, &mut bytes)
            .map_err(|_| Status::BAD_REFERENCE)?;
        Ok(bytes)
    }

    fn in_buffer(&self, payload: &PayloadRef) -> Result<Bytes, Status> {
        match payload.space() {
            Some(Space::Buffer) => inside(payload, self.buffer_len),
            _ => Err(Status::BAD_REFERENCE),
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

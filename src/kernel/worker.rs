//! From jobs to answers: the threads that run calls.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use inos_core::{Completion, Error, Status};
use inos_units::job::{JobError, MemoryRef, Place, Resource};
use inos_units::{Budget, Call, Output, UnitError, VecOutput, guard, require};

use super::job::{Bytes, Job, Message, Source, Target};
use super::message::Used;
use super::queue::{Task, Ticket};
use super::split::Split;
use super::{Shared, lock};
use crate::aligned::AlignedVec;

/// Bytes that a message about a job takes beside the result in it, or more.
const MESSAGE_LEN: usize = 256;

/// What a call gave.
#[derive(Default)]
struct Gain {
    len: usize,
    value: u64,
    /// Copied from private memory to shared memory.
    copied: usize,
    /// The result, if it goes into a message.
    inline: Vec<u8>,
}

/// What a call read.
#[derive(Default)]
struct Read {
    len: usize,
    /// Copied from shared memory to private memory.
    copied: usize,
}

/// Why a call gave nothing.
enum Failure {
    Unit(UnitError),
    Memory(Error),
    /// The part of a frame that was asked for is not there.
    Reference,
}

impl From<UnitError> for Failure {
    fn from(error: UnitError) -> Self {
        Self::Unit(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Memory(error)
    }
}

impl Failure {
    fn status(&self) -> Status {
        match self {
            Self::Unit(error) => match error {
                UnitError::Cancelled => Status::CANCELLED,
                UnitError::TimedOut => Status::TIMED_OUT,
                UnitError::OutputTooSmall { .. } => Status::TOO_SMALL,
                UnitError::Panicked => Status::UNIT_FAILED,
                UnitError::UnknownId { .. } => Status::NO_METHOD,
                other => Status(other.code()),
            },
            Self::Memory(Error::Contended { .. } | Error::Full) => Status::BUSY,
            Self::Memory(_) | Self::Reference => Status::BAD_REFERENCE,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unit(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
            Self::Reference => f.write_str("the frame is shorter than the part asked for"),
        }
    }
}

impl Shared<'_, '_> {
    /// Runs calls, and pieces of calls, until the queue is closed and empty.
    pub(super) fn work(&self) {
        loop {
            match self.queue.take() {
                Task::Run(ticket, job) => self.run(ticket, &job),
                Task::Help(split) => help(split),
                Task::Stop => return,
            }
        }
    }

    fn run(&self, ticket: Ticket, job: &Job) {
        let (began, budget, mut read) = (Instant::now(), job.budget(), Read::default());
        // Guarded as a whole, though what can panic is guarded inside: a call must be answered.
        let result = guard(|| Ok(self.perform(job, &budget, &mut read)))
            .unwrap_or_else(|error| Err(error.into()));
        let answer = match &job.message {
            Some(message) => {
                let used = Used::until_now(job, began, &budget);
                self.report(job, message, result, &read, used)
            }
            None => match result {
                Ok(gain) => {
                    let len = u32::try_from(gain.len).unwrap_or(u32::MAX);
                    Completion { len, value: gain.value, ..job.answer(Status::OK) }
                }
                Err(failure) => self.describe(job, &failure),
            },
        };
        // First the tracks, so that the next call can begin while this one is answered.
        self.queue.finish(ticket);
        self.answer(job.ticket, &answer);
    }

    /// The answer to a job that came as a message: a message.
    fn report(
        &self,
        job: &Job,
        message: &Message,
        result: Result<Gain, Failure>,
        read: &Read,
        mut used: Used,
    ) -> Completion {
        (used.bytes_in, used.bytes_copied) = (read.len as u64, read.copied as u64);
        let (mut status, mut value, outcome) = match result {
            Ok(gain) => {
                used.bytes_out = gain.len as u64;
                used.bytes_copied += gain.copied as u64;
                let memory = MemoryRef {
                    length: u32::try_from(gain.len).unwrap_or(u32::MAX),
                    ..message.request.output
                };
                let resource = match job.output {
                    Target::Message => Resource::inline(gain.inline),
                    _ => Resource::memory(memory),
                };
                (Status::OK, gain.value, Ok(resource))
            }
            Err(failure) => {
                let status = self.status_of(&failure);
                let (needed, capacity) = match failure {
                    Failure::Unit(UnitError::OutputTooSmall { needed, capacity }) => {
                        (needed as u64, capacity as u64)
                    }
                    _ => (0, 0),
                };
                let message = failure.to_string();
                (status, 0, Err(JobError { code: status.0, message, needed, capacity }))
            }
        };
        let len = self.tell(job.lane(), message, outcome, used);
        if len == 0 && status.is_ok() {
            (status, value) = (Status::TOO_SMALL, 0);
        }
        Completion { len, value, ..job.answer(status) }
    }

    fn status_of(&self, failure: &Failure) -> Status {
        match failure.status() {
            Status::CANCELLED if self.queue.is_closed() => Status::SHUT_DOWN,
            status => status,
        }
    }

    /// The answer to a call that failed; its message goes where the result would have gone, if
    /// that is the lane's buffer.
    fn describe(&self, job: &Job, failure: &Failure) -> Completion {
        let mut answer = job.answer(self.status_of(failure));
        if let Target::Buffer(Bytes { offset, len }) = job.output {
            let message = failure.to_string();
            let message = message.get(..message.floor_char_boundary(len)).unwrap_or_default();
            if self.write_buffer(job.lane(), offset, message.as_bytes()).is_ok() {
                answer.len = u32::try_from(message.len()).unwrap_or(0);
            }
        }
        answer
    }

    fn perform(&self, job: &Job, budget: &Budget, read: &mut Read) -> Result<Gain, Failure> {
        budget.check()?;
        let mut copied = AlignedVec::new(job.params.len);
        self.read_buffer(job.lane(), job.params.offset, copied.as_mut())?;
        let params = match &job.message {
            Some(message) => &message.request.params,
            None => copied.as_ref(),
        };

        let (track_index, max_len) = match job.output {
            Target::None => {
                return self.with_input(job, read, |input| {
                    let call = Call { input, params };
                    let len = self.compute(job, call, &mut VecOutput::new(0), budget)?;
                    Ok(Gain { len, ..Gain::default() })
                });
            }
            Target::Message => {
                let room = job.message.as_ref().map_or(0, |message| message.result.len);
                let room = self.room(job, room.saturating_sub(MESSAGE_LEN));
                return self.with_input(job, read, |input| {
                    let mut out = VecOutput::new(room);
                    let len = self.compute(job, Call { input, params }, &mut out, budget)?;
                    let bytes = out.as_bytes();
                    let inline = bytes.get(..len).unwrap_or(bytes).to_vec();
                    Ok(Gain { len: inline.len(), copied: inline.len(), inline, value: 0 })
                });
            }
            Target::Buffer(target) => {
                let target = Bytes { len: self.room(job, target.len), ..target };
                return self.with_input(job, read, |input| {
                    self.fill_buffer(job, Call { input, params }, target, budget)
                });
            }
            Target::Frame(track, max_len) => (track, max_len),
        };
        let Some(track) = self.tracks.get(track_index) else { return Err(Failure::Reference) };
        let published = match job.input {
            Source::Frame(same, bytes) if same == track_index => {
                let mut writer = lock(&track.writer);
                let (front, back) = writer.front_and_back()?;
                let input = part(front.unwrap_or_default(), bytes)?;
                read.len = input.len();
                let call = Call { input, params };
                track.publish(back, max_len, |out| self.compute(job, call, out, budget))
            }
            _ => self.with_input(job, read, |input| {
                let mut writer = lock(&track.writer);
                let call = Call { input, params };
                let back = writer.back_mut()?;
                track.publish(back, max_len, |out| self.compute(job, call, out, budget))
            }),
        };
        let value = |version: u32| version.into();
        published.map(|(len, version)| Gain { len, value: value(version), ..Gain::default() })
    }

    /// Room for a result, and no more than its sender wants.
    fn room(&self, job: &Job, room: usize) -> usize {
        match job.message.as_ref().map(|message| message.request.limits.result_length) {
            None | Some(0) => room,
            Some(limit) => room.min(usize::try_from(limit).unwrap_or(usize::MAX)),
        }
    }

    /// Lends the input: a frame where it is, anything else as a private copy.
    fn with_input<R>(
        &self,
        job: &Job,
        read: &mut Read,
        body: impl FnOnce(&[u8]) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let body = |input: &[u8], is_copy: bool| {
            *read = Read { len: input.len(), copied: if is_copy { input.len() } else { 0 } };
            body(input)
        };
        match job.input {
            Source::None => body(&[], false),
            Source::Message => {
                let place = job.message.as_ref().map(|message| &message.request.input.place);
                match place {
                    // Copied once, to where every input begins.
                    Some(Place::Inline(bytes)) => {
                        let mut copy = AlignedVec::new(bytes.len());
                        copy.as_mut().copy_from_slice(bytes);
                        body(copy.as_ref(), true)
                    }
                    _ => Err(Failure::Reference),
                }
            }
            Source::Buffer(Bytes { offset, len }) => {
                let mut copy = AlignedVec::new(len);
                self.read_buffer(job.lane(), offset, copy.as_mut())?;
                body(copy.as_ref(), true)
            }
            Source::Raw(section, Bytes { offset, len }) => {
                let mut copy = AlignedVec::new(len);
                self.sections.read_raw(section, offset, copy.as_mut())?;
                body(copy.as_ref(), true)
            }
            Source::Frame(track, bytes) => {
                let Some(track) = self.tracks.get(track) else { return Err(Failure::Reference) };
                let mut writer = lock(&track.writer);
                match writer.front() {
                    Ok(front) => body(part(front, bytes)?, false),
                    Err(Error::Empty) => body(part(&[], bytes)?, false),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Through private memory, since a unit writes where it likes and a lane takes words.
    fn fill_buffer(
        &self,
        job: &Job,
        call: Call<'_>,
        target: Bytes,
        budget: &Budget,
    ) -> Result<Gain, Failure> {
        let mut out = VecOutput::new(target.len);
        let len = self.compute(job, call, &mut out, budget)?;
        // A result shorter than its unit says is as long as what was written.
        let bytes = out.as_bytes();
        let bytes = bytes.get(..len).unwrap_or(bytes);
        self.write_buffer(job.lane(), target.offset, bytes)?;
        Ok(Gain { len: bytes.len(), copied: bytes.len(), ..Gain::default() })
    }

    /// Runs the method, on all workers if it can be split.
    fn compute(
        &self,
        job: &Job,
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, Failure> {
        if self.threads > 1
            && let Some(plan) = self.dispatcher.plan(job.method, call, budget)?
        {
            let split = Arc::new(Split::new(plan, budget.clone(), self.threads));
            let len = self.dispatcher.metered(job.method, call.input.len(), budget, || {
                if split.is_shareable() {
                    self.queue.share(&split);
                }
                split.work();
                let parts = split.wait();
                if split.is_shareable() {
                    self.queue.unshare(&split);
                }
                let parts = parts?;
                guard(|| split.plan().merge(parts, out))
            })?;
            require(out, len)?;
            return Ok(len);
        }
        Ok(self.dispatcher.execute(job.method, call, out, budget)?)
    }
}

/// Runs pieces of another worker's call. What they give, errors too, goes to that worker.
fn help(split: Arc<Split>) {
    // Guarded because this may be the last owner of a plan, whose drop is the unit's code.
    let _ = guard(|| {
        split.work();
        drop(split);
        Ok(())
    });
}

/// The part of a frame that was asked for; no length is all of it.
fn part(frame: &[u8], bytes: Bytes) -> Result<&[u8], Failure> {
    if bytes == Bytes::default() {
        return Ok(frame);
    }
    let end = bytes.offset.checked_add(bytes.len).ok_or(Failure::Reference)?;
    frame.get(bytes.offset..end).ok_or(Failure::Reference)
}

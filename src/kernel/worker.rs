//! From jobs to answers: the threads that run calls.
#![forbid(unsafe_code)]

use std::sync::Arc;

use inos_core::{Completion, Error, Status};
use inos_units::{Call, Output, UnitError, VecOutput, guard, require};

use super::job::{Bytes, Job, Source, Target};
use super::queue::{Task, Ticket};
use super::split::Split;
use super::{Shared, lock};
use crate::aligned::AlignedVec;

/// What a call gave.
#[derive(Default)]
struct Gain {
    len: usize,
    value: u64,
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
        // Guarded as a whole, though what can panic is guarded inside: a call must be answered.
        let result = guard(|| Ok(self.perform(job))).unwrap_or_else(|error| Err(error.into()));
        let answer = match result {
            Ok(gain) => {
                let len = u32::try_from(gain.len).unwrap_or(u32::MAX);
                Completion { len, value: gain.value, ..job.answer(Status::OK) }
            }
            Err(failure) => self.describe(job, &failure),
        };
        // First the tracks, so that the next call can begin while this one is answered.
        self.queue.finish(ticket);
        self.answer(job.ticket, &answer);
    }

    /// The answer to a call that failed; its message goes where the result would have gone, if
    /// that is the lane's buffer.
    fn describe(&self, job: &Job, failure: &Failure) -> Completion {
        let mut status = failure.status();
        if status == Status::CANCELLED && self.queue.is_closed() {
            status = Status::SHUT_DOWN;
        }
        let mut answer = job.answer(status);
        if let Target::Buffer(Bytes { offset, len }) = job.output {
            let message = failure.to_string();
            let message = message.get(..message.floor_char_boundary(len)).unwrap_or_default();
            if self.write_buffer(job.lane(), offset, message.as_bytes()).is_ok() {
                answer.len = u32::try_from(message.len()).unwrap_or(0);
            }
        }
        answer
    }

    fn perform(&self, job: &Job) -> Result<Gain, Failure> {
        job.budget().check()?;
        let mut params = AlignedVec::new(job.params.len);
        self.read_buffer(job.lane(), job.params.offset, params.as_mut())?;
        let params = params.as_ref();

        let (track_index, max_len) = match job.output {
            Target::None => {
                return self.with_input(job, |input| {
                    let len = self.compute(job, Call { input, params }, &mut VecOutput::new(0))?;
                    Ok(Gain { len, value: 0 })
                });
            }
            Target::Buffer(target) => {
                return self.with_input(job, |input| {
                    self.fill_buffer(job, Call { input, params }, target)
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
                let call = Call { input, params };
                track.publish(back, max_len, |out| self.compute(job, call, out))
            }
            _ => self.with_input(job, |input| {
                let mut writer = lock(&track.writer);
                let call = Call { input, params };
                track.publish(writer.back_mut()?, max_len, |out| self.compute(job, call, out))
            }),
        };
        published.map(|(len, version)| Gain { len, value: version.into() })
    }

    /// Lends the input: a frame where it is, anything else as a private copy.
    fn with_input<R>(
        &self,
        job: &Job,
        body: impl FnOnce(&[u8]) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        match job.input {
            Source::None => body(&[]),
            Source::Buffer(Bytes { offset, len }) => {
                let mut copy = AlignedVec::new(len);
                self.read_buffer(job.lane(), offset, copy.as_mut())?;
                body(copy.as_ref())
            }
            Source::Raw(section, Bytes { offset, len }) => {
                let mut copy = AlignedVec::new(len);
                self.sections.read_raw(section, offset, copy.as_mut())?;
                body(copy.as_ref())
            }
            Source::Frame(track, bytes) => {
                let Some(track) = self.tracks.get(track) else { return Err(Failure::Reference) };
                let mut writer = lock(&track.writer);
                match writer.front() {
                    Ok(front) => body(part(front, bytes)?),
                    Err(Error::Empty) => body(part(&[], bytes)?),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Through private memory, since a unit writes where it likes and a lane takes words.
    fn fill_buffer(&self, job: &Job, call: Call<'_>, target: Bytes) -> Result<Gain, Failure> {
        let mut out = VecOutput::new(target.len);
        let len = self.compute(job, call, &mut out)?;
        // A result shorter than its unit says is as long as what was written.
        let bytes = out.as_bytes();
        let bytes = bytes.get(..len).unwrap_or(bytes);
        self.write_buffer(job.lane(), target.offset, bytes)?;
        Ok(Gain { len: bytes.len(), value: 0 })
    }

    /// Runs the method, on all workers if it can be split.
    fn compute(&self, job: &Job, call: Call<'_>, out: &mut dyn Output) -> Result<usize, Failure> {
        let budget = job.budget();
        if self.threads > 1
            && let Some(plan) = self.dispatcher.plan(job.method, call, &budget)?
        {
            let split = Arc::new(Split::new(plan, budget, self.threads));
            if split.is_shareable() {
                self.queue.share(&split);
            }
            split.work();
            let parts = split.wait();
            if split.is_shareable() {
                self.queue.unshare(&split);
            }
            let parts = parts?;
            let len = guard(|| split.plan().merge(parts, out))?;
            require(out, len)?;
            return Ok(len);
        }
        Ok(self.dispatcher.execute(job.method, call, out, &budget)?)
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

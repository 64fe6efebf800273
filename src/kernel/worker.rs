//! From jobs to answers: the threads that run calls.
#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::Instant;

use inos_core::{Block, Completion, Cooperative, Error, Status};
use inos_units::job::{JobError, MemoryRef, Resource};
use inos_units::{Budget, Call, MethodId, Output, UnitError, VecOutput, guard, require};

use super::blocks::{BlockOutput, Sent};
use super::health::{Failing, UnitState};
use super::history::names;
use super::input::{Read, part};
use super::job::{Bytes, Debt, Job, Message, Source, Target, elapsed_ns};
use super::message::Used;
use super::queue::{Task, Ticket};
use super::split::Split;
use super::{Shared, lock};
use crate::aligned::AlignedVec;

/// Bytes that a message about a job takes beside the result in it, or more.
const MESSAGE_LEN: usize = 256;

/// What a call gave.
#[derive(Default)]
pub(super) struct Gain<'m> {
    len: usize,
    value: u64,
    /// Copied from private memory to shared memory.
    copied: usize,
    /// The result, if it goes into a message.
    inline: Vec<u8>,
    /// The result, if it is in a block, and the place of the arena.
    block: Option<(usize, Block<'m, Cooperative>)>,
    /// That block, once it was handed over.
    sent: Option<Sent>,
}

/// Why a call gave nothing.
pub(super) enum Failure {
    Unit(UnitError),
    Memory(Error),
    /// The part of a frame that was asked for is not there.
    Reference,
    /// The unit is not called now.
    Down(UnitState),
    /// The call was given up and answered, and nothing may be written for it any more.
    GivenUp,
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
            Self::Down(UnitState::GivenUp) => Status::NO_UNIT,
            Self::Down(_) => Status::UNIT_FAILED,
            Self::GivenUp => Status::TIMED_OUT,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unit(error) => error.fmt(f),
            Self::Memory(error) => error.fmt(f),
            Self::Reference => f.write_str("the frame is shorter than the part asked for"),
            Self::Down(UnitState::Resting { left }) => {
                write!(f, "the unit has failed too often, and rests for {} ms", left.as_millis())
            }
            Self::Down(_) => f.write_str("the unit has failed too often, and was given up"),
            Self::GivenUp => f.write_str("the call did not end in time, and was given up"),
        }
    }
}

impl<'m> Shared<'_, 'm> {
    /// Runs calls, and pieces of calls, until the queue is closed and empty, or until others have
    /// taken this worker's place.
    pub(super) fn work(&self) {
        loop {
            let stays = match self.queue.take() {
                Task::Run(ticket, job) => self.run(ticket, job),
                Task::Help(ticket, split) => {
                    let began = Instant::now();
                    let unit = split.unit();
                    help(split);
                    self.queue.helped(ticket, self.busy(unit, began))
                }
                Task::Stop => false,
            };
            if !stays {
                return;
            }
        }
    }

    /// Runs a call and answers it; whether the worker is to go on.
    fn run(&self, ticket: Ticket, mut job: Box<Job<'m>>) -> bool {
        let (began, budget, mut read) = (Instant::now(), job.budget(), Read::default());
        // Guarded as a whole, though what can panic is guarded inside: a call must be answered.
        let mut result = guard(|| Ok(self.perform(ticket, &job, &budget, &mut read)))
            .unwrap_or_else(|error| Err(error.into()));
        // The input's block is free before its client knows that the call has ended.
        job.block = None;
        if !job.debt.fate.claim() {
            // It was answered without this worker. A block with its result is freed here.
            drop(result);
            return self.queue.finish(ticket, self.busy(job.debt.method.unit_index(), began));
        }
        if let Err(Failure::Unit(UnitError::Panicked)) = &result {
            self.failed(job.debt.method, Failing::Panicked);
        }
        let mut sent = None;
        if let Ok(gain) = &mut result {
            self.hand_over(&job, gain);
            sent = gain.sent;
        }
        let mut used = Used::until_now(&job, began, &budget);
        (used.bytes_in, used.bytes_copied) = (read.len as u64, read.copied as u64);
        if let Ok(gain) = &result {
            used.bytes_out = gain.len as u64;
            used.bytes_copied += gain.copied as u64;
        }
        let answer = match job.message() {
            Some(message) => self.report(&job, message, result, used),
            None => match result {
                Ok(gain) => {
                    let len = u32::try_from(gain.len).unwrap_or(u32::MAX);
                    Completion { len, value: gain.value, ..job.debt.answer(Status::OK) }
                }
                Err(failure) => self.describe(&job, &failure),
            },
        };
        self.record(&job.debt, answer.status, &used);
        // First the tracks, so that the next call can begin while this one is answered.
        let took = self.busy(job.debt.method.unit_index(), began);
        let stays = self.queue.finish(ticket, took);
        if !answer.status.is_ok()
            && let Some(sent) = sent.take()
        {
            self.arenas.take_back(sent);
        }
        if !self.answer(job.debt.ticket, &answer)
            && let Some(sent) = sent
        {
            self.arenas.take_back(sent);
        }
        stays
    }

    /// A call of the method's unit failed.
    pub(super) fn failed(&self, method: MethodId, failing: Failing) {
        let unit = method.unit_index();
        let change = self.health.failed(unit, failing, Instant::now());
        let [name, method] = names(self.dispatcher, method);
        if failing == Failing::Lost {
            self.history.trouble(Status::TIMED_OUT, &format!("{name}.{method} does not end"));
        }
        match change {
            UnitState::Working => {}
            UnitState::Resting { left } => {
                let text = format!("unit {name} rests for {} ms", left.as_millis());
                self.history.trouble(Status::UNIT_FAILED, &text);
            }
            UnitState::GivenUp => {
                self.units.give_up(unit);
                self.history.trouble(Status::NO_UNIT, &format!("unit {name} is given up"));
            }
        }
    }

    /// Tells of a job that ended, and takes what it has cost.
    pub(super) fn record(&self, debt: &Debt, status: Status, used: &Used) {
        self.settle(debt, status, used);
        self.history.job(debt, names(self.dispatcher, debt.method), status, used);
    }

    fn busy(&self, unit: usize, began: Instant) -> u64 {
        let took = elapsed_ns(began);
        self.history.busy(unit, took);
        took
    }

    /// Hands the block of a result over to its client, if there is one left: then it goes when that
    /// does, adopted or not.
    fn hand_over(&self, job: &Job<'m>, gain: &mut Gain<'m>) {
        let Some((place, block)) = gain.block.take() else { return };
        let client = || lock(&self.service).client_party(job.lane());
        let handle = match client() {
            Some(party) if party != 0 => block.hand_over_to(party),
            // It has not joined, so nobody takes what it leaves: the block stays this party's.
            _ => block.hand_over(),
        };
        let sent = Sent { place, handle };
        // If it has left by now, nobody may have looked for this block any more. It can't have
        // adopted it: it learns of it by the answer.
        if client().is_none() {
            return self.arenas.take_back(sent);
        }
        (gain.value, gain.sent) = (handle.to_value(), Some(sent));
    }

    /// The answer to a job that came as a message: a message.
    pub(super) fn report(
        &self,
        job: &Job<'m>,
        message: &Message,
        result: Result<Gain<'m>, Failure>,
        used: Used,
    ) -> Completion {
        let (mut status, mut value, outcome) = match result {
            Ok(gain) => {
                let memory = MemoryRef {
                    length: u32::try_from(gain.len).unwrap_or(u32::MAX),
                    ..message.request.output
                };
                let resource = match (job.output, gain.sent) {
                    (Target::Message, _) => Resource::inline(gain.inline),
                    (_, Some(Sent { handle, .. })) => {
                        let (offset, length) = (handle.offset, handle.generation);
                        let block = MemoryRef { offset, length, ..memory };
                        Resource::block(block, gain.len as u64)
                    }
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
        Completion { len, value, ..job.debt.answer(status) }
    }

    fn status_of(&self, failure: &Failure) -> Status {
        match failure.status() {
            Status::CANCELLED if self.queue.is_closed() => Status::SHUT_DOWN,
            status => status,
        }
    }

    /// The answer to a call that failed; its message goes where the result would have gone, if
    /// that is the lane's buffer.
    pub(super) fn describe(&self, job: &Job<'m>, failure: &Failure) -> Completion {
        let mut answer = job.debt.answer(self.status_of(failure));
        if let Target::Buffer(Bytes { offset, len }) = job.output {
            let message = failure.to_string();
            let message = message.get(..message.floor_char_boundary(len)).unwrap_or_default();
            if self.write_buffer(job.lane(), offset, message.as_bytes()).is_ok() {
                answer.len = u32::try_from(message.len()).unwrap_or(0);
            }
        }
        answer
    }

    fn perform(
        &self,
        ticket: Ticket,
        job: &Job<'m>,
        budget: &Budget,
        read: &mut Read,
    ) -> Result<Gain<'m>, Failure> {
        budget.check()?;
        match self.health.state(job.debt.method.unit_index(), Instant::now()) {
            UnitState::Working => {}
            state => return Err(Failure::Down(state)),
        }
        let mut copied = AlignedVec::new(job.params.len);
        self.read_buffer(job.lane(), job.params.offset, copied.as_mut())?;
        let params = match job.message() {
            Some(message) => &message.request.params,
            None => copied.as_ref(),
        };

        let (track_index, max_len) = match job.output {
            Target::None => {
                return self.with_input(job, budget, read, |input| {
                    let call = Call { input, params };
                    let len = self.compute((ticket, job), call, &mut VecOutput::new(0), budget)?;
                    Ok(Gain { len, ..Gain::default() })
                });
            }
            Target::Message => {
                let room = job.message().map_or(0, |message| message.result.len);
                let room = self.room(job, room.saturating_sub(MESSAGE_LEN));
                return self.with_input(job, budget, read, |input| {
                    let mut out = VecOutput::new(room);
                    let len =
                        self.compute((ticket, job), Call { input, params }, &mut out, budget)?;
                    let bytes = out.as_bytes();
                    let inline = bytes.get(..len).unwrap_or(bytes).to_vec();
                    let len = inline.len();
                    Ok(Gain { len, copied: len, inline, ..Gain::default() })
                });
            }
            Target::Buffer(target) => {
                let target = Bytes { len: self.room(job, target.len), ..target };
                return self.with_input(job, budget, read, |input| {
                    self.fill_buffer((ticket, job), Call { input, params }, target, budget)
                });
            }
            Target::Block(place, max_len) => {
                return self.with_input(job, budget, read, |input| {
                    self.fill_block((ticket, job), Call { input, params }, (place, max_len), budget)
                });
            }
            Target::Frame(track, max_len) => (track, max_len),
        };
        let Some(track) = self.tracks.get(track_index) else { return Err(Failure::Reference) };
        let published = match job.input {
            Source::Frame(same, bytes) if same == track_index => {
                let mut writer = lock(&track.writer);
                let (front, back) = writer.front_and_back()?;
                let stored = part(front.unwrap_or_default(), bytes)?;
                let opened = self.open_input(job, stored, false, budget, read)?;
                let call = Call { input: opened.as_bytes(), params };
                track.publish(back, max_len, |out| {
                    let len = self.compute((ticket, job), call, out, budget)?;
                    claim(job).map(|()| len)
                })
            }
            _ => self.with_input(job, budget, read, |input| {
                let mut writer = lock(&track.writer);
                let call = Call { input, params };
                let back = writer.back_mut()?;
                track.publish(back, max_len, |out| {
                    let len = self.compute((ticket, job), call, out, budget)?;
                    claim(job).map(|()| len)
                })
            }),
        };
        let value = |version: u32| version.into();
        published.map(|(len, version)| Gain { len, value: value(version), ..Gain::default() })
    }

    /// Room for a result, and no more than its sender wants.
    fn room(&self, job: &Job<'m>, room: usize) -> usize {
        match job.message().map(|message| message.request.limits.result_length) {
            None | Some(0) => room,
            Some(limit) => room.min(usize::try_from(limit).unwrap_or(usize::MAX)),
        }
    }

    /// Into a block as long as the result can be, no longer than anybody wants it.
    fn fill_block(
        &self,
        (ticket, job): (Ticket, &Job<'m>),
        call: Call<'_>,
        (place, max_len): (usize, usize),
        budget: &Budget,
    ) -> Result<Gain<'m>, Failure> {
        let bound = self.dispatcher.bound(job.debt.method, call)?.min(self.max_block_len);
        let room = self.room(job, if max_len == 0 { bound } else { bound.min(max_len) });
        let mut block = self.arenas.allocate(place, room).map_err(|error| match error {
            // It never fits, whatever others free.
            Error::TooLarge { len, max } => {
                UnitError::OutputTooSmall { needed: len, capacity: max }.into()
            }
            error => Failure::Memory(error),
        })?;
        let mut out = BlockOutput::new(block.get_mut(..room).unwrap_or_default());
        let len = self.compute((ticket, job), call, &mut out, budget)?;
        // A result shorter than its unit says is as long as what was written.
        let len = len.min(out.len());
        let copied = self.arenas.fit(place, &mut block, len);
        Ok(Gain { len, copied, block: Some((place, block)), ..Gain::default() })
    }

    /// Through private memory, since a unit writes where it likes and a lane takes words.
    fn fill_buffer(
        &self,
        (ticket, job): (Ticket, &Job<'m>),
        call: Call<'_>,
        target: Bytes,
        budget: &Budget,
    ) -> Result<Gain<'m>, Failure> {
        let mut out = VecOutput::new(target.len);
        let len = self.compute((ticket, job), call, &mut out, budget)?;
        // A result shorter than its unit says is as long as what was written.
        let bytes = out.as_bytes();
        let bytes = bytes.get(..len).unwrap_or(bytes);
        claim(job)?;
        self.write_buffer(job.lane(), target.offset, bytes)?;
        Ok(Gain { len: bytes.len(), copied: bytes.len(), ..Gain::default() })
    }

    /// Runs the method, on all workers if it can be split.
    fn compute(
        &self,
        (ticket, job): (Ticket, &Job<'m>),
        call: Call<'_>,
        out: &mut dyn Output,
        budget: &Budget,
    ) -> Result<usize, Failure> {
        if self.threads > 1
            && let Some(plan) = self.dispatcher.plan(job.debt.method, call, budget)?
        {
            let unit = job.debt.method.unit_index();
            let split = Arc::new(Split::new(plan, budget.clone(), self.threads, unit));
            let len = self.dispatcher.metered(job.debt.method, call.input.len(), budget, || {
                if split.is_shareable() {
                    self.queue.share(ticket, job.priority, &split);
                }
                split.work();
                let parts = split.wait();
                if split.is_shareable() {
                    self.queue.unshare(ticket);
                }
                let parts = parts?;
                guard(|| split.plan().merge(parts, out))
            })?;
            require(out, len)?;
            return Ok(len);
        }
        Ok(self.dispatcher.execute(job.debt.method, call, out, budget)?)
    }
}

/// Before anything is written that others will see: nothing is, of a call that was given up.
fn claim(job: &Job<'_>) -> Result<(), Failure> {
    if job.debt.fate.claim() { Ok(()) } else { Err(Failure::GivenUp) }
}

/// Runs a piece of another worker's call. What it gives, an error too, goes to that worker.
fn help(split: Arc<Split>) {
    // Guarded because this may be the last owner of a plan, whose drop is the unit's code.
    let _ = guard(|| {
        split.work_once();
        drop(split);
        Ok(())
    });
}

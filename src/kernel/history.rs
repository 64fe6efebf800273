//! What a kernel tells of itself in the shared memory, for whoever looks in.
//!
//! A log, if there is one, gets an event for each job that ended, and for each unit and worker that
//! is in trouble. Its time is nanoseconds since the Unix epoch, its code the [`Status`], and its
//! text of a job
//!
//! ```text
//! job hash.sha256 lane=3 call=7 queued=1200 ran=5400 in=3 out=32 copied=35 cost=120
//! ```
//!
//! with times in nanoseconds, lengths in bytes and the cost in credits, which are counted for jobs
//! that came as messages. Who reads a log copies the newest events, the oldest of them first, as
//! many as it has room for, and needs to be able to write nothing.
//!
//! A bank of counters, if there is one, has these, of kind 1 for counts and 2 for nanoseconds:
//! `kernel.accepted`, `kernel.answered`, `kernel.failed`, and of each unit `NAME.calls`,
//! `NAME.failures` and `NAME.busy`, the time that workers were with its calls. The last three say in
//! `unit` which one is meant, by its number in the registry.
#![forbid(unsafe_code)]

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use inos_core::{
    Cooperative, Counter, Counters, CountersConfig, Entry, Event, Log, SectionId, Sections, Status,
};
use inos_units::{Dispatcher, MethodId};

use super::KernelError;
use super::job::Debt;
use super::message::Used;
use super::units::Units;

/// The kind of counters that count.
const COUNT: u32 = 1;
/// The kind of counters of nanoseconds.
const NANOSECONDS: u32 = 2;
/// Counters of the kernel itself, and of each unit.
const OWN_COUNTERS: u32 = 3;
const UNIT_COUNTERS: u32 = 3;

/// A job that ended, as the kernel's history has it.
///
/// ```
/// # #[cfg(feature = "hash")] {
/// use inos::*;
///
/// let [calls, units, history] = [1, 2, 3].map(SectionId);
/// let layout = Layout::builder()
///     .lanes(calls, "calls", LanesConfig { lanes: 1, entries: 4, buffer_len: 256 })
///     .registry(units, "units", Kernel::registry_config(&Dispatcher::standard()))
///     .log(history, "history", LogConfig { capacity: 64, text_len: JobRecord::TEXT_LEN })
///     .build()?;
/// let mut memory = HeapMemory::new(layout.total_len())?;
/// let sections = Sections::create(memory.region()?, &layout, 1)?;
/// let config = KernelConfig::new(calls, units).history(history);
/// Kernel::run(&sections, &Dispatcher::standard(), &config, |_| {
///     let mut caller = Caller::open(&sections, calls, units)?;
///     let sha256 = caller.method("hash", "sha256")?;
///     caller.call(sha256, Input::Bytes(b"abc"), b"", Target::Bytes(&mut [0; 32]))
/// })??;
///
/// let mut reader = Log::open(&sections, history)?.reader(0);
/// let mut text = [0; JobRecord::TEXT_LEN as usize];
/// let entry = reader.next(&mut text)?;
/// let job = JobRecord::parse(&entry, entry.text(&text)).expect("a job");
/// assert_eq!((job.method, job.status, job.bytes_out), ("hash.sha256", Status::OK, 32));
/// assert!(job.ran_ns > 0);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobRecord<'a> {
    /// When it ended, in nanoseconds since the Unix epoch.
    pub ended: u64,
    /// How.
    pub status: Status,
    /// Unit and method.
    pub method: &'a str,
    /// The lane that it came from.
    pub lane: u32,
    /// Its client's number for it.
    pub call_id: u32,
    /// How long it waited.
    pub queued_ns: u64,
    /// How long a worker was with it, 0 if none was.
    pub ran_ns: u64,
    /// Bytes of its input.
    pub bytes_in: u64,
    /// Bytes of its result.
    pub bytes_out: u64,
    /// Of both, bytes that were copied.
    pub bytes_copied: u64,
    /// Credits, if they were counted.
    pub cost: u64,
}

impl<'a> JobRecord<'a> {
    /// Length of texts that a log of jobs has room for: with it an event is 256 bytes.
    pub const TEXT_LEN: u32 = 232;

    /// The job that an event is about; `None` if it is about something else, or was cut off.
    #[must_use]
    pub fn parse(entry: &Entry, text: &'a str) -> Option<Self> {
        let mut words = text.split(' ');
        let method = match (words.next(), words.next()) {
            (Some("job"), Some(method)) => method,
            _ => return None,
        };
        let mut number = |key: &str| -> Option<u64> {
            words.next()?.strip_prefix(key)?.strip_prefix('=')?.parse().ok()
        };
        Some(Self {
            ended: entry.time,
            status: Status(entry.code),
            method,
            lane: number("lane")?.try_into().ok()?,
            call_id: number("call")?.try_into().ok()?,
            queued_ns: number("queued")?,
            ran_ns: number("ran")?,
            bytes_in: number("in")?,
            bytes_out: number("out")?,
            bytes_copied: number("copied")?,
            cost: number("cost")?,
        })
    }
}

/// Where a kernel tells of itself; nowhere, maybe.
pub(super) struct History<'m> {
    log: Option<Log<'m>>,
    bank: Option<Bank<'m>>,
}

struct Bank<'m> {
    accepted: Counter<'m>,
    answered: Counter<'m>,
    failed: Counter<'m>,
    /// By their places in the dispatcher.
    units: Vec<UnitCounters<'m>>,
}

struct UnitCounters<'m> {
    calls: Counter<'m>,
    failures: Counter<'m>,
    busy: Counter<'m>,
}

/// How large a bank of counters is that a kernel with these units fills.
pub(super) fn counters_config(dispatcher: &Dispatcher) -> CountersConfig {
    let units = u32::try_from(dispatcher.units().count()).unwrap_or(u32::MAX);
    CountersConfig { count: units.saturating_mul(UNIT_COUNTERS).saturating_add(OWN_COUNTERS) }
}

impl<'m> History<'m> {
    pub(super) fn open(
        sections: &Sections<'m, Cooperative>,
        log: Option<SectionId>,
        counters: Option<SectionId>,
        units: &Units<'m>,
    ) -> Result<Self, KernelError> {
        let log =
            log.map(|id| Log::open(sections, id).map_err(KernelError::section(id))).transpose()?;
        let bank = counters
            .map(|id| Bank::open(sections, id, units).map_err(KernelError::section(id)))
            .transpose()?;
        Ok(Self { log, bank })
    }

    pub(super) fn accepted(&self) {
        if let Some(bank) = &self.bank {
            bank.accepted.add(1);
        }
    }

    pub(super) fn answered(&self, status: Status) {
        if let Some(bank) = &self.bank {
            bank.answered.add(1);
            bank.failed.add(u32::from(!status.is_ok()));
        }
    }

    /// A worker was with a call of the unit in this place for so many nanoseconds.
    pub(super) fn busy(&self, unit: usize, mut ns: u64) {
        let Some(unit) = self.bank.as_ref().and_then(|bank| bank.units.get(unit)) else { return };
        // A counter takes 32 bits at a time: four seconds. A thousand times that is enough for any.
        for _ in 0..1000 {
            let part = u32::try_from(ns).unwrap_or(u32::MAX);
            unit.busy.add(part);
            ns -= u64::from(part);
            if ns == 0 {
                break;
            }
        }
    }

    /// A job ended.
    pub(super) fn job(&self, debt: &Debt, names: [&str; 2], status: Status, used: &Used) {
        if let Some(unit) =
            self.bank.as_ref().and_then(|bank| bank.units.get(debt.method.unit_index()))
        {
            unit.calls.add(1);
            unit.failures.add(u32::from(!status.is_ok()));
        }
        if self.log.is_none() {
            return;
        }
        let [unit, method] = names;
        let (lane, call) = (debt.lane(), debt.call_id().0);
        let Used { cost, queued, ran, bytes_in, bytes_out, bytes_copied } = used;
        let mut text = String::with_capacity(JobRecord::TEXT_LEN as usize);
        // Writing to a string never fails.
        let _ = write!(
            text,
            "job {unit}.{method} lane={lane} call={call} queued={queued} ran={ran} \
             in={bytes_in} out={bytes_out} copied={bytes_copied} cost={cost}"
        );
        let level = match status {
            Status::OK => Event::INFO,
            Status::UNIT_FAILED => Event::ERROR,
            _ => Event::WARN,
        };
        self.event(level, status, &text);
    }

    /// Something happened that is no job.
    pub(super) fn trouble(&self, status: Status, text: &str) {
        self.event(Event::ERROR, status, text);
    }

    fn event(&self, level: u8, status: Status, text: &str) {
        let Some(log) = &self.log else { return };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let len = text.floor_char_boundary(log.config().text_len as usize);
        let text = text.get(..len).unwrap_or_default();
        // An event that others left no room for is counted by the log itself.
        let _ = log.append(Event { time, level, code: status.0, text });
    }
}

impl<'m> Bank<'m> {
    fn open(
        sections: &Sections<'m, Cooperative>,
        id: SectionId,
        units: &Units<'m>,
    ) -> Result<Self, inos_core::Error> {
        let counters = Counters::open(sections, id)?;
        let own = |name: &str| counters.allocate(&format!("kernel.{name}"), COUNT, 0);
        let of_unit = |(name, id): (&str, inos_core::UnitId)| {
            let counter = |what, kind| counters.allocate(&format!("{name}.{what}"), kind, id.raw());
            Ok(UnitCounters {
                calls: counter("calls", COUNT)?,
                failures: counter("failures", COUNT)?,
                busy: counter("busy", NANOSECONDS)?,
            })
        };
        Ok(Self {
            accepted: own("accepted")?,
            answered: own("answered")?,
            failed: own("failed")?,
            units: units.entered().map(of_unit).collect::<Result<_, inos_core::Error>>()?,
        })
    }
}

/// Names of unit and method.
pub(super) fn names(dispatcher: &Dispatcher, method: MethodId) -> [&'static str; 2] {
    let unit = dispatcher.units().nth(method.unit_index()).map_or("", |info| info.name);
    [unit, dispatcher.method(method).map_or("", |method| method.name)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "job hash.sha256 lane=3 call=7 queued=1200 ran=5400 in=3 out=32 copied=35 cost=120";

    #[test]
    fn texts_are_read_as_they_are_written_or_not_at_all() {
        let entry = Entry { sequence: 1, time: 9, level: 0, source: 0, code: 5, text_len: 0 };
        let job = JobRecord::parse(&entry, TEXT).unwrap();
        let numbers = [job.queued_ns, job.ran_ns, job.bytes_in, job.bytes_out, job.bytes_copied];
        assert_eq!((job.ended, job.status, job.method), (9, Status(5), "hash.sha256"));
        assert_eq!(
            (job.lane, job.call_id, numbers, job.cost),
            (3, 7, [1200, 5400, 3, 32, 35], 120)
        );
        let last = TEXT.rfind('=').unwrap();
        for end in 0..=last {
            assert_eq!(JobRecord::parse(&entry, &TEXT[..end]), None);
        }
        for (from, to) in [("lane=3", "lane=-3"), ("call=7", "call=5000000000"), ("ran", "run")] {
            assert_eq!(JobRecord::parse(&entry, &TEXT.replace(from, to)), None);
        }
    }
}

//! The newest events, from everybody, for whoever looks in: when something went wrong, what
//! happened before it.
//!
//! [`defs::log`](crate::defs::log) draws the bytes.
//!
//! - Any party appends, from any thread; an event goes over the oldest one. Nobody waits for
//!   anybody: not a writer for readers, nor for a slow writer.
//! - An event is published when its slot's word says so. Events of one writer are in its order;
//!   between writers the order is that of their tickets, [`Entry::sequence`].
//! - A [`LogReader`] copies, checks that nobody wrote meanwhile, and counts what it missed. It
//!   writes nothing, so a mapping for reading only will do. Any number of them.
//! - A writer that dies in the middle of an event leaves one slot that holds none, and that later
//!   laps leave alone until the death is proven and the slot reclaimed: its bytes may not be
//!   given to another while a store of it could still arrive.
//!
//! # Not supported
//! Keeping every event (that is a ring); events longer than the layout says; numbers beyond 32
//! bits: a reader that was away for 2^32 events takes them for none; a clock, which is the
//! caller's.
#![forbid(unsafe_code)]

use crate::defs::log::{
    CODE, DROPPED, HEAD, LEVEL_DEBUG, LEVEL_ERROR, LEVEL_INFO, LEVEL_TRACE, LEVEL_WARN, MAJOR,
    MAX_CAPACITY, MAX_TEXT_LEN, MIN_CAPACITY, SLOT_WORD, SLOTS, SOURCE, SOURCE_PARTY_SHIFT, TEXT,
    TEXT_LEN, TIME,
};
use crate::defs::{KIND_LOG, LINE};
use crate::error::Error;
use crate::protocol::Word;
use crate::protocol::log::{self, Look, Words};
use crate::raw::region::Trust;
use crate::raw::span::Span;
use crate::section::{Section, SectionId};
use crate::sections::Sections;
use crate::sync::{AtomicU32, Ordering};
use crate::text::valid_prefix;

/// What a log consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Events that there is room for: a power of two, 4 to 2^20.
    pub capacity: u32,
    /// Bytes in the longest text, at most 4072. With 40, an event is one cache line.
    pub text_len: u32,
}

impl LogConfig {
    pub(crate) const fn params(&self) -> [u32; 4] {
        [self.capacity, self.text_len, 0, 0]
    }

    /// Distance between two slots.
    const fn stride(&self) -> usize {
        (TEXT + self.text_len as usize).next_multiple_of(LINE)
    }
}

/// Bytes that a section of this configuration needs.
pub(crate) const fn section_len(config: &LogConfig) -> Result<u64, Error> {
    let capacity = config.capacity;
    if !capacity.is_power_of_two() || capacity < MIN_CAPACITY || capacity > MAX_CAPACITY {
        return Err(Error::BadLayout { what: "a log has room for 4 to 2^20 events" });
    }
    if config.text_len > MAX_TEXT_LEN {
        return Err(Error::BadLayout { what: "an event's text has at most 4072 bytes" });
    }
    Ok(SLOTS as u64 + capacity as u64 * config.stride() as u64)
}

/// No events.
pub(crate) fn format(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    span.clear(0, SLOTS)?;
    for index in 0..config.capacity {
        span.store(slot_offset(&config, index) + SLOT_WORD, log::FREE)?;
    }
    Ok(())
}

/// Frees the slots that somebody was writing in.
pub(crate) fn void_roles(span: &Span<'_>, section: &Section) -> Result<(), Error> {
    let config = config_of(section)?;
    for index in 0..config.capacity {
        let offset = slot_offset(&config, index) + SLOT_WORD;
        if log::writer_of(span.load(offset)?).is_some() {
            // Relaxed: the caller has the memory to itself.
            span.store(offset, log::FREE)?;
        }
    }
    Ok(())
}

/// Frees the slots that `dead` was writing in; how many.
pub(crate) fn reclaim(span: &Span<'_>, section: &Section, dead: u16) -> Result<u32, Error> {
    let config = config_of(section)?;
    let mut freed = 0;
    for index in 0..config.capacity {
        let word = span.word(slot_offset(&config, index) + SLOT_WORD)?;
        freed += u32::from(log::reclaim(word, dead));
    }
    Ok(freed)
}

fn config_of(section: &Section) -> Result<LogConfig, Error> {
    let [capacity, text_len, ..] = section.params;
    let config = LogConfig { capacity, text_len };
    match section_len(&config) {
        Ok(needed) if section.len >= needed => Ok(config),
        Ok(_) => Err(Error::Corrupt { what: "length of a log" }),
        Err(_) => Err(Error::Corrupt { what: "capacity of a log" }),
    }
}

/// Callers have an index below the capacity, or get an error from the span.
const fn slot_offset(config: &LogConfig, index: u32) -> usize {
    SLOTS.saturating_add((index as usize).saturating_mul(config.stride()))
}

/// What happened, as the one to whom it happened says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When, by a clock of the caller's.
    pub time: u64,
    /// How bad; [`Event::ERROR`] to [`Event::TRACE`], or numbers of the application's.
    pub level: u8,
    /// What, as a number of the application's.
    pub code: u32,
    /// What, in words.
    pub text: &'a str,
}

impl Event<'_> {
    /// Something failed.
    pub const ERROR: u8 = LEVEL_ERROR;
    /// Something may fail.
    pub const WARN: u8 = LEVEL_WARN;
    /// Something worth knowing.
    pub const INFO: u8 = LEVEL_INFO;
    /// For whoever looks for a mistake.
    pub const DEBUG: u8 = LEVEL_DEBUG;
    /// Every step.
    pub const TRACE: u8 = LEVEL_TRACE;
}

/// An event that was read, but for its text, which is in the reader's buffer. It was whole; what
/// it says is its writer's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event's number, 32 bits, wrapping. Numbers that are missing were given up by writers
    /// that found their slot taken.
    pub sequence: u32,
    /// When.
    pub time: u64,
    /// How bad.
    pub level: u8,
    /// The party that it happened to.
    pub source: u16,
    /// What.
    pub code: u32,
    /// Bytes in the text; more than were copied if the buffer was too short.
    pub text_len: usize,
}

impl Entry {
    /// The text in the buffer that [`LogReader::next`] was given, up to the first byte that is no
    /// UTF-8.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LogConfig { capacity: 4, text_len: 40 };
    /// # let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let log = Log::open(&sections, SectionId(1))?;
    /// # let event = |code, text| Event { time: 0, level: Event::INFO, code, text };
    /// log.append(event(0, "half a mile"))?;
    /// let mut short = [0; 4];
    /// let entry = log.reader(0).next(&mut short)?;
    /// assert_eq!((entry.text(&short), entry.text_len), ("half", 11));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn text<'b>(&self, buffer: &'b [u8]) -> &'b str {
        valid_prefix(buffer.get(..self.text_len).unwrap_or(buffer))
    }
}

/// A log. Holding one proves that its configuration was checked against the section.
///
/// ```
/// use inos_core::{
///     AlignedBytes, Error, Event, Layout, Log, LogConfig, Region, SectionId, Sections,
/// };
///
/// const LOG: SectionId = SectionId(5);
/// let layout =
///     Layout::builder().log(LOG, "log", LogConfig { capacity: 4, text_len: 40 }).build()?;
/// let mut memory = AlignedBytes::<4096>::new();
/// let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
/// let log = Log::open(&sections, LOG)?;
/// assert_eq!(log.config().capacity, 4);
/// let mut reader = log.reader(0);
///
/// for (time, text) in ["opened", "read", "read", "read", "closed"].into_iter().enumerate() {
///     log.append(Event { time: time as u64, level: Event::INFO, code: 0, text })?;
/// }
/// let mut text = [0; 40];
/// let entry = reader.next(&mut text)?;
/// assert_eq!((entry.sequence, entry.time, entry.text(&text)), (1, 1, "read"));
/// assert_eq!(reader.lost(), 1);
/// assert_eq!(log.dropped(), 0, "nobody was at work on a slot");
/// let mut last = entry;
/// while let Ok(entry) = reader.next(&mut text) {
///     last = entry;
/// }
/// assert_eq!(last.text(&text), "closed");
/// assert_eq!(reader.next(&mut text), Err(Error::Empty));
/// # Ok::<(), inos_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Log<'m> {
    span: Span<'m>,
    config: LogConfig,
}

impl<'m> Log<'m> {
    /// Opens the section.
    ///
    /// # Errors
    /// `NoSection`, `WrongKind`, `VersionMismatch`, `Stale`; `Corrupt` if the parameters in
    /// memory contradict the section.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let (events, notes) = (SectionId(1), SectionId(2));
    /// let config = LogConfig { capacity: 16, text_len: 40 };
    /// # let builder = Layout::builder().log(events, "log", config);
    /// # let layout = builder.raw(notes, "notes", 64).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// assert_eq!(Log::open(&sections, events)?.config(), config);
    /// assert!(matches!(Log::open(&sections, notes), Err(Error::WrongKind { id: 2, .. })));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn open<T: Trust>(sections: &Sections<'m, T>, id: SectionId) -> Result<Self, Error> {
        let (span, section) = sections.open(id, KIND_LOG, MAJOR)?;
        Ok(Self { span, config: config_of(section)? })
    }

    /// What the log consists of.
    #[must_use]
    pub const fn config(&self) -> LogConfig {
        self.config
    }

    /// Appends an event; returns its number. Never waits.
    ///
    /// Release: publishes the event; pairs with Acquire in [`LogReader::next`].
    ///
    /// # Errors
    /// `TooLarge` if the text is longer than the layout says; `ReadOnly`; `Contended` if other
    /// writers held every slot that was tried, and then the event is counted as
    /// [`dropped`](Self::dropped); `Fenced` if this party was declared dead meanwhile.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LogConfig { capacity: 4, text_len: 40 };
    /// # let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let log = Log::open(&sections, SectionId(1))?;
    /// # let event = |code, text| Event { time: 0, level: Event::INFO, code, text };
    /// assert_eq!(log.append(event(7, "opened")), Ok(0));
    /// assert_eq!(log.append(event(8, "closed")), Ok(1));
    /// let long = log.append(event(9, "a text of more than forty bytes is refused"));
    /// assert_eq!(long, Err(Error::TooLarge { len: 42, max: 40 }));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn append(&self, event: Event<'_>) -> Result<u32, Error> {
        let (len, max) = (event.text.len(), self.config.text_len as usize);
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        let control = Control { log: *self, head: self.span.word(HEAD)? };
        let party = self.span.party();
        let claim = match log::claim(&control, party) {
            Ok(claim) => claim,
            Err(error) => {
                // Relaxed: a count, and nothing else.
                Word::add(self.span.word(DROPPED)?, 1, Ordering::Relaxed);
                return Err(error);
            }
        };
        let at = slot_offset(&self.config, claim.slot());
        // Relaxed stores inside the section, which can be written: none of them fails.
        self.span.store(at + TIME, event.time as u32)?;
        self.span.store(at + TIME + 4, (event.time >> 32) as u32)?;
        let source = u32::from(party) << SOURCE_PARTY_SHIFT;
        self.span.store(at + SOURCE, source | u32::from(event.level))?;
        self.span.store(at + CODE, event.code)?;
        self.span.store(at + TEXT_LEN, len as u32)?;
        self.span.write(at + TEXT, event.text.as_bytes())?;
        log::commit(&control, claim)
    }

    /// Events that were given up because other writers held their slots, 32 bits, wrapping.
    ///
    /// Loaded Relaxed: it tells nothing about any event.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LogConfig { capacity: 4, text_len: 40 };
    /// # let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let log = Log::open(&sections, SectionId(1))?;
    /// # let event = |code, text| Event { time: 0, level: Event::INFO, code, text };
    /// // Five events in four slots: the first is overwritten, and none is given up.
    /// for code in 0..5 {
    ///     log.append(event(code, ""))?;
    /// }
    /// assert_eq!(log.dropped(), 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u32 {
        // The word lies inside: the length was checked.
        self.span.load(DROPPED).unwrap_or_default()
    }

    /// A reader that begins with the oldest event that is there. One whose writer is not done yet
    /// it looks for `patience` more times before it counts it as lost: 0 for a look at what
    /// there is, some thousands to follow a log by polling it.
    ///
    /// Acquire, as [`LogReader::next`].
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LogConfig { capacity: 4, text_len: 40 };
    /// # let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let log = Log::open(&sections, SectionId(1))?;
    /// # let event = |code, text| Event { time: 0, level: Event::INFO, code, text };
    /// for code in 0..6 {
    ///     log.append(event(code, ""))?;
    /// }
    /// // What was overwritten before it came is not lost to it.
    /// let mut reader = log.reader(1000);
    /// let rest = core::iter::from_fn(|| reader.next(&mut []).ok());
    /// assert!(rest.map(|entry| entry.code).eq(2..6));
    /// assert_eq!(reader.lost(), 0);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub fn reader(&self, patience: u32) -> LogReader<'m> {
        let head = self.head();
        let oldest = (1..=self.config.capacity)
            .rev()
            .map(|back| head.wrapping_sub(back))
            .find(|&ticket| matches!(self.look(ticket), Ok((Look::Ready(_), _))));
        let next = oldest.unwrap_or(head);
        LogReader { log: *self, next, patience, looks: 0, lost: 0 }
    }

    fn head(&self) -> u32 {
        // Relaxed: the slots' words say what there is to read.
        self.span.load(HEAD).unwrap_or_default()
    }

    fn look(&self, ticket: u32) -> Result<(Look, usize), Error> {
        let at = slot_offset(&self.config, ticket & (self.config.capacity - 1));
        let word = self.span.peek(at + SLOT_WORD)?;
        Ok((log::look(&word, ticket, self.config.capacity), at))
    }
}

/// The control words of a log that this party may write.
struct Control<'m> {
    log: Log<'m>,
    head: &'m AtomicU32,
}

impl Words for Control<'_> {
    type Word = AtomicU32;

    #[inline]
    fn head(&self) -> &AtomicU32 {
        self.head
    }

    #[inline]
    fn slot(&self, index: u32) -> Option<&AtomicU32> {
        let Log { span, config } = &self.log;
        if index < config.capacity {
            span.word(slot_offset(config, index) + SLOT_WORD).ok()
        } else {
            None
        }
    }

    #[inline]
    fn capacity(&self) -> u32 {
        self.log.config.capacity
    }
}

/// Reads events in order, and counts those that it missed. A clone is a reader of its own, from
/// the same point on.
#[derive(Clone, Debug)]
pub struct LogReader<'m> {
    log: Log<'m>,
    next: u32,
    patience: u32,
    /// At the event that `next` stands for, so far.
    looks: u32,
    lost: u64,
}

impl LogReader<'_> {
    /// Events that were overwritten before this reader came to them, or not finished in time.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LogConfig { capacity: 4, text_len: 40 };
    /// # let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let log = Log::open(&sections, SectionId(1))?;
    /// # let event = |code, text| Event { time: 0, level: Event::INFO, code, text };
    /// let mut reader = log.reader(0);
    /// for code in 0..7 {
    ///     log.append(event(code, ""))?;
    /// }
    /// assert_eq!(reader.next(&mut [])?.code, 3);
    /// assert_eq!(reader.lost(), 3);
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// The next event; its text goes to the front of `text`, as far as there is room.
    ///
    /// Acquire: pairs with Release in [`Log::append`].
    ///
    /// # Errors
    /// `Empty` if there is none yet, or if its writer is not done and there is patience left;
    /// `Lapped` if the writers were faster throughout; `Corrupt` if the length in memory is
    /// impossible, and then the event is passed over.
    ///
    /// ```
    /// # use inos_core::*;
    /// # let config = LogConfig { capacity: 4, text_len: 40 };
    /// # let layout = Layout::builder().log(SectionId(1), "log", config).build()?;
    /// # let mut memory = AlignedBytes::<4096>::new();
    /// # let sections = Sections::create(Region::from_bytes(memory.as_mut())?, &layout, 7)?;
    /// # let log = Log::open(&sections, SectionId(1))?;
    /// # let event = |code, text| Event { time: 0, level: Event::INFO, code, text };
    /// let mut reader = log.reader(0);
    /// let mut text = [0; 40];
    /// assert_eq!(reader.next(&mut text), Err(Error::Empty));
    /// log.append(event(7, "opened"))?;
    /// let entry = reader.next(&mut text)?;
    /// assert_eq!((entry.code, entry.level, entry.text(&text)), (7, Event::INFO, "opened"));
    /// # Ok::<(), inos_core::Error>(())
    /// ```
    pub fn next(&mut self, text: &mut [u8]) -> Result<Entry, Error> {
        let capacity = self.log.config.capacity;
        // Each step passes one event over.
        let tries = capacity.saturating_mul(2);
        for _ in 0..tries {
            let head = self.log.head();
            let unread = head.wrapping_sub(self.next);
            if unread == 0 {
                return Err(Error::Empty);
            }
            if let Some(missed) = unread.checked_sub(capacity).filter(|&missed| missed > 0) {
                self.pass(missed);
            }
            match self.log.look(self.next)? {
                (Look::Ready(seen), at) => {
                    let sequence = self.next;
                    let copied = self.copy(at, text);
                    if log::still_valid(&self.log.span.peek(at + SLOT_WORD)?, seen) {
                        self.next = sequence.wrapping_add(1);
                        self.looks = 0;
                        return copied;
                    }
                    self.pass(1);
                }
                (Look::Overwritten, _) => self.pass(1),
                (Look::Pending, _) if self.looks < self.patience => {
                    self.looks += 1;
                    return Err(Error::Empty);
                }
                (Look::Pending, _) => self.pass(1),
            }
        }
        Err(Error::Lapped { tries })
    }

    fn pass(&mut self, count: u32) {
        self.lost = self.lost.saturating_add(u64::from(count));
        self.next = self.next.wrapping_add(count);
        self.looks = 0;
    }

    /// Neither the copy nor its errors count before the slot has proved to be the same.
    fn copy(&self, at: usize, text: &mut [u8]) -> Result<Entry, Error> {
        let span = &self.log.span;
        let low = span.load(at + TIME)?;
        let high = span.load(at + TIME + 4)?;
        let source = span.load(at + SOURCE)?;
        let text_len = span.load(at + TEXT_LEN)? as usize;
        if text_len > self.log.config.text_len as usize {
            return Err(Error::Corrupt { what: "length of an event's text" });
        }
        let room = text_len.min(text.len());
        span.read(at + TEXT, text.get_mut(..room).unwrap_or_default())?;
        Ok(Entry {
            sequence: self.next,
            time: u64::from(low) | (u64::from(high) << 32),
            level: source as u8,
            source: (source >> SOURCE_PARTY_SHIFT) as u16,
            code: span.load(at + CODE)?,
            text_len,
        })
    }
}

#[cfg(test)]
mod tests;

//! The newest events.

use inos_core::{Entry, Error, Event, Log, LogReader, SectionId, Sections, Trust};

use crate::{Input, used};

/// Appends and reads.
#[inline(never)]
pub fn probe<T: Trust>(sections: &Sections<'_, T>, input: &mut Input<'_>) -> Result<(), Error> {
    let log = Log::open(sections, SectionId(input.number()))?;
    used((Log::config(&log), Log::dropped(&log)));
    let (number, text) = (input.number(), input.text());
    let event = Event { time: u64::from(number), level: number as u8, code: number, text };
    used(Log::append(&log, event));
    let mut reader = Log::reader(&log, input.number());
    let entry = LogReader::next(&mut reader, input.buffer())?;
    used(LogReader::lost(&reader));
    let entry = Entry { text_len: input.length(), ..entry };
    used(Entry::text(&entry, input.bytes()));
    Ok(())
}

//! A report for people.

use std::fmt::{self, Write};

use inos::{Event as Levels, Status};

use super::detail::{ArenaUse, Detail, PageUse};
use super::{Report, SectionReport};

/// Characters of an arena's map in a line.
const WIDTH: usize = 64;
/// Characters of an arena's map at most: pages are put together beyond that.
const CELLS: usize = WIDTH * 8;

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    // To memory: it does not fail.
    let _ = write(&mut text, report);
    text
}

fn write(out: &mut String, report: &Report) -> fmt::Result {
    let Report { file, len, context_id, layout_hash, sections } = report;
    writeln!(out, "{file}: {}, context {context_id:#x}, layout {layout_hash:#010x}", bytes(*len))?;
    writeln!(out, "\n{:>5}  {:16} {:10} {:>12} {:>10}", "id", "name", "kind", "offset", "length")?;
    for SectionReport { id, name, kind, offset, len, .. } in sections {
        writeln!(out, "{id:>5}  {name:16} {kind:10} {offset:>#12x} {:>10}", bytes(*len))?;
    }
    for section in sections {
        if matches!(section.detail, Detail::Raw {} | Detail::RegistryOverflow {}) {
            continue;
        }
        writeln!(out, "\n{} ({} {})", section.name, section.kind, section.id)?;
        detail(out, &section.detail)?;
    }
    Ok(())
}

fn detail(out: &mut String, detail: &Detail) -> fmt::Result {
    match detail {
        Detail::Raw {} | Detail::RegistryOverflow {} => Ok(()),
        Detail::Epochs { values } => {
            let mut each = values.iter().enumerate();
            each.try_for_each(|(index, value)| writeln!(out, "  {index:>4} {value:>10}"))
        }
        Detail::NamedEpochs { slots, epochs } => {
            writeln!(out, "  {} of {slots} slots", epochs.len())?;
            let mut each = epochs.iter();
            each.try_for_each(|it| {
                writeln!(out, "  {:24} {:>10} by {}", it.name, it.value, party(Some(it.owner)))
            })
        }
        Detail::Ring { capacity_len, used_len, producer, consumer } => {
            writeln!(out, "  {} of {}", bytes(*used_len), bytes(*capacity_len))?;
            writeln!(out, "  producer {}, consumer {}", party(*producer), party(*consumer))
        }
        Detail::Mpsc { capacity, tickets, producers } => {
            writeln!(out, "  {}, {tickets} tickets", bytes(u64::from(*capacity) * 8))?;
            let names: Vec<_> = producers.iter().map(|it| party(Some(*it))).collect();
            writeln!(out, "  producers: {}", list(&names))
        }
        Detail::Broadcast { capacity_len } => writeln!(out, "  {}", bytes(*capacity_len)),
        Detail::PingPong { slots, seats, frame_len, version, writer } => {
            let len = bytes((*frame_len).into());
            writeln!(out, "  {slots} frames of {len}, {seats} seats")?;
            writeln!(out, "  version {version}, writer {}", party(*writer))
        }
        Detail::Lanes { service, entries, buffer_len, lanes } => {
            let len = bytes((*buffer_len).into());
            writeln!(out, "  service {}; {entries} calls and {len} a lane", party(*service))?;
            let mut each = lanes.iter();
            each.try_for_each(|it| {
                let (lane, client) = (it.lane, party(it.client));
                let (submitted, running, answered) = (it.submitted, it.running, it.answered);
                writeln!(
                    out,
                    "  lane {lane:>4}: client {client}, {submitted} submitted, {running} running, \
                     {answered} answered"
                )
            })
        }
        Detail::Registry { slots, units } => {
            writeln!(out, "  {} of {slots} slots", units.len())?;
            units.iter().try_for_each(|unit| {
                writeln!(out, "  {} {}, of process {}", unit.name, unit.version, unit.owner)?;
                wrapped(out, &unit.methods)
            })
        }
        Detail::Arena { longest_free_len, arena: pages } => arena(out, pages, *longest_free_len),
        Detail::Parties { seats, parties } => {
            writeln!(out, "  {} of {seats} seats", parties.len())?;
            let mut each = parties.iter();
            each.try_for_each(|it| {
                writeln!(out, "  {:>4} {:24} process {}", it.number, it.label, it.process_id)
            })
        }
        Detail::Counters { slots, counters } => {
            writeln!(out, "  {} of {slots} slots", counters.len())?;
            let mut each = counters.iter();
            each.try_for_each(|it| writeln!(out, "  {:32} {:>20}", it.label, it.value))
        }
        Detail::Log { capacity, dropped, newest } => {
            writeln!(out, "  room for {capacity} events, {dropped} dropped; the newest:")?;
            newest.iter().try_for_each(|it| {
                let (level, status) = (level(it.level), Status(it.code));
                let seconds = it.time / 1_000_000_000;
                writeln!(out, "  {seconds} {level:5} {status}: {}", it.text)
            })
        }
        Detail::DirtyMap { blocks, len } => writeln!(out, "  {blocks} blocks of {}", bytes(*len)),
        Detail::Unknown { kind } => {
            writeln!(out, "  kind {kind}, which this program does not know")
        }
        Detail::Damaged { why } => writeln!(out, "  damaged: {why}"),
    }
}

fn arena(out: &mut String, arena: &ArenaUse, longest: u64) -> fmt::Result {
    let ArenaUse { page_len, pages, free_len, retained_len, used_len, blocks, handed_over, map } =
        arena;
    writeln!(out, "  {pages} pages of {}", bytes((*page_len).into()))?;
    writeln!(
        out,
        "  {blocks} blocks of {} in all, {handed_over} of them handed over",
        bytes(*used_len)
    )?;
    let (free, retained, longest) = (bytes(*free_len), bytes(*retained_len), bytes(longest));
    writeln!(
        out,
        "  {free} free, the longest run {longest}; {retained} kept for blocks of a length"
    )?;
    writeln!(out, "  . free, 0-9 tenths of a page of blocks, [ a longer block and its pages =")?;
    let together = map.len().div_ceil(CELLS).max(1);
    let cells: Vec<_> = map.chunks(together).map(cell).collect();
    cells.chunks(WIDTH).try_for_each(|line| writeln!(out, "  {}", line.iter().collect::<String>()))
}

/// A character for pages: the first that are not free.
fn cell(pages: &[PageUse]) -> char {
    match pages.iter().find(|page| **page != PageUse::Free) {
        None => '.',
        Some(PageUse::Head) => '[',
        Some(PageUse::Run) => '=',
        Some(PageUse::Free) => '.',
        Some(PageUse::Blocks(used)) => {
            char::from_digit(u32::from(*used) * 9 / 255, 10).unwrap_or('9')
        }
    }
}

/// Names in lines that fit.
fn wrapped(out: &mut String, names: &[String]) -> fmt::Result {
    let mut line = String::new();
    for name in names {
        if line.len() + name.len() > 84 {
            writeln!(out, "   {line}")?;
            line.clear();
        }
        line.push(' ');
        line.push_str(name);
    }
    if line.is_empty() { Ok(()) } else { writeln!(out, "   {line}") }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn party(number: Option<u16>) -> String {
    match number {
        None => "nobody".to_owned(),
        Some(0) => "somebody".to_owned(),
        Some(number) => format!("party {number}"),
    }
}

const fn level(level: u8) -> &'static str {
    match level {
        Levels::ERROR => "error",
        Levels::WARN => "warn",
        Levels::INFO => "info",
        Levels::DEBUG => "debug",
        _ => "trace",
    }
}

/// A length in the largest unit of which it has one.
pub(crate) fn bytes(len: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, size) in UNITS {
        if len >= size {
            let tenths = len / (size / 10).max(1);
            return match len % size {
                0 => format!("{} {unit}", len / size),
                _ => format!("{}.{} {unit}", tenths / 10, tenths % 10),
            };
        }
    }
    format!("{len} B")
}

//! A picture of the memory: where sections lie, and what an arena's pages are used for.

use std::fmt::{self, Write};

use crate::report::{Detail, PageUse, Report, SectionReport, bytes};

const WIDTH: u32 = 960;
const MARGIN: u32 = 24;
const INNER: u32 = WIDTH - 2 * MARGIN;
/// Height of the strip that has everything to scale.
const STRIP: u32 = 36;
/// Height of a section's row.
const ROW: u32 = 20;
/// Where a row's bar begins.
const BAR_AT: u32 = 330;
/// Side of an arena's cell.
const CELL: u32 = 9;
const COLUMNS: u32 = INNER / CELL;
/// Most cells of an arena: pages are put together beyond that.
const CELLS: u32 = COLUMNS * 48;

const INK: &str = "#1d2433";
const PALE: &str = "#6b7488";
const PAPER: &str = "#ffffff";
const FREE: &str = "#e8ebf1";
const RUN: &str = "#7a5195";
const HEAD: &str = "#4b2e63";

pub(crate) fn svg(report: &Report) -> String {
    let mut body = String::new();
    // To memory: it does not fail.
    let height = draw(&mut body, report).unwrap_or(0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"{PAPER}\"/>\n{body}</svg>\n"
    )
}

/// Draws all; how high it became.
fn draw(out: &mut String, report: &Report) -> Result<u32, fmt::Error> {
    let Report { file, len, sections, .. } = report;
    let mut y = MARGIN;
    let title = format!("{file}: {} in {} sections", bytes(*len), sections.len());
    text(out, (MARGIN, y + 6), INK, &title)?;
    y += 20;
    rect(out, (MARGIN, y, INNER, STRIP), FREE)?;
    for section in sections {
        let scaled = |at: u64| part(at, *len, INNER);
        let x = scaled(section.offset);
        let width = scaled(section.offset.saturating_add(section.len)).saturating_sub(x).max(1);
        rect(out, (MARGIN + x, y, width, STRIP), color(section.kind))?;
        // If it has room: some 8 pixels for a letter.
        if u32::try_from(section.name.len()).unwrap_or(u32::MAX) < width / 8 {
            text(out, (MARGIN + x + 6, y + STRIP / 2 + 5), PAPER, &section.name)?;
        }
    }
    y += STRIP + 28;
    for section in sections {
        row(out, section, y, *len)?;
        y += ROW;
    }
    for section in sections {
        if let Detail::Arena { longest_free_len, arena } = &section.detail {
            y += 28;
            let (used, free) = (bytes(arena.used_len), bytes(arena.free_len));
            let (name, longest) = (&section.name, bytes(*longest_free_len));
            let title =
                format!("{name}: {used} used, {free} in free pages, the longest run {longest}");
            text(out, (MARGIN, y), INK, &title)?;
            y = pages(out, &arena.map, arena.page_len, y + 10)?;
        }
    }
    Ok(y + MARGIN)
}

/// A section: its name, and a bar whose length grows with the logarithm of the section's, since some
/// are a million times as long as others.
fn row(out: &mut String, section: &SectionReport, y: u32, total: u64) -> fmt::Result {
    let SectionReport { id, name, kind, len, .. } = section;
    let base = y + 13;
    text(out, (MARGIN, base), PALE, &id.to_string())?;
    text(out, (MARGIN + 46, base), INK, name)?;
    text(out, (MARGIN + 172, base), PALE, kind)?;
    text(out, (MARGIN + 248, base), INK, &bytes(*len))?;
    let bits = |len: u64| u64::from(len.max(1).ilog2());
    // From 64 bytes on, the shortest section.
    let width =
        part(bits(*len).saturating_sub(5), bits(total).saturating_sub(5), WIDTH - MARGIN - BAR_AT);
    rect(out, (BAR_AT, y + 3, width.max(2), ROW - 6), color(kind))
}

/// An arena's pages, line by line; where the drawing ends.
fn pages(out: &mut String, map: &[PageUse], page_len: u32, y: u32) -> Result<u32, fmt::Error> {
    let together = map.len().div_ceil(CELLS as usize).max(1);
    let mut lines = 0;
    for (index, pages) in (0_u32..).zip(map.chunks(together)) {
        let (column, line) = (index % COLUMNS, index / COLUMNS);
        let cell = (MARGIN + column * CELL, y + line * CELL, CELL - 1, CELL - 1);
        rect(out, cell, &page_color(pages))?;
        lines = line + 1;
    }
    let y = y + lines * CELL + 18;
    let each = bytes(u64::from(page_len) * together as u64);
    let mut x = MARGIN;
    let blocks = page_color(&[PageUse::Blocks(160)]);
    for (fill, name) in [
        (FREE, format!("free, {each} each")),
        (blocks.as_str(), "blocks: the darker, the fuller".to_owned()),
        (HEAD, "a long block begins".to_owned()),
        (RUN, "and goes on".to_owned()),
    ] {
        rect(out, (x, y - 9, CELL, CELL), fill)?;
        text(out, (x + CELL + 6, y), PALE, &name)?;
        x += 220;
    }
    Ok(y)
}

/// What pages are drawn as: as the first that is not free, and blocks by how full they are together.
fn page_color(pages: &[PageUse]) -> String {
    match pages.iter().find(|page| **page != PageUse::Free) {
        None | Some(PageUse::Free) => FREE.to_owned(),
        Some(PageUse::Head) => HEAD.to_owned(),
        Some(PageUse::Run) => RUN.to_owned(),
        Some(PageUse::Blocks(_)) => {
            let used = pages.iter().map(|page| match page {
                PageUse::Free => 0,
                PageUse::Blocks(used) => u32::from(*used),
                PageUse::Run | PageUse::Head => 255,
            });
            let count = u32::try_from(pages.len()).unwrap_or(1).max(1);
            let used = used.sum::<u32>() / count;
            // From a light to a deep blue.
            let mix = |from: u32, to: u32| (from * (255 - used) + to * used) / 255;
            format!("#{:02x}{:02x}{:02x}", mix(0xbf, 0x0b), mix(0xdb, 0x3c), mix(0xf2, 0x6f))
        }
    }
}

fn color(kind: &str) -> &'static str {
    match kind {
        "raw" => "#9aa3b5",
        "epochs" => "#e4572e",
        "ring" | "mpsc" | "broadcast" => "#f3a712",
        "ping-pong" => "#2e86ab",
        "lanes" => "#00897b",
        "registry" | "registry+" => "#a23b72",
        "arena" => "#3b5ba9",
        "parties" => "#6a994e",
        "counters" => "#bc6c25",
        "log" => "#8d6a9f",
        "dirty map" => "#577590",
        _ => "#444444",
    }
}

/// `at` of `whole`, scaled to `width`.
fn part(at: u64, whole: u64, width: u32) -> u32 {
    let scaled = u128::from(at.min(whole)) * u128::from(width) / u128::from(whole.max(1));
    u32::try_from(scaled).unwrap_or(width)
}

fn rect(out: &mut String, (x, y, width, height): (u32, u32, u32, u32), fill: &str) -> fmt::Result {
    writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
    )
}

/// Names come from the region, and may be anything.
fn text(out: &mut String, (x, y): (u32, u32), fill: &str, text: &str) -> fmt::Result {
    write!(out, "<text x=\"{x}\" y=\"{y}\" fill=\"{fill}\">")?;
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    writeln!(out, "</text>")
}

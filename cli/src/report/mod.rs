//! `inos inspect`: everything that a region says of itself.

mod detail;
mod live;
mod text;

use std::fs;
use std::path::Path;

use inos::{Section, Sections, Trust};
use serde::Serialize;

pub(crate) use detail::{Detail, Lane, PageUse};
pub(crate) use text::bytes;

use crate::args::Inspect;
use crate::image::{Image, Words};
use crate::map;
use crate::problem::Problem;

/// A region.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) file: String,
    /// Bytes.
    pub(crate) len: u64,
    pub(crate) context_id: u64,
    pub(crate) layout_hash: u32,
    pub(crate) sections: Vec<SectionReport>,
}

/// A section of it.
#[derive(Serialize)]
pub(crate) struct SectionReport {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) version: (u16, u16),
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) detail: Detail,
}

/// What `image` says now, or of it the section that was asked for.
pub(crate) fn take(path: &Path, image: &Image, wanted: Option<&str>) -> Result<Report, Problem> {
    let sections = image.sections()?;
    let mut words = Words::open(path)?;
    let is_meant = |section: &Section| match wanted {
        None => true,
        Some(wanted) => wanted == section.name() || wanted == section.id().0.to_string(),
    };
    let meant = sections.iter().filter(|section| is_meant(section));
    Ok(Report {
        file: path.display().to_string(),
        len: image.len(),
        context_id: sections.context_id(),
        layout_hash: sections.layout_hash(),
        sections: meant.map(|section| look(&sections, section, &mut words)).collect(),
    })
}

pub(crate) fn run(args: &Inspect, out: &mut Vec<u8>) -> Result<(), Problem> {
    let image = Image::open(&args.image)?;
    let report = take(&args.image, &image, args.section.as_deref())?;
    if let (Some(name), []) = (&args.section, report.sections.as_slice()) {
        return Err(Problem::NoSection(name.clone()));
    }
    if let Some(path) = &args.map {
        fs::write(path, map::svg(&report)).map_err(Problem::file(path))?;
    }
    let text = match args.json {
        true => serde_json::to_string_pretty(&report).unwrap_or_default() + "\n",
        false => text::render(&report),
    };
    out.extend(text.into_bytes());
    Ok(())
}

fn look<T: Trust>(
    sections: &Sections<'_, T>,
    section: &Section,
    words: &mut Words,
) -> SectionReport {
    SectionReport {
        id: section.id().0,
        name: section.name().to_owned(),
        kind: detail::kind_name(section.kind()),
        version: section.version(),
        offset: section.offset(),
        len: section.len(),
        detail: detail::read(sections, section, words),
    }
}

//! Runs the areas and writes tables and pictures into a folder.
//!
//!     cargo run --release --manifest-path benches/Cargo.toml --bin compare -- [--quick]
//!         [--size] [--out FOLDER] [AREA...]
//!
//! `--size` measures the programs for small targets, too: that installs compilers.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use indicatif::{ProgressBar, ProgressStyle};
use inos_benches::areas::{AREAS, Area};
use inos_benches::{
    CaseResult, Compare, Machine, Plan, details, plots, serve, size_table, sizes, summary,
};

struct Arguments {
    plan: Plan,
    size: bool,
    out: PathBuf,
    areas: Vec<&'static Area>,
}

impl Arguments {
    fn parse() -> Result<Self, String> {
        let mut parsed = Self {
            plan: Plan::FULL,
            size: false,
            out: Path::new(env!("CARGO_MANIFEST_DIR")).join("results"),
            areas: Vec::new(),
        };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match &*argument {
                "--quick" => parsed.plan = Plan::QUICK,
                "--size" => parsed.size = true,
                "--out" => parsed.out = arguments.next().ok_or("--out takes a folder")?.into(),
                name => {
                    let area = AREAS.iter().find(|area| area.name == name);
                    parsed.areas.push(area.ok_or_else(|| unknown(name))?);
                }
            }
        }
        if parsed.areas.is_empty() {
            parsed.areas = AREAS.iter().collect();
        }
        Ok(parsed)
    }
}

fn unknown(name: &str) -> String {
    let names: Vec<_> = AREAS.iter().map(|area| area.name).collect();
    format!("{name}? There are --quick, --size, --out FOLDER, and the areas {}", names.join(", "))
}

fn main() -> Result<(), Box<dyn Error>> {
    serve();
    let Arguments { plan, size, out, areas } = Arguments::parse()?;
    fs::create_dir_all(&out)?;
    let progress = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{elapsed:>5} [{bar:30}] {pos}/{len} {wide_msg}")?
            .progress_chars("=> "),
    );
    let whole = Machine::now();
    let mut found: Vec<(&Area, Vec<CaseResult>)> = Vec::new();
    for area in areas {
        let machine = Machine::now();
        let mut compare = Compare::new(plan, progress.clone());
        (area.run)(&mut compare);
        let cases = compare.into_results();
        write(area, &out, &format!("{}\n{}", machine.describe(), method(plan)), &cases)?;
        found.push((area, cases));
    }
    progress.finish_and_clear();
    if size {
        let head = format!("# The size of the core\n\n{}\n\n", whole.describe());
        fs::write(out.join("size.md"), head + &size_table(&sizes()?))?;
    }
    let text = summary(&found);
    println!("{text}");
    // Lines of different runs don't stand in one table.
    if found.len() == AREAS.len() {
        let head = format!("# Results\n\n{}\n{}\n", whole.describe(), method(plan));
        fs::write(out.join("README.md"), format!("{head}\n{text}"))?;
    }
    println!("written to {}", out.display());
    Ok(())
}

/// The tables and pictures of an area.
fn write(
    area: &Area,
    out: &Path,
    method: &str,
    cases: &[CaseResult],
) -> Result<(), Box<dyn Error>> {
    let mut text = details(area, method, cases);
    let drawn = plots(area, cases, out)?;
    if !drawn.is_empty() {
        text.push_str("\n## Pictures\n");
    }
    for (file, shows) in drawn {
        text.push_str(&format!("\n![{shows}]({file})\n"));
    }
    fs::write(out.join(format!("{}.md", area.name)), text)?;
    Ok(())
}

fn method(plan: Plan) -> String {
    let heavy = if cfg!(feature = "peers-heavy") { "" } else { " Without iceoryx2." };
    format!(
        "{} rounds, a turn of {} ms for each contender in each; ratios are of the same round.{heavy}",
        plan.rounds,
        plan.turn.as_millis()
    )
}

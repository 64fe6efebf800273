//! Measures every row, and writes the table and the pictures to `benches/results/`.
//!
//!     cargo run --release --manifest-path benches/Cargo.toml --bin compare [-- AREA...]
//!
//! Given areas, it prints their table and writes nothing.

use std::error::Error;
use std::fs;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use inos_benches::area::AREAS;
use inos_benches::measure::{Plan, measure};
use inos_benches::report::{self, Measured};
use inos_benches::{machine, plot};

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan::FULL;
    let mut measured = Vec::new();
    for (area, rows) in AREAS {
        if !wanted.is_empty() && !wanted.iter().any(|name| name == area) {
            continue;
        }
        for mut row in rows() {
            let load = machine::load();
            let bar = ProgressBar::new((plan.rounds * row.contenders.len()) as u64);
            bar.set_style(ProgressStyle::with_template("{msg:18} {bar:40} {pos}/{len} {elapsed}")?);
            bar.set_message(row.id);
            let outcomes = measure(&mut row, plan, || bar.inc(1));
            bar.finish();
            measured.push(Measured::new(area, &row, outcomes, load));
        }
    }
    let table = report::markdown(&measured);
    let latencies = report::latencies(&measured);
    println!("{table}\n{latencies}");
    if !wanted.is_empty() {
        return Ok(());
    }
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&results)?;
    plot::ratios(&measured, &results.join("ratios.svg"))?;
    plot::latencies(&measured, &results.join("latencies.svg"))?;
    let loads: Vec<_> = measured.iter().map(|row| row.load.as_str()).collect();
    let text = format!(
        "# A run\n\n{}- load when it began: {}; when the last row began: {}\n- method: \
         [README](../README.md#method), {} rounds of {} windows\n\n\
         ![ratios](ratios.svg)\n\n{table}\n\
         ## Single operations\n\n![latencies](latencies.svg)\n\n{latencies}",
        machine::describe(),
        loads.first().unwrap_or(&"unknown"),
        loads.last().unwrap_or(&"unknown"),
        plan.rounds,
        plan.windows,
    );
    fs::write(results.join("README.md"), text)?;
    println!("written to {}", results.display());
    Ok(())
}

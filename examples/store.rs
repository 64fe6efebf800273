//! Files in a store that survives crashes: put with a progress bar, list, get back, scrub.
//!
//! `cargo run --release --features store --example store -- FOLDER put FILE...`, then `list`,
//! `get NAME > FILE` or `scrub` in the place of `put FILE...`.

use std::error::Error;
use std::fs::File;
use std::io::stdout;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use inos::store::{Store, StoreConfig};

#[derive(Parser)]
struct Options {
    /// The store's folder; it is made if it is missing.
    folder: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Puts files, each pinned by its name.
    Put { files: Vec<PathBuf> },
    /// Lists what is pinned, and what the store holds.
    List,
    /// Writes the file of this name to the standard output.
    Get { name: String },
    /// Reads and verifies everything.
    Scrub,
}

fn bar(len: u64) -> Result<ProgressBar, Box<dyn Error>> {
    let style = "{wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}";
    Ok(ProgressBar::new(len).with_style(ProgressStyle::with_template(style)?))
}

fn put(store: &Store, path: &Path) -> Result<(), Box<dyn Error>> {
    let file = File::open(path)?;
    let bar = bar(file.metadata()?.len())?;
    let address = store.put(&mut bar.wrap_read(file))?;
    bar.finish_and_clear();
    store.pin(&path.to_string_lossy(), &address)?;
    println!("{address}  {}", path.display());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let Options { folder, action } = Options::parse();
    let store = Store::open(folder, &StoreConfig::default())?;
    match action {
        Action::Put { files } => files.iter().try_for_each(|path| put(&store, path))?,
        Action::List => {
            store.pins()?.iter().for_each(|(name, address)| println!("{address}  {name}"));
            let stat = store.stat()?;
            let (objects, bytes, stored) = (stat.objects, stat.object_bytes, stat.segment_bytes);
            println!(
                "{objects} objects, {bytes} bytes, dedup {:.2}, {stored} stored",
                stat.dedup()
            );
        }
        Action::Get { name } => {
            let address = store.pinned(&name)?.ok_or("there is no file of this name")?;
            store.get(&address, &mut stdout().lock())?;
        }
        Action::Scrub => {
            let bar = bar(store.stat()?.object_bytes)?;
            let report = store.scrub(&mut |progress| {
                bar.set_position(progress.bytes);
                ControlFlow::Continue(())
            })?;
            report.damaged.iter().for_each(|damage| println!("{damage}"));
            println!("{} bytes hold, {} parts do not", report.bytes, report.damaged.len());
        }
    }
    Ok(())
}

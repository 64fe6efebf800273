//! BLAKE3 of a file, in pieces, with a progress bar; and how long `b3sum` takes, if there is one.
//!
//! `cargo run --release --example hash_file -- FILE`

use std::error::Error;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use inos::units::hash::{FinishParams, UpdateParams};
use inos::units::schema::Bytes;
use inos::{Budget, Call, Dispatcher, VecOutput};

/// Bytes of a piece. The state between two is at most some three thousand.
const PIECE: usize = 4 << 20;

#[derive(Parser)]
struct Options {
    /// The file.
    file: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Options { file } = Options::parse();
    let units = Dispatcher::standard();
    let [update, finish] =
        ["blake3_update", "blake3_finish"].map(|method| units.resolve("hash", method));
    let (update, finish, budget) = (update?, finish?, Budget::unlimited());

    let mut source = File::open(&file)?;
    let bar = ProgressBar::new(source.metadata()?.len());
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}",
    )?);
    let begin = Instant::now();
    let (mut piece, mut state, mut out) = (vec![0; PIECE], Bytes::new(), VecOutput::new(4096));
    loop {
        let len = source.read(&mut piece)?;
        let input = piece.get(..len).unwrap_or_default();
        out.clear();
        if len == 0 {
            let params = FinishParams { state, ..FinishParams::default() }.to_message();
            units.execute(finish, Call { input, params: &params }, &mut out, &budget)?;
            break;
        }
        let params = UpdateParams { state }.to_message();
        units.execute(update, Call { input, params: &params }, &mut out, &budget)?;
        state = out.as_bytes().into();
        bar.inc(len as u64);
    }
    let ours = begin.elapsed();
    bar.finish_and_clear();
    let digest: String = out.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{digest}  {}", file.display());

    let begin = Instant::now();
    match Command::new("b3sum").args(["--num-threads", "1", "--no-names"]).arg(&file).output() {
        Ok(output) if output.status.success() => {
            let theirs = begin.elapsed();
            let same = String::from_utf8_lossy(&output.stdout).trim() == digest;
            println!("{ours:.2?}; b3sum, in one thread: {theirs:.2?}, the same digest: {same}");
        }
        _ => println!("{ours:.2?}; there is no b3sum to compare with"),
    }
    Ok(())
}

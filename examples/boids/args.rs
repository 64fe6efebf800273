//! What the user asked for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use inos::units::boids::MAX_PREDATORS;

use crate::preset::Preset;

/// Most boids that the example lays memory out for.
const MAX_COUNT: i64 = 4_000_000;

/// A flock on shared memory. On a terminal it flies live; elsewhere it leaves a picture and one
/// line of statistics.
#[derive(Clone, Debug, Parser)]
#[command(name = "boids", version, after_help = KEYS)]
pub(crate) struct Args {
    /// Boids in the flock
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..=MAX_COUNT))]
    pub(crate) count: u32,

    /// Steps to simulate; 0 flies until you quit [default: 0 on a terminal, 600 elsewhere]
    #[arg(long)]
    pub(crate) steps: Option<u64>,

    /// Dimensions of the world
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..=3))]
    pub(crate) dim: u32,

    /// Seed of the first state: the same seed gives the same flock, whatever --threads is
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// What happens at the edge of the world
    #[arg(long, value_enum, default_value_t = Edge::Torus)]
    pub(crate) bounds: Edge,

    /// Rules to fly by
    #[arg(long, value_enum, default_value_t = Preset::Classic)]
    pub(crate) preset: Preset,

    /// What hunts them, up to 64 [default: what the preset says]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_PREDATORS)))]
    pub(crate) predators: Option<u32>,

    /// What they keep out of: a file with lines `sphere x y z r` and `box x y z hx hy hz`, in shares
    /// of half the world's width
    #[arg(long, value_name = "FILE")]
    pub(crate) obstacles: Option<PathBuf>,

    /// Evolve rules and fly by the best: so many generations, or without a number as many as there
    /// are until you quit; without a terminal they are spread evenly over the steps [default there:
    /// 60]
    #[arg(long, value_name = "GENERATIONS", num_args = 0..=1, default_missing_value = "0")]
    pub(crate) evolve: Option<u64>,

    /// Take down what was asked of the flock, so that it can be flown again
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Fly a recorded flight again, to the same bits
    #[arg(long, value_name = "FILE", conflicts_with_all = ["attach", "count", "steps", "dim", "seed", "bounds", "preset", "predators", "obstacles", "evolve", "record"])]
    pub(crate) replay: Option<PathBuf>,

    /// Measure flocks of many sizes on this machine, and print a table
    #[arg(long, conflicts_with_all = ["attach", "replay", "record", "evolve", "memory", "count", "steps", "obstacles", "predators", "out", "dim", "bounds", "preset", "rate", "stats"])]
    pub(crate) bench: bool,

    /// Worker threads [default: one per core]
    #[arg(long, value_parser = threads)]
    pub(crate) threads: Option<NonZeroUsize>,

    /// Where the flock lives: `heap`, or a file to map, which others can attach to
    #[arg(long, default_value = "heap", value_name = "heap|FILE")]
    pub(crate) memory: PathBuf,

    /// Show the flock that another process flies in FILE
    #[arg(long, value_name = "FILE", conflicts_with_all = ["memory", "count", "dim", "seed", "bounds", "threads", "rate", "preset", "predators", "obstacles", "evolve", "record"])]
    pub(crate) attach: Option<PathBuf>,

    /// Map the attached file for reading only, and copy frames instead of pinning them
    #[arg(long, requires = "attach")]
    pub(crate) read_only: bool,

    /// The picture to leave: .png, or .gif for an animation [default: boids.png]
    #[arg(long, value_name = "FILE", value_parser = picture)]
    pub(crate) out: Option<PathBuf>,

    /// No live view, even on a terminal
    #[arg(long)]
    pub(crate) headless: bool,

    /// Statistics on stdout in this form
    #[arg(long, value_enum)]
    pub(crate) stats: Option<Stats>,

    /// For tests of the terminal: panic after so many frames
    #[arg(long, hide = true)]
    pub(crate) panic_after_frames: Option<u64>,

    /// Most steps a second in the live view; 0 flies as fast as it can
    #[arg(long, default_value_t = 120)]
    pub(crate) rate: u32,
}

const KEYS: &str = "Keys of the live view: q quit, space pause, + and - count, \
1-6 weights (separation, alignment, cohesion, down and up), r reset, c camera, i panel";

/// What happens at the edge of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Edge {
    /// Leaving on one side is entering on the other
    Torus,
    /// Walls
    Box,
    /// A round wall
    Sphere,
}

/// How statistics are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stats {
    /// One JSON object
    Json,
}

impl Args {
    /// Worker threads: as many as were asked for, or one per core.
    #[must_use]
    pub(crate) fn thread_count(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(cores, NonZeroUsize::get)
    }

    /// Whether the flock lives in the heap of this process.
    #[must_use]
    pub(crate) fn on_heap(&self) -> bool {
        self.memory.as_os_str() == "heap"
    }
}

fn threads(text: &str) -> Result<NonZeroUsize, &'static str> {
    match text.parse::<NonZeroUsize>() {
        Ok(count) if count.get() <= 256 => Ok(count),
        _ => Err("a number from 1 to 256"),
    }
}

fn picture(text: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(text);
    let kind = path.extension().map(|kind| kind.to_ascii_lowercase());
    match kind.as_ref().and_then(|kind| kind.to_str()) {
        Some("png" | "gif") => Ok(path),
        _ => Err("a name that ends in .png or .gif"),
    }
}

//! `--bench`: how fast flocks of many sizes fly on this machine, through the kernel.
//!
//! *Even* is a flock one step after `init`: spread evenly, with about forty neighbours each, and in
//! the order of its cells, as after every step. *Grown* is the same after it has flown for a while,
//! as it is when people look. Then time stands still, `dt` is zero, so that every step that is timed
//! does the same work; nothing else is left out of it.
//!
//! Nobody can step a flock without reading its frame and writing another one: the limit is one
//! thread's `memcpy` of a frame, timed in the same run.

use std::hint::black_box;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use inos::units::Dispatcher;
use inos::units::boids::{self, InitParams, InstructionSet, SceneParams, StepParams};
use inos::{HeapMemory, Kernel, Sections};

use crate::args::Args;
use crate::headless::progress;
use crate::owner::context_id;
use crate::pilot::{Evolution, Flown, Pilot, Plan};
use crate::problem::Problem;
use crate::script::{Act, Call, Script};
use crate::viewer::Viewer;
use crate::world::{config, half_extent, layout};

const COUNTS: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
const NEIGHBOURS: f32 = 40.0;
/// How long one rate is measured, and with how many steps at least.
const TIME: Duration = Duration::from_millis(1500);
const STEPS: u64 = 5;
/// Steps until a flock has grown, for those of up to so many boids.
const GROWTH: u64 = 300;
const GROWN_COUNT: u32 = 100_000;
/// Steps a second that look smooth.
const SMOOTH: f64 = 60.0;

/// Prints the table.
///
/// # Errors
/// What is wrong with the memory or the kernel.
pub(crate) fn run(args: &Args) -> Result<(), Problem> {
    let threads = args.thread_count();
    let set = InstructionSet::widest();
    let plural = if threads == 1 { "" } else { "s" };
    println!("{threads} thread{plural}, {set:?}: {} boids at once", set.lanes());
    println!();
    println!("                                                ns a boid       boids at");
    println!("dim      boids  flock  neighbours  steps/s   step   memcpy  60 steps/s");
    let bar = progress(2 * COUNTS.len() as u64, "measuring");
    for dim in [2, 3] {
        for count in COUNTS {
            for row in measure(args.seed, dim, count, threads)? {
                say(&bar, &row);
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// One line of the table.
struct Row {
    dim: u32,
    count: u32,
    flock: &'static str,
    neighbours: f32,
    steps_per_second: f64,
    /// Seconds of a `memcpy` of a frame.
    copied: f64,
}

fn say(bar: &ProgressBar, row: &Row) {
    let Row { dim, count, flock, neighbours, steps_per_second, copied } = row;
    let each = |seconds: f64| seconds * 1e9 / f64::from(*count);
    let smooth = steps_per_second * f64::from(*count) / SMOOTH;
    let (step, copy) = (each(1.0 / steps_per_second), each(*copied));
    bar.suspend(|| {
        println!(
            "{dim}D  {count:>9}  {flock:<5}  {neighbours:>10.1}  {steps_per_second:>7.0}  \
             {step:>5.1}  {copy:>7.2}  {smooth:>10.0}"
        );
    });
}

/// An even flock, and a grown one if that does not take too long.
fn measure(seed: u64, dim: u32, count: u32, threads: usize) -> Result<Vec<Row>, Problem> {
    let first = InitParams {
        count,
        dim,
        seed,
        half_extent: half_extent(dim, count, NEIGHBOURS),
        ..InitParams::default()
    };
    let script = Script::new(&first, &SceneParams::default(), &StepParams::default());
    let layout = layout(&script.needs()?)?;
    let mut memory = HeapMemory::new(layout.total_len())?;
    let sections = Sections::create(memory.region()?, &layout, context_id())?;
    Kernel::run(&sections, &Dispatcher::standard(), &config(threads), |_| {
        let mut pilot = Pilot::new(&sections, None, None)?;
        let mut viewer = Viewer::new(&sections)?;
        let copied = copying(dim, count);
        // Nobody sends orders; the sender stays, so that the pilot flies to the end.
        let (_orders, received) = mpsc::channel();
        let mut steps = 0;
        let mut fly = |calls: Vec<Call>, more: u64| {
            steps += more;
            let script = Script { calls, end: None };
            let plan = Plan { script, steps, rate: 0, evolution: Evolution::None };
            pilot.fly(&plan, &received)
        };
        let still = StepParams { dt: 0.0, ..StepParams::default() }.to_json();
        let still = Call { at: 0, act: Act::Rules, params: still };
        let mut calls = script.calls.clone();
        let mut rows = Vec::new();
        for (flock, growth) in [("even", 1), ("grown", GROWTH)] {
            if flock == "grown" && count > GROWN_COUNT {
                break;
            }
            fly(std::mem::take(&mut calls), growth)?;
            let Flown { seconds, .. } = fly(vec![still.clone()], STEPS)?;
            let enough = TIME.as_secs_f64() / (seconds / STEPS as f64).max(1e-6);
            let timed = (enough as u64).clamp(STEPS, 20_000);
            let Flown { seconds, .. } = fly(vec![], timed)?;
            let neighbours = viewer.look(|frame| frame.header().mean_neighbours)?;
            let steps_per_second = timed as f64 / seconds.max(1e-9);
            rows.push(Row { dim, count, flock, neighbours, steps_per_second, copied });
            let rules = StepParams::default().to_json();
            calls = vec![Call { at: 0, act: Act::Rules, params: rules }];
        }
        Ok(rows)
    })?
}

/// Seconds that one thread takes to copy a frame: the median of a twentieth of a second.
fn copying(dim: u32, count: u32) -> f64 {
    const COPIES: usize = 5;
    let len = boids::frame_len(dim, count).unwrap_or(0);
    let (from, mut to) = (vec![1_u8; len], vec![2_u8; len]);
    let (begin, mut times) = (Instant::now(), Vec::new());
    while times.len() < COPIES || begin.elapsed() < Duration::from_millis(50) {
        let start = Instant::now();
        to.copy_from_slice(black_box(&from));
        black_box(&mut to);
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64()
}

//! The process that owns the flock: memory, kernel, pilot.

use std::f32::consts::PI;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::IsTerminal;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use inos::units::Dispatcher;
use inos::units::boids::{self, InitParams};
use inos::{Cooperative, FileMemory, HeapMemory, Kernel, KernelConfig, Layout, Sections};

use crate::args::{Args, Edge, Stats};
use crate::headless::{Recorder, watch};
use crate::live::{Live, show};
use crate::pilot::{Flown, Pilot, Plan};
use crate::problem::Problem;
use crate::report::Report;
use crate::viewer::Viewer;
use crate::world::{EPOCHS, FRAME_EPOCH, FRAMES, LANES, UNITS, layout};

/// Steps when nobody says how many and nobody watches.
const STEPS: u64 = 600;
/// The live flock may grow to so many times its first size, or to this number.
const GROWTH: u32 = 4;
const ROOM: u32 = 20_000;

/// Flies a flock of one's own. Returns the signal that ended it, if one did.
///
/// # Errors
/// One line that says why not.
pub(crate) fn run(args: &Args) -> Result<Option<i32>, Problem> {
    let live = is_live(args);
    let steps = args.steps.unwrap_or(if live { 0 } else { STEPS });
    check_out(args, live, steps)?;
    let most = if live {
        args.count.saturating_mul(GROWTH).clamp(ROOM, boids::MAX_COUNT)
    } else {
        args.count
    };
    let layout = layout(args.dim, most)?;
    if args.on_heap() {
        let mut memory = HeapMemory::new(layout.total_len())?;
        let sections = Sections::create(memory.region()?, &layout, context_id())?;
        return fly(args, live, steps, most, &sections);
    }
    let memory = FileMemory::create(&args.memory, layout.total_len())?;
    let sections = create(&memory, &layout)?;
    memory.persist()?;
    fly(args, live, steps, most, &sections)
}

/// Whether there is a person to look.
pub(crate) fn is_live(args: &Args) -> bool {
    !args.headless && std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// The picture to leave: what was asked for, or the default where nobody watches.
pub(crate) fn picture(args: &Args, live: bool) -> Option<PathBuf> {
    let default = (!live).then(|| PathBuf::from("boids.png"));
    args.out.clone().or(default)
}

/// Refuses what would only fail after the flight.
///
/// # Errors
/// `Usage`, or why the file's folder can't be written to.
pub(crate) fn check_out(args: &Args, live: bool, steps: u64) -> Result<(), Problem> {
    if !live && steps == 0 {
        return Err(Problem::Usage("--steps 0 never ends without a terminal".to_owned()));
    }
    let Some(out) = picture(args, live) else { return Ok(()) };
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Problem::Usage(format!("{} is no folder", folder.display()))),
        Err(error) => Err(Problem::Io(folder.display().to_string(), error)),
    }
}

/// Prints the statistics in the form that was asked for.
pub(crate) fn print(args: &Args, report: &Report) {
    match args.stats {
        Some(Stats::Json) => println!("{}", report.json()),
        None => println!("{}", report.line()),
    }
}

#[allow(unsafe_code)]
fn create<'m>(
    memory: &'m FileMemory,
    layout: &Layout,
) -> Result<Sections<'m, Cooperative>, Problem> {
    // SAFETY: the file has no name before `persist`, so nobody else has opened it; afterwards
    // only programs that run this protocol do, and none of them truncates it or formats it in
    // place: whoever owns the next flock makes a new file.
    let region = unsafe { memory.cooperative() }?;
    Ok(Sections::create(region, layout, context_id())?)
}

fn context_id() -> u64 {
    // The standard library's hasher is seeded by the system.
    RandomState::new().build_hasher().finish()
}

/// A world with room to part and meet again: `CROWD` boids within the perception radius of 1,
/// if they were spread evenly.
fn half_extent(dim: u32, count: u32) -> f32 {
    const CROWD: f32 = 8.0;
    let (ball, root) = if dim == 3 { (4.0 / 3.0 * PI, 1.0 / 3.0) } else { (PI, 0.5) };
    (0.5 * (count as f32 * ball / CROWD).powf(root)).max(2.0)
}

fn fly(
    args: &Args,
    live: bool,
    steps: u64,
    most: u32,
    sections: &Sections<'_, Cooperative>,
) -> Result<Option<i32>, Problem> {
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = args.threads.map_or_else(cores, NonZeroUsize::get);
    let config =
        KernelConfig::new(LANES, UNITS).threads(threads).publish(FRAMES, EPOCHS, FRAME_EPOCH);
    let first = InitParams {
        count: args.count,
        dim: args.dim,
        seed: args.seed,
        bounds: match args.bounds {
            Edge::Torus => boids::Bounds::Torus,
            Edge::Box => boids::Bounds::Box,
            Edge::Sphere => boids::Bounds::Sphere,
        },
        half_extent: half_extent(args.dim, args.count),
        ..InitParams::default()
    };
    let plan = Plan { first, steps, rate: if live { args.rate } else { 0 } };
    let mut report = Report { threads, ..Report::default() };
    let mut flight = || with_pilot(args, live, most, &plan, sections, &mut report);
    let signal = Kernel::run(sections, &Dispatcher::standard(), &config, |_| flight())??;
    print(args, &report);
    Ok(signal)
}

/// One thread flies, this one looks.
fn with_pilot(
    args: &Args,
    live: bool,
    most: u32,
    plan: &Plan,
    sections: &Sections<'_, Cooperative>,
    report: &mut Report,
) -> Result<Option<i32>, Problem> {
    let mut viewer = Viewer::new(sections)?;
    let mut pilot = Pilot::new(sections)?;
    let (orders, received) = mpsc::channel();
    let landed = AtomicBool::new(false);
    let out = picture(args, live);
    let frame_len = boids::frame_len(args.dim, args.count).unwrap_or(0) as u64;
    let mut recorder =
        Recorder::new(out.as_deref().unwrap_or(Path::new("")), plan.steps, frame_len);

    let (seen, flown, pilot) = thread::scope(|scope| {
        let (landed, plan) = (&landed, plan);
        let flight = scope.spawn(move || {
            let flown = pilot.fly(plan, &received);
            // Release: whoever sees that the flight is over sees its last frame; pairs with
            // the Acquire loads below.
            landed.store(true, Ordering::Release);
            (flown, pilot)
        });
        let over = || landed.load(Ordering::Acquire);
        let seen = if live {
            let live = Live {
                orders: Some(&orders),
                count: (args.count, most),
                panic_after_frames: args.panic_after_frames,
            };
            show(&mut viewer, &live, report, over)
        } else {
            watch(&mut viewer, plan.steps, report, &mut recorder, |_| over()).map(|()| None)
        };
        // Without a sender the pilot lands.
        drop(orders);
        match flight.join() {
            Ok((flown, pilot)) => (seen, flown, pilot),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let Flown { steps, seconds } = flown?;
    let signal = seen?;
    let mut pilot = pilot;
    let wrote = viewer.look(|frame| {
        report.see(frame);
        out.as_deref().map_or(Ok(()), |out| recorder.write(out, frame))
    })?;
    wrote?;
    report.steps = steps;
    report.steps_per_second = steps as f64 / seconds.max(1e-9);
    report.frames = viewer.frames;
    report.dropped_frames = viewer.dropped;
    report.digest = pilot.digest(report.dim, report.count)?;
    Ok(signal)
}

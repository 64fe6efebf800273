//! The process that owns the flock: memory, kernel, pilot.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, ScopedJoinHandle};

use inos::units::Dispatcher;
use inos::units::boids::{self, InitParams, SceneParams};
use inos::{Cooperative, FileMemory, HeapMemory, Kernel, Layout, Sections};

use crate::args::{Args, Edge, Stats};
use crate::breeder::{Breeder, Nest, trials};
use crate::headless::{Recorder, watch};
use crate::live::{Live, show};
use crate::obstacles;
use crate::pilot::{Evolution, Flown, Pilot, Plan};
use crate::problem::Problem;
use crate::report::Report;
use crate::script::{Needs, Scribe, Script};
use crate::status::Role;
use crate::viewer::Viewer;
use crate::world::{config, half_extent, layout};

/// Steps when nobody says how many and nobody watches.
const STEPS: u64 = 600;
/// Boids that see each other, if they were spread evenly: a world with room to part and meet again.
const CROWD: f32 = 8.0;
/// Generations when nobody says how many and nobody watches.
const GENERATIONS: u64 = 60;
/// The live flock may grow to so many times its first size, or to this number.
const GROWTH: u32 = 4;
const ROOM: u32 = 20_000;

/// Flies a flock of one's own. Returns the signal that ended it, if one did.
///
/// # Errors
/// One line that says why not.
pub(crate) fn run(args: &Args) -> Result<Option<i32>, Problem> {
    let live = is_live(args);
    let script = match &args.replay {
        Some(file) => Script::read(file)?,
        None => script(args)?,
    };
    let steps = match (&args.replay, args.steps) {
        (Some(_), _) => script.steps(),
        (None, Some(steps)) => steps,
        (None, None) if live => 0,
        (None, None) => STEPS,
    };
    if args.replay.is_some() && steps == 0 {
        return Err(Problem::Usage("a recording without a step".to_owned()));
    }
    check_out(args, live, steps)?;
    let mut needs = script.needs()?;
    if live && args.replay.is_none() {
        needs.count = needs.count.saturating_mul(GROWTH).clamp(ROOM, boids::MAX_COUNT);
    }
    let evolution = match args.evolve {
        None => Evolution::None,
        Some(_) if live => Evolution::Beside,
        Some(0) => Evolution::Spread(GENERATIONS.min(steps)),
        Some(generations) => Evolution::Spread(generations),
    };
    let rate = if live { args.rate } else { 0 };
    let plan = Plan { script, steps, rate, evolution };
    let flight = Flight { args, live, needs, plan };
    let layout = layout(&needs)?;
    if args.on_heap() {
        let mut memory = HeapMemory::new(layout.total_len())?;
        let sections = Sections::create(memory.region()?, &layout, context_id())?;
        return flight.fly(&sections);
    }
    let memory = FileMemory::create(&args.memory, layout.total_len())?;
    let sections = create(&memory, &layout)?;
    memory.persist()?;
    flight.fly(&sections)
}

/// What the arguments say is to be flown.
fn script(args: &Args) -> Result<Script, Problem> {
    let first = InitParams {
        count: args.count,
        dim: args.dim,
        seed: args.seed,
        bounds: match args.bounds {
            Edge::Torus => boids::Bounds::Torus,
            Edge::Box => boids::Bounds::Box,
            Edge::Sphere => boids::Bounds::Sphere,
        },
        half_extent: half_extent(args.dim, args.count, CROWD),
        ..InitParams::default()
    };
    let obstacles = match &args.obstacles {
        Some(file) => obstacles::read(file, first.half_extent)?,
        None => Vec::new(),
    };
    let records: Vec<u8> = obstacles.iter().flat_map(boids::Obstacle::to_bytes).collect();
    let scene = SceneParams {
        predators: args.predators.unwrap_or_else(|| args.preset.predators()),
        seed: args.seed,
        obstacles: records.into(),
    };
    Ok(Script::new(&first, &scene, &args.preset.rules()))
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

/// A number that no other memory has, most likely.
pub(crate) fn context_id() -> u64 {
    // The standard library's hasher is seeded by the system.
    RandomState::new().build_hasher().finish()
}

/// One flight, from the first call to the last digest.
struct Flight<'a> {
    args: &'a Args,
    live: bool,
    /// What the memory has room for.
    needs: Needs,
    plan: Plan,
}

impl Flight<'_> {
    fn fly(&self, sections: &Sections<'_, Cooperative>) -> Result<Option<i32>, Problem> {
        let threads = self.args.thread_count();
        let mut report = Report { threads, ..Report::default() };
        let mut flight = || self.with_pilot(sections, &mut report);
        let signal =
            Kernel::run(sections, &Dispatcher::standard(), &config(threads), |_| flight())??;
        print(self.args, &report);
        Ok(signal)
    }

    /// One thread flies, another one breeds, this one looks.
    fn with_pilot(
        &self,
        sections: &Sections<'_, Cooperative>,
        report: &mut Report,
    ) -> Result<Option<i32>, Problem> {
        let Self { args, live, needs, plan } = self;
        let mut viewer = Viewer::new(sections)?;
        let mut nest = Nest::new(sections)?;
        let mut breeder = match plan.evolution {
            Evolution::None => None,
            _ => {
                let trials = trials(args.seed, args.dim, needs.predators);
                Some(Breeder::new(sections, &trials)?)
            }
        };
        let scribe = args.record.as_deref().map(Scribe::new).transpose()?;
        let beside = breeder.take_if(|_| plan.evolution == Evolution::Beside);
        let mut pilot = Pilot::new(sections, breeder, scribe)?;
        let (orders, received) = mpsc::channel();
        let landed = AtomicBool::new(false);
        let out = picture(args, *live);
        let Needs { dim, count, predators, obstacles } = *needs;
        let frame_len = boids::frame_len_with(dim, count, predators, obstacles).unwrap_or(0);
        let out_path = out.as_deref().unwrap_or(Path::new(""));
        let mut recorder = Recorder::new(out_path, plan.steps, frame_len as u64);

        let (seen, flown, bred) = thread::scope(|scope| {
            let landed = &landed;
            let pilot = &mut pilot;
            let flight = scope.spawn(move || {
                let flown = pilot.fly(plan, &received);
                // Release: whoever sees that the flight is over sees its last frame; pairs with
                // the Acquire loads below.
                landed.store(true, Ordering::Release);
                flown
            });
            let generations = args.evolve.unwrap_or(0);
            let breeding = beside
                .map(|mut breeder| scope.spawn(move || breeder.breed_until(generations, landed)));
            let over = || landed.load(Ordering::Acquire);
            let seen = if *live {
                let live = Live {
                    orders: Some(&orders),
                    role: if args.replay.is_some() { Role::Replay } else { Role::Owner },
                    rules: Some(args.preset.rules()),
                    count: (args.count, count),
                    panic_after_frames: args.panic_after_frames,
                };
                show(&mut viewer, &mut nest, &live, report, over)
            } else {
                watch(&mut viewer, plan.steps, report, &mut recorder, |_| over()).map(|()| None)
            };
            // Without a sender the pilot lands, and then the breeder ends, too.
            drop(orders);
            (seen, join(flight), breeding.map_or(Ok(()), join))
        });
        let Flown { steps, seconds } = flown?;
        let signal = seen?;
        bred?;
        let wrote = viewer.look(|frame| {
            report.see(frame);
            out.as_deref().map_or(Ok(()), |out| recorder.write(out, frame))
        })?;
        wrote?;
        nest.look()?;
        report.see_bred(nest.newest());
        report.steps = steps;
        report.steps_per_second = steps as f64 / seconds.max(1e-9);
        report.frames = viewer.frames;
        report.dropped_frames = viewer.dropped;
        report.digest = pilot.end()?;
        self.check(report)?;
        Ok(signal)
    }

    /// Whether a replayed flight ended as it did when it was recorded.
    fn check(&self, report: &Report) -> Result<(), Problem> {
        let end = self.plan.script.end.as_ref().filter(|end| end.steps == report.steps);
        match end {
            Some(end) if self.args.replay.is_some() && end.digest != report.digest => {
                let (was, is) = (&end.digest, &report.digest);
                Err(Problem::Usage(format!(
                    "the recording ended with {was}, this flight with {is}"
                )))
            }
            _ => Ok(()),
        }
    }
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

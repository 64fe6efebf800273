//! A flock on shared memory: the simulation mutates, an epoch signals, viewers react.
//!
//! ```text
//! cargo run --release --example boids
//! cargo run --release --example boids -- --memory /tmp/flock.inos     (one terminal)
//! cargo run --release --example boids -- --attach /tmp/flock.inos     (another one)
//! ```
//!
//! `--evolve`, `--predators 3`, `--obstacles FILE` and `--preset NAME` make it another flock,
//! `--record FILE` and `--replay FILE` the same one again, and `--bench` measures.
//!
//! `owner` hands over memory, starts the kernel and flies the flock through the syscall queue
//! (`pilot`); `viewer` watches the epoch and reads the newest frame in place. On a terminal the
//! flock is shown `live`, elsewhere `headless` leaves a picture.

#[path = "boids/animation.rs"]
mod animation;
#[path = "boids/args.rs"]
mod args;
#[path = "boids/attached.rs"]
mod attached;
#[path = "boids/breeder.rs"]
mod breeder;
#[path = "boids/caller.rs"]
mod caller;
#[path = "boids/camera.rs"]
mod camera;
#[path = "boids/canvas.rs"]
mod canvas;
#[path = "boids/glow.rs"]
mod glow;
#[path = "boids/headless.rs"]
mod headless;
#[path = "boids/live.rs"]
mod live;
#[path = "boids/measure.rs"]
mod measure;
#[path = "boids/obstacles.rs"]
mod obstacles;
#[path = "boids/owner.rs"]
mod owner;
#[path = "boids/palette.rs"]
mod palette;
#[path = "boids/panel.rs"]
mod panel;
#[path = "boids/pen.rs"]
mod pen;
#[path = "boids/picture.rs"]
mod picture;
#[path = "boids/pilot.rs"]
mod pilot;
#[path = "boids/preset.rs"]
mod preset;
#[path = "boids/problem.rs"]
mod problem;
#[path = "boids/props.rs"]
mod props;
#[path = "boids/report.rs"]
mod report;
#[path = "boids/scene.rs"]
mod scene;
#[path = "boids/screen.rs"]
mod screen;
#[path = "boids/script.rs"]
mod script;
#[path = "boids/status.rs"]
mod status;
#[path = "boids/terminal.rs"]
mod terminal;
#[path = "boids/trails.rs"]
mod trails;
#[path = "boids/viewer.rs"]
mod viewer;
#[path = "boids/world.rs"]
mod world;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
                print!("{error}");
                return ExitCode::SUCCESS;
            }
            let text = error.to_string();
            eprintln!("{}", text.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim());
            return ExitCode::from(2);
        }
    };
    let flown = match &args.attach {
        Some(file) => attached::run(&args, file),
        None if args.bench => measure::run(&args).map(|()| None),
        None => owner::run(&args),
    };
    match flown {
        Ok(signal) => signal
            .and_then(|n| u8::try_from(128 + n).ok())
            .map_or(ExitCode::SUCCESS, ExitCode::from),
        Err(problem) => {
            eprintln!("boids: {problem}");
            ExitCode::FAILURE
        }
    }
}

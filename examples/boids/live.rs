//! On a terminal: the flock as it flies, and the keys.

use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use inos::Error;
use inos::units::boids::StepParams;

use crate::breeder::{Nest, adopt};
use crate::camera::Camera;
use crate::panel::{Memory, Panel};
use crate::pilot::Order;
use crate::problem::Problem;
use crate::report::Report;
use crate::scene::{Props, scene};
use crate::status::{Role, Status};
use crate::terminal::{Key, Terminal};
use crate::viewer::Viewer;

/// Frames drawn a second at most.
const FRAMES_PER_SECOND: u32 = 30;
/// How far the camera circles each second, in radians.
const ORBIT: f32 = 0.25;
/// An attached flock that has not moved for so long is said to stand still.
const STILL: Duration = Duration::from_secs(2);

/// What the live view needs to know of the flight.
pub(crate) struct Live<'a> {
    /// Whose flock it is.
    pub(crate) role: Role,
    /// Where orders go; `None` if the flock is another process's.
    pub(crate) orders: Option<&'a Sender<Order>>,
    /// The rules at first; `None` if the flock is another process's.
    pub(crate) rules: Option<StepParams>,
    /// Boids at first, and the most that there is room for.
    pub(crate) count: (u32, u32),
    /// Panic after so many frames: for tests of the terminal.
    pub(crate) panic_after_frames: Option<u64>,
}

/// Shows the flock until the person quits or `over` says so. Returns the signal that ended it,
/// if one did.
///
/// # Errors
/// What the terminal says; what is wrong with a frame.
#[allow(clippy::panic)] // a test asks for it
pub(crate) fn show(
    viewer: &mut Viewer<'_>,
    nest: &mut Nest<'_>,
    live: &Live<'_>,
    report: &mut Report,
    mut over: impl FnMut() -> bool,
) -> Result<Option<i32>, Problem> {
    let fail = |error| Problem::Io("terminal".to_owned(), error);
    let mut terminal = Terminal::enter().map_err(fail)?;
    let mut camera: Option<Camera> = None;
    let mut rules = live.rules;
    let mut memory = Memory::default();
    let mut with_panel = true;
    let role = live.role;
    let (mut count, most) = live.count;
    let mut paused = false;
    let mut meter = Meter::new();
    let mut moved = Instant::now();
    let frame_time = Duration::from_secs(1) / FRAMES_PER_SECOND;
    let mut drawn = Instant::now();
    while !over() {
        while let Some(key) = terminal.poll(frame_time.saturating_sub(drawn.elapsed())) {
            let order = match key {
                Key::Quit => return Ok(terminal.signal()),
                Key::Camera => {
                    if let Some(camera) = &mut camera {
                        camera.cycle();
                    }
                    None
                }
                Key::Panel => {
                    with_panel = !with_panel;
                    None
                }
                Key::Resize => None,
                _ if role == Role::Attached => None,
                Key::Pause => {
                    paused = !paused;
                    Some(Order::Pause(paused))
                }
                _ if role == Role::Replay => None,
                Key::MoreBoids => {
                    count = (count + (count / 4).max(1)).min(most);
                    Some(Order::Count(count))
                }
                Key::FewerBoids => {
                    count = (count - count / 5).max(1);
                    Some(Order::Count(count))
                }
                Key::Reset => {
                    count = live.count.0;
                    Some(Order::Reset)
                }
                Key::Weight(_) => rules.as_mut().map(|rules| {
                    turn_knob(rules, key);
                    Order::Rules(*rules)
                }),
            };
            if let (Some(order), Some(orders)) = (order, live.orders) {
                // The pilot is gone only when the flight is over, and then so is this loop.
                let _ = orders.send(order);
            }
        }
        let since = drawn.elapsed().as_secs_f32();
        drawn = Instant::now();
        if viewer.wait(Duration::ZERO) {
            moved = drawn;
        }
        if nest.look()?
            && let (Some(rules), Some(newest)) = (&mut rules, nest.newest())
        {
            *rules = adopt(rules, newest);
        }
        let (frames, dropped_frames) = (viewer.frames, viewer.dropped);
        let copies = viewer.copies();
        let looked = viewer.look(|frame| {
            report.see(frame);
            memory.see(frame.header());
            let props = Props::of(frame);
            let scene = scene(frame, &props);
            let camera = camera.get_or_insert_with(|| Camera::new(&scene));
            camera.orbit(ORBIT * since.min(0.1));
            let header = frame.header();
            meter.see(header.step, frames);
            let attached = role == Role::Attached;
            let note = match (attached, moved.elapsed() > STILL) {
                (true, true) => "no new frame: the flock stands still, or its owner is gone",
                (true, false) if copies => "read-only: frames are copied",
                _ => "",
            };
            let status = Status {
                steps_per_second: meter.steps_per_second,
                frames_per_second: meter.frames_per_second,
                count: frame.count(),
                dim: header.dim,
                mean_neighbours: header.mean_neighbours,
                order_parameter: header.order_parameter,
                dropped_frames,
                step: header.step,
                paused,
                role,
                note,
                predators: header.predators,
                caught: header.caught,
                weights: rules.map(|rules| {
                    [rules.separation_weight, rules.alignment_weight, rules.cohesion_weight]
                }),
            };
            let panel = Panel { memory: &memory, rules: rules.as_ref(), population: nest.newest() };
            terminal.draw(&scene, camera, &status, with_panel.then_some(panel))
        });
        match looked {
            Ok(drawn) => drawn.map_err(fail)?,
            // Nothing was published yet, or the copy was overtaken: there will be another.
            Err(Problem::Core(Error::Empty | Error::Lapped { .. } | Error::Contended { .. })) => {}
            Err(other) => return Err(other),
        }
        if live.panic_after_frames.is_some_and(|most| viewer.frames >= most) {
            panic!("asked for by --panic-after-frames");
        }
    }
    Ok(terminal.signal())
}

/// A weight up or down by a quarter.
fn turn_knob(rules: &mut StepParams, key: Key) {
    let Some((knob, up)) = key.weight() else { return };
    let weight = match knob {
        0 => &mut rules.separation_weight,
        1 => &mut rules.alignment_weight,
        _ => &mut rules.cohesion_weight,
    };
    *weight = if up { (*weight * 1.25).clamp(0.05, 50.0) } else { *weight * 0.8 };
}

/// Rates over the last second.
struct Meter {
    since: Instant,
    step: u64,
    frames: u64,
    steps_per_second: f64,
    frames_per_second: f64,
}

impl Meter {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            step: 0,
            frames: 0,
            steps_per_second: 0.0,
            frames_per_second: 0.0,
        }
    }

    fn see(&mut self, step: u64, frames: u64) {
        let seconds = self.since.elapsed().as_secs_f64();
        if seconds < 1.0 && step >= self.step {
            return;
        }
        self.steps_per_second = step.saturating_sub(self.step) as f64 / seconds;
        self.frames_per_second = frames.saturating_sub(self.frames) as f64 / seconds;
        (self.since, self.step, self.frames) = (Instant::now(), step, frames);
    }
}

//! Without a terminal: a progress bar, a picture, and the numbers.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use inos::units::boids::Frame;

use crate::animation::Gif;
use crate::camera::Camera;
use crate::picture::{Picture, render};
use crate::problem::Problem;
use crate::report::Report;
use crate::scene::{Props, scene};
use crate::trails::Trails;
use crate::viewer::Viewer;

const PNG_SIZE: (u32, u32) = (1280, 960);
/// Hardly wider than high: what is beside a world costs bytes and shows nothing.
const GIF_SIZE: (u32, u32) = (512, 480);
const GIF_FRAMES: u64 = 80;
const GIF_FRAMES_PER_SECOND: u32 = 20;
/// Frames kept for an animation may take so many bytes.
const GIF_MEMORY: u64 = 256 << 20;
/// Positions in a trail, and steps between them.
const TRAIL: usize = 9;
const TRAIL_STEP: u64 = 6;
/// How far the camera circles from one frame of an animation to the next, in radians.
const ORBIT: f32 = 0.012;

/// Frames that are kept until there is time to draw them, or the last few positions of
/// everybody for the tails of one picture.
pub(crate) struct Recorder {
    steps: u64,
    animated: bool,
    every: u64,
    due: u64,
    kept: Vec<Vec<u32>>,
    trails: Trails,
}

impl Recorder {
    /// For a flight of so many steps with frames of so many bytes.
    pub(crate) fn new(out: &Path, steps: u64, frame_len: u64) -> Self {
        let animated = is_gif(out);
        let frames = GIF_FRAMES.min(GIF_MEMORY / frame_len.max(1)).max(2);
        Self {
            steps,
            animated,
            every: steps.div_ceil(frames).max(1),
            due: 0,
            kept: Vec::new(),
            trails: Trails::new(TRAIL),
        }
    }

    /// Looks at a frame while it is pinned; keeps what the picture will need.
    pub(crate) fn see(&mut self, frame: &Frame<'_>, step: u64) {
        if step < self.due {
            return;
        }
        if self.animated {
            self.due = step + self.every;
            self.kept.push(copy(frame));
        } else if step + TRAIL_STEP * TRAIL as u64 > self.steps {
            self.due = step + TRAIL_STEP;
            self.trails.record(&scene(frame, &Props::default()));
        }
    }

    /// Draws what was kept and writes the file.
    ///
    /// # Errors
    /// What the file system says; a frame that is none.
    pub(crate) fn write(&self, out: &Path, last: &Frame<'_>) -> Result<(), Problem> {
        let fail = |error| Problem::Io(out.display().to_string(), error);
        if !self.animated {
            let props = Props::of(last);
            let scene = scene(last, &props);
            let picture = draw(&scene, PNG_SIZE, &self.trails, 0.0).map_err(fail)?;
            return picture.write_png(out).map_err(fail);
        }
        let bar = progress(self.kept.len() as u64, "drawing");
        let file = BufWriter::new(File::create(out).map_err(fail)?);
        let (width, height) = GIF_SIZE;
        let mut gif = Gif::new(file, width, height, GIF_FRAMES_PER_SECOND).map_err(fail)?;
        let mut trails = Trails::new(TRAIL);
        for (index, words) in self.kept.iter().enumerate() {
            let frame = Frame::new(bytemuck::cast_slice(words))?;
            let props = Props::of(&frame);
            let scene = scene(&frame, &props);
            let turn = ORBIT * index as f32;
            let picture = draw(&scene, GIF_SIZE, &trails, turn).map_err(fail)?;
            trails.record(&scene);
            gif.push(&picture).map_err(fail)?;
            bar.inc(1);
        }
        gif.finish().map_err(fail)?;
        bar.finish_and_clear();
        Ok(())
    }
}

fn draw(
    scene: &crate::scene::Scene<'_>,
    (width, height): (u32, u32),
    trails: &Trails,
    turn: f32,
) -> std::io::Result<Picture> {
    let mut camera = Camera::new(scene);
    camera.orbit(turn);
    render(scene, &camera, width, height, trails)
}

/// Watches until `over` says so; keeps the numbers in `report`.
///
/// # Errors
/// What is wrong with a frame.
pub(crate) fn watch(
    viewer: &mut Viewer<'_>,
    steps: u64,
    report: &mut Report,
    recorder: &mut Recorder,
    mut over: impl FnMut(&Viewer<'_>) -> bool,
) -> Result<(), Problem> {
    let bar = progress(steps, "flying");
    let (mut first, mut newest, begin) = (None, 0, Instant::now());
    while !over(viewer) {
        if !viewer.wait(Duration::from_millis(50)) {
            continue;
        }
        newest = viewer.look(|frame| {
            let step = frame.header().step;
            let since = step.saturating_sub(*first.get_or_insert(step));
            report.see(frame);
            recorder.see(frame, since);
            since
        })?;
        bar.set_position(newest);
    }
    bar.finish_and_clear();
    report.steps = newest;
    report.steps_per_second = newest as f64 / begin.elapsed().as_secs_f64();
    Ok(())
}

/// A bar on stderr, drawn only if that is a terminal.
pub(crate) fn progress(len: u64, what: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(len), ProgressDrawTarget::stderr_with_hz(10));
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message(what)
}

/// The frame's bytes, as words so that they stay aligned.
pub(crate) fn copy(frame: &Frame<'_>) -> Vec<u32> {
    bytemuck::cast_slice(frame.bytes()).to_vec()
}

fn is_gif(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("gif"))
}

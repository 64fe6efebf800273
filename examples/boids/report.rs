//! One line of statistics.

use inos::units::boids::{Frame, Population};
use inos::units::{Budget, Call, Dispatcher, UnitError, VecOutput};

/// What is said about a flight when it is over.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) count: u32,
    pub(crate) dim: u32,
    pub(crate) steps: u64,
    /// Worker threads of the kernel; 0 if it is in another process.
    pub(crate) threads: usize,
    pub(crate) steps_per_second: f64,
    pub(crate) frames: u64,
    pub(crate) dropped_frames: u64,
    pub(crate) mean_neighbours: f32,
    pub(crate) order_parameter: f32,
    /// BLAKE3 of the last frame, in hexadecimal.
    pub(crate) digest: String,
    /// Generations that were bred, and the best fitness of them, if any were.
    pub(crate) bred: Option<(u64, f32)>,
}

impl Report {
    /// Takes over what the frame's header says.
    pub(crate) fn see(&mut self, frame: &Frame<'_>) {
        let header = frame.header();
        self.count = header.count;
        self.dim = header.dim;
        self.mean_neighbours = header.mean_neighbours;
        self.order_parameter = header.order_parameter;
    }

    /// Takes over what a population says.
    pub(crate) fn see_bred(&mut self, population: Option<&Population>) {
        self.bred = population.map(|newest| (newest.generation, newest.best.fitness));
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> String {
        let bred = self.bred.map_or_else(String::new, |(generations, fitness)| {
            format!(",\"generations\":{generations},\"fitness\":{fitness:.4}")
        });
        format!(
            "{{\"count\":{},\"dim\":{},\"steps\":{},\"threads\":{},\"steps_per_second\":{:.1},\
             \"frames\":{},\"dropped_frames\":{},\"mean_neighbours\":{:.3},\
             \"order_parameter\":{:.4},\"digest\":\"{}\"{bred}}}",
            self.count,
            self.dim,
            self.steps,
            self.threads,
            self.steps_per_second,
            self.frames,
            self.dropped_frames,
            self.mean_neighbours,
            self.order_parameter,
            self.digest
        )
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let bred = self.bred.map_or_else(String::new, |(generations, fitness)| {
            format!("{generations} generations with a fitness of up to {fitness:.3}, ")
        });
        format!(
            "{} boids in {}D: {} steps at {:.1} steps/s, {} frames seen, {} dropped, \
             {:.1} mean neighbours, order {:.3}, {bred}digest {}",
            self.count,
            self.dim,
            self.steps,
            self.steps_per_second,
            self.frames,
            self.dropped_frames,
            self.mean_neighbours,
            self.order_parameter,
            self.digest.get(..16).unwrap_or(&self.digest)
        )
    }
}

/// BLAKE3 of bytes, in hexadecimal, by the hash unit in this process: for a viewer that has no
/// lane to the kernel.
///
/// # Errors
/// None that bytes can cause.
pub(crate) fn digest(bytes: &[u8]) -> Result<String, UnitError> {
    let mut out = VecOutput::new(32);
    let call = Call { input: bytes, params: b"" };
    Dispatcher::standard().execute_named("hash", "blake3", call, &mut out, &Budget::unlimited())?;
    Ok(out.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}

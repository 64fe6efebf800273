//! What was asked of a flock, step by step: what a recording is made of.
//!
//! A flight is the same bits whenever the same calls are made at the same steps, so a recording
//! holds the calls and no frames: some hundred bytes for a flight of any length. Its file is text,
//! a call in a line, and ends with the digest of the last frame:
//!
//! ```text
//! inos-boids-recording 1
//! 0 init {"count":4000,...}
//! 0 step {"separation_radius":0.4,...}
//! 120 step {"separation_radius":0.4,...}
//! 340 resize {"count":5000,...}
//! 600 end 1f0a...
//! ```
//!
//! The number is how many steps were made before; `step` says with which parameters those after it
//! are made.

use std::fs::File;
use std::io::{BufRead as _, BufReader, LineWriter, Write as _};
use std::path::{Path, PathBuf};

use inos::units::boids::{InitParams, MAX_OBSTACLES, ResizeParams, SceneParams, StepParams};

use crate::problem::Problem;

const FIRST_LINE: &str = "inos-boids-recording 1";
/// More bytes than the longest call takes.
const MAX_LINE_LEN: u64 = 1 << 16;
/// Bytes of an obstacle among the parameters of `set_scene`.
const OBSTACLE_LEN: usize = 32;
/// A recording of more calls is not replayed.
const MAX_CALLS: usize = 1 << 20;

/// A method of the unit that a script calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// A new flock.
    Init,
    /// Obstacles and predators.
    Scene,
    /// Another number of boids.
    Resize,
    /// The parameters of all steps from here on.
    Rules,
}

impl Act {
    const ALL: [Self; 4] = [Self::Init, Self::Scene, Self::Resize, Self::Rules];

    /// The method's name.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Scene => "set_scene",
            Self::Resize => "resize",
            Self::Rules => "step",
        }
    }
}

/// A call, and the number of steps made before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) at: u64,
    pub(crate) act: Act,
    pub(crate) params: String,
}

/// How a recording ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) steps: u64,
    /// BLAKE3 of the last frame, in hexadecimal.
    pub(crate) digest: String,
}

/// A flight as it was, or is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    /// In the order of their steps; the first one is `init`.
    pub(crate) calls: Vec<Call>,
    /// `None` for a flight that was not flown to its end.
    pub(crate) end: Option<End>,
}

impl Script {
    /// What comes before the first step.
    #[must_use]
    pub(crate) fn new(first: &InitParams, scene: &SceneParams, rules: &StepParams) -> Self {
        let call = |act, params| Call { at: 0, act, params };
        let mut calls = vec![call(Act::Init, first.to_json())];
        if scene.predators > 0 || !scene.obstacles.as_slice().is_empty() {
            calls.push(call(Act::Scene, scene.to_json()));
        }
        calls.push(call(Act::Rules, rules.to_json()));
        Self { calls, end: None }
    }

    /// Reads a recording.
    ///
    /// # Errors
    /// What the file system says; the first line that is none of a recording.
    pub(crate) fn read(file: &Path) -> Result<Self, Problem> {
        let fail = |error| Problem::Io(file.display().to_string(), error);
        let wrong = |line: usize, what: &str| {
            Problem::Usage(format!("{}: line {line}: {what}", file.display()))
        };
        let mut reader = BufReader::new(File::open(file).map_err(fail)?);
        let mut script = Self::default();
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let mut limited = std::io::Read::take(&mut reader, MAX_LINE_LEN);
            limited.read_until(b'\n', &mut bytes).map_err(fail)?;
            if bytes.len() as u64 == MAX_LINE_LEN {
                return Err(wrong(number, "too long"));
            }
            let line = std::str::from_utf8(&bytes).map_err(|_| wrong(number, "not text"))?;
            let whole = line.ends_with('\n');
            let line = line.trim_end();
            match (number, line, &script.end) {
                (1, FIRST_LINE, _) => {}
                (1, ..) => return Err(wrong(1, "not a recording of this version")),
                (_, "", _) if !whole => break,
                (_, _, Some(_)) => return Err(wrong(number, "behind the end")),
                // Whoever wrote it was stopped in the middle of it.
                _ if !whole => break,
                _ => script.add(line).map_err(|what| wrong(number, what))?,
            }
        }
        if script.calls.first().is_none_or(|call| call.act != Act::Init || call.at != 0) {
            return Err(wrong(2, "a recording begins with `0 init`"));
        }
        Ok(script)
    }

    fn add(&mut self, line: &str) -> Result<(), &'static str> {
        let mut words = line.splitn(3, ' ');
        let at = words.next().and_then(|word| word.parse::<u64>().ok()).ok_or("no step")?;
        if at < self.calls.last().map_or(0, |call| call.at) {
            return Err("goes back");
        }
        let (name, params) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if name == "end" {
            self.end = Some(End { steps: at, digest: params.to_owned() });
            return Ok(());
        }
        let act = Act::ALL.into_iter().find(|act| act.name() == name).ok_or("an unknown call")?;
        if self.calls.len() >= MAX_CALLS {
            return Err("too many calls");
        }
        self.calls.push(Call { at, act, params: params.to_owned() });
        Ok(())
    }

    /// Steps that it says something about.
    #[must_use]
    pub(crate) fn steps(&self) -> u64 {
        let last = self.calls.last().map_or(0, |call| call.at);
        self.end.as_ref().map_or(last, |end| end.steps)
    }

    /// What the flock is made of, and the most boids and predators that it will have.
    ///
    /// # Errors
    /// Parameters that the unit would refuse.
    pub(crate) fn needs(&self) -> Result<Needs, Problem> {
        let mut needs = Needs::default();
        for call in &self.calls {
            let params = call.params.as_bytes();
            match call.act {
                Act::Init => {
                    let init = InitParams::decode(params)?;
                    if needs.dim != 0 && needs.dim != init.dim {
                        return Err(Problem::Usage(
                            "a flock of two dimensions and of three".into(),
                        ));
                    }
                    needs.dim = init.dim;
                    needs.count = needs.count.max(init.count);
                }
                Act::Resize => {
                    needs.count = needs.count.max(ResizeParams::decode(params)?.count);
                }
                Act::Scene => {
                    let scene = SceneParams::decode(params)?;
                    let obstacles = (scene.obstacles.as_slice().len() / OBSTACLE_LEN) as u32;
                    needs.predators = needs.predators.max(scene.predators);
                    needs.obstacles = needs.obstacles.max(obstacles).min(MAX_OBSTACLES);
                }
                Act::Rules => {
                    StepParams::decode(params)?;
                }
            }
        }
        Ok(needs)
    }
}

/// What memory is laid out for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) dim: u32,
    pub(crate) count: u32,
    pub(crate) predators: u32,
    pub(crate) obstacles: u32,
}

/// Writes a recording while the flock flies.
#[derive(Debug)]
pub(crate) struct Scribe {
    file: LineWriter<File>,
    path: PathBuf,
}

impl Scribe {
    /// Begins a recording.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn new(path: &Path) -> Result<Self, Problem> {
        let fail = |error| Problem::Io(path.display().to_string(), error);
        let file = LineWriter::new(File::create(path).map_err(fail)?);
        let mut scribe = Self { file, path: path.to_owned() };
        scribe.line(FIRST_LINE)?;
        Ok(scribe)
    }

    /// Takes down a call.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn call(&mut self, call: &Call) -> Result<(), Problem> {
        self.line(&format!("{} {} {}", call.at, call.act.name(), call.params))
    }

    /// Takes down the end.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn end(&mut self, end: &End) -> Result<(), Problem> {
        self.line(&format!("{} end {}", end.steps, end.digest))
    }

    fn line(&mut self, line: &str) -> Result<(), Problem> {
        writeln!(self.file, "{line}")
            .map_err(|error| Problem::Io(self.path.display().to_string(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, name: &str) -> Result<Script, Problem> {
        let path = std::env::temp_dir().join(format!("boids-{name}-{}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let script = Script::read(&path);
        std::fs::remove_file(&path).unwrap();
        script
    }

    #[test]
    fn what_is_taken_down_is_read_back() {
        let path = std::env::temp_dir().join(format!("boids-script-{}", std::process::id()));
        let scene = SceneParams { predators: 3, ..SceneParams::default() };
        let first = InitParams { count: 7, dim: 2, ..InitParams::default() };
        let mut script = Script::new(&first, &scene, &StepParams::default());
        let more = ResizeParams { count: 90, ..ResizeParams::default() }.to_json();
        script.calls.push(Call { at: 5, act: Act::Resize, params: more });
        script.end = Some(End { steps: 9, digest: "abc".to_owned() });
        let mut scribe = Scribe::new(&path).unwrap();
        script.calls.iter().for_each(|call| scribe.call(call).unwrap());
        scribe.end(script.end.as_ref().unwrap()).unwrap();
        drop(scribe);
        let read = Script::read(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap(), script);
        let needs = Needs { dim: 2, count: 90, predators: 3, obstacles: 0 };
        assert_eq!((script.needs().unwrap(), script.steps()), (needs, 9));
    }

    #[test]
    fn a_recording_that_was_cut_short_is_what_was_whole_of_it() {
        let text = format!("{FIRST_LINE}\n0 init {{}}\n4 step {{}}\n7 ste");
        let script = written(&text, "cut").unwrap();
        assert_eq!((script.calls.len(), script.steps(), script.end), (2, 4, None));
    }

    #[test]
    fn what_is_no_recording_is_refused_by_its_line() {
        let bad = [
            ("", "line 1"),
            ("something else\n", "line 1"),
            ("inos-boids-recording 1\n", "line 2"),
            ("inos-boids-recording 1\n0 step {}\n", "line 2"),
            ("inos-boids-recording 1\n0 init {}\n0 fly {}\n", "line 3"),
            ("inos-boids-recording 1\n0 init {}\n5 step {}\n4 step {}\n", "line 4"),
            ("inos-boids-recording 1\n0 init {}\n5 end 00\n6 step {}\n", "line 4"),
        ];
        let long = format!("{FIRST_LINE}\n0 init {{}}\n5 step {}\n6 end 00\n", " ".repeat(1 << 16));
        for (index, (text, place)) in bad.into_iter().chain([(&*long, "line 3")]).enumerate() {
            let problem = written(text, &format!("bad{index}")).unwrap_err().to_string();
            assert!(problem.contains(place), "{problem}");
        }
        let absurd = format!("{FIRST_LINE}\n0 init {{\"count\":0}}\n");
        assert!(written(&absurd, "absurd").unwrap().needs().is_err());
    }
}

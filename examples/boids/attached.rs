//! A second process that shows the flock of the first.

use std::path::Path;
use std::time::{Duration, Instant};

use inos::{Access, Cooperative, Error, FileMemory, Liveness, Party, PingPong, Sections};

use crate::args::Args;
use crate::breeder::Nest;
use crate::headless::{Recorder, watch};
use crate::live::{Live, show};
use crate::owner::{check_out, is_live, picture, print};
use crate::problem::Problem;
use crate::report::{Report, digest};
use crate::status::Role;
use crate::viewer::Viewer;
use crate::world::{self, Lives, PARTIES};

/// Frames to see when nobody says how many and nobody watches.
const FRAMES: u64 = 600;
/// Without a terminal: how long to wait for the first frame, and for a next one.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shows the flock in `file`. Returns the signal that ended it, if one did.
///
/// # Errors
/// One line that says why not.
pub(crate) fn run(args: &Args, file: &Path) -> Result<Option<i32>, Problem> {
    let live = is_live(args);
    let frames = args.steps.unwrap_or(if live { 0 } else { FRAMES });
    check_out(args, live, frames)?;
    let access = if args.read_only { Access::ReadOnly } else { Access::ReadWrite };
    let memory = FileMemory::open(file, access)?;
    let sections = attach(&memory).map_err(|problem| match problem {
        Problem::Core(error) => Problem::Usage(format!("{}: {error}", file.display())),
        other => other,
    })?;
    let party = join(&memory, &sections)?;
    let mine = party.as_ref().map(Party::sections);
    let mut viewer = match &mine {
        Some(mine) => Viewer::new(mine)?,
        None => Viewer::observing(&sections)?,
    };
    let mut nest = Nest::new(&sections)?;
    let mut report = Report::default();
    let out = picture(args, live);
    let frame_len = PingPong::open(&sections, world::FRAMES)?.config().frame_len.into();
    let mut recorder = Recorder::new(out.as_deref().unwrap_or(Path::new("")), frames, frame_len);
    let mut signal = None;
    if live {
        let panic_after_frames = args.panic_after_frames;
        let view = Live {
            role: Role::Attached,
            orders: None,
            rules: None,
            count: (0, 0),
            panic_after_frames,
        };
        signal = show(&mut viewer, &mut nest, &view, &mut report, || false)?;
    } else {
        let (mut seen, mut last) = (0, Instant::now());
        let is_over = |viewer: &Viewer<'_>| {
            if viewer.frames > seen {
                (seen, last) = (viewer.frames, Instant::now());
            }
            viewer.frames >= frames || last.elapsed() > PATIENCE
        };
        watch(&mut viewer, frames, &mut report, &mut recorder, is_over)?;
    }
    let looked = viewer.look(|frame| {
        report.see(frame);
        report.digest = digest(frame.bytes())?;
        out.as_deref().map_or(Ok(()), |out| recorder.write(out, frame))
    });
    match looked {
        Ok(drawn) => drawn?,
        Err(Problem::Core(Error::Empty)) => {
            let file = file.display();
            return Err(Problem::Usage(format!("{file}: no frame yet, and nobody makes one")));
        }
        Err(other) => return Err(other),
    }
    report.frames = viewer.frames;
    report.dropped_frames = viewer.dropped;
    print(args, &report);
    Ok(signal)
}

type Viewing<'m> = Party<'m, Cooperative, <Lives<'m> as Liveness>::Guard>;

/// Takes a seat, where the memory can be written and one is free, and clears up after viewers
/// that were killed in theirs.
fn join<'m>(
    memory: &'m FileMemory,
    sections: &Sections<'m, Cooperative>,
) -> Result<Option<Viewing<'m>>, Problem> {
    if memory.access() == Access::ReadOnly {
        return Ok(None);
    }
    #[cfg(target_os = "linux")]
    let lives: Lives<'m> = memory.locks()?;
    #[cfg(not(target_os = "linux"))]
    let lives: Lives<'m> = inos::AlwaysAlive;
    let party = match sections.join_as(PARTIES, &lives, "viewer", std::process::id()) {
        Ok(party) => party,
        Err(Error::NoSeat { .. } | Error::RoleHeld) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match party.reap(&lives) {
        // Another viewer is at it.
        Ok(_) | Err(Error::RoleHeld) => Ok(Some(party)),
        Err(error) => Err(error.into()),
    }
}

#[allow(unsafe_code)]
fn attach(memory: &FileMemory) -> Result<Sections<'_, Cooperative>, Problem> {
    // SAFETY: `attach` below finds out whether the file is a region; that everybody who opens
    // it runs this protocol and that nobody truncates it is what the flag's user vouches for,
    // as for any file that programs share.
    let region = unsafe { memory.cooperative() }?;
    Ok(Sections::attach(region)?)
}

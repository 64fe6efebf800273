//! `inos top`: what changes in a region, look by look.

mod history;
mod screen;

use std::io::{IsTerminal as _, stdout};
use std::thread;
use std::time::{Duration, Instant};

use crate::args::Top;
use crate::image::Image;
use crate::problem::Problem;
use crate::report::{self, bytes};
use history::History;

pub(crate) fn run(args: &Top, out: &mut Vec<u8>) -> Result<(), Problem> {
    let image = Image::open(&args.image)?;
    let mut history = History::default();
    let mut look = || {
        let report = report::take(&args.image, &image, None)?;
        history.see(Instant::now(), &report);
        let title = format!("{}: {}", report.file, bytes(report.len));
        Ok::<_, Problem>([vec![title], history.lines()].concat())
    };
    // Rates need two looks.
    look()?;
    let pause = Duration::from_millis(args.interval);
    if stdout().is_terminal() {
        return screen::show(pause, args.count, &mut look);
    }
    for number in 0..args.count.unwrap_or(1) {
        thread::sleep(pause);
        if number > 0 {
            out.push(b'\n');
        }
        out.extend((look()?.join("\n") + "\n").into_bytes());
    }
    Ok(())
}

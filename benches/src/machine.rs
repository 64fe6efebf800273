//! What the numbers were taken on, and where threads run.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use inos_core::{Cooperative, Layout, Region, Sections};

/// Ties this thread to a processor, if there is one of this number; elsewhere than on Linux, to
/// none.
pub fn pin(processor: usize) {
    #[cfg(target_os = "linux")]
    {
        let mut set = rustix::thread::CpuSet::new();
        set.set(processor);
        // A machine with one processor, or a sandbox: it runs where it may.
        let _ = rustix::thread::sched_setaffinity(None, &set);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = processor;
}

/// Sections in memory of their own, every page of which was touched. It is never given back:
/// contenders live as long as the program.
pub fn sections(layout: &Layout) -> Sections<'static, Cooperative> {
    let len = usize::try_from(layout.total_len()).expect("it fits into memory");
    let bytes = vec![1_u8; len + 64].leak();
    Sections::create(Region::trim(bytes).0, layout, 1).expect("the layout's own length")
}

/// Lines of Markdown about the machine, the load and the day.
pub fn describe() -> String {
    let mut text = String::new();
    let model = read("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let _ = writeln!(
        text,
        "- machine: {model}, {processors} processors, {}",
        output("uname", &["-sr"])
    );
    let _ = writeln!(text, "- compiler: {}", output("rustc", &["--version"]));
    let _ = writeln!(text, "- day: {}", output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]));
    text
}

/// The load averages of 1, 5 and 15 minutes.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn read(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "unknown".into(),
        |it| String::from_utf8_lossy(&it.stdout).trim().to_owned(),
    )
}

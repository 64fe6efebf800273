//! Where and when a run took place.

use std::fs;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Where and when a run took place.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Model and number of the processors.
    pub processors: String,
    /// The operating system and its version.
    pub system: String,
    /// The compiler.
    pub compiler: String,
    /// The day, UTC.
    pub date: String,
    /// The load average when it began.
    pub load: String,
    ticks: Option<(u64, u64)>,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn now() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name| {
            let line = info.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.trim())
        };
        let model = field("model name").unwrap_or(std::env::consts::ARCH);
        let guest = field("flags").is_some_and(|flags| flags.split(' ').any(|f| f == "hypervisor"));
        let guest = if guest { ", in a virtual machine" } else { "" };
        let count = crate::pin::count();
        Self {
            processors: format!("{count} of {model}{guest}"),
            system: first_line("uname", &["-sr"]),
            compiler: first_line("rustc", &["--version"]),
            date: date(),
            load: load(),
            ticks: ticks(),
        }
    }

    /// What the run met with, at its end.
    #[must_use]
    pub fn describe(&self) -> String {
        let stolen = match (self.ticks, ticks()) {
            (Some((all, stolen)), Some((all_now, stolen_now))) if all_now > all => {
                let share = (stolen_now - stolen) as f64 / (all_now - all) as f64;
                format!("; {:.1} % of the time taken by the host", share * 100.0)
            }
            _ => String::new(),
        };
        format!(
            "{}; {}; {}; {}. Load average {} at the start, {} at the end, this run included{}.",
            self.date,
            self.processors,
            self.system,
            self.compiler,
            self.load,
            load(),
            stolen
        )
    }
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let line = text.ok().and_then(|text| text.lines().next().map(str::to_owned));
    line.unwrap_or_else(|| format!("{program} is not to be found"))
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}

/// Ticks of all processors: of all kinds, and those that the host of a virtual machine took.
fn ticks() -> Option<(u64, u64)> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let line = text.lines().next()?;
    let ticks: Vec<u64> =
        line.split_whitespace().skip(1).filter_map(|tick| tick.parse().ok()).collect();
    Some((ticks.iter().take(8).sum(), *ticks.get(7)?))
}

/// The day in UTC, by the arithmetic of the Gregorian calendar: years begin in March.
fn date() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + next)
}

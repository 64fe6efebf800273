//! The harness's own measuring: contenders by turns, medians of windows, ratios of one round.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::contender::{Amount, Contender, Role};
use crate::driver::{Case, Driver, run_timed};
use crate::pin::pin_to;
use crate::stats::{Histogram, median, percentile};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Every contender gets a turn in each.
    pub rounds: usize,
    /// How long a turn is.
    pub turn: Duration,
    /// Single operations in a turn, where those are timed; fewer if they take three turns.
    pub singles: usize,
}

impl Plan {
    /// For results to publish.
    pub const FULL: Self = Self { rounds: 11, turn: Duration::from_millis(100), singles: 5000 };
    /// To see whether all works.
    pub const QUICK: Self = Self { rounds: 3, turn: Duration::from_millis(8), singles: 300 };
}

/// What was found about a contender.
#[derive(Clone, Debug)]
pub struct ContenderResult {
    /// Its name.
    pub name: String,
    /// What it is to the others.
    pub role: Role,
    /// The ratio that it should reach.
    pub goal: Option<f64>,
    /// Where it stands in a picture of growth.
    pub at: Option<Amount>,
    /// The median of each round's windows, in nanoseconds for an operation.
    pub medians: Vec<f64>,
    /// Of all windows.
    pub p99: f64,
    /// Of single operations.
    pub singles: Option<Histogram>,
    /// What else there is to say.
    pub note: String,
}

impl ContenderResult {
    /// Nanoseconds for an operation.
    #[must_use]
    pub fn time(&self) -> f64 {
        median(&self.medians)
    }
}

/// What was found in a case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// What was done.
    pub name: &'static str,
    /// Operations between two looks at the clock.
    pub window: u64,
    /// What was found about each.
    pub contenders: Vec<ContenderResult>,
}

impl CaseResult {
    /// A contender's time divided by the first one's in the same round: median, lowest, highest.
    #[must_use]
    pub fn ratio(&self, contender: &ContenderResult) -> [f64; 3] {
        let first = self.contenders.first().map_or(&[][..], |first| &first.medians);
        let mut ratios: Vec<f64> =
            contender.medians.iter().zip(first).map(|(own, first)| own / first).collect();
        ratios.sort_by(f64::total_cmp);
        [median(&ratios), percentile(&ratios, 0.0), percentile(&ratios, 1.0)]
    }

    /// Whether this is a picture of growth: contenders differ in size only.
    #[must_use]
    pub fn is_growth(&self) -> bool {
        self.contenders.iter().any(|contender| contender.at.is_some())
    }
}

/// Measures the cases of an area.
pub struct Compare {
    plan: Plan,
    progress: ProgressBar,
    results: Vec<CaseResult>,
}

/// A turn has so many windows at least, however long they take.
const MIN_WINDOWS: usize = 3;

impl Compare {
    /// Nothing measured yet.
    #[must_use]
    pub fn new(plan: Plan, progress: ProgressBar) -> Self {
        Self { plan, progress, results: Vec::new() }
    }

    /// What was found.
    #[must_use]
    pub fn into_results(self) -> Vec<CaseResult> {
        self.results
    }

    /// One turn: the windows' times for an operation.
    fn turn(
        &self,
        case: &Case,
        contender: &mut dyn Contender,
        singles: &mut Histogram,
    ) -> Vec<f64> {
        contender.start();
        run_timed(case, contender, case.window);
        let mut windows = Vec::new();
        let begin = Instant::now();
        while windows.len() < MIN_WINDOWS || begin.elapsed() < self.plan.turn {
            let time = run_timed(case, contender, case.window);
            windows.push(time.as_nanos() as f64 / case.window as f64);
        }
        if case.is_latency {
            let begin = Instant::now();
            for _ in 0..self.plan.singles {
                if begin.elapsed() > self.plan.turn * 3 {
                    break;
                }
                let time = run_timed(case, contender, 1);
                singles.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            }
        }
        contender.stop();
        windows
    }
}

impl Driver for Compare {
    fn is_test(&self) -> bool {
        false
    }

    fn case<'a>(&mut self, case: Case, mut contenders: Vec<Box<dyn Contender + 'a>>) {
        pin_to(0);
        let count = contenders.len();
        self.progress.inc_length((self.plan.rounds * count) as u64);
        let mut medians = vec![Vec::new(); count];
        let mut windows = vec![Vec::new(); count];
        let mut singles = vec![Histogram::default(); count];
        for round in 0..self.plan.rounds {
            for turn in 0..count {
                // Another one begins each round.
                let at = (round + turn) % count;
                let contender = &mut *contenders[at];
                self.progress.set_message(format!("{}: {}", case.name, contender.name()));
                let found = self.turn(&case, contender, &mut singles[at]);
                medians[at].push(median(&found));
                windows[at].extend(found);
                self.progress.inc(1);
            }
        }
        let results = contenders.iter().zip(medians).zip(windows).zip(singles);
        let contenders = results.map(|(((contender, medians), mut windows), singles)| {
            windows.sort_by(f64::total_cmp);
            ContenderResult {
                name: contender.name().to_owned(),
                role: contender.role(),
                goal: contender.goal(),
                at: contender.at(),
                medians,
                p99: percentile(&windows, 0.99),
                singles: case.is_latency.then_some(singles),
                note: contender.note(),
            }
        });
        let contenders = contenders.collect();
        self.results.push(CaseResult { name: case.name, window: case.window, contenders });
    }
}

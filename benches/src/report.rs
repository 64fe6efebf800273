//! The table.

use std::fmt::Write as _;

use crate::contender::{Goal, Row, Side};
use crate::measure::{Outcome, quantile};

/// A row as it was measured.
pub struct Measured {
    pub area: &'static str,
    pub id: &'static str,
    pub what: &'static str,
    pub goals: &'static [(&'static str, Goal)],
    pub outcomes: Vec<Outcome>,
    /// Load averages when it began.
    pub load: String,
}

impl Measured {
    /// What `measure` found of a row.
    #[must_use]
    pub fn new(area: &'static str, row: &Row, outcomes: Vec<Outcome>, load: String) -> Self {
        Self { area, id: row.id, what: row.what, goals: row.goals, outcomes, load }
    }

    /// The goal of a contender, if it has one.
    #[must_use]
    pub fn goal(&self, name: &str) -> Option<Goal> {
        self.goals.iter().find(|(goal, _)| *goal == name).map(|&(_, goal)| goal)
    }

    /// The same as a multiple of the limit.
    #[must_use]
    pub fn goal_ratio(&self, name: &str) -> Option<f64> {
        let limit = self.outcomes.first()?.median;
        self.goal(name).map(|goal| match goal {
            Goal::Ratio(ratio) => ratio,
            Goal::Time(nanoseconds) => nanoseconds / limit,
        })
    }

    /// The best of the peers.
    #[must_use]
    pub fn best_peer(&self) -> Option<&Outcome> {
        let peers = self.outcomes.iter().filter(|outcome| outcome.side == Side::Peer);
        peers.min_by(|one, other| one.ratio.total_cmp(&other.ratio))
    }
}

/// Three digits, in a unit that suits.
#[must_use]
pub fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns => (ns / 1e6, "ms"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

/// The table of all rows, and one of the latencies.
#[must_use]
pub fn markdown(rows: &[Measured]) -> String {
    let mut text = String::from(
        "| row | contender | median | p99 | × limit | range | goal | against the best peer |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        for (index, outcome) in row.outcomes.iter().enumerate() {
            let head =
                if index == 0 { format!("**{}**: {}", row.id, row.what) } else { String::new() };
            let goal = row.goal(outcome.name).map_or(String::new(), |goal| match goal {
                Goal::Ratio(most) => format!("{most} {}", reached(outcome.ratio <= most)),
                Goal::Time(most) => format!("{} {}", time(most), reached(outcome.median <= most)),
            });
            let against = match row.best_peer() {
                Some(best) if outcome.side == Side::Inos => verdict(outcome.ratio / best.ratio),
                _ => String::new(),
            };
            let _ = writeln!(
                text,
                "| {head} | {} | {} | {} | {:.2} | {:.2}-{:.2} | {goal} | {against} |",
                outcome.name,
                time(outcome.median),
                time(outcome.p99),
                outcome.ratio,
                outcome.ratio_low,
                outcome.ratio_high,
            );
        }
    }
    text
}

fn reached(is: bool) -> &'static str {
    if is { "reached" } else { "missed" }
}

/// Within a tenth it is a tie.
fn verdict(relation: f64) -> String {
    match relation {
        less if less < 0.9 => format!("{:.1} × faster", 1.0 / less),
        more if more > 1.1 => format!("{more:.1} × slower"),
        _ => "a tie".into(),
    }
}

/// The quantiles of single operations; empty if no row has any.
#[must_use]
pub fn latencies(rows: &[Measured]) -> String {
    let mut text = String::new();
    for row in rows {
        for outcome in row.outcomes.iter().filter(|outcome| !outcome.latencies.is_empty()) {
            if text.is_empty() {
                text.push_str("| row | contender | p50 | p90 | p99 | p99.9 | longest |\n|---|---|---|---|---|---|---|\n");
            }
            let at = |part| time(quantile(&outcome.latencies, part));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} |",
                row.id,
                outcome.name,
                at(0.5),
                at(0.9),
                at(0.99),
                at(0.999),
                at(1.0),
            );
        }
    }
    text
}

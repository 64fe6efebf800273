//! Contenders in turns, round by round, so that whatever else the machine does falls on all.

use crate::contender::{Row, Side, Windows};

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Rounds, in each of which every contender has its turn.
    pub rounds: usize,
    /// Windows of a turn.
    pub windows: usize,
    /// A window has one operation in so many of those that its row asks for.
    pub shorten: usize,
}

impl Plan {
    /// For a table.
    pub const FULL: Self = Self { rounds: 7, windows: 30, shorten: 1 };
    /// To see that all contenders do what they say.
    pub const TEST: Self = Self { rounds: 1, windows: 2, shorten: 100 };
}

/// What came of one contender.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub name: &'static str,
    pub side: Side,
    /// Nanoseconds per operation: the median of the rounds' medians.
    pub median: f64,
    /// Nanoseconds per operation, which all but one in a hundred windows stay below.
    pub p99: f64,
    /// The median of what it was of the limit in the same round; the least and the most.
    pub ratio: f64,
    pub ratio_low: f64,
    pub ratio_high: f64,
    /// Single operations, sorted, for rows of latencies.
    pub latencies: Vec<f64>,
}

/// The value that a part of `sorted` lies below.
#[must_use]
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(f64::NAN)
}

/// Sorts them.
#[must_use]
pub fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Measures a row; `tick` is called after each turn.
pub fn measure(row: &mut Row, plan: Plan, mut tick: impl FnMut()) -> Vec<Outcome> {
    let ops = (row.ops / plan.shorten).max(1);
    let count = row.contenders.len();
    let mut medians = vec![Vec::new(); count];
    let mut all = vec![Vec::new(); count];
    let mut latencies = vec![Vec::new(); count];
    for round in 0..plan.rounds {
        // Not always behind the same one.
        for turn in 0..count {
            let index = (turn + round) % count;
            let times = row.contenders[index].time(Windows { count: plan.windows, ops });
            medians[index].push(quantile(&sorted(times.clone()), 0.5));
            all[index].extend(times);
            if row.latency {
                let windows = Windows { count: (2000 / plan.shorten).max(10), ops: 1 };
                latencies[index].extend(row.contenders[index].time(windows));
            }
            tick();
        }
    }
    let limit = medians[0].clone();
    let outcomes = row.contenders.iter().zip(medians).zip(all).zip(latencies);
    outcomes
        .map(|(((contender, medians), all), latencies)| {
            let ratios =
                sorted(medians.iter().zip(&limit).map(|(own, least)| own / least).collect());
            Outcome {
                name: contender.name,
                side: contender.side,
                median: quantile(&sorted(medians), 0.5),
                p99: quantile(&sorted(all), 0.99),
                ratio: quantile(&ratios, 0.5),
                ratio_low: quantile(&ratios, 0.0),
                ratio_high: quantile(&ratios, 1.0),
                latencies: sorted(latencies),
            }
        })
        .collect()
}

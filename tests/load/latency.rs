//! How long calls took, in sixteen steps to each doubling.

use std::fmt;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Up to 2^40 ns, 18 minutes.
const STEPS: usize = 40 * PER_DOUBLING;
const PER_DOUBLING: usize = 16;

pub(crate) struct Latencies(Vec<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(vec![0; STEPS])
    }
}

impl Latencies {
    pub(crate) fn see(&mut self, took: Duration) {
        let step = (took.as_nanos().max(1) as f64).log2() * PER_DOUBLING as f64;
        self.0[(step as usize).min(STEPS - 1)] += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (to, from) in self.0.iter_mut().zip(&other.0) {
            *to += from;
        }
    }

    pub(crate) fn write(&self, path: &Path) {
        let text: Vec<_> = self.0.iter().map(u64::to_string).collect();
        fs::write(path, text.join(" ")).unwrap();
    }

    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        Self(text.split(' ').map(|count| count.parse().unwrap()).collect())
    }

    /// The end of the step that so many in a thousand do not pass.
    fn quantile(&self, thousandths: u64) -> Duration {
        let rank = (self.count() * thousandths).div_ceil(1000);
        let mut seen = 0;
        let step = self.0.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let end = (step.unwrap_or(0) + 1) as f64 / PER_DOUBLING as f64;
        Duration::from_nanos(end.exp2() as u64)
    }

    fn count(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// A histogram, a line to each doubling.
impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.count();
        let [p50, p90, p99, p999] = [500, 900, 990, 999].map(|at| self.quantile(at));
        writeln!(f, "{all}; p50 {p50:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, p99.9 {p999:.1?}")?;
        for (doubling, steps) in self.0.chunks(PER_DOUBLING).enumerate() {
            let count: u64 = steps.iter().sum();
            if count > 0 {
                let end = Duration::from_nanos(2 << doubling);
                let bar = "#".repeat((60 * count).div_ceil(all) as usize);
                writeln!(f, "{:>12} {count:>8} {bar}", format!("< {end:.1?}"))?;
            }
        }
        Ok(())
    }
}

//! Medians, percentiles, histograms.

/// The value that so much of the sorted values are not above, `share` from 0 to 1.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    if sorted.is_empty() {
        return f64::NAN;
    }
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The value in the middle; of an even number, the mean of the two.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let len = sorted.len();
    match len {
        0 => f64::NAN,
        _ if len % 2 == 1 => sorted[len / 2],
        _ => (sorted[len / 2 - 1] + sorted[len / 2]) / 2.0,
    }
}

/// Parts that an octave is divided into: buckets are at most 9 % wide.
const PARTS: u32 = 8;

/// How often which time was seen: buckets that grow with the times.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    /// Counts a time.
    pub fn add(&mut self, nanoseconds: u64) {
        let at = (f64::from(PARTS) * (nanoseconds.max(1) as f64).log2()).round() as usize;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.total += 1;
    }

    /// How many times were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The middles of the buckets, and how many of all fell there.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.counts
            .iter()
            .enumerate()
            .map(|(at, &count)| (middle(at), count as f64 / self.total.max(1) as f64))
    }

    /// The time that so many of all did not exceed, to within a bucket.
    #[must_use]
    pub fn percentile(&self, share: f64) -> f64 {
        let rank = (share * self.total as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (at, &count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(at);
            }
        }
        f64::NAN
    }
}

fn middle(at: usize) -> f64 {
    (at as f64 / f64::from(PARTS)).exp2()
}

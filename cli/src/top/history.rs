//! Numbers of a region, and how fast they grow.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::report::{Detail, Report, bytes};

/// Looks that are remembered.
const LOOKS: usize = 40;
/// Epochs count in so many bits.
const EPOCH_BITS: u32 = 31;

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It grows, and wraps at so many bits.
    Grows(u32),
    /// So many now.
    Now,
    /// So many bytes now.
    Bytes,
}

#[derive(Debug)]
struct Number {
    kind: Kind,
    value: u64,
    /// A second, of the last looks; of what does not grow, the value.
    past: VecDeque<f64>,
}

/// All numbers, as of the last looks.
#[derive(Debug, Default)]
pub(super) struct History {
    numbers: BTreeMap<(u32, String), Number>,
    last: Option<Instant>,
}

impl History {
    /// Takes the numbers of a report, and forgets those that are not in it any more.
    pub(super) fn see(&mut self, now: Instant, report: &Report) {
        let seconds = self.last.map(|last| (now - last).as_secs_f64());
        let mut numbers = BTreeMap::new();
        for section in &report.sections {
            for (name, kind, value) in self::numbers(&section.detail) {
                let key = (section.id, format!("{} {name}", section.name));
                let old = self.numbers.remove(&key);
                let mut past = old.as_ref().map(|old| old.past.clone()).unwrap_or_default();
                match (kind, old, seconds) {
                    (Kind::Grows(bits), Some(old), Some(seconds)) if seconds > 0.0 => {
                        let mask = u64::MAX >> (64 - bits.clamp(1, 64));
                        past.push_back((value.wrapping_sub(old.value) & mask) as f64 / seconds);
                    }
                    (Kind::Grows(_), ..) => {}
                    (Kind::Now | Kind::Bytes, ..) => past.push_back(value as f64),
                }
                while past.len() > LOOKS {
                    past.pop_front();
                }
                numbers.insert(key, Number { kind, value, past });
            }
        }
        self.numbers = numbers;
        self.last = Some(now);
    }

    /// A line for each number: its name, itself, a second, and how that went.
    pub(super) fn lines(&self) -> Vec<String> {
        let head = format!("{:36} {:>14} {:>12}", "", "now", "a second");
        let rows = self.numbers.iter().map(|((_, name), number)| {
            let value = match number.kind {
                Kind::Bytes => bytes(number.value),
                _ => number.value.to_string(),
            };
            let rate = match (number.kind, number.past.back()) {
                (Kind::Grows(_), Some(rate)) => format!("{rate:.1}"),
                _ => String::new(),
            };
            let name: String = name.chars().filter(|it| !it.is_control()).take(36).collect();
            format!("{name:36} {value:>14} {rate:>12}  {}", spark(&number.past))
        });
        [head].into_iter().chain(rows).collect()
    }
}

/// A line of blocks, the highest for the most.
fn spark(past: &VecDeque<f64>) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = past.iter().copied().fold(0.0, f64::max);
    let block = |value: &f64| {
        let share = if most > 0.0 { value / most } else { 0.0 };
        // From 0 to 7: the share is from 0 to 1.
        BLOCKS.get((share * 7.0).round() as usize).copied().unwrap_or('█')
    };
    past.iter().map(block).collect()
}

/// The numbers of a section that change.
fn numbers(detail: &Detail) -> Vec<(String, Kind, u64)> {
    let now = |name: &str, value: u64| (name.to_owned(), Kind::Now, value);
    let len = |name: &str, value: u64| (name.to_owned(), Kind::Bytes, value);
    match detail {
        Detail::Epochs { values } => {
            let epoch = |(index, value): (usize, &u32)| {
                (index.to_string(), Kind::Grows(EPOCH_BITS), u64::from(*value))
            };
            values.iter().enumerate().map(epoch).collect()
        }
        Detail::NamedEpochs { epochs, .. } => epochs
            .iter()
            .map(|it| (it.name.clone(), Kind::Grows(EPOCH_BITS), it.value.into()))
            .collect(),
        Detail::Ring { used_len, .. } => vec![len("waiting", *used_len)],
        Detail::PingPong { version, .. } => {
            vec![("frames".to_owned(), Kind::Grows(32 - 4), u64::from(*version))]
        }
        Detail::Lanes { lanes, .. } => {
            let sum = |number: fn(&crate::report::Lane) -> u32| {
                lanes.iter().map(|lane| u64::from(number(lane))).sum()
            };
            let clients = lanes.iter().filter(|lane| lane.client.is_some()).count() as u64;
            vec![
                now("clients", clients),
                now("submitted", sum(|lane| lane.submitted)),
                now("running", sum(|lane| lane.running)),
                now("answered", sum(|lane| lane.answered)),
            ]
        }
        Detail::Registry { units, .. } => vec![now("units", units.len() as u64)],
        Detail::Parties { parties, .. } => vec![now("parties", parties.len() as u64)],
        Detail::Arena { arena, .. } => {
            vec![len("used", arena.used_len), now("blocks", arena.blocks.into())]
        }
        Detail::Counters { counters, .. } => {
            counters.iter().map(|it| (it.label.clone(), Kind::Grows(63), it.value)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::SectionReport;
    use std::time::Duration;

    fn report(detail: Detail) -> Report {
        let section = SectionReport {
            id: 1,
            name: "it".to_owned(),
            kind: "",
            version: (1, 0),
            offset: 0,
            len: 0,
            detail,
        };
        let file = String::new();
        Report { file, len: 0, context_id: 0, layout_hash: 0, sections: vec![section] }
    }

    #[test]
    fn rates_are_differences_also_when_an_epoch_wraps() {
        let begin = Instant::now();
        let mut history = History::default();
        let looks = [(0, (1 << 31) - 10), (2, 10), (3, 10)];
        for (second, value) in looks {
            let detail = Detail::Epochs { values: vec![value] };
            history.see(begin + Duration::from_secs(second), &report(detail));
        }
        let number = &history.numbers[&(1, "it 0".to_owned())];
        assert_eq!((number.value, &number.past), (10, &VecDeque::from([10.0, 0.0])));
        let line = &history.lines()[1];
        assert!(line.contains(" 10 ") && line.contains(" 0.0") && line.ends_with("█▁"), "{line}");
        // What is gone is forgotten.
        history.see(begin + Duration::from_secs(4), &report(Detail::Epochs { values: vec![] }));
        assert_eq!(history.lines().len(), 1);
    }
}

//! What was found, as Markdown.

use std::fmt::Write as _;

use crate::areas::Area;
use crate::compare::{CaseResult, ContenderResult};
use crate::contender::Role;

/// Ratios closer than this are a tie, as are those whose medians lie in each other's range.
const TIE: f64 = 1.05;

/// Nanoseconds, for people.
pub(crate) fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if !ns.is_finite() => "-".to_owned(),
        ns if ns < 9.995 => format!("{ns:.2} ns"),
        ns if ns < 99.95 => format!("{ns:.1} ns"),
        ns if ns < 9_995.0 => format!("{ns:.0} ns"),
        ns if ns < 999_500.0 => format!("{:.1} µs", ns / 1e3),
        ns if ns < 9.995e8 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

pub(crate) fn factor(ratio: f64) -> String {
    match ratio {
        ratio if !ratio.is_finite() => "-".to_owned(),
        ratio if ratio < 9.995 => format!("{ratio:.2}"),
        ratio if ratio < 99.95 => format!("{ratio:.1}"),
        ratio => format!("{ratio:.0}"),
    }
}

fn verdict(case: &CaseResult, contender: &ContenderResult) -> &'static str {
    let Some(goal) = contender.goal else { return "" };
    match case.ratio(contender) {
        [_, _, highest] if highest <= goal => "reached in every round",
        [median, ..] if median <= goal => "reached",
        [_, lowest, _] if lowest <= goal => "missed, reached in some rounds",
        _ => "missed",
    }
}

/// The tables of an area: every contender of every case, losses too.
#[must_use]
pub fn details(area: &Area, method: &str, cases: &[CaseResult]) -> String {
    let mut text = format!("# {}\n\n{}\n\n{method}\n", area.title, area.about);
    for case in cases {
        let _ = writeln!(text, "\n## {}\n", case.name);
        let first = if case.is_growth() { "× the smallest" } else { "× the limit" };
        let _ = writeln!(
            text,
            "Windows of {} operations.\n\n\
             | contender | time | {first} | range of rounds | p99 of windows | goal | | note |\n\
             |---|---|---|---|---|---|---|---|",
            case.window
        );
        for contender in &case.contenders {
            let name = &contender.name;
            let name = match contender.role {
                Role::Inos => format!("**{name}**"),
                Role::Limit => format!("*{name}*"),
                Role::Peer => name.clone(),
            };
            let [median, lowest, highest] = case.ratio(contender);
            let goal = contender.goal.map(|goal| format!("≤ {goal}")).unwrap_or_default();
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {}-{} | {} | {goal} | {} | {} |",
                time(contender.time()),
                factor(median),
                factor(lowest),
                factor(highest),
                time(contender.p99),
                verdict(case, contender),
                contender.note
            );
        }
        singles(&mut text, case);
    }
    text
}

fn singles(text: &mut String, case: &CaseResult) {
    if case.contenders.iter().all(|contender| contender.singles.is_none()) {
        return;
    }
    text.push_str(
        "\nSingle operations, the clock's own reading included:\n\n\
         | contender | p50 | p90 | p99 | p99.9 | operations |\n|---|---|---|---|---|---|\n",
    );
    for contender in &case.contenders {
        let Some(histogram) = &contender.singles else { continue };
        let [p50, p90, p99, p999] =
            [0.5, 0.9, 0.99, 0.999].map(|share| time(histogram.percentile(share)));
        let total = histogram.total();
        let _ = writeln!(text, "| {} | {p50} | {p90} | {p99} | {p999} | {total} |", contender.name);
    }
}

/// One line for each contender that is ours: against the limit, and against the best peer.
#[must_use]
pub fn summary(areas: &[(&Area, Vec<CaseResult>)]) -> String {
    let mut text = String::from(
        "| work | case | INOS | × the limit | goal | | best peer | × the limit | |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for (area, cases) in areas {
        for case in cases.iter().filter(|case| !case.is_growth()) {
            summarise(&mut text, area, case);
        }
    }
    text
}

fn summarise(text: &mut String, area: &Area, case: &CaseResult) {
    let peers = case.contenders.iter().filter(|contender| contender.role == Role::Peer);
    let best = peers.min_by(|one, other| case.ratio(one)[0].total_cmp(&case.ratio(other)[0]));
    for own in case.contenders.iter().filter(|contender| contender.role == Role::Inos) {
        let ratio = case.ratio(own);
        let (peer, peer_ratio, outcome) = match best {
            None => ("", String::new(), ""),
            Some(peer) => {
                let other = case.ratio(peer);
                (&*peer.name, factor(other[0]), outcome(ratio, other))
            }
        };
        let goal = own.goal.map(|goal| format!("≤ {goal}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "| [{}]({}.md) | {} | {} | {} ({}-{}) | {goal} | {} | {peer} | {peer_ratio} | {outcome} |",
            area.title,
            area.name,
            case.name,
            own.name,
            factor(ratio[0]),
            factor(ratio[1]),
            factor(ratio[2]),
            verdict(case, own),
        );
    }
}

/// Who wins, if that can be told.
fn outcome(own: [f64; 3], peer: [f64; 3]) -> &'static str {
    let inside = |[middle, ..]: [f64; 3], [_, low, high]: [f64; 3]| (low..=high).contains(&middle);
    if (1.0 / TIE..=TIE).contains(&(own[0] / peer[0])) || inside(own, peer) && inside(peer, own) {
        "tie"
    } else if own[0] < peer[0] {
        "INOS wins"
    } else {
        "the peer wins"
    }
}

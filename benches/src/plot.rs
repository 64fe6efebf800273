//! Pictures of what was found.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::areas::Area;
use crate::compare::{CaseResult, ContenderResult};
use crate::contender::{Amount, Role};
use crate::stats::Histogram;
use crate::table::{factor, time};

type Root<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

const WIDTH: u32 = 900;
/// Where the bars begin; names stand left of it.
const LEFT: i32 = 330;
const RIGHT: i32 = 120;
const BAR: i32 = 20;
const HEAD: i32 = 34;
const FONT: &str = "sans-serif";

const GREY: RGBColor = RGBColor(0x9a, 0x9a, 0x9a);
const BLUE: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const LINES: [RGBColor; 10] = [
    RGBColor(0x44, 0x44, 0x44),
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0xd6, 0x27, 0x28),
    RGBColor(0x2c, 0xa0, 0x2c),
    RGBColor(0x94, 0x67, 0xbd),
    RGBColor(0xff, 0x7f, 0x0e),
    RGBColor(0x17, 0xbe, 0xcf),
    RGBColor(0x8c, 0x56, 0x4b),
    RGBColor(0xe3, 0x77, 0xc2),
    RGBColor(0xbc, 0xbd, 0x22),
];

/// Draws the pictures of an area into a folder; the names of the files, each with what it shows.
///
/// # Errors
/// If a picture can't be written.
pub fn plots(
    area: &Area,
    cases: &[CaseResult],
    folder: &Path,
) -> Result<Vec<(String, &'static str)>, Box<dyn std::error::Error>> {
    let mut drawn = Vec::new();
    let bars: Vec<_> = cases.iter().filter(|case| !case.is_growth()).collect();
    if !bars.is_empty() {
        let name = format!("{}.svg", area.name);
        ratios(area, &bars, &folder.join(&name))?;
        drawn.push((name, "ratios to the limit"));
    }
    if cases.iter().any(CaseResult::is_growth) {
        let name = format!("{}.svg", area.name);
        growth(area, cases, &folder.join(&name))?;
        drawn.push((name, "ratios to the smallest"));
    }
    for (number, case) in cases.iter().enumerate() {
        if case.contenders.iter().any(|contender| contender.singles.is_some()) {
            let name = format!("{}-latency-{}.svg", area.name, number + 1);
            latencies(case, &folder.join(&name))?;
            drawn.push((name, case.name));
        }
    }
    Ok(drawn)
}

/// Where a ratio lies on a logarithmic axis.
fn place(ratio: f64, lowest: f64, highest: f64) -> i32 {
    let span = f64::from(WIDTH as i32 - LEFT - RIGHT);
    let share = (ratio / lowest).ln() / (highest / lowest).ln();
    LEFT + (share.clamp(0.0, 1.0) * span) as i32
}

/// Bars of all cases, one below the other, on one axis.
fn ratios(area: &Area, cases: &[&CaseResult], path: &Path) -> Drawn {
    let all = cases.iter().flat_map(|case| case.contenders.iter().map(|c| case.ratio(c)));
    let finite: Vec<_> = all.filter(|ratio| ratio.iter().all(|r| r.is_finite())).collect();
    let lowest = finite.iter().fold(0.8_f64, |low, ratio| low.min(ratio[0] * 0.8));
    let highest = finite.iter().fold(2.0_f64, |high, ratio| high.max(ratio[0] * 1.3));
    let goals = || cases.iter().flat_map(|case| case.contenders.iter().filter_map(|c| c.goal));
    let lowest = goals().fold(lowest, |low, goal| low.min(goal * 0.9));
    let highest = goals().fold(highest, |high, goal| high.max(goal * 1.1));
    let rows: i32 = cases.iter().map(|case| HEAD + BAR * case.contenders.len() as i32).sum();
    let height = 70 + rows;
    let root = SVGBackend::new(path, (WIDTH, height as u32 + 20)).into_drawing_area();
    root.fill(&WHITE)?;
    root.draw(&Text::new(area.title, (12, 10), (FONT, 19).into_font().color(&INK)))?;
    let small = (FONT, 12).into_font().color(&INK);
    let key = "blue: INOS, grey: others; thin line: range of rounds; red: goal";
    root.draw(&Text::new(key, (WIDTH as i32 - 380, 14), small.clone()))?;
    for tick in ticks(lowest, highest) {
        let x = place(tick, lowest, highest);
        let line = vec![(x, 52), (x, height)];
        root.draw(&PathElement::new(line, if tick == 1.0 { INK.mix(0.8) } else { GREY.mix(0.4) }))?;
        let label = if tick == 1.0 { "limit".to_owned() } else { format!("{tick} ×") };
        root.draw(&Text::new(label, (x - 10, 38), small.clone()))?;
    }
    let mut y = 52;
    for case in cases {
        let bold = (FONT, 13, FontStyle::Bold).into_font().color(&INK);
        root.draw(&Text::new(case.name, (12, y + 12), bold))?;
        y += HEAD;
        for contender in &case.contenders {
            bar(&root, case.ratio(contender), contender, y, (lowest, highest))?;
            y += BAR;
        }
    }
    root.present()?;
    Ok(())
}

fn bar(
    root: &Root<'_>,
    [median, low, high]: [f64; 3],
    contender: &ContenderResult,
    y: i32,
    (lowest, highest): (f64, f64),
) -> Drawn {
    let small = (FONT, 12).into_font().color(&INK);
    root.draw(&Text::new(contender.name.clone(), (24, y + 3), small.clone()))?;
    if !median.is_finite() {
        root.draw(&Text::new("not measured", (LEFT, y + 3), small))?;
        return Ok(());
    }
    let at = |ratio| place(ratio, lowest, highest);
    let colour = match contender.role {
        Role::Limit => INK.mix(0.75),
        Role::Peer => GREY.mix(0.8),
        Role::Inos => BLUE.mix(0.85),
    };
    let (end, middle) = (at(median), y + BAR / 2 - 1);
    // From the limit to the median: on a logarithmic axis only distances from 1 mean anything.
    let from = at(1.0);
    let corners = [(from.min(end), y + 4), (from.max(end).max(from + 1), y + BAR - 6)];
    root.draw(&Rectangle::new(corners, colour.filled()))?;
    root.draw(&PathElement::new(vec![(at(low), middle), (at(high), middle)], INK))?;
    root.draw(&Circle::new((end, middle), 4, colour.filled()))?;
    if let Some(goal) = contender.goal {
        let x = at(goal);
        let red = ShapeStyle::from(&RED).stroke_width(2);
        root.draw(&PathElement::new(vec![(x, y), (x, y + BAR - 2)], red))?;
    }
    let x = end.max(at(high)).max(from) + 10;
    let label = format!("{} ({})", factor(median), time(contender.time()));
    root.draw(&Text::new(label, (x, y + 3), small))?;
    Ok(())
}

/// 1, and its neighbours in steps of about three.
fn ticks(lowest: f64, highest: f64) -> Vec<f64> {
    let steps = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e5];
    let near = [0.5, 2.0];
    let mut ticks: Vec<f64> = steps.into_iter().collect();
    if highest / lowest < 20.0 {
        ticks.extend(near);
    }
    ticks.retain(|&tick| tick >= lowest && tick <= highest);
    ticks
}

/// How many operations took longer than a time, a line for each contender: a histogram's tail.
fn latencies(case: &CaseResult, path: &Path) -> Drawn {
    // The least of all that the picture shows.
    const LEAST: f64 = 0.0005;
    let seen: Vec<_> =
        case.contenders.iter().filter_map(|c| c.singles.as_ref().map(|h| (c, h))).collect();
    let low = seen.iter().map(|(_, h)| h.percentile(0.0)).fold(f64::INFINITY, f64::min) * 0.9;
    let quickest = seen.iter().map(|(_, h)| h.percentile(0.5)).fold(f64::INFINITY, f64::min);
    let high = seen.iter().map(|(_, h)| h.percentile(0.999)).fold(0.0, f64::max);
    // One that stalls must not squeeze the others; its line leaves the picture.
    let high = high.min(quickest * 2000.0) * 1.5;
    let root = SVGBackend::new(path, (WIDTH, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(case.name, (FONT, 17).into_font().color(&INK))
        .margin(14)
        .x_label_area_size(36)
        .y_label_area_size(58)
        .build_cartesian_2d(low.log2()..high.log2(), (LEAST..1.0).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(12)
        .x_label_formatter(&|&octave| time(octave.exp2()))
        .y_label_formatter(&|share| format!("{} %", share * 100.0))
        .x_desc("one operation, the clock's reading included")
        .y_desc("of the operations took longer")
        .label_style((FONT, 12))
        .draw()?;
    for (number, (contender, histogram)) in seen.iter().enumerate() {
        let colour = LINES[number % LINES.len()];
        let width = if contender.role == Role::Peer { 1 } else { 2 };
        let style = ShapeStyle::from(&colour).stroke_width(width);
        let label = format!(
            "{}: p50 {}, p99 {}",
            contender.name,
            time(histogram.percentile(0.5)),
            time(histogram.percentile(0.99))
        );
        chart
            .draw_series(LineSeries::new(tail(histogram, (low, high), LEAST), style))?
            .label(label)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], style));
    }
    legend(&mut chart)?;
    root.present()?;
    Ok(())
}

/// The share of the operations that took longer than a time, in octaves, inside the picture.
fn tail(histogram: &Histogram, (low, high): (f64, f64), least: f64) -> Vec<(f64, f64)> {
    let mut left = 1.0;
    let mut points = vec![(low.log2(), 1.0)];
    for (time, share) in histogram.buckets() {
        let longer: f64 = left - share;
        if time >= low && time <= high && share > 0.0 {
            points.push((time.log2(), left.max(least)));
            points.push((time.log2(), longer.max(least)));
        }
        left = longer;
        if left < least || time > high {
            break;
        }
    }
    points
}

fn legend<'a, X, Y>(chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>) -> Drawn
where
    X: Ranged<ValueType = f64>,
    Y: Ranged<ValueType = f64>,
{
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(GREY)
        .label_font((FONT, 12))
        .draw()?;
    Ok(())
}

/// A line for each case, over what it grows with, as ratios to its own smallest.
fn growth(area: &Area, cases: &[CaseResult], path: &Path) -> Drawn {
    let lines: Vec<(&CaseResult, Vec<(f64, f64)>)> = cases
        .iter()
        .filter(|case| case.is_growth())
        .map(|case| {
            let points = case.contenders.iter();
            (case, points.filter_map(|c| Some((c.at?.number().log2(), case.ratio(c)[0]))).collect())
        })
        .collect();
    let points = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let left = points().map(|(x, _)| x).fold(f64::INFINITY, f64::min).max(0.0);
    let right = points().map(|(x, _)| x).fold(1.0, f64::max);
    let mut sizes = lines.iter().flat_map(|(case, _)| &case.contenders).filter_map(|c| c.at);
    let is_bytes = sizes.any(|size| matches!(size, Amount::Bytes(_)));
    let size = |octave: &f64| if is_bytes { bytes(octave.exp2()) } else { number(octave.exp2()) };
    let top = points().map(|(_, y)| y).fold(2.0, f64::max);
    let bottom = points().map(|(_, y)| y).fold(0.7, f64::min);
    let root = SVGBackend::new(path, (WIDTH, 480)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(area.title, (FONT, 17).into_font().color(&INK))
        .margin(14)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(left..right + 0.25, (bottom * 0.8..top * 1.5).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(10)
        .x_label_formatter(&size)
        .y_label_formatter(&|&ratio| format!("{} ×", factor(ratio)))
        .x_desc("how large, or how many")
        .y_desc("time, × the smallest")
        .label_style((FONT, 12))
        .draw()?;
    for (number, (case, points)) in lines.iter().enumerate() {
        let style = ShapeStyle::from(&LINES[number % LINES.len()]).stroke_width(2);
        let dots = points.iter().map(|&point| Circle::new(point, 3, style.filled()));
        chart.draw_series(dots)?;
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(case.name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 16, y)], style));
    }
    legend(&mut chart)?;
    root.present()?;
    Ok(())
}

/// A number of things.
fn number(size: f64) -> String {
    match size {
        size if size < 1000.0 => format!("{size:.0}"),
        size if size < 1e6 => format!("{:.0} thousand", size / 1e3),
        size => format!("{:.0} million", size / 1e6),
    }
}

/// A number of things up to a few thousand, of bytes above.
pub(crate) fn bytes(size: f64) -> String {
    match size {
        size if size < 4096.0 => format!("{size:.0}"),
        size if size < 1_048_576.0 => format!("{:.0} KiB", size / 1024.0),
        size if size < 1_073_741_824.0 => format!("{:.0} MiB", size / 1_048_576.0),
        size => format!("{:.0} GiB", size / 1_073_741_824.0),
    }
}

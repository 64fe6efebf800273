//! Pictures of the table, as SVG.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::contender::Side;
use crate::measure::quantile;
use crate::report::{Measured, time};

type Drawn = Result<(), Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const LINE: i32 = 22;
const LEFT: i32 = 190;
const WIDTH: i32 = 1000;
/// Room for the numbers behind the bars.
const RIGHT: i32 = 130;
const LEAST: f64 = 0.4;
const FONT: &str = "sans-serif";

fn color(side: Side) -> RGBColor {
    match side {
        Side::Limit => RGBColor(150, 150, 150),
        Side::Peer => RGBColor(222, 143, 5),
        Side::Inos => RGBColor(1, 115, 178),
    }
}

/// Colours of lines that colour-blind people can tell apart (Wong 2011).
const LINES: [RGBColor; 7] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
];

fn text(area: &Area<'_>, text: &str, at: (i32, i32), size: i32, color: &RGBColor) -> Drawn {
    Ok(area.draw(&Text::new(text.to_owned(), at, (FONT, size).into_font().color(color)))?)
}

/// A bar for each contender: what it takes of the limit of its row, on a scale of tens; the range
/// of the rounds as a whisker, the goal as a black mark.
pub fn ratios(rows: &[Measured], path: &Path) -> Drawn {
    let lines: usize = rows.iter().map(|row| row.outcomes.len() + 2).sum();
    let height = LINE * (lines as i32 + 3);
    let area = SVGBackend::new(path, (WIDTH as u32, height as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    let most = rows.iter().flat_map(|row| &row.outcomes).map(|outcome| outcome.ratio_high);
    let most = most.fold(10.0, f64::max);
    let place = |ratio: f64| {
        let part = (ratio.max(LEAST) / LEAST).ln() / (most / LEAST).ln();
        LEFT + (part * f64::from(WIDTH - LEFT - RIGHT)) as i32
    };
    for (index, (side, name)) in
        [(Side::Limit, "the least possible"), (Side::Inos, "INOS"), (Side::Peer, "peers")]
            .into_iter()
            .enumerate()
    {
        let x = LEFT + 160 * index as i32;
        area.draw(&Rectangle::new([(x, 10), (x + 12, 22)], color(side).filled()))?;
        text(&area, name, (x + 18, 9), 14, &BLACK)?;
    }
    text(&area, "times the limit of the row; | is the goal", (LEFT + 480, 9), 14, &BLACK)?;
    let mut decade = 1.0;
    while decade <= most {
        let x = place(decade);
        let line = vec![(x, 2 * LINE), (x, height - LINE)];
        area.draw(&PathElement::new(line, RGBColor(215, 215, 215)))?;
        text(&area, &format!("{decade}"), (x - 4, height - LINE + 4), 13, &BLACK)?;
        decade *= 10.0;
    }
    let mut y = 2 * LINE;
    for row in rows {
        text(&area, row.what, (10, y + 3), 15, &BLACK)?;
        y += LINE;
        for outcome in &row.outcomes {
            let (from, to) = (place(LEAST), place(outcome.ratio));
            let bar = [(from, y + 4), (to, y + LINE - 4)];
            area.draw(&Rectangle::new(bar, color(outcome.side).filled()))?;
            let (low, high) = (place(outcome.ratio_low), place(outcome.ratio_high));
            let middle = y + LINE / 2;
            area.draw(&PathElement::new(vec![(low, middle), (high, middle)], BLACK.mix(0.6)))?;
            if let Some(goal) = row.goal_ratio(outcome.name) {
                let x = place(goal);
                let mark = vec![(x, y + 1), (x, y + LINE - 1)];
                area.draw(&PathElement::new(mark, BLACK.stroke_width(2)))?;
            }
            text(&area, outcome.name, (24, y + 4), 13, &BLACK)?;
            let label = format!("{:.2}   {}", outcome.ratio, time(outcome.median));
            text(&area, &label, (to.max(high) + 8, y + 4), 13, &BLACK)?;
            y += LINE;
        }
        y += LINE;
    }
    Ok(area.present()?)
}

/// How long the slowest of so many operations took: a chart for each row of latencies.
pub fn latencies(rows: &[Measured], path: &Path) -> Drawn {
    let rows: Vec<_> = rows.iter().filter(|row| !row.outcomes[0].latencies.is_empty()).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let height = 360 * rows.len() as u32;
    let area = SVGBackend::new(path, (WIDTH as u32, height)).into_drawing_area();
    area.fill(&WHITE)?;
    for (part, row) in area.split_evenly((rows.len(), 1)).iter().zip(&rows) {
        let all = row.outcomes.iter().flat_map(|outcome| &outcome.latencies);
        let (least, most) =
            all.fold((f64::MAX, 1.0_f64), |(low, high), &at| (low.min(at), high.max(at)));
        let mut chart = ChartBuilder::on(part)
            .caption(row.what, (FONT, 16))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(80)
            .build_cartesian_2d(0.0..4.0, (least.max(1.0) * 0.8..most * 1.2).log_scale())?;
        chart
            .configure_mesh()
            .x_desc("of so many operations ...")
            .y_desc("... the slowest took")
            .x_labels(5)
            .x_label_formatter(&|nines| format!("{:.0}", 10_f64.powf(*nines)))
            .y_label_formatter(&|ns| time(*ns))
            .draw()?;
        for (outcome, color) in row.outcomes.iter().zip(LINES.iter().cycle()) {
            let points = (0..=80).map(|step| {
                let nines = f64::from(step) / 20.0;
                (nines, quantile(&outcome.latencies, 1.0 - 10_f64.powf(-nines)).max(1.0))
            });
            chart
                .draw_series(LineSeries::new(points, color.stroke_width(2)))?
                .label(outcome.name)
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], *color));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
    }
    Ok(area.present()?)
}

/// Cost of an operation over the size of something.
pub struct Curve {
    /// What is timed, and what grows.
    pub what: &'static str,
    /// What grows.
    pub over: &'static str,
    /// Its sizes, and nanoseconds at each.
    pub points: Vec<(f64, f64)>,
}

/// A chart for each curve. Flat is what they should be.
pub fn growth(curves: &[Curve], path: &Path) -> Drawn {
    let lines = curves.len().div_ceil(2);
    let area = SVGBackend::new(path, (WIDTH as u32, 260 * lines as u32)).into_drawing_area();
    area.fill(&WHITE)?;
    for (part, curve) in area.split_evenly((lines, 2)).iter().zip(curves) {
        let (least, most) = match (curve.points.first(), curve.points.last()) {
            (Some(first), Some(last)) => (first.0, last.0),
            _ => continue,
        };
        let highest = curve.points.iter().fold(1.0_f64, |highest, point| highest.max(point.1));
        let mut chart = ChartBuilder::on(part)
            .caption(curve.what, (FONT, 15))
            .margin(10)
            .x_label_area_size(36)
            .y_label_area_size(60)
            .build_cartesian_2d((least..most).log_scale(), 0.0..highest * 1.3)?;
        chart.configure_mesh().x_desc(curve.over).y_desc("ns").x_labels(8).y_labels(6).draw()?;
        let style = LINES[1].stroke_width(2);
        chart.draw_series(LineSeries::new(curve.points.iter().copied(), style))?;
        let dots = curve.points.iter().map(|&point| Circle::new(point, 3, LINES[1].filled()));
        chart.draw_series(dots)?;
    }
    Ok(area.present()?)
}

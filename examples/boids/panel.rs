//! The panel beside the live view: what the flock did, what its rules are, how they evolved.

use std::collections::VecDeque;

use inos::units::boids::{Header, Population, StepParams};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line;
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, Paragraph, Widget};

/// Columns that it takes.
pub(crate) const WIDTH: u16 = 38;
/// Looks at the flock that are remembered: eight seconds of the live view.
const LOOKS: usize = 240;

/// What the flock did lately.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    step: Option<u64>,
    order: VecDeque<f32>,
}

impl Memory {
    /// Takes down what the header of a frame says. A frame seen twice counts once.
    pub(crate) fn see(&mut self, header: &Header) {
        if self.step.replace(header.step) == Some(header.step)
            || !header.order_parameter.is_finite()
        {
            return;
        }
        if self.order.len() >= LOOKS {
            self.order.pop_front();
        }
        self.order.push_back(header.order_parameter.clamp(0.0, 1.0));
    }
}

/// What the panel shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panel<'a> {
    pub(crate) memory: &'a Memory,
    /// The rules that are flown by, where they are known.
    pub(crate) rules: Option<&'a StepParams>,
    /// The newest generation, where some evolve.
    pub(crate) population: Option<&'a Population>,
}

/// A panel with the colours that the terminal has.
pub(crate) struct Painted<'a> {
    pub(crate) panel: Panel<'a>,
    /// Of words, of the first line of a plot, and of the second.
    pub(crate) colours: [Color; 3],
    pub(crate) background: Color,
}

impl Widget for Painted<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let Panel { memory, rules, population } = self.panel;
        let ink = Style::new().fg(self.colours[0]).bg(self.background);
        buffer.set_style(area, ink);
        let words = Constraint::Length(if rules.is_some() { 8 } else { 0 });
        let plot = |is_shown| if is_shown { Constraint::Fill(1) } else { Constraint::Length(0) };
        let [top, middle, bottom] =
            Layout::vertical([plot(true), plot(population.is_some()), words]).areas(area);

        let points = |values: &mut dyn Iterator<Item = f32>| -> Vec<(f64, f64)> {
            values.enumerate().map(|(at, value)| (at as f64, f64::from(value))).collect()
        };
        let order = points(&mut memory.order.iter().copied());
        let now = memory.order.back().copied().unwrap_or(0.0);
        self.plot(&format!(" order {now:.2} "), &[&order], LOOKS as f64, top, buffer);
        if let Some(population) = population {
            let history = &population.history;
            let mean = points(&mut history.iter().map(|of| of.mean));
            let best = points(&mut history.iter().map(|of| of.best));
            let (generation, fitness) = (population.generation, population.best.fitness);
            let title = format!(" fitness {fitness:.2}, generation {generation} ");
            self.plot(&title, &[&best, &mean], history.len().max(2) as f64, middle, buffer);
        }
        if let Some(rules) = rules {
            Paragraph::new(table(rules)).block(Block::bordered()).style(ink).render(bottom, buffer);
        }
    }
}

impl Painted<'_> {
    /// Lines from 0 to 1, the brightest first.
    fn plot(
        &self,
        title: &str,
        lines: &[&[(f64, f64)]],
        width: f64,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let ink = Style::new().fg(self.colours[0]).bg(self.background);
        let lines = lines.iter().zip(&self.colours[1..]).rev().map(|(line, colour)| {
            Dataset::default()
                .marker(Marker::Braille)
                .graph_type(GraphType::Line)
                .style(Style::new().fg(*colour))
                .data(line)
        });
        let scale = Axis::default().bounds([0.0, 1.0]).labels(["0", "1"]).style(ink);
        Chart::new(lines.collect())
            .block(Block::bordered().title(title))
            .x_axis(Axis::default().bounds([0.0, width]))
            .y_axis(scale)
            .style(ink)
            .render(area, buffer);
    }
}

/// The rules in words and numbers.
fn table(rules: &StepParams) -> Vec<Line<'static>> {
    let row =
        |name: &str, radius: f32, weight: f32| format!(" {name:<11}{radius:>9.2}{weight:>10.2}");
    [
        format!(" {:<11}{:>9}{:>10}", "", "radius", "weight"),
        row("separation", rules.separation_radius, rules.separation_weight),
        row("alignment", rules.alignment_radius, rules.alignment_weight),
        row("cohesion", rules.cohesion_radius, rules.cohesion_weight),
        format!(" {:<11}{:>13.2} to {:.2}", "speed", rules.min_speed, rules.max_speed),
        format!(" {:<11}{:>19.2}", "force up to", rules.max_force),
    ]
    .map(Line::from)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inos::units::boids::{Bounds, Generation};

    fn header(step: u64, order_parameter: f32) -> Header {
        Header {
            dim: 2,
            count: 1,
            bounds: Bounds::Box,
            half_extent: 1.0,
            step,
            seed: 1,
            mean_neighbours: 0.0,
            order_parameter,
            max_neighbours: 0,
            predators: 0,
            obstacles: 0,
            caught: 0,
        }
    }

    fn shown(panel: Panel<'_>, width: u16, height: u16) -> String {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        let colours = [Color::Gray, Color::Cyan, Color::Blue];
        Painted { panel, colours, background: Color::Black }.render(area, &mut buffer);
        let row = |y| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
        (0..height).map(row).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_memory_keeps_the_latest_of_each_frame_once() {
        let mut memory = Memory::default();
        for step in 0..1000 {
            memory.see(&header(step, 0.5));
            memory.see(&header(step, 0.9));
        }
        memory.see(&header(1000, f32::NAN));
        memory.see(&header(1001, 7.0));
        assert_eq!(memory.order.len(), LOOKS);
        assert_eq!((memory.order[0], memory.order[LOOKS - 1]), (0.5, 1.0));
    }

    #[test]
    fn plots_rise_with_what_they_show() {
        let mut memory = Memory::default();
        let rules = StepParams::default();
        let draw = |memory: &Memory| {
            shown(Panel { memory, rules: Some(&rules), population: None }, WIDTH, 24)
        };
        let empty = draw(&memory);
        (0..LOOKS as u64).for_each(|step| memory.see(&header(step, 0.05)));
        let low = draw(&memory);
        (0..LOOKS as u64).for_each(|step| memory.see(&header(step + 1000, 0.95)));
        let high = draw(&memory);
        let dots = |text: &str, rows: std::ops::Range<usize>| {
            let rows = text.lines().skip(rows.start).take(rows.len());
            rows.flat_map(str::chars).filter(|c| ('⠁'..='⣿').contains(c)).count()
        };
        assert_eq!(dots(&empty, 0..24), 0);
        assert!(dots(&low, 0..8) == 0 && dots(&low, 8..16) > 10, "{low}");
        assert!(dots(&high, 0..8) > 10 && dots(&high, 8..16) == 0, "{high}");
        assert!(high.contains("order 0.95") && high.contains("alignment"), "{high}");
    }

    #[test]
    fn generations_have_a_plot_of_their_own() {
        let history = (0..200).map(|at| at as f32 / 200.0);
        let history = history.map(|best| Generation { best, mean: best / 2.0 }).collect();
        let population = Population { generation: 200, history, ..Population::default() };
        let memory = Memory::default();
        let panel = Panel { memory: &memory, rules: None, population: Some(&population) };
        let text = shown(panel, WIDTH, 24);
        assert!(text.contains("fitness 0.00, generation 200"), "{text}");
        assert!(text.chars().filter(|c| ('⠁'..='⣿').contains(c)).count() > 30, "{text}");
        for (width, height) in [(0, 0), (1, 1), (5, 40), (38, 3), (200, 2)] {
            let _ = shown(panel, width, height);
        }
    }
}

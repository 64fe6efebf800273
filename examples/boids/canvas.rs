//! A canvas of characters: each cell holds two by four dots, as braille does.
//!
//! Dots of many colours may fall into one cell, which has only one; it takes their mean, and
//! the more of them there are the brighter it is. Lines lie behind all dots: they show only in
//! cells without any.

use super::palette::{self, Rgb};

/// Dots across one cell.
pub(crate) const DOTS_ACROSS: u32 = 2;
/// Dots down one cell.
pub(crate) const DOTS_DOWN: u32 = 4;

/// What is to be shown in one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyph {
    /// A character from U+2801 to U+28FF.
    pub(crate) symbol: char,
    /// Its colour.
    pub(crate) colour: Rgb,
}

/// One cell as it is being drawn.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    dots: u8,
    lines: u8,
    /// How strong the lines are, from 0 to 255.
    line: u8,
    /// The colours of the dots added up, each as often as its weight.
    sum: [f32; 3],
    weight: f32,
}

/// A grid of cells to draw dots and lines on.
#[derive(Clone, Debug)]
pub(crate) struct Canvas {
    columns: u16,
    rows: u16,
    cells: Vec<Cell>,
}

impl Canvas {
    /// A canvas of so many characters.
    #[must_use]
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let cells = vec![Cell::default(); usize::from(columns) * usize::from(rows)];
        Self { columns, rows, cells }
    }

    /// Dots across and down.
    #[must_use]
    pub(crate) fn dots(&self) -> (u32, u32) {
        (u32::from(self.columns) * DOTS_ACROSS, u32::from(self.rows) * DOTS_DOWN)
    }

    /// Sets the dot at `x` from the left and `y` from the top, if the canvas has it.
    ///
    /// Of the dots in a cell those with more weight have more say about its colour.
    pub(crate) fn dot(&mut self, x: f32, y: f32, colour: Rgb, weight: f32) {
        if let Some((cell, bit)) = self.at(x, y) {
            cell.dots |= bit;
            cell.weight += weight;
            let part = |channel: usize| cell.sum[channel] + f32::from(colour[channel]) * weight;
            cell.sum = [part(0), part(1), part(2)];
        }
    }

    /// Draws a straight line, of a strength from 0 to 1.
    pub(crate) fn line(&mut self, from: [f32; 2], to: [f32; 2], strength: f32) {
        for [x, y] in steps(from, to) {
            if let Some((cell, bit)) = self.at(x, y) {
                cell.lines |= bit;
                cell.line = cell.line.max((strength * 255.0) as u8);
            }
        }
    }

    /// Draws a straight line of dots, which are no less than any other.
    pub(crate) fn stroke(&mut self, from: [f32; 2], to: [f32; 2], colour: Rgb) {
        for [x, y] in steps(from, to) {
            self.dot(x, y, colour, 0.5);
        }
    }

    /// What a cell shows, or `None` if it is empty or outside.
    #[must_use]
    pub(crate) fn glyph(&self, column: u16, row: u16) -> Option<Glyph> {
        if column >= self.columns {
            return None;
        }
        let index = usize::from(row) * usize::from(self.columns) + usize::from(column);
        let cell = self.cells.get(index)?;
        if cell.dots != 0 {
            let mean = cell.sum.map(|sum| sum / cell.weight.max(f32::MIN_POSITIVE));
            // One boid is plainly there; from about eight on a cell is as bright as it gets.
            let full = (0.62 + 0.13 * cell.weight.max(1.0).log2()).min(1.0);
            let colour = mean.map(|value| value.clamp(0.0, 255.0) as u8);
            let colour = palette::mix(palette::BACKGROUND, colour, full);
            return Some(Glyph { symbol: braille(cell.dots), colour });
        }
        let strength = f32::from(cell.line) / 255.0;
        let colour = palette::mix(palette::BACKGROUND, palette::FAINT, strength);
        (cell.lines != 0).then(|| Glyph { symbol: braille(cell.lines), colour })
    }

    /// The cell that holds a dot, and the bit that is the dot's.
    fn at(&mut self, x: f32, y: f32) -> Option<(&mut Cell, u8)> {
        let (across, down) = self.dots();
        // Written so that NaN is outside.
        let inside = x >= 0.0 && y >= 0.0 && x < across as f32 && y < down as f32;
        if !inside {
            return None;
        }
        let (x, y) = (x as u32, y as u32);
        let index =
            (y / DOTS_DOWN) as usize * usize::from(self.columns) + (x / DOTS_ACROSS) as usize;
        let cell = self.cells.get_mut(index)?;
        Some((cell, bit(x % DOTS_ACROSS, y % DOTS_DOWN)))
    }
}

/// The points of a straight line, at most a dot apart.
fn steps(from: [f32; 2], to: [f32; 2]) -> impl Iterator<Item = [f32; 2]> {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    // Longer than any canvas is wide, it would only take time.
    let steps = dx.abs().max(dy.abs()).ceil().clamp(1.0, 10_000.0);
    (0..=steps as u32).map(move |step| {
        let part = step as f32 / steps;
        [from[0] + dx * part, from[1] + dy * part]
    })
}

/// The bit of a dot in a braille character: the lowest row was added to the alphabet later.
fn bit(x: u32, y: u32) -> u8 {
    if y < 3 { 1 << (3 * x + y) } else { 1 << (6 + x) }
}

fn braille(dots: u8) -> char {
    char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Rgb = [255; 3];

    #[test]
    fn dots_have_the_bits_that_unicode_gives_them() {
        let expected = [['⠁', '⠈'], ['⠂', '⠐'], ['⠄', '⠠'], ['⡀', '⢀']];
        for (y, row) in expected.iter().enumerate() {
            for (x, &symbol) in row.iter().enumerate() {
                let mut canvas = Canvas::new(3, 2);
                canvas.dot(2.0 + x as f32, 4.0 + y as f32, WHITE, 1.0);
                assert_eq!(canvas.glyph(1, 1).unwrap().symbol, symbol);
                assert!(canvas.glyph(0, 1).is_none() && canvas.glyph(1, 0).is_none());
            }
        }
        let mut canvas = Canvas::new(1, 1);
        (0..8).for_each(|dot| canvas.dot((dot % 2) as f32, (dot / 2) as f32, WHITE, 1.0));
        assert_eq!(canvas.glyph(0, 0).unwrap().symbol, '⣿');
    }

    #[test]
    fn a_cell_takes_the_mean_colour_and_brightens_with_its_dots() {
        let glyph = |colours: &[Rgb]| {
            let mut canvas = Canvas::new(1, 1);
            colours.iter().for_each(|&colour| canvas.dot(0.0, 0.0, colour, 1.0));
            canvas.glyph(0, 0).unwrap()
        };
        assert_eq!(glyph(&[[200, 0, 0], [0, 100, 0]]).colour, glyph(&[[100, 50, 0]; 2]).colour);
        assert!(glyph(&[WHITE; 5]).colour > glyph(&[WHITE]).colour);
        assert_eq!(glyph(&[WHITE; 50]).colour, WHITE);
    }

    #[test]
    fn lines_lie_behind_dots() {
        let mut canvas = Canvas::new(4, 1);
        canvas.line([0.0, 1.0], [7.0, 1.0], 1.0);
        assert_eq!(canvas.glyph(3, 0), Some(Glyph { symbol: '⠒', colour: palette::FAINT }));
        canvas.dot(7.0, 3.0, WHITE, 1.0);
        assert_eq!(canvas.glyph(3, 0).map(|glyph| glyph.symbol), Some('⢀'));
    }

    #[test]
    fn nothing_outside_is_drawn_and_nothing_panics() {
        for (columns, rows) in [(0, 0), (1, 0), (0, 1), (3, 2)] {
            let mut canvas = Canvas::new(columns, rows);
            for value in [f32::NAN, f32::INFINITY, f32::MAX, -0.5, 1e9] {
                canvas.dot(value, 0.0, WHITE, value);
                canvas.dot(0.0, value, WHITE, 1.0);
                canvas.line([value, 0.0], [-value, value], value);
            }
            assert!(canvas.glyph(u16::MAX, u16::MAX).is_none());
            assert!(canvas.glyph(columns, 0).is_none());
            let shown = (0..columns).filter_map(|column| canvas.glyph(column, 0));
            assert!(
                shown.into_iter().all(|glyph| ('\u{2801}'..='\u{28ff}').contains(&glyph.symbol))
            );
        }
    }
}

//! The live view as characters: the flock in braille, below it what is said about it.
//!
//! Everything here is a function from a scene to a grid of cells; the terminal itself is in
//! `terminal.rs`.

use super::camera::{Camera, Place};
use super::canvas::Canvas;
use super::palette::{self, Rgb};
use super::panel::{self, Painted, Panel};
use super::props::{PREDATOR, RIM, hunter, outline};
use super::scene::Scene;
use super::status::{self, Piece, Status};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    /// 24 bits for each cell.
    True,
    /// The usual table of 256.
    Table256,
}

impl Colours {
    /// What the environment says the terminal has.
    #[must_use]
    pub(crate) fn of_terminal() -> Self {
        Self::named(std::env::var("COLORTERM").ok().as_deref())
    }

    fn named(variable: Option<&str>) -> Self {
        match variable {
            Some("truecolor" | "24bit") => Self::True,
            _ => Self::Table256,
        }
    }

    fn show(self, colour: Rgb) -> Color {
        let [r, g, b] = colour;
        match self {
            Self::True => Color::Rgb(r, g, b),
            Self::Table256 => Color::Indexed(palette::nearest_256(colour)),
        }
    }
}

/// Columns and rows of a screen that has room for a panel.
const LEAST: (u16, u16) = (96, 24);
/// Colours of a panel: words, the first line of a plot, the second.
const PANEL: [Rgb; 3] = [[120, 126, 150], [120, 220, 200], [70, 110, 150]];

/// One frame of the live view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen<'a> {
    /// The flock.
    pub(crate) scene: &'a Scene<'a>,
    /// Where it is seen from.
    pub(crate) camera: &'a Camera,
    /// What is said about it.
    pub(crate) status: &'a Status<'a>,
    /// What is drawn beside it where there is room.
    pub(crate) panel: Option<Panel<'a>>,
    /// What the terminal can show.
    pub(crate) colours: Colours,
}

impl Widget for Screen<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        // The flock goes first when there is room, and last when there is not.
        let lines = match area.height {
            0 | 1 => area.height,
            2..8 => 1,
            _ => 2,
        };
        let canvas = Rect { height: area.height - lines, ..area };
        let panel = self.panel.filter(|_| area.width >= LEAST.0 && area.height >= LEAST.1);
        let aside = if panel.is_some() { panel::WIDTH } else { 0 };
        self.draw_flock(Rect { width: area.width - aside, ..canvas }, buffer);
        if let Some(panel) = panel {
            let colours = PANEL.map(|colour| self.colours.show(colour));
            let background = self.colours.show(palette::BACKGROUND);
            let area = Rect { x: area.right() - aside, width: aside, ..canvas };
            Painted { panel, colours, background }.render(area, buffer);
        }
        let row = |index| Rect { y: canvas.bottom() + index, height: 1, ..area };
        if lines > 0 {
            self.draw_line(self.status.pieces(self.camera.view().name()), 170, row(0), buffer);
        }
        if lines > 1 {
            self.draw_line(status::key_help(self.status.role), 95, row(1), buffer);
        }
    }
}

impl Screen<'_> {
    fn draw_flock(&self, area: Rect, buffer: &mut Buffer) {
        let mut canvas = Canvas::new(area.width, area.height);
        let (across, down) = canvas.dots();
        let view = self.camera.before(across, down);
        for [from, to] in view.edges(self.scene.bounds) {
            let strength = 0.35 + 0.65 * (0.5 * (from.nearness + to.nearness));
            canvas.line([from.x, from.y], [to.x, to.y], strength);
        }
        for [from, to] in self.scene.props.obstacles.iter().flat_map(|o| outline(o, &view)) {
            canvas.stroke(from, to, RIM);
        }
        // A dot says nothing about a direction; where there is room, a second one behind does.
        let roomy = self.scene.len() as u64 * 12 < u64::from(across) * u64::from(down);
        let deep = self.scene.dim == 3;
        let back = if roomy { 1.2 / view.scale() } else { 0.0 };
        for boid in self.scene.boids() {
            let Some(Place { x, y, nearness, .. }) = view.place(boid.position) else {
                continue;
            };
            let shade = if deep { 0.12 + 0.85 * nearness } else { 0.9 };
            let colour = palette::heading(boid.velocity, shade);
            let weight = if deep { 0.3 + nearness } else { 1.0 };
            canvas.dot(x, y, colour, weight);
            let [vx, vy, vz] = boid.velocity;
            let speed = vx.hypot(vy).hypot(vz);
            if roomy && speed > 0.0 {
                let behind = |axis: usize| boid.position[axis] - boid.velocity[axis] / speed * back;
                if let Some(place) = view.place([behind(0), behind(1), behind(2)]) {
                    canvas.dot(place.x, place.y, colour, 0.5 * weight);
                }
            }
        }
        for (place, [dx, dy]) in self.scene.props.predators.iter().filter_map(|p| hunter(p, &view))
        {
            // An arrow of dots that outweigh all boids of a cell.
            let at = |ahead: f32, aside: f32| {
                (place.x + dx * ahead - dy * aside, place.y + dy * ahead + dx * aside)
            };
            for (ahead, aside) in
                [(2., 0.), (1., 0.), (0., 0.), (-1., 1.), (-1., -1.), (-2., 2.), (-2., -2.)]
            {
                let (x, y) = at(ahead, aside);
                canvas.dot(x, y, PREDATOR, 100.0);
            }
        }
        let background = self.colours.show(palette::BACKGROUND);
        for (row, y) in (area.top()..area.bottom()).enumerate() {
            for (column, x) in (area.left()..area.right()).enumerate() {
                let Some(cell) = buffer.cell_mut((x, y)) else {
                    continue;
                };
                cell.reset();
                cell.set_bg(background);
                if let Some(glyph) = canvas.glyph(column as u16, row as u16) {
                    cell.set_char(glyph.symbol).set_fg(self.colours.show(glyph.colour));
                }
            }
        }
    }

    /// Writes as many of the pieces as fit, in a grey of this brightness.
    fn draw_line(&self, pieces: Vec<Piece>, grey: u8, area: Rect, buffer: &mut Buffer) {
        let style =
            Style::new().fg(self.colours.show([grey; 3])).bg(self.colours.show([24, 27, 38]));
        let loud = style.fg(self.colours.show([250, 200, 90])).add_modifier(Modifier::BOLD);
        let mut spans = vec![Span::raw(" ")];
        let width = usize::from(area.width).saturating_sub(2);
        for piece in status::fit(pieces, width) {
            spans.push(Span::styled(piece.text, if piece.bright { loud } else { style }));
            spans.push(Span::raw(status::GAP));
        }
        Line::from(spans).style(style).render(area, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::samples::{Flock, HOSTILE};
    use super::*;

    fn screen(scene: &Scene<'_>, width: u16, height: u16, colours: Colours) -> Buffer {
        let camera = Camera::new(scene);
        let status = Status { count: scene.len(), dim: 2, note: "noted", ..Status::default() };
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        Screen { scene, camera: &camera, status: &status, panel: None, colours }
            .render(area, &mut buffer);
        buffer
    }

    /// The symbols of one row.
    fn row(buffer: &Buffer, y: u16) -> String {
        (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect()
    }

    #[test]
    fn the_flock_is_above_and_the_words_are_below() {
        let flock = Flock::spiral(2, 200, 0.0);
        let buffer = screen(&flock.scene(), 80, 24, Colours::True);
        let dots = |y| row(&buffer, y).chars().filter(|c| ('⠁'..='⣿').contains(c)).count();
        assert!((0..22).map(dots).sum::<usize>() > 100);
        assert_eq!(dots(22) + dots(23), 0);
        assert!(row(&buffer, 22).contains("200 boids"), "{}", row(&buffer, 22));
        assert!(row(&buffer, 23).contains("q quit"));
    }

    #[test]
    fn another_flock_is_another_screen() {
        let [one, other] = [0.0, 1.0].map(|turn| Flock::spiral(3, 200, turn));
        let shown = |flock: &Flock| screen(&flock.scene(), 60, 20, Colours::True);
        assert_eq!(shown(&one), shown(&one));
        assert_ne!(shown(&one), shown(&other));
    }

    #[test]
    fn a_terminal_with_256_colours_gets_no_others() {
        let flock = Flock::spiral(3, 300, 0.0);
        let buffer = screen(&flock.scene(), 40, 12, Colours::Table256);
        let known = |colour| matches!(colour, Color::Indexed(_) | Color::Reset);
        assert!(buffer.content.iter().all(|cell| known(cell.fg) && known(cell.bg)));
        assert_eq!(Colours::named(Some("truecolor")), Colours::True);
        assert_eq!(Colours::named(Some("24bit")), Colours::True);
        assert_eq!(Colours::named(None), Colours::Table256);
    }

    #[test]
    fn any_size_shows_what_fits_and_never_panics() {
        let flock = Flock::spiral(2, 50, 0.0);
        for (width, height) in [(0, 0), (1, 1), (2, 1), (1, 40), (20, 5), (7, 3), (300, 100)] {
            for scene in [flock.scene(), HOSTILE, Scene { dim: 2, ..HOSTILE }] {
                let _ = screen(&scene, width, height, Colours::True);
            }
        }
        let small = screen(&flock.scene(), 20, 5, Colours::True);
        assert_eq!(row(&small, 4).trim(), "0.0 steps/s");
        // An area that is larger than the buffer is cut to it.
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 5));
        let (scene, status) = (flock.scene(), Status::default());
        let camera = Camera::new(&scene);
        Screen {
            scene: &scene,
            camera: &camera,
            status: &status,
            panel: None,
            colours: Colours::True,
        }
        .render(Rect::new(3, 3, 50, 50), &mut buffer);
    }
}

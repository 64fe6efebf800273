//! The shapes of what is beside the flock: obstacles as solids, predators as large pale darts.

use super::camera::{Place, Projection};
use super::palette::{self, Rgb};
use inos::units::boids::{Obstacle, Predator};
use tiny_skia::{
    Color, FillRule, GradientStop, Paint, Path, PathBuilder, Pixmap, Point, RadialGradient, Shader,
    SpreadMode, Stroke, Transform,
};

/// The lightest and the darkest side of a solid. Hues are headings, so solids have next to none.
pub(crate) const LIT: Rgb = [86, 94, 116];
pub(crate) const SHADED: Rgb = [24, 28, 40];
/// What outlines a solid.
pub(crate) const RIM: Rgb = [112, 120, 146];
/// A predator: no heading of a boid is as pale.
pub(crate) const PREDATOR: Rgb = [255, 250, 244];

/// An obstacle on the canvas.
pub(crate) struct Solid<'a> {
    obstacle: &'a Obstacle,
    /// Where its middle is.
    pub(crate) place: Place,
}

impl<'a> Solid<'a> {
    /// The obstacle as it is seen, or `None` if its middle is not.
    #[must_use]
    pub(crate) fn new(obstacle: &'a Obstacle, view: &Projection) -> Option<Self> {
        let (Obstacle::Sphere { center, .. } | Obstacle::Box { center, .. }) = obstacle;
        Some(Self { obstacle, place: view.place(*center)? })
    }

    /// Draws it.
    pub(crate) fn draw(&self, layer: &mut Pixmap, view: &Projection) {
        match self.obstacle {
            Obstacle::Sphere { radius, .. } => self.ball(layer, radius * view.scale()),
            Obstacle::Box { center, half } => faces(layer, view, *center, *half),
        }
    }

    /// Covers what is behind it with darkness.
    pub(crate) fn darken(&self, layer: &mut Pixmap, view: &Projection) {
        match self.obstacle {
            Obstacle::Sphere { radius, .. } => {
                let Place { x, y, size, .. } = self.place;
                if let Some(path) = PathBuilder::from_circle(x, y, radius * view.scale() * size) {
                    fill(layer, &path, &solid([0; 3], 1.0));
                }
            }
            Obstacle::Box { center, half } => {
                each_face(view, *center, *half, |path, _| fill(layer, path, &solid([0; 3], 1.0)));
            }
        }
    }

    fn ball(&self, layer: &mut Pixmap, radius: f32) {
        let Place { x, y, size, .. } = self.place;
        let radius = radius * size;
        let Some(path) = PathBuilder::from_circle(x, y, radius) else { return };
        let paint = Paint { shader: lit_ball(x, y, radius), anti_alias: true, ..Paint::default() };
        fill(layer, &path, &paint);
        let stroke = Stroke { width: 1.0, ..Stroke::default() };
        layer.stroke_path(&path, &solid(RIM, 0.35), &stroke, Transform::identity(), None);
    }
}

/// A ball lit from the upper left.
fn lit_ball(x: f32, y: f32, radius: f32) -> Shader<'static> {
    let stop = |at, colour| GradientStop::new(at, colour_of(colour, 1.0));
    let (light, dark) = (colour_of(LIT, 1.0), vec![stop(0.0, LIT), stop(1.0, SHADED)]);
    let from = Point::from_xy(x - 0.4 * radius, y - 0.45 * radius);
    let to = Point::from_xy(x, y);
    RadialGradient::new(from, 0.0, to, radius, dark, SpreadMode::Pad, Transform::identity())
        .unwrap_or(Shader::SolidColor(light))
}

/// A box, each face as light as its side.
fn faces(layer: &mut Pixmap, view: &Projection, center: [f32; 3], half: [f32; 3]) {
    each_face(view, center, half, |path, light| {
        fill(layer, path, &solid(palette::mix(SHADED, LIT, light), 1.0));
        let stroke = Stroke { width: 1.0, ..Stroke::default() };
        layer.stroke_path(path, &solid(RIM, 0.35), &stroke, Transform::identity(), None);
    });
}

fn fill(layer: &mut Pixmap, path: &Path, paint: &Paint<'_>) {
    layer.fill_path(path, paint, FillRule::Winding, Transform::identity(), None);
}

/// The faces of a box that look this way, with how light each is.
fn each_face(
    view: &Projection,
    center: [f32; 3],
    half: [f32; 3],
    mut draw: impl FnMut(&Path, f32),
) {
    const LIGHT: [f32; 3] = [0.45, 0.7, 0.95];
    let corner = |signs: [f32; 3]| {
        view.place(std::array::from_fn(|axis| center[axis] + signs[axis] * half[axis]))
    };
    for axis in 0..3 {
        let (next, last) = ((axis + 1) % 3, (axis + 2) % 3);
        for side in [-1.0, 1.0] {
            // Counterclockwise, as seen from outside.
            let round = [[-1.0, -1.0], [side, -side], [1.0, 1.0], [-side, side]];
            let corners = round.map(|[a, b]| {
                let mut signs = [0.0; 3];
                (signs[axis], signs[next], signs[last]) = (side, a, b);
                corner(signs)
            });
            let [Some(a), Some(b), Some(c), Some(d)] = corners else { continue };
            let cross = (c.x - a.x) * (d.y - b.y) - (c.y - a.y) * (d.x - b.x);
            // Down on a canvas is a larger y, so turns are the other way round.
            if cross >= 0.0 {
                continue;
            }
            let mut path = PathBuilder::new();
            path.move_to(a.x, a.y);
            [b, c, d].iter().for_each(|place| path.line_to(place.x, place.y));
            path.close();
            if let Some(path) = path.finish() {
                draw(&path, if side > 0.0 { LIGHT[axis] } else { 0.25 });
            }
        }
    }
}

fn colour_of([r, g, b]: Rgb, alpha: f32) -> Color {
    Color::from_rgba8(r, g, b, (255.0 * alpha) as u8)
}

fn solid(colour: Rgb, alpha: f32) -> Paint<'static> {
    let shader = Shader::SolidColor(colour_of(colour, alpha));
    Paint { shader, anti_alias: true, ..Paint::default() }
}

/// Lines on the canvas that outline an obstacle: for where nothing can be filled.
#[must_use]
pub(crate) fn outline(obstacle: &Obstacle, view: &Projection) -> Vec<[[f32; 2]; 2]> {
    const CHORDS: usize = 48;
    match obstacle {
        Obstacle::Sphere { center, radius } => {
            let Some(Place { x, y, size, .. }) = view.place(*center) else { return Vec::new() };
            let radius = radius * view.scale() * size;
            let at = |index: usize| {
                let (sin, cos) = (index as f32 / CHORDS as f32 * std::f32::consts::TAU).sin_cos();
                [x + radius * cos, y + radius * sin]
            };
            (0..CHORDS).map(|index| [at(index), at(index + 1)]).collect()
        }
        Obstacle::Box { center, half } => {
            let corner = |bits: usize| {
                let sign = |axis: usize| if bits >> axis & 1 == 1 { 1.0 } else { -1.0 };
                let place: [f32; 3] =
                    std::array::from_fn(|axis| center[axis] + sign(axis) * half[axis]);
                view.place(place).map(|place| [place.x, place.y])
            };
            let pairs = (0..8_usize).flat_map(|bits| (0..3).map(move |axis| (bits, 1 << axis)));
            pairs
                .filter(|(bits, axis)| bits & axis == 0)
                .filter_map(|(bits, axis)| Some([corner(bits)?, corner(bits | axis)?]))
                .collect()
        }
    }
}

/// Where a predator is seen and where it flies on the canvas.
#[must_use]
pub(crate) fn hunter(predator: &Predator, view: &Projection) -> Option<(Place, [f32; 2])> {
    let place = view.place(predator.pos)?;
    let ahead = 2.0 / view.scale();
    let [x, y, z] = predator.vel;
    let speed = x.hypot(y).hypot(z).max(f32::MIN_POSITIVE);
    let next: [f32; 3] =
        std::array::from_fn(|axis| predator.pos[axis] + predator.vel[axis] / speed * ahead);
    let next = view.place(next)?;
    let (dx, dy) = (next.x - place.x, next.y - place.y);
    let length = dx.hypot(dy);
    let along = if length > 1e-3 { [dx / length, dy / length] } else { [1.0, 0.0] };
    Some((place, along))
}

/// Draws a predator of so many pixels.
pub(crate) fn draw_hunter(layer: &mut Pixmap, place: Place, along: [f32; 2], size: f32) {
    let ([x, y], [dx, dy]) = ([place.x, place.y], along);
    let at = |ahead: f32, aside: f32| {
        (x + size * (dx * ahead - dy * aside), y + size * (dy * ahead + dx * aside))
    };
    // Swept wings, so that it is told from a boid by its shape as well.
    let outline = [
        at(0.62, 0.0),
        at(0.05, 0.13),
        at(-0.42, 0.52),
        at(-0.2, 0.1),
        at(-0.5, 0.0),
        at(-0.2, -0.1),
        at(-0.42, -0.52),
        at(0.05, -0.13),
    ];
    let mut path = PathBuilder::new();
    path.move_to(outline[0].0, outline[0].1);
    outline[1..].iter().for_each(|(x, y)| path.line_to(*x, *y));
    path.close();
    if let Some(path) = path.finish() {
        let paint = solid(PREDATOR, 0.55 + 0.45 * place.nearness);
        layer.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    }
}

#[cfg(test)]
mod tests {
    use super::super::camera::Camera;
    use super::super::scene::samples::Flock;
    use super::*;

    fn view(dim: u32) -> Projection {
        Camera::new(&Flock::spiral(dim, 1, 0.0).scene()).before(200, 200)
    }

    fn covered(layer: &Pixmap) -> usize {
        layer.pixels().iter().filter(|pixel| pixel.alpha() > 200).count()
    }

    #[test]
    fn a_disc_and_a_square_cover_what_they_should() {
        // Ten units are 97 pixels.
        let scale = view(2).scale();
        let disc = Obstacle::Sphere { center: [0.0; 3], radius: 4.0 };
        let square = Obstacle::Box { center: [0.0; 3], half: [4.0, 4.0, 4.0] };
        for (obstacle, area) in [(disc, std::f32::consts::PI * 16.0), (square, 64.0)] {
            let mut layer = Pixmap::new(200, 200).unwrap();
            Solid::new(&obstacle, &view(2)).unwrap().draw(&mut layer, &view(2));
            let expected = area * scale * scale;
            let found = covered(&layer) as f32;
            assert!((found / expected - 1.0).abs() < 0.05, "{found} pixels, not {expected}");
        }
    }

    #[test]
    fn a_box_in_space_shows_its_top_and_two_sides() {
        let mut layer = Pixmap::new(200, 200).unwrap();
        faces(&mut layer, &view(3), [0.0; 3], [4.0; 3]);
        let mut colours: Vec<_> =
            layer.pixels().iter().filter(|p| p.alpha() == 255).map(|p| p.demultiply()).collect();
        colours.sort_by_key(|c| (c.red(), c.green(), c.blue()));
        let mut counts = Vec::new();
        for run in colours.chunk_by(|a, b| a == b) {
            counts.push(run.len());
        }
        assert_eq!(counts.iter().filter(|&&count| count > 200).count(), 3, "{counts:?}");
    }

    #[test]
    fn outlines_are_where_the_solids_are() {
        let ball = Obstacle::Sphere { center: [0.0; 3], radius: 4.0 };
        let cube = Obstacle::Box { center: [0.0; 3], half: [4.0; 3] };
        assert_eq!(outline(&ball, &view(3)).len(), 48);
        assert_eq!(outline(&cube, &view(3)).len(), 12);
        let radius = 4.0 * view(2).scale();
        for [[x, y], _] in outline(&ball, &view(2)) {
            assert!(((x - 100.0).hypot(y - 100.0) - radius).abs() < 0.01);
        }
    }

    #[test]
    fn a_hunter_points_where_it_flies_and_absurd_ones_are_harmless() {
        let predator = |vel| Predator { pos: [0.0; 3], vel };
        let (place, along) = hunter(&predator([0.0, 3.0, 0.0]), &view(2)).unwrap();
        assert!((along[1] + 1.0).abs() < 1e-3);
        let mut layer = Pixmap::new(200, 200).unwrap();
        draw_hunter(&mut layer, place, along, 30.0);
        assert!(layer.pixel(100, 84).unwrap().alpha() > 0);
        assert_eq!(layer.pixel(100, 120).unwrap().alpha(), 0);
        for value in [f32::NAN, f32::MAX, 0.0] {
            let _ = hunter(&Predator { pos: [value; 3], vel: [value; 3] }, &view(3));
            let huge = Obstacle::Sphere { center: [0.0; 3], radius: value };
            if let Some(solid) = Solid::new(&huge, &view(3)) {
                solid.draw(&mut layer, &view(3));
            }
            faces(&mut layer, &view(3), [0.0; 3], [value; 3]);
        }
    }
}

//! The shapes of a picture: a slender dart for each boid, and the tail behind it.

use super::camera::{Place, Projection};
use super::palette::{self, Rgb};
use super::scene::{Boid, Scene};
use super::trails::Trails;
use tiny_skia::{BlendMode, FillRule, Paint, PathBuilder, Pixmap, Transform};

/// A boid on the canvas.
pub(crate) struct Seen {
    boid: Boid,
    /// Where that is on the canvas.
    pub(crate) place: Place,
    /// Where it flies on the canvas, as a vector of length 1.
    along: [f32; 2],
    /// How long it looks from here: 1 from the side, 0 from ahead or behind.
    side_on: f32,
}

impl Seen {
    /// The boid as it is seen, or `None` if it is not.
    #[must_use]
    pub(crate) fn new(boid: Boid, view: &Projection) -> Option<Self> {
        let place = view.place(boid.position)?;
        let [x, y, z] = boid.velocity;
        let speed = x.hypot(y).hypot(z);
        // A step of two pixels along the heading shows where it goes on the canvas.
        let ahead = 2.0 / view.scale();
        let step = |axis: usize| {
            let part = if speed > 0.0 { boid.velocity[axis] / speed } else { 0.0 };
            boid.position[axis] + part * ahead
        };
        let next = view.place([step(0), step(1), step(2)])?;
        let (dx, dy) = (next.x - place.x, next.y - place.y);
        let length = dx.hypot(dy);
        let along = if length > 1e-3 { [dx / length, dy / length] } else { [1.0, 0.0] };
        Some(Self { boid, place, along, side_on: (length / (2.0 * place.size)).min(1.0) })
    }

    /// Whether any of it may be on a canvas of this size.
    #[must_use]
    pub(crate) fn is_inside(&self, width: f32, height: f32) -> bool {
        const MARGIN: f32 = 40.0;
        let within = |value: f32, limit: f32| (-MARGIN..limit + MARGIN).contains(&value);
        within(self.place.x, width) && within(self.place.y, height)
    }
}

/// What boids are drawn with.
pub(crate) struct Pen {
    /// The length of a dart at the origin, in pixels.
    length: f32,
    paint: Paint<'static>,
    /// The memory of the last path, for the next.
    path: PathBuilder,
    /// The places of the tail that is being drawn.
    places: Vec<[f32; 2]>,
    deep: bool,
}

impl Pen {
    /// A pen for the number of boids of `scene` on a canvas whose shorter side is `short`.
    #[must_use]
    pub(crate) fn new(scene: &Scene<'_>, view: &Projection, short: f32) -> Self {
        // The distance between neighbours if they were spread evenly.
        let side = (2.0 * scene.reach() * view.scale()).min(4.0 * short);
        let spacing = side / (scene.len().max(1) as f32).sqrt();
        let length = 2.5 * spacing.sqrt() * (short / 960.0).max(0.05).sqrt();
        Self {
            length: length.clamp(3.2, 0.03 * short.max(200.0)),
            paint: Paint { anti_alias: true, ..Paint::default() },
            path: PathBuilder::new(),
            places: Vec::new(),
            deep: scene.dim == 3,
        }
    }

    fn colour(&self, seen: &Seen) -> Rgb {
        let shade = if self.deep { 0.22 + 0.74 * seen.place.nearness } else { 0.86 };
        palette::heading(seen.boid.velocity, shade)
    }

    /// Opacity of a tail or dart that deserves `full` when it is near.
    fn alpha(&self, seen: &Seen, full: f32) -> u8 {
        let part = if self.deep { 0.25 + 0.75 * seen.place.nearness } else { 1.0 };
        (255.0 * full * part) as u8
    }

    fn size(&self, seen: &Seen) -> f32 {
        (self.length * seen.place.size).min(4.0 * self.length)
    }

    /// Pixels of a predator there: so many boids, but never lost among them.
    #[must_use]
    pub(crate) fn hunter_size(&self, place: Place) -> f32 {
        (4.0 * self.length * place.size).clamp(14.0, 16.0 * self.length)
    }

    /// A small wheel in the lower right corner that says which colour flies where.
    pub(crate) fn compass(&mut self, layer: &mut Pixmap, width: f32, height: f32) {
        const DARTS: usize = 20;
        let radius = 0.034 * height;
        self.length = 0.45 * radius;
        for index in 0..DARTS {
            let (sin, cos) = (index as f32 / DARTS as f32 * std::f32::consts::TAU).sin_cos();
            let place = Place {
                x: width - 2.0 * radius + radius * cos,
                y: height - 2.0 * radius - radius * sin,
                nearness: 1.0,
                size: 1.0,
            };
            let boid = Boid { position: [0.0; 3], velocity: [cos, sin, 0.0], id: None };
            self.dart(layer, &Seen { boid, place, along: [cos, -sin], side_on: 1.0 });
        }
    }

    /// The boid itself.
    pub(crate) fn dart(&mut self, layer: &mut Pixmap, seen: &Seen) {
        let size = self.size(seen);
        let (long, wide) = (size * (0.35 + 0.65 * seen.side_on), 0.21 * size.max(4.5));
        let ([x, y], [dx, dy]) = ([seen.place.x, seen.place.y], seen.along);
        let at =
            |ahead: f32, aside: f32| (x + dx * ahead - dy * aside, y + dy * ahead + dx * aside);
        let outline = [at(0.6 * long, 0.0), at(-0.4 * long, wide), at(-0.22 * long, 0.0)];
        let last = at(-0.4 * long, -wide);
        self.path.move_to(outline[0].0, outline[0].1);
        self.path.line_to(outline[1].0, outline[1].1);
        self.path.line_to(outline[2].0, outline[2].1);
        self.path.line_to(last.0, last.1);
        let [r, g, b] = self.colour(seen);
        self.paint.set_color_rgba8(r, g, b, self.alpha(seen, 1.0));
        self.paint.blend_mode = BlendMode::SourceOver;
        self.fill(layer);
    }

    /// Where the boid has been: a ribbon that narrows to nothing, laid twice, long and weak, then
    /// short and stronger.
    pub(crate) fn tail(
        &mut self,
        layer: &mut Pixmap,
        seen: &Seen,
        view: &Projection,
        trails: &Trails,
    ) {
        self.places.clear();
        self.places.push([seen.place.x, seen.place.y]);
        let known = seen.boid.id.into_iter().flat_map(|id| trails.of(id, seen.boid.position));
        let known = known.filter_map(|position| view.place(position));
        self.places.extend(known.map(|place| [place.x, place.y]));
        self.places.dedup_by(|a, b| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 0.25);
        if self.places.len() < 2 {
            let back = 2.2 * self.size(seen) * seen.side_on;
            let [dx, dy] = seen.along;
            self.places.push([seen.place.x - dx * back, seen.place.y - dy * back]);
        }
        let [r, g, b] = self.colour(seen);
        let wide = (0.15 * self.size(seen)).max(0.55);
        // Screen adds light as Plus does, but a crowd does not wash out to white.
        self.paint.blend_mode = BlendMode::Screen;
        for (part, alpha) in [(1.0, 0.15), (0.5, 0.18)] {
            self.ribbon(part, wide);
            self.paint.set_color_rgba8(r, g, b, self.alpha(seen, alpha));
            self.fill(layer);
        }
    }

    /// Outlines the first `part` of the tail, `wide` on each side where it begins.
    fn ribbon(&mut self, part: f32, wide: f32) {
        let count = ((self.places.len() as f32 * part).ceil() as usize).clamp(2, self.places.len());
        let places = &self.places[..count];
        let side = |index: usize, sign: f32| {
            let before = places[index.saturating_sub(1)];
            let after = places[(index + 1).min(count - 1)];
            let (dx, dy) = (after[0] - before[0], after[1] - before[1]);
            let left = 1.0 - index as f32 / (count - 1) as f32;
            let away = sign * wide * left / dx.hypot(dy).max(1e-3);
            (places[index][0] - dy * away, places[index][1] + dx * away)
        };
        let (x, y) = side(0, 1.0);
        self.path.move_to(x, y);
        for index in 1..count {
            let (x, y) = side(index, 1.0);
            self.path.line_to(x, y);
        }
        for index in (0..count - 1).rev() {
            let (x, y) = side(index, -1.0);
            self.path.line_to(x, y);
        }
    }

    /// Closes the path, fills it and keeps its memory.
    fn fill(&mut self, layer: &mut Pixmap) {
        self.path.close();
        let path = std::mem::take(&mut self.path);
        if let Some(path) = path.finish() {
            layer.fill_path(&path, &self.paint, FillRule::Winding, Transform::identity(), None);
            self.path = path.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::camera::Camera;
    use super::super::scene::samples::Flock;
    use super::*;

    /// The darts of a flock of `count` have this length on a canvas of 960 pixels.
    fn length(count: usize) -> f32 {
        let flock = Flock::spiral(2, count, 0.0);
        let scene = flock.scene();
        Pen::new(&scene, &Camera::new(&scene).before(960, 960), 960.0).length
    }

    #[test]
    fn the_more_boids_the_smaller() {
        assert!(length(500) > length(10_000) && length(10_000) > length(50_000));
        assert!(length(0) <= 30.0 && length(10_000_000) >= 3.0);
    }

    #[test]
    fn a_boid_points_where_it_flies() {
        let flock = Flock::spiral(2, 1, 0.0);
        let view = Camera::new(&flock.scene()).before(960, 960);
        let seen = |velocity| Seen::new(Boid { position: [0.0; 3], velocity, id: None }, &view);
        let up = seen([0.0, 2.0, 0.0]).unwrap();
        assert!((up.along[1] + 1.0).abs() < 1e-3 && up.side_on > 0.99);
        let still = seen([0.0; 3]).unwrap();
        assert_eq!((still.along, still.side_on), ([1.0, 0.0], 0.0));
        assert!(!seen([1.0, 0.0, 0.0]).unwrap().is_inside(100.0, 2000.0));
    }

    #[test]
    fn a_dart_covers_its_place_and_its_tail_what_is_behind() {
        let flock = Flock::spiral(2, 1, 0.0);
        let scene = flock.scene();
        let view = Camera::new(&scene).before(200, 200);
        let boid = Boid { position: [0.0; 3], velocity: [1.0, 0.0, 0.0], id: Some(0) };
        let seen = Seen::new(boid, &view).unwrap();
        let mut pen = Pen::new(&scene, &view, 200.0);
        let mut layer = Pixmap::new(200, 200).unwrap();
        pen.dart(&mut layer, &seen);
        let alpha = |layer: &Pixmap, x| layer.pixel(x, 100).unwrap().alpha();
        assert!(alpha(&layer, 101) > 100);
        assert_eq!((alpha(&layer, 92), alpha(&layer, 112)), (0, 0));
        pen.tail(&mut layer, &seen, &view, &Trails::new(0));
        assert!(alpha(&layer, 92) > 0);
        assert_eq!(alpha(&layer, 112), 0);
    }
}

//! A still picture of a flock, and how it becomes a PNG.
//!
//! Each boid is a slender dart in the colour of its heading, with a tail that shows where it
//! has been. Their size follows from their number, so that five hundred fill a picture as well
//! as fifty thousand do. Far boids are smaller and darker and are drawn first; what is drawn
//! glows a little. Obstacles are grey solids, and predators pale and winged.

use super::camera::{Camera, Place, Projection};
use super::glow::Glow;
use super::palette;
use super::pen::{Pen, Seen};
use super::props::{Solid, draw_hunter, hunter};
use super::scene::Scene;
use super::trails::Trails;
use std::io;
use std::path::Path;
use tiny_skia::{Color, Paint, PathBuilder, Pixmap, PixmapPaint, Stroke, Transform};

/// The longest side that a picture may have, in pixels.
pub(crate) const LONGEST_SIDE: u32 = 8192;

/// A finished picture.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pixmap: Pixmap,
}

impl Picture {
    /// Pixels along the upper side.
    #[must_use]
    pub(crate) fn width(&self) -> u32 {
        self.pixmap.width()
    }

    /// Pixels along the left side.
    #[must_use]
    pub(crate) fn height(&self) -> u32 {
        self.pixmap.height()
    }

    /// Red, green, blue and an opaque alpha for each pixel, row by row.
    #[must_use]
    pub(crate) fn rgba(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// Writes the picture as a PNG.
    ///
    /// # Errors
    /// What went wrong with the file.
    pub(crate) fn write_png(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let png = self.pixmap.encode_png().map_err(io::Error::other)?;
        std::fs::write(path, png)
    }
}

/// Draws `scene` as `camera` sees it.
///
/// Boids that `trails` knows get a tail along their path, the others one along their velocity.
///
/// # Errors
/// `InvalidInput` if a side is zero or longer than [`LONGEST_SIDE`].
pub(crate) fn render(
    scene: &Scene<'_>,
    camera: &Camera,
    width: u32,
    height: u32,
    trails: &Trails,
) -> io::Result<Picture> {
    let sides = 1..=LONGEST_SIDE;
    let wrong = || {
        let text =
            format!("a picture of {width} by {height} pixels; a side has 1 to {LONGEST_SIDE}");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    if !sides.contains(&width) || !sides.contains(&height) {
        return Err(wrong());
    }
    let mut pixmap = Pixmap::new(width, height).ok_or_else(wrong)?;
    let mut layer = Pixmap::new(width, height).ok_or_else(wrong)?;
    let view = camera.before(width, height);
    let [r, g, b] = palette::BACKGROUND;
    pixmap.fill(Color::from_rgba8(r, g, b, 255));
    draw_edges(&mut pixmap, &view, scene);

    let mut seen: Vec<Seen> = scene
        .boids()
        .filter_map(|boid| Seen::new(boid, &view))
        .filter(|seen| seen.is_inside(width as f32, height as f32))
        .collect();
    if scene.dim == 3 {
        seen.sort_unstable_by(|a, b| a.place.nearness.total_cmp(&b.place.nearness));
    }
    let obstacles = &scene.props.obstacles;
    let mut solids: Vec<Solid> = obstacles.iter().filter_map(|o| Solid::new(o, &view)).collect();
    solids.sort_by(|a, b| a.place.nearness.total_cmp(&b.place.nearness));
    let mut pen = Pen::new(scene, &view, width.min(height) as f32);
    let mut hunters: Vec<_> =
        scene.props.predators.iter().filter_map(|predator| hunter(predator, &view)).collect();
    hunters.sort_by(|(a, _), (b, _)| a.nearness.total_cmp(&b.nearness));
    let (seen, solids, hunters) = (&*seen, &*solids, &*hunters);
    let mut cast = Cast { seen, solids, hunters, pen: &mut pen, view: &view, trails };
    cast.draw(&mut layer, Solid::draw);
    let factor = (width.min(height) / 240).max(1) as usize;
    let glow = if solids.is_empty() {
        Glow::of(layer.data(), width as usize, factor)
    } else {
        // Solids are in the way of light and give none.
        let mut light = Pixmap::new(width, height).ok_or_else(wrong)?;
        cast.draw(&mut light, Solid::darken);
        Glow::of(light.data(), width as usize, factor)
    };
    if scene.dim != 3 && width > height + height / 5 {
        pen.compass(&mut layer, width as f32, height as f32);
    }
    glow.add_to(pixmap.data_mut(), 0.7);
    let paint = PixmapPaint::default();
    pixmap.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::identity(), None);
    Ok(Picture { pixmap })
}

/// Everybody on the canvas, from the far end.
struct Cast<'a> {
    seen: &'a [Seen],
    solids: &'a [Solid<'a>],
    hunters: &'a [(Place, [f32; 2])],
    pen: &'a mut Pen,
    view: &'a Projection,
    trails: &'a Trails,
}

impl<'a> Cast<'a> {
    /// Draws who is behind each solid, the solid, and at last who is before all of them.
    fn draw(&mut self, layer: &mut Pixmap, draw_solid: fn(&Solid<'a>, &mut Pixmap, &Projection)) {
        let (mut seen, mut hunters) = (self.seen, self.hunters);
        for solid in self.solids {
            let limit = solid.place.nearness;
            let (behind, before) =
                seen.split_at(seen.partition_point(|seen| seen.place.nearness < limit));
            let (far, near) =
                hunters.split_at(hunters.partition_point(|(place, _)| place.nearness < limit));
            self.draw_living(layer, behind, far);
            draw_solid(solid, layer, self.view);
            (seen, hunters) = (before, near);
        }
        self.draw_living(layer, seen, hunters);
    }

    fn draw_living(&mut self, layer: &mut Pixmap, seen: &[Seen], hunters: &[(Place, [f32; 2])]) {
        seen.iter().for_each(|seen| self.pen.tail(layer, seen, self.view, self.trails));
        seen.iter().for_each(|seen| self.pen.dart(layer, seen));
        for &(place, along) in hunters {
            draw_hunter(layer, place, along, self.pen.hunter_size(place));
        }
    }
}

fn draw_edges(pixmap: &mut Pixmap, view: &Projection, scene: &Scene<'_>) {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    let stroke = Stroke { width: 1.0, ..Stroke::default() };
    for [from, to] in view.edges(scene.bounds) {
        let nearness = 0.5 * (from.nearness + to.nearness);
        let [r, g, b] = palette::mix(palette::BACKGROUND, palette::FAINT, 0.25 + 0.75 * nearness);
        paint.set_color_rgba8(r, g, b, 255);
        let mut path = PathBuilder::new();
        path.move_to(from.x, from.y);
        path.line_to(to.x, to.y);
        if let Some(path) = path.finish() {
            pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Props;
    use super::super::scene::samples::{Flock, HOSTILE};
    use super::*;
    use inos::units::boids::{Obstacle, Predator};

    fn picture(dim: u32, count: usize, turn: f32) -> Picture {
        let flock = Flock::spiral(dim, count, turn);
        let scene = flock.scene();
        let mut trails = Trails::new(2);
        trails.record(&scene);
        render(&scene, &Camera::new(&scene), 200, 150, &trails).unwrap()
    }

    /// How many pixels are brighter than the edges of the space.
    fn bright(picture: &Picture) -> usize {
        picture.rgba().chunks_exact(4).filter(|pixel| pixel[..3].iter().any(|&c| c > 120)).count()
    }

    #[test]
    fn a_flock_is_seen_and_an_empty_one_is_not() {
        for dim in [2, 3] {
            let none = bright(&picture(dim, 0, 0.0));
            let few = bright(&picture(dim, 40, 0.0));
            assert!(few > none + 10, "{few} bright pixels, {none} without a flock");
            assert!(bright(&picture(dim, 400, 0.0)) > few);
        }
    }

    #[test]
    fn another_flock_is_another_picture() {
        for dim in [2, 3] {
            assert_eq!(picture(dim, 99, 0.0).rgba(), picture(dim, 99, 0.0).rgba());
            assert_ne!(picture(dim, 99, 0.0).rgba(), picture(dim, 99, 0.5).rgba());
        }
    }

    #[test]
    fn obstacles_and_predators_are_seen_and_hide_who_is_behind() {
        let flock = Flock::spiral(3, 400, 0.0);
        let bare = flock.scene();
        let ball = Obstacle::Sphere { center: [0.0; 3], radius: 6.0 };
        let props = Props { obstacles: vec![ball], predators: vec![] };
        // Before the ball, as the camera stands, and behind it.
        let (sin, cos) = (0.09 * std::f32::consts::TAU).sin_cos();
        let toward = Predator { pos: [9.0 * cos, 9.0 * sin, 0.0], vel: [0.0, 0.0, 1.0] };
        let away = Predator { pos: [-9.0 * cos, -9.0 * sin, 0.0], ..toward };
        let behind = Props { predators: vec![away], ..props.clone() };
        let hunted = Props { predators: vec![toward], ..props.clone() };
        let draw = |props| {
            let scene = Scene { props, ..bare };
            render(&scene, &Camera::new(&scene), 200, 150, &Trails::new(0)).unwrap()
        };
        let [none, one, hidden, two] = [Props::NONE, &props, &behind, &hunted].map(draw);
        assert!(bright(&one) < bright(&none), "the ball hides nobody");
        assert!(bright(&two) > bright(&one), "the predator is not seen");
        assert!(bright(&hidden) < bright(&two), "the predator shines through");
        let alone = Props { predators: vec![away], ..Props::default() };
        assert!(bright(&draw(&alone)) > bright(&none), "it is out of the picture");
        assert_eq!(hidden.rgba(), one.rgba(), "some of the predator shines through");
    }

    #[test]
    fn pictures_are_opaque() {
        assert!(picture(3, 500, 0.0).rgba().chunks_exact(4).all(|pixel| pixel[3] == 255));
    }

    #[test]
    fn a_png_decodes_to_what_was_drawn() {
        let picture = picture(2, 99, 0.0);
        let path = std::env::temp_dir().join(format!("boids-{}.png", std::process::id()));
        picture.write_png(&path).unwrap();
        let read = Pixmap::load_png(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!((read.width(), read.height()), (picture.width(), picture.height()));
        assert_eq!(read.data(), picture.rgba());
    }

    #[test]
    fn hostile_scenes_and_extreme_sizes_never_panic() {
        let mut trails = Trails::new(3);
        trails.record(&HOSTILE);
        for dim in [0, 2, 3, 4] {
            let scene = Scene { dim, ..HOSTILE };
            let mut camera = Camera::new(&scene);
            for _ in 0..4 {
                for (width, height) in [(1, 1), (1, 300), (300, 1), (LONGEST_SIDE, 1)] {
                    assert!(render(&scene, &camera, width, height, &trails).is_ok());
                }
                camera.cycle();
            }
            for (width, height) in [(0, 9), (9, 0), (LONGEST_SIDE + 1, 9), (9, u32::MAX)] {
                let refused = render(&scene, &camera, width, height, &trails).unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
            }
        }
    }
}

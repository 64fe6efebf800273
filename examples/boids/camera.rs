//! Where the flock is seen from: flat views of two dimensions, turning views of three.
//!
//! In three dimensions the third axis points up and the camera circles it, looking at the
//! origin. A [`Projection`] is a camera together with the size of a canvas; what it places is
//! in pixels of that canvas, with the origin in the upper left corner.

use super::scene::{Bounds, Scene};
use std::f32::consts::TAU;

/// One of the views that a camera has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// 2D: all of the space.
    Whole,
    /// 2D: as much of the space as fills the canvas from edge to edge.
    Fill,
    /// 2D: the middle, three times as large.
    Middle,
    /// 3D: from a little above, circling.
    Orbit,
    /// 3D: from high above, circling.
    Above,
    /// 3D: from close by and from the side, so that some boids pass in front.
    Near,
    /// 3D: without perspective, every edge of the space at the same scale.
    Plan,
}

impl View {
    /// What a person would call it.
    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Fill => "fill",
            Self::Middle => "middle",
            Self::Orbit => "orbit",
            Self::Above => "above",
            Self::Near => "near",
            Self::Plan => "plan",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Whole => Self::Fill,
            Self::Fill => Self::Middle,
            Self::Middle => Self::Whole,
            Self::Orbit => Self::Above,
            Self::Above => Self::Near,
            Self::Near => Self::Plan,
            Self::Plan => Self::Orbit,
        }
    }
}

/// A view of a space and how far round it the camera has gone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Camera {
    reach: f32,
    bounds: Bounds,
    view: View,
    turn: f32,
}

impl Camera {
    /// A camera for the space of `scene`, with the first of the views for its dimensions.
    #[must_use]
    pub(crate) fn new(scene: &Scene<'_>) -> Self {
        let view = if scene.dim == 3 { View::Orbit } else { View::Whole };
        Self { reach: scene.reach(), bounds: scene.bounds, view, turn: 0.09 * TAU }
    }

    /// The view it has now.
    #[must_use]
    pub(crate) fn view(&self) -> View {
        self.view
    }

    /// Goes on to the next view, after the last to the first.
    pub(crate) fn cycle(&mut self) {
        self.view = self.view.next();
    }

    /// Circles on by so many radians. Flat views stay as they are.
    pub(crate) fn orbit(&mut self, radians: f32) {
        if radians.is_finite() {
            self.turn = (self.turn + radians).rem_euclid(TAU);
        }
    }

    /// This camera before a canvas of so many pixels.
    #[must_use]
    pub(crate) fn before(&self, width: u32, height: u32) -> Projection {
        let (width, height) = (width.max(1) as f32, height.max(1) as f32);
        let (short, long) = (width.min(height), width.max(height));
        // How many pixels the half extent takes at the origin; a ball has no corners to fit in.
        let ball = self.bounds == Bounds::Sphere;
        let fit = |cube: f32, sphere: f32| short * if ball { sphere } else { cube };
        let (fit, height_angle, distance) = match self.view {
            View::Whole => (0.485 * short, 0.0, None),
            View::Fill => (0.5 * long, 0.0, None),
            View::Middle => (1.5 * short, 0.0, None),
            View::Orbit => (fit(0.31, 0.46), 0.36, Some(4.4)),
            View::Above => (fit(0.29, 0.46), 1.12, Some(4.4)),
            View::Near => (fit(0.62, 0.74), 0.12, Some(2.3)),
            View::Plan => (fit(0.29, 0.48), 0.615, None),
        };
        // From a little above, the near corner hangs lower than the far one rises.
        let lift = if self.view == View::Orbit && !ball { 0.3 * fit } else { 0.0 };
        let flat = matches!(self.view, View::Whole | View::Fill | View::Middle);
        Projection {
            centre: [width / 2.0, height / 2.0 - lift],
            scale: fit / self.reach,
            reach: self.reach,
            flat,
            turn: self.turn.sin_cos(),
            height: f32::sin_cos(height_angle),
            distance,
        }
    }
}

/// A camera before a canvas of a known size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projection {
    centre: [f32; 2],
    /// Pixels per unit of the space, at the origin.
    scale: f32,
    reach: f32,
    flat: bool,
    /// Sine and cosine of the way round.
    turn: (f32, f32),
    /// Sine and cosine of the angle from which it looks down.
    height: (f32, f32),
    /// How many half extents the camera stands away, or `None` without perspective.
    distance: Option<f32>,
}

/// Where on the canvas a point is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Pixels from the left.
    pub(crate) x: f32,
    /// Pixels from the top.
    pub(crate) y: f32,
    /// From 0, the far end of the space, to 1, the near end; 1 in flat views.
    pub(crate) nearness: f32,
    /// How large things look here, with 1 for the origin.
    pub(crate) size: f32,
}

impl Projection {
    /// Where `point` is seen, or `None` if it is behind the camera or its place not finite.
    #[must_use]
    pub(crate) fn place(&self, point: [f32; 3]) -> Option<Place> {
        let [x, y, z] = point;
        let (right, up, towards) = if self.flat {
            (x, y, self.reach)
        } else {
            let ((turn_sin, turn_cos), (sin, cos)) = (self.turn, self.height);
            let right = turn_cos * y - turn_sin * x;
            let ahead = turn_cos * x + turn_sin * y;
            (right, cos * z - sin * ahead, cos * ahead + sin * z)
        };
        let size = match self.distance {
            None => 1.0,
            Some(distance) => {
                let left = distance - towards / self.reach;
                // Closer than this a boid would cover the canvas.
                if left < 0.3 {
                    return None;
                }
                distance / left
            }
        };
        let place = Place {
            x: self.centre[0] + self.scale * size * right,
            y: self.centre[1] - self.scale * size * up,
            // Corners reach further than the half extent, but the eye needs the contrast.
            nearness: (0.5 + 0.5 * towards / (1.3 * self.reach)).clamp(0.0, 1.0),
            size,
        };
        let place = if self.flat { Place { nearness: 1.0, ..place } } else { place };
        (place.x.is_finite() && place.y.is_finite()).then_some(place)
    }

    /// Pixels per unit of the space, at the origin.
    #[must_use]
    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    /// The edges of the space: pairs of places, far ones first where that matters.
    #[must_use]
    pub(crate) fn edges(&self, bounds: Bounds) -> Vec<[Place; 2]> {
        let reach = self.reach;
        let mut lines = Vec::new();
        match (bounds, self.flat) {
            (Bounds::Sphere, flat) => {
                // The equator, and in space two meridians, so that a ball looks like one.
                lines.extend(circle(reach, |cos, sin| [cos, sin, 0.0]));
                if !flat {
                    lines.extend(circle(reach, |cos, sin| [cos, 0.0, sin]));
                    lines.extend(circle(reach, |cos, sin| [0.0, cos, sin]));
                }
            }
            (_, true) => {
                let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
                let corner = |index: usize| corners[index % 4].map(|value: f32| value * reach);
                let corner = |index| [corner(index)[0], corner(index)[1], 0.0];
                lines.extend((0..4).map(|index| [corner(index), corner(index + 1)]));
            }
            (_, false) => {
                // Each of the eight corners has one edge along each axis where its bit is unset.
                let corner = |bits: usize| {
                    let side = |axis: usize| if bits >> axis & 1 == 1 { reach } else { -reach };
                    [side(0), side(1), side(2)]
                };
                let pairs = (0..8usize).flat_map(|bits| (0..3).map(move |axis| (bits, 1 << axis)));
                let pairs = pairs.filter(|(bits, axis)| bits & axis == 0);
                lines.extend(pairs.map(|(bits, axis)| [corner(bits), corner(bits | axis)]));
            }
        }
        lines
            .into_iter()
            .filter_map(|[from, to]| Some([self.place(from)?, self.place(to)?]))
            .collect()
    }
}

/// The chords of a circle of radius `reach` that `point` sets into space.
fn circle(reach: f32, point: impl Fn(f32, f32) -> [f32; 3]) -> impl Iterator<Item = [[f32; 3]; 2]> {
    const CHORDS: usize = 96;
    let at = move |index: usize| {
        let (sin, cos) = (index as f32 / CHORDS as f32 * TAU).sin_cos();
        point(cos * reach, sin * reach)
    };
    (0..CHORDS).map(move |index| [at(index), at(index + 1)])
}

#[cfg(test)]
mod tests {
    use super::super::scene::samples::{Flock, HOSTILE};
    use super::*;

    fn projection(dim: u32, cycles: usize) -> Projection {
        let mut camera = Camera::new(&Flock::spiral(dim, 1, 0.0).scene());
        (0..cycles).for_each(|_| camera.cycle());
        camera.before(1000, 500)
    }

    #[test]
    fn flat_views_have_known_answers() {
        let place = |cycles, point| projection(2, cycles).place(point).map(|at| (at.x, at.y));
        assert_eq!(place(0, [0.0; 3]), Some((500.0, 250.0)));
        // Ten units are 0.485 of the shorter side; up on the canvas is a smaller y.
        assert_eq!(place(0, [10.0, 10.0, 0.0]), Some((742.5, 7.5)));
        assert_eq!(place(1, [10.0, 0.0, 0.0]), Some((1000.0, 250.0)));
        assert_eq!(place(2, [0.0, -1.0, 0.0]), Some((500.0, 325.0)));
        assert_eq!(place(3, [10.0, 10.0, 0.0]), place(0, [10.0, 10.0, 0.0]));
    }

    #[test]
    fn the_origin_is_in_the_middle_of_every_view_but_the_lifted_one() {
        for (dim, cycles) in [(2, 0), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)] {
            let place = projection(dim, cycles).place([0.0; 3]).unwrap();
            assert_eq!((place.x, place.y, place.size), (500.0, 250.0, 1.0));
        }
        assert_eq!(projection(3, 0).place([0.0; 3]).unwrap().y, 250.0 - 0.3 * 155.0);
    }

    #[test]
    fn the_whole_space_is_on_the_canvas_all_the_way_round() {
        for bounds in [Bounds::Box, Bounds::Sphere] {
            let flock = Flock::spiral(3, 1, 0.0);
            let mut camera = Camera::new(&Scene { bounds, ..flock.scene() });
            for _ in 0..32 {
                camera.orbit(TAU / 32.0);
                for place in camera.before(512, 480).edges(bounds).iter().flatten() {
                    assert!((0.0..512.0).contains(&place.x) && (0.0..480.0).contains(&place.y));
                }
            }
        }
    }

    #[test]
    fn near_things_are_larger_and_up_is_up() {
        let mut camera = Camera::new(&Flock::spiral(3, 1, 0.0).scene());
        camera.turn = 0.0;
        let seen = camera.before(100, 100);
        let [near, far] = [5.0, -5.0].map(|x| seen.place([x, 0.0, 0.0]).unwrap());
        assert!(near.size > 1.0 && far.size < 1.0 && near.nearness > far.nearness);
        assert!(seen.place([0.0, 0.0, 1.0]).unwrap().y < seen.place([0.0; 3]).unwrap().y);
        // Having gone nowhere round, the camera stands on the first axis: the second is right.
        assert!(seen.place([0.0, 1.0, 0.0]).unwrap().x > 50.0);
        camera.orbit(TAU / 2.0);
        let turned = camera.before(100, 100).place([5.0, 0.0, 0.0]).unwrap();
        assert!((turned.size - far.size).abs() < 1e-4);
    }

    #[test]
    fn every_space_has_its_edges() {
        for (bounds, flat, space) in [(Bounds::Torus, 4, 12), (Bounds::Sphere, 96, 288)] {
            assert_eq!(projection(2, 0).edges(bounds).len(), flat);
            assert_eq!(projection(3, 0).edges(bounds).len(), space);
        }
    }

    #[test]
    fn nothing_finite_or_not_makes_it_panic() {
        let mut camera = Camera::new(&HOSTILE);
        camera.orbit(f32::NAN);
        for _ in 0..4 {
            camera.cycle();
            for (width, height) in [(0, 0), (1, u32::MAX), (u32::MAX, 1)] {
                let seen = camera.before(width, height);
                assert!(seen.place([f32::NAN; 3]).is_none());
                for value in [f32::INFINITY, f32::MAX, f32::MIN, 0.0] {
                    let _ = seen.place([value, -value, value]);
                }
            }
        }
    }
}

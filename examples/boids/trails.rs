//! Where each boid has been: the last few positions of everybody, by identity.
//!
//! A frame of a flock says where the boids are, and in another order every time. Whoever wants
//! to draw a tail records every frame, or every few, and asks by id.

use super::scene::Scene;
use std::collections::VecDeque;

/// Identities from here on get no trail, so that a broken one cannot claim gigabytes.
const MOST_IDS: usize = 1 << 20;

/// The last few recorded positions of everybody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trails {
    length: usize,
    /// Newest first. Each is indexed by id; NaN stands for nobody.
    frames: VecDeque<Vec<[f32; 3]>>,
    half_extent: f32,
}

impl Trails {
    /// Trails of so many positions. With none, tails follow from the velocities alone.
    #[must_use]
    pub(crate) fn new(length: usize) -> Self {
        Self { length, ..Self::default() }
    }

    /// Takes down where everybody is.
    pub(crate) fn record(&mut self, scene: &Scene<'_>) {
        if self.length == 0 {
            return;
        }
        self.half_extent = scene.reach();
        // The oldest frame's memory becomes the newest's.
        let full = self.frames.len() >= self.length;
        let mut frame = if full { self.frames.pop_back() } else { None }.unwrap_or_default();
        frame.clear();
        for boid in scene.boids() {
            let Some(id) = boid.id.map(|id| id as usize).filter(|&id| id < MOST_IDS) else {
                continue;
            };
            if frame.len() <= id {
                frame.resize(id + 1, [f32::NAN; 3]);
            }
            frame[id] = boid.position;
        }
        self.frames.push_front(frame);
    }

    /// Where `id`, now at `position`, has been, newest first, as far back as it can be followed
    /// without a jump.
    ///
    /// Going out on one side of a torus and in on the other is such a jump.
    pub(crate) fn of(&self, id: u32, position: [f32; 3]) -> impl Iterator<Item = [f32; 3]> + '_ {
        let jump = 0.25 * self.half_extent;
        let mut last = position;
        let positions = self.frames.iter().map(move |frame| frame.get(id as usize).copied());
        positions.map_while(move |position| {
            let position = position.filter(|position| !position[0].is_nan())?;
            let near = (0..3).all(|axis| (position[axis] - last[axis]).abs() <= jump);
            last = position;
            near.then_some(position)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::samples::{Flock, HOSTILE};
    use super::*;

    #[test]
    fn a_boid_is_followed_by_its_id_and_not_by_its_place_in_memory() {
        let mut flock = Flock::spiral(2, 3, 0.0);
        let mut trails = Trails::new(2);
        trails.record(&flock.scene());
        let first = flock.scene().boid(0).unwrap().position;
        flock.ids.reverse();
        flock.position.iter_mut().for_each(|axis| axis.reverse());
        flock.position[0].iter_mut().for_each(|x| *x += 0.5);
        trails.record(&flock.scene());
        let moved = [first[0] + 0.5, first[1], first[2]];
        assert_eq!(trails.of(0, moved).collect::<Vec<_>>(), [moved, first]);
        trails.record(&flock.scene());
        assert_eq!(trails.of(0, moved).collect::<Vec<_>>(), [moved, moved]);
    }

    #[test]
    fn a_trail_ends_where_its_boid_went_round_the_torus() {
        let mut flock = Flock::spiral(2, 1, 0.0);
        let mut trails = Trails::new(8);
        for x in [-9.9, 9.9, 9.5, 9.0] {
            flock.position[0][0] = x;
            trails.record(&flock.scene());
        }
        let y = flock.position[1][0];
        assert_eq!(trails.of(0, [8.8, y, 0.0]).count(), 3);
        // The last jump is the one since the last record.
        assert_eq!(trails.of(0, [-9.8, y, 0.0]).count(), 0);
    }

    #[test]
    fn strange_ids_have_no_trail_and_cost_nothing() {
        let mut trails = Trails::new(2);
        trails.record(&HOSTILE);
        assert_eq!(trails.of(u32::MAX, [0.0; 3]).count(), 0);
        assert!(trails.frames[0].len() < 10);
        let mut none = Trails::new(0);
        none.record(&Flock::spiral(2, 9, 0.0).scene());
        assert_eq!(none.of(1, [0.0; 3]).count(), 0);
    }
}

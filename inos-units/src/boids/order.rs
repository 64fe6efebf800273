//! The order parameter, summed so that the order of summing does not matter.

use super::rule::{Flyers, length_of};
use crate::simd::{Lanes, Simd, length};

/// One, as the length of a heading in fixed point.
const UNIT: f32 = (1 << 30) as f32;

/// The sum of headings.
///
/// The order parameter is the length of the mean heading (Vicsek et al., "Novel type of phase
/// transition in a system of self-driven particles", Phys. Rev. Lett. 75, 1995): 0 if headings
/// cancel out, 1 if all are the same. Headings are summed as integers of 2^-30, so parts of a
/// flock can be summed apart and together in any order with the same bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HeadingSum(pub(super) [i64; 3]);

impl HeadingSum {
    /// Adds the heading of a velocity; one without direction has none.
    #[inline]
    pub(super) fn add(&mut self, vel: [f32; 3]) {
        let speed = length_of(vel);
        if speed > 0.0 {
            let per_speed = 1.0 / speed;
            for (sum, value) in self.0.iter_mut().zip(vel) {
                // About 2^30 at most, and 4e6 boids: far from the end of an i64.
                *sum += i64::from((value * per_speed * UNIT) as i32);
            }
        }
    }

    /// Adds the headings of the first `count` of a group, with the same bits.
    #[inline(always)]
    pub(super) fn add_group<S: Simd, const DIM: usize>(
        &mut self,
        simd: S,
        flyers: &Flyers,
        count: usize,
    ) {
        let vel = flyers.vel.each_ref().map(|lanes| simd.load(lanes));
        let speed = length::<S, DIM>(simd, vel);
        let moves = simd.less(simd.splat(0.0), speed);
        let per_speed = simd.div(simd.splat(1.0), speed);
        for (sum, &value) in self.0.iter_mut().zip(&vel[..DIM]) {
            let heading = simd.mul(simd.mul(value, per_speed), simd.splat(UNIT));
            let mut lanes: Lanes = [0.0; _];
            simd.store(simd.keep(moves, heading), &mut lanes);
            *sum += lanes.iter().take(count).map(|&lane| i64::from(lane as i32)).sum::<i64>();
        }
    }

    /// Adds the sum of another part of the flock.
    pub(super) fn merge(&mut self, other: Self) {
        for (sum, value) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(value);
        }
    }

    /// The order parameter of `count` boids, from 0 to 1.
    pub(super) fn order_parameter(self, count: usize) -> f32 {
        let [x, y, z] = self.0.map(|sum| sum as f64);
        let mean = (x * x + y * y + z * z).sqrt() / (count.max(1) as f64 * f64::from(UNIT));
        mean.min(1.0) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vels: &[[f32; 3]]) -> f32 {
        let mut sum = HeadingSum::default();
        vels.iter().for_each(|vel| sum.add(*vel));
        sum.order_parameter(vels.len())
    }

    #[test]
    fn by_hand() {
        assert_eq!(of(&[[2.0, 0.0, 0.0], [5.0, 0.0, 0.0]]), 1.0);
        assert_eq!(of(&[[2.0, 0.0, 0.0], [-5.0, 0.0, 0.0]]), 0.0);
        // Two at a right angle: half the diagonal of a square.
        assert!((of(&[[2.0, 0.0, 0.0], [0.0, 3.0, 0.0]]) - 0.5_f32.sqrt()).abs() < 1e-6);
        // One that rests counts, but has no heading.
        assert_eq!(of(&[[2.0, 0.0, 0.0], [0.0; 3]]), 0.5);
    }
}

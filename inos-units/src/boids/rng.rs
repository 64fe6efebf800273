//! Random numbers that depend on a seed and a boid's id, and on nothing else.

/// SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
///
/// It is a counter run through a mixing function, so the stream of every boid can be started
/// without making the streams before it.
#[derive(Clone, Debug)]
pub(super) struct SplitMix64 {
    state: u64,
}

/// The counter's step: 2^64 divided by the golden ratio, made odd.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Tries to hit a ball before giving up. One try in two dimensions misses with probability 0.21,
/// in three with 0.48; sixty-four in a row miss less than once in 10^20.
const MAX_TRIES: u32 = 64;

impl SplitMix64 {
    pub(super) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The stream of one boid.
    pub(super) fn for_boid(seed: u64, id: u32) -> Self {
        let salt = Self::new(u64::from(id)).next();
        Self::new(Self::new(seed).next() ^ salt.rotate_left(32))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [-1, 1), a multiple of 2^-23.
    fn signed_unit(&mut self) -> f32 {
        let bits = (self.next() >> 40) as u32;
        bits as f32 * (1.0 / 8_388_608.0) - 1.0
    }

    /// Uniform in the cube [-1, 1) on the first `dim` axes; zero on the others.
    pub(super) fn in_cube(&mut self, dim: usize) -> [f32; 3] {
        let mut point = [0.0; 3];
        for value in point.iter_mut().take(dim) {
            *value = self.signed_unit();
        }
        point
    }

    /// Uniform in the ball of radius 1.
    pub(super) fn in_ball(&mut self, dim: usize) -> [f32; 3] {
        for _ in 0..MAX_TRIES {
            let point = self.in_cube(dim);
            if dot(point, point) <= 1.0 {
                return point;
            }
        }
        [0.0; 3]
    }

    /// A direction of length 1, uniform.
    pub(super) fn direction(&mut self, dim: usize) -> [f32; 3] {
        for _ in 0..MAX_TRIES {
            let point = self.in_ball(dim);
            let squared = dot(point, point);
            // Points near the centre have few bits; they are rare.
            if squared >= 1.0 / 65_536.0 {
                let scale = 1.0 / squared.sqrt();
                return point.map(|value| value * scale);
            }
        }
        [1.0, 0.0, 0.0]
    }
}

/// The scalar product, summed from the first axis to the last.
pub(super) fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for two seeds, as published with the generator's reference code
    /// (prng.di.unimi.it) and in Rosetta Code's "Pseudo-random numbers/Splitmix64".
    #[test]
    fn published_values() {
        let mut rng = SplitMix64::new(1_234_567);
        let expected: [u64; 5] = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(expected.map(|_| rng.next()), expected);
        assert_eq!(SplitMix64::new(0).next(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn directions_have_length_one_and_no_bias() {
        for dim in [2, 3] {
            let mut mean = [0.0; 3];
            for id in 0..4096 {
                let direction = SplitMix64::for_boid(5, id).direction(dim);
                assert!((dot(direction, direction) - 1.0).abs() < 1e-6);
                assert!(dim == 3 || direction[2] == 0.0);
                for (sum, value) in mean.iter_mut().zip(direction) {
                    *sum += value / 4096.0;
                }
            }
            assert!(dot(mean, mean).sqrt() < 0.05, "{mean:?}");
        }
    }

    #[test]
    fn the_cube_is_half_open() {
        let mut rng = SplitMix64::new(9);
        for _ in 0..10_000 {
            let value = rng.signed_unit();
            assert!((-1.0..1.0).contains(&value));
        }
    }
}

//! Spherical interpolation of unit quaternions, a bundle at a time.
//!
//! With `c` the cosine between the two, made positive by turning `b` round, and `a2` the angle's
//! square,
//!
//! ```text
//! a2   = (1 - c) * A(c)^2          A: Abramowitz and Stegun, 4.4.46 (error below 2e-8)
//! S(x) = sin(sqrt x) / sqrt x      its series to x^6 (error below 1e-8 up to a right angle)
//! wa   = (1 - t) * S((1 - t)^2 * a2)
//! wb   =      t  * S(     t^2  * a2)
//! ```
//!
//! and the result is `wa * a + wb * b`, brought to length 1, which is why `S(a2)` need not divide
//! the weights.
//!
//! There is no case for small angles: `S(0)` is 1. All of it is `+ - * /` and square roots in a
//! fixed order, so lanes, single values and wasm give the same bits.

use super::records::{NOT_FINITE, OVERFLOW};
use crate::error::UnitError;

/// Quaternions in a bundle.
const LANES: usize = 64;

/// Bytes of `a`, `b` and `t`.
pub(super) const INPUT_LEN: usize = 36;

/// How far the squared length of a quaternion may be from 1.
const UNIT_TOLERANCE: f32 = 1e-3;

/// A lane per quaternion.
type Lanes = [f32; LANES];

#[inline(always)]
fn angle_squared(c: f32) -> f32 {
    let a = ((((((-0.001_262_491_1 * c + 0.006_670_09) * c - 0.017_088_126) * c + 0.030_891_88)
        * c
        - 0.050_174_303)
        * c
        + 0.088_978_99)
        * c
        - 0.214_598_8)
        * c
        + core::f32::consts::FRAC_PI_2;
    (1.0 - c) * (a * a)
}

#[inline(always)]
fn sine_ratio(x: f32) -> f32 {
    (((((1.605_904_4e-10 * x - 2.505_210_8e-8) * x + 2.755_731_9e-6) * x - 1.984_127e-4) * x
        + 8.333_334e-3)
        * x
        - 0.166_666_67)
        * x
        + 1.0
}

/// One bundle. Returns false if a quaternion is not of length 1 or a `t` is outside 0 to 1;
/// numbers that are not finite are neither.
// A function of its own, so that its loop stays one that compilers make vectors of.
#[inline(never)]
fn bundle(parts: &[Lanes; 9], result: &mut [Lanes; 4]) -> bool {
    let [a0, a1, a2, a3, b0, b1, b2, b3, t] = parts;
    let [r0, r1, r2, r3] = result;
    let mut bad = 0_u32;
    for lane in 0..LANES {
        let (ax, ay, az, aw) = (a0[lane], a1[lane], a2[lane], a3[lane]);
        let (bx, by, bz, bw) = (b0[lane], b1[lane], b2[lane], b3[lane]);
        let t = t[lane];
        let a_off = ((ax * ax + ay * ay) + (az * az + aw * aw) - 1.0).abs();
        let b_off = ((bx * bx + by * by) + (bz * bz + bw * bw) - 1.0).abs();
        let fits = (a_off <= UNIT_TOLERANCE) & (b_off <= UNIT_TOLERANCE) & (t.clamp(0.0, 1.0) == t);
        bad |= u32::from(!fits);

        let dot = (ax * bx + ay * by) + (az * bz + aw * bw);
        let side = 1.0_f32.copysign(dot);
        let c = dot.abs();
        let c = if c < 1.0 { c } else { 1.0 };
        let a2 = angle_squared(c);
        let u = 1.0 - t;
        let wa = u * sine_ratio(u * u * a2);
        let wb = side * (t * sine_ratio(t * t * a2));
        let (x, y) = (wa * ax + wb * bx, wa * ay + wb * by);
        let (z, w) = (wa * az + wb * bz, wa * aw + wb * bw);
        let scale = 1.0 / ((x * x + y * y) + (z * z + w * w)).sqrt();
        r0[lane] = x * scale;
        r1[lane] = y * scale;
        r2[lane] = z * scale;
        r3[lane] = w * scale;
    }
    bad == 0
}

/// Records of `a`, `b` and `t`; a rest of less than a bundle is filled with identities.
pub(super) fn block(input: &[u8], out: &mut Vec<u8>) -> Result<(), UnitError> {
    let (records, _) = input.as_chunks::<INPUT_LEN>();
    for records in records.chunks(LANES) {
        let mut parts = [[0.0; LANES]; 9];
        parts[3] = [1.0; LANES];
        parts[7] = [1.0; LANES];
        for (lane, record) in records.iter().enumerate() {
            let (words, _) = record.as_chunks::<4>();
            for (part, word) in parts.iter_mut().zip(words) {
                // A chunk has at most as many records as there are lanes.
                part[lane % LANES] = f32::from_le_bytes(*word);
            }
        }
        let mut result = [[0.0; LANES]; 4];
        if !bundle(&parts, &mut result) {
            return Err(refusal(&parts));
        }
        let mut bytes = [0; LANES * 16];
        let (quats, _) = bytes.as_chunks_mut::<16>();
        for (lane, quat) in quats.iter_mut().enumerate() {
            let (words, _) = quat.as_chunks_mut::<4>();
            for (word, part) in words.iter_mut().zip(&result) {
                *word = part[lane % LANES].to_le_bytes();
            }
        }
        out.extend_from_slice(bytes.get(..records.len() * 16).ok_or(OVERFLOW)?);
    }
    Ok(())
}

/// What is wrong with a bundle.
#[cold]
fn refusal(parts: &[Lanes; 9]) -> UnitError {
    let [.., t] = parts;
    if parts.iter().flatten().any(|value| !value.is_finite()) {
        NOT_FINITE
    } else if t.iter().any(|t| !(0.0..=1.0).contains(t)) {
        UnitError::BadInput { what: "t is not between 0 and 1" }
    } else {
        UnitError::BadInput { what: "a quaternion is not of length 1" }
    }
}

/// Pairs `a` and `b` with one `t` for all: given their `t`, and then as [`block`].
pub(super) fn pairs(input: &[u8], t: f32, out: &mut Vec<u8>) -> Result<(), UnitError> {
    let (pairs, _) = input.as_chunks::<32>();
    let mut records = Vec::with_capacity(pairs.len() * INPUT_LEN);
    for pair in pairs {
        records.extend_from_slice(pair);
        records.extend_from_slice(&t.to_le_bytes());
    }
    block(&records, out)
}

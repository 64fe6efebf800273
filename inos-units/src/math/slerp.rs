//! Spherical interpolation of unit quaternions, a lane each.
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

use super::records::NOT_FINITE;
use crate::error::UnitError;
use crate::simd::{InstructionSet, Kernel, MAX_LANES, Packed};

/// Bytes of `a` and `b`, and of `a`, `b` and `t`.
const PAIR_LEN: usize = 32;
const RECORD_LEN: usize = 36;

/// How far the squared length of a quaternion may be from 1.
const UNIT_TOLERANCE: f32 = 1e-3;

/// A polynomial, by Horner's scheme, from the highest power down.
#[inline(always)]
fn polynomial<S: Packed, const N: usize>(simd: S, x: S::F, factors: [f32; N]) -> S::F {
    let mut sum = simd.splat(factors[0]);
    for &factor in &factors[1..] {
        sum = simd.mul_add(sum, x, simd.splat(factor));
    }
    sum
}

#[inline(always)]
fn angle_squared<S: Packed>(simd: S, c: S::F) -> S::F {
    let factors = [
        -0.001_262_491_1,
        0.006_670_09,
        -0.017_088_126,
        0.030_891_88,
        -0.050_174_303,
        0.088_978_99,
        -0.214_598_8,
        core::f32::consts::FRAC_PI_2,
    ];
    let a = polynomial(simd, c, factors);
    simd.mul(simd.sub(simd.splat(1.0), c), simd.mul(a, a))
}

#[inline(always)]
fn sine_ratio<S: Packed>(simd: S, x: S::F) -> S::F {
    let factors = [
        1.605_904_4e-10,
        -2.505_210_8e-8,
        2.755_731_9e-6,
        -1.984_127e-4,
        8.333_334e-3,
        -0.166_666_67,
        1.0,
    ];
    polynomial(simd, x, factors)
}

/// `(x x + y y) + (z z + w w)` of two quaternions.
#[inline(always)]
fn dot<S: Packed>(simd: S, a: &[S::F; 4], b: &[S::F; 4]) -> S::F {
    let first = simd.mul_add(a[0], b[0], simd.mul(a[1], b[1]));
    simd.add(first, simd.mul_add(a[2], b[2], simd.mul(a[3], b[3])))
}

/// Whether a quaternion is of length 1; one that is not finite is not.
#[inline(always)]
fn is_unit<S: Packed>(simd: S, q: &[S::F; 4]) -> S::M {
    let off = simd.abs(simd.sub(dot(simd, q, q), simd.splat(1.0)));
    simd.less(off, simd.splat(UNIT_TOLERANCE.next_up()))
}

/// As many records as there are lanes.
#[inline(always)]
fn between<S: Packed>(simd: S, a: &[S::F; 4], b: &[S::F; 4], t: S::F) -> [S::F; 4] {
    let one = simd.splat(1.0);
    let cosine = dot(simd, a, b);
    let a2 = angle_squared(simd, simd.min(simd.abs(cosine), one));
    let u = simd.sub(one, t);
    let wa = simd.mul(u, sine_ratio(simd, simd.mul(simd.mul(u, u), a2)));
    let wb = simd.mul(t, sine_ratio(simd, simd.mul(simd.mul(t, t), a2)));
    let wb = simd.mul(simd.side(cosine), wb);
    let sum: [S::F; 4] =
        core::array::from_fn(|part| simd.mul_add(wa, a[part], simd.mul(wb, b[part])));
    let scale = simd.div(one, simd.sqrt(dot(simd, &sum, &sum)));
    sum.map(|part| simd.mul(part, scale))
}

/// Records of `N` bytes: `a` and `b`, and behind them `t`, if there is none for all.
struct Slerps<'a, const N: usize> {
    records: &'a [[u8; N]],
    t: Option<f32>,
    result: &'a mut [[u8; 16]],
    is_fit: &'a mut bool,
}

impl<const N: usize> Slerps<'_, N> {
    #[inline(always)]
    fn some<S: Packed>(&self, simd: S, records: &[[u8; N]], out: &mut [[u8; 16]]) -> S::M {
        let (a, b) = (simd.columns::<N, 0>(records), simd.columns::<N, 16>(records));
        let t = match self.t {
            Some(t) => simd.splat(t),
            None => simd.column(records, PAIR_LEN),
        };
        simd.write_rows(between(simd, &a, &b, t), out);
        let is_share = simd.and(
            simd.less(simd.splat(0.0_f32.next_down()), t),
            simd.less(t, simd.splat(1.0_f32.next_up())),
        );
        simd.and(is_share, simd.and(is_unit(simd, &a), is_unit(simd, &b)))
    }
}

impl<const N: usize> Kernel for Slerps<'_, N> {
    #[inline(always)]
    fn run<S: Packed>(mut self, simd: S) {
        let mut fit = simd.less(simd.splat(0.0), simd.splat(1.0));
        let result = core::mem::take(&mut self.result);
        let (records, mut results) =
            (self.records.chunks_exact(S::LANES), result.chunks_exact_mut(S::LANES));
        let rest = records.remainder();
        for (records, results) in records.zip(&mut results) {
            fit = simd.and(fit, self.some(simd, records, results));
        }
        // Filled up with identities.
        let mut last = [identities::<N>(); MAX_LANES];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        let mut last_result = [[0; 16]; MAX_LANES];
        fit = simd.and(fit, self.some(simd, &last, &mut last_result));
        for (to, from) in results.into_remainder().iter_mut().zip(&last_result) {
            *to = *from;
        }
        *self.is_fit = simd.bits(fit) == u32::MAX >> (32 - S::LANES);
    }
}

/// Two identities and, if there is room, a `t` of 0.
fn identities<const N: usize>() -> [u8; N] {
    let mut record = [0; N];
    let one = 1.0_f32.to_le_bytes();
    for (at, word) in record.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        if at == 3 || at == 7 {
            *word = one;
        }
    }
    record
}

fn slerp<const N: usize>(
    set: InstructionSet,
    input: &[u8],
    t: Option<f32>,
    result: &mut [u8],
) -> Result<(), UnitError> {
    let mut is_fit = false;
    let (records, _) = input.as_chunks::<N>();
    let (result, _) = result.as_chunks_mut();
    set.run(Slerps { records, t, result, is_fit: &mut is_fit });
    if is_fit { Ok(()) } else { Err(refusal(records)) }
}

/// Records of `a`, `b` and `t`.
pub(super) fn block(set: InstructionSet, input: &[u8], result: &mut [u8]) -> Result<(), UnitError> {
    slerp::<RECORD_LEN>(set, input, None, result)
}

/// What is wrong with records.
#[cold]
fn refusal<const N: usize>(records: &[[u8; N]]) -> UnitError {
    let number = |word: &[u8; 4]| f32::from_le_bytes(*word);
    let words = |record: &[u8; N]| record.as_chunks::<4>().0.iter().map(number).collect::<Vec<_>>();
    let is_share = |t: &f32| (0.0..=1.0).contains(t);
    if records.iter().any(|record| words(record).iter().any(|value| !value.is_finite())) {
        NOT_FINITE
    } else if records.iter().any(|record| !words(record).get(8).is_none_or(is_share)) {
        UnitError::BadInput { what: "t is not between 0 and 1" }
    } else {
        UnitError::BadInput { what: "a quaternion is not of length 1" }
    }
}

/// Pairs `a` and `b` with one `t` for all: the same bits as by [`block`].
pub(super) fn pairs(
    set: InstructionSet,
    input: &[u8],
    t: f32,
    out: &mut Vec<u8>,
) -> Result<(), UnitError> {
    let start = out.len();
    out.resize(start + input.len() / 2, 0);
    slerp::<PAIR_LEN>(set, input, Some(t), out.get_mut(start..).unwrap_or_default())
}

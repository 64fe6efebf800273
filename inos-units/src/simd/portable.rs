//! Four lanes in the language alone.
#![forbid(unsafe_code)]

use super::{Lanes, MAX_LANES, Simd};

/// No instructions to detect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

const LANES: usize = 4;

#[inline(always)]
fn map(a: [f32; LANES], b: [f32; LANES], op: impl Fn(f32, f32) -> f32) -> [f32; LANES] {
    let mut out = a;
    for (out, b) in out.iter_mut().zip(b) {
        *out = op(*out, b);
    }
    out
}

impl Simd for Portable {
    const LANES: usize = LANES;
    type F = [f32; LANES];
    type M = [bool; LANES];
    type W = [bool; LANES];
    type C = [u32; LANES];

    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [value; LANES]
    }

    #[inline(always)]
    fn load(self, from: &Lanes) -> Self::F {
        let [a, b, c, d, ..] = *from;
        [a, b, c, d]
    }

    #[inline(always)]
    fn store(self, value: Self::F, to: &mut Lanes) {
        [to[0], to[1], to[2], to[3]] = value;
    }

    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        map(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        map(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        map(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::F, b: Self::F) -> Self::F {
        map(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(self, a: Self::F) -> Self::F {
        a.map(f32::sqrt)
    }

    #[inline(always)]
    fn abs(self, a: Self::F) -> Self::F {
        a.map(f32::abs)
    }

    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        map(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn less(self, a: Self::F, b: Self::F) -> Self::M {
        core::array::from_fn(|lane| a[lane] < b[lane])
    }

    #[inline(always)]
    fn and(self, a: Self::M, b: Self::M) -> Self::M {
        core::array::from_fn(|lane| a[lane] && b[lane])
    }

    #[inline(always)]
    fn and_not(self, a: Self::M, b: Self::M) -> Self::M {
        core::array::from_fn(|lane| a[lane] && !b[lane])
    }

    #[inline(always)]
    fn any(self, mask: Self::M) -> bool {
        mask.contains(&true)
    }

    #[inline(always)]
    fn bits(self, mask: Self::M) -> u32 {
        mask.iter().rev().fold(0, |bits, &lane| bits << 1 | u32::from(lane))
    }

    #[inline(always)]
    fn select(self, mask: Self::M, a: Self::F, b: Self::F) -> Self::F {
        core::array::from_fn(|lane| if mask[lane] { a[lane] } else { b[lane] })
    }

    #[inline(always)]
    fn keep(self, mask: Self::M, a: Self::F) -> Self::F {
        self.select(mask, a, [0.0; LANES])
    }

    #[inline(always)]
    fn add_where(self, mask: Self::M, sum: Self::F, a: Self::F) -> Self::F {
        self.add(sum, self.keep(mask, a))
    }

    #[inline(always)]
    fn weight(self, mask: Self::M, _: Self::F) -> Self::W {
        mask
    }

    #[inline(always)]
    fn add_weighted(self, weight: Self::W, sum: Self::F, a: Self::F) -> Self::F {
        self.add_where(weight, sum, a)
    }

    #[inline(always)]
    fn zero_count(self) -> Self::C {
        [0; LANES]
    }

    #[inline(always)]
    fn count(self, mask: Self::M, count: Self::C) -> Self::C {
        core::array::from_fn(|lane| count[lane] + u32::from(mask[lane]))
    }

    #[inline(always)]
    fn as_float(self, count: Self::C) -> Self::F {
        count.map(|count| count as f32)
    }

    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        map(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn as_count(self, a: Self::F) -> Self::C {
        a.map(|a| a as u32)
    }

    #[inline(always)]
    fn store_count(self, count: Self::C, to: &mut [u32; MAX_LANES]) {
        [to[0], to[1], to[2], to[3]] = count;
    }
}

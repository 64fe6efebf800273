//! aarch64: NEON, which every such machine has.

use core::arch::aarch64::*;

use super::{Lanes, MAX_LANES, Simd};

/// Four lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neon;

/// Methods of [`Simd`], each in safe functions that have the feature.
macro_rules! ops {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty { $body:expr })*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $type),*) -> $out {
            #[inline]
            #[target_feature(enable = "neon")]
            fn with_feature($($arg: $type),*) -> $out {
                $body
            }
            // SAFETY: NEON is part of every aarch64 that the language is compiled for with it, and
            // this module is for no other.
            unsafe { with_feature($($arg),*) }
        }
    )*};
}

impl Simd for Neon {
    const LANES: usize = 4;
    type F = float32x4_t;
    type M = uint32x4_t;
    type W = float32x4_t;
    type C = uint32x4_t;

    #[inline(always)]
    fn load(self, from: &Lanes) -> float32x4_t {
        // SAFETY: the array has sixteen floats, no fewer than the vector.
        unsafe { vld1q_f32(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, value: float32x4_t, to: &mut Lanes) {
        // SAFETY: the array has sixteen floats, no fewer than the vector, and is ours alone.
        unsafe { vst1q_f32(to.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn store_count(self, count: uint32x4_t, to: &mut [u32; MAX_LANES]) {
        // SAFETY: the array has sixteen words, no fewer than the vector, and is ours alone.
        unsafe { vst1q_u32(to.as_mut_ptr(), count) }
    }

    ops! {
        fn splat(value: f32) -> float32x4_t { vdupq_n_f32(value) }
        fn add(a: float32x4_t, b: float32x4_t) -> float32x4_t { vaddq_f32(a, b) }
        fn sub(a: float32x4_t, b: float32x4_t) -> float32x4_t { vsubq_f32(a, b) }
        fn mul(a: float32x4_t, b: float32x4_t) -> float32x4_t { vmulq_f32(a, b) }
        fn div(a: float32x4_t, b: float32x4_t) -> float32x4_t { vdivq_f32(a, b) }
        fn sqrt(a: float32x4_t) -> float32x4_t { vsqrtq_f32(a) }
        fn abs(a: float32x4_t) -> float32x4_t { vabsq_f32(a) }
        fn max(a: float32x4_t, b: float32x4_t) -> float32x4_t { vmaxq_f32(a, b) }
        fn min(a: float32x4_t, b: float32x4_t) -> float32x4_t { vminq_f32(a, b) }
        fn as_count(a: float32x4_t) -> uint32x4_t { vcvtq_u32_f32(a) }
        fn less(a: float32x4_t, b: float32x4_t) -> uint32x4_t { vcltq_f32(a, b) }
        fn and(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { vandq_u32(a, b) }
        fn and_not(a: uint32x4_t, b: uint32x4_t) -> uint32x4_t { vbicq_u32(a, b) }
        fn any(mask: uint32x4_t) -> bool { vmaxvq_u32(mask) != 0 }
        fn bits(mask: uint32x4_t) -> u32 {
            vgetq_lane_u32::<0>(mask) & 1
                | vgetq_lane_u32::<1>(mask) & 2
                | vgetq_lane_u32::<2>(mask) & 4
                | vgetq_lane_u32::<3>(mask) & 8
        }
        fn select(mask: uint32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
            vbslq_f32(mask, a, b)
        }
        fn keep(mask: uint32x4_t, a: float32x4_t) -> float32x4_t {
            vbslq_f32(mask, a, vdupq_n_f32(0.0))
        }
        fn add_where(mask: uint32x4_t, sum: float32x4_t, a: float32x4_t) -> float32x4_t {
            vaddq_f32(sum, vbslq_f32(mask, a, vdupq_n_f32(0.0)))
        }
        fn zero_count() -> uint32x4_t { vdupq_n_u32(0) }
        // A true lane is -1.
        fn count(mask: uint32x4_t, count: uint32x4_t) -> uint32x4_t { vsubq_u32(count, mask) }
        fn as_float(count: uint32x4_t) -> float32x4_t { vcvtq_f32_u32(count) }
        fn weight(mask: uint32x4_t, one: float32x4_t) -> float32x4_t {
            vbslq_f32(mask, one, vdupq_n_f32(0.0))
        }
        fn add_weighted(weight: float32x4_t, sum: float32x4_t, a: float32x4_t) -> float32x4_t {
            vfmaq_f32(sum, weight, a)
        }
    }
}

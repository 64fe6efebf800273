//! x86-64: SSE2, which every such machine has, AVX2 with FMA, and AVX-512.

use core::arch::x86_64::*;

use super::{Kernel, Lanes, Simd};

/// Methods of [`Simd`], each in safe functions that have the feature.
macro_rules! ops {
    ($feature:literal; $(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty { $body:expr })*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: $type),*) -> $out {
            #[inline]
            #[target_feature(enable = $feature)]
            fn with_feature($($arg: $type),*) -> $out {
                $body
            }
            // SAFETY: `self` is proof that the processor has the feature.
            unsafe { with_feature($($arg),*) }
        }
    )*};
}

/// The first lanes of an array.
macro_rules! load {
    ($feature:literal, $vector:ty, $load:ident) => {
        #[inline(always)]
        fn load(self, from: &Lanes) -> $vector {
            // SAFETY: `self` is proof of the feature; the array has sixteen floats, no fewer than
            // the vector, and the load asks for no alignment.
            unsafe { $load(from.as_ptr()) }
        }
    };
}

macro_rules! store {
    ($feature:literal, $vector:ty, $store:ident) => {
        #[inline(always)]
        fn store(self, value: $vector, to: &mut Lanes) {
            // SAFETY: `self` is proof of the feature; the array has sixteen floats, no fewer than
            // the vector, is ours alone, and the store asks for no alignment.
            unsafe { $store(to.as_mut_ptr(), value) }
        }
    };
}

/// Four lanes, with what every x86-64 has. Its fast mode divides by an estimate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sse2<const FAST: bool>;

impl<const FAST: bool> Sse2<FAST> {
    ops! { "sse";
        fn estimate(a: __m128) -> __m128 { _mm_rcp_ps(a) }
    }
}

impl<const FAST: bool> Simd for Sse2<FAST> {
    const LANES: usize = 4;
    type F = __m128;
    type M = __m128;

    load!("sse2", __m128, _mm_loadu_ps);
    store!("sse2", __m128, _mm_storeu_ps);

    ops! { "sse2";
        fn splat(value: f32) -> __m128 { _mm_set1_ps(value) }
        fn add(a: __m128, b: __m128) -> __m128 { _mm_add_ps(a, b) }
        fn sub(a: __m128, b: __m128) -> __m128 { _mm_sub_ps(a, b) }
        fn mul(a: __m128, b: __m128) -> __m128 { _mm_mul_ps(a, b) }
        fn div(a: __m128, b: __m128) -> __m128 { _mm_div_ps(a, b) }
        fn sqrt(a: __m128) -> __m128 { _mm_sqrt_ps(a) }
        fn abs(a: __m128) -> __m128 { _mm_andnot_ps(_mm_set1_ps(-0.0), a) }
        fn max(a: __m128, b: __m128) -> __m128 { _mm_max_ps(a, b) }
        fn less(a: __m128, b: __m128) -> __m128 { _mm_cmplt_ps(a, b) }
        fn and(a: __m128, b: __m128) -> __m128 { _mm_and_ps(a, b) }
        fn and_not(a: __m128, b: __m128) -> __m128 { _mm_andnot_ps(b, a) }
        fn any(mask: __m128) -> bool { _mm_movemask_ps(mask) != 0 }
        fn bits(mask: __m128) -> u32 { _mm_movemask_ps(mask).cast_unsigned() }
        fn select(mask: __m128, a: __m128, b: __m128) -> __m128 {
            _mm_or_ps(_mm_and_ps(mask, a), _mm_andnot_ps(mask, b))
        }
        fn keep(mask: __m128, a: __m128) -> __m128 { _mm_and_ps(mask, a) }
        fn add_where(mask: __m128, sum: __m128, a: __m128) -> __m128 {
            _mm_add_ps(sum, _mm_and_ps(mask, a))
        }
    }

    #[inline(always)]
    fn ratio(self, a: __m128, b: __m128) -> __m128 {
        if !FAST {
            return self.div(a, b);
        }
        let guess = self.estimate(b);
        // One step of Newton's: twice as many bits are right.
        let right = self.sub(self.splat(2.0), self.mul(b, guess));
        self.mul(a, self.mul(guess, right))
    }
}

/// Eight lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2<const FAST: bool>(());

impl<const FAST: bool> Avx2<FAST> {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        found.then_some(Self(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx2,fma")]
        fn with_feature<K: Kernel, S: Simd>(simd: S, kernel: K) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof that the processor has the features.
        unsafe { with_feature(self, kernel) }
    }
}

impl<const FAST: bool> Avx2<FAST> {
    ops! { "avx2,fma";
        fn fused_add(a: __m256, b: __m256, c: __m256) -> __m256 { _mm256_fmadd_ps(a, b, c) }
        fn fused_sub(c: __m256, a: __m256, b: __m256) -> __m256 { _mm256_fnmadd_ps(a, b, c) }
        fn estimate(a: __m256) -> __m256 { _mm256_rcp_ps(a) }
    }
}

impl<const FAST: bool> Simd for Avx2<FAST> {
    const LANES: usize = 8;
    type F = __m256;
    type M = __m256;

    load!("avx2", __m256, _mm256_loadu_ps);
    store!("avx2", __m256, _mm256_storeu_ps);

    ops! { "avx2,fma";
        fn splat(value: f32) -> __m256 { _mm256_set1_ps(value) }
        fn add(a: __m256, b: __m256) -> __m256 { _mm256_add_ps(a, b) }
        fn sub(a: __m256, b: __m256) -> __m256 { _mm256_sub_ps(a, b) }
        fn mul(a: __m256, b: __m256) -> __m256 { _mm256_mul_ps(a, b) }
        fn div(a: __m256, b: __m256) -> __m256 { _mm256_div_ps(a, b) }
        fn sqrt(a: __m256) -> __m256 { _mm256_sqrt_ps(a) }
        fn abs(a: __m256) -> __m256 { _mm256_andnot_ps(_mm256_set1_ps(-0.0), a) }
        fn max(a: __m256, b: __m256) -> __m256 { _mm256_max_ps(a, b) }
        fn less(a: __m256, b: __m256) -> __m256 { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
        fn and(a: __m256, b: __m256) -> __m256 { _mm256_and_ps(a, b) }
        fn and_not(a: __m256, b: __m256) -> __m256 { _mm256_andnot_ps(b, a) }
        fn any(mask: __m256) -> bool { _mm256_movemask_ps(mask) != 0 }
        fn bits(mask: __m256) -> u32 { _mm256_movemask_ps(mask).cast_unsigned() }
        fn select(mask: __m256, a: __m256, b: __m256) -> __m256 { _mm256_blendv_ps(b, a, mask) }
        fn keep(mask: __m256, a: __m256) -> __m256 { _mm256_and_ps(mask, a) }
        fn add_where(mask: __m256, sum: __m256, a: __m256) -> __m256 {
            _mm256_add_ps(sum, _mm256_and_ps(mask, a))
        }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        if FAST { self.fused_add(a, b, c) } else { self.add(self.mul(a, b), c) }
    }

    #[inline(always)]
    fn sub_mul(self, c: __m256, a: __m256, b: __m256) -> __m256 {
        if FAST { self.fused_sub(c, a, b) } else { self.sub(c, self.mul(a, b)) }
    }

    #[inline(always)]
    fn ratio(self, a: __m256, b: __m256) -> __m256 {
        if !FAST {
            return self.div(a, b);
        }
        let guess = self.estimate(b);
        // One step of Newton's: twice as many bits are right.
        let right = self.fused_sub(self.splat(2.0), b, guess);
        self.mul(a, self.mul(guess, right))
    }
}

/// Sixteen lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512<const FAST: bool>(());

impl<const FAST: bool> Avx512<FAST> {
    #[inline]
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) {
        #[target_feature(enable = "avx512f")]
        fn with_feature<K: Kernel, S: Simd>(simd: S, kernel: K) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof that the processor has the feature.
        unsafe { with_feature(self, kernel) }
    }
}

impl<const FAST: bool> Avx512<FAST> {
    ops! { "avx512f";
        fn fused_add(a: __m512, b: __m512, c: __m512) -> __m512 { _mm512_fmadd_ps(a, b, c) }
        fn fused_sub(c: __m512, a: __m512, b: __m512) -> __m512 { _mm512_fnmadd_ps(a, b, c) }
        fn estimate(a: __m512) -> __m512 { _mm512_rcp14_ps(a) }
    }
}

impl<const FAST: bool> Simd for Avx512<FAST> {
    const LANES: usize = 16;
    type F = __m512;
    type M = __mmask16;

    load!("avx512f", __m512, _mm512_loadu_ps);
    store!("avx512f", __m512, _mm512_storeu_ps);

    ops! { "avx512f";
        fn splat(value: f32) -> __m512 { _mm512_set1_ps(value) }
        fn add(a: __m512, b: __m512) -> __m512 { _mm512_add_ps(a, b) }
        fn sub(a: __m512, b: __m512) -> __m512 { _mm512_sub_ps(a, b) }
        fn mul(a: __m512, b: __m512) -> __m512 { _mm512_mul_ps(a, b) }
        fn div(a: __m512, b: __m512) -> __m512 { _mm512_div_ps(a, b) }
        fn sqrt(a: __m512) -> __m512 { _mm512_sqrt_ps(a) }
        fn abs(a: __m512) -> __m512 { _mm512_abs_ps(a) }
        fn max(a: __m512, b: __m512) -> __m512 { _mm512_max_ps(a, b) }
        fn less(a: __m512, b: __m512) -> __mmask16 { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
        fn and(a: __mmask16, b: __mmask16) -> __mmask16 { a & b }
        fn and_not(a: __mmask16, b: __mmask16) -> __mmask16 { a & !b }
        fn any(mask: __mmask16) -> bool { mask != 0 }
        fn bits(mask: __mmask16) -> u32 { u32::from(mask) }
        fn select(mask: __mmask16, a: __m512, b: __m512) -> __m512 {
            _mm512_mask_mov_ps(b, mask, a)
        }
        fn keep(mask: __mmask16, a: __m512) -> __m512 { _mm512_maskz_mov_ps(mask, a) }
        fn add_where(mask: __mmask16, sum: __m512, a: __m512) -> __m512 {
            _mm512_mask_add_ps(sum, mask, sum, a)
        }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        if FAST { self.fused_add(a, b, c) } else { self.add(self.mul(a, b), c) }
    }

    #[inline(always)]
    fn sub_mul(self, c: __m512, a: __m512, b: __m512) -> __m512 {
        if FAST { self.fused_sub(c, a, b) } else { self.sub(c, self.mul(a, b)) }
    }

    #[inline(always)]
    fn ratio(self, a: __m512, b: __m512) -> __m512 {
        if !FAST {
            return self.div(a, b);
        }
        let guess = self.estimate(b);
        // One step of Newton's: twice as many bits are right.
        let right = self.fused_sub(self.splat(2.0), b, guess);
        self.mul(a, self.mul(guess, right))
    }
}

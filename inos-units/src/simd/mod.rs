//! Vectors of floats on whatever the processor has: one algorithm, many instruction sets.
//!
//! An algorithm is written once, over [`Simd`], as a [`Kernel`]; [`InstructionSet::run`] compiles it
//! for each set and runs it on one. A lane is a boid or a record, and no lane looks at another,
//! so results are the same bits for any number of lanes: every operation here is one that IEEE 754
//! rounds in one way. Fused and approximate ones gain nothing here, as was tried, so there are none.
//!
//! The only unsafe code is here. A value of a type that implements `Simd` is proof that the
//! processor has the instructions: it is made after they were detected, and nowhere else.

#[cfg(target_arch = "aarch64")]
mod neon;
mod packed;
mod portable;
#[cfg(target_arch = "wasm32")]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;
#[cfg(target_arch = "x86_64")]
mod x86_packed;

pub(crate) use packed::Packed;

/// Most lanes that a vector has; the length of the arrays that vectors are loaded from.
pub(super) const MAX_LANES: usize = 16;

/// One value for each lane.
pub(super) type Lanes = [f32; MAX_LANES];

/// Operations on vectors, lane by lane.
pub(super) trait Simd: Copy {
    /// Lanes in a vector: at most [`MAX_LANES`].
    const LANES: usize;
    /// A vector of floats.
    type F: Copy;
    /// One bit of truth for each lane.
    type M: Copy;
    /// Zero or one for each lane.
    type W: Copy;
    /// A small whole number for each lane.
    type C: Copy;

    fn splat(self, value: f32) -> Self::F;
    /// The first lanes of an array.
    fn load(self, from: &Lanes) -> Self::F;
    /// Writes the first lanes of an array and leaves the others.
    fn store(self, value: Self::F, to: &mut Lanes);
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(self, a: Self::F) -> Self::F;
    /// Without its sign.
    fn abs(self, a: Self::F) -> Self::F;
    /// The larger; never asked for NaN.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// The smaller; never asked for NaN.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// Without what is behind the point; for numbers below 2^24.
    #[inline(always)]
    fn truncate(self, a: Self::F) -> Self::F {
        self.as_float(self.as_count(a))
    }
    /// `a < b`; false for NaN.
    fn less(self, a: Self::F, b: Self::F) -> Self::M;
    /// Both.
    fn and(self, a: Self::M, b: Self::M) -> Self::M;
    /// The first and not the second.
    fn and_not(self, a: Self::M, b: Self::M) -> Self::M;
    /// Whether any lane is true.
    fn any(self, mask: Self::M) -> bool;
    /// A bit for each lane, the lowest for the first.
    fn bits(self, mask: Self::M) -> u32;
    /// `a` where true, `b` elsewhere.
    fn select(self, mask: Self::M, a: Self::F, b: Self::F) -> Self::F;
    /// `a` where true, zero elsewhere.
    fn keep(self, mask: Self::M, a: Self::F) -> Self::F;
    /// `sum + a` where true, `sum` elsewhere. `sum` is never -0.
    fn add_where(self, mask: Self::M, sum: Self::F, a: Self::F) -> Self::F;
    fn zero_count(self) -> Self::C;
    /// One more where true.
    fn count(self, mask: Self::M, count: Self::C) -> Self::C;
    fn as_float(self, count: Self::C) -> Self::F;
    /// A number from 0 to 2^24, without what is behind the point.
    fn as_count(self, a: Self::F) -> Self::C;
    /// Writes the first lanes of an array and leaves the others.
    fn store_count(self, count: Self::C, to: &mut [u32; MAX_LANES]);
    /// One where true. `one` is 1, from where the compiler does not see it: it would turn products
    /// with it back into sums.
    fn weight(self, mask: Self::M, one: Self::F) -> Self::W;
    /// The same bits as [`add_where`](Self::add_where), by other parts of the processor: a product
    /// with one or zero is exact, so a fused one rounds as the sum does. `a` is finite.
    fn add_weighted(self, weight: Self::W, sum: Self::F, a: Self::F) -> Self::F;
    /// `a * b + c`, rounded twice.
    #[inline(always)]
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        self.add(self.mul(a, b), c)
    }
    /// `c - a * b`, rounded twice.
    #[inline(always)]
    fn sub_mul(self, c: Self::F, a: Self::F, b: Self::F) -> Self::F {
        self.sub(c, self.mul(a, b))
    }
}

/// Something to be computed with vectors. `run` must be `#[inline(always)]`, and so must all that
/// it calls, or it is compiled for the least of processors.
pub(super) trait Kernel {
    fn run<S: Packed>(self, simd: S);
}

/// The length of a vector of `DIM` axes, summed from the first to the last.
#[inline(always)]
pub(super) fn length<S: Simd, const DIM: usize>(simd: S, vector: [S::F; 3]) -> S::F {
    let mut squared = simd.mul(vector[0], vector[0]);
    for &value in &vector[1..DIM] {
        squared = simd.mul_add(value, value, squared);
    }
    simd.sqrt(squared)
}

/// What vectors a unit computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstructionSet {
    /// No instructions but the language's; everywhere.
    Portable,
    /// x86-64: four lanes.
    Sse2,
    /// x86-64: eight lanes, with FMA.
    Avx2,
    /// x86-64: sixteen lanes.
    Avx512,
    /// aarch64: four lanes.
    Neon,
    /// WebAssembly: four lanes.
    Simd128,
}

impl InstructionSet {
    /// All there are, the widest first.
    pub const ALL: [Self; 6] =
        [Self::Avx512, Self::Avx2, Self::Sse2, Self::Neon, Self::Simd128, Self::Portable];

    /// Whether this machine has it, and this build can use it.
    ///
    /// ```
    /// # #[cfg(feature = "boids")] {
    /// use inos_units::boids::InstructionSet;
    ///
    /// assert!(InstructionSet::Portable.is_available());
    /// # }
    /// ```
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => x86::Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => x86::Avx512::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            #[cfg(target_arch = "wasm32")]
            Self::Simd128 => cfg!(target_feature = "simd128"),
            _ => false,
        }
    }

    /// The widest that this machine has.
    ///
    /// ```
    /// # #[cfg(feature = "boids")] {
    /// use inos_units::boids::InstructionSet;
    ///
    /// assert!(InstructionSet::widest().is_available());
    /// # }
    /// ```
    #[must_use]
    pub fn widest() -> Self {
        Self::ALL.into_iter().find(|set| set.is_available()).unwrap_or(Self::Portable)
    }

    /// Lanes of a vector.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self {
            Self::Avx512 => 16,
            Self::Avx2 => 8,
            Self::Portable | Self::Sse2 | Self::Neon | Self::Simd128 => 4,
        }
    }

    /// Runs `kernel` with these instructions; with the portable ones if the machine lacks them.
    pub(super) fn run<K: Kernel>(self, kernel: K) {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => match x86::Avx512::detect() {
                Some(simd) => simd.run(kernel),
                None => kernel.run(portable::Portable),
            },
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => match x86::Avx2::detect() {
                Some(simd) => simd.run(kernel),
                None => kernel.run(portable::Portable),
            },
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => kernel.run(x86::Sse2),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => kernel.run(neon::Neon),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => kernel.run(wasm::Simd128),
            _ => kernel.run(portable::Portable),
        }
    }
}

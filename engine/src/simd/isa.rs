//! The choice of an instruction set.

#[cfg(target_arch = "x86_64")]
use super::{Avx2, Avx512, Vnni};
use super::{Integers, Portable, Simd, Vectorized, VectorizedIntegers};
#[cfg(target_arch = "aarch64")]
use super::{Neon, NeonDot};

/// An instruction set that this CPU has.
#[derive(Clone, Copy, Debug)]
pub enum Isa {
    /// Four lanes of plain Rust.
    Portable(Portable),
    /// Eight lanes: AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// Sixteen lanes: AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// Sixteen lanes: AVX-512 with products of bytes.
    #[cfg(target_arch = "x86_64")]
    Vnni(Vnni),
    /// Four lanes: NEON.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    /// Four lanes: NEON with products of bytes.
    #[cfg(target_arch = "aarch64")]
    NeonDot(NeonDot),
}

impl Isa {
    /// The widest instruction set of this CPU.
    pub fn detect() -> Self {
        Self::all().pop().unwrap_or(Self::Portable(Portable))
    }

    /// Every instruction set of this CPU, the narrowest first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Portable(Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(Avx2::new().map(Self::Avx2));
            all.extend(Avx512::new().map(Self::Avx512));
            all.extend(Vnni::new().map(Self::Vnni));
        }
        #[cfg(target_arch = "aarch64")]
        {
            all.extend(Neon::new().map(Self::Neon));
            all.extend(NeonDot::new().map(Self::NeonDot));
        }
        all
    }

    /// Runs a kernel with this instruction set.
    #[inline]
    pub fn run<K: Vectorized>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(integers) => Simd::vectorize(integers.floats(), kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot(integers) => Simd::vectorize(integers.floats(), kernel),
        }
    }

    /// Runs a kernel of integers with this instruction set.
    #[inline]
    pub fn run_integers<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        match self {
            Self::Portable(integers) => Integers::vectorize(integers, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(integers) => Integers::vectorize(integers, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(integers) => Integers::vectorize(integers, kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(integers) => integers.vectorize(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(integers) => Integers::vectorize(integers, kernel),
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot(integers) => integers.vectorize(kernel),
        }
    }

    /// Its name in plans and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable(_) => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Vnni(_) => "avx512vnni",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot(_) => "neondot",
        }
    }

    /// Floats in a vector.
    pub fn lanes(self) -> usize {
        self.run(Lanes)
    }
}

struct Lanes;

impl Vectorized for Lanes {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> usize {
        S::LANES
    }
}

//! One vector of `f32` and what a kernel may do with it, for every instruction set.
//!
//! A kernel is written once against [`Simd`], as a value that implements [`Vectorized`]:
//!
//! ```
//! use matte_engine::simd::{Isa, Simd, Vectorized};
//!
//! matte_engine::simd_maps! { Twice(simd, x) simd.add(x, x); }
//!
//! struct Double<'a>(&'a mut [f32]);
//!
//! impl Vectorized for Double<'_> {
//!     type Output = ();
//!     #[inline(always)]
//!     fn run<S: Simd>(self, simd: S) {
//!         matte_engine::simd::map_in_place(simd, self.0, Twice);
//!     }
//! }
//!
//! let mut values = [1.0, 2.0, 3.0];
//! Isa::detect().run(Double(&mut values));
//! assert_eq!(values, [2.0, 4.0, 6.0]);
//! ```
//!
//! - A value of [`Avx2`], [`Avx512`] or `Neon` exists only where the CPU has the instructions, so its methods may use them.
//! - The compiler uses an instruction set only inside a function that declares it. [`Simd::vectorize`] is that function: it calls
//!   [`Vectorized::run`], and everything below is `#[inline(always)]`, so the whole kernel is compiled with the instructions of `S`.
//!   A method of [`Simd`] called from elsewhere is right but slow.
//!   So is a closure that the compiler does not inline, which is why the loops take a [`Map`] or [`Zip`].
//! - `vectorize` within a kernel makes a function of its own out of an inner kernel: the way to keep code small.
//! - [`Portable`] is four lanes of plain Rust, which the compiler maps to SSE2, WASM's simd128 or nothing at all.

mod aligned;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod integers;
mod isa;
mod map;
pub mod math;
#[cfg(target_arch = "aarch64")]
mod neon;
mod peak;
mod portable;
#[cfg(test)]
mod tests;

pub use aligned::AlignedFloats;
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub use integers::NeonDot;
#[cfg(target_arch = "x86_64")]
pub use integers::Vnni;
pub use integers::{Integers, VectorizedIntegers};
pub use isa::Isa;
pub use map::{Clamp, Map, Zip, map, map_in_place, zip_in_place};
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use peak::peak;
pub use portable::Portable;

/// A kernel: data that can be run with any instruction set.
pub trait Vectorized {
    /// What it returns.
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`, or the work is compiled for the base instruction set.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set, as operations on a vector of [`Simd::LANES`] floats.
///
/// Implementing it promises nothing to `unsafe` code except that `load` and `store` touch exactly the lanes they name.
pub trait Simd: Copy + Send + Sync + 'static {
    /// A vector of floats.
    type F32: Copy;
    /// The result of a comparison, a truth value a lane.
    type Mask: Copy;

    /// Floats in a vector.
    const LANES: usize;
    /// Rows of the register tile of a matrix product.
    const TILE_ROWS: usize;
    /// Vectors in a row of the register tile of a matrix product.
    const TILE_VECTORS: usize;

    /// Runs a kernel in a function that is compiled with these instructions.
    fn vectorize<K: Vectorized>(self, kernel: K) -> K::Output;

    /// The same value in every lane.
    fn splat(self, value: f32) -> Self::F32;

    /// Loads `LANES` floats.
    ///
    /// # Safety
    /// `from` must be valid for reading `LANES` floats. It need not be aligned.
    unsafe fn load(self, from: *const f32) -> Self::F32;

    /// Loads the first `count < LANES` lanes and sets the others to zero. Reads nothing beyond them.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` floats.
    unsafe fn load_partial(self, from: *const f32, count: usize) -> Self::F32;

    /// Stores `LANES` floats.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` floats. It need not be aligned.
    unsafe fn store(self, to: *mut f32, value: Self::F32);

    /// Stores the first `count < LANES` lanes and touches nothing beyond them.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` floats.
    unsafe fn store_partial(self, to: *mut f32, value: Self::F32, count: usize);

    /// `a + b`
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a - b`
    fn sub(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b`
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a / b`
    fn div(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The smaller of both; `b` where either is not a number.
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The larger of both; `b` where either is not a number.
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once where the CPU can.
    fn mul_add(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// `c - a * b`, rounded once where the CPU can.
    fn neg_mul_add(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    /// `√a`
    fn sqrt(self, a: Self::F32) -> Self::F32;
    /// The nearest integer, halves to the even one, for `|a| < 2²²`.
    fn round(self, a: Self::F32) -> Self::F32;
    /// The largest integer that is not above, for `|a| < 2²²`.
    fn floor(self, a: Self::F32) -> Self::F32;
    /// `|a|`
    fn abs(self, a: Self::F32) -> Self::F32;
    /// The magnitude of `a` with the sign of `b`.
    fn copysign(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a · 2ⁿ` for an integer `n` in −252 … 252, right down to the smallest subnormal.
    fn scale_by_power(self, a: Self::F32, n: Self::F32) -> Self::F32;
    /// `a < b`
    fn less(self, a: Self::F32, b: Self::F32) -> Self::Mask;
    /// `a` where the mask is set, else `b`.
    fn select(self, mask: Self::Mask, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The sum of all lanes.
    fn sum(self, a: Self::F32) -> f32;
    /// The largest of all lanes.
    fn largest(self, a: Self::F32) -> f32;

    /// `min(max(a, low), high)`; what is not a number stays so.
    #[inline(always)]
    fn clamp(self, a: Self::F32, low: Self::F32, high: Self::F32) -> Self::F32 {
        self.min(high, self.max(low, a))
    }

    /// Loads `count ≤ LANES` floats, zeros beyond.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` floats.
    #[inline(always)]
    unsafe fn load_up_to(self, from: *const f32, count: usize) -> Self::F32 {
        // SAFETY: the caller's promise, for exactly `count` floats.
        unsafe { if count == Self::LANES { self.load(from) } else { self.load_partial(from, count) } }
    }

    /// Stores the first `count ≤ LANES` lanes.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` floats.
    #[inline(always)]
    unsafe fn store_up_to(self, to: *mut f32, value: Self::F32, count: usize) {
        // SAFETY: the caller's promise, for exactly `count` floats.
        unsafe {
            if count == Self::LANES { self.store(to, value) } else { self.store_partial(to, value, count) }
        }
    }
}

//! Vectors of integers: what sums of products of bytes need, for every instruction set.
//!
//! The one operation that matters is [`Integers::dot`]: each 32-bit lane gets the sum of four products of bytes added. Instruction sets
//! want different bytes on its left: x86 multiplies unsigned by signed ones, ARM signed by signed ones. A kernel keeps its
//! left operand in that form, which is a signed byte with [`Integers::FLIP`] toggled.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
pub use avx512::Vnni;
#[cfg(target_arch = "aarch64")]
pub use neon::NeonDot;

use super::Simd;

/// A kernel of integers: data that can be run with any instruction set.
pub trait VectorizedIntegers {
    /// What it returns.
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`.
    fn run<N: Integers>(self, integers: N) -> Self::Output;
}

/// Operations on a vector of [`Simd::LANES`] 32-bit integers, and on the four times as many bytes it holds.
pub trait Integers: Copy + Send + Sync + 'static {
    /// The operations on as many floats.
    type Floats: Simd;
    /// A vector of 32-bit integers.
    type I32: Copy;
    /// The same vector as bytes, four a lane.
    type Bytes: Copy;
    /// Bytes as the left operand of [`Integers::dot`].
    type Left: Copy;
    /// Bytes as its right operand.
    type Right: Copy;

    /// 32-bit integers in a vector.
    const LANES: usize = Self::Floats::LANES;
    /// What turns a signed byte into one of the left operand: `byte ^ FLIP`, which adds it to the number.
    const FLIP: u8;
    /// Rows of the register tile of a product.
    const TILE_ROWS: usize;
    /// Vectors in a row of the register tile of a product.
    const TILE_VECTORS: usize;

    /// Runs a kernel in a function that is compiled with these instructions.
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output;

    /// The operations on floats.
    fn floats(self) -> Self::Floats;

    /// The same integer in every lane.
    fn splat(self, value: i32) -> Self::I32;

    /// Loads `LANES` integers.
    ///
    /// # Safety
    /// `from` must be valid for reading `LANES` integers. It need not be aligned.
    unsafe fn load(self, from: *const i32) -> Self::I32;

    /// `a + b`, wrapping
    fn add(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// The low half of `a · b`
    fn mul(self, a: Self::I32, b: Self::I32) -> Self::I32;
    /// Each integer as the nearest float.
    fn to_f32(self, a: Self::I32) -> <Self::Floats as Simd>::F32;
    /// The nearest integer, halves to the even one, for `|a| < 2³¹`.
    fn rounded(self, a: <Self::Floats as Simd>::F32) -> Self::I32;

    /// Loads `4 LANES` bytes.
    ///
    /// # Safety
    /// `from` must be valid for reading `4 LANES` bytes.
    unsafe fn load_bytes(self, from: *const u8) -> Self::Bytes;

    /// Loads the first `count ≤ 4 LANES` bytes and sets the others to zero. Reads nothing beyond them.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` bytes.
    unsafe fn load_bytes_up_to(self, from: *const u8, count: usize) -> Self::Bytes;

    /// Stores the first `count ≤ 4 LANES` bytes and touches nothing beyond them.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` bytes.
    unsafe fn store_bytes_up_to(self, to: *mut u8, bytes: Self::Bytes, count: usize);

    /// The four bytes at `from` in every lane.
    ///
    /// # Safety
    /// `from` must be valid for reading four bytes.
    unsafe fn splat_quad(self, from: *const u8) -> Self::Bytes;

    /// The same byte everywhere.
    fn splat_byte(self, byte: u8) -> Self::Bytes;
    /// `a ^ b`
    fn xor(self, a: Self::Bytes, b: Self::Bytes) -> Self::Bytes;
    /// Bytes as the left operand of [`Integers::dot`].
    fn left(self, bytes: Self::Bytes) -> Self::Left;
    /// Signed bytes as the right operand of [`Integers::dot`].
    fn right(self, bytes: Self::Bytes) -> Self::Right;
    /// `sums[i] + Σⱼ left[4 i + j] · right[4 i + j]`
    fn dot(self, sums: Self::I32, left: Self::Left, right: Self::Right) -> Self::I32;

    /// Four vectors of bytes as quads: lane by lane one byte of each of the four. Which bytes a lane holds is
    /// [`Integers::interleaved`]; [`Integers::narrow`] puts lanes in that order back into one vector.
    fn interleave(self, rows: [Self::Bytes; 4]) -> [Self::Bytes; 4];
    /// Four vectors of integers as bytes of one, each clamped to 0 … 255: the inverse of the order of [`Integers::interleave`].
    fn narrow(self, lanes: [Self::I32; 4]) -> Self::Bytes;

    /// Stores the low byte of the first `count ≤ LANES` integers.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` bytes.
    unsafe fn store_low_bytes(self, to: *mut u8, value: Self::I32, count: usize);

    /// Loads the first `count ≤ LANES` bytes, each an unsigned number, as integers; zeros beyond.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` bytes.
    unsafe fn load_widened(self, from: *const u8, count: usize) -> Self::I32;

    /// The position among the `4 LANES` bytes of a row of what is in lane `lane` of vector `vector` after
    /// [`Integers::interleave`].
    #[inline(always)]
    fn interleaved(vector: usize, lane: usize) -> usize {
        // The unpacking instructions work in parts of four lanes.
        lane / 4 * 16 + vector * 4 + lane % 4
    }
}

/// `count` bytes, and zeros behind them. The compiler makes moves of it.
///
/// # Safety
/// `count ≤ N` bytes can be read from `from` on.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[inline(always)]
unsafe fn partial<const N: usize>(from: *const u8, count: usize) -> [u8; N] {
    let mut bytes = [0; N];
    // SAFETY: the caller promises `count ≤ N` readable bytes.
    unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), count) };
    bytes
}

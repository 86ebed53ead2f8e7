//! Four integers of plain Rust.

use std::array;

use super::{Integers, VectorizedIntegers};
use crate::simd::{Portable, Simd};

impl Integers for Portable {
    type Floats = Self;
    type I32 = [i32; 4];
    type Bytes = [u8; 16];
    type Left = [u8; 16];
    type Right = [u8; 16];

    const FLIP: u8 = 0x80;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<K: VectorizedIntegers>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn floats(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, value: i32) -> [i32; 4] {
        [value; 4]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const i32) -> [i32; 4] {
        // SAFETY: the caller promises four readable integers.
        unsafe { from.cast::<[i32; 4]>().read_unaligned() }
    }

    #[inline(always)]
    fn add(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        array::from_fn(|i| a[i].wrapping_add(b[i]))
    }

    #[inline(always)]
    fn mul(self, a: [i32; 4], b: [i32; 4]) -> [i32; 4] {
        array::from_fn(|i| a[i].wrapping_mul(b[i]))
    }

    #[inline(always)]
    fn to_f32(self, a: [i32; 4]) -> <Self as Simd>::F32 {
        a.map(|a| a as f32).into()
    }

    #[inline(always)]
    fn rounded(self, a: <Self as Simd>::F32) -> [i32; 4] {
        <[f32; 4]>::from(a).map(|a| a.round_ties_even() as i32)
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> [u8; 16] {
        // SAFETY: the caller promises sixteen readable bytes.
        unsafe { from.cast::<[u8; 16]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_bytes_up_to(self, from: *const u8, count: usize) -> [u8; 16] {
        // SAFETY: only the bytes below `count` are read, which the caller promises.
        array::from_fn(|i| if i < count { unsafe { *from.add(i) } } else { 0 })
    }

    #[inline(always)]
    unsafe fn store_bytes_up_to(self, to: *mut u8, bytes: [u8; 16], count: usize) {
        for (i, byte) in bytes.into_iter().enumerate().take(count) {
            // SAFETY: only the bytes below `count` are written, which the caller promises.
            unsafe { *to.add(i) = byte };
        }
    }

    #[inline(always)]
    unsafe fn splat_quad(self, from: *const u8) -> [u8; 16] {
        // SAFETY: the caller promises four readable bytes.
        let quad = unsafe { from.cast::<[u8; 4]>().read_unaligned() };
        array::from_fn(|i| quad[i % 4])
    }

    #[inline(always)]
    fn splat_byte(self, byte: u8) -> [u8; 16] {
        [byte; 16]
    }

    #[inline(always)]
    fn xor(self, a: [u8; 16], b: [u8; 16]) -> [u8; 16] {
        array::from_fn(|i| a[i] ^ b[i])
    }

    #[inline(always)]
    fn left(self, bytes: [u8; 16]) -> [u8; 16] {
        bytes
    }

    #[inline(always)]
    fn right(self, bytes: [u8; 16]) -> [u8; 16] {
        bytes
    }

    #[inline(always)]
    fn dot(self, sums: [i32; 4], left: [u8; 16], right: [u8; 16]) -> [i32; 4] {
        let product = |i: usize| i32::from(left[i]) * i32::from(right[i] as i8);
        array::from_fn(|i| {
            sums[i] + product(4 * i) + product(4 * i + 1) + product(4 * i + 2) + product(4 * i + 3)
        })
    }

    #[inline(always)]
    fn interleave(self, rows: [[u8; 16]; 4]) -> [[u8; 16]; 4] {
        array::from_fn(|vector| array::from_fn(|i| rows[i % 4][vector * 4 + i / 4]))
    }

    #[inline(always)]
    fn narrow(self, lanes: [[i32; 4]; 4]) -> [u8; 16] {
        array::from_fn(|i| lanes[i / 4][i % 4].clamp(0, 255) as u8)
    }

    #[inline(always)]
    unsafe fn store_low_bytes(self, to: *mut u8, value: [i32; 4], count: usize) {
        for (i, value) in value.into_iter().enumerate().take(count) {
            // SAFETY: only the bytes below `count` are written, which the caller promises.
            unsafe { *to.add(i) = value as u8 };
        }
    }

    #[inline(always)]
    unsafe fn load_widened(self, from: *const u8, count: usize) -> [i32; 4] {
        // SAFETY: only the bytes below `count` are read, which the caller promises.
        array::from_fn(|i| if i < count { unsafe { *from.add(i) }.into() } else { 0 })
    }
}

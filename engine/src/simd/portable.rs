//! Four lanes of plain Rust: right everywhere, mapped to vectors by the compiler where the target has them.

use std::array;

use super::{Simd, Vectorized};

/// The instruction set every CPU has.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

/// A vector aligned as the targets' vectors are.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub struct Lanes4([f32; 4]);

impl From<[f32; 4]> for Lanes4 {
    #[inline(always)]
    fn from(lanes: [f32; 4]) -> Self {
        Self(lanes)
    }
}

impl From<Lanes4> for [f32; 4] {
    #[inline(always)]
    fn from(lanes: Lanes4) -> Self {
        lanes.0
    }
}

#[inline(always)]
fn each(f: impl Fn(usize) -> f32) -> Lanes4 {
    Lanes4(array::from_fn(f))
}

/// Adding and subtracting this pushes a float's fraction out: the sum has no bits below one.
const ROUNDER: f32 = 12_582_912.0;

impl Simd for Portable {
    type F32 = Lanes4;
    type Mask = [bool; 4];

    const LANES: usize = 4;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn vectorize<K: Vectorized>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn splat(self, value: f32) -> Lanes4 {
        Lanes4([value; 4])
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Lanes4 {
        // SAFETY: the caller promises four readable floats.
        Lanes4(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn load_partial(self, from: *const f32, count: usize) -> Lanes4 {
        // SAFETY: only the lanes below `count` are read, which the caller promises.
        each(|i| if i < count { unsafe { *from.add(i) } } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Lanes4) {
        // SAFETY: the caller promises four writable floats.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(value.0) }
    }

    #[inline(always)]
    unsafe fn store_partial(self, to: *mut f32, value: Lanes4, count: usize) {
        for (i, lane) in value.0.into_iter().enumerate().take(count) {
            // SAFETY: only the lanes below `count` are written, which the caller promises.
            unsafe { *to.add(i) = lane }
        }
    }

    #[inline(always)]
    fn add(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| a.0[i] + b.0[i])
    }

    #[inline(always)]
    fn sub(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| a.0[i] - b.0[i])
    }

    #[inline(always)]
    fn mul(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| a.0[i] * b.0[i])
    }

    #[inline(always)]
    fn div(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| a.0[i] / b.0[i])
    }

    #[inline(always)]
    fn min(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| if a.0[i] < b.0[i] { a.0[i] } else { b.0[i] })
    }

    #[inline(always)]
    fn max(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| if a.0[i] > b.0[i] { a.0[i] } else { b.0[i] })
    }

    #[inline(always)]
    fn mul_add(self, a: Lanes4, b: Lanes4, c: Lanes4) -> Lanes4 {
        each(|i| a.0[i] * b.0[i] + c.0[i])
    }

    #[inline(always)]
    fn neg_mul_add(self, a: Lanes4, b: Lanes4, c: Lanes4) -> Lanes4 {
        each(|i| c.0[i] - a.0[i] * b.0[i])
    }

    #[inline(always)]
    fn sqrt(self, a: Lanes4) -> Lanes4 {
        each(|i| a.0[i].sqrt())
    }

    #[inline(always)]
    fn round(self, a: Lanes4) -> Lanes4 {
        each(|i| (a.0[i] + ROUNDER) - ROUNDER)
    }

    #[inline(always)]
    fn floor(self, a: Lanes4) -> Lanes4 {
        let rounded = self.round(a);
        each(|i| if rounded.0[i] > a.0[i] { rounded.0[i] - 1.0 } else { rounded.0[i] })
    }

    #[inline(always)]
    fn abs(self, a: Lanes4) -> Lanes4 {
        each(|i| a.0[i].abs())
    }

    #[inline(always)]
    fn copysign(self, a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| a.0[i].copysign(b.0[i]))
    }

    #[inline(always)]
    fn scale_by_power(self, a: Lanes4, n: Lanes4) -> Lanes4 {
        // Two factors, since one alone would overflow before the product does.
        let half: [i32; 4] = array::from_fn(|i| (n.0[i] as i32) >> 1);
        let first = each(|i| power_of_two(half[i]));
        let second = each(|i| power_of_two((n.0[i] as i32).wrapping_sub(half[i])));
        self.mul(self.mul(a, first), second)
    }

    #[inline(always)]
    fn less(self, a: Lanes4, b: Lanes4) -> [bool; 4] {
        array::from_fn(|i| a.0[i] < b.0[i])
    }

    #[inline(always)]
    fn select(self, mask: [bool; 4], a: Lanes4, b: Lanes4) -> Lanes4 {
        each(|i| if mask[i] { a.0[i] } else { b.0[i] })
    }

    #[inline(always)]
    fn sum(self, a: Lanes4) -> f32 {
        (a.0[0] + a.0[1]) + (a.0[2] + a.0[3])
    }

    #[inline(always)]
    fn largest(self, a: Lanes4) -> f32 {
        a.0[0].max(a.0[1]).max(a.0[2].max(a.0[3]))
    }
}

#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

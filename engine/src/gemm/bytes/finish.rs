//! What becomes of sums: steps of a quantized output, or reals.

use crate::simd::{Integers, Simd};

/// Turns sums into elements of the output.
pub trait Finish: Sync {
    /// An element.
    type Element: Send;

    /// Stores the sums of `count` columns from `column` on, in row `row` of the product. Implementations are `#[inline(always)]`.
    ///
    /// # Safety
    /// `to` must be valid for writing `count ≤ LANES` elements, and the columns must be some of the product's.
    unsafe fn store<N: Integers>(
        &self,
        integers: N,
        sums: N::I32,
        to: *mut Self::Element,
        row: usize,
        column: usize,
        count: usize,
    );
}

/// `clamp(round(sum · factor[column]) + zero_point)`, halves to the even step.
pub struct ToSteps {
    /// For each column `scale_x · scale_w / scale_y`, whole vectors of them.
    factors: Vec<f32>,
    zero_point: i32,
    /// The range of the step, less the zero point.
    low: f32,
    high: f32,
}

impl ToSteps {
    /// Steps within `range`, the factors in whole vectors.
    pub fn new(factors: Vec<f32>, zero_point: i32, range: [i32; 2]) -> Self {
        let [low, high] = range.map(|step| (step - zero_point) as f32);
        Self { factors, zero_point, low, high }
    }

    /// The steps of sums with these factors.
    ///
    /// # Safety
    /// A vector of factors must be readable.
    #[inline(always)]
    pub unsafe fn steps<N: Integers>(&self, integers: N, sums: N::I32, factors: *const f32) -> N::I32 {
        let simd = integers.floats();
        // SAFETY: the caller's promise.
        let scaled = simd.mul(integers.to_f32(sums), unsafe { simd.load(factors) });
        let clamped = simd.min(simd.splat(self.high), simd.max(simd.splat(self.low), scaled));
        integers.add(integers.rounded(clamped), integers.splat(self.zero_point))
    }
}

impl Finish for ToSteps {
    type Element = u8;

    #[inline(always)]
    unsafe fn store<N: Integers>(
        &self,
        integers: N,
        sums: N::I32,
        to: *mut u8,
        _row: usize,
        column: usize,
        count: usize,
    ) {
        debug_assert!(column + N::LANES <= self.factors.len());
        // SAFETY: the factors are whole vectors, and the caller promises the bytes.
        unsafe {
            let steps = self.steps(integers, sums, self.factors.as_ptr().add(column));
            integers.store_low_bytes(to, steps, count);
        }
    }
}

/// `clamp(sum · row_scale · scale[column] + bias[column])`
pub struct ToReals<'a> {
    /// The scales of the weights and the biases, whole vectors of both.
    pub scales: &'a [f32],
    /// As many biases.
    pub biases: &'a [f32],
    /// The scale of each group of `rows_per_scale` rows of the left operand.
    pub row_scales: &'a [f32],
    /// Rows that share a scale.
    pub rows_per_scale: usize,
    /// The smallest and the largest value.
    pub clamp: [f32; 2],
}

impl Finish for ToReals<'_> {
    type Element = f32;

    #[inline(always)]
    unsafe fn store<N: Integers>(
        &self,
        integers: N,
        sums: N::I32,
        to: *mut f32,
        row: usize,
        column: usize,
        count: usize,
    ) {
        let simd = integers.floats();
        let scale = if self.row_scales.len() == 1 { 0 } else { row / self.rows_per_scale };
        let sums = simd.mul(integers.to_f32(sums), simd.splat(self.row_scales[scale]));
        debug_assert!(column + N::LANES <= self.scales.len() && column + N::LANES <= self.biases.len());
        // SAFETY: scales and biases are whole vectors, and the caller promises the floats.
        unsafe {
            let scales = simd.load(self.scales.as_ptr().add(column));
            let real = simd.mul_add(sums, scales, simd.load(self.biases.as_ptr().add(column)));
            let real = simd.clamp(real, simd.splat(self.clamp[0]), simd.splat(self.clamp[1]));
            simd.store_up_to(to, real, count);
        }
    }
}

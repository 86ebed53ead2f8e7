//! Pooling of quantized bytes whose result has their steps: exact means and maxima of integers, some channels at a time.

use crate::ops::cpu::{byte_steps, isa};
use crate::ops::pool2d::{Pool2d, Pooling};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Integers, VectorizedIntegers};
use crate::tensor::DType;
use std::ops::Range;

/// Channels at a time.
const CHANNELS: usize = 64;

struct Pooled {
    mean: bool,
    /// What is toggled in a byte to make it a number above zero, and what it then is too large by.
    toggle: u8,
    offset: i32,
    /// For each row and column of the output what its window covers of the input.
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
    pictures: usize,
    /// Rows, columns and channels of the input.
    input: [usize; 3],
    range: [i32; 2],
}

/// The kernel for windows that cover these rows and columns.
pub fn kernel(
    pool: &Pool2d,
    operands: &Operands,
    chain: &Chain,
    [rows, columns]: [Vec<Range<usize>>; 2],
) -> Option<Box<dyn CpuKernel>> {
    let (input, output) = (operands.optional(0)?, *operands.outputs.first()?);
    let same = input.ty.dtype == output.dtype && input.ty.quantization == output.quantization;
    byte_steps(input.ty)?;
    if !same || input.dynamic || pool.pooling == Pooling::L2 || !chain.is_empty() {
        return None;
    }
    let &[n, h, w, c] = &input.ty.shape[..] else { return None };
    let (low, high) = pool.activation.integer_range(output);
    let (toggle, offset) = if output.dtype == DType::I8 { (0x80, 128) } else { (0, 0) };
    Some(Box::new(Pooled {
        mean: pool.pooling == Pooling::Average,
        toggle,
        offset,
        rows,
        columns,
        pictures: n,
        input: [h, w, c],
        range: [low as i32, high as i32],
    }))
}

impl CpuKernel for Pooled {
    fn name(&self) -> String {
        format!("pool2d_{}.i8.{}", if self.mean { "mean" } else { "max" }, isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (from, to) = (io.inputs[0], &mut io.outputs[0][..]);
        let rows = self.pictures * self.rows.len();
        let pieces = to.len() / 8192;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            isa().run_integers(Rows { kernel: self, from, to: &to, rows });
        });
    }
}

struct Rows<'a> {
    kernel: &'a Pooled,
    from: &'a [u8],
    to: &'a Disjoint<'a, u8>,
    rows: Range<usize>,
}

impl VectorizedIntegers for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, _: N) {
        let (width, c) = (self.kernel.columns.len(), self.kernel.input[2]);
        for row in self.rows.clone() {
            // SAFETY: the rows of tasks are disjoint.
            let to = unsafe { self.to.slice(row * width * c, width * c) };
            for (pixel, columns) in to.chunks_exact_mut(c.max(1)).zip(&self.kernel.columns) {
                for (part, to) in pixel.chunks_mut(CHANNELS).enumerate() {
                    self.part(row, columns, part * CHANNELS, to);
                }
            }
        }
    }
}

impl Rows<'_> {
    /// Some channels from `first` on of the pixel of a row whose window covers these columns.
    #[inline(always)]
    fn part(&self, row: usize, columns: &Range<usize>, first: usize, to: &mut [u8]) {
        let Pooled { mean, toggle, offset, rows, input: [h, w, c], range: [low, high], .. } = self.kernel;
        let (picture, covered) = (row / rows.len(), &rows[row % rows.len()]);
        let mut folds = [0i32; CHANNELS];
        for (y, x) in covered.clone().flat_map(|y| columns.clone().map(move |x| (y, x))) {
            let from = &self.from[((picture * h + y) * w + x) * c + first..][..to.len()];
            for (fold, byte) in folds.iter_mut().zip(from) {
                let number = i32::from(byte ^ toggle);
                *fold = if *mean { *fold + number } else { number.max(*fold) };
            }
        }
        let count = (covered.len() * columns.len()).max(1) as i32;
        for (to, fold) in to.iter_mut().zip(folds) {
            // Half away from zero, of the number itself.
            let mean_of = |sum: i32| (sum + sum.signum() * (count / 2)) / count;
            let value = if *mean { mean_of(fold - count * offset) } else { fold - offset };
            *to = value.clamp(*low, *high) as u8;
        }
    }
}

//! Pooling on vectors of channels; a window that covers the picture is a fold.

mod bytes;

use super::{Pool2d, Pooling};
use crate::gemm::{Epilogue, Tile};
use crate::ops::cpu::{Bound, Fold, Folding, Steps, all_f32, isa};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Simd, Vectorized};
use std::ops::Range;

struct Pooled {
    folding: Folding,
    /// For each row and column of the output what its window covers of the input.
    rows: Vec<Range<usize>>,
    columns: Vec<Range<usize>>,
    /// Rows, columns and channels of the input.
    input: [usize; 3],
    steps: Steps,
}

/// The kernel.
pub fn kernel(pool: &Pool2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let &[n, h, w, c] = &operands.optional(0)?.ty.shape[..] else { return None };
    let &[_, rows, columns, _] = &operands.outputs[0].shape[..] else { return None };
    let folding = match pool.pooling {
        Pooling::Average => Folding::Mean,
        Pooling::L2 => Folding::RootMeanSquare,
        Pooling::Max => Folding::Max,
    };
    let covered = |axis: usize, input: usize, output: usize| -> Vec<Range<usize>> {
        let before = pool.window.before(axis, input);
        let range = |at: usize| {
            let start = (at * pool.window.stride[axis]).saturating_sub(before);
            let end = at * pool.window.stride[axis] + pool.window.size[axis];
            start..end.saturating_sub(before).min(input)
        };
        (0..output).map(range).collect()
    };
    let (rows, columns) = (covered(0, h, rows), covered(1, w, columns));
    if !all_f32(operands, &[0]) {
        return bytes::kernel(pool, operands, chain, [rows, columns]);
    }
    let steps = Steps::stored([n, rows.len(), columns.len(), c], pool.activation, chain)?;
    let covers = |ranges: &[Range<usize>], extent| matches!(ranges, [only] if *only == (0..extent));
    if covers(&rows, h) && covers(&columns, w) {
        return Some(Box::new(Fold::new(folding, h * w, steps)));
    }
    Some(Box::new(Pooled { folding, rows, columns, input: [h, w, c], steps }))
}

impl CpuKernel for Pooled {
    fn name(&self) -> String {
        format!("pool2d_{:?}.{}", self.folding, isa().name()).to_lowercase()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, chain) = self.steps.bind(io);
        let from = chain.operand(0);
        let rows = self.steps.shape()[0] * self.rows.len();
        let pieces = to.len() / 8192;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            isa().run(Rows { kernel: self, from, to: &to, chain: &chain, rows });
        });
    }
}

struct Rows<'a> {
    kernel: &'a Pooled,
    from: &'a [f32],
    to: &'a Disjoint<'a, f32>,
    chain: &'a Bound<'a>,
    rows: Range<usize>,
}

impl Vectorized for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (width, c) = (self.kernel.columns.len(), self.kernel.input[2]);
        for row in self.rows.clone() {
            // SAFETY: the rows of tasks are disjoint.
            let to = unsafe { self.to.slice(row * width * c, width * c) };
            for (pixel, columns) in to.chunks_exact_mut(c).zip(&self.kernel.columns) {
                self.pixel(simd, row, columns, pixel);
            }
            self.chain.apply(simd, Tile::new(to, c, [row * width, width], [0, c]));
        }
    }
}

impl Rows<'_> {
    /// The pixel of a row of the output whose window covers these columns.
    #[inline(always)]
    fn pixel<S: Simd>(&self, simd: S, row: usize, columns: &Range<usize>, to: &mut [f32]) {
        let Pooled { folding, rows, input: [h, w, c], steps, .. } = self.kernel;
        let (picture, covered) = (row / rows.len(), &rows[row % rows.len()]);
        let [low, high] = steps.bounds().map(|bound| simd.splat(bound));
        for first in (0..*c).step_by(S::LANES) {
            let lanes = S::LANES.min(c - first);
            let mut fold = simd.splat(folding.start());
            for y in covered.clone() {
                for x in columns.clone() {
                    let at = ((picture * h + y) * w + x) * c + first;
                    // SAFETY: the slice has `lanes` floats.
                    let x = unsafe { simd.load_up_to(self.from[at..][..lanes].as_ptr(), lanes) };
                    fold = folding.with(simd, fold, x);
                }
            }
            let value = folding.finish(simd, fold, covered.len() * columns.len());
            // SAFETY: the slice has `lanes` floats.
            unsafe {
                simd.store_up_to(to[first..][..lanes].as_mut_ptr(), simd.clamp(value, low, high), lanes)
            };
        }
    }
}

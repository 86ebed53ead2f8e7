//! Resizing on vectors of channels: rows of the output are tasks, neighbors and weights are tables.

use super::{Interpolation, Resize, reference};
use crate::gemm::{Epilogue, Tile};
use crate::ops::cpu::{Bound, Steps, all_f32, isa};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Clamp, Simd, Vectorized, map_in_place};
use std::ops::Range;

/// Two neighbors of each place along an axis and the second one's weight.
type Neighbors = Vec<(usize, usize, f32)>;

struct Resized {
    rows: Neighbors,
    columns: Neighbors,
    input: [usize; 2],
    steps: Steps,
}

/// The kernel.
pub fn kernel(resize: &Resize, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if !all_f32(operands, &[0]) {
        return None;
    }
    let &[n, h, w, c] = &operands.optional(0)?.ty.shape[..] else { return None };
    let &[_, rows, columns, _] = &operands.outputs[0].shape[..] else { return None };
    let neighbors = |input: usize, output: usize| match resize.interpolation {
        Interpolation::Bilinear => reference::neighbors(resize.axis(input, output), output),
        Interpolation::Nearest => {
            let axis = resize.axis(input, output);
            let place = |at: usize| reference::nearest_place(resize, axis, at);
            (0..output).map(|at| (place(at), place(at), 0.0)).collect()
        }
    };
    let steps = Steps::new([n, rows, columns, c], None, chain)?;
    Some(Box::new(Resized { rows: neighbors(h, rows), columns: neighbors(w, columns), input: [h, w], steps }))
}

impl CpuKernel for Resized {
    fn name(&self) -> String {
        format!("resize.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, chain) = self.steps.bind(io);
        let from = chain.operand(0);
        let rows = self.steps.shape()[0] * self.rows.len();
        let pieces = to.len() / 16384;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            isa().run(Rows { kernel: self, from, to: &to, chain: &chain, rows });
        });
    }
}

struct Rows<'a> {
    kernel: &'a Resized,
    from: &'a [f32],
    to: &'a Disjoint<'a, f32>,
    chain: &'a Bound<'a>,
    rows: Range<usize>,
}

impl Vectorized for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Resized { rows, columns, input: [h, w], steps } = self.kernel;
        let (width, c) = (columns.len(), steps.shape()[3]);
        for row in self.rows.clone() {
            let (y0, y1, weight) = rows[row % rows.len()];
            let picture = row / rows.len() * h;
            let [upper, lower] = [y0, y1].map(|y| &self.from[(picture + y) * w * c..][..w * c]);
            // SAFETY: the rows of tasks are disjoint.
            let to = unsafe { self.to.slice(row * width * c, width * c) };
            for (pixel, &(x0, x1, weight_x)) in to.chunks_exact_mut(c.max(1)).zip(columns) {
                let pixels = [&upper[x0 * c..], &upper[x1 * c..], &lower[x0 * c..], &lower[x1 * c..]];
                mix(simd, pixels.map(|pixel| &pixel[..c]), [weight, weight_x], pixel);
            }
            if steps.bounds() != [f32::NEG_INFINITY, f32::INFINITY] {
                map_in_place(simd, to, Clamp(steps.bounds()));
            }
            self.chain.apply(simd, Tile::new(to, c, [row * width, width], [0, c]));
        }
    }
}

/// A pixel from four neighbors: upper left, upper right, lower left, lower right.
#[inline(always)]
fn mix<S: Simd>(simd: S, pixels: [&[f32]; 4], weights: [f32; 2], to: &mut [f32]) {
    let c = to.len();
    let [y, x] = weights.map(|weight| [1.0 - weight, weight].map(|weight| simd.splat(weight)));
    for first in (0..c).step_by(S::LANES) {
        let lanes = S::LANES.min(c - first);
        // SAFETY: all five slices have `c` floats.
        unsafe {
            let [a, b, c, d] = pixels.map(|pixel| simd.load_up_to(pixel.as_ptr().add(first), lanes));
            let (upper, lower) = (between(simd, a, b, x), between(simd, c, d, x));
            let value = between(simd, upper, lower, y);
            simd.store_up_to(to.as_mut_ptr().add(first), value, lanes);
        }
    }
}

/// Both neighbors by their shares: no difference is taken, so that infinite ones stay what they are.
#[inline(always)]
fn between<S: Simd>(simd: S, a: S::F32, b: S::F32, shares: [S::F32; 2]) -> S::F32 {
    simd.mul_add(b, shares[1], simd.mul(a, shares[0]))
}

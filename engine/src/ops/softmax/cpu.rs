//! Softmax on vectors of a row.

use super::Softmax;
use crate::gemm::{Epilogue, Tile};
use crate::ops::chain::nhwc;
use crate::ops::cpu::{Bound, Steps, all_f32, isa};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::{Disjoint, Pool};
use crate::simd::{Clamp, Map, Simd, Vectorized, map, map_in_place, math};
use std::ops::Range;

struct Rows {
    softmax: Softmax,
    steps: Steps,
}

/// Whether there is a kernel: for f32 of rank 1 to 4.
pub fn applies(operands: &Operands) -> bool {
    let shape = &operands.outputs[0].shape;
    all_f32(operands, &[0]) && !shape.is_empty() && nhwc(shape).is_some()
}

/// The kernel.
pub fn kernel(softmax: Softmax, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if !applies(operands) {
        return None;
    }
    Some(Box::new(Rows { softmax, steps: Steps::new(nhwc(&operands.outputs[0].shape)?, None, chain)? }))
}

impl CpuKernel for Rows {
    fn name(&self) -> String {
        format!("softmax_rows.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let [n, h, w, c] = self.steps.shape();
        let rows = n * h * w;
        let (to, chain) = self.steps.bind(io);
        let from = chain.operand(0);
        let pieces = to.len() / 8192;
        let to = Disjoint::new(to);
        pool.split(rows, pieces, &|rows| {
            // SAFETY: the rows of tasks are disjoint.
            let to = unsafe { to.slice(rows.start * c, rows.len() * c) };
            let from = &from[rows.start * c..rows.end * c];
            isa().run(Part { kernel: self, from, to, chain: &chain, rows, channels: c });
        });
    }
}

struct Part<'a> {
    kernel: &'a Rows,
    from: &'a [f32],
    to: &'a mut [f32],
    chain: &'a Bound<'a>,
    rows: Range<usize>,
    channels: usize,
}

/// `β (x − m)`
#[derive(Clone, Copy)]
struct Scaled {
    beta: f32,
    greatest: f32,
}

impl Map for Scaled {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32 {
        simd.mul(simd.sub(x, simd.splat(self.greatest)), simd.splat(self.beta))
    }
}

/// `a eˣ`
#[derive(Clone, Copy)]
struct ScaledExp(f32);

impl Map for ScaledExp {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32 {
        simd.mul(math::exp(simd, x), simd.splat(self.0))
    }
}

/// `x − a`
#[derive(Clone, Copy)]
struct Less(f32);

impl Map for Less {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::F32) -> S::F32 {
        simd.sub(x, simd.splat(self.0))
    }
}

impl Vectorized for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let channels = self.channels.max(1);
        for (from, to) in self.from.chunks_exact(channels).zip(self.to.chunks_exact_mut(channels)) {
            let greatest = from.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            map(simd, from, to, Scaled { beta: self.kernel.softmax.beta(), greatest });
            let sum = exp_sum(simd, to);
            match self.kernel.softmax {
                Softmax::Plain { .. } => map_in_place(simd, to, ScaledExp(1.0 / sum)),
                Softmax::Log => map_in_place(simd, to, Less(sum.ln())),
            }
        }
        map_in_place(simd, self.to, Clamp(self.kernel.steps.bounds()));
        let tile = Tile::new(self.to, channels, [self.rows.start, self.rows.len()], [0, channels]);
        self.chain.apply(simd, tile);
    }
}

/// `Σ eˣ`
#[inline(always)]
fn exp_sum<S: Simd>(simd: S, values: &[f32]) -> f32 {
    let whole = values.chunks_exact(S::LANES);
    let rest: f32 = {
        let mut last = [f32::NEG_INFINITY; 16];
        let count = whole.remainder().len();
        last[..count].copy_from_slice(whole.remainder());
        map_in_place(simd, &mut last[..count], ScaledExp(1.0));
        last[..count].iter().sum()
    };
    let mut sum = simd.splat(0.0);
    for vector in whole {
        // SAFETY: the chunk has a vector's floats.
        sum = simd.add(sum, math::exp(simd, unsafe { simd.load(vector.as_ptr()) }));
    }
    simd.sum(sum) + rest
}

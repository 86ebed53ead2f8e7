//! A fully connected layer as a packed product.

use super::{FullyConnected, bytes};
use crate::gemm::{Packed, Product, Source};
use crate::ops::chain::nhwc;
use crate::ops::cpu::{Steps, all_f32, hybrid_applies, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;

struct Connected {
    weights: Packed,
    rows: usize,
    steps: Steps,
}

/// Whether there is a kernel: for f32, with weights of the model.
pub fn applies(operands: &Operands) -> bool {
    all_f32(operands, &[0])
        && known(operands, 1)
        && known(operands, 2)
        && nhwc(&operands.outputs[0].shape).is_some()
}

/// The kernel.
pub fn kernel(layer: &FullyConnected, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if !applies(operands) || hybrid_applies(operands, 0) {
        return bytes::kernel(layer, operands, chain);
    }
    let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
    let &[o, i] = &weights.ty.shape[..] else { return None };
    let taps = weights.constant?.to_reals()?;
    let bias = match operands.optional(2) {
        None => vec![0.0; o],
        Some(bias) => bias.constant?.to_reals()?,
    };
    let weights = Packed::new(isa(), [o, i], |n, k| taps[n * i + k], |n| bias[n]);
    let steps = Steps::stored(nhwc(&operands.outputs[0].shape)?, layer.activation, chain)?;
    Some(Box::new(Connected { weights, rows: input.ty.elements() / i, steps }))
}

impl CpuKernel for Connected {
    fn name(&self) -> String {
        format!("fully_connected.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, chain) = self.steps.bind(io);
        let (weights, from) = (&self.weights, chain.operand(0));
        let source = Source::Rows { count: self.rows, stride: weights.depth() };
        let stride = weights.columns();
        Product { weights, source, from, stride, clamp: self.steps.bounds(), epilogue: &chain }.run(pool, to);
    }
}

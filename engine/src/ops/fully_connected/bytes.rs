//! A fully connected layer with weights of bytes: of steps, or of reals that are rounded row by row as they come.

use super::FullyConnected;
use crate::gemm::Source;
use crate::gemm::bytes::PackedBytes;
use crate::ops::chain::nhwc;
use crate::ops::cpu::{ByteWeights, HybridLayer, Quantizer, StepLayer, Stepped, Steps, all_f32, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;

/// Whether reals are rounded to multiply them with the weights.
pub fn hybrid_applies(operands: &Operands) -> bool {
    all_f32(operands, &[0, 2]) && known(operands, 2) && ByteWeights::hybrid(operands, 1, 0).is_some()
}

/// The kernel where weights are bytes.
pub fn kernel(layer: &FullyConnected, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
    let &[o, i] = &weights.ty.shape[..] else { return None };
    if i == 0 || i + 4 > PackedBytes::MAX_DEPTH {
        return None;
    }
    let (rows, extents) = (input.ty.elements() / i, [o, i]);
    let source = Source::Rows { count: rows, stride: i };
    if !hybrid_applies(operands) {
        let weights = ByteWeights::of(operands, 1, 0).filter(|weights| weights.fits(o))?;
        let stepped = Stepped::of(isa(), operands, [0, 2], layer.activation).filter(|all| all.fits(o))?;
        let weight = |n: usize, k: usize| weights.at(n * i + k);
        let layer = StepLayer::new(isa(), extents, &stepped, &weights, weight, |n| n);
        return chain.is_empty().then(|| Box::new(Connected { layer, source }) as Box<dyn CpuKernel>);
    }
    let weights = ByteWeights::hybrid(operands, 1, 0).filter(|weights| weights.fits(o))?;
    let biases = match operands.optional(2) {
        None => None,
        Some(bias) => Some(bias.constant?.to_reals()?),
    };
    let weight = |n: usize, k: usize| weights.at(n * i + k);
    Some(Box::new(Hybrid {
        layer: HybridLayer::new(isa(), extents, &weights, weight, |n| n, biases.as_deref()),
        source,
        quantizer: Quantizer::new(isa(), rows, i),
        steps: Steps::new(nhwc(&operands.outputs[0].shape)?, layer.activation.link(), chain)?,
    }))
}

struct Connected {
    layer: StepLayer,
    source: Source,
}

impl CpuKernel for Connected {
    fn name(&self) -> String {
        format!("fully_connected.i8.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        self.layer.run(pool, io.inputs[0], self.source, io.outputs[0], self.layer.columns());
    }
}

struct Hybrid {
    layer: HybridLayer,
    source: Source,
    quantizer: Quantizer,
    steps: Steps,
}

impl CpuKernel for Hybrid {
    fn name(&self) -> String {
        format!("fully_connected.hybrid.{}", isa().name())
    }

    fn scratch(&self) -> usize {
        self.quantizer.scratch()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let scratch = std::mem::take(&mut io.scratch);
        let (to, chain) = self.steps.bind(io);
        let (rounded, _) = self.quantizer.run(pool, chain.operand(0), scratch);
        let (columns, clamp) = (self.layer.columns(), self.steps.bounds());
        self.layer.run(pool, &rounded, 0, self.source, 1, to, columns, clamp, &chain);
    }
}

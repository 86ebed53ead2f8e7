//! A fully connected layer with weights of bytes: of steps, or of reals that are rounded row by row as they come.

use super::FullyConnected;
use crate::gemm::Source;
use crate::gemm::bytes::PackedBytes;
use crate::ops::chain::nhwc;
use crate::ops::cpu::{
    ByteWeights, HybridGroups, HybridLayer, Quantizer, StepGroups, StepLayer, Stepped, Steps, hybrid_applies,
    isa,
};
use crate::ops::{Chain, CpuKernel, Operands};

const NAME: &str = "fully_connected";

/// The kernel where weights are bytes.
pub fn kernel(layer: &FullyConnected, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
    let &[o, i] = &weights.ty.shape[..] else { return None };
    if i == 0 || i + 4 > PackedBytes::MAX_DEPTH {
        return None;
    }
    let (rows, extents) = (input.ty.elements() / i, [o, i]);
    let source = Source::Rows { count: rows, stride: i };
    if !hybrid_applies(operands, 0) {
        let weights = ByteWeights::of(operands, 1, 0).filter(|weights| weights.fits(o))?;
        let stepped = Stepped::of(isa(), operands, [0, 2], layer.activation).filter(|all| all.fits(o))?;
        let weight = |n: usize, k: usize| weights.at(n * i + k);
        let layer = StepLayer::new(isa(), extents, &stepped, &weights, weight, |n| n);
        let kernel = StepGroups { name: NAME, groups: vec![layer], source, channels: i, columns: o };
        return chain.is_empty().then(|| Box::new(kernel) as Box<dyn CpuKernel>);
    }
    let weights = ByteWeights::hybrid(operands, 1, 0).filter(|weights| weights.fits(o))?;
    let biases = match operands.optional(2) {
        None => None,
        Some(bias) => Some(bias.constant?.to_reals()?),
    };
    let weight = |n: usize, k: usize| weights.at(n * i + k);
    Some(Box::new(HybridGroups {
        name: NAME,
        groups: vec![HybridLayer::new(isa(), extents, &weights, weight, |n| n, biases.as_deref())],
        source,
        channels: i,
        rows_per_scale: 1,
        quantizer: Quantizer::new(isa(), rows, i),
        steps: Steps::stored(nhwc(&operands.outputs[0].shape)?, layer.activation, chain)?,
    }))
}

//! Convolution with weights of bytes, one product a group: of steps, or of reals that are rounded as they come.

use super::Conv2d;
use super::layout::Layout;
use crate::gemm::bytes::PackedBytes;
use crate::ops::cpu::{
    ByteWeights, HybridGroups, HybridLayer, Quantizer, StepGroups, StepLayer, Stepped, Steps, hybrid_applies,
    isa,
};
use crate::ops::{Chain, CpuKernel, Operands};

/// The kernel where weights are bytes.
pub fn kernel(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if hybrid_applies(operands, 0) { hybrid(conv, operands, chain) } else { stepped(conv, operands, chain) }
}

/// What the shapes say, where the sums stay within 32 bits.
fn layout(conv: &Conv2d, operands: &Operands) -> Option<Layout> {
    Layout::of(conv, operands).filter(|layout| layout.depth + 4 <= PackedBytes::MAX_DEPTH)
}

fn stepped(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let layout = layout(conv, operands)?;
    let Layout { source, per_group, depth, channels, output: [.., columns], .. } = layout;
    let weights = ByteWeights::of(operands, 1, 0)?;
    let stepped = Stepped::of(isa(), operands, [0, 2], conv.activation)?;
    if !chain.is_empty() || !weights.fits(columns) || !stepped.fits(columns) {
        return None;
    }
    let group = |group: usize| {
        let channel = |column: usize| group * per_group + column;
        let weight = |column: usize, k: usize| weights.at(channel(column) * depth + k);
        StepLayer::new(isa(), [per_group, depth], &stepped, &weights, weight, channel)
    };
    let groups = (0..layout.groups).map(group).collect();
    Some(Box::new(StepGroups { name: layout.name(), groups, source, channels, columns }))
}

fn hybrid(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let layout = layout(conv, operands)?;
    let Layout { source, per_group, depth, channels, output: [n, rows, columns, o], .. } = layout;
    let weights = ByteWeights::hybrid(operands, 1, 0).filter(|weights| weights.fits(o))?;
    let biases = match operands.optional(2) {
        None => None,
        Some(bias) => Some(bias.constant?.to_reals()?),
    };
    let group = |group: usize| {
        let channel = |column: usize| group * per_group + column;
        let weight = |column: usize, k: usize| weights.at(channel(column) * depth + k);
        HybridLayer::new(isa(), [per_group, depth], &weights, weight, channel, biases.as_deref())
    };
    let elements = operands.optional(0)?.ty.elements();
    Some(Box::new(HybridGroups {
        name: layout.name(),
        groups: (0..layout.groups).map(group).collect(),
        source,
        channels,
        rows_per_scale: rows * columns,
        quantizer: Quantizer::new(isa(), n, elements / n.max(1)),
        steps: Steps::stored(layout.output, conv.activation, chain)?,
    }))
}

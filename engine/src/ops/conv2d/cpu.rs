//! Convolution as a packed product over its windows, one product a group.

use super::layout::Layout;
use super::{Conv2d, bytes};
use crate::gemm::{Packed, Product};
use crate::ops::cpu::{Steps, all_f32, hybrid_applies, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;

struct Convolution {
    groups: Vec<Packed>,
    layout: Layout,
    steps: Steps,
}

/// Whether there is a kernel: for f32, with weights of the model.
pub fn applies(operands: &Operands) -> bool {
    all_f32(operands, &[0]) && known(operands, 1) && known(operands, 2)
}

/// The kernel.
pub fn kernel(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if !applies(operands) || hybrid_applies(operands, 0) {
        return bytes::kernel(conv, operands, chain);
    }
    let layout = Layout::of(conv, operands)?;
    let kernel = operands.optional(1)?.constant?.to_reals()?;
    let bias = match operands.optional(2) {
        None => None,
        Some(bias) => Some(bias.constant?.to_reals()?),
    };
    let Layout { per_group, depth, .. } = layout;
    let group = |group: usize| {
        let at = |column: usize| group * per_group + column;
        let weight = |column: usize, k: usize| kernel[at(column) * depth + k];
        Packed::new(isa(), [per_group, depth], weight, |column| {
            bias.as_ref().map_or(0.0, |bias| bias[at(column)])
        })
    };
    let groups = (0..layout.groups).map(group).collect();
    let steps = Steps::stored(layout.output, conv.activation, chain)?;
    Some(Box::new(Convolution { groups, layout, steps }))
}

impl CpuKernel for Convolution {
    fn name(&self) -> String {
        format!("{}.{}", self.layout.name(), isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, mut chain) = self.steps.bind(io);
        let from = chain.operand(0);
        for (group, weights) in self.groups.iter().enumerate() {
            let column = group * weights.columns();
            chain.start_at_column(column);
            let product = Product {
                weights,
                source: self.layout.source,
                from: from.get(group * self.layout.channels..).unwrap_or_default(),
                stride: self.steps.shape()[3],
                clamp: self.steps.bounds(),
                epilogue: &chain,
            };
            product.run(pool, to.get_mut(column..).unwrap_or_default());
        }
    }
}

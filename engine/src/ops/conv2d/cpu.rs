//! Convolution as a packed product over its windows, one product a group.

use super::{Conv2d, bytes};
use crate::gemm::{Packed, Product, Source, Window};
use crate::ops::cpu::{Steps, all_f32, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;

struct Convolution {
    groups: Vec<Packed>,
    source: Source,
    /// Channels of the input in a group.
    channels: usize,
    steps: Steps,
}

/// Whether there is a kernel: for f32, with weights of the model.
pub fn applies(operands: &Operands) -> bool {
    all_f32(operands, &[0]) && known(operands, 1) && known(operands, 2)
}

/// The kernel.
pub fn kernel(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if !applies(operands) || bytes::hybrid_applies(operands) {
        return bytes::kernel(conv, operands, chain);
    }
    let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
    let (&[n, h, w, c], &[_, kh, kw, i]) = (&input.ty.shape[..], &weights.ty.shape[..]) else { return None };
    let &[_, rows, columns, o] = &operands.outputs[0].shape[..] else { return None };
    let kernel = weights.constant?.to_reals()?;
    let bias = match operands.optional(2) {
        None => None,
        Some(bias) => Some(bias.constant?.to_reals()?),
    };
    let window = conv.window(&weights.ty.shape);
    let padding = [window.before(0, h), window.before(1, w)];
    let pointwise =
        [kh, kw, conv.stride[0], conv.stride[1]] == [1; 4] && padding == [0; 2] && [h, w] == [rows, columns];
    let source = match pointwise {
        true => Source::Rows { count: n * h * w, stride: c },
        false => Source::Windows(Window {
            batch: n,
            input: [h, w],
            channels: i,
            pixel_stride: c,
            output: [rows, columns],
            kernel: [kh, kw],
            stride: conv.stride,
            dilation: conv.dilation,
            padding,
        }),
    };
    let (depth, per_group) = (kh * kw * i, o / (c / i));
    let group = |group: usize| {
        let at = |column: usize| group * per_group + column;
        let weight = |column: usize, k: usize| kernel[at(column) * depth + k];
        Packed::new(isa(), [per_group, depth], weight, |column| {
            bias.as_ref().map_or(0.0, |bias| bias[at(column)])
        })
    };
    let groups = (0..c / i).map(group).collect();
    let steps = Steps::new([n, rows, columns, o], conv.activation.link(), chain)?;
    Some(Box::new(Convolution { groups, source, channels: i, steps }))
}

impl CpuKernel for Convolution {
    fn name(&self) -> String {
        let form = if matches!(self.source, Source::Rows { .. }) { "pointwise" } else { "windows" };
        format!("conv2d_{form}.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, mut chain) = self.steps.bind(io);
        let from = chain.operand(0);
        for (group, weights) in self.groups.iter().enumerate() {
            let column = group * weights.columns();
            chain.start_at_column(column);
            let product = Product {
                weights,
                source: self.source,
                from: from.get(group * self.channels..).unwrap_or_default(),
                stride: self.steps.shape()[3],
                clamp: self.steps.bounds(),
                epilogue: &chain,
            };
            product.run(pool, to.get_mut(column..).unwrap_or_default());
        }
    }
}

//! Depthwise convolution on vectors of channels; with a multiplier, as one small packed product for each input channel.

mod bytes;
mod kernel;
mod quantized;

use super::DepthwiseConv2d;
use crate::gemm::{Packed, Product, Source, Window};
use crate::ops::cpu::{Steps, all_f32, hybrid_applies, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;
use kernel::Kernel;

/// Whether there is a kernel: for f32, with weights of the model.
pub fn applies(operands: &Operands) -> bool {
    all_f32(operands, &[0]) && known(operands, 1) && known(operands, 2)
}

/// The kernel.
pub fn kernel(conv: &DepthwiseConv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
    let (&[n, h, w, c], &[_, kh, kw, o]) = (&input.ty.shape[..], &weights.ty.shape[..]) else { return None };
    let &[_, rows, columns, _] = &operands.outputs[0].shape[..] else { return None };
    let window = conv.window(&weights.ty.shape);
    let window = Window {
        batch: n,
        input: [h, w],
        channels: 1,
        pixel_stride: c,
        output: [rows, columns],
        kernel: [kh, kw],
        stride: conv.stride,
        dilation: conv.dilation,
        padding: [window.before(0, h), window.before(1, w)],
    };
    if !applies(operands) || hybrid_applies(operands, 3) {
        return quantized::kernel(conv, operands, chain, window);
    }
    let taps = weights.constant?.to_reals()?;
    let bias = match operands.optional(2) {
        None => vec![0.0; o],
        Some(bias) => bias.constant?.to_reals()?,
    };
    let steps = Steps::stored([n, rows, columns, o], conv.activation, chain)?;
    if c == o {
        return Some(Box::new(Depthwise { kernel: Kernel::new(isa(), window, &taps, &bias), steps }));
    }
    let multiplier = o / c;
    let packed = |channel: usize| {
        let first = channel * multiplier;
        Packed::new(isa(), [multiplier, kh * kw], |n, tap| taps[tap * o + first + n], |n| bias[first + n])
    };
    Some(Box::new(Multiplied {
        groups: (0..c).map(packed).collect(),
        source: Source::Windows(window),
        steps,
    }))
}

struct Depthwise {
    kernel: Kernel,
    steps: Steps,
}

impl CpuKernel for Depthwise {
    fn name(&self) -> String {
        format!("depthwise_conv2d_{}.{}", self.kernel.form(), isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, chain) = self.steps.bind(io);
        self.kernel.run(pool, chain.operand(0), to, self.steps.bounds(), &chain);
    }
}

struct Multiplied {
    groups: Vec<Packed>,
    source: Source,
    steps: Steps,
}

impl CpuKernel for Multiplied {
    fn name(&self) -> String {
        format!("depthwise_conv2d_multiplied.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (to, mut chain) = self.steps.bind(io);
        let from = chain.operand(0);
        for (channel, weights) in self.groups.iter().enumerate() {
            let column = channel * weights.columns();
            chain.start_at_column(column);
            let product = Product {
                weights,
                source: self.source,
                from: from.get(channel..).unwrap_or_default(),
                stride: self.steps.shape()[3],
                clamp: self.steps.bounds(),
                epilogue: &chain,
            };
            product.run(pool, to.get_mut(column..).unwrap_or_default());
        }
    }
}

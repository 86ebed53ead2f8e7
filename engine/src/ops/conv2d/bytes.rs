//! Convolution with weights of bytes, one product a group: of steps, or of reals that are rounded as they come.

use super::Conv2d;
use crate::gemm::bytes::PackedBytes;
use crate::gemm::{Source, Window};
use crate::ops::cpu::{ByteWeights, HybridLayer, Quantizer, StepLayer, Stepped, Steps, all_f32, isa, known};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;

/// What the shapes say.
struct Layout {
    source: Source,
    /// Groups, output channels of one, depth of its sums, and channels of the input in it.
    groups: usize,
    per_group: usize,
    depth: usize,
    channels: usize,
    /// Columns of the output.
    columns: usize,
}

impl Layout {
    fn of(conv: &Conv2d, operands: &Operands) -> Option<Self> {
        let (input, weights) = (operands.optional(0)?, operands.optional(1)?);
        let (&[n, h, w, c], &[o, kh, kw, i]) = (&input.ty.shape[..], &weights.ty.shape[..]) else {
            return None;
        };
        let &[_, rows, columns, _] = &operands.outputs[0].shape[..] else { return None };
        let window = conv.window(&weights.ty.shape);
        let padding = [window.before(0, h), window.before(1, w)];
        let pointwise = [kh, kw, conv.stride[0], conv.stride[1]] == [1; 4]
            && padding == [0; 2]
            && [h, w] == [rows, columns];
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
        let depth = kh * kw * i;
        (depth + 4 <= PackedBytes::MAX_DEPTH).then(|| Self {
            source,
            groups: c / i,
            per_group: o / (c / i),
            depth,
            channels: i,
            columns: o,
        })
    }

    fn form(&self) -> &'static str {
        if matches!(self.source, Source::Rows { .. }) { "pointwise" } else { "windows" }
    }
}

/// The kernel where weights are bytes.
pub fn kernel(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if hybrid_applies(operands) { hybrid(conv, operands, chain) } else { stepped(conv, operands, chain) }
}

/// Whether reals are rounded to multiply them with the weights.
pub fn hybrid_applies(operands: &Operands) -> bool {
    all_f32(operands, &[0, 2]) && known(operands, 2) && ByteWeights::hybrid(operands, 1, 0).is_some()
}

fn stepped(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let layout = Layout::of(conv, operands)?;
    let weights = ByteWeights::of(operands, 1, 0)?;
    let stepped = Stepped::of(isa(), operands, [0, 2], conv.activation)?;
    if !chain.is_empty() || !weights.fits(layout.columns) || !stepped.fits(layout.columns) {
        return None;
    }
    let Layout { per_group, depth, .. } = layout;
    let group = |group: usize| {
        let channel = |column: usize| group * per_group + column;
        let weight = |column: usize, k: usize| weights.at(channel(column) * depth + k);
        StepLayer::new(isa(), [per_group, depth], &stepped, &weights, weight, channel)
    };
    Some(Box::new(Convolution { groups: (0..layout.groups).map(group).collect(), layout }))
}

struct Convolution {
    groups: Vec<StepLayer>,
    layout: Layout,
}

impl CpuKernel for Convolution {
    fn name(&self) -> String {
        format!("conv2d_{}.i8.{}", self.layout.form(), isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (from, to) = (io.inputs[0], &mut io.outputs[0][..]);
        let Layout { source, channels, columns, .. } = self.layout;
        for (group, layer) in self.groups.iter().enumerate() {
            let from = from.get(group * channels..).unwrap_or_default();
            let to = to.get_mut(group * layer.columns()..).unwrap_or_default();
            layer.run(pool, from, source, to, columns);
        }
    }
}

fn hybrid(conv: &Conv2d, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let layout = Layout::of(conv, operands)?;
    let weights = ByteWeights::hybrid(operands, 1, 0).filter(|weights| weights.fits(layout.columns))?;
    let biases = match operands.optional(2) {
        None => None,
        Some(bias) => Some(bias.constant?.to_reals()?),
    };
    let &[n, rows, columns, o] = &operands.outputs[0].shape[..] else { return None };
    let Layout { per_group, depth, .. } = layout;
    let group = |group: usize| {
        let channel = |column: usize| group * per_group + column;
        let weight = |column: usize, k: usize| weights.at(channel(column) * depth + k);
        HybridLayer::new(isa(), [per_group, depth], &weights, weight, channel, biases.as_deref())
    };
    let elements = operands.optional(0)?.ty.elements();
    Some(Box::new(Hybrid {
        groups: (0..layout.groups).map(group).collect(),
        quantizer: Quantizer::new(isa(), n, elements / n.max(1)),
        steps: Steps::new([n, rows, columns, o], conv.activation.link(), chain)?,
        layout,
    }))
}

struct Hybrid {
    groups: Vec<HybridLayer>,
    quantizer: Quantizer,
    steps: Steps,
    layout: Layout,
}

impl CpuKernel for Hybrid {
    fn name(&self) -> String {
        format!("conv2d_{}.hybrid.{}", self.layout.form(), isa().name())
    }

    fn scratch(&self) -> usize {
        self.quantizer.scratch()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let scratch = std::mem::take(&mut io.scratch);
        let (to, mut chain) = self.steps.bind(io);
        let (rounded, _) = self.quantizer.run(pool, chain.operand(0), scratch);
        let Layout { source, channels, .. } = self.layout;
        let [_, rows, columns, stride] = self.steps.shape();
        for (group, layer) in self.groups.iter().enumerate() {
            let column = group * layer.columns();
            chain.start_at_column(column);
            let to = to.get_mut(column..).unwrap_or_default();
            let (skip, pixels, clamp) = (group * channels, rows * columns, self.steps.bounds());
            layer.run(pool, &rounded, skip, source, pixels, to, stride, clamp, &chain);
        }
    }
}

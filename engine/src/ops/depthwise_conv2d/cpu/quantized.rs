//! Depthwise convolution with weights of bytes: of steps, or of reals that are rounded as they come.

use super::super::DepthwiseConv2d;
use super::bytes::{BlockReals, BlockSteps, ByteKernel, Input, MAX_ROWS};
use crate::gemm::{Source, Window};
use crate::ops::cpu::{
    ByteWeights, HybridGroups, HybridLayer, Quantizer, StepGroups, StepLayer, Stepped, Steps, hybrid_applies,
    isa,
};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;

/// Where an input channel has several output channels.
const MULTIPLIED: &str = "depthwise_conv2d_multiplied";

/// The kernel where weights are bytes, over these windows.
pub fn kernel(
    conv: &DepthwiseConv2d,
    operands: &Operands,
    chain: &Chain,
    window: Window,
) -> Option<Box<dyn CpuKernel>> {
    if window.kernel[0] > MAX_ROWS {
        return None;
    }
    if hybrid_applies(operands, 3) {
        return hybrid(conv, operands, chain, window);
    }
    let &[_, _, _, o] = &operands.outputs[0].shape[..] else { return None };
    let weights = ByteWeights::of(operands, 1, 3).filter(|weights| weights.fits(o))?;
    let stepped = Stepped::of(isa(), operands, [0, 2], conv.activation).filter(|stepped| stepped.fits(o))?;
    if !chain.is_empty() {
        return None;
    }
    let channels = window.pixel_stride;
    if channels != o {
        let multiplier = o / channels;
        let group = |group: usize| {
            let channel = |column: usize| group * multiplier + column;
            let weight = |column: usize, tap: usize| weights.at(tap * o + channel(column));
            let taps = window.kernel[0] * window.kernel[1];
            StepLayer::new(isa(), [multiplier, taps], &stepped, &weights, weight, channel)
        };
        let groups = (0..channels).map(group).collect();
        let source = Source::Windows(window);
        return Some(Box::new(StepGroups { name: MULTIPLIED, groups, source, channels: 1, columns: o }));
    }
    let weight = |tap: usize, channel: usize| i32::from(weights.at(tap * o + channel)) - weights.zero_point;
    let kernel = ByteKernel::new(isa(), window, weight);
    let factors = kernel.channel_numbers(0.0, |channel| stepped.factor(weights.scale(channel)));
    Some(Box::new(Depthwise {
        starts: kernel.starts(stepped.left_zero, |channel| stepped.bias(channel)),
        finish: BlockSteps::new(factors, stepped.zero_point, stepped.range, stepped.signed),
        flip: stepped.flip,
        zero: [stepped.zero],
        kernel,
    }))
}

struct Depthwise {
    kernel: ByteKernel,
    starts: Vec<i32>,
    finish: BlockSteps,
    flip: u8,
    zero: [u8; 1],
}

impl CpuKernel for Depthwise {
    fn name(&self) -> String {
        format!("depthwise_conv2d.i8.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let input = Input {
            bytes: io.inputs[0],
            flip: self.flip,
            zeros: &self.zero,
            starts: &self.starts,
            factors: &[],
        };
        self.kernel.run(pool, input, io.outputs[0], &self.finish);
    }
}

fn hybrid(
    conv: &DepthwiseConv2d,
    operands: &Operands,
    chain: &Chain,
    window: Window,
) -> Option<Box<dyn CpuKernel>> {
    let &[n, rows, columns, o] = &operands.outputs[0].shape[..] else { return None };
    let weights = ByteWeights::hybrid(operands, 1, 3).filter(|weights| weights.fits(o))?;
    let biases = match operands.optional(2) {
        None => vec![0.0; o],
        Some(bias) => bias.constant?.to_reals()?,
    };
    let steps = Steps::stored([n, rows, columns, o], conv.activation, chain)?;
    let channels = window.pixel_stride;
    let quantizer = Quantizer::new(isa(), n, window.input[0] * window.input[1] * channels);
    if channels != o {
        let multiplier = o / channels;
        let group = |group: usize| {
            let channel = |column: usize| group * multiplier + column;
            let weight = |column: usize, tap: usize| weights.at(tap * o + channel(column));
            let taps = window.kernel[0] * window.kernel[1];
            HybridLayer::new(isa(), [multiplier, taps], &weights, weight, channel, Some(&biases))
        };
        let groups = (0..channels).map(group).collect();
        return Some(Box::new(HybridGroups {
            name: MULTIPLIED,
            groups,
            source: Source::Windows(window),
            channels: 1,
            rows_per_scale: rows * columns,
            quantizer,
            steps,
        }));
    }
    let kernel = ByteKernel::new(isa(), window, |tap, channel| i32::from(weights.at(tap * o + channel)));
    Some(Box::new(Hybrid {
        scales: kernel.channel_numbers(0.0, |channel| weights.scale(channel)),
        biases: kernel.channel_numbers(0.0, |channel| biases[channel]),
        kernel,
        quantizer,
        steps,
    }))
}

struct Hybrid {
    kernel: ByteKernel,
    scales: Vec<f32>,
    biases: Vec<f32>,
    quantizer: Quantizer,
    steps: Steps,
}

impl CpuKernel for Hybrid {
    fn name(&self) -> String {
        format!("depthwise_conv2d.hybrid.{}", isa().name())
    }

    fn scratch(&self) -> usize {
        self.quantizer.scratch()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let scratch = std::mem::take(&mut io.scratch);
        let (to, chain) = self.steps.bind(io);
        let (rounded, _) = self.quantizer.run(pool, chain.operand(0), scratch);
        let input = Input {
            bytes: rounded.bytes,
            flip: 0,
            zeros: rounded.zeros,
            starts: self.kernel.sums(),
            factors: rounded.factors,
        };
        let finish = BlockReals {
            scales: &self.scales,
            biases: &self.biases,
            pictures: rounded.scales,
            clamp: self.steps.bounds(),
            epilogue: &chain,
        };
        self.kernel.run(pool, input, to, &finish);
    }
}

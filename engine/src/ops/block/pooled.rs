//! A mean over a whole image and the layers on the one pixel it leaves: one work-group for each image.

use super::gpu::{Stage, by_channel, inline, pointwise};
use crate::ops::pool2d::Pooling;
use crate::ops::reduce::{Reducer, reduced_dimensions};
use crate::ops::{Op, Refusal, Verdict};
use crate::wgsl::{Choice, Constant, Inline, Kernel};

/// Weights that one work-group may read: more are better spread over the device.
const MOST_WEIGHTS: usize = 1 << 17;

/// A pooled block's numbers.
pub struct Pooled {
    input: [usize; 4],
    /// Output channels of each layer.
    outputs: Vec<usize>,
    constants: Vec<Vec<f32>>,
    pub between: Vec<Inline>,
}

impl Pooled {
    pub fn new(stages: &[Stage]) -> Verdict<Self> {
        let [head, layers @ ..] = stages else { return Err(Refusal::new("it has no layers")) };
        let input = head.operands.gpu_input(0)?;
        if !is_mean(head)? || head.shape != [input[0], 1, 1, input[3]] {
            return Err(Refusal::new("its first layer is no mean over whole images"));
        }
        let (mut constants, mut outputs, mut c) = (Vec::new(), Vec::new(), input[3]);
        for layer in layers {
            constants.push(by_channel(&pointwise(layer, c)?, c));
            c = layer.shape[3];
            outputs.push(c);
        }
        if !(1..=2).contains(&outputs.len()) {
            return Err(Refusal::new("its GPU kernel takes one or two layers after the mean"));
        }
        let weights: usize = constants.iter().map(Vec::len).sum();
        if weights > MOST_WEIGHTS {
            return Err(Refusal::new(format!(
                "{weights} weights are too many for one work-group, which takes {MOST_WEIGHTS}"
            )));
        }
        let between = ["pooled", "hidden"].into_iter().zip(&stages[..stages.len() - 1]);
        let between = between.map(|(name, stage)| inline(name, stage)).collect();
        Ok(Self { input, outputs, constants, between })
    }

    fn slices(&self) -> usize {
        self.input[3].div_ceil(4)
    }

    pub fn choices(&self) -> Verdict<Vec<Choice>> {
        let texels = self.input[1] * self.input[2] * self.slices();
        let sizes: [u32; 3] = if texels >= 4096 { [256, 128, 64] } else { [64, 128, 256] };
        Ok(sizes.map(|size| Choice::new("block_pooled", [size, 1, 1])).to_vec())
    }

    pub fn kernel(&self, choice: &Choice) -> Verdict<Kernel> {
        let [n, h, w, c] = self.input;
        let threads = choice.workgroup[0] as usize;
        // Invocations that share a sum: a power of two, so that their sums meet in halves.
        let sharing = |slices: usize| prev_power_of_two((threads / slices.min(threads)).max(1));
        let hidden = self.outputs[0].div_ceil(4);
        let last = self.outputs[self.outputs.len() - 1].div_ceil(4);
        let [first_weights, rest @ ..] = &self.constants[..] else {
            return Err(Refusal::new("it has no layers"));
        };
        let mut constants = vec![Constant { name: "first", values: first_weights.clone() }];
        constants.extend(rest.iter().map(|values| Constant { name: "second", values: values.clone() }));
        Ok(Kernel {
            choice: choice.clone(),
            source: include_str!("pooled.wgsl"),
            defines: vec![
                ("THREADS", threads as i64),
                ("LAYERS", self.outputs.len() as i64),
                ("IN", self.slices() as i64),
                ("HIDDEN", hidden as i64),
                ("OUT", last as i64),
                ("IN_SHARE", sharing(self.slices()) as i64),
                ("HIDDEN_SHARE", sharing(hidden) as i64),
                ("OUT_SHARE", sharing(last) as i64),
            ],
            params: vec![("inverse", (1.0 / (h * w) as f32).into())],
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants,
            grid: [1, 1, n as u32],
            macs: (n * (h * w * c + self.constants.iter().map(Vec::len).sum::<usize>())) as u64,
        })
    }
}

fn prev_power_of_two(number: usize) -> usize {
    1 << number.ilog2()
}

fn is_mean(stage: &Stage) -> Verdict<bool> {
    Ok(match stage.op {
        Op::Pool2d(pool) => {
            pool.pooling == Pooling::Average && {
                let [_, h, w, _] = stage.operands.gpu_input(0)?;
                let covers = |axis: usize, extent: usize| pool.window.taps(axis, extent, 0).count() == extent;
                covers(0, h) && covers(1, w)
            }
        }
        Op::Reduce(reduce) => {
            let rank = stage.operands.input(0)?.ty.rank();
            let axes = stage.operands.integers(1)?.unwrap_or_default();
            reduce.reducer == Reducer::Mean
                && reduce.keep_dims
                && rank == 4
                && reduced_dimensions(rank, &axes)? == [false, true, true, false]
        }
        _ => false,
    })
}

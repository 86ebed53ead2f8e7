//! Layers with weights of bytes as products side by side, each of some of the channels.

use super::layer::{HybridLayer, StepLayer};
use super::{Quantizer, Steps, isa};
use crate::gemm::Source;
use crate::ops::{CpuIo, CpuKernel};
use crate::pool::Pool;

/// Products of steps.
pub struct StepGroups {
    /// The name without the form of the numbers and the instruction set.
    pub name: &'static str,
    /// In the order of the output's channels.
    pub groups: Vec<StepLayer>,
    /// The rows of the left operand of the first.
    pub source: Source,
    /// Channels of the input from one product's to the next one's.
    pub channels: usize,
    /// Channels of the output.
    pub columns: usize,
}

impl CpuKernel for StepGroups {
    fn name(&self) -> String {
        format!("{}.i8.{}", self.name, isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (from, to) = (io.inputs[0], &mut io.outputs[0][..]);
        for (group, layer) in self.groups.iter().enumerate() {
            let from = from.get(group * self.channels..).unwrap_or_default();
            let to = to.get_mut(group * layer.columns()..).unwrap_or_default();
            layer.run(pool, from, self.source, to, self.columns);
        }
    }
}

/// Products of reals that are rounded as they come.
pub struct HybridGroups {
    /// As [`StepGroups::name`].
    pub name: &'static str,
    /// As [`StepGroups::groups`].
    pub groups: Vec<HybridLayer>,
    /// As [`StepGroups::source`].
    pub source: Source,
    /// As [`StepGroups::channels`].
    pub channels: usize,
    /// Rows of the products that are rounded to the same steps.
    pub rows_per_scale: usize,
    /// How the reals are rounded.
    pub quantizer: Quantizer,
    /// What follows.
    pub steps: Steps,
}

impl CpuKernel for HybridGroups {
    fn name(&self) -> String {
        format!("{}.hybrid.{}", self.name, isa().name())
    }

    fn scratch(&self) -> usize {
        self.quantizer.scratch()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let scratch = std::mem::take(&mut io.scratch);
        let (to, mut chain) = self.steps.bind(io);
        let (rounded, _) = self.quantizer.run(pool, chain.operand(0), scratch);
        let (stride, clamp) = (self.steps.shape()[3], self.steps.bounds());
        for (group, layer) in self.groups.iter().enumerate() {
            let (skip, column) = (group * self.channels, group * layer.columns());
            chain.start_at_column(column);
            let to = to.get_mut(column..).unwrap_or_default();
            layer.run(pool, &rounded, skip, self.source, self.rows_per_scale, to, stride, clamp, &chain);
        }
    }
}

//! Concatenation as runs of bytes.

use super::Concat;
use crate::ops::{Activation, Chain, CpuIo, CpuKernel, Operands, axis};
use crate::pool::{Disjoint, Pool};
use crate::tensor::DType;

struct Runs {
    /// Bytes of each operand's run, and how often they take turns.
    runs: Vec<usize>,
    turns: usize,
}

/// The kernel, where the result holds its operands' bytes as they are.
pub fn kernel(concat: &Concat, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let to = operands.outputs[0];
    if !chain.is_empty() || concat.activation != Activation::None || to.dtype == DType::String {
        return None;
    }
    let along = axis(concat.axis, to.rank()).ok()?;
    let run = |index: usize| {
        let input = operands.optional(index)?;
        let same = !input.dynamic && input.ty.dtype == to.dtype && input.ty.quantization == to.quantization;
        same.then(|| input.ty.shape[along..].iter().product::<usize>() * to.dtype.size())
    };
    let runs = (0..operands.inputs.len()).map(run).collect::<Option<Vec<usize>>>()?;
    Some(Box::new(Runs { runs, turns: to.shape[..along].iter().product() }))
}

impl CpuKernel for Runs {
    fn name(&self) -> String {
        "concat_runs".into()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let CpuIo { inputs, outputs, .. } = io;
        let Some(to) = outputs.first_mut() else { return };
        let pieces = to.len() / (128 << 10);
        let (whole, inputs) = (self.runs.iter().sum::<usize>(), &*inputs);
        let to = Disjoint::new(to);
        pool.split(self.turns, pieces, &|turns| {
            // SAFETY: the turns of tasks are disjoint.
            let mut to = unsafe { to.slice(turns.start * whole, turns.len() * whole) };
            for turn in turns {
                for (&run, from) in self.runs.iter().zip(inputs) {
                    let (part, rest) = to.split_at_mut(run);
                    part.copy_from_slice(&from[turn * run..][..run]);
                    to = rest;
                }
            }
        });
    }
}

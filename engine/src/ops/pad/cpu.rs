//! Padding with zeros as runs of floats.

use super::Pad;
use crate::ops::chain::nhwc;
use crate::ops::cpu::all_f32;
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::{Disjoint, Pool};

struct Padded {
    from: [usize; 4],
    to: [usize; 4],
    /// Zeros before the operand along each axis.
    before: [usize; 4],
}

/// The kernel for zeros around f32 of rank 4 at most.
pub fn kernel(pad: &Pad, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    if *pad != Pad::Zero || !chain.is_empty() || !all_f32(operands, &[0]) {
        return None;
    }
    let shape = &operands.optional(0)?.ty.shape;
    let counts = pad.counts(operands).ok()??;
    let mut before = [0; 4];
    for (axis, count) in counts.iter().enumerate() {
        before[(4 + axis).checked_sub(shape.len())?] = count[0];
    }
    Some(Box::new(Padded { from: nhwc(shape)?, to: nhwc(&operands.outputs[0].shape)?, before }))
}

impl Padded {
    /// The row of the operand that lies in a row of the result, as rows of pixels are numbered.
    fn row(&self, row: usize) -> Option<usize> {
        let picture = (row / self.to[1]).checked_sub(self.before[0]).filter(|&n| n < self.from[0])?;
        let y = (row % self.to[1]).checked_sub(self.before[1]).filter(|&y| y < self.from[1])?;
        Some(picture * self.from[1] + y)
    }
}

impl CpuKernel for Padded {
    fn name(&self) -> String {
        "pad_runs".into()
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let CpuIo { inputs, outputs, .. } = io;
        let Some(to) = outputs.first_mut() else { return };
        let (from, to): (&[f32], &mut [f32]) =
            (bytemuck::cast_slice(inputs[0]), bytemuck::cast_slice_mut(to));
        let ([_, _, width, channels], [n, h, to_width, to_channels]) = (self.from, self.to);
        let pieces = to.len() / (32 << 10);
        let to = Disjoint::new(to);
        pool.split(n * h, pieces, &|rows| {
            for row in rows {
                // SAFETY: the rows of tasks are disjoint.
                let to = unsafe { to.slice(row * to_width * to_channels, to_width * to_channels) };
                to.fill(0.0);
                let Some(row) = self.row(row).filter(|_| channels > 0) else { continue };
                let from = from[row * width * channels..][..width * channels].chunks_exact(channels);
                let inner = &mut to[self.before[2] * to_channels..];
                for (from, to) in from.zip(inner.chunks_exact_mut(to_channels)) {
                    to[self.before[3]..][..channels].copy_from_slice(from);
                }
            }
        });
    }
}

//! Reals to bytes of one scale on vectors; bytes to anything by a table.

use super::Quantize;
use crate::ops::cpu::{ToBytes, isa, table};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;
use crate::tensor::DType;

/// The kernel.
pub fn kernel(op: &Quantize, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let input = operands.optional(0)?;
    if input.ty.dtype != DType::F32 || input.dynamic || !chain.is_empty() {
        return table(op, operands, chain);
    }
    Some(Box::new(Rounding(ToBytes::of(isa(), operands.outputs[0])?)))
}

struct Rounding(ToBytes);

impl CpuKernel for Rounding {
    fn name(&self) -> String {
        format!("quantize.{}", isa().name())
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let from: &[f32] = bytemuck::cast_slice(io.inputs[0]);
        self.0.run(pool, from, io.outputs[0]);
    }
}

//! Functions of one byte, such as elementwise ones of quantized numbers, as tables of their 256 results.

use crate::ops::{Chain, CpuIo, CpuKernel, Operands, Operator};
use crate::pool::{Disjoint, Pool};
use crate::tensor::{DType, Tensor};

use super::layer::byte_steps;

/// Results worth a task of their own.
const TASK: usize = 64 << 10;

/// The table of an operator that maps each element by itself: bytes with one scale to bytes or reals.
pub fn table(op: &dyn Operator, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
    let (input, output) = (operands.optional(0)?, *operands.outputs.first()?);
    if input.dynamic || operands.inputs.len() != 1 || !chain.is_empty() {
        return None;
    }
    byte_steps(input.ty)?;
    let bytes: Vec<u8> = (0..=255).collect();
    let every = Tensor::from_bytes(input.ty.with_shape([256]), &bytes).ok()?;
    let results = op.reference(&[Some(&every)], &[output.with_shape([256])]).ok()?;
    let name = op.name().to_lowercase();
    match output.dtype {
        DType::F32 => {
            let table = results[0].as_slice::<f32>().ok()?.try_into().ok()?;
            Some(Box::new(Table::<f32> { table, name }))
        }
        DType::I8 | DType::U8 => {
            Some(Box::new(Table::<u8> { table: results[0].as_bytes().try_into().ok()?, name }))
        }
        _ => None,
    }
}

struct Table<T> {
    table: [T; 256],
    name: String,
}

impl<T: bytemuck::Pod + Send + Sync> CpuKernel for Table<T> {
    fn name(&self) -> String {
        format!("table.{}", self.name)
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let (from, to) = (io.inputs[0], bytemuck::cast_slice_mut::<u8, T>(io.outputs[0]));
        let count = to.len();
        let pieces = count / TASK;
        let to = Disjoint::new(to);
        pool.split(count, pieces, &|part| {
            // SAFETY: the parts of tasks are disjoint.
            let to = unsafe { to.slice(part.start, part.len()) };
            to.iter_mut().zip(&from[part]).for_each(|(to, &byte)| *to = self.table[usize::from(byte)]);
        });
    }
}

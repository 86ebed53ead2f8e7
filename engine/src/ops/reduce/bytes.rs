//! Sums and means of quantized bytes over neighboring axes, as reals in the order of the elements.

use super::Reducer;
use crate::ops::cpu::{ToBytes, byte_steps, isa};
use crate::ops::{Chain, CpuIo, CpuKernel, Operands};
use crate::pool::Pool;
use crate::simd::{Integers, VectorizedIntegers};
use crate::tensor::DType;

struct Folded {
    /// Rows of results, elements that fall on one, results of a row.
    extents: [usize; 3],
    signed: bool,
    scale: f32,
    zero_point: i32,
    divisor: f64,
    rounding: ToBytes,
}

/// The kernel that folds `[outer, pixels, inner]` along its middle.
pub fn kernel(
    reducer: Reducer,
    operands: &Operands,
    chain: &Chain,
    extents: [usize; 3],
) -> Option<Box<dyn CpuKernel>> {
    let (input, output) = (operands.optional(0)?, *operands.outputs.first()?);
    let q = byte_steps(input.ty)?;
    let divisor = match reducer {
        Reducer::Mean => extents[1] as f64,
        Reducer::Sum => 1.0,
        _ => return None,
    };
    if input.dynamic || !chain.is_empty() {
        return None;
    }
    Some(Box::new(Folded {
        extents,
        signed: input.ty.dtype == DType::I8,
        scale: q.scale[0],
        zero_point: i32::try_from(q.zero_point[0]).ok()?,
        divisor,
        rounding: ToBytes::of(isa(), output)?,
    }))
}

impl Folded {
    fn results(&self) -> usize {
        self.extents[0] * self.extents[2]
    }
}

impl CpuKernel for Folded {
    fn name(&self) -> String {
        format!("reduce.i8.{}", isa().name())
    }

    fn scratch(&self) -> usize {
        (self.extents[2] * 8).next_multiple_of(64) + self.results() * 4
    }

    fn run(&self, io: &mut CpuIo<'_>, pool: &Pool) {
        let [_, pixels, inner] = self.extents;
        let (sums, results) = io.scratch.split_at_mut((inner * 8).next_multiple_of(64));
        let sums = &mut bytemuck::cast_slice_mut::<u8, f64>(sums)[..inner];
        let results = &mut bytemuck::cast_slice_mut::<u8, f32>(&mut results[..self.results() * 4])[..];
        if inner > 0 {
            let rows = io.inputs[0].chunks_exact((pixels * inner).max(1));
            for (from, to) in rows.zip(results.chunks_exact_mut(inner)) {
                isa().run_integers(Row { folded: self, from, sums: &mut *sums, to });
            }
        }
        self.rounding.run(pool, results, io.outputs[0]);
    }
}

struct Row<'a> {
    folded: &'a Folded,
    from: &'a [u8],
    sums: &'a mut [f64],
    to: &'a mut [f32],
}

impl VectorizedIntegers for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<N: Integers>(self, _: N) {
        let Folded { scale, zero_point, signed, divisor, .. } = *self.folded;
        self.sums.fill(0.0);
        for pixel in self.from.chunks_exact(self.sums.len()) {
            for (sum, &byte) in self.sums.iter_mut().zip(pixel) {
                let step = if signed { i32::from(byte as i8) } else { i32::from(byte) };
                *sum += f64::from(scale * (step - zero_point) as f32);
            }
        }
        self.to.iter_mut().zip(self.sums.iter()).for_each(|(to, sum)| *to = (sum / divisor) as f32);
    }
}

//! BATCH_MATMUL: `z[…, m, n] = Σ x[…, m, k] · y[…, k, n]`, where leading dimensions broadcast; with `adj_x` x is given as
//! `[…, k, m]`, with `adj_y` y as `[…, n, k]`.

/// The family's cases.
pub mod cases;
mod gpu;

use super::binary::{broadcast_indices, broadcast_shapes};
use super::weighted::Weighted;
use super::{Activation, Merged, Operands, Operator, Refusal, Source, Verdict, merged};
use crate::tensor::{Quantization, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// Which operands are transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchMatMul {
    /// Whether x is given transposed.
    pub adj_x: bool,
    /// Whether y is given transposed.
    pub adj_y: bool,
}

/// The attributes of a `BATCH_MATMUL`.
pub fn decode(source: &Source) -> Verdict<Option<BatchMatMul>> {
    if source.name != "BATCH_MATMUL" {
        return Ok(None);
    }
    Ok(Some(BatchMatMul { adj_x: source.bool("adj_x")?, adj_y: source.bool("adj_y")? }))
}

/// The leading dimensions of two shapes with m, k and n of their product.
struct Product<'a> {
    batches: [&'a [usize]; 2],
    m: usize,
    k: usize,
    n: usize,
}

impl BatchMatMul {
    fn product<'a>(&self, x: &'a [usize], y: &'a [usize]) -> Verdict<Product<'a>> {
        let ([leading_x @ .., x0, x1], [leading_y @ .., y0, y1]) = (x, y) else {
            return Err(Refusal::new(format!("its inputs {x:?} and {y:?} should be matrices")));
        };
        let (m, k) = if self.adj_x { (*x1, *x0) } else { (*x0, *x1) };
        let (other, n) = if self.adj_y { (*y1, *y0) } else { (*y0, *y1) };
        match k == other {
            true => Ok(Product { batches: [leading_x, leading_y], m, k, n }),
            false => Err(Refusal::new(format!("its inputs {x:?} and {y:?} do not fit each other"))),
        }
    }
}

impl Operator for BatchMatMul {
    fn name(&self) -> &'static str {
        "BATCH_MATMUL"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        let (Some(x), Some(y)) = (operands.shape(0)?, operands.shape(1)?) else { return Ok(vec![None]) };
        let Product { batches, m, n, .. } = self.product(x, y)?;
        let mut shape = broadcast_shapes(batches[0], batches[1])?;
        shape.extend([m, n]);
        Ok(vec![Some(shape)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let [Some(x), Some(y)] = inputs[..] else { return Err(Refusal::new("it needs two inputs")) };
        let Product { batches: [batches_x, batches_y], m, k, n } = self.product(x.shape(), y.shape())?;
        // Scales along k belong to the terms, not to the sums.
        let along_k =
            |q: &Quantization| q.is_per_channel() && q.axis + 1 + usize::from(self.adj_y) != y.shape().len();
        let channels = if y.ty().quantization.as_ref().is_some_and(along_k) { 0 } else { n };
        let weighted = Weighted::new([x, y], None, channels, &outputs[0], Activation::None)?;
        let (x, y) = (&weighted.input, &weighted.weights);
        let (step_m, step_kx) = if self.adj_x { (1, m) } else { (k, 1) };
        let (step_ky, step_n) = if self.adj_y { (1, k) } else { (n, 1) };
        let batches = &outputs[0].shape[..outputs[0].shape.len().saturating_sub(2)];
        let pairs = broadcast_indices(batches_x, batches).zip(broadcast_indices(batches_y, batches));
        let mut z = Vec::with_capacity(outputs[0].elements());
        for (batch_x, batch_y) in pairs {
            let (x, y) = (&x[batch_x * m * k..][..m * k], &y[batch_y * k * n..][..k * n]);
            for (row, column) in (0..m).flat_map(|row| (0..n).map(move |column| (row, column))) {
                let term = |i: usize| {
                    f64::from(x[row * step_m + i * step_kx]) * f64::from(y[i * step_ky + column * step_n])
                };
                z.push((0..k).map(term).sum::<f64>());
            }
        }
        Ok(vec![weighted.output(&outputs[0], &z)?])
    }

    fn macs(&self, operands: &Operands) -> u64 {
        let (Some(x), Some(y)) = (operands.optional(0), operands.optional(1)) else { return 0 };
        let depth = self.product(&x.ty.shape, &y.ty.shape).map_or(0, |product| product.k);
        (operands.outputs[0].elements() * depth) as u64
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        merged::check_spread(operands)?;
        Ok(Merged::new(*self))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        gpu::choices(operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        gpu::kernel(self, operands, choice)
    }
}

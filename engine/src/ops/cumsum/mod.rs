//! CUMSUM: `y[i] = Σ x[j]` over all j ≤ i along an axis.
//!
//! Exclusive sums end before i; reverse ones begin at the last place. The axis is operand 1. Integers wrap.

/// The family's cases.
pub mod cases;

use super::{Operands, Operator, Refusal, Source, Verdict, axis};
use crate::tensor::{DType, Tensor, TensorType};

/// A running sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cumsum {
    /// Whether a place's own number is left out.
    pub exclusive: bool,
    /// Whether it runs from the last place to the first.
    pub reverse: bool,
}

/// The attributes of a `CUMSUM`.
pub fn decode(source: &Source) -> Verdict<Option<Cumsum>> {
    match source.name {
        "CUMSUM" => {
            Ok(Some(Cumsum { exclusive: source.bool("exclusive")?, reverse: source.bool("reverse")? }))
        }
        _ => Ok(None),
    }
}

impl Cumsum {
    /// The sums of each line along an axis.
    fn sums<T: Copy>(
        &self,
        values: &[T],
        extent: usize,
        inner: usize,
        zero: T,
        add: impl Fn(T, T) -> T,
    ) -> Vec<T> {
        let mut sums = vec![zero; values.len()];
        for line in 0..values.len() / extent.max(1) {
            let first = line / inner * extent * inner + line % inner;
            let mut sum = zero;
            for step in 0..extent {
                let place = if self.reverse { extent - 1 - step } else { step };
                let at = first + place * inner;
                let with = add(sum, values[at]);
                sums[at] = if self.exclusive { sum } else { with };
                sum = with;
            }
        }
        sums
    }
}

impl Operator for Cumsum {
    fn name(&self) -> &'static str {
        "CUMSUM"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        operands.expect_same_dtype(0)?;
        operands.expect_dtype(0, &[DType::F32, DType::I32, DType::I64])?;
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        if let Some(named) = operands.integer(1)? {
            axis(named, shape.len())?;
        }
        Ok(vec![Some(shape.to_vec())])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let input = inputs[0].ok_or_else(|| Refusal::new("its input 0 is missing"))?;
        let named = Operands::of_tensors(inputs, outputs).integer(1)?;
        let along = axis(named.ok_or_else(|| Refusal::new("its axis is missing"))?, input.shape().len())?;
        let extent = input.shape()[along];
        let inner: usize = input.shape()[along + 1..].iter().product();
        let ty = outputs[0].clone();
        let sums = match input.dtype() {
            DType::I32 => Tensor::from_elements(
                ty,
                &self.sums(input.as_slice()?, extent, inner, 0i32, i32::wrapping_add),
            )?,
            DType::I64 => Tensor::from_elements(
                ty,
                &self.sums(input.as_slice()?, extent, inner, 0i64, i64::wrapping_add),
            )?,
            _ => Tensor::from_elements(ty, &self.sums(input.as_slice()?, extent, inner, 0f32, |a, b| a + b))?,
        };
        Ok(vec![sums])
    }
}

//! CUMSUM: `y[i] = Σ x[j]` over all j ≤ i along an axis.
//!
//! Exclusive sums end before i; reverse ones begin at the last place. The axis is operand 1. Integers wrap.

/// The family's cases.
pub mod cases;

use super::rearrange;
use super::{Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged};
use crate::tensor::{DType, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

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

    /// The axis it runs along, for a GPU.
    fn along(&self, operands: &Operands) -> Verdict<usize> {
        let named = operands.integer(1)?;
        let named = named.ok_or_else(|| Refusal::new("its GPU kernel takes a constant axis"))?;
        axis(named, operands.input(0)?.ty.rank())
    }

    /// That axis as a coordinate of `[n, y, x, c]`, for operands of rank 4 at most.
    fn coordinate(&self, operands: &Operands) -> Verdict<usize> {
        Ok(self.along(operands)? + 4 - operands.input(0)?.ty.rank())
    }
}

/// The invocations for one texel each of lines along a coordinate.
fn lines([n, h, w, c]: [usize; 4], along: usize) -> [usize; 3] {
    let slices = c.div_ceil(4);
    match along {
        0 => [w, h, slices],
        1 => [w, 1, n * slices],
        2 => [1, h, n * slices],
        _ => [w, h, n],
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

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let shape = &operands.input(0)?.ty.shape;
        Merged::new(*self).with(1, &[], &[merged::lone(shape, self.along(operands)?)? as i64])
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        Ok(rearrange::choices("cumsum", lines(to, self.coordinate(operands)?)))
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        let (_, to) = rearrange::shapes(operands, 0, 0)?;
        let along = self.coordinate(operands)?;
        let [columns, rows, layers] = lines(to, along);
        Ok(Kernel {
            choice: choice.clone(),
            source: include_str!("cumsum.wgsl"),
            defines: vec![
                ("AXIS", along as i64),
                ("CHANNELS", (along == 3) as i64),
                ("EXCLUSIVE", self.exclusive as i64),
                ("REVERSE", self.reverse as i64),
            ],
            params: vec![
                ("extent", to[along].into()),
                ("lines_w", columns.into()),
                ("lines_h", rows.into()),
                ("lines_l", layers.into()),
            ],
            inputs: vec![("src", 0)],
            outputs: vec!["dst"],
            constants: vec![],
            grid: choice.grid([columns, rows, layers]),
            macs: 0,
        })
    }

    fn carries_prologue(&self, _operands: &Operands, input: usize) -> bool {
        input == 0
    }
}

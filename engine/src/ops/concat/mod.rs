//! CONCATENATION: the operands one after the other along an axis, then an activation.
//!
//! Their other extents agree. Integers that stand for reals in other steps than the result's are brought to those:
//! `q = round(s₁/s₂ · q₁ − s₁/s₂ · z₁) + z₂`.

/// The family's cases.
pub mod cases;
#[cfg(feature = "cpu")]
mod cpu;

use super::rearrange::{self, Join};
use super::{
    Activation, Chain, CpuKernel, Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged,
};
use crate::tensor::{DType, Quantization, Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A concatenation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concat {
    /// The axis, counted from the end where negative.
    pub axis: i64,
    /// What is applied to the result.
    pub activation: Activation,
}

/// The attributes of a `CONCATENATION`.
pub fn decode(source: &Source) -> Verdict<Option<Concat>> {
    if source.name != "CONCATENATION" {
        return Ok(None);
    }
    Ok(Some(Concat { axis: source.int("axis", 0)?, activation: source.activation()? }))
}

impl Concat {
    fn join(&self, operands: &Operands) -> Verdict<Join> {
        let rank = operands.input(0)?.ty.rank();
        Ok(Join { axis: axis(self.axis, rank)? + 4 - rank.min(4), stacks: false })
    }

    /// Refuses element types and activations that do not go together.
    fn check_types(&self, operands: &Operands) -> Verdict<()> {
        for index in 0..operands.inputs.len() {
            operands.expect_same_dtype(index)?;
        }
        let ty = operands.input(0)?.ty;
        match self.activation == Activation::None || ty.dtype.is_float() || ty.quantization.is_some() {
            true => Ok(()),
            false => Err(Refusal::new(format!("it has no {:?} of {}", self.activation, ty.dtype))),
        }
    }
}

impl Operator for Concat {
    fn name(&self) -> &'static str {
        "CONCATENATION"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        self.check_types(operands)?;
        let mut result: Option<Vec<usize>> = None;
        for index in 0..operands.inputs.len() {
            let Some(shape) = operands.shape(index)? else { return Ok(vec![None]) };
            let Some(sum) = &mut result else {
                axis(self.axis, shape.len())?;
                result = Some(shape.to_vec());
                continue;
            };
            let along = axis(self.axis, sum.len())?;
            let fits = shape.len() == sum.len()
                && (0..shape.len()).all(|axis| axis == along || shape[axis] == sum[axis]);
            let extent = shape.get(along).and_then(|extent| sum[along].checked_add(*extent));
            match extent {
                Some(extent) if fits => sum[along] = extent,
                _ => {
                    return Err(Refusal::new(format!(
                        "its input {index} of shape {shape:?} does not follow {sum:?} along axis {along}"
                    )));
                }
            }
        }
        Ok(vec![result])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let ty = &outputs[0];
        let along = axis(self.axis, ty.rank())?;
        let parts = inputs
            .iter()
            .map(|input| in_steps_of(ty, input.ok_or_else(|| Refusal::new("an input is missing"))?))
            .collect::<Verdict<Vec<Tensor>>>()?;
        let joined = join(&parts, along, ty)?;
        if self.activation == Activation::None {
            return Ok(vec![joined]);
        }
        let reals =
            joined.to_reals().ok_or_else(|| Refusal::new(format!("it does not take {}", ty.dtype)))?;
        let active: Vec<f32> = reals.into_iter().map(|v| self.activation.apply(v)).collect();
        Ok(vec![Tensor::from_reals(ty.clone(), &active)?])
    }

    #[cfg(feature = "cpu")]
    fn cpu(&self, operands: &Operands, chain: &Chain) -> Option<Box<dyn CpuKernel>> {
        cpu::kernel(self, operands, chain)
    }

    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let result = &operands.outputs[0].shape;
        let (axis, _) = merged::place(result, axis(self.axis, result.len())?)?;
        Ok(Merged::new(Concat { axis: axis as i64, ..*self }))
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        self.join(operands)?.choices("concat", operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        self.join(operands)?.kernel(operands, choice)
    }

    fn carries_prologue(&self, operands: &Operands, _input: usize) -> bool {
        rearrange::moves_whole_texels(self, operands)
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn placement(&self, operands: &Operands, index: usize) -> Option<usize> {
        if self.activation != Activation::None {
            return None;
        }
        let along = self.join(operands).ok()?.axis;
        let (part, whole) = rearrange::shapes(operands, index, 0).ok()?;
        let mut begin = [0; 4];
        for before in 0..index {
            begin[along] += rearrange::shapes(operands, before, 0).ok()?.0[along];
        }
        rearrange::run_of_texels(whole, begin, part)
    }
}

/// The tensors one after the other along `axis`, as a tensor of type `ty`.
pub(super) fn join(parts: &[Tensor], axis: usize, ty: &TensorType) -> Verdict<Tensor> {
    if ty.dtype == DType::String {
        return Err(Refusal::new("it does not take strings"));
    }
    let outer: usize = ty.shape[..axis].iter().product();
    let run = |part: &Tensor| part.shape()[axis..].iter().product::<usize>() * ty.dtype.size();
    let mut bytes = Vec::with_capacity(ty.bytes());
    for at in 0..outer {
        for part in parts {
            let run = run(part);
            bytes.extend_from_slice(&part.as_bytes()[at * run..(at + 1) * run]);
        }
    }
    Ok(Tensor::from_bytes(ty.clone(), &bytes)?)
}

/// The integers of `input` in the steps of `ty`, where both stand for reals in different ones.
fn in_steps_of(ty: &TensorType, input: &Tensor) -> Verdict<Tensor> {
    let (Some(from), Some(to)) = (&input.ty().quantization, &ty.quantization) else {
        return Ok(input.clone());
    };
    if from.scale == to.scale && from.zero_point == to.zero_point {
        return Ok(input.clone());
    }
    let (Some(integers), false, false) = (input.to_integers(), from.is_per_channel(), to.is_per_channel())
    else {
        return Err(Refusal::new(format!("it does not bring {} to the steps of {ty}", input.ty())));
    };
    let mapped: Vec<i64> = integers.into_iter().map(|q| rescaled(q, from, to)).collect();
    Ok(Tensor::from_integers(input.ty().clone(), &mapped)?)
}

fn rescaled(q: i64, from: &Quantization, to: &Quantization) -> i64 {
    let scale = from.scale[0] * (1.0 / to.scale[0]);
    let bias = -(from.zero_point[0] as f32) * scale;
    (q as f32 * scale + bias).round() as i64 + to.zero_point[0]
}

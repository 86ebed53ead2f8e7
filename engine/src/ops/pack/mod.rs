//! PACK: operands of one shape one after the other along a new axis.

/// The family's cases.
pub mod cases;

use super::concat::{Concat, join};
use super::rearrange::{self, Join};
use super::{Activation, Merged, Operands, Operator, Refusal, Source, Verdict, axis, merged};
use crate::tensor::{Tensor, TensorType};
use crate::wgsl::{Choice, Kernel};

/// A stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pack {
    /// The result's new axis, counted from the end where negative.
    pub axis: i64,
}

/// The attributes of a `PACK`.
pub fn decode(source: &Source) -> Verdict<Option<Pack>> {
    match source.name {
        "PACK" => Ok(Some(Pack { axis: source.int("axis", 0)? })),
        _ => Ok(None),
    }
}

impl Pack {
    fn join(&self, operands: &Operands) -> Verdict<Join> {
        let rank = operands.input(0)?.ty.rank() + 1;
        Ok(Join { axis: axis(self.axis, rank)? + 4 - rank.min(4), stacks: true })
    }
}

impl Operator for Pack {
    fn name(&self) -> &'static str {
        "PACK"
    }

    fn infer(&self, operands: &Operands) -> Verdict<Vec<Option<Vec<usize>>>> {
        for index in 0..operands.inputs.len() {
            operands.expect_same_dtype(index)?;
            let (Some(first), Some(shape)) = (operands.shape(0)?, operands.shape(index)?) else {
                return Ok(vec![None]);
            };
            if shape != first {
                return Err(Refusal::new(format!("its inputs {first:?} and {shape:?} differ in shape")));
            }
        }
        let Some(shape) = operands.shape(0)? else { return Ok(vec![None]) };
        let mut stacked = shape.to_vec();
        stacked.insert(axis(self.axis, shape.len() + 1)?, operands.inputs.len());
        Ok(vec![Some(stacked)])
    }

    fn reference(&self, inputs: &[Option<&Tensor>], outputs: &[TensorType]) -> Verdict<Vec<Tensor>> {
        let along = axis(self.axis, outputs[0].rank())?;
        let part = |input: &Option<&Tensor>| {
            let input = input.ok_or_else(|| Refusal::new("an input is missing"))?;
            let mut shape = input.shape().to_vec();
            shape.insert(along, 1);
            Ok(input.with_type(input.ty().with_shape(shape))?)
        };
        let parts = inputs.iter().map(part).collect::<Verdict<Vec<Tensor>>>()?;
        Ok(vec![join(&parts, along, &outputs[0])?])
    }

    /// Operands along a merged axis stand one after the other.
    fn merged(&self, operands: &Operands) -> Verdict<Merged> {
        let result = &operands.outputs[0].shape;
        match merged::place(result, axis(self.axis, result.len())?)? {
            (0, _) => Ok(Merged::new(Concat { axis: 0, activation: Activation::None })),
            _ => Err(merged::apart(result)),
        }
    }

    fn gpu(&self, operands: &Operands) -> Verdict<Vec<Choice>> {
        self.join(operands)?.choices("pack", operands)
    }

    fn gpu_kernel(&self, operands: &Operands, choice: &Choice) -> Verdict<Kernel> {
        self.join(operands)?.kernel(operands, choice)
    }

    fn carries_prologue(&self, operands: &Operands, _input: usize) -> bool {
        rearrange::moves_whole_texels(self, operands)
    }

    fn placement(&self, operands: &Operands, index: usize) -> Option<usize> {
        let along = self.join(operands).ok()?.axis;
        let (from, whole) = rearrange::shapes(operands, index, 0).ok()?;
        let (mut begin, mut part) = ([0; 4], whole);
        (begin[along], part[along]) = (index, 1);
        let run = rearrange::run_of_texels(whole, begin, part)?;
        rearrange::same_texels(from, part).then_some(run)
    }
}
